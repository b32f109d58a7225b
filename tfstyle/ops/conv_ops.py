"""Convolutions of images and volumes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import common_shapes, ops, tensor_shape
from tfstyle.framework.constant_value import constant_value, constant_value_as_shape
from tfstyle.framework.op_def import Array, Static, op
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops import array_ops
from tfstyle.ops.shape_rules import (
    equal_sizes,
    of_rank,
    shape_text,
    window_count,
)
from tfstyle.ops.windows import views

__all__ = [
    "atrous_conv2d",
    "conv1d",
    "conv2d",
    "conv2d_backprop_filter",
    "conv2d_backprop_input",
    "conv2d_transpose",
    "conv3d",
    "conv3d_backprop_filter",
    "conv3d_backprop_input",
    "depthwise_conv2d",
    "depthwise_conv2d_native",
    "depthwise_conv2d_native_backprop_filter",
    "depthwise_conv2d_native_backprop_input",
    "separable_conv2d",
]

_LAYOUTS = {
    "NHWC": ("NHWC", "HWIO", "NHWC"),
    "NCHW": ("NCHW", "HWIO", "NCHW"),
    "NDHWC": ("NDHWC", "DHWIO", "NDHWC"),
}

# Up to this size of a window, a depthwise convolution is a sum of products of views.
# XLA's grouped convolution is slow on the CPU (3 x 3, 32 channels: 17 times as slow,
# its gradient 50 times).
_MOST_VIEWS = 64


# -- what all of them share -----------------------------------------------------


def _spatial_axes(layout: str) -> list[int]:
    return [i for i, letter in enumerate(layout) if letter not in "NC"]


def _check(x: Any, kernel: Any, strides: Sequence[int], layout: str) -> None:
    """What TensorFlow's kernels check before they convolve."""
    rank = len(layout)
    for what, array in (("input", x), ("filter", kernel)):
        if array.ndim != rank:
            raise ValueError(
                f"{what} must be {rank}-dimensional{shape_text(array.shape)}"
            )
    channels = x.shape[layout.index("C")]
    if channels != kernel.shape[-2]:
        raise ValueError(
            f"input and filter must have the same depth: {channels} vs "
            f"{kernel.shape[-2]}"
        )
    if len(strides) != rank:
        raise ValueError(f"Sliding window strides field must specify {rank} dimensions")
    if strides[0] != 1 or strides[layout.index("C")] != 1:
        raise ValueError(
            "Current implementation does not yet support strides in the batch and "
            "depth dimensions."
        )


def _convolve(
    x: Any, kernel: Any, strides: Sequence[int], padding: str, layout: str = "NHWC"
) -> jax.Array:
    _check(x, kernel, strides, layout)
    return jax.lax.conv_general_dilated(
        jnp.asarray(x),
        jnp.asarray(kernel),
        [strides[axis] for axis in _spatial_axes(layout)],
        padding,
        dimension_numbers=_LAYOUTS[layout],
    )


def _convolve_depthwise(
    x: Any, kernel: Any, strides: Sequence[int], padding: str
) -> jax.Array:
    _check(x, kernel, strides, "NHWC")
    height, width, channels, multiplier = kernel.shape
    if height * width <= _MOST_VIEWS:
        total: Any = 0
        zero = np.zeros((), x.dtype)
        for row, column, view in views(
            x, (height, width), strides[1:3], (1, 1), padding, zero
        ):
            total += view[..., None] * kernel[row, column]
        return total.reshape(*total.shape[:3], channels * multiplier)
    return jax.lax.conv_general_dilated(
        jnp.asarray(x),
        jnp.reshape(kernel, (height, width, 1, channels * multiplier)),
        strides[1:3],
        padding,
        dimension_numbers=_LAYOUTS["NHWC"],
        feature_group_count=channels,
    )


