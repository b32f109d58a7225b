import pytest

import tfstyle as tf


@pytest.mark.parametrize(
    ("value", "shape", "expected"),
    [
        # As TensorFlow 0.12.1 answers: a shape without elements takes any value.
        (1.0, [0], []),
        ([1, 2], [0], []),
        (3, [2, 0], [[], []]),
        ([], [2], [0.0, 0.0]),
        ([1, 2], [2, 2], [[1, 2], [2, 2]]),
    ],
)
def test_constant_fills_its_shape(value, shape, expected):
    with tf.Graph().as_default(), tf.Session() as sess:
        assert sess.run(tf.constant(value, shape=shape)).tolist() == expected


def test_constant_of_too_many_elements():
    with pytest.raises(
        ValueError, match="Too many elements provided. Needed at most 1"
    ):
        tf.constant([1, 2], shape=[1])
