"""`tf.nn.rnn` and loops written by hand: outputs, last state, gradients, names."""


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


def feeds(tf, np, steps=4, batch=3, depth=2, known_batch=True):
    """Returns one placeholder [batch, depth] per step, and what to feed."""
    rows = batch if known_batch else None
    inputs = [tf.placeholder(tf.float32, [rows, depth]) for _ in range(steps)]
    values = data(np, steps, batch, depth)
    return inputs, {x: values[i] for i, x in enumerate(inputs)}


def result(tf, np, inputs, outputs, state, feed, more_wrt=(), more=()):
    """Values, gradients of a weighted sum, and names."""
    tensors = [*outputs, *flat(state)]
    loss = tf.constant(0.0)
    for i, t in enumerate(tensors):
        columns = t.get_shape()[-1].value
        weights = np.cos(np.arange(columns) + i).astype(np.float32)
        loss += tf.reduce_sum(t * weights)
    variables = tf.trainable_variables()
    grads = tf.gradients(loss, [*inputs, *more_wrt, *variables])
    grads = [tf.convert_to_tensor(g) for g in grads if g is not None]
    with tf.Session() as sess:
        fill(tf, np, sess)
        values, gradients = sess.run([tensors, grads], feed)
        return {
            "outputs": values[: len(outputs)],
            "state": values[len(outputs) :],
            "grads": gradients,
            "variables": names(np, tf.all_variables()),
            "shapes": np.array([str(t.get_shape()) for t in tensors]),
            "more": list(more),
        }


def run(tf, np, cell, known_batch=True, steps=4, depth=2, dtype=True, **kwargs):
    inputs, feed = feeds(tf, np, steps, 3, depth, known_batch)
    if dtype:
        kwargs["dtype"] = tf.float32
    outputs, state = tf.nn.rnn(cell, inputs, **kwargs)
    return result(tf, np, inputs, outputs, state, feed)


def case_basic(tf, np):
    return run(tf, np, tf.nn.rnn_cell.BasicRNNCell(3))


def case_one_step(tf, np):
    return run(tf, np, tf.nn.rnn_cell.BasicRNNCell(3), steps=1)


def case_gru_unknown_batch(tf, np):
    return run(tf, np, tf.nn.rnn_cell.GRUCell(3), known_batch=False)


def case_lstm_tuple(tf, np):
    return run(tf, np, tf.nn.rnn_cell.BasicLSTMCell(3, state_is_tuple=True))


def case_lstm_concat(tf, np):
    cell = tf.nn.rnn_cell.BasicLSTMCell(3, state_is_tuple=False)
    return run(tf, np, cell, known_batch=False)


def case_lstm_peepholes_projection(tf, np):
    cell = tf.nn.rnn_cell.LSTMCell(
        4,
        use_peepholes=True,
        cell_clip=0.5,
        num_proj=3,
        num_unit_shards=2,
        num_proj_shards=2,
        state_is_tuple=True,
    )
    return run(tf, np, cell)


def case_multi_tuple(tf, np):
    cell = tf.nn.rnn_cell.BasicLSTMCell(3, state_is_tuple=True)
    cell = tf.nn.rnn_cell.MultiRNNCell([cell] * 2, state_is_tuple=True)
    return run(tf, np, cell)


def case_multi_concat(tf, np):
    cell = tf.nn.rnn_cell.BasicLSTMCell(3, state_is_tuple=False)
    cell = tf.nn.rnn_cell.MultiRNNCell([cell] * 2, state_is_tuple=False)
    return run(tf, np, cell, known_batch=False)


def case_many_steps(tf, np):
    return run(tf, np, tf.nn.rnn_cell.GRUCell(2), steps=12)


def case_scope_name(tf, np):
    return run(tf, np, tf.nn.rnn_cell.GRUCell(2), scope="encoder")


def case_scope_object(tf, np):
    with tf.variable_scope("outer") as scope:
        pass
    return run(tf, np, tf.nn.rnn_cell.GRUCell(2), scope=scope)


def case_inside_scope(tf, np):
    with tf.variable_scope("model"):
        return run(tf, np, tf.nn.rnn_cell.BasicLSTMCell(2, state_is_tuple=True))


def case_initial_state(tf, np):
    start = tf.constant(data(np, 3, 4, seed=2))
    inputs, feed = feeds(tf, np)
    cell = tf.nn.rnn_cell.GRUCell(4)
    outputs, state = tf.nn.rnn(cell, inputs, initial_state=start)
    return result(tf, np, inputs, outputs, state, feed, more_wrt=[start])


