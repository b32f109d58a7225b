"""Look-ups in tables of one and of several parts, and the gradients of the parts."""

import numpy as np
import pytest

import tfstyle as tf

TABLE = np.arange(14, dtype=np.float32).reshape(7, 2)
IDS = np.int32([[6, 0, 3], [3, 5, 1]])


def parts_of(count, strategy):
    """The rows of each part, as TensorFlow deals them out."""
    if strategy == "mod":
        return [TABLE[k::count] for k in range(count)]
    return np.array_split(TABLE, count)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("strategy", ["mod", "div"])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 9])
def test_rows_of_a_partitioned_table(count, strategy, dtype, known):
    parts = parts_of(count, strategy)
    if known:
        tables = [tf.constant(p) for p in parts]
        ids = tf.constant(IDS.astype(dtype))
    else:
        tables = [tf.placeholder(tf.float32, [None, 2]) for _ in parts]
        ids = tf.placeholder(dtype, [None, None])
    feed = {} if known else {**dict(zip(tables, parts, strict=True)), ids: IDS}
    rows = tf.nn.embedding_lookup(tables, ids, partition_strategy=strategy)
    grads = tf.gradients(rows, tables)
    with tf.Session() as session:
        got, got_grads = session.run(
            [rows, [tf.convert_to_tensor(g) for g in grads]], feed
        )
    np.testing.assert_array_equal(got, TABLE[IDS])
    times = np.bincount(IDS.ravel(), minlength=7).astype(np.float32)[:, None]
    want = parts_of_counts(times * np.ones(2), count, strategy)
    for one, other in zip(got_grads, want, strict=True):
        np.testing.assert_array_equal(one, other)


def parts_of_counts(counts, count, strategy):
    if strategy == "mod":
        return [counts[k::count] for k in range(count)]
    return np.array_split(counts, count)


def test_static_shape_is_that_of_ids_and_rows():
    tables = [tf.zeros([3, 2]), tf.zeros([2, 2])]
    ids = tf.placeholder(tf.int32, [None, 5])
    assert tf.nn.embedding_lookup(tables, ids).get_shape().as_list() == [None, 5, 2]


@pytest.mark.parametrize("count", [1, 3])
def test_gradient_of_variables_touches_only_rows_that_were_asked_for(count):
    tables = [tf.Variable(p) for p in parts_of(count, "mod")]
    ids = tf.placeholder(tf.int32, [None])
    loss = tf.reduce_sum(tf.nn.embedding_lookup(tables, ids))
    grads = tf.gradients(loss, tables)
    assert all(isinstance(g, tf.IndexedSlices) for g in grads)
    step = tf.train.MomentumOptimizer(1.0, 0.5).minimize(loss)
    with tf.Session() as session:
        session.run(tf.initialize_all_variables())
        for _ in range(2):
            session.run(step, {ids: [6, 1]})
        # In the third step no row but 4 moves, not even by its momentum.
        session.run(step, {ids: [4]})
        got = session.run(tables)
    want = TABLE.copy()
    want[[6, 1]] -= 1 + 1.5
    want[4] -= 1
    for table, rows in zip(got, range(count), strict=True):
        np.testing.assert_allclose(table, want[rows::count])


@pytest.mark.parametrize("size", [3, 2000])
def test_ids_that_are_constants_train_a_partitioned_table(size):
    tables = [tf.Variable(tf.zeros([size, 1])), tf.Variable(tf.zeros([size, 1]))]
    loss = tf.reduce_sum(tf.nn.embedding_lookup(tables, tf.range(2 * size - 1)))
    step = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    with tf.Session() as session:
        session.run(tf.initialize_all_variables())
        session.run(step)
        got = session.run(tables)
    assert (got[0] == -1).all()
    assert got[1].ravel().tolist() == [-1] * (size - 1) + [0]


def test_row_out_of_range_is_nan():
    ids = tf.placeholder(tf.int32, [None])
    one = tf.nn.embedding_lookup(TABLE, ids)
    several = tf.nn.embedding_lookup(parts_of(2, "div"), ids, "div")
    with tf.Session() as session:
        for got in session.run([one, several], {ids: [2, 7]}):
            np.testing.assert_array_equal(got[0], TABLE[2])
            assert np.isnan(got[1]).all()


REFUSED = {
    "none": (lambda: tf.nn.embedding_lookup(None, [0]), "Need at least one param"),
    "empty": (lambda: tf.nn.embedding_lookup([], [0]), "Need at least one param"),
    "strategy": (
        lambda: tf.nn.embedding_lookup([tf.zeros([2, 2])] * 2, [0], "text"),
        "Unrecognized partition strategy: text",
    ),
    "outside": (
        lambda: tf.nn.embedding_lookup(tf.zeros([2, 2]), [5]),
        r"indices\[0\] = 5 is not in \[0, 2\)",
    ),
    "combiner": (
        lambda: lookup_sparse(combiner="text"),
        "combiner must be one of 'mean', 'sqrtn' or 'sum'",
    ),
    "sparse_none": (
        lambda: tf.nn.embedding_lookup_sparse(None, sparse_ids(), None),
        "Need at least one param",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_value_error_of_a_lookup(case):
    build, words = REFUSED[case]
    with pytest.raises(ValueError, match=words):
        build()


def sparse_ids():
    at = np.int64([[0, 0], [0, 1], [1, 0]])
    return tf.SparseTensor(at, np.int64([1, 3, 6]), np.int64([2, 2]))


def lookup_sparse(weights=None, **arguments):
    ids = sparse_ids()
    if weights is not None:
        weights = tf.SparseTensor(ids.indices, weights, ids.shape)
    return tf.nn.embedding_lookup_sparse(parts_of(2, "mod"), ids, weights, **arguments)


def test_sparse_lookup_refuses_what_is_not_sparse():
    with pytest.raises(TypeError, match="sp_ids must be SparseTensor"):
        tf.nn.embedding_lookup_sparse(TABLE, [1], None)
    with pytest.raises(TypeError, match="must be either None or SparseTensor"):
        tf.nn.embedding_lookup_sparse(TABLE, sparse_ids(), [1.0])


@pytest.mark.parametrize("weights", [None, [0.5, 2.0, 3.0]])
@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
def test_sparse_lookup_in_a_partitioned_table(combiner, weights):
    w = np.ones(3) if weights is None else np.array(weights)
    total = np.stack([w[0] * TABLE[1] + w[1] * TABLE[3], w[2] * TABLE[6]])
    divisor = {
        "sum": np.ones(2),
        "mean": np.array([w[0] + w[1], w[2]]),
        "sqrtn": np.sqrt([w[0] ** 2 + w[1] ** 2, w[2] ** 2]),
    }[combiner]
    with tf.Session() as session:
        got = session.run(lookup_sparse(weights, combiner=combiner))
    np.testing.assert_allclose(got, total / divisor[:, None], rtol=1e-6)
