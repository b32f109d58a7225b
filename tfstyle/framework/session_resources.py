"""What host operations keep in the session that runs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["operation_resources", "running_in", "session_resources"]

_current: ContextVar[dict[str, Any]] = ContextVar("session_resources")
_operation: ContextVar[str] = ContextVar("running_operation")


def session_resources() -> dict[str, Any]:
    """The resources of the session that is running the host operation of the caller.

    By name; operations that work together agree on one. They last until the session is
    closed.
    """
    return _current.get()


def operation_resources() -> dict[str, Any]:
    """Those of `session_resources` that are the running operation's own."""
    own: dict[str, Any] = session_resources().setdefault(
        f"operation {_operation.get()}", {}
    )
    return own


@contextmanager
def running_in(resources: dict[str, Any], operation: str) -> Iterator[None]:
    """Runs the host operation called `operation` with the resources of a session."""
    token, name = _current.set(resources), _operation.set(operation)
    try:
        yield
    finally:
        _current.reset(token)
        _operation.reset(name)