def case_initial_state_tuple(tf, np):
    cell = tf.nn.rnn_cell.BasicLSTMCell(2, state_is_tuple=True)
    start = tf.nn.rnn_cell.LSTMStateTuple(
        tf.constant(data(np, 3, 2, seed=2)), tf.constant(data(np, 3, 2, seed=3))
    )
    inputs, feed = feeds(tf, np)
    outputs, state = tf.nn.rnn(cell, inputs, initial_state=start)
    kind = type(state).__name__
    return result(
        tf, np, inputs, outputs, state, feed, list(start), more=[np.array(kind)]
    )


def case_initial_state_fed(tf, np):
    """Truncated back-propagation: the last state of a run starts the next one."""
    cell = tf.nn.rnn_cell.BasicLSTMCell(2, state_is_tuple=False)
    inputs, feed = feeds(tf, np)
    start = cell.zero_state(3, tf.float32)
    outputs, last = tf.nn.rnn(cell, inputs, initial_state=start)
    feed[start] = np.zeros([3, 4])
    with tf.Session() as sess:
        fill(tf, np, sess)
        states = [sess.run(start, {start: np.zeros([3, 4])})]
        for _ in range(3):
            feed[start] = states[-1]
            states.append(sess.run(last, feed))
        return {"states": states, "out": sess.run(outputs[-1], feed)}


def case_sequence_length_list(tf, np):
    return run(tf, np, tf.nn.rnn_cell.GRUCell(3), sequence_length=[4, 2, 1])


def case_sequence_length_constant(tf, np):
    lengths = tf.constant([3, 0, 2], tf.int32)
    cell = tf.nn.rnn_cell.BasicLSTMCell(2, state_is_tuple=True)
    return run(tf, np, cell, sequence_length=lengths)


def case_sequence_length_all_short(tf, np):
    """After the longest sequence all outputs are zero."""
    cell = tf.nn.rnn_cell.BasicLSTMCell(2, state_is_tuple=False)
    return run(tf, np, cell, sequence_length=[1, 2, 2])


def case_sequence_length_multi(tf, np):
    cell = tf.nn.rnn_cell.BasicLSTMCell(2, state_is_tuple=True)
    cell = tf.nn.rnn_cell.MultiRNNCell([cell] * 2, state_is_tuple=True)
    return run(tf, np, cell, sequence_length=tf.constant([2, 3, 1]))


def case_sequence_length_fed(tf, np):
    lengths = tf.placeholder(tf.int32, [None])
    inputs, feed = feeds(tf, np, known_batch=False)
    cell = tf.nn.rnn_cell.GRUCell(2)
    outputs, state = tf.nn.rnn(cell, inputs, dtype=tf.float32, sequence_length=lengths)
    got = {}
    with tf.Session() as sess:
        fill(tf, np, sess)
        for wanted in ([4, 4, 4], [1, 0, 3]):
            feed[lengths] = wanted
            got[str(wanted)] = sess.run([*outputs, state], feed)
    return got


def case_sequence_length_int64(tf, np):
    lengths = tf.constant([3, 1, 2], tf.int64)
    return run(tf, np, tf.nn.rnn_cell.BasicRNNCell(2), sequence_length=lengths)


def case_sequence_length_initial_state(tf, np):
    start = tf.constant(data(np, 3, 2, seed=5))
    inputs, feed = feeds(tf, np)
    outputs, state = tf.nn.rnn(
        tf.nn.rnn_cell.GRUCell(2),
        inputs,
        initial_state=start,
        sequence_length=[0, 4, 2],
    )
    return result(tf, np, inputs, outputs, state, feed, more_wrt=[start])


def case_inputs_of_split(tf, np):
    x = tf.placeholder(tf.float32, [None, 4, 2])
    steps = tf.split(0, 4, tf.reshape(tf.transpose(x, [1, 0, 2]), [-1, 2]))
    cell = tf.nn.rnn_cell.BasicLSTMCell(3, state_is_tuple=True)
    outputs, state = tf.nn.rnn(cell, steps, dtype=tf.float32)
    return result(tf, np, [x], outputs, state, {x: data(np, 3, 4, 2)})


def case_inputs_of_unpack(tf, np):
    x = tf.constant(data(np, 5, 3, 2))
    outputs, state = tf.nn.rnn(
        tf.nn.rnn_cell.GRUCell(3), tf.unpack(x), dtype=tf.float32
    )
    return result(tf, np, [x], outputs, state, {})


def case_outputs_packed(tf, np):
    inputs, feed = feeds(tf, np)
    cell = tf.nn.rnn_cell.GRUCell(3)
    outputs, state = tf.nn.rnn(cell, inputs, dtype=tf.float32)
    packed = tf.reshape(tf.concat(1, outputs), [-1, 3])
    return result(tf, np, inputs, [packed, tf.pack(outputs)], state, feed)


def case_dropout_same_mask_in_every_step(tf, np):
    """One seed in a cell means one stream, drawn anew by the op of each step."""
    cell = tf.nn.rnn_cell.DropoutWrapper(
        tf.nn.rnn_cell.GRUCell(4), output_keep_prob=0.5, seed=4
    )
    return run(tf, np, cell)


