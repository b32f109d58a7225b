import math

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.contrib import layers


def run(fetches):
    with tf.Session() as sess:
        return sess.run(fetches)


# -- constants ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("initializer", "value"), [(tf.zeros_initializer, 0), (tf.ones_initializer, 1)]
)
def test_zeros_and_ones_are_initializers_and_make_them(initializer, value):
    tensors = [
        initializer([2, 3]),
        initializer([2, 3], tf.int32),
        initializer()([2, 3]),
        initializer(dtype=tf.float64)([2, 3]),
        initializer(dtype=tf.float64)([2, 3], dtype=tf.int32),
    ]
    dtypes = [tf.float32, tf.int32, tf.float32, tf.float64, tf.int32]
    assert [t.dtype for t in tensors] == dtypes
    for array in run(tensors):
        np.testing.assert_array_equal(array, np.full([2, 3], value))


def test_constant_initializer_repeats_the_last_number():
    initializer = tf.constant_initializer([1, 2, 3])
    np.testing.assert_array_equal(run(initializer([5])), [1, 2, 3, 3, 3])


def test_constant_initializer_refuses_too_many_numbers():
    with pytest.raises(ValueError, match="Too many elements provided. Needed at most"):
        tf.constant_initializer([1, 2, 3])([2])


# -- random numbers -------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        tf.random_uniform_initializer,
        tf.random_normal_initializer,
        tf.truncated_normal_initializer,
        tf.uniform_unit_scaling_initializer,
        layers.xavier_initializer,
        layers.xavier_initializer_conv2d,
        layers.variance_scaling_initializer,
    ],
)
def test_initializer_has_the_type_that_is_asked_for(make):
    assert make()([2, 3]).dtype == tf.float32
    assert make(dtype=tf.float64)([2, 3]).dtype == tf.float64
    assert make()([2, 3], dtype=tf.float64).dtype == tf.float64


@pytest.mark.parametrize(
    "make",
    [
        tf.random_normal_initializer,
        tf.truncated_normal_initializer,
        tf.uniform_unit_scaling_initializer,
    ],
)
def test_initializer_refuses_integers(make):
    with pytest.raises(ValueError, match="Expected floating point type, got"):
        make(dtype=tf.int32)
    with pytest.raises(ValueError, match="Expected floating point type, got"):
        make()([2], dtype=tf.int32)


@pytest.mark.parametrize(
    ("shape", "limit"),
    [
        ([300, 20], math.sqrt(3 / 300)),
        ([5, 5, 4, 30], math.sqrt(3 / 100)),
        ([3000], math.sqrt(3)),
    ],
)
def test_uniform_unit_scaling_counts_all_dimensions_but_the_last(shape, limit):
    values = run(tf.uniform_unit_scaling_initializer(factor=2.0)(shape))
    assert 0.98 * 2 * limit < np.abs(values).max() <= 2 * limit


def test_uniform_unit_scaling_of_a_part_counts_the_whole():
    make = tf.uniform_unit_scaling_initializer
    part, whole = run(
        [make(seed=1, full_shape=[300, 20])([30, 20]), make(seed=1)([300, 20])]
    )
    np.testing.assert_array_equal(part, whole[:30])


def test_uniform_unit_scaling_of_scalars_and_of_nothing():
    make = tf.uniform_unit_scaling_initializer(seed=1)
    scalar, nothing = run([make([]), make([0, 3])])
    np.testing.assert_allclose(scalar, -0.90400094, rtol=1e-6)
    assert nothing.shape == (0, 3)


@pytest.mark.parametrize(
    ("mode", "count"), [("FAN_IN", 100), ("FAN_OUT", 300), ("FAN_AVG", 200)]
)
def test_variance_scaling_modes(mode, count):
    make = layers.variance_scaling_initializer
    uniform, normal = run(
        [
            make(factor=1.0, mode=mode, uniform=uniform)([5, 5, 4, 12])
            for uniform in (True, False)
        ]
    )
    assert np.abs(uniform).max() <= math.sqrt(3 / count)
    np.testing.assert_allclose(normal.std(), math.sqrt(1 / count), rtol=0.1)


def test_variance_scaling_refuses():
    with pytest.raises(TypeError, match="initializer for non-floating point type"):
        layers.variance_scaling_initializer(dtype=tf.int32)
    with pytest.raises(TypeError, match="initializer for non-floating point type"):
        layers.xavier_initializer()([2], dtype=tf.int32)
    with pytest.raises(TypeError, match="FAN_IN, FAN_OUT, FAN_AVG"):
        layers.variance_scaling_initializer(mode="FAN")


# -- regularizers ---------------------------------------------------------------


def test_regularizers():
    weights = tf.constant([[1.0, -2.0], [0.0, 3.0]])
    both = layers.sum_regularizer(
        [layers.l1_regularizer(0.5), None, layers.l2_regularizer(2.0)]
    )
    penalties = [
        layers.l1_regularizer(0.5)(weights),
        layers.l2_regularizer(2.0)(weights),
        both(weights),
    ]
    assert [p.op.name for p in penalties] == [
        "l1_regularizer",
        "l2_regularizer",
        "sum_regularizer",
    ]
    assert run(penalties) == [3.0, 14.0, 17.0]


@pytest.mark.parametrize("make", [layers.l1_regularizer, layers.l2_regularizer])
def test_regularizer_refuses(make):
    with pytest.raises(ValueError, match="scale cannot be an integer: 1"):
        make(1)
    with pytest.raises(ValueError, match="Setting a scale less than 0 on a"):
        make(-0.5)


def test_regularizers_that_are_off():
    assert layers.l2_regularizer(0.0)(tf.ones([2])) is None
    assert layers.sum_regularizer([None]) is None
    assert layers.sum_regularizer([layers.l1_regularizer(0.0)])(tf.ones([2])) is None


def test_apply_regularization():
    weights = [tf.ones([2]), tf.ones([3])]
    for tensor in weights:
        tf.add_to_collection(tf.GraphKeys.WEIGHTS, tensor)
    total = layers.apply_regularization(layers.l2_regularizer(2.0))
    assert total.op.name == "get_regularization_penalty"
    assert tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES) == [total]
    assert run(total) == 5.0


def test_apply_regularization_refuses():
    with pytest.raises(ValueError, match="No weights to regularize"):
        layers.apply_regularization(layers.l1_regularizer(0.5))
    with pytest.raises(ValueError, match="must return a scalar Tensor .* with rank 1"):
        layers.apply_regularization(tf.identity, [tf.ones([2])])
