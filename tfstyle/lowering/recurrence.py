"""Loops with a known number of steps, as one scan over the operations of a step.

What is the same in each step is computed once. The gradient of a fixed matrix that a
step multiplies by is computed after the backward loop, see `step_plan`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework.random_stream import advance
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.array_state import concrete
from tfstyle.lowering.bodies import BodyState, State
from tfstyle.lowering.evaluate import Evaluator
from tfstyle.lowering.step_plan import (
    Dependence,
    GradientPlan,
    Product,
    draws,
    uses,
)
from tfstyle.lowering.steps import Entering, Layout, ProductRules, Step, is_kept
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
    steps = _Steps(evaluator, loop, stacked, last)
    leaves, owners, rebuild = steps.entering.flatten()

    @jax.custom_vjp
    def run(leaves: Sequence[Any]) -> Any:
        return steps.run(steps.hoisted(rebuild(leaves)))[0]

    def forward(leaves: Sequence[Any]) -> Any:
        values = [leaf.value for leaf in leaves]
        wanted = [leaf.perturbed for leaf in leaves]
        return _differentiated(steps, values, wanted, owners, rebuild)

    def backward(kept: _Kept, cotangents: Any) -> Any:
        return (kept.gradients(jax.tree_util.tree_leaves(cotangents)),)

    run.defvjp(forward, backward, symbolic_zeros=True)
    return steps.scanned(*run(leaves))


def advance_stream(evaluator: Evaluator, op: Operation, blocks: int) -> None:
    """Notes that `op` used up random numbers, in the body of a loop or outside."""
    evaluator.streams[op] = advance(evaluator.streams[op], blocks)
    if isinstance(evaluator, Step):
        evaluator.blocks[op] = blocks


class _Steps:
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
        final = [y.join(x) for y, x in zip(self._layouts, parts, strict=True)]
        known = dict(zip(self._leaves, [x for p in parts for x in p], strict=True))
        known.update(zip(self._loop.results, final, strict=True))
        known.update(zip(self._extra, extra, strict=True))
        ends = [known[t] for t in self._last]
        return Scanned(final, list(rows), ends, tuple(changing), self.blocks)


def _sequences(ready: Entering) -> tuple[list[Any], list[Any]]:
    return list(ready.sequences.values()), list(ready.streams.values())


def _differentiated(
    steps: _Steps,
    values: Sequence[Any],
    wanted: Sequence[bool],
    owners: Sequence[Tensor | None],
    rebuild: Callable[[Sequence[Any]], Entering],
) -> tuple[Any, _Kept]:
    """Runs a loop; returns its results, and what the gradients are computed from.

    Args:
        steps: the loop.
        values: the arrays that enter it.
        wanted: whether the gradient of each is wanted.
        owners: the tensor that each belongs to.
        rebuild: puts them in their places.
    """
    active = [t for t, w in zip(owners, wanted, strict=True) if w and t is not None]
    plan = steps.plan(active)
    splits: list[_Split] = []
    given, others = _parted(values, wanted)

    def before(given: Sequence[Any]) -> Any:
        entering = rebuild(_merged(given, others))
        splits.append(_Split(steps.ahead(steps.hoisted(entering), plan.ahead)))
        return splits[-1].parted(plan, wanted)

    flow, pull_before, rest = jax.vjp(before, given, has_aux=True)
    split = splits[-1]
    ready = split.joined(flow, rest)
    rules = ProductRules(plan, ready.invariant)
    taps = steps.measured(ready, rules)

    def looped(flow: Sequence[Any], taps: Sequence[Any]) -> Any:
        results, firsts = steps.run(split.joined(flow, rest), rules, taps)
        floats = list(filter(_is_inexact, jax.tree_util.tree_leaves(results)))
        return floats, (results, firsts)

    _, pull_loop, (results, firsts) = jax.vjp(looped, flow, taps, has_aux=True)
    backs = [rules.backs[product.op] for product in rules.tapped]
    about = _About(rules.tapped, rules.firsts, split.places, wanted)
    return results, _Kept(pull_before, pull_loop, firsts, backs, about)


class _Split:
    """What is differentiated of what enters a loop, and the rest."""

    def __init__(self, ready: Entering) -> None:
        self._arrays, self._owners, self._rebuild = ready.flatten()
        self._initial = len(jax.tree_util.tree_leaves(ready.initial))
        self.places: dict[Tensor, int] = {}

    def parted(
        self, plan: GradientPlan, wanted: Sequence[bool]
    ) -> tuple[list[Any], list[Any]]:
        """The arrays to differentiate, and the others; notes the former's `places`."""
        flows = [
            (wanted[i] if i < self._initial else owner in plan.active)
            and _is_inexact(array)
            for i, (array, owner) in enumerate(
                zip(self._arrays, self._owners, strict=True)
            )
        ]
        flowing = [t for t, f in zip(self._owners, flows, strict=True) if f]
        self.places = {t: i for i, t in enumerate(flowing) if t is not None}
        return _parted(self._arrays, flows)

    def joined(self, flow: Sequence[Any], rest: Sequence[Any]) -> Entering:
        """What enters, from what `parted` returned."""
        return self._rebuild(_merged(flow, rest))


