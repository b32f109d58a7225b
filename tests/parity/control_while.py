"""`tf.while_loop`: values, gradients, state, shapes, what is refused."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, case, each, ints
from controlkit import described, effects, flat, raised, results

X, W = arr(2, 3, lo=-0.5, hi=0.5), arr(3, 3, lo=-0.5, hi=0.5)


def below(n):
    return lambda i, *rest: i < n


# -- loops whose number of iterations is known ------------------------------------

case_counter = case(
    each(lambda tf, n: tf.while_loop(below(n), lambda i: i + 1, [0]), np.int32(5)),
    each(lambda tf, n: tf.while_loop(below(n), lambda i: i + 3, [n - 7]), np.int32(5)),
    each(lambda tf, n: tf.while_loop(lambda i: i > 0, lambda i: i - 2, [n]), ints()),
)
case_power = case(
    each(
        lambda tf, x: tf.while_loop(
            below(3), lambda i, y: (i + 1, tf.tanh(y * x)), [0, x + 1.0]
        ),
        X,
    )
)
case_matrix_power = case(
    each(
        lambda tf, x, w: tf.while_loop(
            below(4), lambda i, h: (i + 1, tf.tanh(tf.matmul(h, w))), [0, x]
        )[1],
        X,
        W,
    )
)
case_not_once = case(
    each(
        lambda tf, x: tf.while_loop(
            below(0), lambda i, y: (i + 1, y * 2.0), [0, x * 3.0]
        ),
        X,
    )
)
case_one_iteration = case(
    each(lambda tf, x: tf.while_loop(below(1), lambda i, y: (i + 1, y * y), [0, x]), X)
)
case_several_variables = case(
    each(
        lambda tf, x, y: tf.while_loop(
            below(3),
            lambda i, a, b: (i + 1, b * 0.5, a + tf.to_float(i) * b),
            [0, x, y],
        ),
        X,
        arr(2, 3, salt=2),
    )
)
case_unchanged_variable = case(
    each(
        lambda tf, x, y: tf.while_loop(
            below(3), lambda i, a, b: (i + 1, a * b, b), [0, x, y]
        ),
        X,
        arr(2, 3, salt=2),
    )
)
case_counts_in_float = case(
    each(
        lambda tf, x: tf.while_loop(
            lambda t, y: t < 1.0, lambda t, y: (t + 0.25, y * (1.0 + t)), [0.0, x]
        ),
        X,
    )
)
case_float64 = case(
    each(
        lambda tf, x: tf.while_loop(
            below(3), lambda i, y: (i + 1, tf.sin(y) * x), [0, x]
        )[1],
        arr(3, dtype="float64"),
    )
)
case_int_results = case(
    each(
        lambda tf, x: tf.while_loop(below(4), lambda i, y: (i + 1, y * 2 + i), [0, x]),
        ints(2, 2),
    )
)
case_depends_on_the_counter = case(
    each(
        lambda tf, x: tf.while_loop(
            below(2), lambda i, s: (i + 1, s + tf.gather(x, i)), [0, x[0] * 0.0]
        )[1],
        X,
    )
)
case_slices_of_a_tensor = case(
    each(
        lambda tf, x: tf.while_loop(
            below(3),
            lambda i, s: (i + 1, s * 0.5 + tf.slice(x, tf.pack([0, i]), [2, 1])),
            [0, tf.zeros([2, 1])],
        )[1],
        X,
    )
)


# -- loops that data ends ---------------------------------------------------------

case_until_large = case(
    each(
        lambda tf, x: tf.while_loop(
            lambda y: tf.reduce_sum(y) < 50.0, lambda y: y * 1.5 + 1.0, [x]
        ),
        X,
    )
)
case_until_large_counted = case(
    each(
        lambda tf, x, w: tf.while_loop(
            lambda i, y: tf.reduce_sum(tf.square(y)) < 20.0,
            lambda i, y: (i + 1, y + tf.matmul(y, w) + 0.1),
            [0, x],
        ),
        X,
        W,
    )
)
case_limit_fed = case(
    each(
        lambda tf, n, x: tf.while_loop(
            below(n), lambda i, y: (i + 1, tf.sin(y + x)), [0, x]
        ),
        np.int32(6),
        X,
    )
)


def case_limit_changes(tf, np):
    n, x = tf.placeholder(tf.int32, []), tf.constant(X)
    y = tf.while_loop(below(n), lambda i, y: (i + 1, tf.sin(y + x)), [0, x])[1]
    grad = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        return {"runs": [sess.run([y, grad], {n: k}) for k in (0, 1, 2, 5, 9, 2)]}


def case_limit_in_a_variable(tf, np):
    n, x = tf.Variable(4), tf.Variable(X)
    y = tf.while_loop(below(n), lambda i, y: (i + 1, tf.sin(y + x)), [0, x])
    return results(tf, y, [x])


def case_length_of_what_is_fed(tf, np):
    """As many iterations as there are rows."""
    x = tf.placeholder(tf.float32, [None, 2])
    _, s = tf.while_loop(
        below(tf.shape(x)[0]),
        lambda i, s: (i + 1, tf.tanh(s + tf.gather(x, i))),
        [0, tf.zeros([2])],
    )
    grad = tf.convert_to_tensor(tf.gradients(s, x)[0])
    with tf.Session() as sess:
        return {"runs": [sess.run([s, grad], {x: arr(k, 2)}) for k in (1, 4, 3)]}


def case_collatz(tf, np):
    n = tf.placeholder(tf.int32, [])
    loop = tf.while_loop(
        lambda k, steps: k > 1,
        lambda k, steps: (
            tf.cond(tf.equal(k % 2, 0), lambda: tf.div(k, 2), lambda: 3 * k + 1),
            steps + 1,
        ),
        [n, 0],
    )
    with tf.Session() as sess:
        return {"runs": [sess.run(loop, {n: k}) for k in (1, 2, 6, 7, 27)]}


# -- nested, and with branches ----------------------------------------------------

case_nested = case(
    each(
        lambda tf, x: tf.while_loop(
            below(3),
            lambda i, y: (
                i + 1,
                tf.while_loop(below(2), lambda j, z: (j + 1, tf.sin(z) + x), [0, y])[1],
            ),
            [0, x],
        ),
        X,
    )
)
case_inner_limit_is_the_outer_counter = case(
    each(
        lambda tf, x: tf.while_loop(
            below(4),
            lambda i, y: (
                i + 1,
                tf.while_loop(below(i), lambda j, z: (j + 1, z * 1.1 + x), [0, y])[1],
            ),
            [0, x],
        )[1],
        X,
    )
)
case_nested_until_large = case(
    each(
        lambda tf, x: tf.while_loop(
            below(3),
            lambda i, y: (
                i + 1,
                tf.while_loop(
                    lambda z: tf.reduce_sum(z) < 5.0, lambda z: z * 1.2 + 0.5, [y]
                )
                * 0.3,
            ),
            [0, x],
        )[1],
        X,
    )
)
case_branch_in_loop = case(
    each(
        lambda tf, x: tf.while_loop(
            below(4),
            lambda i, y: (
                i + 1,
                tf.cond(tf.equal(i % 2, 0), lambda: y * x, lambda: y + tf.to_float(i)),
            ),
            [0, x],
        )[1],
        X,
    )
)
# TensorFlow 0.12 fails to differentiate a loop in a branch.
case_loop_in_branch = case(
    *[
        each(
            lambda tf, x: tf.cond(
                tf.reduce_sum(x) > 0.0,
                lambda: tf.while_loop(below(3), lambda i, y: (i + 1, y * x), [0, x])[1],
                lambda: x * 5.0,
            ),
            x,
            grad=False,
        )
        for x in (abs(X), -abs(X))
    ]
)
case_loop_after_loop = case(
    each(
        lambda tf, x: tf.while_loop(
            below(2),
            lambda i, y: (i + 1, y * x),
            tf.while_loop(below(-1), lambda i, y: (i + 1, y + x), [-3, x]),
        ),
        X,
    )
)


# -- variables --------------------------------------------------------------------


def case_variables_captured(tf, np):
    w, b = tf.Variable(W), tf.Variable(arr(3))
    y = tf.while_loop(
        below(3), lambda i, h: (i + 1, tf.tanh(tf.matmul(h, w) + b)), [0, X]
    )
    return results(tf, y, [w, b])


def case_variable_is_a_loop_variable(tf, np):
    v = tf.Variable(X)
    return results(
        tf, tf.while_loop(below(3), lambda i, y: (i + 1, y * y), [0, v]), [v]
    )


def case_variable_made_inside(tf, np):
    def body(i, h):
        w = tf.get_variable("w", [3, 3], initializer=tf.constant_initializer(0.2))
        return i + 1, tf.tanh(tf.matmul(h, w))

    y = tf.while_loop(below(3), body, [0, tf.constant(X)])
    found = results(tf, y, tf.trainable_variables())
    found["variables"] = np.array([v.name for v in tf.all_variables()])
    return found


def update(tf, v, by):
    return tf.assign_add(v, by)


def awaiting(tf, op, make):
    with tf.control_dependencies([op]):
        return make()


def loop_of(tf, body, cond=None):
    return tf.while_loop(cond or below(3), body, [0])


def case_updates_inside(tf, np):
    def awaited(tf, v, w, p):
        return loop_of(tf, lambda i: awaiting(tf, update(tf, v, 1.0), lambda: i + 1))

    def used(tf, v, w, p):
        return tf.while_loop(
            below(3), lambda i, s: (i + 1, update(tf, v, 0.5)), [0, 0.0]
        )[0]

    def unused(tf, v, w, p):
        def body(i):
            update(tf, v, 1.0)
            return i + 1

        return loop_of(tf, body)

    def in_condition(tf, v, w, p):
        def cond(i):
            return awaiting(tf, update(tf, v, 1.0), lambda: i < 3)

        return loop_of(tf, lambda i: i + 1, cond)

    def in_branch(tf, v, w, p):
        def body(i):
            chosen = tf.cond(
                tf.less(i, 1), lambda: update(tf, v, 1.0), lambda: update(tf, w, 2.0)
            )
            return awaiting(tf, chosen, lambda: i + 1)

        return loop_of(tf, body)

    def in_inner_loop(tf, v, w, p):
        def inner(i):
            return awaiting(tf, update(tf, v, 1.0), lambda: i + 1)

        def body(i):
            return awaiting(tf, loop_of(tf, inner), lambda: i + 1)

        return loop_of(tf, body)

    def that_decides(tf, v, w, p):
        return tf.while_loop(
            lambda i, s: s < 6.0, lambda i, s: (i + 1, update(tf, v, 2.0)), [0, 0.0]
        )[0]

    return {
        "left": effects(
            tf,
            awaited,
            used,
            unused,
            in_condition,
            in_branch,
            in_inner_loop,
            that_decides,
        )
    }


def case_outside_operation_awaited_inside(tf, np):
    """A loop does not run it: its edge to the outside is dropped."""

    def body(tf, v, w, p):
        outside = update(tf, v, 1.0)
        return loop_of(tf, lambda i: awaiting(tf, outside, lambda: i + 1))

    def constant(tf, v, w, p):
        outside = update(tf, v, 1.0)
        return loop_of(tf, lambda i: i + awaiting(tf, outside, lambda: tf.constant(1)))

    def condition(tf, v, w, p):
        outside = update(tf, v, 1.0)
        return loop_of(
            tf, lambda i: i + 1, lambda i: awaiting(tf, outside, lambda: i < 3)
        )

    return {"left": effects(tf, body, constant, condition)}


def case_operations_around(tf, np):
    def before(tf, v, w, p):
        return awaiting(tf, update(tf, v, 1.0), lambda: loop_of(tf, lambda i: i + 1))

    def after(tf, v, w, p):
        loop = loop_of(tf, lambda i: i + 1)
        return awaiting(tf, loop, lambda: update(tf, v, 1.0))

    return {"left": effects(tf, before, after)}


def case_random_numbers(tf, np):
    """Each iteration draws the next numbers of the stream."""
    _, s = tf.while_loop(
        below(4),
        lambda i, s: (i + 1, s + tf.random_uniform([2], seed=5)),
        [0, tf.zeros([2])],
    )
    _, t = tf.while_loop(
        lambda i, t: t < 3.0,
        lambda i, t: (i + 1, t + tf.random_uniform([], seed=7)),
        [0, 0.0],
    )
    with tf.Session() as sess:
        return {"runs": [sess.run([s, t]) for _ in range(3)]}


# -- gradients --------------------------------------------------------------------


def case_back_prop_false(tf, np):
    x = tf.constant(X)
    _, y = tf.while_loop(below(3), lambda i, y: (i + 1, y * x), [0, x], back_prop=False)
    grads = tf.gradients(y, x) + tf.gradients(y + x, x)
    with tf.Session() as sess:
        return {
            "none": np.array([g is None for g in grads]),
            "rest": sess.run([g for g in grads if g is not None]),
        }


def case_stop_gradient_inside(tf, np):
    x = tf.constant(X)
    _, y = tf.while_loop(
        below(3), lambda i, y: (i + 1, y * tf.stop_gradient(x) + x), [0, x]
    )
    return results(tf, y, [x])


def case_gradient_of_what_enters(tf, np):
    """Through the loop and past it."""
    x = tf.constant(X)
    start = tf.square(x)
    _, y = tf.while_loop(below(2), lambda i, y: (i + 1, tf.sin(y)), [0, start])
    return results(tf, [y, start * 2.0], [x, start])


def case_gradients_of_several_results(tf, np):
    a, b = tf.constant(X), tf.constant(arr(2, 3, salt=4))
    _, y, z = tf.while_loop(below(3), lambda i, y, z: (i + 1, y * z, z + a), [0, a, b])
    return {"y": results(tf, y, [a, b]), "z": results(tf, z, [a, b])}


def case_gradient_inside_the_body(tf, np):
    """Newton's method."""
    a = tf.constant([2.0, 3.0, 5.0])

    def body(i, x):
        f = tf.square(x) - a
        return i + 1, x - f / tf.gradients(f, x)[0]

    y = tf.while_loop(below(5), body, [0, tf.ones([3])])
    return results(tf, y)


