"""Pooling in real TensorFlow: cases for `../shared/oracle/parity.py`.

`parity.py record tests/ops/pooling_cases.py tests/ops/pooling_golden.npz` writes the
values that `test_pooling.py` compares with. The input is part of the record: whole
numbers from a small range, so that most windows have ties, or real numbers. The file
runs on Python 3.6 and on today's.
"""

# name: (input shape, window, strides)
WINDOWS = {
    "two": ([2, 6, 4, 3], [1, 2, 2, 1], [1, 2, 2, 1]),
    "two_odd": ([2, 5, 7, 2], [1, 2, 2, 1], [1, 2, 2, 1]),
    "three_every_two": ([2, 8, 7, 2], [1, 3, 3, 1], [1, 2, 2, 1]),
    "three_every_one": ([1, 5, 6, 2], [1, 3, 3, 1], [1, 1, 1, 1]),
    "three_apart": ([1, 7, 8, 2], [1, 3, 3, 1], [1, 3, 3, 1]),
    "oblong": ([2, 9, 6, 2], [1, 3, 2, 1], [1, 2, 1, 1]),
    "gaps": ([1, 9, 9, 1], [1, 2, 2, 1], [1, 3, 3, 1]),
    "whole": ([2, 12, 11, 3], [1, 12, 11, 1], [1, 12, 11, 1]),
    "over_time": ([2, 12, 1, 3], [1, 12, 1, 1], [1, 1, 1, 1]),
    "four_apart": ([2, 8, 10, 2], [1, 4, 4, 1], [1, 4, 4, 1]),
    "wide_overlap": ([1, 14, 13, 1], [1, 10, 10, 1], [1, 2, 2, 1]),
}
VOLUMES = {
    "two": ([1, 4, 5, 4, 2], [1, 2, 2, 2, 1], [1, 2, 2, 2, 1]),
    "three_every_two": ([1, 5, 5, 6, 1], [1, 3, 3, 3, 1], [1, 2, 2, 2, 1]),
}


def _pool(tf, np, function, windows, values):
    result = {}
    for name in sorted(windows):
        for padding in ["SAME", "VALID"]:
            shape, window, strides = windows[name]
            x = values(np, shape).astype(np.float32)
            with tf.Graph().as_default(), tf.Session() as sess:
                inputs = tf.constant(x)
                pooled = function(inputs, window, strides, padding)
                size = pooled.get_shape().num_elements()
                weights = np.arange(1, size + 1).reshape(pooled.get_shape().as_list())
                weights = tf.constant(weights.astype(np.float32))
                gradient = tf.gradients(pooled, inputs, weights)[0]
                output, gradient = sess.run([pooled, gradient])
            result[name + "-" + padding] = {
                "input": x,
                "output": output,
                "gradient": gradient,
            }
    return result


def _ties(np, shape):
    return np.random.RandomState(len(shape)).randint(-2, 2, shape)


def _real(np, shape):
    return np.random.RandomState(len(shape)).randn(*shape)


def case_max_pool_ties(tf, np):
    return _pool(tf, np, tf.nn.max_pool, WINDOWS, _ties)


def case_max_pool_real(tf, np):
    windows = {name: WINDOWS[name] for name in ["two_odd", "oblong", "over_time"]}
    return _pool(tf, np, tf.nn.max_pool, windows, _real)


def case_avg_pool(tf, np):
    # The gradient of windows that do not touch is not implemented there.
    windows = {name: WINDOWS[name] for name in WINDOWS if name != "gaps"}
    return _pool(tf, np, tf.nn.avg_pool, windows, _real)


def case_max_pool3d_ties(tf, np):
    return _pool(tf, np, tf.nn.max_pool3d, VOLUMES, _ties)


def case_avg_pool3d(tf, np):
    return _pool(tf, np, tf.nn.avg_pool3d, VOLUMES, _real)
