"""From Python values to tensors; dtypes and errors are those of TensorFlow 0.12.1."""

import decimal
import re

import jax.numpy as jnp
import numpy as np
import pytest

import tfstyle as tf
from tfstyle.framework import conversion
from tfstyle.framework import ops as framework_ops


@pytest.fixture(autouse=True)
def _own_graph(monkeypatch):
    monkeypatch.setattr(
        conversion, "_registry", {k: list(v) for k, v in conversion._registry.items()}
    )
    monkeypatch.setattr(conversion, "_ordered", list(conversion._ordered))
    with tf.Graph().as_default():
        yield


def value_of(tensor):
    return tensor.op.get_attr("value").tolist()


VALUES = [
    (1, "int32", 1),
    (1.5, "float32", 1.5),
    (True, "bool", True),
    (1 + 2j, "complex128", 1 + 2j),
    ("a", "string", b"a"),
    (b"a", "string", b"a"),
    ("é", "string", b"\xc3\xa9"),
    ([1, 2], "int32", [1, 2]),
    ([1, 2.5], "float32", [1.0, 2.5]),
    ([1, True], "int32", [1, 1]),
    ([1, 1j], "complex128", [1, 1j]),
    ([[True], [False]], "bool", [[True], [False]]),
    (["a", b"b"], "string", [b"a", b"b"]),
    ([], "float32", []),
    ([[], []], "float32", [[], []]),
    (((1, 2), [3, 4]), "int32", [[1, 2], [3, 4]]),
    (range(3), "int32", [0, 1, 2]),
    (2**31 - 1, "int32", 2**31 - 1),
    (2**31, "int64", 2**31),
    ([1, -(2**31) - 1], "int64", [1, -(2**31) - 1]),
    (1e40, "float32", float("inf")),
    (np.int8(3), "int8", 3),
    (np.int64(3), "int64", 3),
    (np.float64(1.5), "float64", 1.5),
    (np.float16(1.5), "float16", 1.5),
    (np.bool_(True), "bool", True),
    (np.array([1.5]), "float64", [1.5]),
    (np.array(["a", "b"]), "string", [b"a", b"b"]),
    (np.array([b"a", "é"], object), "string", [b"a", b"\xc3\xa9"]),
    (np.array([[1, 2], [3, 4]], np.int16).T, "int16", [[1, 3], [2, 4]]),
    # A list is a list, whatever its numbers are.
    ([np.float64(1.5)], "float32", [1.5]),
    ([np.int64(1), 2], "int32", [1, 2]),
    ([np.array([1.5, 2.0]), [3, 4]], "float32", [[1.5, 2.0], [3.0, 4.0]]),
    (jnp.arange(3, dtype=jnp.int32), "int32", [0, 1, 2]),
    (tf.TensorShape([2, 3]), "int32", [2, 3]),
    (tf.Dimension(4), "int32", 4),
    ([tf.Dimension(4), 2], "int32", [4, 2]),
]


@pytest.mark.parametrize(("value", "dtype", "expected"), VALUES, ids=repr)
def test_dtype_of_a_value(value, dtype, expected):
    tensor = tf.convert_to_tensor(value)
    assert tensor.dtype.name == dtype
    assert value_of(tensor) == expected
    assert tensor.get_shape() == np.shape(expected)


GIVEN = [
    (1, "float32", 1.0),
    (True, "int32", 1),
    (True, "float64", 1.0),
    ([1, 2], "complex64", [1, 2]),
    ([tf.Dimension(4), -1], "int32", [4, -1]),
    (tf.TensorShape([2]), "int64", [2]),
    (np.array([1.5]), "int32", [1]),
    (np.int64(2), "float16", 2.0),
    (1e40, "float32", float("inf")),
    (-1, "uint8", 255),
    (300, "int8", 44),
    (2**32 + 5, "int32", 5),
    (np.array([300]), "uint8", [44]),
    (["a"], "string", [b"a"]),
]


@pytest.mark.parametrize(("value", "dtype", "expected"), GIVEN, ids=repr)
def test_value_of_a_given_dtype(value, dtype, expected):
    tensor = tf.convert_to_tensor(value, dtype=dtype)
    assert tensor.dtype.name == dtype
    assert value_of(tensor) == expected


