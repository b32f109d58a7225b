"""Sums, means and extremes of rows that belong together.

Programs import these from `math_ops`, as in TensorFlow. Segment ids tell which row goes
where, and so how many rows the result has: they are needed before the step is compiled,
and other ids compile it anew. `unsorted_segment_sum` needs only their number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import tensor_shape
from tfstyle.framework.constant_value import constant_value
from tfstyle.framework.op_def import Array, Static, op

__all__ = [
    "segment_max",
    "segment_mean",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "sparse_segment_mean",
    "sparse_segment_mean_grad",
    "sparse_segment_sqrt_n",
    "sparse_segment_sqrt_n_grad",
    "sparse_segment_sum",
    "unsorted_segment_sum",
]

# -- what they share ------------------------------------------------------------


def _checked_ids(ids, rows):
    """Segment ids of `rows` rows, and the number of segments.

    Raises:
        ValueError: when there are not as many, or they do not count up from 0.
    """
    if ids.shape != (rows,):
        raise ValueError("segment_ids should be the same size as dimension 0 of input.")
    if not rows:
        return ids, 0
    if ids[0] != 0:
        raise ValueError("segment ids do not start at 0")
    steps = np.diff(ids)
    if ((steps != 0) & (steps != 1)).any():
        raise ValueError("segment ids are not increasing by 1")
    return ids, int(ids[-1]) + 1


def _sum(rows, ids, count):
    return jax.ops.segment_sum(rows, ids, count, indices_are_sorted=True)


def _sizes(ids, count, rows):
    """How many rows each segment has, shaped to divide `rows`."""
    sizes = np.bincount(ids, minlength=count).astype(rows.dtype)
    return sizes.reshape(-1, *[1] * (rows.ndim - 1))


def _mean(rows, ids, count):
    total, sizes = _sum(rows, ids, count), _sizes(ids, count, rows)
    if rows.dtype.kind in "iu":
        return jax.lax.div(*jnp.broadcast_arrays(total, sizes))
    return total / sizes


def _root_mean(rows, ids, count):
    """The sum divided by the square root of the number of rows."""
    return _sum(rows, ids, count) / jnp.sqrt(_sizes(ids, count, rows))


def _product(rows, ids, count):
    return jax.ops.segment_prod(rows, ids, count, indices_are_sorted=True)


def _extreme(reduce: Callable[..., Any]) -> Callable[..., Any]:
    """Largest or smallest rows; equal elements share the gradient."""

    def compute(rows, ids, count):
        @jax.custom_jvp
        def extreme(rows):
            return reduce(rows, ids, count, indices_are_sorted=True)

        @extreme.defjvp
        def jvp(primals, tangents):
            (rows,), (change,) = primals, tangents
            result = extreme(rows)
            chosen = rows == result[ids]
            shares = _sum(chosen.astype(rows.dtype), ids, count)
            return result, _sum(jnp.where(chosen, change, 0), ids, count) / shares

        return extreme(rows)

    return compute


# -- sorted ids -----------------------------------------------------------------


def _rows_shape(data):
    """The static shape of a result: as in TensorFlow, ids do not tell its rows."""
    return tensor_shape.vector(None).concatenate(data.with_rank_at_least(1)[1:])


def _segment_shape(op):
    data, ids = (t.get_shape() for t in op._inputs)
    ids.assert_has_rank(1)
    return [_rows_shape(data)]


def _segment(op_type: str, compute: Callable[..., Any], what: str, **options: Any):
    """Declares a reduction of the rows of `data` by sorted ids."""

    def body(data: Array, segment_ids: Static):
        data = jnp.asarray(data)
        if not data.ndim:
            raise ValueError("Segment reductions need data of rank 1 or more.")
        return compute(data, *_checked_ids(segment_ids, data.shape[0]))

    body.__name__ = body.__qualname__ = op_type.lower().replace("segment", "segment_")
    body.__doc__ = f"""{what} of the rows of each segment.

    Args:
        data: [n, ...], numbers.
        segment_ids: [n] int32 or int64: the segment of each row. They start at 0 and
            grow by 0 or 1 from one row to the next.

    Returns:
        A Tensor [number of segments, ...] of the dtype of `data`.

    Raises:
        ValueError: when the ids are not as above (`InvalidArgumentError` when that is
            found only at run time).
    """
    return op(op_type, shape=_segment_shape, **options)(body)


def _no_gradient(op, *grads):
    raise LookupError(
        f"No gradient defined for operation '{op.name}' (op type: {op.type})"
    )


segment_sum = _segment("SegmentSum", _sum, "The sum")
segment_mean = _segment("SegmentMean", _mean, "The mean")
segment_prod = _segment("SegmentProd", _product, "The product", gradient=_no_gradient)
segment_max = _segment("SegmentMax", _extreme(jax.ops.segment_max), "The largest")
segment_min = _segment("SegmentMin", _extreme(jax.ops.segment_min), "The smallest")

# -- any ids --------------------------------------------------------------------


def _unsorted_shape(op):
    data, ids, _ = (t.get_shape() for t in op._inputs)
    count = constant_value(op._inputs[2])
    if ids.ndims is None:
        return [tensor_shape.unknown_shape()]
    data = data.with_rank_at_least(ids.ndims)
    if data.ndims is None:
        return [data]
    data[: ids.ndims].assert_is_compatible_with(ids)
    rows = tensor_shape.vector(None if count is None else int(count))
    return [rows.concatenate(data[ids.ndims :])]


@op("UnsortedSegmentSum", shape=_unsorted_shape)
def unsorted_segment_sum(data: Array, segment_ids: Array, num_segments: Static):
    """The sum of the slices of `data` that have the same id.

    Args:
        data: numbers, whose shape starts with that of `segment_ids`.
        segment_ids: int32 or int64 of any shape: the segment of each slice.
        num_segments: scalar int32, the number of segments.

    Returns:
        A Tensor [num_segments, ...] of the dtype of `data`, zero where no id points.

    Raises:
        ValueError: when the shape of `segment_ids` does not fit.

    Differs from TF: slices with ids out of range are left out, which is no error.
    """
    if data.shape[: segment_ids.ndim] != segment_ids.shape:
        raise ValueError(
            f"data.shape = {list(data.shape)} does not start with segment_ids.shape = "
            f"{list(segment_ids.shape)}"
        )
    rows = data.reshape(-1, *data.shape[segment_ids.ndim :])
    ids = jnp.asarray(segment_ids).reshape(-1)
    return jax.ops.segment_sum(
        rows, jnp.where(ids < 0, num_segments, ids), int(num_segments)
    )


# -- chosen rows ----------------------------------------------------------------


def _sparse_shape(op):
    data, indices, ids = (t.get_shape() for t in op._inputs)
    indices.assert_has_rank(1)
    indices.merge_with(ids)
    return [_rows_shape(data)]


def _sparse_segment(op_type: str, compute: Callable[..., Any], name: str, what: str):
    """Declares a reduction of chosen rows of `data` by sorted ids."""

    def body(data: Array, indices: Array, segment_ids: Static):
        rows = jnp.take(data, indices, axis=0, mode="clip")
        return compute(rows, *_checked_ids(segment_ids, indices.shape[0]))

    body.__name__ = body.__qualname__ = name
    body.__doc__ = f"""{what} of the rows `data[indices]` of each segment.

    Args:
        data: [m, ...], floats.
        indices: [n] int32: which rows of `data`.
        segment_ids: [n] int32: the segment of each chosen row. They start at 0 and
            grow by 0 or 1 from one to the next.

    Returns:
        A Tensor [number of segments, ...] of the dtype of `data`.

    Raises:
        ValueError: when the ids are not as above (`InvalidArgumentError` when that is
            found only at run time).
    """
    return op(op_type, shape=_sparse_shape)(body)


sparse_segment_sum = _sparse_segment(
    "SparseSegmentSum", _sum, "sparse_segment_sum", "The sum"
)
sparse_segment_mean = _sparse_segment(
    "SparseSegmentMean", _mean, "sparse_segment_mean", "The mean"
)
sparse_segment_sqrt_n = _sparse_segment(
    "SparseSegmentSqrtN",
    _root_mean,
    "sparse_segment_sqrt_n",
    "The sum, divided by the square root of their number,",
)


def _sparse_grad_shape(op):
    count = constant_value(op._inputs[3])
    rows = tensor_shape.vector(None if count is None else int(count))
    return [rows.concatenate(op._inputs[0].get_shape().with_rank_at_least(1)[1:])]


def _spread(grad, indices, segment_ids, output_dim0, scale):
    sizes = _sizes(segment_ids, grad.shape[0], grad)
    rows = (grad / scale(sizes))[segment_ids]
    return jax.ops.segment_sum(rows, indices, int(output_dim0))


@op("SparseSegmentMeanGrad", shape=_sparse_grad_shape, gradient=_no_gradient)
def sparse_segment_mean_grad(
    grad: Array, indices: Array, segment_ids: Static, output_dim0: Static
):
    """The gradient of `sparse_segment_mean` with respect to its data.

    Args:
        grad: [number of segments, ...], the gradient of its result.
        indices: its indices.
        segment_ids: its segment ids.
        output_dim0: scalar int32, the number of rows of its data.

    Returns:
        A Tensor [output_dim0, ...] of the dtype of `grad`.
    """
    return _spread(grad, indices, segment_ids, output_dim0, lambda sizes: sizes)


@op("SparseSegmentSqrtNGrad", shape=_sparse_grad_shape, gradient=_no_gradient)
def sparse_segment_sqrt_n_grad(
    grad: Array, indices: Array, segment_ids: Static, output_dim0: Static
):
    """The gradient of `sparse_segment_sqrt_n` with respect to its data.

    Args:
        grad: [number of segments, ...], the gradient of its result.
        indices: its indices.
        segment_ids: its segment ids.
        output_dim0: scalar int32, the number of rows of its data.

    Returns:
        A Tensor [output_dim0, ...] of the dtype of `grad`.
    """
    return _spread(grad, indices, segment_ids, output_dim0, np.sqrt)
