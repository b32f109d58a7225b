"""Statistics of operations, such as how many arithmetic operations they stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["OpStats", "RegisterStatistics", "get_stats_for_node_def"]

Function = Callable[[Any, Any], "OpStats"]
F = TypeVar("F", bound=Function)

_registry: dict[tuple[str, str], Function] = {}


class OpStats:
    """A number of a certain kind; those of one kind can be added up with `+=`.

    Attributes:
        statistic_type: the kind, such as `"flops"`.
        value: the number, or None when it is not known.
    """

    def __init__(self, statistic_type: str, value: Any = None) -> None:
        self.statistic_type = statistic_type
        self.value = value

    def __iadd__(self, other: OpStats) -> OpStats:
        """Adds the number of `other`; ValueError when it is of another kind."""
        if other.statistic_type != self.statistic_type:
            raise ValueError(
                f"Can't add an OpStat of type {self.statistic_type} to one of "
                f"{other.statistic_type}."
            )
        if self.value is None:
            self.value = other.value
        elif other.value is not None:
            self.value += other.value
        return self


class RegisterStatistics:
    """Decorator that makes a function compute a statistic of an op type.

    The function takes the `Graph` and the `NodeDef` and returns an `OpStats`.
    """

    def __init__(self, op_type: str, statistic_type: str) -> None:
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string.")
        if "," in op_type:
            raise TypeError("op_type must not contain a comma.")
        if not isinstance(statistic_type, str):
            raise TypeError("statistic_type must be a string.")
        if "," in statistic_type:
            raise TypeError("statistic_type must not contain a comma.")
        self._key = (op_type, statistic_type)

    def __call__(self, f: F) -> F:
        """Registers `f`; KeyError when the op type has this statistic already."""
        if self._key in _registry:
            raise KeyError(
                f"Registering two statistics with name '{','.join(self._key)}' !"
            )
        _registry[self._key] = f
        return f


def get_stats_for_node_def(graph: Any, node: Any, statistic_type: str) -> OpStats:
    """A statistic of a node.

    Args:
        graph: the graph the node is in.
        node: its `NodeDef`.
        statistic_type: the kind of statistic.

    Returns:
        An `OpStats`, without a value when nothing computes it for this op type.
    """
    function = _registry.get((node.op, statistic_type))
    return OpStats(statistic_type) if function is None else function(graph, node)
