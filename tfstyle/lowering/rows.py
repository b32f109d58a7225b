"""Tensors whose values are the rows of one array.

The slices that a loop takes in and the results of its iterations are, to a graph,
separate tensors; as long as they are used together they stay one array, forward and
backward.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.tape import Pullback, is_complex

if TYPE_CHECKING:
    from tfstyle.lowering.evaluate import Evaluator

__all__ = [
    "Collected",
    "Key",
    "Row",
    "Stack",
    "carried_by",
    "evaluate",
    "gradients_of",
    "is_spread",
    "value_of",
]


class Stack:
    """An array whose rows are the values of tensors.

    On the tape it stands in for them: the cotangent of a stack is one array.

    Attributes:
        value: the array.
        tensors: the tensor that each row is the value of; None: no tensor's.
    """

    __slots__ = ("tensors", "value")

    def __init__(self, tensors: Sequence[Tensor | None], value: Any = None) -> None:
        self.tensors = tensors
        self.value = value

    def collect(self, cotangents: dict[Any, Any]) -> None:
        """Adds the cotangents of single rows to the cotangent of the stack."""
        single = {
            i: cotangents.pop(t)
            for i, t in enumerate(self.tensors)
            if t is not None and t in cotangents
        }
        if single:
            rows = _joined(single, np.shape(self.value), self.value.dtype)
            known = cotangents.get(self)
            cotangents[self] = rows if known is None else known + rows


# What a value, or a cotangent, belongs to.
Key = Tensor | Stack


@dataclass(frozen=True)
class Row:
    """Row `index` of a stack."""

    stack: Stack
    index: int

    def __call__(self) -> Any:
        """The value."""
        array = self.stack.value
        if isinstance(array, np.ndarray):
            return array[self.index]
        return jax.lax.index_in_dim(array, self.index, 0, keepdims=False)


def value_of(value: Any) -> Any:
    """`value` itself, or what the row that it is holds."""
    return value() if isinstance(value, Row) else value


def _joined(rows: Mapping[int, Any], shape: Sequence[int], dtype: Any) -> Any:
    """An array that is 0 but for some rows, as one concatenation."""
    parts: list[Any] = []
    end = 0
    for i in sorted(rows):
        if i > end:
            parts.append(jnp.zeros((i - end, *shape[1:]), dtype))
        parts.append(jnp.expand_dims(rows[i], 0))
        end = i + 1
    if end < shape[0]:
        parts.append(jnp.zeros((shape[0] - end, *shape[1:]), dtype))
    return parts[0] if len(parts) == 1 else jnp.concatenate(parts)


def is_spread(evaluator: Evaluator, tensors: Iterable[Tensor], least: int) -> bool:
    """Whether at least `least` of `tensors` are rows."""
    rows = evaluator.rows
    return sum(tensor in rows for tensor in tensors) >= least


@dataclass
class _Part:
    """Consecutive values of a collection.

    Attributes:
        stack: what they are rows of, or None.
        indices: which rows.
        tensors: the tensors, when they are no rows.
        known: their values, when these are known while tracing.
    """

    stack: Stack | None = None
    indices: list[int] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    known: list[Any] = field(default_factory=list)

    def build(self, values: Mapping[Any, Any]) -> Any:
        if self.known:
            return np.stack(self.known)
        if self.stack is None:
            return jnp.stack([values[t] for t in self.tensors])
        array, indices = values[self.stack], self.indices
        step = indices[1] - indices[0] if len(indices) > 1 else 1
        if step and indices == list(
            range(indices[0], indices[0] + step * len(indices), step)
        ):
            if step == 1 and len(indices) == np.shape(array)[0]:
                return array
            stop: int | None = indices[-1] + (1 if step > 0 else -1)
            return array[indices[0] : None if stop == -1 else stop : step]
        return jnp.take(array, np.array(indices), axis=0)


class Collected:
    """The values of tensors, to be put together to one array.

    Attributes:
        inputs: the stacks and the tensors it is made of, with their values.
        parts: one after the other.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        tensors: Iterable[Tensor],
        carrying: Collection[Tensor],
    ) -> None:
        """Collects the values.

        Args:
            evaluator: what has the values.
            tensors: the tensors, in order.
            carrying: the tensors that carry gradients.
        """
        self.inputs: dict[Key, Any] = {}
        self.parts: list[_Part] = []
        for tensor in tensors:
            row = evaluator.rows.get(tensor)
            if row is not None:
                self._extend(row.stack, None).indices.append(row.index)
                self.inputs[row.stack] = row.stack.value
                continue
            value = evaluator.value(tensor)
            known = isinstance(value, (np.ndarray, np.generic))
            if known and tensor not in carrying:
                self._extend(None, True).known.append(value)
            else:
                self._extend(None, False).tensors.append(tensor)
                self.inputs[tensor] = value

    def _extend(self, stack: Stack | None, known: bool | None) -> _Part:
        """The part that the next value belongs to."""
        last = self.parts[-1] if self.parts else None
        if (
            last is None
            or last.stack is not stack
            or (stack is None and bool(last.known) is not known)
        ):
            last = _Part(stack)
            self.parts.append(last)
        return last

    def build(self, values: Mapping[Any, Any]) -> Any:
        """The array [number of tensors, ...], given the values of `inputs`."""
        parts = [part.build(values) for part in self.parts]
        if len(parts) == 1:
            return parts[0]
        return jnp.concatenate([jnp.asarray(p) for p in parts])

    def pieces(self, values: Mapping[Any, Any]) -> list[tuple[bool, Any]]:
        """The parts: (True, an array of rows) or (False, a single value)."""
        found: list[tuple[bool, Any]] = []
        for part in self.parts:
            if part.stack is not None:
                found.append((True, part.build(values)))
            else:
                found.extend((False, v) for v in part.known)
                found.extend((False, values[t]) for t in part.tensors)
        return found


