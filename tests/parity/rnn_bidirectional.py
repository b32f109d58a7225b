"""Networks in both directions, and `state_saving_rnn`.

0.9 has the cells of `bidirectional_rnn` in the scopes BiRNN_FW and BiRNN_BW, the
recorded TensorFlow in BiRNN/FW and BiRNN/BW: the names are compared without that.
"""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from rnnkit import cells, data, fill, flat, measure, starts

BATCH, STEPS, DEPTH = 3, 4, 2


def steps_of(tf, known=True, steps=STEPS, dtype="float32"):
    """One placeholder [batch, depth] per step, and what to feed."""
    rows = BATCH if known else None
    value = data(steps, BATCH, DEPTH, dtype=dtype)
    inputs = [tf.placeholder(dtype, [rows, DEPTH]) for _ in range(steps)]
    return inputs, {x: value[i] for i, x in enumerate(inputs)}


def without_direction_scopes(result):
    for one, other in (("_FW/", "/FW/"), ("_BW/", "/BW/")):
        result["variables"] = np.array(
            [name.replace(one, other) for name in result["variables"]]
        )
    return result


def both_ways(tf, fw="gru", bw="gru", start=False, known=True, steps=STEPS, **options):
    inputs, feed = steps_of(tf, known, steps)
    make = cells(tf)
    cell_fw, cell_bw = make[fw](), make[bw]()
    wrt = list(inputs)
    if start:
        first = starts(tf, cell_fw.state_size, BATCH, 20)
        second = starts(tf, cell_bw.state_size, BATCH, 40)
        options.update(initial_state_fw=first, initial_state_bw=second)
        wrt += flat(first) + flat(second)
    else:
        options["dtype"] = tf.float32
    outputs, forward, backward = tf.nn.bidirectional_rnn(
        cell_fw, cell_bw, inputs, **options
    )
    result = measure(tf, outputs, [forward, backward], wrt, feed)
    result["kinds"] = np.array([type(s).__name__ for s in (forward, backward)])
    return without_direction_scopes(result)


def list_case(*makes, **options):
    def case(tf, np):
        return both_ways(tf, *makes, **options)

    return case


case_list_gru = list_case()
case_list_lstm = list_case("lstm", "lstm")
case_list_two_cells = list_case("lstm_concat", "gru", known=False)
case_list_multi = list_case("multi", "projected")
case_list_start = list_case("lstm", "gru", start=True)
case_list_one_step = list_case("basic", "basic", steps=1)
case_list_lengths = list_case("gru", "lstm", sequence_length=[4, 2, 1])
case_list_lengths_start = list_case(
    "lstm_concat", "lstm", start=True, sequence_length=[0, 4, 3]
)
case_list_lengths_unknown_batch = list_case(
    "lstm", "peepholes", known=False, sequence_length=[2, 2, 3]
)
case_list_scope = list_case("basic", "gru", scope="s")


def case_list_inside_scope(tf, np):
    with tf.variable_scope("model"):
        return both_ways(tf, "lstm", "lstm", sequence_length=[1, 2, 3])


def case_list_lengths_fed(tf, np):
    lengths = tf.placeholder(tf.int64, [None])
    inputs, feed = steps_of(tf, False)
    cell = cells(tf)["lstm"]
    outputs, forward, backward = tf.nn.bidirectional_rnn(
        cell(), cell(), inputs, dtype=tf.float32, sequence_length=lengths
    )
    got = {}
    with tf.Session() as sess:
        fill(tf, sess)
        for wanted in ([4, 4, 4], [1, 0, 3]):
            feed[lengths] = wanted
            fetches = outputs + list(forward) + list(backward)
            got[str(wanted)] = sess.run(fetches, feed)
    return got


def case_list_stacked(tf, np):
    inputs, feed = steps_of(tf)
    make = cells(tf)["gru"]
    states = []
    outputs = inputs
    for layer in range(2):
        with tf.variable_scope(f"layer{layer}"):
            outputs, forward, backward = tf.nn.bidirectional_rnn(
                make(), make(), outputs, dtype=tf.float32, sequence_length=[4, 1, 3]
            )
        states += [forward, backward]
    return without_direction_scopes(measure(tf, outputs, states, inputs, feed))


