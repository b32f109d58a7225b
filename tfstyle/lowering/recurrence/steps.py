"""The evaluation of one step of a loop, and what enters and leaves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.control.array_state import concrete
from tfstyle.lowering.evaluate import Evaluator
from tfstyle.lowering.recurrence.joined import Joined, concatenated, taken_out
from tfstyle.lowering.recurrence.step_plan import GradientPlan, Product, draws, flows
from tfstyle.lowering.results import blocks_of
from tfstyle.lowering.tape import differentiated

__all__ = ["Entering", "Layout", "ProductRules", "Step", "is_kept"]


class Layout:
    """How a carried value is kept: a concatenation is carried in its parts.

    A state that is one tensor [c, h] is taken apart at the start of each step and
    joined at its end; carried in parts it never is.

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
        value = concrete(value)
        if not self._sizes:
            return [value]
        ends = np.cumsum(self._sizes[:-1])
        return list(jnp.split(value, ends, axis=self._axis))

    def join(self, parts: Sequence[Any]) -> Joined:
        """The value of the parts."""
        return Joined(self._axis, tuple(parts))


@dataclass(frozen=True)
class Entering:
    """The values that enter a loop.

    Attributes:
        initial: the parts of each carried value before the first step.
        sequences: what differs from step to step, [length, ...].
        invariant: what is the same in each step.
        streams: random streams of all steps, [length, 6].
    """

    initial: list[list[Any]]
    sequences: dict[Tensor, Any]
    invariant: dict[Tensor, Any]
    streams: dict[Operation, Any]

    def flatten(
        self,
    ) -> tuple[list[Any], list[Tensor | None], Callable[[Sequence[Any]], Entering]]:
        """Takes the arrays out.

        Returns:
            The arrays, but for invariant NumPy values, which stay known while tracing;
            the tensor, scanned or invariant, that each one belongs to; and what puts
            arrays of the same kind in their places.
        """
        moved = {
            t: v
            for t, v in self.invariant.items()
            if any(isinstance(x, jax.Array) for x in jax.tree_util.tree_leaves(v))
        }
        tensors = [*self.sequences, *moved]
        values = [*self.sequences.values(), *moved.values()]
        tree = (self.initial, list(self.streams.values()), values)
        leaves, structure = jax.tree_util.tree_flatten(tree)
        owners: list[Tensor | None] = [
            t
            for t, v in zip(tensors, values, strict=True)
            for _ in jax.tree_util.tree_leaves(v)
        ]
        owners[:0] = [None] * (len(leaves) - len(owners))

        def rebuild(arrays: Sequence[Any]) -> Entering:
            initial, streams, new = jax.tree_util.tree_unflatten(structure, arrays)
            known = dict(zip(tensors, new, strict=True))
            return Entering(
                initial,
                {t: known[t] for t in self.sequences},
                {t: known.get(t, v) for t, v in self.invariant.items()},
                dict(zip(self.streams, streams, strict=True)),
            )

        return leaves, owners, rebuild


class ProductRules:
    """How the products of a `GradientPlan` are evaluated in a step.

    Attributes:
        plan: the plan.
        fixed: values of fixed tensors through which no gradient flows.
        tapped: the products that have to tell their cotangents.
        firsts: the first arguments of products that are wanted of all steps.
        results: shape and dtype of each product, once measured.
        backs: for each product, what `Product.backs` gives.
    """

    def __init__(self, plan: GradientPlan, fixed: Mapping[Tensor, Any]) -> None:
        self.plan = plan
        self.fixed = fixed
        products = plan.products.values()
        self.tapped = [p for p in products if p.tapped]
        self.firsts = list(dict.fromkeys(p.first for p in products if p.learns))
        self.results: dict[Operation, Any] = {}
        self.backs: dict[Operation, list[Any]] = {}
        self._widths: dict[Operation, list[int]] = {}

    def measure(self, product: Product, result: Any, widths: list[int]) -> None:
        """Notes the shapes of a product; `widths` are the columns of its pieces."""
        self.results[product.op] = jax.ShapeDtypeStruct(result.shape, result.dtype)
        self._widths[product.op] = widths

    def prepare(self, length: int) -> list[Any]:
        """Computes `backs`; returns the taps of all steps, for each of `tapped`."""
        for op, product in self.plan.products.items():
            weights = jnp.asarray(self.fixed[product.weights])
            self.backs[op] = product.backs(weights, self._widths[op])
        shapes = [self.results[p.op] for p in self.tapped]
        return [jnp.zeros((length, *s.shape), s.dtype) for s in shapes]


