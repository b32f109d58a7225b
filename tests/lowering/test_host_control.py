"""Branches and loops with host operations inside."""

import numpy as np
import pytest

import tfstyle as tf


@pytest.fixture
def calls():
    return []


@pytest.fixture
def doubled(calls):
    def function(x):
        calls.append(float(x))
        return np.float32(2 * x)

    def op(x):
        result = tf.py_func(function, [x], [tf.float32])[0]
        result.set_shape([])
        return result

    return op


def test_only_the_branch_taken_calls_python(calls, doubled):
    p = tf.placeholder(tf.bool, [])
    y = tf.cond(p, lambda: doubled(tf.constant(1.5)) + 1, lambda: tf.constant(0.0))
    with tf.Session() as sess:
        assert sess.run(y, {p: False}) == 0
        assert calls == []
        assert sess.run(y, {p: True}) == 4
        assert calls == [1.5]


def test_a_loop_calls_python_in_each_iteration(calls, doubled):
    n = tf.placeholder(tf.int32, [])
    start = tf.placeholder(tf.float32, [])
    v = tf.Variable(0)

    def body(i, x):
        with tf.control_dependencies([tf.assign_add(v, 10)]):
            return i + 1, doubled(x)

    loop = tf.while_loop(lambda i, x: i < n, body, [0, start])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        assert sess.run(loop, {n: 3, start: 1.0}) == [3, 8.0]
        assert sess.run(v) == 30
        assert sess.run(loop, {n: 0, start: 1.0}) == [0, 1.0]
    assert calls == [1.0, 2.0, 4.0]


def test_only_the_branch_taken_dequeues():
    p = tf.placeholder(tf.bool, [])
    calls = []

    def take():
        calls.append("taken")
        return np.int32(7)

    y = tf.cond(p, lambda: tf.py_func(take, [], [tf.int32])[0], lambda: tf.constant(-1))
    with tf.Session() as sess:
        assert [int(sess.run(y, {p: q})) for q in (False, True, False)] == [-1, 7, -1]
    assert calls == ["taken"]


def test_a_host_branch_inside_a_host_loop(calls, doubled):
    def body(i, x):
        even = tf.equal(i % 2, 0)
        return i + 1, tf.cond(even, lambda: doubled(x), lambda: x + 100.0)

    loop = tf.while_loop(lambda i, x: i < 4, body, [0, tf.constant(1.0)])
    with tf.Session() as sess:
        assert sess.run(loop) == [4, 304.0]
    assert calls == [1.0, 102.0]


def test_strings_in_a_branch():
    p = tf.placeholder(tf.bool, [])
    y = tf.cond(p, lambda: tf.constant("yes"), lambda: tf.constant("no"))
    with tf.Session() as sess:
        assert sess.run(y, {p: True}) == b"yes"
        assert sess.run(y, {p: False}) == b"no"


def test_a_loop_that_fails_leaves_variables_alone():
    v = tf.Variable(0)

    def fail(i):
        if i == 2:
            raise ValueError("two is too many")
        return np.int32(i + 1)

    def body(i):
        with tf.control_dependencies([tf.assign_add(v, 1)]):
            result = tf.py_func(fail, [i], [tf.int32])[0]
        result.set_shape([])
        return result

    loop = tf.while_loop(lambda i: i < 5, body, [0])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        with pytest.raises(tf.errors.OpError, match="two is too many"):
            sess.run(loop)
        assert sess.run(v) == 0


def test_what_a_branch_reads_is_the_variable_as_it_is_then(calls, doubled):
    v = tf.Variable(1.0)
    p = tf.placeholder(tf.bool, [])
    with tf.control_dependencies([tf.assign_add(v, 1.0)]):
        y = tf.cond(p, lambda: doubled(tf.identity(v)), lambda: tf.identity(v))
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        assert sess.run(y, {p: True}) == 4.0
        assert sess.run(y, {p: False}) == 3.0


def test_gradients_through_a_host_branch_are_refused(doubled):
    x = tf.placeholder(tf.float32, [])
    y = tf.cond(x > 0, lambda: doubled(x), lambda: x)
    gradient = tf.gradients(y, x)[0]
    with (
        tf.Session() as sess,
        pytest.raises(tf.errors.UnimplementedError, match="Cond"),
    ):
        sess.run(gradient, {x: 1.0})
