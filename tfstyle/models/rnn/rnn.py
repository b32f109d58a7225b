"""`tensorflow.models.rnn.rnn`: the functions of `tf.nn`."""

from tfstyle.ops.rnn import *  # noqa: F403
from tfstyle.ops.rnn import __all__ as __all__
