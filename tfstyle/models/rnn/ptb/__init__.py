"""`tensorflow.models.rnn.ptb`: what language models of the Penn Treebank import."""

from tfstyle.models.rnn.ptb import reader

__all__ = ["reader"]
