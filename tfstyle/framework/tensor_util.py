"""From Python values to the NumPy array that a constant holds."""

from __future__ import annotations

import numbers
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfstyle.framework import dtypes, tensor_shape
from tfstyle.framework.constant_value import constant_value
from tfstyle.framework.dtypes import DType
from tfstyle.framework.tensor_proto import array_of_proto, proto_of_array

__all__ = [
    "MakeNdarray",
    "ShapeEquals",
    "TensorShapeProtoToList",
    "constant_value",
    "make_array",
    "make_ndarray",
    "make_tensor_proto",
]

_FLOAT64, _INT64 = np.dtype(np.float64), np.dtype(np.int64)


def MakeNdarray(tensor: Any) -> np.ndarray[Any, Any]:
    """The array that a `TensorProto` holds."""
    return array_of_proto(tensor)


make_ndarray = MakeNdarray


def TensorShapeProtoToList(shape: Any) -> list[int]:
    """The sizes in a `TensorShapeProto`."""
    return [dim.size for dim in shape.dim]


def ShapeEquals(tensor_proto: Any, shape: Any) -> bool:
    """Whether a `TensorProto` has a shape.

    Args:
        tensor_proto: a `TensorProto`.
        shape: a list of ints or a `TensorShapeProto`.

    Raises:
        TypeError: when `tensor_proto` is no `TensorProto`, or `shape` is neither.
    """
    if not hasattr(tensor_proto, "tensor_shape"):
        raise TypeError("tensor_proto is not a tensor_pb2.TensorProto object")
    if hasattr(shape, "dim"):
        shape = TensorShapeProtoToList(shape)
    elif not isinstance(shape, (list, tuple)):
        raise TypeError("shape is not a list or tuple")
    return TensorShapeProtoToList(tensor_proto.tensor_shape) == list(shape)


def make_tensor_proto(values: Any, dtype: Any = None, shape: Any = None) -> Any:
    """`values` as a `TensorProto`."""
    array = make_array(values, None if dtype is None else dtypes.as_dtype(dtype), shape)
    return proto_of_array(array)


def make_array(
    values: Any, dtype: DType | None = None, shape: Any = None
) -> np.ndarray[Any, Any]:
    """`values` as an array of `dtype` and `shape`.

    Without `dtype` Python floats are float32, Python integers int32 (int64 when they do
    not fit), and arrays keep their own. With `shape` the values fill it, the last one
    being repeated.

    Raises:
        TypeError: when a value is not of `dtype`, or is no number or string.
        ValueError: when None is given, nested lists are ragged, or there are more
            values than `shape` holds.
    """
    if values is None:
        raise ValueError("None values not supported.")
    wanted = None if dtype is None else dtype.base_dtype
    # Infinities and wrapped integers are what TensorFlow makes of such values.
    with np.errstate(over="ignore", invalid="ignore"):
        if hasattr(values, "__array__"):
            array = _from_array(np.asarray(values), wanted)
        else:
            array = _from_python(values, wanted)
    dtypes.as_dtype(array.dtype)
    return array if shape is None else _filled(array, shape)


def _from_array(array: np.ndarray[Any, Any], wanted: DType | None) -> Any:
    is_text = array.dtype.kind in "SUO"
    if wanted is dtypes.string or (is_text and wanted is None):
        return _encoded(array)
    return array if wanted is None else array.astype(wanted.as_numpy_dtype)


def _from_python(values: Any, wanted: DType | None) -> Any:
    leaves = [values] if isinstance(values, (int, float)) else list(_leaves(values))
    if any(isinstance(leaf, tensor_shape.Dimension) for leaf in leaves):
        values = _with_sizes(values)
        leaves = list(_leaves(values))
    if wanted is not None:
        for leaf in leaves:
            _check(leaf, wanted)
    elif not all(_is_number(leaf) for leaf in leaves):
        wanted = dtypes.string
    if wanted is None:
        return _narrowed(_regular(values))
    if wanted is dtypes.string:
        return _encoded(_regular(values, object))
    if wanted.is_integer:
        # NumPy refuses to wrap integers around, but only while it makes an array.
        return _regular(values, np.int64).astype(wanted.as_numpy_dtype)
    return _regular(values, wanted.as_numpy_dtype)


