"""Who waits for an update of a variable sees it, as in TensorFlow 0.12.1."""

import numpy as np
import pytest

import tfstyle as tf


def run(fetches, variable, feed=None):
    with tf.Session() as sess:
        sess.run(variable.initializer)
        return sess.run(fetches, feed)


@pytest.mark.parametrize("update", ["assign", "add", "fed", "train"])
@pytest.mark.parametrize("use", ["identity", "times two"])
def test_what_waits_for_an_update_sees_it(update, use):
    v = tf.Variable([1.0, 2.0])
    x = tf.placeholder(tf.float32, [2])
    op, want = {
        "assign": (v.assign([5.0, 6.0]), [5, 6]),
        "add": (v.assign_add([1.0, 1.0]), [2, 3]),
        "fed": (v.assign(x), [7, 8]),
        "train": (tf.train.GradientDescentOptimizer(1.0).minimize(v * v), [-1, -2]),
    }[update]
    with tf.control_dependencies([op]):
        seen = tf.identity(v) if use == "identity" else v * 2.0
    got = run(seen, v, {x: [7.0, 8.0]})
    np.testing.assert_array_equal(got, np.multiply(want, 1 if use == "identity" else 2))


def test_what_was_made_before_an_update_sees_the_old_value():
    v = tf.Variable([1.0, 2.0])
    before = v * 10.0
    update = v.assign_add([100.0, 100.0])
    after = v * 10.0
    first, _, last = run([before, update, after], v)
    np.testing.assert_array_equal(first, [10, 20])
    np.testing.assert_array_equal(last, [1010, 1020])


def test_a_fed_value_is_read_whatever_is_assigned():
    v = tf.Variable([1.0, 2.0])
    with tf.control_dependencies([v.assign([5.0, 6.0])]):
        seen = v * 2.0
    np.testing.assert_array_equal(run(seen, v, {v.value(): [3.0, 4.0]}), [6, 8])


def test_assignment_of_another_fed_shape_fails_and_changes_nothing():
    v = tf.Variable([1.0, 2.0])
    x = tf.placeholder(tf.float32)
    assign = v.assign(x)
    with tf.Session() as sess:
        sess.run(v.initializer)
        message = (
            r"Assign requires shapes of both tensors to match. lhs shape= \[2\] rhs "
            r"shape= \[3\]"
        )
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            sess.run(assign, {x: [1.0, 2.0, 3.0]})
        np.testing.assert_array_equal(sess.run(v), [1, 2])
