"""`tensorflow.models.rnn.rnn_cell`: the cells of `tf.nn.rnn_cell`."""

from tfstyle.ops.rnn_cell import *  # noqa: F403
from tfstyle.ops.rnn_cell import __all__ as __all__
