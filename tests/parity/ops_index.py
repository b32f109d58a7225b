"""Gathering, scattering, partitioning, uniqueness and embedding look-ups."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, case, const, each, fed, ints, pick, unknown

TABLE = arr(5, 3)
IDS = np.int32([4, 0, 4])

case_gather = case(
    each(lambda tf, x, i: tf.gather(x, i), TABLE, IDS),
    each(lambda tf, x, i: tf.gather(x, i), TABLE, np.int64([[0, 1], [1, 2]])),
    const(lambda tf, x, i: tf.gather(x, i), arr(4), np.int32(3)),
    fed(lambda tf, x, i: tf.gather(x, i), ints(4, 2), np.int32([1, 1])),
    const(lambda tf, x, i: tf.gather(x, i), TABLE, np.zeros([0], np.int32)),
    const(lambda tf, x: tf.gather(x, [0, 2]), arr(3, 2, 2)),
    bad=[
        lambda tf: tf.gather(tf.zeros([]), [0]),
        lambda tf: tf.gather(tf.zeros([2]), [0.0]),
    ],
)
case_gather_nd = case(
    each(
        lambda tf, x, i: tf.gather_nd(x, i),
        TABLE,
        np.int32([[4, 0], [1, 2]]),
        grad=False,
    ),
    const(
        lambda tf, x, i: tf.gather_nd(x, i),
        arr(2, 2, 2),
        np.int32([[[0, 1, 1]], [[1, 0, 0]]]),
        grad=False,
    ),
)


def one_hot(*args, **flags):
    return lambda tf, i: tf.one_hot(i, *args, **flags)


case_one_hot = case(
    each(one_hot(4), np.int32([0, 3, 1])),
    const(one_hot(3, 5.0, -1.0), np.int32([[0, 2], [1, 1]])),
    fed(one_hot(3, axis=0), np.int32([0, 2])),
    unknown(one_hot(3, axis=1), np.int32([[0, 2], [1, 1]])),
    const(one_hot(3, dtype=np.int32), np.int64([-1, 0, 3])),
    const(one_hot(2, on_value=True, off_value=False), np.int32([1, 0])),
    const(one_hot(2), np.int32(1)),
    fed(lambda tf, i, d: tf.one_hot(i, d), np.int32([0, 1]), np.int32(3)),
    const(lambda tf, on, off: tf.one_hot([0, 2, 2], 3, on, off), arr(), arr(salt=1)),
    bad=[
        lambda tf: tf.one_hot([0, 1], 2, 1.0, 0),
        lambda tf: tf.one_hot([0.0], 2),
        lambda tf: tf.one_hot([0], 2, on_value=1.0, dtype=tf.int32),
    ],
)

PARTS = np.int32([1, 0, 1, 0, 0])
case_dynamic_partition = case(
    each(lambda tf, x, p: tf.dynamic_partition(x, p, 2), TABLE, PARTS),
    const(
        lambda tf, x, p: tf.dynamic_partition(x, p, 3), arr(4), np.int32([0, 2, 2, 0])
    ),
    fed(
        lambda tf, x, p: tf.dynamic_partition(x, p, 2),
        arr(2, 2, 2),
        np.int32([[0, 1], [1, 1]]),
    ),
    bad=[
        lambda tf: tf.dynamic_partition(tf.zeros([3]), [0, 1], 2),
        lambda tf: tf.dynamic_partition(tf.zeros([3]), [0, 1, 1], 0),
    ],
)
case_dynamic_stitch = case(
    each(
        lambda tf, i, j, x, y: tf.dynamic_stitch([i, j], [x, y]),
        np.int32([0, 2]),
        np.int32([3, 1]),
        arr(2, 3),
        arr(2, 3, salt=1),
    ),
    const(
        lambda tf, i, j, x, y: tf.dynamic_stitch([i, j], [x, y]),
        np.int32(1),
        np.int32([[0, 2], [3, 4]]),
        arr(2),
        arr(2, 2, 2),
    ),
    # The later one wins.
    const(
        lambda tf, x, y: tf.dynamic_stitch([[0, 1], [1, 2]], [x, y]),
        arr(2),
        arr(2, salt=1),
    ),
    bad=[lambda tf: tf.dynamic_stitch([[0, 1]], [tf.zeros([3])])],
)
case_partition_and_stitch = case(
    const(
        lambda tf, x, p: tf.dynamic_stitch(
            tf.dynamic_partition(tf.range(5), p, 2),
            [2.0 * part for part in tf.dynamic_partition(x, p, 2)],
        ),
        TABLE,
        PARTS,
    ),
    fed(
        lambda tf, x, p: tf.dynamic_partition(x * x, p, 2)[1] * 3.0,
        TABLE,
        PARTS,
        name=False,
    ),
)

case_unique = case(
    each(lambda tf, x: list(tf.unique(x)), np.int32([4, 1, 1, 4, 7])),
    const(lambda tf, x: list(tf.unique(x)), np.float32([2, 1, 2]), grad=False),
    fed(lambda tf, x: list(tf.unique_with_counts(x)), np.int64([4, 1, 1, 4, 7])),
)


def case_listdiff(tf, np):
    listdiff = pick(tf, "listdiff", "setdiff1d")
    return case(
        each(
            lambda tf, x, y: list(listdiff(x, y)),
            np.int32([1, 2, 3, 4, 2]),
            np.int32([1, 4]),
            name=False,
        ),
        fed(lambda tf, x, y: list(listdiff(x, y)), np.int64([1, 2]), np.int64([3])),
    )(tf, np)


case_invert_permutation = case(
    each(lambda tf, x: tf.invert_permutation(x), np.int32([3, 4, 0, 2, 1])),
    const(lambda tf, x: tf.invert_permutation(x), np.int32([0])),
    bad=[
        lambda tf: tf.invert_permutation([[0]]),
        lambda tf: tf.invert_permutation([0.0]),
    ],
)
case_boolean_mask = case(
    each(
        lambda tf, x: tf.boolean_mask(x, np.array([True, False, True, True, False])),
        TABLE,
        name=False,
    ),
    const(
        lambda tf, x: tf.boolean_mask(x, np.array([[True, False], [False, True]])),
        arr(2, 2, 3),
    ),
    fed(lambda tf, x, m: tf.boolean_mask(x, m), arr(3), np.array([True, True, False])),
    bad=[
        lambda tf: tf.boolean_mask(tf.zeros([2, 2]), tf.placeholder(tf.bool)),
        lambda tf: tf.boolean_mask(tf.zeros([2]), np.array([True, False, True])),
        lambda tf: tf.boolean_mask(tf.zeros([2]), np.array(True)),
    ],
)


def sparse(tf, indices, values, shape):
    return tf.SparseTensor(
        np.array(indices, np.int64), np.array(values), np.array(shape, np.int64)
    )


def case_edit_distance(tf, np):
    hypothesis = sparse(tf, [[0, 0], [0, 1], [1, 0]], np.int64([1, 2, 3]), [2, 2])
    truth = sparse(tf, [[0, 0], [1, 0], [1, 1]], np.int64([1, 3, 5]), [2, 2])
    return case(
        const(lambda tf: tf.edit_distance(hypothesis, truth), name=False),
        const(lambda tf: tf.edit_distance(hypothesis, truth, normalize=False)),
        const(lambda tf: tf.edit_distance(truth, hypothesis)),
        bad=[lambda tf: tf.edit_distance([1, 2], [1])],
    )(tf, np)


case_sparse_to_dense = case(
    each(
        lambda tf, i, v: tf.sparse_to_dense(i, [4], v),
        np.int32([0, 2]),
        arr(2),
        grad=False,
    ),
    const(
        lambda tf, i, v: tf.sparse_to_dense(i, [2, 3], v, default_value=-1),
        np.int64([[0, 2], [1, 0]]),
        ints(2),
    ),
    const(lambda tf: tf.sparse_to_dense([1, 3], [5], 1)),
    # Digits to one-hot rows, as tutorials of the time wrote it.
    unknown(
        lambda tf, labels: tf.sparse_to_dense(
            tf.concat(1, [tf.expand_dims(tf.range(3), 1), tf.expand_dims(labels, 1)]),
            tf.pack([3, 4]),
            1.0,
            0.0,
        ),
        np.int32([2, 0, 3]),
        name=False,
    ),
)

case_embedding_lookup = case(
    each(lambda tf, w, i: tf.nn.embedding_lookup(w, i), TABLE, IDS, name=False),
    const(lambda tf, w, i: tf.nn.embedding_lookup([w], i), TABLE, ints(2, 2)),
    const(
        lambda tf, v, w, i: tf.nn.embedding_lookup([v, w], i),
        arr(3, 2),
        arr(2, 2),
        np.int32([0, 1, 4, 3]),
    ),
    fed(
        lambda tf, v, w, i: tf.nn.embedding_lookup([v, w], i, partition_strategy="div"),
        arr(3, 2),
        arr(2, 2),
        np.int64([[0, 1], [4, 0]]),
    ),
    bad=[
        lambda tf: tf.nn.embedding_lookup(None, [0]),
        lambda tf: tf.nn.embedding_lookup([], [0]),
        lambda tf: tf.nn.embedding_lookup(
            [tf.zeros([2, 2])] * 2, [0], partition_strategy="text"
        ),
    ],
)


def lookup_sparse(weighted, **flags):
    def build(tf, table, weights):
        at = [[0, 0], [0, 1], [1, 0]]
        ids = sparse(tf, at, np.int64([1, 3, 0]), [3, 2])
        sp_weights = (
            tf.SparseTensor(ids.indices, weights, ids.shape) if weighted else None
        )
        return tf.nn.embedding_lookup_sparse(table, ids, sp_weights, **flags)

    return build


W = np.float32([0.5, 2.0, 1.5])
case_embedding_lookup_sparse = case(
    *[
        const(lookup_sparse(weighted, combiner=combiner), TABLE, W, name=False)
        for weighted in (False, True)
        for combiner in ("sum", "mean", "sqrtn")
    ],
    bad=[
        lambda tf: tf.nn.embedding_lookup_sparse(tf.zeros([2, 2]), [1], None),
        lambda tf: lookup_sparse(False, combiner="text")(tf, tf.zeros([5, 3]), None),
    ],
)

case_in_top_k = case(
    each(lambda tf, x, t: tf.nn.in_top_k(x, t, 2), arr(3, 4), np.int32([0, 2, 3])),
    const(
        lambda tf, x, t: tf.nn.in_top_k(x, t, 1),
        np.float32([[1, 2, 2], [3, 1, 0]]),
        np.int32([2, 1]),
    ),
    fed(lambda tf, x, t: tf.nn.in_top_k(x, t, 3), arr(2, 3), np.int64([0, 2])),
    bad=[
        lambda tf: tf.nn.in_top_k(tf.zeros([2, 3]), [0], 1),
        lambda tf: tf.nn.in_top_k(tf.zeros([2]), [0, 1], 1),
    ],
)
case_top_k = case(
    each(lambda tf, x: list(tf.nn.top_k(x, 2)), arr(2, 4)),
    const(lambda tf, x: list(tf.nn.top_k(x)), arr(4)),
    fed(lambda tf, x: list(tf.nn.top_k(x, k=3)), np.float32([[1, 2, 2, 3]])),
    const(lambda tf, x: list(tf.nn.top_k(x, 2)), ints(2, 2, 3)),
    bad=[
        lambda tf: tf.nn.top_k(tf.zeros([2]), 3),
        lambda tf: tf.nn.top_k(tf.zeros([])),
    ],
)
