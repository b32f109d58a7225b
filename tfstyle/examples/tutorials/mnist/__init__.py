"""What scripts import from `tensorflow.examples.tutorials.mnist`."""

from tfstyle.examples.tutorials.mnist import input_data

__all__ = ["input_data"]
