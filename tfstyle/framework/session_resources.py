"""What host operations keep in the session that runs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["running_in", "session_resources"]

_current: ContextVar[dict[str, Any]] = ContextVar("session_resources")


def session_resources() -> dict[str, Any]:
    """The resources of the session that is running the host operation of the caller.

    By name; operations that work together agree on one. They last until the session is
    closed.
    """
    return _current.get()


@contextmanager
def running_in(resources: dict[str, Any]) -> Iterator[None]:
    """Runs host operations with the resources of one session."""
    token = _current.set(resources)
    try:
        yield
    finally:
        _current.reset(token)
