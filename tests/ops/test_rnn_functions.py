"""`dynamic_rnn` and relatives: graphs, names, and the words of what they refuse."""

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.ops import rnn

GRU = tf.nn.rnn_cell.GRUCell
LSTM = tf.nn.rnn_cell.BasicLSTMCell


def _types():
    return [op.type for op in tf.get_default_graph().get_operations()]


def _variables():
    return [v.name for v in tf.all_variables()]


def _run(fetches, feed=None):
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return sess.run(fetches, feed)


def _data(*shape):
    return np.random.RandomState(3).uniform(-1, 1, shape).astype(np.float32)


class Own(tf.nn.rnn_cell.RNNCell):
    """A cell of a function."""

    def __init__(self, call, state_size=2, output_size=2):
        self._call, self._sizes = call, (state_size, output_size)

    state_size = property(lambda self: self._sizes[0])
    output_size = property(lambda self: self._sizes[1])

    def __call__(self, inputs, state, scope=None):
        return self._call(inputs, state)


# -- dynamic_rnn ----------------------------------------------------------------


def test_dynamic_rnn_is_one_scan_without_tensor_arrays():
    x = tf.placeholder(tf.float32, [None, None, 4])
    tf.nn.dynamic_rnn(GRU(5), x, sequence_length=[1, 2], dtype=tf.float32)
    types = _types()
    assert types.count("Scan") == 1
    assert not [t for t in types if t.startswith(("TensorArray", "While", "Assert"))]


def test_dynamic_rnn_over_no_steps():
    x = tf.placeholder(tf.float32, [2, None, 4])
    start = tf.constant(_data(2, 5))
    outputs, state = tf.nn.dynamic_rnn(GRU(5), x, initial_state=start)
    values, last = _run([outputs, state], {x: np.zeros([2, 0, 4])})
    assert values.shape == (2, 0, 5)
    np.testing.assert_array_equal(last, _data(2, 5))


def test_dynamic_rnn_over_an_array():
    outputs, _ = tf.nn.dynamic_rnn(GRU(5), _data(2, 3, 4), dtype=tf.float32)
    assert outputs.get_shape().as_list() == [2, 3, 5]
    assert _run(outputs).shape == (2, 3, 5)


def test_dynamic_rnn_over_more_than_three_dimensions():
    def call(inputs, state):
        return tf.reduce_sum(inputs, 1), state + tf.reduce_sum(inputs, [1])

    x = _data(3, 4, 5, 2)
    outputs, state = tf.nn.dynamic_rnn(Own(call), tf.constant(x), dtype=tf.float32)
    values, last = _run([outputs, state])
    np.testing.assert_allclose(values, x.sum(2), rtol=1e-5)
    np.testing.assert_allclose(last, x.sum((1, 2)), rtol=1e-5)


def test_dynamic_rnn_embeds_words_before_the_loop():
    words = tf.placeholder(tf.int32, [2, None, 1])
    cell = tf.nn.rnn_cell.EmbeddingWrapper(GRU(3), 7, 4)
    outputs, _ = tf.nn.dynamic_rnn(cell, words, dtype=tf.float32)
    assert _variables()[0] == "RNN/EmbeddingWrapper/embedding:0"
    assert _variables()[1].startswith("RNN/GRUCell/")
    table, *_ = tf.trainable_variables()
    gradient = tf.gradients(outputs, table)[0]
    assert isinstance(gradient, tf.IndexedSlices)
    feed = {words: [[[1], [2]], [[6], [2]]]}
    assert sorted(_run(gradient.indices, feed)) == [1, 2, 2, 6]


