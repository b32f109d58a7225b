import copy
import pickle

import ml_dtypes
import numpy as np
import pytest

from tfstyle.framework import dtypes

# (number, name, size, integer, floating, complex, quantized, unsigned), as TensorFlow
# 0.12.1 gives them but for bfloat16, which it counts as quantized: here it is a float
# that can be computed with.
FACTS = [
    (1, "float32", 4, False, True, False, False, False),
    (2, "float64", 8, False, True, False, False, False),
    (3, "int32", 4, True, False, False, False, False),
    (4, "uint8", 1, True, False, False, False, True),
    (5, "int16", 2, True, False, False, False, False),
    (6, "int8", 1, True, False, False, False, False),
    (7, "string", 8, False, False, False, False, False),
    (8, "complex64", 8, False, False, True, False, False),
    (9, "int64", 8, True, False, False, False, False),
    (10, "bool", 1, False, False, False, False, False),
    (11, "qint8", 1, False, False, False, True, False),
    (12, "quint8", 1, False, False, False, True, False),
    (13, "qint32", 4, False, False, False, True, False),
    (14, "bfloat16", 2, False, True, False, False, False),
    (15, "qint16", 2, False, False, False, True, False),
    (16, "quint16", 2, False, False, False, True, False),
    (17, "uint16", 2, True, False, False, False, True),
    (18, "complex128", 16, False, False, True, False, False),
    (19, "float16", 2, False, True, False, False, False),
]
NAMES = [fact[1] for fact in FACTS]


@pytest.mark.parametrize("suffix", ["", "_ref"])
@pytest.mark.parametrize("facts", FACTS, ids=NAMES)
def test_facts(facts, suffix):
    number, name, *rest = facts
    dtype = getattr(dtypes, name + suffix)
    assert dtype.name == name + suffix
    assert dtype.as_datatype_enum == number + 100 * bool(suffix)
    assert [
        dtype.size,
        dtype.is_integer,
        dtype.is_floating,
        dtype.is_complex,
        dtype.is_quantized,
        dtype.is_unsigned,
    ] == rest
    assert dtype.is_ref_dtype is bool(suffix)
    assert dtype.base_dtype is getattr(dtypes, name)
    assert dtype.as_ref is getattr(dtypes, name + "_ref")
    assert str(dtype) == f"<dtype: '{name}{suffix}'>"
    assert repr(dtype) == f"tf.{name}{suffix}"


@pytest.mark.parametrize("name", NAMES)
def test_one_object_per_type(name):
    dtype = getattr(dtypes, name)
    assert dtypes.DType(dtype.as_datatype_enum) is dtype
    assert dtypes.as_dtype(name) is dtype
    assert dtypes.as_dtype(dtype.as_datatype_enum) is dtype
    assert dtypes.as_dtype(dtype.as_numpy_dtype) is dtype
    assert dtypes.as_dtype(np.dtype(dtype.as_numpy_dtype)) is dtype
    assert dtypes.as_dtype(name + "_ref") is dtype.as_ref
    assert copy.deepcopy(dtype) is dtype
    assert pickle.loads(pickle.dumps(dtype)) is dtype


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("half", "float16"),
        ("float", "float32"),
        ("double", "float64"),
        ("float_ref", "float32_ref"),
        (bool, "bool"),
        (object, "string"),
        (np.bool_, "bool"),
        (np.object_, "string"),
        (np.dtype("S3"), "string"),
        (np.dtype("U3"), "string"),
        (np.dtype("O"), "string"),
        (np.int32(3), "int32"),
        (ml_dtypes.bfloat16, "bfloat16"),
    ],
)
def test_as_dtype_converts(value, name):
    assert dtypes.as_dtype(value).name == name


@pytest.mark.parametrize(
    "value",
    [None, 0, 100, 21, -1, "foo", "int", "f4", b"float32", 3.5, (), [], {}]
    + [int, float, complex, str, bytes, np.uint32, np.uint64, np.dtype("V3")]
    + [np.dtype([("a", np.int8)]), np.array(1.0), np.datetime64],
    ids=repr,
)
def test_as_dtype_refuses(value):
    with pytest.raises(TypeError) as error:
        dtypes.as_dtype(value)
    assert str(error.value) == (
        f"Cannot convert value {value!r} to a TensorFlow DType."
    )


@pytest.mark.parametrize("number", [0, 55, "x", None])
def test_unknown_number(number):
    with pytest.raises(
        TypeError, match=f"^type_enum is not a valid types_pb2.DataType: {number}$"
    ):
        dtypes.DType(number)


def test_real_dtype():
    assert dtypes.complex64.real_dtype is dtypes.float32
    assert dtypes.complex128_ref.real_dtype is dtypes.float64
    assert dtypes.float16.real_dtype is dtypes.float16
    assert dtypes.float32_ref.real_dtype is dtypes.float32_ref


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("int8", -128, 127),
        ("uint16", 0, 65535),
        ("int64", -(2**63), 2**63 - 1),
        ("float16", np.float16(-65504), np.float16(65504)),
        ("float32", np.finfo(np.float32).min, np.finfo(np.float32).max),
        ("float64_ref", np.finfo(np.float64).min, np.finfo(np.float64).max),
    ],
)
def test_limits(name, low, high):
    dtype = dtypes.as_dtype(name)
    assert (dtype.min, dtype.max) == (low, high)
    assert type(dtype.min) is type(low)


@pytest.mark.parametrize("name", ["string", "bool", "complex64", "qint8_ref"])
def test_limits_missing(name):
    dtype = dtypes.as_dtype(name)
    with pytest.raises(
        TypeError, match=f"^Cannot find minimum value of <dtype: '{name}'>.$"
    ):
        _ = dtype.min
    with pytest.raises(
        TypeError, match=f"^Cannot find maximum value of <dtype: '{name}'>.$"
    ):
        _ = dtype.max


def test_equality_converts_the_other_side():
    assert dtypes.float32 == "float32"
    assert dtypes.float32 == np.float32
    assert np.dtype("f4") == dtypes.float32
    assert dtypes.float32 == 1
    assert dtypes.float32 != dtypes.float32_ref
    assert dtypes.float32 != "foo"
    assert dtypes.float32 != None  # noqa: E711 - the comparison is what is tested
    assert dtypes.float32 != np.datetime64
    assert len({dtypes.half, dtypes.float16, dtypes.as_dtype("half")}) == 1


def test_a_reference_can_be_read_but_a_value_not_written():
    assert dtypes.float32.is_compatible_with(dtypes.float32_ref)
    assert dtypes.float32.is_compatible_with("float32")
    assert dtypes.float32_ref.is_compatible_with(dtypes.float32_ref)
    assert not dtypes.float32_ref.is_compatible_with(dtypes.float32)
    assert not dtypes.float32.is_compatible_with(dtypes.float64)


def test_quantized_dtypes():
    quantized = {"qint8", "quint8", "qint16", "quint16", "qint32"}
    assert {t.name for t in dtypes.QUANTIZED_DTYPES} == quantized | {
        f"{name}_ref" for name in quantized
    }
