"""Moving blocks of images between space, depth and batch; patches of images.

Programs import these from `array_ops`, as in TensorFlow.
"""

from __future__ import annotations

import jax.numpy as jnp

from tfstyle.framework import errors
from tfstyle.framework.op_def import Array, Static, op

__all__ = [
    "batch_to_space",
    "depth_to_space",
    "extract_image_patches",
    "space_to_batch",
    "space_to_depth",
]


def _image(value):
    if value.ndim != 4:
        raise ValueError(f"Shape must be rank 4 but is rank {value.ndim}")
    return value.shape


def _divided(size, divisor):
    if size % divisor:
        raise ValueError(
            f"Dimension size must be evenly divisible by {divisor} but is {size}"
        )
    return size // divisor


@op("SpaceToDepth")
def space_to_depth(input: Array, block_size):
    """Turns blocks of pixels into one pixel of more channels.

    Args:
        input: [batch, height, width, depth].
        block_size: Python integer, at least 2, that divides height and width.

    Returns:
        A Tensor [batch, height / block_size, width / block_size,
        depth * block_size ** 2]; within a block row by row.

    Raises:
        ValueError: when the shape does not fit.
    """
    batch, height, width, depth = _image(input)
    rows, columns = _divided(height, block_size), _divided(width, block_size)
    value = input.reshape(batch, rows, block_size, columns, block_size, depth)
    return value.transpose(0, 1, 3, 2, 4, 5).reshape(
        batch, rows, columns, depth * block_size**2
    )


@op("DepthToSpace")
def depth_to_space(input: Array, block_size):
    """Turns channels into blocks of pixels: the reverse of `space_to_depth`.

    Args:
        input: [batch, height, width, depth].
        block_size: Python integer, at least 2; its square divides the depth.

    Returns:
        A Tensor [batch, height * block_size, width * block_size,
        depth / block_size ** 2].

    Raises:
        ValueError: when the shape does not fit.
    """
    batch, height, width, depth = _image(input)
    depth = _divided(depth, block_size**2)
    value = input.reshape(batch, height, width, block_size, block_size, depth)
    return value.transpose(0, 1, 3, 2, 4, 5).reshape(
        batch, height * block_size, width * block_size, depth
    )


def _borders(value, name):
    if value.shape != (2, 2) or (value < 0).any():
        raise ValueError(
            f"{name} must be a [2, 2] matrix of non-negative numbers, got "
            f"{value.tolist()}"
        )
    return value.tolist()


@op("SpaceToBatch")
def space_to_batch(input: Array, paddings: Static, block_size):
    """Spreads the pixels of blocks over the batch, after padding with zeros.

    Args:
        input: [batch, height, width, depth].
        paddings: [2, 2] int32: zeros before and after, for height and width.
        block_size: Python integer, at least 2, that divides the padded sizes.

    Returns:
        A Tensor [batch * block_size ** 2, padded height / block_size,
        padded width / block_size, depth].

    Raises:
        ValueError: when the shape does not fit.
    """
    batch, _, _, depth = _image(input)
    borders = _borders(paddings, "paddings")
    value = jnp.pad(input, [(0, 0), *map(tuple, borders), (0, 0)])
    rows, columns = (_divided(n, block_size) for n in value.shape[1:3])
    value = value.reshape(batch, rows, block_size, columns, block_size, depth)
    return value.transpose(2, 4, 0, 1, 3, 5).reshape(
        batch * block_size**2, rows, columns, depth
    )


@op("BatchToSpace")
def batch_to_space(input: Array, crops: Static, block_size):
    """Gathers pixels from the batch into blocks: the reverse of `space_to_batch`.

    Args:
        input: [batch, height, width, depth].
        crops: [2, 2] int32: how much to cut off before and after, for height and width.
        block_size: Python integer, at least 2; its square divides the batch.

    Returns:
        A Tensor [batch / block_size ** 2, height * block_size - cropped,
        width * block_size - cropped, depth].

    Raises:
        ValueError: when the shape does not fit.
    """
    batch, height, width, depth = _image(input)
    batch = _divided(batch, block_size**2)
    (top, bottom), (left, right) = _borders(crops, "crops")
    sizes = height * block_size, width * block_size
    for size, cropped in zip(sizes, (top + bottom, left + right), strict=True):
        if cropped > size:
            raise ValueError(
                f"Negative dimension size caused by subtracting {cropped} from {size}"
            )
    value = input.reshape(block_size, block_size, batch, height, width, depth)
    value = value.transpose(2, 3, 0, 4, 1, 5).reshape(batch, *sizes, depth)
    return value[:, top : sizes[0] - bottom, left : sizes[1] - right]


def _across_space(name, numbers):
    if len(numbers) != 4 or numbers[0] != 1 or numbers[3] != 1 or min(numbers) < 1:
        raise errors.UnimplementedError(
            None, None, f"Only support {name} across space, got {list(numbers)}."
        )
    return numbers[1:3]


def _window(size, extent, stride, padding):
    """(number of windows, zeros before, zeros after) along one dimension."""
    if padding == "VALID":
        return max(-(-(size - extent + 1) // stride), 0), 0, 0
    count = -(-size // stride)
    missing = max((count - 1) * stride + extent - size, 0)
    return count, missing // 2, missing - missing // 2


@op("ExtractImagePatches")
def extract_image_patches(images: Array, ksizes, strides, rates, padding):
    """The patches of images, each flattened into the last dimension.

    Args:
        images: [batch, height, width, depth] numbers.
        ksizes: [1, rows, columns, 1]: the size of a patch.
        strides: [1, rows, columns, 1]: how far apart patches are.
        rates: [1, rows, columns, 1]: how far apart the pixels of a patch are.
        padding: "VALID": only whole patches; "SAME": zeros around the images.

    Returns:
        A Tensor [batch, patches down, patches across, ksize rows * columns * depth].

    Raises:
        ValueError: when the images are not of rank 4.
        tf.errors.UnimplementedError: when a list is not 1 for batch and depth.
    """
    batch, height, width, depth = _image(images)
    kernel = _across_space("ksizes", ksizes)
    stride = _across_space("strides", strides)
    rate = _across_space("rates", rates)
    extents = [(k - 1) * r + 1 for k, r in zip(kernel, rate, strict=True)]
    down, *vertical = _window(height, extents[0], stride[0], padding)
    across, *horizontal = _window(width, extents[1], stride[1], padding)
    if not down or not across:
        empty = batch, down, across, kernel[0] * kernel[1] * depth
        return jnp.zeros(empty, images.dtype)
    value = jnp.pad(images, [(0, 0), tuple(vertical), tuple(horizontal), (0, 0)])
    patches = [
        value[
            :,
            i * rate[0] : i * rate[0] + (down - 1) * stride[0] + 1 : stride[0],
            j * rate[1] : j * rate[1] + (across - 1) * stride[1] + 1 : stride[1],
        ]
        for i in range(kernel[0])
        for j in range(kernel[1])
    ]
    return jnp.concatenate(patches, -1)
