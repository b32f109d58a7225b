"""The LSTM as one block of operations, for a step and for all steps."""

from __future__ import annotations

import abc
from typing import Any

from tfstyle.contrib.rnn.fused_rnn_cell import FusedRNNCell
from tfstyle.framework import ops
from tfstyle.ops import array_ops, clip_ops, init_ops, math_ops, nn_ops
from tfstyle.ops import variable_scope as vs
from tfstyle.ops.math_ops import sigmoid, tanh
from tfstyle.ops.rnn_cell import RNNCell
from tfstyle.ops.rnn_loop import StepType, checked_lengths, run_cell

__all__ = ["LSTMBlockCell", "LSTMBlockFusedCell", "LSTMBlockWrapper"]

# What TensorFlow's kernels keep the cell within unless they are told otherwise.
_CELL_CLIP = 3.0
_COMPATIBLE_NAMES = ("W_0", "B", "W_I_diag", "W_O_diag", "W_F_diag")


class _Block:
    """The variables of a block, and what it does in a step."""

    def __init__(self, names, depth, units, use_peephole, dtype):
        weights, bias, *peepholes = names
        self._units = units
        self._weights = vs.get_variable(
            weights, [depth + units, 4 * units], dtype=dtype
        )
        self._bias = vs.get_variable(
            bias,
            [4 * units],
            initializer=init_ops.constant_initializer(0.0),
            dtype=dtype,
        )
        self._peepholes = [
            vs.get_variable(name, [units], dtype=dtype)
            for name in peepholes
            if use_peephole
        ]

    def step(self, x, state, forget_bias, cell_clip):
        """(new cell, output) from the input and the old ones."""
        c, h = state
        joined = array_ops.concat(1, [x, h])
        gates = nn_ops.bias_add(math_ops.matmul(joined, self._weights), self._bias)
        i, j, f, o = array_ops.split(1, 4, gates)
        f = f + forget_bias
        if self._peepholes:
            of_i, of_o, of_f = self._peepholes
            i = i + of_i * c
            f = f + of_f * c
        new_c = sigmoid(i) * tanh(j) + sigmoid(f) * c
        if cell_clip > 0:
            # The kernels of the gradients do not see the clipping.
            clipped = clip_ops.clip_by_value(new_c, -cell_clip, cell_clip)
            new_c = new_c + array_ops.stop_gradient(clipped - new_c)
        if self._peepholes:
            o = o + of_o * new_c
        return new_c, sigmoid(o) * tanh(new_c)


class LSTMBlockCell(RNNCell):
    """An LSTM whose variables are named as in TensorFlow's fused kernel.

    TensorFlow has it since 0.10. Here it is made of ordinary operations, which XLA
    fuses. The cell is kept within [-3, 3]; gradients pass as if it were not.

    Differs from TF: the gradients of peepholes are right (TensorFlow 0.12 swaps two).
    """

    def __init__(
        self,
        num_units,
        forget_bias=1.0,
        use_peephole=False,
        use_compatible_names=False,
    ):
        """Makes a cell.

        Args:
            num_units: size of the cell and of the output.
            forget_bias: added to the forget gate.
            use_peephole: whether the gates see the cell.
            use_compatible_names: whether the variables have the names that they have in
                `LSTMCell`.
        """
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._use_peephole = use_peephole
        self._scope = "LSTMCell" if use_compatible_names else "LSTMBlockCell"
        self._names = (
            _COMPATIBLE_NAMES
            if use_compatible_names
            else ("W", "b", "wci", "wco", "wcf")
        )

    @property
    def state_size(self):
        """Sizes of cell and output."""
        return (self._num_units, self._num_units)

    @property
    def output_size(self):
        """The number of units."""
        return self._num_units

    def __call__(self, x, states_prev, scope=None):
        """One step.

        Args:
            x: [batch, depth].
            states_prev: (cell, output), each [batch, num_units].
            scope: variable scope; default "LSTMBlockCell", or "LSTMCell" with
                compatible names.

        Returns:
            (output, (cell, output)).

        Raises:
            ValueError: when the depth is unknown or the state no pair.
        """
        with vs.variable_scope(scope or self._scope):
            depth = _depth(x.get_shape().with_rank(2))
            if len(states_prev) != 2:
                raise ValueError("Expecting states_prev to be a tuple with length 2.")
            block = _Block(
                self._names, depth, self._num_units, self._use_peephole, x.dtype
            )
            c, h = block.step(x, states_prev, self._forget_bias, _CELL_CLIP)
        return h, (c, h)


def _depth(shape):
    depth = shape[-1].value
    if not depth:
        raise ValueError(f"Expecting the last size of the input to be set: {shape}")
    return depth


