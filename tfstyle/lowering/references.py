"""Which variable a reference tensor stands for, and who reads and writes it."""

from __future__ import annotations

from collections.abc import Collection

from tfstyle.framework.body import argument_spans
from tfstyle.framework.host import are_strings, is_host
from tfstyle.framework.subgraph import bodies_of
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.control.needs import runs_in_steps

__all__ = [
    "accesses",
    "all_accesses",
    "has_host_operations",
    "is_read",
    "is_variable",
    "root_variable",
    "runs_on_host",
    "written_inputs",
]

# A variable, whether it is read, whether it is written.
Access = tuple[Operation, bool, bool]


def is_variable(op: Operation) -> bool:
    """Whether `op` is a variable: state that a session keeps."""
    return op.type in ("Variable", "TemporaryVariable")


def runs_on_host(op: Operation, differentiated: bool = False) -> bool:
    """Whether `op` is a host step of a plan.

    It has operations on NumPy values, or is a branch or a loop with shapes that are
    computed inside and better, or only, known by running it.

    Args:
        op: the operation.
        differentiated: whether its gradient is wanted, too.
    """
    if has_host_operations(op):
        return True
    return bool(bodies_of(op)) and runs_in_steps(op, differentiated)


def has_host_operations(op: Operation) -> bool:
    """Whether `op` works on NumPy values, or something in its bodies does.

    A branch or a loop does, too, when what enters and leaves its bodies is strings.
    What these capture does not count: the handle of a `TensorArray` is a string. Other
    structural operations are only ever compiled.
    """
    bodies = bodies_of(op)
    if not bodies:
        return is_host(op)
    known = op._attrs.get("_on_host")
    if known is None:
        known = op._attrs["_on_host"] = are_strings(op._outputs) or any(
            are_strings(body.parameters)
            or any(map(has_host_operations, body.operations))
            for body in bodies
        )
    return bool(known)


def root_variable(tensor: Tensor) -> Operation | None:
    """The variable that a tensor stands for; None for another tensor.

    Assignments return a reference to the variable they write, so they can be chained.
    The value a variable is read as stands for it too: who uses it sees what the
    variable holds by then, so that what waits for an update sees the update.
    """
    while True:
        op = tensor._op
        if not tensor._dtype.is_ref_dtype:
            if not is_read(op):
                return None
            tensor = op._inputs[0]
            continue
        if is_variable(op):
            return op
        refs = written_inputs(op)
        if tensor.value_index < len(refs):
            tensor = refs[tensor.value_index]
        elif op._inputs:
            # An op that passes a reference on (RefIdentity and the like).
            tensor = op._inputs[0]
        else:
            return None


def is_read(op: Operation) -> bool:
    """Whether `op` only passes the value of a variable on."""
    return op._type == "Identity" and op._inputs[0]._dtype.is_ref_dtype


def written_inputs(op: Operation) -> list[Tensor]:
    """The reference inputs that `op` writes."""
    declaration = op._declaration
    if declaration is None or not declaration.ref_inputs:
        return []
    names = declaration.ref_inputs
    return [
        op._inputs[start] for name, start, _, _ in argument_spans(op) if name in names
    ]


def accesses(op: Operation, fed: Collection[Tensor] = ()) -> list[Access]:
    """The variables `op` touches.

    A reference that is fed is a value like any other for those who only read it.
    """
    found: list[Access] = []
    declaration = op._declaration
    if declaration is None:
        return found
    for tensor in op._inputs:
        variable = root_variable(tensor)
        if variable is None:
            continue
        writes = any(t is tensor for t in written_inputs(op))
        source = tensor.op._inputs[0] if is_read(tensor.op) else tensor
        if not writes and (tensor in fed or source in fed):
            continue
        reads = not writes or declaration.reads_ref
        found.append((variable, reads, writes))
    return found


def all_accesses(op: Operation, fed: Collection[Tensor] = ()) -> list[Access]:
    """`accesses` of `op` and of the operations in its bodies.

    What a body writes is also read: when it does not run, the old value stays.
    """
    found = accesses(op, fed)
    for body in bodies_of(op):
        for inner in body.operations:
            for variable, reads, writes in all_accesses(inner, fed):
                found.append((variable, reads or writes, writes))
    return found
