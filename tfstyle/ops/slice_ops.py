"""Slices of tensors: `slice`, `strided_slice` and `tensor[...]`.

Programs import these from `array_ops`, as in TensorFlow.
"""

from __future__ import annotations

import builtins
import numbers
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import dtypes, ops, tensor_shape
from tfstyle.framework.constant_value import constant_value, constant_value_as_shape
from tfstyle.framework.op_def import Array, Static, op
from tfstyle.framework.tensor import Tensor
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops.gather_ops import gather
from tfstyle.ops.shape_ops import made_by, shape, squeeze

__all__ = ["newaxis", "slice", "strided_slice"]

newaxis = None

_FULL = builtins.slice(None)


# -- Slice ----------------------------------------------------------------------


def _slice_shape(op):
    source = op._inputs[0].get_shape()
    begin, size = (constant_value(t) for t in op._inputs[1:])
    for tensor in op._inputs[1:]:
        length = tensor.get_shape().with_rank(1)[0].value
        if length is not None:
            source = source.with_rank(length)
    if source.ndims is None:
        return [source]
    if size is None:
        return [constant_value_as_shape(op._inputs[2]).with_rank(source.ndims)]
    dims = source.as_list()
    for i, wanted in enumerate(size.tolist()):
        start = None if begin is None else int(begin[i])
        dims[i] = _slice_size(i, start, wanted, dims[i])
    return [TensorShape(dims)]


def _slice_size(i, start, wanted, size):
    """The size of dimension `i` of a slice; None when it is not known.

    Raises:
        ValueError: when the slice is not inside.
    """
    if wanted < -1:
        raise ValueError(f"Expected size[{i}] >= -1, but got {wanted}")
    if start is not None and start < 0:
        raise ValueError(f"Expected begin[{i}] in [0, {size}], but got {start}")
    if size is None or start is None:
        if wanted == -1:
            return None
        if size is not None and wanted > size:
            raise ValueError(f"Expected size[{i}] in [0, {size}], but got {wanted}")
        return wanted
    if start > size:
        raise ValueError(f"Expected begin[{i}] in [0, {size}], but got {start}")
    if wanted == -1:
        return size - start
    if start + wanted > size:
        raise ValueError(f"Expected size[{i}] in [0, {size - start}], but got {wanted}")
    return wanted


@op("Slice", shape=_slice_shape)
def _slice(input: Array, begin: Array, size: Static):
    if begin.shape != (input.ndim,) or size.shape != (input.ndim,):
        raise ValueError(
            "Expected begin and size arguments to be 1-D tensors of size "
            f"{input.ndim}, but got shapes {list(begin.shape)} and {list(size.shape)} "
            "instead."
        )
    known = isinstance(begin, np.ndarray)
    starts = begin.tolist() if known else [None] * input.ndim
    sizes = [
        _slice_size(i, start, wanted, total)
        for i, (start, wanted, total) in enumerate(
            zip(starts, size.tolist(), input.shape, strict=True)
        )
    ]
    if known:
        return input[
            tuple(builtins.slice(b, b + n) for b, n in zip(starts, sizes, strict=True))
        ]
    if None in sizes:
        raise ValueError(
            f"Slice: size[{sizes.index(None)}] = -1 needs a `begin` that is known "
            "before the step that uses it."
        )
    return jax.lax.dynamic_slice(
        jnp.asarray(input), [begin[i] for i in range(input.ndim)], sizes
    )


def slice(input_, begin, size, name=None):
    """Takes a block out of a tensor.

    Args:
        input_: any tensor, of rank n.
        begin: [n] int32 or int64: the first element of the block.
        size: [n], like `begin`: its shape; -1 takes all that follow.
        name: name of the operation.

    Returns:
        A Tensor of the dtype of `input_`.

    Raises:
        ValueError: when the block is known not to lie inside `input_`.

    Differs from TF: a `begin` that depends on data is moved so that the block lies
    inside `input_`, where TensorFlow raises an error.
    """
    with ops.op_scope([input_, begin, size], name, "Slice") as scope:
        input_ = ops.convert_to_tensor(input_, name="input")
        begin = ops.convert_to_tensor(begin, name="begin")
        index = begin.dtype.base_dtype
        size = ops.convert_to_tensor(size, index, name="size")
        # What follows from shapes may be computed in an earlier step than this.
        if begin.op.type != "Const":
            size = _known_size(input_, begin, size)
        return _slice(input_, begin, size, name=scope)


