"""Reductions, segment reductions, arg-max, comparison, logic and selection."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, case, const, each, fed, ints, unknown

BOOLS = np.array([[True, False, True], [True, True, True]])
NO_BOOLS = np.zeros([2, 3], bool)


def reduction(name, low=-2.0, grad=True, more=()):
    """A numeric reduction along no, one, several and no axes, and of empty tensors."""

    def over(indices=None, keep=False):
        return lambda tf, x: getattr(tf, name)(
            x, reduction_indices=indices, keep_dims=keep
        )

    def number(*shape, dtype="float32"):
        return arr(*shape, lo=low, dtype=dtype)

    return case(
        each(over(), number(2, 3), grad=grad),
        each(over(1), number(2, 3), grad=grad),
        each(over([0, 2], keep=True), number(2, 3, 2), grad=grad),
        fed(over([1, 0]), number(2, 3, 2, dtype="float64"), grad=grad),
        const(over(keep=True), number(2, 3), grad=grad),
        const(over([]), number(2, 3), grad=grad),
        fed(over(0), ints(3, 4, lo=-5)),
        const(over(), ints(4, dtype="int64")),
        const(over(), number(), grad=grad),
        *more,
        bad=[
            lambda tf: getattr(tf, name)(tf.zeros([2, 3]), 2),
            lambda tf: getattr(tf, name)(tf.zeros([2, 3]), [0, 3]),
            lambda tf: getattr(tf, name)(tf.constant([True])),
        ],
        tol=(1e-4, 1e-6),
    )


TIES = np.float32([[1, 3, 3], [2, 2, 2]])
EMPTY = np.zeros([0, 3], np.float32)

case_reduce_sum = reduction(
    "reduce_sum",
    more=[
        const(lambda tf, x: tf.reduce_sum(x, 0), EMPTY),
        const(lambda tf, x: tf.reduce_sum(x, 1), EMPTY),
        fed(lambda tf, x: tf.reduce_sum(x), EMPTY),
        fed(lambda tf, x, i: tf.reduce_sum(x, i), arr(2, 3), np.int32([1])),
        const(lambda tf, z: tf.reduce_sum(z, 0), arr(2, 3, dtype="complex64")),
    ],
)
case_reduce_mean = reduction(
    "reduce_mean",
    more=[
        unknown(lambda tf, x: tf.reduce_mean(x, [0]), arr(4, 2)),
        const(lambda tf, x: tf.reduce_mean(x, 1), EMPTY),
    ],
)
case_reduce_prod = reduction(
    "reduce_prod", low=0.4, more=[const(lambda tf, x: tf.reduce_prod(x, 0), EMPTY)]
)
case_reduce_max = reduction(
    "reduce_max",
    more=[
        const(lambda tf, x: tf.reduce_max(x), TIES),
        unknown(lambda tf, x: tf.reduce_max(x, 1), TIES),
        fed(lambda tf, x: tf.reduce_max(x, 0), TIES),
    ],
)
case_reduce_min = reduction(
    "reduce_min",
    more=[
        const(lambda tf, x: tf.reduce_min(x), TIES),
        unknown(lambda tf, x: tf.reduce_min(x, 1), TIES),
    ],
)


def bool_reduction(name):
    return case(
        each(lambda tf, x: getattr(tf, name)(x), BOOLS),
        const(lambda tf, x: getattr(tf, name)(x, 1), BOOLS),
        fed(lambda tf, x: getattr(tf, name)(x, [0], keep_dims=True), BOOLS),
        const(lambda tf, x: getattr(tf, name)(x, [0, 1]), NO_BOOLS),
        const(lambda tf, x: getattr(tf, name)(x, 0), np.zeros([0, 2], bool)),
        bad=[lambda tf: getattr(tf, name)(tf.zeros([2]))],
    )


case_reduce_all = bool_reduction("reduce_all")
case_reduce_any = bool_reduction("reduce_any")


def arg_reduction(name):
    return case(
        each(lambda tf, x: getattr(tf, name)(x, 1), arr(3, 4)),
        const(lambda tf, x: getattr(tf, name)(x, 0), TIES),
        fed(lambda tf, x: getattr(tf, name)(x, 2), arr(2, 1, 3, dtype="float64")),
        fed(lambda tf, x: getattr(tf, name)(x, 0), ints(5)),
        fed(lambda tf, x, d: getattr(tf, name)(x, d), arr(2, 3), np.int32(1)),
        bad=[
            lambda tf: getattr(tf, name)(tf.zeros([2, 3]), 2),
            lambda tf: getattr(tf, name)(tf.constant([True]), 0),
        ],
    )


case_argmax = arg_reduction("argmax")
case_argmin = arg_reduction("argmin")
case_arg_max = arg_reduction("arg_max")
case_arg_min = arg_reduction("arg_min")

IDS = np.int32([0, 0, 1, 2])


def segment(name):
    """A segment reduction of sorted ids, ties among the rows included."""

    def build(tf, x, ids):
        return getattr(tf, name)(x, ids)

    return case(
        each(build, arr(4, 2, lo=0.4), IDS),
        const(build, np.float32([1, 3, 3, 2, 2]), np.int32([0, 0, 0, 1, 1])),
        fed(build, arr(4, 3, dtype="float64"), np.int64([0, 1, 1, 2])),
        const(build, arr(3, 2, 2, lo=0.4), np.int32([0, 1, 1])),
        bad=[
            lambda tf: build(tf, tf.zeros([3, 2]), tf.constant([[0, 1, 1]])),
            lambda tf: build(tf, tf.zeros([3, 2]), tf.constant([0.0, 1.0, 1.0])),
        ],
    )


case_segment_sum = segment("segment_sum")
case_segment_mean = segment("segment_mean")
case_segment_max = segment("segment_max")
case_segment_min = segment("segment_min")


def case_segment_prod(tf, np):
    def build(tf, x, ids):
        return tf.segment_prod(x, ids)

    return case(
        each(build, arr(4, 2, lo=0.4), IDS, grad=False),
        fed(build, ints(4, 3), np.int64([0, 1, 1, 2])),
    )(tf, np)


def case_unsorted_segment_sum(tf, np):
    def build(count):
        return lambda tf, x, ids: tf.unsorted_segment_sum(x, ids, count)

    return case(
        each(build(4), arr(4, 2), np.int32([2, 0, 2, 1])),
        const(build(2), arr(2, 2, 3), np.int32([[0, 1], [1, 1]])),
        fed(build(3), ints(3), np.int64([2, 2, 0])),
        bad=[
            lambda tf: tf.unsorted_segment_sum(
                tf.zeros([2]), tf.zeros([3], tf.int32), 2
            )
        ],
    )(tf, np)


def sparse_segment(name):
    def build(tf, x, indices, ids):
        return getattr(tf, name)(x, indices, ids)

    return case(
        each(build, arr(4, 2), np.int32([3, 0, 1, 0]), np.int32([0, 0, 1, 2])),
        const(build, arr(3, 2, 2), np.int32([2, 2]), np.int32([0, 0])),
        fed(
            build, arr(3, 2, dtype="float64"), np.int32([0, 1, 2]), np.int32([0, 1, 1])
        ),
        bad=[
            lambda tf: build(
                tf, tf.zeros([3, 2]), tf.constant([0, 1]), tf.constant([0, 0, 1])
            )
        ],
    )


case_sparse_segment_sum = sparse_segment("sparse_segment_sum")
case_sparse_segment_mean = sparse_segment("sparse_segment_mean")
case_sparse_segment_sqrt_n = sparse_segment("sparse_segment_sqrt_n")


def comparison(name, ordered=True):
    def build(tf, x, y):
        return getattr(tf, name)(x, y)

    kinds = [fed(build, ints(2, 3, hi=3), ints(3, hi=3))]
    if not ordered:
        kinds.append(const(build, BOOLS, BOOLS[:, ::-1]))
        kinds.append(const(build, arr(2, dtype="complex64"), arr(2, dtype="complex64")))
    return case(
        each(build, np.float32([[1, 2, 3], [3, 2, 1]]), np.float32([1, 2, 1])),
        unknown(build, arr(2, 1), arr(3)),
        const(build, np.float64([1, np.nan, 2]), np.float64(2)),
        kinds,
        bad=[
            lambda tf: build(tf, tf.zeros([2]), tf.zeros([3])),
            lambda tf: build(tf, tf.zeros([2]), tf.constant([1, 2])),
            lambda tf: build(tf, tf.constant([1, 2]), 1.5),
        ],
    )


case_equal = comparison("equal", ordered=False)
case_not_equal = comparison("not_equal", ordered=False)
case_less = comparison("less")
case_less_equal = comparison("less_equal")
case_greater = comparison("greater")
case_greater_equal = comparison("greater_equal")


def logical(name):
    def build(tf, x, y):
        return getattr(tf, name)(x, y)

    return case(
        each(build, BOOLS, BOOLS[1:, ::-1]),
        const(build, np.array([True, False]), np.array([[True], [False]])),
        bad=[
            lambda tf: build(tf, tf.constant([1]), tf.constant([0])),
            lambda tf: build(tf, tf.constant([True] * 2), tf.constant([True] * 3)),
        ],
    )


case_logical_and = logical("logical_and")
case_logical_or = logical("logical_or")
case_logical_xor = logical("logical_xor")
case_logical_not = case(
    each(lambda tf, x: tf.logical_not(x), BOOLS),
    const(lambda tf, x: tf.logical_not(x), np.array(True)),
    bad=[lambda tf: tf.logical_not(tf.constant([1.0]))],
)

ROWS = np.array([True, False])
case_select = case(
    each(lambda tf, c, x, y: tf.select(c, x, y), BOOLS, arr(2, 3), arr(2, 3, salt=1)),
    each(lambda tf, c, x, y: tf.select(c, x, y), ROWS, arr(2, 3), arr(2, 3, salt=1)),
    fed(lambda tf, c, x, y: tf.select(c, x, y), np.array(True), arr(), arr(salt=1)),
    const(lambda tf, c, x, y: tf.select(c, x, y), ROWS, ints(2), ints(2, salt=1)),
    bad=[
        lambda tf: tf.select([True, False], tf.zeros([2]), tf.zeros([3])),
        lambda tf: tf.select([True, False], tf.zeros([2]), tf.zeros([2], tf.int32)),
        lambda tf: tf.select([1, 0], tf.zeros([2]), tf.zeros([2])),
        lambda tf: tf.select([True, False, True], tf.zeros([2, 3]), tf.zeros([2, 3])),
    ],
)
# The branch that is not taken contributes 0 * inf: TensorFlow's gradient is NaN too.
case_select_of_undefined_branch = case(
    const(
        lambda tf, x: tf.select(x > 0, tf.sqrt(x), tf.zeros_like(x)),
        np.float32([4.0, 1.0, 0.25]),
    ),
    fed(
        lambda tf, x: tf.select(x > 0, tf.log(x), tf.zeros_like(x)),
        np.float32([4.0, 0.0, -1.0]),
    ),
)
case_where = case(
    each(lambda tf, c: tf.where(c), BOOLS),
    const(lambda tf, c: tf.where(c), NO_BOOLS),
    fed(lambda tf, c: tf.where(c), np.array([[[True], [False]], [[True], [True]]])),
    bad=[lambda tf: tf.where(tf.zeros([2]))],
)

case_check_ops = case(
    const(lambda tf, x: tf.is_non_decreasing(x), np.float32([1, 1, 2])),
    fed(lambda tf, x: tf.is_non_decreasing(x), np.float32([1, 3, 2])),
    fed(lambda tf, x: tf.is_strictly_increasing(x), np.int32([1, 2, 4])),
    const(lambda tf, x: tf.is_strictly_increasing(x), np.int32([1, 1])),
    const(lambda tf, x: tf.is_strictly_increasing(x), np.zeros([0], np.int32)),
    bad=[
        lambda tf: tf.assert_rank(tf.zeros([2]), 2),
        lambda tf: tf.assert_rank_at_least(tf.zeros([2]), 2),
        lambda tf: tf.assert_rank_at_least(tf.zeros([2, 2]), 1),
        lambda tf: tf.assert_type(tf.zeros([2]), tf.int32),
        lambda tf: tf.assert_integer(tf.zeros([2])),
        lambda tf: tf.assert_integer(tf.zeros([2], tf.int64)),
    ],
)


def case_assertions(tf, np):
    """Which assertion lets which numbers pass, when run."""
    x = tf.placeholder(tf.float32, [None])
    y = tf.constant([1.0, 2.0])
    made = [
        tf.assert_equal(x, y),
        tf.assert_less(x, y),
        tf.assert_less_equal(x, y),
        tf.assert_positive(x),
        tf.assert_negative(x),
        tf.assert_non_negative(x),
        tf.assert_non_positive(x),
        tf.assert_rank(x, 1),
    ]
    found = []
    with tf.Session() as sess:
        for fed_value in ([1.0, 2.0], [0.0, 1.0], [-1.0, -2.0], [0.0, 0.0]):
            for op in made:
                try:
                    sess.run(op, {x: fed_value})
                    found.append("passes")
                except tf.errors.OpError as error:
                    found.append(type(error).__name__)
    return {"outcome": np.array(found).reshape([4, len(made)])}
