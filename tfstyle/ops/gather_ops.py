"""Picking elements by index or by condition, and placing them.

Programs import these from `array_ops`, as in TensorFlow.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import dtypes, errors, ops, tensor_shape
from tfstyle.framework.constant_value import constant_value, constant_value_as_shape
from tfstyle.framework.op_def import Array, Static, op
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops.array_module import array_module

__all__ = [
    "gather",
    "gather_nd",
    "invert_permutation",
    "one_hot",
    "scatter_nd",
    "select",
]


# -- by index -------------------------------------------------------------------


def _indices_outside(indices, size):
    """What is wrong with an array of indices into `size` rows, or None."""
    wrong = np.argwhere((indices < 0) | (indices >= size))
    if not len(wrong):
        return None
    at = tuple(wrong[0].tolist())
    where = ",".join(map(str, at))
    return f"indices[{where}] = {indices[at]} is not in [0, {size})"


def _gather_shape(op):
    params, indices = (t.get_shape() for t in op._inputs)
    rows = params.with_rank_at_least(1)
    if rows.ndims is not None and rows[0].value is not None:
        known = constant_value(op._inputs[1])
        if known is not None and op._attrs["validate_indices"]:
            wrong = _indices_outside(known, rows[0].value)
            if wrong:
                raise ValueError(wrong)
    if rows.ndims is None:
        return [tensor_shape.unknown_shape()]
    return [indices.concatenate(rows[1:])]


@op("Gather", shape=_gather_shape)
def gather(params: Array, indices: Array, validate_indices=None):
    """Rows of `params`.

    Args:
        params: [n, ...], of any dtype.
        indices: int32 or int64, of any shape: which rows.
        validate_indices: whether indices that are known beforehand are checked.

    Returns:
        A Tensor of shape `indices.shape + params.shape[1:]` and the dtype of `params`.

    Raises:
        ValueError: when `params` is a scalar, or a constant index is not in [0, n).

    Differs from TF: an index out of range that is only known at run time gives a row of
    NaN (of the smallest number for integers) instead of an error, and no gradient.
    """
    if validate_indices and array_module(params, indices) is np:
        wrong = _indices_outside(indices, params.shape[0])
        if wrong:
            raise errors.InvalidArgumentError(None, None, wrong)
        return params[indices]
    return _rows(jnp.asarray(params), jnp.asarray(indices)[..., None], 1)


def _rows(params, indices, depth):
    """`params[indices[..., 0], ..., indices[..., depth - 1]]`."""
    batch = indices.ndim - 1
    rest = params.shape[depth:]
    if 0 in params.shape[:depth]:
        # There is no row to take: whatever is asked for is out of range.
        outside = jnp.nan if jnp.issubdtype(params.dtype, jnp.inexact) else 0
        return jnp.full(indices.shape[:-1] + rest, outside, params.dtype)
    numbers = jax.lax.GatherDimensionNumbers(
        offset_dims=tuple(range(batch, batch + len(rest))),
        collapsed_slice_dims=tuple(range(depth)),
        start_index_map=tuple(range(depth)),
    )
    return jax.lax.gather(
        params,
        indices,
        numbers,
        slice_sizes=(1,) * depth + rest,
        mode=jax.lax.GatherScatterMode.FILL_OR_DROP,
    )


def _gather_nd_shape(op):
    params, indices = (t.get_shape() for t in op._inputs)
    indices = indices.with_rank_at_least(1)
    if params.ndims is None or indices.ndims is None or indices[-1].value is None:
        return [tensor_shape.unknown_shape()]
    depth = indices[-1].value
    if depth > params.ndims:
        raise ValueError(
            "indices.shape[-1] must be <= params.rank, but saw indices shape: "
            f"{indices.as_list()} and params shape: {params.as_list()}"
        )
    known = constant_value(op._inputs[1])
    sizes = params.as_list()[:depth]
    if known is not None and None not in sizes:
        _check_positions(known, sizes, params.as_list())
    return [indices[:-1].concatenate(params[depth:])]


def _check_positions(indices, sizes, shape):
    """Raises ValueError when a row of `indices` is outside an array of `sizes`."""
    wrong = ((indices < 0) | (indices >= np.array(sizes))).any(-1)
    for at in np.argwhere(wrong)[:1].tolist():
        where = ", ".join(map(str, [*at, ":"]))
        raise ValueError(
            f"flat indices[{where}] = {indices[tuple(at)].tolist()} does not index "
            f"into param (shape: {shape})."
        )


@op("GatherNd", shape=_gather_nd_shape)
def gather_nd(params: Array, indices: Array):
    """Elements of `params` at the positions `indices`.

    Args:
        params: of rank n and any dtype.
        indices: [..., k] int32 or int64: k numbers index the first k dimensions. In
            TensorFlow 0.9 k was n; with less, slices are taken.

    Returns:
        A Tensor of shape `indices.shape[:-1] + params.shape[k:]`.

    Raises:
        ValueError: when k > n, or a constant position is not in `params`.

    Differs from TF: as `gather`, where an index is out of range.
    """
    return _rows(jnp.asarray(params), jnp.asarray(indices), indices.shape[-1])


@op("ScatterNd", shape=lambda op: [constant_value_as_shape(op._inputs[2])])
def scatter_nd(indices: Array, updates: Array, shape: Static):
    """Zeros of shape `shape`, to which `updates` are added at `indices` (of TF 0.12).

    Args:
        indices: [..., k] int32 or int64: positions in the first k dimensions.
        updates: [..., *shape[k:]] numbers.
        shape: 1-D, like `indices`: the shape of the result.
    """
    dims = tuple(int(d) for d in shape)
    depth = indices.shape[-1]
    if updates.shape != indices.shape[:-1] + dims[depth:]:
        raise ValueError(
            "Must have updates.shape = indices.shape[:-1] + shape[indices.shape[-1]:], "
            f"got updates.shape: {list(updates.shape)}, indices.shape: "
            f"{list(indices.shape)}, shape: {list(dims)}"
        )
    place = tuple(jnp.moveaxis(jnp.asarray(indices), -1, 0))
    return jnp.zeros(dims, updates.dtype).at[place].add(updates, mode="drop")


@op("InvertPermutation", shape=lambda op: [op._inputs[0].get_shape().with_rank(1)])
def invert_permutation(x: Array):
    """`y` with `y[x[i]] = i`.

    Args:
        x: [n] int32 or int64, a permutation of 0 … n - 1.

    Returns:
        A Tensor like `x`.

    Raises:
        ValueError: when `x` is no vector.
        tf.errors.InvalidArgumentError: when a known `x` is no permutation.
    """
    count = x.shape[0]
    if not isinstance(x, np.ndarray):
        return jnp.zeros_like(x).at[x].set(jnp.arange(count, dtype=x.dtype))
    seen = set()
    for value in x.tolist():
        if not 0 <= value < count:
            raise ValueError(f"{value} is not between 0 and {count}")
        if value in seen:
            raise ValueError(f"{value} is duplicated in the input.")
        seen.add(value)
    inverse = np.empty_like(x)
    inverse[x] = np.arange(count)
    return inverse


# -- one-hot rows ---------------------------------------------------------------


def _one_hot_shape(op):
    indices, depth, on, off = op._inputs
    depth.get_shape().assert_has_rank(0)
    for name, tensor in (("on_value", on), ("off_value", off)):
        if tensor.get_shape().ndims not in (None, 0):
            raise ValueError(
                f"{name} must be a scalar, but got: {tensor.get_shape().as_list()}"
            )
    shape = indices.get_shape()
    if shape.ndims is None:
        return [shape]
    known = constant_value(depth)
    if known is not None and known < 0:
        raise ValueError(f"depth must be non-negative, got: {known}")
    dims = shape.as_list()
    axis = _one_hot_axis(op._attrs["axis"], shape.ndims)
    dims.insert(axis, None if known is None else int(known))
    return [TensorShape(dims)]


def _one_hot_axis(axis, rank):
    if axis != -1 and not 0 <= axis <= rank:
        raise ValueError(
            f"Expected axis to be -1 or between [0, {rank + 1}).  But received: {axis}"
        )
    return rank if axis == -1 else axis


@op("OneHot", gradient=None, name="one_hot", shape=_one_hot_shape)
def _one_hot(
    indices: Array, depth: Static, on_value: Array, off_value: Array, axis=None
):
    if depth.ndim or depth < 0:
        raise ValueError(f"depth must be a non-negative scalar, got: {depth.tolist()}")
    axis = _one_hot_axis(axis, indices.ndim)
    wide = indices.dtype if indices.dtype == np.int64 else np.dtype(np.int32)
    classes = [1] * (indices.ndim + 1)
    classes[axis] = int(depth)
    xp = array_module(indices, on_value, off_value)
    columns = xp.arange(int(depth), dtype=wide).reshape(classes)
    chosen = xp.expand_dims(indices.astype(wide), axis) == columns
    return xp.where(chosen, on_value, off_value)


def one_hot(
    indices,
    depth,
    on_value=None,
    off_value=None,
    axis=None,
    dtype=None,
    name=None,
):
    """Vectors with one element `on_value` and the others `off_value`.

    Args:
        indices: uint8, int32 or int64, of rank n: where `on_value` goes; nowhere when
            an index is not in [0, depth).
        depth: scalar int32: the length of the vectors.
        on_value: scalar; default: 1 of `dtype`.
        off_value: scalar; default: 0 of `dtype`.
        axis: the dimension of the vectors in the result, in [0, n], or -1 (the
            default), the last one.
        dtype: element type; default: that of the given values, else float32.
        name: name of the operation.

    Returns:
        A Tensor of rank n + 1. No gradient flows through it.

    Raises:
        TypeError: when the dtypes of `on_value`, `off_value` and `dtype` differ.
        ValueError: when `depth` is negative, or `axis` does not exist.
    """
    with ops.op_scope(
        [indices, depth, on_value, off_value, axis, dtype], name, "one_hot"
    ) as scope:
        dtype = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
        given = []
        for argument, value in (("on_value", on_value), ("off_value", off_value)):
            if value is None:
                continue
            tensor = ops.convert_to_tensor(value, name=argument)
            given.append((argument, tensor))
            found = tensor.dtype.base_dtype
            if dtype is not None and found != dtype:
                raise TypeError(
                    f"dtype {found} of {argument} does not match dtype parameter "
                    f"{dtype}"
                )
        if len(given) == 2 and given[0][1].dtype != given[1][1].dtype:
            (_, on), (_, off) = given
            raise TypeError(
                f"dtype {on.dtype.base_dtype} of on_value does not match dtype "
                f"{off.dtype.base_dtype} of off_value"
            )
        if dtype is None:
            dtype = given[0][1].dtype.base_dtype if given else dtypes.float32
        values = dict(given)
        on, off = (
            values[k] if k in values else _number(default, dtype, k)
            for k, default in (("on_value", 1), ("off_value", 0))
        )
        return _one_hot(indices, depth, on, off, axis, name=scope)


def _number(value, dtype, name):
    if dtype == dtypes.string:
        raise TypeError(f"dtype {dtype} needs both on_value and off_value.")
    array = np.array(value, dtype.as_numpy_dtype)
    return ops.convert_to_tensor(array, name=name)


# -- by condition ---------------------------------------------------------------


def _select_shape(op):
    condition, t, e = (x.get_shape() for x in op._inputs)
    shape = t.merge_with(e)
    if condition.ndims in (None, 0):
        return [shape]
    if condition.ndims == 1:
        if shape.ndims is None:
            return [shape]
        rows = shape.with_rank_at_least(1)[0].merge_with(condition[0])
        return [TensorShape([rows]).concatenate(shape[1:])]
    return [shape.merge_with(condition)]


@op("Select", shape=_select_shape)
def select(condition: Array, t: Array, e: Array):
    """Elements of `t` where `condition` is true, of `e` where it is not.

    Args:
        condition: bool, of the shape of `t`; or [n], choosing among the n rows; or a
            scalar.
        t: any tensor.
        e: a tensor of the shape and dtype of `t`.

    Returns:
        A Tensor like `t`.

    Raises:
        ValueError: when the shapes do not fit.
    """
    if t.shape != e.shape:
        raise ValueError(
            "'then' and 'else' must have the same size.  but received: "
            f"{list(t.shape)} vs. {list(e.shape)}"
        )
    if condition.ndim == 1 and t.ndim > 1 and condition.shape[0] == t.shape[0]:
        condition = condition.reshape(-1, *[1] * (t.ndim - 1))
    elif condition.ndim and condition.shape != t.shape:
        raise ValueError(
            "Inputs to operation Select must have the same size and shape: "
            f"condition {list(condition.shape)}, then {list(t.shape)}"
        )
    return array_module(condition, t, e).where(condition, t, e)
