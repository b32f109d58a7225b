"""Branches and loops with host operations inside."""

import numpy as np
import pytest

import tfstyle as tf


@pytest.fixture
def calls():
    return []


@pytest.fixture
def doubled(calls):
    def function(x):
        calls.append(float(x))
        return np.float32(2 * x)

    def op(x):
        result = tf.py_func(function, [x], [tf.float32])[0]
        result.set_shape([])
        return result

    return op


def test_only_the_branch_taken_calls_python(calls, doubled):
    p = tf.placeholder(tf.bool, [])
    y = tf.cond(p, lambda: doubled(tf.constant(1.5)) + 1, lambda: tf.constant(0.0))
    with tf.Session() as sess:
        assert sess.run(y, {p: False}) == 0
        assert calls == []
        assert sess.run(y, {p: True}) == 4
        assert calls == [1.5]


def test_a_loop_calls_python_in_each_iteration(calls, doubled):
    n = tf.placeholder(tf.int32, [])
    start = tf.placeholder(tf.float32, [])
    v = tf.Variable(0)

    def body(i, x):
        with tf.control_dependencies([tf.assign_add(v, 10)]):
            return i + 1, doubled(x)

    loop = tf.while_loop(lambda i, x: i < n, body, [0, start])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        assert sess.run(loop, {n: 3, start: 1.0}) == [3, 8.0]
        assert sess.run(v) == 30
        assert sess.run(loop, {n: 0, start: 1.0}) == [0, 1.0]
    assert calls == [1.0, 2.0, 4.0]


def test_only_the_branch_taken_dequeues():
    p = tf.placeholder(tf.bool, [])
    calls = []

    def take():
        calls.append("taken")
        return np.int32(7)

    y = tf.cond(p, lambda: tf.py_func(take, [], [tf.int32])[0], lambda: tf.constant(-1))
    with tf.Session() as sess:
        assert [int(sess.run(y, {p: q})) for q in (False, True, False)] == [-1, 7, -1]
    assert calls == ["taken"]


def test_a_host_branch_inside_a_host_loop(calls, doubled):
    def body(i, x):
        even = tf.equal(i % 2, 0)
        return i + 1, tf.cond(even, lambda: doubled(x), lambda: x + 100.0)

    loop = tf.while_loop(lambda i, x: i < 4, body, [0, tf.constant(1.0)])
    with tf.Session() as sess:
        assert sess.run(loop) == [4, 304.0]
    assert calls == [1.0, 102.0]


def test_strings_in_a_branch():
    p = tf.placeholder(tf.bool, [])
    y = tf.cond(p, lambda: tf.constant("yes"), lambda: tf.constant("no"))
    with tf.Session() as sess:
        assert sess.run(y, {p: True}) == b"yes"
        assert sess.run(y, {p: False}) == b"no"


def test_a_loop_that_fails_leaves_variables_alone():
    v = tf.Variable(0)

    def fail(i):
        if i == 2:
            raise ValueError("two is too many")
        return np.int32(i + 1)

    def body(i):
        with tf.control_dependencies([tf.assign_add(v, 1)]):
            result = tf.py_func(fail, [i], [tf.int32])[0]
        result.set_shape([])
        return result

    loop = tf.while_loop(lambda i: i < 5, body, [0])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        with pytest.raises(tf.errors.OpError, match="two is too many"):
            sess.run(loop)
        assert sess.run(v) == 0


def test_what_a_branch_reads_is_the_variable_as_it_is_then(calls, doubled):
    v = tf.Variable(1.0)
    p = tf.placeholder(tf.bool, [])
    with tf.control_dependencies([tf.assign_add(v, 1.0)]):
        y = tf.cond(p, lambda: doubled(tf.identity(v)), lambda: tf.identity(v))
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        assert sess.run(y, {p: True}) == 4.0
        assert sess.run(y, {p: False}) == 3.0


def test_gradients_through_a_host_loop_are_refused(doubled):
    x = tf.placeholder(tf.float32, [])
    loop = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, doubled(a)), [0, x])
    words = r"No gradient defined for operation 'while.*/PyFunc' \(op type: PyFunc\)"
    with pytest.raises(LookupError, match=words):
        tf.gradients(loop[1], x)

    def masked():
        return tf.reduce_sum(tf.boolean_mask(tf.pack([x, x]), tf.pack([x > 1, True])))

    inner = tf.cond(x > 0, lambda: tf.cond(x > 1, masked, lambda: x), lambda: x)
    with pytest.raises(LookupError, match="op type: Where"):
        tf.gradients(inner, x)


# -- gradients: what has run on the host is not run again ---------------------------


def checked(x, condition):
    with tf.control_dependencies([tf.Assert(condition, ["failed", x])]):
        return tf.identity(x)


def test_a_failing_assertion_fails_the_gradient_too():
    x, w = tf.placeholder(tf.float32, []), tf.Variable(-2.0)
    y = tf.cond(x > 0, lambda: checked(x * w, w > 0), lambda: x * w)
    gradient = tf.gradients(y, w)[0]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        assert sess.run(gradient, {x: -1.0}) == -1
        with pytest.raises(tf.errors.InvalidArgumentError, match="assertion failed"):
            sess.run(gradient, {x: 1.0})