def _transposed(function: Any, shape: Sequence[int], out_backprop: Any) -> jax.Array:
    """The transpose of the linear `function` of an array of `shape`.

    Raises:
        ValueError: when `out_backprop` has not the shape of what `function` returns.
    """
    like = jax.ShapeDtypeStruct(tuple(int(n) for n in shape), out_backprop.dtype)
    expected = jax.eval_shape(function, like).shape
    if len(expected) != out_backprop.ndim:
        raise ValueError(f"out_backprop must be {len(expected)}-dimensional")
    for actual, computed in zip(out_backprop.shape, expected, strict=True):
        if actual != computed:
            raise ValueError(
                "Size of out_backprop doesn't match computed: actual = "
                f"{actual}, computed = {computed}"
            )
    (result,) = jax.linear_transpose(function, like)(jnp.asarray(out_backprop))
    return result


def _convolution_shape(op, layout, depthwise=False):
    rank = len(layout)
    strides, padding = op._attrs["strides"], op._attrs["padding"]
    sizes, kernel = of_rank(op._inputs[0], rank), of_rank(op._inputs[1], rank)
    if len(strides) != rank:
        raise ValueError(
            f"{op.type} requires the stride attribute to contain {rank} values, but "
            f"got: {len(strides)}"
        )
    channel = layout.index("C")
    channels = equal_sizes(sizes[channel], kernel[-2])
    dims: list[int | None] = list(sizes)
    for axis, window in zip(_spatial_axes(layout), kernel, strict=False):
        dims[axis] = window_count(sizes[axis], window, strides[axis], padding)
    dims[channel] = kernel[-1]
    if depthwise:
        known = channels is not None and kernel[-1] is not None
        dims[channel] = channels * kernel[-1] if known else None
    return [TensorShape(dims)]


def _conv2d_shape(op):
    return _convolution_shape(op, op._attrs["data_format"])


def _depthwise_shape(op):
    return _convolution_shape(op, "NHWC", depthwise=True)


def _conv3d_shape(op):
    return _convolution_shape(op, "NDHWC")


def _value_or_unknown(tensor, rank):
    value = constant_value(tensor)
    return [tensor_shape.unknown_shape(rank) if value is None else TensorShape(value)]


def _sizes_of_input(op):
    return _value_or_unknown(op._inputs[0], len(op._attrs["strides"]))


def _sizes_of_filter(op):
    return _value_or_unknown(op._inputs[1], len(op._attrs["strides"]))


# -- two dimensions -------------------------------------------------------------


@op("Conv2D", shape=_conv2d_shape)
def conv2d(
    input: Array,
    filter: Array,
    strides,
    padding,
    use_cudnn_on_gpu=None,
    data_format=None,
):
    """The convolution of images with a filter (strictly, the cross-correlation).

    `output[b, y, x, k] = sum over i, j, c of input[b, strides[1] * y + i,
    strides[2] * x + j, c] * filter[i, j, c, k]`.

    Args:
        input: a Tensor [batch, height, width, channels]; float16, float32 or float64.
        filter: a Tensor [filter_height, filter_width, channels, out_channels] of the
            same type.
        strides: step of the window along each of the four dimensions of `input`; 1 for
            batch and channels.
        padding: `"VALID"`: windows lie within `input`; `"SAME"`: one begins at every
            step, and `input` continues with zeros, evenly on both sides, the odd one
            at the end.
        use_cudnn_on_gpu: taken for compatibility: XLA chooses the algorithm.
        data_format: `"NHWC"` (default), or `"NCHW"` for [batch, channels, height,
            width]; the order of `strides` too.
        name: name of the operation.

    Returns:
        A Tensor of the type of `input`.

    Raises:
        ValueError: when ranks, channels or strides do not fit, or a window of
            `"VALID"` is larger than the image.
    """
    return _convolve(input, filter, strides, padding, data_format)


@op("Conv2DBackpropInput", shape=_sizes_of_input)
def conv2d_backprop_input(
    input_sizes: Static,
    filter: Array,
    out_backprop: Array,
    strides,
    padding,
    use_cudnn_on_gpu=None,
    data_format=None,
):
    """The gradient of `conv2d` with respect to `input`.

    Args:
        input_sizes: shape of `input`, int32 [4].
        filter: the filter given to `conv2d`.
        out_backprop: the gradient with respect to what `conv2d` returned.
        strides: as given to `conv2d`.
        padding: as given to `conv2d`.
        use_cudnn_on_gpu: taken for compatibility.
        data_format: as given to `conv2d`.
        name: name of the operation.

    Returns:
        A Tensor of the type of `filter` and of shape `input_sizes`.

    Raises:
        ValueError: when the shapes do not fit.
    """
    return _transposed(
        lambda x: _convolve(x, filter, strides, padding, data_format),
        input_sizes,
        out_backprop,
    )


