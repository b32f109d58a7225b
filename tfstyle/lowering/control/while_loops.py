"""How `While`, and counting how often it runs, are evaluated.

A loop whose number of iterations is known while tracing is a scan. Another one is a
`lax.while_loop`; where its gradient is wanted, an earlier step has counted the
iterations (`LoopCounts`), and the loop is a scan of that length whose steps stop doing
anything when the condition fails.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import errors
from tfstyle.framework.subgraph import Body, bodies_of, needed_operations
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.framework.trip_counts import counted, deciding
from tfstyle.lowering.control.array_sizes import Sizing, known_size, sizes_of
from tfstyle.lowering.control.array_state import ArrayState, concrete
from tfstyle.lowering.control.bodies import BodyFunction, BodyState, State
from tfstyle.lowering.control.either_way import ShapesChangeError
from tfstyle.lowering.control.needs import is_unrolled
from tfstyle.lowering.evaluate import Evaluator, structural
from tfstyle.lowering.recurrence.scan import Recurrence, scan
from tfstyle.lowering.references import has_host_operations, is_variable

__all__: list[str] = []

# Beyond this many iterations a loop is not tried out while tracing.
_MAX_TRIED = 10_000


class _While:
    """One execution of a loop.

    Attributes:
        live: numbers of the loop variables that somebody needs.
        tests: the condition.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        op: Operation,
        values: Sequence[Any],
        needed: Collection[int],
    ) -> None:
        self._evaluator = evaluator
        self._op = op
        condition, body = bodies_of(op)
        self.state = BodyState(evaluator, (condition, body))
        count = op._attrs["carries"]
        end = count + len(op._attrs["_captures"])
        self._given = list(values[:count])
        self._entering = values[count:end]
        self._sizes = values[end:]
        fixed, moving = self.state.split_captures(
            op._attrs["_captures"], self._entering
        )
        self._captured = fixed
        self._moving = moving
        self.live = self._needed_carries(needed)
        self.tests = BodyFunction(
            evaluator, condition, condition.results, fixed, self.state
        )
        self._body = BodyFunction(
            evaluator, body, [body.results[i] for i in self.live], fixed, self.state
        )

    def _needed_carries(self, needed: Collection[int]) -> list[int]:
        condition, body = bodies_of(self._op)
        numbers = {t: i for i, t in enumerate(condition.parameters)}
        numbers.update({t: i for i, t in enumerate(body.parameters)})
        live = set(needed)

        def entering(body: Body, results: Sequence[Tensor]) -> Iterator[int]:
            function = BodyFunction(self._evaluator, body, results, {}, self.state)
            used = [t for o in function.operations for t in self._evaluator.uses(o)]
            return (numbers[t] for t in (*results, *used) if t in numbers)

        live.update(entering(condition, condition.results))
        while True:
            more = set(entering(body, [body.results[i] for i in live]))
            if more <= live:
                return sorted(live)
            live |= more

    def start(self) -> tuple[list[Any], State]:
        """The loop variables and the state before the first iteration."""
        initial = [self._given[i] for i in self.live]
        return initial, self.state.initial(self._evaluator, self._moving)

    def going(self, carry: Sequence[Any], state: State) -> tuple[Any, State]:
        """Whether there is another iteration."""
        (result,), state = self.tests(self._parameters(0, carry), state)
        return jnp.reshape(jnp.asarray(result), ()), state

    def step(self, carry: Sequence[Any], state: State) -> tuple[list[Any], State]:
        """One iteration, in a program of its own."""
        results, state = self.unrolled_step(carry, state)
        return [concrete(r) for r in results], state

    def unrolled_step(
        self, carry: Sequence[Any], state: State
    ) -> tuple[list[Any], State]:
        """One iteration among others; what is known while tracing stays so."""
        return self._body(self._parameters(1, carry), state)

    def recurrence(self, carry: Sequence[Any], state: State, length: int) -> Recurrence:
        """The loop as one whose condition need not be asked."""
        body = bodies_of(self._op)[1]
        return Recurrence(
            operations=self._body.operations,
            carried=[body.parameters[i] for i in self.live],
            results=[body.results[i] for i in self.live],
            initial=carry,
            scanned=(),
            sequences=(),
            invariant=self._captured,
            length=length,
            state=self.state if state else None,
            initial_state=state,
        )

    def _parameters(self, which: int, carry: Sequence[Any]) -> dict[Tensor, Any]:
        parameters = bodies_of(self._op)[which].parameters
        return {parameters[i]: value for i, value in zip(self.live, carry, strict=True)}

    def fitted(self, carry: list[Any], state: State) -> tuple[list[Any], bool]:
        """The start with room for what the body makes of it.

        Returns:
            The loop variables, and whether the body changes their shapes.
        """
        results, _ = jax.eval_shape(self.step, carry, state)
        fitted = [
            c.like(r) if isinstance(c, ArrayState) and isinstance(r, ArrayState) else c
            for c, r in zip(carry, results, strict=True)
        ]
        if any(isinstance(c, ArrayState) for c in carry):
            results, _ = jax.eval_shape(self.step, fitted, state)
        before = jax.tree_util.tree_leaves(fitted)
        after = jax.tree_util.tree_leaves(results)
        return fitted, len(before) != len(after) or any(
            jnp.shape(b) != a.shape for b, a in zip(before, after, strict=True)
        )

    def length(self) -> int | None:
        """How often it runs, when that is known while tracing."""
        found = deciding(self._op)
        if found is None:
            return None
        known = self._evaluator.known
        values: dict[int, Any] = {
            i: known.get(self._op._inputs[i], self._given[i]) for i in found.carries
        }
        captured = {t: known.get(t, self._captured.get(t)) for t in found.captures}
        for value in (*values.values(), *captured.values()):
            if not isinstance(value, np.ndarray):
                return None
        fast = counted(self._op, values, captured)
        if fast is not None:
            return fast
        tried = self._tried(values, {i: self._given[i] for i in found.shapes})
        return None if tried is None else tried[0]

    def _tried(
        self, values: dict[int, Any], unchanged: Mapping[int, Any]
    ) -> tuple[int, dict[int, Any]] | None:
        """Runs what decides on NumPy values.

        Args:
            values: the loop variables whose values matter, before the loop.
            unchanged: those of which only the shapes matter.

        Returns:
            How often the loop runs, and `values` after it; None when that depends on
            something else.
        """
        condition, body = bodies_of(self._op)
        numbers = list(values)
        goes_on = self._deciding(condition, condition.results)
        step = self._deciding(body, [body.results[i] for i in numbers])
        for count in range(_MAX_TRIED):
            known = {**unchanged, **values}
            (going,), _ = goes_on(
                {condition.parameters[i]: v for i, v in known.items()}, ()
            )
            if not isinstance(going, np.ndarray):
                return None
            if not going:
                return count, values
            new, _ = step({body.parameters[i]: v for i, v in known.items()}, ())
            if not all(map(known_size, new)):
                return None
            values = dict(zip(numbers, new, strict=True))
        return None

    def _deciding(self, body: Body, results: Sequence[Tensor]) -> BodyFunction:
        """A body without what it only changes."""
        nothing = BodyState(self._evaluator, ())
        captured = {
            t: self._evaluator.known.get(t, v) for t, v in self._captured.items()
        }
        found = BodyFunction(self._evaluator, body, results, captured, nothing)
        uses = self._evaluator.uses
        found.operations = needed_operations(body, results, uses=uses)
        return found

    # -- arrays that grow -------------------------------------------------------

    def make_room(self) -> list[int]:
        """Gives arrays that the loop makes grow the size they will have.

        Returns:
            The numbers of these loop variables.
        """
        arrays: Mapping[int, Operation] = self._op._attrs.get("_growing", {})
        growing = []
        for i in arrays:
            state = self._given[i] if i in self.live else None
            # In a loop inside another one there is room already.
            if isinstance(state, ArrayState) and state.grows_from is None:
                growing.append(i)
        if growing:
            sizes = self._final_sizes(list(arrays))
            for i in growing:
                before = self._given[i]
                size = max(before.size, sizes[i])
                self._given[i] = replace(before.resized(size), grows_from=before.size)
                cleared = self._evaluator.variables.get(arrays[i])
                if cleared is not None and len(cleared) < size:
                    padded = jnp.pad(cleared, (0, size - len(cleared)))
                    self._evaluator.variables[arrays[i]] = padded
        return growing

    def _final_sizes(self, places: Sequence[int]) -> dict[int, int]:
        """How many elements the arrays at `places` have after the loop."""
        if self._sizes and isinstance(self._sizes[0], np.ndarray):
            return dict(zip(places, self._sizes[0].tolist(), strict=True))
        given = sizes_of(self._given, places)
        values = [*given, *self._entering]
        loop = _While(Sizing.of(self._evaluator), self._op, values, places)
        found = loop.tried()
        if found is None:
            raise errors.UnimplementedError(
                None,
                self._op,
                f"How large the TensorArrays become that '{self._op.name}' makes grow "
                "depends on what is computed in the body of a branch or a loop. Give "
                "them a fixed size.",
            )
        return {i: int(found[i].size) for i in places}

    def tried(self) -> dict[int, Any] | None:
        """The loop variables after the loop, where that is known while tracing."""
        if self.state.streams or any(map(is_variable, self.state.variables)):
            return None
        known, inputs = self._evaluator.known, self._op._inputs
        start = {i: known.get(inputs[i], self._given[i]) for i in self.live}
        found = self._tried(start, {}) if all(map(known_size, start.values())) else None
        return None if found is None else found[1]


