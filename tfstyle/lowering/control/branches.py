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
    if isinstance(predicate, np.ndarray):
        taken, after = (if_true if predicate.reshape(()) else if_false)({}, before)
    else:
        taken, after = jax.lax.cond(
            jnp.reshape(predicate, ()), *_fitted(op, if_true, if_false, before), before
        )
    state.store(evaluator, after)
    results: list[Any] = [None] * len(op._outputs)
    for i, value in zip(wanted, taken, strict=True):
        results[i] = value
    return results


def _fitted(
    op: Operation, if_true: BodyFunction, if_false: BodyFunction, state: State
) -> list[Any]:
    """The branches as functions of the state that return the same shapes."""
    branches = [_Branch(if_true, state), _Branch(if_false, state)]
    for a, b in zip(*(branch.shapes for branch in branches), strict=True):
        if getattr(a, "shape", None) != getattr(b, "shape", None):
            raise errors.UnimplementedError(
                None,
                op,
                f"The branches of '{op.name}' return shapes {list(a.shape)} and "
                f"{list(b.shape)}, and which is taken depends on data.",
            )
    first, second = branches
    return [first.like(second.shapes), second.like(first.shapes)]


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