@op("Conv2DBackpropFilter", shape=_sizes_of_filter)
def conv2d_backprop_filter(
    input: Array,
    filter_sizes: Static,
    out_backprop: Array,
    strides,
    padding,
    use_cudnn_on_gpu=None,
    data_format=None,
):
    """The gradient of `conv2d` with respect to `filter`.

    Args:
        input: the images given to `conv2d`.
        filter_sizes: shape of `filter`, int32 [4].
        out_backprop: the gradient with respect to what `conv2d` returned.
        strides: as given to `conv2d`.
        padding: as given to `conv2d`.
        use_cudnn_on_gpu: taken for compatibility.
        data_format: as given to `conv2d`.
        name: name of the operation.

    Returns:
        A Tensor of the type of `input` and of shape `filter_sizes`.

    Raises:
        ValueError: when the shapes do not fit.
    """
    return _transposed(
        lambda kernel: _convolve(input, kernel, strides, padding, data_format),
        filter_sizes,
        out_backprop,
    )


def conv2d_transpose(value, filter, output_shape, strides, padding="SAME", name=None):
    """The transpose of `conv2d`, which some call deconvolution.

    Args:
        value: a Tensor [batch, height, width, in_channels]; float16, float32 or
            float64.
        filter: a Tensor [filter_height, filter_width, out_channels, in_channels] of the
            same type.
        output_shape: shape of the result, int32 [4].
        strides: step of the window along each of the four dimensions of the result.
        padding: `"SAME"` or `"VALID"`, as for the `conv2d` that is transposed.
        name: name of the operation.

    Returns:
        A Tensor of the type of `value` and of shape `output_shape`.

    Raises:
        ValueError: when shapes or padding do not fit.
    """
    with ops.op_scope([value, filter, output_shape], name, "conv2d_transpose") as name:
        value = ops.convert_to_tensor(value, name="value")
        filter = ops.convert_to_tensor(filter, name="filter")
        channels, kernel = of_rank(value, 4)[3], of_rank(filter, 4)
        if None not in (channels, kernel[3]) and channels != kernel[3]:
            raise ValueError(
                "input channels does not match filter's input channels, "
                f"{channels} != {kernel[3]}"
            )
        shape = ops.convert_to_tensor(output_shape, name="output_shape")
        if not shape.get_shape().is_compatible_with(tensor_shape.vector(4)):
            raise ValueError(
                f"output_shape must have shape (4,), got {shape.get_shape()}"
            )
        wanted = constant_value_as_shape(shape).as_list()[3]
        if None not in (wanted, kernel[2]) and wanted != kernel[2]:
            raise ValueError(
                "output_shape does not match filter's output channels, "
                f"{wanted} != {kernel[2]}"
            )
        if padding not in ("VALID", "SAME"):
            raise ValueError(f"padding must be either VALID or SAME: {padding}")
        return conv2d_backprop_input(shape, filter, value, strides, padding, name=name)


def conv1d(
    value,
    filters,
    stride,
    padding,
    use_cudnn_on_gpu=None,
    data_format=None,
    name=None,
):
    """The convolution of sequences with a filter.

    Args:
        value: a Tensor [batch, length, channels] of a floating point type.
        filters: a Tensor [filter_length, channels, out_channels] of the same type.
        stride: step of the window, an integer.
        padding: `"SAME"` or `"VALID"`, as for `conv2d`.
        use_cudnn_on_gpu: taken for compatibility.
        data_format: None or `"NHWC"`.
        name: name of the operation.

    Returns:
        A Tensor [batch, out_length, out_channels] of the type of `value`.

    Raises:
        ValueError: when the shapes do not fit.
    """
    with ops.op_scope([value, filters], name, "conv1d"):
        value = array_ops.expand_dims(value, 1)
        filters = array_ops.expand_dims(filters, 0)
        result = conv2d(
            value,
            filters,
            [1, 1, stride, 1],
            padding,
            use_cudnn_on_gpu=use_cudnn_on_gpu,
            data_format=data_format,
        )
        return array_ops.squeeze(result, [1])


