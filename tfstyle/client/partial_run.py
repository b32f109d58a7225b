"""A run in several calls: `partial_run_setup` and `partial_run`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tfstyle.client.fetches import Feeds, Fetches
from tfstyle.framework import errors
from tfstyle.framework.graph import Graph
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.plan import make_plan
from tfstyle.lowering.prune import prune
from tfstyle.lowering.state import State

__all__ = ["PartialRun"]


class PartialRun:
    """The progress of one partial run: every operation is executed once."""

    def __init__(self, graph: Graph, fetches: Any, feeds: Any) -> None:
        """Announces what will be fetched and fed."""
        self._graph = graph
        announced = Fetches(graph, fetches)
        self._fetchable = set(announced.tensors) | set(announced.operations)
        self._feedable = set(Feeds(graph, list(feeds)).tensors)
        self._fetches = frozenset(self._fetchable)
        self._feeds = frozenset(self._feedable)
        self._values: dict[Tensor, Any] = {}
        self._done: set[Operation] = set()

    def run(
        self, state: State, fetches: Any, feed_dict: dict[Any, Any]
    ) -> tuple[list[Any], Fetches]:
        """Executes what `fetches` needs and has not been executed yet.

        Returns:
            The values of the fetched tensors and the structure they belong to.
        """
        asked = Fetches(self._graph, fetches)
        elements: list[Tensor | Operation] = [*asked.tensors, *asked.operations]
        for element in elements:
            if element not in self._fetchable:
                raise _refused(element, self._fetches, "fetch", "fetched")
            self._fetchable.discard(element)
        feeds = Feeds(self._graph, list(feed_dict))
        for tensor in feeds.tensors:
            if tensor not in self._feedable:
                raise _refused(tensor, self._feeds, "feed", "fed")
            self._feedable.discard(tensor)
        self._values.update(feeds.convert(feed_dict))
        pruned = prune(asked.operations, asked.tensors, self._values, self._done)
        for op in pruned.operations:
            if op.type == "Placeholder" and op.outputs[0] not in self._values:
                raise errors.InvalidArgumentError(
                    None,
                    op,
                    f"Fetch {op.outputs[0].name} can't be computed from the feeds that "
                    "have been fed so far.",
                )
        made = [
            t
            for op in pruned.operations
            for t in op.outputs
            if t not in self._values and not t.dtype.is_ref_dtype
        ]
        tensors = [*asked.tensors, *made]
        plan = make_plan(asked.operations, tensors, set(self._values), self._done)
        results = plan.run(state, dict(self._values))
        self._values.update(zip(made, results[len(asked.tensors) :], strict=True))
        self._done.update(pruned.operations)
        return results[: len(asked.tensors)], asked


def _refused(
    element: Tensor | Operation,
    announced: Collection[Tensor | Operation],
    what: str,
    done: str,
) -> errors.InvalidArgumentError:
    reason = (
        f"had already been {done}"
        if element in announced
        else "was not specified in partial_run_setup"
    )
    return errors.InvalidArgumentError(
        None, None, f"The {what} {element.name} {reason}."
    )
