"""Loops that a program unrolled: rolled and unrolled runs give the same numbers."""

import logging

import numpy as np
import pytest

import tfstyle as tf
from tests.lowering.rollingkit import Rolled, compare, shapes
from tfstyle.lowering.rolling.stretch import LEAST_REPEATS

STEPS = 12


def _cell_loop(cell, per_step_loss=False):
    x = tf.placeholder(tf.float32, [STEPS, 3, 5])
    cell = cell()
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
    gradients = tf.gradients(loss, [*tf.trainable_variables(), x])
    return [loss, outputs[0], outputs[7], *gradients], {x: shapes([STEPS, 3, 5])}


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
    "dropout": lambda: _dropout(None),
    "dropout_seeded": lambda: _dropout(3),
}


@pytest.mark.parametrize(
    ("name", "per_step_loss"),
    [*((name, False) for name in CELLS), ("gru", True), ("dropout_seeded", True)],
)
def test_cells(name, per_step_loss, monkeypatch):
    if name == "basic":
        # A step has so few operations that a short loop is not worth a scan.
        monkeypatch.setattr("tfstyle.lowering.rolling.roll.LEAST_SAVED", 30)
    rolled = compare(lambda: _cell_loop(CELLS[name], per_step_loss), monkeypatch)
    assert rolled.sizes()[0][0] == STEPS


def test_random_ops_of_the_steps_draw_their_own_numbers(monkeypatch):
    def program():
        value = tf.zeros([3])
        values = []
        for _ in range(20):
            noise = tf.random_uniform([3])
            value = tf.tanh(value * 0.5 + noise) + tf.sigmoid(noise)
            values.append(value)
        return [values[0], values[-1], values[9]], {}

    assert compare(program, monkeypatch).sizes()[0][0] == 20


def test_random_ops_of_steps_side_by_side(monkeypatch):
    def program():
        weights = tf.Variable(tf.linspace(-1.0, 1.0, 40))
        table = tf.reshape(weights, [20, 2])
        losses = []
        for i in range(STEPS):
            losses.append(
                tf.nn.sampled_softmax_loss(
                    table, weights[:20], tf.ones([3, 2]), [[i], [2 * i % 5], [3]], 5, 20
                )
            )
        gradient = tf.gradients(tf.add_n(losses), weights)[0]
        return [losses[0], losses[-1], gradient], {}

    assert compare(program, monkeypatch).sizes(carried=False)[0][0] == STEPS


def _tanhs(steps=30):
    x = tf.constant([0.3, -0.2])
    values = [x]
    for _ in range(steps):
        values.append(tf.tanh(values[-1] * 1.1) + tf.square(x) * 0.1)
    return x, values


def test_gradients_of_a_step_inside(monkeypatch):
    def program():
        x, values = _tanhs()
        gradients = tf.gradients(values[-1], [x, values[15], values[-1]])
        # Those before the end do not depend on these.
        others = tf.gradients(values[20], [values[12], x])
        return [*gradients, *others, *tf.gradients(values[25], values[3])], {}

    assert compare(program, monkeypatch).sizes() == [(30, 5)]


def test_gradients_of_gradients(monkeypatch):
    def program():
        x, values = _tanhs(15)
        (gradient,) = tf.gradients(values[-1], x)
        return [gradient, *tf.gradients(gradient, x)], {}

    compare(program, monkeypatch)


def test_gradients_of_all_steps(monkeypatch):
    def program():
        x = [tf.constant([0.1 * i, -0.2]) for i in range(16)]
        value, values = tf.zeros([2]), []
        for item in x:
            value = tf.tanh(value * 1.1 + item) + tf.square(item) * 0.1
            values.append(value)
        loss = tf.add_n(values)
        return tf.gradients(loss, [*x, *values[3:6], values[15]]), {}

    assert compare(program, monkeypatch).sizes() == [(16, 6)]


def test_fed_step_keeps_its_value(monkeypatch):
    def program():
        value, values = tf.constant([1.0, 2.0]), []
        for _ in range(40):
            value = tf.sin(value * 1.5) + 0.25
            values.append(value)
        return [values[-1], values[20], values[3]], {values[20]: [5.0, 6.0]}

    compare(program, monkeypatch)


def test_fed_inputs_of_steps(monkeypatch):
    def program():
        x = tf.constant(shapes([20, 2]))
        rows, value = tf.unpack(x), tf.zeros([2])
        for row in rows:
            value = tf.tanh(value * 0.5 + row) - 0.25
        return [value, *tf.gradients(value, x)], {rows[4]: [5.0, 6.0]}

    compare(program, monkeypatch)


def test_steps_with_different_constants_are_scanned(monkeypatch):
    rolled = Rolled()
    rolled.watch(monkeypatch)
    value = tf.constant([1.0, 2.0])
    for step in range(40):
        value = tf.tanh(value * (1.0 + step / 10)) - 0.5
    got = tf.Session().run(value)
    want = np.array([1.0, 2.0], np.float32)
    for step in range(40):
        want = np.tanh(want * np.float32(1.0 + step / 10)) - np.float32(0.5)
    assert rolled.sizes() == [(40, 3)]
    np.testing.assert_allclose(got, want, rtol=1e-5)


