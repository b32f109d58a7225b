"""Loops with a known number of steps, as one scan over the operations of a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework.random_stream import advance
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.evaluate import Evaluator, blocks_of

__all__ = ["Recurrence", "Scanned", "advance_stream", "draws", "scan"]


@dataclass(frozen=True, eq=False)
class Recurrence:
    """One step of a loop, and what it takes from outside.

    Attributes:
        operations: the operations of a step, in order.
        carried: the tensors that stand for what the step before left.
        results: what stands for them after a step.
        initial: their values before the first step.
        scanned: the tensors that stand for values which differ from step to step and
            are known before the loop.
        sequences: those values, [length, ...].
        invariant: values that are the same in each step.
        streams: for each random operation, also of nested loops, its random streams in
            all steps, [length, 6].
        length: the number of steps.
    """

    operations: Sequence[Operation]
    carried: Sequence[Tensor]
    results: Sequence[Tensor]
    initial: Sequence[Any]
    scanned: Sequence[Tensor]
    sequences: Sequence[Any]
    invariant: Mapping[Tensor, Any]
    length: int
    streams: Mapping[Operation, Any] = field(default_factory=dict)


class Scanned(NamedTuple):
    """What a loop gives.

    Attributes:
        final: the carried values after the last step.
        stacked: the wanted tensors of all steps, [length, ...].
        last: the values of the wanted tensors in the last step.
        blocks: how many blocks of random numbers each operation uses up in a step, also
            those of loops inside.
    """

    final: list[Any]
    stacked: list[Any]
    last: list[Any]
    blocks: dict[Operation, int]


def scan(
    evaluator: Evaluator,
    loop: Recurrence,
    stacked: Sequence[Tensor] = (),
    last: Sequence[Tensor] = (),
) -> Scanned:
    """Runs a loop. Its random streams in `evaluator` are left as they are.

    Args:
        evaluator: what runs the operation that is a loop.
        loop: the loop.
        stacked: tensors of the body to return from all steps.
        last: tensors of the body to return from the last step.

    Raises:
        tf.errors.OpError: when values do not fit, naming the operation.
        TypeError: when a carried value changes its shape or dtype.
    """
    layouts = [_Layout(tensor) for tensor in loop.results]
    initial = [x.split(v) for x, v in zip(layouts, loop.initial, strict=True)]
    # A last value that is carried anyway (the output of most cells) costs nothing.
    leaves = [leaf for layout in layouts for leaf in layout.leaves]
    extra = [t for t in dict.fromkeys(last) if t not in (*leaves, *loop.results)]
    blocks: dict[Operation, int] = {}

    def step(carry: Any, x: Any) -> Any:
        states, _ = carry
        items, streams = x
        whole = [y.join(parts) for y, parts in zip(layouts, states, strict=True)]
        given = dict(loop.invariant)
        given.update(zip(loop.carried, whole, strict=True))
        given.update(zip(loop.scanned, items, strict=True))
        inner = _Step(evaluator, given, dict(zip(loop.streams, streams, strict=True)))
        for op in loop.operations:
            inner.run(op)
        blocks.update(inner.blocks)
        new = inner.array
        new_states = [[new(leaf) for leaf in layout.leaves] for layout in layouts]
        return (new_states, [new(t) for t in extra]), [new(t) for t in stacked]

    inputs = ([jnp.asarray(s) for s in loop.sequences], list(loop.streams.values()))
    empty: list[Any] = []
    if extra:
        (_, shapes), _ = jax.eval_shape(
            lambda first, rest: step(
                (first, []), jax.tree_util.tree_map(lambda s: s[0], rest)
            ),
            initial,
            inputs,
        )
        empty = [jnp.zeros(s.shape, s.dtype) for s in shapes]
    (states, final_extra), rows = jax.lax.scan(
        step, (initial, empty), inputs, loop.length
    )
    final = [y.join(parts) for y, parts in zip(layouts, states, strict=True)]
    known = dict(zip(leaves, [x for parts in states for x in parts], strict=True))
    known.update(zip(loop.results, final, strict=True))
    known.update(zip(extra, final_extra, strict=True))
    return Scanned(final, rows, [known[t] for t in last], blocks)


def draws(op: Operation) -> bool:
    """Whether an operation draws random numbers."""
    declaration = op._declaration
    return declaration is not None and declaration.is_random


def advance_stream(evaluator: Evaluator, op: Operation, blocks: int) -> None:
    """Notes that `op` used up random numbers, in the body of a loop or outside."""
    evaluator.streams[op] = advance(evaluator.streams[op], blocks)
    if isinstance(evaluator, _Step):
        evaluator.blocks[op] = blocks


class _Step(Evaluator):
    """Evaluates one step.

    Attributes:
        blocks: the blocks of random numbers that operations used up.
    """

    def __init__(
        self,
        outer: Evaluator,
        values: dict[Tensor, Any],
        streams: dict[Operation, Any],
    ) -> None:
        super().__init__(
            values,
            dict(outer.variables),
            streams,
            folded=outer.folded,
            in_body=True,
        )
        self.blocks: dict[Operation, int] = {}

    def run(self, op: Operation) -> None:
        super().run(op)
        if draws(op):
            self.blocks[op] = blocks_of(op, [self.value(op._outputs[0])])

    def array(self, tensor: Tensor) -> Any:
        """The value of `tensor` as an array of JAX."""
        return jnp.asarray(self.value(tensor))


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
