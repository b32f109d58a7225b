import numpy as np
import pytest

import tfstyle as tf
from tfstyle.framework.constant_value import (
    constant_value,
    constant_value_as_shape,
    is_pure,
)
from tfstyle.framework.op_def import declaration_of


@pytest.fixture(autouse=True)
def _own_graph():
    with tf.Graph().as_default():
        yield


def unknown(*sizes, dtype=tf.float32):
    return tf.placeholder(dtype, list(sizes))


KNOWN = {
    "constant": (lambda: tf.constant([1, 2]), [1, 2]),
    "arithmetic": (lambda: (tf.constant(7) - 1) * 2 // 5, 2),
    "shape": (lambda: tf.shape(unknown(2, 3)), [2, 3]),
    "size": (lambda: tf.size(unknown(2, 3)), 6),
    "rank": (lambda: tf.rank(unknown(None, 3)), 2),
    "a size": (lambda: tf.shape(unknown(2, 3))[1], 3),
    "pack": (lambda: tf.pack([tf.shape(unknown(4))[0], -1]), [4, -1]),
    "concat": (lambda: tf.concat(0, [tf.shape(unknown(4)), [5]]), [4, 5]),
    "cast": (lambda: tf.cast(tf.constant([1.9, -1.9]), tf.int32), [1, -1]),
    "range": (lambda: tf.range(2, 8, 3), [2, 5]),
    "fill": (lambda: tf.fill([2], 3), [3, 3]),
    "product": (lambda: tf.reduce_prod(tf.shape(unknown(2, 3))), 6),
    "comparison": (lambda: tf.equal(tf.rank(unknown(1, 1)), 2), True),
    "reshape": (lambda: tf.reshape(tf.constant([1, 2]), [2, 1]), [[1], [2]]),
    "64 bits": (lambda: tf.constant(2**40, tf.int64) + 1, 2**40 + 1),
}


@pytest.mark.parametrize("name", KNOWN)
def test_value_known_while_building(name):
    make, expected = KNOWN[name]
    tensor = make()
    value = constant_value(tensor)
    assert isinstance(value, np.ndarray)
    assert value.dtype == tensor.dtype.as_numpy_dtype
    assert value.tolist() == expected
    assert constant_value(tensor) is not None  # Remembered.


UNKNOWN = {
    "placeholder": lambda: unknown(2),
    "default that may be fed": lambda: tf.placeholder_with_default([1], [1]),
    "shape with an unknown size": lambda: tf.shape(unknown(None, 3)),
    "rank": lambda: tf.rank(tf.placeholder(tf.float32)),
    "variable": lambda: tf.Variable(1) + 1,
    "random": lambda: tf.random_uniform([2], seed=1),
    "host": lambda: tf.py_func(lambda: np.int32(1), [], [tf.int32])[0],
    "large": lambda: tf.zeros([2000]) + 1,
    "text": lambda: tf.identity(tf.constant("a")),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_value_known_only_at_run_time(name):
    assert constant_value(UNKNOWN[name]()) is None


def test_value_does_not_change_with_set_shape():
    x = unknown(None, 3)
    shape = tf.shape(x)
    assert constant_value(shape) is None
    x.set_shape([2, 3])
    assert constant_value(shape).tolist() == [2, 3]


SHAPES = {
    "constant": (lambda: tf.constant([2, -1]), [2, None]),
    "shape": (lambda: tf.shape(unknown(None, 3)), [None, 3]),
    "cast": (lambda: tf.cast(tf.shape(unknown(None, 3)), tf.int64), [None, 3]),
    "pack": (lambda: tf.pack([tf.shape(unknown(None, 3))[0], 5]), [None, 5]),
    "slice": (lambda: tf.shape(unknown(None, 3, 4))[1:], [3, 4]),
    "concat": (lambda: tf.concat(0, [tf.shape(unknown(None)), [5]]), [None, 5]),
    "fed": (lambda: unknown(2, dtype=tf.int32), [None, None]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_value_as_shape(name):
    make, expected = SHAPES[name]
    assert constant_value_as_shape(make()).as_list() == expected


def test_value_as_shape_of_unknown_rank():
    assert constant_value_as_shape(unknown(None, dtype=tf.int32)).ndims is None


@pytest.mark.parametrize(
    ("op_type", "pure"),
    [
        ("Add", True),
        ("Const", True),
        ("Placeholder", False),
        ("PlaceholderWithDefault", False),
        ("Variable", False),
        ("Assign", False),
        ("RandomUniform", False),
        ("PyFunc", False),
        ("BlockGradient", False),
    ],
)
def test_pure_ops(op_type, pure):
    assert is_pure(declaration_of(op_type)) is pure
    assert not is_pure(None)
