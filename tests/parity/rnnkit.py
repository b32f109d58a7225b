"""What the case files of recurrent networks share: data, variables, gradients.

Runs under the Python 3.6 of the recorded TensorFlow as well as today's.
"""

import numpy as np

__all__ = ["cells", "data", "fill", "flat", "measure", "names", "starts"]


def data(*shape, seed=1, dtype="float32"):
    """Fixed pseudo-random numbers in [-1, 1)."""
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype(dtype)


def flat(structure):
    """The tensors of nested lists and tuples, in order."""
    if isinstance(structure, (tuple, list)):
        return [leaf for item in structure for leaf in flat(item)]
    return [structure]


def fill(tf, sess, seed=7):
    """Sets all variables from NumPy, in the order in which they were made."""
    sess.run(tf.initialize_all_variables())
    rng = np.random.RandomState(seed)
    for v in tf.all_variables():
        value = rng.uniform(-0.6, 0.6, v.get_shape().as_list())
        sess.run(v.assign(value.astype(v.dtype.base_dtype.as_numpy_dtype)))


def names(variables):
    """Names and shapes of variables."""
    return np.array([f"{v.name} {v.get_shape().as_list()}" for v in variables])


def measure(tf, outputs, state, wrt=(), feed=None, shapes=True):
    """Runs a network.

    Args:
      tf: the module.
      outputs: tensors, nested or not.
      state: tensors, nested or not.
      wrt: tensors to differentiate by, before the variables.
      feed: what to feed.
      shapes: whether static shapes of the outputs are compared.

    Returns:
      Values of outputs and state, gradients of a weighted sum of them all, static
      shapes, and the names of the variables.
    """
    outputs, state = flat(outputs), flat(state)
    tensors = outputs + state
    terms = [
        tf.reduce_sum(tf.sin(t + 0.3 * (i + 1)) * (1.0 + 0.5 * i))
        for i, t in enumerate(tensors)
    ]
    grads = tf.gradients(terms, list(wrt) + tf.trainable_variables())
    got = [tf.convert_to_tensor(g) for g in grads if g is not None]
    with tf.Session() as sess:
        fill(tf, sess)
        values, gradients = sess.run([tensors, got], feed)
    result = {
        "outputs": values[: len(outputs)],
        "state": values[len(outputs) :],
        "grads": gradients,
        "unconnected": [int(g is None) for g in grads],
        "variables": names(tf.all_variables()),
    }
    if shapes:
        result["shapes"] = np.array([str(t.get_shape()) for t in outputs])
    return result


def cells(tf):
    """Makers of the cells of `rnn_cell`, by name."""
    cell = tf.nn.rnn_cell

    def lstm(units, **options):
        options.setdefault("state_is_tuple", True)
        return cell.BasicLSTMCell(units, **options)

    return {
        "basic": lambda: cell.BasicRNNCell(3),
        "gru": lambda: cell.GRUCell(3),
        "lstm": lambda: lstm(3),
        "lstm_concat": lambda: lstm(3, state_is_tuple=False),
        "peepholes": lambda: cell.LSTMCell(
            3, use_peepholes=True, cell_clip=0.4, state_is_tuple=True
        ),
        "projected": lambda: cell.LSTMCell(
            4,
            num_proj=3,
            num_unit_shards=2,
            num_proj_shards=2,
            state_is_tuple=False,
        ),
        "multi": lambda: cell.MultiRNNCell([lstm(3), lstm(2)], state_is_tuple=True),
        "multi_concat": lambda: cell.MultiRNNCell(
            [cell.GRUCell(2), lstm(3, state_is_tuple=False)], state_is_tuple=False
        ),
        "projections": lambda: cell.OutputProjectionWrapper(
            cell.InputProjectionWrapper(cell.GRUCell(3), 4), 2
        ),
    }


def starts(tf, size, batch, seed=20):
    """An initial state [batch, ...] of constants in the nesting of `size`."""
    if isinstance(size, (tuple, list)):
        parts = [starts(tf, s, batch, seed + 1 + i) for i, s in enumerate(size)]
        return type(size)(*parts) if hasattr(size, "_fields") else tuple(parts)
    return tf.constant(data(batch, size, seed=seed))
