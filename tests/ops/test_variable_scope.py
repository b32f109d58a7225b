"""Variable scopes, partitioned variables and templates: what is refused."""

import pytest

import tfstyle as tf
from tfstyle.ops import partitioned_variables


def rows(count):
    return lambda shape, dtype: [count, *[1] * (shape.ndims - 1)]


# -- sharing --------------------------------------------------------------------------


def test_variable_that_exists_is_refused():
    tf.get_variable("v", [1])
    with pytest.raises(ValueError, match="Variable v already exists, disallowed") as e:
        tf.get_variable("v", [1])
    assert "Did you mean to set reuse=True in VarScope?" in str(e.value)
    assert "test_variable_scope.py" in str(e.value)


def test_variable_that_does_not_exist_is_refused():
    with (
        tf.variable_scope("s", reuse=True),
        pytest.raises(ValueError, match="Variable s/v does not exist, disallowed"),
    ):
        tf.get_variable("v", [1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"shape": [2]},
            r"Trying to share variable s/v, but specified shape \(2,\) and found shape "
            r"\(1,\)",
        ),
        (
            {"shape": [1], "dtype": tf.int32},
            "specified dtype int32 and found dtype float32_ref",
        ),
    ],
)
def test_sharing_of_another_kind_is_refused(arguments, message):
    with tf.variable_scope("s"):
        tf.get_variable("v", [1])
    with (
        tf.variable_scope("s", reuse=True),
        pytest.raises(ValueError, match=message),
    ):
        tf.get_variable("v", **arguments)


@pytest.mark.parametrize("shape", [None, [None], [2, None]])
def test_new_variable_of_unknown_shape_is_refused(shape):
    message = r"Shape of a new variable \(v\) must be fully defined, but instead was"
    with pytest.raises(ValueError, match=message):
        tf.get_variable("v", shape)


def test_constant_initializer_and_shape_are_refused():
    message = "If initializer is a constant, do not specify shape"
    with pytest.raises(ValueError, match=message):
        tf.get_variable("v", [2], initializer=tf.constant([1.0, 2.0]))


# -- scopes ---------------------------------------------------------------------------


def test_scope_without_a_name_is_refused():
    message = "If default_name is None then name_or_scope is required"
    with pytest.raises(TypeError, match=message), tf.variable_scope(None):
        pass


def test_scope_of_another_type_is_refused():
    message = "VariableScope: name_or_scope must be a string or VariableScope"
    with pytest.raises(TypeError, match=message), tf.variable_scope(3):
        pass


def test_reuse_of_a_default_name_is_refused():
    message = "reuse=True cannot be used without a name_or_scope"
    with (
        pytest.raises(ValueError, match=message),
        tf.variable_op_scope([], None, "layer", reuse=True),
    ):
        pass


def test_values_of_two_graphs_are_refused():
    here = tf.constant(1.0)
    with tf.Graph().as_default():
        there = tf.constant(1.0)
    with (
        pytest.raises(ValueError, match="must be from the same graph"),
        tf.variable_op_scope([here, there], None, "layer"),
    ):
        pass


def test_later_calls_with_a_default_name():
    x = tf.constant(1.0)
    names = []
    for _ in range(2):
        with tf.variable_scope(None, "layer", [x]):
            names.append(tf.get_variable("v", [1]).name)
        with tf.variable_scope(None, default_name="layer", values=[x]) as scope:
            names.append(scope.name)
    assert names == ["layer/v:0", "layer_1", "layer_2/v:0", "layer_3"]


def test_scope_is_left_when_its_block_fails():
    with pytest.raises(KeyError), tf.variable_scope("s"):
        raise KeyError
    assert tf.get_variable_scope().name == ""


