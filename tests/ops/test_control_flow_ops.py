"""Grouping, ordering, checks for NaN, and clipping."""

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.ops import control_flow_ops, numerics


def run(fetches, feed=None):
    with tf.Session() as session:
        return session.run(fetches, feed)


# -- groups ---------------------------------------------------------------------


def test_group_runs_everything():
    a, b = tf.Variable(1.0), tf.Variable(2.0)
    both = tf.group(tf.assign(a, 3.0), tf.assign(b, 4.0), name="both")
    with tf.Session() as session:
        session.run(tf.initialize_all_variables())
        assert session.run(both) is None
        assert session.run([a, b]) == [3, 4]
    assert both.name == "both"


def test_group_makes_a_node_per_device():
    with tf.device("/cpu:0"):
        a = tf.constant(1.0)
    with tf.device("/cpu:1"):
        b = tf.constant(1.0)
    group = tf.group(a, b)
    assert [op.device[-5:] for op in group.control_inputs] == ["CPU:0", "CPU:1"]


def test_group_refuses_other_keywords():
    with pytest.raises(ValueError, match="Unknown keyword arguments: label"):
        tf.group(label="x")


def test_tuple_waits_for_all_and_keeps_none():
    a = tf.constant(1.0)
    slices = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([0]))
    first, none, rows = tf.tuple([a, None, slices])
    assert none is None
    assert first.op.name == "tuple/control_dependency"
    assert isinstance(rows, tf.IndexedSlices)
    (gate,) = first.op.control_inputs
    assert gate.control_inputs == [a.op, slices.op]
    assert run(first) == 1


def test_tuple_of_nothing_is_refused():
    with pytest.raises(ValueError, match="Must have at least one Tensor"):
        tf.tuple([None])
    with pytest.raises(TypeError, match="Control input must be Operation or Tensor: 3"):
        tf.tuple([tf.constant(1.0)], control_inputs=[3])


def test_value_comes_after_its_dependencies():
    v = tf.Variable(1.0)
    update = tf.assign(v, 5.0)
    with tf.control_dependencies([update]):
        value = control_flow_ops.with_dependencies([update], tf.constant(2.0))
    with tf.Session() as session:
        session.run(tf.initialize_all_variables())
        assert session.run(value) == 2
        assert session.run(v) == 5


# -- NaN ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1.0, np.nan], "loss : Tensor had NaN values"),
        ([-np.inf, 1.0], "loss : Tensor had Inf values"),
        ([np.nan, np.inf], "loss : Tensor had Inf and NaN values"),
    ],
)
def test_check_names_what_it_found(value, words):
    x = tf.placeholder(tf.float32)
    for checked in (
        numerics.check_numerics(x, "loss"),
        numerics.verify_tensor_all_finite(x, "loss"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            run(checked, {x: value})
        assert run(checked, {x: [1.0, 2.0]}).tolist() == [1, 2]


def test_failing_check_leaves_variables_untouched():
    v, x = tf.Variable(1.0), tf.placeholder(tf.float32, [])
    step = tf.group(tf.assign_add(v, 1.0), numerics.check_numerics(x / 0.0, "x"))
    with tf.Session() as session:
        session.run(tf.initialize_all_variables())
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(step, {x: 1.0})
        assert session.run(v) == 1


def test_check_has_a_gradient_that_is_checked():
    x = tf.placeholder(tf.float32, [])
    (slope,) = tf.gradients(tf.sqrt(numerics.check_numerics(x, "x")), x)
    assert run(slope, {x: 4.0}) == 0.25
    with pytest.raises(tf.errors.InvalidArgumentError, match="detected in gradient"):
        run(slope, {x: 0.0})


def test_checks_of_the_whole_graph_name_the_first_tensor():
    x = tf.placeholder(tf.float32, [], name="x")
    tf.exp(tf.log(x, name="log"), name="exp")
    tf.constant(1)
    checks = numerics.add_check_numerics_ops()
    run(checks, {x: 1.0})
    with pytest.raises(tf.errors.InvalidArgumentError, match="^log:0 : Tensor had Inf"):
        run(checks, {x: 0.0})


# -- clipping -------------------------------------------------------------------


def test_clipped_list_keeps_its_kinds():
    rows = tf.IndexedSlices(tf.constant([[0.0, 4.0]]), tf.constant([1]))
    clipped, norm = tf.clip_by_global_norm([tf.constant([3.0]), None, rows], 1.0)
    assert clipped[1] is None
    assert isinstance(clipped[2], tf.IndexedSlices)
    assert clipped[2].indices is rows.indices
    first, second, size = run([clipped[0], clipped[2].values, norm])
    np.testing.assert_allclose(first, [0.6], rtol=1e-6)
    np.testing.assert_allclose(second, [[0.0, 0.8]], rtol=1e-6)
    assert size == 5


def test_clip_norm_may_be_a_tensor():
    limit = tf.placeholder(tf.float32, [])
    x = tf.constant([3.0, 4.0])
    clipped = [tf.clip_by_norm(x, limit), tf.clip_by_global_norm([x], limit)[0][0]]
    for value in run(clipped, {limit: 2.5}):
        np.testing.assert_allclose(value, [1.5, 2.0], rtol=1e-6)


def test_clip_by_norm_along_axes():
    x = tf.constant([[3.0, 4.0], [0.3, 0.4]])
    rows = run(tf.clip_by_norm(x, 1.0, axes=[1]))
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0.3, 0.4]], rtol=1e-6)


def test_third_argument_of_clip_by_norm_may_be_its_name():
    assert tf.clip_by_norm(tf.constant([1.0]), 1.0, "clipped").op.name == "clipped"


@pytest.mark.parametrize(
    "function", [tf.global_norm, lambda t: tf.clip_by_global_norm(t, 1.0)]
)
def test_global_norm_wants_a_list(function):
    with pytest.raises(TypeError, match="t_list should be a sequence"):
        function(tf.constant([1.0]))
