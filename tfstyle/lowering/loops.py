"""How the structural ops are evaluated: loops, and gradients of regions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework.random_stream import advance, fold_in
from tfstyle.framework.subgraph import Body, Region, bodies_of, nested_operations
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.evaluate import Evaluator, blocks_of, structural

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
    """`lax.scan` over the body.

    Outputs are the final carries, then each result stacked over the steps, then the
    last value of each result. What nobody needs is neither stacked nor carried.
    """
    (body,) = bodies_of(op)
    carries, scanned = op._attrs["carries"], op._attrs["scanned"]
    carried, results = body.results[:carries], body.results[carries:]
    sequences = [jnp.asarray(v) for v in values[carries : carries + scanned]]
    captured = dict(zip(body.captures, values[carries + scanned :], strict=True))
    layouts = [_Layout(tensor) for tensor in carried]
    initial = [x.split(v) for x, v in zip(layouts, values[:carries], strict=True)]
    stacked = [t for i, t in enumerate(results) if carries + i in needed]
    last = [t for i, t in enumerate(results) if carries + len(results) + i in needed]
    # A last value that is carried anyway (the output of most cells) costs nothing.
    leaves = [leaf for layout in layouts for leaf in layout.leaves]
    extra = [t for t in dict.fromkeys(last) if t not in (*leaves, *carried)]
    loop = _Loop(evaluator, op, body, captured)
    length = sequences[0].shape[0]

    def step(carry: Any, x: Any) -> Any:
        states, _ = carry
        index, *items = x
        whole = [y.join(parts) for y, parts in zip(layouts, states, strict=True)]
        new = loop.run(index, [*whole, *items])
        new_states = [[new(leaf) for leaf in layout.leaves] for layout in layouts]
        return (new_states, [new(t) for t in extra]), [new(t) for t in stacked]

    counter = jnp.arange(length, dtype=jnp.int32)
    inputs = (counter, *sequences)
    empty: list[Any] = []
    if extra:
        (_, shapes), _ = jax.eval_shape(
            lambda first, rest: step((first, []), [x[0] for x in rest]), initial, inputs
        )
        empty = [jnp.zeros(s.shape, s.dtype) for s in shapes]
    (states, final_extra), ys = jax.lax.scan(step, (initial, empty), inputs)
    loop.advance_streams(length)
    final = [y.join(parts) for y, parts in zip(layouts, states, strict=True)]
    known = dict(zip(leaves, [x for parts in states for x in parts], strict=True))
    known.update(zip(carried, final, strict=True))
    known.update(zip(extra, final_extra, strict=True))
    rows = iter(ys)
    return [
        *final,
        *(next(rows) if t in stacked else None for t in results),
        *(known[t] if t in last else None for t in results),
    ]


class _Layout:
    """How a carried value is kept: a concatenation is carried in its parts.

    A state that is one tensor [c, h] is taken apart at the start of each step and
    joined at its end; carried in parts it never is, since XLA sees through slices of a
    concatenation but not across the steps of a loop.

    Attributes:
        leaves: the tensors of the body that are carried.
    """

    def __init__(self, result: Tensor) -> None:
        self._axis = 0
        self._sizes: list[int] = []
        self.leaves: list[Tensor] = self._parts(result)
        if len(self.leaves) > 1:
            sizes = [t.get_shape()[self._axis].value for t in self.leaves]
            if None in sizes or len(set(self.leaves)) < len(self.leaves):
                self.leaves = [result]
            else:
                self._sizes = [int(size or 0) for size in sizes]

    def _parts(self, tensor: Tensor, axis: int | None = None) -> list[Tensor]:
        op = tensor.op
        if op.type != "Concat" or op._inputs[0].op.type != "Const":
            return [tensor]
        own = int(op._inputs[0].op._attrs["value"])
        if own < 0 or (axis is not None and own != axis):
            return [tensor]
        if any(t.get_shape().ndims is None for t in op._inputs[1:]):
            return [tensor]
        self._axis = own
        return [part for t in op._inputs[1:] for part in self._parts(t, own)]

    def split(self, value: Any) -> list[Any]:
        """The parts of a value."""
        value = jnp.asarray(value)
        if not self._sizes:
            return [value]
        ends = np.cumsum(self._sizes[:-1])
        return list(jnp.split(value, ends, axis=self._axis))

    def join(self, parts: Sequence[Any]) -> Any:
        """The value of the parts."""
        return jnp.concatenate(parts, self._axis) if self._sizes else parts[0]


class _Loop:
    """The body of a loop as a function, with its random streams."""

    def __init__(
        self,
        evaluator: Evaluator,
        op: Operation,
        body: Body,
        captured: dict[Tensor, Any],
    ) -> None:
        self._evaluator = evaluator
        self._unrolled = op._attrs["unrolled"]
        self._body = body
        self._captured = captured
        self._random = [o for o in nested_operations(body.operations) if _draws(o)]
        self._blocks: dict[Operation, int] = {}

    def run(self, index: Any, parameters: Sequence[Any]) -> Callable[[Tensor], Any]:
        """Runs one iteration; returns a function from a tensor to its value."""
        streams = dict(self._evaluator.streams)
        for random in self._random:
            # Ops written one after the other with the same seed draw the same numbers.
            if not (self._unrolled and random._attrs.get("_op_seed")):
                streams[random] = fold_in(streams[random], index)
        inner = Evaluator(
            {
                **self._captured,
                **dict(zip(self._body.parameters, parameters, strict=True)),
            },
            dict(self._evaluator.variables),
            streams,
            folded=self._evaluator.folded,
            in_body=True,
        )
        for operation in self._body.operations:
            inner.run(operation)
        for random in self._body.operations:
            if random in self._random:
                result = inner.value(random._outputs[0])
                self._blocks[random] = blocks_of(random, [result])
        return lambda tensor: jnp.asarray(inner.value(tensor))

    def advance_streams(self, length: int) -> None:
        """After the loop each random operation goes on where it has not been."""
        streams = self._evaluator.streams
        times = 1 if self._unrolled else length
        for random, blocks in self._blocks.items():
            streams[random] = advance(streams[random], blocks * times)


def _draws(op: Operation) -> bool:
    declaration = op._declaration
    return declaration is not None and declaration.is_random
