"""Recurrent nets unrolled by the user's own loop, and cells the user wrote."""


def fill(tf, np, sess, seed=7):
    """Sets all variables from NumPy, in the order in which they were made."""
    sess.run(tf.initialize_all_variables())
    rng = np.random.RandomState(seed)
    for v in tf.all_variables():
        value = rng.uniform(-0.6, 0.6, v.get_shape().as_list())
        sess.run(v.assign(value.astype(np.float32)))


def flat(structure):
    if isinstance(structure, (tuple, list)):
        return [leaf for item in structure for leaf in flat(item)]
    return [structure]


def names(np, variables):
    return np.array([f"{v.name} {v.get_shape().as_list()}" for v in variables])


def data(np, *shape, seed=1):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype("f")


def collect(tf, np, outputs, state, wrt=(), feed=None):
    tensors = [*outputs, *flat(state)]
    loss = tf.add_n([tf.reduce_sum(tf.sin(t + i)) for i, t in enumerate(tensors)])
    grads = tf.gradients(loss, [*wrt, *tf.trainable_variables()])
    with tf.Session() as sess:
        fill(tf, np, sess)
        values, gradients = sess.run(
            [tensors, [tf.convert_to_tensor(g) for g in grads]], feed
        )
        return {
            "values": values,
            "grads": gradients,
            "variables": names(np, tf.all_variables()),
        }


def by_loop(tf, cell, x, state):
    outputs = []
    with tf.variable_scope("RNN"):
        for t in range(x.get_shape()[1].value):
            if t > 0:
                tf.get_variable_scope().reuse_variables()
            output, state = cell(x[:, t, :], state)
            outputs.append(output)
    return outputs, state


def case_loop_basic(tf, np):
    x = tf.constant(data(np, 2, 5, 3))
    cell = tf.nn.rnn_cell.BasicRNNCell(4)
    outputs, state = by_loop(tf, cell, x, cell.zero_state(2, tf.float32))
    return collect(tf, np, outputs, state, [x])


def case_loop_lstm_tuple(tf, np):
    x = tf.constant(data(np, 2, 5, 3))
    cell = tf.nn.rnn_cell.BasicLSTMCell(4, state_is_tuple=True)
    outputs, state = by_loop(tf, cell, x, cell.zero_state(2, tf.float32))
    return collect(tf, np, outputs, state, [x])


def case_loop_multi_concat_fed(tf, np):
    x = tf.placeholder(tf.float32, [2, 4, 3])
    cell = tf.nn.rnn_cell.BasicLSTMCell(3, state_is_tuple=False)
    cell = tf.nn.rnn_cell.MultiRNNCell([cell] * 2, state_is_tuple=False)
    outputs, state = by_loop(tf, cell, x, cell.zero_state(2, tf.float32))
    return collect(tf, np, outputs, state, [x], {x: data(np, 2, 4, 3)})


def case_loop_with_dropout(tf, np):
    x = tf.constant(data(np, 2, 4, 3))
    cell = tf.nn.rnn_cell.DropoutWrapper(
        tf.nn.rnn_cell.GRUCell(5), output_keep_prob=0.6, seed=3
    )
    outputs, state = by_loop(tf, cell, x, cell.zero_state(2, tf.float32))
    return collect(tf, np, outputs, state, [x])


def case_loop_equals_rnn(tf, np):
    """The loop in the scope of `rnn` shares its variables and gives its numbers."""
    x = tf.constant(data(np, 2, 5, 3))
    cell = tf.nn.rnn_cell.GRUCell(4)
    steps = [tf.squeeze(s, [1]) for s in tf.split(1, 5, x)]
    outputs, last = tf.nn.rnn(cell, steps, dtype=tf.float32)
    tf.get_variable_scope().reuse_variables()
    again, again_last = by_loop(tf, cell, x, cell.zero_state(2, tf.float32))
    again.append(again_last)
    differences = [a - again[i] for i, a in enumerate([*outputs, last])]
    got = collect(tf, np, outputs + again, last, [x])
    with tf.Session() as sess:
        fill(tf, np, sess)
        got["differences"] = sess.run(differences)
    return got


def case_loop_without_reuse(tf, np):
    cell = tf.nn.rnn_cell.GRUCell(4)
    state = cell.zero_state(2, tf.float32)
    for _ in range(2):
        _, state = cell(tf.zeros([2, 3]), state)


def case_loop_two_scopes(tf, np):
    x, state = tf.constant(data(np, 2, 3)), tf.constant(data(np, 2, 4, seed=2))
    cell = tf.nn.rnn_cell.GRUCell(4)
    outputs = []
    for scope in ("forward", "backward"):
        with tf.variable_scope(scope):
            outputs.append(cell(x, state)[0])
    return collect(tf, np, outputs, [], [x, state])


def case_output_fed_back(tf, np):
    """A decoder: each output, projected, is the next input."""
    cell = tf.nn.rnn_cell.BasicLSTMCell(3, state_is_tuple=True)
    w = tf.Variable(tf.zeros([3, 2]), name="w")
    x, state = tf.constant(data(np, 2, 2)), cell.zero_state(2, tf.float32)
    outputs = []
    with tf.variable_scope("decoder") as scope:
        for t in range(4):
            if t:
                scope.reuse_variables()
            hidden, state = cell(x, state)
            x = tf.tanh(tf.matmul(hidden, w))
            outputs.append(x)
    return collect(tf, np, outputs, state)


