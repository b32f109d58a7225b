"""Shape rules shared by name: functions from an `Operation` to its output shapes.

Most ops need none: the default is the body itself on abstract arrays. A rule is for
broadcasting with unknown dimensions, for ops whose shape is in a value, and for host
ops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfstyle.framework import tensor_shape
from tfstyle.framework.constant_value import constant_value, constant_value_as_shape
from tfstyle.framework.tensor import Operation
from tfstyle.framework.tensor_shape import TensorShape

__all__ = [
    "broadcast",
    "broadcast_shapes",
    "first_input",
    "fixed",
    "input_named",
    "matmul",
    "merged_inputs",
    "of_attr",
    "reduction",
    "scalar",
    "unknown",
    "value_of",
]

ShapeRule = Callable[[Operation], Sequence[TensorShape]]


def scalar(op: Operation) -> list[TensorShape]:
    """Every output is a scalar."""
    return [tensor_shape.scalar() for _ in op.outputs]


def unknown(op: Operation) -> list[TensorShape]:
    """Nothing is known of the outputs."""
    return [tensor_shape.unknown_shape() for _ in op.outputs]


def first_input(op: Operation) -> list[TensorShape]:
    """Every output has the shape of the first input."""
    return [op._inputs[0].get_shape() for _ in op.outputs]


def merged_inputs(op: Operation) -> list[TensorShape]:
    """All inputs and outputs have one shape."""
    shape = op._inputs[0].get_shape()
    for tensor in op._inputs[1:]:
        shape = shape.merge_with(tensor.get_shape())
    return [shape for _ in op.outputs]


def fixed(*shapes: Any) -> ShapeRule:
    """The outputs have these shapes, whatever the inputs are."""
    return lambda op: [tensor_shape.as_shape(s) for s in shapes]


def of_attr(name: str = "shape") -> ShapeRule:
    """The output has the shape held by the attribute `name`."""
    return lambda op: [tensor_shape.as_shape(op._attrs[name])]


def input_named(op: Operation, name: str) -> Any:
    """The input tensor (or list of them) called `name` in the op's definition."""
    from tfstyle.framework.body import named_inputs

    return named_inputs(op, op._inputs)[name]


def value_of(name: str) -> ShapeRule:
    """The output has the shape that is the value of the input `name`."""
    return lambda op: [constant_value_as_shape(input_named(op, name))]


def broadcast_shapes(a: TensorShape, b: TensorShape) -> TensorShape:
    """The shape of `x + y` for `x` of shape `a` and `y` of shape `b`.

    Raises:
        ValueError: when two known dimensions differ and neither is 1.
    """
    if a.ndims is None or b.ndims is None:
        return tensor_shape.unknown_shape()
    if a is b or b.ndims == 0:
        return a
    if a.ndims == 0:
        return b
    rank = max(a.ndims, b.ndims)
    left = [1] * (rank - a.ndims) + a.as_list()
    right = [1] * (rank - b.ndims) + b.as_list()
    dims: list[int | None] = []
    for x, y in zip(left, right, strict=True):
        if x == 1 or x == y:
            dims.append(y)
        elif y == 1:
            dims.append(x)
        elif x is None or y is None:
            # The known one is not 1, so the unknown one can only be 1 or equal to it.
            dims.append(y if x is None else x)
        else:
            raise ValueError(f"Dimensions must be equal, but are {x} and {y}")
    return TensorShape(dims)


def broadcast(op: Operation) -> list[TensorShape]:
    """NumPy's broadcasting of the inputs."""
    shape = op._inputs[0].get_shape()
    for tensor in op._inputs[1:]:
        shape = broadcast_shapes(shape, tensor.get_shape())
    return [shape for _ in op.outputs]


def matmul(op: Operation) -> list[TensorShape]:
    """[m, k] by [k, n], either of them transposed by an attribute."""
    a, b = (t.get_shape().with_rank(2) for t in op._inputs)
    rows, inner = (a[1], a[0]) if op._attrs["transpose_a"] else (a[0], a[1])
    other, columns = (b[1], b[0]) if op._attrs["transpose_b"] else (b[0], b[1])
    if not inner.is_compatible_with(other):
        raise ValueError(
            f"Dimensions must be equal, but are {inner.value} and {other.value}"
        )
    return [TensorShape([rows, columns])]


def reduction(op: Operation) -> list[TensorShape]:
    """Removes the dimensions in `reduction_indices`, or keeps them as 1."""
    shape = op._inputs[0].get_shape()
    indices = constant_value(op._inputs[1])
    keep = op._attrs["keep_dims"]
    if indices is None or shape.ndims is None:
        if keep and shape.ndims is not None:
            return [TensorShape([None] * shape.ndims)]
        return unknown(op)
    axes = set()
    for index in indices.ravel():
        if not -shape.ndims <= index < shape.ndims:
            raise ValueError(
                f"Invalid reduction dimension {index} for input with {shape.ndims} "
                "dimensions"
            )
        axes.add(int(index) % shape.ndims)
    dims = shape.as_list()
    return [
        TensorShape(
            [1 if i in axes else d for i, d in enumerate(dims) if keep or i not in axes]
        )
    ]
