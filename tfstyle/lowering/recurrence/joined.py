"""Concatenations whose parts stay known, so that slices need not go through the whole.

The gradient of a slice is an array of the size of the whole, padded with zeros; for
several slices such arrays are added up. A part that is taken out as it was put in has
none of that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from tfstyle.framework.tensor import Operation

__all__ = ["Joined", "concatenated", "taken_out"]


@dataclass(frozen=True)
class Joined:
    """The concatenation of `parts` along `axis`."""

    axis: int
    parts: tuple[Any, ...]

    @property
    def value(self) -> Any:
        """The whole."""
        if len(self.parts) == 1:
            return self.parts[0]
        return jnp.concatenate(self.parts, self.axis)

    def between(self, start: int, stop: int) -> Joined | None:
        """What lies from `start` to `stop`; None when a limit is inside a part."""
        found = []
        begin = 0
        for part in self.parts:
            end = begin + part.shape[self.axis]
            if start <= begin and end <= stop:
                found.append(part)
            elif begin < stop and end > start:
                return None
            begin = end
        return Joined(self.axis, tuple(found)) if found else None


def concatenated(op: Operation, values: Sequence[Any]) -> Joined | None:
    """The result of `op` in its parts, if it is a concatenation of these inputs."""
    if op.type != "Concat" or not isinstance(values[0], np.ndarray):
        return None
    first, *_ = parts = tuple(values[1:])
    return Joined(int(values[0]) % first.ndim, parts)


def taken_out(
    op: Operation, values: Sequence[Any], joined: Joined
) -> list[Joined] | None:
    """The results of `op` on `joined`, if `op` takes out whole parts.

    Args:
        op: an operation that has been found valid for `values`.
        values: its inputs.
        joined: the one of them that can be taken apart.
    """
    find = _FINDERS.get(op.type)
    return None if find is None else find(op, values, joined)


def _slice(op: Operation, values: Sequence[Any], joined: Joined) -> list[Joined] | None:
    whole, begin, size = values
    if not isinstance(begin, np.ndarray):
        return None
    limits = [
        (b, n if s == -1 else b + s)
        for b, s, n in zip(begin.tolist(), size.tolist(), whole.shape, strict=True)
    ]
    start, stop = limits.pop(joined.axis)
    others = [n for axis, n in enumerate(whole.shape) if axis != joined.axis]
    if limits != [(0, n) for n in others]:
        return None
    found = joined.between(start, stop)
    return None if found is None else [found]


def _split(op: Operation, values: Sequence[Any], joined: Joined) -> list[Joined] | None:
    axis, whole = values
    number = op._attrs["num_split"]
    if int(axis) % whole.ndim != joined.axis:
        return None
    width = whole.shape[joined.axis] // number
    found = [joined.between(i * width, (i + 1) * width) for i in range(number)]
    return None if None in found else [part for part in found if part is not None]


_FINDERS: dict[
    str, Callable[[Operation, Sequence[Any], Joined], list[Joined] | None]
] = {"Slice": _slice, "Split": _split}
