"""Gradient functions of a program's own, inside cells, branches and loops."""

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.ops import rnn, rnn_cell


@tf.RegisterGradient("InnerClip")
def _clip(op, grad):
    return tf.clip_by_value(grad, -0.1, 0.1) * op.inputs[0]


@tf.RegisterGradient("InnerReverse")
def _reverse(op, grad):
    return -2.0 * grad


def marked(x, gradient):
    with tf.get_default_graph().gradient_override_map({"Identity": gradient}):
        return tf.identity(x)


class Cell(rnn_cell.RNNCell):
    state_size = output_size = 3

    def __call__(self, inputs, state, scope=None):
        w = tf.get_variable("w", [3, 3], initializer=tf.constant_initializer(0.3))
        h = tf.tanh(tf.matmul(marked(state, "InnerClip"), w) + inputs)
        return h, h


def test_in_a_cell_as_in_the_unrolled_loop():
    xs = [tf.constant(np.full((2, 3), 0.1 * i, np.float32)) for i in range(5)]
    with tf.variable_scope("rolled"):
        outputs, _ = rnn.rnn(Cell(), xs, dtype=tf.float32)
    state = tf.zeros([2, 3])
    for i, x in enumerate(xs):
        with tf.variable_scope("unrolled", reuse=i > 0):
            _, state = Cell()(x, state)
    first, second = tf.trainable_variables()
    gradients = [
        tf.gradients(tf.reduce_sum(outputs[-1] ** 2), first)[0],
        tf.gradients(tf.reduce_sum(state**2), second)[0],
    ]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        a, b = sess.run(gradients)
    np.testing.assert_allclose(a, b, rtol=1e-6)
    assert np.abs(a).max() > 0.1


@pytest.mark.parametrize("steps", [3, None])
def test_in_a_loop(steps):
    x = tf.placeholder(tf.float32, [])
    n = tf.placeholder(tf.int32, []) if steps is None else steps
    _, y = tf.while_loop(
        lambda i, y: i < n, lambda i, y: [i + 1, marked(y, "InnerReverse")], [0, x]
    )
    gradient = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        feed = {x: 5.0} if steps else {x: 5.0, n: 3}
        assert sess.run(gradient, feed) == -8.0


def test_in_a_branch():
    x = tf.placeholder(tf.float32, [])
    y = tf.cond(x > 0, lambda: marked(x, "InnerReverse"), lambda: 3.0 * x)
    gradient = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        assert sess.run(gradient, {x: 1.0}) == -2.0
        assert sess.run(gradient, {x: -1.0}) == 3.0


def test_a_function_that_returns_too_many_gradients():
    name = "InnerTooMany"
    tf.RegisterGradient(name)(lambda op, grad: [grad, grad])
    x = tf.placeholder(tf.float32, [])
    y = tf.cond(x > 0, lambda: marked(x, name), lambda: x)
    with pytest.raises(ValueError, match="do not match num inputs 1"):
        tf.gradients(y, x)