class LSTMBlockWrapper(FusedRNNCell):
    """What cells that run an LSTM over all steps at once have in common.

    A subclass defines `num_units` and `_call_cell`.
    """

    @property
    @abc.abstractmethod
    def num_units(self):
        """Size of the cell and of the output."""

    @abc.abstractmethod
    def _call_cell(
        self, inputs, initial_cell_state, initial_output, dtype, sequence_length
    ):
        """Runs the LSTM over [time, batch, depth].

        Returns:
            (cells, outputs) of all steps, [time, batch, num_units]; beyond
            `sequence_length` they may be anything.
        """

    def __call__(
        self,
        inputs,
        initial_state=None,
        dtype=None,
        sequence_length=None,
        scope=None,
    ):
        """Runs the LSTM; see `FusedRNNCell`.

        Args:
            inputs: [time, batch, depth], or a list of tensors [batch, depth].
            initial_state: (cell, output), each [batch, num_units]; default: zeros.
            dtype: type of the zero state; needed when there is no `initial_state`.
            sequence_length: [batch] int32 or int64; default: all steps.
            scope: variable scope; default: the name of the class.

        Raises:
            ValueError: when the inputs have not three dimensions, the depth is unknown,
                the state is no pair, or there is neither a state nor a type.
        """
        with vs.variable_scope(scope or type(self).__name__):
            is_list = isinstance(inputs, list)
            if is_list:
                inputs = array_ops.pack(inputs)
            _depth(inputs.get_shape().with_rank(3))
            if initial_state is None:
                if dtype is None:
                    raise ValueError(
                        "Either initial_state or dtype needs to be specified"
                    )
                batch = array_ops.shape(inputs)[1]
                zeros = array_ops.zeros(
                    array_ops.pack([batch, self.num_units]), dtype=dtype
                )
                zeros.set_shape([inputs.get_shape()[1], self.num_units])
                initial_state = zeros, zeros
            elif len(initial_state) != 2:
                raise ValueError(
                    "Expecting initial_state to be a tuple with length 2 or None"
                )
            start_c, start_h = initial_state
            dtype = start_c.dtype if dtype is None else dtype
            lengths = None
            if sequence_length is not None:
                lengths = math_ops.to_int32(ops.convert_to_tensor(sequence_length))
                lengths = checked_lengths(lengths, inputs, batch_dim=1)
            cells, outputs = self._call_cell(inputs, start_c, start_h, dtype, lengths)
            outputs, state = _ends(cells, outputs, initial_state, lengths)
            return array_ops.unpack(outputs) if is_list else outputs, state


def _ends(cells, outputs, start, lengths):
    """The outputs, zero beyond the end of each example, and the states at the ends."""
    if lengths is None:
        return outputs, (cells[-1], outputs[-1])
    steps = array_ops.expand_dims(math_ops.range(0, array_ops.shape(outputs)[0]), 1)
    going = math_ops.less(steps, array_ops.expand_dims(lengths, 0))
    mask = math_ops.cast(array_ops.expand_dims(going, 2), outputs.dtype)
    units = outputs.get_shape()[2].value
    batch = array_ops.shape(outputs)[1]
    rows = lengths * batch + math_ops.range(0, batch)
    state = []
    for first, states in zip(start, (cells, outputs), strict=True):
        known = array_ops.concat(0, [array_ops.expand_dims(first, 0), states])
        state.append(array_ops.gather(array_ops.reshape(known, [-1, units]), rows))
    return outputs * mask, tuple(state)


class LSTMBlockFusedCell(LSTMBlockWrapper):
    """An `LSTMBlockCell` that runs over all steps at once.

    TensorFlow has it since 0.11. The variables have the names that they have in
    `LSTMCell`.
    """

    def __init__(self, num_units, forget_bias=1.0, cell_clip=None, use_peephole=False):
        """Makes a cell.

        Args:
            num_units: size of the cell and of the output.
            forget_bias: added to the forget gate.
            cell_clip: the cell is kept within [-cell_clip, cell_clip], gradients pass
                as if it were not; None: 3; 0 or less: anywhere.
            use_peephole: whether the gates see the cell.
        """
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._cell_clip = _CELL_CLIP if cell_clip is None else cell_clip
        self._use_peephole = use_peephole

    @property
    def num_units(self):
        """Size of the cell and of the output."""
        return self._num_units

    def _call_cell(
        self, inputs, initial_cell_state, initial_output, dtype, sequence_length
    ):
        """One loop over the steps."""
        shape = inputs.get_shape()
        block = _Block(
            _COMPATIBLE_NAMES,
            shape[2].value,
            self._num_units,
            self._use_peephole,
            dtype,
        )

        def step(x, state):
            new = block.step(x, state, self._forget_bias, self._cell_clip)
            return new, new

        first: Any = StepType(inputs.dtype, shape[1:])
        start = (initial_cell_state, initial_output)
        return run_cell(step, first, [inputs], start, None, unrolled=False).outputs
