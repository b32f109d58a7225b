"""`tf.contrib.grid_rnn`: what the recorded TensorFlow cannot do, and bad input."""

import numpy as np
import pytest

import tfstyle as tf

grid_rnn = tf.contrib.grid_rnn


def test_tied_layers_share_their_weights():
    """TensorFlow 0.12 finds no variable to share when a layer comes after a cell."""
    cell = grid_rnn.GridRNNCell(
        2,
        num_dims=3,
        input_dims=[0, 1],
        output_dims=0,
        non_recurrent_dims=[0, 1],
        tied=True,
    )
    cell(tf.zeros([2, 4]), tf.zeros([2, cell.state_size]))
    names = [v.name for v in tf.all_variables()]
    assert len(names) == len(set(names)) == 4 + 2 + 2
    assert "GridRNNCell/non_recurrent/fully_connected/weights:0" in names
    assert "GridRNNCell/recurrent/LSTMCell/W_0:0" in names


def test_layer_variables_are_in_collections():
    cell = grid_rnn.Grid2GRUCell(2, non_recurrent_fn=tf.tanh)
    cell(tf.zeros([2, 3]), tf.zeros([2, cell.state_size]))
    weights = tf.get_collection(tf.GraphKeys.WEIGHTS)
    biases = tf.get_collection(tf.GraphKeys.BIASES)
    assert [v.op.name.split("/")[-1] for v in [*weights, *biases]] == [
        "weights",
        "bias",
    ]
    assert set(weights + biases) <= set(tf.trainable_variables())


def test_unknown_number_of_examples():
    x = tf.placeholder(tf.float32, [None, 3])
    for cell in (grid_rnn.Grid1LSTMCell(2), grid_rnn.Grid3LSTMCell(2)):
        output, state = cell(x, cell.zero_state(tf.shape(x)[0], tf.float32))
        with tf.Session() as sess:
            sess.run(tf.initialize_all_variables())
            values = sess.run([output, state], {x: np.ones([5, 3])})
        assert [v.shape for v in values] == [(5, 2), (5, cell.state_size)]


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("dims must be >= 1: 0", {"num_dims": 0}),
        (r"Invalid dims: \[2\]. Must be in \[0, 2\)", {"output_dims": 2}),
        (r"Invalid dims: \[-1, 0\]", {"priority_dims": [0, -1]}),
        ("must return an object of type RNNCell", {"cell_fn": lambda n, i: None}),
    ],
)
def test_grid_refuses(words, options):
    with pytest.raises(ValueError, match=words):
        grid_rnn.GridRNNCell(3, **{"num_dims": 2, **options})


def test_grid_refuses_a_state_of_another_size():
    cell = grid_rnn.Grid2BasicRNNCell(3)
    with pytest.raises(ValueError, match="not same as specified: 5 vs 6"):
        cell(tf.zeros([2, 3]), tf.zeros([2, 5]))