def _while(
    evaluator: Evaluator,
    op: Operation,
    values: Sequence[Any],
    needed: Collection[int],
) -> list[Any]:
    """The loop variables after the last iteration; None where nobody needs them."""
    loop = _While(evaluator, op, values, needed)
    if isinstance(evaluator, Sizing) and (tried := loop.tried()) is not None:
        return [tried.get(i) for i in range(len(op._outputs))]
    growing = loop.make_room()
    given, state = loop.start()
    # Sizes need no elements: then the shapes of these do not matter either.
    unrolled = is_unrolled(op) and not isinstance(evaluator, Sizing)
    length = None if op in evaluator.counting and not unrolled else loop.length()
    if not unrolled:
        carry, unrolled = loop.fitted([concrete(v) for v in given], state)
    if unrolled:
        carry, state = _unrolled(evaluator, op, loop, given, state, length)
    elif length is not None and loop.tests.has_effects:
        carry, state = _bounded(loop, carry, state, length)
    elif length is not None and not isinstance(evaluator, Sizing):
        done = scan(evaluator, loop.recurrence(carry, state, length))
        carry, state = done.final, done.state
    elif op in evaluator.bounds:
        carry, state = _bounded(loop, carry, state, evaluator.bounds[op])
    else:
        carry, state = _run(evaluator, op, loop, carry, state)
    loop.state.store(evaluator, state)
    results: list[Any] = [None] * len(op._outputs)
    for i, value in zip(loop.live, carry, strict=True):
        results[i] = replace(value, grows_from=None) if i in growing else value
    return results


