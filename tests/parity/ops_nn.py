"""Activations, biases, normalisation, clipping and losses."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, case, const, each, fed, ints, unknown

TOL = (1e-4, 1e-6)


def activation(name, more=(), also_ints=False):
    """An activation on a matrix, a cube and a scalar, and at its kinks."""

    def build(tf, x):
        return getattr(tf.nn, name)(x)

    settings = each(build, arr(2, 3, lo=-3, hi=8))
    settings.append(fed(build, arr(2, 1, 2, dtype="float64")))
    settings.append(const(build, np.float32([-100, -1, 0, 1, 6, 7, 100])))
    if also_ints:
        settings.append(const(build, ints(4, lo=-3, hi=9)))
    return case(*settings, bad=[lambda tf: build(tf, tf.constant([True]))], tol=TOL)


case_relu = activation("relu", also_ints=True)
case_relu6 = activation("relu6", also_ints=True)
case_elu = activation("elu")
case_softplus = activation("softplus")
case_softsign = activation("softsign")
case_sigmoid = activation("sigmoid")
case_tanh = activation("tanh")

case_bias_add = case(
    each(lambda tf, x, b: tf.nn.bias_add(x, b), arr(2, 3), arr(3)),
    each(lambda tf, x, b: tf.nn.bias_add(x, b), arr(1, 2, 2, 3), arr(3)),
    const(lambda tf, x, b: tf.nn.bias_add(x, b), ints(2, 3), ints(3)),
    fed(lambda tf, x, b: tf.nn.bias_add_v1(x, b), arr(2, 3), arr(3)),
    bad=[
        lambda tf: tf.nn.bias_add(tf.zeros([2, 3]), tf.zeros([2])),
        lambda tf: tf.nn.bias_add(tf.zeros([3]), tf.zeros([3])),
        lambda tf: tf.nn.bias_add(tf.zeros([2, 3]), tf.zeros([1, 3])),
        lambda tf: tf.nn.bias_add(tf.zeros([2, 3]), tf.zeros([3]), data_format="text"),
        lambda tf: tf.nn.bias_add(tf.zeros([2, 3]), tf.zeros([3], tf.float64)),
    ],
)
X, WEIGHTS, BIAS = arr(2, 3), arr(3, 4), arr(4)
case_xw_plus_b = case(
    each(lambda tf, x, w, b: tf.nn.xw_plus_b(x, w, b), X, WEIGHTS, BIAS),
    fed(lambda tf, x, w, b: tf.nn.xw_plus_b_v1(x, w, b), X, WEIGHTS, BIAS),
    bad=[lambda tf: tf.nn.xw_plus_b(tf.zeros([2, 3]), tf.zeros([2, 3]), tf.zeros([3]))],
    tol=TOL,
)
case_relu_layer = case(
    each(lambda tf, x, w, b: tf.nn.relu_layer(x, w, b), X, WEIGHTS, BIAS),
    const(lambda tf, x, w, b: tf.nn.relu_layer(x, w, b), arr(1, 2), arr(2, 2), arr(2)),
    tol=TOL,
)

case_softmax = case(
    each(lambda tf, x: tf.nn.softmax(x), arr(2, 3)),
    const(lambda tf, x: tf.nn.softmax(x), np.float32([[1000, 0, -1000], [1, 1, 1]])),
    fed(lambda tf, x: tf.nn.softmax(x), arr(1, 4, dtype="float64")),
    bad=[lambda tf: tf.nn.softmax(tf.constant([[1, 2]]))],
    tol=TOL,
)
case_log_softmax = case(
    each(lambda tf, x: tf.nn.log_softmax(x), arr(2, 3)),
    const(lambda tf, x: tf.nn.log_softmax(x), np.float32([[1000, 0, -1000]])),
    fed(lambda tf, x: tf.nn.log_softmax(x), arr(1, 4, dtype="float64")),
    tol=TOL,
)


def softmax_xent(tf, x, labels):
    return tf.nn.softmax_cross_entropy_with_logits(x, labels)


LABELS = np.float32([[0, 1, 0], [0.5, 0.25, 0.25]])
# 0.12 reshapes around the op: its name is of the reshape, its static shape is lost
# where only one of the inputs tells it.
case_softmax_cross_entropy = case(
    each(softmax_xent, arr(2, 3), LABELS, name=False),
    const(lambda tf, x: softmax_xent(tf, x, LABELS[:1]), np.float32([[999, 0, -999]])),
    fed(
        lambda tf, x: softmax_xent(tf, x, np.float64(LABELS)),
        arr(2, 3, dtype="float64"),
    ),
    bad=[
        lambda tf: softmax_xent(tf, tf.zeros([2, 3]), tf.zeros([2, 4])),
    ],
    tol=TOL,
)


def sparse_xent(tf, x, labels):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(x, labels)


case_sparse_softmax_cross_entropy = case(
    each(sparse_xent, arr(2, 3), np.int32([2, 0]), name=False),
    const(sparse_xent, arr(3, 4), np.int64([3, 1, 0])),
    fed(sparse_xent, arr(2, 3, dtype="float64"), np.int32([1, 1])),
    bad=[
        lambda tf: sparse_xent(tf, tf.zeros([2, 3]), tf.zeros([3], tf.int32)),
        lambda tf: sparse_xent(tf, tf.zeros([2, 3]), tf.zeros([2, 3], tf.int32)),
        lambda tf: sparse_xent(tf, tf.zeros([2, 3]), tf.zeros([2])),
    ],
    tol=TOL,
)


def sigmoid_xent(tf, x, targets):
    return tf.nn.sigmoid_cross_entropy_with_logits(x, targets)


def weighted_xent(weight):
    return lambda tf, x, t: tf.nn.weighted_cross_entropy_with_logits(x, t, weight)


TARGETS = np.float32([[0, 1, 0.5], [1, 0, 1]])
case_sigmoid_cross_entropy = case(
    each(sigmoid_xent, arr(2, 3), TARGETS),
    const(sigmoid_xent, np.float32([-5, 0, 0.5]), np.float32([0, 1, 1])),
    fed(sigmoid_xent, arr(3, dtype="float64"), np.float64([0, 1, 0])),
    bad=[
        lambda tf: sigmoid_xent(tf, tf.zeros([2]), tf.zeros([3])),
        lambda tf: sigmoid_xent(tf, tf.zeros([2, 3]), tf.zeros([3])),
    ],
    tol=TOL,
)
case_weighted_cross_entropy = case(
    each(weighted_xent(2.0), arr(2, 3), TARGETS),
    const(weighted_xent(np.float32([1, 2, 0.5])), arr(2, 3), TARGETS),
    bad=[lambda tf: weighted_xent(1.0)(tf, tf.zeros([2]), tf.zeros([3]))],
    tol=TOL,
)

case_l2_loss = case(
    each(lambda tf, x: tf.nn.l2_loss(x), arr(2, 3)),
    const(lambda tf, x: tf.nn.l2_loss(x), arr(4, dtype="float64")),
)
case_l2_normalize = case(
    each(lambda tf, x: tf.nn.l2_normalize(x, 1), arr(2, 3)),
    const(lambda tf, x: tf.nn.l2_normalize(x, [0, 1]), arr(2, 3)),
    fed(lambda tf, x: tf.nn.l2_normalize(x, 0, epsilon=0.5), arr(3)),
    const(lambda tf, x: tf.nn.l2_normalize(x, 0), np.zeros(2, "float32")),
    tol=TOL,
)
case_zero_fraction = case(
    each(lambda tf, x: tf.nn.zero_fraction(x), np.float32([0, 1, 0, 2]), grad=False),
    const(lambda tf, x: tf.nn.zero_fraction(x), ints(2, 3, hi=2)),
)

CUBE = arr(4, 2, 3)
case_moments = case(
    each(lambda tf, x: tf.nn.moments(x, [0]), CUBE, name=False),
    each(lambda tf, x: tf.nn.moments(x, [0, 1]), CUBE, name=False),
    const(lambda tf, x: tf.nn.moments(x, [0, 2], keep_dims=True), CUBE),
    fed(lambda tf, x, s: tf.nn.moments(x, [0], shift=s), arr(4, 2), arr(2)),
    const(lambda tf, x: tf.nn.moments(x, [0]), arr(3, 2, dtype="float64")),
    tol=TOL,
)
case_sufficient_statistics = case(
    const(
        lambda tf, x: list(tf.nn.sufficient_statistics(x, [0])[:3]),
        arr(4, 2),
        name=False,
    ),
    fed(lambda tf, x: list(tf.nn.sufficient_statistics(x, [0, 1])[:3]), arr(4, 2)),
    unknown(
        lambda tf, x, s: list(
            tf.nn.sufficient_statistics(x, [0], shift=s, keep_dims=True)
        ),
        arr(4, 2),
        arr(1, 2),
        name=False,
        grad=False,
    ),
    tol=TOL,
)
case_normalize_moments = case(
    each(
        lambda tf, n, m, v, s: tf.nn.normalize_moments(n, m, v, s),
        np.float32(4),
        arr(3),
        arr(3, lo=4, hi=9),
        arr(3, salt=1),
        name=False,
    ),
    const(
        lambda tf, n, m, v: tf.nn.normalize_moments(n, m, v, None),
        np.float32(5),
        arr(2),
        arr(2, lo=4, hi=9),
    ),
    tol=TOL,
)

MEAN, VARIANCE, BETA, GAMMA = arr(3), arr(3, lo=0.4), arr(3, salt=1), arr(3, salt=2)
case_batch_normalization = case(
    each(
        lambda tf, x, m, v, b, g: tf.nn.batch_normalization(x, m, v, b, g, 1e-3),
        arr(2, 3),
        MEAN,
        VARIANCE,
        BETA,
        GAMMA,
        name=False,
    ),
    const(
        lambda tf, x, m, v: tf.nn.batch_normalization(x, m, v, None, None, 0.01),
        arr(2, 2, 3),
        MEAN,
        VARIANCE,
    ),
    fed(
        lambda tf, x, m, v, g: tf.nn.batch_normalization(x, m, v, None, g, 0.01),
        arr(1, 2, 2, 3),
        MEAN,
        VARIANCE,
        GAMMA,
    ),
    tol=TOL,
)


def global_norm_setting(scale):
    return lambda tf, x, m, v, b, g: tf.nn.batch_norm_with_global_normalization(
        x, m, v, b, g, 1e-3, scale
    )


case_batch_norm_with_global_normalization = case(
    each(
        global_norm_setting(True),
        arr(1, 2, 2, 3),
        MEAN,
        VARIANCE,
        BETA,
        GAMMA,
        name=False,
    ),
    const(global_norm_setting(False), arr(2, 1, 2, 3), MEAN, VARIANCE, BETA, GAMMA),
    tol=TOL,
)
case_lrn = case(
    each(lambda tf, x: tf.nn.lrn(x), arr(1, 2, 1, 7)),
    const(lambda tf, x: tf.nn.lrn(x, 2, 2.0, 0.1, 0.75), arr(1, 1, 2, 6)),
    fed(
        lambda tf, x: tf.nn.local_response_normalization(
            x, depth_radius=1, bias=1.0, alpha=0.3, beta=0.5
        ),
        arr(2, 1, 1, 4),
    ),
    bad=[lambda tf: tf.nn.lrn(tf.zeros([2, 3]))],
    tol=TOL,
)

case_clip_by_value = case(
    each(lambda tf, x: tf.clip_by_value(x, -1.0, 1.0), arr(2, 3), name=False),
    const(lambda tf, x: tf.clip_by_value(x, -1.0, 1.0), np.float32([-1, 1, 0, 2, -3])),
    fed(lambda tf, x: tf.clip_by_value(x, 1, 3), ints(4)),
    fed(
        lambda tf, x, a, b: tf.clip_by_value(x, a, b),
        arr(3),
        np.float32(-0.5),
        arr(lo=0.2),
    ),
    bad=[lambda tf: tf.clip_by_value(tf.zeros([2]), tf.zeros([3]), 1.0)],
)
case_clip_by_norm = case(
    each(lambda tf, x: tf.clip_by_norm(x, 1.0), arr(2, 3), name=False),
    const(lambda tf, x: tf.clip_by_norm(x, 100.0), arr(2, 3)),
    const(lambda tf, x: tf.clip_by_norm(x, 5.0), np.float32([3, 4])),
    tol=TOL,
)
case_clip_by_average_norm = case(
    each(lambda tf, x: tf.clip_by_average_norm(x, 0.2), arr(2, 3), name=False),
    const(lambda tf, x: tf.clip_by_average_norm(x, 100.0), arr(2, 3)),
    tol=TOL,
)


def clip_all(norm, **flags):
    def build(tf, *xs):
        clipped, total = tf.clip_by_global_norm(list(xs), norm, **flags)
        return clipped + [total]

    return build


def clip_some(tf, x, y):
    clipped, total = tf.clip_by_global_norm([x, None, y], 0.5)
    assert clipped[1] is None
    return [clipped[0], clipped[2], total]


def clip_slices(tf, x, y):
    sparse = tf.IndexedSlices(x, tf.constant([2, 0]))
    clipped, total = tf.clip_by_global_norm([sparse, y], 1.0)
    return [clipped[0].values, clipped[0].indices, clipped[1], total]


PAIR = arr(2, 3), arr(4)
case_clip_by_global_norm = case(
    each(clip_all(1.0), *PAIR, name=False),
    const(clip_all(100.0), *PAIR),
    fed(lambda tf, *xs: clip_all(2.0, use_norm=tf.constant(4.0))(tf, *xs), *PAIR),
    const(clip_some, *PAIR),
    const(clip_slices, *PAIR),
    bad=[lambda tf: tf.clip_by_global_norm(tf.zeros([2]), 1.0)],
    tol=TOL,
)
case_global_norm = case(
    each(lambda tf, x, y: tf.global_norm([x, y]), *PAIR, name=False),
    const(lambda tf, x, y: tf.global_norm([x, None, y]), *PAIR),
    bad=[lambda tf: tf.global_norm(tf.zeros([2]))],
    tol=TOL,
)

case_two_layers = case(
    each(
        lambda tf, x, w, b, labels: softmax_xent(
            tf, tf.matmul(tf.nn.relu(tf.matmul(x, w) + b), w, transpose_b=True), labels
        ),
        X,
        WEIGHTS,
        BIAS,
        LABELS,
        name=False,
    ),
    tol=TOL,
)
