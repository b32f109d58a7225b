"""`tf.nn.dynamic_rnn`: values, gradients, names and static shapes, and bad input."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from rnnkit import cells, data, fill, flat, measure, starts

BATCH, STEPS, DEPTH = 3, 4, 2


def inputs(tf, known="all", time_major=False, dtype="float32", depth=DEPTH):
    """A placeholder of which `known` dimensions are known, and what to feed."""
    shape = {
        "all": [BATCH, STEPS],
        "time": [None, STEPS],
        "batch": [BATCH, None],
        "none": [None, None],
    }[known]
    value = data(BATCH, STEPS, depth, dtype=dtype)
    if time_major:
        shape, value = shape[::-1], np.transpose(value, [1, 0, 2])
    x = tf.placeholder(dtype, shape + [depth])
    return x, {x: value}


def dynamic(
    tf, make="gru", known="all", start=False, dtype="float32", depth=DEPTH, **options
):
    """Runs the cell `make` and measures everything."""
    time_major = options.get("time_major", False)
    x, feed = inputs(tf, known, time_major, dtype, depth)
    cell = cells(tf)[make]() if isinstance(make, str) else make
    wrt = [x]
    if start:
        options["initial_state"] = starts(tf, cell.state_size, BATCH)
        wrt += flat(options["initial_state"])
    else:
        options["dtype"] = tf.as_dtype(dtype)
    outputs, state = tf.nn.dynamic_rnn(cell, x, **options)
    # TensorFlow does not look at how many lengths there are; tfstyle does.
    known_batch = known in ("all", "batch") or "sequence_length" not in options
    result = measure(tf, outputs, state, wrt, feed, known_batch)
    result["kind"] = np.array(type(state).__name__)
    return result


def of(make, **options):
    def case(tf, np):
        return dynamic(tf, make, **options)

    return case


case_basic = of("basic")
case_gru = of("gru")
case_gru_start = of("gru", start=True)
case_lstm = of("lstm")
case_lstm_start = of("lstm", start=True)
case_lstm_concat = of("lstm_concat")
case_lstm_concat_start = of("lstm_concat", start=True)
case_peepholes = of("peepholes")
case_projected = of("projected")
case_multi = of("multi")
case_multi_start = of("multi", start=True)
case_multi_concat = of("multi_concat")
case_projections = of("projections")
case_unknown_batch = of("lstm", known="time")
case_unknown_time = of("lstm", known="batch")
case_unknown_both = of("lstm_concat", known="none")
case_unknown_both_multi = of("multi", known="none")
case_time_major = of("gru", time_major=True)
case_time_major_unknown = of("lstm", known="none", time_major=True)
case_time_major_start = of("multi", start=True, time_major=True)
case_lengths = of("gru", sequence_length=[4, 2, 1])
case_lengths_lstm = of("lstm", sequence_length=[0, 3, 4])
case_lengths_concat_start = of("lstm_concat", start=True, sequence_length=[1, 0, 3])
case_lengths_multi = of("multi", sequence_length=[2, 2, 3], known="time")
case_lengths_time_major = of("lstm", sequence_length=[3, 0, 4], time_major=True)
case_lengths_unknown_time = of("projected", known="none", sequence_length=[2, 4, 1])
case_lengths_all_short = of("peepholes", sequence_length=[2, 1, 2])
case_lengths_beyond_the_end = of("gru", sequence_length=[7, 4, 9])
case_lengths_negative = of("gru", sequence_length=[-1, 2, -3])
case_scope = of("gru", scope="encoder")
case_iterations_and_swap = of("gru", parallel_iterations=1, swap_memory=True)
case_float64 = of("gru", dtype="float64", sequence_length=[4, 2, 0])
case_float64_lstm = of("lstm", dtype="float64", known="none")


def case_lengths_int64(tf, np):
    lengths = tf.constant([3, 1, 2], tf.int64)
    return dynamic(tf, "lstm", sequence_length=lengths)


def case_lengths_fed(tf, np):
    lengths = tf.placeholder(tf.int32, [None])
    x, feed = inputs(tf, "none")
    outputs, state = tf.nn.dynamic_rnn(
        cells(tf)["gru"](), x, sequence_length=lengths, dtype=tf.float32
    )
    got = {}
    with tf.Session() as sess:
        fill(tf, sess)
        for wanted in ([4, 4, 4], [1, 0, 3]):
            feed[lengths] = wanted
            got[str(wanted)] = sess.run([outputs, state], feed)
    return got


def case_lengths_of_unknown_rank(tf, np):
    lengths = tf.placeholder(tf.int32)
    x, feed = inputs(tf)
    feed[lengths] = [2, 3, 1]
    outputs, state = tf.nn.dynamic_rnn(
        cells(tf)["lstm"](), x, sequence_length=lengths, dtype=tf.float32
    )
    return measure(tf, outputs, state, [x], feed)


def case_lengths_from_data(tf, np):
    """Lengths counted in the padded input itself."""
    x = tf.placeholder(tf.float32, [None, 5, 2])
    value = data(3, 5, 2)
    value[0, 2:] = value[2, 4:] = 0
    used = tf.sign(tf.reduce_max(tf.abs(x), reduction_indices=2))
    lengths = tf.cast(tf.reduce_sum(used, reduction_indices=1), tf.int32)
    outputs, state = tf.nn.dynamic_rnn(
        cells(tf)["lstm"](), x, sequence_length=lengths, dtype=tf.float32
    )
    got = measure(tf, outputs, state, [], {x: value})
    with tf.Session() as sess:
        got["lengths"] = sess.run(lengths, {x: value})
    return got


def case_time_varies_between_runs(tf, np):
    x = tf.placeholder(tf.float32, [None, None, 2])
    outputs, state = tf.nn.dynamic_rnn(cells(tf)["lstm"](), x, dtype=tf.float32)
    with tf.Session() as sess:
        fill(tf, sess)
        return {
            str(shape): sess.run([outputs] + list(state), {x: data(*shape)})
            for shape in ((3, 4, 2), (1, 7, 2), (2, 1, 2))
        }


def case_names(tf, np):
    x = tf.placeholder(tf.float32, [2, 3, 4])
    with tf.variable_scope("model"):
        outputs, _ = tf.nn.dynamic_rnn(
            cells(tf)["multi"](), x, sequence_length=[1, 2], dtype=tf.float32
        )
    return {
        "variables": np.array([v.name for v in tf.all_variables()]),
        "outputs": np.array(outputs.name),
    }


def case_scope_object(tf, np):
    with tf.variable_scope("outer") as scope:
        pass
    return dynamic(tf, "gru", scope=scope)


def case_reuse(tf, np):
    """The second call shares the variables of the first."""
    x = tf.constant(data(2, 3, 2))
    cell = cells(tf)["lstm"]()
    with tf.variable_scope("shared") as scope:
        first, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        scope.reuse_variables()
        second, state = tf.nn.dynamic_rnn(cell, x, initial_state=state)
    return measure(tf, [first, second], state, [x])


def case_twice_without_reuse(tf, np):
    for _ in range(2):
        tf.nn.dynamic_rnn(cells(tf)["gru"](), tf.zeros([2, 3, 2]), dtype=tf.float32)


def case_shares_variables_with_rnn(tf, np):
    x = tf.constant(data(2, 3, 2))
    cell = cells(tf)["gru"]()
    with tf.variable_scope("net") as scope:
        outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        scope.reuse_variables()
        steps = tf.unpack(tf.transpose(x, [1, 0, 2]))
        separate, last = tf.nn.rnn(cell, steps, dtype=tf.float32)
    return measure(tf, [outputs] + separate, [state, last], [x])


def case_initial_state_fed(tf, np):
    cell = cells(tf)["lstm_concat"]()
    start = tf.placeholder(tf.float32, [None, cell.state_size])
    x, feed = inputs(tf)
    outputs, state = tf.nn.dynamic_rnn(cell, x, initial_state=start)
    feed[start] = data(3, 6, seed=3)
    return measure(tf, outputs, state, [x, start], feed)


def case_zero_state_of_known_batch(tf, np):
    cell = cells(tf)["multi"]()
    x, feed = inputs(tf)
    start = cell.zero_state(3, tf.float32)
    outputs, state = tf.nn.dynamic_rnn(cell, x, initial_state=start)
    return measure(tf, outputs, state, [x], feed)


def case_initial_state_of_variables(tf, np):
    """A learned initial state, the same for each example."""
    cell = cells(tf)["lstm"]()
    row = [tf.Variable(tf.zeros([1, 3]), name=n) for n in "ch"]
    start = tf.nn.rnn_cell.LSTMStateTuple(*[tf.tile(v, [3, 1]) for v in row])
    x, feed = inputs(tf)
    outputs, state = tf.nn.dynamic_rnn(
        cell, x, initial_state=start, sequence_length=[2, 4, 0]
    )
    return measure(tf, outputs, state, [x], feed)


def case_stacked(tf, np):
    x, feed = inputs(tf, "none")
    first, _ = tf.nn.dynamic_rnn(cells(tf)["gru"](), x, dtype=tf.float32, scope="one")
    second, state = tf.nn.dynamic_rnn(
        cells(tf)["lstm"](), first, dtype=tf.float32, scope="two"
    )
    return measure(tf, second, state, [x], feed)


def case_last_output_by_gather(tf, np):
    """The output at the end of each sequence, picked from the flattened outputs."""
    x, feed = inputs(tf)
    lengths = tf.constant([2, 4, 1])
    outputs, state = tf.nn.dynamic_rnn(
        cells(tf)["gru"](), x, sequence_length=lengths, dtype=tf.float32
    )
    rows = tf.range(0, 3) * 4 + (lengths - 1)
    last = tf.gather(tf.reshape(outputs, [-1, 3]), rows)
    return measure(tf, last, state, [x], feed)


def case_embedded_words(tf, np):
    words = tf.placeholder(tf.int32, [None, None])
    table = tf.get_variable("table", [7, 3])
    outputs, state = tf.nn.dynamic_rnn(
        cells(tf)["lstm"](), tf.nn.embedding_lookup(table, words), dtype=tf.float32
    )
    feed = {words: [[1, 2, 6, 2], [0, 0, 3, 5]]}
    return measure(tf, outputs, state, [], feed)


def case_second_gradient(tf, np):
    x = tf.constant(data(2, 3, 2))
    outputs, _ = tf.nn.dynamic_rnn(cells(tf)["basic"](), x, dtype=tf.float32)
    with tf.Session() as sess:
        fill(tf, sess)
        return {"grad": sess.run(tf.gradients(tf.reduce_sum(outputs), x))}


def case_training(tf, np):
    x = tf.placeholder(tf.float32, [None, 4, 2])
    y = tf.placeholder(tf.float32, [None, 1])
    _, state = tf.nn.dynamic_rnn(
        cells(tf)["lstm"](), x, sequence_length=[4, 2, 3], dtype=tf.float32
    )
    w = tf.Variable(tf.zeros([3, 1]), name="w")
    loss = tf.reduce_mean(tf.square(tf.matmul(state.h, w) - y))
    step = tf.train.AdamOptimizer(0.05).minimize(loss)
    feed = {x: data(3, 4, 2), y: data(3, 1, seed=2)}
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        rng = np.random.RandomState(7)
        for v in tf.trainable_variables():
            value = rng.uniform(-0.6, 0.6, v.get_shape().as_list())
            sess.run(v.assign(value.astype("f")))
        losses = []
        for _ in range(8):
            losses.append(sess.run(loss, feed))
            sess.run(step, feed)
        return {
            "losses": np.array(losses),
            "variables": sess.run(tf.trainable_variables()),
        }


case_training.tol = (1e-4, 1e-5)


# -- cells of a program's own ---------------------------------------------------


def own_cell(tf, call, state_size, output_size):
    """A cell of `call(inputs, state)`."""

    class Own(tf.nn.rnn_cell.RNNCell):
        def __call__(self, inputs, state, scope=None):
            with tf.variable_scope(scope or "Own"):
                return call(inputs, state)

    Own.state_size, Own.output_size = state_size, output_size
    return Own()


def case_own_cell(tf, np):
    def call(inputs, state):
        rate = tf.get_variable("rate", [3])
        w = tf.get_variable("w", [inputs.get_shape()[1].value, 3])
        new = tf.sigmoid(rate) * state + tf.matmul(inputs, w)
        return tf.nn.relu(new), new

    return dynamic(tf, own_cell(tf, call, 3, 3), sequence_length=[3, 0, 4])


def case_own_nested_state(tf, np):
    def call(inputs, state):
        a, (b, c) = state
        new = tf.tanh(tf.nn.rnn_cell._linear([inputs, a, b], 2, True, 0.5))
        return new + c, (new, (b * 0.5, c + a))

    cell = own_cell(tf, call, (2, (3, 2)), 2)
    return dynamic(tf, cell, known="none", sequence_length=[3, 0, 4])


def case_own_output_not_in_state(tf, np):
    def call(inputs, state):
        w = tf.get_variable("w", [2, 5])
        return tf.matmul(inputs, w), state + inputs

    return dynamic(tf, own_cell(tf, call, 2, 5), start=True, sequence_length=[4, 1, 2])


def case_own_counter_state(tf, np):
    """An integer in the state beside floats."""

    def call(inputs, state):
        count, total = state
        total = total + inputs * tf.to_float(count)
        return total, (count + 1, total)

    x = tf.constant(data(3, 4, 2))
    start = (tf.constant([[1], [5], [2]]), tf.zeros([3, 2]))
    outputs, (count, total) = tf.nn.dynamic_rnn(
        own_cell(tf, call, (1, 2), 2),
        x,
        initial_state=start,
        dtype=tf.float32,
        sequence_length=[4, 2, 0],
    )
    got = measure(tf, outputs, total, [x])
    with tf.Session() as sess:
        got["count"] = sess.run(count)
    return got


def case_own_sizes_are_shapes(tf, np):
    """Inputs, state and output of more than two dimensions."""

    def call(inputs, state):
        new = tf.tanh(inputs + state * 0.5)
        return tf.reduce_sum(new, 2), new

    cell = own_cell(tf, call, tf.TensorShape([2, 3]), tf.TensorShape([2]))
    x = tf.placeholder(tf.float32, [4, None, 2, 3])
    outputs, state = tf.nn.dynamic_rnn(
        cell, x, dtype=tf.float32, time_major=True, sequence_length=[3, 0, 4]
    )
    return measure(tf, outputs, state, [x], {x: data(4, 3, 2, 3)}, shapes=False)


def case_own_nested_inputs_and_outputs(tf, np):
    def call(inputs, state):
        a, b = inputs
        new = tf.tanh(a + tf.matmul(b, tf.get_variable("w", [3, 2])) + state)
        return (new * 2.0, tf.concat(1, [a, b])), new

    cell = own_cell(tf, call, 2, (2, 5))
    a = tf.placeholder(tf.float32, [3, 4, 2])
    b = tf.placeholder(tf.float32, [3, 4, 3])
    outputs, state = tf.nn.dynamic_rnn(
        cell, (a, b), dtype=tf.float32, sequence_length=[4, 1, 2]
    )
    feed = {a: data(3, 4, 2), b: data(3, 4, 3, seed=2)}
    return measure(tf, outputs, state, [a, b], feed)


def dropped(tf, known="all", lengths=None, **options):
    """Two runs: each step draws on where the one before stopped."""
    cell = tf.nn.rnn_cell.DropoutWrapper(cells(tf)["lstm"](), **options)
    x, feed = inputs(tf, known, depth=6)
    # Iterations that run at the same time draw in any order.
    outputs, state = tf.nn.dynamic_rnn(
        cell, x, lengths, dtype=tf.float32, parallel_iterations=1
    )
    grads = tf.gradients(tf.reduce_sum(tf.sin(outputs)), x)
    with tf.Session() as sess:
        fill(tf, sess)
        runs = [sess.run([outputs] + list(state) + grads, feed) for _ in range(2)]
    return {"first": runs[0], "second": runs[1]}


def case_dropout_of_outputs(tf, np):
    return dropped(tf, output_keep_prob=0.5, seed=4)


def case_dropout_of_inputs(tf, np):
    return dropped(tf, lengths=[4, 0, 2], input_keep_prob=0.6, seed=5)


def case_dropout_of_both_unknown_sizes(tf, np):
    return dropped(tf, "none", input_keep_prob=0.6, output_keep_prob=0.7, seed=6)


# -- bad input ------------------------------------------------------------------


def case_bad_cell(tf, np):
    tf.nn.dynamic_rnn("cell", tf.zeros([3, 4, 2]), dtype=tf.float32)


def case_bad_neither_state_nor_dtype(tf, np):
    tf.nn.dynamic_rnn(cells(tf)["gru"](), tf.zeros([3, 4, 2]))


def case_bad_unknown_depth(tf, np):
    x = tf.placeholder(tf.float32, [3, 4, None])
    tf.nn.dynamic_rnn(cells(tf)["gru"](), x, dtype=tf.float32)


def case_bad_unknown_rank(tf, np):
    x = tf.placeholder(tf.float32)
    tf.nn.dynamic_rnn(cells(tf)["gru"](), x, dtype=tf.float32)


def case_bad_rank(tf, np):
    tf.nn.dynamic_rnn(cells(tf)["gru"](), tf.zeros([3, 2]), dtype=tf.float32)


def case_bad_rank_time_major(tf, np):
    tf.nn.dynamic_rnn(
        cells(tf)["gru"](), tf.zeros([3, 2]), dtype=tf.float32, time_major=True
    )


def case_bad_lengths_rank(tf, np):
    tf.nn.dynamic_rnn(
        cells(tf)["gru"](), tf.zeros([3, 4, 2]), tf.zeros([3, 1]), dtype=tf.float32
    )


def case_bad_lengths_scalar(tf, np):
    tf.nn.dynamic_rnn(cells(tf)["gru"](), tf.zeros([3, 4, 2]), 2, dtype=tf.float32)


def case_bad_lengths_count(tf, np):
    tf.nn.dynamic_rnn(cells(tf)["gru"](), tf.zeros([3, 4, 2]), [1, 2], dtype=tf.float32)


def bad_fed_lengths(tf, known, value):
    lengths = tf.placeholder(tf.int32)
    x, feed = inputs(tf, known)
    outputs, _ = tf.nn.dynamic_rnn(
        cells(tf)["gru"](), x, sequence_length=lengths, dtype=tf.float32
    )
    feed[lengths] = value
    with tf.Session() as sess:
        fill(tf, sess)
        sess.run(outputs, feed)


def case_bad_lengths_fed(tf, np):
    bad_fed_lengths(tf, "all", [1, 2])


def case_bad_lengths_fed_unknown_batch(tf, np):
    bad_fed_lengths(tf, "none", [1, 2, 3, 4])


def case_bad_lengths_fed_matrix(tf, np):
    bad_fed_lengths(tf, "none", [[1], [2], [3]])


def case_bad_state_width(tf, np):
    start = tf.zeros([3, 5])
    tf.nn.dynamic_rnn(cells(tf)["gru"](), tf.zeros([3, 4, 2]), initial_state=start)


def case_bad_state_not_a_tuple(tf, np):
    start = tf.zeros([3, 6])
    tf.nn.dynamic_rnn(cells(tf)["multi"](), tf.zeros([3, 4, 2]), initial_state=start)


def case_bad_state_tuple_for_tensor(tf, np):
    start = (tf.zeros([3, 3]), tf.zeros([3, 3]))
    tf.nn.dynamic_rnn(cells(tf)["gru"](), tf.zeros([3, 4, 2]), initial_state=start)


def case_bad_state_batch(tf, np):
    start = tf.zeros([2, 3])
    tf.nn.dynamic_rnn(cells(tf)["gru"](), tf.zeros([3, 4, 2]), initial_state=start)


def case_bad_state_dtype(tf, np):
    start = tf.zeros([3, 3], tf.float64)
    tf.nn.dynamic_rnn(cells(tf)["gru"](), tf.zeros([3, 4, 2]), initial_state=start)


def case_bad_new_state_nesting(tf, np):
    def call(inputs, state):
        return inputs, (state, state)

    tf.nn.dynamic_rnn(
        own_cell(tf, call, 2, 2), tf.zeros([3, 4, 2]), [1, 2, 3], dtype=tf.float32
    )


def case_bad_new_state_nesting_without_lengths(tf, np):
    def call(inputs, state):
        return inputs, (state, state)

    tf.nn.dynamic_rnn(own_cell(tf, call, 2, 2), tf.zeros([3, 4, 2]), dtype=tf.float32)


def case_bad_new_state_width(tf, np):
    def call(inputs, state):
        return inputs, tf.concat(1, [state, state])

    tf.nn.dynamic_rnn(own_cell(tf, call, 2, 2), tf.zeros([3, 4, 2]), dtype=tf.float32)


def case_bad_output_width(tf, np):
    """An output that is not of the size that the cell says."""

    def call(inputs, state):
        return inputs, state

    tf.nn.dynamic_rnn(own_cell(tf, call, 2, 3), tf.zeros([3, 4, 2]), dtype=tf.float32)


def case_bad_output_width_with_lengths(tf, np):
    def call(inputs, state):
        return inputs, state

    tf.nn.dynamic_rnn(
        own_cell(tf, call, 2, 3), tf.zeros([3, 4, 2]), [1, 2, 3], dtype=tf.float32
    )


def case_bad_unequal_steps(tf, np):
    def call(inputs, state):
        return inputs[0], state

    x = (tf.zeros([3, 4, 2]), tf.zeros([3, 5, 2]))
    tf.nn.dynamic_rnn(own_cell(tf, call, 2, 2), x, dtype=tf.float32)


def case_bad_unequal_batches(tf, np):
    def call(inputs, state):
        return inputs[0], state

    x = (tf.zeros([3, 4, 2]), tf.zeros([2, 4, 2]))
    tf.nn.dynamic_rnn(own_cell(tf, call, 2, 2), x, dtype=tf.float32)


def case_bad_state_batch_fed(tf, np):
    start = tf.placeholder(tf.float32, [None, 3])
    x, feed = inputs(tf, "none")
    outputs, _ = tf.nn.dynamic_rnn(cells(tf)["gru"](), x, initial_state=start)
    feed[start] = data(2, 3)
    with tf.Session() as sess:
        fill(tf, sess)
        sess.run(outputs, feed)
