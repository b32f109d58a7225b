"""The value of a `TensorArray` in a trace; what of a value is differentiated."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["ArrayState", "concrete", "differentiable_part", "with_part"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ArrayState:
    """What a `TensorArray` holds; the value of its `flow`.

    Attributes:
        data: the elements, [size, …]; None before the first write, when the shape of
            an element is not known yet.
        status: uint8[size]: `UNWRITTEN`, `WRITTEN` or `CLEARED`.
        dynamic: whether it grows when something is written past its end.
    """

    data: Any
    status: Any
    dynamic: bool = field(default=False, metadata={"static": True})

    UNWRITTEN = 0
    WRITTEN = 1
    CLEARED = 2

    @property
    def size(self) -> int:
        """How many elements it has."""
        return int(self.status.shape[0])

    def like(self, other: ArrayState) -> ArrayState:
        """This state with elements and room as `other` has: a loop keeps shapes."""
        status = self.status
        grown = other.status.shape[0] - status.shape[0]
        if grown > 0:
            status = jnp.concatenate([status, jnp.zeros(grown, status.dtype)])
        data = self.data
        if other.data is not None:
            if data is None:
                data = jnp.zeros(other.data.shape, other.data.dtype)
            elif grown > 0:
                padding = jnp.zeros((grown, *data.shape[1:]), data.dtype)
                data = jnp.concatenate([data, padding])
        return replace(self, data=data, status=status)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        """A fetched flow is the number it is in TensorFlow."""
        return np.zeros((), dtype or np.float32)


def concrete(value: Any) -> Any:
    """`value` as something that can enter and leave a compiled function."""
    return value if isinstance(value, ArrayState) else jnp.asarray(value)


def differentiable_part(value: Any) -> Any:
    """The array that a gradient is for; None when there is none yet."""
    if not isinstance(value, ArrayState):
        return jnp.asarray(value)
    if value.data is None or not jnp.issubdtype(value.data.dtype, jnp.inexact):
        return None
    return value.data


def with_part(value: Any, part: Any) -> Any:
    """`value` with another differentiable part."""
    return replace(value, data=part) if isinstance(value, ArrayState) else part