def _known_size(input_, begin, size):
    """`size` without -1, for a `begin` that is no constant.

    A traced block can start anywhere, but its size must be known: what "all that
    follow" means is computed from as little as possible.
    """
    index = begin.dtype.base_dtype
    starts, sizes = _elements(begin), _elements(size)
    if sizes is not None and -1 not in sizes:
        return size
    dims = shape(input_, out_type=index)
    if starts is None or sizes is None or len(starts) != len(sizes):
        rest = made_by("Sub")(dims, begin)
        return made_by("Select")(made_by("Equal")(size, -1), rest, size)
    static = input_.get_shape().with_rank(len(sizes))
    for i, (start, wanted) in enumerate(zip(starts, sizes, strict=True)):
        if _is_tensor(wanted) or wanted != -1:
            continue
        if not _is_tensor(start) and static[i].value is not None:
            sizes[i] = static[i].value - start
        else:
            sizes[i] = squeeze(_slice(dims, [i], [1]), [0])
            if _is_tensor(start) or start:
                sizes[i] = made_by("Sub")(sizes[i], start)
    return ops.convert_to_tensor(sizes, index)


def _elements(vector):
    """The elements of a 1-D tensor, integers where known; None when it is no list."""
    known = constant_value(vector)
    if known is not None:
        return known.tolist()
    if vector.op.type != "Pack":
        return None
    values = [constant_value(t) for t in vector.op.inputs]
    return [
        t if v is None else int(v)
        for t, v in zip(vector.op.inputs, values, strict=True)
    ]


# -- StridedSlice ---------------------------------------------------------------


def _bit(mask, i):
    return bool(mask >> i & 1)


def _entries(begin, end, strides, attrs):
    """The index of NumPy that a StridedSlice means."""
    entries: list[Any] = []
    for i, (start, stop, step) in enumerate(zip(begin, end, strides, strict=True)):
        if _bit(attrs["ellipsis_mask"], i):
            entries.append(Ellipsis)
        elif _bit(attrs["new_axis_mask"], i):
            entries.append(None)
        elif step == 0:
            raise ValueError(f"strides[{i}] must be non-zero")
        elif _bit(attrs["shrink_axis_mask"], i):
            if step < 0:
                raise ValueError("only stride 1 allowed on non-range indexing.")
            entries.append(start)
        else:
            entries.append(
                builtins.slice(
                    None if _bit(attrs["begin_mask"], i) else start,
                    None if _bit(attrs["end_mask"], i) else stop,
                    step,
                )
            )
    return entries


def _expanded(entries, rank):
    """`entries` with one for each dimension, and None for new ones."""
    if entries.count(Ellipsis) > 1:
        raise ValueError("Multiple ellipses in slice spec not allowed")
    count = sum(e is not None and e is not Ellipsis for e in entries)
    if count > rank:
        raise ValueError(
            f"Index out of range using input dim {rank}; input has only {rank} dims"
        )
    missing = [_FULL] * (rank - count)
    if Ellipsis in entries:
        at = entries.index(Ellipsis)
        return entries[:at] + missing + entries[at + 1 :]
    return entries + missing


def _check_index(index, dim, size):
    if size is not None and not -size <= index < size:
        raise ValueError(f"slice index {index} of dimension {dim} out of bounds.")


def _sliced_dims(entries, dims):
    """The sizes of what NumPy's index `entries` takes of an array of sizes `dims`."""
    result = []
    dim = 0
    for entry in _expanded(entries, len(dims)):
        if entry is None:
            result.append(1)
            continue
        size = dims[dim]
        if isinstance(entry, builtins.slice):
            if size is not None:
                size = len(range(*entry.indices(size)))
            elif (entry.start, entry.stop) != (None, None):
                size = None
            result.append(size)
        else:
            _check_index(entry, dim, size)
        dim += 1
    return result


def _strided_slice_shape(op):
    source = op._inputs[0].get_shape()
    begin, end, strides = (constant_value(t) for t in op._inputs[1:])
    if source.ndims is None or begin is None or end is None or strides is None:
        return [tensor_shape.unknown_shape()]
    entries = _entries(begin.tolist(), end.tolist(), strides.tolist(), op._attrs)
    return [TensorShape(_sliced_dims(entries, source.as_list()))]


