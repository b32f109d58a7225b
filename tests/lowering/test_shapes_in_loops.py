"""Loops in which shapes are computed: unrolled, or run step by step."""

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.lowering.control.needs import is_unrolled, needs_of, runs_in_steps


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def operation(op_type):
    """The only operation of a type in the default graph."""
    (found,) = [
        op for op in tf.get_default_graph().get_operations() if op.type == op_type
    ]
    return found


def summed(x, limit, start=0):
    """The sum of the sums of `x[i:]`, for `i` from `start` to below `limit`."""
    return tf.while_loop(
        lambda i, a: i < limit,
        lambda i, a: (i + 1, a + tf.reduce_sum(x[i:])),
        (start, 0.0),
    )[1]


def test_a_loop_without_shapes_needs_nothing():
    x = tf.placeholder(tf.float32, [None])
    tf.while_loop(lambda i, a: i < 4, lambda i, a: (i + 1, a + x), (0, x))
    assert needs_of(operation("While")).outside == ()
    assert not is_unrolled(operation("While"))


def test_shapes_from_a_counter_need_what_the_counter_starts_from():
    x = tf.placeholder(tf.float32, [6])
    start = tf.constant(1)
    summed(x, 4, start)
    op = operation("While")
    assert start in needs_of(op).drivers
    assert is_unrolled(op)
    assert not runs_in_steps(op)


def test_shapes_from_outside_do_not_unroll():
    x, n = tf.placeholder(tf.float32, [6]), tf.placeholder(tf.int32, [])
    tf.while_loop(
        lambda i, a: i < 4, lambda i, a: (i + 1, a + tf.reduce_sum(x[n:])), (0, 0.0)
    )
    op = operation("While")
    assert needs_of(op).captured == (n,)
    assert not is_unrolled(op)
    assert not runs_in_steps(op)


def test_a_fed_limit_makes_steps_unless_there_is_a_gradient():
    x, n = tf.placeholder(tf.float32, [6]), tf.placeholder(tf.int32, [])
    summed(x, n)
    op = operation("While")
    assert runs_in_steps(op)
    assert not runs_in_steps(op, differentiated=True)


def test_a_size_that_is_drawn_makes_steps():
    def body(i, a):
        size = tf.random_uniform([1], 1, 5, dtype=tf.int32)
        return i + 1, a + tf.reduce_sum(tf.ones(size))

    y = tf.while_loop(lambda i, a: i < 50, body, (0, 0.0))[1]
    assert needs_of(operation("While")) is None
    with tf.Session() as sess:
        drawn = [sess.run(y) for _ in range(2)]
    assert all(50 < total < 200 for total in drawn)
    assert drawn[0] != drawn[1]


def test_many_iterations_are_not_unrolled():
    x = tf.constant(np.ones(5, np.float32))
    y = tf.while_loop(
        lambda i, a: i < 1000,
        lambda i, a: (i + 1, a + tf.reduce_sum(x[: i % 3])),
        (0, 0.0),
    )[1]
    assert runs_in_steps(operation("While"))
    with tf.Session() as sess:
        assert sess.run(y) == 999.0


def test_an_unrolled_loop_is_one_step():
    x = tf.placeholder(tf.float32, [4])
    y = summed(x, 4)
    with tf.Session() as sess:
        assert sess.run(y, {x: [1.0, 2.0, 3.0, 4.0]}) == 30.0
        (run,) = sess._runs.values()
        assert [type(step).__name__ for step in run.plan.steps] == ["Segment"]


def test_another_limit_computes_no_more_than_it_says():
    x, n = tf.placeholder(tf.float32, [6]), tf.placeholder(tf.int32, [])
    y = summed(x, n)
    with tf.Session() as sess:
        for limit in (3, 6, 0, 2):
            expected = sum(6.0 - i for i in range(limit))
            assert sess.run(y, {x: np.ones(6), n: limit}) == expected


def test_gradients_for_each_value_of_what_is_fed():
    x, n = tf.placeholder(tf.float32, [None, 4]), tf.placeholder(tf.int32, [None])
    y = tf.map_fn(lambda q: tf.reduce_sum(tf.square(q[0][: q[1]])), (x, n), tf.float32)
    gradient = tf.gradients(y, x)[0]
    rows = np.arange(12.0).reshape(3, 4)
    with tf.Session() as sess:
        for lengths in ([1, 2, 4], [4, 4, 0], [1, 2, 4]):
            mask = np.arange(4) < np.array(lengths)[:, None]
            values, found = sess.run([y, gradient], {x: rows, n: lengths})
            np.testing.assert_allclose(values, (rows**2 * mask).sum(1))
            np.testing.assert_allclose(found, 2 * rows * mask)


