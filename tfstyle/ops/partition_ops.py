"""Ops whose output shapes depend on data: they run on the host, in NumPy.

Programs import these from `array_ops`, as in TensorFlow.
"""

from __future__ import annotations

import numpy as np

from tfstyle.framework import errors, ops, tensor_shape
from tfstyle.framework.constant_value import constant_value
from tfstyle.framework.op_def import Array, op
from tfstyle.framework.sparse_tensor import SparseTensor
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops.gather_ops import gather, select
from tfstyle.ops.join_ops import concat
from tfstyle.ops.shape_ops import (
    made_by,
    placeholder_with_default,
    reshape,
    shape,
    size,
    squeeze,
    zeros_like,
)

__all__ = [
    "boolean_mask",
    "dynamic_partition",
    "dynamic_stitch",
    "edit_distance",
    "list_diff",
    "listdiff",
    "setdiff1d",
    "sparse_mask",
    "unique",
    "unique_with_counts",
    "where",
]


def _invalid(message):
    return errors.InvalidArgumentError(None, None, message)


def _prefix(longer, shorter):
    """The dimensions of `longer` after those it shares with `shorter`.

    Raises:
        ValueError: when `longer` does not start with `shorter`.
    """
    if longer.ndims is None or shorter.ndims is None:
        return tensor_shape.unknown_shape()
    longer.with_rank_at_least(shorter.ndims)
    for a, b in zip(longer.as_list(), shorter.as_list(), strict=False):
        if None not in (a, b) and a != b:
            raise ValueError(f"Dimensions must be equal, but are {a} and {b}")
    return longer[shorter.ndims :]


# -- partitions -----------------------------------------------------------------


def _partition_shape(op):
    data, partitions = (t.get_shape() for t in op._inputs)
    rows = tensor_shape.vector(None).concatenate(_prefix(data, partitions))
    return [rows] * len(op.outputs)


def _partition_gradient(op, *grads):
    data, partitions = op.inputs
    places = shape(partitions)
    numbers = reshape(made_by("Range")(0, size(partitions), 1), places)
    parts = dynamic_partition(numbers, partitions, op.get_attr("num_partitions"))
    rows = [
        zeros_like(y) if g is None else g
        for g, y in zip(grads, op.outputs, strict=True)
    ]
    return [reshape(dynamic_stitch(parts, rows), shape(data)), None]


@op(
    "DynamicPartition",
    host=True,
    shape=_partition_shape,
    gradient=_partition_gradient,
)
def dynamic_partition(data: Array, partitions: Array, num_partitions):
    """Sorts the rows of `data` into `num_partitions` tensors.

    Args:
        data: of any dtype; its shape starts with that of `partitions`.
        partitions: int32, of any shape: where each row goes, in [0, num_partitions).
        num_partitions: Python integer, at least 1.

    Returns:
        A list of `num_partitions` Tensors of shape
        `[rows, *data.shape[partitions.ndim:]]`; rows keep their order.

    Raises:
        ValueError: when the shapes do not fit.
        tf.errors.InvalidArgumentError: when a partition does not exist.
    """
    if data.shape[: partitions.ndim] != partitions.shape:
        raise _invalid(
            "data.shape must start with partitions.shape, got data.shape = "
            f"{list(data.shape)}, partitions.shape = {list(partitions.shape)}"
        )
    wrong = np.argwhere((partitions < 0) | (partitions >= num_partitions))
    for at in wrong[:1].tolist():
        raise _invalid(
            f"partitions[{','.join(map(str, at))}] = {partitions[tuple(at)]} is not in "
            f"[0, {num_partitions})"
        )
    return [data[partitions == i] for i in range(num_partitions)]


def _stitch_shape(op):
    count = len(op._inputs) // 2
    rest = tensor_shape.unknown_shape()
    for indices, data in zip(op._inputs[:count], op._inputs[count:], strict=True):
        rest = rest.merge_with(_prefix(data.get_shape(), indices.get_shape()))
    return [tensor_shape.vector(None).concatenate(rest)]


