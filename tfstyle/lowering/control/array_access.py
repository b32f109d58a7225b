"""What the operations of a `TensorArray` have in common: elements, checks, errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import errors
from tfstyle.framework.tensor import Operation
from tfstyle.lowering.checks import check
from tfstyle.lowering.control.array_state import ArrayState, array_of, marks
from tfstyle.lowering.evaluate import Evaluator

__all__ = ["Access", "UnwrittenError", "element", "shape_text"]

_NOT_WRITTEN = (
    "Could not read from TensorArray index {index} because it has not yet been written "
    "to."
)
_READ_TWICE = (
    "Could not read index {index} twice because it was cleared after a previous read "
    "(perhaps try setting clear_after_read = false?)."
)
_WRITTEN_TWICE = (
    "Could not write to TensorArray index {index} because it has already been written "
    "to."
)


class UnwrittenError(errors.InvalidArgumentError):
    """Something is read before the first write: not even the shape is known."""


class Access:
    """One operation on an array.

    Attributes:
        evaluator: what runs it.
        op: the operation.
        state: what the array holds.
        array: the operation that made the array.
    """

    def __init__(
        self, evaluator: Evaluator, op: Operation, values: Sequence[Any]
    ) -> None:
        self.evaluator = evaluator
        self.op = op
        # Graphs of TensorFlow start with a flow that is just a number.
        flow = values[-1] if isinstance(values[-1], ArrayState) else values[0]
        if not isinstance(flow, ArrayState):
            raise self.wrong(f"There is no TensorArray behind '{op._inputs[0].name}'.")
        self.state = flow
        self.array = array_of(op)

    @property
    def adds_up(self) -> bool:
        """Whether what is written twice is added: an array of gradients."""
        return self.array.type == "TensorArrayGrad"

    @property
    def is_dynamic(self) -> bool:
        """Whether the array grows when something is written past its end."""
        return bool(self.array._attrs.get("dynamic_size"))

    @property
    def name(self) -> str:
        """What errors call the array."""
        array, suffix = self.array, ""
        while array.type == "TensorArrayGrad":
            suffix = f"@{array._attrs['source']}{suffix}"
            array = array_of(array)
        own = array._attrs["tensor_array_name"] or array.name
        return f"TensorArray {own}_0{suffix}"

    # -- errors -----------------------------------------------------------------

    def wrong(self, message: str) -> errors.OpError:
        """The error for input that does not fit."""
        return errors.InvalidArgumentError(None, self.op, message)

    def unable(self, why: str) -> errors.OpError:
        """The error for what only TensorFlow can do."""
        text = f"{self.op.type} '{self.op.name}': {why}"
        return errors.UnimplementedError(None, self.op, text)

    def check_each(self, ok: Any, message: str, indices: Any) -> None:
        """Makes the run fail unless all of `ok`, bool[n], at `indices`, hold."""
        if np.size(ok) == 0:
            return
        first: Any
        holds: Any
        if isinstance(ok, np.ndarray) and isinstance(indices, np.ndarray):
            first, holds = indices[ok.argmin()], ok.all()
        elif np.size(ok) == 1:
            first, holds = indices[0], ok[0]
        else:
            first, holds = jnp.asarray(indices)[jnp.argmin(ok)], jnp.all(ok)
        check(self.evaluator, self.op, holds, message, first)

    def check_dtype(self, dtype: Any, does: str) -> None:
        """Refuses another dtype than the array's."""
        array = self.array
        while array.type == "TensorArrayGrad":
            array = array_of(array)
        own, other = array._attrs["dtype"].base_dtype, dtype.base_dtype
        if own != other:
            raise self.wrong(
                f"TensorArray dtype is {_type_text(own)} but Op {does} dtype "
                f"{_type_text(other)}."
            )

    def check_written_dtype(self, place: int) -> None:
        """Refuses an input of another dtype than the array's."""
        self.check_dtype(self.op._inputs[place].dtype, "is trying to write")

    def check_read_dtype(self) -> None:
        """Refuses an output of another dtype than the array's."""
        self.check_dtype(self.op._outputs[0].dtype, "requested")

    def check_shapes(self, shapes: Sequence[Sequence[int]], what: str = "") -> None:
        """Refuses elements of different shapes."""
        for i, shape in enumerate(shapes):
            if shape != shapes[0]:
                raise self.wrong(
                    f"TensorArray has inconsistent shapes.  Index 0 has {what}shape: "
                    f"{shape_text(shapes[0])} but index {i} has {what}shape: "
                    f"{shape_text(shape)}"
                )

    # -- reading ----------------------------------------------------------------

    def reading(self, indices: Any) -> Any:
        """Checks that the elements at `indices`, int[n], are there, and clears them.

        Returns:
            The indices, none of them out of range.
        """
        size = self.state.size
        inside = (indices >= 0) & (indices < size)
        self.check_each(
            inside,
            f"Tried to read from index {{index}} but array size is: {size}",
            indices,
        )
        if size == 0:
            return indices
        indices = indices.clip(0, size - 1)
        if not self.adds_up:
            there = self._written_at(indices) | ~inside
            self.check_each(there, f"{self.name}: {_NOT_WRITTEN}", indices)
        if marks(self.op) is not None and self.op not in self.evaluator.unsure:
            self._clear(indices)
        return indices

    def _clear(self, indices: Any) -> None:
        if self._is_repeated(indices):
            return
        variables, size = self.evaluator.variables, self.state.size
        cleared = variables.get(self.array)
        if cleared is None:
            cleared = np.zeros(size, np.bool_)
        elif cleared.shape[0] < size:
            if self.evaluator.in_body:
                # It has grown before this loop: a loop keeps shapes.
                return
            numeric: Any = np if isinstance(cleared, np.ndarray) else jnp
            cleared = numeric.pad(cleared, (0, size - cleared.shape[0]))
        again, after = _marked(cleared, indices)
        self.check_each(~again, f"{self.name}: {_READ_TWICE}", indices)
        variables[self.array] = after

    def _is_repeated(self, indices: Any) -> bool:
        """Whether this is the same as an operation before: TensorFlow runs one."""
        op = self.op
        known = isinstance(indices, np.ndarray)
        where = indices.tobytes() if known else tuple(op._inputs[1:-1])
        makers = (op, *(t.op for t in op._inputs[1:-1]))
        waits = frozenset(c for o in makers for c in o._control_inputs)
        key = (op.type, where, op._inputs[-1], waits)
        if key in self.evaluator.reads:
            return True
        self.evaluator.reads.add(key)
        return False

    def whole(self) -> Any:
        """All elements, all of them written; checks that."""
        if self.state.grows_from is not None:
            raise self.unable(
                "how many elements the array has is not known inside the loop that "
                "makes it grow."
            )
        self.reading(np.arange(self.state.size))
        return self.elements()

    def elements(self) -> Any:
        """The elements as they are; zeros where nothing was written."""
        if self.state.data is not None:
            return self.state.data
        shape = self._element_shape()
        if shape is None:
            text = _NOT_WRITTEN.replace("{index}", "0")
            raise UnwrittenError(None, self.op, f"{self.name}: {text}")
        dtype = self.op._outputs[0].dtype.base_dtype.as_numpy_dtype
        return jnp.zeros((self.state.size, *shape), dtype)

    def _element_shape(self) -> list[int] | None:
        """The shape of an element, where the graph tells."""
        shapes = list(self.array._attrs.get("_elements", ()))
        if self.evaluator.in_body:
            # What is written later in the same body decides what an earlier iteration
            # would have read.
            shapes += [
                op._inputs[2].get_shape()
                for op in self.op._inputs[0].consumers()
                if op.type == "TensorArrayWrite"
            ]
        for shape in shapes:
            if shape.is_fully_defined():
                found: list[int] = shape.as_list()
                return found
        return None

    # -- writing ----------------------------------------------------------------

    def writing(self, indices: Any) -> Any:
        """Checks that something may be written to `indices`, int[n]; makes room.

        Returns:
            The indices, none of them out of range.
        """
        if self.is_dynamic and self.state.grows_from is None:
            self._grow(indices)
        size = self.state.size
        inside = (indices >= 0) & (indices < size)
        self.check_each(
            inside,
            f"{self.name}: Tried to write to index {{index}} but array is not "
            f"resizeable and size is: {size}",
            indices,
        )
        if size == 0:
            return indices
        indices = indices.clip(0, size - 1)
        if not self.adds_up:
            free = ~self._written_at(indices) | ~inside
            if np.size(indices) > 1:
                free &= ~_marked(np.zeros(size, np.bool_), indices)[0]
            self.check_each(free, f"{self.name}: {_WRITTEN_TWICE}", indices)
        return indices

    def _written_at(self, indices: Any) -> Any:
        written = self.state.written
        if isinstance(indices, np.ndarray):
            return written[indices]
        return jnp.asarray(written)[indices]

    def _grow(self, indices: Any) -> None:
        if not isinstance(indices, np.ndarray):
            raise self.unable(
                "the array grows, and at which index it is written is computed in the "
                "body of a branch or a loop. Give it a fixed size."
            )
        if indices.size:
            self.state = self.state.resized(int(indices.max()) + 1)

    def with_rows(self, indices: Any, rows: Any) -> ArrayState:
        """The array with `rows` at `indices`, int[n], from `writing`."""
        state = self.state
        if state.size == 0 or np.size(indices) == 0:
            return state
        written = state.written
        known = isinstance(indices, np.ndarray)
        if known and isinstance(written, np.ndarray):
            written = written.copy()
            written[indices] = True
        else:
            written = jnp.asarray(written).at[indices].set(True)
        data = state.data
        if data is None and known and np.array_equal(indices, np.arange(state.size)):
            return state.holding(jnp.asarray(rows), written)
        if data is None:
            data = jnp.zeros((state.size, *np.shape(rows)[1:]), rows.dtype)
        if isinstance(data, tuple) or data.shape[1:] != np.shape(rows)[1:]:
            data = self._with_others(indices, rows)
        elif np.size(indices) > 1:
            at = data.at[indices]
            data = at.add(rows) if self.adds_up else at.set(rows)
        else:
            row = jnp.asarray(rows)
            if self.adds_up:
                row += jnp.expand_dims(element(data, indices), 0)
            data = jax.lax.dynamic_update_slice_in_dim(data, row, indices[0], 0)
        return state.holding(data, written)

    def _with_others(self, indices: Any, rows: Any) -> tuple[Any, ...]:
        """The elements as a tuple, so that `rows` of another shape can join them."""
        state, shape = self.state, np.shape(rows)[1:]
        if not isinstance(indices, np.ndarray) or state.known is None:
            raise self.unable(
                f"there is an element of shape {shape_text(shape)} among others of "
                "another shape, and which are there depends on data."
            )
        data = [
            state.data[i] if there or self.adds_up else None
            for i, there in enumerate(state.written)
        ]
        for place, row in zip(indices, rows, strict=True):
            old = data[place]
            if self.adds_up and old is not None:
                if np.shape(old) != shape:
                    raise self.wrong(
                        f"{self.name}: Could not aggregate to TensorArray index "
                        f"{place} because the existing shape is "
                        f"{shape_text(np.shape(old))} but the new input shape is "
                        f"{shape_text(shape)}."
                    )
                row = row + old
            data[place] = row
        return tuple(data)


def element(data: Any, indices: Any) -> Any:
    """One row of an array: the one at `indices`, int[1]."""
    if isinstance(indices, np.ndarray):
        return jax.lax.index_in_dim(data, int(indices[0]), 0, keepdims=False)
    return jax.lax.dynamic_index_in_dim(data, indices[0], 0, keepdims=False)


def _marked(marked: Any, indices: Any) -> tuple[Any, Any]:
    """Whether each of `indices` was marked or occurs twice; the marks after it."""
    if isinstance(marked, np.ndarray) and isinstance(indices, np.ndarray):
        times = np.bincount(indices, minlength=len(marked)) + marked
        return times[indices] > 1, times > 0
    marked = jnp.asarray(marked)
    after = marked.at[indices].set(True)
    if np.size(indices) == 1:
        return marked[indices], after
    numbers = jnp.zeros(marked.shape, jnp.int32).at[indices].add(1) + marked
    return numbers[indices] > 1, after


def shape_text(shape: Sequence[int]) -> str:
    """A shape in the words of TensorFlow's messages."""
    return f"[{','.join(map(str, shape))}]"


def _type_text(dtype: Any) -> str:
    name: str = dtype.name
    return {"float32": "float", "float64": "double"}.get(name, name)
