"""From Python values to tensors: `convert_to_tensor` and its registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from tfstyle.framework import dtypes
from tfstyle.framework.defaults import get_default_graph, graphs
from tfstyle.framework.dtypes import DType
from tfstyle.framework.graph import Graph
from tfstyle.framework.tensor import Tensor

__all__ = [
    "convert_n_to_tensor",
    "convert_to_tensor",
    "entered",
    "register_tensor_conversion_function",
]

ConversionFunction = Callable[[Any, DType | None, str | None, bool], Any]

_registry: dict[int, list[tuple[Any, ConversionFunction]]] = {}
_ordered: list[tuple[Any, ConversionFunction]] = []


def register_tensor_conversion_function(
    base_type: Any, conversion_func: ConversionFunction, priority: int = 100
) -> None:
    """Registers how objects of `base_type` become tensors.

    Args:
        base_type: a type or a tuple of types.
        conversion_func: `f(value, dtype=None, name=None, as_ref=False)` that returns a
            Tensor, or NotImplemented to leave it to the next function.
        priority: smaller ones are asked first; equal ones in order of registration.

    Raises:
        TypeError: when an argument is of the wrong kind.
    """
    if not (
        isinstance(base_type, type)
        or (
            isinstance(base_type, tuple) and all(isinstance(t, type) for t in base_type)
        )
    ):
        raise TypeError("base_type must be a type or a tuple of types.")
    if not callable(conversion_func):
        raise TypeError("conversion_func must be callable.")
    _registry.setdefault(priority, []).append((base_type, conversion_func))
    _ordered[:] = [pair for key in sorted(_registry) for pair in _registry[key]]


def entered(graph: Graph) -> AbstractContextManager[Any]:
    """A context with `graph` as the default graph; free when it already is."""
    return nullcontext() if get_default_graph() is graph else graphs.entered(graph)


def convert_to_tensor(
    value: Any,
    dtype: Any = None,
    name: str | None = None,
    as_ref: bool = False,
    preferred_dtype: Any = None,
) -> Tensor:
    """Converts `value` to a `Tensor`.

    Args:
        value: a Tensor, a Variable, a NumPy array, a Python number, string or list of
            these, or an object of a registered type.
        dtype: required element type, or None for the value's own.
        name: name of the op to make, if one is needed.
        as_ref: whether a Variable gives its reference rather than its value.
        preferred_dtype: element type to try first when `dtype` is None.

    Returns:
        A Tensor: `value` itself when it is one of the right dtype.

    Raises:
        TypeError: when no conversion is registered for the type of `value`, or the
            value does not fit `dtype`.
        ValueError: when a Tensor of another dtype is given.
    """
    if isinstance(value, Tensor):
        if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(
            value.dtype
        ):
            raise ValueError(
                f"Tensor conversion requested dtype {dtypes.as_dtype(dtype).name} for "
                f"Tensor with dtype {value.dtype.name}: {str(value)!r}"
            )
        return value
    if value is None:
        raise ValueError("None values not supported.")
    wanted = None if dtype is None else dtypes.as_dtype(dtype)
    for base_type, function in _ordered:
        if not isinstance(value, base_type):
            continue
        result: Any = NotImplemented
        if wanted is None and preferred_dtype is not None:
            try:
                result = function(value, dtypes.as_dtype(preferred_dtype), name, as_ref)
            except (TypeError, ValueError):
                result = NotImplemented
        if result is NotImplemented:
            result = function(value, wanted, name, as_ref)
        if result is NotImplemented:
            continue
        if not isinstance(result, Tensor):
            raise RuntimeError(
                f"Conversion function {function!r} for type {base_type} returned "
                f"non-Tensor: {result!r}"
            )
        if wanted is not None and not wanted.is_compatible_with(result.dtype):
            raise RuntimeError(
                f"Conversion function {function!r} for type {base_type} returned "
                f"incompatible dtype: requested = {wanted.base_dtype.name}, actual = "
                f"{result.dtype.name}"
            )
        return result
    raise TypeError(
        f"Cannot convert {value!r} with type {type(value)} to Tensor: no conversion "
        "function registered."
    )


def convert_n_to_tensor(
    values: Sequence[Any],
    dtype: Any = None,
    name: str | None = None,
    as_ref: bool = False,
) -> list[Tensor]:
    """Converts each of `values` to a Tensor; op i is called `<name>_<i>`.

    Raises:
        TypeError: when `values` is not a list, or an item cannot be converted.
        ValueError: when an item is a Tensor of another dtype.
    """
    if not isinstance(values, (list, tuple)):
        raise TypeError("values must be a list.")
    return [
        convert_to_tensor(v, dtype, None if name is None else f"{name}_{i}", as_ref)
        for i, v in enumerate(values)
    ]
