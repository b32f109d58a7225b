"""When a list of elements is one tensor, and when it is several."""

import numpy as np
import pytest

import tfstyle as tf


def run(y):
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return sess.run(y)


def test_a_list_of_equal_tensors_is_packed():
    a = tf.constant([1.0, 2.0])
    y = tf.map_fn(lambda row: row[0] + 10.0 * row[1], [a, a + 2.0])
    assert run(y).tolist() == [21, 43]


@pytest.mark.parametrize(
    "other",
    [
        np.array([3, 4]),
        np.array([[3.0], [4.0]], "f"),
        np.array([[1.0, 2.0], [3.0, 4.0]], "f"),
    ],
)
def test_a_list_that_cannot_be_packed_gives_rows(other):
    a = tf.constant([1.0, 2.0])
    seen = []

    def fn(rows):
        seen.append(type(rows))
        return rows[0] + tf.reduce_sum(tf.to_float(rows[1]))

    y = tf.map_fn(fn, [a, tf.constant(other)], dtype=tf.float32)
    expected = np.array([1, 2]) + other.reshape(2, -1).sum(1)
    assert run(y).tolist() == expected.tolist()
    assert seen == [list]


def test_nested_lists_are_packed_when_they_fit():
    a, v = tf.constant([1.0, 2.0]), tf.Variable([3.0, 4.0])
    y = tf.map_fn(lambda row: tf.reduce_sum(row), [[a, v], [v, [5.0, 6.0]]])
    assert run(y).tolist() == [10, 18]


def test_a_list_of_dtypes_means_a_list_of_elements():
    a = tf.constant([1.0, 2.0])
    y = tf.map_fn(
        lambda q: [q[0] * 2.0, tf.to_int32(q[1])], [a, a + 1.0], [tf.float32, tf.int32]
    )
    assert isinstance(y, list)
    doubled, whole = run(y)
    assert doubled.tolist() == [2, 4]
    assert whole.tolist() == [2, 3]


@pytest.mark.parametrize(("fold", "sign"), [(tf.foldl, 1), (tf.foldr, -1)])
def test_folds_take_lists_that_cannot_be_packed(fold, sign):
    a, b = tf.constant([1.0, 2.0]), tf.constant([3, 4])
    y = fold(lambda z, q: 2.0 * z + q[0] * tf.to_float(q[1]), [a, b], 0.0)
    products = [3.0, 8.0][::sign]
    assert run(y) == 2 * products[0] + products[1]
    y = fold(lambda z, q: [z[0] * q[0], z[1] + q[1]], [a, b])
    assert run(y) == [2.0, 7]


def test_scan_carries_a_list():
    y = tf.scan(
        lambda z, q: [z[0] + q, z[1] * tf.reduce_sum(z[0])],
        tf.constant([1.0, 2.0]),
        [tf.zeros([2]), tf.ones([])],
    )
    sums, products = run(y)
    assert sums.tolist() == [[1, 1], [3, 3]]
    assert products.tolist() == [0, 0]
