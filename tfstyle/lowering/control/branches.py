"""How `Cond` is evaluated."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxpr_as_fun

from tfstyle.framework import errors
from tfstyle.framework.replay import recorded
from tfstyle.framework.subgraph import bodies_of
from tfstyle.framework.tensor import Operation
from tfstyle.lowering.checks import check
from tfstyle.lowering.control.array_access import UnwrittenError
from tfstyle.lowering.control.array_state import ArrayState, concrete
from tfstyle.lowering.control.bodies import BodyFunction, BodyState, State
from tfstyle.lowering.evaluate import Evaluator, structural

__all__: list[str] = []


def _cond(
    evaluator: Evaluator,
    op: Operation,
    values: Sequence[Any],
    needed: Collection[int],
) -> list[Any]:
    """The results of the branch that is taken; None where nobody needs them.

    A predicate that is known while tracing leaves only the branch taken in the program.
    """
    bodies = bodies_of(op)
    wanted = sorted(needed)
    state = BodyState(evaluator, bodies)
    captures = op._attrs["_captures"]
    fixed, moving = state.split_captures(captures, values[1 : 1 + len(captures)])
    if evaluator.again and not evaluator.in_body:
        fixed.update((t, evaluator.value(t)) for t in recorded(op))
    before = state.initial(evaluator, moving)
    if_true, if_false = (
        BodyFunction(evaluator, body, [body.results[i] for i in wanted], fixed, state)
        for body in bodies
    )
    predicate = values[0]
    if np.ndim(predicate):
        shape = ",".join(map(str, np.shape(predicate)))
        raise errors.InvalidArgumentError(
            None, op, f"The predicate must be a scalar, but it has shape [{shape}]"
        )
    choice = None
    if isinstance(predicate, np.ndarray):
        taken, after = (if_true if predicate.reshape(()) else if_false)({}, before)
    else:
        choice = _Choice(op, jnp.reshape(predicate, ()), if_true, if_false, before)
        taken, after = choice.taken(before)
    state.store(evaluator, after)
    if choice is not None:
        choice.check(evaluator)
    results: list[Any] = [None] * len(op._outputs)
    for i, value in zip(wanted, taken, strict=True):
        results[i] = value
    return results


class BranchesDifferError(errors.UnimplementedError):
    """Data decides which branch is taken, and they return different shapes."""


class _Choice:
    """The branches of one `Cond`, of which data decides which one is taken."""

    def __init__(
        self,
        op: Operation,
        predicate: Any,
        if_true: BodyFunction,
        if_false: BodyFunction,
        state: State,
    ) -> None:
        self._op = op
        self._predicate = predicate
        self._branches: list[_Branch] = []
        self._impossible: tuple[bool, errors.OpError] | None = None
        for when, body in ((True, if_true), (False, if_false)):
            try:
                self._branches.append(_Branch(body, state))
            except UnwrittenError as error:
                # As in the first iteration of a loop that reads what others wrote.
                if self._impossible is not None:
                    raise
                self._impossible = when, error

    def taken(self, state: State) -> tuple[list[Any], State]:
        """The results of the branch that is taken, and the state after it."""
        first, last = self._branches[0], self._branches[-1]
        for a, b in zip(first.shapes, last.shapes, strict=True):
            if getattr(a, "shape", None) != getattr(b, "shape", None):
                raise BranchesDifferError(
                    None,
                    self._op,
                    f"The branches of '{self._op.name}' return shapes {list(a.shape)} "
                    f"and {list(b.shape)}, and the graph does not tell: what runs "
                    "before it cannot be repeated. Run it again, or set the shapes "
                    "of what the branches return (`set_shape`).",
                )
        if self._impossible is not None:
            found: tuple[list[Any], State] = first.like(first.shapes)(state)
            return found
        branches = first.like(last.shapes), last.like(first.shapes)
        found = jax.lax.cond(self._predicate, *branches, state)
        return found

    def check(self, evaluator: Evaluator) -> None:
        """Makes the run fail when what is taken is a branch that always fails."""
        if self._impossible is not None:
            when, error = self._impossible
            check(evaluator, error.op, self._predicate != when, error.message)


class _Branch:
    """A branch, traced once: each level of nested branches would trace twice as often.

    Attributes:
        shapes: the shapes of its results.
    """

    def __init__(self, body: BodyFunction, state: State) -> None:
        def call(state: State) -> tuple[list[Any], State]:
            results, state = body({}, state)
            return [concrete(r) for r in results], state

        traced, returned = jax.make_jaxpr(call, return_shape=True)(state)
        self.shapes: list[Any] = returned[0]
        self._structure = jax.tree_util.tree_structure(returned)
        self._function = jaxpr_as_fun(traced)

    def like(self, others: Sequence[Any]) -> Any:
        """The branch as a function; arrays become as large as those of `others`."""

        def call(state: State) -> tuple[list[Any], State]:
            flat = self._function(*jax.tree_util.tree_leaves(state))
            results, state = jax.tree_util.tree_unflatten(self._structure, flat)
            fitted = [
                r.like(s) if isinstance(r, ArrayState) else r
                for r, s in zip(results, others, strict=True)
            ]
            return fitted, state

        return call


structural["Cond"] = _cond
