"""What of a branch or a loop is computed again for its gradient.

Operations on the host have run when the gradient is computed, and cannot run in a
compiled step. Those that only check, print or send are left out the second time: no
value depends on them. `obstacle` finds what stands in the way.
"""

from __future__ import annotations

from collections.abc import Sequence

from tfstyle.framework import dtypes
from tfstyle.framework.connected import is_differentiable
from tfstyle.framework.subgraph import (
    Body,
    GradientBody,
    bodies_of,
    needed_operations,
)
from tfstyle.framework.tensor import Operation, Tensor

__all__ = ["computed_again", "obstacle", "passes_on", "values_used"]


def passes_on(op: Operation) -> bool:
    """Whether the value of `op` is its first input, and all else an effect."""
    declaration = op._declaration
    return declaration is not None and declaration.passes_on


def values_used(op: Operation) -> list[Tensor]:
    """The tensors on which the values of `op` depend, and those of its gradient."""
    inputs = op._inputs[:1] if passes_on(op) else op._inputs
    gradient = op._attrs.get("_gradient_body")
    if not isinstance(gradient, GradientBody):
        return inputs
    own = {*op._inputs, *op._outputs}
    return [*inputs, *(t for t in gradient.body.captures if t not in own)]


def computed_again(body: Body, results: Sequence[Tensor]) -> list[Operation]:
    """The operations of `body` that the values of `results` depend on, in order."""
    return needed_operations(body, results, uses=values_used)


def obstacle(op: Operation) -> Operation | None:
    """What in the bodies of `op` cannot be computed again for a gradient of `op`."""
    if "_obstacle" not in op._attrs:
        op._attrs["_obstacle"] = _find(op, only_floats=op.type == "Cond")
    found: Operation | None = op._attrs["_obstacle"]
    return found


def _find(op: Operation, only_floats: bool = False) -> Operation | None:
    for body in bodies_of(op):
        results = body.results
        if only_floats:
            results = tuple(filter(is_differentiable, results))
        for inner in computed_again(body, results):
            found = _find(inner) if bodies_of(inner) else _on_host(inner)
            if found is not None:
                return found
    return None


def _on_host(op: Operation) -> Operation | None:
    declaration = op._declaration
    if declaration is None or declaration.structural or passes_on(op):
        return None
    if op.type == "Const":
        return None
    strings = (t.dtype.base_dtype is dtypes.string for t in (*op._inputs, *op._outputs))
    return op if declaration.host or any(strings) else None
