"""Max and average pooling as pure functions of JAX arrays.

XLA's `reduce_window` is right and slow: the gradient of a max pool costs five to ten
times as much on the CPU as one built from comparisons. So a window is taken apart: it
is reduced along one axis after the other, each time over the strided slices that hold
the first, second, … element of every window. Long windows, for which that would be
many slices, are reduced as blocks, or by `reduce_window` where they overlap.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

__all__ = ["avg_pool", "max_pool"]

# Measured: up to these lengths comparing slices is faster than the alternative, and
# compiles no slower.
_MOST_SLICES_APART = 3
_MOST_SLICES_OVERLAPPING = 8


def max_pool(
    x: Any,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    all_ties: bool = False,
) -> jax.Array:
    """The largest element of every window.

    The gradient goes to the first largest element of the window in row-major order, as
    it does in TensorFlow's `MaxPool`; its `MaxPool3D` gives the whole of it to every
    one of them.

    Args:
        x: [batch, height, width, channels], or an array of any other rank.
        ksize: the size of the window along each axis of `x`.
        strides: the step of the window along each axis of `x`.
        padding: `"VALID"`: windows lie within `x`; `"SAME"`: one window begins at every
            step, and what sticks out does not count.
        all_ties: whether every largest element has the gradient.

    Returns:
        An array of the same rank and dtype.

    Raises:
        ValueError: If a window does not fit.
    """
    x = jnp.asarray(x)
    pair = _larger_all_ties if all_ties else _larger
    block = functools.partial(_block_max, all_ties=all_ties)
    low = -np.inf if jnp.issubdtype(x.dtype, jnp.floating) else jnp.iinfo(x.dtype).min
    fill = np.array(low, x.dtype)
    # The innermost axis first: between equal rows the first row wins, and within it
    # the first element.
    for axis in reversed(range(x.ndim)):
        step = _Step.of(x.shape[axis], ksize[axis], strides[axis], padding, axis)
        x = step.reduce(x, fill, pair, block, None if all_ties else lax.max)
    return x


def avg_pool(
    x: Any, ksize: Sequence[int], strides: Sequence[int], padding: str
) -> jax.Array:
    """The mean of every window.

    With padding `"SAME"`, windows at the border are the mean of those elements that `x`
    has.

    Args:
        x: [batch, height, width, channels], or an array of any other rank.
        ksize: the size of the window along each axis of `x`.
        strides: the step of the window along each axis of `x`.
        padding: `"VALID"` or `"SAME"`, as for `max_pool`.

    Returns:
        An array of the same rank and dtype.

    Raises:
        ValueError: If a window does not fit.
    """
    x = jnp.asarray(x)
    sizes = np.ones([1] * x.ndim, np.int64)
    fill = np.array(0, x.dtype)
    for axis in reversed(range(x.ndim)):
        step = _Step.of(x.shape[axis], ksize[axis], strides[axis], padding, axis)
        x = step.reduce(x, fill, jnp.add, _block_sum, lax.add)
        sizes = sizes * step.real_elements(x.ndim)
    return x / sizes.astype(x.dtype)


def _larger(a: jax.Array, b: jax.Array) -> jax.Array:
    return jnp.where(a >= b, a, b)


@jax.custom_jvp
def _larger_all_ties(a: jax.Array, b: jax.Array) -> jax.Array:
    return jnp.maximum(a, b)


@_larger_all_ties.defjvp
def _larger_all_ties_jvp(primals: Any, tangents: Any) -> Any:
    (a, b), (da, db) = primals, tangents
    return jnp.maximum(a, b), jnp.where(a >= b, da, 0) + jnp.where(b >= a, db, 0)


def _block_sum(x: jax.Array, axis: int) -> jax.Array:
    return jnp.sum(x, axis, dtype=x.dtype)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1, 2))
def _block_max(x: jax.Array, axis: int, all_ties: bool) -> jax.Array:
    return jnp.max(x, axis)


@_block_max.defjvp
def _block_max_jvp(axis: int, all_ties: bool, primals: Any, tangents: Any) -> Any:
    (x,), (tangent,) = primals, tangents
    largest = jnp.max(x, axis, keepdims=True)
    chosen = x == largest
    if not all_ties:
        places = lax.broadcasted_iota(jnp.int32, x.shape, axis)
        candidates = jnp.where(chosen, places, np.int32(x.shape[axis]))
        chosen = places == jnp.min(candidates, axis, keepdims=True)
    moved = jnp.sum(jnp.where(chosen, tangent, 0), axis, dtype=tangent.dtype)
    return jnp.squeeze(largest, axis), moved


class _Step:
    """The windows along one axis.

    Attributes:
        axis: the axis.
        window: the number of elements of a window.
        stride: the distance between the beginnings of two windows.
        count: the number of windows.
        before, after: how far the first and the last window stick out; `after` is
            negative where elements at the end are in no window.
        size: the length of the axis.
    """

    def __init__(
        self, size: int, window: int, stride: int, count: int, before: int, axis: int
    ) -> None:
        self.size, self.window, self.stride, self.count = size, window, stride, count
        self.before, self.axis = before, axis
        self.after = (count - 1) * stride + window - size - before

    @classmethod
    def of(
        cls, size: int, window: int, stride: int, padding: str, axis: int
    ) -> "_Step":
        if window == stride == 1:
            return cls(size, 1, 1, size, 0, axis)
        if padding == "SAME":
            count = -(-size // stride)
            outside = max((count - 1) * stride + window - size, 0)
            return cls(size, window, stride, count, outside // 2, axis)
        if padding != "VALID":
            raise ValueError(f"`padding` must be 'SAME' or 'VALID', got {padding!r}.")
        if window > size:
            raise ValueError(
                f"`ksize` must not be larger than the input, got a window of {window} "
                f"for axis {axis} of size {size}."
            )
        return cls(size, window, stride, (size - window) // stride + 1, 0, axis)

    def real_elements(self, rank: int) -> np.ndarray:
        """How many elements of the array each window has, along `axis` of `rank`."""
        starts = np.arange(self.count) * self.stride - self.before
        ends = np.minimum(starts + self.window, self.size)
        shape = [1] * rank
        shape[self.axis] = self.count
        return (ends - np.maximum(starts, 0)).reshape(shape)

    def reduce(
        self,
        x: jax.Array,
        fill: np.ndarray,
        combine: Callable[[jax.Array, jax.Array], jax.Array],
        block: Callable[[jax.Array, int], jax.Array],
        primitive: Any,
    ) -> jax.Array:
        """Reduces the windows of `x` along the axis.

        `combine` joins two elements in order, `block` reduces a whole axis, `primitive`
        is what `reduce_window` knows, if it does; `fill` changes nothing.
        """
        if self.window == self.stride == 1:
            return x
        axis, window, count = self.axis, self.window, self.count
        padding = [(0, 0, 0)] * x.ndim
        padding[axis] = (self.before, self.after, 0)
        apart = window == self.stride or count == 1
        slices = _MOST_SLICES_APART if apart else _MOST_SLICES_OVERLAPPING
        if window <= slices or window < self.stride or (not apart and not primitive):
            x = lax.pad(x, fill, padding)
            last = (count - 1) * self.stride + 1
            parts = [
                lax.slice_in_dim(x, i, i + last, self.stride, axis)
                for i in range(window)
            ]
            return functools.reduce(combine, parts)
        if apart:
            x = lax.pad(x, fill, padding)
            blocks = (*x.shape[:axis], count, window, *x.shape[axis + 1 :])
            return block(x.reshape(blocks), axis + 1)
        dims, steps = [1] * x.ndim, [1] * x.ndim
        dims[axis], steps[axis] = window, self.stride
        around = [entry[:2] for entry in padding]
        around[axis] = (self.before, max(self.after, 0))
        return lax.reduce_window(x, fill, primitive, dims, steps, around)
