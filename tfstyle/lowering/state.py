"""What a session keeps between runs: variables and random streams."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tfstyle.framework.random_stream import initial_state
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.blame import uninitialized

__all__ = ["Changes", "State"]


class Changes(dict[Operation, Any]):
    """New values of variables that a run has made and not yet committed.

    Attributes:
        drawn: random states of operations that the run will repeat, from before.
    """

    def __init__(self) -> None:
        super().__init__()
        self.drawn: dict[Operation, Any] = {}

    def keep_drawn(self, state: State, operations: Iterable[Operation]) -> None:
        """Notes the random states of `operations`, which will be used up."""
        for op in operations:
            self.drawn[op] = np.array(state.stream(op))

    def stream(self, state: State, op: Operation) -> Any:
        """The random state that `op` starts from."""
        found = self.drawn.get(op)
        return state.stream(op) if found is None else found


class _Together:
    """Random states that one array holds.

    Attributes:
        array: the states, [operations, 6].
        is_current: whether they are still those of all its operations.
    """

    __slots__ = ("array", "is_current")

    def __init__(self, array: Any) -> None:
        self.array = array
        self.is_current = True


class State:
    """The state of one session.

    Attributes:
        variables: value of each initialised variable, on the device.
        rolling: whether loops that Python unrolled are put back together.
        resources: what host operations keep, by name.
        lock: held while values are taken, a segment is started and results are put
            back, so that no other thread uses a value that a segment was given away.
    """

    def __init__(self, rolling: bool = True) -> None:
        """Starts with no variable initialised."""
        self.variables: dict[Operation, Any] = {}
        self.rolling = rolling
        # The random state of each operation that has run, or where it is kept.
        self._streams: dict[Operation, Any] = {}
        self._together: dict[tuple[Operation, ...], _Together] = {}
        self.resources: dict[str, Any] = {}
        self.lock = threading.RLock()
        self._entropy = np.random.SeedSequence()

    def begin(self) -> Changes:
        """Starts a run: nothing has changed."""
        return Changes()

    def variable(self, changes: Changes, variable: Operation) -> Any:
        """The value of `variable` as this run sees it.

        Raises:
            tf.errors.FailedPreconditionError: when it has none.
        """
        if variable in changes:
            return changes[variable]
        try:
            return self.variables[variable]
        except KeyError:
            raise uninitialized(variable) from None

    def is_initialized(self, changes: Changes, variable: Operation) -> bool:
        """Whether `variable` has a value as this run sees it."""
        return variable in changes or variable in self.variables

    def stream(self, op: Operation) -> Any:
        """The random state of `op`; without any seed a fresh one per session."""
        found = self._streams.get(op)
        if isinstance(found, tuple):
            held, index = found
            return held.array[index]
        if found is None:
            seed, seed2 = op._attrs.get("seed", 0), op._attrs.get("seed2", 0)
            if not seed and not seed2:
                words = self._entropy.spawn(1)[0].generate_state(2, np.uint64)
                seed, seed2 = int(words[0]), int(words[1])
            found = self._streams[op] = initial_state(seed, seed2)
        return found

    def keep_stream(self, op: Operation, value: Any) -> None:
        """Sets the random state of `op`."""
        before = self._streams.get(op)
        if isinstance(before, tuple):
            before[0].is_current = False
        self._streams[op] = value

    def streams(self, operations: tuple[Operation, ...]) -> Any:
        """The random states of several operations, [operations, 6]."""
        held = self._together.get(operations)
        if held is not None and held.is_current:
            return held.array
        return np.stack([np.asarray(self.stream(op)) for op in operations])

    def keep_streams(self, operations: tuple[Operation, ...], array: Any) -> None:
        """Sets the random states of several operations."""
        held = self._together.get(operations)
        if held is not None and held.is_current:
            held.array = array
            return
        held = self._together[operations] = _Together(array)
        for i, op in enumerate(operations):
            self.keep_stream(op, (held, i))

    def finish(
        self,
        changes: Changes,
        fetched: Sequence[Tensor],
        variables: Sequence[Operation | None],
        values: dict[Tensor, Any],
    ) -> list[Any]:
        """Commits the run and collects what was fetched.

        A fetched reference is the variable's value when the run ends.

        Returns:
            NumPy arrays of the caller's own; scalars as NumPy scalars.
        """
        if changes:
            with self.lock:
                self.variables.update(changes)
        return [
            _owned(values[tensor])
            if variable is None or tensor in values
            else self._fetched(changes, variable)
            for tensor, variable in zip(fetched, variables, strict=True)
        ]

    def _fetched(self, changes: Changes, variable: Operation) -> Any:
        # Until it is copied, another thread's run could give the buffer away.
        with self.lock:
            return _owned(self.variable(changes, variable))


def _owned(value: Any) -> Any:
    """A copy: a view would keep a buffer busy that later steps want to give away."""
    array = np.array(value)
    return array[()] if array.ndim == 0 else array
