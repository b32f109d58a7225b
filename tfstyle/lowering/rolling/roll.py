"""Finding loops that a Python `for` loop unrolled.

Runs of operations that repeat with some period become `Group`s: the lowering evaluates
each as a scan, so that neither the program nor the time to compile it grows with the
number of repeats. What enters and leaves as slices becomes a `View`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Mapping, Sequence, Set

from tfstyle.framework.constant_value import is_pure
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.references import is_read
from tfstyle.lowering.rolling.edges import size_of, views_of
from tfstyle.lowering.rolling.matching import LEAST_SAVED, Break, Match, find
from tfstyle.lowering.rolling.schedule import Schedule
from tfstyle.lowering.rolling.stretch import LEAST_REPEATS, Stretch, Surroundings
from tfstyle.lowering.rolling.units import Carry, Family, Group, Unit
from tfstyle.lowering.statics import static_tensors

__all__ = ["roll", "rolling_enabled"]

_log = logging.getLogger("tfstyle.rolling")

# Larger tensors are not copied into one array for the sake of a loop: weights that
# differ from repeat to repeat, and what enters repeats independent of each other.
_LARGEST_WEIGHT = 1 << 18
_LARGEST_COPY = 1 << 16
# A body with fewer operations has no loop inside.
_LEAST_NESTED = 2 * LEAST_REPEATS


def rolling_enabled() -> bool:
    """Whether loops are looked for; `TFSTYLE_ROLLING=0` turns it off."""
    return os.environ.get("TFSTYLE_ROLLING", "1") != "0"


def roll(
    operations: Sequence[Operation],
    depends: Mapping[Operation, Sequence[Operation]],
    surroundings: Surroundings,
    used: Collection[Tensor],
) -> list[Unit]:
    """Replaces repeating runs of `operations` by groups.

    Args:
        operations: the operations of a segment, in order.
        depends: what each operation depends on.
        surroundings: what else matters of the segment.
        used: the tensors that leave the segment, or that gradients in it use.

    Returns:
        The operations, groups and views, in an order in which they can run.
    """
    if len(operations) < 2 * LEAST_REPEATS:
        return list(operations)
    stretch = Stretch(operations, surroundings)
    rolling = _Rolling(stretch, surroundings, depends)
    breaks: list[Break] = []
    groups = rolling.groups(0, len(stretch.operations), breaks)
    for found in breaks:
        _tell(stretch, found)
    if not groups:
        return list(operations)
    units = rolling.ordered(operations, groups, stretch.unneeded())
    _find_outputs(units, used)
    return units


def _tell(stretch: Stretch, found: Break) -> None:
    if found.saved < LEAST_SAVED:
        return
    op, before = stretch.operations[found.place], stretch.operations[found.before]
    where = ""
    if found.input >= 0:
        one, other = op._inputs[found.input], before._inputs[found.input]
        where = f" at input {found.input} ('{one.name}' after '{other.name}')"
    _log.info(
        "Operations like '%s' repeat, but are no loop: '%s' does not continue '%s'%s: "
        "%s.",
        *(stretch.operations[found.before].name, op.name, before.name, where),
        found.reason,
    )


class _Rolling:
    def __init__(
        self,
        stretch: Stretch,
        surroundings: Surroundings,
        depends: Mapping[Operation, Sequence[Operation]],
    ) -> None:
        self._stretch = stretch
        self._surroundings = surroundings
        self._depends = depends

    def groups(self, start: int, end: int, breaks: list[Break]) -> list[Group]:
        """The groups among the operations of the stretch from `start` to `end`."""
        matches = list(find(self._stretch, start, end, breaks))
        worthwhile = _worthwhile(self._stretch, matches)
        ends = {match.end for match in worthwhile}
        for match in matches:
            if match.end not in ends and match.saved >= LEAST_SAVED:
                _log.info(
                    "The loop at '%s' stays unrolled: a scan would copy more than it "
                    "saves.",
                    self._stretch.operations[match.start].name,
                )
        groups = [self._group(match) for match in worthwhile]
        return [group for group in groups if group is not None]

    def _group(self, match: Match) -> Group | None:
        operations = self._stretch.operations
        repeats = tuple(
            tuple(operations[begin : begin + match.period])
            for begin in range(match.start, match.end, match.period)
        )
        needy = _unknown_static(match, repeats[match.row])
        if needy is not None:
            _log.info(
                "The loop at '%s' stays unrolled: '%s' needs a value before it runs "
                "that may differ from repeat to repeat.",
                *(repeats[0][0].name, needy.name),
            )
            return None
        reached = {
            slot
            for repeat in repeats
            for slot, op in enumerate(repeat)
            if op in self._surroundings.reached
        }
        perturbed = self._perturbed(repeats, match.row) if reached else ()
        if perturbed is None:
            first = repeats[0][0]
            _log.info(
                "The loop at '%s' stays unrolled: gradients end in the middle of it.",
                first.name,
            )
            return None
        body = repeats[match.row]
        return Group(
            repeats=repeats,
            row=match.row,
            body=self._body(match, {family.tensor.op for family in perturbed}),
            carried=_carries(match, repeats),
            scanned=tuple(Family(t, members) for t, members in match.scanned.items()),
            invariant=match.invariant,
            spare=frozenset(
                op
                for op, wanted in zip(
                    operations[match.start : match.end],
                    self._stretch.wanted[match.start : match.end],
                    strict=True,
                )
                if not wanted
            ),
            stopped=frozenset(
                op for slot, op in enumerate(body) if reached and slot not in reached
            ),
            perturbed=perturbed,
        )

    def _perturbed(
        self, repeats: tuple[tuple[Operation, ...], ...], row: int
    ) -> tuple[Family, ...] | None:
        """What gradients are asked for by itself; None when that is not possible."""
        asked = self._surroundings
        found = []
        for slot, op in enumerate(repeats[row]):
            for index, tensor in enumerate(op._outputs):
                members = tuple(repeat[slot]._outputs[index] for repeat in repeats)
                cut = any(t in asked.cut for t in members)
                if not cut and not any(t in asked.passed for t in members):
                    continue
                if cut and any(repeat[slot] in asked.reached for repeat in repeats):
                    return None
                found.append(Family(tensor, members))
        return tuple(found)

    def _body(self, match: Match, alone: Set[Operation]) -> tuple[Unit, ...]:
        """One repeat, with the loops inside it."""
        begin = match.start + match.row * match.period
        body = self._stretch.operations[begin : begin + match.period]
        if match.period < _LEAST_NESTED:
            return tuple(body)
        groups = [
            group
            for group in self.groups(begin, begin + match.period, [])
            if alone.isdisjoint(group.operations)
        ]
        return tuple(self.ordered(body, groups)) if groups else tuple(body)

    def ordered(
        self,
        operations: Sequence[Operation],
        groups: list[Group],
        unneeded: Collection[Operation] = (),
    ) -> list[Unit]:
        """Puts operations in order, with `groups` in the place of what they stand for.

        Groups that cannot run as one are given up. Those of the operations `unneeded`
        are added that are in no group, but that one takes something from.
        """
        groups = self._without_statics(operations, groups)
        groups.sort(key=lambda group: len(group.operations))
        while groups:
            inside = {op for group in groups for op in group.operations}
            views = [
                view
                for view in views_of(f.members for g in groups for f in g.scanned)
                if inside.isdisjoint(view.operations)
            ]
            spare = [op for group in groups for op in group.spare]
            spare += _completing(groups, set(unneeded) - inside)
            together: list[Unit] = [*groups, *views]
            schedule = Schedule([*operations, *spare], self._depends, together)
            if schedule.complete:
                return schedule.units
            given_up = next((g for g in groups if schedule.in_circle(g)), groups[0])
            groups.remove(given_up)
            first = given_up.operations[0]
            _log.info(
                "The loop at '%s' stays unrolled: operations that are not part of it "
                "lie between its repeats.",
                first.name,
            )
        return list(operations)

    def _without_statics(
        self, operations: Sequence[Operation], groups: list[Group]
    ) -> list[Group]:
        """Leaves out groups that give what must be known before it runs."""
        home = {op: group for group in groups for op in group.operations}
        given_up: set[Group] = set()
        for op in operations:
            for tensor in static_tensors(op):
                group = home.get(tensor.op)
                if group is not None and group is not home.get(op):
                    if group not in given_up:
                        _log.info(
                            "The loop at '%s' stays unrolled: '%s' needs the value of "
                            "'%s' before it runs.",
                            *(group.operations[0].name, op.name, tensor.name),
                        )
                    given_up.add(group)
        return [group for group in groups if group not in given_up]


def _completing(
    groups: Sequence[Group], unneeded: Set[Operation]
) -> Sequence[Operation]:
    """Those of `unneeded` that `groups` take something from."""
    found: dict[Operation, None] = {}
    pending = [t._op for group in groups for t in group.inputs]
    while pending:
        op = pending.pop()
        if op in unneeded and op not in found:
            found[op] = None
            pending.extend(t._op for t in op._inputs)
    return list(found)


def _unknown_static(match: Match, body: Sequence[Operation]) -> Operation | None:
    """An operation of the body that needs, while tracing, a value that varies."""
    known = set(match.invariant)
    for op in body:
        declaration = op._declaration
        assert declaration is not None
        if any(t not in known for t in static_tensors(op)):
            return op
        if declaration.shape_only or (
            is_pure(declaration) and known.issuperset(op._inputs)
        ):
            known.update(op._outputs)
    return None


def _carries(
    match: Match, repeats: tuple[tuple[Operation, ...], ...]
) -> tuple[Carry, ...]:
    def made(slot: int, index: int, ago: int) -> Tensor:
        return repeats[match.row - ago][slot]._outputs[index]

    return tuple(
        Carry(made(slot, index, ago), made(slot, index, ago - 1), initial)
        for (slot, index, ago), initial in match.carried.items()
    )


# -- which groups are worth it ----------------------------------------------------


def _worthwhile(stretch: Stretch, matches: list[Match]) -> list[Match]:
    """Leaves out loops, or first repeats, that save little or copy much."""
    left = [m for m in matches if not m.carried or m.saved >= LEAST_SAVED]
    while True:
        makers = {
            op: (number, place % match.period)
            for number, match in enumerate(left)
            for place, op in enumerate(stretch.operations[match.start : match.end])
        }
        good = [_paying(match, makers) for match in left]
        if good == left:
            return left
        left = [match for match in good if match is not None]


def _paying(match: Match, makers: Mapping[Operation, tuple[int, int]]) -> Match | None:
    """The part of a loop that is worth it."""
    large = _LARGEST_WEIGHT if match.carried else _LARGEST_COPY
    copied = [
        members
        for members in match.scanned.values()
        if (size_of(members[0]) or 0) > large and not _is_view(members, makers)
    ]
    if match.carried:
        return None if any(is_read(members[0].op) for members in copied) else match
    if not copied:
        return match
    # The first one is often made before the loop that makes the others.
    shorter = match.without_first()
    if shorter is None or any(not _is_view(m[1:], makers) for m in copied):
        return None
    return shorter


def _is_view(
    members: Sequence[Tensor], makers: Mapping[Operation, tuple[int, int]]
) -> bool:
    """Whether the members of a family are already in one array, or known."""
    first = members[0].op
    if all(t.op is first for t in members) or all(
        t.op.type == "Const" for t in members
    ):
        return True
    place = makers.get(first)
    if place is not None and all(makers.get(t.op) == place for t in members):
        return True
    return bool(views_of([members]))


# -- what leaves groups -----------------------------------------------------------


def _find_outputs(units: Sequence[Unit], used: Collection[Tensor]) -> None:
    """Notes in each group what of it is used by other units, or is in `used`."""
    asked = dict.fromkeys(used)
    groups = []
    for unit in units:
        if isinstance(unit, Group):
            groups.append(unit)
            asked.update(dict.fromkeys(unit.inputs))
        elif not isinstance(unit, Operation):
            asked[unit.source] = None
        elif "_region" not in unit._attrs:
            asked.update(dict.fromkeys(unit._inputs))
    for group in groups:
        _find_outputs_of(group, asked)
        results = [carry.result for carry in group.carried]
        results += [family.tensor for family in (*group.outputs, *group.perturbed)]
        if any(isinstance(unit, Group) for unit in group.body):
            _find_outputs(group.body, results)


def _find_outputs_of(group: Group, asked: Collection[Tensor]) -> None:
    finals = {carry.result: carry for carry in reversed(group.carried)}
    alone = {family.tensor for family in group.perturbed}
    body = group.repeats[group.row]
    for slot, op in enumerate(body):
        for index, tensor in enumerate(op._outputs):
            members = tuple(repeat[slot]._outputs[index] for repeat in group.repeats)
            wanted = [t for t in members if t in asked]
            if not wanted:
                continue
            if wanted == [members[-1]] and tensor in finals and tensor not in alone:
                group.finals.append((finals[tensor], members[-1]))
            else:
                group.outputs.append(Family(tensor, members))
