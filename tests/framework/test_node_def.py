"""GraphDefs against those of real TensorFlow 0.12.1 (`graph_def_cases.py`)."""

import functools
import runpy
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from google.protobuf import text_format

import tfstyle as tf
from tfstyle.core.framework import attr_value_pb2, graph_pb2, tensor_pb2, types_pb2
from tfstyle.framework import dtypes
from tfstyle.framework.node_def import (
    array_of_proto,
    attr_from_proto,
    graph_versions,
    proto_of_array,
)
from tfstyle.ops import rnn, rnn_cell

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _own_graph():
    with tf.Graph().as_default():
        yield


@functools.cache
def golden():
    with np.load(HERE / "graph_def_golden.npz") as recorded:
        texts = {n: text for n, text in recorded.items() if n.endswith("/text")}
    return {name.removesuffix("/text"): str(text) for name, text in texts.items()}


@functools.cache
def cases():
    names = runpy.run_path(str(HERE / "graph_def_cases.py"))
    return {n: c for n, c in names.items() if n.startswith("case_") and n != "case_run"}


def readable(graph_def):
    """A GraphDef as nested tuples, with arrays instead of their many spellings."""
    return [
        (
            node.name,
            node.op,
            tuple(node.input),
            node.device,
            {key: _attr(node.attr[key]) for key in sorted(node.attr)},
        )
        for node in graph_def.node
    ]


def _attr(value):
    if value.WhichOneof("value") != "tensor":
        return str(value)
    array = array_of_proto(value.tensor)
    return (value.tensor.dtype, array.shape, array.tolist())


@pytest.mark.parametrize("case", sorted(golden()))
def test_graph_def_is_that_of_tensorflow(case):
    want = text_format.Parse(golden()[case], graph_pb2.GraphDef())
    got = text_format.Parse(cases()[case](tf, np)["text"], graph_pb2.GraphDef())
    assert readable(got) == readable(want)


def test_every_case_is_recorded():
    assert sorted(cases()) == sorted(golden())


def test_versions_of_a_new_graph():
    versions = tf.Graph().graph_def_versions
    assert versions == graph_versions()
    assert (versions.producer, versions.min_consumer) == (tf.GRAPH_DEF_VERSION, 0)
    assert tf.Graph().as_graph_def().versions == versions


def test_node_def_of_an_operation():
    a, c = tf.constant(1.0, name="a"), tf.constant(2.0, name="c")
    with tf.control_dependencies([a]):
        b = tf.neg(c, name="b")
    node = b.op.node_def
    assert (node.name, node.op, list(node.input)) == ("b", "Neg", ["c", "^a"])
    assert node.attr["T"].type == types_pb2.DT_FLOAT
    assert str(b.op) == str(node)


def test_private_attributes_are_left_out():
    op = tf.constant(1.0).op
    op._attrs.update(_body=object(), _note="kept", _flag=True, _count=3)
    assert sorted(op.node_def.attr) == ["_count", "_flag", "_note", "dtype", "value"]


def test_nodes_of_a_loop_and_of_gradients_can_be_written():
    xs = [tf.placeholder(tf.float32, [5, 2]) for _ in range(3)]
    _, state = rnn.rnn(rnn_cell.BasicRNNCell(2), xs, dtype=tf.float32)
    tf.gradients(state, xs)
    graph_def = tf.get_default_graph().as_graph_def(add_shapes=True)
    written = graph_pb2.GraphDef.FromString(graph_def.SerializeToString())
    names = {node.name for node in written.node}
    assert {"Scan", "BlockGradient"} <= {node.op for node in written.node}
    sources = {i.removeprefix("^").split(":")[0] for n in written.node for i in n.input}
    assert sources <= names


def test_a_large_constant_of_one_value_is_written_once():
    tf.zeros([1000, 1000])
    assert tf.get_default_graph().as_graph_def().ByteSize() < 1000


# -- arrays -----------------------------------------------------------------------

