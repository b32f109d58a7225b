"""Parts of `GraphDef`s, and variables made constants."""

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.framework import graph_util


@pytest.fixture
def graph():
    with tf.Graph().as_default() as graph:
        v = tf.Variable([1.0, 2.0], name="v")
        double = tf.mul(v, tf.constant(2.0, name="two"), name="double")
        tf.identity(double, name="after")
        tf.constant("text", name="text")
        with tf.control_dependencies([tf.no_op(name="before")]):
            tf.identity(double, name="controlled")
        yield graph


def _names(graph_def):
    return [node.name for node in graph_def.node]


def test_extract_sub_graph_keeps_what_is_needed(graph):
    part = graph_util.extract_sub_graph(graph.as_graph_def(), ["double"])
    assert _names(part) == ["v", "v/read", "two", "double"]
    assert part.versions == graph.as_graph_def().versions


def test_extract_sub_graph_follows_control_edges(graph):
    part = graph_util.extract_sub_graph(graph.as_graph_def(), ["controlled"])
    assert "before" in _names(part)


def test_extract_sub_graph_refuses_unknown_names(graph):
    with pytest.raises(AssertionError, match="nope is not in graph"):
        graph_util.extract_sub_graph(graph.as_graph_def(), ["nope"])
    with pytest.raises(TypeError, match="must be a graph_pb2.GraphDef"):
        graph_util.extract_sub_graph([], ["double"])


def test_convert_variables_to_constants(graph):
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        frozen = graph_util.convert_variables_to_constants(
            sess, graph.as_graph_def(), ["after"]
        )
    assert [(n.name, n.op) for n in frozen.node] == [
        ("v", "Const"),
        ("v/read", "Identity"),
        ("two", "Const"),
        ("double", "Mul"),
        ("after", "Identity"),
    ]
    with tf.Graph().as_default(), tf.Session() as sess:
        (after,) = tf.import_graph_def(frozen, return_elements=["after:0"], name="")
        np.testing.assert_array_equal(sess.run(after), [2.0, 4.0])


def test_convert_variables_without_values(graph):
    with tf.Session() as sess, pytest.raises(tf.errors.FailedPreconditionError):
        graph_util.convert_variables_to_constants(
            sess, graph.as_graph_def(), ["double"]
        )


def test_tensor_shape_from_node_def_name(graph):
    for name in ("double", "double:0"):
        shape = graph_util.tensor_shape_from_node_def_name(graph, name)
        assert shape.as_list() == [2]


def test_must_run_on_cpu(graph):
    variable = graph.get_operation_by_name("v")
    assert not graph_util.must_run_on_cpu(variable)
    assert graph_util.must_run_on_cpu(variable, pin_variables_on_cpu=True)
    assert graph_util.must_run_on_cpu(graph.get_operation_by_name("text"))
    assert graph_util.must_run_on_cpu(tf.constant(1).op.node_def)
    assert not graph_util.must_run_on_cpu(tf.constant(1.0).op)
    assert graph_util.must_run_on_cpu(tf.cast(tf.constant(1), tf.float32).op)


def test_set_cpu0():
    assert graph_util.set_cpu0("") == "/device:CPU:0"
    assert graph_util.set_cpu0("/job:w/gpu:1") == "/job:w/device:CPU:0"
