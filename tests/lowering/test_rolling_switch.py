"""How rolling is turned off, and random states of loops that are rolled."""

import numpy as np
import pytest

import tfstyle as tf
from tests.lowering.rollingkit import Rolled


@pytest.fixture
def rolled(monkeypatch):
    rolled = Rolled()
    rolled.watch(monkeypatch)
    with tf.Graph().as_default():
        yield rolled


def _loop():
    value = tf.constant([0.1, 0.2])
    for _ in range(30):
        value = tf.tanh(value * 1.5 + 0.25)
    return value


def test_option_of_the_session(rolled):
    value = _loop()
    options = tf.OptimizerOptions(opt_level=tf.OptimizerOptions.L0)
    off = tf.ConfigProto(graph_options=tf.GraphOptions(optimizer_options=options))
    with tf.Session(config=off) as sess:
        plain = sess.run(value)
    assert not rolled.groups
    with tf.Session(config=tf.ConfigProto()) as sess:
        np.testing.assert_allclose(sess.run(value), plain, rtol=1e-5)
    assert rolled.sizes() == [(30, 3)]


def test_environment(rolled, monkeypatch):
    monkeypatch.setenv("TFSTYLE_ROLLING", "0")
    tf.Session().run(_loop())
    assert not rolled.groups


def test_random_states_are_shared_by_all_runs_of_a_session(rolled, monkeypatch):
    tf.set_random_seed(3)
    value, values = tf.zeros([2]), []
    for _ in range(20):
        value = tf.tanh(value * 0.5 + tf.random_uniform([2]))
        values.append(value)

    def runs():
        with tf.Session() as sess:
            return [
                sess.run(values[-1]),
                # Of the others, the states stay as they are.
                sess.run(values[3]),
                sess.run([values[-1], values[5]]),
                sess.run(values[12]),
                sess.run(values[-1]),
            ]

    found = runs()
    assert {r for r, _ in rolled.sizes()} == {20, 13}
    monkeypatch.setenv("TFSTYLE_ROLLING", "0")
    for one, other in zip(found, runs(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_shapes_that_differ_from_repeat_to_repeat(rolled, caplog):
    caplog.set_level("INFO", "tfstyle.rolling")
    fed = [tf.placeholder(tf.int32, [None]) for _ in range(10)]
    sizes = [tf.shape(x)[0] for x in fed]
    filled = [tf.fill(tf.pack([size, 2]), 0.5) for size in sizes]
    feed = {x: np.zeros(i, np.int32) for i, x in enumerate(fed)}
    values = tf.Session().run([f + 1.0 for f in filled], feed)
    assert [v.shape for v in values] == [(i, 2) for i in range(10)]
    assert all((v == 1.5).all() for v in values)
    assert "needs a value before it runs that may differ" in caplog.text


def test_log_says_where_a_scan_would_copy_too_much(rolled, caplog):
    caplog.set_level("INFO", "tfstyle.rolling")
    inputs = [tf.placeholder(tf.float32, [300, 300]) for _ in range(12)]
    outputs = []
    for x in inputs:
        for _ in range(8):
            x = tf.tanh(x)
        outputs.append(x)
    tf.Session().run(outputs, dict.fromkeys(inputs, np.zeros([300, 300], np.float32)))
    assert not rolled.groups
    assert "a scan would copy more than it saves" in caplog.text
