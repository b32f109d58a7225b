"""The order in which the units of a segment can run."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from tfstyle.framework.tensor import Operation
from tfstyle.lowering.references import all_accesses
from tfstyle.lowering.rolling.units import Unit, operations_of

__all__ = ["Schedule"]


class Schedule:
    """What the units of a segment wait for.

    Attributes:
        units: the units, in an order in which they can run; those in a circle are
            missing.
    """

    def __init__(
        self,
        operations: Sequence[Operation],
        depends: Mapping[Operation, Sequence[Operation]],
        together: Sequence[Unit],
    ) -> None:
        """Puts units in order.

        Args:
            operations: the operations, in the order in which they run one by one.
            depends: what each operation depends on besides its inputs.
            together: the units that stand for several of them.
        """
        unit_of: dict[Operation, Unit] = {}
        for unit in together:
            unit_of.update(dict.fromkeys(operations_of(unit), unit))
        self._numbers: dict[Unit, int] = {}
        for op in operations:
            self._numbers.setdefault(unit_of.get(op, op), op._id)
        self._waits: dict[Unit, set[Unit]] = {unit: set() for unit in self._numbers}
        self._unit_of = unit_of
        for op in operations:
            unit = unit_of.get(op, op)
            wanted = self._waits[unit]
            for before in depends.get(op, ()):
                wanted.add(unit_of.get(before, before))
            # What is evaluated here once more has no entry of its own.
            for tensor in op._inputs:
                wanted.add(unit_of.get(tensor._op, tensor._op))
        self._keep_accesses_in_order(operations)
        for unit, wanted in self._waits.items():
            wanted.discard(unit)
            wanted.intersection_update(self._waits.keys())
        self.units = self._in_order()

    def _keep_accesses_in_order(self, operations: Sequence[Operation]) -> None:
        written: dict[Operation, Unit] = {}
        read: dict[Operation, set[Unit]] = {}
        for op in operations:
            unit = self._unit_of.get(op, op)
            for variable, reads, writes in all_accesses(op):
                if variable in written:
                    self._waits[unit].add(written[variable])
                if writes:
                    self._waits[unit] |= read.pop(variable, set())
                    written[variable] = unit
                elif reads:
                    read.setdefault(variable, set()).add(unit)

    def _in_order(self) -> list[Unit]:
        users: dict[Unit, list[Unit]] = {unit: [] for unit in self._waits}
        pending: dict[Unit, int] = {}
        for unit, wanted in self._waits.items():
            pending[unit] = len(wanted)
            for before in wanted:
                users[before].append(unit)
        numbers = self._numbers
        ready = [(numbers[unit], unit) for unit, count in pending.items() if not count]
        heapq.heapify(ready)
        ordered: list[Unit] = []
        while ready:
            _, unit = heapq.heappop(ready)
            ordered.append(unit)
            for user in users[unit]:
                pending[user] -= 1
                if not pending[user]:
                    heapq.heappush(ready, (numbers[user], user))
        return ordered

    @property
    def complete(self) -> bool:
        """Whether all units are in order."""
        return len(self.units) == len(self._waits)

    def in_circle(self, unit: Unit) -> bool:
        """Whether `unit` waits for itself."""
        done = set(self.units)
        pending = [u for u in self._waits[unit] if u not in done]
        seen: set[Unit] = set()
        while pending:
            before = pending.pop()
            if before is unit:
                return True
            if before not in seen:
                seen.add(before)
                pending.extend(u for u in self._waits[before] if u not in done)
        return False
