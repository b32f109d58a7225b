"""Finding operations that repeat, and what a loop of them takes from where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tfstyle.framework.tensor import Tensor
from tfstyle.lowering.rolling.edges import size_of
from tfstyle.lowering.rolling.stretch import LEAST_REPEATS, Stretch

__all__ = ["LEAST_SAVED", "Break", "Match", "find"]

# A loop that saves fewer operations than this compiles no faster as a scan.
LEAST_SAVED = 60
_LONGEST_PERIOD = 2000
_TRIES = 8
# From how many repeats back a value may come.
_FARTHEST = 3
# The last repeat is completed when this much of it is wanted.
_LEAST_SHARE = 0.25
# A tensor of unknown size, when sizes are compared.
_UNKNOWN_BYTES = 1 << 12


@dataclass(frozen=True)
class Match:
    """Operations from `start` on that are `repeats` times `period` of the same.

    Attributes:
        row: which repeat stands for all.
        carried: (slot and output that makes it, how many repeats ago) -> what stands
            for it in the first repeats.
        scanned: for tensors of that repeat from outside, the tensor of every repeat.
        invariant: tensors of that repeat from outside, the same in every repeat.
    """

    start: int
    period: int
    repeats: int
    row: int
    carried: dict[tuple[int, int, int], Tensor]
    scanned: dict[Tensor, tuple[Tensor, ...]]
    invariant: tuple[Tensor, ...]

    @property
    def end(self) -> int:
        """The place after the last operation."""
        return self.start + self.period * self.repeats

    @property
    def saved(self) -> int:
        """How many operations need not be compiled."""
        return self.period * (self.repeats - 1)

    def without_first(self) -> Match | None:
        """The loop, which carries nothing, without its first repeat."""
        if self.carried or self.row < 1 or self.repeats <= LEAST_REPEATS:
            return None
        return replace(
            self,
            start=self.start + self.period,
            repeats=self.repeats - 1,
            row=self.row - 1,
            scanned={t: members[1:] for t, members in self.scanned.items()},
        )


@dataclass(frozen=True)
class Break:
    """Why operations that look like repeats are none.

    Attributes:
        place: an operation that breaks the pattern.
        input: which of its inputs does; -1: none.
        before: what would have to correspond to it.
        saved: how many operations a loop would have saved.
        reason: why, in words.
    """

    place: int
    input: int
    before: int
    saved: int
    reason: str


def find(
    stretch: Stretch, start: int, end: int, breaks: list[Break]
) -> Iterator[Match]:
    """The loops among the operations from `start` to `end`, none inside another.

    Args:
        stretch: the operations.
        start: the first one.
        end: the one after the last.
        breaks: gets what is almost a loop.
    """
    pending = [(start, end)]
    while pending:
        low, high = pending.pop()
        runs = _runs(stretch.codes[low:high])
        if not runs:
            continue
        match = _best(stretch, low, runs, breaks)
        if match is None:
            _, _, begin, stop = runs[0]
            pending += [(low, low + begin), (low + stop, high)]
            continue
        wanted = _wanted(stretch, match)
        if wanted is not None:
            yield wanted
        # What is left of the last repeats may be part of another loop.
        stop = match.end if wanted is None else wanted.end
        pending += [(low, match.start), (stop, high)]


def _best(
    stretch: Stretch,
    low: int,
    runs: Sequence[tuple[int, int, int, int]],
    breaks: list[Break],
) -> Match | None:
    best: Match | None = None
    failed: list[Break] = []
    for saved, period, start, end in runs[:_TRIES]:
        if best is not None and best.saved >= 0.9 * saved:
            break
        found = _Check(stretch, low + start, low + end, period).run()
        spare = (end - start) % period
        if spare and (isinstance(found, Break) or found.saved < saved - spare):
            # What comes before the loop may happen to be like its end.
            other = _Check(stretch, low + start + spare, low + end, period).run()
            if isinstance(other, Match) and (
                isinstance(found, Break) or other.saved > found.saved
            ):
                found = other
        if isinstance(found, Break):
            failed.append(found)
        elif best is None or found.saved > best.saved:
            best = found
    if best is None and failed:
        breaks.append(max(failed, key=lambda b: b.saved))
    return best


def _wanted(stretch: Stretch, match: Match) -> Match | None:
    """The loop without last repeats of which little is wanted."""
    wanted = stretch.wanted[match.start : match.end]
    share = wanted.reshape(match.repeats, match.period).mean(axis=1)
    enough = np.flatnonzero(share >= _LEAST_SHARE)
    repeats = int(enough[-1]) + 1 if enough.size else 0
    if repeats == match.repeats:
        return match
    if repeats < LEAST_REPEATS:
        return None
    if match.row >= repeats:
        return None
    scanned = {t: members[:repeats] for t, members in match.scanned.items()}
    return replace(match, repeats=repeats, scanned=scanned)


def _runs(codes: Any) -> list[tuple[int, int, int, int]]:
    """(operations saved, period, start, end) of what repeats, the best first."""
    found = []
    for period in range(1, min(len(codes) // LEAST_REPEATS, _LONGEST_PERIOD) + 1):
        same = codes[:-period] == codes[period:]
        least = (LEAST_REPEATS - 1) * period
        if np.count_nonzero(same) < least:
            continue
        start, length = _longest(same)
        if length >= least:
            found.append((length, period, start, start + length + period))
    return sorted(found, key=lambda run: (-run[0], run[1]))


def _longest(good: Any) -> tuple[int, int]:
    """Start and length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]])))
    if not edges.size:
        return 0, 0
    starts, ends = edges[::2], edges[1::2]
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best] - starts[best])


