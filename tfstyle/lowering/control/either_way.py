"""Loops that are compiled if their variables keep their shapes, else run in steps.

The graph does not tell where sizes are not known. Tracing does, and nothing has run by
then.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from tfstyle.framework import errors
from tfstyle.framework.tensor import Tensor
from tfstyle.lowering.control.host_control import HostControl

if TYPE_CHECKING:
    from tfstyle.lowering.segment import Segment
    from tfstyle.lowering.state import Changes, State

__all__ = ["EitherWay", "ShapesChangeError"]


class ShapesChangeError(errors.UnimplementedError):
    """A loop that runs as often as data says cannot be compiled: shapes change."""


class EitherWay:
    """One loop, or what holds it, in a segment of its own and as a step.

    Attributes:
        arguments: the tensors it takes from feeds and earlier steps.
    """

    def __init__(self, segment: Segment, control: HostControl) -> None:
        self.arguments = list(dict.fromkeys((*segment.arguments, *control.arguments)))
        self._segment = segment
        self._control = control
        # For the shapes of the arguments: whether those of the loop variables change.
        self._changing: dict[Any, bool] = {}

    def export(self, used: Collection[Tensor]) -> None:
        """Makes it return those of `used` that it makes."""
        self._segment.export(used)

    def run(self, state: State, changes: Changes, values: dict[Tensor, Any]) -> None:
        """Runs the loop to its end."""
        key = tuple(np.shape(values[t]) for t in self.arguments)
        if not self._changing.get(key, False):
            try:
                self._segment.run(state, changes, values)
            except ShapesChangeError:
                self._changing[key] = True
        if self._changing.setdefault(key, False):
            self._control.run(state, changes, values)