@pytest.mark.parametrize("time_major", [True, False])
def test_dynamic_rnn_agrees_with_rnn(time_major):
    x, lengths = _data(3, 5, 4), [5, 0, 3]
    with tf.variable_scope("net") as scope:
        steps = [tf.constant(x[:, t]) for t in range(5)]
        separate, last = tf.nn.rnn(
            LSTM(3), steps, dtype=tf.float32, sequence_length=lengths
        )
        scope.reuse_variables()
        whole = tf.transpose(x, [1, 0, 2]) if time_major else tf.constant(x)
        outputs, state = tf.nn.dynamic_rnn(
            LSTM(3), whole, lengths, dtype=tf.float32, time_major=time_major
        )
    wanted, got, first, second = _run([tf.pack(separate), outputs, last, state])
    got = got if time_major else got.swapaxes(0, 1)
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-6)


def test_lengths_of_unknown_batch_are_counted_in_the_run():
    x = tf.placeholder(tf.float32, [None, None, 2])
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    outputs, _ = tf.nn.dynamic_rnn(GRU(3), x, lengths, dtype=tf.float32)
    message = (
        r"Expected shape for Tensor sequence_length:0 is \[3\] but saw shape: \[2\]"
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match=message) as caught:
        _run(outputs, {x: np.zeros([3, 4, 2]), lengths: [1, 2]})
    assert caught.value.op.name == "RNN/CheckSeqLen"


def test_lengths_of_rnn_are_counted_in_the_run():
    x = tf.placeholder(tf.float32, [None, 2])
    lengths = tf.placeholder(tf.int32)
    outputs, _ = tf.nn.rnn(GRU(3), [x, x], dtype=tf.float32, sequence_length=lengths)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected shape"):
        _run(outputs, {x: np.zeros([3, 2]), lengths: [1]})


@pytest.mark.parametrize(
    ("error", "words", "options"),
    [
        (TypeError, "cell must be an instance of RNNCell", {"cell": GRU}),
        (ValueError, "If no initial_state is provided, dtype must be", {"dtype": None}),
        (
            ValueError,
            r"must be a vector of length batch_size, but saw shape: \(3, 1\)",
            {"sequence_length": [[1], [2], [3]]},
        ),
        (
            ValueError,
            r"is \(3,\) but saw shape: \(2,\)",
            {"sequence_length": [1, 2]},
        ),
        (ValueError, "at least 3", {"inputs": np.zeros([3, 2], np.float32)}),
        (ValueError, "at least 3 dimensions", {"inputs": np.zeros([3], np.float32)}),
        (
            AssertionError,
            "parallel_iterations must be int",
            {"parallel_iterations": 1.5},
        ),
    ],
)
def test_dynamic_rnn_refuses(error, words, options):
    options = {"cell": GRU(3), "inputs": _data(3, 4, 2), "dtype": tf.float32, **options}
    with pytest.raises(error, match=words):
        tf.nn.dynamic_rnn(**options)


def test_dynamic_rnn_refuses_unknown_depth_by_name():
    x = tf.placeholder(tf.float32, [3, 4, None], name="words")
    with pytest.raises(ValueError, match=r"saw value None: transpose:0 has shape"):
        tf.nn.dynamic_rnn(GRU(3), x, dtype=tf.float32)


def test_dynamic_rnn_refuses_more_outputs_than_sizes():
    cell = Own(lambda inputs, state: ((inputs, inputs), state))
    with pytest.raises(ValueError, match="output_size is 2, but it gives 2 outputs"):
        tf.nn.dynamic_rnn(cell, tf.zeros([3, 4, 2]), dtype=tf.float32)


def test_dynamic_rnn_refuses_another_kind_of_state():
    cell = LSTM(2, state_is_tuple=True)
    start = (tf.zeros([3, 2]), tf.zeros([3, 2]))
    with pytest.raises(TypeError, match="same sequence type"):
        tf.nn.dynamic_rnn(cell, tf.zeros([3, 4, 2]), initial_state=start)


def test_rnn_takes_a_pair_for_the_state_of_an_lstm():
    cell = LSTM(2, state_is_tuple=True)
    start = (tf.zeros([3, 2]), tf.zeros([3, 2]))
    _, state = tf.nn.rnn(cell, [tf.zeros([3, 2])] * 2, initial_state=start)
    assert isinstance(state, tf.nn.rnn_cell.LSTMStateTuple)


