"""What the recorded cases of `tests/parity` do not hold.

Where 0.9 and the recorded 0.12 differ, mistakes in words, and operators on both sides.
"""

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.ops import math_ops, special_math_ops


def run(fetches, feed=None):
    with tf.Session() as session:
        return session.run(fetches, feed)


# -- where 0.9 differs from later releases --------------------------------------


def test_round_takes_halves_up():
    rounded = tf.round([0.5, 1.5, 2.5, -0.5, -1.5])
    np.testing.assert_array_equal(run(rounded), [1, 2, 3, 0, -1])
    assert rounded.op.type == "Floor"


def test_round_returns_integers_as_they_are():
    x = tf.constant([1, 2])
    assert tf.round(x) is x


@pytest.mark.parametrize("fed", [False, True])
def test_integer_division_truncates(fed):
    values = np.int32([-7, 7, -7, 7])
    x = tf.placeholder(tf.int32) if fed else tf.constant(values)
    y = tf.constant([2, -2, -2, 2])
    results = run(
        [x // y, x % y, tf.div(x, y), tf.floordiv(x, y), x.__div__(y), x / y],
        {x: values} if fed else None,
    )
    quotients, remainders, *same, true = results
    np.testing.assert_array_equal(quotients, [-3, -3, 3, 3])
    np.testing.assert_array_equal(remainders, [-1, 1, -1, 1])
    for other in same:
        np.testing.assert_array_equal(other, quotients)
    np.testing.assert_array_equal(true, [-3.5, -3.5, 3.5, 3.5])
    assert true.dtype == np.float64


def test_later_remainders_and_quotients_have_the_sign_of_the_divisor():
    x, y = tf.constant([-7, 7]), tf.constant([2, -2])
    np.testing.assert_array_equal(run(math_ops.floormod(x, y)), [1, -1])
    np.testing.assert_array_equal(run(math_ops.floor_div(x, y)), [-4, -4])
    np.testing.assert_array_equal(run(math_ops.truncatediv(x, y)), [-3, -3])


def test_self_adjoint_eig_stacks_values_and_vectors():
    matrix = np.float32([[2, 1], [1, 2]])
    found = run(tf.self_adjoint_eig(matrix))
    assert found.shape == (3, 2)
    np.testing.assert_allclose(found[0], [1, 3], rtol=1e-5)
    np.testing.assert_allclose(matrix @ found[1:], found[1:] * found[0], atol=1e-5)


# -- operators ------------------------------------------------------------------


def test_operators_name_their_operations():
    x, y = tf.constant(1.0), tf.constant(2.0)
    names = [t.op.name for t in (x + y, x - y, x * y, x / y, x // y, x % y, x**y)]
    assert names == ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow"]
    names = [t.op.name for t in (-x, abs(x), x < y, x <= y, x > y, x >= y)]
    assert names == ["Neg", "Abs", "Less", "LessEqual", "Greater", "GreaterEqual"]
    t = tf.constant(True)
    assert [v.op.name for v in (t & t, t | t, t ^ t, ~t)] == [
        "and",
        "or",
        "xor",
        "LogicalNot",
    ]


def test_operand_on_the_left_takes_the_tensors_dtype():
    x = tf.constant([2.0, 4.0])
    made = [1 + x, np.float32([1, 1]) - x, 2 * x, 8 / x, 9 // x, 5 % x, 2**x]
    for tensor in made:
        assert tensor.dtype == tf.float32
    expected = [[3, 5], [-1, -3], [4, 8], [4, 2], [4, 2], [1, 1], [4, 16]]
    np.testing.assert_array_equal(run(made), expected)


def test_strings_are_added_and_compared():
    x = tf.placeholder(tf.string)
    joined, same = run([x + "!", tf.equal(x, "a")], {x: ["a", "b"]})
    assert joined.tolist() == [b"a!", b"b!"]
    assert same.tolist() == [True, False]


# -- gradients ------------------------------------------------------------------


def test_power_has_second_derivatives():
    x, y = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    (dx,) = tf.gradients(x**y, [x])
    dxx, dxy = tf.gradients(dx, [x, y])
    found = run([dx, dxx, dxy], {x: 2.0, y: 3.0})
    np.testing.assert_allclose(found, [12, 12, 4 + 12 * np.log(2)], rtol=1e-5)


def test_maximum_keeps_nan_of_either_operand():
    x, y = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    feed = {x: [np.nan, 1.0], y: [1.0, np.nan]}
    assert np.isnan(run([tf.maximum(x, y), tf.minimum(x, y)], feed)).all()


def test_segment_prod_has_no_gradient():
    x = tf.constant([1.0, 2.0])
    with pytest.raises(LookupError, match="op type: SegmentProd"):
        tf.gradients(tf.segment_prod(x, [0, 0]), x)


# -- mistakes -------------------------------------------------------------------

REFUSED = {
    "operand_dtype": (
        lambda: tf.add(tf.constant([1.0]), tf.constant([1])),
        TypeError,
        "Input 'y' of 'Add' Op has type int32 that does not match type float32 of "
        "argument 'x'",
    ),
    "operand_shape": (
        lambda: tf.zeros([2]) * tf.zeros([3]),
        ValueError,
        r"Dimensions must be equal, but are 2 and 3 for 'mul' \(op: 'Mul'\) with input "
        r"shapes: \[2\], \[3\]",
    ),
    "matmul_rank": (
        lambda: tf.matmul(tf.zeros([2, 3]), tf.zeros([3])),
        ValueError,
        "must have rank 2",
    ),
    "matmul_inner": (
        lambda: tf.matmul(tf.zeros([2, 3]), tf.zeros([2, 3])),
        ValueError,
        "Dimensions must be equal, but are 3 and 2 for 'MatMul'",
    ),
    "matmul_both_flags": (
        lambda: tf.matmul([[1.0]], [[1.0]], transpose_a=True, adjoint_a=True),
        ValueError,
        "either transposed or made adjoint",
    ),
    "reduction_index": (
        lambda: tf.reduce_sum(tf.zeros([2, 3]), 2),
        ValueError,
        "Invalid reduction dimension 2 for input with 2 dimensions",
    ),
    "two_names_of_indices": (
        lambda: tf.reduce_sum(tf.zeros([2]), 0, axis=0),
        ValueError,
        "Can't specify both axis and reduction_indices",
    ),
    "truediv_dtypes": (
        lambda: tf.truediv(tf.constant(1), tf.constant(1.0)),
        TypeError,
        "x and y must have the same dtype, got tf.int32 != tf.float32",
    ),
    "floordiv_complex": (
        lambda: tf.floordiv(tf.constant(1j), tf.constant(1j)),
        TypeError,
        "Expected floating point or integer, got tf.complex128",
    ),
    "range_backwards": (
        lambda: tf.range(5, 3),
        ValueError,
        "Requires start <= limit when delta > 0: 5/3",
    ),
    "range_standing": (
        lambda: tf.range(3, 5, 0),
        ValueError,
        "Requires delta != 0",
    ),
    "lin_space_of_none": (
        lambda: tf.lin_space(0.0, 1.0, 0),
        ValueError,
        "Requires num > 0: 0",
    ),
    "add_n_of_none": (
        lambda: tf.add_n([]),
        ValueError,
        "inputs must be a list of at least one Tensor with the same dtype and shape",
    ),
    "scalar_mul_of_vector": (
        lambda: tf.scalar_mul(tf.zeros([2]), tf.zeros([2])),
        ValueError,
        r"Only scalar multiply works, got shape \(2,\)",
    ),
    "complex_parts": (
        lambda: tf.complex(tf.constant(1), tf.constant(2)),
        TypeError,
        "real and imag have incorrect types: int32 int32",
    ),
    "lbeta_of_scalar": (
        lambda: special_math_ops.lbeta(1.0),
        ValueError,
        "must have rank at least 1.  Received rank 0",
    ),
    "einsum_operands": (
        lambda: special_math_ops.einsum("ij,jk->ik", tf.zeros([2, 2])),
        ValueError,
        'Got 1 arguments for equation "ij,jk->ik", expecting 2',
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_mistake_is_refused_while_the_graph_is_built(name):
    build, error, words = REFUSED[name]
    with pytest.raises(error, match=words):
        build()


FED = {
    "operand_shape": (
        lambda x: x + tf.zeros([3]),
        np.zeros(2),
        r"Incompatible shapes: \[2\] vs. \[3\]",
    ),
    "matmul_size": (
        lambda x: tf.matmul(x, tf.zeros([2, 2])),
        np.zeros([1, 3]),
        r"Matrix size-incompatible: In\[0\]: \[1,3\], In\[1\]: \[2,2\]",
    ),
    "add_n_shapes": (
        lambda x: tf.add_n([x, tf.zeros([2])]),
        np.zeros(3),
        "Inputs to operation AddN must have the same size and shape",
    ),
    "reduction_index": (
        lambda x: tf.reduce_max(x, 5),
        np.zeros(2),
        r"Invalid reduction dimension 5 for input with 1 dimension\(s\)",
    ),
    "argmax_of_nothing": (
        lambda x: tf.argmax(x, 0),
        np.zeros([0, 2]),
        r"Reduction axis 0 is empty in shape \[0, 2\]",
    ),
    "segment_gap": (
        lambda x: tf.segment_sum(tf.zeros([3]), tf.to_int32(x)),
        [0, 0, 2],
        "segment ids are not increasing by 1",
    ),
    "segment_start": (
        lambda x: tf.segment_max(tf.zeros([3]), tf.to_int32(x)),
        [1, 1, 2],
        "segment ids do not start at 0",
    ),
    "segment_count": (
        lambda x: tf.segment_mean(tf.zeros([3]), tf.to_int32(x)),
        [0, 1],
        "segment_ids should be the same size as dimension 0 of input",
    ),
    "range_backwards": (
        lambda x: tf.range(tf.to_int32(x), 1),
        5,
        "Requires start <= limit when delta > 0: 5/1",
    ),
}


@pytest.mark.parametrize("name", FED)
def test_mistake_found_at_run_time_names_the_operation(name):
    build, value, words = FED[name]
    x = tf.placeholder(tf.float32)
    result = build(x)
    with pytest.raises(tf.errors.InvalidArgumentError, match=words) as caught:
        run(result, {x: value})
    assert caught.value.op is result.op


def test_cast_of_strings_is_unimplemented():
    number = tf.cast(tf.constant(["1"]), tf.float32)
    with pytest.raises(tf.errors.UnimplementedError, match="Cast string to float is"):
        run(number)


# -- static values --------------------------------------------------------------


def test_reduction_of_unknown_sizes_has_its_static_shape():
    x = tf.placeholder(tf.float32, [None, 3])
    assert tf.reduce_sum(x).get_shape() == []
    assert tf.reduce_sum(x, 1).get_shape().as_list() == [None]
    assert tf.reduce_sum(x, 0, keep_dims=True).get_shape() == [1, 3]


def test_reduction_of_unknown_rank_takes_all_dimensions():
    x = tf.placeholder(tf.float32)
    assert run(tf.reduce_sum(x), {x: [[1, 2], [3, 4]]}) == 10
    assert run(tf.reduce_mean(x), {x: 3.0}) == 3


def test_reductions_of_nothing():
    empty = np.zeros([0, 2])
    assert run(tf.reduce_max(empty.astype("float32"), 0)).tolist() == [-np.inf] * 2
    lowest = np.iinfo("int32").min
    assert run(tf.reduce_max(empty.astype("int32"), 0)).tolist() == [lowest] * 2
    assert run(tf.reduce_mean(empty.astype("int32"), 0)).tolist() == [0, 0]


def test_unsorted_segment_sum_leaves_out_ids_out_of_range():
    ids = tf.placeholder(tf.int32)
    total = tf.unsorted_segment_sum(tf.constant([1.0, 2.0, 3.0]), ids, 3)
    assert run(total, {ids: [-1, 2, 5]}).tolist() == [0, 0, 2]


def test_long_ranges_are_not_constants_of_the_program():
    assert run(tf.range(5000))[-1] == 4999


def test_accumulate_n_has_a_gradient():
    x = tf.constant([1.0, 2.0])
    total = tf.accumulate_n([x, x, x], name="total")
    assert total.op.name == "total"
    assert run(tf.gradients(total, x))[0].tolist() == [3, 3]
