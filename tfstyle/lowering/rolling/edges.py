"""Where loops meet the rest of the graph: families of tensors as views of one array.

`Split` and `Unpack` outputs, slices and lookups at constant places that follow one
another are rows of one transposed array; `Pack`, `Concat` and `AddN` of rows are one
reshape or one sum. Nothing else in the lowering knows these ops.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from tfstyle.framework.op_def import OpDeclaration
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.evaluate import Evaluator, together
from tfstyle.lowering.rows import Collected, Stack, evaluate, is_spread

__all__ = ["LEAST", "View", "place_inputs", "spread", "views_of"]

# From so many tensors on a view is better than each by itself.
LEAST = 8


def place_inputs(op: Operation | OpDeclaration) -> tuple[int, ...]:
    """The inputs of `op`, or of an op type, that say where in an array it looks."""
    return {"Slice": (1, 2), "Gather": (1,), "StridedSlice": (1, 2, 3)}.get(op.type, ())


# -- from an array to its rows ----------------------------------------------------


@dataclass(frozen=True, eq=False)
class View:
    """Operations whose results are the rows of one array.

    Attributes:
        operations: one that cuts everything, or one for each row.
        source: what is cut.
        tensors: the rows.
        cut: from the source to an array [rows, ...].
    """

    operations: tuple[Operation, ...]
    source: Tensor
    tensors: tuple[Tensor, ...]
    cut: Callable[[Any], Any]

    def run(self, evaluator: Evaluator) -> None:
        """Evaluates the operations."""
        source = self.source
        evaluate(
            evaluator,
            self.operations,
            {source: evaluator.value(source)},
            [Stack(self.tensors)],
            lambda values: [self.cut(values[source])],
        )


def views_of(families: Iterable[Sequence[Tensor]]) -> list[View]:
    """The views that give the members of `families`; none for most families."""
    found: dict[Operation, View] = {}
    for family in families:
        first = family[0].op
        if first in found:
            continue
        view = None
        if spread(first):
            view = _pieces(first)
        elif first.type in ("Slice", "Gather"):
            view = _slices([t.op for t in family])
        if view is not None and not any(op in found for op in view.operations):
            found.update(dict.fromkeys(view.operations, view))
    return list(dict.fromkeys(found.values()))


def spread(op: Operation) -> bool:
    """Whether `op` cuts an array into many pieces of the same shape."""
    return op.type in ("Split", "Unpack") and len(op._outputs) >= LEAST


def _pieces(op: Operation) -> View | None:
    count = len(op._outputs)
    if op.type == "Unpack":
        axis = op._attrs["axis"]

        def rows(value: Any) -> Any:
            if np.shape(value)[axis] != count:
                raise ValueError(
                    f"Input shape axis {axis} must equal {count}, got shape "
                    f"{list(np.shape(value))}"
                )
            return jnp.moveaxis(jnp.asarray(value), axis, 0)

        return View((op,), op._inputs[0], tuple(op._outputs), rows)
    place = _constant(op._inputs[0])
    if place is None:
        return None

    def parts(value: Any) -> Any:
        return _cut(jnp.asarray(value), int(place) % np.ndim(value), count)

    return View((op,), op._inputs[1], tuple(op._outputs), parts)


def _cut(value: Any, axis: int, count: int) -> Any:
    """`value` cut into `count` parts along `axis`, as an array [count, ...]."""
    shape = value.shape
    if shape[axis] % count:
        raise ValueError(
            "Number of ways to split should evenly divide the split dimension: "
            f"Dimension size must be evenly divisible by {count} but is {shape[axis]}"
        )
    part = shape[axis] // count
    apart = jnp.reshape(value, (*shape[:axis], count, part, *shape[axis + 1 :]))
    return jnp.moveaxis(apart, axis, 0)


def _slices(operations: Sequence[Operation]) -> View | None:
    """The view that slices are, when each begins where the one before ends."""
    first = operations[0]
    source = first._inputs[0]
    if len(set(operations)) < len(operations) or any(
        op.type != first.type or op._inputs[0] is not source for op in operations
    ):
        return None
    tensors = tuple(op._outputs[0] for op in operations)
    if first.type == "Gather":
        places = [_constant(op._inputs[1]) for op in operations]
        if any(p is None or p.ndim for p in places):
            return None
        start, count = int(places[0]), len(places)
        if start < 0 or places != list(range(start, start + count)):
            return None

        def rows(value: Any) -> Any:
            _check_inside(value, 0, start + count)
            return jnp.asarray(value)[start : start + count]

        return View(tuple(operations), source, tensors, rows)
    if first.type != "Slice":
        return None
    blocks = [(_constant(op._inputs[1]), _constant(op._inputs[2])) for op in operations]
    return _blocks(tuple(operations), source, tensors, blocks)


def _blocks(
    operations: tuple[Operation, ...],
    source: Tensor,
    tensors: tuple[Tensor, ...],
    blocks: Sequence[tuple[Any, Any]],
) -> View | None:
    if any(b is None or s is None or np.shape(b) != np.shape(s) for b, s in blocks):
        return None
    begins = np.stack([b for b, _ in blocks])
    size = blocks[0][1]
    moving = np.flatnonzero((begins != begins[0]).any(axis=0))
    if len(moving) != 1 or any(not np.array_equal(s, size) for _, s in blocks):
        return None
    axis, count = int(moving[0]), len(blocks)
    start, part = int(begins[0][axis]), int(size[axis])
    wanted = start + part * np.arange(count)
    if part < 1 or not np.array_equal(begins[:, axis], wanted):
        return None

    def parts(value: Any) -> Any:
        entries = []
        for i, (begin, length) in enumerate(zip(begins[0], size, strict=True)):
            length = part * count if i == axis else int(length)
            end = np.shape(value)[i] if length == -1 else int(begin) + length
            _check_inside(value, i, end)
            entries.append(slice(int(begin), end))
        return _cut(jnp.asarray(value)[tuple(entries)], axis, count)

    return View(operations, source, tensors, parts)


def _check_inside(value: Any, axis: int, end: int) -> None:
    if np.shape(value)[axis] < end:
        raise ValueError(
            f"Expected indices of dimension {axis} in [0, {np.shape(value)[axis]}), "
            f"but they go up to {end - 1}"
        )


def _constant(tensor: Tensor) -> Any:
    return tensor.op._attrs["value"] if tensor.op.type == "Const" else None


# -- from rows to an array --------------------------------------------------------


def _joins(op_type: str) -> Callable[[Any], Any]:
    def register(
        build: Callable[[Operation, Collected, Mapping[Any, Any]], Any],
    ) -> Any:
        def run(evaluator: Evaluator, op: Operation) -> bool:
            if not is_spread(evaluator, op._inputs, LEAST):
                return False
            tensors = op._inputs
            if op_type == "Concat":
                if _constant(op._inputs[0]) is None:
                    return False
                tensors = tensors[1:]
            rows = Collected(evaluator, tensors, evaluator.taped.get(op, ()))
            evaluate(
                evaluator,
                [op],
                rows.inputs,
                op._outputs,
                lambda values: [build(op, rows, values)],
            )
            return True

        together[op_type] = run
        return build

    return register


@_joins("Pack")
def _pack(op: Operation, rows: Collected, values: Mapping[Any, Any]) -> Any:
    stacked = jnp.asarray(rows.build(values))
    return jnp.moveaxis(stacked, 0, op._attrs["axis"])


@_joins("Concat")
def _concat(op: Operation, rows: Collected, values: Mapping[Any, Any]) -> Any:
    parts = []
    place = int(_constant(op._inputs[0]))
    for is_stack, value in rows.pieces(values):
        if not is_stack:
            parts.append(jnp.asarray(value))
            continue
        shape = value.shape[1:]
        axis = place % len(shape)
        size = value.shape[0] * shape[axis]
        apart = jnp.moveaxis(value, 0, axis)
        parts.append(jnp.reshape(apart, (*shape[:axis], size, *shape[axis + 1 :])))
    return parts[0] if len(parts) == 1 else jnp.concatenate(parts, place)


@_joins("AddN")
def _add_n(op: Operation, rows: Collected, values: Mapping[Any, Any]) -> Any:
    del op
    total = None
    for is_stack, value in rows.pieces(values):
        part = value.sum(axis=0, dtype=value.dtype) if is_stack else value
        total = part if total is None else total + part
    return total


def size_of(tensor: Tensor) -> int | None:
    """The bytes of a tensor, when its shape is known."""
    dims = tensor._shape.as_list() if tensor._shape.ndims is not None else [None]
    if any(d is None for d in dims):
        return None
    return math.prod(int(d or 0) for d in dims) * tensor.dtype.base_dtype.size