# -- depthwise and separable ----------------------------------------------------


@op("DepthwiseConv2dNative", shape=_depthwise_shape)
def depthwise_conv2d_native(input: Array, filter: Array, strides, padding):
    """The convolution of each channel with filters of its own.

    Args:
        input: a Tensor [batch, height, width, channels]; float32 or float64.
        filter: a Tensor [filter_height, filter_width, channels, multiplier] of the same
            type.
        strides: step of the window along each of the four dimensions of `input`; 1 for
            batch and channels.
        padding: `"SAME"` or `"VALID"`, as for `conv2d`.
        name: name of the operation.

    Returns:
        A Tensor [batch, out_height, out_width, channels * multiplier]; what comes of
        channel c begins at `c * multiplier`.

    Raises:
        ValueError: when the shapes do not fit.
    """
    return _convolve_depthwise(input, filter, strides, padding)


@op("DepthwiseConv2dNativeBackpropInput", shape=_sizes_of_input)
def depthwise_conv2d_native_backprop_input(
    input_sizes: Static, filter: Array, out_backprop: Array, strides, padding
):
    """The gradient of `depthwise_conv2d_native` with respect to `input`.

    Args:
        input_sizes: shape of `input`, int32 [4].
        filter: the filter given to `depthwise_conv2d_native`.
        out_backprop: the gradient with respect to what it returned.
        strides: as given to it.
        padding: as given to it.
        name: name of the operation.

    Returns:
        A Tensor of the type of `filter` and of shape `input_sizes`.
    """
    return _transposed(
        lambda x: _convolve_depthwise(x, filter, strides, padding),
        input_sizes,
        out_backprop,
    )


@op("DepthwiseConv2dNativeBackpropFilter", shape=_sizes_of_filter)
def depthwise_conv2d_native_backprop_filter(
    input: Array, filter_sizes: Static, out_backprop: Array, strides, padding
):
    """The gradient of `depthwise_conv2d_native` with respect to `filter`.

    Args:
        input: the images given to `depthwise_conv2d_native`.
        filter_sizes: shape of `filter`, int32 [4].
        out_backprop: the gradient with respect to what it returned.
        strides: as given to it.
        padding: as given to it.
        name: name of the operation.

    Returns:
        A Tensor of the type of `input` and of shape `filter_sizes`.
    """
    return _transposed(
        lambda kernel: _convolve_depthwise(input, kernel, strides, padding),
        filter_sizes,
        out_backprop,
    )


def depthwise_conv2d(input, filter, strides, padding, name=None):
    """The convolution of each channel with filters of its own.

    Args:
        input: a Tensor [batch, height, width, channels]; float32 or float64.
        filter: a Tensor [filter_height, filter_width, channels, multiplier] of the same
            type.
        strides: step of the window along each of the four dimensions of `input`; 1 for
            batch and channels.
        padding: `"SAME"` or `"VALID"`, as for `conv2d`.
        name: name of the operation.

    Returns:
        A Tensor [batch, out_height, out_width, channels * multiplier]; what comes of
        channel c begins at `c * multiplier`.

    Raises:
        ValueError: when the shapes do not fit.
    """
    with ops.op_scope([input, filter], name, "depthwise") as name:
        input = ops.convert_to_tensor(input, name="tensor_in")
        filter = ops.convert_to_tensor(filter, name="filter_in")
        return depthwise_conv2d_native(input, filter, strides, padding, name=name)


