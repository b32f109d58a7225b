"""TensorFlow's messages of `tensorflow/core/util`."""