def case_list_of_one_tensor(tf, np):
    x = tf.placeholder(tf.float32, [None, STEPS, DEPTH])
    steps = tf.unpack(tf.transpose(x, [1, 0, 2]))
    make = cells(tf)["lstm"]
    outputs, forward, backward = tf.nn.bidirectional_rnn(
        make(), make(), steps, dtype=tf.float32
    )
    packed = tf.pack(outputs)
    feed = {x: data(BATCH, STEPS, DEPTH)}
    return without_direction_scopes(measure(tf, packed, [forward, backward], [x], feed))


def case_list_bad_forward_cell(tf, np):
    tf.nn.bidirectional_rnn("cell", cells(tf)["gru"](), [tf.zeros([3, 2])])


def case_list_bad_backward_cell(tf, np):
    tf.nn.bidirectional_rnn(cells(tf)["gru"](), None, [tf.zeros([3, 2])])


def case_list_bad_inputs(tf, np):
    gru = cells(tf)["gru"]
    tf.nn.bidirectional_rnn(gru(), gru(), tf.zeros([4, 3, 2]), dtype=tf.float32)


def case_list_bad_no_inputs(tf, np):
    gru = cells(tf)["gru"]
    tf.nn.bidirectional_rnn(gru(), gru(), [], dtype=tf.float32)


def case_list_bad_no_dtype(tf, np):
    gru = cells(tf)["gru"]
    tf.nn.bidirectional_rnn(gru(), gru(), [tf.zeros([3, 2])] * 2)


def case_list_bad_lengths_count(tf, np):
    gru = cells(tf)["gru"]
    tf.nn.bidirectional_rnn(
        gru(), gru(), [tf.zeros([3, 2])] * 2, dtype=tf.float32, sequence_length=[1, 2]
    )


# -- one tensor -----------------------------------------------------------------


def dynamic(
    tf,
    fw="gru",
    bw="gru",
    start=False,
    shape=(BATCH, STEPS),
    dtype="float32",
    **options,
):
    value, shape = data(BATCH, STEPS, DEPTH, dtype=dtype), list(shape)
    if options.get("time_major"):
        value, shape = np.transpose(value, [1, 0, 2]), shape[::-1]
    x = tf.placeholder(dtype, shape + [DEPTH])
    make = cells(tf)
    cell_fw, cell_bw = make[fw](), make[bw]()
    wrt = [x]
    if start:
        first = starts(tf, cell_fw.state_size, BATCH, 20)
        second = starts(tf, cell_bw.state_size, BATCH, 40)
        options.update(initial_state_fw=first, initial_state_bw=second)
        wrt += flat(first) + flat(second)
    else:
        options["dtype"] = tf.as_dtype(dtype)
    # TensorFlow 0.12 needs the lengths.
    options.setdefault("sequence_length", [STEPS] * BATCH)
    outputs, states = tf.nn.bidirectional_dynamic_rnn(cell_fw, cell_bw, x, **options)
    result = measure(tf, outputs, states, wrt, {x: value}, shape[0] is not None)
    result["kinds"] = np.array(
        [type(t).__name__ for t in (outputs, states) + tuple(states)]
    )
    return result


def tensor_case(*makes, **options):
    def case(tf, np):
        return dynamic(tf, *makes, **options)

    return case


case_tensor_gru = tensor_case()
case_tensor_lstm = tensor_case("lstm", "lstm")
case_tensor_two_cells = tensor_case("multi", "lstm_concat")
case_tensor_start = tensor_case("lstm", "multi_concat", start=True)
case_tensor_lengths = tensor_case("gru", "lstm", sequence_length=[4, 2, 1])
case_tensor_lengths_zero = tensor_case("lstm", "gru", sequence_length=[0, 3, 4])
case_tensor_time_major = tensor_case(
    "lstm", "gru", time_major=True, sequence_length=[1, 3, 4]
)
case_tensor_unknown = tensor_case(
    "lstm", "lstm", shape=(None, None), sequence_length=[4, 3, 2]
)
case_tensor_float64 = tensor_case("gru", "lstm", dtype="float64")
case_tensor_scope = tensor_case("gru", "gru", scope="both")


