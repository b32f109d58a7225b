"""Grayscale dilation and erosion: convolutions in which sums become maxima."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import common_shapes, ops
from tfstyle.framework.op_def import Array, op
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops import array_ops, math_ops
from tfstyle.ops.shape_rules import equal_sizes, of_rank, window_count
from tfstyle.ops.windows import views

__all__ = [
    "dilation2d",
    "dilation2d_backprop_filter",
    "dilation2d_backprop_input",
    "erosion2d",
]


def _reach(size, rate):
    return None if size is None else size + (size - 1) * (rate - 1)


def _dilation_shape(op):
    strides, rates = op._attrs["strides"], op._attrs["rates"]
    batch, height, width, channels = of_rank(op._inputs[0], 4)
    rows, columns, depth = of_rank(op._inputs[1], 3)
    depth = equal_sizes(channels, depth)
    counts = []
    for i, (size, window) in enumerate(((height, rows), (width, columns)), 1):
        reach = _reach(window, rates[i])
        try:
            count = window_count(size, reach, strides[i], op._attrs["padding"])
        except ValueError as error:
            if None in (size, reach) or reach <= size:
                raise
            raise ValueError("computed output size would be negative") from error
        counts.append(count)
    return [TensorShape([batch, *counts, depth])]


def _check(x, kernel, strides, rates):
    if x.ndim != 4 or kernel.ndim != 3:
        raise ValueError("input must be 4-dimensional and filter 3-dimensional")
    if x.shape[3] != kernel.shape[2]:
        raise ValueError(
            "input and filter must have the same depth: "
            f"{x.shape[3]} vs {kernel.shape[2]}"
        )
    for what, steps in (("Stride", strides), ("Rate", rates)):
        if steps[0] != 1 or steps[3] != 1:
            raise ValueError(
                f"{what} is not supported on the batch and depth dimensions."
            )


def _dilate(x, kernel, strides, rates, padding):
    """The maxima; of equal ones the first, in row-major order, gets the gradient."""
    _check(x, kernel, strides, rates)
    integer = jnp.issubdtype(x.dtype, jnp.integer)
    lowest = np.array(np.iinfo(x.dtype).min if integer else -np.inf, x.dtype)
    best = None
    for row, column, view in views(
        x, kernel.shape[:2], strides[1:3], rates[1:3], padding, lowest
    ):
        # What lies outside must not win by overflow of an integer type.
        value = jnp.where(view == lowest, view, view + kernel[row, column])
        best = value if best is None else jnp.where(best >= value, best, value)
    return best


@op("Dilation2D", shape=_dilation_shape)
def dilation2d(input: Array, filter: Array, strides, rates, padding):
    """The grayscale dilation of images by a structuring function.

    `output[b, y, x, c]` is the maximum over i, j of `input[b, strides[1] * y + rates[1]
    * i, strides[2] * x + rates[2] * j, c] + filter[i, j, c]`.

    Args:
        input: a Tensor [batch, height, width, channels] of a real type.
        filter: a Tensor [filter_height, filter_width, channels] of the same type.
        strides: step of the window along each of the four dimensions of `input`; 1 for
            batch and channels.
        rates: distance of neighbours in the window, likewise.
        padding: `"VALID"`: windows lie within `input`; `"SAME"`: one begins at every
            step, and what sticks out does not count.
        name: name of the operation.

    Returns:
        A Tensor [batch, out_height, out_width, channels] of the type of `input`.

    Raises:
        ValueError: when the shapes do not fit.
    """
    return _dilate(input, filter, strides, rates, padding)


def _pull_back(x, kernel, out_backprop, strides, rates, padding):
    def function(x, kernel):
        return _dilate(x, kernel, strides, rates, padding)

    return jax.vjp(function, x, kernel)[1](out_backprop)


@op("Dilation2DBackpropInput", shape=common_shapes.first_input)
def dilation2d_backprop_input(
    input: Array, filter: Array, out_backprop: Array, strides, rates, padding
):
    """The gradient of `dilation2d` with respect to `input`.

    Args:
        input: the images given to `dilation2d`.
        filter: the filter given to `dilation2d`.
        out_backprop: the gradient with respect to what `dilation2d` returned.
        strides: as given to `dilation2d`.
        rates: as given to `dilation2d`.
        padding: as given to `dilation2d`.
        name: name of the operation.

    Returns:
        A Tensor of the type and shape of `input`.
    """
    return _pull_back(input, filter, out_backprop, strides, rates, padding)[0]


@op("Dilation2DBackpropFilter", shape=lambda op: [op._inputs[1].get_shape()])
def dilation2d_backprop_filter(
    input: Array, filter: Array, out_backprop: Array, strides, rates, padding
):
    """The gradient of `dilation2d` with respect to `filter`.

    Args:
        input: the images given to `dilation2d`.
        filter: the filter given to `dilation2d`.
        out_backprop: the gradient with respect to what `dilation2d` returned.
        strides: as given to `dilation2d`.
        rates: as given to `dilation2d`.
        padding: as given to `dilation2d`.
        name: name of the operation.

    Returns:
        A Tensor of the type and shape of `filter`.
    """
    return _pull_back(input, filter, out_backprop, strides, rates, padding)[1]


def erosion2d(value, kernel, strides, rates, padding, name=None):
    """The grayscale erosion of images by a structuring function.

    `output[b, y, x, c]` is the minimum over i, j of `value[b, strides[1] * y - rates[1]
    * i, strides[2] * x - rates[2] * j, c] - kernel[i, j, c]`: the dilation of `-value`
    by the reflected `kernel`, negated.

    Args:
        value: a Tensor [batch, height, width, channels] of a real type.
        kernel: a Tensor [kernel_height, kernel_width, channels] of the same type.
        strides: step of the window along each of the four dimensions of `value`; 1 for
            batch and channels.
        rates: distance of neighbours in the window, likewise.
        padding: `"SAME"` or `"VALID"`, as for `dilation2d`.
        name: name of the operation.

    Returns:
        A Tensor [batch, out_height, out_width, channels] of the type of `value`.

    Raises:
        ValueError: when the shapes do not fit.
    """
    with ops.op_scope([value, kernel], name, "erosion2d") as name:
        dilated = dilation2d(
            math_ops.neg(value),
            array_ops.reverse(kernel, [True, True, False]),
            strides,
            rates,
            padding,
        )
        return math_ops.neg(dilated, name=name)
