"""`tf.contrib.rnn`: what the recorded TensorFlow cannot tell, and what is refused."""

import numpy as np
import pytest

import tfstyle as tf

rnn = tf.contrib.rnn


def _data(*shape):
    return np.random.RandomState(3).uniform(-1, 1, shape).astype(np.float32)


def _variables():
    return [v.name for v in tf.all_variables()]


def _run(fetches, feed=None):
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        rng = np.random.RandomState(7)
        for v in tf.all_variables():
            value = rng.uniform(-0.6, 0.6, v.get_shape().as_list())
            sess.run(v.assign(value.astype(np.float32)))
        return sess.run(fetches, feed)


def _close(ones, others):
    for one, other in zip(ones, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


# -- the cells of 0.9 -----------------------------------------------------------


def test_grid_lstm_of_0_9_is_one_block_without_a_number():
    x, state = tf.constant(_data(3, 5)), tf.constant(_data(3, 16))
    options = {"feature_size": 2, "frequency_skip": 1, "use_peepholes": True}
    old = rnn.GridLSTMCell(2, **options)
    later = rnn.GridLSTMCell(2, **options, num_frequency_blocks=[4])
    with tf.variable_scope("old"):
        values = old(x, state)
    names = [name for name in _variables() if name.startswith("old/")]
    assert names[:4] == [
        f"old/GridLSTMCell/{name}:0" for name in ("W_f_0", "B_f", "W_t_0", "B_t")
    ]
    assert "old/GridLSTMCell/W_F_diag_freqf:0" in names
    assert (old.state_size, old.output_size) == (4, 2)
    assert (later.state_size, later.output_size) == (16, 16)
    with tf.variable_scope("later"):
        others = later(x, state)
    pairs = zip(tf.all_variables()[len(names) :], tf.all_variables(), strict=False)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        sess.run([one.assign(other) for one, other in pairs])
        _close(*sess.run([values, others]))


@pytest.mark.parametrize("name", ["GridLSTMCell", "TimeFreqLSTMCell"])
def test_frequencies_of_an_unknown_number_of_examples(name):
    x = tf.placeholder(tf.float32, [None, 3])
    state = tf.placeholder(tf.float32, [None, 8])
    cell = getattr(rnn, name)(2, feature_size=2, frequency_skip=1)
    output, new_state = cell(x, state)
    assert new_state.get_shape().as_list() == [None, 8]
    value, last = _run([output, new_state], {x: _data(4, 3), state: _data(4, 8)})
    assert len(value) == len(last) == 4


def test_grid_lstm_with_a_tuple_needs_blocks():
    with pytest.raises(ValueError, match="Must specify num_frequency_blocks"):
        rnn.GridLSTMCell(2, feature_size=2, frequency_skip=1, state_is_tuple=True)


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("requires 2 but gets 3", {"num_frequency_blocks": [2]}),
        ("is not 1, but instead is 2", {"num_frequency_blocks": [1, 2]}),
        (
            "does not match 2 1",
            {
                "num_frequency_blocks": [1, 1],
                "start_freqindex_list": [0, 1],
                "end_freqindex_list": [2],
            },
        ),
        (
            "not equal to start_freqindex_list 1 2",
            {
                "num_frequency_blocks": [1],
                "start_freqindex_list": [0, 2],
                "end_freqindex_list": [2, 4],
            },
        ),
    ],
)
def test_grid_lstm_refuses_blocks(words, options):
    cell = rnn.GridLSTMCell(2, feature_size=2, frequency_skip=1, **options)
    with pytest.raises(ValueError, match=words):
        cell(tf.zeros([3, 4]), tf.zeros([3, 12]))


# -- blocks ---------------------------------------------------------------------


def test_block_lstm_with_peepholes_is_an_lstm_cell():
    """Gradients too, of which TensorFlow 0.12 has two in each other's place."""
    x = tf.constant(_data(3, 2))
    c, h = tf.constant(_data(3, 4)), tf.constant(_data(3, 4)[::-1].copy())
    block = rnn.LSTMBlockCell(4, use_peephole=True, use_compatible_names=True)
    plain = tf.nn.rnn_cell.LSTMCell(4, use_peepholes=True, state_is_tuple=True)
    results = []
    for cell, reuse in ((block, None), (plain, True)):
        with tf.variable_scope("net", reuse=reuse):
            output, state = cell(x, tf.nn.rnn_cell.LSTMStateTuple(c, h))
        variables = sorted(tf.trainable_variables(), key=lambda v: v.name)
        grads = tf.gradients([output, *state], [x, c, h, *variables])
        results.append([output, *state, *grads])
    _close(*_run(results))


@pytest.mark.parametrize("lengths", [None, [4, 0, 2]])
def test_fused_lstm_of_unknown_sizes_is_a_block_lstm_in_dynamic_rnn(lengths):
    x = tf.placeholder(tf.float32, [None, None, 2])
    with tf.variable_scope("net"):
        outputs, state = rnn.LSTMBlockFusedCell(3)(
            x, dtype=tf.float32, sequence_length=lengths, scope="LSTMCell"
        )
    cell = rnn.LSTMBlockCell(3, use_compatible_names=True)
    with tf.variable_scope("net", reuse=True) as scope:
        wanted, last = tf.nn.dynamic_rnn(
            cell, x, lengths, dtype=tf.float32, time_major=True, scope=scope
        )
    one, other = _run([[outputs, *state], [wanted, *last]], {x: _data(4, 3, 2)})
    _close(one, other)


