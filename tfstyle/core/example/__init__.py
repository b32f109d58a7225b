"""TensorFlow's messages of `tensorflow/core/example`."""