def case_gradient_descent_inside(tf, np):
    w = tf.constant(W)

    def body(i, x):
        loss = tf.reduce_sum(tf.square(tf.matmul(x, w) - 1.0))
        return i + 1, x - 0.1 * tf.gradients(loss, x)[0]

    return results(tf, tf.while_loop(below(10), body, [0, tf.constant(X)]))


def case_training_through_a_loop(tf, np):
    w = tf.Variable(W)
    _, y = tf.while_loop(below(3), lambda i, h: (i + 1, tf.matmul(h, w)), [0, X])
    loss = tf.reduce_sum(tf.square(y - 0.1))
    step = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        losses = [sess.run([step, loss])[1] for _ in range(5)]
        return {"losses": losses, "w": sess.run(w)}


# -- kinds of loop variables ------------------------------------------------------


def case_nested_structure(tf, np):
    def body(i, pair):
        a, (b, c) = pair
        return i + 1, (a + b, (b * c, c))

    i, (a, (b, c)) = tf.while_loop(
        below(3), body, (tf.constant(0), (tf.constant(X), (tf.constant(X + 1.0), 2.0)))
    )
    return {"value": results(tf, [i, a, b, c])}


def case_list_of_one(tf, np):
    found = tf.while_loop(lambda i: i < 3, lambda i: [i + 1], [tf.constant(0)])
    return {"type": type(found).__name__, "value": results(tf, found)}


