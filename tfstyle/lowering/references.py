"""Which variable a reference tensor stands for, and who reads and writes it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tfstyle.framework import dtypes
from tfstyle.framework.body import argument_spans
from tfstyle.framework.tensor import Operation, Tensor

__all__ = [
    "accesses",
    "is_variable",
    "root_variable",
    "runs_on_host",
    "written_inputs",
]


def is_variable(op: Operation) -> bool:
    """Whether `op` is a variable: state that a session keeps."""
    return op.type in ("Variable", "TemporaryVariable")


def runs_on_host(op: Operation) -> bool:
    """Whether `op` works on NumPy values: it says so, or it handles strings."""
    declaration = op._declaration
    if declaration is None or declaration.structural:
        return False
    return declaration.host or any(
        t.dtype.base_dtype is dtypes.string for t in (*op._inputs, *op._outputs)
    )


def root_variable(tensor: Tensor) -> Operation | None:
    """The variable that a reference tensor stands for; None for another tensor.

    Assignments return a reference to the variable they write, so they can be chained.
    """
    while tensor.dtype.is_ref_dtype:
        op = tensor.op
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
    return None


def written_inputs(op: Operation) -> list[Tensor]:
    """The reference inputs that `op` writes."""
    declaration = op._declaration
    if declaration is None or not declaration.ref_inputs:
        return []
    names = declaration.ref_inputs
    return [
        op._inputs[start] for name, start, _, _ in argument_spans(op) if name in names
    ]


def accesses(
    op: Operation, fed: Collection[Tensor] = ()
) -> Iterator[tuple[Operation, bool, bool]]:
    """The variables `op` touches: (variable, whether it reads, whether it writes).

    A reference that is fed is a value like any other for those who only read it.
    """
    declaration = op._declaration
    if declaration is None:
        return
    written = written_inputs(op)
    for tensor in op._inputs:
        if not tensor.dtype.is_ref_dtype:
            continue
        variable = root_variable(tensor)
        if variable is None:
            continue
        writes = any(t is tensor for t in written)
        if tensor in fed and not writes:
            continue
        reads = not writes or declaration.reads_ref
        yield variable, reads, writes