class _Pullback(Pullback):
    """A pullback some of whose outputs are stacks."""

    def __call__(self, cotangents: dict[Any, Any]) -> None:
        for key in self.outputs:
            if isinstance(key, Stack):
                key.collect(cotangents)
        super().__call__(cotangents)


def evaluate(
    evaluator: Evaluator,
    operations: Sequence[Operation],
    inputs: Mapping[Key, Any],
    outputs: Sequence[Key],
    function: Callable[[Mapping[Key, Any]], Sequence[Any]],
) -> list[Any]:
    """Evaluates operations together, as a function, and puts that on the tape.

    Args:
        evaluator: whose tape it is.
        operations: what the function stands for.
        inputs: what it takes, with the values.
        outputs: what it gives. The value of a stack is set.
        function: from the values of `inputs` to those of `outputs`.

    Returns:
        The values of `outputs`.
    """
    carrying = carried_by(evaluator, operations)
    moving = [key for key in inputs if _is_in(key, carrying)]
    results: list[Any]
    if not moving:
        results = list(function(inputs))
    else:
        results = _taped(
            evaluator, operations, inputs, moving, outputs, carrying, function
        )
    for key, value in zip(outputs, results, strict=True):
        if isinstance(key, Stack):
            key.value = value
            for i, tensor in enumerate(key.tensors):
                if tensor is not None and tensor not in evaluator.given:
                    evaluator.rows[tensor] = Row(key, i)
        elif key not in evaluator.given:
            evaluator.values[key] = value
    return results


def _taped(
    evaluator: Evaluator,
    operations: Sequence[Operation],
    inputs: Mapping[Key, Any],
    moving: Sequence[Key],
    outputs: Sequence[Key],
    carrying: Collection[Tensor],
    function: Callable[[Mapping[Key, Any]], Sequence[Any]],
) -> list[Any]:
    flowing = [i for i, key in enumerate(outputs) if _is_in(key, carrying)]

    def forward(*given: Any) -> tuple[list[Any], list[Any]]:
        done = function({**inputs, **dict(zip(moving, given, strict=True))})
        rest = [None if i in flowing else r for i, r in enumerate(done)]
        return [done[i] for i in flowing], rest

    primals = [jnp.asarray(inputs[key]) for key in moving]
    main, pull, rest = jax.vjp(forward, *primals, has_aux=True)
    results = list(rest)
    for i, value in zip(flowing, main, strict=True):
        results[i] = value

    def pulled(cotangents: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(pull(list(cotangents)))

    entering: list[Any] = list(moving)
    leaving: list[Any] = [outputs[i] for i in flowing]
    evaluator.record(
        operations, _Pullback(operations[-1], entering, leaving, main, pulled)
    )
    return results


def carried_by(
    evaluator: Evaluator, operations: Iterable[Operation]
) -> Collection[Tensor]:
    """The tensors that carry gradients through `operations`."""
    found: dict[int, frozenset[Tensor]] = {}
    for op in operations:
        carrying = evaluator.taped.get(op)
        if carrying is not None:
            found[id(carrying)] = carrying
    sets = list(found.values())
    return sets[0] if len(sets) == 1 else frozenset[Tensor]().union(*sets)


def _is_in(key: Key, carrying: Collection[Tensor]) -> bool:
    if isinstance(key, Stack):
        return any(t in carrying for t in key.tensors if t is not None)
    return key in carrying and (key.dtype.is_floating or is_complex(key))


def gradients_of(
    xs: Iterable[Tensor], evaluator: Evaluator, cotangents: Mapping[Any, Any]
) -> dict[Tensor, Any]:
    """The gradient of each of `xs`: an array, a row of one, or None for zero.

    Args:
        xs: tensors.
        evaluator: what evaluated them.
        cotangents: what has flowed back, by tensor and by stack.
    """
    sums: dict[tuple[Any, ...], Stack] = {}
    zeros: dict[Stack, Stack] = {}
    found: dict[Tensor, Any] = {}
    for x in xs:
        own = cotangents.get(x)
        rows = [
            row
            for row in (evaluator.rows.get(x), evaluator.perturbed.get(x))
            if row is not None and row.stack in cotangents
        ]
        if rows and len({row.index for row in rows}) == 1:
            # Both name the same repeats of a group: one sum for all of them.
            key = tuple(row.stack for row in rows)
            if key not in sums:
                first, *others = (cotangents[stack] for stack in key)
                sums[key] = Stack([], sum(others, first))
            rows = [Row(sums[key], rows[0].index)]
        if own is None and not rows and x in evaluator.perturbed:
            row = evaluator.perturbed[x]
            if row.stack not in zeros:
                zeros[row.stack] = Stack([], jnp.zeros_like(row.stack.value))
            rows = [Row(zeros[row.stack], row.index)]
        if own is None and len(rows) < 2:
            found[x] = rows[0] if rows else None
            continue
        for row in rows:
            value = row()
            own = value if own is None else own + value
        found[x] = own
    return found