def _is_number(value: Any) -> bool:
    if hasattr(value, "__array__"):
        return np.asarray(value).dtype.kind not in "SUO"
    return isinstance(value, (bool, int, float, complex))


def _with_sizes(values: Any) -> Any:
    """`values` with the sizes that `Dimension`s stand for; unknown ones are None."""
    if isinstance(values, (list, tuple)):
        return [_with_sizes(item) for item in values]
    return values.value if isinstance(values, tensor_shape.Dimension) else values


def _narrowed(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """NumPy's choice of type for Python numbers -> TensorFlow's."""
    if array.dtype == _FLOAT64:
        return array.astype(np.float32)
    if array.dtype == _INT64:
        narrow = array.astype(np.int32)
        return narrow if (narrow == array).all() else array
    return array


def _leaves(values: Any) -> Iterator[Any]:
    if isinstance(values, (list, tuple, range)):
        for item in values:
            yield from _leaves(item)
    else:
        yield values


def _check(value: Any, wanted: DType) -> None:
    """Raises TypeError when `value` is not of the kind `wanted` holds."""
    if isinstance(value, np.ndarray):
        fits = (value.dtype.kind in "SUO") == (wanted is dtypes.string)
    elif wanted is dtypes.string:
        fits = isinstance(value, (str, bytes))
    elif wanted is dtypes.bool:
        fits = isinstance(value, (bool, np.bool_))
    elif isinstance(value, tensor_shape.Dimension):
        fits = wanted.is_integer
    elif wanted.is_integer or wanted.is_quantized:
        fits = isinstance(value, (numbers.Integral, np.integer, np.bool_))
    elif wanted.is_complex:
        fits = isinstance(value, (numbers.Complex, np.number))
    else:
        fits = isinstance(value, (numbers.Real, np.number, np.bool_))
    if not fits:
        raise TypeError(
            f"Expected {wanted.name}, got {value!r} of type "
            f"'{type(value).__name__}' instead."
        )


def _regular(values: Any, dtype: Any = None) -> np.ndarray[Any, Any]:
    """`values` as an array.

    Raises:
        ValueError: when nested lists have different lengths.
    """
    try:
        array = np.array(values, dtype=dtype)
    except OverflowError as error:
        raise ValueError(f"{values!r} does not fit {np.dtype(dtype)}.") from error
    except (ValueError, TypeError):
        raise _ragged(values) from None
    if dtype is object and any(isinstance(v, (list, tuple)) for v in array.ravel()):
        raise _ragged(values)
    return array


def _ragged(values: Any) -> ValueError:
    wanted = []
    first = values
    while isinstance(first, (list, tuple)) and first:
        wanted.append(len(first))
        first = first[0]
    found = wanted[:1]
    reason = (
        "its nested lists have different lengths"
        if found == wanted
        else f"got shape {found}, but wanted {wanted}"
    )
    return ValueError(f"Argument must be a dense tensor: {values!r} - {reason}.")


def _encoded(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Strings as bytes objects; text is encoded as UTF-8.

    Raises:
        TypeError: when an element is no string.
    """
    result = np.empty(array.shape, object)
    flat = result.ravel()
    for i, item in enumerate(array.ravel().tolist()):
        if not isinstance(item, (str, bytes)):
            raise TypeError(f"Expected binary or unicode string, got {item!r}")
        flat[i] = item.encode() if isinstance(item, str) else item
    return flat.reshape(array.shape)


def _filled(array: np.ndarray[Any, Any], shape: Any) -> np.ndarray[Any, Any]:
    known = tensor_shape.as_shape(shape)
    if not known.is_fully_defined():
        raise TypeError(f"The shape of a constant must be fully known, got {known}.")
    dims = [d or 0 for d in known.as_list()]
    size = int(np.prod(dims, dtype=np.int64))
    if size == 0:
        return array.ravel()[:0].reshape(dims)
    if array.size > size:
        raise ValueError(
            f"Too many elements provided. Needed at most {size}, but received "
            f"{array.size}"
        )
    if array.size == size:
        return array.reshape(dims)
    if array.size == 0:
        empty = b"" if array.dtype == object else array.dtype.type()
        return np.full(dims, empty, array.dtype)
    flat = array.ravel()
    return np.concatenate([flat, np.repeat(flat[-1:], size - flat.size)]).reshape(dims)
