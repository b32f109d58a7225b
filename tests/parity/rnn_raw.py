"""`tf.nn.raw_rnn`: loops whose inputs and end a function decides."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from rnnkit import cells, data, fill, flat, measure, starts

BATCH, STEPS, DEPTH = 3, 4, 2


def over_inputs(tf, cell, lengths, known=True, emit=None, start=None):
    """What `dynamic_rnn` does, as the documentation of `raw_rnn` has it."""
    shape = [STEPS, BATCH, DEPTH] if known else [None, None, DEPTH]
    x = tf.placeholder(tf.float32, shape)
    array = tf.TensorArray(tf.float32, size=tf.shape(x)[0]).unpack(x)
    batch = BATCH if known else tf.shape(x)[1]

    def loop_fn(time, output, state, loop_state):
        if output is None:
            state = cell.zero_state(batch, tf.float32) if start is None else start
        elif emit is not None:
            output = emit(output)
        finished = time >= lengths
        next_input = tf.cond(
            tf.reduce_all(finished),
            lambda: tf.zeros(tf.pack([batch, DEPTH])),
            lambda: array.read(time),
        )
        next_input.set_shape([BATCH if known else None, DEPTH])
        return finished, next_input, state, output, None

    arrays, state, loop_state = tf.nn.raw_rnn(cell, loop_fn)
    assert loop_state is None
    outputs = [a.pack() for a in flat(arrays)]
    return x, outputs, state


def run(tf, make, lengths=(4, 2, 0), known=True, start=False, emit=None):
    cell = cells(tf)[make]()
    first = starts(tf, cell.state_size, BATCH) if start else None
    x, outputs, state = over_inputs(tf, cell, np.array(lengths), known, emit, first)
    wrt = [x] + (flat(first) if start else [])
    feed = {x: data(STEPS, BATCH, DEPTH)}
    return measure(tf, outputs, state, wrt, feed, shapes=False)


def case_gru(tf, np):
    return run(tf, "gru")


def case_lstm(tf, np):
    return run(tf, "lstm", start=True)


def case_multi(tf, np):
    return run(tf, "multi", lengths=(2, 1, 3))


def case_concat_unknown(tf, np):
    return run(tf, "lstm_concat", known=False, lengths=(4, 4, 4))


def case_emitted_is_changed(tf, np):
    return run(tf, "basic", emit=lambda output: output * 2.0)


def case_names(tf, np):
    cell = cells(tf)["lstm"]()
    with tf.variable_scope("decoder"):
        over_inputs(tf, cell, np.array([1, 2, 3]))
    return {"variables": np.array([v.name for v in tf.all_variables()])}


def fed_back(tf, cell, loop_state=None, change=None, steps=5, scope=None):
    """Each output becomes the next input, as long as `steps` says."""

    def loop_fn(time, output, state, kept):
        if output is None:
            state = cell.zero_state(BATCH, tf.float32)
            next_input = tf.constant(data(BATCH, 3))
            kept = loop_state() if loop_state is not None else None
        else:
            next_input = tf.tanh(output) * 2.0
            kept = change(time, output, kept) if change is not None else None
        finished = time >= tf.constant([steps, steps - 2, 1])
        return finished, next_input, state, output, kept

    return tf.nn.raw_rnn(cell, loop_fn, scope=scope)


def case_fed_back(tf, np):
    arrays, state, _ = fed_back(tf, cells(tf)["gru"]())
    return measure(tf, arrays.pack(), state, shapes=False)


def case_fed_back_in_scope(tf, np):
    arrays, state, _ = fed_back(tf, cells(tf)["lstm"](), scope="mine")
    return measure(tf, arrays.pack(), state, shapes=False)


def case_loop_state(tf, np):
    """A sum of the outputs, and a count of the steps."""
    arrays, state, (total, count) = fed_back(
        tf,
        cells(tf)["gru"](),
        lambda: (tf.zeros([BATCH, 3]), tf.constant(0)),
        lambda time, output, kept: (kept[0] + output, kept[1] + 1),
    )
    got = measure(tf, arrays.pack(), [state, total], shapes=False)
    with tf.Session() as sess:
        fill(tf, sess)
        got["count"] = sess.run(count)
    return got


def case_loop_state_array(tf, np):
    """The sum of each output, in a TensorArray."""
    arrays, state, sums = fed_back(
        tf,
        cells(tf)["gru"](),
        lambda: tf.TensorArray(tf.float32, size=0, dynamic_size=True),
        lambda time, output, kept: kept.write(time - 1, tf.reduce_sum(output)),
    )
    return measure(tf, [arrays.pack(), sums.pack()], state, shapes=False)


def case_emit_structure(tf, np):
    """Emitted is a pair of other shapes and dtypes than the output."""
    cell = cells(tf)["gru"]()

    def loop_fn(time, output, state, loop_state):
        if output is None:
            state = cell.zero_state(BATCH, tf.float32)
            emit = (tf.zeros([2], tf.int32), tf.zeros([], tf.float32))
        else:
            pair = tf.pack([tf.argmax(output, 1), tf.argmin(output, 1)])
            pair = tf.cast(tf.transpose(pair), tf.int32)
            emit = (pair, tf.reduce_sum(output, 1))
        finished = time >= tf.constant([3, 1, 2])
        return finished, tf.constant(data(BATCH, DEPTH)), state, emit, None

    (places, sums), state, _ = tf.nn.raw_rnn(cell, loop_fn)
    got = measure(tf, sums.pack(), state, shapes=False)
    with tf.Session() as sess:
        fill(tf, sess)
        got["places"] = sess.run(places.pack())
    return got


def case_data_decides_the_end(tf, np):
    """Until the sum of an example's outputs is large enough."""
    cell = cells(tf)["gru"]()
    enough = tf.placeholder(tf.float32, [])

    def loop_fn(time, output, state, total):
        if output is None:
            state = cell.zero_state(BATCH, tf.float32)
            total = tf.zeros([BATCH])
        else:
            total += tf.reduce_sum(tf.abs(output), 1)
        finished = tf.logical_or(total > enough, time >= 9)
        return finished, tf.constant(data(BATCH, DEPTH)), state, output, total

    arrays, state, total = tf.nn.raw_rnn(cell, loop_fn)
    packed = arrays.pack()
    got = {}
    with tf.Session() as sess:
        fill(tf, sess)
        for value in (0.5, 2.0, 50.0):
            got[str(value)] = sess.run([packed, state, total], {enough: value})
    return got


