"""Finding loops that a Python `for` loop unrolled.

A run of operations that repeats with some period becomes one `Group`: the lowering
evaluates it as a scan, so that neither the program nor the time to compile it grows
with the number of repeats.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfstyle.framework.constant_value import is_pure
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.references import accesses, runs_on_host
from tfstyle.lowering.statics import static_tensors

__all__ = ["Group", "Unit", "roll", "rolling_enabled"]

# Shorter loops compile quickly as they are.
_MIN_REPEATS = 8
_MIN_SAVED = 60
_MAX_PERIOD = 400


@dataclass(frozen=True, eq=False)
class Group:
    """Repeats of the same operations.

    The second repeat is the body: what it takes from the first one is carried.

    Attributes:
        repeats: the operations of each repeat.
        carried: tensors of the first repeat that the second one uses.
        results: what stands for them after a repeat, in the body.
        initial: what stands for them before the first repeat.
        scanned: tensors from outside that the body uses, different in each repeat.
        families: for each of `scanned`, the tensor of every repeat.
        invariant: tensors from outside that are the same in each repeat.
    """

    repeats: tuple[tuple[Operation, ...], ...]
    carried: tuple[Tensor, ...]
    results: tuple[Tensor, ...]
    initial: tuple[Tensor, ...]
    scanned: tuple[Tensor, ...]
    families: tuple[tuple[Tensor, ...], ...]
    invariant: tuple[Tensor, ...]

    @property
    def body(self) -> tuple[Operation, ...]:
        """The operations of one repeat."""
        return self.repeats[1]

    @property
    def operations(self) -> list[Operation]:
        """All operations."""
        return [op for repeat in self.repeats for op in repeat]

    @property
    def inputs(self) -> list[Tensor]:
        """The tensors from outside, without repetition."""
        everything = [*self.invariant, *self.initial]
        for family in self.families:
            everything.extend(family)
        return list(dict.fromkeys(everything))


Unit = Operation | Group


def rolling_enabled() -> bool:
    """Whether loops are looked for; `TFSTYLE_ROLLING=0` turns it off."""
    return os.environ.get("TFSTYLE_ROLLING", "1") != "0"


def roll(
    operations: Sequence[Operation],
    depends: dict[Operation, list[Operation]],
    folded: Collection[Operation],
    kept: Collection[Tensor],
) -> list[Unit]:
    """Replaces repeating runs of `operations` by groups.

    Args:
        operations: the operations of a segment, in order.
        depends: what each operation depends on.
        folded: operations that are evaluated while tracing.
        kept: tensors whose own gradients are asked for; they cannot be in a group.

    Returns:
        The operations and groups, in an order in which they can run.
    """
    candidates = [op for op in operations if _may_repeat(op, folded, kept)]
    if len(candidates) < _MIN_SAVED:
        return list(operations)
    group = _find(candidates)
    if group is None:
        return list(operations)
    inside = set(group.operations)
    for op in operations:
        # Outside, what is known while tracing must stay so.
        if op not in inside and any(t.op in inside for t in static_tensors(op)):
            return list(operations)
    ordered = _in_order(operations, depends, group)
    return list(operations) if ordered is None else ordered


def _may_repeat(
    op: Operation, folded: Collection[Operation], kept: Collection[Tensor]
) -> bool:
    declaration = op._declaration
    if declaration is None or runs_on_host(op):
        return False
    if not (is_pure(declaration) or declaration.is_random):
        return False
    if any(t.dtype.is_ref_dtype for t in op._inputs):
        return False
    if any(t in kept for t in op._outputs):
        return False
    return all(t.op.type == "Const" or t.op in folded for t in static_tensors(op))


def _signature(op: Operation) -> Any:
    declaration = op._declaration
    assert declaration is not None
    attrs = tuple(
        (name, str(op._attrs[name]))
        for name in declaration.body_attrs
        if name not in ("seed", "seed2")
    )
    shapes = tuple(str(t._shape) for t in (*op._inputs, *op._outputs))
    override = op._attrs.get("_gradient_op_type")
    return op.type, attrs, shapes, op._attrs.get("_op_seed"), override


def _find(candidates: Sequence[Operation]) -> Group | None:
    """The group that saves most, of those that are loops."""
    numbers: dict[Any, int] = {}
    codes = np.array(
        [numbers.setdefault(_signature(op), len(numbers)) for op in candidates]
    )
    runs: list[tuple[int, int, int, int]] = []
    for period in range(1, min(len(codes) // _MIN_REPEATS, _MAX_PERIOD) + 1):
        start, length = _longest(codes[:-period] == codes[period:])
        repeats = length // period + 1
        saved = (repeats - 1) * period
        if repeats >= _MIN_REPEATS and saved >= _MIN_SAVED:
            runs.append((-saved, period, start, length + period))
    for _, period, start, length in sorted(runs)[:4]:
        for offset in range(min(period, length - period * _MIN_REPEATS + 1)):
            first = start + offset
            group = _as_loop(
                tuple(
                    tuple(candidates[begin : begin + period])
                    for begin in range(first, start + length - period + 1, period)
                )
            )
            if group is not None:
                return group
    return None


def _longest(same: np.ndarray[Any, Any]) -> tuple[int, int]:
    """Start and length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]])))
    if not edges.size:
        return 0, 0
    starts, ends = edges[::2], edges[1::2]
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best] - starts[best])


