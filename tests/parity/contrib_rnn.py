"""The cells of `tf.contrib.rnn` and what runs them."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from rnnkit import data, flat, measure, starts

BATCH, STEPS, DEPTH = 3, 4, 2


def step(tf, cell, width=None, depth=DEPTH, scale=1.0, **options):
    """One step of a cell, from a state that is no zero."""
    x = tf.constant(data(BATCH, depth) * scale)
    state = starts(tf, width or cell.state_size, BATCH)
    output, new_state = cell(x, state, **options)
    result = measure(tf, output, new_state, [x] + flat(state))
    result["kind"] = np.array(type(new_state).__name__)
    if width is None:
        result["state_size"] = flat(cell.state_size)
    result["output_size"] = cell.output_size
    return result


def run(tf, cell, steps=STEPS, depth=DEPTH, lengths=None, dtype="float32"):
    """Some steps of a cell, by `dynamic_rnn`."""
    x = tf.constant(data(BATCH, steps, depth, dtype=dtype))
    outputs, state = tf.nn.dynamic_rnn(
        cell, x, sequence_length=lengths, dtype=tf.as_dtype(dtype)
    )
    return measure(tf, outputs, state, [x])


# -- coupled gates --------------------------------------------------------------


def coupled(tf, units=3, **options):
    options.setdefault("state_is_tuple", True)
    return tf.contrib.rnn.CoupledInputForgetGateLSTMCell(units, **options)


def case_coupled(tf, np):
    return step(tf, coupled(tf))


def case_coupled_concat(tf, np):
    return step(tf, coupled(tf, state_is_tuple=False))


def case_coupled_peepholes(tf, np):
    return step(tf, coupled(tf, use_peepholes=True, forget_bias=0.5))


def case_coupled_projection(tf, np):
    return step(
        tf,
        coupled(
            tf,
            units=4,
            use_peepholes=True,
            num_proj=3,
            proj_clip=0.1,
            num_unit_shards=2,
            num_proj_shards=2,
        ),
    )


def case_coupled_projection_concat(tf, np):
    return step(tf, coupled(tf, num_proj=2, state_is_tuple=False))


def case_coupled_run(tf, np):
    return run(tf, coupled(tf, activation=tf.nn.relu), lengths=[4, 0, 2])


def case_coupled_scope(tf, np):
    return step(tf, coupled(tf), scope="mine")


def case_coupled_bad_unknown_depth(tf, np):
    cell = coupled(tf)
    cell(tf.placeholder(tf.float32, [3, None]), cell.zero_state(3, tf.float32))


# -- time and frequency ---------------------------------------------------------


def case_time_frequency(tf, np):
    cell = tf.contrib.rnn.TimeFreqLSTMCell(2, feature_size=2, frequency_skip=1)
    return step(tf, cell, width=12, depth=4)


def case_time_frequency_peepholes(tf, np):
    cell = tf.contrib.rnn.TimeFreqLSTMCell(
        2,
        use_peepholes=True,
        cell_clip=0.3,
        num_unit_shards=2,
        forget_bias=0.5,
        feature_size=3,
        frequency_skip=2,
    )
    return step(tf, cell, width=8, depth=5)


def case_time_frequency_one_shift(tf, np):
    """Then its sizes are right, and it can be run."""
    cell = tf.contrib.rnn.TimeFreqLSTMCell(2, feature_size=4, frequency_skip=1)
    return run(tf, cell, depth=4)


def case_time_frequency_bad_depth(tf, np):
    cell = tf.contrib.rnn.TimeFreqLSTMCell(2, feature_size=2, frequency_skip=1)
    cell(tf.placeholder(tf.float32, [3, None]), tf.zeros([3, 4]))


def grid(tf, units=2, **options):
    options.setdefault("feature_size", 2)
    options.setdefault("frequency_skip", 1)
    options.setdefault("num_frequency_blocks", [3])
    return tf.contrib.rnn.GridLSTMCell(units, **options)


def case_grid(tf, np):
    return step(tf, grid(tf), depth=4)


def case_grid_tuple(tf, np):
    cell = grid(tf, state_is_tuple=True)
    result = step(tf, cell, depth=4)
    result["fields"] = np.array(list(cell.state_size._fields))
    result["type"] = np.array(cell.state_tuple_type.__name__)
    return result


def case_grid_shared(tf, np):
    return step(tf, grid(tf, share_time_frequency_weights=True), depth=4)


def case_grid_peepholes(tf, np):
    cell = grid(tf, use_peepholes=True, cell_clip=0.3, num_unit_shards=2)
    return step(tf, cell, depth=4)


def case_grid_shared_peepholes(tf, np):
    cell = grid(tf, use_peepholes=True, share_time_frequency_weights=True)
    return step(tf, cell, depth=4)


def case_grid_coupled(tf, np):
    cell = grid(tf, couple_input_forget_gates=True, use_peepholes=True)
    return step(tf, cell, depth=4)


def case_grid_coupled_shared_tuple(tf, np):
    cell = grid(
        tf,
        couple_input_forget_gates=True,
        share_time_frequency_weights=True,
        state_is_tuple=True,
    )
    return step(tf, cell, depth=4)


BLOCKS = {
    "num_frequency_blocks": [1, 2],
    "start_freqindex_list": [0, 2],
    "end_freqindex_list": [2, 5],
}


def case_grid_blocks(tf, np):
    return step(tf, grid(tf, state_is_tuple=True, **BLOCKS), depth=5)


def case_grid_blocks_concat(tf, np):
    return step(tf, grid(tf, **BLOCKS), depth=5)


def case_grid_run(tf, np):
    cell = grid(tf, state_is_tuple=True)
    return run(tf, cell, depth=4, lengths=[4, 1, 2])


def case_grid_bad_blocks(tf, np):
    step(tf, grid(tf, num_frequency_blocks=[2]), depth=4)


def case_grid_bad_number_of_blocks(tf, np):
    step(tf, grid(tf, num_frequency_blocks=[2, 1]), depth=4)


def case_grid_bad_starts(tf, np):
    options = dict(BLOCKS, start_freqindex_list=[0])
    step(tf, grid(tf, **options), depth=5)


def case_grid_bad_block_size(tf, np):
    options = dict(BLOCKS, num_frequency_blocks=[1, 1])
    step(tf, grid(tf, **options), depth=5)


def both(tf, units=2, **options):
    return tf.contrib.rnn.BidirectionalGridLSTMCell(
        units, feature_size=2, frequency_skip=1, num_frequency_blocks=[3], **options
    )


def case_grid_both_ways(tf, np):
    cell = both(tf)
    result = step(tf, cell, depth=4)
    result["fields"] = np.array(list(cell.state_size._fields))
    return result


def case_grid_both_ways_offset(tf, np):
    return step(tf, both(tf, use_peepholes=True, backward_slice_offset=1), depth=4)


def case_grid_both_ways_negative_offset(tf, np):
    cell = both(tf, share_time_frequency_weights=True, backward_slice_offset=-1)
    return step(tf, cell, depth=4, scope="mine")


# -- attention ------------------------------------------------------------------


def attention(tf, length=3, tuples=True, inner="lstm", **options):
    cell = tf.nn.rnn_cell
    inner = (
        cell.GRUCell(3)
        if inner == "gru"
        else cell.BasicLSTMCell(3, state_is_tuple=tuples)
    )
    return tf.contrib.rnn.AttentionCellWrapper(
        inner, length, state_is_tuple=tuples, **options
    )


def case_attention(tf, np):
    return step(tf, attention(tf))


def case_attention_concat(tf, np):
    return step(tf, attention(tf, tuples=False))


def case_attention_sizes(tf, np):
    cell = attention(tf, attn_size=4, attn_vec_size=5, input_size=6)
    return step(tf, cell)


def case_attention_gru(tf, np):
    return step(tf, attention(tf, length=1, inner="gru"))


def case_attention_run(tf, np):
    return run(tf, attention(tf), steps=6, lengths=[6, 3, 0])


def case_attention_unrolled(tf, np):
    cell = attention(tf, tuples=False)
    x = [tf.constant(data(BATCH, DEPTH, seed=i)) for i in range(5)]
    outputs, state = tf.nn.rnn(cell, x, dtype=tf.float32)
    return measure(tf, outputs, state, x)


def case_attention_bad_cell(tf, np):
    tf.contrib.rnn.AttentionCellWrapper(None, 4)


def case_attention_bad_tuple(tf, np):
    cell = tf.nn.rnn_cell.BasicLSTMCell(2, state_is_tuple=True)
    tf.contrib.rnn.AttentionCellWrapper(cell, 4, state_is_tuple=False)


def case_attention_bad_length(tf, np):
    tf.contrib.rnn.AttentionCellWrapper(tf.nn.rnn_cell.GRUCell(2), 0)


# -- layer normalization --------------------------------------------------------


def case_layer_norm(tf, np):
    return step(tf, tf.contrib.rnn.LayerNormBasicLSTMCell(4))


def case_layer_norm_off(tf, np):
    cell = tf.contrib.rnn.LayerNormBasicLSTMCell(4, layer_norm=False, forget_bias=0.5)
    return step(tf, cell)


def case_layer_norm_initial_values(tf, np):
    cell = tf.contrib.rnn.LayerNormBasicLSTMCell(3, norm_gain=0.5, norm_shift=0.25)
    cell(tf.zeros([2, 3]), cell.zero_state(2, tf.float32))
    small = [v for v in tf.all_variables() if "weights" not in v.name]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {v.name.replace(":", "_"): sess.run(v) for v in small}


def case_layer_norm_dropout(tf, np):
    cell = tf.contrib.rnn.LayerNormBasicLSTMCell(
        4, dropout_keep_prob=0.5, dropout_prob_seed=5
    )
    return step(tf, cell)


def case_layer_norm_run(tf, np):
    cell = tf.contrib.rnn.LayerNormBasicLSTMCell(4, activation=tf.nn.relu)
    return run(tf, cell, lengths=[4, 1, 3])


case_layer_norm.tol = case_layer_norm_run.tol = (1e-4, 1e-5)


# -- block cells ----------------------------------------------------------------


def case_block_lstm(tf, np):
    return step(tf, tf.contrib.rnn.LSTMBlockCell(3))


def case_block_lstm_options(tf, np):
    cell = tf.contrib.rnn.LSTMBlockCell(3, forget_bias=0.5, use_compatible_names=True)
    return step(tf, cell)


def case_block_lstm_clipped(tf, np):
    """The cell is kept within [-3, 3], and gradients do not see that."""
    x = tf.constant(data(BATCH, DEPTH))
    state = (tf.constant(data(BATCH, 3) * 8), tf.constant(data(BATCH, 3, seed=3)))
    output, new_state = tf.contrib.rnn.LSTMBlockCell(3, forget_bias=4.0)(x, state)
    return measure(tf, output, new_state, [x] + list(state))


def case_block_lstm_peepholes_values(tf, np):
    """Without gradients, which TensorFlow 0.12 has wrong."""
    cell = tf.contrib.rnn.LSTMBlockCell(3, use_peephole=True)
    result = step(tf, cell)
    del result["grads"]
    return result


def case_block_lstm_run(tf, np):
    return run(tf, tf.contrib.rnn.LSTMBlockCell(3), lengths=[4, 0, 2])


def case_block_lstm_bad_state(tf, np):
    tf.contrib.rnn.LSTMBlockCell(3)(tf.zeros([2, 3]), [tf.zeros([2, 3])])


def case_block_gru(tf, np):
    return step(tf, tf.contrib.rnn.GRUBlockCell(3))


def case_block_gru_run(tf, np):
    return run(tf, tf.contrib.rnn.GRUBlockCell(3), lengths=[4, 0, 2])


def case_block_gru_initial_values(tf, np):
    tf.contrib.rnn.GRUBlockCell(3)(tf.zeros([2, 4]), tf.zeros([2, 3]))
    biases = [v for v in tf.all_variables() if "/b_" in v.name]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {v.name.replace(":", "_"): sess.run(v) for v in biases}


def case_block_gru_bad_state(tf, np):
    tf.contrib.rnn.GRUBlockCell(3)(tf.zeros([2, 4]), tf.zeros([2, 5]))


# -- fused cells ----------------------------------------------------------------


def fused(tf, cell, start=False, as_list=False, known=True, lengths=None, **options):
    value = data(STEPS, BATCH, DEPTH)
    if as_list:
        x = [tf.constant(value[t]) for t in range(STEPS)]
        wrt, feed = list(x), {}
    else:
        x = tf.placeholder(
            tf.float32, [STEPS, BATCH, DEPTH] if known else [None, None, DEPTH]
        )
        wrt, feed = [x], {x: value}
    if start:
        state = (
            tf.constant(data(BATCH, 3, seed=4)),
            tf.constant(data(BATCH, 3, seed=5)),
        )
        options["initial_state"] = state
        wrt += list(state)
    else:
        options["dtype"] = tf.float32
    outputs, state = cell(x, sequence_length=lengths, **options)
    result = measure(tf, outputs, state, wrt, feed, shapes=False)
    result["kind"] = np.array(type(outputs).__name__)
    return result


def case_fused_lstm(tf, np):
    return fused(tf, tf.contrib.rnn.LSTMBlockFusedCell(3))


def case_fused_lstm_start(tf, np):
    return fused(tf, tf.contrib.rnn.LSTMBlockFusedCell(3, forget_bias=0.5), start=True)


def case_fused_lstm_list(tf, np):
    return fused(tf, tf.contrib.rnn.LSTMBlockFusedCell(3), as_list=True)


def case_fused_lstm_peepholes(tf, np):
    cell = tf.contrib.rnn.LSTMBlockFusedCell(3, use_peephole=True)
    return fused(tf, cell, start=True)


def case_fused_lstm_clip(tf, np):
    return fused(tf, tf.contrib.rnn.LSTMBlockFusedCell(3, cell_clip=0.2), start=True)


def case_fused_lstm_no_clip(tf, np):
    return fused(tf, tf.contrib.rnn.LSTMBlockFusedCell(3, cell_clip=0.0), start=True)


def case_fused_lstm_lengths(tf, np):
    cell = tf.contrib.rnn.LSTMBlockFusedCell(3)
    return fused(tf, cell, start=True, lengths=tf.constant([4, 0, 2], tf.int32))


def case_fused_lstm_lengths_all_short(tf, np):
    cell = tf.contrib.rnn.LSTMBlockFusedCell(3)
    return fused(tf, cell, lengths=[2, 1, 3], scope="mine")


def case_fused_lstm_bad_no_dtype(tf, np):
    tf.contrib.rnn.LSTMBlockFusedCell(3)(tf.zeros([4, 2, 3]))


def case_fused_lstm_bad_state(tf, np):
    tf.contrib.rnn.LSTMBlockFusedCell(3)(tf.zeros([4, 2, 3]), [tf.zeros([2, 3])])


def case_fused_lstm_bad_rank(tf, np):
    tf.contrib.rnn.LSTMBlockFusedCell(3)(tf.zeros([4, 2]), dtype=tf.float32)


def adaptor(tf, dynamic):
    cell = tf.nn.rnn_cell.BasicLSTMCell(3, state_is_tuple=True)
    return tf.contrib.rnn.FusedRNNCellAdaptor(cell, use_dynamic_rnn=dynamic)


def case_adaptor_static(tf, np):
    return fused(tf, adaptor(tf, False))


def case_adaptor_static_list(tf, np):
    return fused(tf, adaptor(tf, False), as_list=True, lengths=[1, 2, 4])


def case_adaptor_dynamic(tf, np):
    return fused(tf, adaptor(tf, True), known=False, lengths=[1, 2, 4])


def case_adaptor_dynamic_list(tf, np):
    return fused(tf, adaptor(tf, True), as_list=True, scope="mine")


def case_reversed(tf, np):
    return fused(tf, tf.contrib.rnn.TimeReversedFusedRNN(adaptor(tf, True)))


def case_reversed_lengths(tf, np):
    cell = tf.contrib.rnn.TimeReversedFusedRNN(adaptor(tf, False))
    return fused(tf, cell, lengths=tf.constant([1, 2, 4], tf.int64))


def case_reversed_list(tf, np):
    cell = tf.contrib.rnn.TimeReversedFusedRNN(adaptor(tf, False))
    return fused(tf, cell, as_list=True)


def case_reversed_list_lengths(tf, np):
    cell = tf.contrib.rnn.TimeReversedFusedRNN(adaptor(tf, False))
    return fused(tf, cell, as_list=True, lengths=[1, 2, 4])


# -- stacks ---------------------------------------------------------------------


def without_direction_scopes(result):
    for one, other in (("_FW/", "/FW/"), ("_BW/", "/BW/")):
        result["variables"] = np.array(
            [name.replace(one, other) for name in result["variables"]]
        )
    return result


def layers(tf):
    cell = tf.nn.rnn_cell
    return (
        [cell.GRUCell(3), cell.BasicLSTMCell(2, state_is_tuple=True)],
        [cell.BasicLSTMCell(2, state_is_tuple=True), cell.GRUCell(3)],
    )


def case_stack_of_lists(tf, np):
    x = [tf.constant(data(BATCH, DEPTH, seed=i)) for i in range(STEPS)]
    outputs, fw, bw = tf.contrib.rnn.stack_bidirectional_rnn(
        *layers(tf), inputs=x, dtype=tf.float32, sequence_length=[4, 1, 3]
    )
    return without_direction_scopes(measure(tf, outputs, [fw, bw], x))


def case_stack_of_lists_start(tf, np):
    x = [tf.constant(data(BATCH, DEPTH, seed=i)) for i in range(STEPS)]
    fw, bw = layers(tf)
    first = [starts(tf, c.state_size, BATCH, 30) for c in fw]
    second = [starts(tf, c.state_size, BATCH, 40) for c in bw]
    outputs, fw, bw = tf.contrib.rnn.stack_bidirectional_rnn(
        fw, bw, x, first, second, scope="mine"
    )
    return without_direction_scopes(
        measure(tf, outputs, [fw, bw], x + flat(first) + flat(second))
    )


def case_stack_of_tensors(tf, np):
    x = tf.constant(data(BATCH, STEPS, DEPTH))
    outputs, fw, bw = tf.contrib.rnn.stack_bidirectional_dynamic_rnn(
        *layers(tf),
        inputs=x,
        dtype=tf.float32,
        sequence_length=tf.constant([4, 1, 3], tf.int64),
    )
    return measure(tf, outputs, [fw, bw], [x])


def case_stack_bad_no_cells(tf, np):
    tf.contrib.rnn.stack_bidirectional_rnn([], [], [tf.zeros([2, 2])])


def case_stack_bad_no_list(tf, np):
    cell = tf.nn.rnn_cell.GRUCell(2)
    tf.contrib.rnn.stack_bidirectional_rnn((cell,), [cell], [tf.zeros([2, 2])])


def case_stack_bad_depth(tf, np):
    cell = tf.nn.rnn_cell.GRUCell(2)
    tf.contrib.rnn.stack_bidirectional_dynamic_rnn([cell] * 2, [cell], tf.zeros([2, 2]))
