"""TensorFlow's messages of `tensorflow/core/framework`."""
