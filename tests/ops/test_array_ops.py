"""What the recorded cases of `tests/parity` do not hold.

Refused input in words, indices that are tensors, and what differs from TensorFlow on
purpose.
"""

import numpy as np
import pytest

import tfstyle as tf

MATRIX = np.arange(12, dtype=np.float32).reshape(3, 4)
CUBE = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def run(fetches, feed=None):
    with tf.Session() as session:
        return session.run(fetches, feed)


def unknown(value, ndims=None):
    """A placeholder that knows no sizes, and what to feed it."""
    value = np.asarray(value)
    shape = None if ndims is None else [None] * ndims
    return tf.placeholder(tf.as_dtype(value.dtype), shape)


# -- refused while the graph is built -------------------------------------------

REFUSED = {
    "reshape_other_size": (
        lambda: tf.reshape(tf.zeros([2, 3]), [4]),
        r"Cannot reshape a tensor with 6 elements to shape \[4\] \(4 elements\) for "
        r"'Reshape' \(op: 'Reshape'\) with input shapes: \[2,3\], \[1\]",
    ),
    "reshape_no_multiple": (
        lambda: tf.reshape(tf.zeros([2, 3]), [4, -1]),
        "evenly divisible by 4 but is 6",
    ),
    "reshape_matrix_as_shape": (
        lambda: tf.reshape(tf.zeros([2, 3]), [[6]]),
        r"Shape \(1, 1\) must have rank 1",
    ),
    "transpose_short": (
        lambda: tf.transpose(tf.zeros([2, 3]), [0]),
        "Dimension must be 2 but is 1 for 'transpose'",
    ),
    "transpose_out_of_range": (
        lambda: tf.transpose(tf.zeros([2, 3]), [0, 2]),
        "perm dim 2 is out of range of input rank 2",
    ),
    "transpose_twice": (
        lambda: tf.transpose(tf.zeros([2, 3]), [0, 0]),
        r"1 is missing from \[0, 0\]",
    ),
    "expand_dims": (
        lambda: tf.expand_dims(tf.zeros([2]), 3),
        r"dim 3 not in the interval \[-2, 1\]",
    ),
    "squeeze_larger": (
        lambda: tf.squeeze(tf.zeros([2, 1]), [0]),
        r"Can not squeeze dim\[0\], expected a dimension of 1, got 2",
    ),
    "squeeze_missing": (
        lambda: tf.squeeze(tf.zeros([2, 1]), [2]),
        r"squeeze_dims\[0\] not in \[-2,2\)",
    ),
    "slice_rank": (
        lambda: tf.slice(tf.zeros([2, 3]), [0], [1]),
        r"Shape \(2, 3\) must have rank 1",
    ),
    "slice_too_long": (
        lambda: tf.slice(tf.zeros([2, 3]), [0, 1], [1, 3]),
        r"Expected size\[1\] in \[0, 2\], but got 3",
    ),
    "slice_begins_outside": (
        lambda: tf.slice(tf.zeros([2, 3]), [0, 4], [1, -1]),
        r"Expected begin\[1\] in \[0, 3\], but got 4",
    ),
    "index_outside": (
        lambda: tf.zeros([2])[5],
        "slice index 5 of dimension 0 out of bounds",
    ),
    "negative_index_outside": (
        lambda: tf.zeros([2])[-3],
        "slice index -3 of dimension 0 out of bounds",
    ),
    "too_many_indices": (
        lambda: tf.zeros([2, 3])[0, 0, 0],
        "Index out of range using input dim 2; input has only 2 dims",
    ),
    "zero_step": (lambda: tf.zeros([2])[::0], r"strides\[0\] must be non-zero"),
    "two_ellipses": (
        lambda: tf.zeros([2, 3])[..., ..., 0],
        "Multiple ellipses in slice spec not allowed",
    ),
    "concat_other_sizes": (
        lambda: tf.concat(0, [tf.zeros([2, 3]), tf.zeros([2, 4])]),
        "Dimensions 3 and 4 are not compatible for 'concat'",
    ),
    "concat_dimension": (
        lambda: tf.concat(2, [tf.zeros([2, 3])] * 2),
        "Shape must be at least rank 3 but is rank 2",
    ),
    "concat_ranks": (
        lambda: tf.concat(0, [tf.zeros([2]), tf.zeros([2, 3])]),
        r"Shape \(2, 3\) must have rank 1",
    ),
    "concat_scalars": (
        lambda: tf.concat(0, [tf.zeros([]), tf.zeros([])]),
        "Can't concatenate scalars",
    ),
    "concat_nothing": (
        lambda: tf.concat(0, []),
        "with length 0 shorter than minimum length 2",
    ),
    "split_uneven": (
        lambda: tf.split(0, 3, tf.zeros([4])),
        "evenly divisible by 3 but is 4 for 'split'",
    ),
    "split_dimension": (
        lambda: tf.split(1, 2, tf.zeros([4])),
        "Shape must be at least rank 2 but is rank 1",
    ),
    "pack_shapes": (
        lambda: tf.pack([tf.zeros([2]), tf.zeros([3])]),
        r"Shapes \(2,\) and \(3,\) are not compatible for 'pack'",
    ),
    "pack_axis": (
        lambda: tf.pack([[1], [2]], axis=5),
        r"axis = 5 not in \[-2, 2\)",
    ),
    "unpack_number": (
        lambda: tf.unpack(tf.zeros([2, 3]), 3),
        "Dimension must be 3 but is 2 for 'unpack'",
    ),
    "unpack_unknown": (
        lambda: tf.unpack(tf.placeholder(tf.float32, [None, 2])),
        r"Cannot infer num from shape \(\?, 2\)",
    ),
    "tile_length": (
        lambda: tf.tile(tf.zeros([2, 3]), [2]),
        "Shape must be rank 2 but is rank 1",
    ),
    "tile_negative": (
        lambda: tf.tile(tf.zeros([2]), [-2]),
        "Dimension -2 must be >= 0",
    ),
    "pad_rank": (
        lambda: tf.pad(tf.zeros([2, 3]), [[1, 1]]),
        "Shape must be rank 1 but is rank 2",
    ),
    "pad_mode": (
        lambda: tf.pad(tf.zeros([2]), [[1, 1]], mode="WRAP"),
        "Unknown padding mode: WRAP",
    ),
    "pad_reflects_too_much": (
        lambda: tf.pad(tf.zeros([2]), [[2, 1]], mode="REFLECT"),
        "paddings must be less than the dimension size: 2, 1 not less than 2",
    ),
    "pad_mirrors_too_much": (
        lambda: tf.pad(tf.zeros([2]), [[3, 1]], mode="SYMMETRIC"),
        "no greater than the dimension size: 3, 1 greater than 2",
    ),
    "pad_negative": (
        lambda: tf.pad(tf.zeros([2]), [[-1, 1]]),
        "Paddings must be non-negative",
    ),
    "reverse_length": (
        lambda: tf.reverse(tf.zeros([2, 3]), [True]),
        "Shape must be rank 1 but is rank 2",
    ),
    "reverse_sequence_same_dimension": (
        lambda: tf.reverse_sequence(tf.zeros([2, 3]), np.int64([1, 1]), 0),
        "batch_dim == seq_dim == 0",
    ),
    "reverse_sequence_too_long": (
        lambda: tf.reverse_sequence(tf.zeros([2, 3]), np.int64([1, 4]), 1),
        r"seq_lens\(1\) > input.dims\(1\)",
    ),
    "gather_scalar": (
        lambda: tf.gather(tf.zeros([]), [0]),
        r"Shape \(\) must have rank at least 1",
    ),
    "gather_outside": (
        lambda: tf.gather(tf.zeros([2]), [[0, 7]]),
        r"indices\[0,1\] = 7 is not in \[0, 2\) for 'Gather'",
    ),
    "gather_negative": (
        lambda: tf.gather(tf.zeros([2]), [-1]),
        r"indices\[0\] = -1 is not in \[0, 2\)",
    ),
    "gather_nd_outside": (
        lambda: tf.gather_nd(tf.zeros([2, 3]), [[0, 7]]),
        r"flat indices\[0, :\] = \[0, 7\] does not index into param "
        r"\(shape: \[2, 3\]\)",
    ),
    "gather_nd_rank": (
        lambda: tf.gather_nd(tf.zeros([2, 3]), [[0, 1, 2]]),
        r"indices.shape\[-1\] must be <= params.rank",
    ),
    "one_hot_negative": (
        lambda: tf.one_hot([0], -1),
        "depth must be non-negative, got: -1 for 'one_hot'",
    ),
    "one_hot_axis": (
        lambda: tf.one_hot([0], 2, axis=3),
        r"Expected axis to be -1 or between \[0, 2\).  But received: 3",
    ),
    "fill_negative": (lambda: tf.fill([-1], 1.0), "Fill dimensions must be >= 0"),
    "fill_no_scalar": (
        lambda: tf.fill([2], tf.zeros([2])),
        r"Shape \(2,\) must have rank 0",
    ),
    "zeros_partly_known": (
        lambda: tf.zeros([None, 2]),
        r"Cannot convert a partially known TensorShape to a Tensor: \(\?, 2\)",
    ),
    "zeros_of_nothing": (
        lambda: tf.zeros(None),
        "Cannot convert a partially known TensorShape",
    ),
    "select_shapes": (
        lambda: tf.select([True, False], [1.0], [1.0, 2.0]),
        r"Shapes \(1,\) and \(2,\) are not compatible for 'Select'",
    ),
    "select_condition": (
        lambda: tf.select([True], [1.0, 2.0], [1.0, 2.0]),
        "Dimensions 2 and 1 are not compatible",
    ),
    "where_one_branch": (
        lambda: tf.where([True], x=[1]),
        "x and y must both be non-None or both be None",
    ),
    "dynamic_partition_shapes": (
        lambda: tf.dynamic_partition(tf.zeros([3]), [0, 1], 2),
        "Dimensions must be equal, but are 3 and 2 for 'DynamicPartition'",
    ),
    "dynamic_stitch_shapes": (
        lambda: tf.dynamic_stitch([[0, 1]], [tf.zeros([3])]),
        "Dimensions must be equal, but are 3 and 2 for 'DynamicStitch'",
    ),
    "boolean_mask_scalar": (
        lambda: tf.boolean_mask(tf.zeros([2]), np.array(True)),
        "mask cannot be scalar",
    ),
    "boolean_mask_rank": (
        lambda: tf.boolean_mask(tf.zeros([2, 2]), tf.placeholder(tf.bool)),
        "mask dimensions must be specified, even if some dimensions are None",
    ),
    "space_to_depth": (
        lambda: tf.space_to_depth(tf.zeros([1, 3, 4, 1]), 2),
        "evenly divisible by 2 but is 3 for 'SpaceToDepth'",
    ),
    "batch_to_space": (
        lambda: tf.batch_to_space(tf.zeros([4, 1, 1, 1]), [[3, 0], [0, 0]], 2),
        "Negative dimension size caused by subtracting 3 from 2",
    ),
    "bitcast": (
        lambda: tf.bitcast(tf.zeros([3], tf.uint8), tf.int32),
        "Cannot bitcast due to shape. 3 does not match 4 for 'Bitcast'",
    ),
    "placeholder_with_default": (
        lambda: tf.placeholder_with_default(tf.zeros([2]), [3]),
        r"Shapes \(2,\) and \(3,\) are incompatible",
    ),
    "expand_dims_twice": (
        lambda: tf.expand_dims([1], 0, axis=0),
        "give one of `dim` and `axis`",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_value_error_when_the_graph_is_built(case):
    build, words = REFUSED[case]
    with pytest.raises(ValueError, match=words):
        build()


WRONG_KIND = {
    "index_text": (lambda: tf.zeros([2])["text"], "Bad slice index 'text'"),
    "index_float": (lambda: tf.zeros([2])[1.5], "Bad slice index 1.5"),
    "index_of_floats": (
        lambda: tf.zeros([2])[tf.constant(1.0)],
        "must be int32 or int64, not float32",
    ),
    "step_tensor": (
        lambda: tf.zeros([2])[:: tf.placeholder(tf.int32, [])],
        "the step must be a Python integer",
    ),
    "concat_arguments_swapped": (
        lambda: tf.concat([tf.zeros([2]), tf.zeros([2])], 0),
        "The dimension comes first",
    ),
    "one_hot_values": (
        lambda: tf.one_hot([0, 1], 2, 1.0, 0),
        "float32'> of on_value does not match dtype <dtype: 'int32'> of off_value",
    ),
    "one_hot_dtype": (
        lambda: tf.one_hot([0], 2, on_value=1.0, dtype=tf.int32),
        "of on_value does not match dtype parameter",
    ),
    "one_hot_text": (
        lambda: tf.one_hot([0], 2, on_value="a"),
        "needs both on_value and off_value",
    ),
    "one_hot_floats": (
        lambda: tf.one_hot([0.0], 2),
        "float32 for attr 'TI' not in list of allowed values",
    ),
    "zeros_text": (lambda: tf.zeros([2], tf.string), "Expected string, got 0"),
    "placeholder_dtype": (lambda: tf.placeholder("text"), "'text'"),
    "edit_distance": (
        lambda: tf.edit_distance([1, 2], [1]),
        "Hypothesis must be a SparseTensor",
    ),
    "string_to_number": (
        lambda: tf.string_to_number(["1"], tf.float64),
        "for attr 'out_type' not in list of allowed values",
    ),
}


@pytest.mark.parametrize("case", WRONG_KIND)
def test_type_error_when_the_graph_is_built(case):
    build, words = WRONG_KIND[case]
    with pytest.raises(TypeError, match=words):
        build()


# -- refused when a step runs ---------------------------------------------------

FAILING = {
    "reshape": (
        lambda x: tf.reshape(x, [5]),
        "Input to reshape is a tensor with 12 values, but the requested shape has 5",
    ),
    "reshape_multiple": (
        lambda x: tf.reshape(x, [5, -1]),
        "requested shape requires a multiple of 5",
    ),
    "reshape_two_unknown": (
        lambda x: tf.reshape(x, [-1, -1]),
        "only one input size may be -1, not both 0 and 1",
    ),
    "squeeze": (lambda x: tf.squeeze(x, [0]), r"Can not squeeze dim\[0\]"),
    "slice": (
        lambda x: tf.slice(x, [0, 1], [1, 4]),
        r"Expected size\[1\] in \[0, 3\], but got 4",
    ),
    "slice_rank": (
        lambda x: tf.slice(x, [0], [1]),
        "Expected begin and size arguments to be 1-D tensors of size 2",
    ),
    "concat": (
        lambda x: tf.concat(1, [x, tf.zeros([2, 4])]),
        r"shape\[0\] = \[3, 4\] vs. shape\[1\] = \[2, 4\]",
    ),
    "split": (lambda x: tf.split(0, 2, x), "evenly divisible by 2 but is 3"),
    "pack": (
        lambda x: tf.pack([x, tf.zeros([3, 3])]),
        r"values\[0\].shape = \[3, 4\] != values\[1\].shape = \[3, 3\]",
    ),
    "select": (
        lambda x: tf.select(True, x, tf.zeros([3, 3])),
        r"\[3, 4\] vs. \[3, 3\]",
    ),
    "mirror": (
        lambda x: tf.pad(x, [[0, 0], [4, 0]], mode="REFLECT"),
        "paddings must be less than the dimension size: 4, 0 not less than 4",
    ),
    "partition": (
        lambda x: tf.dynamic_partition(x, [0, 2, 1], 2),
        r"partitions\[1\] = 2 is not in \[0, 2\)",
    ),
    "stitch": (
        lambda x: tf.dynamic_stitch([[0, 1, -1]], [x]),
        r"indices\[2\] is out of range",
    ),
    "unique": (lambda x: tf.unique(x), "unique expects a 1D vector"),
    "space_to_depth": (
        lambda x: tf.space_to_depth(x, 2),
        "Shape must be rank 4 but is rank 2",
    ),
}


@pytest.mark.parametrize("case", FAILING)
def test_invalid_argument_when_the_step_runs(case):
    build, words = FAILING[case]
    x = unknown(MATRIX)
    fetches = build(x)
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(fetches, {x: MATRIX})


def test_strings_that_are_no_numbers_are_refused():
    assert run(tf.string_to_number(["1.5", " 2 ", "1e3"])).tolist() == [1.5, 2, 1000]
    for text, out_type in (("x", None), ("1.5", tf.int32), ("99999999999", tf.int32)):
        words = f"StringToNumberOp could not correctly convert string: {text}"
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            run(tf.string_to_number([text], out_type))


def test_placeholder_that_is_not_fed_is_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed a value"):
        run(tf.identity(tf.placeholder(tf.float32)))


# -- indices --------------------------------------------------------------------

INDICES = {
    "row": lambda i: np.s_[i],
    "column": lambda i: np.s_[:, i],
    "last": lambda i: np.s_[..., i],
    "both": lambda i: np.s_[i, i],
    "from": lambda i: np.s_[i:],
    "until": lambda i: np.s_[:, :i],
    "between": lambda i: np.s_[i:3, i],
    "number_and_tensor": lambda i: np.s_[1, i],
    "step_beside": lambda i: np.s_[i, ::2],
    "negative_beside": lambda i: np.s_[-1, i],
    "new_dimension": lambda i: np.s_[None, i, :],
    "backwards_beside": lambda i: np.s_[::-1, i:],
}


@pytest.mark.parametrize("ndims", [None, 2])
@pytest.mark.parametrize("case", INDICES)
def test_index_that_is_a_tensor_means_what_it_means_in_numpy(case, ndims):
    index = INDICES[case]
    i = tf.placeholder(tf.int32, [])
    x = tf.placeholder(tf.float32, [3, 4] if ndims is None else [None] * ndims)
    got = run(x[index(i)], {x: MATRIX, i: 2})
    np.testing.assert_array_equal(got, MATRIX[index(2)])


def test_index_of_64_bits_and_of_a_dimension():
    x = tf.constant(MATRIX)
    i = tf.placeholder(tf.int64, [])
    got = run([x[i, 1], x[tf.Dimension(2), 0], x[np.int64(1), 0]], {i: 2})
    assert got == [9.0, 8.0, 4.0]


def test_slice_with_a_size_to_the_end_and_a_beginning_that_is_data():
    x = tf.placeholder(tf.float32, [None, 4])
    i = tf.placeholder(tf.int32, [])
    size = tf.slice(x, [i, 1], [1, -1])
    assert size.get_shape().as_list() == [1, 3]
    assert run(size, {x: MATRIX, i: 2}).tolist() == [[9, 10, 11]]
    begin = tf.placeholder(tf.int32, [2])
    rest = tf.slice(x, begin, [-1, 2])
    assert run(rest, {x: MATRIX, begin: [1, 2]}).tolist() == [[6, 7], [10, 11]]


def test_slice_is_differentiated_where_its_beginning_is_data():
    x = tf.placeholder(tf.float32, [3, 4])
    i = tf.placeholder(tf.int32, [])
    (grad,) = tf.gradients(x[i, 1:3], [x])
    want = np.zeros([3, 4], np.float32)
    want[2, 1:3] = 1
    np.testing.assert_array_equal(run(grad, {x: MATRIX, i: 2}), want)


def test_tensor_index_among_others_needs_the_rank():
    x = tf.placeholder(tf.float32)
    i = tf.placeholder(tf.int32, [])
    assert run(x[i], {x: MATRIX, i: 1}).tolist() == [4, 5, 6, 7]
    with pytest.raises(ValueError, match="the rank must be known; use set_shape"):
        x[i, 1]


def test_bounds_beyond_the_end_are_cut_off():
    x = tf.constant(MATRIX)
    assert run(x[1:9, -9:2]).tolist() == [[4, 5], [8, 9]]
    assert x[5:].get_shape().as_list() == [0, 4]


def test_plain_index_makes_the_nodes_of_tensorflow_0_9(graph):
    x = tf.zeros([2, 3])
    before = len(graph.get_operations())
    assert x[0, 1:].get_shape().as_list() == [2]
    made = [op.type for op in graph.get_operations()[before:] if op.type != "Const"]
    assert made == ["Slice", "Squeeze"]


def test_gathered_row_out_of_range_is_nan_and_has_no_gradient():
    x, i = tf.placeholder(tf.float32, [3, 4]), tf.placeholder(tf.int32, [None])
    rows = tf.gather(x, i)
    (grad,) = tf.gradients(rows, [x])
    got, got_grad = run([rows, grad], {x: MATRIX, i: [1, 3, -1]})
    np.testing.assert_array_equal(got[0], MATRIX[1])
    assert np.isnan(got[1:]).all()
    assert got_grad.sum(1).tolist() == [0, 4, 0]


def test_gather_from_no_rows():
    x, i = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.int32, [None])
    rows = tf.gather(x, i)
    assert run(rows, {x: np.zeros([0, 2]), i: []}).shape == (0, 2)
    assert np.isnan(run(rows, {x: np.zeros([0, 2]), i: [0]})).all()


# -- shapes and constants -------------------------------------------------------


def test_large_zeros_are_computed_and_not_stored():
    small, large = tf.zeros([3, 4]), tf.zeros([300, 400])
    assert (small.op.type, large.op.type) == ("Const", "Fill")
    assert large.name == "zeros_1:0"
    assert large.get_shape().as_list() == [300, 400]
    assert run(tf.ones([300, 400])).sum() == 120000


@pytest.mark.parametrize("ndims", [None, 2])
def test_static_shape_of_unknown_sizes(ndims):
    x = unknown(MATRIX, ndims)
    assert tf.reshape(x, [-1, 4]).get_shape().as_list() == [None, 4]
    assert tf.fill(tf.pack([tf.shape(x)[0], 5]), 1.0).get_shape().as_list() == [None, 5]
    assert tf.transpose(x, [1, 0]).get_shape().as_list() == [None, None]
    assert tf.concat(1, [x, tf.zeros([3, 2])]).get_shape().as_list() == [3, None]
    assert tf.pack([x, tf.zeros([3, 4])]).get_shape().as_list() == [2, 3, 4]


def test_transpose_of_unknown_rank_reverses_the_dimensions():
    x = tf.placeholder(tf.float32)
    np.testing.assert_array_equal(run(tf.transpose(x), {x: CUBE}), CUBE.T)


def test_shape_that_is_fed():
    x, dims = tf.placeholder(tf.float32), tf.placeholder(tf.int32, [None])
    out = tf.reshape(x, dims)
    assert run(out, {x: MATRIX, dims: [4, 3]}).shape == (4, 3)
    assert run(out, {x: MATRIX, dims: [2, -1, 2]}).shape == (2, 3, 2)


def test_placeholder_with_default_can_be_fed():
    x = tf.placeholder_with_default([1.0, 2.0], [None])
    double = x + x
    assert run(double).tolist() == [2, 4]
    assert run(double, {x: [5.0]}).tolist() == [10]


def test_placeholder_with_default_of_any_shape():
    x = tf.placeholder_with_default([1.0, 2.0], None)
    assert x.get_shape().ndims is None
    assert run(x, {x: [[5.0]]}).tolist() == [[5]]


def test_no_gradient_flows_through_stop_gradient():
    x = tf.placeholder(tf.float32, [])
    (grad,) = tf.gradients(x * tf.stop_gradient(x), [x])
    assert run(grad, {x: 3.0}) == 3
    assert tf.gradients(tf.stop_gradient(x), [x]) == [None]


def test_names_of_later_releases():
    x = tf.constant(MATRIX)
    condition = x > 5
    want = np.where(MATRIX > 5, MATRIX, 0)
    for got in (
        tf.where(condition, x, tf.zeros_like(x)),
        tf.where(condition=condition, x=x, y=tf.zeros_like(x)),
    ):
        np.testing.assert_array_equal(run(got), want)
    assert run(tf.where(condition, name="places")).shape == (6, 2)
    assert run(tf.stack(tf.unstack(x, axis=1), axis=1)).tolist() == MATRIX.tolist()
    assert run(tf.reverse_v2([1, 2, 3], [-1])).tolist() == [3, 2, 1]
    assert run(tf.shape(x, out_type=tf.int64)).dtype == np.int64


def test_reverse_sequence_takes_a_longer_length_as_the_size():
    lengths = tf.placeholder(tf.int64, [3])
    out = tf.reverse_sequence(tf.constant(MATRIX), lengths, 1)
    got = run(out, {lengths: [9, 2, 0]})
    assert got.tolist() == [[3, 2, 1, 0], [5, 4, 6, 7], [8, 9, 10, 11]]


@pytest.mark.parametrize("target", ["uint8", "int64", "float32", "complex64"])
def test_bits_of_complex_numbers(target):
    value = np.complex128([[1 + 2j, 3 - 4j]])
    count = 16 // np.dtype(target).itemsize
    got = run(tf.bitcast(value, target))
    np.testing.assert_array_equal(got.ravel(), value.view(target).ravel())
    assert got.shape == (1, 2, count)
    np.testing.assert_array_equal(run(tf.bitcast(got, tf.complex128)), value)


# -- host steps -----------------------------------------------------------------


def test_gradient_through_a_partition():
    x, parts = tf.placeholder(tf.float32, [4]), tf.placeholder(tf.int32, [4])
    first, second = tf.dynamic_partition(x, parts, 2)
    loss = tf.reduce_sum(first * first) + 3 * tf.reduce_sum(second)
    (grad,) = tf.gradients(loss, [x])
    got = run(grad, {x: [1, 2, 3, 4], parts: [0, 1, 1, 0]})
    assert got.tolist() == [2, 3, 3, 8]


def test_stitched_rows_that_nobody_names_are_zeros():
    assert run(tf.dynamic_stitch([[0, 3]], [[1.0, 2.0]])).tolist() == [1, 0, 0, 2]


def test_constant_mask_needs_no_host_step(graph):
    out = tf.boolean_mask(tf.constant(MATRIX), np.array([True, False, True]))
    assert "Where" not in {op.type for op in graph.get_operations()}
    np.testing.assert_array_equal(run(out), MATRIX[[0, 2]])


def test_edit_distance_of_missing_sequences():
    def sparse(indices, values):
        indices = np.reshape(np.int64(indices), [-1, 2])
        return tf.SparseTensor(indices, np.int64(values), np.int64([3, 2]))

    hypothesis, truth = sparse([[0, 0]], [1]), sparse([[1, 0], [1, 1]], [1, 2])
    assert run(tf.edit_distance(hypothesis, truth)).tolist() == [np.inf, 1, 0]
    plain = tf.edit_distance(hypothesis, truth, normalize=False)
    assert run(plain).tolist() == [1, 2, 0]


def test_patches_that_do_not_fit_are_none():
    one = [1, 1, 1, 1]
    images = tf.zeros([1, 2, 2, 1])
    out = tf.extract_image_patches(images, [1, 3, 3, 1], one, one, "VALID")
    assert out.get_shape().as_list() == [1, 0, 0, 9]
    with pytest.raises(tf.errors.UnimplementedError, match="Only support ksizes"):
        tf.extract_image_patches(images, [2, 1, 1, 1], one, one, "VALID")
