"""How the structural ops are evaluated: loops, and gradients of regions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework.random_stream import fold_in
from tfstyle.framework.subgraph import Body, Region
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.evaluate import Evaluator, advanced, structural

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
    if op not in evaluator.taped:
        return evaluator.pull_back(region, values[:count], needed)
    # Differentiated itself: then it must be a function of what enters the region.
    operations, carrying = region.reached(needed)
    inner = Evaluator(
        dict(zip(region.external, values[count:], strict=True)),
        evaluator.variables,
        evaluator.streams,
        evaluator.needed,
        evaluator.folded,
        dict.fromkeys(operations, carrying),
    )
    for forward in region.operations:
        inner.run(forward)
    return inner.pull_back(region, values[:count], needed)


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
    """`lax.scan` over the body.

    Outputs are the final carries, then each result stacked over the steps, then the last
    value of each result. What nobody needs is neither stacked nor carried.
    """
    body: Body = op._attrs["_body"]
    carries, scanned = op._attrs["carries"], op._attrs["scanned"]
    results = len(body.results) - carries
    initial = [jnp.asarray(v) for v in values[:carries]]
    sequences = [jnp.asarray(v) for v in values[carries : carries + scanned]]
    captured = dict(zip(body.captures, values[carries + scanned :], strict=True))
    stacked = [i for i in range(results) if carries + i in needed]
    lasts = [i for i in range(results) if carries + results + i in needed]
    same = {
        i: body.results.index(body.results[carries + i])
        for i in lasts
        if body.results[carries + i] in body.results[:carries]
    }
    extra = [i for i in lasts if i not in same]
    run = _body_function(evaluator, op, body, captured)
    length = sequences[0].shape[0]

    def step(carry: Any, x: Any) -> Any:
        state, _ = carry
        index, *items = x
        new = run(index, [*state, *items])
        last = [new[carries + i] for i in extra]
        ys = [new[carries + i] for i in stacked]
        return (new[:carries], last), ys

    shapes = body.results[carries:]
    empty = [_zeros_of(run, initial, sequences, carries + i) for i in extra]
    del shapes
    (final, last), ys = jax.lax.scan(
        step, (initial, empty), (jnp.arange(length, dtype=jnp.int32), *sequences)
    )
    _advance_streams(evaluator, body, length, op._attrs["unrolled"])
    outputs: list[Any] = [None] * len(op._outputs)
    outputs[:carries] = final
    for i, y in zip(stacked, ys, strict=True):
        outputs[carries + i] = y
    for i in lasts:
        outputs[carries + results + i] = (
            final[same[i]] if i in same else last[extra.index(i)]
        )
    return outputs


def _zeros_of(
    run: Callable[[Any, list[Any]], list[Any]],
    initial: Sequence[Any],
    sequences: Sequence[Any],
    index: int,
) -> Any:
    """Zeros of the shape and dtype of one result of the body."""
    items = [jax.ShapeDtypeStruct(s.shape[1:], s.dtype) for s in sequences]
    counter = jax.ShapeDtypeStruct((), np.int32)
    result = jax.eval_shape(
        lambda i, *given: run(i, list(given))[index], counter, *initial, *items
    )
    return jnp.zeros(result.shape, result.dtype)


def _body_function(
    evaluator: Evaluator, op: Operation, body: Body, captured: dict[Tensor, Any]
) -> Callable[[Any, list[Any]], list[Any]]:
    """The body as a function of (iteration, parameters)."""
    unrolled = op._attrs["unrolled"]
    streams = dict(evaluator.streams)
    order = {inner: i for i, inner in enumerate(body.operations)}

    def run(index: Any, parameters: list[Any]) -> list[Any]:
        inner_streams = dict(streams)
        for random in order:
            if random in streams and not (unrolled and random._attrs.get("_op_seed")):
                inner_streams[random] = fold_in(streams[random], index)
        inner = Evaluator(
            {**captured, **dict(zip(body.parameters, parameters, strict=True))},
            dict(evaluator.variables),
            inner_streams,
            folded=evaluator.folded,
            in_body=True,
        )
        for operation in body.operations:
            inner.run(operation)
        return [jnp.asarray(inner.value(t)) for t in body.results]

    return run


def _advance_streams(
    evaluator: Evaluator, body: Body, length: int, unrolled: bool
) -> None:
    """After a loop each random operation of the body goes on where it has not been."""
    for inner in body.operations:
        declaration = inner._declaration
        if declaration is None or not declaration.is_random:
            continue
        stream = evaluator.streams[inner]
        shape = inner._outputs[0].get_shape()
        size = shape.num_elements() if shape.is_fully_defined() else 1 << 20
        times = 1 if unrolled else length
        template = np.broadcast_to(np.zeros((), np.uint8), (int(size or 0) * times,))
        evaluator.streams[inner] = advanced(declaration, stream, [template])
