"""The cells of `tf.nn.rnn_cell` as `tf.contrib.rnn` has them since TensorFlow 1.0.

0.9 has none here. A program that takes them from here expects their state to be a tuple
unless it says otherwise.
"""

from __future__ import annotations

from tfstyle.ops import rnn_cell
from tfstyle.ops.math_ops import tanh

__all__ = ["BasicLSTMCell", "LSTMCell", "MultiRNNCell"]


class BasicLSTMCell(rnn_cell.BasicLSTMCell):
    """`tf.nn.rnn_cell.BasicLSTMCell` with a tuple for a state by default."""

    def __init__(
        self,
        num_units,
        forget_bias=1.0,
        input_size=None,
        state_is_tuple=True,
        activation=tanh,
    ):
        """Makes a cell; see `tf.nn.rnn_cell.BasicLSTMCell`."""
        super().__init__(num_units, forget_bias, input_size, state_is_tuple, activation)


class LSTMCell(rnn_cell.LSTMCell):
    """`tf.nn.rnn_cell.LSTMCell` with a tuple for a state by default."""

    def __init__(
        self,
        num_units,
        input_size=None,
        use_peepholes=False,
        cell_clip=None,
        initializer=None,
        num_proj=None,
        proj_clip=None,
        num_unit_shards=1,
        num_proj_shards=1,
        forget_bias=1.0,
        state_is_tuple=True,
        activation=tanh,
    ):
        """Makes a cell; see `tf.nn.rnn_cell.LSTMCell`.

        Args:
            num_units: as there, like all that follow.
            input_size: deprecated and not used.
            use_peepholes: whether the gates see the cell.
            cell_clip: the cell is kept within [-cell_clip, cell_clip].
            initializer: of the weights.
            num_proj: size of the projected output; None: no projection.
            proj_clip: the projected output is kept within [-proj_clip, proj_clip].
            num_unit_shards: number of variables the weight matrix is split into.
            num_proj_shards: number of variables the projection is split into.
            forget_bias: added to the forget gate.
            state_is_tuple: whether the state is an `LSTMStateTuple`.
            activation: of the candidate and of the output.
        """
        super().__init__(
            num_units,
            input_size=input_size,
            use_peepholes=use_peepholes,
            cell_clip=cell_clip,
            initializer=initializer,
            num_proj=num_proj,
            num_unit_shards=num_unit_shards,
            num_proj_shards=num_proj_shards,
            forget_bias=forget_bias,
            state_is_tuple=state_is_tuple,
            activation=activation,
            proj_clip=proj_clip,
        )


class MultiRNNCell(rnn_cell.MultiRNNCell):
    """`tf.nn.rnn_cell.MultiRNNCell` with a tuple for a state by default."""

    def __init__(self, cells, state_is_tuple=True):
        """Stacks `cells`; see `tf.nn.rnn_cell.MultiRNNCell`."""
        super().__init__(cells, state_is_tuple)
