"""Initial values of variables that are made in bodies of branches and loops."""

from __future__ import annotations

from tfstyle.framework.subgraph import bodies_of
from tfstyle.framework.tensor import Operation, Tensor

__all__ = ["move_outside"]


def move_outside(tensor: Tensor) -> None:
    """Moves what a tensor is computed from out of the bodies that are being recorded.

    A variable made in a body belongs to no body, so what initializes it must not,
    either. Nothing is moved if `tensor` is computed from what changes from one
    iteration to the next, or from changes to variables: then initializing fails.
    """
    found: dict[Operation, None] = {}
    pending = [tensor.op]
    while pending:
        op = pending.pop()
        if op in found or (op._control_flow_context is None and op is not tensor.op):
            continue
        if not _is_movable(op):
            return
        found[op] = None
        pending.extend(t.op for t in op._inputs)
    if not all(_draws_for(op, found) for op in found):
        return
    for op in found:
        context = op._control_flow_context
        if context is not None:
            context.release(op)


def _is_movable(op: Operation) -> bool:
    declaration = op._declaration
    return (
        op.type != "BodyParameter"
        and declaration is not None
        and not declaration.ref_inputs
        and not bodies_of(op)
        and "_region" not in op._attrs
        and all(c._control_flow_context is None for c in op._control_inputs)
    )


def _draws_for(op: Operation, moved: dict[Operation, None]) -> bool:
    """Whether `op` draws no random numbers, or none that the body uses."""
    declaration = op._declaration
    if declaration is None or not declaration.is_random:
        return True
    return all(user in moved for t in op._outputs for user in t._consumers)