def case_dropout_input_runs(tf, np):
    cell = tf.nn.rnn_cell.DropoutWrapper(
        tf.nn.rnn_cell.BasicRNNCell(3), input_keep_prob=0.5, seed=8
    )
    inputs, feed = feeds(tf, np, depth=6)
    outputs, _ = tf.nn.rnn(cell, inputs, dtype=tf.float32)
    with tf.Session() as sess:
        fill(tf, np, sess)
        return {"runs": [sess.run(outputs, feed) for _ in range(3)]}


def case_dropout_fed_probability(tf, np):
    keep = tf.placeholder(tf.float32, [])
    cell = tf.nn.rnn_cell.BasicLSTMCell(4, state_is_tuple=True)
    cell = tf.nn.rnn_cell.DropoutWrapper(cell, output_keep_prob=keep, seed=6)
    cell = tf.nn.rnn_cell.MultiRNNCell([cell] * 2, state_is_tuple=True)
    inputs, feed = feeds(tf, np)
    outputs, state = tf.nn.rnn(cell, inputs, dtype=tf.float32)
    feed[keep] = 0.75
    return result(tf, np, inputs, outputs, state, feed)


def case_embedding_wrapper(tf, np):
    ids = [tf.placeholder(tf.int32, [None]) for _ in range(3)]
    cell = tf.nn.rnn_cell.EmbeddingWrapper(tf.nn.rnn_cell.GRUCell(2), 5, 3)
    outputs, state = tf.nn.rnn(cell, ids, dtype=tf.float32)
    feed = {ids[0]: [0, 1], ids[1]: [1, 1], ids[2]: [4, 0]}
    return result(tf, np, [], outputs, state, feed)


def case_projection_wrappers(tf, np):
    cell = tf.nn.rnn_cell.InputProjectionWrapper(tf.nn.rnn_cell.GRUCell(3), 4)
    cell = tf.nn.rnn_cell.OutputProjectionWrapper(cell, 2)
    return run(tf, np, cell)


def case_zero_state_of_tensor_batch(tf, np):
    x = tf.placeholder(tf.float32, [None, 3, 2])
    cell = tf.nn.rnn_cell.BasicLSTMCell(2, state_is_tuple=True)
    cell = tf.nn.rnn_cell.MultiRNNCell([cell] * 2, state_is_tuple=True)
    start = cell.zero_state(tf.shape(x)[0], tf.float32)
    steps = [tf.squeeze(s, [1]) for s in tf.split(1, 3, x)]
    outputs, state = tf.nn.rnn(cell, steps, initial_state=start)
    zeros = [np.array(str(s.get_shape())) for s in flat(start)]
    more = result(tf, np, [x], outputs, state, {x: data(np, 3, 3, 2)}, more=zeros)
    with tf.Session() as sess:
        more["start"] = sess.run(flat(start), {x: data(np, 5, 3, 2)})
    return more


def case_zero_state_of_number(tf, np):
    cell = tf.nn.rnn_cell.LSTMCell(4, num_proj=3, state_is_tuple=True)
    state = cell.zero_state(2, tf.float64)
    with tf.Session() as sess:
        return {
            "kind": np.array(type(state).__name__),
            "names": np.array([t.name for t in state]),
            "values": sess.run(list(state)),
        }


def case_no_inputs(tf, np):
    tf.nn.rnn(tf.nn.rnn_cell.GRUCell(2), [], dtype=tf.float32)


def case_inputs_not_a_list(tf, np):
    tf.nn.rnn(tf.nn.rnn_cell.GRUCell(2), tf.zeros([3, 2]), dtype=tf.float32)


def case_cell_is_no_cell(tf, np):
    tf.nn.rnn("cell", [tf.zeros([3, 2])], dtype=tf.float32)


def case_neither_state_nor_dtype(tf, np):
    tf.nn.rnn(tf.nn.rnn_cell.GRUCell(2), [tf.zeros([3, 2])])


def case_unknown_depth(tf, np):
    x = tf.placeholder(tf.float32, [3, None])
    tf.nn.rnn(tf.nn.rnn_cell.GRUCell(2), [x], dtype=tf.float32)


def case_twice_without_reuse(tf, np):
    cell, x = tf.nn.rnn_cell.GRUCell(2), [tf.zeros([3, 2])] * 2
    tf.nn.rnn(cell, x, dtype=tf.float32)
    tf.nn.rnn(cell, x, dtype=tf.float32)


def case_sequence_length_of_wrong_rank(tf, np):
    tf.nn.rnn(
        tf.nn.rnn_cell.GRUCell(2),
        [tf.zeros([3, 2])],
        dtype=tf.float32,
        sequence_length=tf.zeros([3, 1], tf.int32),
    )
