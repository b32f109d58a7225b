"""Evaluates a group of repeats (see `rolling`) as one scan."""

from __future__ import annotations

import functools
import logging
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from typing import Any

import jax
import jax.numpy as jnp

from tfstyle.framework import errors
from tfstyle.framework.op_def import OpDeclaration
from tfstyle.framework.op_table import OpFacts
from tfstyle.framework.random_stream import advance
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.evaluate import Evaluator, structural
from tfstyle.lowering.recurrence.scan import Recurrence, draws, scan
from tfstyle.lowering.results import blocks_of
from tfstyle.lowering.rolling.units import Group, Unit
from tfstyle.lowering.rows import (
    Collected,
    Key,
    Row,
    Stack,
    carried_by,
    evaluate,
    value_of,
)

__all__ = ["random_together", "run_unit", "stacked_streams"]

_log = logging.getLogger("tfstyle.rolling")


def run_unit(evaluator: Evaluator, unit: Unit) -> None:
    """Evaluates an operation, a view or a group.

    A group that turns out not to fit a scan (shapes that differ from one repeat to the
    next) is evaluated operation by operation.
    """
    if isinstance(unit, Operation):
        evaluator.run(unit)
    elif isinstance(unit, Group):
        _run_group(evaluator, unit)
    else:
        unit.run(evaluator)


def _run_group(evaluator: Evaluator, group: Group) -> dict[Operation, int]:
    """Evaluates a group; returns the random blocks that its operations used up."""
    streams = dict(evaluator.streams)
    evaluation = _Evaluation(evaluator, group)
    try:
        evaluation.run()
    except (TypeError, ValueError, errors.InvalidArgumentError) as error:
        first = group.repeats[0][0]
        _log.info("The loop at '%s' stays unrolled: %s", first.name, error)
        evaluator.streams.update(streams)
        for op in group.operations:
            if op in group.spare:
                continue
            if draws(op):
                evaluator.streams[op] = value_of(evaluator.streams[op])
            evaluator.run(op)
            if draws(op):
                evaluation.blocks[op] = blocks_of(op, [evaluator.value(op._outputs[0])])
    return evaluation.blocks