# -- partitions -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("partitioner", "message"),
    [
        (3, "Partitioner must be callable, but received: 3"),
        (lambda shape, dtype: 3, "Partitioner must return a sequence, but saw: 3"),
        (lambda shape, dtype: [1], "does not match the Variable's rank"),
        (lambda shape, dtype: [0, 1], "returned zero partitions for some axes"),
        (lambda shape, dtype: [2, 2], "Can only slice a variable along one dimension"),
        (lambda shape, dtype: [5, 1], "Cannot create 5 slices for size 4"),
    ],
)
def test_bad_partitioners_are_refused(partitioner, message):
    with pytest.raises(ValueError, match=message):
        tf.get_variable("v", [4, 2], partitioner=partitioner)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (2, 4, r"specified partitions \[4, 1\] and found partitions \[2, 1\]"),
        (None, 2, "A partitioner was provided, but an unpartitioned version"),
    ],
)
def test_other_partitions_of_a_variable_are_refused(first, second, message):
    with tf.variable_scope("s"):
        tf.get_variable("v", [4, 2], partitioner=first and rows(first))
    with (
        tf.variable_scope("s", reuse=True),
        pytest.raises(ValueError, match=message),
    ):
        tf.get_variable("v", [4, 2], partitioner=rows(second))


def test_partitioned_variable_that_exists_is_refused():
    tf.get_variable("v", [4, 2], partitioner=rows(2))
    message = "Partitioned variable with name v already exists"
    with pytest.raises(ValueError, match=message):
        tf.get_variable("v", [4, 2], partitioner=rows(2))
    with pytest.raises(ValueError, match="Variable v/part_0 already exists"):
        tf.get_variable("v/part_0", [2, 2])


def test_partitions_of_unknown_shape_are_refused():
    with pytest.raises(ValueError, match="must be fully defined, but instead was"):
        tf.get_variable("v", [None, 2], partitioner=rows(2))


@pytest.mark.parametrize(
    ("slicing", "message"),
    [
        ([2, 2], "Can only slice a variable along one dimension"),
        ([2], "must have the length"),
        ([0, 1], "returned zero partitions"),
        ([8, 1], "Cannot create 8 slices for size 4"),
    ],
)
def test_bad_slicings_are_refused(slicing, message):
    with pytest.raises(ValueError, match=message):
        tf.create_partitioned_variables([4, 2], slicing, tf.zeros([4, 2]))


def test_value_of_another_shape_than_the_whole_is_refused():
    with pytest.raises(ValueError, match="are not compatible"):
        tf.create_partitioned_variables([4, 2], [2, 1], tf.zeros([4, 3]))


def test_slices_differ_in_size_by_at_most_one():
    parts = tf.create_partitioned_variables([5, 2], [3, 1], tf.zeros([5, 2]))
    assert [p.get_shape().as_list()[0] for p in parts] == [2, 2, 1]
    assert [p._save_slice_info.spec for p in parts] == [
        "5 2 0,2:0,2",
        "5 2 2,2:0,2",
        "5 2 4,1:0,2",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_shard_bytes": 0}, "must be positive"),
        ({"max_shard_bytes": 1, "max_shards": -1}, "max_shards must be positive"),
    ],
)
def test_bad_arguments_of_the_size_partitioner_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        tf.variable_axis_size_partitioner(**arguments)


def test_fixed_number_of_slices():
    split = partitioned_variables.fixed_size_partitioner(3, axis=1)
    assert split(tf.TensorShape([4, 9]), tf.float32) == [1, 3]


# -- templates ------------------------------------------------------------------------


def test_template_says_where_it_was_defined():
    template = tf.make_template("t", lambda: 1)
    with pytest.raises(TypeError, match="originally defined at:") as error:
        template(3)
    assert "test_variable_scope.py" in str(error.value)


def test_template_without_a_name_is_refused():
    with pytest.raises(ValueError, match="name cannot be None"):
        tf.make_template(None, lambda: 1)


def test_new_variable_in_a_later_call_is_refused():
    template = tf.make_template("t", lambda: tf.Variable(1.0))
    template()
    message = "Trainable variable created when calling a template after the first time"
    with pytest.raises(ValueError, match=message):
        template()
