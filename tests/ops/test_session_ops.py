"""Values that stay in the session."""

import gc

import numpy as np
import pytest

import tfstyle as tf


@pytest.fixture
def sess():
    with tf.Graph().as_default(), tf.Session() as sess:
        yield sess


def _kept(sess):
    return sess._state.resources.get("session_tensors", {})


def test_a_value_goes_from_one_run_to_the_next(sess):
    x = tf.placeholder(tf.float32, [2])
    handle = sess.run(tf.get_session_handle(x * 2), {x: [1, 2]})
    assert handle.dtype == tf.float32
    assert str(handle) == handle.handle
    holder, tensor = tf.get_session_tensor(tf.float32)
    np.testing.assert_array_equal(
        sess.run(tensor + 1, {holder: handle.handle}), [3.0, 5.0]
    )
    np.testing.assert_array_equal(handle.eval(), [2.0, 4.0])


def test_handles_among_other_fetches(sess):
    x = tf.constant([1.0])
    first, value, second = sess.run(
        [tf.get_session_handle(x), x, tf.get_session_handle(x + 1)]
    )
    np.testing.assert_array_equal(value, [1.0])
    np.testing.assert_array_equal(first.eval(), [1.0])
    np.testing.assert_array_equal(second.eval(), [2.0])


@pytest.mark.parametrize("value", ["text", 3, [True, False], np.array([2.0])])
def test_every_dtype(sess, value):
    handle = sess.run(tf.get_session_handle(tf.constant(value)))
    expected = sess.run(tf.constant(value))
    found = handle.eval()
    np.testing.assert_array_equal(found, expected)
    assert type(found) is type(expected)


def test_a_kept_value_of_a_variable_does_not_change(sess):
    v = tf.Variable([1.0, 2.0])
    sess.run(v.initializer)
    handle = sess.run(tf.get_session_handle(v.value()))
    add = v.assign_add([1.0, 1.0])
    for _ in range(3):
        sess.run(add)
    np.testing.assert_array_equal(handle.eval(), [1.0, 2.0])


def test_delete(sess):
    handle = sess.run(tf.get_session_handle(tf.constant(1.0)))
    handle.delete()
    assert not _kept(sess)
    message = "Persistent tensor .* may have already been deleted"
    with pytest.raises(TypeError, match=message):
        handle.delete()
    with pytest.raises(TypeError, match=message):
        handle.eval()
    holder, deleter = tf.delete_session_tensor()
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="Failed to delete a tensor with handle"
    ):
        sess.run(deleter, {holder: handle.handle})


def test_reading_what_is_not_there(sess):
    holder, tensor = tf.get_session_tensor(tf.float32)
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match="The tensor with handle 'x' is not in the session store",
    ):
        sess.run(tensor, {holder: "x"})


def test_reading_with_another_dtype(sess):
    handle = sess.run(tf.get_session_handle(tf.constant(1.0)))
    holder, tensor = tf.get_session_tensor(tf.int32)
    with pytest.raises(tf.errors.InternalError, match="does not match .* int32"):
        sess.run(tensor, {holder: handle.handle})


def test_handles_work_in_a_finalized_graph(sess):
    fetch = tf.get_session_handle(tf.constant(1.0))
    tf.get_default_graph().finalize()
    handle = sess.run(fetch)
    assert handle.eval() == 1.0
    handle.delete()
    with pytest.raises(RuntimeError, match="finalized"):
        tf.constant(1.0)


def test_lost_handles_are_freed_in_time(sess):
    fetch = tf.get_session_handle(tf.constant(1.0))
    raw = sess.run(fetch).get_raw_handle()
    for _ in range(30):
        sess.run(fetch)
    gc.collect()
    assert len(_kept(sess)) <= 12
    assert raw in _kept(sess)


def test_not_a_tensor():
    with pytest.raises(TypeError, match="`data` must be of type Tensor"):
        tf.get_session_handle(1.0)
