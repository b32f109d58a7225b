"""A tour of one minute: what a first reader should see work, each part in few lines."""

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.ops import rnn, rnn_cell


@pytest.fixture(autouse=True)
def _empty_graph():
    with tf.Graph().as_default():
        yield


def test_a_graph_is_built_first_and_run_later():
    a = tf.constant([[1.0, 2.0]])
    b = tf.matmul(a, a, transpose_b=True, name="product")
    assert isinstance(b, tf.Tensor)
    assert b.name == "product:0"
    assert b.get_shape().as_list() == [1, 1]
    with tf.Session() as sess:
        assert sess.run(b) == 5.0
        assert sess.run("product:0") == 5.0


def test_variable():
    counter = tf.Variable(0, name="counter")
    increment = counter.assign_add(2)
    with tf.Session() as sess:
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized"):
            sess.run(counter)
        sess.run(tf.initialize_all_variables())
        for _ in range(3):
            sess.run(increment)
        assert sess.run(counter) == 6
    with tf.Session() as other:
        other.run(tf.initialize_all_variables())
        assert other.run(counter) == 0


def test_feed():
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    total = tf.reduce_sum(x, 0)
    with tf.Session() as sess:
        assert sess.run(total, {x: [[1, 2], [3, 4]]}).tolist() == [4, 6]
        assert sess.run(total, feed_dict={"x:0": np.zeros([0, 2])}).tolist() == [0, 0]
        with pytest.raises(
            tf.errors.InvalidArgumentError, match="You must feed a value"
        ):
            sess.run(total)
        with pytest.raises(ValueError, match="Cannot feed value of shape"):
            sess.run(total, {x: [1, 2]})


def test_gradient():
    x = tf.placeholder(tf.float32, [])
    y = x**3
    (dy,) = tf.gradients(y, [x])
    (ddy,) = tf.gradients(dy, [x])
    with tf.Session() as sess:
        assert sess.run([y, dy, ddy], {x: 2.0}) == [8.0, 12.0, 12.0]


def test_seeds_draw_the_numbers_of_tensorflow():
    # Recorded from TensorFlow 0.12.1.
    x = tf.random_normal([3], seed=1)
    with tf.Session() as sess:
        np.testing.assert_allclose(
            sess.run(x), [-0.8113182, 1.4845988, 0.06532937], rtol=1e-6
        )


def test_variable_scope():
    with tf.variable_scope("layer"):
        w = tf.get_variable("w", [2, 3], initializer=tf.constant_initializer(1.0))
    with tf.variable_scope("layer", reuse=True):
        assert tf.get_variable("w", [2, 3]) is w
    assert [v.name for v in tf.trainable_variables()] == ["layer/w:0"]


@pytest.mark.parametrize("in_a_loop", [False, True])
def test_rnn(in_a_loop):
    xs = [tf.placeholder(tf.float32, [2, 3], name=f"x{i}") for i in range(4)]
    cell = rnn_cell.BasicLSTMCell(5, state_is_tuple=True)
    init = tf.constant_initializer(0.1)
    with tf.variable_scope("RNN", initializer=init) as scope:
        if in_a_loop:
            state, outputs = cell.zero_state(2, tf.float32), []
            for i, x in enumerate(xs):
                if i > 0:
                    scope.reuse_variables()
                output, state = cell(x, state)
                outputs.append(output)
        else:
            outputs, state = rnn.rnn(cell, xs, dtype=tf.float32, scope=scope)
    names = [v.name for v in tf.trainable_variables()]
    assert names == [f"RNN/BasicLSTMCell/Linear/{n}:0" for n in ("Matrix", "Bias")]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        feed = {x: np.ones([2, 3]) for x in xs}
        last, state = sess.run([outputs[-1], state], feed)
    # Recorded from TensorFlow 0.12.1.
    np.testing.assert_allclose(last, np.full([2, 5], 0.34348953), rtol=1e-5)
    np.testing.assert_allclose(state.h, last)


def test_training():
    x = tf.placeholder(tf.float32, [None, 2])
    y = tf.placeholder(tf.float32, [None, 1])
    w = tf.Variable(tf.zeros([2, 1]))
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w) - y))
    global_step = tf.Variable(0, trainable=False)
    train = tf.train.AdamOptimizer(0.1).minimize(loss, global_step=global_step)
    data = np.random.RandomState(0).randn(100, 2)
    feed = {x: data, y: data @ [[2.0], [-3.0]]}
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        losses = [sess.run([train, loss], feed)[1] for _ in range(200)]
        assert losses[-1] < 1e-3 < losses[0]
        np.testing.assert_allclose(sess.run(w), [[2.0], [-3.0]], atol=0.01)
        assert tf.train.global_step(sess, global_step) == 200


def test_save_and_restore(tmp_path):
    v = tf.Variable([1.0, 2.0], name="v")
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        path = saver.save(sess, str(tmp_path / "model"), global_step=7)
        sess.run(v.assign([0.0, 0.0]))
    with tf.Session() as sess:
        saver.restore(sess, path)
        assert sess.run(v).tolist() == [1.0, 2.0]
