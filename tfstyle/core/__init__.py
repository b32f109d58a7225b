"""TensorFlow's protocol buffers, under the module paths that TensorFlow has them."""
