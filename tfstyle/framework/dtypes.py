"""The element types of tensors: `tf.float32` and its relatives, and `tf.as_dtype`."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any, ClassVar

import ml_dtypes
import numpy as np

__all__ = [
    "QUANTIZED_DTYPES",
    "DType",
    "as_dtype",
    "bfloat16",
    "bfloat16_ref",
    "bool",
    "bool_ref",
    "complex64",
    "complex64_ref",
    "complex128",
    "complex128_ref",
    "double",
    "double_ref",
    "float16",
    "float16_ref",
    "float32",
    "float32_ref",
    "float64",
    "float64_ref",
    "half",
    "half_ref",
    "int8",
    "int8_ref",
    "int16",
    "int16_ref",
    "int32",
    "int32_ref",
    "int64",
    "int64_ref",
    "qint8",
    "qint8_ref",
    "qint16",
    "qint16_ref",
    "qint32",
    "qint32_ref",
    "quint8",
    "quint8_ref",
    "quint16",
    "quint16_ref",
    "string",
    "string_ref",
    "uint8",
    "uint8_ref",
    "uint16",
    "uint16_ref",
]

# The numbers are those of the `DataType` enum in TensorFlow's files.
_REF_OFFSET = 100
_TYPES: dict[int, tuple[str, Any]] = {
    1: ("float32", np.float32),
    2: ("float64", np.float64),
    3: ("int32", np.int32),
    4: ("uint8", np.uint8),
    5: ("int16", np.int16),
    6: ("int8", np.int8),
    7: ("string", object),
    8: ("complex64", np.complex64),
    9: ("int64", np.int64),
    10: ("bool", np.bool_),
    11: ("qint8", np.dtype([("qint8", np.int8)])),
    12: ("quint8", np.dtype([("quint8", np.uint8)])),
    13: ("qint32", np.dtype([("qint32", np.int32)])),
    14: ("bfloat16", ml_dtypes.bfloat16),
    15: ("qint16", np.dtype([("qint16", np.int16)])),
    16: ("quint16", np.dtype([("quint16", np.uint16)])),
    17: ("uint16", np.uint16),
    18: ("complex128", np.complex128),
    19: ("float16", np.float16),
}
_REAL_PARTS = {8: 1, 18: 2}
_BFLOAT16 = 14
# NumPy's own `finfo` does not know bfloat16.
_finfo: Callable[[Any], Any] = ml_dtypes.finfo


class DType:
    """The type of the elements of a `Tensor`.

    There is one object per type, so `is` and `==` agree between `DType`s. A `DType`
    also equals whatever `tf.as_dtype` converts to it: `tf.float32 == "float32"`. Each
    type has a reference variant (`tf.float32_ref`), the type of the value of a
    variable, which may be assigned to.

    Attributes:
        name: the name, such as `"float32"` or `"float32_ref"`.
        as_datatype_enum: the number of the type in TensorFlow's protocol buffers.
        as_numpy_dtype: the NumPy type of the elements; `object` for strings.
        base_dtype: the type without reference.
        real_dtype: the type of the real part; the type itself if it is not complex.
        size: bytes per element; for strings, bytes per pointer.
        is_ref_dtype: whether it is a reference type.
        is_integer: whether it is a signed or unsigned integer, not quantized.
        is_floating: whether it is a real floating point type.
        is_complex: whether it is a complex type.
        is_quantized: whether it is a quantized type.
        is_unsigned: whether it is an unsigned integer.
    """

    __slots__ = (
        "as_datatype_enum",
        "as_numpy_dtype",
        "base_dtype",
        "is_complex",
        "is_floating",
        "is_integer",
        "is_quantized",
        "is_ref_dtype",
        "is_unsigned",
        "name",
        "real_dtype",
        "size",
    )

    _made: ClassVar[dict[int, DType]] = {}

    name: str
    as_datatype_enum: int
    as_numpy_dtype: Any
    base_dtype: DType
    real_dtype: DType
    size: int
    is_ref_dtype: builtins.bool
    is_integer: builtins.bool
    is_floating: builtins.bool
    is_complex: builtins.bool
    is_quantized: builtins.bool
    is_unsigned: builtins.bool

    def __new__(cls, type_enum: int) -> DType:
        """Returns the type with a number of the `DataType` enum.

        Raises:
            TypeError: when no type has that number.
        """
        try:
            type_enum = int(type_enum)
            if type_enum in cls._made:
                return cls._made[type_enum]
            is_ref = type_enum > _REF_OFFSET
            name, numpy_type = _TYPES[type_enum - _REF_OFFSET * is_ref]
        except (KeyError, TypeError, ValueError):
            raise TypeError(
                f"type_enum is not a valid types_pb2.DataType: {type_enum}"
            ) from None
        self = super().__new__(cls)
        self._fill(type_enum, name, numpy_type, is_ref)
        cls._made[type_enum] = self
        return self

    def _fill(
        self, enum: int, name: str, numpy_type: Any, is_ref: builtins.bool
    ) -> None:
        kind = np.dtype(numpy_type).kind
        base = enum - _REF_OFFSET * is_ref
        real = _REAL_PARTS.get(base)
        self.name = name + "_ref" * is_ref
        self.as_datatype_enum = enum
        self.as_numpy_dtype = numpy_type
        self.base_dtype = DType(base) if is_ref else self
        self.real_dtype = self if real is None else DType(real)
        self.size = np.dtype(numpy_type).itemsize
        self.is_ref_dtype = is_ref
        self.is_integer = kind in "iu"
        self.is_floating = kind == "f" or base == _BFLOAT16
        self.is_complex = real is not None
        self.is_quantized = isinstance(numpy_type, np.dtype)
        self.is_unsigned = kind == "u"

    @property
    def as_ref(self) -> DType:
        """The reference variant of this type; a reference type is its own."""
        if self.is_ref_dtype:
            return self
        return DType(self.as_datatype_enum + _REF_OFFSET)

    @property
    def _as_ref(self) -> DType:
        return self.as_ref

    @property
    def _is_ref_dtype(self) -> builtins.bool:
        return self.is_ref_dtype

    @property
    def min(self) -> Any:
        """The least value of the type: a Python int or a NumPy float.

        Raises:
            TypeError: when the type is neither an integer nor a real float.
        """
        if self.is_integer:
            return int(np.iinfo(self.as_numpy_dtype).min)
        if self.is_floating:
            return _finfo(self.as_numpy_dtype).min
        raise TypeError(f"Cannot find minimum value of {self}.")

    @property
    def max(self) -> Any:
        """The greatest value of the type: a Python int or a NumPy float.

        Raises:
            TypeError: when the type is neither an integer nor a real float.
        """
        if self.is_integer:
            return int(np.iinfo(self.as_numpy_dtype).max)
        if self.is_floating:
            return _finfo(self.as_numpy_dtype).max
        raise TypeError(f"Cannot find maximum value of {self}.")

    def is_compatible_with(self, other: Any) -> builtins.bool:
        """Whether a value of type `other` can be passed where this type is wanted.

        A reference can be read as a plain value, but not the other way round.

        Args:
            other: a `DType` or whatever `tf.as_dtype` accepts.

        Raises:
            TypeError: when `other` is not a type.
        """
        other = as_dtype(other)
        return self is other or self is other.base_dtype

    def __eq__(self, other: object) -> builtins.bool:
        if self is other:
            return True
        if other is None or type(other) is DType:
            return False
        try:
            return self is as_dtype(other)
        except TypeError:
            return False

    def __hash__(self) -> int:
        return self.as_datatype_enum

    def __reduce__(self) -> tuple[type[DType], tuple[int]]:
        return DType, (self.as_datatype_enum,)

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __repr__(self) -> str:
        return f"tf.{self.name}"


float32 = DType(1)
float64 = DType(2)
int32 = DType(3)
uint8 = DType(4)
int16 = DType(5)
int8 = DType(6)
string = DType(7)
complex64 = DType(8)
int64 = DType(9)
bool = DType(10)
qint8 = DType(11)
quint8 = DType(12)
qint32 = DType(13)
bfloat16 = DType(14)
qint16 = DType(15)
quint16 = DType(16)
uint16 = DType(17)
complex128 = DType(18)
float16 = DType(19)

float32_ref = float32.as_ref
float64_ref = float64.as_ref
int32_ref = int32.as_ref
uint8_ref = uint8.as_ref
int16_ref = int16.as_ref
int8_ref = int8.as_ref
string_ref = string.as_ref
complex64_ref = complex64.as_ref
int64_ref = int64.as_ref
bool_ref = bool.as_ref
qint8_ref = qint8.as_ref
quint8_ref = quint8.as_ref
qint32_ref = qint32.as_ref
bfloat16_ref = bfloat16.as_ref
qint16_ref = qint16.as_ref
quint16_ref = quint16.as_ref
uint16_ref = uint16.as_ref
complex128_ref = complex128.as_ref
float16_ref = float16.as_ref

half = float16
half_ref = float16_ref
double = float64
double_ref = float64_ref

QUANTIZED_DTYPES = frozenset(t for t in DType._made.values() if t.is_quantized)


def _conversions() -> dict[Any, DType]:
    """Everything that names a type: numbers, names, NumPy types and NumPy dtypes."""
    table: dict[Any, DType] = {}
    for number, dtype in DType._made.items():
        table[number] = dtype
        table[dtype.name] = dtype
        if not dtype.is_ref_dtype:
            table[dtype.as_numpy_dtype] = dtype
            table[np.dtype(dtype.as_numpy_dtype)] = dtype
    for alias, dtype in (("half", float16), ("float", float32), ("double", float64)):
        table[alias] = dtype
        table[alias + "_ref"] = dtype.as_ref
    # What `np.bool` and `np.object` meant to scripts of NumPy 1 and 2.
    table[builtins.bool] = bool
    table[np.object_] = string
    return table


_CONVERSIONS = _conversions()


def as_dtype(type_value: Any) -> DType:
    """Converts `type_value` to a `DType`.

    Args:
        type_value: a `DType`, a NumPy type or dtype, a name such as `"float32"`, or a
            number of the `DataType` enum. `bool` is the only Python number type that
            names one; `int` and `float` have no one size and are refused, as in TF.

    Raises:
        TypeError: when there is no such type.
    """
    if type(type_value) is DType:
        return type_value
    try:
        found = _CONVERSIONS.get(type_value)
    except TypeError:
        found = None
    if found is not None:
        return found
    if isinstance(type_value, np.dtype) and type_value.kind in "SU":
        return string
    raise TypeError(f"Cannot convert value {type_value!r} to a TensorFlow DType.")
