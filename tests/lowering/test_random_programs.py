"""Random recurrent programs: as loops, rolled, and written out, the same numbers.

In double precision, so that what differs is wrong. `python -m
tests.lowering.test_random_programs FIRST LAST` runs as many programs as one likes.
"""

import random
import sys

import numpy as np
import pytest

import tfstyle as tf

F = tf.float64
BATCH = 2


class Step:
    """A random function of some states and an input to an output and new states."""

    def __init__(self, rng, size, states):
        self.size = size
        values = np.random.RandomState(rng.randrange(1 << 30))

        def weight(*shape):
            return tf.Variable(tf.constant(values.randn(*shape) * 0.5, F))

        self.weights = [weight(size, size), weight(2 * size, size)]
        self.weights += [weight(size, 2 * size), weight(size)]
        self._same = tf.constant(values.randn(BATCH, size), F)
        names = sorted(OPERATIONS)
        self._recipe = [
            (OPERATIONS[rng.choice(names)], rng.random(), rng.random())
            for _ in range(rng.randint(4, 12))
        ]
        self._kept = [rng.randrange(len(self._recipe)) for _ in range(states)]

    def __call__(self, number, item, states):
        """`number`: of the step, an int32 scalar; all else is [BATCH, size]."""
        values = [*states, item, self._same]
        for operation, one, other in self._recipe:
            p, q = (values[int(place * len(values))] for place in (one, other))
            values.append(operation(self.weights, p, q, number))
        kept = [values[-1 - place] for place in self._kept]
        new = [s * 0.4 + tf.tanh(k) for s, k in zip(states, kept, strict=True)]
        return values[-1], new


def _gates(w, p, q, t):
    one, other = tf.split(1, 2, tf.matmul(p, w[2]))
    return tf.sigmoid(one) * tf.tanh(other)


def _branch(w, p, q, t):
    decided = tf.reduce_sum(p) > 0.0
    return tf.cond(decided, lambda: tf.tanh(tf.matmul(q, w[0])), lambda: tf.sin(p))


def _loop(w, p, q, t):
    def body(i, u):
        return i + 1, tf.tanh(tf.matmul(u, w[0])) + q * 0.1

    return tf.while_loop(lambda i, u: i < t % 3 + 1, body, [tf.constant(0), p])[1]


# Of the weights, two values and the number of the step.
OPERATIONS = {
    "add": lambda w, p, q, t: p + q * 0.7,
    "mul": lambda w, p, q, t: tf.tanh(p) * tf.sigmoid(q),
    "matmul": lambda w, p, q, t: tf.tanh(tf.matmul(p, w[0])),
    "joined": lambda w, p, q, t: tf.tanh(tf.matmul(tf.concat(1, [p, q]), w[1])),
    "gates": _gates,
    "bias": lambda w, p, q, t: tf.nn.bias_add(p, w[3]),
    "select": lambda w, p, q, t: tf.select(tf.greater(p, q), tf.tanh(p), q),
    "softmax": lambda w, p, q, t: tf.nn.softmax(p),
    "square": lambda w, p, q, t: tf.square(tf.sin(p)),
    "stop": lambda w, p, q, t: q + tf.stop_gradient(p),
    "clip": lambda w, p, q, t: tf.clip_by_value(p, -0.8, 0.7),
    "norm": lambda w, p, q, t: tf.nn.l2_normalize(p + 0.1, 1),
    "sum": lambda w, p, q, t: tf.tanh(tf.reduce_sum(p, 1, keep_dims=True) + q),
    "row": lambda w, p, q, t: p + tf.gather(w[0], t % 2),
    "pairs": lambda w, p, q, t: tf.matmul(tf.matmul(p, q, transpose_b=True), q) * 0.1,
    "rows": lambda w, p, q, t: tf.concat(0, [tf.tanh(p[:1]), q[1:]]),
    "number": lambda w, p, q, t: p * tf.cast(t + 1, F) * 0.2,
    "branch": _branch,
    "loop": _loop,
}
INNER = {"branch", "loop"}


def written_out(step, items, states):
    outputs = []
    for number, item in enumerate(items):
        output, states = step(tf.constant(number), item, states)
        outputs.append(output)
    return [tf.pack(outputs), *states]