def decay_cell(tf):
    class DecayCell(tf.nn.rnn_cell.RNNCell):
        """State decays by a learned rate, the input is mixed in."""

        def __init__(self, num_units):
            self._num_units = num_units

        @property
        def state_size(self):
            return self._num_units

        @property
        def output_size(self):
            return self._num_units

        def __call__(self, inputs, state, scope=None):
            with tf.variable_scope(scope or type(self).__name__):
                rate = tf.get_variable("rate", [self._num_units])
                w = tf.get_variable("w", [inputs.get_shape()[1].value, self._num_units])
                new = tf.sigmoid(rate) * state + tf.matmul(inputs, w)
                return tf.nn.relu(new), new

    return DecayCell


def case_own_cell_step(tf, np):
    cell = decay_cell(tf)(3)
    x, state = tf.constant(data(np, 2, 4)), tf.constant(data(np, 2, 3, seed=2))
    out, new = cell(x, state)
    return collect(tf, np, [out], new, [x, state])


def case_own_cell_in_rnn(tf, np):
    cell = decay_cell(tf)(3)
    x = tf.constant(data(np, 4, 2, 3))
    outputs, state = tf.nn.rnn(
        cell, tf.unpack(x), dtype=tf.float32, sequence_length=[3, 4]
    )
    return collect(tf, np, outputs, state, [x])


def case_own_cell_wrapped(tf, np):
    cell = tf.nn.rnn_cell.DropoutWrapper(decay_cell(tf)(4), 0.5, 0.5, seed=2)
    cell = tf.nn.rnn_cell.MultiRNNCell(
        [cell, tf.nn.rnn_cell.BasicLSTMCell(2, state_is_tuple=True)],
        state_is_tuple=True,
    )
    x = tf.constant(data(np, 3, 2, 4))
    outputs, state = tf.nn.rnn(cell, tf.unpack(x), dtype=tf.float32)
    return collect(tf, np, outputs, state, [x])


def case_own_cell_zero_state(tf, np):
    state = decay_cell(tf)(3).zero_state(2, tf.float32)
    with tf.Session() as sess:
        return {"name": np.array(state.name), "value": sess.run(state)}


def case_own_cell_tuple_state(tf, np):
    base = tf.nn.rnn_cell.RNNCell

    class Pair(base):
        @property
        def state_size(self):
            return (2, (3, 2))

        @property
        def output_size(self):
            return 2

        def __call__(self, inputs, state, scope=None):
            a, (b, c) = state
            with tf.variable_scope(scope or "Pair"):
                mix = tf.nn.rnn_cell._linear([inputs, a, b], 2, True, 0.5)
            new = tf.tanh(mix)
            return new + c, (new, (b * 0.5, c + a))

    cell = Pair()
    x = tf.constant(data(np, 3, 2, 2))
    start = (
        tf.constant(data(np, 2, 2, seed=2)),
        (tf.constant(data(np, 2, 3, seed=3)), tf.constant(data(np, 2, 2, seed=4))),
    )
    outputs, state = tf.nn.rnn(cell, tf.unpack(x), initial_state=start)
    return collect(tf, np, outputs, state, [x, *flat(start)])


def case_linear(tf, np):
    a, b = tf.constant(data(np, 2, 3)), tf.constant(data(np, 2, 2, seed=2))
    linear = tf.nn.rnn_cell._linear
    one = linear(a, 4, False, scope="one")
    both = linear([a, b], 3, True, bias_start=0.25, scope="both")
    got = collect(tf, np, [one, both], [], [a, b])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        got["bias"] = sess.run(tf.all_variables()[-1])
    return got


def case_linear_of_nothing(tf, np):
    tf.nn.rnn_cell._linear([], 4, True)


def case_abstract_cell(tf, np):
    tf.nn.rnn_cell.RNNCell()(tf.zeros([2, 2]), tf.zeros([2, 2]))


def case_abstract_sizes(tf, np):
    return {"size": tf.nn.rnn_cell.RNNCell().state_size}


def case_training_steps(tf, np):
    """Ten steps of training through `rnn` with clipped gradients."""
    x = tf.placeholder(tf.float32, [None, 4, 2])
    y = tf.placeholder(tf.float32, [None, 1])
    cell = tf.nn.rnn_cell.BasicLSTMCell(3, state_is_tuple=True)
    outputs, _ = tf.nn.rnn(cell, tf.unpack(tf.transpose(x, [1, 0, 2])), dtype="float32")
    w = tf.Variable(tf.zeros([3, 1]), name="w")
    loss = tf.reduce_mean(tf.square(tf.matmul(outputs[-1], w) - y))
    variables = tf.trainable_variables()
    grads, norm = tf.clip_by_global_norm(tf.gradients(loss, variables), 0.5)
    pairs = [(grads[i], v) for i, v in enumerate(variables)]
    step = tf.train.AdamOptimizer(0.05).apply_gradients(pairs)
    feed = {x: data(np, 5, 4, 2), y: data(np, 5, 1, seed=2)}
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        rng = np.random.RandomState(7)
        for v in variables:
            value = rng.uniform(-0.6, 0.6, v.get_shape().as_list())
            sess.run(v.assign(value.astype(np.float32)))
        losses = []
        for _ in range(10):
            losses.append(sess.run([loss, norm], feed))
            sess.run(step, feed)
        return {"losses": np.array(losses), "variables": sess.run(variables)}


case_training_steps.tol = (1e-4, 1e-5)
