"""Initializers: functions of (shape, dtype) that `get_variable` calls."""

from __future__ import annotations

import math

from tfstyle.framework import dtypes
from tfstyle.ops import array_ops, random_ops
from tfstyle.ops.constant_op import constant

__all__ = [
    "constant_initializer",
    "ones_initializer",
    "random_normal_initializer",
    "random_uniform_initializer",
    "truncated_normal_initializer",
    "uniform_unit_scaling_initializer",
    "zeros_initializer",
]


def _float_dtype(dtype):
    if not dtypes.as_dtype(dtype).is_floating:
        raise ValueError(f"Expected floating point type, got {dtype!r}.")
    return dtype


def zeros_initializer(shape=None, dtype=dtypes.float32):
    """A tensor of zeros: itself an initializer.

    Args:
        shape: the shape. Without one, an initializer for values of `dtype` is returned,
            so that the `zeros_initializer()` of later releases works too.
        dtype: the element type.
    """
    if shape is None:
        return _filled_with(array_ops.zeros, dtype)
    return array_ops.zeros(shape, dtype)


def ones_initializer(shape=None, dtype=dtypes.float32):
    """A tensor of ones: itself an initializer.

    Args:
        shape: the shape. Without one, an initializer for values of `dtype` is returned,
            so that the `ones_initializer()` of later releases works too.
        dtype: the element type.
    """
    if shape is None:
        return _filled_with(array_ops.ones, dtype)
    return array_ops.ones(shape, dtype)


def _filled_with(make, dtype):
    default = dtype

    def initializer(shape, dtype=default):
        return make(shape, dtype)

    return initializer


def constant_initializer(value=0.0, dtype=dtypes.float32):
    """An initializer for fixed values.

    Args:
        value: a number; or a list or array of numbers, which fill the variable in
            row-major order, the last one being repeated.
        dtype: default element type.

    Returns:
        A function `(shape, dtype=dtype)` that returns a tensor.
    """
    default = dtype

    def initializer(shape, dtype=default):
        return constant(value, dtype=dtype, shape=shape)

    return initializer


def random_uniform_initializer(minval=0.0, maxval=1.0, seed=None, dtype=dtypes.float32):
    """An initializer for numbers that are uniform in [minval, maxval).

    Args:
        minval: lower end of the range, a number.
        maxval: upper end of the range, a number.
        seed: seed of the operation, see `tf.set_random_seed`.
        dtype: default element type.

    Returns:
        A function `(shape, dtype=dtype)` that returns a tensor.
    """
    default = dtype

    def initializer(shape, dtype=default):
        return random_ops.random_uniform(shape, minval, maxval, dtype, seed=seed)

    return initializer


def random_normal_initializer(mean=0.0, stddev=1.0, seed=None, dtype=dtypes.float32):
    """An initializer for normally distributed numbers.

    Args:
        mean: mean of the distribution.
        stddev: standard deviation of the distribution.
        seed: seed of the operation, see `tf.set_random_seed`.
        dtype: default element type.

    Returns:
        A function `(shape, dtype=dtype)` that returns a tensor.

    Raises:
        ValueError: when `dtype` is not a floating point type.
    """
    default = _float_dtype(dtype)

    def initializer(shape, dtype=default):
        _float_dtype(dtype)
        return random_ops.random_normal(shape, mean, stddev, dtype, seed=seed)

    return initializer


def truncated_normal_initializer(mean=0.0, stddev=1.0, seed=None, dtype=dtypes.float32):
    """An initializer for normal numbers within two standard deviations of the mean.

    Args:
        mean: mean of the distribution.
        stddev: standard deviation of the distribution before values are left out.
        seed: seed of the operation, see `tf.set_random_seed`.
        dtype: default element type.

    Returns:
        A function `(shape, dtype=dtype)` that returns a tensor.

    Raises:
        ValueError: when `dtype` is not a floating point type.
    """
    default = _float_dtype(dtype)

    def initializer(shape, dtype=default):
        _float_dtype(dtype)
        return random_ops.truncated_normal(shape, mean, stddev, dtype, seed=seed)

    return initializer


def uniform_unit_scaling_initializer(
    factor=1.0, seed=None, dtype=dtypes.float32, full_shape=None
):
    """An initializer that keeps the scale of what a layer computes.

    Numbers are uniform in [-a, a) with `a = factor * sqrt(3 / n)`, where n is the
    number of inputs of a unit: the product of all dimensions but the last. A sum of n
    products with inputs of variance 1 then has variance `factor ** 2`.

    Args:
        factor: for the nonlinearity that follows, for example 1.43 for relu.
        seed: seed of the operation, see `tf.set_random_seed`.
        dtype: default element type.
        full_shape: shape of the whole matrix when the variable is a part of it.

    Returns:
        A function `(shape, dtype=dtype)` that returns a tensor.

    Raises:
        ValueError: when `dtype` is not a floating point type.

    Source: Sussillo and Abbott, "Random Walk Initialization for Training Very Deep
    Feedforward Networks", 2014 (https://arxiv.org/abs/1412.6558).
    """
    default = _float_dtype(dtype)

    def initializer(shape, dtype=default):
        _float_dtype(dtype)
        inputs = math.prod(float(size) for size in list(full_shape or shape)[:-1])
        # A variable without elements has no inputs.
        limit = math.sqrt(3 / max(inputs, 1.0)) * factor
        return random_ops.random_uniform(shape, -limit, limit, dtype, seed=seed)

    return initializer
