"""`tensorflow.models.rnn.translate`: what translation programs import."""

from tfstyle.models.rnn.translate import data_utils, seq2seq_model

__all__ = ["data_utils", "seq2seq_model"]
