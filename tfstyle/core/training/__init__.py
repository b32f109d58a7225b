"""TensorFlow's messages of `tensorflow/python/training`."""
