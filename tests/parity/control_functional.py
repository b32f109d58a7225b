"""`tf.map_fn`, `tf.foldl`, `tf.foldr`, `tf.scan`."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, error_of, ints
from controlkit import described, effects, raised, results, table

X, Y, W = arr(3, 2), arr(3, 2, salt=1), arr(2, salt=2)
M = arr(2, 2, salt=3)


# -- map_fn -----------------------------------------------------------------------

# Names of 0.12 are not those of 0.9: map/TensorArrayPack:0.
case_map = table(
    (lambda tf, x: tf.map_fn(lambda r: tf.sin(r) * r, x), X),
    (lambda tf, x: tf.map_fn(lambda r: r * r, x), arr(4)),
    (lambda tf, x: tf.map_fn(tf.nn.softmax, x), arr(2, 3, 4)),
    names=False,
)

case_map_captures = table(
    (lambda tf, x, w: tf.map_fn(lambda r: r * w, x), X, W),
    (
        lambda tf, x, m: tf.map_fn(
            lambda r: tf.matmul(tf.expand_dims(r, 0), tf.tanh(m)), x
        ),
        X,
        M,
    ),
    names=False,
)

case_map_reduces = table(
    (lambda tf, x: tf.map_fn(tf.reduce_sum, x), X),
    (lambda tf, x: tf.map_fn(lambda r: tf.pack([r, r * 2.0]), x), X),
    names=False,
)

case_map_other_dtype = table(
    (lambda tf, x: tf.map_fn(lambda r: tf.to_int32(r * 3.0), x, dtype=tf.int32), X),
    (lambda tf, x: tf.map_fn(lambda r: r > 0.5, x, tf.bool), X),
    (lambda tf, i: tf.map_fn(lambda k: tf.to_float(k) / 2.0, i, tf.float32), ints(4)),
    (
        lambda tf, x, i: tf.map_fn(lambda k: tf.gather(x, k) * 2.0, i, tf.float32),
        X,
        ints(4, hi=3),
    ),
    names=False,
)

# A list of tensors that do not fit into one is a structure.
case_map_list = table(
    (
        lambda tf, x, i: tf.map_fn(
            lambda q: q[0] * tf.to_float(q[1]), [x, i], dtype=tf.float32
        ),
        X,
        ints(3),
    ),
    (lambda tf, x, y: tf.map_fn(lambda q: q[0] * q[1], [x, y], tf.float32), X, arr(3)),
    (lambda tf, x, i: tf.map_fn(lambda q: [q[0] * 2.0, q[1] + 1], [x, i]), X, ints(3)),
    (
        lambda tf, x, y: tf.map_fn(
            lambda q: [q[0] * q[1], tf.to_int32(q[1])],
            [x, y],
            dtype=[tf.float32, tf.int32],
        ),
        X,
        Y,
    ),
    (
        lambda tf, x, y: tf.map_fn(
            lambda q: (q[0] * q[1], tf.to_int32(q[1])),
            [x, y],
            dtype=(tf.float32, tf.int32),
        ),
        X,
        Y,
    ),
    names=False,
)

case_scan_list = table(
    (
        lambda tf, x, i: tf.scan(
            lambda a, q: a + q[0] * tf.to_float(q[1]), [x, i], tf.zeros([2])
        ),
        X,
        ints(3),
    ),
    (
        lambda tf, x, i: tf.scan(lambda a, q: [a[0] * q[0], a[1] + q[1]], [x, i]),
        X,
        ints(3),
    ),
    (
        lambda tf, x, y: tf.scan(
            lambda a, q: [a[0] * q[0], a[1] + q[1] * a[0][0]],
            [x, y],
            [tf.ones([2]), tf.zeros([])],
        ),
        X,
        arr(3),
    ),
    names=False,
)

case_map_constant = table(
    (lambda tf, x: tf.map_fn(lambda r: tf.constant(2.5), x), arr(3)), names=False
)

case_map_of_map = table(
    (
        lambda tf, x: tf.map_fn(
            lambda r: tf.map_fn(lambda s: s * s * tf.reduce_sum(r), r), x
        ),
        X,
    ),
    names=False,
)

case_map_branches = table(
    (
        lambda tf, x: tf.map_fn(
            lambda r: tf.cond(r[0] > 0.0, lambda: r * 2.0, lambda: r * r), x
        ),
        X,
    ),
    names=False,
)

case_map_loops = table(
    (
        lambda tf, x: tf.map_fn(
            lambda r: tf.while_loop(
                lambda i, s: i < 3, lambda i, s: (i + 1, tf.sin(s) * r), [0, r]
            )[1],
            x,
        ),
        X,
    ),
    (
        lambda tf, x: tf.map_fn(
            lambda r: tf.while_loop(
                lambda s: tf.reduce_sum(s) < 5.0, lambda s: s * 2.0 + 1.0, [r]
            ),
            x,
        ),
        abs(X),
    ),
    names=False,
)

case_map_gradients_inside = table(
    (
        lambda tf, x: tf.map_fn(
            lambda r: tf.gradients(tf.reduce_sum(r * r * r), r)[0], x
        ),
        X,
    ),
    names=False,
)

case_map_tuples = table(
    (lambda tf, x, y: tf.map_fn(lambda r: r[0] * r[1], (x, y), dtype=tf.float32), X, Y),
    (
        lambda tf, x: tf.map_fn(
            lambda r: (r * 2.0, tf.reduce_sum(r)), x, dtype=(tf.float32, tf.float32)
        ),
        X,
    ),
    (
        lambda tf, x: tf.map_fn(
            lambda r: [r * 2.0, r > 0.0], x, dtype=[tf.float32, tf.bool]
        ),
        X,
    ),
    names=False,
)


def case_map_empty(tf, np):
    x = tf.placeholder(tf.float32, [None, 2])
    y = tf.map_fn(lambda r: r * 2.0, x)
    with tf.Session() as sess:
        return {"rows": [sess.run(y, {x: arr(n, 2)}) for n in (0, 1, 3, 0)]}


def case_map_variables(tf, np):
    x = tf.Variable(X)

    def fn(r):
        w = tf.get_variable("w", [2], initializer=tf.constant_initializer(3.0))
        return r * w

    found = results(
        tf, tf.map_fn(fn, x), [x] + tf.trainable_variables()[1:], names=False
    )
    found["variables"] = np.array([v.name for v in tf.all_variables()])
    return found


def case_map_embedding(tf, np):
    table = tf.Variable(arr(5, 2))
    y = tf.map_fn(
        lambda k: tf.nn.embedding_lookup(table, k), np.int32([2, 0, 2]), tf.float32
    )
    return results(tf, y, [table], names=False)


def case_map_back_prop(tf, np):
    x = tf.constant(X)
    y = tf.map_fn(lambda r: r * r, x, back_prop=False)
    return {"none": np.array([g is None for g in tf.gradients(y, x)])}


def case_map_updates(tf, np):
    def awaited(tf, v, w, p):
        def fn(r):
            with tf.control_dependencies([tf.assign_add(v, r)]):
                return tf.identity(r)

        return tf.map_fn(fn, tf.constant([1.0, 2.0, 4.0]))[0]

    def unused(tf, v, w, p):
        def fn(r):
            tf.assign_add(v, r)
            return r * 2.0

        return tf.map_fn(fn, tf.constant([1.0, 2.0, 4.0]))[0]

    return {"left": effects(tf, awaited, unused)}


# Rows are computed in parallel there: which one draws first is left open.


def case_map_random(tf, np):
    zeros = tf.zeros([4, 2])
    uniform = tf.map_fn(lambda r: r + tf.random_uniform([2], seed=3), zeros)
    normal = tf.map_fn(lambda r: r + tf.random_normal(tf.shape(r), seed=4), zeros)
    inner = tf.map_fn(
        lambda r: tf.map_fn(lambda s: s + tf.random_uniform([], seed=5), r), zeros
    )
    with tf.Session() as sess:
        runs = [sess.run([uniform, normal, inner]) for _ in range(2)]
    rows = [[v[np.argsort(v[:, 0])] for v in run[:2]] for run in runs]
    return {"rows": rows, "inner": [np.sort(run[2].ravel()) for run in runs]}


def case_scan_random(tf, np):
    zeros = tf.zeros([4, 2])
    total = tf.scan(lambda a, r: a + r + tf.random_uniform([2], seed=5), zeros, W)
    with tf.Session() as sess:
        return {"last": [sess.run(total)[-1] for _ in range(2)]}


# -- folds ------------------------------------------------------------------------

case_foldl = table(
    (lambda tf, x: tf.foldl(lambda a, r: a * 2.0 + tf.sin(r), x), X),
    (lambda tf, x, i: tf.foldl(lambda a, r: tf.sin(a) * r, x, i), X, W),
    (lambda tf, x: tf.foldl(lambda a, r: a * r, x), arr(4)),
)
case_foldr = table(
    (lambda tf, x: tf.foldr(lambda a, r: a * 2.0 + tf.sin(r), x), X),
    (lambda tf, x, i: tf.foldr(lambda a, r: tf.sin(a) * r, x, i), X, W),
    (lambda tf, x: tf.foldr(lambda a, r: a - r, x), arr(4)),
)
case_scan = table(
    (lambda tf, x: tf.scan(lambda a, r: a * 2.0 + tf.sin(r), x), X),
    (lambda tf, x, i: tf.scan(lambda a, r: tf.sin(a) * r, x, i), X, W),
    (lambda tf, x: tf.scan(lambda a, r: a * r, x), arr(4)),
    names=False,
)

case_int = table(
    (lambda tf, x: tf.foldl(lambda a, r: a * 2 + r, x), ints(4)),
    (lambda tf, x: tf.foldr(lambda a, r: a * 2 + r, x), ints(4, 2)),
    (lambda tf, x: tf.scan(lambda a, r: a * 2 + r, x), ints(4)),
    (lambda tf, x: tf.scan(lambda a, r: tf.maximum(a, r), x, 3), ints(6)),
    names=False,
)

case_captures = table(
    (lambda tf, x, w: tf.foldl(lambda a, r: a * w + r, x), X, W),
    (lambda tf, x, w: tf.foldr(lambda a, r: a * w + r, x), X, W),
    (lambda tf, x, w: tf.scan(lambda a, r: a * w + r, x), X, W),
    (
        lambda tf, x, i, m: tf.scan(lambda a, r: tf.tanh(tf.matmul(a, m) + r), x, i),
        X,
        arr(1, 2),
        M,
    ),
    names=False,
)

case_other_shape_than_rows = table(
    (lambda tf, x, i: tf.scan(lambda a, r: a * tf.reduce_sum(r), x, i), X, arr(4)),
    (
        lambda tf, x, i: tf.foldl(lambda a, r: a + tf.reduce_max(r), x, i),
        X,
        np.float32(0.5),
    ),
    names=False,
)

case_scan_tuples = table(
    (
        lambda tf, x, i: tf.scan(
            lambda a, r: (a[0] + r, a[1] * r), x, (i, tf.ones([2]))
        ),
        X,
        W,
    ),
    (lambda tf, x, y: tf.scan(lambda a, r: (a[0] + r[1], a[1] * r[0]), (x, y)), X, Y),
    names=False,
)

case_fold_branches = table(
    (
        lambda tf, x: tf.foldl(
            lambda a, r: tf.cond(tf.reduce_sum(r) > 0.0, lambda: a * r, lambda: a), x
        ),
        X,
    )
)


def case_scan_of_what_is_fed(tf, np):
    x = tf.placeholder(tf.float32, [None, 2])
    begin = tf.constant(W)
    ys = [
        tf.scan(lambda a, r: a * 0.5 + r, x),
        tf.scan(lambda a, r: a * 0.5 + r, x, begin),
        tf.foldl(lambda a, r: a * 0.5 + r, x),
        tf.foldr(lambda a, r: a * 0.5 + r, x),
    ]
    grads = [tf.gradients(tf.sin(y), x)[0] for y in ys]
    with tf.Session() as sess:
        return {"runs": [sess.run(ys + grads, {x: arr(n, 2)}) for n in (1, 4, 2)]}


def case_fold_of_nothing(tf, np):
    x = tf.placeholder(tf.float32, [None, 2])
    begin = tf.constant(W)
    ys = [
        tf.foldl(lambda a, r: a + r, x, begin),
        tf.foldr(lambda a, r: a + r, x, begin),
        tf.scan(lambda a, r: a + r, x, begin),
    ]
    with tf.Session() as sess:
        return {"value": sess.run(ys, {x: np.zeros([0, 2], "f")})}


def case_static_shapes(tf, np):
    x, y = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [4, None])
    ys = [
        tf.foldl(lambda a, r: a + r, x),
        tf.foldr(lambda a, r: a + r, x, name="back"),
        tf.foldl(lambda a, r: a + 1.0, x, 0.0),
    ]
    zs = [
        tf.map_fn(lambda r: r * 2.0, x),
        tf.map_fn(lambda r: tf.reduce_sum(r), y),
        tf.scan(lambda a, r: a + r, x),
        tf.scan(lambda a, r: a + 1.0, y, 0.0),
    ]
    return {
        "folds": np.array([described(t) for t in ys]),
        "rows": np.array([str(t.get_shape()) for t in zs]),
    }


def case_names_inside(tf, np):
    made = []

    def fn(r):
        made.extend([tf.mul(r, 2.0), tf.add(r, 1.0, name="sum")])
        return made[-1]

    tf.map_fn(fn, tf.constant(X))
    tf.foldl(lambda a, r: fn(r), tf.constant(X))
    tf.scan(lambda a, r: fn(r), tf.constant(X), name="all")
    return {"tensors": np.array([described(t) for t in made])}


# -- refused ----------------------------------------------------------------------


def case_bad(tf, np):
    x = X
    return {
        "class": raised(
            tf,
            lambda tf: tf.map_fn(3, x),
            lambda tf: tf.foldl(3, x),
            lambda tf: tf.foldr(3, x),
            lambda tf: tf.scan(3, x),
            lambda tf: tf.map_fn(lambda r: r, x, parallel_iterations=0),
            lambda tf: tf.map_fn(lambda r: r, x, parallel_iterations=None),
            lambda tf: tf.map_fn(lambda r: r, x, parallel_iterations=1.5),
            lambda tf: tf.map_fn(lambda q: q[0], [x, np.ones([2, 9], "f")], tf.float32),
            lambda tf: tf.map_fn(lambda q: q[0], [x, x], [tf.float32, tf.float32]),
            lambda tf: tf.map_fn(lambda r: r, np.float32(3.0)),
            lambda tf: tf.map_fn(lambda r: tf.to_int32(r), x),
            lambda tf: tf.map_fn(lambda r: tf.to_int32(r), x, dtype=tf.int64),
            lambda tf: tf.map_fn(lambda r: None, x),
            lambda tf: tf.map_fn(lambda r: r, x, dtype=(tf.float32, tf.float32)),
            lambda tf: tf.map_fn(lambda r: r[0] * r[1], (x, x[:2]), dtype=tf.float32),
            lambda tf: tf.foldl(lambda a, r: tf.to_int32(r), x),
            lambda tf: tf.scan(lambda a, r: tf.to_int32(r), x),
            lambda tf: tf.scan(lambda a, r: tf.concat(0, [a, r]), x),
            lambda tf: tf.foldl(lambda a, r: a + r, np.zeros([0, 2], "f")),
            lambda tf: tf.scan(lambda a, r: a + r, np.zeros([0, 2], "f")),
        )
    }


def case_bad_nothing_fed(tf, np):
    def run(fold):
        def build(tf):
            x = tf.placeholder(tf.float32, [None, 2])
            y = fold(tf)(lambda a, r: a + r, x)
            with tf.Session() as sess:
                sess.run(y, {x: np.zeros([0, 2], "f")})

        return error_of(tf, build)

    return {"class": np.array([run(lambda tf: tf.foldl), run(lambda tf: tf.scan)])}
