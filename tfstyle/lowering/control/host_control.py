"""Branches and loops that run step by step: each body is a plan of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tfstyle.framework import errors
from tfstyle.framework.replay import recorded
from tfstyle.framework.subgraph import Body, bodies_of
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.control.unrolled import drawing_alike, row_count, stacked
from tfstyle.lowering.references import root_variable

if TYPE_CHECKING:
    from tfstyle.lowering.plan import Plan
    from tfstyle.lowering.state import Changes, State

__all__ = ["HostControl"]

PlanBody = Callable[[Body], "Plan"]
Given = Mapping[Tensor, Any]


class HostControl:
    """One `Cond`, `Scan` or `While` as a step: it runs the plans of its bodies.

    Attributes:
        op: the operation.
        arguments: the tensors it takes from earlier steps.
    """

    def __init__(self, op: Operation, plan_body: PlanBody) -> None:
        self.op = op
        self.arguments = [t for t in op._inputs if root_variable(t) is None]
        self._plan_body = plan_body
        self._recorded = recorded(op)
        self._plans: dict[Body, Plan] = {}

    def run(self, state: State, changes: Changes, values: dict[Tensor, Any]) -> None:
        """Runs the branch taken, or the loop to its end."""
        given = {t: values[t] for t in self.op._inputs if t in values}
        # What a gradient takes from the branch that is not taken is never used.
        values.update(dict.fromkeys(self._recorded))
        run = {"Cond": self._branch, "Scan": self._rows, "While": self._loop}
        results = run[self.op.type](state, changes, given, values)
        for tensor, value in zip(self.op._outputs, results, strict=True):
            if tensor not in values:
                values[tensor] = value

    def _branch(
        self, state: State, changes: Changes, given: Given, values: dict[Tensor, Any]
    ) -> Sequence[Any]:
        if_true, if_false = bodies_of(self.op)
        predicate = np.asarray(self._entering(state, changes, given, 1)[0])
        if predicate.ndim:
            shape = ",".join(map(str, predicate.shape))
            raise errors.InvalidArgumentError(
                None,
                self.op,
                f"The predicate must be a scalar, but it has shape [{shape}]",
            )
        taken = if_true if predicate else if_false
        inside = dict(given)
        results = self._run(taken, state, changes, inside)
        values.update((t, inside[t]) for t in self._recorded if t in inside)
        return results

    def _loop(
        self, state: State, changes: Changes, given: Given, values: object
    ) -> Sequence[Any]:
        del values
        condition, body = bodies_of(self.op)
        carries = self.op._attrs["carries"]
        carry: Sequence[Any] = self._entering(state, changes, given, carries)
        while True:
            now = {**given, **dict(zip(condition.parameters, carry, strict=True))}
            (going,) = self._run(condition, state, changes, now)
            if not np.asarray(going).reshape(()):
                return carry
            now = {**given, **dict(zip(body.parameters, carry, strict=True))}
            carry = self._run(body, state, changes, now)

    def _rows(
        self, state: State, changes: Changes, given: Given, values: object
    ) -> Sequence[Any]:
        del values
        (body,) = bodies_of(self.op)
        carries, parameters = self.op._attrs["carries"], body.parameters
        entering = self._entering(state, changes, given, len(parameters))
        carry, sequences = entering[:carries], list(map(np.asarray, entering[carries:]))
        alike = {op: state.stream(op) for op in drawing_alike(self.op)}
        found = []
        for i in range(row_count(self.op, sequences)):
            for op, stream in alike.items():
                state.keep_stream(op, stream)
            # A row of strings is a `bytes`, which is no array.
            row = [np.asarray(s[i], s.dtype) for s in sequences]
            now = {**given, **dict(zip(parameters, [*carry, *row], strict=True))}
            results = self._run(body, state, changes, now)
            carry = results[:carries]
            found.append(results[carries:])
        return [*carry, *stacked(self.op, found, _stack)]

    def _entering(
        self, state: State, changes: Changes, given: Given, count: int
    ) -> list[Any]:
        return [_value(t, state, changes, given) for t in self.op._inputs[:count]]

    def _run(
        self, body: Body, state: State, changes: Changes, values: dict[Tensor, Any]
    ) -> list[Any]:
        """The results of a body; `values`, what is given, gets those inside, too."""
        if body not in self._plans:
            self._plans[body] = self._plan_body(body)
        self._plans[body].execute(state, changes, values)
        return [_value(t, state, changes, values) for t in body.results]


def _stack(rows: Sequence[Any]) -> np.ndarray[Any, Any]:
    return np.stack([np.asarray(row) for row in rows])


def _value(tensor: Tensor, state: State, changes: Changes, values: Given) -> Any:
    """A value that no later step gives away."""
    if tensor in values:
        return values[tensor]
    if tensor.op.type == "Const":
        return tensor.op._attrs["value"]
    variable = root_variable(tensor)
    assert variable is not None
    with state.lock:
        return np.array(state.variable(changes, variable))
