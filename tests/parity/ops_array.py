"""Constants, shapes, casts, and ops that rearrange whole tensors."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, case, const, each, fed, ints, unknown

CUBE = arr(2, 3, 4)

case_constant = case(
    const(lambda tf: tf.constant(1.5)),
    const(lambda tf: tf.constant([1, 2])),
    const(lambda tf: tf.constant([[True, False]])),
    const(lambda tf: tf.constant([1.0, 2.0], dtype=tf.float64)),
    const(lambda tf: tf.constant(np.float64([1, 2]))),
    const(lambda tf: tf.constant(np.arange(3))),
    const(lambda tf: tf.constant(7, shape=[2, 2])),
    const(lambda tf: tf.constant([1, 2, 3], shape=[2, 3])),
    const(lambda tf: tf.constant([1, 2, 3, 4], dtype=tf.float32, shape=[2, 2])),
    const(lambda tf: tf.constant(2**40)),
    const(lambda tf: tf.constant(1 + 2j)),
    const(lambda tf: tf.constant([], dtype=tf.int64)),
    const(lambda tf: tf.constant(3, name="three")),
    bad=[
        lambda tf: tf.constant([1.5], dtype=tf.int32),
        lambda tf: tf.constant([1, 2, 3], shape=[2]),
        lambda tf: tf.constant([[1, 2], [3]]),
        lambda tf: tf.constant(None),
        lambda tf: tf.constant("text", dtype=tf.float32),
        lambda tf: tf.constant(1, dtype=tf.string),
        lambda tf: tf.constant(True, dtype=tf.int32),
    ],
)
case_zeros_ones = case(
    const(lambda tf: tf.zeros([2, 3])),
    const(lambda tf: tf.zeros([2], tf.int32)),
    const(lambda tf: tf.zeros([], tf.bool)),
    const(lambda tf: tf.zeros((2, 0))),
    const(lambda tf: tf.ones([2, 3], dtype=tf.float64)),
    const(lambda tf: tf.ones([3], tf.int64)),
    fed(lambda tf, s: [tf.zeros(s), tf.ones(s)], np.int32([2, 3])),
    unknown(lambda tf, s: [tf.zeros(s), tf.ones(s, tf.int32)], np.int32([2])),
    const(lambda tf, x: tf.zeros(tf.shape(x)), CUBE),
)
case_zeros_like_ones_like = case(
    each(lambda tf, x: [tf.zeros_like(x), tf.ones_like(x)], CUBE, name=False),
    const(lambda tf, x: [tf.zeros_like(x), tf.ones_like(x)], ints(3)),
    fed(lambda tf, x: [tf.zeros_like(x, tf.int32), tf.ones_like(x, tf.bool)], arr(2)),
)
case_fill = case(
    const(lambda tf, v: tf.fill([2, 3], v), arr()),
    fed(lambda tf, s, v: tf.fill(s, v), np.int32([2, 2]), arr()),
    const(lambda tf: tf.fill([2], True)),
    const(lambda tf: tf.fill([], 3)),
    bad=[
        lambda tf: tf.fill([2], tf.zeros([2])),
        lambda tf: tf.fill([[2]], 1.0),
        lambda tf: tf.fill([-1], 1.0),
    ],
)
case_range = case(
    const(lambda tf: tf.range(5)),
    const(lambda tf: tf.range(2, 7)),
    const(lambda tf: tf.range(2, 9, 3)),
    const(lambda tf: tf.range(2, 2)),
    fed(lambda tf, n: tf.range(n), np.int32(4)),
    fed(lambda tf, a, b: tf.range(a, b, 2), np.int32(1), np.int32(6)),
    const(lambda tf, x: tf.range(tf.size(x)), arr(3)),
)
case_linspace = case(
    const(lambda tf: tf.linspace(0.0, 1.0, 5), name=False),
    const(lambda tf: tf.lin_space(-1.0, 2.0, 1), name=False),
    fed(lambda tf, n: tf.linspace(10.0, 12.0, n), np.int32(3)),
    const(lambda tf: tf.linspace(np.float64(0), np.float64(3), 4)),
)

case_shape_size_rank = case(
    each(lambda tf, x: [tf.shape(x), tf.size(x), tf.rank(x)], CUBE, name=False),
    fed(lambda tf, x: [tf.shape(x), tf.size(x), tf.rank(x)], arr()),
    const(lambda tf, x: [tf.shape(x), tf.size(x), tf.rank(x)], arr(0, 2)),
    fed(lambda tf, x, y: tf.shape_n([x, y]), CUBE, arr(2)),
    unknown(lambda tf, x, y: tf.shape_n([x, y]), arr(2, 3), arr(2)),
)
case_identity = case(
    each(lambda tf, x: tf.identity(x), arr(2, 3)),
    fed(lambda tf, x: tf.identity(x), ints(3)),
    const(lambda tf, x: tf.stop_gradient(x), arr(3)),
)


def reshape(shape):
    return lambda tf, x: tf.reshape(x, shape)


case_reshape = case(
    each(reshape([4, 6]), CUBE),
    each(reshape([-1]), CUBE),
    const(reshape([3, -1, 2]), CUBE),
    unknown(reshape([2, -1]), CUBE),
    fed(reshape([]), arr(1)),
    fed(reshape([1, 1]), arr()),
    const(reshape([0, 5]), arr(0, 2)),
    fed(lambda tf, x, s: tf.reshape(x, s), CUBE, np.int32([6, -1])),
    unknown(
        lambda tf, x: tf.reshape(x, tf.pack([-1, tf.shape(x)[0]])), CUBE, name=False
    ),
    unknown(lambda tf, x, y: tf.reshape(x, tf.shape(y)), CUBE, arr(4, 6), grad=False),
    bad=[
        lambda tf: tf.reshape(tf.zeros([2, 3]), [4]),
        lambda tf: tf.reshape(tf.zeros([2, 3]), [4, -1]),
        lambda tf: tf.reshape(tf.zeros([2, 3]), [1.5]),
        lambda tf: tf.reshape(tf.zeros([2, 3]), [[6]]),
    ],
)
case_transpose = case(
    each(lambda tf, x: tf.transpose(x), CUBE),
    each(lambda tf, x: tf.transpose(x, [1, 0, 2]), CUBE),
    const(lambda tf, x: tf.transpose(x, perm=[2, 0, 1]), CUBE),
    fed(lambda tf, x, p: tf.transpose(x, p), arr(2, 3), np.int32([1, 0])),
    const(lambda tf, x: tf.transpose(x), ints(4)),
    bad=[
        lambda tf: tf.transpose(tf.zeros([2, 3]), [0]),
        lambda tf: tf.transpose(tf.zeros([2, 3]), [0, 2]),
    ],
)
case_expand_dims = case(
    each(lambda tf, x: tf.expand_dims(x, 0), arr(2, 3)),
    each(lambda tf, x: tf.expand_dims(x, -1), arr(2, 3)),
    const(lambda tf, x: tf.expand_dims(x, 1), CUBE),
    fed(lambda tf, x: tf.expand_dims(x, 0), arr()),
    bad=[
        lambda tf: tf.expand_dims(tf.zeros([2, 3]), 3),
        lambda tf: tf.expand_dims(tf.zeros([2, 3]), -4),
    ],
)
case_squeeze = case(
    const(lambda tf, x: tf.squeeze(x), arr(1, 2, 1, 3)),
    fed(lambda tf, x: tf.squeeze(x), arr(1, 2, 1, 3)),
    each(lambda tf, x: tf.squeeze(x, [0]), arr(1, 2, 1)),
    unknown(lambda tf, x: tf.squeeze(x, [0, 2]), arr(1, 2, 1)),
    const(lambda tf, x: tf.squeeze(x, squeeze_dims=[-1]), arr(1, 2, 1)),
    const(lambda tf, x: tf.squeeze(x), arr(1, 1)),
    bad=[
        lambda tf: tf.squeeze(tf.zeros([2, 1]), [0]),
        lambda tf: tf.squeeze(tf.zeros([2, 1]), [2]),
    ],
)
case_slice = case(
    each(lambda tf, x: tf.slice(x, [0, 1, 2], [1, 2, 2]), CUBE),
    each(lambda tf, x: tf.slice(x, [1, 0, 0], [-1, 2, -1]), CUBE),
    fed(lambda tf, x, b, s: tf.slice(x, b, s), arr(4), np.int32([1]), np.int32([2])),
    const(lambda tf, x: tf.slice(x, [3], [0]), arr(4)),
    bad=[
        lambda tf: tf.slice(tf.zeros([2, 3]), [0], [1]),
        lambda tf: tf.slice(tf.zeros([2, 3]), [0, 0, 0], [1, 1, 1]),
    ],
)
case_getitem = case(
    each(lambda tf, x: x[1], arr(4), name=False),
    each(lambda tf, x: x[0, 1:, 2], CUBE, name=False),
    const(lambda tf, x: x[:, 0:2, 1:3], CUBE),
    unknown(lambda tf, x: [x[:, 1, :], x[0, :, :]], CUBE, name=False),
    fed(lambda tf, x: x[1:2], ints(4)),
    fed(lambda tf, x, i: x[i, :], arr(3, 2), np.int32(2)),
    fed(lambda tf, x, i: x[i:3, :], arr(3, 2), np.int32(1)),
    unknown(lambda tf, x: tf.shape(x)[0] * tf.shape(x)[1], CUBE, name=False),
    bad=[
        lambda tf: tf.zeros([2])["text"],
        lambda tf: tf.zeros([2, 3])[0, 0, 0],
        lambda tf: tf.zeros([2])[1.5],
    ],
)
case_concat = case(
    each(lambda tf, x, y: tf.concat(0, [x, y]), arr(2, 3), arr(1, 3)),
    each(lambda tf, x, y: tf.concat(1, [x, y]), arr(2, 3), arr(2, 1)),
    const(lambda tf, *xs: tf.concat(2, xs), CUBE, arr(2, 3, 1), arr(2, 3, 2)),
    fed(lambda tf, x, y: tf.concat(0, [x, y]), ints(2), ints(3)),
    const(lambda tf, x: tf.concat(0, [x]), arr(2)),
    const(lambda tf, x: tf.concat(0, x), arr(2)),
    fed(lambda tf, d, x, y: tf.concat(d, [x, y]), np.int32(1), arr(2, 1), arr(2, 2)),
    const(lambda tf, x, y: tf.concat(0, [x, y]), arr(0, 3), arr(2, 3)),
    bad=[
        lambda tf: tf.concat(0, [tf.zeros([2, 3]), tf.zeros([2, 4])]),
        lambda tf: tf.concat(2, [tf.zeros([2, 3]), tf.zeros([2, 3])]),
        lambda tf: tf.concat(0, [tf.zeros([2]), tf.zeros([2, 3])]),
        lambda tf: tf.concat(0, [tf.zeros([2]), tf.zeros([2], tf.int32)]),
        lambda tf: tf.concat([tf.zeros([2]), tf.zeros([2])], 0),
        lambda tf: tf.concat(0, []),
    ],
)
case_split = case(
    each(lambda tf, x: tf.split(1, 3, x), arr(2, 6)),
    each(lambda tf, x: tf.split(0, 2, x), arr(4, 2)),
    const(lambda tf, x: tf.split(0, 1, x), arr(2)),
    fed(lambda tf, d, x: tf.split(d, 2, x), np.int32(1), arr(2, 4)),
    # One of the parts has no gradient.
    const(lambda tf, x: tf.split(0, 2, x)[1], arr(4, 2)),
    bad=[
        lambda tf: tf.split(0, 3, tf.zeros([4])),
        lambda tf: tf.split(1, 2, tf.zeros([4])),
        lambda tf: tf.split(tf.zeros([4]), 2, 0),
    ],
)
case_pack = case(
    each(lambda tf, x, y: tf.pack([x, y]), arr(2, 3), arr(2, 3, salt=1)),
    fed(lambda tf, *xs: tf.pack(xs), ints(), ints(salt=1), ints(salt=2)),
    const(lambda tf, x: tf.pack([x, 2.5, 1]), arr()),
    unknown(lambda tf, x: tf.pack([tf.shape(x)[0], 4]), arr(2), name=False),
    bad=[
        lambda tf: tf.pack([tf.zeros([2]), tf.zeros([3])]),
        lambda tf: tf.pack([tf.zeros([2]), tf.zeros([2], tf.int32)]),
    ],
)
case_unpack = case(
    each(lambda tf, x: tf.unpack(x, 2), arr(2, 3)),
    const(lambda tf, x: tf.unpack(x), arr(3)),
    fed(lambda tf, x: tf.unpack(x, num=2), CUBE),
    # One of the rows has no gradient.
    const(lambda tf, x: tf.unpack(x)[1], arr(2, 2)),
    bad=[
        lambda tf: tf.unpack(tf.zeros([2, 3]), 3),
        lambda tf: tf.unpack(tf.placeholder(tf.float32, [None, 2])),
        lambda tf: tf.unpack(tf.placeholder(tf.float32)),
        lambda tf: tf.unpack(tf.zeros([])),
    ],
)
case_tile = case(
    each(lambda tf, x: tf.tile(x, [2, 1]), arr(2, 3)),
    each(lambda tf, x: tf.tile(x, [1, 3]), arr(2, 1)),
    fed(lambda tf, x, m: tf.tile(x, m), arr(2), np.int32([3])),
    const(lambda tf, x: tf.tile(x, [0, 2]), arr(2, 3)),
    bad=[
        lambda tf: tf.tile(tf.zeros([2, 3]), [2]),
        lambda tf: tf.tile(tf.zeros([2]), [[2]]),
    ],
)
case_pad = case(
    each(lambda tf, x: tf.pad(x, [[1, 0], [0, 2]]), arr(2, 3)),
    const(lambda tf, x: tf.pad(x, [[1, 1], [2, 1]], mode="REFLECT"), arr(2, 3)),
    fed(lambda tf, x: tf.pad(x, [[1, 1], [2, 1]], mode="SYMMETRIC"), arr(2, 3)),
    fed(lambda tf, x, p: tf.pad(x, p), arr(3), np.int32([[1, 2]])),
    bad=[
        lambda tf: tf.pad(tf.zeros([2, 3]), [[1, 1]]),
        lambda tf: tf.pad(tf.zeros([2]), [[1, 1]], mode="WRAP"),
    ],
)
case_reverse = case(
    each(lambda tf, x: tf.reverse(x, [True, False]), arr(2, 3)),
    const(lambda tf, x: tf.reverse(x, [False, True, True]), CUBE),
    fed(lambda tf, x, d: tf.reverse(x, d), arr(3), np.array([True])),
    fed(lambda tf, x: tf.reverse(x, [True]), ints(4)),
    bad=[lambda tf: tf.reverse(tf.zeros([2, 3]), [True])],
)
case_reverse_sequence = case(
    each(lambda tf, x: tf.reverse_sequence(x, np.int64([2, 3]), 1), arr(2, 4)),
    const(lambda tf, x: tf.reverse_sequence(x, np.int64([1, 2, 0]), 0, 1), CUBE),
    fed(lambda tf, x, n: tf.reverse_sequence(x, n, 1, 0), CUBE, np.int64([3, 2])),
    bad=[
        lambda tf: tf.reverse_sequence(tf.zeros([2, 3]), np.int64([1, 1, 1]), 1),
    ],
)

case_cast = case(
    each(lambda tf, x: tf.cast(x, tf.float64), arr(2, 3)),
    const(lambda tf, x: tf.cast(x, tf.int32), arr(4, lo=-9, hi=9)),
    fed(lambda tf, x: tf.cast(x, tf.bool), np.float32([0, 0.5, -1])),
    fed(lambda tf, x: tf.cast(x, tf.float32), np.array([True, False])),
    const(lambda tf, x: tf.cast(x, tf.float32), ints(3)),
    const(lambda tf, x: tf.cast(x, tf.uint8), ints(3)),
    const(lambda tf, x: tf.cast(x, tf.float32), arr(3)),
    const(lambda tf, x: tf.cast(x, "int64"), ints(3)),
    fed(lambda tf, x: [tf.to_float(x), tf.to_double(x)], ints(3), name=False),
    fed(lambda tf, x: [tf.to_int32(x), tf.to_int64(x)], arr(3, lo=-5, hi=5)),
    const(lambda tf, x: [tf.to_float(x), tf.to_double(x)], arr(3), name=False),
    const(lambda tf, x: tf.cast(x, tf.complex64), arr(2), grad=False),
)
case_saturate_cast = case(
    each(lambda tf, x: tf.saturate_cast(x, tf.uint8), np.float32([-3, 4.5, 300])),
    const(lambda tf, x: tf.saturate_cast(x, tf.int8), np.int32([-300, 5, 300])),
)
case_bitcast = case(
    each(lambda tf, x: tf.bitcast(x, tf.int32), arr(2, 3)),
    const(lambda tf, x: tf.bitcast(x, tf.uint8), np.int32([1, 257])),
    fed(lambda tf, x: tf.bitcast(x, tf.int32), np.uint8([[1, 0, 0, 0], [1, 1, 0, 0]])),
    bad=[lambda tf: tf.bitcast(tf.zeros([3], tf.uint8), tf.int32)],
)
case_check_numerics = case(
    each(lambda tf, x: tf.check_numerics(x, "text"), arr(2, 3)),
    const(lambda tf, x: tf.verify_tensor_all_finite(x, "text"), arr(2)),
    bad=[
        lambda tf: tf.Session().run(tf.check_numerics([np.nan], "is not a number")),
        lambda tf: tf.Session().run(tf.check_numerics([1.0, np.inf], "is infinite")),
        lambda tf: tf.check_numerics(tf.constant([1]), "is an integer"),
    ],
)

IMAGE = arr(1, 4, 4, 1)
case_space_to_batch = case(
    each(lambda tf, x: tf.space_to_batch(x, [[0, 0], [0, 0]], 2), IMAGE, name=False),
    const(lambda tf, x: tf.space_to_batch(x, [[1, 1], [0, 2]], 2), arr(2, 2, 4, 2)),
    bad=[lambda tf: tf.space_to_batch(tf.zeros([1, 3, 4, 1]), [[0, 0], [0, 0]], 2)],
)
case_batch_to_space = case(
    each(
        lambda tf, x: tf.batch_to_space(x, [[0, 0], [0, 0]], 2),
        arr(4, 2, 1, 2),
        name=False,
    ),
    const(lambda tf, x: tf.batch_to_space(x, [[1, 0], [0, 1]], 2), arr(4, 2, 2, 1)),
    bad=[lambda tf: tf.batch_to_space(tf.zeros([3, 2, 2, 1]), [[0, 0], [0, 0]], 2)],
)
case_space_to_depth = case(
    each(lambda tf, x: tf.space_to_depth(x, 2), IMAGE),
    const(lambda tf, x: tf.space_to_depth(x, 2), arr(2, 2, 4, 3)),
    bad=[lambda tf: tf.space_to_depth(tf.zeros([1, 3, 4, 1]), 2)],
)
case_depth_to_space = case(
    each(lambda tf, x: tf.depth_to_space(x, 2), arr(1, 2, 2, 4)),
    const(lambda tf, x: tf.depth_to_space(x, 2), arr(2, 1, 2, 8)),
    bad=[lambda tf: tf.depth_to_space(tf.zeros([1, 2, 2, 3]), 2)],
)
case_extract_image_patches = case(
    each(
        lambda tf, x: tf.extract_image_patches(
            x, [1, 2, 2, 1], [1, 1, 1, 1], [1, 1, 1, 1], "VALID"
        ),
        arr(1, 3, 3, 2),
        grad=False,
        name=False,
    ),
    const(
        lambda tf, x: tf.extract_image_patches(
            x, [1, 2, 2, 1], [1, 2, 2, 1], [1, 2, 2, 1], "SAME"
        ),
        arr(1, 4, 5, 1),
        grad=False,
    ),
)
case_placeholder_with_default = case(
    const(lambda tf, x: tf.placeholder_with_default(x, [2, 3]), arr(2, 3), grad=False),
    const(
        lambda tf, x: tf.placeholder_with_default(x, [None, 3]), arr(2, 3), grad=False
    ),
    bad=[lambda tf: tf.placeholder_with_default(tf.zeros([2]), [3])],
)
