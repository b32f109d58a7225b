"""From fetches and feeds to a list of steps.

A step is a jitted segment of device operations or one host operation after another.
Each operation runs as early as what it depends on allows, so that a plan has as few
segments as possible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from tfstyle.framework import errors
from tfstyle.framework.subgraph import Body, Region, bodies_of
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.control.branches import BranchesDifferError
from tfstyle.lowering.control.either_way import EitherWay
from tfstyle.lowering.control.host_control import HostControl
from tfstyle.lowering.control.needs import may_change_shapes, tell_apart
from tfstyle.lowering.host import HostStep
from tfstyle.lowering.prune import Pruned, prune
from tfstyle.lowering.references import (
    all_accesses,
    is_variable,
    root_variable,
    runs_on_host,
)
from tfstyle.lowering.segment import Segment
from tfstyle.lowering.state import Changes, State
from tfstyle.lowering.statics import Statics

__all__ = ["Plan", "make_plan"]

Step = Segment | HostStep | HostControl | EitherWay
_Steps = tuple[list[Step], list[Operation], dict[Tensor, Any]]


class Plan:
    """What one combination of fetches and feeds runs.

    Attributes:
        steps: segments and host steps, in order.
        unfed: placeholders that are needed and not fed.
    """

    def __init__(self, fetched: Sequence[Tensor], find: Callable[[], _Steps]) -> None:
        """Plans.

        Args:
            fetched: the tensors to return.
            find: finds the steps; called again when tracing shows that branches of
                theirs return different shapes.
        """
        self._fetched = fetched
        self._variables = [root_variable(t) for t in fetched]
        self._find = find
        self._apart: set[Operation] = set()
        self._plan()

    def _plan(self) -> None:
        self.steps, self.unfed, self._constants = self._find()
        self._drawn_again = [
            op for s in self.steps if isinstance(s, Segment) for op in s.drawn_again
        ]

    def run(self, state: State, fed: dict[Tensor, Any]) -> list[Any]:
        """Executes the steps.

        Args:
            state: the state of the session; changed only when every step succeeds.
            fed: values of the fed tensors.

        Returns:
            The values of the fetched tensors, as NumPy arrays.
        """
        values = {**self._constants, **fed} if self._constants else fed
        changes = state.begin()
        self._execute(state, changes, values)
        return state.finish(changes, self._fetched, self._variables, values)

    def execute(
        self, state: State, changes: Changes, values: dict[Tensor, Any]
    ) -> None:
        """Executes the steps as part of another plan.

        Args:
            state: the state of the session; what changes is noted in `changes`.
            changes: what the other plan has changed so far.
            values: the fed tensors; gets the values of the others.
        """
        values.update(self._constants)
        self._execute(state, changes, values)

    def _execute(
        self, state: State, changes: Changes, values: dict[Tensor, Any]
    ) -> None:
        if self._drawn_again:
            changes.keep_drawn(state, self._drawn_again)
        for i, step in enumerate(self.steps):
            try:
                step.run(state, changes, values)
            except BranchesDifferError as error:
                self._plan_apart(error, self.steps[:i])
                values.update(self._constants)
                self._execute(state, changes, values)
                return

    def _plan_apart(self, error: BranchesDifferError, done: Sequence[Step]) -> None:
        """Plans anew, with the branches of an operation compiled apart.

        Raises:
            tf.errors.UnimplementedError: when what is done cannot be repeated.
        """
        known = error.op in self._apart
        self._apart.add(error.op)
        tell_apart(error.op)
        self._plan()
        if known or not all(isinstance(s, Segment) and s.is_pure for s in done):
            raise errors.UnimplementedError(None, error.op, error.message) from None


def make_plan(
    operations: Sequence[Operation],
    tensors: Sequence[Tensor],
    fed: Collection[Tensor],
    done: Collection[Operation] = (),
    inside: Any = None,
    data: Collection[Tensor] = (),
) -> Plan:
    """Plans a run.

    Args:
        operations: operations to run.
        tensors: tensors to fetch.
        fed: tensors that are fed.
        done: operations that an earlier part of a partial run has executed.
        inside: the context of the body that is planned; default: the whole graph.
        data: those of `fed` that are like results of an earlier step: what does not
            need their values while tracing is compiled apart from what does.
    """
    return Plan(tensors, partial(_steps, operations, tensors, fed, done, inside, data))


def _steps(
    operations: Sequence[Operation],
    tensors: Sequence[Tensor],
    fed: Collection[Tensor],
    done: Collection[Operation],
    inside: Any,
    data: Collection[Tensor],
) -> _Steps:
    """The steps, the placeholders that are not fed, and the constants; as above."""
    pruned = prune(operations, tensors, fed, done, inside)
    unfed = [
        op
        for op in pruned.operations
        if op.type == "Placeholder" and op.outputs[0] not in fed
    ]
    live = [op for op in pruned.operations if not _is_leaf(op)]
    statics = Statics(live, fed, data)
    levels = _levels(pruned, statics, _on_host(pruned))
    by_level: defaultdict[int, list[Operation]] = defaultdict(list)
    for op in live:
        by_level[levels[op]].append(op)
    last = max(by_level, default=0)
    steps: list[Step] = []
    for level in sorted(by_level):
        ops = by_level[level]
        if level % 2:
            steps.extend(_host_step(op, pruned, statics, fed) for op in ops)
        else:
            gives_away = inside is None and level == last
            steps.append(Segment(ops, pruned, statics, fed, is_last=gives_away))
    used = {tensor for step in steps for tensor in step.arguments} | set(tensors)
    constants = {t: t.op._attrs["value"] for t in used if t.op.type == "Const"}
    for step in steps:
        if isinstance(step, (Segment, EitherWay)):
            step.export(used)
    return steps, unfed, constants


def _host_step(
    op: Operation, pruned: Pruned, statics: Statics, fed: Collection[Tensor]
) -> Step:
    declaration = op._declaration
    if declaration is None or not declaration.structural:
        return HostStep(op)
    control = HostControl(op, _plan_body)
    if runs_on_host(op):
        return control
    segment = Segment([op], pruned, statics, fed, is_last=False)
    return EitherWay(segment, control)


def _plan_body(body: Body) -> Plan:
    """The plan of a body, whose parameters and captures are fed."""
    captured = [t for t in body.captures if root_variable(t) is None]
    fed = dict.fromkeys((*body.parameters, *captured))
    inside = body.operations[0]._control_flow_context if body.operations else None
    if inside is None:
        return Plan(body.results, lambda: ([], [], {}))
    data = [t for t in fed if t.op.type != "Const"]
    return make_plan(
        body.operations, body.results, fed, inside.awaited_outside(), inside, data
    )


def _is_leaf(op: Operation) -> bool:
    """Whether `op` needs no step: state, constants, and what is there for its edges."""
    return is_variable(op) or op.type in ("Const", "NoOp")


def _on_host(pruned: Pruned) -> set[Operation]:
    """The operations that are host steps."""
    found = {
        op for op in pruned.operations if runs_on_host(op) or may_change_shapes(op)
    }
    if any(bodies_of(op) for op in found):
        for op in pruned.operations:
            region = op._attrs.get("_region")
            if isinstance(region, Region):
                for inner in region.reached(pruned.needed[op])[0]:
                    if inner in found and not runs_on_host(inner, differentiated=True):
                        found.remove(inner)
    return found


def _levels(
    pruned: Pruned, statics: Statics, on_host: Collection[Operation]
) -> dict[Operation, int]:
    """Even levels are segments, odd ones host steps."""
    levels: dict[Operation, int] = {}
    reads: dict[Operation, int] = {}
    writes: dict[Operation, int] = {}
    for op in pruned.operations:
        host = op in on_host
        level = 1 if host else 0
        for dependency in pruned.depends[op]:
            level = max(level, _after(levels[dependency], host))
        for tensor in () if host else statics.cut.get(op, ()):
            before = levels.get(tensor.op, 0)
            level = max(level, before + (1 if before % 2 else 2))
        touched = all_accesses(op)
        for variable, _, write in touched:
            bound = writes.get(variable, 0)
            if write:
                bound = max(bound, reads.get(variable, 0))
            level = max(level, _after(bound, host))
        levels[op] = level
        for variable, read, write in touched:
            if read:
                reads[variable] = max(level, reads.get(variable, 0))
            if write:
                writes[variable] = max(level, writes.get(variable, 0))
    return levels


def _after(level: int, host: bool) -> int:
    """The first level of the right kind that sees what ran at `level`."""
    return level if (level % 2 == 1) == host else level + 1
