"""Sums, means, extremes and products along dimensions of a tensor.

Programs import these from `math_ops`, as in TensorFlow.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import common_shapes, ops, tensor_shape
from tfstyle.framework.constant_value import constant_value
from tfstyle.framework.op_def import Array, Static, op
from tfstyle.framework.tensor import Tensor
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops.array_module import array_module
from tfstyle.ops.elementwise_ops import add, exp, log, sub

__all__ = [
    "arg_max",
    "arg_min",
    "argmax",
    "argmin",
    "cumprod",
    "cumsum",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
]

# -- the ops --------------------------------------------------------------------


def _axes(indices, rank):
    """The dimensions to reduce, from 0 on.

    Raises:
        ValueError: when one of them does not exist.
    """
    axes = []
    for index in indices.ravel():
        if not -rank <= index < rank:
            raise ValueError(
                f"Invalid reduction dimension {index} for input with {rank} "
                "dimension(s)"
            )
        axes.append(int(index) % rank)
    return tuple(sorted(set(axes)))


def _reduced(name, input, reduction_indices, keep_dims, **options):
    axes = _axes(reduction_indices, input.ndim)
    function = getattr(array_module(input), name)
    return function(input, axis=axes, keepdims=keep_dims, **options)


@op("Sum", shape=common_shapes.reduction)
def _sum(input: Array, reduction_indices: Static, keep_dims=False):
    return _reduced("sum", input, reduction_indices, keep_dims, dtype=input.dtype)


@op("Prod", shape=common_shapes.reduction)
def _prod(input: Array, reduction_indices: Static, keep_dims=False):
    return _reduced("prod", input, reduction_indices, keep_dims, dtype=input.dtype)


@op("Mean", shape=common_shapes.reduction)
def _mean(input: Array, reduction_indices: Static, keep_dims=False):
    if input.dtype.kind not in "iu":
        with np.errstate(all="ignore"):
            return _reduced("mean", input, reduction_indices, keep_dims)
    total = _reduced("sum", input, reduction_indices, keep_dims, dtype=input.dtype)
    axes = _axes(reduction_indices, input.ndim)
    count = np.prod([input.shape[i] for i in axes], dtype=input.dtype)
    # As in C: integers round towards zero, and there is no mean of nothing but 0.
    return jax.lax.div(jnp.asarray(total), jnp.full_like(total, max(count, 1)))


def _extreme(name, input, reduction_indices, keep_dims):
    axes = _axes(reduction_indices, input.ndim)
    if all(input.shape[i] for i in axes):
        return _reduced(name, input, reduction_indices, keep_dims)
    shape = [
        1 if i in axes else size
        for i, size in enumerate(input.shape)
        if keep_dims or i not in axes
    ]
    nothing: float
    if input.dtype.kind in "iu":
        limits = np.iinfo(input.dtype)
        nothing = limits.min if name == "max" else limits.max
    else:
        nothing = -np.inf if name == "max" else np.inf
    return jnp.full(shape, nothing, input.dtype)


@op("Max", shape=common_shapes.reduction)
def _max(input: Array, reduction_indices: Static, keep_dims=False):
    return _extreme("max", input, reduction_indices, keep_dims)


@op("Min", shape=common_shapes.reduction)
def _min(input: Array, reduction_indices: Static, keep_dims=False):
    return _extreme("min", input, reduction_indices, keep_dims)


@op("All", shape=common_shapes.reduction, gradient=None)
def _all(input: Array, reduction_indices: Static, keep_dims=False):
    return _reduced("all", input, reduction_indices, keep_dims)


@op("Any", shape=common_shapes.reduction, gradient=None)
def _any(input: Array, reduction_indices: Static, keep_dims=False):
    return _reduced("any", input, reduction_indices, keep_dims)


# -- the functions --------------------------------------------------------------


def _indices(x, reduction_indices, axis):
    """The dimensions to reduce: those given, or all.

    Raises:
        ValueError: when both names of the argument are used.
    """
    if axis is not None:
        if reduction_indices is not None:
            raise ValueError("Can't specify both axis and reduction_indices.")
        return axis
    if reduction_indices is not None:
        return reduction_indices
    rank = x.get_shape().ndims if isinstance(x, Tensor) else None
    if rank is not None:
        from tfstyle.ops.constant_op import constant

        return constant(np.arange(rank, dtype=np.int32))
    from tfstyle.ops import array_ops, math_ops

    return math_ops.range(0, array_ops.rank(x))


_ARGUMENTS = """