def separable_conv2d(
    input, depthwise_filter, pointwise_filter, strides, padding, name=None
):
    """A convolution of each channel, then one that mixes the channels of each pixel.

    Args:
        input: a Tensor [batch, height, width, channels]; float32 or float64.
        depthwise_filter: a Tensor [filter_height, filter_width, channels, multiplier].
        pointwise_filter: a Tensor [1, 1, channels * multiplier, out_channels].
        strides: steps of the depthwise convolution, as for `depthwise_conv2d`.
        padding: `"SAME"` or `"VALID"`, as for `conv2d`.
        name: name of the operation.

    Returns:
        A Tensor [batch, out_height, out_width, out_channels].

    Raises:
        ValueError: when the shapes do not fit, or `channels * multiplier` is more than
            `out_channels`: such filters have more numbers than one that does both.
    """
    with ops.op_scope(
        [input, depthwise_filter, pointwise_filter], name, "separable_conv2d"
    ) as name:
        input = ops.convert_to_tensor(input, name="tensor_in")
        depthwise_filter = ops.convert_to_tensor(
            depthwise_filter, name="depthwise_filter"
        )
        pointwise_filter = ops.convert_to_tensor(
            pointwise_filter, name="pointwise_filter"
        )
        pointwise = TensorShape(of_rank(pointwise_filter, 4))
        pointwise[0].assert_is_compatible_with(1)
        pointwise[1].assert_is_compatible_with(1)
        channels, multiplier = of_rank(depthwise_filter, 4)[2:]
        outputs = pointwise[3].value
        if (
            None not in (channels, multiplier, outputs)
            and multiplier * channels > outputs
        ):
            raise ValueError(
                "Refusing to perform an overparameterized separable convolution: "
                f"channel_multiplier * in_channels = {multiplier} * {channels} = "
                f"{multiplier * channels} > {outputs} = out_channels"
            )
        depthwise = depthwise_conv2d_native(
            input, depthwise_filter, strides, padding, name="depthwise"
        )
        return conv2d(
            depthwise, pointwise_filter, [1, 1, 1, 1], padding="VALID", name=name
        )


# -- with holes -----------------------------------------------------------------


def _atrous_paddings(value, filters, rate, padding):
    """What is padded around, and what of it the filled-up blocks crop again."""
    sizes: Any = of_rank(value, 4)[1:3]
    kernel: Any = of_rank(filters, 4)[:2]
    stack: Any
    if None in sizes or None in kernel:
        stack, sizes = array_ops.pack, array_ops.shape(value)[1:3]
        kernel = array_ops.shape(filters)[0:2]
    else:
        stack, sizes = np.stack, np.array(sizes, np.int32)
        kernel = np.array(kernel, np.int32)
    around = (kernel - 1) * rate if padding == "SAME" else kernel * 0
    before = around // 2
    # With a remainder of 0 the second `%` leaves nothing to fill up.
    extra = (rate - (sizes + around) % rate) % rate
    paddings = stack([before, around - before + extra])
    crops = stack([extra * 0, extra])
    if isinstance(paddings, np.ndarray):
        return paddings.T, crops.T
    return array_ops.transpose(paddings), array_ops.transpose(crops)


def atrous_conv2d(value, filters, rate, padding, name=None):
    """The convolution of images with a filter whose elements lie `rate` pixels apart.

    Args:
        value: a Tensor [batch, height, width, channels] of a floating point type.
        filters: a Tensor [filter_height, filter_width, channels, out_channels] of the
            same type. It acts like one in which `rate - 1` zeros lie between
            neighbours.
        rate: a positive integer; 1 is `conv2d`.
        padding: `"SAME"` or `"VALID"`, as for `conv2d` with the filter with holes.
        name: name of the operation.

    Returns:
        A Tensor [batch, out_height, out_width, out_channels] of the type of `value`.

    Raises:
        ValueError: when the shapes do not fit, or `rate` or `padding` is not one.
    """
    with ops.op_scope([value, filters], name, "atrous_conv2d") as name:
        value = ops.convert_to_tensor(value, name="value")
        filters = ops.convert_to_tensor(filters, name="filters")
        channels, kernel = of_rank(value, 4)[3], of_rank(filters, 4)
        if None not in (channels, kernel[2]) and channels != kernel[2]:
            raise ValueError(
                "value's input channels does not match filters' input channels, "
                f"{channels} != {kernel[2]}"
            )
        if rate < 1:
            raise ValueError(f"rate {rate} cannot be less than one")
        if padding not in ("SAME", "VALID"):
            raise ValueError("Invalid padding")
        if rate == 1:
            return conv2d(value, filters, [1, 1, 1, 1], padding, name=name)
        # Pixels `rate` apart become images of their own, on which the filter is dense.
        paddings, crops = _atrous_paddings(value, filters, rate, padding)
        blocks = array_ops.space_to_batch(value, paddings, block_size=rate)
        blocks = conv2d(blocks, filters, [1, 1, 1, 1], "VALID")
        result = array_ops.batch_to_space(blocks, crops, block_size=rate, name=name)
        batch, height, width, _ = of_rank(value, 4)
        if padding == "VALID":
            height = width = None
        result.set_shape([batch, height, width, kernel[3]])
        return result


