"""Compares the gradients of graphs with differences of their values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfstyle.framework import dtypes, ops
from tfstyle.framework.defaults import get_default_session
from tfstyle.ops import array_ops, constant_op
from tfstyle.ops.gradients import gradients

__all__ = ["compute_gradient", "compute_gradient_error"]

_TYPES = (
    dtypes.float16,
    dtypes.float32,
    dtypes.float64,
    dtypes.complex64,
    dtypes.complex128,
)


def compute_gradient(
    x: Any,
    x_shape: Any,
    y: ops.Tensor,
    y_shape: Sequence[int],
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
) -> Any:
    """The Jacobian of `y` with respect to `x`, from its gradient and from values.

    Runs in the default session. Complex tensors count as twice as many real numbers,
    real and imaginary part of each element one after the other.

    Args:
      x: A tensor of a floating or complex dtype, or a list of such.
      x_shape: The shape of `x`; for a list, the list of shapes.
      y: A tensor of a floating or complex dtype.
      y_shape: The shape of `y`.
      x_init_value: Array of shape `x_shape`: where to compute; for a list, a list.
        By default drawn between 0 and 1.
      delta: By how much elements of `x` are moved to both sides.
      init_targets: Operations to run first.

    Returns:
      Two arrays [size of x, size of y] of the dtype of `x`, or of the reals in it:
      from the gradient, and from differences. For a list, a list of such pairs.
    """
    xs, shapes, values = [x], [x_shape], [x_init_value]
    if isinstance(x, list):
        xs, shapes = x, x_shape
        values = x_init_value if x_init_value is not None else [None] * len(xs)
    targets = [_gradient(tensor, y, y_shape) for tensor in xs]
    if init_targets is not None:
        assert isinstance(init_targets, list | tuple)
        for target in init_targets:
            target.run()
    pairs = []
    for tensor, shape, value, (dx, dy) in zip(xs, shapes, values, targets, strict=True):
        data = _starting_point(tensor, shape, value)
        from_gradient = _theoretical_jacobian(tensor, data, dx, dy, y_shape)
        pairs.append(
            (from_gradient, _numeric_jacobian(tensor, data, y, y_shape, delta))
        )
    return pairs if isinstance(x, list) else pairs[0]


def compute_gradient_error(
    x: Any,
    x_shape: Any,
    y: ops.Tensor,
    y_shape: Sequence[int],
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
) -> float:
    """The largest difference between the two Jacobians of `compute_gradient`.

    Args:
      x: As for `compute_gradient`, like all that follows.
      x_shape: The shape, or shapes.
      y: A tensor.
      y_shape: Its shape.
      x_init_value: Where to compute.
      delta: By how much elements of `x` are moved.
      init_targets: Operations to run first.

    Returns:
      The largest absolute difference of two elements; 0 where there are none.
    """
    pairs = compute_gradient(x, x_shape, y, y_shape, x_init_value, delta, init_targets)
    error = 0.0
    for theoretical, numeric in pairs if isinstance(x, list) else [pairs]:
        if theoretical.size:
            error = max(error, float(np.abs(theoretical - numeric).max()))
    return error


def _gradient(x: Any, y: Any, y_shape: Sequence[int]) -> tuple[Any, ops.Tensor]:
    """The gradient of `y` for `x`, and the tensor by which it is multiplied."""
    for name, tensor in (("x", x), ("y", y)):
        dtype = dtypes.as_dtype(tensor.dtype).base_dtype
        assert dtype in _TYPES, f"Don't support type {dtype.name} for {name}"
    with x.graph.as_default():
        ones = np.ones(tuple(y_shape), y.dtype.base_dtype.as_numpy_dtype)
        dy = constant_op.constant(ones)
        # What is fed cannot be fetched: `dx` must be another tensor than `dy`.
        (dx,) = gradients(y, x, array_ops.identity(dy))
    assert dx is not None, f"{y.name} does not depend on {x.name}"
    return dx, dy


def _starting_point(x: Any, shape: Sequence[int], value: Any) -> np.ndarray:
    dtype = x.dtype.base_dtype.as_numpy_dtype
    if value is None:
        return np.asarray(np.random.random_sample(tuple(shape))).astype(dtype)
    value = np.asarray(value)
    assert list(shape) == list(value.shape), (
        f"x_shape = {shape}, init_data shape = {list(value.shape)}"
    )
    return value.astype(dtype)


def _reals(array: Any) -> np.ndarray:
    """`array` as a vector of real numbers, without a copy where possible."""
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.view(flat.real.dtype)


def _theoretical_jacobian(
    x: Any, data: np.ndarray, dx: Any, dy: ops.Tensor, y_shape: Sequence[int]
) -> np.ndarray:
    session = get_default_session()
    seed = np.zeros(tuple(y_shape), dy.dtype.as_numpy_dtype)
    seeds = _reals(seed)
    jacobian = np.zeros((_reals(data).size, seeds.size), _reals(data).dtype)
    for column in range(seeds.size):
        seeds[column] = 1
        dense = session.run(
            dx, {x: data, dy: seeds.view(seed.dtype).reshape(seed.shape)}
        )
        if isinstance(dx, ops.IndexedSlices):
            slices, dense = dense, np.zeros_like(data)
            np.add.at(dense, slices.indices, slices.values)
        jacobian[:, column] = _reals(dense)
        seeds[column] = 0
    if not seeds.size:
        nothing = session.run(dx, {x: data, dy: seed})
        if nothing.shape != data.shape:
            raise ValueError(
                f"Empty gradient has wrong shape: expected {data.shape}, "
                f"got {nothing.shape}"
            )
        if np.any(nothing):
            raise ValueError("Empty tensor with nonzero gradients")
    return jacobian


def _numeric_jacobian(
    x: Any, data: np.ndarray, y: Any, y_shape: Sequence[int], delta: float
) -> np.ndarray:
    session = get_default_session()
    of_complex = 2 if y.dtype.is_complex else 1
    size = math.prod(y_shape) * of_complex
    jacobian = np.zeros((_reals(data).size, size), _reals(data).dtype)
    for row in range(len(jacobian)):
        values = []
        for step in (delta, -delta):
            moved = data.copy()
            _reals(moved)[row] += step
            values.append(_reals(session.run(y, {x: moved})))
        difference = values[0] - values[1]
        jacobian[row] = difference / difference.dtype.type(2 * delta)
    return jacobian