Args:
    input_tensor: {kind}, of any shape.
    reduction_indices: the dimensions to reduce, an integer or a list of them (or an
        int32 Tensor); None: all, which gives a scalar.
    keep_dims: keep the reduced dimensions, with size 1.
    name: name of the operation.
    axis: the name of `reduction_indices` in later releases.

Returns:
    A Tensor of the dtype of `input_tensor`.

Raises:
    ValueError: when there is no such dimension.
"""


def _reduction(name: str, constructor: Any, doc: str, kind: str = "numbers") -> Any:
    """The public function `name` of a reduction; all have the same arguments."""

    def reduce(
        input_tensor, reduction_indices=None, keep_dims=False, name=None, axis=None
    ):
        indices = _indices(input_tensor, reduction_indices, axis)
        return constructor(input_tensor, indices, keep_dims, name=name)

    reduce.__name__ = reduce.__qualname__ = name
    reduce.__doc__ = doc + _ARGUMENTS.format(kind=kind)
    return reduce


reduce_sum = _reduction("reduce_sum", _sum, "The sum of elements along dimensions.")
reduce_mean = _reduction(
    "reduce_mean",
    _mean,
    "The mean of elements along dimensions; that of integers rounds to zero.",
)
reduce_prod = _reduction(
    "reduce_prod", _prod, "The product of elements along dimensions."
)
reduce_max = _reduction(
    "reduce_max",
    _max,
    "The largest element along dimensions; equal ones share the gradient.",
)
reduce_min = _reduction(
    "reduce_min",
    _min,
    "The smallest element along dimensions; equal ones share the gradient.",
)
reduce_all = _reduction(
    "reduce_all", _all, "Whether all elements along dimensions are True.", "bool"
)
reduce_any = _reduction(
    "reduce_any", _any, "Whether any element along dimensions is True.", "bool"
)


def reduce_logsumexp(
    input_tensor, reduction_indices=None, keep_dims=False, name=None, axis=None
):
    """`log(sum(exp(x)))` along dimensions, without overflow (of later releases).

    Args:
        input_tensor: floats, of any shape.
        reduction_indices: the dimensions to reduce, as in `reduce_sum`.
        keep_dims: keep the reduced dimensions, with size 1.
        name: name of the operation.
        axis: the name of `reduction_indices` in later releases.
    """
    from tfstyle.ops import array_ops

    with ops.op_scope([input_tensor], name, "ReduceLogSumExp") as scope:
        x = ops.convert_to_tensor(input_tensor, name="input_tensor")
        largest = array_ops.stop_gradient(
            reduce_max(x, reduction_indices, keep_dims=True, axis=axis)
        )
        logarithm = log(
            reduce_sum(
                exp(sub(x, largest)), reduction_indices, keep_dims=True, axis=axis
            )
        )
        result = add(logarithm, largest)
        if keep_dims:
            return array_ops.identity(result, name=scope)
        given = reduction_indices if axis is None else axis
        if given is None:
            return array_ops.reshape(result, np.zeros(0, np.int32), name=scope)
        return array_ops.squeeze(result, np.ravel(given).tolist(), name=scope)


# -- where the extremes are -----------------------------------------------------


def _arg_shape(op):
    shape, dimension = op._inputs[0].get_shape(), constant_value(op._inputs[1])
    op._inputs[1].get_shape().assert_has_rank(0)
    if shape.ndims is None:
        return [shape]
    if dimension is None:
        return [tensor_shape.unknown_shape(max(shape.ndims - 1, 0))]
    dims = shape.as_list()
    del dims[_dimension(dimension, shape.ndims)]
    return [TensorShape(dims)]


def _dimension(dimension, rank):
    dimension = int(dimension)
    if not -rank <= dimension < rank:
        raise ValueError(f"Minimum tensor rank: {dimension + 1} but got: {rank}")
    return dimension


def _arg_extreme(name, input, dimension):
    dimension = _dimension(dimension, input.ndim)
    if not input.shape[dimension]:
        raise ValueError(
            f"Reduction axis {dimension} is empty in shape {list(input.shape)}"
        )
    return getattr(array_module(input), name)(input, axis=dimension)


@op("ArgMax", shape=_arg_shape, gradient=None)
def arg_max(input: Array, dimension: Static):
    """The index of the largest element along a dimension; the first of equal ones.

    Args:
        input: numbers, of rank 1 or more.
        dimension: scalar int32, the dimension to reduce.

    Returns:
        An int64 Tensor of the shape of `input` without `dimension`.

    Raises:
        ValueError: when there is no such dimension.
    """
    return _arg_extreme("argmax", input, dimension)


@op("ArgMin", shape=_arg_shape, gradient=None)
def arg_min(input: Array, dimension: Static):
    """The index of the smallest element along a dimension; the first of equal ones.

    Args:
        input: numbers, of rank 1 or more.
        dimension: scalar int32, the dimension to reduce.

    Returns:
        An int64 Tensor of the shape of `input` without `dimension`.

    Raises:
        ValueError: when there is no such dimension.
    """
    return _arg_extreme("argmin", input, dimension)


def _one_dimension(dimension, axis):
    if (dimension is None) == (axis is None):
        raise ValueError("Give exactly one of `dimension` and `axis`.")
    return axis if dimension is None else dimension


def argmax(input, dimension=None, name=None, axis=None):
    """The index of the largest element along a dimension; the first of equal ones.

    Args:
        input: numbers, of rank 1 or more.
        dimension: scalar int32, the dimension to reduce.
        name: name of the operation.
        axis: the name of `dimension` in later releases.

    Returns:
        An int64 Tensor of the shape of `input` without `dimension`.

    Raises:
        ValueError: when there is no such dimension.
    """
    return arg_max(input, _one_dimension(dimension, axis), name=name)


def argmin(input, dimension=None, name=None, axis=None):
    """The index of the smallest element along a dimension; the first of equal ones.

    Args:
        input: numbers, of rank 1 or more.
        dimension: scalar int32, the dimension to reduce.
        name: name of the operation.
        axis: the name of `dimension` in later releases.

    Returns:
        An int64 Tensor of the shape of `input` without `dimension`.

    Raises:
        ValueError: when there is no such dimension.
    """
    return arg_min(input, _one_dimension(dimension, axis), name=name)


# -- running sums and products --------------------------------------------------


def _running(name, start, x, axis, exclusive, reverse):
    axis = int(axis)
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(
            f"Expected scan axis in the range [{-x.ndim}, {x.ndim}), but got {axis}"
        )
    axis %= x.ndim
    if reverse:
        x = jnp.flip(x, axis)
    size = x.shape[axis]
    if exclusive and size:
        first = jnp.full_like(jax.lax.slice_in_dim(x, 0, 1, axis=axis), start)
        x = jnp.concatenate(
            [first, jax.lax.slice_in_dim(x, 0, size - 1, axis=axis)], axis
        )
    x = getattr(jnp, name)(x, axis=axis, dtype=x.dtype)
    return jnp.flip(x, axis) if reverse else x


@op("Cumsum", shape=common_shapes.first_input)
def _cumsum(x: Array, axis: Static, exclusive=False, reverse=False):
    return _running("cumsum", 0, x, axis, exclusive, reverse)


@op("Cumprod", shape=common_shapes.first_input)
def _cumprod(x: Array, axis: Static, exclusive=False, reverse=False):
    return _running("cumprod", 1, x, axis, exclusive, reverse)


def cumsum(x, axis=0, exclusive=False, reverse=False, name=None):
    """Running sums along a dimension (of later releases).

    Args:
        x: numbers, of rank 1 or more.
        axis: scalar int32, the dimension.
        exclusive: leave an element out of its own sum.
        reverse: sum from the end.
        name: name of the operation.

    Returns:
        A Tensor of the shape and dtype of `x`.
    """
    with ops.op_scope([x], name, "Cumsum") as scope:
        return _cumsum(x, axis, exclusive, reverse, name=scope)


def cumprod(x, axis=0, exclusive=False, reverse=False, name=None):
    """Running products along a dimension (of later releases).

    Args:
        x: numbers, of rank 1 or more.
        axis: scalar int32, the dimension.
        exclusive: leave an element out of its own product.
        reverse: multiply from the end.
        name: name of the operation.

    Returns:
        A Tensor of the shape and dtype of `x`.
    """
    with ops.op_scope([x], name, "Cumprod") as scope:
        return _cumprod(x, axis, exclusive, reverse, name=scope)
