"""Branches: what is refused, in which words, and what stays inside them."""

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.ops import control_flow_ops


def one():
    return tf.constant(1)


def test_types_are_named_in_the_order_of_tensorflow():
    yes = tf.constant(True)
    with pytest.raises(ValueError, match="the same type: float32, int32$"):
        tf.cond(yes, one, lambda: tf.constant(1.0))


def test_parts_of_slices_are_converted():
    table, p = tf.Variable([[1.0], [2.0]]), tf.placeholder(tf.bool, [])
    found = tf.cond(
        p,
        lambda: tf.IndexedSlices(table * 2.0, tf.constant([0, 1])),
        lambda: tf.IndexedSlices(table, tf.constant([1, 0])),
    )
    assert found.indices.name == "cond/Merge/indices:0"
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        rows, places = sess.run([found.values, found.indices], {p: False})
    assert rows.tolist() == [[1], [2]]
    assert places.tolist() == [1, 0]


@pytest.mark.parametrize("pairs", [3, None])
def test_case_wants_pairs(pairs):
    with pytest.raises(TypeError, match="fns must be a list, tuple, or dict"):
        tf.case(pairs, one)


@pytest.mark.parametrize("pairs", [[], {}])
def test_case_wants_a_pair(pairs):
    with pytest.raises(ValueError, match="at least one"):
        tf.case(pairs, one)


def test_exclusive_case_shows_the_conditions():
    a, b = tf.constant(True, name="A"), tf.constant(False, name="B")
    c = tf.constant(True, name="C")
    y = tf.case([(a, one), (b, one), (c, one)], one, exclusive=True)
    words = (
        r"assertion failed: \[More than one condition evaluated as True but "
        r"exclusive=True.  Conditions: \(A:0, B:0, C:0\), Values:\] \[1 0 1\]"
    )
    with (
        tf.Session() as sess,
        pytest.raises(tf.errors.InvalidArgumentError, match=words),
    ):
        sess.run(y)


def test_switch_and_merge_name_what_to_use():
    yes, x = tf.constant(True), tf.constant(1.0)
    with pytest.raises(NotImplementedError, match=r"switch.*tf\.cond"):
        control_flow_ops.switch(x, yes)
    with pytest.raises(NotImplementedError, match=r"ref_switch.*tf\.cond"):
        control_flow_ops.ref_switch(tf.Variable(1.0), yes)
    with pytest.raises(NotImplementedError, match=r"merge.*tf\.cond"):
        control_flow_ops.merge([x, x])


# -- tensors made inside ----------------------------------------------------------


@pytest.fixture
def inside():
    """A fed scalar, a branch's result, and a tensor made in that branch."""
    x = tf.placeholder(tf.float32, [])
    made = []

    def branch():
        made.append(x * 3.0)
        return made[0] ** 2

    return x, tf.cond(x > 0, branch, lambda: x), made[0]


def test_what_a_branch_computes_may_be_used_outside(inside):
    x, _, made = inside
    first, second = tf.gradients(made, x)[0], tf.gradients(made * x, x)[0]
    with tf.Session() as sess:
        assert sess.run([made + 1.0, first, second], {x: 2.0}) == [7, 3, 12]


@pytest.mark.parametrize("kind", ["random", "state", "host", "loop"])
def test_what_only_the_body_tells_is_refused_outside(kind):
    x, v, made = tf.placeholder(tf.float32, [4]), tf.Variable(1.0), []

    def branch():
        if kind == "random":
            y = tf.nn.dropout(x, 0.5)
        elif kind == "state":
            y = x * tf.assign_add(v, 1.0)
        else:
            y = tf.Print(x, [x])
        made.append(y * 2.0)
        return made[0]

    if kind == "loop":
        tf.while_loop(lambda a: a[0] < 3.0, lambda a: made.append(a * x) or a + x, [x])
    else:
        tf.cond(x[0] > 0, branch, lambda: x)
    outside = [made[0] + 1.0, tf.gradients(made[0] * x, x)[0]]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for y in outside:
            with pytest.raises(tf.errors.InvalidArgumentError, match="Return it from"):
                sess.run(y, {x: np.ones(4)})


def test_gradients_with_respect_to_a_tensor_made_inside_are_refused(inside):
    _, y, made = inside
    with pytest.raises(tf.errors.InvalidArgumentError, match="'cond/mul:0' is made in"):
        tf.gradients(y, made)


def test_gradients_called_in_the_branch_may_use_what_is_made_there():
    x = tf.placeholder(tf.float32, [])

    def branch():
        made = x * 3.0
        return tf.cond(x > 1, lambda: tf.gradients(made**2, made)[0], lambda: x)

    y = tf.cond(x > 0, branch, lambda: x)
    with tf.Session() as sess:
        assert sess.run(y, {x: 2.0}) == np.float32(12)


# -- variables made inside ----------------------------------------------------------


@pytest.mark.parametrize(
    "initial",
    [
        lambda x: tf.ones([3]),
        lambda x: tf.random_uniform([3], 1.0, 1.0),
        lambda x: [1.0, x, tf.constant(1.0)],
        lambda x: tf.zeros([3]) + x,
    ],
)
@pytest.mark.parametrize("deep", [False, True])
def test_a_variable_of_a_branch_is_initialized_outside(initial, deep):
    x = tf.placeholder(tf.float32, [])

    def branch():
        return tf.Variable(initial(x)) * 2.0 * x

    def outer():
        return tf.cond(x > 0, branch, lambda: tf.zeros([3]))

    y = tf.cond(x > 0, outer if deep else branch, lambda: tf.zeros([3]))
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables(), {x: 1.0})
        assert sess.run(y, {x: 4.0}).tolist() == [8, 8, 8]


def test_a_variable_of_a_loop_is_initialized_where_nothing_changes():
    made = []

    def body(i, a):
        made.append(tf.Variable(tf.ones([])))
        return i + 1, a + made[0]

    y = tf.while_loop(lambda i, a: i < 3, body, [0, 1.0])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        assert sess.run(y) == [3, 4.0]


def test_a_variable_that_begins_with_what_changes_is_refused():
    y = tf.while_loop(
        lambda i, a: i < 3, lambda i, a: (i + 1, a + tf.Variable(a * 2.0)), [0, 1.0]
    )
    with tf.Session() as sess:
        with pytest.raises(
            tf.errors.InvalidArgumentError, match="Make the variable outside"
        ):
            sess.run(tf.initialize_all_variables())
        with pytest.raises(tf.errors.FailedPreconditionError):
            sess.run(y)


# -- loops ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "error"), [(None, TypeError), (0, TypeError), (1.5, ValueError)]
)
def test_iterations_side_by_side_are_a_positive_number(number, error):
    with pytest.raises(error, match="must be a positive integer"):
        tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0], parallel_iterations=number)
    with pytest.raises(error, match="must be a positive integer"):
        tf.map_fn(lambda r: r, tf.zeros([2]), parallel_iterations=number)
