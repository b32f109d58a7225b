"""Pooling over windows of images and volumes, as operations of the graph."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import common_shapes, errors, ops
from tfstyle.framework.op_def import Array, Static, op
from tfstyle.ops import pooling
from tfstyle.ops.shape_rules import window_counts

__all__ = [
    "avg_pool",
    "avg_pool3d",
    "avg_pool3d_grad",
    "max_pool",
    "max_pool3d",
    "max_pool3d_grad",
    "max_pool_with_argmax",
]


def _pool_shape(op):
    ksize, strides = op._attrs["ksize"], op._attrs["strides"]
    shape = window_counts(op._inputs[0], ksize, strides, op._attrs["padding"])
    return [shape for _ in op.outputs]


def _pool(function, x, ksize, strides, padding):
    """`function` of `pooling`, after what TensorFlow's kernels check."""
    if x.ndim != len(ksize):
        raise ValueError(f"tensor_in must be {len(ksize)}-dimensional")
    if len(strides) != len(ksize):
        raise ValueError(
            f"Sliding window stride field must specify {len(ksize)} dimensions"
        )
    if ksize[0] != 1 or strides[0] != 1:
        raise errors.UnimplementedError(
            None, None, "Pooling is not yet supported on the batch dimension."
        )
    return function(x, ksize, strides, padding)


def _pool_gradient(function, x, gradient, ksize, strides, padding):
    pull = jax.vjp(lambda x: _pool(function, x, ksize, strides, padding), x)[1]
    return pull(gradient)[0]


# -- images ---------------------------------------------------------------------


@op("AvgPool", shape=_pool_shape)
def avg_pool(value: Array, ksize, strides, padding, data_format="NHWC"):
    """The mean of every window.

    Args:
        value: a Tensor [batch, height, width, channels] of a floating point type.
        ksize: size of the window along each of the four dimensions; 1 for the batch.
        strides: step of the window along each of the four dimensions; 1 for the batch.
        padding: `"VALID"`: windows lie within `value`; `"SAME"`: one begins at every
            step, and what sticks out does not count.
        data_format: `"NHWC"`, or `"NCHW"` for [batch, channels, height, width]; the
            order of `ksize` and `strides` too.
        name: name of the operation.

    Returns:
        A Tensor of the type of `value`.
    """
    return _pool(pooling.avg_pool, value, ksize, strides, padding)


@op("MaxPool", shape=_pool_shape)
def _max_pool(input: Array, ksize, strides, padding, data_format=None):
    return _pool(pooling.max_pool, input, ksize, strides, padding)


def max_pool(value, ksize, strides, padding, data_format="NHWC", name=None):
    """The largest element of every window.

    The gradient goes to the first largest element in row-major order.

    Args:
        value: a Tensor [batch, height, width, channels], float32 or float16.
        ksize: size of the window along each of the four dimensions; 1 for the batch.
        strides: step of the window along each of the four dimensions; 1 for the batch.
        padding: `"VALID"`: windows lie within `value`; `"SAME"`: one begins at every
            step, and what sticks out does not count.
        data_format: `"NHWC"`, or `"NCHW"` for [batch, channels, height, width]; the
            order of `ksize` and `strides` too.
        name: name of the operation.

    Returns:
        A Tensor of the type of `value`.
    """
    with ops.op_scope([value], name, "MaxPool") as name:
        value = ops.convert_to_tensor(value, name="input")
        return _max_pool(
            value, ksize, strides, padding, data_format=data_format, name=name
        )


@op("MaxPoolWithArgmax", shape=_pool_shape)
def max_pool_with_argmax(input: Array, ksize, strides, padding, Targmax=None):
    """The largest element of every window, and where it is.

    Args:
        input: a Tensor [batch, height, width, channels], float32 or float16.
        ksize: size of the window along each of the four dimensions; 1 for the batch.
        strides: step of the window along each of the four dimensions; 1 for the batch.
        padding: `"SAME"` or `"VALID"`, as for `max_pool`.
        Targmax: type of the second output, int32 or int64 (default).
        name: name of the operation.

    Returns:
        `output`, as from `max_pool`, and `argmax`, of the same shape: the position
        `(y * width + x) * channels + c` of the element in its image. Of equal elements
        the first one counts.
    """
    output = _pool(pooling.max_pool, input, ksize, strides, padding)
    place = np.arange(np.prod(input.shape[1:]), dtype=Targmax.as_numpy_dtype)
    places = jnp.broadcast_to(place.reshape(input.shape[1:]), input.shape)
    pairs = jax.lax.stop_gradient(input), places
    for axis in (3, 2, 1):
        pairs = _first_largest(pairs, axis, ksize[axis], strides[axis], padding)
    return output, pairs[1]


