"""How `Cond` is evaluated."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

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

    def plain(body: BodyFunction) -> Any:
        def call(state: State) -> tuple[list[Any], State]:
            results, state = body({}, state)
            return [concrete(r) for r in results], state

        return call

    branches = [plain(if_true), plain(if_false)]
    shapes = [jax.eval_shape(branch, state)[0] for branch in branches]
    for a, b in zip(*shapes, strict=True):
        if getattr(a, "shape", None) != getattr(b, "shape", None):
            raise errors.UnimplementedError(
                None,
                op,
                f"The branches of '{op.name}' return shapes {list(a.shape)} and "
                f"{list(b.shape)}, and which is taken depends on data.",
            )
    if not any(isinstance(s, ArrayState) for s in shapes[0]):
        return branches

    def fit(branch: Any, other: Sequence[Any]) -> Any:
        def call(state: State) -> tuple[list[Any], State]:
            results, state = branch(state)
            fitted = [
                r.like(s) if isinstance(r, ArrayState) else r
                for r, s in zip(results, other, strict=True)
            ]
            return fitted, state

        return call

    return [fit(branches[0], shapes[1]), fit(branches[1], shapes[0])]


structural["Cond"] = _cond
