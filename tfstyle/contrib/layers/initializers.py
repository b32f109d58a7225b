"""Initializers that keep the scale of signals and gradients from layer to layer."""

from __future__ import annotations

import math

from tfstyle.framework import dtypes
from tfstyle.ops import random_ops

__all__ = [
    "variance_scaling_initializer",
    "xavier_initializer",
    "xavier_initializer_conv2d",
]


def xavier_initializer(uniform=True, seed=None, dtype=dtypes.float32):
    """An initializer that keeps the scale of gradients about the same in all layers.

    Uniform numbers in [-a, a) with `a = sqrt(6 / (in + out))`, or truncated normal ones
    with a standard deviation of about `sqrt(2 / (in + out))`.

    Args:
        uniform: whether the distribution is uniform, or else normal.
        seed: seed of the operation, see `tf.set_random_seed`.
        dtype: default element type.

    Returns:
        A function `(shape, dtype=dtype)` that returns a tensor.

    Raises:
        TypeError: when `dtype` is not a floating point type.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep
    feedforward neural networks", 2010.
    """
    return variance_scaling_initializer(
        factor=1.0, mode="FAN_AVG", uniform=uniform, seed=seed, dtype=dtype
    )


xavier_initializer_conv2d = xavier_initializer


def _float_dtype(dtype):
    if not dtypes.as_dtype(dtype).is_floating:
        raise TypeError("Cannot create initializer for non-floating point type.")
    return dtype


def _fans(shape):
    """The number of inputs and of outputs of a unit."""
    shape = [float(size) for size in shape]
    if not shape:
        return 1.0, 1.0
    inputs = shape[-2] if len(shape) > 1 else shape[-1]
    # The pixels of a window count for both.
    window = math.prod(shape[:-2])
    return window * inputs, window * shape[-1]


def variance_scaling_initializer(
    factor=2.0, mode="FAN_IN", uniform=False, seed=None, dtype=dtypes.float32
):
    """An initializer whose variance is in proportion to `factor / n`.

    Uniform numbers in [-a, a) with `a = sqrt(3 * factor / n)`, or truncated normal ones
    with `stddev = sqrt(1.3 * factor / n)`: what is cut off takes variance away, which
    1.3 makes up for.

    Args:
        factor: 2 suits relu (He et al.), 1 and `"FAN_AVG"` are Xavier's.
        mode: what n is: `"FAN_IN"`, the inputs of a unit; `"FAN_OUT"`, its outputs; or
            `"FAN_AVG"`, their mean.
        uniform: whether the distribution is uniform, or else normal.
        seed: seed of the operation, see `tf.set_random_seed`.
        dtype: default element type.

    Returns:
        A function `(shape, dtype=dtype)` that returns a tensor.

    Raises:
        TypeError: when `dtype` is not a floating point type, or `mode` is none.

    Source: He et al., "Delving Deep into Rectifiers", 2015
    (https://arxiv.org/abs/1502.01852).
    """
    default = _float_dtype(dtype)
    if mode not in ("FAN_IN", "FAN_OUT", "FAN_AVG"):
        raise TypeError(f"Unknown mode {mode} [FAN_IN, FAN_OUT, FAN_AVG]")

    def initializer(shape, dtype=default):
        _float_dtype(dtype)
        inputs, outputs = _fans(shape)
        count = {
            "FAN_IN": inputs,
            "FAN_OUT": outputs,
            "FAN_AVG": (inputs + outputs) / 2.0,
        }[mode]
        if uniform:
            limit = math.sqrt(3.0 * factor / count)
            return random_ops.random_uniform(shape, -limit, limit, dtype, seed=seed)
        stddev = math.sqrt(1.3 * factor / count)
        return random_ops.truncated_normal(shape, 0.0, stddev, dtype, seed=seed)

    return initializer
