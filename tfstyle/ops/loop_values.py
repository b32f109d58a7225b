"""What enters and leaves branches and loops, as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfstyle.framework.indexed_slices import IndexedSlices
from tfstyle.framework.sparse_tensor import SparseTensor
from tfstyle.framework.tensor import Tensor

__all__ = ["flatten_value", "pack_value"]


def flatten_value(value: Any) -> list[Tensor]:
    """The tensors that `value` consists of: a tensor, slices, or a `TensorArray`."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, IndexedSlices):
        tensors = [value.values, value.indices]
        return tensors if value.dense_shape is None else [*tensors, value.dense_shape]
    if isinstance(value, SparseTensor):
        return [value.indices, value.values, value.shape]
    return [value.flow]


def pack_value(like: Any, tensors: Sequence[Tensor]) -> Any:
    """A value of the kind of `like` made of `tensors`."""
    if isinstance(like, Tensor):
        return tensors[0]
    if isinstance(like, (IndexedSlices, SparseTensor)):
        return type(like)(*tensors)
    return like.with_flow(tensors[0])
