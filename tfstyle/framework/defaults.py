"""The default graph and the default session of a program."""

from __future__ import annotations

from typing import Any

from tfstyle.framework.graph import Graph
from tfstyle.framework.stacks import DefaultStack

__all__ = [
    "default_session_for",
    "get_default_graph",
    "get_default_session",
    "graphs",
    "reset_default_graph",
    "sessions",
]

graphs: DefaultStack[Graph] = DefaultStack()
sessions: DefaultStack[Any] = DefaultStack()
_global_graph: Graph | None = None


def get_default_graph() -> Graph:
    """The innermost graph made the default, else the one graph of the program."""
    global _global_graph
    graph = graphs.get()
    if graph is not None:
        return graph
    if _global_graph is None:
        _global_graph = Graph()
    return _global_graph


def reset_default_graph() -> None:
    """Makes a new, empty graph the default of the program.

    Not meant to be called while a session or an `as_default` block is active.
    """
    global _global_graph
    graphs.reset()
    _global_graph = Graph()


def get_default_session() -> Any:
    """The innermost session made the default in this thread, or None."""
    return sessions.get()


def default_session_for(graph: Graph, session: Any, kind: str) -> Any:
    """The session to run an element of `graph` in.

    Args:
        graph: the graph of the element.
        session: the session given by the caller, or None for the default one.
        kind: what the element is, "tensor" or "operation".

    Raises:
        ValueError: when there is no session or it runs another graph.
    """
    is_tensor = kind == "tensor"
    action = "evaluate tensor" if is_tensor else "execute operation"
    method = "eval" if is_tensor else "run"
    found = get_default_session() if session is None else session
    if found is None:
        raise ValueError(
            f"Cannot {action} using `{method}()`: No default session is registered. "
            f"Use `with sess.as_default(){'' if is_tensor else ':'}` or pass an "
            f"explicit session to `{method}(session=sess)`"
        )
    if found.graph is not graph:
        which = "given" if session is not None else "default"
        hint = f" Pass an explicit session to `{method}(session=sess)`."
        raise ValueError(
            f"Cannot use the {which} session to {action}: the {kind}'s graph is "
            f"different from the session's graph.{'' if session is not None else hint}"
        )
    return found
