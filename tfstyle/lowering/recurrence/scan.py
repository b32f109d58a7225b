"""Loops with a known number of steps, as one scan over the operations of a step.

What is the same in each step is computed once. The gradient of a fixed matrix that a
step multiplies by is computed after the backward loop, see `loop_gradient`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework.random_stream import advance
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.control.array_state import concrete
from tfstyle.lowering.control.bodies import BodyState, State
from tfstyle.lowering.evaluate import Evaluator
from tfstyle.lowering.recurrence.loop_gradient import Kept, differentiated
from tfstyle.lowering.recurrence.step_plan import Dependence, GradientPlan, draws, uses
from tfstyle.lowering.recurrence.steps import (
    Entering,
    Layout,
    ProductRules,
    Step,
    is_kept,
)
from tfstyle.lowering.tape import is_complex

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
        length: the number of steps.
        streams: for each random operation, also of nested loops, its random streams in
            all steps, [length, 6].
        state: what steps change besides their results.
        initial_state: its values before the first step.
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
    state: BodyState | None = None
    initial_state: State = ()


class Scanned(NamedTuple):
    """What a loop gives.

    Attributes:
        final: the carried values after the last step.
        stacked: the wanted tensors of all steps, [length, ...].
        last: the values of the wanted tensors in the last step.
        state: the state after the last step.
        blocks: how many blocks of random numbers each operation uses up in a step, also
            those of loops inside.
    """

    final: list[Any]
    stacked: list[Any]
    last: list[Any]
    state: State
    blocks: dict[Operation, int]


def scan(
    evaluator: Evaluator,
    loop: Recurrence,
    stacked: Sequence[Tensor] = (),
    last: Sequence[Tensor] = (),
) -> Scanned:
    """Runs a loop. Random streams and state in `evaluator` are left as they are.

    Gradients of any order flow back through the result; it has no forward-mode
    derivative.

    Args:
        evaluator: what runs the operation that is a loop.
        loop: the loop.
        stacked: tensors of the body to return from all steps.
        last: tensors of the body to return from the last step.

    Raises:
        tf.errors.OpError: when values do not fit, naming the operation.
        TypeError: when a carried value changes its shape or dtype.
    """
    steps = Steps(evaluator, loop, stacked, last)
    leaves, owners, rebuild = steps.entering.flatten()

    @jax.custom_vjp
    def run(leaves: Sequence[Any]) -> Any:
        return steps.run(steps.hoisted(rebuild(leaves)))[0]

    def forward(leaves: Sequence[Any]) -> Any:
        values = [leaf.value for leaf in leaves]
        wanted = [leaf.perturbed for leaf in leaves]
        return differentiated(steps, values, wanted, owners, rebuild)

    def backward(kept: Kept, cotangents: Any) -> Any:
        return (kept.gradients(jax.tree_util.tree_leaves(cotangents)),)

    run.defvjp(forward, backward, symbolic_zeros=True)
    return steps.scanned(*run(leaves))


def advance_stream(evaluator: Evaluator, op: Operation, blocks: int) -> None:
    """Notes that `op` used up random numbers, in the body of a loop or outside."""
    evaluator.streams[op] = advance(evaluator.streams[op], blocks)
    if isinstance(evaluator, Step):
        evaluator.blocks[op] = blocks


class Steps:
    """All steps of a loop as a function of what enters it.

    Attributes:
        entering: what enters; the state is the last of the carried values.
        blocks: as in `Scanned`, once traced.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        loop: Recurrence,
        stacked: Sequence[Tensor],
        last: Sequence[Tensor],
    ) -> None:
        self._evaluator = evaluator
        self._loop = loop
        self._stacked = stacked
        self._last = last
        self._layouts = [Layout(tensor) for tensor in loop.results]
        self._leaves = [leaf for layout in self._layouts for leaf in layout.leaves]
        # A last value that is carried anyway (the output of most cells) costs nothing.
        carried = {*self._leaves, *loop.results}
        self._extra = [t for t in dict.fromkeys(last) if t not in carried]
        self._leaving = {*carried, *stacked, *last}
        self._dependence = Dependence(
            loop.operations,
            loop.carried,
            loop.scanned,
            loop.streams,
            () if loop.state is None else loop.state.variables,
        )
        parts = [x.split(v) for x, v in zip(self._layouts, loop.initial, strict=True)]
        self.entering = Entering(
            [*parts, list(loop.initial_state)],
            dict(zip(loop.scanned, map(concrete, loop.sequences), strict=True)),
            dict(loop.invariant),
            dict(loop.streams),
        )
        self.blocks: dict[Operation, int] = {}

    def plan(self, active: Sequence[Tensor]) -> GradientPlan:
        """How to differentiate with respect to `active`, which enter."""
        operations = self._loop.operations
        return GradientPlan(operations, self._dependence, active, self._leaving)

    def hoisted(self, entering: Entering) -> Entering:
        """Computes what is the same in each step."""
        operations = self._dependence.fixed
        step = Step(self._evaluator, dict(entering.invariant), {}, operations)
        for op in operations:
            step.run(op)
        found = {t: step.value(t) for op in operations for t in op._outputs}
        return replace(entering, invariant={**entering.invariant, **found})

    def ahead(self, entering: Entering, operations: Sequence[Operation]) -> Entering:
        """Computes the results of `operations`, which carry nothing, for all steps."""
        if not operations:
            return entering
        done = set(operations)
        left = [op for op in self._loop.operations if op not in done]
        used = self._leaving.union(*(uses(op) for op in left))
        wanted = [t for op in operations for t in op._outputs if t in used]
        known: dict[Tensor, Any] = {}

        def one(items: Sequence[Any], streams: Sequence[Any]) -> list[Any]:
            values = {
                **entering.invariant,
                **dict(zip(entering.sequences, items, strict=True)),
            }
            own = dict(zip(entering.streams, streams, strict=True))
            step = Step(self._evaluator, values, own, operations)
            for op in operations:
                step.run(op)
            self.blocks.update(step.blocks)
            known.update({t: step.value(t) for t in wanted})
            return [v for v in known.values() if not isinstance(v, np.ndarray)]

        computed = iter(
            jax.vmap(one)(
                list(entering.sequences.values()), list(entering.streams.values())
            )
        )
        sequences, invariant = dict(entering.sequences), dict(entering.invariant)
        for tensor, value in known.items():
            if isinstance(value, np.ndarray):
                # What is known while tracing stays so.
                invariant[tensor] = value
            else:
                sequences[tensor] = next(computed)
        return replace(entering, sequences=sequences, invariant=invariant)

    def measured(self, ready: Entering, rules: ProductRules) -> list[Any]:
        """Makes `rules` know the shapes of the products; returns their taps."""
        self._extra_shapes(ready, rules)
        return rules.prepare(self._loop.length)

    def run(
        self,
        ready: Entering,
        rules: ProductRules | None = None,
        taps: Sequence[Any] = (),
    ) -> Any:
        """Runs the loop.

        Args:
            ready: what enters, after `hoisted`, and `ahead` of `rules.plan`.
            rules: how to evaluate products, measured; None: as operations.
            taps: of the rules.

        Returns:
            ((final parts, last values, stacked values), stacked `rules.firsts`).
        """
        empty: list[Any] = []
        if self._extra:
            empty = jax.tree_util.tree_map(
                lambda s: jnp.zeros(s.shape, s.dtype), self._extra_shapes(ready)
            )
        step = self._step(ready, rules)
        if rules is not None and not self._is_complex():
            step = jax.checkpoint(step, policy=is_kept, prevent_cse=False)
        (states, extra), (rows, firsts) = jax.lax.scan(
            step,
            (ready.initial, empty),
            (*_sequences(ready), list(taps)),
            self._loop.length,
        )
        return (states, extra, rows), firsts

    def _is_complex(self) -> bool:
        """Whether there are complex numbers, whose results JAX cannot recompute."""
        return any(is_complex(t) for op in self._loop.operations for t in op._outputs)

    def _extra_shapes(
        self, ready: Entering, rules: ProductRules | None = None
    ) -> list[Any]:
        first = jax.tree_util.tree_map(
            lambda s: jax.ShapeDtypeStruct(s.shape[1:], s.dtype), _sequences(ready)
        )
        step = self._step(ready, rules)
        (_, shapes), _ = jax.eval_shape(
            lambda initial, x: step((initial, []), (*x, None)), ready.initial, first
        )
        found: list[Any] = shapes
        return found

    def _step(self, ready: Entering, rules: ProductRules | None) -> Any:
        """One step: (carry, (scanned values, streams, taps)) -> (carry, results)."""
        loop = self._loop
        done = {*self._dependence.fixed, *(rules.plan.ahead if rules else ())}
        operations = [op for op in loop.operations if op not in done]
        firsts = rules.firsts if rules else []

        def step(carry: Any, x: Any) -> Any:
            (*states, changing), _ = carry
            items, streams, taps = x
            values = {
                **ready.invariant,
                **dict(zip(ready.sequences, items, strict=True)),
            }
            for tensor, layout, parts in zip(
                loop.carried, self._layouts, states, strict=True
            ):
                values[tensor] = layout.join(parts)
            own = dict(zip(ready.streams, streams, strict=True))
            inner = Step(self._evaluator, values, own, operations, rules, taps)
            if loop.state is not None:
                loop.state.store(inner, tuple(changing))
                inner.first_streams = dict(inner.streams)
            for op in operations:
                inner.run(op)
            self.blocks.update(inner.blocks)
            new = [list(map(inner.array, x.leaves)) for x in self._layouts]
            new.append([] if loop.state is None else list(loop.state.read(inner)))
            return (new, list(map(inner.array, self._extra))), (
                list(map(inner.array, self._stacked)),
                list(map(inner.array, firsts)),
            )

        return step

    def scanned(
        self, states: Any, extra: Sequence[Any], rows: Sequence[Any]
    ) -> Scanned:
        """The result, from what `run` returns."""
        *parts, changing = states
        final = [y.join(x).value for y, x in zip(self._layouts, parts, strict=True)]
        known = dict(zip(self._leaves, [x for p in parts for x in p], strict=True))
        known.update(zip(self._loop.results, final, strict=True))
        known.update(zip(self._extra, extra, strict=True))
        ends = [known[t] for t in self._last]
        return Scanned(final, list(rows), ends, tuple(changing), self.blocks)


def _sequences(ready: Entering) -> tuple[list[Any], list[Any]]:
    return list(ready.sequences.values()), list(ready.streams.values())
