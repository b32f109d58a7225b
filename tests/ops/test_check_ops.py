"""Assertions, what they say when they fail, and printing."""

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.ops.logging_ops import summarized


def run(fetches, feed=None):
    with tf.Session() as session:
        return session.run(fetches, feed)


FAILING = {
    "equal": (
        lambda x: tf.assert_equal(x, [1, 3]),
        r"assertion failed: \[Condition x == y did not hold element-wise: x = \] "
        r"\[x:0\] \[1 2\] \[y = \] \[assert_equal/y:0\] \[1 3\]",
    ),
    "less": (lambda x: tf.assert_less(x, 2), "Condition x < y did not hold"),
    "less_equal": (lambda x: tf.assert_less_equal(x, 1), "Condition x <= y did not"),
    "positive": (lambda x: tf.assert_positive(x - 1), r"Condition x > 0 .* \[0 1\]"),
    "negative": (lambda x: tf.assert_negative(x), "Condition x < 0 did not hold"),
    "non_negative": (lambda x: tf.assert_non_negative(-x), "Condition x >= 0 did not"),
    "non_positive": (lambda x: tf.assert_non_positive(x), "Condition x <= 0 did not"),
    "rank": (
        lambda x: tf.assert_rank(x, 2),
        r"\[Tensor x:0 must have rank\] \[2\] \[Received shape: \] \[2\]",
    ),
    "rank_at_least": (lambda x: tf.assert_rank_at_least(x, 2), "have rank at least"),
    "data": (
        lambda x: tf.Assert(tf.reduce_all(x < 2), ["too large:", x], summarize=1),
        r"assertion failed: \[too large:\] \[1...\]",
    ),
}


@pytest.mark.parametrize("name", FAILING)
def test_failing_assertion_says_what_it_found(name):
    x = tf.placeholder(tf.int32, name="x")
    check, words = FAILING[name]
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(check(x), {x: [1, 2]})


def test_failing_assertion_leaves_variables_untouched():
    x = tf.placeholder(tf.float32, [])
    v = tf.Variable(1.0)
    with tf.control_dependencies([tf.assert_positive(x)]):
        update = tf.assign_add(v, x)
    with tf.Session() as session:
        session.run(tf.initialize_all_variables())
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(update, {x: -1.0})
        assert session.run(v) == 1
        assert session.run(update, {x: 1.0}) == 2


REFUSED = {
    "rank": (
        lambda: tf.assert_rank(tf.zeros([2], name="z"), 2),
        ValueError,
        r"Tensor z:0 must have rank 2.  Received rank 1, shape \(2,\)",
    ),
    "rank_at_least": (
        lambda: tf.assert_rank_at_least(tf.zeros([]), 1),
        ValueError,
        "must have rank at least 1.  Received rank 0",
    ),
    "rank_of_rank": (
        lambda: tf.assert_rank(tf.zeros([2]), [1]),
        ValueError,
        "Rank must be a scalar",
    ),
    "integer": (
        lambda: tf.assert_integer(tf.zeros([2])),
        TypeError,
        'Expected "x" to be integer type.  Found: zeros:0 of dtype',
    ),
    "type": (
        lambda: tf.assert_type(tf.zeros([2]), tf.int32),
        TypeError,
        "zeros must be of type <dtype: 'int32'>",
    ),
    "iterable": (
        lambda: tf.assert_proper_iterable("ab"),
        TypeError,
        "to be a \"proper\" iterable.  Found: <class 'str'>",
    ),
    "not_iterable": (
        lambda: tf.assert_proper_iterable(1),
        TypeError,
        "to be iterable.  Found: <class 'int'>",
    ),
    "order_of_bools": (
        lambda: tf.is_non_decreasing([True]),
        TypeError,
        "Expected x to be numeric",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_known_is_checked_while_the_graph_is_built(name):
    build, error, words = REFUSED[name]
    with pytest.raises(error, match=words):
        build()


@pytest.mark.parametrize(
    ("values", "non_decreasing", "increasing"),
    [
        ([], True, True),
        ([1], True, True),
        ([1, 1], True, False),
        ([2, 1], False, False),
    ],
)
def test_order_of_few_elements(values, non_decreasing, increasing):
    x = tf.placeholder(tf.float32)
    found = run([tf.is_non_decreasing(x), tf.is_strictly_increasing(x)], {x: values})
    assert found == [non_decreasing, increasing]


def test_print_shows_values_and_passes_value_and_gradient(capfd):
    x = tf.placeholder(tf.float32)
    shown = tf.Print(x * 2, [x, "and", [[1, 2], [3, 4]]], "x: ", summarize=3)
    (slope,) = tf.gradients(shown * shown, x)
    assert run([shown, slope], {x: 1.5}) == [3, 12]
    assert capfd.readouterr().err == "x: [1.5][and][[1 2][3]...]\n"


def test_print_stops_after_the_first_n(capfd):
    shown = tf.Print(1, ["here"], first_n=2)
    with tf.Session() as session:
        for _ in range(4):
            session.run(shown)
    assert capfd.readouterr().err == "[here]\n" * 2


@pytest.mark.parametrize(
    ("array", "limit", "text"),
    [
        (np.float32([1.5, 2, 1e-7, 1e10]), 3, "[1.5 2 1e-07...]"),
        (np.float64([0.1, 1 / 3]), -1, "[0.1 0.33333333333333331]"),
        (np.float32(1 / 3), 3, "[0.333333343]"),
        (np.array([True, False]), 3, "[1 0]"),
        (np.array([b"a", b"b"], object), 1, "[a...]"),
        (np.zeros([0]), 3, "[]"),
        (np.arange(8).reshape(2, 2, 2), 5, "[[[0 1][2 3]][[4]]...]"),
    ],
)
def test_values_as_text(array, limit, text):
    assert summarized(array, limit) == text
