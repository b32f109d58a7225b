"""The `Scan` operation: a loop with a known number of steps, one `lax.scan`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tfstyle.framework import ops
from tfstyle.framework.op_def import declare
from tfstyle.framework.op_table import OpFacts
from tfstyle.framework.tensor import Tensor
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops.body_context import BodyContext

__all__ = ["ScanResult", "make_scan"]


def _undefined():
    raise AssertionError("evaluated by the lowering")


declare("Scan", _undefined, facts=OpFacts("Scan", in_r09=False), structural=True)


class ScanResult(NamedTuple):
    """What a scan gives.

    Attributes:
        final: the carried values after the last step.
        stacked: each result of all steps, [steps, ...].
        last: each result of the last step.
    """

    final: list[Tensor]
    stacked: list[Tensor]
    last: list[Tensor]


def make_scan(
    context: BodyContext,
    initial: Sequence[Tensor],
    sequences: Sequence[Tensor],
    carried: Sequence[Tensor],
    results: Sequence[Tensor],
    name: str,
    unrolled: bool,
) -> ScanResult:
    """Makes the operation that runs a recorded body once per step.

    The parameters of the body must have been made in this order: one for each of
    `initial`, then one for each of `sequences`.

    Args:
        context: the closed context the body was recorded in.
        initial: carried values before the first step.
        sequences: tensors whose first dimension is the step.
        carried: carried values after a step, in the body.
        results: other results of a step, in the body.
        name: name of the operation.
        unrolled: whether the loop stands for operations written one after the other:
            those with a seed of their own then draw the same numbers in each step.
    """
    body = context.close([*carried, *results], prune=True)
    graph = ops.get_default_graph()
    dtypes = [t.dtype.base_dtype for t in carried]
    dtypes += [t.dtype.base_dtype for t in results] * 2
    op = graph.create_op(
        "Scan",
        [*initial, *sequences, *body.captures],
        dtypes,
        name=name,
        attrs={
            "_bodies": (body,),
            "carries": len(initial),
            "scanned": len(sequences),
            "unrolled": unrolled,
        },
        compute_shapes=False,
    )
    context.owner = op
    steps = sequences[0].get_shape()[0]
    count = len(carried)
    final = op.outputs[:count]
    stacked = op.outputs[count : count + len(results)]
    last = op.outputs[count + len(results) :]
    for output, tensor in zip(final, carried, strict=True):
        output.set_shape(tensor.get_shape())
    for output, tensor in zip(stacked, results, strict=True):
        shape = tensor.get_shape()
        if shape.ndims is not None:
            output.set_shape(TensorShape([steps]).concatenate(shape))
    for output, tensor in zip(last, results, strict=True):
        output.set_shape(tensor.get_shape())
    return ScanResult(final, stacked, last)
