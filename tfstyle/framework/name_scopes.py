"""The contexts that put names before the names of operations.

Every function of the API opens one, so they are classes: a generator costs three times
as much.
"""

from __future__ import annotations

import re
from contextlib import ContextDecorator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfstyle.framework.graph import Graph

__all__ = ["VALID_OP_NAME", "NameScope"]

VALID_OP_NAME = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\-/]*$")
_VALID_INNER_NAME = re.compile(r"^[A-Za-z0-9_.\-/]*$")


class NameScope(ContextDecorator):
    """See `Graph.name_scope`."""

    def __init__(self, graph: Graph, name: str | None) -> None:
        self._graph = graph
        self._name = name
        self._outer: str | None = None

    def __enter__(self) -> str:
        graph, name = self._graph, self._name
        self._outer = graph._name_stack
        if not name:
            graph._name_stack = ""
            return ""
        valid = _VALID_INNER_NAME if graph._name_stack else VALID_OP_NAME
        if not valid.match(name):
            raise ValueError(f"'{name}' is not a valid scope name")
        if name[-1] == "/":
            graph._name_stack = name[:-1]
            return name
        graph._name_stack = scope = graph.unique_name(name)
        return scope + "/"

    def __exit__(self, *exception: object) -> None:
        self._graph._name_stack = self._outer

    def _recreate_cm(self) -> NameScope:
        # As a decorator, it is entered anew by each call.
        return NameScope(self._graph, self._name)
