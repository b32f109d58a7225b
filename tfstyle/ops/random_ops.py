"""Random tensors.

An operation with a seed draws the numbers that TensorFlow draws (see `philox`); one
without any seed draws from a stream that is new in every session.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tfstyle.framework import common_shapes, dtypes, errors, ops, random_seed
from tfstyle.framework.constant_value import constant_value
from tfstyle.framework.op_def import Array, Key, Static, op
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops import array_ops, math_ops, philox
from tfstyle.ops.array_module import array_module
from tfstyle.ops.shape_rules import count_of, of_rank

__all__ = [
    "multinomial",
    "random_crop",
    "random_normal",
    "random_shuffle",
    "random_uniform",
    "truncated_normal",
]


# -- the operations -------------------------------------------------------------


def _sizes(shape):
    for size in shape.tolist():
        if size < 0:
            raise ValueError(f"Dimension {size} must be >= 0")
    return tuple(shape.tolist())


def _shape_of_value(op):
    of_rank(op._inputs[0], 1)
    shape = constant_value(op._inputs[0])
    if shape is None:
        return common_shapes.value_of("shape")(op)
    return [TensorShape(_sizes(shape))]


@op("RandomUniform", gradient=None, shape=_shape_of_value)
def _random_uniform(shape: Static, dtype, key: Key, seed=0, seed2=0):
    """Numbers of `dtype`, uniform in [0, 1)."""
    return philox.uniform(key, _sizes(shape), dtype.as_numpy_dtype)


@op("RandomUniformInt", gradient=None, shape=_shape_of_value)
def _random_uniform_int(
    shape: Static, minval: Array, maxval: Array, key: Key, seed=0, seed2=0
):
    """Integers of the type of `minval`, uniform in [minval, maxval)."""
    known = isinstance(minval, np.ndarray) and isinstance(maxval, np.ndarray)
    if known and minval >= maxval:
        raise errors.InvalidArgumentError(
            None, None, f"Need minval < maxval, got {minval} >= {maxval}"
        )
    return philox.uniform_int(key, _sizes(shape), minval, maxval, minval.dtype)


@op("RandomStandardNormal", gradient=None, shape=_shape_of_value)
def _random_standard_normal(shape: Static, dtype, key: Key, seed=0, seed2=0):
    """Numbers of `dtype`, normal with mean 0 and standard deviation 1."""
    return philox.normal(key, _sizes(shape), dtype.as_numpy_dtype)


@op("TruncatedNormal", gradient=None, shape=_shape_of_value)
def _truncated_normal(shape: Static, dtype, key: Key, seed=0, seed2=0):
    """As `_random_standard_normal`, without the values beyond 2 in either direction."""
    return philox.truncated_normal(key, _sizes(shape), dtype.as_numpy_dtype)


def _shuffle_blocks(result):
    return philox.blocks_used("shuffle", result.shape[0] if result.ndim else 0)


@op(
    "RandomShuffle",
    gradient=None,
    shape=common_shapes.first_input,
    random_blocks=_shuffle_blocks,
)
def _random_shuffle(value: Array, key: Key, seed=0, seed2=0):
    """The rows of `value` in random order."""
    if value.ndim == 0 or value.size == 0:
        return value
    order = philox.shuffle_indices(key, value.shape[0])
    return array_module(value, order).take(value, order, axis=0)


def _multinomial_shape(op):
    batch = of_rank(op._inputs[0], 2)[0]
    return [TensorShape([batch, count_of(op._inputs[1], 1)])]


def _multinomial_blocks(result):
    batch, samples = result.shape
    return philox.blocks_used("multinomial", samples, batch)


@op(
    "Multinomial",
    gradient=None,
    shape=_multinomial_shape,
    random_blocks=_multinomial_blocks,
)
def _multinomial(logits: Array, num_samples: Static, key: Key, seed=0, seed2=0):
    """Indices of classes, drawn with probability softmax(logits)."""
    return philox.multinomial(key, logits, int(num_samples))


# -- the functions --------------------------------------------------------------


def _seeded(make: Any, *args: Any, seed: int | None, name: str | None = None) -> Any:
    """Makes a random operation with the two seeds that follow from `seed`."""
    first, second = random_seed.get_seed(seed)
    tensor = make(*args, seed=first, seed2=second, name=name)
    if seed is not None:
        # Loops give operations without a seed of their own a stream per iteration.
        tensor.op._attrs["_op_seed"] = True
    return tensor


def _shape_tensor(shape: Any) -> Any:
    # An empty list alone would become a float tensor.
    dtype = dtypes.int32 if isinstance(shape, (list, tuple)) and not shape else None
    return ops.convert_to_tensor(shape, dtype, name="shape")


def random_uniform(
    shape, minval=0, maxval=None, dtype=dtypes.float32, seed=None, name=None
):
    """Numbers that are uniform in [minval, maxval).

    Args:
        shape: shape of the result, a 1-D integer tensor or list.
        minval: lower end of the range, a scalar.
        maxval: upper end of the range, a scalar, not itself drawn; default 1 for
            floating point types.
        dtype: float16, float32, float64, int32 or int64.
        seed: an integer, for numbers that are the same in every session.
        name: name of the operation.

    Returns:
        A Tensor of `dtype` and `shape`. Integers are the remainder of a division, as in
        TensorFlow: slightly uneven unless `maxval - minval` is a power of two.

    Raises:
        ValueError: when `maxval` is missing for an integer type.
    """
    dtype = dtypes.as_dtype(dtype)
    if maxval is None:
        if dtype.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {dtype!r}")
        maxval = 1
    with ops.op_scope([shape, minval, maxval], name, "random_uniform") as name:
        shape = _shape_tensor(shape)
        minval = ops.convert_to_tensor(minval, dtype=dtype, name="min")
        maxval = ops.convert_to_tensor(maxval, dtype=dtype, name="max")
        if dtype.is_integer:
            return _seeded(
                _random_uniform_int, shape, minval, maxval, seed=seed, name=name
            )
        uniform = _seeded(_random_uniform, shape, dtype, seed=seed)
        return math_ops.add(uniform * (maxval - minval), minval, name=name)


def random_normal(
    shape, mean=0.0, stddev=1.0, dtype=dtypes.float32, seed=None, name=None
):
    """Numbers that are normally distributed.

    Args:
        shape: shape of the result, a 1-D integer tensor or list.
        mean: mean of the distribution, a number or a tensor of `dtype` that broadcasts.
        stddev: standard deviation, likewise.
        dtype: float16, float32 or float64.
        seed: an integer, for numbers that are the same in every session.
        name: name of the operation.

    Returns:
        A Tensor of `dtype` and `shape`.
    """
    return _normal(
        _random_standard_normal, "random_normal", shape, mean, stddev, dtype, seed, name
    )


def truncated_normal(
    shape, mean=0.0, stddev=1.0, dtype=dtypes.float32, seed=None, name=None
):
    """Normally distributed numbers within two standard deviations of the mean.

    Args:
        shape: shape of the result, a 1-D integer tensor or list.
        mean: mean of the distribution, a number or a tensor of `dtype` that broadcasts.
        stddev: standard deviation before values are left out, likewise.
        dtype: float16, float32 or float64.
        seed: an integer, for numbers that are the same in every session.
        name: name of the operation.

    Returns:
        A Tensor of `dtype` and `shape`; values further out are drawn again.
    """
    return _normal(
        _truncated_normal, "truncated_normal", shape, mean, stddev, dtype, seed, name
    )


def _normal(make, default_name, shape, mean, stddev, dtype, seed, name):
    dtype = dtypes.as_dtype(dtype)
    with ops.op_scope([shape, mean, stddev], name, default_name) as name:
        shape = _shape_tensor(shape)
        mean = ops.convert_to_tensor(mean, dtype=dtype, name="mean")
        stddev = ops.convert_to_tensor(stddev, dtype=dtype, name="stddev")
        scaled = _seeded(make, shape, dtype, seed=seed) * stddev
        return math_ops.add(scaled, mean, name=name)


def random_shuffle(value, seed=None, name=None):
    """`value` with its rows in random order.

    Args:
        value: a Tensor of any type and shape [n, ...].
        seed: an integer, for an order that is the same in every session.
        name: name of the operation.

    Returns:
        A Tensor like `value`. No gradient flows through it.
    """
    return _seeded(_random_shuffle, value, seed=seed, name=name)


def random_crop(value, size, seed=None, name=None):
    """A piece of `value` at a random place.

    Args:
        value: a Tensor of any shape.
        size: shape of the piece, one size for each dimension of `value`.
        seed: an integer, for places that are the same in every session.
        name: name of the operation.

    Returns:
        A Tensor of the type of `value` and of shape `size`.

    Raises:
        ValueError: when the piece is known to be larger than `value`. If that turns out
            only when the graph runs, the error is `InvalidArgumentError`.
    """
    with ops.op_scope([value, size], name, "random_crop") as name:
        value = ops.convert_to_tensor(value, name="value")
        size = ops.convert_to_tensor(size, dtype=dtypes.int32, name="size")
        shape = array_ops.shape(value)
        limit = shape - size + 1
        offset = random_uniform(
            array_ops.shape(shape), dtype=size.dtype, maxval=size.dtype.max, seed=seed
        )
        return array_ops.slice(value, offset % limit, size, name=name)


def multinomial(logits, num_samples, seed=None, name=None):
    """Samples from a multinomial distribution, independently for each row.

    Args:
        logits: unnormalised log probabilities, [batch, classes] of a floating point
            type; classes that are not finite are never drawn.
        num_samples: how many to draw from each row, a scalar integer.
        seed: an integer, for samples that are the same in every session.
        name: name of the operation.

    Returns:
        Indices of classes, an int64 Tensor [batch, num_samples].
    """
    with ops.op_scope([logits], name, "multinomial"):
        logits = ops.convert_to_tensor(logits, name="logits")
        return _seeded(_multinomial, logits, num_samples, seed=seed)
