"""Arrays of constants; results and errors are those of TensorFlow 0.12.1."""

import re

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.framework import tensor_util


@pytest.fixture(autouse=True)
def _own_graph():
    with tf.Graph().as_default():
        yield


@pytest.mark.parametrize(
    ("value", "dtype", "shape", "expected"),
    [
        (1, None, [2, 2], [[1, 1], [1, 1]]),
        ([1, 2, 3], None, [2, 2], [[1, 2], [3, 3]]),
        ([1, 2], tf.float64, [2, 1], [[1.0], [2.0]]),
        ([], tf.float32, [2], [0.0, 0.0]),
        ([], tf.string, [2], [b"", b""]),
        ([], None, [0], []),
        ("a", None, [2], [b"a", b"a"]),
        ([[1, 2]], None, [2], [1, 2]),
        (np.array([1, 2]), None, [4], [1, 2, 2, 2]),
        (1, None, [], 1),
        ([1], None, [], 1),
        (1, None, tf.TensorShape([2]), [1, 1]),
    ],
)
def test_values_fill_a_shape(value, dtype, shape, expected):
    array = tensor_util.make_array(value, dtype, shape)
    assert array.tolist() == expected
    assert tf.constant(value, dtype=dtype, shape=shape).get_shape() == np.shape(
        expected
    )


def test_more_values_than_the_shape_holds():
    message = "Too many elements provided. Needed at most 2, but received 3"
    with pytest.raises(ValueError, match=message):
        tf.constant([1, 2, 3], shape=[2])


@pytest.mark.parametrize("shape", [[None, 2], tf.TensorShape(None)])
def test_shape_that_is_not_known(shape):
    with pytest.raises(TypeError, match="The shape of a constant must be fully known"):
        tf.constant(1, shape=shape)


def test_constant_keeps_its_value():
    array = np.array([1, 2])
    tensor = tf.constant(array)
    array[0] = 7
    assert tensor.op.get_attr("value").tolist() == [1, 2]


def test_tensor_proto_round_trip():
    proto = tensor_util.make_tensor_proto([[1, 2], [3, 4]], tf.int64)
    assert tensor_util.make_ndarray(proto).tolist() == [[1, 2], [3, 4]]
    assert tensor_util.TensorShapeProtoToList(proto.tensor_shape) == [2, 2]
    assert tensor_util.ShapeEquals(proto, [2, 2])
    assert tensor_util.ShapeEquals(proto, proto.tensor_shape)
    assert not tensor_util.ShapeEquals(proto, [4])
    with pytest.raises(TypeError, match="tensor_proto is not a tensor_pb2.TensorProto"):
        tensor_util.ShapeEquals([1], [1])
    with pytest.raises(TypeError, match=re.escape("shape is not a list or tuple")):
        tensor_util.ShapeEquals(proto, 4)


def test_constant_value_of_a_constant():
    assert tensor_util.constant_value(tf.constant([1, 2])).tolist() == [1, 2]
    assert tensor_util.constant_value(tf.placeholder(tf.int32)) is None
