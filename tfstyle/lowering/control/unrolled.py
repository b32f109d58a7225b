"""Loops over rows, one row after the other: in a program, or as host steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import errors
from tfstyle.framework.subgraph import bodies_of, nested_operations
from tfstyle.framework.tensor import Operation
from tfstyle.lowering.control.bodies import BodyFunction, BodyState
from tfstyle.lowering.evaluate import Evaluator

__all__ = ["drawing_alike", "row_count", "stacked", "unrolled_scan"]


def unrolled_scan(
    evaluator: Evaluator, op: Operation, values: Sequence[Any]
) -> list[Any]:
    """A `Scan` whose shapes are computed from its rows or from what it carries.

    Returns:
        As `Scan`: the final carries, the results stacked, the results of the last step.
    """
    (body,) = bodies_of(op)
    carries, entering = op._attrs["carries"], len(body.parameters)
    state = BodyState(evaluator, (body,))
    captured, moving = state.split_captures(body.captures, values[entering:])
    step = BodyFunction(evaluator, body, body.results, captured, state)
    now = state.initial(evaluator, moving)
    alike = drawing_alike(op)
    kept = {
        i: stream
        for i, (key, stream) in enumerate(
            zip((*state.variables, *state.streams), now, strict=True)
        )
        if key in alike
    }
    carry, sequences = list(values[:carries]), values[carries:entering]
    row_count(op, sequences)
    found = []
    for row in zip(*[_rows(s) for s in sequences], strict=True):
        now = tuple(kept.get(i, value) for i, value in enumerate(now))
        results, now = step(
            dict(zip(body.parameters, [*carry, *row], strict=True)), now
        )
        carry = results[:carries]
        found.append(results[carries:])
    state.store(evaluator, now)
    return [*carry, *stacked(op, found, jnp.stack)]


def _rows(sequence: Any) -> Sequence[Any]:
    """The rows of an array; NumPy's stay such."""
    if isinstance(sequence, np.ndarray):
        return [np.asarray(row) for row in sequence]
    count = np.shape(sequence)[0]
    parts = jax.lax.split(sequence, [1] * count) if count else []
    return [jnp.squeeze(part, 0) for part in parts]


def row_count(op: Operation, sequences: Sequence[Any]) -> int:
    """How many rows the sequences of a `Scan` have; checks that all have as many.

    Raises:
        tf.errors.InvalidArgumentError: when not all have as many.
    """
    counts = [np.shape(s)[0] for s in sequences]
    if len(set(counts)) > 1:
        raise errors.InvalidArgumentError(
            None, op, f"'{op.name}' goes over tensors with {counts} rows."
        )
    return int(counts[0])


def drawing_alike(op: Operation) -> list[Operation]:
    """The random operations of a `Scan` that draw the same numbers in each step.

    It then stands for operations written one after the other, and those are seeded.
    """
    if not op._attrs["unrolled"]:
        return []
    (body,) = bodies_of(op)
    return [
        inner
        for inner in nested_operations(body.operations)
        if inner._declaration is not None
        and inner._declaration.is_random
        and inner._attrs.get("_op_seed")
    ]


def stacked(op: Operation, found: Sequence[Sequence[Any]], stack: Any) -> list[Any]:
    """What a `Scan` returns of its results.

    Args:
        op: the `Scan`.
        found: for each step, the results.
        stack: makes one array of the arrays of all steps.

    Returns:
        Each result of all steps, [steps, ...], then each result of the last step.

    Raises:
        tf.errors.InvalidArgumentError: when a result has another shape in another step.
        tf.errors.UnimplementedError: when there is no step and the graph does not tell
            the shape of a result.
    """
    carries = op._attrs["carries"]
    count = (len(op._outputs) - carries) // 2
    last: Sequence[Any]
    if not found:
        last = [_empty(op, i) for i in range(carries + count, carries + 2 * count)]
        return [*(stack([row])[:0] for row in last), *last]
    last = found[-1]
    everything = []
    for results in zip(*found, strict=True):
        shapes = [list(np.shape(r)) for r in results]
        for i, shape in enumerate(shapes):
            if shape != shapes[0]:
                raise errors.InvalidArgumentError(
                    None,
                    op,
                    f"The rows that '{op.name}' makes have inconsistent shapes. Row 0 "
                    f"has shape: {shapes[0]} but row {i} has shape: {shape}",
                )
        everything.append(stack(results))
    return [*everything, *last]


def _empty(op: Operation, number: int) -> Any:
    output = op._outputs[number]
    shape = output.get_shape()
    if not shape.is_fully_defined():
        raise errors.UnimplementedError(
            None,
            op,
            f"'{op.name}' has no row to go over, and the shape of its results, {shape},"
            " is known only when there is one.",
        )
    return np.zeros(shape.as_list(), output.dtype.base_dtype.as_numpy_dtype)
