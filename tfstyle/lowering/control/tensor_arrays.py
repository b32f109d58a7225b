"""How the operations of a `TensorArray` are evaluated.

The value of a `flow` is an `ArrayState`: an operation that writes returns a new one.
Reading changes no flow, so which elements have been cleared by reading them is kept
among the variables, under the operation that made the array.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import errors
from tfstyle.framework.tensor import Operation
from tfstyle.lowering.checks import checking
from tfstyle.lowering.control.array_access import Access, element, shape_text
from tfstyle.lowering.control.array_state import ArrayState
from tfstyle.lowering.evaluate import Evaluator, structural

__all__: list[str] = []

Values = Sequence[Any]


def _accesses(op_type: str, checks: bool = True) -> Callable[[Any], Any]:
    """Registers a function of (access, input values) that returns the outputs."""

    def register(function: Callable[[Access, Values], list[Any]]) -> Any:
        def evaluate(
            evaluator: Evaluator,
            op: Operation,
            values: Values,
            needed: Collection[int],
        ) -> list[Any]:
            del needed
            return function(Access(evaluator, op, values), values)

        structural[op_type] = evaluate
        if checks:
            checking.add(op_type)
        return function

    return register


def _tensor_array(
    evaluator: Evaluator, op: Operation, values: Values, needed: Collection[int]
) -> list[Any]:
    """The handle and the flow of an array of a size known while tracing."""
    del needed
    size = values[0]
    if np.ndim(size):
        text = shape_text(np.shape(size))
        raise errors.InvalidArgumentError(
            None, op, f"TensorArray size must be scalar, but had shape: {text}"
        )
    if isinstance(size, jax.core.Tracer):
        raise errors.UnimplementedError(
            None,
            op,
            f"TensorArray '{op.name}': the size must be known before the step that "
            "uses it, and here it is computed in the body of a branch or a loop.",
        )
    if size < 0:
        raise errors.InvalidArgumentError(None, op, f"Size should be >= 0, not {size}.")
    state = ArrayState.empty(int(size))
    evaluator.variables[op] = np.zeros(int(size), np.bool_)
    return [state] * len(op._outputs)


def _close(
    evaluator: Evaluator, op: Operation, values: Values, needed: Collection[int]
) -> list[Any]:
    """Nothing: memory is the compiler's business."""
    del evaluator, op, values, needed
    return []


structural["TensorArray"] = _tensor_array
structural["TensorArrayClose"] = _close


@_accesses("TensorArrayGrad", checks=False)
def _grad(access: Access, values: Values) -> list[Any]:
    """An array like another one, filled with zeros."""
    del values
    op, source = access.op, access.state
    data = jax.tree_util.tree_map(jnp.zeros_like, source.data)
    access.evaluator.variables[op] = np.zeros(source.size, np.bool_)
    return [ArrayState(data, None, bytes(source.size))] * len(op._outputs)


@_accesses("TensorArraySize", checks=False)
def _size(access: Access, values: Values) -> list[Any]:
    del values
    state = access.state
    if state.grows_from is None:
        return [np.array(state.size, np.int32)]
    numbers = jnp.arange(1, state.size + 1, dtype=jnp.int32)
    last = jnp.max(jnp.where(state.written, numbers, 0), initial=0)
    return [jnp.maximum(last, state.grows_from)]


# -- single elements ------------------------------------------------------------


@_accesses("TensorArrayWrite")
def _write(access: Access, values: Values) -> list[Any]:
    access.check_written_dtype(2)
    indices = access.writing(_one_index(access, values[1]))
    return [access.with_rows(indices, jnp.expand_dims(values[2], 0))]


def _one_index(access: Access, index: Any) -> Any:
    """A scalar index as a vector of one."""
    if np.ndim(index):
        text = shape_text(np.shape(index))
        raise access.wrong(f"TensorArray index must be scalar, but had shape: {text}")
    return index.reshape(1)


@_accesses("TensorArrayRead")
def _read(access: Access, values: Values) -> list[Any]:
    access.check_read_dtype()
    indices = access.reading(_one_index(access, values[1]))
    data = access.elements()
    if not isinstance(data, tuple):
        if data.shape[0] == 0:
            return [jnp.zeros(data.shape[1:], data.dtype)]
        return [element(data, indices)]
    return _of_different_shapes(access, data, indices)


def _of_different_shapes(
    access: Access, data: Sequence[Any], indices: Any
) -> list[Any]:
    if not isinstance(indices, np.ndarray):
        raise access.unable(
            "its elements have different shapes, and which one is read depends on data."
        )
    found = [data[i] for i in indices]
    if any(x is None for x in found):
        raise access.unable("which elements are there depends on data.")
    return found


# -- many elements --------------------------------------------------------------


@_accesses("TensorArrayPack")
def _pack(access: Access, values: Values) -> list[Any]:
    del values
    access.check_read_dtype()
    if access.state.size == 0:
        return [_nothing(access, "element_shape", "packing")]
    data = access.whole()
    if isinstance(data, tuple):
        access.check_shapes([np.shape(x) for x in data])
        data = jnp.stack(data)
    return [data]