def case_tensor_lengths_fed(tf, np):
    lengths = tf.placeholder(tf.int64, [None])
    x = tf.placeholder(tf.float32, [None, None, DEPTH])
    make = cells(tf)["lstm"]
    outputs, states = tf.nn.bidirectional_dynamic_rnn(
        make(), make(), x, sequence_length=lengths, dtype=tf.float32
    )
    feed = {x: data(2, 5, DEPTH), lengths: [5, 3]}
    return measure(tf, tf.concat(2, outputs), states, [x], feed, shapes=False)


def case_tensor_scope_object(tf, np):
    with tf.variable_scope("outer") as scope:
        pass
    return dynamic(tf, "gru", "lstm", scope=scope)


def case_tensor_bad_forward_cell(tf, np):
    tf.nn.bidirectional_dynamic_rnn("cell", cells(tf)["gru"](), tf.zeros([3, 4, 2]))


def case_tensor_bad_backward_cell(tf, np):
    tf.nn.bidirectional_dynamic_rnn(cells(tf)["gru"](), None, tf.zeros([3, 4, 2]))


def case_tensor_bad_no_dtype(tf, np):
    gru = cells(tf)["gru"]
    tf.nn.bidirectional_dynamic_rnn(gru(), gru(), tf.zeros([3, 4, 2]), [1, 2, 3])


# -- a state that is kept -------------------------------------------------------


class Saver:
    """Keeps states in variables, as a queue of sequences does."""

    def __init__(self, tf, sizes):
        self._tf = tf
        self._kept = {
            name: tf.Variable(tf.zeros([BATCH, size]), trainable=False, name=name)
            for name, size in sorted(sizes.items())
        }
        self.saved = []

    def state(self, name):
        return self._kept[name] + 0.0

    def save_state(self, name, value):
        self.saved.append(name)
        return self._tf.assign(self._kept[name], value)


def saving(tf, make, sizes, state_name, **options):
    inputs, feed = steps_of(tf)
    saver = Saver(tf, sizes)
    outputs, state = tf.nn.state_saving_rnn(
        cells(tf)[make](), inputs, saver, state_name, **options
    )
    result = measure(tf, outputs, state, inputs, feed)
    result["saved"] = np.array(saver.saved)
    with tf.Session() as sess:
        fill(tf, sess)
        runs = []
        for _ in range(3):
            runs.append(sess.run(outputs[-1], feed))
        kept = [saver._kept[name] for name in sorted(sizes)]
        result["runs"] = runs
        result["kept"] = sess.run(kept)
        # The other outputs save nothing.
        sess.run(outputs[0], feed)
        result["still"] = sess.run(kept)
    return result


def case_saving_gru(tf, np):
    return saving(tf, "gru", {"s": 3}, "s")


def case_saving_lstm(tf, np):
    return saving(tf, "lstm", {"c": 3, "h": 3}, ("c", "h"))


def case_saving_concat(tf, np):
    return saving(tf, "lstm_concat", {"s": 6}, "s")


def case_saving_nested(tf, np):
    sizes = {"a": 3, "b": 3, "c": 2, "d": 2}
    return saving(tf, "multi", sizes, (("a", "b"), ("c", "d")))


def case_saving_lengths(tf, np):
    return saving(tf, "lstm", {"c": 3, "h": 3}, ("c", "h"), sequence_length=[1, 4, 0])


def case_saving_scope(tf, np):
    return saving(tf, "gru", {"s": 3}, "s", scope="kept")


def case_saving_bad_name_for_tuple(tf, np):
    saving(tf, "lstm", {"s": 6}, "s")


def case_saving_bad_tuple_for_tensor(tf, np):
    saving(tf, "gru", {"s": 3}, ("s",))


def case_saving_bad_count(tf, np):
    saving(tf, "lstm", {"c": 3}, ("c",))
