"""`tensorflow.models.rnn.seq2seq`: the functions of `tf.nn.seq2seq`."""

from tfstyle.ops.seq2seq import *  # noqa: F403
from tfstyle.ops.seq2seq import __all__ as __all__
from tfstyle.ops.seq2seq import _extract_argmax_and_embed as _extract_argmax_and_embed
