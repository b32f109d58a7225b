"""The gradient of a loop whose steps are a scan.

Before the loop, what does not depend on the steps before is computed for all steps, and
differentiated as a whole. The loop proper is differentiated but for the matrices that
its products share: their gradients are computed after the backward loop.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from tfstyle.framework.tensor import Tensor
from tfstyle.lowering.recurrence.step_plan import GradientPlan, Product
from tfstyle.lowering.recurrence.steps import Entering, ProductRules

if TYPE_CHECKING:
    from tfstyle.lowering.recurrence.scan import Steps

__all__ = ["Kept", "differentiated"]


def differentiated(
    steps: Steps,
    values: Sequence[Any],
    wanted: Sequence[bool],
    owners: Sequence[Tensor | None],
    rebuild: Callable[[Sequence[Any]], Entering],
) -> tuple[Any, Kept]:
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

    inside = [tensor not in plan.after for tensor in split.flowing]
    flow, after = _parted(flow, inside)

    def looped(flow: Sequence[Any], taps: Sequence[Any]) -> Any:
        entering = split.joined(_merged(flow, after), rest)
        results, firsts = steps.run(entering, rules, taps)
        floats = list(filter(_is_inexact, jax.tree_util.tree_leaves(results)))
        return floats, (results, firsts)

    _, pull_loop, (results, firsts) = jax.vjp(looped, flow, taps, has_aux=True)
    backs = [rules.backs[product.op] for product in rules.tapped]
    places = {t: i for i, t in enumerate(split.flowing) if t is not None}
    about = _About(rules.tapped, rules.firsts, places, inside, wanted)
    return results, Kept(pull_before, pull_loop, firsts, backs, about)


class _Split:
    """What is differentiated of what enters a loop, and the rest.

    Attributes:
        flowing: the tensor that each array to differentiate belongs to, once `parted`.
    """

    def __init__(self, ready: Entering) -> None:
        self._arrays, self._owners, self._rebuild = ready.flatten()
        self._initial = len(jax.tree_util.tree_leaves(ready.initial))
        self.flowing: list[Tensor | None] = []

    def parted(
        self, plan: GradientPlan, wanted: Sequence[bool]
    ) -> tuple[list[Any], list[Any]]:
        """The arrays to differentiate, and the others; notes the former's owners."""
        flows = [
            (wanted[i] if i < self._initial else owner in plan.active)
            and _is_inexact(array)
            for i, (array, owner) in enumerate(
                zip(self._arrays, self._owners, strict=True)
            )
        ]
        self.flowing = [t for t, f in zip(self._owners, flows, strict=True) if f]
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
        inside: which of what enters it have a gradient inside the loop.
        wanted: which gradients of what enters are wanted.
    """

    products: Sequence[Product]
    firsts: Sequence[Tensor]
    places: Mapping[Tensor, int]
    inside: Sequence[bool]
    wanted: Sequence[bool]


@functools.partial(
    jax.tree_util.register_dataclass,
    data_fields=["pull_before", "pull_loop", "firsts", "backs"],
    meta_fields=["about"],
)
@dataclass(frozen=True)
class Kept:
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
        inside, taps = self.pull_loop(given)
        pulled = iter(inside)
        flow = [next(pulled) if i else None for i in self.about.inside]
        firsts = dict(zip(self.about.firsts, self.firsts, strict=True))
        for product, cotangent, backs in zip(
            self.about.products, taps, self.backs, strict=True
        ):
            first = firsts.get(product.first)
            for tensor, gradient in product.gradients(cotangent, first, backs):
                place = self.about.places.get(tensor)
                if place is not None:
                    so_far = flow[place]
                    flow[place] = gradient if so_far is None else so_far + gradient
        (found,) = self.pull_before(flow)
        gradients = iter(found)
        return [next(gradients) if w else None for w in self.about.wanted]


def _instantiated(cotangent: Any) -> Any:
    if isinstance(cotangent, jax.custom_derivatives.SymbolicZero):
        return jnp.zeros(cotangent.shape, cotangent.dtype)
    return cotangent
