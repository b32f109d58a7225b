"""Static shapes of an operation's outputs.

In order: the function given to `RegisterShape`, the rule of the declaration, else the
body itself, evaluated on abstract arrays (memoised).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from tfstyle.framework import tensor_shape
from tfstyle.framework.body import argument_spans, call_body
from tfstyle.framework.constant_value import constant_value, shape_stand_in
from tfstyle.framework.tensor import Operation
from tfstyle.framework.tensor_shape import TensorShape

__all__ = ["registered_shapes", "set_shapes_for_outputs"]

# Two sizes for an unknown dimension: what differs between the results is unknown.
# Both are divisible by the numbers of splits and blocks that programs use.
_UNKNOWN_SIZES = (15120, 20160)

registered_shapes: dict[str, Callable[[Operation], Sequence[Any]]] = {}
_memo: dict[Any, tuple[TensorShape, ...]] = {}


def set_shapes_for_outputs(op: Operation) -> None:
    """Sets the static shapes of the outputs of `op`.

    Raises:
        ValueError: when the shapes of the inputs do not fit, naming op and shapes.
    """
    declaration = op._declaration
    rule = registered_shapes.get(op.type)
    if rule is None and declaration is not None:
        rule = declaration.shape
    if not op._outputs:
        if rule is not None:
            rule(op)
        return
    try:
        if rule is not None:
            shapes = rule(op)
        elif declaration is None or declaration.host or declaration.structural:
            return
        else:
            shapes = _from_body(op)
    except ValueError as error:
        raise ValueError(f"{_stripped(error)} {_where(op)}") from error
    if len(shapes) != len(op._outputs):
        raise RuntimeError(
            f"Shape function for op {op} returned {len(shapes)} shapes but expected "
            f"{len(op._outputs)}"
        )
    for output, shape in zip(op._outputs, shapes, strict=True):
        output._shape = tensor_shape.as_shape(shape)


def _stripped(error: Exception) -> str:
    return str(error).strip().rstrip(".")


def _where(op: Operation) -> str:
    def text(shape: TensorShape) -> str:
        if shape.ndims is None:
            return "<unknown>"
        return (
            "[" + ",".join("?" if d is None else str(d) for d in shape.as_list()) + "]"
        )

    shapes = ", ".join(text(t.get_shape()) for t in op._inputs)
    return f"for '{op.name}' (op: '{op.type}') with input shapes: {shapes}."


def _hashable(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(_hashable(v) for v in value)
    if isinstance(value, TensorShape):
        return None if value.ndims is None else tuple(value.as_list())
    if isinstance(value, np.ndarray):
        return (value.shape, value.dtype.str, value.tobytes())
    return value


def _from_body(op: Operation) -> Sequence[TensorShape]:
    declaration = op._declaration
    assert declaration is not None
    statics: dict[int, Any] = {}
    for name, start, end, _ in argument_spans(op):
        if name in declaration.static_inputs:
            for i in range(start, end):
                statics[i] = constant_value(op._inputs[i])
    unknown = [tensor_shape.unknown_shape()] * len(op._outputs)
    if any(value is None for value in statics.values()):
        return unknown
    dims: list[tuple[int | None, ...]] = []
    for i, tensor in enumerate(op._inputs):
        shape = tensor._shape
        if i in statics:
            dims.append(())
            continue
        if shape.ndims is None:
            return unknown
        dims.append(tuple(shape.as_list()))
    key = (
        op.type,
        tuple(dims),
        tuple(t.dtype.base_dtype.name for t in op._inputs),
        tuple((i, _hashable(v)) for i, v in statics.items()),
        tuple((k, _hashable(op._attrs[k])) for k in declaration.body_attrs),
    )
    found = _memo.get(key)
    if found is None:
        found = _memo[key] = tuple(_evaluate(op, dims, statics))
    return found


def _evaluate(
    op: Operation, dims: Sequence[tuple[int | None, ...]], statics: dict[int, Any]
) -> Sequence[TensorShape]:
    if not any(None in d for d in dims):
        return [TensorShape(s) for s in _abstract_shapes(op, dims, statics, 0)]
    try:
        first, second = (
            _abstract_shapes(op, dims, statics, size) for size in _UNKNOWN_SIZES
        )
    except (TypeError, ValueError):
        # An unknown size may well fit at run time.
        return [tensor_shape.unknown_shape()] * len(op._outputs)
    return [
        TensorShape([a if a == b else None for a, b in zip(x, y, strict=True)])
        if len(x) == len(y)
        else tensor_shape.unknown_shape()
        for x, y in zip(first, second, strict=True)
    ]


def _abstract_shapes(
    op: Operation,
    dims: Sequence[tuple[int | None, ...]],
    statics: dict[int, Any],
    unknown_size: int,
) -> list[tuple[int, ...]]:
    """Shapes of the outputs of the body for inputs of the given shapes."""
    declaration = op._declaration
    assert declaration is not None
    arrays: list[Any] = []
    for i, tensor in enumerate(op._inputs):
        if i in statics:
            continue
        shape = tuple(unknown_size if d is None else d for d in dims[i])
        dtype = tensor.dtype.base_dtype.as_numpy_dtype
        arrays.append(
            shape_stand_in(shape, dtype)
            if declaration.shape_only
            else jax.ShapeDtypeStruct(shape, dtype)
        )
    results: list[tuple[int, ...]] = []

    def run(key: Any, *given: Any) -> None:
        rest = iter(given)
        values = [
            statics[i] if i in statics else next(rest) for i in range(len(op._inputs))
        ]
        results.extend(np.shape(r) for r in call_body(op, values, key))

    key = jax.ShapeDtypeStruct((6,), np.uint32) if declaration.is_random else None
    with jax.enable_x64(True):
        try:
            if declaration.shape_only:
                run(None, *arrays)
            else:
                jax.eval_shape(run, key, *arrays)
        except TypeError as error:
            # JAX reports shapes that do not fit as TypeError.
            raise ValueError(str(error).split("\n")[0]) from error
    refs = len(declaration.ref_inputs)
    ref_outputs = sum(a.is_ref for a in declaration.facts.outputs)
    return results[:ref_outputs] + results[refs:]
