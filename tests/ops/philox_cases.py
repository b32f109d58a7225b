"""What real TensorFlow draws: cases for `../shared/oracle/parity.py`.

`parity.py record tests/ops/philox_cases.py tests/ops/philox_golden.npz` writes the
values that `test_philox.py` compares with. Every case draws twice in one session, so
that the advance of the counter shows. The file runs on Python 3.6 and on today's.
"""

SEEDS = [(None, 1), (None, 12345), (7, 11), (2**31 - 2, 2**31 - 5)]
SHAPES = {"small": [2, 3], "odd": [301]}


def _draw(tf, make, shapes=SHAPES):
    result = {}
    for graph_seed, op_seed in SEEDS:
        for label in sorted(shapes):
            graph = tf.Graph()
            with graph.as_default():
                if graph_seed is not None:
                    tf.set_random_seed(graph_seed)
                op = make(shapes[label], op_seed)
            with tf.Session(graph=graph) as sess:
                key = "-".join([str(graph_seed), str(op_seed), label])
                result[key] = [sess.run(op), sess.run(op)]
    return result


def case_uniform_float16(tf, np):
    return _draw(tf, lambda shape, s: tf.random_uniform(shape, 0, 1, tf.float16, s))


def case_uniform_float32(tf, np):
    return _draw(tf, lambda shape, s: tf.random_uniform(shape, 0, 1, tf.float32, s))


def case_uniform_float64(tf, np):
    return _draw(tf, lambda shape, s: tf.random_uniform(shape, 0, 1, tf.float64, s))


def case_normal_float16(tf, np):
    return _draw(tf, lambda shape, s: tf.random_normal(shape, 0, 1, tf.float16, s))


def case_normal_float32(tf, np):
    return _draw(tf, lambda shape, s: tf.random_normal(shape, 0, 1, tf.float32, s))


def case_normal_float64(tf, np):
    return _draw(tf, lambda shape, s: tf.random_normal(shape, 0, 1, tf.float64, s))


def case_truncated_normal_float16(tf, np):
    return _draw(tf, lambda shape, s: tf.truncated_normal(shape, 0, 1, tf.float16, s))


def case_truncated_normal_float32(tf, np):
    return _draw(tf, lambda shape, s: tf.truncated_normal(shape, 0, 1, tf.float32, s))


def case_truncated_normal_float64(tf, np):
    return _draw(tf, lambda shape, s: tf.truncated_normal(shape, 0, 1, tf.float64, s))


def case_uniform_int32(tf, np):
    return _draw(tf, lambda shape, s: tf.random_uniform(shape, 3, 17, tf.int32, s))


def case_uniform_int32_wide(tf, np):
    low, high = -(2**31), 2**31 - 1
    return _draw(tf, lambda shape, s: tf.random_uniform(shape, low, high, tf.int32, s))


def case_uniform_int64(tf, np):
    return _draw(tf, lambda shape, s: tf.random_uniform(shape, -5, 1000, tf.int64, s))


def case_uniform_int64_wide(tf, np):
    low, high = -(2**62) - 2**61, 2**62 + 2**61
    return _draw(tf, lambda shape, s: tf.random_uniform(shape, low, high, tf.int64, s))


def case_shuffle(tf, np):
    shapes = {"none": [0], "one": [1], "four": [4], "many": [257]}

    def make(shape, seed):
        return tf.random_shuffle(tf.constant(np.arange(shape[0])), seed)

    return _draw(tf, make, shapes)


def multinomial_logits(np, batch, classes):
    """[batch, classes] float32, one class impossible."""
    logits = np.random.RandomState(batch).randn(batch, classes).astype("float32")
    logits[0, 3] = -np.inf
    return logits


def case_multinomial(tf, np):
    logits = multinomial_logits(np, 6, 9)
    shapes = {"one": 1, "five": 5, "many": 101}
    return _draw(tf, lambda n, s: tf.multinomial(tf.constant(logits), n, s), shapes)


def case_multinomial_one_row(tf, np):
    logits = multinomial_logits(np, 1, 59)
    shapes = {"one": 1, "five": 5, "many": 101}
    return _draw(tf, lambda n, s: tf.multinomial(tf.constant(logits), n, s), shapes)
