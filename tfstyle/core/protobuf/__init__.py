"""TensorFlow's messages of `tensorflow/core/protobuf`."""
