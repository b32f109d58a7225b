"""`tensorflow.models.rnn`, where the cells were before they moved to `tf.nn`."""

from tfstyle.models.rnn import linear, rnn, rnn_cell, seq2seq

__all__ = ["linear", "rnn", "rnn_cell", "seq2seq"]