def _parted(
    values: Sequence[Any], chosen: Sequence[bool]
) -> tuple[list[Any], list[Any]]:
    """The chosen values, and all values with None in their places."""
    pairs = list(zip(values, chosen, strict=True))
    return [v for v, c in pairs if c], [None if c else v for v, c in pairs]


def _merged(chosen: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    found = iter(chosen)
    return [next(found) if x is None else x for x in others]


def _is_inexact(array: Any) -> bool:
    return bool(jnp.issubdtype(array.dtype, jnp.inexact))


@dataclass(frozen=True, eq=False)
class _About:
    """What is known of the gradients of a loop without its values.

    Attributes:
        products: those whose cotangents are taken.
        firsts: the arguments of products that are kept of all steps.
        places: of fixed and scanned tensors, among what enters the loop proper.
        wanted: which gradients of what enters are wanted.
    """

    products: Sequence[Product]
    firsts: Sequence[Tensor]
    places: Mapping[Tensor, int]
    wanted: Sequence[bool]


@functools.partial(
    jax.tree_util.register_dataclass,
    data_fields=["pull_before", "pull_loop", "firsts", "backs"],
    meta_fields=["about"],
)
@dataclass(frozen=True)
class _Kept:
    """What the gradients of a loop are computed from.

    Attributes:
        pull_before: from the cotangents of what enters the loop proper to those of
            what enters.
        pull_loop: from the cotangents of the results to those of what enters the loop
            proper, but for products, and to those of the products.
        firsts: the values of `about.firsts` in all steps.
        backs: for each of `about.products`, what `Product.backs` gave.
        about: what is known without values.
    """

    pull_before: Any
    pull_loop: Any
    firsts: list[Any]
    backs: list[list[Any]]
    about: _About

    def gradients(self, cotangents: Sequence[Any]) -> list[Any]:
        """The gradient of each array that enters; None where it is not wanted."""
        given = [_instantiated(c) for c in cotangents if _is_inexact(c)]
        flow, taps = self.pull_loop(given)
        firsts = dict(zip(self.about.firsts, self.firsts, strict=True))
        for product, cotangent, backs in zip(
            self.about.products, taps, self.backs, strict=True
        ):
            first = firsts.get(product.first)
            for tensor, gradient in product.gradients(cotangent, first, backs):
                place = self.about.places.get(tensor)
                if place is not None:
                    flow[place] = flow[place] + gradient
        (found,) = self.pull_before(flow)
        gradients = iter(found)
        return [next(gradients) if w else None for w in self.about.wanted]


def _instantiated(cotangent: Any) -> Any:
    if isinstance(cotangent, jax.custom_derivatives.SymbolicZero):
        return jnp.zeros(cotangent.shape, cotangent.dtype)
    return cotangent
