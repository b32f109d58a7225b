"""Rows of embedding tables, which may be partitioned over several tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfstyle.framework import dtypes, ops, tensor_shape
from tfstyle.framework.sparse_tensor import SparseTensor
from tfstyle.ops import array_ops, math_ops

__all__ = ["embedding_lookup", "embedding_lookup_sparse"]

# The index of the rows that another partition holds. It is outside every tensor: what
# is gathered there is not used, and no gradient reaches a row.
_NO_ROW = 2**31 - 1


def _partitions(params):
    """`params` as a list of tensors or variables.

    Raises:
        ValueError: when there is none.
    """
    if params is None or (isinstance(params, (list, tuple)) and not params):
        raise ValueError("Need at least one param")
    if isinstance(params, (list, tuple)):
        return list(params)
    # A PartitionedVariable is the list of its partitions.
    parts = getattr(params, "_get_variable_list", None)
    return [params] if parts is None else parts()


def embedding_lookup(
    params, ids, partition_strategy="mod", name=None, validate_indices=True
):
    """Rows of `params`.

    Args:
        params: a table [rows, ...] (a Tensor or Variable), a list of the partitions of
            one, or a `PartitionedVariable`.
        ids: int32 or int64, of any shape: which rows.
        partition_strategy: which partition of n holds row i. "mod": partition `i % n`,
            as its row `i // n`. "div": contiguous runs of rows, the first `rows % n`
            partitions having one more than the others.
        name: name of the operation.
        validate_indices: whether ids that are known beforehand are checked.

    Returns:
        A Tensor of shape `ids.shape + params.shape[1:]`. Its gradient with respect to
        a variable in `params` is an `IndexedSlices`.

    Raises:
        ValueError: when `params` is empty or the strategy is unknown.

    Differs from TF: an id out of range that is only known at run time gives a row of
    NaN. With several partitions, each is asked for every id: rows of the gradient that
    belong to another partition have the index 2**31 - 1, and are zeros.
    """
    tables = _partitions(params)
    with ops.op_scope([*tables, ids], name, "embedding_lookup") as scope:
        tables = [
            t if hasattr(t, "graph") else ops.convert_to_tensor(t, name="params")
            for t in tables
        ]
        if len(tables) == 1:
            with ops.colocate_with(tables[0]):
                return array_ops.gather(
                    tables[0], ids, validate_indices=validate_indices, name=scope
                )
        ids = ops.convert_to_tensor(ids, name="ids")
        flat = array_ops.reshape(ids, [-1])
        if partition_strategy == "mod":
            places = _places_mod(flat, len(tables))
        elif partition_strategy == "div":
            places = _places_div(flat, tables)
        else:
            raise ValueError(f"Unrecognized partition strategy: {partition_strategy}")
        return _joined(tables, ids, places)


def _places_mod(ids, count):
    """For each partition, (whether it holds each id, as which row)."""
    owner, row = math_ops.mod(ids, count), math_ops.div(ids, count)
    return [(math_ops.equal(owner, k), row) for k in range(count)]


def _places_div(ids, tables):
    """For each partition, (whether it holds each id, as which row)."""
    count = len(tables)
    sizes = [table.get_shape().with_rank_at_least(1) for table in tables]
    if all(s.ndims is not None and s[0].value is not None for s in sizes):
        total = np.array(sum(s[0].value for s in sizes), ids.dtype.as_numpy_dtype)
    else:
        rows = [array_ops.shape(table)[0] for table in tables]
        total = math_ops.cast(math_ops.add_n(rows), ids.dtype)
    most, extra = math_ops.div(total, count), math_ops.mod(total, count)
    places = []
    for k in range(count):
        # The first `extra` partitions hold one row more.
        start, end = (
            math_ops.add(math_ops.mul(most, i), math_ops.minimum(extra, i))
            for i in (k, k + 1)
        )
        held = math_ops.logical_and(
            math_ops.greater_equal(ids, start), math_ops.less(ids, end)
        )
        places.append((held, math_ops.sub(ids, start)))
    return places


def _joined(tables, ids, places):
    """The row of each id, from the partition that holds it."""
    # Gathered, the number is traced: indices that are known while tracing are checked
    # where rows of a variable are written.
    nowhere = array_ops.gather(
        np.array([_NO_ROW], ids.dtype.base_dtype.as_numpy_dtype),
        array_ops.zeros_like(places[0][1]),
        validate_indices=False,
    )
    result = None
    for table, (held, row) in zip(tables, places, strict=True):
        with ops.colocate_with(table):
            here = array_ops.gather(
                table, array_ops.select(held, row, nowhere), validate_indices=False
            )
        result = here if result is None else array_ops.select(held, here, result)
    element = tensor_shape.unknown_shape()
    for table in tables:
        element = element.merge_with(table.get_shape()[1:])
    rest = array_ops.shape(tables[0])[1:]
    result = array_ops.reshape(
        result, array_ops.concat(0, [array_ops.shape(ids), rest])
    )
    result.set_shape(ids.get_shape().concatenate(element))
    return result


def embedding_lookup_sparse(
    params, sp_ids, sp_weights, partition_strategy="mod", name=None, combiner="mean"
):
    """Combines the embeddings of several ids into one, per row.

    Args:
        params: as in `embedding_lookup`.
        sp_ids: a `SparseTensor` [rows, any] of ids, int32 or int64.
        sp_weights: a `SparseTensor` of floats at the same places, or None: weight 1.
        partition_strategy: as in `embedding_lookup`.
        name: name of the operation.
        combiner: "sum": the weighted sum; "mean": divided by the sum of the weights;
            "sqrtn": divided by the square root of the sum of their squares.

    Returns:
        A Tensor [r, *params.shape[1:]] in which r is the number of the last row that
        has an id, plus 1.

    Raises:
        ValueError: when `params` is empty or `combiner` is another one.
        TypeError: when `sp_ids` or `sp_weights` is no `SparseTensor`.
    """
    if combiner not in ("mean", "sqrtn", "sum"):
        raise ValueError("combiner must be one of 'mean', 'sqrtn' or 'sum'")
    tables = _partitions(params)
    if not isinstance(sp_ids, SparseTensor):
        raise TypeError("sp_ids must be SparseTensor")
    if sp_weights is not None:
        _check_weights(sp_ids, sp_weights)
    with ops.op_scope([*tables, sp_ids], name, "embedding_lookup_sparse") as scope:
        places: Any = sp_ids.indices
        segments = math_ops.cast(places[:, 0], dtypes.int32)
        embeddings = embedding_lookup(
            tables, sp_ids.values, partition_strategy=partition_strategy
        )
        if sp_weights is None:
            if combiner == "sum":
                return math_ops.segment_sum(embeddings, segments, name=scope)
            if combiner == "mean":
                return math_ops.segment_mean(embeddings, segments, name=scope)
            weights = array_ops.ones_like(segments, embeddings.dtype)
        else:
            weights = math_ops.cast(sp_weights.values, embeddings.dtype)
        total = math_ops.segment_sum(
            math_ops.mul(embeddings, _as_column(weights, embeddings)),
            segments,
            name=scope if combiner == "sum" else None,
        )
        if combiner == "sum":
            return total
        if combiner == "mean":
            divisor = math_ops.segment_sum(weights, segments)
        else:
            squares = math_ops.segment_sum(math_ops.mul(weights, weights), segments)
            divisor = math_ops.sqrt(squares)
        return math_ops.div(total, _as_column(divisor, total), name=scope)


def _as_column(vector, like):
    """`vector` [n] with as many dimensions as `like`, all but the first of size 1."""
    ndims = like.get_shape().ndims
    if ndims is not None:
        return array_ops.reshape(vector, [-1] + [1] * (ndims - 1))
    ones = array_ops.ones_like(array_ops.shape(like)[1:])
    return array_ops.reshape(vector, array_ops.concat(0, [[-1], ones]))


def _check_weights(sp_ids, sp_weights):
    if not isinstance(sp_weights, SparseTensor):
        raise TypeError("sp_weights must be either None or SparseTensor")
    for mine, other in (
        (sp_ids.values, sp_weights.values),
        (sp_ids.indices, sp_weights.indices),
        (sp_ids.shape, sp_weights.shape),
    ):
        mine.get_shape().assert_is_compatible_with(other.get_shape())