def case_indexed_slices(tf, np):
    def body(i, s):
        values = s.values * 2.0
        return i + 1, tf.IndexedSlices(values, s.indices + 1, s.dense_shape)

    start = tf.IndexedSlices(tf.constant(X), tf.constant([0, 2]), tf.constant([9, 3]))
    _, found = tf.while_loop(below(3), body, [0, start])
    return results(tf, [found.values, found.indices, found.dense_shape], names=False)


def case_sparse_tensor(tf, np):
    def body(i, s):
        return i + 1, tf.SparseTensor(s.indices, s.values * 2.0, s.shape)

    start = tf.SparseTensor(
        tf.constant([[0, 1], [1, 0]], tf.int64),
        tf.constant([1.0, 2.0]),
        tf.constant([2, 2], tf.int64),
    )
    _, found = tf.while_loop(below(3), body, [0, start])
    return results(tf, [found.values, found.indices, found.shape], names=False)


# -- names and shapes -------------------------------------------------------------


def case_names_and_shapes(tf, np):
    x, n = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.int32, [])
    y = tf.placeholder(tf.float32)
    loops = [
        tf.while_loop(below(n), lambda i: i + 1, [0]),
        tf.while_loop(below(3), lambda i, a: (i + 1, a * 2.0), [0, x]),
        tf.while_loop(below(n), lambda i, a: (i + 1, a * 2.0), [0, x], name="again"),
        tf.while_loop(below(n), lambda i, a: (i + 1, a * 2.0), [0, y]),
        tf.while_loop(below(n), lambda i, a: (i + 1, a), [0, tf.zeros([2, 1])]),
    ]
    tensors = [t for loop in loops for t in flat(loop)]
    return {"tensors": np.array([described(t) for t in tensors])}


