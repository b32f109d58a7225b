"""`tf.cond`, `tf.case`, `tf.group`, `tf.tuple` and control dependencies in branches."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, case, each, error_of, fed
from controlkit import described, effects, raised, results

X, Y = arr(2, 3, lo=0.1), arr(2, 3, salt=1)


def positive(tf, x):
    return tf.reduce_sum(x) > 0.0


def squared_or_not(tf, x):
    return tf.cond(positive(tf, x), lambda: tf.square(x), lambda: tf.sin(x))


def sized(tf, x):
    """The sum of as many rows of `x` as it says itself."""
    n = tf.to_int32(tf.reduce_max(x) * 0.0 + 2.0)
    return tf.reduce_sum(tf.slice(x, [0, 0], tf.pack([n, 2])) * x[0, 0])


# -- values and gradients ---------------------------------------------------------

case_first_branch = case(
    each(lambda tf, x: tf.cond(positive(tf, x), lambda: tf.square(x), lambda: -x), X)
)
case_what_decides_is_differentiated = case(
    each(lambda tf, x: squared_or_not(tf, tf.tanh(x * 0.4)), X),
    each(lambda tf, x: squared_or_not(tf, squared_or_not(tf, x * 0.4) - 0.1), X),
    each(lambda tf, x: sized(tf, x * 2.0), X),
)
case_second_branch = case(
    each(
        lambda tf, x: tf.cond(positive(tf, x), lambda: tf.square(x), lambda: x * 3.0),
        -X,
    )
)
case_branch_without_gradient = case(
    each(
        lambda tf, x, y: tf.cond(positive(tf, x), lambda: y * 2.0, lambda: x * x), X, Y
    ),
    each(
        lambda tf, x, y: tf.cond(positive(tf, x), lambda: y * 2.0, lambda: x * x), -X, Y
    ),
)
case_captured_unchanged = case(
    each(lambda tf, x, y: tf.cond(positive(tf, x), lambda: x, lambda: y), X, Y),
    each(lambda tf, x, y: tf.cond(positive(tf, x), lambda: x, lambda: y), -X, Y),
)
case_several_results = case(
    each(
        lambda tf, x, y: tf.cond(
            positive(tf, x),
            lambda: [x + y, tf.constant(3), tf.reduce_sum(y)],
            lambda: [x - y, tf.shape(x)[0], tf.reduce_max(x)],
        ),
        X,
        Y,
    ),
    each(
        lambda tf, x, y: tf.cond(
            positive(tf, x),
            lambda: (x + y, tf.constant(3), tf.reduce_sum(y)),
            lambda: (x - y, tf.shape(x)[0], tf.reduce_max(x)),
        ),
        -X,
        Y,
    ),
)
case_list_of_one = case(
    fed(lambda tf, x: tf.cond(positive(tf, x), lambda: [x * 2.0], lambda: [x]), X)
)
case_named = case(
    fed(lambda tf, x: tf.cond(positive(tf, x), lambda: x, lambda: -x, name="both"), X)
)


def in_turn(tf, x, y):
    return tf.cond(
        positive(tf, x),
        lambda: tf.cond(positive(tf, y), lambda: x * y, lambda: x - y),
        lambda: tf.cond(positive(tf, y), lambda: y * y, lambda: x * x * y),
    )


case_nested = case(*[each(in_turn, x, y) for x in (X, -X) for y in (abs(Y), -abs(Y))])
case_float64 = case(
    each(
        lambda tf, x: tf.cond(tf.reduce_sum(x) > 0.0, lambda: tf.exp(x), lambda: x),
        arr(3, lo=0.1, dtype="float64"),
    )
)
case_same_branch_twice = case(
    each(
        lambda tf, x: [
            tf.cond(positive(tf, x), lambda: x * 2.0, lambda: x),
            tf.cond(positive(tf, x), lambda: x * 3.0, lambda: x),
        ],
        X,
    )
)
case_matmul_in_branch = case(
    each(
        lambda tf, x, y: tf.cond(
            positive(tf, x),
            lambda: tf.matmul(x, y, transpose_b=True),
            lambda: tf.matmul(y, x, transpose_b=True),
        ),
        X,
        Y,
    )
)


def case_shapes(tf, np):
    """Known dimensions that differ are unknown afterwards."""
    p, x = tf.placeholder(tf.bool, []), tf.placeholder(tf.float32, [None, 2])
    tensors = [
        tf.cond(p, lambda: tf.zeros([1]), lambda: tf.zeros([2])),
        tf.cond(p, lambda: tf.zeros([2, 3]), lambda: tf.zeros([2, 4])),
        tf.cond(p, lambda: tf.zeros([2]), lambda: tf.zeros([2, 1])),
        tf.cond(p, lambda: x, lambda: tf.zeros([5, 2])),
        tf.cond(p, lambda: tf.placeholder(tf.float32), lambda: x),
    ]
    return {"tensors": np.array([described(t) for t in tensors])}


def case_different_shapes_run(tf, np):
    p = tf.placeholder(tf.bool, [])
    y = tf.cond(p, lambda: tf.constant([1.0]), lambda: tf.constant([2.0, 3.0]))
    with tf.Session() as sess:
        return {"both": [sess.run(y, {p: q}) for q in (True, False)]}


def case_predicate_without_shape(tf, np):
    p = tf.placeholder(tf.bool)
    y = tf.cond(p, lambda: tf.constant(1), lambda: tf.constant(2))
    with tf.Session() as sess:
        return {"both": [sess.run(y, {p: q}) for q in (True, False)]}


def case_second_gradients(tf, np):
    x, y = tf.constant(X), tf.constant(Y)
    found = []
    for sign in (1.0, -1.0):
        z = tf.cond(positive(tf, sign * x), lambda: x * x * y, lambda: y * y * x)
        found.append(results(tf, z, [x, y], order=2, names=False))
    return {f"sign{i}": item for i, item in enumerate(found)}


def case_variables_captured(tf, np):
    v, w = tf.Variable(X), tf.Variable(Y)
    p = tf.placeholder(tf.bool, [])
    y = tf.cond(p, lambda: v * w, lambda: v - 2.0)
    return results(tf, y, [v, w], {p: True})


def case_variables_captured_other(tf, np):
    v, w = tf.Variable(X), tf.Variable(Y)
    y = tf.cond(tf.constant(False), lambda: v * w, lambda: v - 2.0)
    return results(tf, y, [v, w])


def case_variable_made_inside(tf, np):
    def inside():
        w = tf.get_variable("w", [3], initializer=tf.constant_initializer(2.0))
        return tf.constant(X) * w

    y = tf.cond(tf.placeholder_with_default(True, []), inside, lambda: tf.constant(X))
    found = results(tf, y, tf.trainable_variables())
    found["variables"] = np.array([v.name for v in tf.all_variables()])
    return found


def case_variable_initialized_inside(tf, np):
    """Its initial value is made in the branch, too."""
    x = tf.placeholder(tf.float32, [])
    inits = [
        lambda: tf.ones([3]),
        lambda: tf.zeros([3]) + x,
        lambda: tf.truncated_normal([3], seed=4),
    ]
    ys = [
        tf.cond(x > 0.0, lambda init=init: tf.Variable(init()) * x, lambda: tf.ones(3))
        for init in inits
    ]
    grads = tf.gradients(ys, tf.trainable_variables())
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables(), {x: 2.0})
        return {
            "value": sess.run(ys + grads, {x: 1.5}),
            "variables": np.array([v.name for v in tf.all_variables()]),
        }


def case_used_outside(tf, np):
    """Tensors of the branch taken have values outside, and gradients."""
    x, w, made = tf.placeholder(tf.float32, [2, 3]), tf.Variable(X), []

    def branch():
        made.append(tf.sin(x * w))
        made.append(tf.reduce_sum(tf.square(made[0])))
        return made[0] * 2.0

    y = tf.cond(positive(tf, x), branch, lambda: x)
    total = tf.reduce_sum(y) + made[1]
    grads = tf.gradients(total, [x, w]) + tf.gradients(made[0], w)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {"value": sess.run([total, made[1] * 1.0] + grads, {x: X})}


def case_indexed_slices(tf, np):
    def slices(scale):
        values = tf.constant(X) * scale
        return tf.IndexedSlices(values, tf.constant([0, 2]), tf.constant([4, 3]))

    p = tf.placeholder(tf.bool, [])
    found = tf.cond(p, lambda: slices(1.0), lambda: slices(2.0))
    parts = [found.values, found.indices, found.dense_shape]
    with tf.Session() as sess:
        return {
            "type": type(found).__name__,
            "both": [sess.run(parts, {p: q}) for q in (True, False)],
        }


def case_slices_of_a_variable(tf, np):
    table = tf.Variable(X, name="table")
    rows, all_rows = tf.constant([0, 1]), tf.constant([2, 3])
    p = tf.placeholder(tf.bool, [], name="p")
    found = tf.cond(
        p,
        lambda: tf.IndexedSlices(table * 2.0, rows, all_rows),
        lambda: tf.IndexedSlices(table, rows, all_rows),
    )
    parts = [found.values, found.indices, found.dense_shape]
    grads = tf.gradients(tf.reduce_sum(tf.square(found.values)), table)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {
            "tensors": np.array([described(t) for t in parts]),
            "true": sess.run(parts + grads, {p: True}),
            "false": sess.run(parts + grads, {p: False}),
        }


def case_sparse_names(tf, np):
    def sparse():
        return tf.SparseTensor([[0, 1]], [1.0], [2, 3])

    found = tf.cond(tf.placeholder(tf.bool, []), sparse, sparse)
    parts = [found.values, found.indices, found.shape]
    return {"tensors": np.array([described(t) for t in parts])}


def case_sparse_tensor(tf, np):
    def sparse(scale):
        values = tf.constant([1.0, 2.0]) * scale
        return tf.SparseTensor([[0, 1], [1, 0]], values, [2, 2])

    p = tf.placeholder(tf.bool, [])
    found = tf.cond(p, lambda: sparse(1.0), lambda: sparse(2.0))
    dense = [found.indices, found.values, found.shape]
    with tf.Session() as sess:
        return {
            "type": type(found).__name__,
            "both": [sess.run(dense, {p: q}) for q in (True, False)],
        }


def case_embedding_gradient(tf, np):
    """Rows that a branch has looked up."""
    table, p = tf.Variable(arr(5, 2)), tf.placeholder(tf.bool, [])
    y = tf.cond(
        p,
        lambda: tf.nn.embedding_lookup(table, [1, 3]),
        lambda: tf.nn.embedding_lookup(table, [0, 0]) * 2.0,
    )
    grad = tf.convert_to_tensor(tf.gradients(tf.square(y), table)[0])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {"both": [sess.run([y, grad], {p: q}) for q in (True, False)]}


def case_dropout_in_branch(tf, np):
    p = tf.placeholder(tf.bool, [])
    x = tf.ones([3, 4])
    y = tf.cond(p, lambda: tf.nn.dropout(x, 0.5, seed=3), lambda: x)
    with tf.Session() as sess:
        return {"runs": [sess.run(y, {p: q}) for q in (True, False, True)]}


# -- what has effects -------------------------------------------------------------


def update(tf, v, by):
    return tf.assign_add(v, by)


def awaiting(tf, op, make):
    with tf.control_dependencies([op]):
        return make()


def case_only_the_branch_taken(tf, np):
    return {
        "left": effects(
            tf,
            lambda tf, v, w, p: tf.cond(
                p, lambda: update(tf, v, 1.0), lambda: update(tf, w, 2.0)
            ),
            lambda tf, v, w, p: tf.cond(
                p,
                lambda: awaiting(tf, update(tf, v, 1.0), lambda: tf.constant(5.0)),
                lambda: tf.constant(6.0),
            ),
            lambda tf, v, w, p: tf.cond(
                p,
                lambda: tf.group(update(tf, v, 1.0), update(tf, w, 2.0)),
                lambda: tf.no_op(),
            ),
            lambda tf, v, w, p: tf.cond(
                p,
                lambda: tf.cond(
                    v > 0.0, lambda: update(tf, v, 1.0), lambda: update(tf, w, 7.0)
                ),
                lambda: update(tf, w, 2.0),
            ),
        )
    }


def case_unused_update_in_branch(tf, np):
    def unused(tf, v):
        update(tf, v, 1.0)
        return tf.constant(5.0)

    return {
        "left": effects(
            tf,
            lambda tf, v, w, p: tf.cond(
                p, lambda: unused(tf, v), lambda: tf.constant(6.0)
            ),
        )
    }


def case_outside_operation_awaited_in_branch(tf, np):
    """It runs whichever branch is taken."""

    def identity(tf, v, w, p):
        outside = update(tf, v, 1.0)
        return tf.cond(
            p,
            lambda: awaiting(tf, outside, lambda: tf.identity(2.0)),
            lambda: tf.constant(3.0),
        )

    def constant(tf, v, w, p):
        outside = update(tf, v, 1.0)
        return tf.cond(
            p,
            lambda: awaiting(tf, outside, lambda: tf.constant(2.0)),
            lambda: tf.constant(3.0),
        )

    def captured(tf, v, w, p):
        outside, x = update(tf, v, 1.0), tf.constant(4.0)
        return tf.cond(
            p,
            lambda: awaiting(tf, outside, lambda: x + 1.0),
            lambda: tf.constant(3.0),
        )

    return {"left": effects(tf, identity, constant, captured)}


def case_branches_inside_control_dependencies(tf, np):
    def constants(tf, v, w, p):
        return awaiting(
            tf,
            update(tf, v, 1.0),
            lambda: tf.cond(p, lambda: tf.constant(2.0), lambda: tf.constant(3.0)),
        )

    def captured(tf, v, w, p):
        x = tf.constant(1.0)
        return awaiting(
            tf,
            update(tf, v, 1.0),
            lambda: tf.cond(p, lambda: x + 2.0, lambda: x + 3.0),
        )

    return {"left": effects(tf, constants, captured)}


def case_operations_around_branches(tf, np):
    def returned(tf, v, w, p):
        outside = update(tf, v, 1.0)
        return tf.cond(p, lambda: outside, lambda: tf.constant(5.0))

    def after(tf, v, w, p):
        chosen = tf.cond(p, lambda: update(tf, v, 2.0), lambda: update(tf, w, 3.0))
        return awaiting(tf, chosen, lambda: update(tf, v, 0.5))

    return {"left": effects(tf, returned, after)}


# -- case -------------------------------------------------------------------------


def chosen(tf, x, exclusive=False):
    return tf.case(
        [
            (x < 1.0, lambda: x * 2.0),
            (tf.logical_and(x > 1.0, x < 5.0), lambda: x * x),
            (x > 8.0, lambda: tf.exp(-x)),
        ],
        lambda: x + 0.5,
        exclusive=exclusive,
    )


case_case = case(
    *[each(lambda tf, x: chosen(tf, x), np.float32(x)) for x in (0.5, 3.0, 9.0, 7.0)]
)
case_case_exclusive = case(
    *[
        fed(lambda tf, x: chosen(tf, x, True), np.float32(x), name=False)
        for x in (0.5, 3.0, 9.0, 7.0)
    ]
)


def case_case_order(tf, np):
    """The first that holds decides."""
    yes = tf.constant(True)
    pairs = [(yes, lambda: tf.constant(1)), (yes, lambda: tf.constant(2))]
    one = tf.case(pairs[:1], lambda: tf.constant(3))
    several = tf.case(pairs, lambda: tf.constant(3))
    two = tf.case(pairs, lambda: tf.constant(3), name="choice")
    with tf.Session() as sess:
        return {
            "value": sess.run([one, several, two]),
            "tensor": np.array([described(t) for t in (one, several, two)]),
        }


def case_case_effects(tf, np):
    def chosen(tf, v, w, p):
        return tf.case(
            [(p, lambda: update(tf, v, 1.0)), (v > 5.0, lambda: update(tf, v, 9.0))],
            lambda: update(tf, w, 2.0),
        )

    return {"left": effects(tf, chosen)}


# -- groups -----------------------------------------------------------------------


def case_groups(tf, np):
    def grouped(tf, v, w, p):
        return tf.group(update(tf, v, 1.0), update(tf, w, 2.0))

    def of_branches(tf, v, w, p):
        chosen = tf.cond(p, lambda: update(tf, v, 1.0), lambda: update(tf, w, 2.0))
        return tf.group(chosen, update(tf, w, 100.0))

    def tupled(tf, v, w, p):
        return tf.tuple([v + 1.0, w + 2.0], control_inputs=[update(tf, v, 4.0)])[1]

    return {"left": effects(tf, grouped, of_branches, tupled)}


def case_group_names(tf, np):
    a, b = tf.constant(1.0), tf.constant(2.0)
    group = tf.group(a, b, name="both")
    first, second = tf.tuple([a, b])
    return {
        "names": np.array([group.name, first.name, second.name]),
        "waits": np.array([c.name for c in group.control_inputs]),
        "gate": np.array([c.name for c in first.op.control_inputs]),
    }


# -- refused ----------------------------------------------------------------------


def case_bad_cond(tf, np):
    one, yes = (lambda: tf.constant(1)), (lambda tf: tf.constant(True))
    return {
        "class": raised(
            tf,
            lambda tf: tf.cond(True, one, one),
            lambda tf: tf.cond(tf.constant(1), one, one),
            lambda tf: tf.cond(tf.constant([True]), one, one),
            lambda tf: tf.cond(yes(tf), 3, one),
            lambda tf: tf.cond(yes(tf), one, tf.constant(3)),
            lambda tf: tf.cond(yes(tf), lambda: [one(), one()], one),
            lambda tf: tf.cond(yes(tf), one, lambda: tf.constant(1.0)),
            lambda tf: tf.cond(yes(tf), lambda: None, one),
            lambda tf: tf.cond(yes(tf), one, lambda: None),
            lambda tf: tf.cond(yes(tf), list, list),
        )
    }


def case_bad_predicate_fed(tf, np):
    p = tf.placeholder(tf.bool)
    y = tf.cond(p, lambda: tf.constant(1), lambda: tf.constant(2))
    with tf.Session() as sess:
        sess.run(y, {p: [True]})


def case_bad_case(tf, np):
    one, yes = (lambda: tf.constant(1)), (lambda tf: tf.constant(True))
    return {
        "class": raised(
            tf,
            lambda tf: tf.case(3, one),
            lambda tf: tf.case([3], one),
            lambda tf: tf.case([(tf.constant(3), one)], one),
            lambda tf: tf.case([(yes(tf), 3)], one),
            lambda tf: tf.case([(yes(tf), one)], 3),
            lambda tf: tf.case([(yes(tf), one), (yes(tf), one)], one, exclusive=True),
            lambda tf: tf.case([(yes(tf), one)], lambda: tf.constant(1.0)),
            lambda tf: tf.case([], one),
            lambda tf: tf.case({}, one),
            lambda tf: tf.case(None, one),
        )
    }


def case_bad_words(tf, np):
    """The words of what scripts may look for."""
    yes, one = tf.constant(True), (lambda: tf.constant(1))

    def exclusive(tf):
        a, b = tf.constant(True, name="A"), tf.constant(True, name="B")
        tf.Session().run(tf.case([(a, one), (b, one)], one, exclusive=True))

    return {
        "first": [
            words(lambda: tf.cond(yes, one, lambda: tf.constant(1.0))),
            words(lambda: tf.case(3, one)),
            words(lambda: exclusive(tf)),
        ]
    }


def words(function):
    try:
        function()
    except Exception as error:
        return np.array((getattr(error, "message", "") or str(error)).split("\n")[0])


def case_inside_is_not_fetched(tf, np):
    made = []

    def branch():
        made.append(tf.constant(1.0) + 2.0)
        return made[0]

    tf.cond(tf.constant(True), branch, lambda: tf.constant(1.0))

    def fetch(tf):
        with tf.Session(graph=made[0].graph) as sess:
            sess.run(made[0])

    return {
        "class": error_of(tf, fetch),
        "fetchable": made[0].graph.is_fetchable(made[0]),
    }


def case_other_shapes_only_when_run(tf, np):
    """The graph knows no sizes: which branch is how large is seen when it runs."""
    x, v = tf.placeholder(tf.float32, [None]), tf.Variable(2.0)
    a = tf.nn.relu(x)
    total = tf.reduce_sum(x)
    first = tf.cond(total > 1.0, lambda: a[:1], lambda: a * v)
    both = tf.cond(total > 5.0, lambda: first[:1], lambda: tf.concat(0, [first, first]))
    drawn = tf.random_uniform([], seed=3)
    random = tf.cond(drawn + x[0] > 1.3, lambda: a[:1], lambda: a * 2.0)

    def chosen(p):
        return tf.reduce_sum(tf.cond(p, lambda: a[:1], lambda: a * 2.0))

    mapped = tf.map_fn(lambda e: chosen(e > 1.0), x)
    looped = tf.while_loop(
        lambda i, t: i < 3,
        lambda i, t: (i + 1, t + chosen(tf.equal(i, 1)) * x[0]),
        [0, 0.0],
    )[1]
    fetches = [
        first,
        [both, tf.gradients(both, x)[0]],
        [random, drawn],
        mapped,
        [looped, tf.gradients(looped, x)[0]],
    ]
    rows = [[1.0, 2.0, 3.0], [0.1, 0.2, -0.3], [5.0, 3.0], [0.4]]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {
            f"{i}": [sess.run(fetch, {x: row}) for row in rows]
            for i, fetch in enumerate(fetches)
        }
