"""Recurrent networks over a list of inputs, one per time step."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from tfstyle.framework import ops
from tfstyle.framework.tensor import Tensor
from tfstyle.ops import array_ops, math_ops
from tfstyle.ops import variable_scope as vs
from tfstyle.ops.rnn_cell import EmbeddingWrapper
from tfstyle.ops.rnn_loop import check_cell, checked_lengths, run_cell, stack_steps
from tfstyle.ops.step_lists import as_vectors, embed_steps
from tfstyle.util import nest

__all__ = ["bidirectional_rnn", "rnn", "state_saving_rnn"]


def rnn(
    cell,
    inputs,
    initial_state=None,
    dtype=None,
    sequence_length=None,
    scope=None,
):
    """Runs `cell` over a list of inputs, one per time step.

    The cell is called once, on symbolic inputs, and the loop is one `Scan`: neither the
    graph nor the compiled program grows with the number of steps. The meaning is

        state = initial_state or cell.zero_state(batch, dtype)
        for x in inputs:
            output, state = cell(x, state)
            outputs.append(output)

    With `sequence_length`, the outputs of an example after its end are zeros and its
    state stays as it was at the end.

    Args:
        cell: an `RNNCell`.
        inputs: a list of T tensors [batch, depth], or of nested tuples of such.
        initial_state: the state before the first step, [batch, state_size] or a tuple
            of such; default: zeros of `dtype`.
        dtype: type of the zero state; needed when there is no `initial_state`.
        sequence_length: [batch] int32 or int64, the length of each example; default: T.
        scope: variable scope of the cell's variables; default "RNN".

    Returns:
        (outputs, state): a list of T tensors [batch, cell.output_size], or nested
        tuples of such, and the state after the last step.

    Raises:
        TypeError: when `cell` is no RNNCell or `inputs` no list.
        ValueError: when `inputs` is empty, the depth is unknown, neither
            `initial_state` nor `dtype` is given, or the lengths are no vector.
        InvalidArgumentError: when it turns out in a run that there is not one length
            for each example.

    Differs from TF: the operations of the cell exist once, not T times, and cannot be
    fetched.
    """
    check_cell(cell)
    _check_inputs(inputs)
    with vs.variable_scope(scope or "RNN") as variable_scope:
        if variable_scope.caching_device is None:
            variable_scope.set_caching_device(lambda op: op.device)
        steps = [
            nest.pack_sequence_as(
                step, ops.convert_n_to_tensor(nest.flatten(step), name="inputs")
            )
            for step in inputs
        ]
        batch = _batch_size(steps)
        if initial_state is None:
            if not dtype:
                raise ValueError(
                    "If no initial_state is provided, dtype must be specified"
                )
            initial_state = cell.zero_state(batch, dtype)
        first: Any = nest.flatten(steps[0])[0]
        lengths = checked_lengths(_lengths(sequence_length), first)
        if type(cell) is EmbeddingWrapper:
            # Looked up before the loop, all steps at once: the gradient is sparse.
            with vs.variable_scope(type(cell).__name__):
                table = cell._embedding(initial_state)
                steps = embed_steps(table, as_vectors(steps))
            cell = cell._cell
        flat = zip(*(nest.flatten(step) for step in steps), strict=True)
        result = run_cell(
            cell,
            steps[0],
            [stack_steps(one) for one in flat],
            initial_state,
            lengths,
            unrolled=True,
        )
        # Calling the cell again in this scope means the same variables.
        if len(steps) > 1:
            variable_scope.reuse_variables()
        return _list_of_steps(result, len(steps)), result.state


def _check_inputs(inputs: Any) -> None:
    if not isinstance(inputs, (list, tuple)):
        raise TypeError("inputs must be a list")
    if not inputs:
        raise ValueError("inputs must not be empty")


def _batch_size(steps: Sequence[Any]) -> Any:
    """The number of examples, an integer where it is known."""
    flat: list[Tensor] = nest.flatten(steps)
    for tensor in flat:
        shape = tensor.get_shape()
        for i, size in enumerate(shape[1:] if shape.ndims else ()):
            if size.value is None:
                raise ValueError(
                    f"Input size (dimension {i} of inputs) must be accessible via "
                    "shape inference, but saw value None."
                )
    batch = flat[0].get_shape()[:1]
    for tensor in flat[1:]:
        batch = batch.merge_with(tensor.get_shape()[:1])
    known = batch[0].value if batch.ndims else None
    return array_ops.shape(flat[0])[0] if known is None else known


def _lengths(sequence_length: Any) -> Tensor | None:
    if sequence_length is None:
        return None
    lengths = math_ops.to_int32(sequence_length)
    return array_ops.identity(lengths, name="sequence_length")


def _list_of_steps(result: Any, steps: int) -> list[Any]:
    """The outputs step by step; the last one is there without a slice."""
    if steps == 1:
        return [result.last]
    by_output = [
        array_ops.unpack(stacked, steps)[:-1]
        for stacked in nest.flatten(result.outputs)
    ]
    earlier = [
        nest.pack_sequence_as(result.last, list(step))
        for step in zip(*by_output, strict=True)
    ]
    return [*earlier, result.last]


def state_saving_rnn(
    cell, inputs, state_saver, state_name, sequence_length=None, scope=None
):
    """`rnn` whose first state comes from a state saver, and whose last one goes there.

    So a sequence can be cut into pieces that are trained one after the other.

    Args:
        cell: an `RNNCell`.
        inputs: a list of T tensors [batch, depth].
        state_saver: an object with `state(name)`, which returns the tensor of a state,
            and `save_state(name, value)`, which returns an operation that keeps it.
        state_name: the name of the state, or a tuple of names nested like
            `cell.state_size`.
        sequence_length: [batch], as for `rnn`.
        scope: variable scope of the cell's variables; default "RNN".

    Returns:
        (outputs, state) as of `rnn`. What computes the last output saves the state.

    Raises:
        TypeError: when `cell` is no RNNCell or `inputs` no list.
        ValueError: when `inputs` is empty, or the names are not one for each part of
            the state.
    """
    sizes = cell.state_size
    if nest.is_sequence(sizes) != nest.is_sequence(state_name):
        raise ValueError(
            "state_name should be the same type as cell.state_size.  state_name: "
            f"{state_name}, cell.state_size: {sizes}"
        )
    names = nest.flatten(state_name)
    count = len(nest.flatten(sizes))
    if len(names) != count:
        raise ValueError(
            "#elems(state_name) != #elems(state_size): "
            f"{len(names)} vs. {count} ({state_name}, {sizes})"
        )
    start = nest.pack_sequence_as(sizes, [state_saver.state(name) for name in names])
    outputs, state = rnn(
        cell,
        inputs,
        initial_state=start,
        sequence_length=sequence_length,
        scope=scope,
    )
    saved = [
        state_saver.save_state(name, part)
        for name, part in zip(names, nest.flatten(state), strict=True)
    ]
    with ops.control_dependencies(saved):
        last = [array_ops.identity(output) for output in nest.flatten(outputs[-1])]
    outputs[-1] = nest.pack_sequence_as(outputs[-1], last)
    return outputs, state


def bidirectional_rnn(
    cell_fw,
    cell_bw,
    inputs,
    initial_state_fw=None,
    initial_state_bw=None,
    dtype=None,
    sequence_length=None,
    scope=None,
):
    """Runs one cell forward and another one backward over a list of inputs.

    Args:
        cell_fw: the `RNNCell` that starts at the first step.
        cell_bw: the `RNNCell` that starts at the last step.
        inputs: a list of T tensors [batch, depth], or of nested tuples of such.
        initial_state_fw: the state of `cell_fw` before its first step; default: zeros.
        initial_state_bw: the state of `cell_bw` before its first step; default: zeros.
        dtype: type of the zero states; needed unless both states are given.
        sequence_length: [batch] int32 or int64, the length of each example, which is
            also where `cell_bw` starts; default: T.
        scope: a name; the variables of the cells are in the scopes `scope + "_FW"` and
            `scope + "_BW"`; default "BiRNN". As in later releases it may also be a
            `VariableScope`, in which the scopes "FW" and "BW" are made.

    Returns:
        (outputs, state_fw, state_bw): a list of T tensors [batch, cell_fw.output_size +
        cell_bw.output_size], or nested tuples of such, and the last states.

    Raises:
        TypeError: when a cell is no RNNCell or `inputs` no list.
        ValueError: as for `rnn`.
    """
    check_cell(cell_fw, "cell_fw")
    check_cell(cell_bw, "cell_bw")
    _check_inputs(inputs)
    with _direction(scope, "FW") as forward:
        outputs_fw, state_fw = rnn(
            cell_fw, inputs, initial_state_fw, dtype, sequence_length, forward
        )
    with _direction(scope, "BW") as backward:
        backward_inputs = _reverse_seq(inputs, sequence_length)
        reversed_outputs, state_bw = rnn(
            cell_bw, backward_inputs, initial_state_bw, dtype, sequence_length, backward
        )
    outputs_bw = _reverse_seq(reversed_outputs, sequence_length)
    joined = [
        array_ops.concat(1, [one, other])
        for one, other in zip(
            nest.flatten(outputs_fw), nest.flatten(outputs_bw), strict=True
        )
    ]
    return nest.pack_sequence_as(outputs_fw, joined), state_fw, state_bw


@contextlib.contextmanager
def _direction(scope: Any, direction: str) -> Iterator[Any]:
    """The variable scope of a direction."""
    if isinstance(scope, vs.VariableScope):
        with vs.variable_scope(scope), vs.variable_scope(direction) as inner:
            yield inner
    else:
        with vs.variable_scope(f"{scope or 'BiRNN'}_{direction}") as inner:
            yield inner


def _reverse_seq(input_seq, lengths):
    """A list of steps backward, or of each example its steps up to its length.

    Args:
        input_seq: a list of T tensors [batch, ...], or of nested tuples of such.
        lengths: [batch] integers, or None for all steps.

    Returns:
        A list like `input_seq`.
    """
    if lengths is None:
        return list(reversed(input_seq))
    lengths = math_ops.to_int64(lengths)
    flat = zip(*(nest.flatten(step) for step in input_seq), strict=True)
    reversed_steps = [
        array_ops.unpack(
            array_ops.reverse_sequence(stack_steps(steps), lengths, 0, 1),
            len(input_seq),
        )
        for steps in flat
    ]
    return [
        nest.pack_sequence_as(input_seq[0], list(step))
        for step in zip(*reversed_steps, strict=True)
    ]
