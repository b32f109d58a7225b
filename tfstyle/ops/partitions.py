"""How a tensor is cut into slices along one axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["check_slicing", "offsets_and_shapes", "partitions_of"]


def partitions_of(partitioner: Any, shape: Any, dtype: Any) -> list[int]:
    """The number of slices along each axis that `partitioner` wants.

    Raises:
        ValueError: when it is not callable or its answer does not fit `shape`.
    """
    answer = partitioner(shape=shape, dtype=dtype)
    if not isinstance(answer, (list, tuple)):
        raise ValueError(f"Partitioner must return a sequence, but saw: {answer}")
    if len(answer) != shape.ndims:
        raise ValueError(
            "Partitioner returned a partition list that does not match the Variable's "
            f"rank: {answer} vs. {shape}"
        )
    if any(p < 1 for p in answer):
        raise ValueError(
            f"Partitioner returned zero partitions for some axes: {answer}"
        )
    partitions = [int(p) for p in answer]
    check_slicing(shape.as_list(), partitions)
    return partitions


def check_slicing(shape: Sequence[int], slicing: Sequence[int]) -> None:
    """Checks that `slicing` cuts `shape` along at most one axis.

    Raises:
        ValueError: when it does not.
    """
    detail = f"shape: {list(shape)}, slicing: {list(slicing)}"
    if len(shape) != len(slicing):
        raise ValueError(
            "The 'shape' and 'slicing' of a partitioned Variable must have the length: "
            f"{detail}"
        )
    if not shape:
        raise ValueError(f"A partitioned Variable must have rank at least 1: {detail}")
    if any(s < 1 for s in slicing):
        raise ValueError(
            f"Partitioner returned zero partitions for some axes: {list(slicing)}"
        )
    axes = [i for i, s in enumerate(slicing) if s > 1]
    if len(axes) > 1:
        raise ValueError(f"Can only slice a variable along one dimension: {detail}")
    for i in axes:
        if slicing[i] > shape[i]:
            raise ValueError(
                f"Cannot create {slicing[i]} slices for size {shape[i]}. {detail}"
            )


def offsets_and_shapes(
    shape: Sequence[int], partitions: Sequence[int]
) -> Iterator[tuple[list[int], list[int]]]:
    """Offset and shape of each slice, in order; the first ones are the larger ones."""
    axis = next((i for i, p in enumerate(partitions) if p > 1), 0)
    count = partitions[axis]
    small, larger = divmod(shape[axis], count)
    offset = [0] * len(shape)
    for i in range(count):
        size = list(shape)
        size[axis] = small + (i < larger)
        yield list(offset), size
        offset[axis] += size[axis]