def _first_largest(pairs, axis, window, stride, padding):
    """Reduces (values, places) to the largest of each window along `axis`."""
    values, places = pairs
    size = values.shape[axis]
    count, before = -(-size // stride), 0
    if padding == "VALID":
        count = (size - window) // stride + 1
    else:
        before = max((count - 1) * stride + window - size, 0) // 2
    last = (count - 1) * stride + 1
    around = [(0, 0, 0)] * values.ndim
    around[axis] = (before, last - 1 + window - size - before, 0)
    values = jax.lax.pad(values, np.array(-np.inf, values.dtype), around)
    places = jax.lax.pad(places, np.array(0, places.dtype), around)

    def part(i):
        return tuple(
            jax.lax.slice_in_dim(x, i, i + last, stride, axis) for x in (values, places)
        )

    def larger(a, b):
        first = a[0] >= b[0]
        return jnp.where(first, a[0], b[0]), jnp.where(first, a[1], b[1])

    return functools.reduce(larger, map(part, range(window)))


# -- volumes --------------------------------------------------------------------


@op("AvgPool3D", shape=_pool_shape)
def avg_pool3d(input: Array, ksize, strides, padding):
    """The mean of every window of a volume.

    Args:
        input: a Tensor [batch, depth, height, width, channels].
        ksize: size of the window along each of the five dimensions; 1 for the batch.
        strides: step of the window along each of the five dimensions; 1 for the batch.
        padding: `"SAME"` or `"VALID"`, as for `avg_pool`.
        name: name of the operation.

    Returns:
        A Tensor of the type of `input`.
    """
    return _pool(pooling.avg_pool, input, ksize, strides, padding)


@op("MaxPool3D", shape=_pool_shape)
def max_pool3d(input: Array, ksize, strides, padding):
    """The largest element of every window of a volume.

    Args:
        input: a Tensor [batch, depth, height, width, channels].
        ksize: size of the window along each of the five dimensions; 1 for the batch.
        strides: step of the window along each of the five dimensions; 1 for the batch.
        padding: `"SAME"` or `"VALID"`, as for `max_pool`.
        name: name of the operation.

    Returns:
        A Tensor of the type of `input`. Its gradient goes, whole, to every element of
        the window that is as large as the largest.
    """
    return _pool(_max_pool_volume, input, ksize, strides, padding)


# The whole gradient goes to every largest element.
_max_pool_volume = functools.partial(pooling.max_pool, all_ties=True)


# -- gradients, as operations of imported graphs --------------------------------


def _avg_pool_gradient(shape, grad, ksize, strides, padding):
    like = jnp.zeros(tuple(shape), grad.dtype)
    return _pool_gradient(pooling.avg_pool, like, grad, ksize, strides, padding)


@op("AvgPoolGrad", shape=common_shapes.value_of("orig_input_shape"))
def _avg_pool_grad(
    orig_input_shape: Static, grad: Array, ksize, strides, padding, data_format=None
):
    """The gradient of `avg_pool`."""
    return _avg_pool_gradient(orig_input_shape, grad, ksize, strides, padding)


@op("AvgPool3DGrad", shape=common_shapes.value_of("orig_input_shape"))
def avg_pool3d_grad(orig_input_shape: Static, grad: Array, ksize, strides, padding):
    """The gradient of `avg_pool3d`.

    Args:
        orig_input_shape: shape of the input of `avg_pool3d`, int32 [5].
        grad: the gradient with respect to what `avg_pool3d` returned.
        ksize: as given to `avg_pool3d`.
        strides: as given to `avg_pool3d`.
        padding: as given to `avg_pool3d`.
        name: name of the operation.

    Returns:
        A Tensor of the type of `grad` and of shape `orig_input_shape`.
    """
    return _avg_pool_gradient(orig_input_shape, grad, ksize, strides, padding)


@op("MaxPoolGrad", shape=common_shapes.first_input)
def _max_pool_grad(
    orig_input: Array,
    orig_output: Array,
    grad: Array,
    ksize,
    strides,
    padding,
    data_format=None,
):
    """The gradient of `max_pool`."""
    return _pool_gradient(pooling.max_pool, orig_input, grad, ksize, strides, padding)


@op("MaxPool3DGrad", shape=common_shapes.first_input)
def max_pool3d_grad(
    orig_input: Array, orig_output: Array, grad: Array, ksize, strides, padding
):
    """The gradient of `max_pool3d`.

    Args:
        orig_input: the input of `max_pool3d`, float32.
        orig_output: what `max_pool3d` returned, float32.
        grad: the gradient with respect to `orig_output`.
        ksize: as given to `max_pool3d`.
        strides: as given to `max_pool3d`.
        padding: as given to `max_pool3d`.
        name: name of the operation.

    Returns:
        A Tensor of the type of `grad` and of the shape of `orig_input`.
    """
    return _pool_gradient(
        _max_pool_volume,
        orig_input,
        grad.astype(orig_input.dtype),
        ksize,
        strides,
        padding,
    ).astype(grad.dtype)
