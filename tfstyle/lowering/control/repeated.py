"""Which branches and loops can be computed again for a gradient, in a later step."""

from __future__ import annotations

from collections.abc import Iterable

from tfstyle.framework import errors
from tfstyle.framework.replay import computed_again, obstacle, values_used
from tfstyle.framework.subgraph import Body, bodies_of
from tfstyle.framework.tensor import Operation
from tfstyle.lowering.control.needs import runs_in_steps
from tfstyle.lowering.references import (
    all_accesses,
    has_host_operations,
    root_variable,
)

__all__ = ["check_differentiable", "check_repeated"]


def check_differentiable(op: Operation) -> None:
    """Refuses a gradient through what is not compiled.

    Raises:
        tf.errors.UnimplementedError: saying why it is not.
    """
    if not bodies_of(op):
        return
    found = obstacle(op) if has_host_operations(op) else None
    if found is not None:
        why = f"{found.type} '{found.name}' in it runs on the host"
    elif runs_in_steps(op, differentiated=True):
        why = "shapes in it are computed from data that is computed in it"
    else:
        return
    raise errors.UnimplementedError(
        None,
        op,
        f"There is no gradient of {op.type} '{op.name}': it runs step by step, since "
        f"{why}.",
    )


def check_repeated(op: Operation) -> None:
    """Refuses what would have to read a variable as it was before `op` changed it.

    Args:
        op: an operation with bodies that has run when its gradient is computed.

    Raises:
        tf.errors.UnimplementedError: naming the variable.
    """
    bodies = bodies_of(op)
    # Of two branches one runs: what the other would change stays as it is.
    for together in [(b,) for b in bodies] if op.type == "Cond" else [bodies]:
        read = _read(together)
        for variable in _written(together):
            if variable in read:
                raise errors.UnimplementedError(
                    None,
                    op,
                    f"The gradient of {op.type} '{op.name}' comes after a step on the "
                    f"host, and needs the variable '{variable.name}' as it was before "
                    f"'{op.name}' changed it. Make the change outside.",
                )


def _read(bodies: Iterable[Body]) -> set[Operation | None]:
    """The variables that computing `bodies` again reads."""
    found: set[Operation | None] = set()
    for body in bodies:
        found.update(map(root_variable, body.results))
        for inner in computed_again(body, body.results):
            found.update(map(root_variable, values_used(inner)))
            found |= _read(bodies_of(inner))
    return found


def _written(bodies: Iterable[Body]) -> set[Operation]:
    return {
        variable
        for body in bodies
        for inner in body.operations
        for variable, _, writes in all_accesses(inner)
        if writes
    }
