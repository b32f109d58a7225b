"""Windows over images, taken apart into one strided view for each of their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from tfstyle.ops.shape_rules import window_count

__all__ = ["views"]


def views(
    x: Any,
    window: Sequence[int],
    strides: Sequence[int],
    rates: Sequence[int],
    padding: str,
    fill: Any,
) -> Iterator[tuple[int, int, jax.Array]]:
    """What each place of a window sees, window by window.

    Args:
        x: [batch, height, width, channels].
        window: height and width of the window.
        strides: vertical and horizontal step of the window.
        rates: vertical and horizontal distance of neighbours in the window.
        padding: `"SAME"` or `"VALID"`.
        fill: what lies outside `x`, a scalar of its type.

    Yields:
        For each place, in row-major order: its row, its column, and an array [batch,
        out_height, out_width, channels].

    Raises:
        ValueError: when a window does not fit.
    """
    around, counts = [(0, 0, 0)], []
    for i in (0, 1):
        size, reach = x.shape[i + 1], (window[i] - 1) * rates[i] + 1
        count = window_count(size, reach, strides[i], padding)
        assert count is not None
        outside = max((count - 1) * strides[i] + reach - size, 0)
        around.append((outside // 2, outside - outside // 2, 0))
        counts.append(count)
    x = jax.lax.pad(jnp.asarray(x), fill, [*around, (0, 0, 0)])
    for row in range(window[0]):
        for column in range(window[1]):
            first = row * rates[0], column * rates[1]
            last = [
                start + (count - 1) * stride + 1
                for start, count, stride in zip(first, counts, strides, strict=True)
            ]
            yield (
                row,
                column,
                x[:, first[0] : last[0] : strides[0], first[1] : last[1] : strides[1]],
            )
