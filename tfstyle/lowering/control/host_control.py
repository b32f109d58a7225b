"""Branches and loops with host operations inside: each body is a plan of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tfstyle.framework.subgraph import Body, bodies_of
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.references import root_variable

if TYPE_CHECKING:
    from tfstyle.lowering.plan import Plan
    from tfstyle.lowering.state import Changes, State

__all__ = ["HostControl"]

PlanBody = Callable[[Body], "Plan"]


class HostControl:
    """One `Cond` or `While` as a step: it runs the plans of its bodies.

    Attributes:
        op: the operation.
        arguments: the tensors it takes from earlier steps.
    """

    def __init__(self, op: Operation, plan_body: PlanBody) -> None:
        self.op = op
        self.arguments = [t for t in op._inputs if root_variable(t) is None]
        self._plan_body = plan_body
        self._plans: dict[Body, Plan] = {}

    def run(self, state: State, changes: Changes, values: dict[Tensor, Any]) -> None:
        """Runs the branch taken, or the loop to its end."""
        captured = {t: values[t] for t in self.op._attrs["_captures"] if t in values}
        if self.op.type == "Cond":
            if_true, if_false = bodies_of(self.op)
            predicate = np.asarray(values[self.op._inputs[0]]).reshape(())
            taken = if_true if predicate else if_false
            results: Sequence[Any] = self._run(taken, state, changes, captured)
        else:
            results = self._loop(state, changes, captured, values)
        for tensor, value in zip(self.op._outputs, results, strict=True):
            if tensor not in values:
                values[tensor] = value

    def _loop(
        self,
        state: State,
        changes: Changes,
        captured: Mapping[Tensor, Any],
        values: Mapping[Tensor, Any],
    ) -> Sequence[Any]:
        condition, body = bodies_of(self.op)
        carry: Sequence[Any] = [
            _value(t, state, changes, values)
            for t in self.op._inputs[: self.op._attrs["carries"]]
        ]
        while True:
            given = {**captured, **dict(zip(condition.parameters, carry, strict=True))}
            (going,) = self._run(condition, state, changes, given)
            if not np.asarray(going).reshape(()):
                return carry
            given = {**captured, **dict(zip(body.parameters, carry, strict=True))}
            carry = self._run(body, state, changes, given)

    def _run(
        self, body: Body, state: State, changes: Changes, given: Mapping[Tensor, Any]
    ) -> list[Any]:
        if body not in self._plans:
            self._plans[body] = self._plan_body(body)
        values = dict(given)
        self._plans[body].execute(state, changes, values)
        return [_value(t, state, changes, values) for t in body.results]


def _value(
    tensor: Tensor, state: State, changes: Changes, values: Mapping[Tensor, Any]
) -> Any:
    """A value that no later step gives away."""
    if tensor in values:
        return values[tensor]
    if tensor.op.type == "Const":
        return tensor.op._attrs["value"]
    variable = root_variable(tensor)
    assert variable is not None
    with state.lock:
        return np.array(state.variable(changes, variable))