def _nothing(access: Access, attr: str, doing: str) -> Any:
    """What packing or concatenating an array of size zero gives."""
    shape = access.op._attrs[attr]
    if not shape.is_fully_defined():
        what = "element shape" if attr == "element_shape" else attr
        raise errors.UnimplementedError(
            None,
            access.op,
            f"TensorArray has size zero, but {what} {shape} is not fully defined. "
            f"Currently only static shapes are supported when {doing} zero-size "
            "TensorArrays.",
        )
    dtype = access.op._outputs[0].dtype.base_dtype.as_numpy_dtype
    return jnp.zeros((0, *shape.as_list()), dtype)


@_accesses("TensorArrayConcat")
def _concat(access: Access, values: Values) -> list[Any]:
    """The elements one after the other, and how long each is."""
    del values
    access.check_read_dtype()
    if access.state.size == 0:
        nothing = _nothing(access, "element_shape_except0", "concatenating")
        return [nothing, np.zeros(0, np.int64)]
    data = access.whole()
    ragged = isinstance(data, tuple)
    shapes = [np.shape(x) for x in data] if ragged else [data.shape[1:]] * len(data)
    for i, shape in enumerate(shapes):
        if not shape:
            raise access.wrong(
                f"Concat saw a scalar shape at index {i} but requires at least "
                "vectors.  Did you mean to call pack?"
            )
    rest = [shape[1:] for shape in shapes]
    access.check_shapes(rest, "(excepting dimension 0) ")
    lengths = np.array([shape[0] for shape in shapes], np.int64)
    if ragged:
        return [jnp.concatenate(data), lengths]
    return [jnp.reshape(data, (lengths.sum(), *rest[0])), lengths]


@_accesses("TensorArrayGather")
def _gather(access: Access, values: Values) -> list[Any]:
    access.check_read_dtype()
    indices = _many_indices(access, values[1])
    if len(indices) == 0:
        return [_nothing(access, "element_shape", "packing")]
    indices = access.reading(indices)
    data = access.elements()
    if not isinstance(data, tuple):
        return [jnp.take(data, indices, axis=0)]
    found = _of_different_shapes(access, data, indices)
    access.check_shapes([np.shape(x) for x in found])
    return [jnp.stack(found)]


def _many_indices(access: Access, indices: Any) -> Any:
    if np.ndim(indices) != 1:
        text = shape_text(np.shape(indices))
        raise access.wrong(
            f"Expected indices to be a vector, but received shape: {text}"
        )
    return indices


@_accesses("TensorArrayScatter")
def _scatter(access: Access, values: Values) -> list[Any]:
    access.check_written_dtype(2)
    indices, value = _many_indices(access, values[1]), values[2]
    count = np.shape(value)[0] if np.ndim(value) else 0
    if count != len(indices):
        raise access.wrong(
            "Expected len(indices) == values.shape[0], but saw: "
            f"{len(indices)} vs. {count}"
        )
    return [access.with_rows(access.writing(indices), value)]


@_accesses("TensorArrayUnpack")
def _unpack(access: Access, values: Values) -> list[Any]:
    access.check_written_dtype(1)
    value = values[1]
    if not np.ndim(value):
        raise access.wrong("Input value must be at least a vector, not a scalar.")
    count, size = value.shape[0], access.state.size
    if count != size and not (access.is_dynamic and count > size):
        raise access.wrong(
            "Input value must have first dimension equal to the array size "
            f"({count} vs. {size})"
        )
    return [access.with_rows(access.writing(np.arange(count)), value)]


@_accesses("TensorArraySplit")
def _split(access: Access, values: Values) -> list[Any]:
    """The rows of a value, so many for each element."""
    access.check_written_dtype(1)
    value, lengths = values[1], values[2]
    _check_lengths(access, value, lengths)
    count = len(lengths)
    indices = access.writing(np.arange(count))
    if count == 0:
        return [access.state]
    if (lengths == lengths[0]).all():
        rows = jnp.reshape(value, (count, lengths[0], *value.shape[1:]))
        return [access.with_rows(indices, rows)]
    state = access.state
    if state.data is not None:
        raise access.unable("the array holds elements already.")
    ends = np.cumsum(lengths)
    parts = [
        jax.lax.slice_in_dim(value, end - length, end)
        for end, length in zip(ends, lengths, strict=True)
    ]
    written = np.arange(state.size) < count
    return [state.holding((*parts, *[None] * (state.size - count)), written)]


def _check_lengths(access: Access, value: Any, lengths: Any) -> None:
    if np.ndim(lengths) != 1:
        text = shape_text(np.shape(lengths))
        raise access.wrong(f"Expected lengths to be a vector, received shape: {text}")
    if not np.ndim(value):
        raise access.wrong(
            "Expected value to be at least a vector, but received shape: []"
        )
    if isinstance(lengths, jax.core.Tracer):
        raise access.unable("the lengths are computed in the body of a loop.")
    total = int(np.sum(lengths))
    if total != value.shape[0]:
        raise access.wrong(
            "Expected sum of lengths to be equal to values.shape[0], but sum of "
            f"lengths is {total} and value's shape is: {shape_text(value.shape)}"
        )
    size = access.state.size
    if len(lengths) != size and not access.is_dynamic:
        raise access.wrong(
            "TensorArray's size is not equal to the size of lengths "
            f"({size} vs. {len(lengths)}), and the TensorArray is not marked as "
            "dynamically resizeable"
        )
