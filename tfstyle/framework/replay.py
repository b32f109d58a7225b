"""What of a branch or a loop is computed again for its gradient.

Operations on the host have run when the gradient is computed, and cannot run in a
compiled step. Those that only check, print or send are left out the second time: no
value depends on them. Of others in a branch the values are kept, see `recorded`; in a
loop there would be as many as iterations. `obstacle` finds what stands in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tfstyle.framework.connected import is_differentiable
from tfstyle.framework.host import are_strings, is_host
from tfstyle.framework.subgraph import (
    Body,
    GradientBody,
    bodies_of,
    needed_operations,
    tensors_used,
)
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.framework.trip_counts import uncounted_loops

__all__ = ["computed_again", "obstacle", "passes_on", "recorded", "values_used"]


def passes_on(op: Operation) -> bool:
    """Whether the value of `op` is its first input, and all else an effect."""
    declaration = op._declaration
    return declaration is not None and declaration.passes_on


def values_used(op: Operation) -> Sequence[Tensor]:
    """The tensors on which the values of `op` depend, and those of its gradient."""
    inputs = op._inputs[:1] if passes_on(op) else tensors_used(op)
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
    return _searched(op)[0]


def recorded(op: Operation) -> tuple[Tensor, ...]:
    """The values that a gradient of the branch `op` takes from when it ran.

    Operations on the host have computed them; there are those of the branch taken.
    """
    return _searched(op)[1] if op.type == "Cond" else ()


def _searched(op: Operation) -> tuple[Operation | None, tuple[Tensor, ...]]:
    if "_replay" not in op._attrs:
        op._attrs["_replay"] = _search(op)
    found: tuple[Operation | None, tuple[Tensor, ...]] = op._attrs["_replay"]
    return found


def _search(op: Operation) -> tuple[Operation | None, tuple[Tensor, ...]]:
    # Iterations are counted before a branch runs: then nothing has been kept.
    keeps = op.type == "Cond" and not uncounted_loops(op)
    kept: list[Tensor] = []
    for body in bodies_of(op):
        results = body.results
        if op.type == "Cond":
            results = tuple(filter(is_differentiable, results))
        for inner in needed_operations(body, results, uses=_uses(keeps)):
            if keeps and _is_recordable(inner):
                kept.extend(inner._outputs)
                continue
            found = _find(inner) if bodies_of(inner) else _on_host(inner)
            if found is not None:
                return found, ()
    return None, tuple(kept)


def _find(op: Operation) -> Operation | None:
    for body in bodies_of(op):
        for inner in computed_again(body, body.results):
            found = _find(inner) if bodies_of(inner) else _on_host(inner)
            if found is not None:
                return found
    return None


def _uses(keeps: bool) -> Callable[[Operation], Sequence[Tensor]]:
    return lambda op: () if keeps and _is_recordable(op) else values_used(op)


def _is_recordable(op: Operation) -> bool:
    if _on_host(op) is None or are_strings(op._outputs):
        return False
    return not any(t.dtype.is_ref_dtype for t in op._outputs)


def _on_host(op: Operation) -> Operation | None:
    return op if is_host(op) and op.type != "Const" and not passes_on(op) else None