class _Check:
    """Whether a run with a period is a loop, or which part of it is."""

    def __init__(self, stretch: Stretch, start: int, end: int, period: int) -> None:
        self._stretch = stretch
        self._start, self._end, self._period = start, end, period
        self._saved = end - start - period
        self._break: Break | None = None

    def run(self) -> Match | Break:
        """The loop, as long as possible, or the first thing that is wrong."""
        while True:
            good = self._good_pairs()
            first, length = _longest(good)
            if not self._enough(length):
                return self._broken()
            if length == len(good):
                break
            self._start += first
            self._end = self._start + length + self._period
        self._align()
        for _ in range(LEAST_REPEATS):
            found = self._match()
            if found is not None:
                return found
            if not self._enough(self._end - self._start - self._period):
                break
        return self._broken()

    def _enough(self, pairs: int) -> bool:
        return pairs >= (LEAST_REPEATS - 1) * self._period

    def _broken(self) -> Break:
        assert self._break is not None
        return self._break

    def _note(self, place: int, position: int, before: int, reason: str) -> None:
        if self._break is None:
            self._break = Break(place, position, before, self._saved, reason)

    # -- neighbours -------------------------------------------------------------

    def _good_pairs(self) -> Any:
        """For each operation, whether that of the next repeat goes on like it."""
        s, start, period = self._stretch, self._start, self._period
        stop = self._end - period
        low, high = int(s.offsets[start]), int(s.offsets[stop])
        # Operations with the same codes have as many inputs.
        shift = int(s.offsets[start + period]) - low
        one, two = slice(low, high), slice(low + shift, high + shift)
        made, next_made = s.makers[one], s.makers[two]
        inside, next_inside = made >= start, next_made >= start
        follows = (next_made - made == period) & (s.indices[one] == s.indices[two])
        unknown = s.static[one] & ~inside & ~next_inside
        wrong = (inside & (~next_inside | ~follows)) | (
            ~inside & next_inside & (next_made >= start + 2 * period)
        )
        varying = unknown & (s.tensors[one] != s.tensors[two])
        good = np.ones(stop - start, bool)
        good[s.owners[one][wrong | varying] - start] = False
        level, next_level = s.levels[start:stop], s.levels[start + period : self._end]
        apart = (level != next_level) & (level != 0) & (next_level != 0)
        good[apart] = False
        if not good.all():
            self._explain(np.flatnonzero(wrong), np.flatnonzero(varying), low + shift)
            if self._break is None:
                place = start + int(np.flatnonzero(apart)[0])
                self._note(
                    *(place + period, -1, place),
                    "their gradients are taken in separate steps",
                )
        return good

    def _explain(self, wrong: Any, varying: Any, low: int) -> None:
        s = self._stretch
        for places, reason in (
            (wrong, "it does not come from the same place in the repeat"),
            (varying, "its value must be known before the loop and differs"),
        ):
            if places.size:
                at = low + int(places[0])
                place = int(s.owners[at])
                position = at - int(s.offsets[place])
                self._note(place, position, place - self._period, reason)

    # -- where a repeat begins --------------------------------------------------

    def _align(self) -> None:
        """Lets repeats begin where they hand on least."""
        s, period = self._stretch, self._period
        count = (self._end - self._start) // period
        spare = self._end - self._start - count * period
        if spare:
            crossing = self._crossing()
            self._start += int(np.argmin(crossing[: spare + 1]))
        self._end = self._start + count * period
        assert self._end <= len(s.operations)

    def _crossing(self) -> Any:
        """For each place a repeat could begin at, the bytes handed on there."""
        s, period = self._stretch, self._period
        # A repeat in the middle, where everything comes from where it always does.
        middle = self._start + (self._end - self._start) // period // 2 * period
        low, high = int(s.offsets[middle]), int(s.offsets[middle + period])
        reach: dict[Tensor, tuple[int, int]] = {}
        for at in range(low, high):
            maker, owner = int(s.makers[at]), int(s.owners[at])
            if maker >= self._start:
                tensor = s.inputs[at]
                reach[tensor] = maker, max(owner, reach.get(tensor, (0, 0))[1])
        crossing = np.zeros(period, np.int64)
        latest: dict[tuple[int, int], tuple[int, int]] = {}
        for tensor, (maker, last) in reach.items():
            key = (maker - self._start) % period, tensor._value_index
            size = size_of(tensor) or _UNKNOWN_BYTES
            latest[key] = max(latest.get(key, (0, 0)), (last - maker, size))
        for (slot, _), (distance, size) in latest.items():
            whole, rest = divmod(distance, period)
            crossing += whole * size
            # A repeat that begins at any of the next places cuts once more.
            crossing[(slot + 1 + np.arange(rest)) % period] += size
        return crossing

    # -- all repeats ------------------------------------------------------------

    def _match(self) -> Match | None:
        """The loop; None when a part of the repeats had to be left out."""
        s, start, period = self._stretch, self._start, self._period
        repeats = (self._end - start) // period
        low = int(s.offsets[start])
        width = int(s.offsets[start + period]) - low
        flat = slice(low, low + width * repeats)
        table = (repeats, width)
        made = s.makers[flat].reshape(table) - start
        index = s.indices[flat].reshape(table)
        inside = made >= 0
        slots = made % period
        back = np.arange(repeats)[:, None] - made // period
        far = np.where(inside[-1], back[-1], 0)
        good = np.where(
            inside[-1] & (np.arange(repeats)[:, None] >= far),
            inside & (back == far) & (slots == slots[-1]) & (index == index[-1]),
            ~inside,
        )
        fixed = s.static[low : low + width] & (far > 0)
        good[:, fixed | (far > _FARTHEST)] = False
        if not good.all():
            self._shorten(good, low, width)
            return None
        if not self._same_levels(repeats):
            self._shorten(np.zeros(table, bool), low, width)
            return None
        numbers = s.tensors[flat].reshape(table)
        carried = self._carried(far, slots[-1], index[-1], numbers, low)
        if carried is None:
            # The first repeat begins differently: it stays outside.
            self._note(start + period, -1, start, "they do not begin alike")
            self._start += period
            return None
        outside = np.flatnonzero(~inside[-1])
        row = self._row(int(far.max(initial=0)), numbers, outside, low)
        if row is None:
            self._end = self._start
            return None
        scanned: dict[Tensor, tuple[Tensor, ...]] = {}
        invariant: dict[Tensor, None] = {}
        for column in outside.tolist():
            tensor = s.inputs[low + row * width + column]
            if (numbers[:, column] == numbers[0, column]).all():
                invariant[tensor] = None
            elif tensor not in scanned:
                scanned[tensor] = tuple(
                    s.inputs[low + column : low + width * repeats : width]
                )
        return Match(start, period, repeats, row, carried, scanned, tuple(invariant))

    def _shorten(self, good: Any, low: int, width: int) -> None:
        repeat, column = (int(i) for i in np.argwhere(~good)[0])
        at = low + repeat * width + column
        place = int(self._stretch.owners[at])
        position = at - int(self._stretch.offsets[place])
        before = max(place - self._period, self._start)
        self._note(place, position, before, "it does not come from the same place")
        first, length = _longest(good.all(axis=1))
        self._start += first * self._period
        self._end = self._start + length * self._period

    def _same_levels(self, repeats: int) -> bool:
        levels = self._stretch.levels[self._start : self._end]
        levels = levels.reshape(repeats, self._period)
        return bool(((levels == levels.max(axis=0)) | (levels == 0)).all())

    def _carried(
        self, far: Any, slots: Any, index: Any, numbers: Any, low: int
    ) -> dict[tuple[int, int, int], Tensor] | None:
        """What each carried value is at first; None: not the same everywhere."""
        s, width = self._stretch, numbers.shape[1]
        carried: dict[tuple[int, int, int], Tensor] = {}
        known: dict[tuple[int, int, int], int] = {}
        for column in np.flatnonzero(far > 0).tolist():
            for ago in range(1, int(far[column]) + 1):
                # What was made `ago` repeats before the first is used in this one.
                repeat = int(far[column]) - ago
                key = int(slots[column]), int(index[column]), ago
                number = int(numbers[repeat, column])
                if known.setdefault(key, number) != number:
                    return None
                carried[key] = s.inputs[low + repeat * width + column]
        return carried

    def _row(self, first: int, numbers: Any, outside: Any, low: int) -> int | None:
        """A repeat in which no tensor stands for two that differ elsewhere."""
        s, width = self._stretch, numbers.shape[1]
        families = [numbers[:, column].tobytes() for column in outside.tolist()]
        repeats = len(numbers)
        # Rather not the first one, which may have to be left out.
        first = max(first, 1)
        for row in dict.fromkeys([*range(first, min(first + 4, repeats)), repeats - 1]):
            names: dict[Tensor, bytes] = {}
            begin = low + row * width
            if all(
                names.setdefault(s.inputs[begin + column], family) == family
                for column, family in zip(outside.tolist(), families, strict=True)
            ):
                return int(row)
        place = self._start
        self._note(place, -1, place, "one tensor stands for several")
        return None
