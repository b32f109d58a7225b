"""One step of every cell: output, state, gradients, names, in both state layouts."""


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


def like(structure, leaves):
    """Packs an iterator of leaves as `structure`, LSTMStateTuple included."""
    if isinstance(structure, tuple):
        items = [like(item, leaves) for item in structure]
        return type(structure)(*items) if hasattr(structure, "c") else tuple(items)
    return next(leaves)


def weighted(tf, np, tensors):
    """A scalar in which every element counts differently."""
    total = tf.constant(0.0)
    for i, t in enumerate(tensors):
        n = int(np.prod(t.get_shape().as_list()))
        w = np.cos(np.arange(n) + i).reshape(t.get_shape().as_list())
        total += tf.reduce_sum(t * tf.constant(w.astype(np.float32)))
    return total


def dense(tf, grads):
    return [tf.convert_to_tensor(g) for g in grads]


def names(np, variables):
    return np.array([f"{v.name} {v.get_shape().as_list()}" for v in variables])


def step(tf, np, cell, inputs, batch=2, scope=None, calls=1, more=()):
    """Runs `calls` steps of a cell whose states are constants; all there is to see."""
    rng = np.random.RandomState(3)
    x = tf.constant(inputs)
    sizes = flat(cell.state_size)
    leaves = [
        tf.constant(rng.uniform(-1, 1, (batch, n)).astype(np.float32)) for n in sizes
    ]
    state = like(cell.state_size, iter(leaves))
    out, new_state = cell(x, state, scope) if scope else cell(x, state)
    results = [out, *flat(new_state)]
    loss = weighted(tf, np, results)
    variables = tf.trainable_variables()
    wrt = ([x] if x.dtype == tf.float32 else []) + leaves + variables
    grads = tf.gradients(loss, wrt)
    with tf.Session() as sess:
        fill(tf, np, sess)
        for _ in range(calls):
            values, gradients = sess.run([results, dense(tf, grads)])
        return {
            "out": values[0],
            "state": values[1:],
            "grads": gradients,
            "variables": names(np, tf.all_variables()),
            "trainable": names(np, variables),
            "state_size": np.array(str(cell.state_size)),
            "output_size": np.array(str(cell.output_size)),
            "shapes": np.array([str(r.get_shape()) for r in results]),
            "more": list(more),
        }


def batch_of(np, rows=2, columns=3, seed=1):
    return np.random.RandomState(seed).uniform(-1, 1, (rows, columns)).astype("f")


def cells(tf):
    return tf.nn.rnn_cell


def case_basic_rnn(tf, np):
    return step(tf, np, cells(tf).BasicRNNCell(4), batch_of(np))


def case_basic_rnn_relu(tf, np):
    cell = cells(tf).BasicRNNCell(4, activation=tf.nn.relu)
    return step(tf, np, cell, batch_of(np))


def case_basic_rnn_in_scope(tf, np):
    return step(tf, np, cells(tf).BasicRNNCell(2), batch_of(np), scope="mine")


def case_gru(tf, np):
    return step(tf, np, cells(tf).GRUCell(4), batch_of(np))


def case_gru_softsign(tf, np):
    return step(tf, np, cells(tf).GRUCell(3, activation=tf.nn.softsign), batch_of(np))


def case_basic_lstm_tuple(tf, np):
    cell = cells(tf).BasicLSTMCell(4, state_is_tuple=True)
    return step(tf, np, cell, batch_of(np))


def case_basic_lstm_concat(tf, np):
    cell = cells(tf).BasicLSTMCell(4, state_is_tuple=False)
    return step(tf, np, cell, batch_of(np))


def case_basic_lstm_forget_bias(tf, np):
    cell = cells(tf).BasicLSTMCell(4, forget_bias=0.25, state_is_tuple=True)
    return step(tf, np, cell, batch_of(np))


def case_basic_lstm_activation(tf, np):
    cell = cells(tf).BasicLSTMCell(3, state_is_tuple=False, activation=tf.nn.relu)
    return step(tf, np, cell, batch_of(np))


def case_lstm_plain(tf, np):
    return step(tf, np, cells(tf).LSTMCell(4, state_is_tuple=True), batch_of(np))


def case_lstm_concat(tf, np):
    cell = cells(tf).LSTMCell(4, state_is_tuple=False, forget_bias=0.5)
    return step(tf, np, cell, batch_of(np))


def case_lstm_peepholes(tf, np):
    cell = cells(tf).LSTMCell(4, use_peepholes=True, state_is_tuple=True)
    return step(tf, np, cell, batch_of(np))


