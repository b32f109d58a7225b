"""Loops that a program unrolled: rolled and unrolled runs give the same numbers."""

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.lowering import segment
from tfstyle.lowering.rolling import Group

STEPS = 17


@pytest.fixture(autouse=True)
def fresh_graph():
    tf.reset_default_graph()


@pytest.fixture
def groups(monkeypatch):
    """The groups of the segments that are compiled."""
    found = []
    original = segment.roll

    def roll(*args):
        units = original(*args)
        found.extend(unit for unit in units if isinstance(unit, Group))
        return units

    monkeypatch.setattr(segment, "roll", roll)
    return found


def _weights():
    random = np.random.RandomState(0)
    for variable in tf.trainable_variables():
        shape = variable.get_shape().as_list()
        yield variable.assign(random.uniform(-0.5, 0.5, shape).astype(np.float32))


def _loop(cell, per_step_loss, size=5):
    x = tf.placeholder(tf.float32, [STEPS, 3, size])
    state = cell.zero_state(3, tf.float32)
    losses, outputs = [], []
    with tf.variable_scope("loop"):
        for step, item in enumerate(tf.unpack(x)):
            if step:
                tf.get_variable_scope().reuse_variables()
            output, state = cell(item, state)
            outputs.append(output)
            if per_step_loss:
                losses.append(tf.reduce_sum(tf.square(output)))
    loss = tf.add_n(losses) if losses else tf.reduce_sum(tf.square(outputs[-1]))
    return x, outputs, state, loss


def _run(cell, per_step_loss=False, runs=2):
    tf.reset_default_graph()
    x, outputs, _, loss = _loop(cell(), per_step_loss)
    variables = tf.trainable_variables()
    fetches = [loss, outputs[0], outputs[7], *tf.gradients(loss, [*variables, x])]
    assigned = list(_weights())
    data = np.random.RandomState(1).randn(STEPS, 3, 5).astype(np.float32)
    with tf.Session() as sess:
        sess.run(assigned)
        return [sess.run(fetches, {x: data}) for _ in range(runs)]


def _dropout(seed):
    return tf.nn.rnn_cell.DropoutWrapper(
        tf.nn.rnn_cell.GRUCell(4), input_keep_prob=0.6, seed=seed
    )


CELLS = {
    "basic": lambda: tf.nn.rnn_cell.BasicRNNCell(4),
    "gru": lambda: tf.nn.rnn_cell.GRUCell(4),
    "lstm_concatenated": lambda: tf.nn.rnn_cell.BasicLSTMCell(4),
    "lstm_tuple": lambda: tf.nn.rnn_cell.BasicLSTMCell(4, state_is_tuple=True),
    "stacked": lambda: tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(4)] * 2),
    "dropout_seeded": lambda: _dropout(3),
}


@pytest.mark.parametrize(
    ("name", "per_step_loss"),
    [*((name, False) for name in CELLS), ("gru", True), ("dropout_seeded", True)],
)
def test_rolled_loop_equals_unrolled(name, per_step_loss, groups, monkeypatch):
    cell = CELLS[name]
    rolled = _run(cell, per_step_loss)
    assert groups
    assert max(len(group.repeats) for group in groups) >= STEPS - 1
    monkeypatch.setenv("TFSTYLE_ROLLING", "0")
    unrolled = _run(cell, per_step_loss)
    for a, b in zip(rolled, unrolled, strict=True):
        for one, other in zip(a, b, strict=True):
            np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


def test_random_ops_of_the_steps_draw_their_own_numbers(groups, monkeypatch):
    def run():
        tf.reset_default_graph()
        tf.set_random_seed(7)
        value = tf.zeros([3])
        values = []
        for _ in range(20):
            noise = tf.random_uniform([3])
            value = tf.tanh(value * 0.5 + noise) + tf.sigmoid(noise)
            values.append(value)
        with tf.Session() as sess:
            return [sess.run([values[0], values[-1], values[9]]) for _ in range(2)]

    rolled = run()
    assert groups
    monkeypatch.setenv("TFSTYLE_ROLLING", "0")
    np.testing.assert_allclose(rolled, run(), rtol=1e-5)


def test_gradient_of_an_intermediate_step_is_found(monkeypatch):
    def run():
        tf.reset_default_graph()
        x = tf.constant([0.3, -0.2])
        values = [x]
        for _ in range(30):
            values.append(tf.tanh(values[-1] * 1.1) + tf.square(x) * 0.1)
        grads = tf.gradients(values[-1], [x, values[15]])
        second = tf.gradients(grads[0], x)
        return tf.Session().run([*grads, *second])

    rolled = run()
    monkeypatch.setenv("TFSTYLE_ROLLING", "0")
    np.testing.assert_allclose(rolled, run(), rtol=1e-4)


def test_fed_step_keeps_its_value(monkeypatch):
    def run():
        tf.reset_default_graph()
        value = tf.constant([1.0, 2.0])
        values = []
        for _ in range(40):
            value = tf.sin(value * 1.5) + 0.25
            values.append(value)
        return tf.Session().run([values[-1], values[20]], {values[20]: [5.0, 6.0]})

    rolled = run()
    monkeypatch.setenv("TFSTYLE_ROLLING", "0")
    np.testing.assert_allclose(rolled, run(), rtol=1e-5)


def test_steps_with_different_constants_are_scanned(groups):
    value = tf.constant([1.0, 2.0])
    for step in range(40):
        value = tf.tanh(value * (1.0 + step / 10)) - 0.5
    got = tf.Session().run(value)
    want = np.array([1.0, 2.0], np.float32)
    for step in range(40):
        want = np.tanh(want * np.float32(1.0 + step / 10)) - np.float32(0.5)
    assert groups
    np.testing.assert_allclose(got, want, rtol=1e-5)


def test_variable_assigned_between_the_steps_stays_in_order():
    v = tf.Variable(1.0)
    value = tf.constant(1.0)
    for _ in range(30):
        value = tf.tanh(value + v)
        with tf.control_dependencies([value]):
            update = v.assign(v * 0.9)
        with tf.control_dependencies([update]):
            value = tf.identity(value) * 1.0
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        got = sess.run([value, v])
    want, weight = 1.0, 1.0
    for _ in range(30):
        want = np.tanh(want + weight)
        weight *= 0.9
    np.testing.assert_allclose(got, [want, weight], rtol=1e-5)
