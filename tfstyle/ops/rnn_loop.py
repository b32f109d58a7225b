"""The loop of a recurrent network: a cell called once, in the body of one `Scan`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tfstyle.framework import common_shapes, dtypes, errors, ops
from tfstyle.framework.op_def import Array, op
from tfstyle.framework.op_table import ArgFacts, AttrFacts, OpFacts
from tfstyle.framework.tensor import Tensor
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops import array_ops, math_ops
from tfstyle.ops.body_context import BodyContext
from tfstyle.ops.constant_op import constant
from tfstyle.ops.rnn_cell import RNNCell
from tfstyle.ops.scan_op import make_scan
from tfstyle.util import nest

__all__ = [
    "LoopResult",
    "StepType",
    "check_cell",
    "checked_lengths",
    "run_cell",
    "stack_steps",
]


@dataclass(frozen=True)
class StepType:
    """What is known of a tensor of one step; no sequence, so that it can be nested."""

    dtype: Any
    shape: TensorShape

    def get_shape(self) -> TensorShape:
        """The static shape, [batch, ...]."""
        return self.shape


class LoopResult(NamedTuple):
    """What a recurrent network gives.

    Attributes:
        outputs: the outputs of all steps, [time, batch, ...], nested as the cell nests
            them.
        last: the outputs of the last step, [batch, ...].
        state: the state after the last step.
    """

    outputs: Any
    last: Any
    state: Any


def check_cell(cell: Any, name: str = "cell") -> None:
    """Raises TypeError unless `cell` is an `RNNCell`."""
    if not isinstance(cell, RNNCell):
        raise TypeError(f"{name} must be an instance of RNNCell")


# -- lengths --------------------------------------------------------------------


@op(
    "CheckSequenceLength",
    facts=OpFacts(
        "CheckSequenceLength",
        inputs=(
            ArgFacts("lengths", dtype=dtypes.int32),
            ArgFacts("step", type_attr="T"),
        ),
        outputs=(ArgFacts("output", dtype=dtypes.int32),),
        attrs=(
            AttrFacts("T", "type"),
            AttrFacts("batch_dim", "int"),
            AttrFacts("tensor_name", "string"),
        ),
        in_r09=False,
    ),
    gradient=None,
    shape=common_shapes.first_input,
)
def _check_lengths(lengths: Array, step: Array, batch_dim, tensor_name):
    """`lengths`, which must be as many as there are rows in `step`.

    Shapes are known when a run is compiled: unlike an `Assert`, this costs a run
    nothing.
    """
    wanted = (step.shape[batch_dim],)
    if lengths.shape != wanted:
        raise errors.InvalidArgumentError(
            None, None, f"assertion failed: [{_mismatch(tensor_name, wanted, lengths)}]"
        )
    return lengths


def _mismatch(name: str, wanted: Sequence[int], lengths: Any) -> str:
    return (
        f"Expected shape for Tensor {name} is {list(wanted)} but saw shape: "
        f"{list(lengths.shape)}"
    )


def checked_lengths(
    lengths: Tensor | None, step: Tensor, batch_dim: int = 0
) -> Tensor | None:
    """The lengths of the sequences, one for each example.

    Args:
        lengths: int32, or None.
        step: a tensor of inputs.
        batch_dim: the dimension of `step` that is the batch.

    Returns:
        `lengths`; where it is not known while the graph is built whether there is one
        for each example, a tensor that fails with `InvalidArgumentError` if not.

    Raises:
        ValueError: when the lengths are no vector, or not one for each example.
    """
    if lengths is None:
        return None
    shape = lengths.get_shape()
    if shape.ndims not in (None, 1):
        raise ValueError(
            "sequence_length must be a vector of length batch_size, but saw shape: "
            f"{shape}"
        )
    known = step.get_shape()
    batch = known[batch_dim].value if known.ndims else None
    if shape.ndims == 1 and None not in (shape[0].value, batch):
        if shape[0].value != batch:
            raise ValueError(
                f"sequence_length must be a vector of length batch_size: Expected "
                f"shape for Tensor {lengths.name} is ({batch},) but saw shape: {shape}"
            )
        return lengths
    checked = _check_lengths(lengths, step, batch_dim, lengths.name, name="CheckSeqLen")
    checked.set_shape([batch])
    return checked


# -- the loop -------------------------------------------------------------------


def run_cell(
    cell: Callable[..., Any],
    steps: Any,
    sequences: Sequence[Tensor],
    state: Any,
    lengths: Tensor | None,
    unrolled: bool,
) -> LoopResult:
    """Runs a cell over sequences.

    Args:
        cell: an RNNCell, or a function `(inputs, state) -> (output, new state)`. It is
            called once.
        steps: for each input of a step its `StepType` or a tensor like it, nested as
            the cell takes its inputs.
        sequences: the inputs of all steps, [time, batch, ...], for each of `steps`.
        state: the state before the first step, nested as the cell takes it.
        lengths: int32 [batch] or None. After its end the outputs of an example are
            zeros and its state stays as it was.
        unrolled: whether the loop stands for steps written one after the other.

    Returns:
        The outputs and the last state.

    Raises:
        ValueError: when the new state has another shape or nesting than the old one.
        TypeError: when it has another dtype or type of sequence.
    """
    initial = [ops.convert_to_tensor(s) for s in nest.flatten(state)]
    sequences = list(sequences)
    if lengths is not None:
        sequences.append(_step_numbers(sequences[0]))
    with BodyContext() as context:
        before = [context.parameter(s, "state") for s in initial]
        flat_inputs = [context.parameter(s, "input") for s in nest.flatten(steps)]
        time = None
        if lengths is not None:
            number: Any = StepType(dtypes.int32, TensorShape([]))
            time = context.parameter(number, "step")
        output, new_state = cell(
            nest.pack_sequence_as(steps, flat_inputs),
            nest.pack_sequence_as(state, before),
        )
        # Steps written one after the other may turn a tuple into an LSTMStateTuple.
        nest.assert_same_structure(
            state, new_state, check_types=not unrolled or lengths is not None
        )
        after = [ops.convert_to_tensor(s) for s in nest.flatten(new_state)]
        flat_output = [ops.convert_to_tensor(t) for t in nest.flatten(output)]
        _check_states(initial, after)
        if lengths is not None:
            going = math_ops.less(time, lengths)
            flat_output = [
                array_ops.select(going, t, array_ops.zeros_like(t)) for t in flat_output
            ]
            after = [
                array_ops.select(going, new, old)
                for new, old in zip(after, before, strict=True)
            ]
    result = make_scan(
        context, initial, sequences, after, flat_output, "Scan", unrolled=unrolled
    )
    return LoopResult(
        nest.pack_sequence_as(output, result.stacked),
        nest.pack_sequence_as(output, result.last),
        nest.pack_sequence_as(new_state, result.final),
    )


def _step_numbers(sequence: Tensor) -> Tensor:
    """0, 1, …, as many as there are steps: int32 [time]."""
    shape = sequence.get_shape()
    steps = shape[0].value if shape.ndims else None
    if steps is None:
        return math_ops.range(0, array_ops.shape(sequence)[0], name="time")
    return constant(np.arange(steps), dtypes.int32, name="time")


def _check_states(initial: Sequence[Tensor], after: Sequence[Tensor]) -> None:
    """Refuses a state that a loop cannot carry on."""
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


# -- a list of steps as one tensor ----------------------------------------------


def stack_steps(inputs: Sequence[Tensor]) -> Tensor:
    """The steps as one tensor [T, batch, ...].

    Steps that came from one `unpack` or `split` are a view of the tensor they came
    from, not packed again.
    """
    source = _common_source(inputs)
    if source is None:
        return array_ops.pack(list(inputs))
    maker, squeezed = source
    steps = len(inputs)
    if maker.type == "Unpack":
        axis = maker.get_attr("axis")
        whole = maker.inputs[0]
        return whole if axis == 0 else _to_front(whole, axis)
    axis = int(maker.inputs[0].op.get_attr("value"))
    whole = maker.inputs[1]
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


def _all_rows(inputs: Sequence[Tensor]) -> list[Tensor]:
    """`inputs`; where they are the outputs of a loop, the last one is a row, too."""
    rows, last = inputs[0].op, inputs[-1]
    if last.op.type != "Scan" or rows.type != "Unpack":
        return list(inputs)
    stacked = rows.inputs[0]
    results = (len(last.op.outputs) - last.op.get_attr("carries")) // 2
    if stacked.op is last.op and last.value_index == stacked.value_index + results:
        return [*inputs[:-1], rows.outputs[-1]]
    return list(inputs)


def _common_source(inputs: Sequence[Tensor]) -> Any:
    """The op that made exactly `inputs`, and whether its axis was squeezed; or None."""
    tensors = _all_rows(inputs)
    squeezed = all(t.op.type == "Squeeze" for t in tensors)
    dims = None
    if squeezed:
        dims = {tuple(t.op.get_attr("squeeze_dims")) for t in tensors}
        tensors = [t.op.inputs[0] for t in tensors]
    maker = tensors[0].op
    if maker.type not in ("Unpack", "Split") or tensors != list(maker.outputs):
        return None
    if maker.type == "Unpack":
        known = maker.inputs[0].get_shape().ndims is not None
        return (maker, False) if known and not squeezed else None
    if maker.inputs[0].op.type != "Const" or maker.inputs[1].get_shape().ndims is None:
        return None
    if squeezed:
        axis = int(maker.inputs[0].op.get_attr("value"))
        size = maker.inputs[1].get_shape()[axis].value
        return (maker, True) if dims == {(axis,)} and size == len(inputs) else None
    return maker, False