REFUSED = [
    # (value, dtype, class, words)
    (None, None, ValueError, "None values not supported."),
    (None, "int32", ValueError, "None values not supported."),
    ([None], None, TypeError, "Expected binary or unicode string, got None"),
    ([1, None], "int32", TypeError, "Expected int32, got None of type 'NoneType' in"),
    (["a", 1], None, TypeError, "Expected binary or unicode string, got 1"),
    ({1: 2}, None, TypeError, "Expected binary or unicode string, got {1: 2}"),
    (tf.int32, None, TypeError, "Expected binary or unicode string, got tf.int32"),
    (
        decimal.Decimal(1),
        None,
        TypeError,
        "Expected binary or unicode string, got Decimal('1')",
    ),
    (
        np.array(["a", None], object),
        None,
        TypeError,
        "Expected binary or unicode string, got None",
    ),
    (
        np.array([1, 2], object),
        None,
        TypeError,
        "Expected binary or unicode string, go",
    ),
    (np.array([1]), "string", TypeError, "Expected binary or unicode string, got 1"),
    (1.5, "int32", TypeError, "Expected int32, got 1.5 of type 'float' instead."),
    ([1, 2.5], "int64", TypeError, "Expected int64, got 2.5 of type 'float' instead."),
    ("a", "int32", TypeError, "Expected int32, got 'a' of type 'str' instead."),
    (1, "string", TypeError, "Expected string, got 1 of type 'int' instead."),
    (1, "bool", TypeError, "Expected bool, got 1 of type 'int' instead."),
    (1j, "float32", TypeError, "Expected float32, got 1j of type 'complex' instead."),
    (np.array(["a"]), "float32", ValueError, "could not convert string to float"),
    (
        [[1, 2], [3]],
        None,
        ValueError,
        "Argument must be a dense tensor: [[1, 2], [3]] - got shape [2], but wanted "
        "[2, 2].",
    ),
    ([["a", "b"], ["c"]], None, ValueError, "Argument must be a dense tensor: [['a', "),
    (2**63, None, TypeError, "Cannot convert value dtype('uint64') to a TensorFlow DT"),
    (2**63, "int64", ValueError, "9223372036854775808 does not fit int64."),
    (np.uint32(3), None, TypeError, "Cannot convert value dtype('uint32') to a Tensor"),
    (
        tf.TensorShape([1, None]),
        None,
        ValueError,
        "Cannot convert a partially known TensorShape to a Tensor: (1, ?)",
    ),
    (
        tf.TensorShape([1]),
        "float32",
        TypeError,
        "Cannot convert a TensorShape to dtype: <dtype: 'float32'>",
    ),
    (
        tf.Dimension(None),
        None,
        ValueError,
        "Cannot convert an unknown Dimension to a Tensor: ?",
    ),
]


@pytest.mark.parametrize(("value", "dtype", "error", "words"), REFUSED, ids=repr)
def test_value_that_is_no_tensor(value, dtype, error, words):
    with pytest.raises(error, match=re.escape(words)):
        tf.convert_to_tensor(value, dtype=dtype)


# -- tensors, variables and lists of them -----------------------------------------