@op("StridedSlice", shape=_strided_slice_shape)
def strided_slice(
    input: Array,
    begin: Static,
    end: Static,
    strides: Static,
    begin_mask=None,
    end_mask=None,
    ellipsis_mask=None,
    new_axis_mask=None,
    shrink_axis_mask=None,
):
    """What `input[begin:end:strides]` is in NumPy (of TF 0.12).

    Args:
        input: any tensor.
        begin: [k] int32 or int64: start of each range.
        end: [k]: end of each range, exclusive.
        strides: [k]: steps, negative ones go backwards.
        begin_mask: bit i set: ignore `begin[i]`.
        end_mask: bit i set: ignore `end[i]`.
        ellipsis_mask: bit i set: as many full ranges as are missing.
        new_axis_mask: bit i set: a new dimension of size 1.
        shrink_axis_mask: bit i set: the one element at `begin[i]`, without dimension.

    Raises:
        ValueError: when an index is out of bounds, a stride is 0, or there are more
            ranges than dimensions.
    """
    masks = {
        "begin_mask": begin_mask,
        "end_mask": end_mask,
        "ellipsis_mask": ellipsis_mask,
        "new_axis_mask": new_axis_mask,
        "shrink_axis_mask": shrink_axis_mask,
    }
    entries = _entries(begin.tolist(), end.tolist(), strides.tolist(), masks)
    _sliced_dims(entries, input.shape)
    return input[tuple(entries)]


# -- tensor[...] ----------------------------------------------------------------


def _getitem(tensor, slice_spec):
    """`tensor[slice_spec]`, as in NumPy.

    Integers and slices take effect one dimension after the other; both may hold scalar
    integer Tensors. `Ellipsis`, `tf.newaxis`, steps, negative numbers and fewer entries
    than dimensions are allowed, although TensorFlow 0.9 knows none of them.

    Raises:
        TypeError: when an entry is of another kind.
        ValueError: when an index is out of bounds, there are more entries than
            dimensions, or the rank is unknown and an entry other than a single index is
            a Tensor.
    """
    spec = slice_spec if isinstance(slice_spec, (list, tuple)) else [slice_spec]
    entries = [_entry(e) for e in spec]
    ndims = tensor.get_shape().ndims
    if ndims is None:
        if any(map(_has_tensor, entries)):
            return _index_without_rank(tensor, entries)
        return _strided(tensor, entries)
    entries = _expanded(entries, ndims)
    if None not in entries:
        dims = tensor.get_shape().as_list()
        blocks = [_block(e, d) for e, d in zip(entries, dims, strict=True)]
        if None not in blocks:
            return _take_block(tensor, entries, blocks)
    if any(map(_has_tensor, entries)):
        return _index_in_two_steps(tensor, entries)
    return _strided(tensor, entries)


def _is_tensor(value):
    return isinstance(value, Tensor)


def _has_tensor(entry):
    if isinstance(entry, builtins.slice):
        return _is_tensor(entry.start) or _is_tensor(entry.stop)
    return _is_tensor(entry)


def _bound(value):
    """An integer, or a scalar int32 Tensor.

    Raises:
        TypeError: when `value` is neither.
        ValueError: when it is a Tensor of another rank.
    """
    if isinstance(value, tensor_shape.Dimension):
        value = value.value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "iu":
        return int(value)
    if not hasattr(value, "graph"):
        raise TypeError(f"Bad slice index {value!r} of type {type(value)}")
    value = ops.convert_to_tensor(value)
    if value.dtype.base_dtype not in (dtypes.int32, dtypes.int64):
        raise TypeError(
            f"Bad slice index {value}: it must be int32 or int64, not "
            f"{value.dtype.name}"
        )
    value.get_shape().assert_has_rank(0)
    known = constant_value(value)
    if known is not None:
        return int(known)
    if value.dtype.base_dtype == dtypes.int64:
        return made_by("Cast")(value, dtypes.int32)
    return value


def _entry(value):
    """One entry of an index, its numbers being integers or Tensors."""
    if value is None or value is Ellipsis:
        return value
    if not isinstance(value, builtins.slice):
        return _bound(value)
    start, stop, step = (
        None if v is None else _bound(v) for v in (value.start, value.stop, value.step)
    )
    if _is_tensor(step):
        raise TypeError(f"Bad slice index {value}: the step must be a Python integer")
    return builtins.slice(start, stop, step)


