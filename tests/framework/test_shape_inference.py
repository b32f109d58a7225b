"""Static shapes; the tables hold what TensorFlow 0.12.1 infers."""

import re

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.framework import shape_inference


@pytest.fixture(autouse=True)
def _own_graph():
    known = dict(shape_inference.registered_shapes)
    with tf.Graph().as_default():
        yield
    shape_inference.registered_shapes.clear()
    shape_inference.registered_shapes.update(known)


def f(*sizes):
    return tf.placeholder(tf.float32, list(sizes))


def i(*sizes):
    return tf.placeholder(tf.int32, list(sizes))


def anything():
    return tf.placeholder(tf.float32)


def resized(x, make):
    return tf.reshape(x, make(tf.shape(x)))


N = None
SHAPES = {
    "broadcast known": (lambda: f(N, 3) + f(2, 1), "(2, 3)"),
    "broadcast unknown": (lambda: f(N, 3) + f(3), "(?, 3)"),
    "broadcast with unknown rank": (lambda: f(N, 3) + anything(), "<unknown>"),
    "matmul": (lambda: tf.matmul(f(N, 3), f(3, 4)), "(?, 4)"),
    "matmul of unknown rank": (lambda: tf.matmul(anything(), f(3, 4)), "(?, 4)"),
    "matmul transposed": (
        lambda: tf.matmul(f(3, N), f(4, 3), transpose_a=True, transpose_b=True),
        "(?, 4)",
    ),
    "reshape by -1": (lambda: tf.reshape(f(6, 4), [-1, 3]), "(8, 3)"),
    "reshape unknown by -1": (lambda: tf.reshape(f(N, 4), [-1, 2]), "(?, 2)"),
    "reshape by a fed shape": (lambda: tf.reshape(f(6, 4), i(2)), "(?, ?)"),
    "reshape by a fed rank": (lambda: tf.reshape(f(6, 4), i(N)), "<unknown>"),
    "reshape by pack": (
        lambda: resized(f(N, 3, 4), lambda s: tf.pack([s[0], -1])),
        "(?, ?)",
    ),
    "reshape by list": (lambda: resized(f(N, 3, 4), lambda s: [s[0], 12]), "(?, 12)"),
    "reshape by concat": (
        lambda: resized(f(N, 3, 4), lambda s: tf.concat(0, [s[:1], [12]])),
        "(?, 12)",
    ),
    "reshape to itself": (lambda: resized(f(N, 3, 4), lambda s: s), "(?, 3, 4)"),
    "shape": (lambda: tf.shape(f(N, 3)), "(2,)"),
    "shape of unknown rank": (lambda: tf.shape(anything()), "(?,)"),
    "concat": (lambda: tf.concat(1, [f(2, N), f(N, 3)]), "(2, ?)"),
    "concat along a fed dimension": (lambda: tf.concat(i(), [f(2, 3)] * 2), "(?, ?)"),
    "split": (lambda: tf.split(1, 3, f(N, 6))[0], "(?, 2)"),
    "pack": (lambda: tf.pack([f(N, 3), f(2, N)]), "(2, 2, 3)"),
    "unpack": (lambda: tf.unpack(f(3, N))[0], "(?,)"),
    "slice to the end": (lambda: tf.slice(f(4, 5), [1, 1], [-1, -1]), "(3, 4)"),
    "slice of a fed size": (lambda: tf.slice(f(4, 5), [1, 1], i(2)), "(?, ?)"),
    "index": (lambda: f(N, N, 7)[:, 2, :], "(?, 7)"),
    "transpose": (lambda: tf.transpose(f(N, 3, 4)), "(4, 3, ?)"),
    "transpose by a fed order": (lambda: tf.transpose(f(N, 3), i(2)), "(?, ?)"),
    "expand_dims": (lambda: tf.expand_dims(f(N, 3), -1), "(?, 3, 1)"),
    "squeeze": (lambda: tf.squeeze(f(1, N, 1, 3), [0, 2]), "(?, 3)"),
    "squeeze unknown": (lambda: tf.squeeze(f(1, N, 1, 3)), "<unknown>"),
    "tile": (lambda: tf.tile(f(N, 3), [2, 2]), "(?, 6)"),
    "pad": (lambda: tf.pad(f(N, 3), [[1, 1], [0, 2]]), "(?, 5)"),
    "gather": (lambda: tf.gather(f(10, 3), i(N, 4)), "(?, 4, 3)"),
    "one_hot": (lambda: tf.one_hot(i(N), 5), "(?, 5)"),
    "sum of all": (lambda: tf.reduce_sum(f(N, 3)), "()"),
    "sum": (lambda: tf.reduce_sum(f(N, 3, 4), [0, 2], keep_dims=True), "(1, 3, 1)"),
    "sum along the last": (lambda: tf.reduce_sum(f(N, 3), -1), "(?,)"),
    "fill": (lambda: tf.fill(tf.shape(f(N, 3)), 1.0), "(?, 3)"),
    "zeros_like": (lambda: tf.zeros_like(f(N, 3)), "(?, 3)"),
    "random_uniform": (lambda: tf.random_uniform(tf.shape(f(N, 3))), "(?, 3)"),
    "range": (lambda: tf.range(2, 10, 3), "(3,)"),
    "range of a fed limit": (lambda: tf.range(i()), "(?,)"),
    "conv2d": (
        lambda: tf.nn.conv2d(f(N, 28, 28, 1), f(5, 5, 1, 8), [1, 2, 2, 1], "VALID"),
        "(?, 12, 12, 8)",
    ),
    "max_pool": (
        lambda: tf.nn.max_pool(f(N, 28, N, 3), [1, 2, 2, 1], [1, 2, 2, 1], "SAME"),
        "(?, 14, ?, 3)",
    ),
    "where": (lambda: tf.where(tf.placeholder(tf.bool, [N, 3])), "(?, 2)"),
    "py_func": (lambda: tf.py_func(np.copy, [f(2)], [tf.float32])[0], "<unknown>"),
    "batch_matmul": (lambda: tf.batch_matmul(f(N, 2, 3), f(4, 3, 5)), "(4, 2, 5)"),
    "boolean_mask": (
        lambda: tf.boolean_mask(f(N, 3), tf.placeholder(tf.bool, [N])),
        "(?, 3)",
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_static_shape(name):
    make, expected = SHAPES[name]
    assert str(make().get_shape()) == expected


MISMATCHES = {
    "add": (
        lambda: f(N, 3) + f(2, 4),
        "Dimensions must be equal, but are 3 and 4 for 'add' (op: 'Add') with input "
        "shapes: [?,3], [2,4].",
    ),
    "matmul": (
        lambda: tf.matmul(f(2, 3), f(4, 5)),
        "Dimensions must be equal, but are 3 and 4 for 'MatMul' (op: 'MatMul') with "
        "input shapes: [2,3], [4,5].",
    ),
    "bias_add": (
        lambda: tf.nn.bias_add(f(N, 3), f(4), name="bias"),
        "for 'bias' (op: 'BiasAdd') with input shapes: [?,3], [4].",
    ),
    "reshape": (
        lambda: tf.reshape(f(6, 4), [-1, 5]),
        "Dimension size must be evenly divisible by 5 but is 24",
    ),
    "conv2d": (
        lambda: tf.nn.conv2d(f(N, 9, 9, 3), f(5, 5, 1, 8), [1] * 4, "SAME"),
        "(op: 'Conv2D') with input shapes: [?,9,9,3], [5,5,1,8].",
    ),
    "unpack": (
        lambda: tf.unpack(f(N, 3)),
        "Cannot infer num from shape (?, 3)",
    ),
    "of unknown rank": (
        lambda: tf.matmul(anything() + tf.zeros([3]), tf.zeros([3])),
        "(op: 'MatMul') with input shapes: <unknown>, [3].",
    ),
}


@pytest.mark.parametrize("name", MISMATCHES)
def test_shapes_that_do_not_fit(name):
    make, words = MISMATCHES[name]
    with pytest.raises(ValueError, match=re.escape(words)):
        make()


def test_refused_operation_leaves_the_graph_as_it_was():
    a, b = f(2, 3), f(4, 5)
    before = len(tf.get_default_graph().get_operations())
    with pytest.raises(ValueError, match="Dimensions must be equal"):
        tf.matmul(a, b)
    assert len(tf.get_default_graph().get_operations()) == before


def test_later_knowledge_is_not_looked_up_in_what_was_remembered():
    x = f(N, 3)
    assert tf.tanh(x).get_shape().as_list() == [None, 3]
    x.set_shape([2, 3])
    assert tf.tanh(x).get_shape().as_list() == [2, 3]


def test_registered_shape_comes_first():
    @tf.RegisterShape("MyOp")
    def _my_op_shape(op):
        return [tf.TensorShape([7, op.get_attr("n")])]

    op = tf.get_default_graph().create_op("MyOp", [], [tf.float32], attrs={"n": 2})
    assert op.outputs[0].get_shape().as_list() == [7, 2]
    tf.RegisterShape("Two")(lambda op: [[1], [2]])
    with pytest.raises(RuntimeError, match="returned 2 shapes but expected 1"):
        tf.get_default_graph().create_op("Two", [], [tf.float32])


def test_shape_of_a_type_nobody_declares_is_unknown():
    op = tf.get_default_graph().create_op("Nope", [], [tf.float32])
    assert op.outputs[0].get_shape().ndims is None