def test_values_of_two_steps_ago(monkeypatch):
    def program():
        x = tf.constant(shapes([3]))
        before, now, values = x, tf.tanh(x), []
        for _ in range(20):
            before, now = now, tf.tanh(now * 0.7 - before * 0.4) + 0.1
            values.append(now)
        loss = tf.reduce_sum(tf.square(values[-1])) + tf.reduce_sum(values[5])
        return [loss, values[0], values[1], values[-2], *tf.gradients(loss, x)], {}

    assert compare(program, monkeypatch).sizes()[0][0] >= 18


def test_loops_one_after_the_other(monkeypatch):
    def program():
        x = tf.constant(shapes([15, 3]))
        value, values = tf.zeros([3]), []
        for row in tf.unpack(x):
            value = tf.tanh(value * 0.5 + row) + tf.sigmoid(row)
            values.append(value)
        total = tf.zeros([3])
        for item in reversed(values):
            total = tf.nn.relu(total * 0.9 - item) + tf.square(item) * total
        return [total, *tf.gradients(total, [x, values[2]])], {}

    rolled = compare(program, monkeypatch)
    assert [r for r, _ in rolled.sizes()] == [15, 15]


def test_loop_in_a_loop(monkeypatch):
    def program():
        x = tf.constant(shapes([9, 10, 3]))
        value, ends = tf.zeros([3]), []
        for rows in tf.unpack(x):
            inner = tf.square(value) * 0.1
            for row in tf.unpack(rows):
                inner = tf.tanh(inner * 0.5 + row) + tf.sigmoid(row) * 0.1
                inner = tf.nn.relu(inner) - tf.sin(inner * 0.3)
            value = value * 0.5 + inner
            ends.append(value)
        loss = tf.reduce_sum(tf.square(tf.pack(ends)))
        return [loss, ends[3], *tf.gradients(loss, x)], {}

    rolled = compare(program, monkeypatch)
    assert [r for r, _ in rolled.sizes()] == [10, 9]


def test_random_ops_in_a_loop_in_a_loop(monkeypatch):
    def program():
        value = tf.zeros([3])
        for _ in range(9):
            inner = tf.square(value) * 0.1
            for _ in range(10):
                inner = tf.tanh(inner * 0.5 + tf.random_uniform([3]))
                inner = tf.nn.relu(inner) - tf.sin(inner * 0.3) * inner
            value = value * 0.5 + inner
        return [value], {}

    rolled = compare(program, monkeypatch)
    assert [r for r, _ in rolled.sizes()] == [10, 9]


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


def test_end_of_the_last_step_need_not_be_needed(monkeypatch):
    def program():
        x = tf.constant(shapes([12, 3]))
        state, output = tf.zeros([3]), None
        for row in tf.unpack(x):
            output = tf.tanh(state * 0.5 + row)
            # Of the last step, only the output is needed.
            state = tf.sigmoid(output) * 0.3 + tf.sin(tf.square(output))
        return [output, *tf.gradients(output, x)], {}

    rolled = compare(program, monkeypatch)
    assert rolled.sizes() == [(12, 8)]


def test_steps_that_are_not_needed_are_not_run(monkeypatch):
    def program():
        _, values = _tanhs(40)
        return [values[21]], {}

    assert compare(program, monkeypatch).sizes()[0][0] in (20, 21, 22)


def test_shortest_loop_whose_first_repeats_begin_differently(monkeypatch):
    def program():
        x = tf.placeholder(tf.float32, [2, 3])
        states = [x]
        for step in range(LEAST_REPEATS):
            new = tf.tanh(states[-1])
            for _ in range(8):
                new = tf.sin(new) * 0.9
            before = states[-2] if step >= 2 else tf.zeros([2, 3])
            states.append(new + before)
        return [states[-1]], {x: shapes([2, 3])}

    assert compare(program, monkeypatch).sizes() == []


def test_last_repeats_take_what_nobody_needs_from_another_loop(monkeypatch):
    def program():
        x = tf.placeholder(tf.float32, [STEPS, 2, 3])
        items = [tf.sigmoid(item) for item in tf.unpack(x)]
        state, outputs = tf.zeros([2, 3]), []
        for item in items:
            output = state
            for _ in range(4):
                output = tf.sin(output) * 0.9
            outputs.append(output)
            # Of the last step only the output counts.
            state = tf.tanh(state * 0.5 + tf.cos(item))
        loss = tf.reduce_sum(tf.square(tf.concat(1, outputs)))
        return [loss, *tf.gradients(loss, x)], {x: shapes([STEPS, 2, 3])}

    assert compare(program, monkeypatch).sizes()[0][0] == STEPS


def test_log_says_where_a_loop_breaks(caplog):
    caplog.set_level(logging.INFO, "tfstyle.rolling")
    x, memory = tf.constant([0.3, -0.2]), []
    value = x
    for step in range(30):
        # Each step takes what was made half as many steps ago.
        memory.append(tf.tanh(value * 1.1, name=f"step{step}"))
        value = memory[step // 2] * 0.5 + memory[-1]
    tf.Session().run(value)
    (message,) = [r.getMessage() for r in caplog.records]
    assert "repeat, but are no loop" in message
    assert "at input 0 ('step" in message


def test_short_loops_stay_as_they_are(monkeypatch):
    rolled = Rolled()
    rolled.watch(monkeypatch)
    x = tf.constant([0.3, -0.2])
    for _ in range(7):
        x = tf.tanh(x * 1.1)
    tf.Session().run(x)
    assert not rolled.groups
