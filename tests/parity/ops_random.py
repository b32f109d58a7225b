"""Random ops and initializers with explicit seeds: TensorFlow's own numbers."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, error_of, ints

# Sine, cosine and logarithm round differently, by units in the last place.
TOL = (1e-5, 1e-6)


def draws(*builds, graph_seed=None, named=True, bad=()):
    """A case of several random ops, each run twice; a second session starts anew."""

    def run_case(tf, np):
        if graph_seed is not None:
            tf.set_random_seed(graph_seed)
        tensors = [build(tf) for build in builds]
        results = {
            "type": np.array(
                [f"{t.dtype.name} {t.get_shape().as_list()}" for t in tensors]
            )
        }
        if named:
            results["name"] = np.array([t.name for t in tensors])
        with tf.Session() as sess:
            results["first"] = sess.run(tensors)
            results["second"] = sess.run(tensors)
        with tf.Session() as sess:
            again = sess.run(tensors)
        first = results["first"]
        results["starts_anew"] = all(
            np.array_equal(first[i], again[i]) for i in range(len(again))
        )
        if bad:
            results["bad"] = np.array([error_of(tf, function) for function in bad])
        return results

    run_case.tol = TOL
    return run_case


case_random_uniform = draws(
    lambda tf: tf.random_uniform([2, 3], seed=1),
    lambda tf: tf.random_uniform([2, 3], -1.0, 4.0, seed=1),
    lambda tf: tf.random_uniform([5], minval=2, maxval=3, seed=-7),
    lambda tf: tf.random_uniform([], seed=2**20 + 3),
    lambda tf: tf.random_uniform([0, 2], seed=1),
    lambda tf: tf.random_uniform([2, 3], seed=3, dtype=tf.float64),
    lambda tf: tf.random_uniform([300], seed=12),
    bad=[
        lambda tf: tf.random_uniform([2], 0, dtype=tf.int32),
        lambda tf: tf.random_uniform([1.5]),
        lambda tf: tf.random_uniform([2], dtype=tf.string),
    ],
)
case_random_uniform_int = draws(
    lambda tf: tf.random_uniform([6], 3, 17, tf.int32, seed=2),
    lambda tf: tf.random_uniform([2, 4], maxval=10, dtype=tf.int32, seed=5),
    lambda tf: tf.random_uniform([5], -3, 3, tf.int64, seed=6),
    lambda tf: tf.random_uniform([3], 0, 2**40, tf.int64, seed=6),
)
case_random_normal = draws(
    lambda tf: tf.random_normal([2, 3], seed=1),
    lambda tf: tf.random_normal([5], mean=2.0, stddev=0.5, seed=1),
    lambda tf: tf.random_normal([2, 3], seed=9, dtype=tf.float64),
    lambda tf: tf.random_normal([], seed=4),
    lambda tf: tf.random_normal([301], seed=11),
    bad=[lambda tf: tf.random_normal([2], dtype=tf.int32)],
)
case_truncated_normal = draws(
    lambda tf: tf.truncated_normal([2, 3], seed=1),
    lambda tf: tf.truncated_normal([7], mean=-1.0, stddev=0.1, seed=8),
    lambda tf: tf.truncated_normal([3, 2], seed=9, dtype=tf.float64),
    lambda tf: tf.truncated_normal([401], seed=13),
)
case_random_shuffle = draws(
    lambda tf: tf.random_shuffle(tf.range(10), seed=4),
    lambda tf: tf.random_shuffle(arr(5, 2), seed=4),
    lambda tf: tf.random_shuffle(arr(1, 2), seed=1),
    lambda tf: tf.random_shuffle(ints(30, hi=99), seed=21),
)
case_random_crop = draws(
    lambda tf: tf.random_crop(arr(5, 6), [2, 3], seed=3),
    lambda tf: tf.random_crop(arr(4, 4, 2), [4, 2, 2], seed=5),
    named=False,
)
case_multinomial = draws(
    lambda tf: tf.multinomial([[0.0, 1.0, -1.0], [5.0, 0.0, 0.0]], 6, seed=3),
    lambda tf: tf.multinomial(np.log([[0.5, 0.5]]), 10, seed=7),
)
case_dropout = draws(
    lambda tf: tf.nn.dropout(tf.ones([3, 4]), 0.5, seed=1),
    lambda tf: tf.nn.dropout(arr(2, 5), 0.9, seed=1),
    lambda tf: tf.nn.dropout(tf.ones([3, 4]), 0.5, noise_shape=[3, 1], seed=2),
    lambda tf: tf.nn.dropout(tf.ones([2, 3]), tf.constant(0.7), seed=3),
    named=False,
    bad=[
        lambda tf: tf.nn.dropout(tf.ones([2]), 0.0),
        lambda tf: tf.nn.dropout(tf.ones([2]), 1.5),
        lambda tf: tf.nn.dropout(tf.ones([2]), tf.constant([0.5, 0.5])),
    ],
)
# The graph's seed joins each op's own.
case_graph_and_op_seed = draws(
    lambda tf: tf.random_uniform([4], seed=1),
    lambda tf: tf.random_normal([4], seed=1),
    lambda tf: tf.truncated_normal([4], seed=2),
    lambda tf: tf.random_shuffle(tf.range(6), seed=2),
    graph_seed=1234,
)


def case_two_ops_of_one_seed(tf, np):
    """They draw the same numbers, each on a stream of its own."""
    one, two = (tf.random_uniform([3], seed=5) for _ in range(2))
    with tf.Session() as sess:
        only_one = [sess.run(one) for _ in range(2)]
        return {"one": only_one, "both": sess.run([one, two])}


def case_dropout_gradient(tf, np):
    """The mask of the backward pass is that of the forward pass."""
    x = tf.constant(arr(3, 4))
    y = tf.nn.dropout(x, 0.5, seed=1)
    (grad,) = tf.gradients(y, x, tf.constant(arr(3, 4, salt=1)))
    with tf.Session() as sess:
        return {"runs": [sess.run([y, grad]) for _ in range(2)]}


def case_gradient_of_random_loss(tf, np):
    """A loss on random numbers: its gradients see the numbers of the same run."""
    w = tf.constant(arr(4))
    loss = tf.reduce_sum(tf.square(w * tf.random_normal([4], seed=2)))
    (grad,) = tf.gradients(loss, w)
    with tf.Session() as sess:
        return {"runs": [sess.run([loss, grad]) for _ in range(2)]}


def case_unknown_shape(tf, np):
    """The shape is fed; the stream goes on from run to run."""
    shape = tf.placeholder(tf.int32, [2])
    x = tf.random_uniform(shape, seed=1)
    like = tf.random_normal(tf.shape(x), seed=2)
    with tf.Session() as sess:
        return {
            "type": str(x.get_shape()),
            "runs": [sess.run([x, like], {shape: s}) for s in ([2, 3], [1, 4], [2, 3])],
        }


def initialized(*initializers):
    """Variables of several shapes from each initializer."""

    def run_case(tf, np):
        made = []
        for i, initializer in enumerate(initializers):
            for shape in ([2, 3], [4], [2, 2, 3, 2]):
                name = f"v{i}_{len(shape)}"
                made.append(tf.get_variable(name, shape, initializer=initializer(tf)))
        with tf.Session() as sess:
            sess.run(tf.initialize_all_variables())
            return {
                "dtype": np.array([v.dtype.name for v in made]),
                "value": sess.run(made),
            }

    run_case.tol = TOL
    return run_case


case_constant_initializer = initialized(
    lambda tf: tf.constant_initializer(), lambda tf: tf.constant_initializer(2.5)
)
case_random_uniform_initializer = initialized(
    lambda tf: tf.random_uniform_initializer(seed=1),
    lambda tf: tf.random_uniform_initializer(-0.1, 0.1, seed=2),
)
case_random_normal_initializer = initialized(
    lambda tf: tf.random_normal_initializer(seed=1),
    lambda tf: tf.random_normal_initializer(mean=1.0, stddev=0.1, seed=2),
)
case_truncated_normal_initializer = initialized(
    lambda tf: tf.truncated_normal_initializer(seed=1),
    lambda tf: tf.truncated_normal_initializer(stddev=0.1, seed=2),
)
case_uniform_unit_scaling_initializer = initialized(
    lambda tf: tf.uniform_unit_scaling_initializer(seed=1),
    lambda tf: tf.uniform_unit_scaling_initializer(factor=1.43, seed=2),
)
case_xavier_initializer = initialized(
    lambda tf: tf.contrib.layers.xavier_initializer(seed=1),
    lambda tf: tf.contrib.layers.xavier_initializer(uniform=False, seed=2),
    lambda tf: tf.contrib.layers.xavier_initializer_conv2d(seed=3),
)
case_variance_scaling_initializer = initialized(
    lambda tf: tf.contrib.layers.variance_scaling_initializer(seed=1),
    lambda tf: tf.contrib.layers.variance_scaling_initializer(
        factor=1.0, mode="FAN_AVG", uniform=True, seed=2
    ),
)


def case_variables_from_random_ops(tf, np):
    """`tf.Variable(tf.truncated_normal(...))`, as scripts of the time wrote it."""
    w = tf.Variable(tf.truncated_normal([3, 2], stddev=0.1, seed=1))
    b = tf.Variable(tf.constant(0.1, shape=[2]))
    v = tf.Variable(tf.random_uniform([3, 2], -1.0, 1.0, seed=2), name="named")
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {
            "names": np.array([w.name, b.name, v.name]),
            "values": sess.run([w, b, v]),
        }


def case_scope_initializer(tf, np):
    """The initializer of a scope: two variables of one seed are alike."""
    with tf.variable_scope(
        "s", initializer=tf.random_uniform_initializer(-1, 1, seed=3)
    ):
        v, w = tf.get_variable("v", [3]), tf.get_variable("w", [3])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {"values": sess.run([v, w])}
