"""`tf.contrib.rnn`: more cells of recurrent networks, and what runs them.

0.9 has `TimeFreqLSTMCell` and `GridLSTMCell` here. The rest came by and by until 1.0,
which also moved the cells of `tf.nn.rnn_cell` and the functions of `tf.nn` here.
"""

from __future__ import annotations

from tfstyle.contrib.rnn.core_rnn_cell import BasicLSTMCell, LSTMCell, MultiRNNCell
from tfstyle.contrib.rnn.fused_rnn_cell import (
    FusedRNNCell,
    FusedRNNCellAdaptor,
    TimeReversedFusedRNN,
)
from tfstyle.contrib.rnn.gru_ops import GRUBlockCell
from tfstyle.contrib.rnn.lstm_ops import (
    LSTMBlockCell,
    LSTMBlockFusedCell,
    LSTMBlockWrapper,
)
from tfstyle.contrib.rnn.rnn import (
    stack_bidirectional_dynamic_rnn,
    stack_bidirectional_rnn,
)
from tfstyle.contrib.rnn.rnn_cell import (
    AttentionCellWrapper,
    BidirectionalGridLSTMCell,
    CoupledInputForgetGateLSTMCell,
    GridLSTMCell,
    LayerNormBasicLSTMCell,
    TimeFreqLSTMCell,
)
from tfstyle.ops.rnn import (
    bidirectional_rnn as static_bidirectional_rnn,
)
from tfstyle.ops.rnn import (
    rnn as static_rnn,
)
from tfstyle.ops.rnn import (
    state_saving_rnn as static_state_saving_rnn,
)
from tfstyle.ops.rnn_cell import (
    BasicRNNCell,
    DropoutWrapper,
    EmbeddingWrapper,
    GRUCell,
    InputProjectionWrapper,
    LSTMStateTuple,
    OutputProjectionWrapper,
    RNNCell,
)

__all__ = [
    "AttentionCellWrapper",
    "BasicLSTMCell",
    "BasicRNNCell",
    "BidirectionalGridLSTMCell",
    "CoupledInputForgetGateLSTMCell",
    "DropoutWrapper",
    "EmbeddingWrapper",
    "FusedRNNCell",
    "FusedRNNCellAdaptor",
    "GRUBlockCell",
    "GRUCell",
    "GridLSTMCell",
    "InputProjectionWrapper",
    "LSTMBlockCell",
    "LSTMBlockFusedCell",
    "LSTMBlockWrapper",
    "LSTMCell",
    "LSTMStateTuple",
    "LayerNormBasicLSTMCell",
    "MultiRNNCell",
    "OutputProjectionWrapper",
    "RNNCell",
    "TimeFreqLSTMCell",
    "TimeReversedFusedRNN",
    "stack_bidirectional_dynamic_rnn",
    "stack_bidirectional_rnn",
    "static_bidirectional_rnn",
    "static_rnn",
    "static_state_saving_rnn",
]