def test_a_gradient_of_sizes_that_are_drawn_is_refused():
    x = tf.constant([1.0, 2.0, 3.0])

    def body(i, a):
        size = tf.random_uniform([1], 1, 3, dtype=tf.int32)
        return i + 1, a + tf.reduce_sum(tf.slice(x, [0], size))

    y = tf.while_loop(lambda i, a: i < 4, body, (0, 0.0))[1]
    gradient = tf.gradients(y, x)[0]
    with (
        tf.Session() as sess,
        pytest.raises(tf.errors.UnimplementedError, match="no gradient of While"),
    ):
        sess.run(gradient)


def test_rows_of_different_shapes_are_refused():
    n = tf.placeholder(tf.int32, [None])
    y = tf.map_fn(lambda k: tf.range(k), n)
    with tf.Session() as sess:
        np.testing.assert_array_equal(sess.run(y, {n: [2, 2]}), [[0, 1], [0, 1]])
        with pytest.raises(tf.errors.InvalidArgumentError, match="inconsistent shapes"):
            sess.run(y, {n: [2, 3]})


@pytest.mark.parametrize("known", [True, False])
def test_sequences_of_different_lengths_are_refused(known):
    a = tf.placeholder(tf.float32, [None])
    b = tf.constant([1, 2, 3]) if known else tf.placeholder(tf.int32, [None])
    y = tf.map_fn(lambda q: q[0] + tf.reduce_sum(tf.ones([q[1]])), (a, b), tf.float32)
    feed = {a: [1.0, 2.0]} if known else {a: [1.0, 2.0], b: [1, 2, 3]}
    with (
        tf.Session() as sess,
        pytest.raises(tf.errors.InvalidArgumentError, match=r"\[2, 3\] rows"),
    ):
        sess.run(y, feed)


def test_random_numbers_go_on_from_row_to_row():
    lengths = [1, 3, 2]
    known, n = tf.constant(lengths), tf.placeholder(tf.int32, [3])

    def fn(k):
        return tf.reduce_sum(tf.random_uniform(tf.pack([k]), seed=7))

    unrolled = tf.map_fn(fn, known, tf.float32)
    stepping = tf.map_fn(fn, n, tf.float32)
    with tf.Session() as sess:
        for _ in range(2):
            first, second = sess.run([unrolled, stepping], {n: lengths})
            np.testing.assert_allclose(first, second, rtol=1e-6)


def test_arrays_in_a_loop_that_runs_step_by_step():
    n = tf.placeholder(tf.int32, [])
    x = tf.constant([1.0, 2.0, 3.0])
    array = tf.TensorArray(tf.float32, 0, dynamic_size=True, clear_after_read=False)
    _, array = tf.while_loop(
        lambda i, a: i < n,
        lambda i, a: (i + 1, a.write(i, tf.reduce_sum(x[: i + 1]))),
        (0, array),
    )
    with tf.Session() as sess:
        y = array.pack()
        np.testing.assert_allclose(sess.run(y, {n: 3}), [1.0, 3.0, 6.0])
        np.testing.assert_allclose(sess.run(y, {n: 2}), [1.0, 3.0])


def test_variables_that_grow_and_others_that_do_not():
    x, n = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.int32, [])
    v = tf.Variable(0)

    def body(i, a):
        with tf.control_dependencies([tf.assign_add(v, 1)]):
            return i + 1, tf.concat(0, [a, a[:1]])

    y = tf.while_loop(lambda i, a: i < n, body, (0, x))[1]
    kept = tf.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, a * 2.0), (0, x))[1]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for limit, rows in ((2, 1), (3, 1), (1, 4), (0, 2)):
            feed = {x: np.ones(rows), n: limit}
            np.testing.assert_allclose(sess.run(y, feed), np.ones(rows + limit))
            np.testing.assert_allclose(sess.run(kept, feed), [2.0**limit] * rows)
        assert sess.run(v) == 6


def test_a_gradient_of_variables_that_grow_is_refused():
    x, n = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.int32, [])
    y = tf.while_loop(
        lambda i, a: i < n, lambda i, a: (i + 1, tf.concat(0, [a, x])), (0, x)
    )[1]
    gradient = tf.gradients(y, x)[0]
    with (
        tf.Session() as sess,
        pytest.raises(tf.errors.UnimplementedError, match="while/While"),
    ):
        sess.run(gradient, {x: [1.0], n: 3})


def test_variables_that_grow_in_a_loop_inside():
    x, n = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.int32, [None])

    def grown(k):
        a = tf.while_loop(lambda a: tf.size(a) < k, lambda a: tf.concat(0, [a, x]), [x])
        return tf.reduce_sum(a)

    mapped = tf.map_fn(grown, n, tf.float32)
    chosen = tf.cond(x[0] > 0.0, lambda: grown(n[0]), lambda: x[0])
    with tf.Session() as sess:
        feed = {x: [1.0, 2.0], n: [5, 1, 2]}
        np.testing.assert_allclose(sess.run(mapped, feed), [9.0, 3.0, 3.0])
        assert sess.run(chosen, feed) == 9.0
        assert sess.run(chosen, {x: [-1.0, 2.0], n: [3]}) == -1.0
