"""Gradients through branches and loops that check, print, or call Python."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr
from controlkit import results, table

X = arr(3, 2, lo=0.1)
ROW = arr(4, lo=0.1)


def checked(tf, value, condition):
    """`value`, once `condition` has been asserted."""
    with tf.control_dependencies([tf.Assert(condition, ["failed", value])]):
        return tf.identity(value)


def both(tf, build, order=1):
    """Values and gradients of a branch, for a predicate that holds or not."""
    found = {}
    for value in (2.0, -2.0):
        with tf.Graph().as_default():
            x, w = tf.placeholder(tf.float32, []), tf.Variable(1.5)
            y = build(tf, x, w)
            found[str(value)] = results(tf, y, [x, w], {x: value}, order, names=False)
    return found


# -- branches ---------------------------------------------------------------------


def case_assert_in_branch(tf, np):
    return both(
        tf,
        lambda tf, x, w: tf.cond(
            x > 0.0, lambda: checked(tf, x * w, w > 0.0), lambda: x + w
        ),
        order=2,
    )


def case_assert_in_the_other_branch(tf, np):
    return both(
        tf,
        lambda tf, x, w: tf.cond(
            x > 0.0, lambda: x * tf.exp(w), lambda: checked(tf, x, w > 0.0)
        ),
        order=2,
    )


def case_print_in_branch(tf, np):
    def build(tf, x, w):
        return tf.cond(
            x > 0.0,
            lambda: tf.Print(x * w, [x, w, tf.constant("text")], "in the branch") ** 2,
            lambda: tf.Print(x, [w]) - w,
        )

    return both(tf, build, order=2)


def case_checks_of_check_ops(tf, np):
    def branch(x, w):
        with tf.control_dependencies(
            [tf.assert_positive(w), tf.assert_rank(x, 0), tf.assert_less(x, 100.0)]
        ):
            return tf.sin(x * w)

    return both(
        tf,
        lambda tf, x, w: tf.cond(x > 0.0, lambda: branch(x, w), lambda: tf.cos(w)),
    )


def case_exclusive_case_in_branch(tf, np):
    def inner(x, w):
        pairs = [(x > 3.0, lambda: x * w), (x > 1.0, lambda: x * w * w)]
        return tf.case(pairs[1:], lambda: w, exclusive=True)

    return both(
        tf, lambda tf, x, w: tf.cond(x > 0.0, lambda: inner(x, w), lambda: x - w)
    )


def case_branch_in_branch(tf, np):
    def inner(tf, x, w):
        return tf.cond(
            w > 1.0, lambda: checked(tf, x * w * w, x > 0.0), lambda: tf.Print(w, [x])
        )

    return both(
        tf, lambda tf, x, w: tf.cond(x > 0.0, lambda: inner(tf, x, w), lambda: x * w)
    )


def case_python_only_listens(tf, np):
    """A `py_func` that nothing is computed from."""

    def branch(x, w):
        heard = tf.py_func(lambda a: a, [x * w], [tf.float32])
        with tf.control_dependencies(heard):
            return x * w * w

    return both(
        tf, lambda tf, x, w: tf.cond(x > 0.0, lambda: branch(x, w), lambda: x - w)
    )


def case_python_in_branch(tf, np):
    """What `py_func` returns is a constant for the gradient."""

    def branch(x, w):
        y = tf.py_func(lambda a: a * np.float32(2.0), [x * w], [tf.float32])[0]
        return tf.reshape(y, []) * w * x

    found = both(
        tf, lambda tf, x, w: tf.cond(x > 0.0, lambda: branch(x, w), lambda: x * w)
    )
    found["other"] = both(
        tf, lambda tf, x, w: tf.cond(x * w > 0.0, lambda: w, lambda: branch(x, w)) ** 2
    )
    return found


def case_mask_in_branch(tf, np):
    x, w = tf.placeholder(tf.float32, [4]), tf.Variable(1.5)
    y = tf.cond(
        x[0] > 0.0,
        lambda: tf.reduce_sum(tf.boolean_mask(x * w * w, x > 1.0) ** 2),
        lambda: x[1] * w,
    )
    grads = tf.gradients(y, [x, w])
    rows = [[1, 2, 3, 0], [2, 3, 4, 5], [-1, 2, 3, 4], [0.5, 0, 0, 0]]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {"runs": [sess.run([y] + grads, {x: row}) for row in rows]}


def case_results_that_are_not_floats(tf, np):
    def build(tf, x):
        y, place, count = tf.cond(
            x[0] > 0.0,
            lambda: [checked(tf, x * x, x[0] > 0.0), tf.argmax(x, 0), tf.shape(x)[0]],
            lambda: [x, tf.constant(0, tf.int64), tf.constant(5)],
        )
        return tf.gather(y, place) * tf.to_float(count)

    found = {}
    for sign in (1, -1):
        with tf.Graph().as_default():
            x = tf.placeholder(tf.float32, [4])
            found[str(sign)] = results(
                tf, build(tf, x), [x], {x: sign * ROW}, names=False
            )
    return found


def case_random_numbers(tf, np):
    """The gradient has the mask that was drawn."""
    x = tf.placeholder(tf.float32, [8])
    y = tf.cond(
        x[0] > 0.0,
        lambda: tf.Print(tf.nn.dropout(x, 0.5, seed=3), [x[0]]),
        lambda: x,
    )
    grad = tf.gradients(tf.reduce_sum(y * y), x)[0]
    with tf.Session() as sess:
        return {"runs": [sess.run([y, grad], {x: np.ones(8)}) for _ in range(3)]}


def case_training(tf, np):
    x, w = tf.placeholder(tf.float32, []), tf.Variable(2.0)
    runs = tf.Variable(0.0, trainable=False)

    def branch():
        count = tf.assign_add(runs, 1.0)
        with tf.control_dependencies([count, tf.Assert(w > 0.0, [w])]):
            return tf.square(x * w - 3.0)

    loss = tf.cond(x > 0.0, branch, lambda: x * w)
    step = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        losses = []
        for value in (1.0, -1.0, 0.5, 2.0):
            losses.append(sess.run(loss, {x: value}))
            sess.run(step, {x: value})
        return {"losses": np.array(losses), "left": sess.run(w)}


def case_rows_of_a_table(tf, np):
    table = tf.Variable(X)
    rows = tf.placeholder(tf.int32, [2])

    def branch():
        with tf.control_dependencies([tf.Assert(tf.reduce_all(rows < 3), [rows])]):
            return tf.gather(table, rows) * 2.0

    y = tf.cond(rows[0] > 0, branch, lambda: tf.gather(table, rows))
    grad = tf.convert_to_tensor(tf.gradients(tf.reduce_sum(y * y), table)[0])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {"runs": [sess.run([y, grad], {rows: r}) for r in ([1, 1], [0, 2])]}


# -- loops ------------------------------------------------------------------------

case_loop = table(
    (
        lambda tf, x: tf.while_loop(
            lambda i, a: i < 4,
            lambda i, a: [
                i + 1,
                tf.Print(checked(tf, a, tf.reduce_all(a < 1e5)) * x, [a]) + x,
            ],
            [tf.constant(0), x],
        ),
        X,
    ),
    names=False,
)
case_loop_until_large = table(
    (
        lambda tf, x: tf.while_loop(
            lambda a: tf.reduce_sum(a) < 50.0,
            lambda a: tf.Print(checked(tf, a, a[0] < 1e5) * 2.0, [a]) + x,
            [x],
        ),
        ROW,
    ),
    names=False,
)
case_branch_in_loop = table(
    (
        lambda tf, x: tf.while_loop(
            lambda i, a: i < 3,
            lambda i, a: [
                i + 1,
                tf.cond(
                    a[0] > 0.5, lambda: checked(tf, a * x, a[0] > 0.0), lambda: a + x
                ),
            ],
            [tf.constant(0), x],
        ),
        ROW,
    ),
    names=False,
)
case_rows = table(
    (
        lambda tf, x: tf.map_fn(
            lambda r: tf.Print(checked(tf, r, r[0] < 9.0), [r]) ** 2, x
        ),
        X,
    ),
    (lambda tf, x: tf.foldl(lambda a, r: checked(tf, a * r, a[0] < 9.0), x), X),
    (lambda tf, x: tf.foldr(lambda a, r: checked(tf, a * r, a[0] < 9.0), x), X),
    (lambda tf, x: tf.scan(lambda a, r: checked(tf, a * r, a[0] < 9.0), x), X),
    names=False,
)


def case_array_in_loop(tf, np):
    x = tf.placeholder(tf.float32, [4])

    def body(i, a):
        return i + 1, a.write(i, tf.Print(checked(tf, x[i], x[i] < 9.0), [i]) * x[0])

    array = tf.TensorArray(tf.float32, 4)
    y = tf.while_loop(lambda i, a: i < 4, body, [tf.constant(0), array])[1].pack()
    return results(tf, y, [x], {x: ROW}, names=False)


# -- refused when run -------------------------------------------------------------


def case_failing_assertion(tf, np):
    x, w = tf.placeholder(tf.float32, []), tf.Variable(-2.0)
    y = tf.cond(x > 0.0, lambda: checked(tf, x * w, w > 0.0), lambda: x * w)
    grad = tf.gradients(y, w)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        other = sess.run(grad, {x: -1.0})
        try:
            sess.run([y, grad], {x: 1.0})
        except tf.errors.OpError as error:
            return {"other": other, "class": type(error).__name__}
