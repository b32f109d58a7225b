"""What decides how often a `While` runs, as far as the graph tells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfstyle.framework.constant_value import is_pure
from tfstyle.framework.subgraph import Body, bodies_of, nested_operations
from tfstyle.framework.tensor import Operation, Tensor

__all__ = [
    "Deciding",
    "array_writes",
    "counted",
    "counts_itself",
    "deciding",
    "follows_from_shapes",
    "sizes_itself",
    "uncounted_loops",
]

# The input that says where an operation on a `TensorArray` writes.
_PLACES = {
    "TensorArrayScatter": 1,
    "TensorArraySplit": 2,
    "TensorArrayUnpack": 1,
    "TensorArrayWrite": 1,
}


@dataclass(frozen=True)
class Deciding:
    """What the condition of a loop depends on, directly or through the body.

    Attributes:
        carries: numbers of the loop variables whose values matter.
        shapes: numbers of the loop variables of which only the shapes matter.
        captures: tensors from outside.
    """

    carries: tuple[int, ...]
    shapes: tuple[int, ...]
    captures: tuple[Tensor, ...]

    def inputs(self, op: Operation) -> list[Tensor]:
        """The inputs of the loop whose values decide."""
        return [*(op._inputs[i] for i in self.carries), *self.captures]


def deciding(op: Operation) -> Deciding | None:
    """What decides how often the `While` operation `op` runs.

    Returns:
        None when it depends on state, random numbers, or other loops.
    """
    if "_deciding" not in op._attrs:
        op._attrs["_deciding"] = _find(bodies_of(op))
    found: Deciding | None = op._attrs["_deciding"]
    return found


def _find(bodies: Sequence[Body], growing: Iterable[int] = ()) -> Deciding | None:
    condition, body = bodies
    carries: dict[int, None] = dict.fromkeys(growing)
    shapes: dict[int, None] = {}
    captures: dict[Tensor, None] = {}
    if not _reach(condition, condition.results, carries, shapes, captures):
        return None
    done: set[int] = set()
    while pending := [i for i in carries if i not in done]:
        done.update(pending)
        results = [body.results[i] for i in pending]
        if not _reach(body, results, carries, shapes, captures):
            return None
    return Deciding(
        tuple(carries), tuple(i for i in shapes if i not in carries), tuple(captures)
    )


def _reach(
    body: Body,
    results: Iterable[Tensor],
    carries: dict[int, None],
    shapes: dict[int, None],
    captures: dict[Tensor, None],
) -> bool:
    """Notes what `results` are computed from; False when not from values alone."""
    inside = set(body.operations)
    numbers = {t: i for i, t in enumerate(body.parameters)}
    seen: set[Operation] = set()
    pending = list(results)
    while pending:
        tensor = pending.pop()
        op = tensor.op
        if tensor in numbers:
            carries[numbers[tensor]] = None
        elif op not in inside:
            if tensor.dtype.is_ref_dtype:
                return False
            captures[tensor] = None
        elif op not in seen:
            seen.add(op)
            declaration = op._declaration
            if op.type in _PLACES:
                pending.extend(array_writes(op))
                continue
            if op.type != "Const" and not is_pure(declaration):
                return False
            if declaration is not None and declaration.shape_only:
                shapes.update({numbers[t]: None for t in op._inputs if t in numbers})
                if any(t.op in inside for t in op._inputs):
                    # Shapes of what the body computes: found only by computing it.
                    return False
            else:
                pending.extend(op._inputs)
    return True


def counted(
    op: Operation, values: Mapping[int, Any], captured: Mapping[Tensor, Any]
) -> int | None:
    """The number of iterations of the usual loop: a counter against a limit.

    Args:
        op: the `While`.
        values: the values of loop variables before the loop, by number, as NumPy
            arrays; anything else is a value that is not known.
        captured: in the same way, the values of tensors from outside.

    Returns:
        None for another loop, or when what decides is not known.
    """
    condition, body = bodies_of(op)
    test = condition.results[0].op
    if test not in condition.operations or len(test._inputs) != 2:
        return None
    counter, limit = test._inputs
    if counter not in condition.parameters or not counter.dtype.is_integer:
        return None
    number = condition.parameters.index(counter)
    stop = _known(limit, captured)
    update = body.results[number].op
    if update not in body.operations or update.type not in ("Add", "Sub"):
        return None
    first, second = update._inputs
    if update.type == "Add" and second is body.parameters[number]:
        first, second = second, first
    by = _known(second, captured)
    start = values.get(number)
    if first is not body.parameters[number] or stop is None or by is None:
        return None
    if not isinstance(start, np.ndarray):
        return None
    step = -by if update.type == "Sub" else by
    rising = test.type in ("Less", "LessEqual")
    if test.type not in _ENDS or (step > 0) != rising or step == 0:
        return None
    return len(range(int(start), stop + _ENDS[test.type], step))


# What to add to the limit so that it is the first value which ends the loop.
_ENDS = {"Less": 0, "LessEqual": 1, "Greater": 0, "GreaterEqual": -1}


def _known(tensor: Tensor, captured: Mapping[Tensor, Any]) -> int | None:
    value = captured.get(tensor)
    if value is None and tensor.op.type == "Const":
        value = tensor.op._attrs["value"]
    if not isinstance(value, np.ndarray) or value.size != 1:
        return None
    return int(value.reshape(()))


def counts_itself(op: Operation) -> bool:
    """Whether how often `op` runs follows from constants and shapes alone."""
    found = deciding(op)
    return found is not None and all(map(follows_from_shapes, found.inputs(op)))


def sizes_itself(
    bodies: Sequence[Body], initial: Sequence[Tensor], growing: Collection[int]
) -> bool:
    """Whether how large arrays become in a loop follows from constants and shapes.

    Args:
        bodies: condition and body.
        initial: the loop variables before the loop.
        growing: the numbers of those that are arrays which grow.
    """
    found = _find(bodies, growing)
    if found is None:
        return False
    others = [initial[i] for i in found.carries if i not in growing]
    return all(map(follows_from_shapes, [*others, *found.captures]))


def array_writes(op: Operation) -> list[Tensor]:
    """What decides how large an array is after `op` has written to it."""
    return [op._inputs[_PLACES[op.type]], op._inputs[-1]]


def follows_from_shapes(tensor: Tensor) -> bool:
    """Whether the value of `tensor` follows from constants and shapes alone."""
    pending, seen = [tensor], {tensor}
    while pending:
        op = pending.pop().op
        declaration = op._declaration
        if op.type == "Const":
            continue
        if declaration is None or not is_pure(declaration):
            return False
        if not declaration.shape_only:
            pending.extend(t for t in op._inputs if t not in seen)
            seen.update(op._inputs)
    return True


def uncounted_loops(op: Operation) -> list[Operation]:
    """`op` and the loops inside it that run as often as data says."""
    return [
        inner
        for inner in nested_operations([op])
        if inner.type == "While" and not counts_itself(inner)
    ]