def _stitch_gradient(op, grad):
    indices = op.inputs[: len(op.inputs) // 2]
    return [None] * len(indices) + [gather(grad, i) for i in indices]


@op("DynamicStitch", host=True, shape=_stitch_shape, gradient=_stitch_gradient)
def dynamic_stitch(indices: list[Array], data: list[Array]):
    """Puts rows of several tensors together: the reverse of `dynamic_partition`.

    Args:
        indices: list of int32 tensors: to which row of the result each row of `data`
            goes.
        data: list of tensors of one dtype; the shape of `data[i]` starts with that of
            `indices[i]`, and what follows is the same in all.

    Returns:
        A Tensor of as many rows as the highest index needs. Where an index occurs more
        than once the last one wins; rows that no index names are zeros.

    Raises:
        ValueError: when the shapes do not fit.
        tf.errors.InvalidArgumentError: when an index is negative.
    """
    rows = 1 + max((int(i.max()) for i in indices if i.size), default=-1)
    rest = data[0].shape[indices[0].ndim :]
    merged = np.zeros((rows, *rest), data[0].dtype)
    if merged.dtype == object:
        merged[...] = b""
    for number, (where_to, part) in enumerate(zip(indices, data, strict=True)):
        if part.shape != where_to.shape + rest:
            raise _invalid(
                "data[i].shape must be indices[i].shape followed by the same "
                f"dimensions, got data[{number}].shape = {list(part.shape)}, "
                f"indices[{number}].shape = {list(where_to.shape)}"
            )
        for at in np.argwhere(where_to < 0)[:1].tolist():
            raise _invalid(f"indices[{','.join(map(str, at))}] is out of range")
        merged[where_to.ravel()] = part.reshape(-1, *rest)
    return merged


# -- sets -----------------------------------------------------------------------


def _unique_shape(op):
    x = op._inputs[0].get_shape().with_rank(1)
    some = tensor_shape.vector(None)
    return [some, x, some][: len(op.outputs)]


def _first_seen(x):
    """(values in the order they first occur, which one each element is, counts)."""
    if x.ndim != 1:
        raise _invalid("unique expects a 1D vector.")
    _, first, inverse, counts = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return x[first[order]], place[inverse.reshape(x.shape)], counts[order]


@op("Unique", host=True, gradient=None, shape=_unique_shape)
def _unique(x: Array, out_idx=None):
    values, index, _ = _first_seen(x)
    return values, index


def unique(x, name=None):
    """The different values of `x`, in the order in which they first occur.

    Args:
        x: [n], of any dtype.
        name: name of the operation.

    Returns:
        (y, idx): the values [k], and int32 [n] with `y[idx[i]] = x[i]`.

    Raises:
        ValueError: when `x` is no vector.
    """
    return _unique(x, name=name)


@op("UniqueWithCounts", host=True, gradient=None, shape=_unique_shape)
def _unique_with_counts(x: Array, out_idx=None):
    return _first_seen(x)


def unique_with_counts(x, name=None):
    """`unique`, and how often each value occurs.

    Args:
        x: [n], of any dtype.
        name: name of the operation.

    Returns:
        (y, idx, count): as `unique`, and int32 [k].
    """
    return _unique_with_counts(x, name=name)


def _list_diff_shape(op):
    for tensor in op._inputs:
        tensor.get_shape().assert_has_rank(1)
    return [tensor_shape.vector(None)] * 2


@op("ListDiff", host=True, gradient=None, shape=_list_diff_shape)
def _list_diff(x: Array, y: Array, out_idx=None):
    if x.ndim != 1 or y.ndim != 1:
        raise _invalid(f"x and y should be 1D vectors, got {x.shape} and {y.shape}.")
    kept = np.flatnonzero(~np.isin(x, y))
    return x[kept], kept


def listdiff(x, y, name=None):
    """The values of `x` that are not in `y`, with their order and repetitions.

    Args:
        x: [n], of any dtype.
        y: [m], of the same dtype.
        name: name of the operation.

    Returns:
        (out, idx): the values [k], and int32 [k] with `out[i] = x[idx[i]]`.

    Raises:
        ValueError: when an argument is no vector.
    """
    return _list_diff(x, y, name=name)


def list_diff(x, y, name=None):
    """`listdiff`, under its other name."""
    return listdiff(x, y, name)


def setdiff1d(x, y, name=None):
    """`listdiff`, under its name in later releases."""
    return listdiff(x, y, name)


def sparse_mask(a, mask_indices, name=None):
    """The slices of an `IndexedSlices` without those of some rows.

    Args:
        a: an `IndexedSlices`.
        mask_indices: [m], the rows to leave out, of the dtype of `a.indices`.
        name: name of the operation.

    Returns:
        An `IndexedSlices`.
    """
    with ops.op_scope([a, mask_indices], name, "sparse_mask") as scope:
        kept, places = listdiff(a.indices, mask_indices)
        values = gather(a.values, places, name=scope)
        return ops.IndexedSlices(values, kept, a.dense_shape)


# -- conditions -----------------------------------------------------------------


@op(
    "Where",
    host=True,
    gradient=None,
    shape=lambda op: [tensor_shape.matrix(None, op._inputs[0].get_shape().ndims)],
)
def _where(input: Array):
    return np.argwhere(input)


def where(input=None, name=None, x=None, y=None, condition=None):
    """The positions of the true elements.

    Args:
        input: bool, of rank n.
        name: name of the operation.
        x: with `y`: the call of later releases, `where(condition, x, y)`, which is
            `select`; it may be written with or without keywords.
        y: see `x`.
        condition: the name of `input` in later releases.

    Returns:
        A Tensor [number of true elements, n] int64, in row-major order.

    Raises:
        ValueError: when only one of `x` and `y` is given.
    """
    input = condition if input is None else input
    if name is not None and not isinstance(name, (str, bytes)):
        # `where(condition, x, y)` of later releases, without keywords.
        x, y, name = name, x if y is None else y, None
    if x is None and y is None:
        return _where(input, name=name)
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    return select(input, x, y, name=name)


def boolean_mask(tensor, mask, name="boolean_mask"):
    """The rows of `tensor` for which `mask` is true.

    Args:
        tensor: of any dtype; its shape starts with that of `mask`.
        mask: bool, of known rank k, at least 1.
        name: prefix of the names.

    Returns:
        A Tensor [number of true elements, *tensor.shape[k:]].

    Raises:
        ValueError: when `mask` is a scalar or of unknown rank, or the shapes do not
            fit.
    """
    with ops.op_scope([tensor, mask], name, "boolean_mask"):
        tensor = ops.convert_to_tensor(tensor, name="tensor")
        mask = ops.convert_to_tensor(mask, name="mask")
        mask_shape, tensor_dims = mask.get_shape(), tensor.get_shape()
        if mask_shape.ndims == 0:
            raise ValueError("mask cannot be scalar.")
        if mask_shape.ndims is None:
            raise ValueError(
                "mask dimensions must be specified, even if some dimensions are None.  "
                "E.g. shape=[None] is ok, but shape=None is not."
            )
        rank = mask_shape.ndims
        if tensor_dims.ndims is not None:
            tensor_dims[:rank].assert_is_compatible_with(mask_shape)
        if rank > 1:
            tensor = reshape(tensor, concat(0, [[-1], shape(tensor)[rank:]]))
            if tensor_dims.ndims is not None:
                tensor.set_shape(
                    tensor_shape.vector(None).concatenate(tensor_dims[rank:])
                )
            mask = reshape(mask, [-1])
        known = constant_value(mask)
        if known is not None:
            # Known rows need no step on the host. As in TensorFlow, how many there are
            # is not part of the static shape.
            indices = placeholder_with_default(np.flatnonzero(known), [None])
        else:
            indices = squeeze(_where(mask), [1])
        return gather(tensor, indices)


# -- sequences ------------------------------------------------------------------


def _edit_distance_shape(op):
    ranks = [op._inputs[i].get_shape().with_rank(1)[0].value for i in (2, 5)]
    one, other = (constant_value(op._inputs[i]) for i in (2, 5))
    if one is not None and other is not None and one.shape == other.shape:
        return [TensorShape(np.maximum(one, other)[:-1].tolist())]
    rank = next((r for r in ranks if r is not None), None)
    return [tensor_shape.unknown_shape(None if rank is None else rank - 1)]


def _sequences(indices, values):
    """Sequences by the position they have in all but the last dimension."""
    found: dict[tuple[int, ...], list] = {}
    for index, value in zip(indices.tolist(), values.tolist(), strict=True):
        found.setdefault(tuple(index[:-1]), []).append(value)
    return found


def _levenshtein(source, target):
    """How many insertions, deletions and substitutions turn one into the other."""
    row = list(range(len(target) + 1))
    for i, a in enumerate(source, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(target, 1):
            substituted = diagonal + (a != b)
            diagonal = row[j]
            row[j] = min(substituted, row[j] + 1, row[j - 1] + 1)
    return row[-1]


@op("EditDistance", host=True, gradient=None, shape=_edit_distance_shape)
def _edit_distance(
    hypothesis_indices: Array,
    hypothesis_values: Array,
    hypothesis_shape: Array,
    truth_indices: Array,
    truth_values: Array,
    truth_shape: Array,
    normalize=None,
):
    if hypothesis_shape.shape != truth_shape.shape:
        raise _invalid(
            "Expected hypothesis and truth to have the same rank, got shapes "
            f"{hypothesis_shape.tolist()} and {truth_shape.tolist()}"
        )
    result = np.zeros(np.maximum(hypothesis_shape, truth_shape)[:-1], np.float32)
    hypotheses = _sequences(hypothesis_indices, hypothesis_values)
    truths = _sequences(truth_indices, truth_values)
    for place in hypotheses.keys() | truths.keys():
        truth = truths.get(place, [])
        distance = float(_levenshtein(hypotheses.get(place, []), truth))
        if normalize:
            distance = distance / len(truth) if truth else np.inf
        result[place] = distance
    return result


def edit_distance(hypothesis, truth, normalize=True, name="edit_distance"):
    """The Levenshtein distance between sequences.

    Args:
        hypothesis: a `SparseTensor` of rank n: sequences along the last dimension.
        truth: a `SparseTensor` of the same rank and dtype.
        normalize: divide by the lengths of the sequences of `truth`; infinite where
            that is empty and the hypothesis is not.
        name: name of the operation.

    Returns:
        A float32 Tensor of rank n - 1.

    Raises:
        TypeError: when an argument is no `SparseTensor`.
    """
    if not isinstance(hypothesis, SparseTensor):
        raise TypeError("Hypothesis must be a SparseTensor.")
    if not isinstance(truth, SparseTensor):
        raise TypeError("Truth must be a SparseTensor.")
    return _edit_distance(
        hypothesis.indices,
        hypothesis.values,
        hypothesis.shape,
        truth.indices,
        truth.values,
        truth.shape,
        normalize,
        name=name,
    )