def case_lstm_cell_clip(tf, np):
    cell = cells(tf).LSTMCell(4, cell_clip=0.3, state_is_tuple=True)
    return step(tf, np, cell, batch_of(np))


def case_lstm_clip_and_peepholes(tf, np):
    cell = cells(tf).LSTMCell(
        3, use_peepholes=True, cell_clip=0.2, state_is_tuple=False
    )
    return step(tf, np, cell, batch_of(np))


def case_lstm_projection(tf, np):
    cell = cells(tf).LSTMCell(4, num_proj=3, state_is_tuple=True)
    return step(tf, np, cell, batch_of(np))


def case_lstm_projection_concat(tf, np):
    cell = cells(tf).LSTMCell(4, num_proj=2, use_peepholes=True, state_is_tuple=False)
    return step(tf, np, cell, batch_of(np))


def case_lstm_unit_shards(tf, np):
    cell = cells(tf).LSTMCell(4, num_unit_shards=2, state_is_tuple=True)
    return step(tf, np, cell, batch_of(np))


def case_lstm_all_options(tf, np):
    cell = cells(tf).LSTMCell(
        4,
        use_peepholes=True,
        cell_clip=0.5,
        initializer=tf.constant_initializer(0.1),
        num_proj=4,
        num_unit_shards=2,
        num_proj_shards=2,
        forget_bias=0.0,
        state_is_tuple=True,
        activation=tf.nn.softsign,
    )
    return step(tf, np, cell, batch_of(np))


def case_lstm_own_initializer(tf, np):
    """What the initializer makes is used as it is."""
    cell = cells(tf).LSTMCell(
        3,
        initializer=tf.constant_initializer(0.2),
        use_peepholes=True,
        num_proj=2,
        state_is_tuple=True,
    )
    x = tf.constant(batch_of(np))
    out, state = cell(x, cell.zero_state(2, tf.float32))
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        values = sess.run(tf.all_variables())
        return {"out": sess.run([out, *state]), "variables": values}


def case_lstm_uneven_shards(tf, np):
    cell = cells(tf).LSTMCell(4, num_unit_shards=3, state_is_tuple=False)
    return step(tf, np, cell, batch_of(np))


def case_lstm_proj_shards(tf, np):
    cell = cells(tf).LSTMCell(
        5, num_proj=4, num_proj_shards=2, cell_clip=0.4, state_is_tuple=False
    )
    return step(tf, np, cell, batch_of(np))


def case_multi_tuple(tf, np):
    lstm = cells(tf).BasicLSTMCell(3, state_is_tuple=True)
    gru = cells(tf).GRUCell(2)
    cell = cells(tf).MultiRNNCell([lstm, gru], state_is_tuple=True)
    return step(tf, np, cell, batch_of(np))


def case_multi_concat(tf, np):
    lstm = cells(tf).BasicLSTMCell(3, state_is_tuple=False)
    gru = cells(tf).GRUCell(2)
    cell = cells(tf).MultiRNNCell([lstm, gru], state_is_tuple=False)
    return step(tf, np, cell, batch_of(np))


def case_multi_of_one_object_tuple(tf, np):
    cell = cells(tf).BasicLSTMCell(3, state_is_tuple=True)
    cell = cells(tf).MultiRNNCell([cell] * 3, state_is_tuple=True)
    return step(tf, np, cell, batch_of(np))


def case_multi_of_one_object_concat(tf, np):
    cell = cells(tf).BasicLSTMCell(3, state_is_tuple=False)
    cell = cells(tf).MultiRNNCell([cell] * 2, state_is_tuple=False)
    return step(tf, np, cell, batch_of(np))


def case_multi_nested(tf, np):
    inner = cells(tf).MultiRNNCell(
        [cells(tf).GRUCell(2), cells(tf).BasicLSTMCell(2, state_is_tuple=True)],
        state_is_tuple=True,
    )
    cell = cells(tf).MultiRNNCell(
        [inner, cells(tf).BasicRNNCell(3)], state_is_tuple=True
    )
    return step(tf, np, cell, batch_of(np))


def case_multi_of_nothing(tf, np):
    cells(tf).MultiRNNCell([], state_is_tuple=True)


def case_multi_tuple_state_in_concat_layout(tf, np):
    lstm = cells(tf).BasicLSTMCell(3, state_is_tuple=True)
    cells(tf).MultiRNNCell([lstm], state_is_tuple=False)


def case_multi_wrong_state(tf, np):
    cell = cells(tf).MultiRNNCell([cells(tf).GRUCell(2)] * 2, state_is_tuple=True)
    cell(tf.constant(batch_of(np)), tf.zeros([2, 4]))


