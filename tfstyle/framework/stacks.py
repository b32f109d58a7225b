"""The thread-local stacks behind `get_default_graph` and `get_default_session`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

__all__ = ["DefaultStack"]

T = TypeVar("T")


class DefaultStack(threading.local, Generic[T]):
    """A stack of defaults; each thread has its own.

    Attributes:
        enforce_nesting: whether a default must be left in the reverse order of entry.
    """

    def __init__(self) -> None:
        self.stack: list[T] = []
        self.enforce_nesting = True

    def get(self) -> T | None:
        """The innermost default, or None."""
        return self.stack[-1] if self.stack else None

    def reset(self) -> None:
        """Forgets all defaults of this thread."""
        self.stack = []

    @contextmanager
    def entered(self, default: Any) -> Iterator[Any]:
        """Makes `default` the innermost default inside the block.

        Raises:
            AssertionError: when another default entered later was not left first.
        """
        self.stack.append(default)
        try:
            yield default
        finally:
            if self.enforce_nesting:
                if self.stack[-1] is not default:
                    raise AssertionError(
                        f"Nesting violated for default stack of {type(default)} objects"
                    )
                self.stack.pop()
            else:
                self.stack.remove(default)