# -- three dimensions -----------------------------------------------------------


@op("Conv3D", shape=_conv3d_shape)
def conv3d(input: Array, filter: Array, strides, padding):
    """The convolution of volumes with a filter (strictly, the cross-correlation).

    Args:
        input: a Tensor [batch, depth, height, width, channels].
        filter: a Tensor [filter_depth, filter_height, filter_width, channels,
            out_channels] of the same type.
        strides: step of the window along each of the five dimensions of `input`; 1 for
            batch and channels.
        padding: `"SAME"` or `"VALID"`, as for `conv2d`.
        name: name of the operation.

    Returns:
        A Tensor [batch, out_depth, out_height, out_width, out_channels].

    Raises:
        ValueError: when the shapes do not fit.
    """
    return _convolve(input, filter, strides, padding, "NDHWC")


def _conv3d_input_gradient(sizes, kernel, out_backprop, strides, padding):
    return _transposed(
        lambda x: _convolve(x, kernel, strides, padding, "NDHWC"), sizes, out_backprop
    )


def _conv3d_filter_gradient(x, sizes, out_backprop, strides, padding):
    return _transposed(
        lambda kernel: _convolve(x, kernel, strides, padding, "NDHWC"),
        sizes,
        out_backprop,
    )


@op("Conv3DBackpropInput", shape=common_shapes.first_input)
def conv3d_backprop_input(
    input: Array, filter: Array, out_backprop: Array, strides, padding
):
    """The gradient of `conv3d` with respect to `input`.

    Args:
        input: the volumes given to `conv3d`; only their shape matters.
        filter: the filter given to `conv3d`.
        out_backprop: the gradient with respect to what `conv3d` returned.
        strides: as given to `conv3d`.
        padding: as given to `conv3d`.
        name: name of the operation.

    Returns:
        A Tensor of the type and shape of `input`.
    """
    return _conv3d_input_gradient(input.shape, filter, out_backprop, strides, padding)


def _second_input(op):
    return [op._inputs[1].get_shape()]


@op("Conv3DBackpropFilter", shape=_second_input)
def conv3d_backprop_filter(
    input: Array, filter: Array, out_backprop: Array, strides, padding
):
    """The gradient of `conv3d` with respect to `filter`.

    Args:
        input: the volumes given to `conv3d`.
        filter: the filter given to `conv3d`; only its shape matters.
        out_backprop: the gradient with respect to what `conv3d` returned.
        strides: as given to `conv3d`.
        padding: as given to `conv3d`.
        name: name of the operation.

    Returns:
        A Tensor of the type and shape of `filter`.
    """
    return _conv3d_filter_gradient(input, filter.shape, out_backprop, strides, padding)


@op("Conv3DBackpropInputV2", shape=_sizes_of_input)
def _conv3d_backprop_input_v2(
    input_sizes: Static, filter: Array, out_backprop: Array, strides, padding
):
    """`conv3d_backprop_input` from the shape, as graphs of TensorFlow 0.12 have it."""
    return _conv3d_input_gradient(input_sizes, filter, out_backprop, strides, padding)


@op("Conv3DBackpropFilterV2", shape=_sizes_of_filter)
def _conv3d_backprop_filter_v2(
    input: Array, filter_sizes: Static, out_backprop: Array, strides, padding
):
    """`conv3d_backprop_filter` from the shape, as graphs of TensorFlow 0.12 have it."""
    return _conv3d_filter_gradient(input, filter_sizes, out_backprop, strides, padding)
