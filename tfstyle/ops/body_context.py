"""Recording the body of a loop: operations of the same graph, tagged with a context."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

from tfstyle.framework import ops
from tfstyle.framework.op_def import declare
from tfstyle.framework.op_table import OpFacts
from tfstyle.framework.subgraph import Body, external_inputs, tensors_used
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

    def release(self, op: Operation) -> None:
        """Makes `op`, made inside, an operation outside of all bodies."""
        self._operations.remove(op)
        op._set_control_flow_context(None)
        self._graph.allow_fetching(op)

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

    def close(self, results: Sequence[Tensor], prune: bool = False) -> Body:
        """The body, which gives `results` in each iteration.

        Args:
            results: tensors made inside, parameters, or tensors from outside.
            prune: whether operations that no result depends on, also through control
                dependencies, are left out, as in TensorFlow.
        """
        operations = self._needed(results) if prune else self._operations
        inside = set(operations)
        parameters = set(self._parameters)
        used = [
            *external_inputs(operations),
            *(t for t in results if t.op not in inside),
        ]
        captures = dict.fromkeys(t for t in used if t not in parameters)
        return Body(
            tuple(operations),
            tuple(self._parameters),
            tuple(captures),
            tuple(results),
        )

    def _needed(self, results: Sequence[Tensor]) -> list[Operation]:
        own = set(self._operations)
        pending = [t.op for t in results]
        found: set[Operation] = set()
        while pending:
            op: Operation | None = pending.pop()
            # An operation in a body inside this one stands for what holds that body.
            while op is not None and op not in own:
                context = op._control_flow_context
                op = None if context is None or context is self else context.owner
            if op is not None and op not in found:
                found.add(op)
                pending.extend(t.op for t in tensors_used(op))
                pending.extend(op._control_inputs)
        return [op for op in self._operations if op in found]

    def awaited_outside(self) -> list[Operation]:
        """The operations from outside that some inside are made to wait for."""
        inside = {*self._operations, *(t.op for t in self._parameters)}
        controls = (c for op in self._operations for c in op._control_inputs)
        return list(dict.fromkeys(c for c in controls if c not in inside))
