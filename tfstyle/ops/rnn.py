"""Recurrent networks from cells: `tf.nn.rnn`, `tf.nn.dynamic_rnn` and relatives."""

from tfstyle.ops.rnn_dynamic import bidirectional_dynamic_rnn, dynamic_rnn
from tfstyle.ops.rnn_raw import raw_rnn
from tfstyle.ops.rnn_static import (
    _reverse_seq,  # noqa: F401  programs call it
    bidirectional_rnn,
    rnn,
    state_saving_rnn,
)

__all__ = [
    "bidirectional_dynamic_rnn",
    "bidirectional_rnn",
    "dynamic_rnn",
    "raw_rnn",
    "rnn",
    "state_saving_rnn",
]