class Step(Evaluator):
    """Evaluates one step.

    Attributes:
        blocks: the blocks of random numbers that operations used up.
    """

    def __init__(
        self,
        outer: Evaluator,
        values: dict[Tensor, Any],
        streams: dict[Operation, Any],
        operations: Sequence[Operation],
        rules: ProductRules | None = None,
        taps: Sequence[Any] | None = None,
    ) -> None:
        """Starts a step.

        Args:
            outer: what runs the loop.
            values: values of tensors from outside; a `Joined` can be taken apart.
            streams: random streams.
            operations: what will be run.
            rules: of its products; None: they are operations like others.
            taps: zeros, one for each of `rules.tapped`, whose cotangents will be those
                of the products; None: the products are only measured.
        """
        self._joined = {t: v for t, v in values.items() if isinstance(v, Joined)}
        values.update((t, joined.value) for t, joined in self._joined.items())
        super().__init__(
            values,
            dict(outer.variables),
            streams,
            folded=outer.folded,
            taped=differentiated(operations),
            in_body=True,
        )
        self.enter(outer)
        self.blocks: dict[Operation, int] = {}
        self._rules = rules
        self._taps: dict[Product, Any] | None = None
        if rules is not None and taps is not None:
            self._taps = dict(zip(rules.tapped, taps, strict=True))

    def run(self, op: Operation) -> None:
        super().run(op)
        if draws(op):
            self.blocks[op] = blocks_of(op, [self.value(op._outputs[0])])

    def array(self, tensor: Tensor) -> Any:
        """The value of `tensor` as something of JAX."""
        return concrete(self.value(tensor))

    def _results(self, op: Operation, values: list[Any]) -> list[Any]:
        rules = self._rules
        if rules is not None:
            if op in rules.plan.products:
                return [self._product(rules, rules.plan.products[op], values)]
            bias = rules.plan.biased.get(op)
            if bias is not None:
                values = [
                    rules.fixed[bias] if t is bias else v
                    for t, v in zip(op._inputs, values, strict=True)
                ]
        results = super()._results(op, values)
        if op in self.taped or not flows(op):
            return results
        whole = concatenated(op, values)
        if whole is not None:
            self._joined[op._outputs[0]] = whole
        for tensor in op._inputs:
            joined = self._joined.get(tensor)
            parts = taken_out(op, values, joined) if joined is not None else None
            if parts is not None:
                self._joined.update(zip(op._outputs, parts, strict=True))
                return [part.value for part in parts]
        return results

    def _product(self, rules: ProductRules, product: Product, values: list[Any]) -> Any:
        op = product.op

        def compute(a: Any, weights: Any) -> Any:
            return super(Step, self)._results(op, [a, weights])[0]

        if self._taps is None:
            result = compute(*values)
            widths = [np.shape(self.value(p))[1] for p in product.pieces]
            rules.measure(product, result, widths)
            return result
        backs = product.of_moving(rules.backs[op])
        moving = [self.array(p) for p in product.moving]
        tap = self._taps.get(product)
        weights = jnp.asarray(rules.fixed[product.weights])
        return _with_rule(compute, tap is not None)(
            moving, jnp.asarray(values[0]), weights, backs, tap
        )


def _with_rule(compute: Callable[[Any, Any], Any], tapped: bool) -> Any:
    """A product whose gradient flows to the moving pieces only, and to the tap."""

    @jax.custom_vjp
    def product(moving: Any, a: Any, weights: Any, backs: Any, tap: Any) -> Any:
        return compute(a, weights)

    def forward(moving: Any, a: Any, weights: Any, backs: Any, tap: Any) -> Any:
        return compute(a, weights), backs

    def backward(backs: Any, cotangent: Any) -> Any:
        pulled = [cotangent @ back for back in backs]
        return pulled, None, None, None, cotangent if tapped else None

    product.defvjp(forward, backward)
    return product


# Computing these again costs less than keeping their results.
_CHEAP = frozenset(
    "abs add add_any and broadcast_in_dim clamp concatenate convert_element_type copy "
    "eq expand_dims ge gt integer_pow le lt max min mul ne neg not one_minus_square or "
    "reshape select_n sign slice split square squeeze stop_gradient sub "
    "transpose".split()
)


def is_kept(primitive: Any, *inputs: Any, **_: Any) -> bool:
    """Whether the backward loop gets a result from the forward one.

    It would otherwise get the factors of all derivatives: more, and computed by more
    operations, than the values they follow from.
    """
    if primitive.name not in _CHEAP:
        return True
    # Integers are random bits, or the like, at the start of long computations.
    return any(jnp.issubdtype(x.dtype, jnp.integer) for x in inputs)