def test_rnn_over_nested_inputs():
    def call(inputs, state):
        a, (b, c) = inputs
        return (a + b, c), state + a

    steps = [
        (tf.fill([2, 2], i + 1.0), (tf.ones([2, 2]), tf.ones([2, 5]))) for i in (0, 1)
    ]
    outputs, state = tf.nn.rnn(Own(call, 2, (2, 5)), steps, dtype=tf.float32)
    values, last = _run([[outputs[0][0], outputs[1][0], outputs[1][1]], state])
    assert [v[0, 0] for v in values] == [2.0, 3.0, 1.0]
    assert last[0, 0] == 3.0


# -- both directions ------------------------------------------------------------


@pytest.mark.parametrize("scope", [None, "s"])
def test_scopes_of_bidirectional_rnn(scope):
    x = [tf.zeros([3, 2])] * 2
    tf.nn.bidirectional_rnn(
        LSTM(2, state_is_tuple=True), GRU(2), x, dtype=tf.float32, scope=scope
    )
    prefix = scope or "BiRNN"
    assert _variables()[:3] == [
        f"{prefix}_FW/BasicLSTMCell/Linear/Matrix:0",
        f"{prefix}_FW/BasicLSTMCell/Linear/Bias:0",
        f"{prefix}_BW/GRUCell/Gates/Linear/Matrix:0",
    ]


def test_scope_object_of_bidirectional_rnn():
    with tf.variable_scope("outer") as scope:
        pass
    with tf.variable_scope("elsewhere"):
        x = [tf.zeros([3, 2])] * 2
        tf.nn.bidirectional_rnn(GRU(2), GRU(2), x, dtype=tf.float32, scope=scope)
    assert _variables()[0] == "outer/FW/GRUCell/Gates/Linear/Matrix:0"
    assert _variables()[-1] == "outer/BW/GRUCell/Candidate/Linear/Bias:0"


def test_bidirectional_rnn_neither_packs_nor_unpacks_its_loops():
    x = tf.placeholder(tf.float32, [6, 3, 4])
    outputs, *_ = tf.nn.bidirectional_rnn(
        GRU(5), GRU(5), tf.unpack(x), dtype=tf.float32, sequence_length=[1, 2, 3]
    )
    assert len(outputs) == 6
    assert _types().count("Pack") == 0
    assert _types().count("ReverseSequence") == 2


