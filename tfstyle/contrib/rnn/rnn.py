"""Stacks of networks in both directions."""

from __future__ import annotations

from tfstyle.ops import array_ops, rnn
from tfstyle.ops import variable_scope as vs

__all__ = ["stack_bidirectional_dynamic_rnn", "stack_bidirectional_rnn"]


def stack_bidirectional_rnn(
    cells_fw,
    cells_bw,
    inputs,
    initial_states_fw=None,
    initial_states_bw=None,
    dtype=None,
    sequence_length=None,
    scope=None,
):
    """Runs several layers of `tf.nn.bidirectional_rnn` over a list of inputs.

    The outputs of both directions are the inputs of the next layer. TensorFlow has it
    since 0.11.

    Args:
        cells_fw: a list of RNNCells, one per layer, that run forward.
        cells_bw: as many RNNCells that run backward.
        inputs: a list of T tensors [batch, depth].
        initial_states_fw: a list of states, one per layer; default: zeros.
        initial_states_bw: likewise for the backward direction.
        dtype: type of the zero states.
        sequence_length: [batch], the length of each example; default: T.
        scope: variable scope, with the scopes "Layer0", ... in it; default "StackRNN".

    Returns:
        (outputs, states_fw, states_bw): the outputs of the last layer, and tuples with
        the last states of each layer.

    Raises:
        ValueError: when the cells or states are no lists of the same length.
        TypeError: when one of the cells is no RNNCell.
    """

    def layer(cell_fw, cell_bw, below, state_fw, state_bw):
        return rnn.bidirectional_rnn(
            cell_fw, cell_bw, below, state_fw, state_bw, dtype, sequence_length
        )

    return _stacked(
        layer, cells_fw, cells_bw, inputs, initial_states_fw, initial_states_bw, scope
    )


def stack_bidirectional_dynamic_rnn(
    cells_fw,
    cells_bw,
    inputs,
    initial_states_fw=None,
    initial_states_bw=None,
    dtype=None,
    sequence_length=None,
    scope=None,
):
    """Runs several layers of `tf.nn.bidirectional_dynamic_rnn` over a tensor.

    The outputs of both directions are the inputs of the next layer. TensorFlow has it
    since 0.12.

    Args:
        cells_fw: a list of RNNCells, one per layer, that run forward.
        cells_bw: as many RNNCells that run backward.
        inputs: [batch, time, depth].
        initial_states_fw: a list of states, one per layer; default: zeros.
        initial_states_bw: likewise for the backward direction.
        dtype: type of the zero states.
        sequence_length: [batch], the length of each example; default: all steps.
        scope: variable scope, with the scopes "Layer0", ... in it; default "StackRNN".

    Returns:
        (outputs, states_fw, states_bw): the outputs of the last layer, [batch, time,
        size], and tuples with the last states of each layer.

    Raises:
        ValueError: when the cells or states are no lists of the same length.
        TypeError: when one of the cells is no RNNCell.
    """

    def layer(cell_fw, cell_bw, below, state_fw, state_bw):
        outputs, states = rnn.bidirectional_dynamic_rnn(
            cell_fw, cell_bw, below, sequence_length, state_fw, state_bw, dtype
        )
        return array_ops.concat(2, list(outputs)), *states

    return _stacked(
        layer, cells_fw, cells_bw, inputs, initial_states_fw, initial_states_bw, scope
    )


def _stacked(layer, cells_fw, cells_bw, inputs, starts_fw, starts_bw, scope):
    _check(cells_fw, starts_fw, "fw")
    _check(cells_bw, starts_bw, "bw")
    if len(cells_fw) != len(cells_bw):
        raise ValueError("Forward and Backward cells must have the same depth.")
    none = [None] * len(cells_fw)
    states = []
    with vs.variable_scope(scope or "StackRNN"):
        layers = zip(
            cells_fw, cells_bw, starts_fw or none, starts_bw or none, strict=True
        )
        for i, (cell_fw, cell_bw, start_fw, start_bw) in enumerate(layers):
            with vs.variable_scope(f"Layer{i}"):
                inputs, *last = layer(cell_fw, cell_bw, inputs, start_fw, start_bw)
            states.append(last)
    forward, backward = zip(*states, strict=True)
    return inputs, forward, backward


def _check(cells, starts, direction):
    if not cells:
        raise ValueError(
            f"Must specify at least one {direction} cell for BidirectionalRNN."
        )
    if not isinstance(cells, list):
        raise ValueError(
            f"cells_{direction} must be a list of RNNCells (one per layer)."
        )
    if starts and (not isinstance(starts, (list, tuple)) or len(starts) != len(cells)):
        raise ValueError(
            f"initial_states_{direction} must be a list of state tensors (one per "
            "layer)."
        )
