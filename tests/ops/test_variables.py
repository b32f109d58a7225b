"""Variables: what is refused, what fails when running, and what is kept."""

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.ops import state_ops, variables


def session():
    sess = tf.Session()
    sess.run(tf.initialize_all_variables())
    return sess


# -- making -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "initial_value must be specified"),
        (
            {"initial_value": 1.0, "collections": "mine"},
            "collections argument to Variable constructor must be a list, tuple, or",
        ),
        (
            {"initial_value": lambda: 1.0},
            "dtype must also be specified when initial_value is callable",
        ),
        (
            {"initial_value": 1.0, "variable_def": object()},
            "variable_def and initial_value are mutually exclusive",
        ),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        tf.Variable(**arguments)


@pytest.mark.parametrize("shape", [None, [None], [2, None]])
def test_initial_value_of_unknown_shape_is_refused(shape):
    value = tf.placeholder(tf.float32, shape)
    with pytest.raises(ValueError, match="initial_value must have a shape specified"):
        tf.Variable(value)
    assert tf.Variable(value, validate_shape=False).get_shape().ndims is None


def test_initial_value_of_another_dtype_is_refused():
    with pytest.raises(TypeError, match="Expected int32, got 1.5"):
        tf.Variable([1.5], dtype=tf.int32)


def test_variable_is_made_outside_of_control_dependencies():
    with tf.control_dependencies([tf.no_op(name="before")]):
        v = tf.Variable(1.0, name="v")
    for op in (v.op, v.initializer, v.value().op, v.initial_value.op):
        assert op.control_inputs == []


def test_proto_of_a_graph_without_the_variable_is_refused():
    proto = tf.Variable(1.0, name="v").to_proto()
    with tf.Graph().as_default(), pytest.raises(KeyError, match="v:0"):
        tf.Variable.from_proto(proto)


def test_slice_info_survives_the_proto():
    part = tf.create_partitioned_variables([4, 2], [2, 1], tf.zeros([4, 2]), name="p")
    again = tf.Variable.from_proto(part[1].to_proto())
    assert again._save_slice_info.spec == "4 2 2,2:0,2"
    assert again._save_slice_info.full_name == "p"


# -- use ------------------------------------------------------------------------------


def test_variables_are_not_iterable():
    with pytest.raises(TypeError, match="'Variable' object is not iterable"):
        iter(tf.Variable([1.0]))


def test_numpy_arrays_leave_operators_to_variables():
    v = tf.Variable([1.0, 2.0])
    with session() as sess:
        total, product = sess.run([np.float32([1, 1]) + v, np.float32([2, 2]) * v])
    np.testing.assert_array_equal(total, [2, 3])
    np.testing.assert_array_equal(product, [2, 4])


def test_eval_without_a_session_is_refused():
    with pytest.raises(ValueError, match="Cannot evaluate tensor using `eval\\(\\)`"):
        tf.Variable(1.0).eval()


def test_conversion_to_another_dtype_is_refused():
    v = tf.Variable(1.0)
    with pytest.raises(ValueError, match="Incompatible type conversion requested"):
        tf.convert_to_tensor(v, dtype=tf.int32)


@pytest.mark.parametrize("fetch", ["variable", "value", "sum", "assign_add", "scatter"])
def test_use_before_initialisation_fails(fetch):
    v = tf.Variable([1.0], name="v")
    what = {
        "variable": v,
        "value": v.value(),
        "sum": v + 1.0,
        "assign_add": v.assign_add([1.0]),
        "scatter": tf.scatter_add(v, [0], [1.0]),
    }[fetch]
    with (
        tf.Session() as sess,
        pytest.raises(
            tf.errors.FailedPreconditionError,
            match="Attempting to use uninitialized value v",
        ),
    ):
        sess.run(what)


def test_load_sets_the_value():
    v = tf.Variable([1.0, 2.0])
    with tf.Session() as sess:
        v.load([3.0, 4.0], sess)
        np.testing.assert_array_equal(sess.run(v), [3, 4])


# -- changes --------------------------------------------------------------------------


def test_assignment_of_another_shape_is_refused():
    v = tf.Variable([1.0])
    with pytest.raises(ValueError, match="'Assign'"):
        v.assign([1.0, 2.0])
    with pytest.raises(ValueError, match="'AssignAdd'"):
        v.assign_add([1.0, 2.0])


def test_assignment_of_another_dtype_is_refused():
    message = "Input 'value' of 'Assign' Op has type int32 that does not match type"
    with pytest.raises(TypeError, match=message):
        tf.Variable([1.0]).assign(tf.constant([1]))


@pytest.mark.parametrize("change", [tf.assign, tf.assign_add, tf.assign_sub])
def test_only_variables_can_be_assigned(change):
    with pytest.raises(TypeError, match="'ref' be a mutable tensor"):
        change(tf.constant(1.0), 2.0)


def test_increment_of_another_size_fails_and_changes_nothing():
    v = tf.Variable([1.0, 2.0])
    delta = tf.placeholder(tf.float32)
    add = v.assign_add(delta)
    with session() as sess:
        with pytest.raises(
            tf.errors.InvalidArgumentError,
            match="Parameters and update must be the same size",
        ):
            sess.run(add, {delta: [1.0, 2.0, 3.0]})
        np.testing.assert_array_equal(sess.run(v), [1, 2])


