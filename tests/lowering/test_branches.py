"""Branches inside of branches."""

from collections import Counter

import pytest

import tfstyle as tf
from tfstyle.lowering.evaluate import Evaluator


def test_the_innermost_of_nested_branches_is_traced_once(monkeypatch):
    ran = Counter()
    run = Evaluator.run

    def counted(evaluator, op):
        ran[op.type] += 1
        run(evaluator, op)

    monkeypatch.setattr(Evaluator, "run", counted)
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [])

        def nested(depth):
            if depth == 0:
                return tf.tanh(x)
            return tf.cond(x > float(depth), lambda: x, lambda: nested(depth - 1))

        sess.run(nested(8), {x: 0.5})
    assert ran["Tanh"] == 1


def test_branches_that_turn_out_to_be_of_other_shapes_after_what_cannot_be_repeated():
    calls = []

    def double(z):
        calls.append(z)
        return 2 * z

    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None])
        y = tf.py_func(double, [x], [tf.float32])[0]
        y.set_shape([None])
        z = tf.cond(y[0] > 1.0, lambda: y[:1], lambda: -y, name="either")
        with pytest.raises(
            tf.errors.UnimplementedError,
            match=r"'either/Cond' return shapes \[1\] and \[2\].* Run it again, or set",
        ) as caught:
            sess.run(z, {x: [1.0, 2.0]})
        assert type(caught.value) is tf.errors.UnimplementedError
        assert len(calls) == 1
        assert sess.run(z, {x: [1.0, 2.0]}).tolist() == [2.0]
        assert sess.run(z, {x: [0.0, 2.0]}).tolist() == [0.0, -4.0]


def test_branches_of_other_shapes_write_once():
    with tf.Graph().as_default(), tf.Session() as sess:
        x, v = tf.placeholder(tf.float32, [None]), tf.Variable(1.0)
        sess.run(v.initializer)
        with tf.control_dependencies([tf.assign_add(v, 1.0)]):
            y = tf.cond(tf.reduce_sum(x) > 1.0, lambda: x[:1], lambda: x * v)
        assert sess.run(y, {x: [0.25, 0.5]}).tolist() == [0.5, 1.0]
        assert sess.run(v) == 2.0


@pytest.mark.parametrize("drawn", [False, True])
def test_branches_of_other_shapes_after_a_step_that_draws_or_writes(drawn):
    with tf.Graph().as_default(), tf.Session() as sess:
        x, v = tf.placeholder(tf.float32, [None]), tf.Variable(1.0)
        sess.run(v.initializer)
        decides = tf.random_uniform([]) if drawn else tf.assign_add(v, 1.0) + 0.0
        # The graph knows these shapes: what decides is in a step before.
        first = tf.cond(decides < -1.0, lambda: tf.ones([2]), lambda: tf.ones([3]))
        y = tf.cond(tf.reduce_sum(first) < x[0], lambda: x[:1], lambda: -x)
        with pytest.raises(tf.errors.UnimplementedError, match="Run it again, or set"):
            sess.run(y, {x: [5.0, 2.0]})
        assert sess.run(v) == 1.0
        assert sess.run(y, {x: [5.0, 2.0]}).tolist() == [5.0]
        assert sess.run(y, {x: [0.5, 2.0]}).tolist() == [-0.5, -2.0]
