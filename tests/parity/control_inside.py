"""Shapes computed inside of loops; host operations and strings inside of loops."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, error_of
from controlkit import raised, results, table

X, L = arr(4, 5), np.array([1, 2, 4, 5], np.int32)
V, K = arr(6), arr(2, 3)


def loop(tf, n, body, *start):
    """A `while_loop` with a counter below `n`; returns the other variables."""
    return tf.while_loop(
        lambda i, *rest: i < n, lambda i, *rest: (i + 1,) + body(i, *rest), (0,) + start
    )[1:]


# -- shapes that follow from a counter, or from rows that are known ---------------

case_counter = table(
    (lambda tf, x: loop(tf, 4, lambda i, a: (a + tf.reduce_sum(x[i:]),), 0.0), V),
    (lambda tf, x: loop(tf, 4, lambda i, a: (a * tf.reduce_sum(x[: i + 1]),), 1.0), V),
    (
        lambda tf, x: loop(
            tf, 3, lambda i, a: (a + tf.reduce_sum(tf.tile(x, [i + 1])) * a,), 1.0
        ),
        V,
    ),
    (
        lambda tf, x: loop(
            tf, 4, lambda i, a: (a + tf.reduce_prod(tf.fill([i, 2], x[0])),), 0.0
        ),
        V,
    ),
    (
        lambda tf, x: loop(
            tf, 3, lambda i, a: (a + tf.reduce_sum(tf.zeros([i]) + a) * x[0],), 1.0
        ),
        V,
    ),
    names=False,
)

case_counter_of_another_kind = table(
    (
        lambda tf, x: tf.while_loop(
            lambda i, j, a: i > 0,
            lambda i, j, a: (i - 2, j + i, a + tf.reduce_sum(x[: tf.minimum(j, 4)])),
            (5, 0, 0.0),
        ),
        V,
    ),
    (
        lambda tf, x: loop(
            tf, tf.shape(x)[0], lambda i, a: (a + tf.reduce_mean(x[: i + 1]),), 0.0
        ),
        V,
    ),
    names=False,
)


def columns(tf, x, w):
    """The update of a beam search: column t of what is carried is replaced."""

    def body(t, s):
        before = tf.slice(s, [0, 0], [2, t])
        after = tf.slice(s, tf.pack([0, t + 1]), tf.pack([2, 2 - t]))
        s = tf.concat(1, [before, w * tf.reduce_sum(s), after])
        s.set_shape([2, 3])
        return (s,)

    return loop(tf, 3, body, x)


case_columns = table((columns, K, arr(2, 1)), names=False)

case_loops_in_loops = table(
    (
        lambda tf, x: loop(
            tf,
            5,
            lambda i, a: (
                a + loop(tf, i, lambda j, b: (b + tf.reduce_sum(x[j:i]),), 0.0)[0],
            ),
            0.0,
        ),
        V,
    ),
    (
        lambda tf, x: tf.map_fn(
            lambda r: tf.map_fn(
                lambda n: tf.reduce_sum(tf.sin(r[:n])), tf.constant(L), tf.float32
            ),
            x,
        ),
        X,
    ),
    (
        lambda tf, x: loop(
            tf,
            3,
            lambda i, a: (
                tf.cond(
                    tf.reduce_sum(a) > 0.5,
                    lambda: a * tf.reduce_sum(x[i:]),
                    lambda: a + tf.reduce_sum(x[: i + 1]),
                ),
            ),
            0.3,
        ),
        V,
    ),
    names=False,
)

case_known_rows = table(
    (
        lambda tf, x: tf.map_fn(
            lambda q: tf.reduce_mean(q[0][: q[1]]), (x, tf.constant(L)), tf.float32
        ),
        X,
    ),
    (
        lambda tf, x: tf.foldl(
            lambda a, n: a * tf.reduce_sum(x[:n]), tf.constant(L), tf.constant(1.0)
        ),
        V,
    ),
    (
        lambda tf, x: tf.scan(
            lambda a, n: a * 0.5 + tf.reduce_sum(x[n:]), tf.constant(L), 0.0
        ),
        V,
    ),
    names=False,
)


def case_range(tf, np):
    y = tf.map_fn(lambda n: tf.reduce_sum(tf.range(n)), tf.constant([1, 3, 5]))
    return results(tf, y, names=False)


def case_arrays(tf, np):
    x = tf.constant(V)
    array = tf.TensorArray(tf.float32, 4)
    (array,) = loop(
        tf, 4, lambda i, a: (a.write(i, tf.reduce_sum(tf.square(x[i:]))),), array
    )
    return results(tf, array.pack(), [x], names=False)


def case_updates(tf, np):
    x, v = tf.constant(V), tf.Variable(0.0)

    def body(i, a):
        with tf.control_dependencies([tf.assign_add(v, tf.reduce_sum(x[:i]))]):
            return (a + 1.0,)

    def fn(n):
        with tf.control_dependencies([tf.assign_add(v, tf.reduce_sum(x[:n]))]):
            return tf.to_float(n)

    counted = loop(tf, 4, body, 0.0)
    mapped = tf.map_fn(fn, tf.constant(L), tf.float32)
    found = []
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for y in (counted, mapped, counted):
            found += [sess.run(y), sess.run(v)]
    return {"runs": [np.asarray(f) for f in found]}


# -- shapes that depend on data ---------------------------------------------------


def case_fed_rows(tf, np):
    x, n = tf.placeholder(tf.float32, [None, 5]), tf.placeholder(tf.int32, [None])
    w = tf.constant(arr(5, salt=1))
    ys = [
        tf.map_fn(lambda q: tf.reduce_mean(q[0][: q[1]] * w[: q[1]]), (x, n), x.dtype),
        tf.foldl(lambda a, k: a + tf.reduce_sum(x[:, :k]), n, 0.5),
        tf.foldr(lambda a, k: a * 0.5 + tf.reduce_sum(x[:, :k]), n, 0.5),
        tf.scan(lambda a, k: a * 0.5 + tf.reduce_sum(x[:, :k]), n, 0.5),
    ]
    grads = [tf.gradients(y, x)[0] for y in ys]
    found = []
    with tf.Session() as sess:
        for lengths in ([1, 2, 4], [5, 1], [3, 3, 3, 3]):
            feed = {n: lengths, x: X[: len(lengths)]}
            found += sess.run(ys + grads, feed)
    return {"runs": found}


def case_fed_limit(tf, np):
    x, n = tf.placeholder(tf.float32, [6]), tf.placeholder(tf.int32, [])
    (y,) = loop(tf, n, lambda i, a: (a * 0.5 + tf.reduce_sum(tf.sin(x[i:])),), 0.0)
    grad = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        runs = [sess.run([y, grad], {x: V, n: k}) for k in (0, 1, 4, 2)]
    return {"runs": [r for run in runs for r in run]}


def case_computed_limit(tf, np):
    x = tf.placeholder(tf.float32, [6])
    n = tf.to_int32(tf.reduce_max(x))
    (y,) = loop(tf, n, lambda i, a: (a + tf.reduce_sum(x[: i + 1]),), 0.0)
    with tf.Session() as sess:
        return {"runs": [sess.run(y, {x: np.float32([k] * 6)}) for k in (0, 3, 5)]}


def case_sizes_from_what_is_carried(tf, np):
    x = tf.placeholder(tf.float32, [6])
    y = tf.while_loop(
        lambda a: a < 20.0,
        lambda a: a + tf.reduce_sum(x[: tf.to_int32(a) % 5 + 1]),
        [tf.constant(1.0)],
    )
    with tf.Session() as sess:
        return {"runs": [sess.run(y, {x: np.abs(V) * k}) for k in (1.0, 3.0)]}


def case_variables_decide(tf, np):
    x, v = tf.constant(V), tf.Variable(3)
    read = tf.identity(v)
    (y,) = loop(tf, 3, lambda i, a: (a * 0.5 + tf.reduce_sum(x[:read]),), 0.0)
    grad = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        runs = sess.run([y, grad])
        sess.run(tf.assign(v, 5))
        return {"runs": runs + sess.run([y, grad])}


def case_growing(tf, np):
    n, a = tf.placeholder(tf.int32, []), tf.placeholder(tf.int32, [None])
    x = tf.placeholder(tf.float32, [None, 2])
    sizes = tf.while_loop(
        lambda a: tf.reduce_sum(a) < n, lambda a: tf.concat(0, [a, [tf.size(a)]]), [a]
    )
    (rows,) = loop(tf, n, lambda i, r: (tf.concat(0, [r, r[:1] * 2.0]),), x)
    (kept,) = loop(tf, n, lambda i, r: (tf.tanh(r) * x,), x)
    grad = tf.gradients(kept, x)[0]
    ys = [sizes, tf.reduce_sum(rows, 0), kept]
    found = []
    with tf.Session() as sess:
        for k, start in ((4, [1]), (3, [5, 5]), (6, [1, 2, 1]), (4, [1])):
            feed = {n: k, a: start, x: X[: len(start), :2]}
            found += sess.run(ys, feed) + [sess.run(grad, feed)]
    return {"runs": found}


def case_branches_of_other_shapes(tf, np):
    x = tf.constant(V)
    y, p = tf.placeholder(tf.float32, [4]), tf.placeholder(tf.bool, [])
    n = tf.to_int32(tf.reduce_max(y))
    (inside,) = loop(
        tf,
        4,
        lambda i, a: (
            a
            + tf.reduce_sum(
                tf.cond(tf.gather(y, i) > 0.0, lambda: x[:2], lambda: tf.square(x))
            ),
        ),
        0.0,
    )
    outside = tf.cond(p, lambda: x[:n] * 2.0, lambda: tf.zeros([n]))
    found = []
    with tf.Session() as sess:
        for q in (True, False):
            feed = {y: np.float32([3.0, -1.0, 2.0, -2.0]) * (1 + q), p: q}
            found += sess.run([inside, outside], feed)
    return {"runs": found}


# -- host operations and strings --------------------------------------------------


def doubled(tf, x):
    """Twice `x`, a scalar, computed in Python."""
    return tf.reshape(
        tf.py_func(lambda z: np.float32(2.0 * z), [x], [tf.float32])[0], []
    )


def case_python_inside(tf, np):
    x = tf.constant(arr(3))
    ys = [
        tf.map_fn(lambda e: doubled(tf, e), x),
        tf.map_fn(
            lambda e: (doubled(tf, e), e + 1.0), x, dtype=(tf.float32, tf.float32)
        ),
        tf.scan(lambda a, e: doubled(tf, a) + e, x),
        tf.scan(lambda a, e: doubled(tf, a) + e, x, 1.0),
        tf.foldl(lambda a, e: doubled(tf, a) + e, x),
        tf.foldr(lambda a, e: doubled(tf, a) - e, x, 2.0),
        tf.map_fn(
            lambda e: tf.map_fn(lambda f: doubled(tf, f) * e, x), x, dtype=tf.float32
        ),
    ]
    return results(tf, ys, names=False)


def case_selection_inside(tf, np):
    x, n = tf.constant(X), tf.constant(L)
    ys = [
        tf.map_fn(
            lambda q: tf.reduce_sum(tf.boolean_mask(q[0], tf.range(5) < q[1])),
            (x, n),
            tf.float32,
        ),
        tf.map_fn(lambda r: tf.reduce_sum(tf.where(r > 0.0)), x, tf.int64),
        tf.map_fn(lambda r: tf.size(tf.unique(r)[0]), n[:, None], tf.int32),
    ]
    return results(tf, ys, names=False)


def case_strings(tf, np):
    w = tf.constant(["1", "2.5", "7"])
    ys = {
        "rows": tf.map_fn(lambda z: z, w),
        "matrix": tf.map_fn(lambda z: z, tf.constant([["a", "b"], ["c", "d"]])),
        "last": tf.foldl(lambda a, z: z, w),
        "first": tf.foldr(lambda a, z: z, w),
        "kept": tf.foldr(lambda a, z: a, w, tf.constant("q")),
        "scanned": tf.scan(lambda a, z: z, w),
        "scan": tf.scan(lambda a, z: z, w, tf.constant("q")),
        "while": tf.while_loop(
            lambda i, t: i < 3, lambda i, t: (i + 1, t), (0, tf.constant("k"))
        )[1],
        "changing": tf.while_loop(
            lambda i, t: i < 2,
            lambda i, t: (i + 1, tf.gather(w, i)),
            (0, tf.constant("k")),
        )[1],
        "cond": tf.cond(tf.constant(True), lambda: w, lambda: tf.constant(["q"])),
    }
    numbers = tf.map_fn(lambda z: tf.string_to_number(z), w, dtype=tf.float32)
    with tf.Session() as sess:
        found = {
            name: np.array([v.decode() for v in np.ravel(sess.run(y))])
            for name, y in sorted(ys.items())
        }
        found["numbers"] = sess.run(numbers)
    return found


def case_empty(tf, np):
    x, w = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.string, [None])
    n = tf.placeholder(tf.int32, [None])
    ys = [
        tf.map_fn(lambda r: doubled(tf, r[0]), x),
        tf.map_fn(lambda z: tf.string_to_number(z), w, dtype=tf.float32),
        tf.map_fn(lambda k: tf.reduce_sum(tf.range(k)), n),
        tf.scan(lambda a, r: a + doubled(tf, r[0]), x, 1.0),
        tf.foldl(lambda a, r: a + doubled(tf, r[0]), x, 1.0),
    ]
    with tf.Session() as sess:
        return {"runs": sess.run(ys, {x: np.zeros([0, 2], "f"), w: [], n: []})}


def case_checks_inside(tf, np):
    x = tf.placeholder(tf.float32, [None])

    def asserted(z):
        with tf.control_dependencies([tf.Assert(z > 0.0, ["bad", z])]):
            return z * 2.0

    def checked(z):
        with tf.control_dependencies([tf.assert_positive(z)]):
            return z * 2.0

    ys = [tf.map_fn(asserted, x), tf.map_fn(checked, x)]
    found = {}
    with tf.Session() as sess:
        found["good"] = sess.run(ys, {x: [1.0, 2.0]})
        found["bad"] = np.array(
            [error_of(tf, lambda tf, y=y: sess.run(y, {x: [1.0, -1.0]})) for y in ys]
        )
    return found


# -- refused ----------------------------------------------------------------------


def case_bad(tf, np):
    def fed(build, value):
        def run(tf):
            n = tf.placeholder(tf.int32, [None])
            with tf.Session() as sess:
                sess.run(build(tf, n), {n: value})

        return error_of(tf, run)

    def rows(tf, n):
        return tf.map_fn(lambda k: tf.range(k), n)

    def raising(tf, n):
        def fail(z):
            raise ValueError("no")

        return tf.map_fn(lambda k: tf.py_func(fail, [k], [tf.int32])[0], n)

    return {
        "class": raised(
            tf,
            lambda tf: tf.map_fn(lambda n: tf.range(n), tf.constant([1, 3])),
            lambda tf: loop(
                tf, 3, lambda i, a: (a + tf.reduce_sum(tf.zeros([i - 1])),), 0.0
            ),
            lambda tf: tf.map_fn(lambda z: tf.string_to_number(z), tf.constant(["a"])),
        ),
        "fed": np.array([fed(rows, [1, 3]), fed(rows, []), fed(raising, [1])]),
    }
