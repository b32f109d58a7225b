"""What programs take from `tensorflow.python.framework.ops`, beyond the graph."""

import os

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.framework import op_stats, ops, proto_functions, tensor_util
from tfstyle.framework.op_def_library import OpDefLibrary


@pytest.fixture(autouse=True)
def _graph():
    with tf.Graph().as_default():
        yield


# -- gradient functions ---------------------------------------------------------


def test_get_gradient_function_of_a_body():
    x = tf.placeholder(tf.float32, [3])
    y = tf.mul(x, tf.sin(x))
    to_x, to_sine = ops.get_gradient_function(y.op)(y.op, tf.ones([3]))
    with tf.Session() as sess:
        found = sess.run([to_x, to_sine], {x: [1.0, 2.0, 3.0]})
    # The gradient of this operation alone: not through the sine.
    np.testing.assert_allclose(found[0], np.sin([1.0, 2.0, 3.0]), rtol=1e-6)
    np.testing.assert_array_equal(found[1], [1.0, 2.0, 3.0])


def test_get_gradient_function_of_integers_is_none():
    values, indices = tf.nn.top_k(tf.placeholder(tf.float32, [3]), 2)
    found = ops.get_gradient_function(values.op)(values.op, tf.ones([2]), None)
    assert found[0] is not None
    assert found[1] is None
    assert ops.get_gradient_function(tf.argmax(values, 0).op) is None
    assert ops.get_gradient_function(tf.placeholder(tf.float32).op) is None
    del indices


def test_get_gradient_function_of_the_program():
    @tf.RegisterGradient("OpsTestGradient")
    def gradient(op, grad):
        return grad

    with tf.get_default_graph().gradient_override_map({"Sin": "OpsTestGradient"}):
        y = tf.sin(1.0)
    assert ops.get_gradient_function(y.op) is gradient


# -- what counts as a tensor ----------------------------------------------------


def test_is_dense_tensor_like():
    assert ops.is_dense_tensor_like(tf.constant(1.0))
    assert ops.is_dense_tensor_like(tf.Variable(1.0))
    assert not ops.is_dense_tensor_like(1.0)
    assert not ops.is_dense_tensor_like(tf.SparseTensor([[0]], [1], [2]))


def test_register_dense_tensor_like_type():
    class Half:
        name = property(lambda self: "half")

    with pytest.raises(TypeError, match="Type Half does not define a `dtype`"):
        ops.register_dense_tensor_like_type(Half)

    class Whole(Half):
        dtype = property(lambda self: tf.float32)

    ops.register_dense_tensor_like_type(Whole)
    assert ops.is_dense_tensor_like(Whole())


def test_default_session():
    session = tf.Session()
    with ops.default_session(session):
        assert tf.get_default_session() is session
        assert tf.constant(2.0).eval() == 2.0
    assert tf.get_default_session() is None


# -- registries -----------------------------------------------------------------


def test_statistics_add_up():
    @ops.RegisterStatistics("OpsTestType", "flops")
    def flops(graph, node):
        return ops.OpStats("flops", 3 * len(node.input))

    node = tf.NodeDef(op="OpsTestType", input=["a", "b"])
    total = ops.get_stats_for_node_def(tf.get_default_graph(), node, "flops")
    total += ops.OpStats("flops")
    total += ops.OpStats("flops", 1)
    assert total.value == 7
    assert ops.get_stats_for_node_def(None, node, "bytes").value is None
    with pytest.raises(ValueError, match="type flops to one of bytes"):
        total += ops.OpStats("bytes", 1)
    with pytest.raises(KeyError, match="OpsTestType,flops"):
        ops.RegisterStatistics("OpsTestType", "flops")(flops)


@pytest.mark.parametrize("arguments", [(1, "flops"), ("a,b", "flops"), ("a", "x,y")])
def test_statistics_with_bad_names(arguments):
    with pytest.raises(TypeError, match="_type must"):
        op_stats.RegisterStatistics(*arguments)


def test_proto_functions():
    ops.register_proto_function("ops_test", int, to_proto=str, from_proto=float)
    assert ops.get_collection_proto_type("ops_test") is int
    assert ops.get_to_proto_function("ops_test") is str
    assert ops.get_from_proto_function("ops_test") is float
    assert proto_functions.get_to_proto_function("ops_test_unknown") is None
    with pytest.raises(KeyError, match="'ops_test'"):
        ops.register_proto_function("ops_test")
    with pytest.raises(TypeError, match="to_proto must be callable"):
        ops.register_proto_function("ops_test_2", to_proto=1)


# -- operations by name of type -------------------------------------------------


def test_op_def_library():
    library = OpDefLibrary()
    a = tf.constant([[1.0, 2.0]])
    product = library.apply_op("MatMul", name="product", a=a, b=a, transpose_b=True)
    assert product.op.name == "product"
    with tf.Session() as sess:
        assert sess.run(product).tolist() == [[5.0]]


def test_op_def_library_refuses():
    library = OpDefLibrary()
    a = tf.constant([[1.0, 2.0]])
    with pytest.raises(TypeError, match="No argument for input b"):
        library.apply_op("MatMul", a=a)
    with pytest.raises(TypeError, match="unexpected keyword arguments: c"):
        library.apply_op("MatMul", a=a, b=a, c=1)
    with pytest.raises(RuntimeError, match="Unrecognized Op name Nope"):
        library.apply_op("Nope")
    with pytest.raises(tf.errors.UnimplementedError, match="Op type Nope"):
        library.add_op(tf.NodeDef(name="Nope"))


@pytest.mark.parametrize("load", [tf.load_op_library, tf.load_file_system_library])
def test_libraries_cannot_be_loaded(load):
    with pytest.raises(tf.errors.NotFoundError, match="/nope.so: cannot open"):
        load("/nope.so")
    with pytest.raises(tf.errors.UnimplementedError, match="compiled for TensorFlow"):
        load(os.fspath(__file__))


# -- TensorProtos ---------------------------------------------------------------


def test_tensor_protos():
    proto = tensor_util.make_tensor_proto([[1.0, 2.0]])
    np.testing.assert_array_equal(tensor_util.MakeNdarray(proto), [[1.0, 2.0]])
    assert tensor_util.TensorShapeProtoToList(proto.tensor_shape) == [1, 2]
    assert tensor_util.ShapeEquals(proto, [1, 2])
    assert tensor_util.ShapeEquals(proto, proto.tensor_shape)
    assert not tensor_util.ShapeEquals(proto, [2, 1])
    with pytest.raises(TypeError, match="not a list"):
        tensor_util.ShapeEquals(proto, 2)
