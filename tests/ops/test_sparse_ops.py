import numpy as np
import pytest

import tfstyle as tf

ORDER = [[0, 2], [1, 0], [1, 1]]


def run(fetches, feed=None):
    with tf.Session() as sess:
        return sess.run(fetches, feed)


def test_sparse_to_dense():
    dense = tf.sparse_to_dense(ORDER, [2, 3], [1.0, 2.0, 3.0], -1.0)
    assert dense.op.type == "SparseToDense"
    assert dense.get_shape().as_list() == [2, 3]
    np.testing.assert_array_equal(run(dense), [[-1, -1, 1], [2, 3, -1]])
    np.testing.assert_array_equal(run(tf.sparse_to_dense(2, [3], 1.0)), [0, 0, 1])
    np.testing.assert_array_equal(
        run(tf.sparse_to_dense([0, 2], [3], True, False)), [True, False, True]
    )
    np.testing.assert_array_equal(
        run(tf.sparse_to_dense([2], [3], "a", default_value="b")), [b"b", b"b", b"a"]
    )


def test_sparse_to_dense_of_fed_indices_leaves_out_what_is_outside():
    indices = tf.placeholder(tf.int64, [None, 2])
    shape = tf.placeholder(tf.int64, [2])
    dense = tf.sparse_to_dense(indices, shape, 1)
    assert dense.get_shape().ndims == 2
    got = run(dense, {indices: [[0, 1], [2, 0], [-1, 0], [1, -1]], shape: [2, 2]})
    np.testing.assert_array_equal(got, [[0, 1], [0, 0]])


def test_sparse_to_dense_gives_no_gradient():
    values = tf.constant([1.0, 2.0])
    dense = tf.sparse_to_dense([0, 2], [3], values)
    assert tf.gradients(dense, values) == [None]


@pytest.mark.parametrize(
    ("indices", "shape", "values", "message"),
    [
        ([5], [3], 1.0, r"indices\[0\] = \[5\] is out of bounds: need 0 <= .* < \[3\]"),
        ([1, -1], [3], 1.0, r"indices\[1\] = \[-1\] is out of bounds"),
        ([2, 1], [3], 1.0, r"indices\[1\] = \[1\] is out of order"),
        (ORDER[:1] * 2, [2, 3], 1.0, r"indices\[1\] = \[0,2\] is repeated"),
        ([0, 1], [3], [1.0], r"incorrect shape \[1\], should be \[\] or \[2\]"),
        ([[0, 1]], [3], [1.0], "incorrect number of elements: 1 should be: 2"),
        ([[[0]]], [3], [1.0], r"scalar, vector, or matrix, got shape \[1,1,1\]"),
    ],
)
def test_sparse_to_dense_refuses(indices, shape, values, message):
    dense = tf.sparse_to_dense(indices, shape, values)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run(dense)


def test_sparse_to_dense_without_validation_takes_any_order():
    options = {"validate_indices": False}
    got = run(tf.sparse_to_dense([2, 1], [3], [1.0, 5.0], **options))
    np.testing.assert_array_equal(got, [0, 5, 1])
    with pytest.raises(tf.errors.InvalidArgumentError, match="out of bounds"):
        run(tf.sparse_to_dense([7], [3], [1.0], **options))


def test_default_value_of_sparse_to_dense_is_a_scalar():
    with pytest.raises(tf.errors.InvalidArgumentError, match="should be a scalar"):
        run(tf.sparse_to_dense([2], [3], 4, default_value=[1]))
