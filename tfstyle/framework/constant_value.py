"""What is known of a tensor's value while the graph is being built."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from tfstyle.framework import tensor_shape
from tfstyle.framework.body import call_body
from tfstyle.framework.op_def import OpDeclaration
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.framework.tensor_shape import TensorShape

__all__ = ["constant_value", "constant_value_as_shape", "is_pure", "shape_stand_in"]

# Values are wanted for shapes, axes and counts; larger ones are data.
_MAX_ELEMENTS = 1024


def is_pure(declaration: OpDeclaration | None) -> bool:
    """Whether an op runs on the device and its results depend only on its inputs."""
    return (
        declaration is not None
        and not declaration.host
        and not declaration.structural
        and not declaration.is_random
        and not declaration.ref_inputs
        and not declaration.facts.is_stateful
        and declaration.type
        not in ("Placeholder", "PlaceholderWithDefault", "Variable")
    )


def shape_stand_in(shape: Any, dtype: Any) -> np.ndarray[Any, Any]:
    """An array that takes no memory, for bodies that only look at its shape."""
    return np.broadcast_to(np.zeros((), dtype), tuple(shape))


def constant_value(tensor: Tensor) -> np.ndarray[Any, Any] | None:
    """The value of `tensor` if it follows from constants and static shapes.

    Returns:
        A NumPy array, or None when the value is known only at run time (or is so large
        that it is no shape or axis).
    """
    cache: dict[Tensor, np.ndarray[Any, Any]] = tensor.graph._constants
    if tensor in cache:
        return cache[tensor]
    op = tensor.op
    if op.type == "Const":
        value: np.ndarray[Any, Any] = op._attrs["value"]
        return value
    if op.type == "Rank" and op._inputs[0].get_shape().ndims is not None:
        return np.array(op._inputs[0].get_shape().ndims, np.int32)
    values = _fold(op)
    if values is None:
        return None
    for output, value in zip(op.outputs, values, strict=True):
        cache[output] = value
    return cache[tensor]


def _fold(op: Operation) -> list[np.ndarray[Any, Any]] | None:
    declaration = op._declaration
    if declaration is None or not is_pure(declaration):
        return None
    inputs: list[Any] = []
    for tensor in op._inputs:
        shape = tensor.get_shape()
        if declaration.shape_only:
            if not shape.is_fully_defined():
                return None
            inputs.append(
                shape_stand_in(shape.as_list(), tensor.dtype.base_dtype.as_numpy_dtype)
            )
            continue
        if shape.is_fully_defined() and (shape.num_elements() or 0) > _MAX_ELEMENTS:
            return None
        value = constant_value(tensor)
        if value is None or value.size > _MAX_ELEMENTS or value.dtype == object:
            return None
        inputs.append(value)
    if not inputs and op.type != "Const":
        return None
    with jax.enable_x64(True), jax.ensure_compile_time_eval():
        try:
            results = call_body(op, inputs)
        except (TypeError, ValueError):
            # The same mistake is reported, with the op's name, by shape inference.
            return None
        return [np.asarray(r) for r in results]


def constant_value_as_shape(tensor: Tensor) -> TensorShape:
    """The shape that a 1-D integer tensor holds, as far as it is known.

    Args:
        tensor: the argument of `reshape`, `fill`, `random_uniform`, …

    Returns:
        A TensorShape; a -1 in the value is an unknown dimension.
    """
    op = tensor.op
    if op.type == "Shape":
        return op._inputs[0].get_shape()
    if op.type == "Cast":
        return constant_value_as_shape(op._inputs[0])
    if op.type == "Pack" and tensor.get_shape().ndims == 1:
        values = [constant_value(t) for t in op._inputs]
        return TensorShape(
            [None if v is None or int(v) < 0 else int(v) for v in values]
        )
    if op.type == "Concat":
        shape = TensorShape([])
        for part in op._inputs[1:]:
            shape = shape.concatenate(constant_value_as_shape(part))
        return shape
    if op.type == "Slice":
        begin, size = (constant_value(t) for t in op._inputs[1:])
        source = constant_value_as_shape(op._inputs[0])
        if begin is not None and size is not None and source.ndims is not None:
            start = int(begin[0])
            stop = source.ndims if size[0] < 0 else start + int(size[0])
            return TensorShape(source.as_list()[start:stop])
    value = constant_value(tensor)
    if value is not None:
        return TensorShape([None if d < 0 else int(d) for d in np.atleast_1d(value)])
    length = tensor.get_shape().with_rank(1)[0].value
    return (
        tensor_shape.unknown_shape() if length is None else TensorShape([None] * length)
    )
