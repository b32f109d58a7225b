"""What must be known while tracing so that an operation with bodies can be compiled.

Inside a body a `Static` input (a shape, an axis) follows from constants and shapes,
from what the body captures, or from what enters each iteration anew: the counter of a
loop, a row. In the last case the loop must be unrolled, and what these values come
from must be known, too. Where that would take compiling it for each value of data, or
there is no knowing, the loop runs step by step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tfstyle.framework import dtypes
from tfstyle.framework.body import argument_spans
from tfstyle.framework.constant_value import constant_value, is_pure
from tfstyle.framework.subgraph import Body, bodies_of, nested_operations
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.framework.trip_counts import (
    counted,
    counts_itself,
    deciding,
    follows_from_shapes,
)

__all__ = [
    "Needs",
    "is_unrolled",
    "may_change_shapes",
    "needs_of",
    "own_statics",
    "runs_in_steps",
    "tell_apart",
]

# A loop of more iterations, where that is known when it is planned, is not unrolled:
# compiling it would take minutes.
_MAX_UNROLLED = 512
# Known while tracing although they are computed by no body of theirs.
_SIZES = ("TensorArraySize",)


@dataclass(frozen=True)
class Needs:
    """What tracing an operation with bodies takes.

    Attributes:
        drivers: tensors from outside that decide what is known in each iteration of an
            unrolled loop.
        captured: other tensors from outside whose values must be known.
        wished: tensors from outside that say where arrays grow. A loop makes room for
            what it writes, so that it is not unrolled for their sake.
        folded: the operations inside that compute static values.
        unrolled: whether the operation is a loop that must be unrolled.
    """

    drivers: tuple[Tensor, ...] = ()
    captured: tuple[Tensor, ...] = ()
    wished: tuple[Tensor, ...] = ()
    folded: frozenset[Operation] = frozenset()
    unrolled: bool = False

    @property
    def outside(self) -> tuple[Tensor, ...]:
        """All the tensors from outside."""
        return (*self.drivers, *self.captured, *self.wished)


def own_statics(op: Operation) -> Iterator[Tensor]:
    """The inputs of `op` itself whose values must be known while tracing."""
    yield from _growing_at(op)
    yield from _firm_statics(op)


def _growing_at(op: Operation) -> Sequence[Tensor]:
    """The inputs of `op` that say how large an array becomes."""
    tensors: Sequence[Tensor] = op._attrs.get("_grows_at", ())
    return tensors


def _firm_statics(op: Operation) -> Iterator[Tensor]:
    yield from op._attrs.get("_static", ())
    declaration = op._declaration
    if declaration is None or not declaration.static_inputs or declaration.host:
        return
    for name, start, end, _ in argument_spans(op):
        if name in declaration.static_inputs:
            yield from op._inputs[start:end]


def tell_apart(op: Operation) -> None:
    """Makes a `Cond` one whose predicate must be known: its branches are other shapes.

    Where the graph knows the shapes, it is made as one.
    """
    op._attrs["_static"] = op._inputs[:1]
    for holder in op.graph.get_operations():
        holder._attrs.pop("_needs", None)
        holder._attrs.pop("_may_change_shapes", None)


def needs_of(op: Operation) -> Needs | None:
    """What tracing the bodies of `op` takes; None when they cannot be compiled."""
    if not bodies_of(op):
        return Needs()
    if "_needs" not in op._attrs:
        op._attrs["_needs"] = _Search(op).run()
    found: Needs | None = op._attrs["_needs"]
    return found


def is_unrolled(op: Operation) -> bool:
    """Whether `op` is a loop in which shapes are computed from what it changes."""
    found = needs_of(op)
    return found is not None and found.unrolled


def runs_in_steps(op: Operation, differentiated: bool = False) -> bool:
    """Whether `op` is not compiled because of shapes that are computed inside.

    Args:
        op: an operation with bodies.
        differentiated: whether its gradient is wanted, too. It is then compiled where
            that can be done at all: unrolled, and anew for each value of its drivers.
    """
    found = needs_of(op)
    if found is None:
        return True
    if differentiated:
        return False
    if not all(map(follows_from_shapes, found.drivers)):
        return True
    return (_iterations(op) or 0) > _MAX_UNROLLED


def may_change_shapes(op: Operation) -> bool:
    """Whether `op` is or holds a loop that can be compiled only if it keeps its shapes.

    Such a loop runs as often as data says, and the graph does not tell that the shapes
    of its variables stay.
    """
    if not bodies_of(op):
        return False
    # Handles of arrays are strings. What arrays hold is no loop variable.
    if any(t.dtype.base_dtype is dtypes.string for t in op._inputs):
        return False
    found: bool | None = op._attrs.get("_may_change_shapes")
    if found is None:
        found = op._attrs["_may_change_shapes"] = any(
            inner.type == "While" and not counts_itself(inner) and _is_loose(inner)
            for inner in nested_operations([op])
        )
    return found


def _is_loose(op: Operation) -> bool:
    """Whether the graph does not tell that a loop keeps the shapes of its variables."""
    body = bodies_of(op)[-1]
    return any(
        before is not after
        and not (
            before.get_shape().is_fully_defined()
            and before.get_shape().as_list() == after.get_shape().as_list()
        )
        for before, after in zip(body.parameters, body.results, strict=True)
    )


def _iterations(op: Operation) -> int | None:
    """How many iterations a loop has, where the graph says so."""
    if op.type == "Scan":
        steps: int | None = op._inputs[op._attrs["carries"]].get_shape()[0].value
        return steps
    found = deciding(op)
    if found is None:
        return None
    values = {i: constant_value(op._inputs[i]) for i in found.carries}
    captured = {t: constant_value(t) for t in found.captures}
    return counted(op, values, captured)


class _Search:
    """The search for what one operation needs.

    Parameter n of a body stands for input n of the operation, and the first
    `carries` results of the last body are what the first parameters become.
    """

    def __init__(self, op: Operation) -> None:
        self._op = op
        self._drivers: dict[Tensor, None] = {}
        self._captured: dict[Tensor, None] = {}
        self._wished: dict[Tensor, None] = {}
        self._folded: set[Operation] = set()
        self._reached: dict[int, None] = {}

    def run(self) -> Needs | None:
        """What it needs; None when a static value depends on something unknowable."""
        for body in bodies_of(self._op):
            for inner in body.operations:
                nested = needs_of(inner)
                if nested is None:
                    return None
                self._folded |= nested.folded
                firm = [*_firm_statics(inner), *nested.captured]
                if not (
                    self._reach(body, firm, self._captured)
                    and self._reach(body, nested.drivers, self._drivers)
                ):
                    return None
                self._wish(body, [*_growing_at(inner), *nested.wished])
        unrolled = bool(self._reached)
        if unrolled and not (self._follow_carries() and self._follow_count()):
            return None
        return Needs(
            tuple(self._drivers),
            tuple(t for t in self._captured if t not in self._drivers),
            tuple(self._wished),
            frozenset(self._folded),
            unrolled,
        )

    def _wish(self, body: Body, tensors: Sequence[Tensor]) -> None:
        """Adds what `tensors` come from, when that is not what enters anew."""
        for tensor in tensors:
            trial = _Search(self._op)
            if trial._reach(body, [tensor], trial._captured) and not trial._reached:
                self._wished.update(trial._captured)
                self._folded |= trial._folded

    def _follow_carries(self) -> bool:
        """Finds what the loop variables become that static values come from."""
        body = bodies_of(self._op)[-1]
        carries = self._op._attrs["carries"]
        done: set[int] = set()
        while pending := [i for i in self._reached if i not in done]:
            done.update(pending)
            results = [body.results[i] for i in pending if i < carries]
            if not self._reach(body, results, self._captured):
                return False
        self._drivers.update((self._op._inputs[i], None) for i in self._reached)
        return True

    def _follow_count(self) -> bool:
        """Finds what decides how often the loop runs."""
        if self._op.type != "While":
            return True
        found = deciding(self._op)
        if found is None:
            return False
        self._drivers.update(dict.fromkeys(found.inputs(self._op)))
        return True

    def _reach(
        self, body: Body, tensors: Sequence[Tensor], outside: dict[Tensor, None]
    ) -> bool:
        """Notes what `tensors` are computed from; False when not from values alone."""
        inside = set(body.operations)
        numbers = {t: i for i, t in enumerate(body.parameters)}
        pending, seen = list(tensors), set(tensors)
        while pending:
            tensor = pending.pop()
            op = tensor.op
            if tensor in numbers:
                self._reached[numbers[tensor]] = None
            elif op not in inside:
                if tensor.dtype.is_ref_dtype:
                    return False
                if op.type != "Const":
                    outside[tensor] = None
            elif op.type != "Const" and op.type not in _SIZES:
                declaration = op._declaration
                if declaration is None or not is_pure(declaration):
                    return False
                self._folded.add(op)
                if not declaration.shape_only:
                    pending.extend(t for t in op._inputs if t not in seen)
                    seen.update(op._inputs)
        return True