def _unrolled(
    evaluator: Evaluator,
    op: Operation,
    loop: _While,
    carry: list[Any],
    state: State,
    length: int | None,
) -> tuple[list[Any], State]:
    """A loop whose shapes change, iteration by iteration."""
    if length is None:
        raise ShapesChangeError(
            None,
            op,
            f"Shapes in the loop '{op.name}' change from one iteration to the next, "
            "and the number of iterations depends on data. Give the loop variables a "
            "fixed shape, or the loop a fixed number of iterations.",
        )
    _, state = loop.going(carry, state)
    for _ in range(length):
        carry, state = loop.unrolled_step(carry, state)
        _, state = loop.going(carry, state)
    if op in evaluator.counting:
        evaluator.variables[op] = jnp.maximum(evaluator.variables[op], length)
    return carry, state


def _bounded(
    loop: _While, carry: list[Any], state: State, bound: int
) -> tuple[list[Any], State]:
    def step(everything: Any, _: None) -> Any:
        going, both = everything
        new = jax.lax.cond(
            going, lambda x: _advanced(loop, x), lambda x: (going, x), both
        )
        return new, None

    start = loop.going(carry, state)
    (_, both), _ = jax.lax.scan(step, (start[0], (carry, start[1])), None, bound)
    return both


def _advanced(loop: _While, both: Any) -> Any:
    carry, state = loop.step(*both)
    going, state = loop.going(carry, state)
    return going, (carry, state)


