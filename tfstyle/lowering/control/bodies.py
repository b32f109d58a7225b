"""Bodies of branches and loops as functions, with the state they change."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

import jax.numpy as jnp

from tfstyle.framework.subgraph import Body, nested_operations
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.checks import checking
from tfstyle.lowering.control.array_state import ArrayState, concrete, marks
from tfstyle.lowering.evaluate import Evaluator
from tfstyle.lowering.references import accesses, root_variable

__all__ = ["BodyFunction", "BodyState", "State"]

# The values of what a body changes, in the order of `BodyState.keys`.
State = tuple[Any, ...]


class BodyState:
    """What bodies change besides their results.

    Variables they write, random streams they use up, what checks find, elements that
    are cleared by reading them, and, where iterations are being counted, the counts.

    Attributes:
        variables: the keys of all these but the streams.
        streams: random operations.
    """

    def __init__(self, evaluator: Evaluator, bodies: Sequence[Body]) -> None:
        variables: dict[Operation, None] = {}
        streams: dict[Operation, None] = {}
        operations = list(
            nested_operations(o for body in bodies for o in body.operations)
        )
        inside = set(operations)
        for op in operations:
            variables.update(dict.fromkeys(_changed(evaluator, op)))
            if op.type in checking:
                variables[op] = None
            array = marks(op)
            if array is not None and array not in inside:
                variables[array] = None
            declaration = op._declaration
            is_random = declaration is not None and declaration.is_random
            # A count of iterations that depends on no random number has no streams.
            if is_random and op in evaluator.streams:
                streams[op] = None
        self.variables = list(variables)
        self.streams = list(streams)

    def split_captures(
        self, captures: Sequence[Tensor], values: Sequence[Any]
    ) -> tuple[dict[Tensor, Any], dict[Operation, Any]]:
        """What is captured for good, and values of captured variables that change."""
        fixed: dict[Tensor, Any] = {}
        moving: dict[Operation, Any] = {}
        for tensor, value in zip(captures, values, strict=True):
            variable = root_variable(tensor)
            if variable is not None and variable in self.variables:
                moving[variable] = value
            else:
                fixed[tensor] = value
        return fixed, moving

    def initial(self, evaluator: Evaluator, moving: Mapping[Operation, Any]) -> State:
        """The state before the bodies run."""
        variables = [
            moving[v] if v in moving else _before(evaluator, v) for v in self.variables
        ]
        streams = [evaluator.streams[op] for op in self.streams]
        return tuple(concrete(v) for v in (*variables, *streams))

    def read(self, evaluator: Evaluator) -> State:
        """The state as `evaluator` has left it."""
        variables = [evaluator.variables[v] for v in self.variables]
        streams = [evaluator.streams[op] for op in self.streams]
        return tuple(concrete(v) for v in (*variables, *streams))

    def store(self, evaluator: Evaluator, state: State) -> None:
        """Makes `state` the state of `evaluator`."""
        count = len(self.variables)
        evaluator.variables.update(zip(self.variables, state[:count], strict=True))
        evaluator.streams.update(zip(self.streams, state[count:], strict=True))


class BodyFunction:
    """A body, as far as some of its results need it, as a function.

    Attributes:
        operations: what is run, in order.
        has_effects: whether running it changes variables or random streams.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        body: Body,
        results: Sequence[Tensor],
        captured: Mapping[Tensor, Any],
        state: BodyState,
    ) -> None:
        self._evaluator = evaluator
        self._results = results
        self._captured = captured
        self._state = state
        counted = [
            op
            for op in body.operations
            if any(o in evaluator.counting for o in nested_operations([op]))
        ]
        self.operations = _reached(evaluator, body, results, counted, captured)
        self.has_effects = any(
            _draws(op) or any(True for _ in _changed(evaluator, op))
            for op in nested_operations(self.operations)
        )

    def __call__(
        self, parameters: Mapping[Tensor, Any], state: State
    ) -> tuple[list[Any], State]:
        """Runs the body once.

        Args:
            parameters: values of the parameters that are used.
            state: the state before.

        Returns:
            The results, and the state after.
        """
        outer = self._evaluator
        inner = outer.inside(
            {**self._captured, **parameters},
            dict(outer.variables),
            dict(outer.streams),
            self.operations,
        )
        self._state.store(inner, state)
        inner.first_streams = dict(inner.streams)
        for op in self.operations:
            inner.run(op)
        return [inner.value(t) for t in self._results], self._state.read(inner)


def _reached(
    evaluator: Evaluator,
    body: Body,
    results: Sequence[Tensor],
    kept: Sequence[Operation],
    given: Container[Tensor],
) -> list[Operation]:
    """What `results` and `kept` need inside `body` or wait for, in order.

    What is computed again waits for nothing.
    """
    own = set(body.operations)
    pending: list[Operation | None] = [
        *kept,
        *(t.op for t in results if t not in given),
    ]
    found: set[Operation] = set()
    while pending:
        op = pending.pop()
        # An operation in a body inside this one stands for what holds that body.
        while op is not None and op not in own:
            context = op._control_flow_context
            op = None if context is None else context.owner
        if op is not None and op not in found:
            found.add(op)
            pending.extend(t.op for t in evaluator.uses(op) if t not in given)
            if not evaluator.again:
                pending.extend(op._control_inputs)
    return [op for op in body.operations if op in found]


def _draws(op: Operation) -> bool:
    declaration = op._declaration
    return declaration is not None and declaration.is_random


def _before(evaluator: Evaluator, key: Operation) -> Any:
    """What belongs to `key` before anything has changed it in this trace."""
    if key in evaluator.variables:
        return evaluator.variables[key]
    if key.type in checking:
        return jnp.zeros(2, jnp.int32)
    array = evaluator.values.get(key._outputs[0]) if key._outputs else None
    size = array.size if isinstance(array, ArrayState) else 0
    return jnp.zeros(size, jnp.bool_)


def _changed(evaluator: Evaluator, op: Operation) -> Iterator[Operation]:
    """The variables that `op` itself writes, or `op` when its iterations count."""
    if op in evaluator.counting:
        yield op
    for variable, _, writes in accesses(op):
        if writes:
            yield variable
