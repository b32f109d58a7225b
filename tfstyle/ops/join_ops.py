"""Joining, cutting, repeating, padding and reversing tensors.

Programs import these from `array_ops`, as in TensorFlow.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import ops, tensor_shape
from tfstyle.framework.constant_value import constant_value
from tfstyle.framework.op_def import Array, Static, op
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops.array_module import array_module
from tfstyle.ops.shape_ops import identity

__all__ = [
    "concat",
    "concat_v2",
    "pack",
    "pad",
    "reverse",
    "reverse_sequence",
    "reverse_v2",
    "split",
    "stack",
    "tile",
    "unpack",
    "unstack",
]

# Larger arrays must not become literals of the compiled program.
_LITERAL_ELEMENTS = 1024


def _scalar(value, name):
    """A static value as an int."""
    if value.ndim:
        raise ValueError(f"`{name}` must be a scalar, got shape {list(value.shape)}")
    return int(value)


def _axis(axis, rank):
    """`axis` counted from the front.

    Raises:
        ValueError: when a tensor of rank `rank` does not have it.
    """
    if axis < 0 <= axis + rank:
        return axis + rank
    if not 0 <= axis < rank:
        raise ValueError(f"Shape must be at least rank {axis + 1} but is rank {rank}")
    return axis


# -- along an existing dimension ------------------------------------------------


def _concat_shape(op):
    op._inputs[0].get_shape().assert_has_rank(0)
    shapes = [t.get_shape() for t in op._inputs[1:]]
    rank = next((s.ndims for s in shapes if s.ndims is not None), None)
    if rank is None:
        return [tensor_shape.unknown_shape()]
    if rank == 0:
        raise ValueError("Can't concatenate scalars (use tf.pack instead)")
    shapes = [s.with_rank(rank) for s in shapes]
    axis = constant_value(op._inputs[0])
    if axis is None:
        return [tensor_shape.unknown_shape(rank)]
    axis = _axis(int(axis), rank)
    result = shapes[0]
    for shape in shapes[1:]:
        total = result[axis] + shape[axis]
        known = [
            total if i == axis else result[i].merge_with(shape[i]) for i in range(rank)
        ]
        result = TensorShape(known)
    return [result]


@op("Concat", name="concat", shape=_concat_shape)
def _concat(concat_dim: Static, values: list[Array]):
    if any(v.ndim != values[0].ndim for v in values):
        shapes = [list(v.shape) for v in values]
        raise ValueError(f"Ranks of all input tensors should match: shapes {shapes}")
    axis = _axis(_scalar(concat_dim, "concat_dim"), values[0].ndim)
    rest = [v.shape[:axis] + v.shape[axis + 1 :] for v in values]
    for i, shape in enumerate(rest):
        if shape != rest[0]:
            raise ValueError(
                "Dimensions of inputs should match: "
                f"shape[0] = {list(values[0].shape)} vs. shape[{i}] = "
                f"{list(values[i].shape)}"
            )
    return array_module(*values).concatenate(values, axis)


def concat(concat_dim, values, name="concat"):
    """Joins tensors along a dimension.

    Args:
        concat_dim: scalar int32: the dimension. Unlike in TensorFlow 0.9, a negative
            one counts from the end.
        values: list of tensors of one dtype and rank, whose other dimensions are equal;
            or one tensor.
        name: name of the operation.

    Returns:
        A Tensor whose size along `concat_dim` is the sum of those of `values`; `values`
        itself when it is one tensor.

    Raises:
        ValueError: when `values` is empty, their shapes do not fit, or they do not have
            the dimension.
        TypeError: when their dtypes differ, or `concat_dim` is a list of tensors.
    """
    if isinstance(concat_dim, (list, tuple)) and any(
        hasattr(v, "graph") for v in concat_dim
    ):
        raise TypeError(
            "concat: `concat_dim` must be a scalar, got a list of tensors. The "
            "dimension comes first: concat(0, [x, y])."
        )
    if not isinstance(values, (list, tuple)):
        values = [values]
    if len(values) == 1:
        with ops.op_scope([concat_dim, *values], name, "concat") as scope:
            axis = ops.convert_to_tensor(concat_dim, np.int32, name="concat_dim")
            axis.get_shape().assert_is_compatible_with(tensor_shape.scalar())
            return identity(values[0], name=scope)
    return _concat(concat_dim, list(values), name=name)


def concat_v2(values, axis, name="concat_v2"):
    """`concat`, with the arguments in the order of later releases."""
    return concat(axis, values, name=name)


def _split_shape(op):
    op._inputs[0].get_shape().assert_has_rank(0)
    count, shape = op._attrs["num_split"], op._inputs[1].get_shape()
    axis = constant_value(op._inputs[0])
    if shape.ndims is None:
        return [shape] * count
    if axis is None:
        return [tensor_shape.unknown_shape(shape.ndims)] * count
    axis = _axis(int(axis), shape.ndims)
    dims = shape.as_list()
    if dims[axis] is not None:
        dims[axis] = _part(dims[axis], count)
    return [TensorShape(dims)] * count


def _part(size, count):
    if size % count:
        raise ValueError(
            "Number of ways to split should evenly divide the split dimension: "
            f"Dimension size must be evenly divisible by {count} but is {size}"
        )
    return size // count


@op("Split", name="split", shape=_split_shape)
def _split(split_dim: Static, value: Array, num_split):
    axis = _axis(_scalar(split_dim, "split_dim"), value.ndim)
    part = _part(value.shape[axis], num_split)
    if isinstance(value, np.ndarray):
        return np.split(value, num_split, axis)
    return jax.lax.split(value, [part] * num_split, axis)


def split(split_dim, num_split, value, name="split"):
    """Cuts a tensor into parts of equal size.

    Args:
        split_dim: scalar int32: the dimension. Unlike in TensorFlow 0.9, a negative one
            counts from the end.
        num_split: Python integer: the number of parts, a divisor of the size.
        value: the tensor.
        name: name of the operation.

    Returns:
        A list of `num_split` Tensors.

    Raises:
        ValueError: when the size is no multiple of `num_split`, or `value` does not
            have the dimension.
    """
    return _split(split_dim, value, num_split, name=name)


# -- along a new dimension ------------------------------------------------------


def _new_axis(axis, rank):
    if not -rank <= axis < rank:
        raise ValueError(f"axis = {axis} not in [{-rank}, {rank})")
    return axis % rank


def _pack_shape(op):
    shape = op._inputs[0].get_shape()
    for tensor in op._inputs[1:]:
        shape = shape.merge_with(tensor.get_shape())
    if shape.ndims is None:
        return [shape]
    dims = shape.as_list()
    dims.insert(_new_axis(op._attrs["axis"], len(dims) + 1), len(op._inputs))
    return [TensorShape(dims)]


@op("Pack", name="pack", shape=_pack_shape)
def _pack(values: list[Array], axis=None):
    for i, value in enumerate(values):
        if value.shape != values[0].shape:
            raise ValueError(
                "Shapes of all inputs must match: values[0].shape = "
                f"{list(values[0].shape)} != values[{i}].shape = {list(value.shape)}"
            )
    return array_module(*values).stack(values, axis)


def pack(values, name="pack", axis=0):
    """Joins tensors of one shape along a new dimension.

    Args:
        values: list of tensors of one shape and dtype; or one tensor, whose rows are
            packed, which gives the same tensor.
        name: name of the operation.
        axis: where the new dimension goes (argument of later releases).

    Returns:
        A Tensor of rank one higher.

    Raises:
        ValueError: when `values` is empty, the shapes differ, or there is no such
            `axis`.
        TypeError: when the dtypes differ.
    """
    if hasattr(values, "graph"):
        values = unpack(values)
    elif isinstance(values, np.ndarray):
        values = list(values)
    return _pack(values, axis, name=name)


def stack(values, axis=0, name="stack"):
    """`pack`, under its name in later releases."""
    return pack(values, name, axis)


def _unpack_shape(op):
    shape, count = op._inputs[0].get_shape(), op._attrs["num"]
    if shape.ndims is None:
        return [shape] * count
    axis = _unpack_axis(op._attrs["axis"], shape.ndims)
    dims = shape.as_list()
    size = dims.pop(axis)
    if size not in (None, count):
        raise ValueError(f"Dimension must be {count} but is {size}")
    return [TensorShape(dims)] * count


def _unpack_axis(axis, rank):
    if not -rank <= axis < rank:
        raise ValueError(f"axis = {axis} not in [{-rank}, {rank})")
    return axis % rank


@op("Unpack", name="unpack", shape=_unpack_shape)
def _unpack(value: Array, num=None, axis=None):
    axis = _unpack_axis(axis, value.ndim)
    if value.shape[axis] != num:
        raise ValueError(
            f"Input shape axis {axis} must equal {num}, got shape {list(value.shape)}"
        )
    rows = array_module(value).moveaxis(value, axis, 0)
    return [rows[i] for i in range(num)]


def unpack(value, num=None, name="unpack", axis=0):
    """Cuts a tensor into its rows.

    Args:
        value: a tensor of rank at least 1.
        num: Python integer: the number of rows; default: the static size.
        name: name of the operation.
        axis: the dimension to cut along (argument of later releases).

    Returns:
        A list of `num` Tensors of rank one lower.

    Raises:
        ValueError: when `num` is not given and not known, or is not the size, or
            `value` does not have the dimension.
    """
    value = ops.convert_to_tensor(value)
    if num is None:
        shape = value.get_shape()
        if shape.ndims is not None:
            num = shape[_unpack_axis(axis, shape.ndims)].value
        if num is None:
            raise ValueError(f"Cannot infer num from shape {shape}")
    rows = _unpack(value, num, axis, name=name)
    return rows if isinstance(rows, list) else []


def unstack(value, num=None, axis=0, name="unstack"):
    """`unpack`, under its name in later releases."""
    return unpack(value, num, name, axis)


# -- repeating and padding ------------------------------------------------------


def _tile_shape(op):
    shape, multiples = op._inputs[0].get_shape(), constant_value(op._inputs[1])
    length = op._inputs[1].get_shape().with_rank(1)[0].value
    rank = length if shape.ndims is None else shape.ndims
    if rank is None:
        return [shape]
    shape = shape.with_rank(rank)
    if length not in (None, rank):
        raise ValueError(f"Shape must be rank {rank} but is rank {length}")
    if multiples is None:
        return [tensor_shape.unknown_shape(rank)]
    if (multiples < 0).any():
        raise ValueError(f"Dimension {multiples.min()} must be >= 0")
    return [TensorShape([d * int(m) for d, m in zip(shape, multiples, strict=True)])]


@op("Tile", shape=_tile_shape)
def tile(input: Array, multiples: Static):
    """Repeats a tensor along each dimension.

    Args:
        input: any tensor, of rank n.
        multiples: [n] int32: how often, per dimension.

    Returns:
        A Tensor of `input`'s dtype, of size `input.shape[i] * multiples[i]`.

    Raises:
        ValueError: when `multiples` is of another length or has a negative number.
    """
    times = tuple(int(m) for m in multiples.ravel())
    if len(times) != input.ndim or any(m < 0 for m in times):
        raise ValueError(
            f"Expected multiples argument to be a vector of length {input.ndim} of "
            f"non-negative numbers, got {list(times)}"
        )
    size = math.prod(input.shape) * math.prod(times)
    small = size <= _LITERAL_ELEMENTS or input.dtype == object
    return (array_module(input) if small else jnp).tile(input, times)


def _pad_shape(op):
    shape, paddings = op._inputs[0].get_shape(), constant_value(op._inputs[1])
    given = op._inputs[1].get_shape().with_rank(2)
    given[1].assert_is_compatible_with(2)
    rank = given[0].value if shape.ndims is None else shape.ndims
    if rank is None:
        return [shape]
    shape = shape.with_rank(rank)
    if given[0].value not in (None, rank):
        raise ValueError(f"Shape must be rank {given[0].value} but is rank {rank}")
    if paddings is None:
        return [tensor_shape.unknown_shape(rank)]
    if (paddings < 0).any():
        raise ValueError("Paddings must be non-negative")
    mode = op._attrs.get("mode")
    sums = paddings.sum(1).tolist()
    for i, d in enumerate(shape.as_list()):
        if d is not None and mode is not None:
            _check_mirror(paddings[i], d, mode)
    return [TensorShape([d + p for d, p in zip(shape, sums, strict=True)])]


def _check_mirror(padding, size, mode):
    before, after = padding.tolist()
    if mode == "REFLECT" and max(before, after) >= size:
        raise ValueError(
            f"paddings must be less than the dimension size: {before}, {after} not "
            f"less than {size}"
        )
    if mode == "SYMMETRIC" and max(before, after) > size:
        raise ValueError(
            f"paddings must be no greater than the dimension size: {before}, {after} "
            f"greater than {size}"
        )


def _padded(input, paddings, mode):
    if paddings.shape != (input.ndim, 2):
        raise ValueError(
            "The first dimension of paddings must be the rank of inputs "
            f"{list(paddings.shape)} {list(input.shape)}"
        )
    if (paddings < 0).any():
        raise ValueError(f"Paddings must be non-negative: {paddings.tolist()}")
    widths = [tuple(p) for p in paddings.tolist()]
    if input.dtype == object and mode == "constant":
        return np.pad(input, widths, constant_values=b"")
    return array_module(input).pad(input, widths, mode=mode)


@op("Pad", shape=_pad_shape)
def _pad(input: Array, paddings: Static):
    return _padded(input, paddings, "constant")


@op("MirrorPad", shape=_pad_shape)
def _mirror_pad(input: Array, paddings: Static, mode):
    for padding, size in zip(paddings, input.shape, strict=False):
        _check_mirror(padding, size, mode)
    return _padded(input, paddings, mode.lower())


def pad(tensor, paddings, mode="CONSTANT", name=None):
    """Adds elements before and after a tensor, along each dimension.

    Args:
        tensor: any tensor, of rank n.
        paddings: [n, 2] int32: how many elements to add before and after.
        mode: "CONSTANT" adds zeros; "REFLECT" mirrors without the outermost element, so
            that a padding is less than the size; "SYMMETRIC" mirrors with it.
        name: name of the operation.

    Raises:
        ValueError: when the mode is another one, `paddings` is of another shape or
            negative, or there is not enough to mirror.
    """
    if mode == "CONSTANT":
        return _pad(tensor, paddings, name=name)
    if mode in ("REFLECT", "SYMMETRIC"):
        return _mirror_pad(tensor, paddings, mode, name=name)
    raise ValueError(f"Unknown padding mode: {mode}")


# -- reversing ------------------------------------------------------------------


def _reverse_shape(op):
    shape = op._inputs[0].get_shape()
    length = op._inputs[1].get_shape().with_rank(1)[0].value
    if shape.ndims is not None and length not in (None, shape.ndims):
        raise ValueError(f"Shape must be rank {length} but is rank {shape.ndims}")
    return [shape.with_rank(length)]


@op("Reverse", shape=_reverse_shape)
def reverse(tensor: Array, dims: Static):
    """Reverses the order of the elements along some dimensions.

    Args:
        tensor: numbers or booleans, of rank n.
        dims: [n] bool: which dimensions to reverse.

    Raises:
        ValueError: when `dims` is of another length.
    """
    if dims.shape != (tensor.ndim,):
        raise ValueError(
            f"dims must have one element per dimension, {tensor.ndim}, got shape "
            f"{list(dims.shape)}"
        )
    axes = tuple(np.flatnonzero(dims).tolist())
    return array_module(tensor).flip(tensor, axes) if axes else tensor


@op("ReverseV2")
def reverse_v2(tensor: Array, axis: Static):
    """Reverses the order of the elements along the dimensions `axis` (of TF 0.12).

    Args:
        tensor: numbers or booleans.
        axis: [k] int32: the dimensions; negative ones count from the end.
    """
    axes = tuple(_axis(int(i), tensor.ndim) for i in axis.ravel())
    return array_module(tensor).flip(tensor, axes) if axes else tensor


def _reverse_sequence_shape(op):
    shape = op._inputs[0].get_shape()
    lengths = op._inputs[1].get_shape().with_rank(1)
    if shape.ndims is None:
        return [shape]
    seq, batch = op._attrs["seq_dim"], op._attrs["batch_dim"]
    for name, dim in (("seq_dim", seq), ("batch_dim", batch)):
        if not 0 <= dim < shape.ndims:
            raise ValueError(f"{name} must be < input rank: {dim} vs. {shape.ndims}")
    if seq == batch:
        raise ValueError(f"batch_dim == seq_dim == {seq}")
    known = constant_value(op._inputs[1])
    size = shape[seq].value
    if known is not None and size is not None:
        for i, length in enumerate(known.tolist()):
            if length > size:
                raise ValueError(f"seq_lens({i}) > input.dims({seq})")
            if length < 0:
                raise ValueError(f"seq_lens({i}) < 0")
    dims = shape.as_list()
    dims[batch] = shape[batch].merge_with(lengths[0]).value
    return [TensorShape(dims)]


@op("ReverseSequence", shape=_reverse_sequence_shape)
def _reverse_sequence(input: Array, seq_lengths: Array, seq_dim, batch_dim=None):
    batch = input.shape[batch_dim]
    if seq_lengths.shape != (batch,):
        raise ValueError(
            f"len(seq_lens) != input.dims({batch_dim}): "
            f"{seq_lengths.shape[0]} vs. {batch}"
        )
    value = jnp.moveaxis(jnp.asarray(input), (batch_dim, seq_dim), (0, 1))
    steps = value.shape[1]
    step = jnp.arange(steps)
    lengths = jnp.clip(jnp.asarray(seq_lengths), 0, steps)[:, None]
    source = jnp.where(step < lengths, lengths - 1 - step, step)
    # Whole rows are moved, each to one place: cheap in both directions.
    rows = value.reshape(batch * steps, *value.shape[2:])
    index = (source + steps * jnp.arange(batch)[:, None]).ravel()
    moved = rows.at[index].get(unique_indices=True, mode="promise_in_bounds")
    return jnp.moveaxis(moved.reshape(value.shape), (0, 1), (batch_dim, seq_dim))


def reverse_sequence(input, seq_lengths, seq_dim, batch_dim=None, name=None):
    """Reverses the first elements of each sequence of a batch.

    Args:
        input: any tensor.
        seq_lengths: [batch] int64: how many elements of each sequence to reverse; the
            rest stays where it is.
        seq_dim: Python integer: the dimension of the steps.
        batch_dim: Python integer: the dimension of the batch; default: 0.
        name: name of the operation.

    Raises:
        ValueError: when the dimensions do not exist or are the same, there is not one
            length per sequence, or a constant length exceeds the size.

    Differs from TF: a length that is only known at run time and exceeds the size counts
    as the size.
    """
    return _reverse_sequence(input, seq_lengths, seq_dim, batch_dim, name=name)