ARRAYS = {
    "float32": np.array([[1.5, -2.0], [np.inf, 3.0]], np.float32),
    "float64": np.array([1e300, np.pi]),
    "float16": np.array([1.5, -2.0, 6e-8], np.float16),
    "bfloat16": np.array([1.5, -2.0, 1e38], ml_dtypes.bfloat16),
    "int8": np.array([-128, 127], np.int8),
    "int16": np.array([-32768, 32767], np.int16),
    "int32": np.arange(24, dtype=np.int32).reshape(2, 3, 4),
    "int64": np.array([-(2**63), 2**63 - 1]),
    "uint8": np.array([0, 255], np.uint8),
    "uint16": np.array([0, 65535], np.uint16),
    "bool": np.array([True, False, True]),
    "complex64": np.array([1 + 2j, -3j], np.complex64),
    "complex128": np.array([[1 + 2j], [-3j]]),
    "string": np.array([[b"a", b"\xff\x00"], [b"", "é".encode()]], object),
    "qint8": np.array([(-1,), (5,)], dtypes.qint8.as_numpy_dtype),
    "quint8": np.array([(255,), (5,)], dtypes.quint8.as_numpy_dtype),
    "qint32": np.array([(-7,), (5,)], dtypes.qint32.as_numpy_dtype),
}


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("form", ["several", "one", "same", "none"])
def test_array_round_trip(name, form):
    array = ARRAYS[name]
    if form == "one":
        array = array.ravel()[0:1].reshape(())
    elif form == "same":
        array = np.repeat(array.ravel()[-1:], 6).reshape(2, 3)
    elif form == "none":
        array = array.ravel()[:0].reshape(0, 3)
    proto = proto_of_array(array)
    assert dtypes.as_dtype(proto.dtype).name == name
    back = array_of_proto(tensor_pb2.TensorProto.FromString(proto.SerializeToString()))
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tolist() == array.tolist()
    back.ravel()[:1] = back.ravel()[:1]  # The array is the caller's own.


@pytest.mark.parametrize("name", sorted(set(ARRAYS) - {"string"}))
def test_raw_bytes_of_any_type_are_read(name):
    array = ARRAYS[name]
    proto = proto_of_array(array)
    for field in ("float_val", "double_val", "int_val", "half_val"):
        proto.ClearField(field)
    proto.tensor_content = array.tobytes()
    np.testing.assert_array_equal(array_of_proto(proto), array)


def test_zeros_of_either_sign_are_different():
    array = array_of_proto(proto_of_array(np.array([0.0, -0.0])))
    assert np.signbit(array).tolist() == [False, True]


def test_missing_values_repeat_the_last():
    proto = proto_of_array(np.zeros(4, np.int32))
    proto.int_val[:] = [1, 2]
    assert array_of_proto(proto).tolist() == [1, 2, 2, 2]
    proto.ClearField("int_val")
    assert array_of_proto(proto).tolist() == [0, 0, 0, 0]


def test_arrays_that_are_no_tensor():
    with pytest.raises(TypeError, match="Unsupported tensor type: 20"):
        array_of_proto(tensor_pb2.TensorProto(dtype=types_pb2.DT_RESOURCE))
    with pytest.raises(TypeError, match="to a TensorFlow DType"):
        proto_of_array(np.array(["2016-06-01"], "datetime64[D]"))
    proto = proto_of_array(np.arange(3))
    proto.tensor_shape.dim[0].size = 2
    with pytest.raises(ValueError, match="cannot reshape"):
        array_of_proto(proto)


# -- attributes -------------------------------------------------------------------


def test_attribute_says_what_it_is():
    proto = attr_value_pb2.AttrValue
    lists = proto.ListValue
    assert attr_from_proto(proto(s=b"x")) == "x"
    assert attr_from_proto(proto(s=b"\xff")) == b"\xff"
    assert attr_from_proto(proto(i=0)) == 0
    assert attr_from_proto(proto(b=False)) is False
    assert attr_from_proto(proto(f=0.5)) == 0.5
    assert attr_from_proto(proto(type=types_pb2.DT_INT32)) is tf.int32
    assert attr_from_proto(proto(list=lists(i=[1, 2]))) == [1, 2]
    assert attr_from_proto(proto(list=lists())) == []
    shape = tf.TensorShape([None, 3]).as_proto()
    assert attr_from_proto(proto(shape=shape)).as_list() == [None, 3]


def test_attribute_of_another_kind():
    with pytest.raises(ValueError, match="attr of type int expected, but it holds 's'"):
        attr_from_proto(attr_value_pb2.AttrValue(s=b"x"), "int")
