"""What came after 0.9 and is welcome because scripts of 0.10 to 0.12 use it."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, case, const, each, fed, ints, unknown

TOL = (1e-4, 1e-6)
CUBE = arr(2, 3, 4)

case_renamed_arithmetic = case(
    each(
        lambda tf, x, y: [
            tf.multiply(x, y),
            tf.subtract(x, y),
            tf.negative(x),
            tf.reciprocal(x),
        ],
        arr(2, 3, lo=0.4),
        arr(3),
    ),
)
case_stack_unstack = case(
    each(lambda tf, x, y: tf.stack([x, y]), arr(2, 3), arr(2, 3, salt=1)),
    const(lambda tf, x, y: tf.stack([x, y], axis=1), arr(2, 3), arr(2, 3, salt=1)),
    fed(lambda tf, x, y: tf.stack([x, y], axis=-1), arr(2), arr(2, salt=1)),
    each(lambda tf, x: tf.unstack(x, 3, axis=1), arr(2, 3)),
    const(lambda tf, x: tf.unstack(x, axis=-1), CUBE),
    const(lambda tf, x, y: tf.pack([x, y], axis=1), arr(2), arr(2, salt=1)),
    const(lambda tf, x: tf.unpack(x, axis=1), arr(2, 3)),
    bad=[
        lambda tf: tf.stack([tf.zeros([2])] * 2, axis=2),
        lambda tf: tf.unstack(tf.zeros([2]), axis=1),
    ],
)
case_axis_keywords = case(
    each(
        lambda tf, x: [
            tf.reduce_sum(x, axis=1),
            tf.reduce_max(x, axis=[0, 1]),
            tf.reduce_mean(x, axis=0, keep_dims=True),
            tf.expand_dims(x, axis=1),
            tf.squeeze(tf.expand_dims(x, axis=0), axis=[0]),
        ],
        arr(2, 3),
        name=False,
    ),
    const(lambda tf, x: [tf.argmax(x, axis=1), tf.argmin(x, axis=0)], arr(2, 3)),
    const(
        lambda tf, c, x, y: tf.where(c, x, y), np.array([True, False]), arr(2), arr(2)
    ),
)
case_negative_axes = case(
    each(lambda tf, x: tf.reduce_sum(x, -1), CUBE),
    const(lambda tf, x: tf.reduce_max(x, [-1, 0]), CUBE),
    fed(lambda tf, x: tf.reduce_mean(x, -2, keep_dims=True), CUBE),
)
case_product_with_zeros = case(
    each(lambda tf, x: tf.reduce_prod(x), np.float32([2, 0, 3])),
    const(lambda tf, x: tf.reduce_prod(x, 1), np.float32([[2, 0, 3], [0, 0, 1]])),
)
case_range_of_floats = case(
    const(lambda tf: tf.range(0.0, 1.0, 0.25)), const(lambda tf: tf.range(3.0))
)

case_matmul_of_any_rank = case(
    each(lambda tf, a, b: tf.matmul(a, b), CUBE, arr(2, 4, 2)),
    const(lambda tf, a, b: tf.matmul(a, b, transpose_b=True), CUBE, arr(2, 2, 4)),
    tol=TOL,
)
case_softmax_of_any_rank = case(
    each(lambda tf, x: tf.nn.softmax(x), CUBE, name=False),
    const(lambda tf, x: tf.nn.softmax(x), arr(3), name=False),
    const(lambda tf, x: tf.nn.softmax(x, 1), CUBE),
    fed(lambda tf, x: tf.nn.log_softmax(x), CUBE),
    const(
        lambda tf, x: tf.nn.sparse_softmax_cross_entropy_with_logits(
            x, np.int32([[0, 1, 3], [2, 2, 0]])
        ),
        CUBE,
    ),
    const(
        lambda tf, x: tf.nn.softmax_cross_entropy_with_logits(
            x, np.full([2, 3, 4], 0.25, "float32")
        ),
        CUBE,
    ),
    tol=TOL,
)

case_getitem_like_numpy = case(
    each(lambda tf, x: x[1], CUBE, name=False),
    each(lambda tf, x: [x[:, -1], x[..., 0]], CUBE, name=False),
    each(lambda tf, x: x[:, ::2, 1:-1], CUBE, name=False),
    const(lambda tf, x: x[::-1], CUBE),
    const(lambda tf, x: x[:, tf.newaxis, 0], CUBE),
    fed(lambda tf, x: x[-2:, None], arr(4)),
    fed(lambda tf, x, i: [x[i], x[i:], x[..., i]], arr(3, 3), np.int32(1)),
    unknown(lambda tf, x: x[0, ..., tf.newaxis], CUBE, name=False),
    const(lambda tf, x: x[3:1], arr(4)),
)
case_strided_slice = case(
    each(
        lambda tf, x: tf.strided_slice(x, [0, 0, 1], [2, 3, 4], [1, 2, 2]),
        CUBE,
        name=False,
    ),
    const(lambda tf, x: tf.strided_slice(x, [3], [0], [-1]), arr(5)),
)

case_cumsum = case(
    each(lambda tf, x: tf.cumsum(x), arr(3, 2)),
    const(lambda tf, x: tf.cumsum(x, 1, exclusive=True), arr(2, 3)),
    fed(lambda tf, x: tf.cumsum(x, 1, reverse=True), arr(2, 3)),
    const(lambda tf, x: tf.cumsum(x, 0, True, True), ints(4)),
    tol=TOL,
)
case_cumprod = case(
    each(lambda tf, x: tf.cumprod(x), arr(3, 2, lo=0.4)),
    const(
        lambda tf, x: tf.cumprod(x, 1, exclusive=True, reverse=True), arr(2, 3, lo=0.4)
    ),
    tol=TOL,
)
case_meshgrid = case(
    const(lambda tf, x, y: tf.meshgrid(x, y), arr(2), arr(3), name=False, grad=False),
    const(
        lambda tf, x, y: tf.meshgrid(x, y, indexing="ij"), ints(2), ints(3), name=False
    ),
    bad=[lambda tf: tf.meshgrid([1], [2], indexing="text")],
)
case_sequence_mask = case(
    const(lambda tf, n: tf.sequence_mask(n, 4), np.int32([1, 3, 0]), name=False),
    fed(lambda tf, n: tf.sequence_mask(n), np.int32([1, 3]), name=False),
    const(lambda tf, n: tf.sequence_mask(n, 3, dtype=tf.float32), np.int32([2, 1])),
)
case_log_poisson_loss = case(
    each(
        lambda tf, x, t: tf.nn.log_poisson_loss(x, t),
        arr(3),
        arr(3, lo=0.4),
        name=False,
    ),
    const(
        lambda tf, x, t: tf.nn.log_poisson_loss(x, t, compute_full_loss=True),
        arr(3),
        np.float32([0.5, 1.0, 3.0]),
        grad=False,
    ),
    tol=TOL,
)
case_scatter_nd = case(
    each(
        lambda tf, i, x: tf.scatter_nd(i, x, [5]),
        np.int32([[4], [1], [4]]),
        arr(3),
        name=False,
    ),
    const(
        lambda tf, i, x: tf.scatter_nd(i, x, [3, 2]), np.int32([[2], [0]]), arr(2, 2)
    ),
)
case_gather_nd_slices = case(
    each(lambda tf, x, i: tf.gather_nd(x, i), CUBE, np.int32([[1, 0], [0, 2]])),
    const(lambda tf, x, i: tf.gather_nd(x, i), arr(4), np.int32([[3], [0]])),
)
case_matrix_transpose = case(
    each(lambda tf, x: tf.matrix_transpose(x), CUBE, name=False),
    const(lambda tf, x: tf.matrix_transpose(x), arr(2, 3)),
)
case_einsum = case(
    each(
        lambda tf, a, b: tf.einsum("ij,jk->ik", a, b), arr(2, 3), arr(3, 2), name=False
    ),
    const(lambda tf, a, b: tf.einsum("bij,bjk->bik", a, b), CUBE, arr(2, 4, 2)),
    tol=TOL,
)
case_log1p = case(each(lambda tf, x: tf.log1p(x), arr(2, 3, lo=-0.5)))
case_out_type = case(
    const(lambda tf: tf.size(tf.zeros([2, 3]), out_type=tf.int64), name=False),
    const(lambda tf: tf.shape(tf.zeros([2, 3]), out_type=tf.int64), name=False),
)
