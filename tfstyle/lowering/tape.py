"""The tape: how gradients flow back through operations that have been evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from tfstyle.framework import errors
from tfstyle.framework.subgraph import reaches_of
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.blame import blamed

__all__ = [
    "Pullback",
    "accumulate",
    "cause_of",
    "conjugate",
    "differentiated",
    "is_complex",
    "zeros_like",
]


class Pullback:
    """The reverse of one executed operation, or of one executed group of them.

    Attributes:
        op: the operation, or the last one of the group.
        inputs: the differentiated inputs.
        outputs: the differentiable outputs.
    """

    def __init__(
        self,
        op: Operation,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        values: Sequence[Any],
        pull: Callable[[tuple[Any, ...]], tuple[Any, ...]],
    ) -> None:
        """Notes what was executed; `values` are those of `outputs`."""
        self.op = op
        self.inputs = inputs
        self.outputs = outputs
        # The elements of a `TensorArray` may be several arrays.
        self._shapes = jax.tree_util.tree_map(
            lambda v: jax.ShapeDtypeStruct(v.shape, v.dtype), list(values)
        )
        self._pull = pull

    def __call__(self, cotangents: dict[Tensor, Any]) -> None:
        """Adds to `cotangents` what flows from the outputs back to the inputs."""
        if not any(t in cotangents for t in self.outputs):
            return
        given = tuple(
            cotangents[t] if t in cotangents else zeros_like(shape)
            for t, shape in zip(self.outputs, self._shapes, strict=True)
        )
        try:
            pulled = self._pull(given)
        except Exception as error:
            raise blamed(error, self.op, given) from cause_of(error)
        for tensor, cotangent in zip(self.inputs, pulled, strict=True):
            accumulate(cotangents, tensor, cotangent)


def differentiated(
    operations: Iterable[Operation],
) -> dict[Operation, frozenset[Tensor]]:
    """The operations that gradients among `operations` go through, to be taped."""
    taped: dict[Operation, frozenset[Tensor]] = {}
    for op in operations:
        for reach in reaches_of(op):
            for forward in reach.operations:
                taped[forward] = taped.get(forward, frozenset()) | reach.carrying
    return taped


def accumulate(cotangents: dict[Tensor, Any], tensor: Tensor, value: Any) -> None:
    """Adds `value` to the cotangent of `tensor`."""
    known = cotangents.get(tensor)
    if isinstance(known, tuple):
        value = jax.tree_util.tree_map(jnp.add, known, value)
    elif known is not None:
        value = known + value
    cotangents[tensor] = value


def zeros_like(value: Any) -> Any:
    """Zeros of the shape of an array, or of the arrays that a value consists of."""
    return jax.tree_util.tree_map(lambda v: jnp.zeros(v.shape, v.dtype), value)


def conjugate(tensor: Tensor, value: Any) -> Any:
    """TensorFlow's gradient of a complex tensor is the conjugate of JAX's."""
    return jnp.conj(value) if is_complex(tensor) else value


def is_complex(tensor: Tensor) -> bool:
    """Whether `tensor` holds complex numbers."""
    return bool(tensor.dtype.is_complex)


def cause_of(error: BaseException) -> BaseException | None:
    """What to show as the cause: nothing of JAX, but what a user's function raised."""
    if isinstance(error, errors.OpError):
        return error.__cause__
    return None
