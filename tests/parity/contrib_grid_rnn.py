"""The cells of `tf.contrib.grid_rnn`."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from rnnkit import data, measure

BATCH, DEPTH = 2, 3


def step(tf, cell, with_inputs=True, **options):
    """One step of a cell, from a state that is no zero."""
    state = tf.constant(data(BATCH, cell.state_size, seed=2))
    x = tf.constant(data(BATCH, DEPTH)) if with_inputs else None
    # TensorFlow 0.12 has no usable default for the weights of dimensions that are
    # not recurrent.
    with tf.variable_scope("root", initializer=tf.constant_initializer(0.5)):
        output, new_state = cell(x, state, **options)
    result = measure(tf, output, new_state, [x, state] if with_inputs else [state])
    result["sizes"] = [cell.input_size, cell.output_size, cell.state_size]
    return result


def of(name, *args, **options):
    def case(tf, np):
        return step(tf, getattr(tf.contrib.grid_rnn, name)(*args, **options))

    return case


def relu_of(name, *args, **options):
    def case(tf, np):
        options["non_recurrent_fn"] = tf.nn.relu
        return step(tf, getattr(tf.contrib.grid_rnn, name)(*args, **options))

    return case


case_1_basic = of("Grid1BasicRNNCell", 3)
case_1_basic_lstm = of("Grid1BasicLSTMCell", 3)
case_1_basic_lstm_bias = of("Grid1BasicLSTMCell", 3, forget_bias=0)
case_1_lstm = of("Grid1LSTMCell", 3)
case_1_lstm_peepholes = of("Grid1LSTMCell", 3, use_peepholes=True, forget_bias=0.5)
case_2_basic = of("Grid2BasicRNNCell", 3)
case_2_basic_tied = of("Grid2BasicRNNCell", 3, tied=True)
case_2_basic_relu = relu_of("Grid2BasicRNNCell", 3)
case_2_basic_lstm = of("Grid2BasicLSTMCell", 3)
case_2_basic_lstm_tied = of("Grid2BasicLSTMCell", 3, tied=True, forget_bias=0.5)
case_2_basic_lstm_relu = relu_of("Grid2BasicLSTMCell", 3)
case_2_lstm = of("Grid2LSTMCell", 3)
case_2_lstm_peepholes_tied = of("Grid2LSTMCell", 3, tied=True, use_peepholes=True)
case_2_lstm_relu = relu_of("Grid2LSTMCell", 3, use_peepholes=True)
case_2_gru = of("Grid2GRUCell", 3)
case_2_gru_tied = of("Grid2GRUCell", 3, tied=True)
case_2_gru_relu = relu_of("Grid2GRUCell", 3)
case_3_lstm = of("Grid3LSTMCell", 2)
case_3_lstm_tied = of("Grid3LSTMCell", 2, tied=True, use_peepholes=True)
case_3_lstm_relu = relu_of("Grid3LSTMCell", 2)


def grid(tf, units=2, **options):
    return tf.contrib.grid_rnn.GridRNNCell(units, **options)


def case_default_cell(tf, np):
    return step(tf, grid(tf, num_dims=2, input_dims=0, output_dims=[0, 1]))


def case_two_inputs(tf, np):
    cell = grid(tf, num_dims=3, input_dims=[2, 0], output_dims=[1, 2], tied=True)
    state = tf.constant(data(BATCH, cell.state_size, seed=2))
    x = tf.constant(data(BATCH, 4))
    with tf.variable_scope("root"):
        output, new_state = cell(x, state)
    return measure(tf, output, new_state, [x, state])


def case_no_inputs(tf, np):
    cell = grid(tf, num_dims=2, input_dims=0, output_dims=1)
    return step(tf, cell, with_inputs=False)


def case_empty_inputs(tf, np):
    """Inputs without columns are like none."""
    cell = grid(tf, num_dims=2, output_dims=1)
    state = tf.constant(data(BATCH, cell.state_size, seed=2))
    output, new_state = cell(tf.zeros([BATCH, 3]), state)
    return measure(tf, output, new_state, [state])


def case_priority(tf, np):
    cell = grid(tf, num_dims=3, input_dims=0, output_dims=0, priority_dims=[0, 2])
    return step(tf, cell)


def case_not_recurrent(tf, np):
    cell = grid(
        tf,
        num_dims=3,
        input_dims=0,
        output_dims=2,
        non_recurrent_dims=[0, 1],
        non_recurrent_fn=tf.tanh,
    )
    return step(tf, cell)


def case_not_recurrent_by_default(tf, np):
    cell = grid(tf, num_dims=2, input_dims=0, output_dims=0, non_recurrent_dims=0)
    return step(tf, cell)


def case_no_outputs(tf, np):
    cell = grid(tf, num_dims=2, input_dims=0)
    x = tf.constant(data(BATCH, DEPTH))
    output, _ = cell(x, tf.constant(data(BATCH, cell.state_size)))
    return {"shape": output.get_shape().as_list(), "size": cell.output_size}


def case_own_cell(tf, np):
    cell = grid(
        tf,
        num_dims=2,
        input_dims=0,
        output_dims=1,
        cell_fn=lambda units, size: tf.nn.rnn_cell.GRUCell(units),
    )
    return step(tf, cell)


def case_scope(tf, np):
    return step(tf, grid(tf, num_dims=2, input_dims=0, output_dims=0), scope="mine")


def case_run(tf, np):
    """An unrolled network of grid cells, as the tests of TensorFlow have it."""
    cell = tf.contrib.grid_rnn.Grid2LSTMCell(3, use_peepholes=True)
    x = [tf.constant(data(BATCH, DEPTH, seed=i)) for i in range(4)]
    with tf.variable_scope("root"):
        outputs, state = tf.nn.rnn(cell, x, dtype=tf.float32, sequence_length=[4, 2])
    return measure(tf, outputs, state, x)


def case_run_dynamic(tf, np):
    cell = tf.contrib.grid_rnn.Grid2GRUCell(3, tied=True)
    x = tf.constant(data(BATCH, 4, DEPTH))
    with tf.variable_scope("root"):
        outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    return measure(tf, outputs, state, [x])


def case_run_one_dimension(tf, np):
    cell = tf.contrib.grid_rnn.Grid1LSTMCell(3)
    x = [tf.constant(data(BATCH, DEPTH, seed=i)) for i in range(3)]
    with tf.variable_scope("root"):
        outputs, state = tf.nn.rnn(cell, x, dtype=tf.float32)
    return measure(tf, outputs, state, x)


def case_stacked(tf, np):
    cell = tf.contrib.grid_rnn.Grid2BasicRNNCell(3)
    cell = tf.nn.rnn_cell.MultiRNNCell([cell] * 2, state_is_tuple=False)
    x = [tf.constant(data(BATCH, DEPTH, seed=i)) for i in range(3)]
    with tf.variable_scope("root"):
        outputs, state = tf.nn.rnn(cell, x, dtype=tf.float32)
    return measure(tf, outputs, state, x)


def case_bad_dims(tf, np):
    grid(tf, num_dims=0)


def case_bad_input_dim(tf, np):
    grid(tf, num_dims=2, input_dims=2)


def case_bad_negative_dim(tf, np):
    grid(tf, num_dims=2, output_dims=[-1, 0])


def case_bad_cell_fn(tf, np):
    grid(tf, num_dims=2, cell_fn=lambda units, size: "cell")


def case_bad_state(tf, np):
    grid(tf, num_dims=2, input_dims=0)(tf.zeros([2, 3]), tf.zeros([2, 5]))
