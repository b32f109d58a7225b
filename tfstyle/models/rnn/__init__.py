"""`tensorflow.models.rnn`, where the cells were before they moved to `tf.nn`."""

from tfstyle.models.rnn import linear, ptb, rnn, rnn_cell, seq2seq

__all__ = ["linear", "ptb", "rnn", "rnn_cell", "seq2seq"]
