"""What the structural ops hold: bodies of loops, and regions to differentiate.

Bodies and regions are made of operations of the same graph; these records say which,
and where values enter and leave.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tfstyle.framework.tensor import Operation, Tensor

__all__ = [
    "Body",
    "GradientBody",
    "Reach",
    "Region",
    "bodies_of",
    "external_inputs",
    "needed_operations",
    "nested_operations",
    "reaches_of",
    "tensors_used",
]


@dataclass(frozen=True)
class Body:
    """The body of a loop.

    Attributes:
        operations: the operations made inside, in order.
        parameters: tensors that stand for what enters anew in each iteration.
        captures: tensors from outside that the operations use.
        results: what leaves each iteration; may be a parameter or a capture.
    """

    operations: tuple[Operation, ...]
    parameters: tuple[Tensor, ...]
    captures: tuple[Tensor, ...]
    results: tuple[Tensor, ...]


@dataclass(frozen=True)
class GradientBody:
    """The gradient of an operation inside a body, recorded from a gradient function.

    Attributes:
        body: its parameters are the gradients of the outputs; it captures inputs and
            outputs of the operation.
        given: for each input, whether `body.results` holds a gradient for it.
    """

    body: Body
    given: tuple[bool, ...]


@dataclass(frozen=True)
class Region:
    """Operations to differentiate together.

    Attributes:
        operations: the operations on the paths from `xs` to `ys`, in order.
        ys: tensors whose gradients enter.
        xs: tensors whose gradients leave; inputs of the region or inside it.
        external: tensors from outside that the operations use.
        carrying: tensors that depend on `xs` differentiably.
    """

    operations: tuple[Operation, ...]
    ys: tuple[Tensor, ...]
    xs: tuple[Tensor, ...]
    external: tuple[Tensor, ...]
    carrying: frozenset[Tensor] = field(default_factory=frozenset)

    def reached(
        self, wanted: Iterable[int]
    ) -> tuple[list[Operation], frozenset[Tensor]]:
        """What the gradients of `xs[i]`, i in `wanted`, go through.

        Returns:
            The operations, in order, and the tensors that depend on those `xs`.
        """
        reached: set[Tensor] = {self.xs[i] for i in wanted}
        found = []
        for op in self.operations:
            if not reached.isdisjoint(op._inputs):
                found.append(op)
                reached.update(self.carrying.intersection(op._outputs))
        return found, frozenset(reached)


@dataclass(frozen=True)
class Reach:
    """What a gradient goes through, as far as its way lies outside of a body.

    Attributes:
        region: the region that is differentiated.
        wanted: which of `region.xs` are targets.
        operations: the operations on the way, in order.
        carrying: the tensors that depend on the targets.
    """

    region: Region
    wanted: Collection[int]
    operations: list[Operation]
    carrying: frozenset[Tensor]


def reaches_of(op: Operation, needed: Collection[int] | None = None) -> list[Reach]:
    """What the gradients that `op` computes, itself or in its bodies, go through.

    Args:
        op: an operation.
        needed: which of its outputs are used; default: all.
    """
    region = op._attrs.get("_region")
    if isinstance(region, Region):
        wanted = range(len(region.xs)) if needed is None else needed
        return [Reach(region, wanted, *region.reached(wanted))]
    bodies = bodies_of(op)
    if not bodies:
        return []
    inside = set(nested_operations(o for body in bodies for o in body.operations))
    found: list[Reach] = []
    for inner in inside:
        if isinstance(inner._attrs.get("_region"), Region):
            (reach,) = reaches_of(inner)
            outer = [o for o in reach.operations if o not in inside]
            if outer:
                found.append(replace(reach, operations=outer))
    return found


def bodies_of(op: Operation) -> tuple[Body, ...]:
    """The bodies that a structural operation holds."""
    bodies: tuple[Body, ...] = op._attrs.get("_bodies", ())
    return bodies


def needed_operations(
    body: Body,
    results: Iterable[Tensor],
    kept: Iterable[Operation] = (),
    uses: Callable[[Operation], Iterable[Tensor]] | None = None,
) -> list[Operation]:
    """What `results` and `kept` are computed from inside `body`, in order.

    `uses` gives the inputs of an operation that count; default: `tensors_used`.
    """
    uses = uses or tensors_used
    needed = set(kept)
    pending = [*(t.op for t in results), *(t.op for op in needed for t in uses(op))]
    inside = set(body.operations)
    while pending:
        op = pending.pop()
        if op in inside and op not in needed:
            needed.add(op)
            pending.extend(t.op for t in uses(op))
    return [op for op in body.operations if op in needed]


def tensors_used(op: Operation) -> Sequence[Tensor]:
    """What must be there for `op`: its inputs, and what a gradient goes back from."""
    region = op._attrs.get("_region")
    if isinstance(region, Region):
        return (*op._inputs, *region.ys)
    return op._inputs


def external_inputs(operations: Sequence[Operation]) -> tuple[Tensor, ...]:
    """The tensors that `operations` use and do not make, in order of first use."""
    inside = set(operations)
    found: dict[Tensor, None] = {}
    for op in operations:
        for tensor in op._inputs:
            if tensor._op not in inside:
                found.setdefault(tensor)
    return tuple(found)


def nested_operations(operations: Iterable[Operation]) -> Iterator[Operation]:
    """`operations` and those in the bodies they hold."""
    for op in operations:
        yield op
        for body in bodies_of(op):
            yield from nested_operations(body.operations)
