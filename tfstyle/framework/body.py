"""Calling the body of an op with a flat list of values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from tfstyle.framework.op_def import Role

if TYPE_CHECKING:
    from tfstyle.framework.tensor import Operation

__all__ = [
    "argument_spans",
    "call_body",
    "is_compiled",
    "named_inputs",
    "uncompiled",
]

_is_compiled = ContextVar("is_compiled", default=True)


@contextmanager
def uncompiled() -> Iterator[None]:
    """Inside, bodies run once and at once, and are no part of a program."""
    token = _is_compiled.set(False)
    try:
        yield
    finally:
        _is_compiled.reset(token)


def is_compiled() -> bool:
    """Whether bodies are called for a program that will be compiled."""
    return _is_compiled.get()


def argument_spans(op: Operation) -> list[tuple[str, int, int, bool]]:
    """Which of the flat inputs of `op` belong to which argument.

    Returns:
        A list of (argument name, first index, end index, whether it is a list).
    """
    declaration = op._declaration
    assert declaration is not None
    spans: list[tuple[str, int, int, bool]] = []
    start = 0
    for arg in declaration.facts.inputs:
        if arg.number_attr:
            count = int(op._attrs[arg.number_attr])
        elif arg.type_list_attr:
            count = len(op._attrs[arg.type_list_attr])
        else:
            count = 1
        is_list = bool(arg.number_attr or arg.type_list_attr)
        spans.append((arg.name, start, start + count, is_list))
        start += count
    return spans


def named_inputs(op: Operation, values: Sequence[Any]) -> dict[str, Any]:
    """`values`, one per flat input of `op`, by argument name."""
    return {
        name: list(values[start:end]) if is_list else values[start]
        for name, start, end, is_list in argument_spans(op)
    }


def call_body(op: Operation, values: Sequence[Any], key: Any = None) -> list[Any]:
    """Calls the body of `op`.

    Args:
        op: the operation.
        values: a value for each flat input.
        key: the random stream, for ops that draw random numbers.

    Returns:
        The results, flat: new values of the `Ref` inputs first, then the other outputs.
    """
    declaration = op._declaration
    assert declaration is not None
    kwargs = named_inputs(op, values)
    for name, role in declaration.roles.items():
        if role is Role.ATTR:
            kwargs[name] = op._attrs[name]
        elif role is Role.KEY:
            kwargs[name] = key
    results = declaration.body(**kwargs)
    if results is None:
        return []
    if not isinstance(results, (tuple, list)):
        return [results]
    flat: list[Any] = []
    for result in results:
        if isinstance(result, (tuple, list)):
            flat.extend(result)
        else:
            flat.append(result)
    return flat
