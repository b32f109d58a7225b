"""What enters and leaves branches and loops, as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfstyle.framework import dtypes, ops
from tfstyle.framework.indexed_slices import IndexedSlices
from tfstyle.framework.sparse_tensor import SparseTensor
from tfstyle.framework.tensor import Tensor

__all__ = [
    "as_value",
    "check_parallel_iterations",
    "flatten_value",
    "pack_value",
    "predicate",
]


def predicate(value: Any, argument: str, op_type: str, name: str) -> Tensor:
    """What decides, as a tensor.

    Args:
        value: a boolean scalar.
        argument: what TensorFlow calls it.
        op_type: of which op type.
        name: name of the tensor, if `value` is none yet.

    Raises:
        TypeError: when it is not boolean.
        ValueError: when it is not a scalar.
    """
    tensor = ops.convert_to_tensor(value, name=name)
    if tensor.dtype.base_dtype != dtypes.bool:
        raise TypeError(
            f"Input '{argument}' of '{op_type}' Op has type "
            f"{tensor.dtype.base_dtype.name} that does not match expected type of bool."
        )
    rank = tensor.get_shape().ndims
    if rank not in (None, 0):
        raise ValueError(
            f"Shape must be rank 0 but is rank {rank} for '{tensor.name}'."
        )
    return tensor


def check_parallel_iterations(number: Any) -> None:
    """Refuses what TensorFlow refuses as the number of iterations side by side.

    Raises:
        TypeError: when `number` is None or below 1.
        ValueError: when it is no whole number.
    """
    if number is None or number < 1:
        raise TypeError("parallel_iterations must be a positive integer.")
    if int(number) != number:
        raise ValueError(f"`parallel_iterations` must be a positive integer: {number}")


def as_value(value: Any) -> Any:
    """`value` as something that consists of tensors: what is converted to one is.

    So are the parts of slices and sparse tensors, which may be variables.
    """
    if isinstance(value, IndexedSlices):
        shape = value.dense_shape
        return IndexedSlices(
            ops.convert_to_tensor(value.values),
            ops.convert_to_tensor(value.indices),
            None if shape is None else ops.convert_to_tensor(shape),
        )
    if isinstance(value, SparseTensor) or hasattr(value, "flow"):
        return value
    return ops.convert_to_tensor(value)


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
