"""The value of a `TensorArray` in a trace; what of a value is differentiated."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework.tensor import Operation

__all__ = [
    "ArraySize",
    "ArrayState",
    "array_of",
    "concrete",
    "differentiable_part",
    "marks",
    "with_part",
]

_READING = (
    "TensorArrayConcat",
    "TensorArrayGather",
    "TensorArrayPack",
    "TensorArrayRead",
)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ArrayState:
    """What a `TensorArray` holds; the value of its `flow`.

    Attributes:
        data: the elements: an array [size, …]; or, when they differ in shape, a tuple
            of arrays, with None for those not written; or None before the first write,
            when the shape of an element is not known yet.
        flags: bool[size], which elements have been written, computed while running;
            None where that is known while tracing.
        known: the same as bytes, where it is known while tracing.
        grows_from: None, or, inside a loop that makes it grow, the size it had before;
            it has room for all it will hold.
    """

    data: Any
    flags: Any
    known: bytes | None = field(metadata={"static": True})
    grows_from: int | None = field(default=None, metadata={"static": True})

    @classmethod
    def empty(cls, size: int) -> ArrayState:
        """An array of `size` elements, none of them written."""
        return cls(None, None, bytes(size))

    @classmethod
    def full(cls, data: Any, size: int) -> ArrayState:
        """An array of `size` elements, all of them written."""
        return cls(data, None, b"\1" * size)

    @property
    def size(self) -> int:
        """How many elements there is room for."""
        return int(self.flags.shape[0]) if self.known is None else len(self.known)

    @property
    def written(self) -> Any:
        """Which elements have been written: a NumPy array where that is known."""
        if self.known is None:
            return self.flags
        return np.frombuffer(self.known, np.bool_)

    @property
    def is_ragged(self) -> bool:
        """Whether the elements differ in shape."""
        return isinstance(self.data, tuple)

    def holding(self, data: Any, written: Any) -> ArrayState:
        """This array with other elements."""
        if isinstance(written, np.ndarray):
            return replace(self, data=data, flags=None, known=written.tobytes())
        return replace(self, data=data, flags=written, known=None)

    def resized(self, size: int) -> ArrayState:
        """This array with room for at least `size` elements."""
        more = size - self.size
        if more <= 0:
            return self
        data = self.data
        if isinstance(data, tuple):
            data = (*data, *[None] * more)
        elif data is not None:
            padding = jnp.zeros((more, *data.shape[1:]), data.dtype)
            data = jnp.concatenate([data, padding])
        if self.known is not None:
            return replace(self, data=data, known=self.known + bytes(more))
        flags = jnp.concatenate([self.flags, jnp.zeros(more, jnp.bool_)])
        return replace(self, data=data, flags=flags)

    def like(self, other: ArrayState) -> ArrayState:
        """This array with elements and room as `other` has: a loop keeps shapes."""
        found = self.resized(other.size)
        if found.data is None:
            data = jax.tree_util.tree_map(_zeros, other.data)
            found = replace(found, data=data)
        return found

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        """A fetched flow is the number it is in TensorFlow."""
        return np.zeros((), dtype or np.float32)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ArraySize:
    """What stands for an `ArrayState` where only its size matters.

    Attributes:
        size: how many elements it has, an int32 scalar.
    """

    size: Any


def _zeros(like: Any) -> Any:
    return jnp.zeros(like.shape, like.dtype)


def concrete(value: Any) -> Any:
    """`value` as something that can enter and leave a compiled function."""
    if isinstance(value, ArraySize):
        return ArraySize(jnp.asarray(value.size, jnp.int32))
    if not isinstance(value, ArrayState):
        return jnp.asarray(value)
    return replace(value, flags=jnp.asarray(value.written), known=None)


def differentiable_part(value: Any) -> Any:
    """The array, or arrays, that a gradient is for; None when there is none yet."""
    if not isinstance(value, ArrayState):
        return jnp.asarray(value)
    leaves = jax.tree_util.tree_leaves(value.data)
    if not leaves or not jnp.issubdtype(leaves[0].dtype, jnp.inexact):
        return None
    return value.data


def with_part(value: Any, part: Any) -> Any:
    """`value` with another differentiable part."""
    return replace(value, data=part) if isinstance(value, ArrayState) else part


def array_of(op: Operation) -> Operation:
    """The operation that made the `TensorArray` that `op` works on."""
    array = op._inputs[0].op
    while array.type == "Identity":
        array = array._inputs[0].op
    return array


def marks(op: Operation) -> Operation | None:
    """The array whose elements `op` clears by reading them, if it does.

    It is the key of what has been cleared, among the variables of an evaluator.
    """
    if op.type not in _READING:
        return None
    array = source = array_of(op)
    while source.type == "TensorArrayGrad":
        source = array_of(source)
    return array if source._attrs.get("clear_after_read", True) else None
