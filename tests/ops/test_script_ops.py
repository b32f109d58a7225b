import numpy as np
import pytest

import tfstyle as tf


def run(fetches, feed=None):
    with tf.Session() as sess:
        return sess.run(fetches, feed)


def test_py_func_between_device_operations():
    x = tf.placeholder(tf.float32, [None])
    doubled, size = tf.py_func(
        lambda a: (2 * a, np.int64(a.size)), [x + 1.0], [tf.float32, tf.int64]
    )
    total = tf.reduce_sum(doubled) + tf.to_float(size)
    assert doubled.get_shape().ndims is None
    assert run(total, {x: [1.0, 2.0]}) == 12.0


def test_py_func_of_one_dtype_gives_one_tensor():
    y = tf.py_func(lambda: "text", [], tf.string, name="own")
    assert y.op.name == "own"
    assert run(y) == b"text"


def test_py_func_that_raises_names_the_operation_and_keeps_the_cause():
    def fail(value):
        raise KeyError("no such word")

    y = tf.py_func(fail, [tf.zeros([2])], [tf.float32])
    with pytest.raises(tf.errors.InternalError, match="KeyError: 'no such") as info:
        run(y)
    assert info.value.op is y[0].op
    assert isinstance(info.value.__cause__, KeyError)


@pytest.mark.parametrize(
    ("result", "dtypes", "error", "message"),
    [
        ([1.0], [tf.float32] * 2, "InvalidArgument", "returns 1 values, .* see 2"),
        (np.float64(1), [tf.float32], "InvalidArgument", "is float64, .* float32"),
    ],
)
def test_py_func_refuses_results_of_another_kind(result, dtypes, error, message):
    y = tf.py_func(lambda: result, [], dtypes)
    with pytest.raises(getattr(tf.errors, f"{error}Error"), match=message):
        run(y)