# -- the same as a loop -----------------------------------------------------------


def as_while(step, x, states):
    count = tf.placeholder_with_default(np.int32(x.get_shape()[0].value), [])
    array = tf.TensorArray(F, count)

    def body(i, array, *states):
        output, states = step(i, tf.gather(x, i), states)
        return i + 1, array.write(i, output), *states

    start = [tf.constant(0), array, *states]
    _, array, *last = tf.while_loop(lambda i, *_: i < count, body, start)
    return [array.pack(), *last]


def as_scan(step, x, states):
    def function(before, item):
        output, new = step(item[1], item[0], before[1:])
        return output, *new

    numbers = tf.range(x.get_shape()[0].value)
    start = (tf.zeros_like(states[0]), *states)
    outputs, *all_states = tf.scan(function, (x, numbers), initializer=start)
    return [outputs, *(s[-1] for s in all_states)]


def as_rnn(step, x, states, dynamic=False):
    class Cell(tf.nn.rnn_cell.RNNCell):
        state_size = (*[step.size] * len(states), 1)
        output_size = step.size

        def __call__(self, inputs, state, scope=None):
            *own, number = state
            output, new = step(tf.to_int32(number[0, 0]), inputs, own)
            return output, (*new, number + 1.0)

    start = (*states, tf.zeros([BATCH, 1], F))
    if dynamic:
        outputs, last = tf.nn.dynamic_rnn(
            Cell(), x, initial_state=start, time_major=True
        )
    else:
        outputs, last = tf.nn.rnn(Cell(), tf.unpack(x), initial_state=start)
        outputs = tf.pack(outputs)
    return [outputs, *last[:-1]]


LOOPS = [as_while, as_scan, as_rnn, lambda *args: as_rnn(*args, dynamic=True)]


def _derived(ys, xs, twice):
    """`ys` and derivatives of their weighted sum, all as tensors."""
    total = tf.add_n(
        [tf.reduce_sum(tf.sin(y)) * (1 + 0.3 * i) for i, y in enumerate(ys)]
    )
    found, target = list(ys), total
    for _ in range(1 + twice):
        slopes = tf.gradients(target, xs)
        slopes = [
            tf.zeros_like(x) if s is None else s
            for s, x in zip(slopes, xs, strict=True)
        ]
        slopes = [tf.convert_to_tensor(s) for s in slopes]
        found += slopes
        target = tf.add_n([tf.reduce_sum(tf.cos(s)) for s in slopes])
    return found


def _run(fetches, feed, rolled):
    config = tf.ConfigProto()
    if not rolled:
        options = config.graph_options.optimizer_options
        options.opt_level = tf.OptimizerOptions.L0
    with tf.Session(config=config) as sess:
        sess.run(tf.initialize_all_variables())
        return sess.run(fetches, feed)


def check(seed, rolled):
    """Compares a program that is written out with a loop, or with itself rolled."""
    rng = random.Random(seed)
    steps, size = rng.randint(9, 12) if rolled else rng.randint(2, 6), rng.randint(2, 3)
    values = np.random.RandomState(seed)
    with tf.Graph().as_default():
        step = Step(rng, size, states=rng.randint(1, 3))
        x = tf.placeholder(F, [steps, BATCH, size])
        states = [tf.constant(values.randn(BATCH, size), F) for _ in step._kept]
        xs = [*step.weights, x, *states]
        twice = (seed + rolled) % 4 == 0
        plain = _derived(written_out(step, tf.unpack(x), states), xs, twice)
        other = plain
        if not rolled:
            other = _derived(rng.choice(LOOPS)(step, x, states), xs, twice)
        feed = {x: values.randn(steps, BATCH, size)}
        expected = _run(plain, feed, rolled=False)
        found = _run(other, feed, rolled=True)
    for one, two in zip(expected, found, strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_loop(seed):
    check(seed, rolled=False)


@pytest.mark.parametrize("seed", range(3))
def test_rolled(seed, monkeypatch):
    for name in INNER:
        monkeypatch.delitem(OPERATIONS, name)
    check(seed, rolled=True)


if __name__ == "__main__":
    for number in range(int(sys.argv[1]), int(sys.argv[2])):
        check(number, rolled=number % 2 == 1)