def _as_loop(repeats: tuple[tuple[Operation, ...], ...]) -> Group | None:
    """The group, if every input is one of the four kinds a loop has."""
    places = {
        op: (i, slot)
        for i, repeat in enumerate(repeats)
        for slot, op in enumerate(repeat)
    }
    carried: dict[Tensor, tuple[Tensor, Tensor]] = {}
    families: dict[Tensor, tuple[Tensor, ...]] = {}
    invariant: dict[Tensor, None] = {}
    for slot, body_op in enumerate(repeats[1]):
        static = set(static_tensors(body_op))
        for position, tensor in enumerate(body_op._inputs):
            family = tuple(repeat[slot]._inputs[position] for repeat in repeats)
            origins = [places.get(t.op) for t in family]
            if origins[1] is None:
                if any(origin is not None for origin in origins):
                    return None
                if _same(family):
                    invariant[tensor] = None
                elif tensor in static or families.setdefault(tensor, family) != family:
                    return None
                continue
            index = tensor.value_index
            back, source = 1 - origins[1][0], origins[1][1]
            if back not in (0, 1) or any(
                origin != (i - back, source) or t.value_index != index
                for i, (origin, t) in enumerate(zip(origins, family, strict=True))
                if i >= back
            ):
                return None
            if back == 1:
                if origins[0] is not None or tensor in static:
                    return None
                result = repeats[1][source]._outputs[index]
                known = carried.setdefault(tensor, (family[0], result))
                if known[0] is not family[0]:
                    return None
    if not carried or any(t in families for t in invariant):
        return None
    return Group(
        repeats,
        tuple(carried),
        tuple(result for _, result in carried.values()),
        tuple(initial for initial, _ in carried.values()),
        tuple(families),
        tuple(families.values()),
        tuple(invariant),
    )


def _same(family: Sequence[Tensor]) -> bool:
    first = family[0]
    if all(t is first for t in family):
        return True
    if any(t.op.type != "Const" for t in family):
        return False
    value = first.op._attrs["value"]
    return all(
        np.array_equal(t.op._attrs["value"], value) and t.dtype is first.dtype
        for t in family
    )


def _in_order(
    operations: Sequence[Operation],
    depends: dict[Operation, list[Operation]],
    group: Group,
) -> list[Unit] | None:
    """The units in an order in which they can run; None when the group cannot."""
    unit_of: dict[Operation, Unit] = dict.fromkeys(group.operations, group)
    units: dict[Unit, int] = {}
    waits: dict[Unit, set[Unit]] = {}
    written: dict[Operation, Unit] = {}
    read: dict[Operation, set[Unit]] = {}
    for op in operations:
        unit = unit_of.get(op, op)
        units.setdefault(unit, op._id)
        wanted = waits.setdefault(unit, set())
        wanted.update(unit_of.get(d, d) for d in _needs(op, depends))
        for variable, reads, writes in accesses(op):
            if variable in written:
                wanted.add(written[variable])
            if writes:
                wanted |= read.pop(variable, set())
                written[variable] = unit
            elif reads:
                read.setdefault(variable, set()).add(unit)
    users: dict[Unit, list[Unit]] = {unit: [] for unit in units}
    pending: dict[Unit, int] = {}
    for unit, wanted in waits.items():
        wanted.discard(unit)
        inside = [d for d in wanted if d in units]
        pending[unit] = len(inside)
        for dependency in inside:
            users[dependency].append(unit)
    ready = [(number, unit) for unit, number in units.items() if not pending[unit]]
    heapq.heapify(ready)
    ordered: list[Unit] = []
    while ready:
        _, unit = heapq.heappop(ready)
        ordered.append(unit)
        for user in users[unit]:
            pending[user] -= 1
            if not pending[user]:
                heapq.heappush(ready, (units[user], user))
    return ordered if len(ordered) == len(units) else None


def _needs(
    op: Operation, depends: dict[Operation, list[Operation]]
) -> Iterable[Operation]:
    yield from depends.get(op, ())
    # What is evaluated here once more has no entry of its own.
    for tensor in op._inputs:
        yield tensor.op
