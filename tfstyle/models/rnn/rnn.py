"""`tensorflow.models.rnn.rnn`: the functions of `tf.nn`."""

from tfstyle.ops.rnn import rnn

__all__ = ["rnn"]