def test_fused_lstm_is_one_loop():
    rnn.LSTMBlockFusedCell(3)([tf.zeros([2, 4])] * 30, dtype=tf.float32)
    types = [op.type for op in tf.get_default_graph().get_operations()]
    assert types.count("Scan") == 1
    assert types.count("Tanh") == 2


def test_fused_lstm_counts_its_lengths():
    x = tf.placeholder(tf.float32, [None, None, 2])
    outputs, _ = rnn.LSTMBlockFusedCell(3)(
        x, dtype=tf.float32, sequence_length=tf.placeholder_with_default([1, 2], [None])
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected shape"):
        _run(outputs, {x: _data(4, 3, 2)})


def test_block_cells_refuse_an_unknown_depth():
    x = tf.placeholder(tf.float32, [3, None])
    with pytest.raises(ValueError, match="Expecting the last size"):
        rnn.LSTMBlockCell(2)(x, (tf.zeros([3, 2]), tf.zeros([3, 2])))
    with pytest.raises(ValueError, match="Expecting input_size to be set"):
        rnn.GRUBlockCell(2)(x, tf.zeros([3, 2]))
    with pytest.raises(ValueError, match="cell_size 2 vs 3"):
        rnn.GRUBlockCell(2)(tf.zeros([3, 2]), tf.zeros([3, 3]))


def test_fused_cells_are_abstract():
    with pytest.raises(TypeError):
        rnn.FusedRNNCell()
    with pytest.raises(TypeError):
        rnn.LSTMBlockWrapper()


# -- what 1.0 has here ----------------------------------------------------------


def test_cells_of_1_0_have_tuples_for_states():
    pair = tf.nn.rnn_cell.LSTMStateTuple
    assert rnn.BasicLSTMCell(3).state_size == pair(3, 3)
    assert rnn.LSTMCell(3, num_proj=2).state_size == pair(3, 2)
    stack = rnn.MultiRNNCell([rnn.BasicLSTMCell(3), rnn.GRUCell(2)])
    assert stack.state_size == (pair(3, 3), 2)
    assert tf.nn.rnn_cell.BasicLSTMCell(3).state_size == 6


def test_cells_of_1_0_keep_their_names():
    stack = rnn.MultiRNNCell([rnn.LSTMCell(2, num_proj=3, proj_clip=0.1)])
    outputs, _ = rnn.static_rnn(stack, [tf.zeros([2, 3])] * 2, dtype=tf.float32)
    prefix = "RNN/MultiRNNCell/Cell0/LSTMCell"
    assert _variables() == [f"{prefix}/{n}:0" for n in ("W_0", "B", "W_P_0")]
    assert np.abs(_run(outputs[-1])).max() <= 0.1 + 1e-6


def test_static_functions():
    cell, x = rnn.GRUCell(2), [tf.zeros([2, 3])] * 2
    outputs, _, _ = rnn.static_bidirectional_rnn(cell, cell, x, dtype=tf.float32)
    assert outputs[0].get_shape().as_list() == [2, 4]
    assert rnn.static_state_saving_rnn is tf.nn.state_saving_rnn


# -- stacks ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "cells"),
    [
        ("at least one fw cell", ([], [])),
        ("at least one bw cell", ([1], [])),
        ("cells_fw must be a list", ((1,), [1])),
        ("cells_bw must be a list", ([1], (1,))),
        ("must have the same depth", ([1, 2], [1])),
    ],
)
def test_stacks_refuse_cells(words, cells):
    for stack in (
        rnn.stack_bidirectional_rnn,
        rnn.stack_bidirectional_dynamic_rnn,
    ):
        with pytest.raises(ValueError, match=words):
            stack(*cells, tf.zeros([2, 3, 4]))


def test_stacks_refuse_too_few_states():
    cell, x = tf.nn.rnn_cell.GRUCell(2), tf.zeros([2, 3, 4])
    with pytest.raises(ValueError, match="initial_states_bw must be a list"):
        rnn.stack_bidirectional_dynamic_rnn(
            [cell], [cell], x, None, [tf.zeros([2, 2])] * 2, dtype=tf.float32
        )
    with pytest.raises(TypeError, match="cell_fw must be an instance of RNNCell"):
        rnn.stack_bidirectional_dynamic_rnn(["cell"], [cell], x, dtype=tf.float32)


# -- attention ------------------------------------------------------------------


def test_attention_learns():
    x = tf.constant(_data(4, 6, 2))
    cell = rnn.AttentionCellWrapper(rnn.GRUCell(3), 3, state_is_tuple=True)
    outputs, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    loss = tf.reduce_mean(tf.square(outputs - 0.3))
    step = tf.train.AdamOptimizer(0.05).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        before = sess.run(loss)
        for _ in range(20):
            sess.run(step)
        assert sess.run(loss) < 0.5 * before


def test_attention_refuses():
    with pytest.raises(ValueError, match="greater than zero, got -1"):
        rnn.AttentionCellWrapper(rnn.GRUCell(3), -1)
    with pytest.raises(ValueError, match="state_is_tuple is not set"):
        rnn.AttentionCellWrapper(rnn.BasicLSTMCell(3), 2)