def test_bidirectional_dynamic_rnn_without_lengths():
    x = tf.constant(_data(3, 4, 2))
    with tf.variable_scope("net") as scope:
        without = tf.nn.bidirectional_dynamic_rnn(GRU(2), GRU(3), x, dtype=tf.float32)
        scope.reuse_variables()
        given = tf.nn.bidirectional_dynamic_rnn(
            GRU(2), GRU(3), x, [4, 4, 4], dtype=tf.float32
        )
    pair = [[*without[0], *without[1]], [*given[0], *given[1]]]
    for one, other in zip(*_run(pair), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_bidirectional_dynamic_rnn_takes_lengths_of_any_integers():
    x = tf.constant(_data(3, 4, 2))
    lengths = tf.constant([1, 2, 3], tf.int32)
    outputs, _ = tf.nn.bidirectional_dynamic_rnn(
        GRU(2), GRU(2), x, lengths, dtype=tf.float32, time_major=False
    )
    _, backward = _run(outputs)
    assert not backward[0, 1:].any()
    assert backward[2, 2].any()


# -- state_saving_rnn -----------------------------------------------------------


class _Saver:
    def state(self, name):
        return tf.zeros([3, 2])

    def save_state(self, name, value):
        return tf.identity(value, name=f"saved_{name}").op


def test_only_the_last_output_saves_the_state():
    x = [tf.zeros([3, 2])] * 3
    outputs, _ = tf.nn.state_saving_rnn(GRU(2), x, _Saver(), "s")
    assert [op.name for op in outputs[-1].op.control_inputs] == ["saved_s"]
    assert not outputs[0].op.control_inputs


def test_state_saving_rnn_refuses_a_name_for_a_tuple():
    cell, x = LSTM(2, state_is_tuple=True), [tf.zeros([3, 2])]
    with pytest.raises(ValueError, match="state_name should be the same type"):
        tf.nn.state_saving_rnn(cell, x, _Saver(), "s")
    with pytest.raises(ValueError, match=r"#elems\(state_size\): 1 vs. 2"):
        tf.nn.state_saving_rnn(cell, x, _Saver(), ("s",))


# -- raw_rnn --------------------------------------------------------------------


def _three_steps(cell, **changed):
    """A `loop_fn` of one example that runs for three steps."""

    def loop_fn(time, output, state, loop_state):
        if output is None:
            state = cell.zero_state(1, tf.float32)
        result = {
            "finished": time >= [3],
            "inputs": tf.ones([1, 2]),
            "state": state,
            "emit": output,
            "loop_state": None,
            **({} if output is None else changed),
        }
        return tuple(result.values())

    return loop_fn


def test_raw_rnn_passes_a_tensor_where_there_is_no_loop_state():
    """As in TensorFlow: only the first call gets None."""
    seen = []
    cell = GRU(2)

    def loop_fn(time, output, state, loop_state):
        seen.append(loop_state)
        return _three_steps(cell)(time, output, state, loop_state)

    _, _, last = tf.nn.raw_rnn(cell, loop_fn)
    assert seen[0] is None
    assert isinstance(seen[1], tf.Tensor)
    assert last is None


def test_raw_rnn_calls_its_function_once_for_all_steps():
    cell = GRU(2)
    arrays, state, _ = tf.nn.raw_rnn(cell, _three_steps(cell))
    assert _types().count("While") == 1
    assert _types().count("MatMul") == 2
    outputs, last = _run([arrays.pack(), state])
    assert outputs.shape == (3, 1, 2)
    np.testing.assert_array_equal(outputs[-1], last)


@pytest.mark.parametrize(
    ("error", "words", "changed"),
    [
        (ValueError, "same number of elements", {"state": (1, 2)}),
        (ValueError, "same number of elements", {"inputs": (1, 2)}),
        (ValueError, "same number of elements", {"emit": (1, 2)}),
    ],
)
def test_raw_rnn_refuses_other_structures(error, words, changed):
    cell = GRU(2)
    with pytest.raises(error, match=words):
        tf.nn.raw_rnn(cell, _three_steps(cell, **changed))


def test_raw_rnn_refuses_no_cell_and_no_function():
    with pytest.raises(TypeError, match="cell must be an instance of RNNCell"):
        tf.nn.raw_rnn("cell", _three_steps(GRU(2)))
    with pytest.raises(TypeError, match="loop_fn must be a callable"):
        tf.nn.raw_rnn(GRU(2), None)


# -- sizes that are shapes ------------------------------------------------------


def test_zero_state_of_shapes():
    cell = Own(None, (tf.TensorShape([2, 3]), 4))
    known = cell.zero_state(5, tf.float32)
    assert [t.get_shape().as_list() for t in known] == [[5, 2, 3], [5, 4]]
    batch = tf.placeholder(tf.int32, [])
    unknown = cell.zero_state(batch, tf.float32)
    assert [t.get_shape().as_list() for t in unknown] == [[None, 2, 3], [None, 4]]
    assert [v.shape for v in _run(unknown, {batch: 1})] == [(1, 2, 3), (1, 4)]


def test_dtype_of_an_lstm_state():
    state = tf.nn.rnn_cell.LSTMStateTuple(tf.zeros([2]), tf.zeros([2]))
    assert state.dtype == tf.float32
    with pytest.raises(TypeError, match="Inconsistent internal state"):
        _ = state._replace(h=tf.zeros([2], tf.float64)).dtype


def test_private_names_that_programs_call():
    assert rnn._reverse_seq([1, 2, 3], None) == [3, 2, 1]
