"""How the structural ops are evaluated: loops, and gradients of regions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework.random_stream import advanced_each, fold_in
from tfstyle.framework.replay import computed_again
from tfstyle.framework.subgraph import Body, Region, bodies_of, nested_operations
from tfstyle.framework.tensor import Operation
from tfstyle.lowering.control.array_state import marks
from tfstyle.lowering.control.bodies import BodyState
from tfstyle.lowering.control.needs import is_unrolled
from tfstyle.lowering.control.unrolled import unrolled_scan
from tfstyle.lowering.evaluate import Evaluator, structural
from tfstyle.lowering.recurrence.scan import (
    Recurrence,
    advance_stream,
    draws,
    scan,
)
from tfstyle.lowering.results import blocks_of
from tfstyle.lowering.rows import value_of

__all__: list[str] = []


def _evaluates(op_type: str) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        structural[op_type] = function
        return function

    return register


@_evaluates("BlockGradient")
def _block_gradient(
    evaluator: Evaluator,
    op: Operation,
    values: Sequence[Any],
    needed: Collection[int],
) -> list[Any]:
    """The gradients of a region: back over the tape, or over a tape of its own."""
    region: Region = op._attrs["_region"]
    count = len(region.ys)
    operations, carrying = region.reached(needed)
    context = op._control_flow_context
    is_mixed = any(o._control_flow_context is not context for o in operations)
    if op not in evaluator.taped and not (is_mixed and evaluator.is_differentiated):
        return evaluator.pull_back(region, values[:count], needed)
    # Differentiated itself: then it must be a function of what enters the region.
    streams = {**evaluator.streams, **evaluator.first_streams}
    for forward in nested_operations(region.operations):
        if is_mixed and draws(forward):
            # What was drawn forward is drawn again.
            streams[forward] = evaluator.origin(forward).first_streams[forward]
    external = values[count:] or [evaluator.value(t) for t in region.external]
    # What reading has cleared is there when the region runs once more.
    cleared = set(map(marks, nested_operations(region.operations))) - {None}
    variables = evaluator.variables
    if cleared:
        variables = {k: v for k, v in variables.items() if k not in cleared}
    inner = Evaluator(
        dict(zip(region.external, external, strict=True)),
        variables,
        streams,
        evaluator.needed,
        evaluator.folded,
        dict.fromkeys(operations, carrying),
    )
    inner.bounds, inner.known = evaluator.bounds, dict(evaluator.known)
    for forward in region.operations:
        inner.run(forward)
    return [value_of(g) for g in inner.pull_back(region, values[:count], needed)]


@_evaluates("Unpack")
def _unpack(
    evaluator: Evaluator,
    op: Operation,
    values: Sequence[Any],
    needed: Collection[int],
) -> list[Any]:
    """Only the slices somebody uses: an RNN of 1,000 steps mostly uses the last one."""
    del evaluator
    axis = op._attrs["axis"]
    count = len(op._outputs)
    shape = np.shape(values[0])
    if shape[axis] != count:
        raise ValueError(
            f"Input shape axis {axis} must equal {count}, got shape {list(shape)}"
        )
    if len(needed) < count:
        return [
            jnp.take(values[0], i, axis=axis) if i in needed else None
            for i in range(count)
        ]
    return list(_unpack_all(axis, jnp.asarray(values[0])))


@jax.custom_vjp
def _unpack_rows(value: Any) -> tuple[Any, ...]:
    return tuple(value[i] for i in range(value.shape[0]))


def _unpack_rows_forward(value: Any) -> tuple[tuple[Any, ...], None]:
    return _unpack_rows(value), None


def _unpack_rows_backward(_: None, cotangents: tuple[Any, ...]) -> tuple[Any]:
    # One concatenation; the transpose of slices would be a sum of padded arrays.
    return (jnp.stack(cotangents),)


_unpack_rows.defvjp(_unpack_rows_forward, _unpack_rows_backward)


def _unpack_all(axis: int, value: Any) -> tuple[Any, ...]:
    return tuple(_unpack_rows(jnp.moveaxis(value, axis, 0)))


@_evaluates("Scan")
def _scan(
    evaluator: Evaluator,
    op: Operation,
    values: Sequence[Any],
    needed: Collection[int],
) -> list[Any]:
    """One scan over the body.

    Outputs are the final carries, then each result stacked over the steps, then the
    last value of each result. What nobody needs is neither stacked nor carried.
    """
    if is_unrolled(op):
        return unrolled_scan(evaluator, op, values)
    (body,) = bodies_of(op)
    carries, scanned = op._attrs["carries"], op._attrs["scanned"]
    carried, results = body.results[:carries], body.results[carries:]
    sequences = [jnp.asarray(v) for v in values[carries : carries + scanned]]
    length = sequences[0].shape[0]
    state = BodyState(evaluator, (body,))
    streams, state.streams = _streams(evaluator, op, body, length)
    captured, moving = state.split_captures(body.captures, values[carries + scanned :])
    loop = Recurrence(
        operations=computed_again(body, body.results)
        if evaluator.again
        else body.operations,
        carried=body.parameters[:carries],
        results=carried,
        initial=values[:carries],
        scanned=body.parameters[carries:],
        sequences=sequences,
        invariant=captured,
        length=length,
        streams=streams,
        state=state if state.variables or state.streams else None,
        initial_state=state.initial(evaluator, moving),
    )
    stacked = [t for i, t in enumerate(results) if carries + i in needed]
    last = [t for i, t in enumerate(results) if carries + len(results) + i in needed]
    done = scan(evaluator, loop, stacked, last)
    for random, blocks in done.blocks.items():
        # After the loop each random operation goes on where it has not been.
        times = 1 if op._attrs["unrolled"] else length
        advance_stream(evaluator, random, blocks * times)
    state.store(evaluator, done.state)
    rows = dict(zip(stacked, done.stacked, strict=True))
    ends = dict(zip(last, done.last, strict=True))
    return [*done.final, *map(rows.get, results), *map(ends.get, results)]


def _streams(
    evaluator: Evaluator, op: Operation, body: Body, length: int
) -> tuple[dict[Operation, Any], list[Operation]]:
    """The random streams of all steps.

    Returns:
        For each random operation that uses up as much in every step, its streams,
        [length, 6]; and those whose streams are handed on from step to step.
    """
    index = jnp.arange(length, dtype=jnp.int32)
    found: dict[Operation, Any] = {}
    others: list[Operation] = []
    unrolled = op._attrs["unrolled"]
    direct, inside = _random_operations(body.operations, unrolled)
    for random in direct:
        stream = jnp.asarray(evaluator.streams[random])
        shape = random._outputs[0].get_shape()
        if not unrolled:
            if shape.is_fully_defined():
                result = jax.ShapeDtypeStruct(tuple(shape.as_list()), np.float32)
                blocks = blocks_of(random, [result])
                found[random] = advanced_each(stream, blocks, length)
            else:
                others.append(random)
        elif random._attrs.get("_op_seed"):
            # Ops written one after the other with the same seed draw the same numbers.
            found[random] = jnp.broadcast_to(stream, (length, *stream.shape))
        else:
            found[random] = jax.vmap(fold_in, (None, 0))(stream, index)
    return found, [*others, *inside]


def _random_operations(
    operations: Iterable[Operation], through_scans: bool
) -> tuple[list[Operation], list[Operation]]:
    """The random operations of a body, and those in bodies inside it."""
    direct: list[Operation] = []
    inside: list[Operation] = []
    for op in operations:
        if draws(op):
            direct.append(op)
        elif op.type == "Scan" and through_scans:
            more = _random_operations(bodies_of(op)[0].operations, True)
            direct += more[0]
            inside += more[1]
        else:
            inside += filter(draws, nested_operations([op]))
    return direct, inside
