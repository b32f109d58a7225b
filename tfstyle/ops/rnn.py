"""Recurrent networks from cells: `tf.nn.rnn`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfstyle.framework import dtypes, ops
from tfstyle.framework.tensor import Tensor
from tfstyle.ops import array_ops, math_ops
from tfstyle.ops import variable_scope as vs
from tfstyle.ops.body_context import BodyContext
from tfstyle.ops.constant_op import constant
from tfstyle.ops.rnn_cell import RNNCell
from tfstyle.ops.scan_op import make_scan
from tfstyle.util import nest

__all__ = ["rnn"]


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
        inputs: a list of T tensors [batch, depth].
        initial_state: the state before the first step, [batch, state_size] or a tuple
            of such; default: zeros of `dtype`.
        dtype: type of the zero state; needed when there is no `initial_state`.
        sequence_length: [batch] int32 or int64, the length of each example; default: T.
        scope: variable scope of the cell's variables; default "RNN".

    Returns:
        (outputs, state): a list of T tensors [batch, cell.output_size], and the state
        after the last step.

    Raises:
        TypeError: when `cell` is no RNNCell or `inputs` no list.
        ValueError: when `inputs` is empty, the depth is unknown, or neither
            `initial_state` nor `dtype` is given.

    Differs from TF: the operations of the cell exist once, not T times, and cannot be
    fetched.
    """
    if not isinstance(cell, RNNCell):
        raise TypeError("cell must be an instance of RNNCell")
    if not isinstance(inputs, (list, tuple)):
        raise TypeError("inputs must be a list")
    if not inputs:
        raise ValueError("inputs must not be empty")
    with vs.variable_scope(scope or "RNN") as variable_scope:
        if variable_scope.caching_device is None:
            variable_scope.set_caching_device(lambda op: op.device)
        inputs = ops.convert_n_to_tensor(inputs, name="inputs")
        state = _initial_state(cell, inputs[0], initial_state, dtype)
        lengths = _lengths(sequence_length, inputs[0])
        outputs, state = _scan(cell, inputs, state, lengths)
        # Calling the cell again in this scope means the same variables.
        if len(inputs) > 1:
            variable_scope.reuse_variables()
        return outputs, state


def _initial_state(cell, first: Tensor, initial_state, dtype) -> Any:
    shape = first.get_shape()
    if shape.ndims is None or shape.ndims < 1:
        batch: Any = array_ops.shape(first)[0]
    else:
        for size in shape[1:]:
            if size.value is None:
                raise ValueError(
                    "Input size (second dimension of inputs[0]) must be accessible via "
                    "shape inference, but saw value None."
                )
        batch = shape[0].value
        if batch is None:
            batch = array_ops.shape(first)[0]
    if initial_state is not None:
        return initial_state
    if not dtype:
        raise ValueError("If no initial_state is provided, dtype must be specified")
    return cell.zero_state(batch, dtype)


def _lengths(sequence_length, first: Tensor) -> Tensor | None:
    if sequence_length is None:
        return None
    lengths = math_ops.to_int32(sequence_length)
    shape = lengths.get_shape()
    if shape.ndims is not None and shape.ndims != 1:
        raise ValueError(
            "sequence_length must be a vector of length batch_size, but saw shape: "
            f"{shape}"
        )
    if shape.ndims == 1 and first.get_shape().ndims:
        batch = first.get_shape()[0]
        if not shape[0].is_compatible_with(batch):
            raise ValueError(
                "sequence_length must be a vector of length batch_size, but saw shape "
                f"{shape} with batch size {batch.value}"
            )
    return array_ops.identity(lengths, name="sequence_length")