def _block(entry, size):
    """(begin, size) of the block that `entry` takes of a dimension of `size`.

    Both may be Tensors; a size of -1 is all that follows. None when the entry is not a
    block of consecutive elements known to be one.
    """
    if not isinstance(entry, builtins.slice):
        if _is_tensor(entry):
            return entry, 1
        if entry < 0 and size is not None:
            entry += size
        return (entry, 1) if entry >= 0 and (size is None or entry < size) else None
    start, stop = entry.start, entry.stop
    if entry.step not in (None, 1):
        return None
    if size is not None and not _has_tensor(entry):
        start, stop, _ = entry.indices(size)
        return start, max(stop - start, 0)
    if size is not None and stop is None:
        stop = size
    if not _is_tensor(start):
        start = start or 0
        if start < 0 and size is not None:
            start = max(start + size, 0)
        if start < 0:
            return None
    if stop is None:
        return start, -1
    if not _is_tensor(stop):
        if stop < 0 and size is not None:
            stop = max(stop + size, 0)
        if stop < 0:
            return None
        if not _is_tensor(start):
            return start, max(stop - start, 0)
    if not _is_tensor(start) and start == 0:
        return 0, stop
    return start, made_by("Sub")(stop, start)


def _take_block(tensor, entries, blocks):
    """Takes a block, and removes the dimensions of the entries that are one index."""
    if not blocks:
        return tensor
    taken = slice(tensor, [b for b, _ in blocks], [n for _, n in blocks])
    gone = [i for i, e in enumerate(entries) if not isinstance(e, builtins.slice)]
    return squeeze(taken, gone) if gone else taken


def _strided(tensor, entries):
    """`tensor[entries]` for entries without Tensors, as one StridedSlice."""
    begin, end, strides = [], [], []
    masks = dict.fromkeys(
        (
            "begin_mask",
            "end_mask",
            "ellipsis_mask",
            "new_axis_mask",
            "shrink_axis_mask",
        ),
        0,
    )
    for i, entry in enumerate(entries):
        start, stop, step = 0, 0, 1
        if entry is None:
            masks["new_axis_mask"] |= 1 << i
        elif entry is Ellipsis:
            masks["ellipsis_mask"] |= 1 << i
        elif isinstance(entry, builtins.slice):
            start, stop, step = entry.start, entry.stop, entry.step or 1
            if entry.step == 0:
                raise ValueError(f"strides[{i}] must be non-zero")
            if start is None:
                masks["begin_mask"] |= 1 << i
            if stop is None:
                masks["end_mask"] |= 1 << i
        else:
            start, stop = entry, entry + 1
            masks["shrink_axis_mask"] |= 1 << i
        begin.append(start or 0)
        end.append(stop or 0)
        strides.append(step)
    bounds = [np.array(v, np.int32) for v in (begin, end, strides)]
    return strided_slice(tensor, *bounds, **masks, name="strided_slice")


def _index_without_rank(tensor, entries):
    """`tensor[i]` for a Tensor `i` and a tensor of unknown rank."""
    if _is_tensor(entries[0]) and all(e in (_FULL, Ellipsis) for e in entries[1:]):
        return gather(tensor, entries[0])
    raise ValueError(
        f"{tensor}[...]: with a Tensor among several entries of the index the rank "
        "must be known; use set_shape."
    )


def _index_in_two_steps(tensor, entries):
    """The entries with Tensors first, as a block, then the others."""
    dims = tensor.get_shape().as_list()
    first = [
        e if _has_tensor(e) else builtins.slice(None) for e in entries if e is not None
    ]
    blocks = [_block(e, d) for e, d in zip(first, dims, strict=True)]
    if None in blocks:
        entry = first[blocks.index(None)]
        raise ValueError(
            f"Bad slice index {entry}: beside a Tensor the step must be 1, and the "
            "other bound must not be negative where the size is unknown."
        )
    taken = slice(tensor, [b for b, _ in blocks], [n for _, n in blocks])
    rest = []
    for entry in entries:
        if not _has_tensor(entry):
            rest.append(entry)
        else:
            rest.append(_FULL if isinstance(entry, builtins.slice) else 0)
    return _strided(taken, rest)


Tensor._override_operator("__getitem__", _getitem)