def case_dropout_input(tf, np):
    cell = cells(tf).DropoutWrapper(cells(tf).GRUCell(6), input_keep_prob=0.5, seed=11)
    return step(tf, np, cell, batch_of(np, columns=8))


def case_dropout_output(tf, np):
    cell = cells(tf).DropoutWrapper(
        cells(tf).BasicLSTMCell(6, state_is_tuple=True), output_keep_prob=0.7, seed=5
    )
    return step(tf, np, cell, batch_of(np))


def case_dropout_both_second_run(tf, np):
    """The second run of a seeded op draws new numbers."""
    cell = cells(tf).DropoutWrapper(cells(tf).BasicRNNCell(6), 0.6, 0.8, seed=2)
    return step(tf, np, cell, batch_of(np, columns=6), calls=2)


def case_dropout_tensor_probability(tf, np):
    keep = tf.constant(0.5)
    cell = cells(tf).DropoutWrapper(
        cells(tf).GRUCell(6), input_keep_prob=keep, output_keep_prob=keep, seed=3
    )
    return step(tf, np, cell, batch_of(np, columns=6))


def case_dropout_of_nothing(tf, np):
    cell = cells(tf).DropoutWrapper(cells(tf).GRUCell(3), 1.0, 1.0, seed=3)
    ops_before = len(tf.get_default_graph().get_operations())
    result = step(tf, np, cell, batch_of(np))
    kinds = {op.type for op in tf.get_default_graph().get_operations()}
    result["more"] = [ops_before, "RandomUniform" in kinds]
    return result


def case_dropout_bad_probability(tf, np):
    cells(tf).DropoutWrapper(cells(tf).GRUCell(3), input_keep_prob=1.5)


def case_dropout_bad_cell(tf, np):
    cells(tf).DropoutWrapper("cell")


def case_embedding(tf, np):
    cell = cells(tf).EmbeddingWrapper(
        cells(tf).GRUCell(3), embedding_classes=5, embedding_size=4
    )
    return step(tf, np, cell, np.array([4, 1], dtype=np.int32))


def case_embedding_of_a_column(tf, np):
    cell = cells(tf).EmbeddingWrapper(
        cells(tf).BasicLSTMCell(3, state_is_tuple=True), 5, 2
    )
    return step(tf, np, cell, np.array([[2], [2]], dtype=np.int32))


def case_embedding_initializer(tf, np):
    cell = cells(tf).EmbeddingWrapper(
        cells(tf).BasicRNNCell(2), 4, 3, initializer=tf.constant_initializer(0.5)
    )
    out, _ = cell(tf.constant([0, 3]), cell.zero_state(2, tf.float32))
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {
            "table": sess.run(tf.all_variables()[0]),
            "names": names(np, tf.all_variables()),
            "shape": np.array(str(out.get_shape())),
        }


def case_embedding_bad_sizes(tf, np):
    cells(tf).EmbeddingWrapper(cells(tf).GRUCell(3), 0, 4)


def case_input_projection(tf, np):
    cell = cells(tf).InputProjectionWrapper(cells(tf).GRUCell(3), 4)
    return step(tf, np, cell, batch_of(np))


def case_output_projection(tf, np):
    cell = cells(tf).OutputProjectionWrapper(cells(tf).GRUCell(3), 5)
    return step(tf, np, cell, batch_of(np))


def case_output_projection_of_lstm(tf, np):
    cell = cells(tf).OutputProjectionWrapper(
        cells(tf).BasicLSTMCell(3, state_is_tuple=False), 2
    )
    return step(tf, np, cell, batch_of(np))


def case_output_projection_bad_size(tf, np):
    cells(tf).OutputProjectionWrapper(cells(tf).GRUCell(3), 0)


def case_input_projection_bad_cell(tf, np):
    cells(tf).InputProjectionWrapper(3, 4)


def case_wrappers_stacked(tf, np):
    rnn_cell = cells(tf)
    inner = rnn_cell.DropoutWrapper(
        rnn_cell.LSTMCell(4, num_proj=3, state_is_tuple=True),
        output_keep_prob=0.6,
        seed=9,
    )
    cell = rnn_cell.MultiRNNCell([inner] * 2, state_is_tuple=True)
    cell = rnn_cell.InputProjectionWrapper(cell, 3)
    cell = rnn_cell.OutputProjectionWrapper(cell, 2)
    cell = rnn_cell.EmbeddingWrapper(cell, 6, 4)
    return step(tf, np, cell, np.array([5, 0], dtype=np.int32))