def _run(
    evaluator: Evaluator, op: Operation, loop: _While, carry: list[Any], state: State
) -> tuple[list[Any], State]:
    def step(everything: Any) -> Any:
        count, _, both = everything
        return (count + 1, *_advanced(loop, both))

    going, state = loop.going(carry, state)
    start = (jnp.zeros((), jnp.int32), going, (carry, state))
    count, _, (carry, state) = jax.lax.while_loop(lambda x: x[1], step, start)
    if op in evaluator.counting:
        known = evaluator.variables[op]
        evaluator.variables[op] = jnp.maximum(known, count)
    return carry, state


def _loop_counts(
    evaluator: Evaluator,
    op: Operation,
    values: Sequence[Any],
    needed: Collection[int],
) -> list[Any]:
    """How often each of some loops runs at most, rounded up to one of few numbers."""
    del needed
    counted: Operation = op._attrs["_counted"]
    loops: Sequence[Operation] = op._attrs["_loops"]
    _check_countable(op, counted, loops)
    zero = jnp.zeros((), jnp.int32)
    variables = {**evaluator.variables, **dict.fromkeys(loops, zero)}
    inner = evaluator.inside({}, variables, dict(evaluator.streams))
    inner.counting = frozenset(loops)
    inner.again = has_host_operations(counted)
    structural[counted.type](inner, counted, values, ())
    counts = jnp.stack([inner.variables[loop] for loop in loops])
    return [counts if op._attrs["exact"] else _rounded_up(counts)]


# What holds bodies and tells how often loops inside have run.
_HOLDERS = ("Cond", "Scan", "While")


def _check_countable(
    op: Operation, counted: Operation, loops: Sequence[Operation]
) -> None:
    for loop in loops:
        holder = loop
        while holder is not counted and holder.type in _HOLDERS:
            holder = holder._control_flow_context.owner
        if holder.type not in _HOLDERS:
            raise errors.UnimplementedError(
                None,
                op,
                f"The gradient of the loop '{loop.name}' inside '{holder.name}' "
                f"({holder.type}) needs a number of iterations that follows from "
                "constants and shapes.",
            )


def _rounded_up(counts: Any) -> Any:
    """To 2^k or 3 * 2^k: every length is compiled anew."""
    powers = 2 ** np.arange(30)
    lengths = np.unique(np.concatenate([powers, 3 * powers[:29]]))[:58]
    places = jnp.searchsorted(jnp.asarray(lengths, jnp.int64), counts.astype(jnp.int64))
    return jnp.asarray(lengths, jnp.int64)[places].astype(jnp.int32)


def _loop_sizes(
    evaluator: Evaluator,
    op: Operation,
    values: Sequence[Any],
    needed: Collection[int],
) -> list[Any]:
    """How many elements the arrays have that a loop has made grow."""
    del needed
    counted: Operation = op._attrs["_counted"]
    places = list(counted._attrs["_growing"])
    given = sizes_of(values, places)
    results = _while(Sizing.of(evaluator), counted, given, places)
    return [jnp.stack([jnp.asarray(results[i].size, jnp.int32) for i in places])]


structural["LoopSizes"] = _loop_sizes
structural["While"] = _while
structural["LoopCounts"] = _loop_counts
