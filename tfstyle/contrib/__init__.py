"""`tf.contrib`: what programs took from outside the core."""

from tfstyle.contrib import grid_rnn, layers, rnn

__all__ = ["grid_rnn", "layers", "rnn"]
