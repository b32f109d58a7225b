"""What scripts import from `tensorflow.examples.tutorials`."""
