"""What the shape rules of neural network ops have in common: ranks, sizes, windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfstyle.framework.constant_value import constant_value
from tfstyle.framework.tensor_shape import TensorShape, unknown_shape

__all__ = [
    "at_least_rank",
    "count_of",
    "equal_sizes",
    "of_rank",
    "shape_text",
    "window_count",
    "window_counts",
]

Size = int | None


def of_rank(tensor: Any, rank: int) -> list[Any]:
    """The sizes of `tensor`, which has `rank` dimensions; None where unknown.

    Raises:
        ValueError: when it is known to have another number of dimensions.
    """
    shape = tensor.get_shape()
    if shape.ndims is None:
        return [None] * rank
    if shape.ndims != rank:
        raise ValueError(f"Shape must be rank {rank} but is rank {shape.ndims}")
    return shape.as_list()


def at_least_rank(tensor: Any, rank: int) -> TensorShape:
    """The shape of `tensor`, which has `rank` or more dimensions.

    Raises:
        ValueError: when it is known to have fewer.
    """
    shape = tensor.get_shape()
    if shape.ndims is not None and shape.ndims < rank:
        raise ValueError(
            f"Shape must be at least rank {rank} but is rank {shape.ndims}"
        )
    return shape


def equal_sizes(first: Size, second: Size) -> Size:
    """The size that both dimensions have.

    Raises:
        ValueError: when they are known to differ.
    """
    if first is None or second is None:
        return second if first is None else first
    if first != second:
        raise ValueError(f"Dimensions must be equal, but are {first} and {second}")
    return first


def count_of(tensor: Any, index: int) -> Size:
    """The size that the scalar `tensor`, input `index` of an op, holds.

    Raises:
        ValueError: when it is no scalar, or is negative.
    """
    rank = tensor.get_shape().ndims
    if rank not in (0, None):
        raise ValueError(f"Shape must be rank 0 but is rank {rank}")
    value = constant_value(tensor)
    if value is None:
        return None
    if value < 0:
        raise ValueError(
            f"Dimension size, given by scalar input {index}, must be non-negative but "
            f"is {value}"
        )
    return int(value)


def window_count(size: Size, window: Size, stride: int, padding: str) -> Size:
    """How many windows fit along a dimension.

    With padding `"SAME"` one begins at every multiple of `stride`; with `"VALID"`
    windows do not stick out.

    Raises:
        ValueError: when a window is larger than the dimension.
    """
    if stride < 1:
        raise ValueError(f"Stride must be > 0, but got {stride}")
    if size is None:
        return None
    if padding == "SAME":
        return -(-size // stride)
    if window is None:
        return None
    if window > size:
        raise ValueError(
            f"Negative dimension size caused by subtracting {window} from {size}"
        )
    return (size - window) // stride + 1


def window_counts(
    tensor: Any, ksize: Sequence[int], strides: Sequence[int], padding: str
) -> TensorShape:
    """The shape of what a pooling op makes of `tensor`."""
    rank = len(ksize)
    sizes = of_rank(tensor, rank)
    if len(strides) != rank:
        return unknown_shape(rank)
    return TensorShape(
        [
            window_count(size, window, stride, padding)
            for size, window, stride in zip(sizes, ksize, strides, strict=True)
        ]
    )


def shape_text(shape: Sequence[int]) -> str:
    """A shape as TensorFlow's runtime writes it: `[2,3]`."""
    return "[" + ",".join(map(str, shape)) + "]"
