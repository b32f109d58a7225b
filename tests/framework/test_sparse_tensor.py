"""`SparseTensor`: its parts, and how it is fed and fetched."""

import numpy as np
import pytest

import tfstyle as tf


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


VALUE = tf.SparseTensorValue(
    np.int64([[0, 1], [2, 0]]), np.float32([5, 6]), np.int64([3, 2])
)


def test_parts_have_the_dtypes_and_names_of_tensorflow():
    sparse = tf.SparseTensor([[0, 1]], [5.0], [3, 2])
    assert [t.name for t in (sparse.indices, sparse.values, sparse.shape)] == [
        "SparseTensor/indices:0",
        "SparseTensor/values:0",
        "SparseTensor/shape:0",
    ]
    assert sparse.indices.dtype == sparse.shape.dtype == tf.int64
    assert sparse.dtype == tf.float32
    assert sparse.dense_shape is sparse.shape
    assert sparse.get_shape().as_list() == [3, 2]
    assert sparse.op is sparse.values.op
    assert sparse.graph is tf.get_default_graph()


def test_fed_and_fetched_as_one_value():
    sparse = tf.sparse_placeholder(tf.float32, name="x")
    assert sparse.values.name == "x/values:0"
    with tf.Session() as session:
        for fed in (VALUE, tuple(VALUE)):
            got = session.run(sparse, {sparse: fed})
            assert isinstance(got, tf.SparseTensorValue)
            for part, want in zip(got, VALUE, strict=True):
                np.testing.assert_array_equal(part, want)
        assert got.dense_shape is got.shape
        assert sparse.eval({sparse: VALUE}, session).values.tolist() == [5, 6]


def test_shape_and_rank_of_a_sparse_tensor():
    sparse = tf.SparseTensor.from_value(VALUE)
    with tf.Session() as session:
        shape, rank = session.run([tf.shape(sparse), tf.rank(sparse)])
    assert (shape.tolist(), rank) == ([3, 2], 2)
    assert shape.dtype == np.int32


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (([0], [1], [1]), r"Shape \(1,\) must have rank 2"),
        (([[0]], [1], [1, 2]), "Dimensions 1 and 2 are not compatible"),
        (([[0]], [1, 2], [1]), "Dimensions 1 and 2 are not compatible"),
        (([[0]], [[1]], [1]), r"Shape \(1, 1\) must have rank 1"),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts, words):
    with pytest.raises(ValueError, match=words):
        tf.SparseTensor(*parts)


def test_indices_that_are_no_integers_are_refused():
    with pytest.raises(TypeError, match="int64"):
        tf.SparseTensor([[0.5]], [1], [1])


def test_value_of_another_kind_is_refused():
    with pytest.raises(TypeError, match="Neither a SparseTensor nor SparseTensorValue"):
        tf.SparseTensor.from_value([1])
    sparse = tf.sparse_placeholder(tf.float32)
    with (
        tf.Session() as session,
        pytest.raises(TypeError, match="must be fed a SparseTensorValue or a tuple"),
    ):
        session.run(sparse, {sparse: 3})