def _scan(
    cell, inputs: Sequence[Tensor], state: Any, lengths: Tensor | None
) -> tuple[list[Tensor], Any]:
    steps = len(inputs)
    initial = [ops.convert_to_tensor(s) for s in nest.flatten(state)]
    sequences: list[Any] = [stack_steps(inputs)]
    if lengths is not None:
        sequences.append(constant(np.arange(steps), dtypes.int32, name="time"))
    with BodyContext() as context:
        before = [context.parameter(s, "state") for s in initial]
        step_input = context.parameter(inputs[0], "input")
        time = None if lengths is None else context.parameter(sequences[1][0], "step")
        packed = (
            nest.pack_sequence_as(state, before)
            if nest.is_sequence(state)
            else (before[0])
        )
        output, new_state = cell(step_input, packed)
        nest.assert_same_structure(state, new_state)
        after = [ops.convert_to_tensor(s) for s in nest.flatten(new_state)]
        _check_states(initial, after)
        if time is not None:
            going = math_ops.less(time, lengths)
            output = array_ops.select(going, output, array_ops.zeros_like(output))
            after = [
                array_ops.select(going, new, old)
                for new, old in zip(after, before, strict=True)
            ]
    result = make_scan(
        context, initial, sequences, after, [output], "Scan", unrolled=True
    )
    outputs = list(result.last)
    if steps > 1:
        outputs = [*array_ops.unpack(result.stacked[0], steps)[:-1], *outputs]
    final = result.final
    return outputs, (
        nest.pack_sequence_as(state, final) if nest.is_sequence(state) else final[0]
    )


def _check_states(initial: Sequence[Tensor], after: Sequence[Tensor]) -> None:
    for old, new in zip(initial, after, strict=True):
        if old.dtype.base_dtype != new.dtype.base_dtype:
            raise TypeError(
                f"The cell's new state has dtype {new.dtype.name}, the one before had "
                f"{old.dtype.base_dtype.name}."
            )
        if not old.get_shape().is_compatible_with(new.get_shape()):
            raise ValueError(
                f"The cell's new state has shape {new.get_shape()}, the one before had "
                f"{old.get_shape()}."
            )


def stack_steps(inputs: Sequence[Tensor]) -> Tensor:
    """The steps as one tensor [T, batch, ...].

    Steps that came from one `unpack` or `split` are a view of the tensor they came
    from, not packed again.
    """
    source = _common_source(inputs)
    if source is None:
        return array_ops.pack(list(inputs))
    op, squeezed = source
    steps = len(inputs)
    if op.type == "Unpack":
        axis = op.get_attr("axis")
        whole = op.inputs[0]
        return whole if axis == 0 else _to_front(whole, axis)
    axis = int(op.inputs[0].op.get_attr("value"))
    whole = op.inputs[1]
    if squeezed:
        return _to_front(whole, axis)
    if axis == 0:
        dims = inputs[0].get_shape().as_list()
        if dims.count(None) > 1:
            return array_ops.pack(list(inputs))
        return array_ops.reshape(
            whole, [steps, *[-1 if d is None else d for d in dims]]
        )
    return array_ops.pack(list(inputs))


def _to_front(tensor: Tensor, axis: int) -> Tensor:
    rank = tensor.get_shape().ndims
    order = [axis, *[i for i in range(rank or 0) if i != axis]]
    return array_ops.transpose(tensor, order)


def _common_source(inputs: Sequence[Tensor]) -> Any:
    """The op that made exactly `inputs`, and whether its axis was squeezed; or None."""
    tensors = list(inputs)
    squeezed = all(t.op.type == "Squeeze" for t in tensors)
    dims = None
    if squeezed:
        dims = {tuple(t.op.get_attr("squeeze_dims")) for t in tensors}
        tensors = [t.op.inputs[0] for t in tensors]
    op = tensors[0].op
    if op.type not in ("Unpack", "Split") or tensors != list(op.outputs):
        return None
    if op.type == "Unpack":
        known = op.inputs[0].get_shape().ndims is not None
        return (op, False) if known and not squeezed else None
    if op.inputs[0].op.type != "Const" or op.inputs[1].get_shape().ndims is None:
        return None
    if squeezed:
        axis = int(op.inputs[0].op.get_attr("value"))
        size = op.inputs[1].get_shape()[axis].value
        return (op, True) if dims == {(axis,)} and size == len(inputs) else None
    return op, False