class _Evaluation:
    """One evaluation of a group.

    Attributes:
        blocks: the blocks of random numbers that each operation used up.
    """

    def __init__(self, evaluator: Evaluator, group: Group) -> None:
        self._evaluator = evaluator
        self._group = group
        self._length = len(group.repeats)
        self._body = group.repeats[group.row]
        self._families: list[Collected] = []
        self._streams: dict[Operation, Any] = {}
        self._perturbations: dict[Tensor, Stack] = {}
        self.blocks: dict[Operation, int] = {}

    def run(self) -> None:
        """Evaluates the group; its results get their values."""
        group, evaluator = self._group, self._evaluator
        carrying = carried_by(evaluator, group.operations)
        self._families = [
            Collected(evaluator, family.members, carrying) for family in group.scanned
        ]
        self._streams = self._stacked_streams()
        inputs: dict[Key, Any] = {
            tensor: evaluator.value(tensor)
            for tensor in (*group.invariant, *(c.initial for c in group.carried))
        }
        for family in self._families:
            inputs.update(family.inputs)
        if evaluator.taped:
            for perturbed in group.perturbed:
                zeros = self._zeros(perturbed.tensor, inputs)
                stack = Stack(perturbed.members, zeros)
                self._perturbations[perturbed.tensor] = stack
                inputs[stack] = zeros
        outputs: list[Key] = [Stack(family.members) for family in group.outputs]
        outputs += [tensor for _, tensor in group.finals]
        evaluate(evaluator, group.operations, inputs, outputs, self._results)
        for stack in self._perturbations.values():
            evaluator.perturbed.update(
                (member, Row(stack, i))
                for i, member in enumerate(stack.tensors)
                if member is not None
            )
        self._advance()

    def _zeros(self, tensor: Tensor, inputs: Mapping[Key, Any]) -> Any:
        """Zeros of the shape and dtype that `tensor` has in all repeats."""
        shape = tensor.get_shape()
        if shape.is_fully_defined():
            sizes = [self._length, *(int(size or 0) for size in shape.as_list())]
            return jnp.zeros(sizes, tensor.dtype.base_dtype.as_numpy_dtype)
        made = jax.eval_shape(lambda: self._run(_Loop(self, inputs), [tensor])[0][0])
        return jnp.zeros(made.shape, made.dtype)

    def _results(self, values: Mapping[Key, Any]) -> list[Any]:
        group = self._group
        loop = _Loop(self, values)
        wanted = [loop.own.get(f.tensor, f.tensor) for f in group.outputs]
        stacked, final = self._run(loop, wanted)
        places = {carry: i for i, carry in enumerate(group.carried)}
        return [*stacked, *(final[places[carry]] for carry, _ in group.finals)]

    def _run(
        self, loop: _Loop, wanted: Sequence[Tensor]
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        """The wanted tensors of all repeats, and what is carried after the last."""
        recurrence = loop.recurrence
        if not recurrence.carried:
            return self._side_by_side(recurrence, wanted), ()
        done = scan(self._evaluator, recurrence, wanted)
        self.blocks.update(done.blocks)
        return done.stacked, done.final

    def _side_by_side(self, loop: Recurrence, wanted: Sequence[Tensor]) -> Any:
        """All repeats at once: they do not depend on each other."""
        outer = self._evaluator

        def step(items: Any, streams: Any) -> Any:
            values: dict[Tensor, Any] = dict(loop.invariant)
            values.update(zip(loop.scanned, items, strict=True))
            own = dict(zip(loop.streams, streams, strict=True))
            inner = outer.inside(values, dict(outer.variables), own, loop.operations)
            for op in loop.operations:
                inner.run(op)
                if draws(op):
                    value = inner.value(op._outputs[0])
                    self.blocks[op] = blocks_of(op, [value])
            return [jnp.asarray(inner.value(tensor)) for tensor in wanted]

        items = [jnp.asarray(s) for s in loop.sequences]
        streams = list(loop.streams.values())
        return jax.vmap(step, axis_size=loop.length)(items, streams)

    # -- random numbers ---------------------------------------------------------

    def _stacked_streams(self) -> dict[Operation, Any]:
        """For each random operation of the body, the streams of all repeats."""
        found: dict[Operation, Any] = {}
        for slot, operations in _random_slots(self._group):
            streams = stacked_streams(self._evaluator, operations)
            spare = self._length - len(operations)
            if spare:
                unused = jnp.zeros((spare, 6), jnp.uint32)
                streams = jnp.concatenate([streams, unused])
            found[self._body[slot]] = streams
        return found

    def _advance(self) -> None:
        for slot, operations in _random_slots(self._group):
            op = self._body[slot]
            blocks = self.blocks[op]
            moved = jax.vmap(functools.partial(advance, blocks=blocks))
            stack = Stack([], moved(self._streams[op])[: len(operations)])
            for i, own in enumerate(operations):
                self._evaluator.streams[own] = Row(stack, i)
                self.blocks[own] = blocks


def _random_slots(group: Group) -> Iterator[tuple[int, tuple[Operation, ...]]]:
    """(place in a repeat, the operations there) of random operations."""
    for slot, op in enumerate(group.repeats[0]):
        if draws(op):
            members = [repeat[slot] for repeat in group.repeats]
            yield slot, tuple(m for m in members if m not in group.spare)


def random_together(units: Iterable[Unit]) -> list[tuple[Operation, ...]]:
    """The random operations whose states are best kept in one array."""
    return [
        operations
        for unit in units
        if isinstance(unit, Group)
        for _, operations in _random_slots(unit)
    ]


def stacked_streams(evaluator: Evaluator, operations: Sequence[Operation]) -> Any:
    """The random states of `operations`, [operations, 6]."""
    rows = [evaluator.streams[op] for op in operations]
    first = rows[0]
    if isinstance(first, Row) and all(
        isinstance(row, Row) and row.stack is first.stack and row.index == i
        for i, row in enumerate(rows)
    ):
        return first.stack.value
    return jnp.stack([jnp.asarray(value_of(row)) for row in rows])


class _Loop:
    """A group as a loop.

    Attributes:
        own: for tensors that something is added to, those without it.
    """

    def __init__(self, evaluation: _Evaluation, values: Mapping[Key, Any]) -> None:
        group = evaluation._group
        self._evaluation = evaluation
        self._group = group
        self._added = {
            tensor: _free_tensor(tensor) for tensor in evaluation._perturbations
        }
        self.own: dict[Tensor, Tensor] = {}
        scanned = [family.tensor for family in group.scanned]
        sequences = [family.build(values) for family in evaluation._families]
        for tensor, stack in evaluation._perturbations.items():
            scanned.append(self._added[tensor])
            sequences.append(values[stack])
        operations = [self._part(unit) for unit in group.body]
        results = [self._result(carry.result, operations) for carry in group.carried]
        self.recurrence = Recurrence(
            operations=operations,
            carried=[carry.tensor for carry in group.carried],
            results=results,
            initial=[values[carry.initial] for carry in group.carried],
            scanned=scanned,
            sequences=sequences,
            invariant={t: values[t] for t in group.invariant},
            length=evaluation._length,
            streams=evaluation._streams,
        )

    def _part(self, unit: Unit) -> Operation:
        if not isinstance(unit, Operation):
            return self._unit(unit)
        if unit in self._group.stopped or any(t in self._added for t in unit._outputs):
            return self._apart(unit)
        return unit

    def _unit(self, unit: Unit) -> Operation:
        """A group or a view in the body of this group."""
        if isinstance(unit, Group):
            made = [t for family in unit.outputs for t in family.members]
            made += [tensor for _, tensor in unit.finals]
            inputs = unit.inputs
        else:
            assert not isinstance(unit, Operation)
            made, inputs = list(unit.tensors), [unit.source]

        def run(evaluator: Evaluator) -> list[Any]:
            if isinstance(unit, Group):
                self._evaluation.blocks.update(_run_group(evaluator, unit))
            else:
                run_unit(evaluator, unit)
            return [evaluator.rows.get(t, evaluator.values.get(t)) for t in made]

        return _part(unit.operations[0], inputs, made, run)

    def _apart(self, op: Operation) -> Operation:
        """An operation whose gradients are not those of the loop around it.

        No gradient flows into it from the loop when it is stopped; zeros added to its
        results get the gradients that are asked for.
        """
        stopped = op in self._group.stopped
        added = [(t, self._added[t]) for t in op._outputs if t in self._added]
        own = [_free_tensor(t) for t, _ in added]
        self.own.update(zip((t for t, _ in added), own, strict=True))

        def run(evaluator: Evaluator) -> list[Any]:
            evaluator.run(op)
            values = {t: evaluator.value(t) for t in op._outputs}
            if draws(op):
                blocks = blocks_of(op, [values[op._outputs[0]]])
                self._evaluation.blocks[op] = blocks
            if stopped:
                values = {t: _stopped(value) for t, value in values.items()}
            before = [values[t] for t, _ in added]
            for tensor, zeros in added:
                values[tensor] = values[tensor] + evaluator.value(zeros)
            return [*values.values(), *before]

        inputs = [*op._inputs, *(zeros for _, zeros in added)]
        return _part(op, inputs, [*op._outputs, *own], run)

    def _result(self, tensor: Tensor, operations: list[Operation]) -> Tensor:
        """What stands for `tensor`, which is carried, after a step.

        A concatenation that is no operation of the step is carried as a whole.
        """
        if tensor.op in operations or tensor.op.type != "Concat":
            return tensor
        whole = _free_tensor(tensor)

        def run(evaluator: Evaluator) -> list[Any]:
            return [evaluator.value(tensor)]

        operations.append(_part(tensor.op, [tensor], [whole], run))
        return whole


def _stopped(value: Any) -> Any:
    return jax.lax.stop_gradient(value) if isinstance(value, jax.Array) else value


# -- what is no operation of the graph --------------------------------------------


def _undefined() -> None:
    raise AssertionError("evaluated by the lowering")


_PART = OpDeclaration(
    type="LoopPart",
    body=_undefined,
    facts=OpFacts("LoopPart", in_r09=False),
    roles={},
    structural=True,
)


def _part(
    of: Operation,
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    run: Callable[[Evaluator], list[Any]],
) -> Operation:
    """What a loop runs in the place of operations: an operation outside the graph.

    Args:
        of: the operation that messages name.
        inputs: the tensors it uses.
        outputs: the tensors it gives.
        run: gives them their values.
    """
    attrs = {"_run": run}
    part = Operation((_PART.type, of.name, attrs, ""), of.graph, op_def=_PART)
    part._inputs = list(inputs)
    part._outputs = list(outputs)
    return part


def _free_tensor(like: Tensor) -> Tensor:
    """A tensor of no operation, of the dtype and shape of another one."""
    part = _part(like.op, [], [], lambda evaluator: [])
    tensor = Tensor(part, 0, like.dtype.base_dtype)
    tensor.set_shape(like.get_shape())
    return tensor


def _run_part(
    evaluator: Evaluator,
    op: Operation,
    values: Sequence[Any],
    needed: Collection[int],
) -> list[Any]:
    del values, needed
    results: list[Any] = op._attrs["_run"](evaluator)
    return results


structural[_PART.type] = _run_part
