"""Gradients inside bodies: what blocks them, and gradient functions of a program's own.

A body is differentiated as a whole, by JAX; what the graph says about the gradients of
its operations is said to JAX here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from tfstyle.framework import errors
from tfstyle.framework.body import argument_spans
from tfstyle.framework.gradient_registry import gradient_function_of
from tfstyle.framework.op_def import OpDeclaration
from tfstyle.framework.subgraph import GradientBody
from tfstyle.framework.tensor import Operation

if TYPE_CHECKING:
    from tfstyle.lowering.evaluate import Evaluator

__all__ = ["blocked_inputs", "guarded"]

Values = list[Any]
Call = Callable[[Sequence[Any]], Values]


def blocked_inputs(op: Operation, declaration: OpDeclaration) -> set[int]:
    """The inputs of `op` that never get a gradient."""
    if not declaration.no_gradient:
        return set()
    return {
        i
        for name, start, end, _ in argument_spans(op)
        if name in declaration.no_gradient
        for i in range(start, end)
    }


def guarded(
    evaluator: Evaluator, op: Operation, values: Sequence[Any], call: Call
) -> Values:
    """Calls an op of a body with the gradients it has in the graph.

    Args:
        evaluator: what runs the body.
        op: the operation.
        values: its inputs.
        call: computes the results from the inputs.
    """
    declaration = op._declaration
    assert declaration is not None
    flows, function = gradient_function_of(op)
    if not flows:
        return call([_stopped(v) for v in values])
    if function is not None:
        return _with_function(evaluator, op, values, call)
    blocked = blocked_inputs(op, declaration)
    if not blocked:
        return call(values)
    return call([_stopped(v) if i in blocked else v for i, v in enumerate(values)])


def _stopped(value: Any) -> Any:
    return jax.lax.stop_gradient(value) if isinstance(value, jax.Array) else value


def _with_function(
    evaluator: Evaluator, op: Operation, values: Sequence[Any], call: Call
) -> Values:
    """Calls an op whose gradient is a function of the program's own."""
    gradient: GradientBody | None = op._attrs.get("_gradient_body")
    outside = [] if gradient is None else _from_outside(op, gradient)
    others = [evaluator.value(t) for t in outside]
    traced = [i for i, v in enumerate(values) if isinstance(v, jax.Array)]

    def plain(given: Sequence[Any], others: Sequence[Any]) -> tuple[Any, ...]:
        del others
        full = list(values)
        for i, value in zip(traced, given, strict=True):
            full[i] = value
        return tuple(call(full))

    def forward(given: Sequence[Any], others: Sequence[Any]) -> Any:
        results = plain(given, others)
        return results, (given, others, results)

    def backward(kept: Any, cotangents: Sequence[Any]) -> Any:
        if gradient is None:
            raise errors.UnimplementedError(
                None,
                op,
                f"{op.type} '{op.name}' has a gradient function of its own, which "
                "cannot be used here: the gradient was not asked for by tf.gradients.",
            )
        given, others, results = kept
        full = list(values)
        for i, value in zip(traced, given, strict=True):
            full[i] = value
        known = dict(zip(outside, others, strict=True))
        known.update(zip(op._inputs, full, strict=True))
        known.update(zip(op._outputs, results, strict=True))
        found = _gradients(evaluator, gradient, known, cotangents)
        return [
            None if found[i] is None else jnp.reshape(found[i], jnp.shape(full[i]))
            for i in traced
        ], None

    with_gradient = jax.custom_vjp(plain)
    with_gradient.defvjp(forward, backward)
    return list(with_gradient([values[i] for i in traced], others))


def _from_outside(op: Operation, gradient: GradientBody) -> list[Any]:
    own = {*op._inputs, *op._outputs}
    return [t for t in gradient.body.captures if t not in own]


def _gradients(
    evaluator: Evaluator,
    gradient: GradientBody,
    known: dict[Any, Any],
    cotangents: Sequence[Any],
) -> Values:
    """One gradient, or None, for each input."""
    body = gradient.body
    inner = evaluator.inside(
        {**known, **dict(zip(body.parameters, cotangents, strict=True))},
        dict(evaluator.variables),
        dict(evaluator.streams),
        body.operations,
    )
    for operation in body.operations:
        inner.run(operation)
    results = iter(body.results)
    return [inner.value(next(results)) if there else None for there in gradient.given]