@pytest.mark.parametrize("scatter", [tf.scatter_add, tf.scatter_sub, tf.scatter_update])
def test_scatter_of_rows_that_do_not_fit_is_refused(scatter):
    v = tf.Variable(np.zeros([3, 2], "f"))
    with pytest.raises(ValueError, match="'Scatter"):
        scatter(v, [0, 1], [[1.0, 2.0]])


@pytest.mark.parametrize(("row", "shown"), [(3, "3"), (-1, "-1")])
def test_scatter_to_no_row_fails_and_changes_nothing(row, shown):
    v = tf.Variable(np.zeros(3, "f"))
    op = tf.scatter_add(v, [0, row], [1.0, 1.0])
    with session() as sess:
        with pytest.raises(
            tf.errors.InvalidArgumentError,
            match=rf"indices\[1\] = {shown} is not in \[0, 3\)",
        ):
            sess.run(op)
        np.testing.assert_array_equal(sess.run(v), [0, 0, 0])


def test_scatter_skips_computed_indices_that_are_no_rows():
    v = tf.Variable(np.zeros(3, "f"))
    rows = tf.placeholder(tf.int32, [3])
    op = tf.scatter_add(v, rows, [1.0, 2.0, 4.0])
    with session() as sess:
        np.testing.assert_array_equal(sess.run(op, {rows: [-1, 1, 3]}), [0, 2, 0])


def test_scatter_sub_wants_slices():
    with pytest.raises(ValueError, match="sparse_delta is not IndexedSlices"):
        tf.Variable([1.0]).scatter_sub(tf.constant([1.0]))


# -- counting -------------------------------------------------------------------------


def test_count_up_to_ends_with_out_of_range():
    v = tf.Variable(0, name="v")
    count = v.count_up_to(2)
    with session() as sess:
        assert [sess.run(count), sess.run(count)] == [0, 1]
        for _ in range(2):
            with pytest.raises(tf.errors.OutOfRangeError, match="Reached limit of 2"):
                sess.run(count)
        assert sess.run(v) == 2


def test_count_up_to_in_a_run_that_fails_does_not_count():
    v = tf.Variable(0)
    x = tf.placeholder(tf.float32)
    failing = tf.Variable([1.0, 2.0]).assign_add(x)
    with tf.control_dependencies([v.count_up_to(5)]):
        after = tf.identity(failing)
    with session() as sess:
        with pytest.raises(tf.errors.InvalidArgumentError):
            sess.run(after, {x: [1.0, 2.0, 3.0]})
        assert sess.run(v) == 0


def test_counters_feed_what_comes_after_them():
    v = tf.Variable(3)
    count = v.count_up_to(10)
    doubled = count * 2
    with session() as sess:
        assert sess.run([doubled, v]) == [6, 4]
        assert sess.run([doubled, v.assign_add(0)])[0] == 8


def test_count_up_to_wants_integers():
    with pytest.raises(TypeError, match="float32 for attr 'T'"):
        tf.Variable(1.0).count_up_to(3)


# -- initialisation -------------------------------------------------------------------


def test_report_names_what_is_missing():
    a, b = tf.Variable(1.0, name="a"), tf.Variable(2.0, name="b")
    report = tf.report_uninitialized_variables()
    with tf.Session() as sess:
        assert sess.run(report).tolist() == [b"a", b"b"]
        sess.run(b.initializer)
        assert sess.run(report).tolist() == [b"a"]
        sess.run(a.initializer)
        assert sess.run(report).tolist() == []


def test_initialize_variables_wants_variables():
    with pytest.raises(AttributeError, match="initializer"):
        tf.initialize_variables([tf.constant(1.0)])


def test_initial_values_may_depend_on_each_other():
    a = tf.Variable([1.0, 2.0])
    b = tf.Variable(a.initialized_value() * 2.0)
    c = tf.Variable(b.initialized_value() + a.initialized_value())
    with tf.Session() as sess:
        sess.run(c.initializer)
        np.testing.assert_array_equal(sess.run(c), [3, 6])
        np.testing.assert_array_equal(sess.run(a), [1, 2])


def test_names_of_later_releases():
    local = tf.Variable(1.0, collections=[tf.GraphKeys.LOCAL_VARIABLES])
    plain = tf.Variable(1.0)
    assert tf.global_variables() == [plain]
    with tf.Session() as sess:
        sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        assert sess.run([local, plain]) == [1, 1]
        sess.run(tf.variables_initializer([plain]))


def test_bare_variables_are_reported_too():
    bare = state_ops.variable_op([2], tf.float32, name="bare")
    start = state_ops.init_variable(bare, tf.zeros)
    report = variables.report_uninitialized_variables()
    with tf.Session() as sess:
        assert sess.run(report).tolist() == [b"bare"]
        np.testing.assert_array_equal(sess.run(start), [0, 0])
        assert sess.run(report).tolist() == []
