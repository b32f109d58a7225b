"""`rnn.rnn`: one Scan whatever the number of steps, and what it refuses."""

import numpy as np
import pytest

import tfstyle as tf

CELL = tf.nn.rnn_cell.BasicRNNCell


def _types():
    return [op.type for op in tf.get_default_graph().get_operations()]


@pytest.mark.parametrize("steps", [2, 50])
def test_graph_does_not_grow_with_the_steps(steps):
    x = tf.placeholder(tf.float32, [steps, 3, 4])
    tf.nn.rnn(CELL(5), tf.unpack(x), dtype=tf.float32)
    assert len(_types()) < 60
    assert _types().count("Scan") == 1


def test_inputs_of_one_split_are_not_packed_again():
    x = tf.placeholder(tf.float32, [6 * 3, 4])
    tf.nn.rnn(CELL(5), tf.split(0, 6, x), dtype=tf.float32)
    assert "Pack" not in _types()


def test_inputs_squeezed_out_of_one_split_are_a_transposed_view():
    data = np.random.RandomState(0).randn(3, 6, 4).astype(np.float32)
    x = tf.constant(data)
    inputs = [tf.squeeze(part, [1]) for part in tf.split(1, 6, x)]
    with tf.variable_scope("view"):
        outputs, _ = tf.nn.rnn(CELL(5), inputs, dtype=tf.float32)
        assert "Pack" not in _types()
        tf.get_variable_scope().reuse_variables()
        separate = [tf.constant(data[:, i]) for i in range(6)]
        expected, _ = tf.nn.rnn(CELL(5), separate, dtype=tf.float32)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for one, other in zip(*sess.run([outputs, expected]), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6)


def test_operations_of_the_cell_cannot_be_fetched():
    x = tf.placeholder(tf.float32, [4, 3, 4])
    tf.nn.rnn(CELL(5), tf.unpack(x), dtype=tf.float32)
    graph = tf.get_default_graph()
    inner = next(op for op in graph.get_operations() if op.type == "Tanh")
    with pytest.raises(ValueError, match="marked as not fetchable"):
        tf.Session().run(inner.outputs[0], {x: np.zeros((4, 3, 4))})


def test_state_of_another_dtype_is_refused():
    class Wrong(tf.nn.rnn_cell.RNNCell):
        state_size = output_size = 5

        def __call__(self, inputs, state, scope=None):
            return state, tf.cast(state, tf.float64)

    with pytest.raises(TypeError, match="new state has dtype float64"):
        tf.nn.rnn(Wrong(), [tf.zeros([3, 4])] * 2, dtype=tf.float32)


def test_state_of_another_shape_is_refused():
    class Wrong(tf.nn.rnn_cell.RNNCell):
        state_size = output_size = 5

        def __call__(self, inputs, state, scope=None):
            return state, tf.zeros([3, 6])

    with pytest.raises(ValueError, match=r"new state has shape \(3, 6\)"):
        tf.nn.rnn(Wrong(), [tf.zeros([3, 4])] * 2, dtype=tf.float32)


def test_python_in_a_cell_runs_at_every_step():
    called = []

    def sine(value):
        called.append(value.copy())
        return np.sin(value)

    class Host(tf.nn.rnn_cell.RNNCell):
        state_size = output_size = 4

        def __call__(self, inputs, state, scope=None):
            value = tf.py_func(sine, [inputs + state], tf.float32)
            value.set_shape([3, 4])
            return value, value

    x = np.linspace(-1, 1, 24, dtype=np.float32).reshape(2, 3, 4)
    outputs, _ = tf.nn.rnn(Host(), tf.unpack(tf.constant(x)), dtype=tf.float32)
    got = tf.Session().run(outputs)
    first = np.sin(x[0])
    np.testing.assert_allclose(got, [first, np.sin(x[1] + first)], rtol=1e-6)
    assert len(called) == 2


def test_gradient_blocked_in_a_cell_stays_blocked():
    class Stopped(tf.nn.rnn_cell.RNNCell):
        state_size = output_size = 4

        def __call__(self, inputs, state, scope=None):
            new = tf.stop_gradient(state) * 2.0 + inputs
            return new, new

    x = tf.constant(np.ones((3, 2, 4), np.float32))
    outputs, _ = tf.nn.rnn(Stopped(), tf.unpack(x), dtype=tf.float32)
    grad = tf.Session().run(tf.gradients(outputs[-1], x)[0])
    np.testing.assert_array_equal(grad[:, 0, 0], [0.0, 0.0, 1.0])
