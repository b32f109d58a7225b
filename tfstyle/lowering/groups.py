"""Evaluates a group of repeats (see `rolling`) as one scan."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from tfstyle.framework import errors
from tfstyle.framework.random_stream import advance
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.evaluate import Evaluator
from tfstyle.lowering.recurrence import Recurrence, Scanned, draws, scan
from tfstyle.lowering.rolling import Group
from tfstyle.lowering.tape import Pullback

__all__ = ["run_group"]

_log = logging.getLogger("tfstyle.rolling")


def run_group(evaluator: Evaluator, group: Group, used: Collection[Tensor]) -> None:
    """Evaluates a group.

    Args:
        evaluator: where values come from and go to.
        group: the repeats.
        used: the tensors that anything outside the group uses.

    A group that turns out not to fit a scan (shapes that differ from one repeat to the
    next) is evaluated operation by operation.
    """
    streams = dict(evaluator.streams)
    try:
        _run(evaluator, group, used)
    except (TypeError, ValueError, errors.InvalidArgumentError) as error:
        first = group.repeats[0][0]
        _log.info("The loop at '%s' stays unrolled: %s", first.name, error)
        evaluator.streams.update(streams)
        for op in group.operations:
            evaluator.run(op)


def _run(evaluator: Evaluator, group: Group, used: Collection[Tensor]) -> None:
    inputs = group.inputs
    values = {t: evaluator.value(t) for t in inputs}
    outputs = _outputs(group, used)
    streams = _stacked_streams(evaluator, group)

    blocks: dict[Operation, int] = {}

    def forward(given: dict[Tensor, Any]) -> list[Any]:
        known = {**values, **given}
        done = _scan(evaluator, group, known, streams, [slot for slot, _ in outputs])
        blocks.update(done.blocks)
        return done.stacked

    carrying = frozenset[Tensor]().union(
        *(evaluator.taped.get(op, frozenset()) for op in group.operations)
    )
    moving = [t for t in inputs if t in carrying]
    if not moving:
        results = forward({})
    else:
        results = _taped(evaluator, group, outputs, moving, values, forward)
    for (_, family), stacked in zip(outputs, results, strict=True):
        for i, tensor in enumerate(family):
            if tensor in used and tensor not in evaluator.given:
                evaluator.values[tensor] = stacked[i]
    _advance(evaluator, group, blocks)


def _taped(
    evaluator: Evaluator,
    group: Group,
    outputs: Sequence[tuple[tuple[int, int], tuple[Tensor, ...]]],
    moving: Sequence[Tensor],
    values: dict[Tensor, Any],
    forward: Any,
) -> list[Any]:
    """Evaluates the group and keeps its pullback."""
    floats = [
        i
        for i, (_, family) in enumerate(outputs)
        if family[0].dtype.is_floating or family[0].dtype.is_complex
    ]

    def function(*given: Any) -> tuple[list[Any], list[Any]]:
        results = forward(dict(zip(moving, given, strict=True)))
        return [results[i] for i in floats], results

    primals = [jnp.asarray(values[t]) for t in moving]
    main, pull, results = jax.vjp(function, *primals, has_aux=True)
    flat = [t for i in floats for t in outputs[i][1]]
    rows = [row for stacked in main for row in stacked]

    def pull_rows(cotangents: tuple[Any, ...]) -> tuple[Any, ...]:
        given = iter(cotangents)
        stacks = [jnp.stack([next(given) for _ in outputs[i][1]]) for i in floats]
        return tuple(pull(stacks))

    last = group.repeats[-1][-1]
    evaluator.record(group.operations, Pullback(last, moving, flat, rows, pull_rows))
    return list(results)


def _outputs(
    group: Group, used: Collection[Tensor]
) -> list[tuple[tuple[int, int], tuple[Tensor, ...]]]:
    """(place in a repeat, tensor of each repeat) of what is used outside."""
    found = []
    for slot, body_op in enumerate(group.body):
        for index in range(len(body_op._outputs)):
            family = tuple(repeat[slot]._outputs[index] for repeat in group.repeats)
            if any(t in used for t in family):
                found.append(((slot, index), family))
    return found


def _scan(
    evaluator: Evaluator,
    group: Group,
    values: dict[Tensor, Any],
    streams: dict[Operation, Any],
    wanted: Sequence[tuple[int, int]],
) -> Scanned:
    """Runs all repeats; the wanted results are stacked."""
    loop = Recurrence(
        operations=group.body,
        carried=group.carried,
        results=group.results,
        initial=[values[t] for t in group.initial],
        scanned=group.scanned,
        sequences=[jnp.stack([values[t] for t in f]) for f in group.families],
        invariant={t: values[t] for t in group.invariant},
        length=len(group.repeats),
        streams=streams,
    )
    wanted_tensors = [group.body[slot]._outputs[index] for slot, index in wanted]
    return scan(evaluator, loop, wanted_tensors)


def _random_slots(group: Group) -> list[int]:
    return [slot for slot, op in enumerate(group.body) if draws(op)]


def _stacked_streams(evaluator: Evaluator, group: Group) -> dict[Operation, Any]:
    """For each random operation of the body, the streams of all repeats."""
    return {
        group.body[slot]: jnp.stack(
            [jnp.asarray(evaluator.streams[repeat[slot]]) for repeat in group.repeats]
        )
        for slot in _random_slots(group)
    }


def _advance(evaluator: Evaluator, group: Group, blocks: dict[Operation, int]) -> None:
    for slot in _random_slots(group):
        for repeat in group.repeats:
            stream = evaluator.streams[repeat[slot]]
            evaluator.streams[repeat[slot]] = advance(stream, blocks[group.body[slot]])