def case_bad_cell(tf, np):
    tf.nn.raw_rnn(None, lambda *_: None)


def case_bad_function(tf, np):
    tf.nn.raw_rnn(cells(tf)["gru"](), None)


def bad(tf, first, later):
    """`loop_fn` returns `first` before the loop and `later(state)` in it."""
    cell = cells(tf)["lstm"]()

    def loop_fn(time, output, state, loop_state):
        if output is None:
            return (tf.zeros([BATCH], tf.bool),) + first(cell)
        return (time >= tf.constant([1, 2, 3]),) + later(output, state)

    tf.nn.raw_rnn(cell, loop_fn)


def good_first(tf):
    x = tf.zeros([BATCH, DEPTH])
    return lambda cell: (x, cell.zero_state(BATCH, tf.float32), None, None)


def case_bad_first_state(tf, np):
    x = tf.zeros([BATCH, DEPTH])
    bad(tf, lambda cell: (x, x, None, None), lambda o, s: (x, s, o, None))


def case_bad_next_state(tf, np):
    x = tf.zeros([BATCH, DEPTH])
    bad(tf, good_first(tf), lambda o, s: (x, s.c, o, None))


def case_bad_next_input(tf, np):
    x = tf.zeros([BATCH, DEPTH])
    bad(tf, good_first(tf), lambda o, s: ((x, x), s, o, None))


def case_bad_emitted(tf, np):
    x = tf.zeros([BATCH, DEPTH])
    bad(tf, good_first(tf), lambda o, s: (x, s, (o, o), None))