def test_what_is_printed_is_printed_once(capfd):
    x = tf.placeholder(tf.float32, [])
    y = tf.cond(x > 0, lambda: tf.Print(x * x, [x], "here ") ** 2, lambda: x)
    gradient = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        assert sess.run([y, gradient], {x: 2.0}) == [16, 32]
    assert capfd.readouterr().err.count("here [2]") == 1


def test_python_that_only_listens_is_called_once(calls, doubled):
    x = tf.placeholder(tf.float32, [])

    def branch():
        with tf.control_dependencies([doubled(x)]):
            return x * x

    y = tf.cond(x > 0, branch, lambda: x)
    gradient = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        assert sess.run([y, gradient], {x: 3.0}) == [9, 6]
    assert calls == [3.0]


@pytest.mark.parametrize("known", [False, True])
def test_a_branch_is_differentiated_around_python(calls, doubled, known):
    x = tf.placeholder(tf.float32, [])
    w, p = tf.Variable(3.0), tf.placeholder(tf.bool, [])
    holds = p if known else tf.logical_and(p, w > 0)
    y = tf.cond(holds, lambda: doubled(x * w) * w * x, lambda: x - w)
    gradients = tf.gradients(y * y, [x, w])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        # What Python returned is a constant, as in TensorFlow: y = 12 w x.
        assert sess.run([y, *gradients], {x: 2.0, p: True}) == [72, 5184, 3456]
        assert sess.run([y, *gradients], {x: 2.0, p: False}) == [-1, -2, 2]
        assert sess.run(gradients, {x: 2.0, p: True}) == [5184, 3456]
    assert calls == [6.0, 6.0]


def test_a_loop_in_a_branch_that_checks_has_gradients():
    x, w = tf.placeholder(tf.float32, []), tf.Variable(2.0)

    def branch():
        return tf.while_loop(
            lambda a: a < 30, lambda a: checked(a * w, a < 1e5), [tf.identity(x)]
        )

    y = tf.cond(x > 0, branch, lambda: x)
    gradients = tf.gradients(y, [x, w])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        assert sess.run([y, *gradients], {x: 5.0}) == [40, 8, 60]
        assert sess.run([y, *gradients], {x: -5.0}) == [-5, 1, 0]


def test_variables_are_changed_once():
    x, n = tf.placeholder(tf.float32, []), tf.Variable(0.0)

    def branch():
        with tf.control_dependencies([tf.assign_add(n, 1.0)]):
            return checked(x * x, x < 9)

    y = tf.cond(x > 0, branch, lambda: x * n)
    gradient = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        assert sess.run([y, gradient], {x: 3.0}) == [9, 6]
        assert sess.run(n) == 1
        assert sess.run([y, gradient], {x: -3.0}) == [-3, 1]
        assert sess.run(n) == 1


@pytest.mark.parametrize("where", ["inside", "after"])
def test_a_variable_that_is_changed_and_read_is_refused(where):
    x, n = tf.placeholder(tf.float32, []), tf.Variable(1.0)

    def branch():
        with tf.control_dependencies([tf.assign_add(n, 1.0)]):
            y = x * n
        return checked(y, x < 9) if where == "inside" else y

    y = tf.cond(x > 0, branch, lambda: x)
    if where == "after":
        y = tf.Print(y, [y]) ** 2
    gradient = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        with pytest.raises(tf.errors.UnimplementedError, match="the variable"):
            sess.run([y, gradient], {x: 3.0})
        assert sess.run(n) == 1


@pytest.mark.parametrize("where", ["inside", "after"])
def test_random_numbers_are_those_that_were_drawn(where):
    x = tf.placeholder(tf.float32, [64])

    def branch():
        y = tf.nn.dropout(x, 0.5)
        return tf.Print(y, [x[0]]) if where == "inside" else y

    y = tf.cond(x[0] > 0, branch, lambda: x)
    z = tf.Print(y, [x[0]]) if where == "after" else y
    gradient = tf.gradients(z, x)[0]
    with tf.Session() as sess:
        masks = []
        for _ in range(3):
            value, grad = sess.run([y, gradient], {x: np.ones(64)})
            assert value.tolist() == grad.tolist()
            masks.append(grad.tolist())
    assert masks[0] != masks[1] != masks[2]


def test_results_that_are_not_floats_come_from_the_branch():
    x = tf.placeholder(tf.float32, [3])
    row = tf.py_func(lambda: np.int32(2), [], [tf.int32])[0]
    row.set_shape([])

    def branch():
        place = tf.py_func(lambda: np.int32(1), [], [tf.int32])[0]
        place.set_shape([])
        return [x * x, place]

    y, place = tf.cond(x[0] > 0, branch, lambda: [x, row])
    gradient = tf.gradients(tf.gather(y, place), x)[0]
    with tf.Session() as sess:
        assert sess.run(gradient, {x: [1, 2, 3]}).tolist() == [0, 4, 0]
        assert sess.run(gradient, {x: [-1, 2, 3]}).tolist() == [0, 0, 1]
