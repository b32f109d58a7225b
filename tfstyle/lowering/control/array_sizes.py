"""How large arrays become that a loop makes grow.

Their size must be known before the loop is compiled. `Sizing` runs the loop without the
elements: an array is only a size, and what is written is not computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from tfstyle.framework import errors
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.framework.trip_counts import array_writes
from tfstyle.lowering.control.array_state import ArraySize, ArrayState, array_of
from tfstyle.lowering.evaluate import Evaluator

__all__ = ["Sizing", "known_size", "sizes_of"]

_WRITING = (
    "TensorArrayScatter",
    "TensorArraySplit",
    "TensorArrayUnpack",
    "TensorArrayWrite",
)
# What else takes an array.
_TAKING = (
    "Identity",
    "TensorArrayConcat",
    "TensorArrayGather",
    "TensorArrayGrad",
    "TensorArrayPack",
    "TensorArrayRead",
    "TensorArraySize",
)


class Sizing(Evaluator):
    """Runs what decides how large arrays become."""

    @classmethod
    def of(cls, outer: Evaluator) -> Sizing:
        """An evaluator for a loop that `outer` runs."""
        found = cls({}, dict(outer.variables), dict(outer.streams), in_body=True)
        found.folded, found.known = outer.folded, outer.known
        return found

    def body_evaluator(self, *args: Any, **kwargs: Any) -> Evaluator:
        return Sizing(*args, **kwargs)

    def uses(self, op: Operation) -> Sequence[Tensor]:
        if op.type in _WRITING and _grows(op):
            return array_writes(op)
        return super().uses(op)

    def run(self, op: Operation) -> None:
        if op.type in _WRITING and _grows(op):
            place, flow = map(self.value, array_writes(op))
            size = _at_least(flow.size, _end(op, place))
            self.values[op._outputs[0]] = ArraySize(size)
            return
        flow = self.values.get(op._inputs[-1]) if op.type in _TAKING else None
        if not isinstance(flow, ArraySize):
            super().run(op)
        elif op.type == "Identity":
            self.values[op._outputs[0]] = flow
        elif op.type == "TensorArraySize":
            self.values[op._outputs[0]] = flow.size
        else:
            raise errors.UnimplementedError(
                None,
                op,
                f"{op.type} '{op.name}': how large the array becomes depends on the "
                "elements that are read here. Give it a fixed size.",
            )


def _grows(op: Operation) -> bool:
    return bool(array_of(op)._attrs.get("dynamic_size"))


def _end(op: Operation, place: Any) -> Any:
    """How large the array must be for `op`."""
    if op.type == "TensorArrayWrite":
        return place + 1
    if op.type == "TensorArrayScatter":
        return place.max(initial=-1) + 1
    return np.array(np.shape(place)[0], np.int32)


def _at_least(size: Any, end: Any) -> Any:
    if isinstance(end, np.ndarray | np.generic) and not isinstance(size, jnp.ndarray):
        return np.maximum(np.int32(size), end).reshape(()).astype(np.int32)
    return jnp.maximum(size, end).reshape(()).astype(jnp.int32)


def known_size(value: Any) -> bool:
    """Whether a value in a simulation is known while tracing."""
    if isinstance(value, ArraySize):
        value = value.size
    return isinstance(value, np.ndarray | np.generic)


def sizes_of(values: Sequence[Any], places: Sequence[int]) -> list[Any]:
    """`values` with the arrays at `places` as sizes."""
    found = list(values)
    for i in places:
        if isinstance(found[i], ArrayState):
            found[i] = ArraySize(np.array(found[i].size, np.int32))
    return found