def test_tensor_is_itself():
    tensor = tf.constant(1)
    assert tf.convert_to_tensor(tensor) is tensor
    assert tf.convert_to_tensor(tensor, dtype=tf.int32) is tensor
    message = (
        "Tensor conversion requested dtype float32 for Tensor with dtype int32: "
        "'Tensor(\"Const:0\", shape=(), dtype=int32)'"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        tf.convert_to_tensor(tensor, dtype=tf.float32)


def test_variable_is_its_value_or_its_reference():
    v = tf.Variable(1.0, name="v")
    assert tf.convert_to_tensor(v).name == "v/read:0"
    assert framework_ops.convert_to_tensor(v, as_ref=True).name == "v:0"
    with pytest.raises(ValueError, match="Incompatible type conversion requested to"):
        tf.convert_to_tensor(v, dtype=tf.int32)


def test_list_with_tensors_is_packed():
    one = tf.constant(1.0)
    tensor = tf.convert_to_tensor([[one, 2], [3, tf.Variable(4.0)]])
    assert (tensor.op.type, tensor.dtype, tensor.get_shape()) == (
        *("Pack", tf.float32),
        [2, 2],
    )
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        assert sess.run(tensor).tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_list_with_tensors_of_two_types():
    a, b = tf.constant(1.0), tf.constant(2, name="b")
    message = (
        "Cannot convert a list containing a tensor of dtype <dtype: 'int32'> to "
        "<dtype: 'float32'> (Tensor is: <tf.Tensor 'b:0' shape=() dtype=int32>)"
    )
    with pytest.raises(TypeError, match=re.escape(message)):
        tf.convert_to_tensor([a, b])
    with pytest.raises(TypeError, match="Expected int32, got 2.5 of type 'float'"):
        tf.convert_to_tensor([b, 2.5])


def test_list_with_tensors_of_two_shapes():
    with pytest.raises(
        ValueError, match=re.escape("Shapes (2,) and () are not compatible")
    ):
        tf.convert_to_tensor([tf.constant([1, 2]), 3])


def test_names():
    assert tf.convert_to_tensor(1).name == "Const:0"
    assert tf.convert_to_tensor(1, name="q").name == "q:0"
    assert tf.convert_to_tensor([tf.constant(1)]).name == "packed:0"
    made = framework_ops.convert_n_to_tensor([1, 2.0], name="z")
    assert [t.name for t in made] == ["z_0:0", "z_1:0"]
    with pytest.raises(TypeError, match="values must be a list."):
        framework_ops.convert_n_to_tensor(3)


def test_preferred_dtype():
    def convert(value, preferred):
        return framework_ops.convert_to_tensor(value, preferred_dtype=preferred).dtype

    assert convert(3, tf.float32) == tf.float32
    assert convert(3.5, tf.int32) == tf.float32
    assert convert([], tf.int32) == tf.int32


# -- a program's own conversions --------------------------------------------------


class Celsius:
    """What a program wants to use as a tensor."""


class Kelvin(Celsius):
    """A subclass of it."""


def test_registered_conversion():
    calls = []

    def convert(value, dtype=None, name=None, as_ref=False):
        calls.append((dtype, name, as_ref))
        return tf.constant(7, name=name)

    tf.register_tensor_conversion_function(Celsius, convert)
    assert value_of(tf.convert_to_tensor(Kelvin(), name="k")) == 7
    assert value_of(tf.add(Celsius(), 1).op.inputs[0]) == 7
    assert calls == [(None, "k", False), (None, "x", False)]


def test_order_of_registered_conversions():
    def answer(number):
        return lambda value, dtype=None, name=None, as_ref=False: (
            number and (tf.constant(number))
        )

    def passes(value, dtype=None, name=None, as_ref=False):
        return NotImplemented

    tf.register_tensor_conversion_function(Celsius, answer(1))
    tf.register_tensor_conversion_function(Celsius, answer(2))
    assert value_of(tf.convert_to_tensor(Kelvin())) == 1
    tf.register_tensor_conversion_function((str, Kelvin), answer(3), priority=50)
    tf.register_tensor_conversion_function(Kelvin, passes, priority=40)
    assert value_of(tf.convert_to_tensor(Kelvin())) == 3
    assert value_of(tf.convert_to_tensor(Celsius())) == 1


def test_registered_conversion_that_is_wrong():
    def number(value, dtype=None, name=None, as_ref=False):
        return 3

    def integer(value, dtype=None, name=None, as_ref=False):
        return tf.constant(3)

    tf.register_tensor_conversion_function(Kelvin, integer)
    with pytest.raises(
        RuntimeError,
        match="returned incompatible dtype: requested = float32, actual = int32",
    ):
        tf.convert_to_tensor(Kelvin(), dtype=tf.float32)
    tf.register_tensor_conversion_function(Celsius, number, priority=50)
    with pytest.raises(RuntimeError, match="returned non-Tensor: 3"):
        tf.convert_to_tensor(Celsius())


def test_registering_something_else():
    with pytest.raises(
        TypeError, match="base_type must be a type or a tuple of types."
    ):
        tf.register_tensor_conversion_function(3, int)
    with pytest.raises(TypeError, match="conversion_func must be callable."):
        tf.register_tensor_conversion_function(int, 3)
