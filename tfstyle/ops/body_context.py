"""Recording the body of a loop: operations of the same graph, tagged with a context."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from tfstyle.framework import ops
from tfstyle.framework.op_def import declare
from tfstyle.framework.op_table import OpFacts
from tfstyle.framework.subgraph import Body, external_inputs
from tfstyle.framework.tensor import Operation, Tensor

__all__ = ["BodyContext"]


def _undefined():
    raise AssertionError("evaluated by the lowering")


declare(
    "BodyParameter",
    _undefined,
    facts=OpFacts("BodyParameter", in_r09=False),
    structural=True,
    gradient=None,
)


class BodyContext:
    """The operations made inside `with context:` are the body of a loop.

    Variables made inside belong to the outermost context: their constructor clears the
    contexts. The operations cannot be fetched; a control dependency on one of them is
    a dependency on the loop.

    Attributes:
        outer: the context around this one, or None.
        owner: the structural operation that holds the body, once it is made.
    """

    def __init__(self) -> None:
        self._graph = ops.get_default_graph()
        self.outer: Any = self._graph._control_flow_context
        self.owner: Operation | None = None
        self._operations: list[Operation] = []
        self._parameters: list[Tensor] = []

    def __enter__(self) -> BodyContext:
        self._graph._control_flow_context = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._graph._control_flow_context = self.outer

    def add_op(self, op: Operation) -> None:
        """Called by the graph for each operation made inside."""
        self._graph.prevent_fetching(op)
        if op.type != "BodyParameter":
            self._operations.append(op)

    def parameter(self, like: Tensor, name: str) -> Tensor:
        """A tensor that stands for what enters each iteration anew."""
        tensor = self._graph.create_op(
            "BodyParameter",
            [],
            [like.dtype.base_dtype],
            name=name,
            compute_shapes=False,
        ).outputs[0]
        tensor.set_shape(like.get_shape())
        self._parameters.append(tensor)
        return tensor

    def close(self, results: list[Tensor]) -> Body:
        """The body, which gives `results` in each iteration."""
        inside = set(self._operations)
        parameters = set(self._parameters)
        used = [
            *external_inputs(self._operations),
            *(t for t in results if t.op not in inside),
        ]
        captures = dict.fromkeys(t for t in used if t not in parameters)
        return Body(
            tuple(self._operations),
            tuple(self._parameters),
            tuple(captures),
            tuple(results),
        )
