"""Arrays as `TensorProto`s and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfstyle.framework import dtypes
from tfstyle.framework.dtypes import DType

__all__ = ["array_of_proto", "proto_of_array"]

_Array = np.ndarray[Any, Any]

_MAX_BYTES = 2**31
# Written as raw bytes when they hold more than one value.
_CONTENT_TYPES = frozenset(
    (
        dtypes.float32,
        dtypes.float64,
        dtypes.int8,
        dtypes.int16,
        dtypes.int32,
        dtypes.int64,
        dtypes.uint8,
    )
)
_FIELDS = {
    dtypes.float32: "float_val",
    dtypes.float64: "double_val",
    dtypes.int64: "int64_val",
    dtypes.bool: "bool_val",
    dtypes.string: "string_val",
    dtypes.complex64: "scomplex_val",
    dtypes.complex128: "dcomplex_val",
    dtypes.float16: "half_val",
    dtypes.bfloat16: "half_val",
}


def _field(dtype: DType) -> str:
    return _FIELDS.get(dtype, "int_val")


def proto_of_array(array: _Array) -> Any:
    """`array` as a `TensorProto`.

    An array of one repeated value is written once, as TensorFlow writes zeros.

    Args:
        array: an array of any shape and of the type of some `DType`; strings are
            `bytes` objects.

    Raises:
        TypeError: when no `DType` stands for the type of `array`.
        ValueError: when the array is larger than 2 GB.
    """
    from tfstyle.core.framework import tensor_pb2, tensor_shape_pb2

    dtype = dtypes.as_dtype(array.dtype)
    if array.nbytes >= _MAX_BYTES:
        raise ValueError(
            "Cannot create a tensor proto whose content is larger than 2GB."
        )
    shape = tensor_shape_pb2.TensorShapeProto()
    for size in array.shape:
        shape.dim.add(size=size)
    proto = tensor_pb2.TensorProto(dtype=dtype.as_datatype_enum, tensor_shape=shape)
    flat = array.ravel()
    if dtype != dtypes.string and _is_uniform(flat):
        flat = flat[:1]
    if dtype in _CONTENT_TYPES and flat.size > 1:
        proto.tensor_content = flat.tobytes()
    else:
        getattr(proto, _field(dtype)).extend(_carried(dtype, flat))
    return proto


def _is_uniform(flat: _Array) -> bool:
    """Whether all elements are the same bits (0.0 and -0.0 are not)."""
    if flat.size < 2:
        return False
    bits = flat.view(np.uint8).reshape(flat.size, -1)
    return bool((bits == bits[0]).all())


def _carried(dtype: DType, flat: _Array) -> list[Any]:
    """The elements as the field of a `TensorProto` holds them."""
    if dtype == dtypes.string:
        return [s.encode() if isinstance(s, str) else bytes(s) for s in flat]
    if dtype.is_complex:
        flat = flat.view(dtype.real_dtype.as_numpy_dtype)
    elif _field(dtype) == "half_val":
        flat = flat.view(np.uint16)
    elif dtype.is_quantized:
        flat = flat[dtype.name]
    values: list[Any] = flat.tolist()
    return values


def array_of_proto(tensor: Any) -> _Array:
    """The array that a `TensorProto` holds, as raw bytes or in its typed fields.

    Fewer values than the shape has are completed by repeating the last one; without
    any value the array is zeros.

    Raises:
        TypeError: when its type is not one of a tensor.
        ValueError: when it holds more values than its shape has, or the wrong number
            of bytes.
    """
    try:
        dtype = dtypes.as_dtype(tensor.dtype)
    except TypeError:
        raise TypeError(f"Unsupported tensor type: {tensor.dtype}") from None
    shape = tuple(dim.size for dim in tensor.tensor_shape.dim)
    if tensor.tensor_content and dtype != dtypes.string:
        content = np.frombuffer(tensor.tensor_content, dtype.as_numpy_dtype)
        return content.reshape(shape).copy()
    values = _values(dtype, getattr(tensor, _field(dtype)))
    missing = int(np.prod(shape, dtype=np.int64)) - values.size
    if missing > 0:
        last = values[-1:] if values.size else _zeros(dtype)
        values = np.concatenate([values, np.repeat(last, missing)])
    return values.reshape(shape)


def _values(dtype: DType, held: Any) -> _Array:
    """The inverse of `_carried`."""
    numpy_type = dtype.as_numpy_dtype
    if dtype == dtypes.string:
        strings = np.empty(len(held), object)
        strings[:] = list(held)
        return strings
    if dtype.is_complex:
        return np.array(held, dtype.real_dtype.as_numpy_dtype).view(numpy_type)
    if _field(dtype) == "half_val":
        return np.array(held, np.uint16).view(numpy_type)
    if dtype.is_quantized:
        return np.array(held, numpy_type[0]).view(numpy_type)
    # Through int64: a field may hold what a small type wraps around.
    wide = np.int64 if dtype.is_integer else None
    return np.array(held, wide).astype(numpy_type)


def _zeros(dtype: DType) -> _Array:
    if dtype == dtypes.string:
        return np.array([b""], object)
    return np.zeros(1, dtype.as_numpy_dtype)