def case_names_inside(tf, np):
    made = []

    def body(i, x):
        made.extend([i, x, tf.mul(x, 2.0), tf.add(x, 1.0, name="sum")])
        return i + 1, made[2] + made[3]

    tf.while_loop(below(3), body, [0, tf.constant(X)])
    return {"tensors": np.array([described(t) for t in made])}


def case_shape_invariants(tf, np):
    some = [tf.TensorShape([]), tf.TensorShape([None])]
    i, x = tf.while_loop(
        below(3),
        lambda i, x: (i + 1, tf.concat(0, [x, x])),
        [tf.constant(0), tf.constant([1.0, 2.0])],
        shape_invariants=some,
    )
    return results(tf, [i, x])


# -- refused ----------------------------------------------------------------------


def case_bad_arguments(tf, np):
    loop = tf.while_loop
    step, going = (lambda i: i + 1), (lambda i: i < 3)
    return {
        "class": raised(
            tf,
            lambda tf: loop(lambda: True, list, []),
            lambda tf: loop(1, step, [0]),
            lambda tf: loop(going, 1, [0]),
            lambda tf: loop(going, step, [0], parallel_iterations=0),
            lambda tf: loop(lambda i: tf.constant(1), step, [0]),
            lambda tf: loop(lambda i: tf.constant([True]), step, [0]),
        )
    }


def case_bad_bodies(tf, np):
    loop = tf.while_loop
    going = below(3)
    return {
        "class": raised(
            tf,
            lambda tf: loop(going, lambda i: [i + 1, i], [0]),
            lambda tf: loop(going, lambda i, j: i + 1, [0, 0]),
            lambda tf: loop(going, lambda i: None, [0]),
            lambda tf: loop(going, lambda i, j: [i + 1, None], [0, 0]),
            lambda tf: loop(going, lambda i: tf.to_float(i) + 1.0, [0]),
            lambda tf: loop(going, lambda i: "a", [0]),
        )
    }


def case_bad_invariants(tf, np):
    loop = tf.while_loop
    one = tf.TensorShape([2])
    return {
        "class": raised(
            tf,
            lambda tf: loop(below(3), lambda i: i + 1, [0], shape_invariants=[]),
            lambda tf: loop(
                lambda x: tf.reduce_sum(x) < 3,
                lambda x: x + 1,
                [tf.constant([0])],
                shape_invariants=[one],
            ),
            lambda tf: loop(
                lambda x: tf.reduce_sum(x) < 3,
                lambda x: tf.concat(0, [x, x]),
                [tf.constant([1, 1])],
                shape_invariants=[one],
            ),
        )
    }
