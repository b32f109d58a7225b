"""Recurrent networks whose inputs and end a function of the program decides."""

from __future__ import annotations

from typing import Any

from tfstyle.framework import dtypes, ops
from tfstyle.ops import array_ops, math_ops
from tfstyle.ops import variable_scope as vs
from tfstyle.ops.constant_op import constant
from tfstyle.ops.control_flow_ops import while_loop
from tfstyle.ops.rnn_cell import _state_size_with_prefix
from tfstyle.ops.rnn_loop import check_cell
from tfstyle.ops.tensor_array_ops import TensorArray
from tfstyle.util import nest

__all__ = ["raw_rnn"]


def raw_rnn(cell, loop_fn, parallel_iterations=None, swap_memory=False, scope=None):
    """Runs `cell` on inputs that `loop_fn` gives, until it says that all are finished.

    So an output can become the next input, and data decide how long a sequence gets.
    TensorFlow has it since 0.10. The meaning is

        time = 0
        finished, x, state, emit_structure, loop_state = loop_fn(0, None, None, None)
        while not all(finished):
            output, cell_state = cell(x, state)
            next_finished, x, next_state, emit, loop_state = loop_fn(
                time + 1, output, cell_state, loop_state)
            emit_ta = emit_ta.write(time, select(finished, zeros, emit))
            state = select(finished, state, next_state)
            finished = logical_or(finished, next_finished)
            time += 1

    Args:
        cell: an `RNNCell`.
        loop_fn: a function `(time, cell_output, cell_state, loop_state)` that returns
            `(finished, next_input, next_cell_state, emit_output, next_loop_state)`. It
            is called once before the loop, with time 0 and None for the rest, and once
            for all steps. time: scalar int32. cell_output, cell_state: what the cell
            returned. loop_state: the last `next_loop_state`. finished: [batch] bool.
            next_input: [batch, depth], or a nested tuple of such. next_cell_state: the
            state before the next step; at first, that before the first one.
            emit_output: what is kept of the step, [batch, ...] or a nested tuple of
            such; at first, None, or tensors of the shapes and dtypes of one example.
            next_loop_state: tensors and TensorArrays, nested or not, or None.
        parallel_iterations: a positive number; steps run in order whatever it is.
        swap_memory: taken for TensorFlow's sake; XLA manages the memory.
        scope: variable scope of the cell's variables; default "RNN".

    Returns:
        (emit_ta, state, loop_state): a `TensorArray` of what was emitted at each step,
        or nested tuples of such; the last state; the last `next_loop_state` or None.

    Raises:
        TypeError: when `cell` is no RNNCell or `loop_fn` no function.
        ValueError: when what `loop_fn` returns is nested otherwise than the sizes of
            the cell or what it returned at first.
    """
    check_cell(cell)
    if not callable(loop_fn):
        raise TypeError("loop_fn must be a callable")
    with vs.variable_scope(scope or "RNN") as variable_scope:
        if variable_scope.caching_device is None:
            variable_scope.set_caching_device(lambda op: op.device)
        loop = _RawLoop(cell, loop_fn)
        _, _, _, arrays, state, loop_state = while_loop(
            lambda time, finished, *_: math_ops.logical_not(
                math_ops.reduce_all(finished)
            ),
            loop.step,
            loop.start,
            parallel_iterations=parallel_iterations or 32,
            swap_memory=swap_memory,
        )
        return arrays, state, loop_state if loop.has_state else None


class _RawLoop:
    """The loop of `raw_rnn`.

    Attributes:
        start: the loop variables before the loop: time, finished, input, arrays of what
            is emitted, state of the cell, loop state.
        has_state: whether `loop_fn` has a state of its own.
    """

    def __init__(self, cell: Any, loop_fn: Any) -> None:
        self._cell = cell
        self._loop_fn = loop_fn
        time = constant(0, dtype=dtypes.int32, name="time")
        finished, inputs, state, emitted, loop_state = loop_fn(time, None, None, None)
        inputs, state = _tensors(inputs), _tensors(state)
        nest.assert_same_structure(state, cell.state_size)
        self.has_state = loop_state is not None
        batch = _batch_size(nest.flatten(inputs))
        if emitted is None:
            emitted = cell.output_size
            sizes = nest.flatten(emitted)
            first: Any = nest.flatten(state)[0]
            types = [first.dtype] * len(sizes)
        else:
            examples: Any = nest.flatten(_tensors(emitted))
            sizes = [t.get_shape() for t in examples]
            types = [t.dtype for t in examples]
        self._zeros = nest.pack_sequence_as(
            emitted,
            [
                _zeros(batch, size, dtype)
                for size, dtype in zip(sizes, types, strict=True)
            ],
        )
        arrays = [
            TensorArray(dtype, size=0, dynamic_size=True, name=f"rnn_output_{i}")
            for i, dtype in enumerate(types)
        ]
        self.start = [
            time,
            ops.convert_to_tensor(finished, dtypes.bool, name="finished"),
            inputs,
            nest.pack_sequence_as(emitted, arrays),
            state,
            loop_state if self.has_state else constant(0, dtype=dtypes.int32),
        ]

    def step(self, time, finished, inputs, arrays, state, loop_state):
        """The loop variables after a step."""
        output, cell_state = self._cell(inputs, state)
        nest.assert_same_structure(state, cell_state)
        nest.assert_same_structure(self._cell.output_size, output)
        next_finished, next_inputs, next_state, emitted, next_loop_state = (
            self._loop_fn(time + 1, output, cell_state, loop_state)
        )
        nest.assert_same_structure(state, next_state)
        nest.assert_same_structure(inputs, next_inputs)
        nest.assert_same_structure(arrays, emitted)
        emitted = _selected(finished, self._zeros, emitted)
        written = [
            array.write(time, value)
            for array, value in zip(
                nest.flatten(arrays), nest.flatten(emitted), strict=True
            )
        ]
        return [
            time + 1,
            math_ops.logical_or(finished, next_finished),
            _tensors(next_inputs),
            nest.pack_sequence_as(arrays, written),
            _selected(finished, state, next_state),
            loop_state if next_loop_state is None else next_loop_state,
        ]


def _tensors(structure: Any) -> Any:
    flat = [ops.convert_to_tensor(value) for value in nest.flatten(structure)]
    return nest.pack_sequence_as(structure, flat)


def _batch_size(inputs: list[Any]) -> Any:
    """The number of examples, an integer where it is known."""
    batch = inputs[0].get_shape()[:1]
    for tensor in inputs[1:]:
        batch = batch.merge_with(tensor.get_shape()[:1])
    known = batch[0].value if batch.ndims else None
    return array_ops.shape(inputs[0])[0] if known is None else known


def _zeros(batch: Any, size: Any, dtype: Any) -> Any:
    shape = _state_size_with_prefix(size, prefix=[batch])
    made = array_ops.zeros(array_ops.pack(shape), dtype)
    known = batch if isinstance(batch, int) else None
    made.set_shape([known, *shape[1:]])
    return made


def _selected(finished: Any, kept: Any, new: Any) -> Any:
    """`kept` where an example is finished, else `new`."""
    chosen = [
        array_ops.select(finished, one, other)
        for one, other in zip(nest.flatten(kept), nest.flatten(new), strict=True)
    ]
    return nest.pack_sequence_as(kept, chosen)
