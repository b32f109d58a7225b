"""`tf.contrib`: what programs took from outside the core."""

from tfstyle.contrib import layers

__all__ = ["layers"]
