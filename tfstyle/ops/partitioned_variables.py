"""Large variables cut into slices along one axis."""

from __future__ import annotations

import math

from tfstyle.framework import dtypes, ops
from tfstyle.ops import variable_scope
from tfstyle.ops.partitions import check_slicing

__all__ = [
    "create_partitioned_variables",
    "fixed_size_partitioner",
    "variable_axis_size_partitioner",
]


def variable_axis_size_partitioner(
    max_shard_bytes, axis=0, bytes_per_string_element=16, max_shards=None
):
    """A partitioner that keeps slices below a size.

    Args:
        max_shard_bytes: the most bytes a slice may have.
        axis: the axis to cut.
        bytes_per_string_element: how large a string is taken to be.
        max_shards: the most slices, or None.

    Returns:
        A function `(shape, dtype)` that returns the number of slices along each axis,
        a list of ints: 1 except along `axis`.

    Raises:
        ValueError: when a number is not positive, or, from the function, when the
            shape is not known or has no such axis.
    """
    if max_shard_bytes < 1 or bytes_per_string_element < 1:
        raise ValueError(
            "Both max_shard_bytes and bytes_per_string_element must be positive, are: "
            f"{max_shard_bytes} and {bytes_per_string_element}"
        )
    if max_shards and max_shards < 1:
        raise ValueError("max_shards must be positive.")

    def partitioner(shape, dtype):
        if not shape.is_fully_defined() or shape.ndims < 1:
            raise ValueError(
                f"shape is not fully defined or has no axis to cut: {shape}"
            )
        if not 0 <= axis < shape.ndims:
            raise ValueError(f"axis must be less than shape.ndims: {axis} vs {shape}")
        dtype = dtypes.as_dtype(dtype).base_dtype
        size = bytes_per_string_element if dtype == dtypes.string else dtype.size
        dims = shape.as_list()
        slice_bytes = size * math.prod(d for i, d in enumerate(dims) if i != axis)
        # A slice of one row may be larger than asked for: it cannot be cut.
        rows = max(1, int(max_shard_bytes // max(1, slice_bytes)))
        shards = max(1, math.ceil(dims[axis] / rows))
        if max_shards:
            shards = min(max_shards, shards)
        return [shards if i == axis else 1 for i in range(len(dims))]

    return partitioner


def fixed_size_partitioner(num_shards, axis=0):
    """A partitioner that makes a fixed number of slices (a name of later releases).

    Args:
        num_shards: number of slices.
        axis: the axis to cut.

    Returns:
        A function `(shape, dtype)` as of `variable_axis_size_partitioner`.
    """

    def partitioner(shape, dtype):
        del dtype
        return [
            min(num_shards, d) if i == axis else 1
            for i, d in enumerate(shape.as_list())
        ]

    return partitioner


def create_partitioned_variables(
    shape,
    slicing,
    initializer,
    dtype=dtypes.float32,
    trainable=True,
    collections=None,
    name=None,
    reuse=None,
):
    """A list of variables that are the slices of one tensor.

    Args:
        shape: list of ints, the shape of the whole.
        slicing: list of ints, the number of slices along each axis; at most one of
            them may be above 1.
        initializer: a Tensor of that shape, or a function `(shape, dtype)`, called for
            each slice.
        dtype: element type.
        trainable: whether optimizers update them by default.
        collections: keys of the collections to add them to.
        name: name of the whole, default "PartitionedVariable".
        reuse: True: the variables must exist.

    Returns:
        A list of Variables, named `<name>/part_<i>`.

    Raises:
        ValueError: when `slicing` does not fit `shape`.
    """
    check_slicing(shape, slicing)
    with (
        variable_scope.variable_op_scope(
            [], name, "PartitionedVariable", reuse=reuse
        ) as scope,
        ops.name_scope(None),
    ):
        found = variable_scope.default_store().get_variable(
            scope.name,
            shape,
            dtype,
            initializer,
            scope.regularizer,
            scope.reuse,
            trainable,
            collections,
            scope.caching_device,
            lambda shape, dtype: list(slicing),
        )
    return list(found)
