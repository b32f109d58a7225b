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
        TypeError: when a value is not of `dtype`.
        ValueError: when None is given, nested lists are ragged, or values do not fit
            `shape`.
    """
    if values is None:
        raise ValueError("None values not supported.")
    wanted = None if dtype is None else dtype.base_dtype
    if isinstance(values, (np.ndarray, np.generic)):
        array = _from_array(np.asarray(values), wanted)
    else:
        array = _from_python(values, wanted)
    dtypes.as_dtype(array.dtype)
    return array if shape is None else _filled(array, shape)


def _from_array(array: np.ndarray[Any, Any], wanted: DType | None) -> Any:
    if array.dtype.kind in "SU" or array.dtype == object:
        if wanted not in (None, dtypes.string):
            raise TypeError(
                f"Expected {wanted.name if wanted else ''}, got {array.ravel()[:1]!r} "
                "of type 'str' instead."
            )
        return _encoded(array)
    if wanted is None:
        return array
    if wanted == dtypes.string:
        raise TypeError(f"Expected string, got an array of {array.dtype} instead.")
    return array.astype(wanted.as_numpy_dtype)


def _from_python(values: Any, wanted: DType | None) -> Any:
    leaves = list(_leaves(values))
    if any(leaf is None for leaf in leaves):
        raise ValueError("None values not supported.")
    if wanted is not None:
        for leaf in leaves:
            _check(leaf, wanted)
    strings = any(isinstance(leaf, (str, bytes)) for leaf in leaves)
    if strings:
        for leaf in leaves:
            _check(leaf, dtypes.string)
        return _encoded(_regular(values, object))
    array = _regular(values, None if wanted is None else wanted.as_numpy_dtype)
    if wanted is not None or any(
        isinstance(v, (np.ndarray, np.generic)) for v in leaves
    ):
        return array
    return _narrowed(array)


def _narrowed(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """NumPy's choice of type for Python numbers -> TensorFlow's."""
    if array.dtype == np.float64:
        return array.astype(np.float32)
    if array.dtype == np.int64:
        narrow = array.astype(np.int32)
        return narrow if np.array_equal(narrow, array) else array
    return array


def _leaves(values: Any) -> Iterator[Any]:
    if isinstance(values, (list, tuple)):
        for item in values:
            yield from _leaves(item)
    else:
        yield values


def _check(value: Any, wanted: DType) -> None:
    """Raises TypeError when `value` is not of the kind `wanted` holds."""
    if isinstance(value, np.ndarray):
        fits = (value.dtype.kind in "SUO") == (wanted == dtypes.string)
    elif wanted == dtypes.string:
        fits = isinstance(value, (str, bytes))
    elif wanted == dtypes.bool:
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


def _regular(values: Any, dtype: Any) -> np.ndarray[Any, Any]:
    try:
        if dtype is object:
            array = np.array(values, dtype=object)
            if any(isinstance(v, (list, tuple)) for v in array.ravel()):
                raise ValueError
            return array
        return np.array(values, dtype=dtype)
    except OverflowError as error:
        raise ValueError(f"{values!r} does not fit {np.dtype(dtype)}.") from error
    except (ValueError, TypeError):
        raise ValueError(
            f"Argument must be a dense tensor: {values!r} - its nested lists have "
            "different lengths."
        ) from None


def _encoded(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Strings as bytes objects; text is encoded as UTF-8."""
    result = np.empty(array.shape, object)
    flat = result.ravel()
    for i, item in enumerate(array.ravel()):
        flat[i] = item.encode() if isinstance(item, str) else bytes(item)
    return flat.reshape(array.shape)


def _filled(array: np.ndarray[Any, Any], shape: Any) -> np.ndarray[Any, Any]:
    known = tensor_shape.as_shape(shape)
    if not known.is_fully_defined():
        raise TypeError(f"The shape of a constant must be fully known, got {known}.")
    dims = [d or 0 for d in known.as_list()]
    size = int(np.prod(dims, dtype=np.int64))
    if array.size > size:
        raise ValueError(
            f"Too many elements provided. Needed at most {size}, but received "
            f"{array.size}"
        )
    if array.size == size:
        return array.reshape(dims)
    if array.size == 0:
        raise ValueError(
            f"Too few elements provided. Needed {size}, but received none."
        )
    flat = array.ravel()
    return np.concatenate([flat, np.repeat(flat[-1:], size - flat.size)]).reshape(dims)
