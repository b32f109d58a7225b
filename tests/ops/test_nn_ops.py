import numpy as np
import pytest

import tfstyle as tf

NAN = float("nan")


def run(fetches, feed_dict=None):
    with tf.Session() as sess:
        return sess.run(fetches, feed_dict)


def floats(*shape):
    return tf.placeholder(tf.float32, shape)


def run_fed(build, *shapes):
    """Runs what `build` makes of placeholders without shape, fed with zeros."""
    inputs = [tf.placeholder(tf.float32) for _ in shapes]
    feed = {x: np.zeros(shape) for x, shape in zip(inputs, shapes, strict=True)}
    return run(build(*inputs), feed)


# -- activations ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "slopes"),
    [
        ("relu", [0, 0, 0, 1, 1, 0]),
        ("relu6", [0, 0, 0, 0, 0, 0]),
        ("elu", [np.exp(-1), 1, 1, 1, 1, 1]),
    ],
)
def test_activation_has_tensorflows_gradient_at_kinks(function, slopes):
    x = tf.constant([-1.0, -0.0, 0.0, 6.0, 700.0, NAN])
    (gradient,) = tf.gradients(getattr(tf.nn, function)(x), x)
    np.testing.assert_allclose(run(gradient), np.float32(slopes), rtol=1e-6)


def test_relu_of_nan_is_zero():
    # As in TensorFlow, where a comparison decides.
    assert run([tf.nn.relu([NAN]), tf.nn.relu6([NAN])]) == [[0.0], [0.0]]


@pytest.mark.parametrize("function", ["relu", "relu6", "elu", "softplus", "softsign"])
def test_activation_refuses_bool(function):
    with pytest.raises(TypeError, match="DataType bool for attr 'T'.* not in list"):
        getattr(tf.nn, function)([True])


@pytest.mark.parametrize(
    ("op_type", "expected"),
    [
        ("ReluGrad", [0.0, 0.0, 2.0, 2.0]),
        ("Relu6Grad", [0.0, 0.0, 2.0, 0.0]),
        ("EluGrad", [0.0, 2.0, 2.0, 2.0]),
    ],
)
def test_gradient_ops_of_imported_graphs(op_type, expected):
    from tfstyle.framework.op_def import declaration_of

    make = declaration_of(op_type).public
    twos = tf.fill([4], 2.0)
    np.testing.assert_allclose(run(make(twos, [-1.0, 0.0, 1.0, 7.0])), expected)


# -- biases ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "bias", "data_format", "message"),
    [
        ([3], [3], None, "Shape must be at least rank 2 but is rank 1 for 'BiasAdd'"),
        ([2, 3], [2], None, "Dimensions must be equal, but are 3 and 2 for 'BiasAdd'"),
        ([2, 3], [1, 3], None, "Shape must be rank 1 but is rank 2 for 'BiasAdd'"),
        ([2, 3], [3], "NCHW", "Shape must be at least rank 3 but is rank 2"),
        (
            [2, 3],
            [3],
            "text",
            "Attr 'data_format' of 'BiasAdd' Op passed string",
        ),
    ],
)
def test_bias_add_refuses(value, bias, data_format, message):
    with pytest.raises(ValueError, match=message):
        tf.nn.bias_add(floats(*value), floats(*bias), data_format=data_format)


def test_bias_add_refuses_another_type():
    with pytest.raises(ValueError, match="requested dtype float32 for Tensor with"):
        tf.nn.bias_add(floats(2, 3), tf.zeros([3], tf.float64))


@pytest.mark.parametrize(
    ("value", "bias", "message"),
    [
        ([2, 3], [2], r"Must provide as many biases .*: \[2\] vs. \[2,3\]"),
        ([3], [3], r"Input tensor must be at least 2D: \[3\]"),
        ([2, 3], [1, 3], r"Biases must be 1D: \[1,3\]"),
    ],
)
def test_bias_add_refuses_at_run_time(value, bias, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run_fed(tf.nn.bias_add, value, bias)


def test_bias_add_nchw():
    value = tf.zeros([1, 3, 2, 2])
    total = tf.nn.bias_add(value, [1.0, 2.0, 3.0], data_format="NCHW")
    bias_gradient = tf.nn.bias_add_grad(total, data_format="NCHW")
    result, gradient = run([total, bias_gradient])
    np.testing.assert_array_equal(result[0, :, 1, 1], [1, 2, 3])
    np.testing.assert_array_equal(gradient, [4, 8, 12])


# -- softmax and cross entropies ------------------------------------------------


def test_softmax_takes_the_dimension_by_keyword_or_place():
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    by_keyword, by_place = run([tf.nn.softmax(x, dim=0), tf.nn.softmax(x, 0)])
    np.testing.assert_allclose(by_keyword.sum(0), 1, rtol=1e-6)
    np.testing.assert_array_equal(by_keyword, by_place)


def test_softmax_refuses():
    with pytest.raises(TypeError, match="DataType int32 for attr 'T'.* not in list"):
        tf.nn.softmax([[1, 2]])
    with pytest.raises(ValueError, match="Shape must be at least rank 1 but is rank 0"):
        tf.nn.softmax(1.0)
    with pytest.raises(ValueError, match="must be a dimension of the logits, got 2"):
        tf.nn.log_softmax([[1.0]], dim=2)


def test_softmax_cross_entropy_gradient_of_labels_that_do_not_sum_to_1():
    x = tf.constant([[0.0, 0.0, 1.0]])
    labels = tf.constant([[0.0, 1.0, 1.0]])
    loss = tf.nn.softmax_cross_entropy_with_logits(x, labels)
    gradient, none = tf.gradients(loss, [x, labels])
    assert none is None
    expected = [[0.21194156, -0.78805846, -0.42388314]]
    np.testing.assert_allclose(run(gradient), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        (
            [2, 3],
            [2, 4],
            "Dimension 1 in both shapes must be equal, but are 3 and 4",
        ),
        ([2, 3], [3], "Shapes must be equal rank, but are 2 and 1"),
    ],
)
def test_softmax_cross_entropy_refuses(logits, labels, message):
    with pytest.raises(ValueError, match=message):
        tf.nn.softmax_cross_entropy_with_logits(floats(*logits), floats(*labels))


def test_softmax_cross_entropy_refuses_at_run_time():
    message = r"same size: logits_size=\[2,3\] labels_size=\[2,4\]"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run_fed(tf.nn.softmax_cross_entropy_with_logits, [2, 3], [2, 4])


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        ([2, 3], [3], "Dimensions must be equal, but are 2 and 3 for"),
        ([2, 3], [2, 3], r"Rank mismatch: Rank of labels \(received 2\) should equal"),
        ([], [], r"Logits cannot be scalars - received shape \(\)"),
    ],
)
def test_sparse_softmax_cross_entropy_refuses(logits, labels, message):
    labels = tf.placeholder(tf.int32, labels)
    with pytest.raises(ValueError, match=message):
        tf.nn.sparse_softmax_cross_entropy_with_logits(floats(*logits), labels)


def test_sparse_softmax_cross_entropy_refuses_float_labels():
    with pytest.raises(TypeError, match="DataType float32 for attr 'Tlabels'.* not in"):
        tf.nn.sparse_softmax_cross_entropy_with_logits(floats(2, 3), floats(2))


def test_sparse_softmax_cross_entropy_of_a_label_that_is_no_class_is_nan():
    x = tf.zeros([3, 4])
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(x, [1, 4, -1])
    losses, gradient = run([loss, tf.gradients(loss, x)[0]])
    np.testing.assert_allclose(losses, [np.log(4), NAN, NAN], rtol=1e-6)
    np.testing.assert_allclose(gradient[0], [0.25, -0.75, 0.25, 0.25], rtol=1e-6)
    assert np.isnan(gradient[1:]).all()


@pytest.mark.parametrize(
    "loss",
    [
        tf.nn.sigmoid_cross_entropy_with_logits,
        lambda x, t: tf.nn.weighted_cross_entropy_with_logits(x, t, 2.0),
    ],
)
def test_sigmoid_losses_refuse_shapes_that_differ(loss):
    message = r"logits and targets must have the same shape \(\(2,\) vs \(3,\)\)"
    with pytest.raises(ValueError, match=message):
        loss(floats(2), floats(3))


def test_sigmoid_cross_entropy_gradient_at_zero():
    x = tf.zeros([2])
    loss = tf.nn.sigmoid_cross_entropy_with_logits(x, [0.0, 1.0])
    np.testing.assert_allclose(run(tf.gradients(loss, x)[0]), [0.5, -0.5])


# -- ranking --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "k", "message"),
    [
        ([3], -1, "Dimension size, .* must be non-negative but is -1 for 'TopKV2'"),
        ([3], 4, "input must have last dimension >= k = 4 but is 3 for 'TopKV2'"),
        ([], 0, "Shape must be at least rank 1 but is rank 0 for 'TopKV2'"),
        ([3], [1], "Input must be scalar but has rank 1 for 'TopKV2'"),
    ],
)
def test_top_k_refuses(shape, k, message):
    with pytest.raises(ValueError, match=message):
        tf.nn.top_k(floats(*shape), k)


def test_top_k_refuses_at_run_time():
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least k columns"):
        run_fed(lambda x: tf.nn.top_k(x, 7)[0], [2, 3])


def test_top_k_of_a_fed_k():
    k = tf.placeholder(tf.int32, [])
    values, indices = tf.nn.top_k([1.0, 5.0, 3.0, 5.0], k)
    assert values.get_shape().as_list() == [None]
    largest, places = run([values, indices], {k: 3})
    np.testing.assert_array_equal(largest, [5, 5, 3])
    np.testing.assert_array_equal(places, [1, 3, 2])


def test_in_top_k_of_ties_and_what_is_not_finite():
    scores = [[1.0, 2.0, 2.0, 0.0], [3.0, NAN, 1.0, 2.0], [0.0, 1.0, 2.0, 3.0]]
    np.testing.assert_array_equal(
        run(tf.nn.in_top_k(scores, [1, 0, 7], 1)), [True, False, False]
    )


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        ([1, 4], "Dimensions must be equal, but are 1 and 2 for 'InTopK'"),
        ([2], "Shape must be rank 2 but is rank 1 for 'InTopK'"),
    ],
)
def test_in_top_k_refuses(predictions, message):
    with pytest.raises(ValueError, match=message):
        tf.nn.in_top_k(floats(*predictions), [1, 2], 1)


# -- normalisation and dropout --------------------------------------------------


def test_lrn_refuses():
    with pytest.raises(ValueError, match="Shape must be rank 4 but is rank 2"):
        tf.nn.lrn(floats(2, 3))


@pytest.mark.parametrize("keep_prob", [0.0, 1.5, 2])
def test_dropout_refuses_what_is_no_probability(keep_prob):
    message = r"keep_prob must be a scalar tensor or a float in the range \(0, 1\], got"
    with pytest.raises(ValueError, match=message):
        tf.nn.dropout(floats(2), keep_prob)


def test_dropout_refuses_a_vector_and_integers():
    with pytest.raises(ValueError, match="not compatible|incompatible"):
        tf.nn.dropout(floats(2), tf.constant([0.5, 0.5]))
    with pytest.raises(TypeError, match="Expected int32, got 0.5"):
        tf.nn.dropout(tf.constant([1, 2]), 0.5)


def test_dropout_of_a_fed_probability_keeps_the_mean():
    keep_prob = tf.placeholder(tf.float32)
    x = tf.nn.dropout(tf.ones([100, 100]), keep_prob)
    assert x.op.name == "dropout/mul_1"
    assert x.get_shape().as_list() == [100, 100]
    kept = run(x, {keep_prob: 0.25})
    assert set(np.unique(kept)) == {0.0, 4.0}
    assert abs(kept.mean() - 1) < 0.1
    np.testing.assert_array_equal(run(x, {keep_prob: 1.0}), 1.0)


def test_dropout_along_dimensions_together():
    kept = run(tf.nn.dropout(tf.ones([50, 3]), 0.5, noise_shape=[50, 1]))
    assert set(kept.sum(1)) == {0.0, 6.0}


def test_moments_of_float16_do_not_overflow():
    mean, variance = tf.nn.moments(tf.fill([4, 2], tf.constant(300, tf.float16)), [0])
    assert mean.dtype == variance.dtype == tf.float16
    means, variances = run([mean, variance])
    np.testing.assert_array_equal(means, [300, 300])
    np.testing.assert_array_equal(variances, [0, 0])


# -- convolutions ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "kernel", "strides", "padding", "message"),
    [
        ([1, 4, 4, 2], [3, 3, 3, 1], [1] * 4, "SAME", "must be equal, but are 2 and 3"),
        (
            [4, 4, 2],
            [3, 3, 2, 1],
            [1] * 4,
            "SAME",
            "must be rank 4 but is rank 3",
        ),
        (
            [1, 4, 4, 2],
            [3, 2, 1],
            [1] * 4,
            "SAME",
            "must be rank 4 but is rank 3",
        ),
        (
            [1, 4, 4, 2],
            [3, 3, 2, 1],
            [1, 1],
            "SAME",
            "requires the stride attribute",
        ),
        (
            [1, 4, 4, 2],
            [3, 3, 2, 1],
            [1, 0, 1, 1],
            "SAME",
            "Stride must be > 0, but",
        ),
        (
            [1, 2, 2, 1],
            [3, 3, 1, 1],
            [1] * 4,
            "VALID",
            "Negative dimension size",
        ),
        (
            [1, 4, 4, 2],
            [3, 3, 2, 1],
            [1] * 4,
            "text",
            "'padding' of 'Conv2D' Op",
        ),
    ],
)
def test_conv2d_refuses(x, kernel, strides, padding, message):
    with pytest.raises(ValueError, match=message):
        tf.nn.conv2d(floats(*x), floats(*kernel), strides, padding)


def test_conv2d_refuses_integers():
    x = tf.placeholder(tf.int32, [1, 2, 2, 1])
    with pytest.raises(TypeError, match="DataType int32 for attr 'T'.* not in list"):
        tf.nn.conv2d(x, x, [1, 1, 1, 1], "SAME")


@pytest.mark.parametrize(
    ("x", "kernel", "strides", "message"),
    [
        ([1, 4, 4, 2], [3, 3, 3, 1], [1] * 4, "must have the same depth: 2 vs 3"),
        ([4, 4, 2], [3, 3, 2, 1], [1] * 4, r"input must be 4-dimensional\[4,4,2\]"),
        ([2, 4, 4, 2], [3, 3, 2, 1], [2, 1, 1, 1], "strides in the batch and depth"),
        ([2, 4, 4, 2], [3, 3, 2, 1], [1, 1, 1, 2], "strides in the batch and depth"),
    ],
)
def test_conv2d_refuses_at_run_time(x, kernel, strides, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run_fed(lambda a, b: tf.nn.conv2d(a, b, strides, "SAME"), x, kernel)


@pytest.mark.parametrize(
    ("x", "same", "valid"),
    [
        ([None, None, None, 2], [None, None, None, 7], [None, None, None, 7]),
        ([None, 5, None, 2], [None, 3, None, 7], [None, 2, None, 7]),
        ([2, None, 7, None], [2, None, 4, 7], [2, None, 3, 7]),
        (None, [None, None, None, 7], [None, None, None, 7]),
    ],
)
def test_conv2d_shape_of_unknown_sizes(x, same, valid):
    x = tf.placeholder(tf.float32, x)
    kernel = floats(3, 3, 2, 7)
    for padding, shape in (("SAME", same), ("VALID", valid)):
        y = tf.nn.conv2d(x, kernel, [1, 2, 2, 1], padding)
        assert y.get_shape().as_list() == shape


def test_conv2d_nchw():
    random = np.random.RandomState(0)
    x = random.rand(2, 5, 6, 3).astype("float32")
    kernel = random.rand(3, 3, 3, 4).astype("float32")
    last = tf.nn.conv2d(x, kernel, [1, 2, 1, 1], "SAME")
    first = tf.nn.conv2d(
        x.transpose(0, 3, 1, 2), kernel, [1, 1, 2, 1], "SAME", data_format="NCHW"
    )
    assert first.get_shape().as_list() == [2, 4, 3, 6]
    want, got = run([last, first])
    np.testing.assert_allclose(got, want.transpose(0, 3, 1, 2), rtol=1e-5)


@pytest.mark.parametrize(
    ("kernel", "shape", "padding", "message"),
    [
        ([3, 3, 2, 1], [1, 4, 4, 3], "SAME", "filter's output channels, 3 != 2"),
        ([3, 3, 2, 2], [1, 4, 4, 2], "SAME", "filter's input channels, 1 != 2"),
        ([3, 3, 2, 1], [1, 4, 4], "SAME", r"must have shape \(4,\), got \(3,\)"),
        ([3, 3, 2, 1], [1, 4, 4, 2], "text", "must be either VALID or SAME: text"),
    ],
)
def test_conv2d_transpose_refuses(kernel, shape, padding, message):
    x = floats(1, 2, 2, 1)
    with pytest.raises(ValueError, match=message):
        tf.nn.conv2d_transpose(x, floats(*kernel), shape, [1, 2, 2, 1], padding)


def test_conv2d_transpose_refuses_at_run_time():
    y = tf.nn.conv2d_transpose(
        tf.zeros([1, 2, 2, 1]), tf.zeros([3, 3, 2, 1]), [1, 9, 9, 2], [1, 2, 2, 1]
    )
    message = "doesn't match computed: actual = 2, computed = 5"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run(y)


def test_depthwise_and_separable_conv2d_refuse():
    x, strides = floats(1, 4, 4, 2), [1, 1, 1, 1]
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 2 and 3"):
        tf.nn.depthwise_conv2d_native(x, floats(3, 3, 3, 1), strides, "SAME")
    depthwise = floats(3, 3, 2, 3)
    message = r"channel_multiplier \* in_channels = 3 \* 2 = 6 > 2 = out_channels"
    with pytest.raises(ValueError, match=message):
        tf.nn.separable_conv2d(x, depthwise, floats(1, 1, 6, 2), strides, "SAME")
    with pytest.raises(ValueError, match="2 and 1 are not compatible"):
        tf.nn.separable_conv2d(x, depthwise, floats(2, 1, 6, 7), strides, "SAME")
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 6 and 5"):
        tf.nn.separable_conv2d(x, depthwise, floats(1, 1, 5, 7), strides, "SAME")


@pytest.mark.parametrize(
    ("kernel", "rate", "padding", "message"),
    [
        ([2, 2, 1, 1], 0, "SAME", "rate 0 cannot be less than one"),
        ([2, 2, 1, 1], 2, "text", "Invalid padding"),
        ([2, 2, 2, 1], 2, "SAME", "does not match filters' input channels, 1 != 2"),
    ],
)
def test_atrous_conv2d_refuses(kernel, rate, padding, message):
    with pytest.raises(ValueError, match=message):
        tf.nn.atrous_conv2d(floats(1, 4, 4, 1), floats(*kernel), rate, padding)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_conv3d_is_conv2d_of_each_slice_of_a_flat_filter(padding):
    random = np.random.RandomState(0)
    x = random.rand(2, 3, 5, 4, 2).astype("float32")
    kernel = random.rand(1, 3, 2, 2, 3).astype("float32")
    volume = tf.nn.conv3d(x, kernel, [1, 2, 2, 1, 1], padding)
    flat = tf.nn.conv2d(x[:, 2], kernel[0], [1, 2, 1, 1], padding)
    assert volume.get_shape().as_list()[1] == 2
    got, want = run([volume, flat])
    np.testing.assert_allclose(got[:, 1], want, rtol=1e-5)


def test_conv3d_backprops_are_its_gradients():
    random = np.random.RandomState(0)
    x = tf.constant(random.rand(1, 3, 4, 4, 2).astype("float32"))
    kernel = tf.constant(random.rand(2, 2, 2, 2, 3).astype("float32"))
    strides = [1, 1, 2, 2, 1]
    y = tf.nn.conv3d(x, kernel, strides, "SAME")
    grad = tf.constant(random.rand(1, 3, 2, 2, 3).astype("float32"))
    want = tf.gradients(y, [x, kernel], grad)
    got = [
        tf.nn.conv3d_backprop_input(x, kernel, grad, strides, "SAME"),
        tf.nn.conv3d_backprop_filter(x, kernel, grad, strides, "SAME"),
    ]
    for a, b in zip(*run([got, want]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


# -- pooling and morphology -----------------------------------------------------


@pytest.mark.parametrize("pool", ["max_pool", "avg_pool"])
@pytest.mark.parametrize(
    ("shape", "ksize", "strides", "padding", "message"),
    [
        (
            [1, 4, 4, 1],
            [1, 2, 2, 1],
            [1] * 4,
            "text",
            "'padding' of '.*Pool' Op",
        ),
        (
            [4, 4, 1],
            [1, 2, 2, 1],
            [1] * 4,
            "SAME",
            "must be rank 4 but is rank 3",
        ),
        ([1, 4, 4, 1], [2, 2], [1] * 4, "SAME", "'ksize' of '.*Pool' Op passed"),
        ([1, 4, 4, 1], [1, 2, 2, 1], [1, 1], "SAME", "'strides' of '.*Pool' Op passed"),
        ([1, 2, 2, 1], [1, 3, 3, 1], [1] * 4, "VALID", "by subtracting 3 from 2 for"),
    ],
)
def test_pool_refuses(pool, shape, ksize, strides, padding, message):
    with pytest.raises(ValueError, match=message):
        getattr(tf.nn, pool)(floats(*shape), ksize, strides, padding)


@pytest.mark.parametrize("pool", ["max_pool", "avg_pool"])
def test_pool_refuses_the_batch_at_run_time(pool):
    y = getattr(tf.nn, pool)(tf.zeros([2, 4, 4, 1]), [2, 2, 2, 1], [1] * 4, "SAME")
    message = "not yet supported on the batch dimension"
    with pytest.raises(tf.errors.UnimplementedError, match=message):
        run(y)


@pytest.mark.parametrize("pool", ["max_pool", "avg_pool"])
def test_pool_nchw(pool):
    x = np.random.RandomState(0).rand(2, 5, 6, 3).astype("float32")
    last = getattr(tf.nn, pool)(x, [1, 3, 2, 1], [1, 2, 1, 1], "SAME")
    first = getattr(tf.nn, pool)(
        x.transpose(0, 3, 1, 2), [1, 1, 3, 2], [1, 1, 2, 1], "SAME", data_format="NCHW"
    )
    want, got = run([last, first])
    np.testing.assert_allclose(got, want.transpose(0, 3, 1, 2), rtol=1e-6)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("stride", [1, 2])
def test_max_pool_with_argmax_says_where(padding, stride):
    x = np.random.RandomState(0).randint(0, 4, [2, 5, 6, 3]).astype("float32")
    args = [1, 3, 2, 1], [1, stride, stride, 1], padding
    output, places = tf.nn.max_pool_with_argmax(x, *args)
    gradient = tf.gradients(output, tf.get_default_graph().get_operations()[0].outputs)
    largest, index, want, slopes = run(
        [output, places, tf.nn.max_pool(x, *args), gradient[0]]
    )
    assert index.dtype == np.int64
    np.testing.assert_array_equal(largest, want)
    for image, values, where, slope in zip(x, largest, index, slopes, strict=True):
        np.testing.assert_array_equal(image.ravel()[where], values)
        # The gradient goes to the same elements: of equal ones to the first.
        counts = np.bincount(where.ravel(), minlength=image.size)
        np.testing.assert_array_equal(counts, slope.ravel())


def test_max_pool3d_and_its_gradient():
    x = np.random.RandomState(0).rand(1, 4, 4, 4, 2).astype("float32")
    source, ksize = tf.constant(x), [1, 2, 2, 2, 1]
    y = tf.nn.max_pool3d(source, ksize, ksize, "VALID")
    mean = tf.nn.avg_pool3d(source, ksize, ksize, "VALID")
    ones = tf.ones_like(y)
    fetches = [
        y,
        mean,
        tf.nn.max_pool3d_grad(source, y, ones, ksize, ksize, "VALID"),
        tf.nn.avg_pool3d_grad([1, 4, 4, 4, 2], ones, ksize, ksize, "VALID"),
    ]
    largest, means, slopes, mean_slopes = run(fetches)
    blocks = x.reshape(2, 2, 2, 2, 2, 2, 2)
    np.testing.assert_array_equal(largest[0], blocks.max((1, 3, 5)))
    np.testing.assert_allclose(means[0], blocks.mean((1, 3, 5)), rtol=1e-6)
    assert slopes.sum() == 16
    np.testing.assert_array_equal(x[slopes == 1].sum(), largest.sum())
    np.testing.assert_array_equal(mean_slopes, np.full(x.shape, 0.125))


def test_max_pool3d_gives_the_gradient_to_every_largest_element():
    x = tf.constant(np.float32([3, 1, 3, 2, 2, 2]).reshape(1, 1, 1, 6, 1))
    ksize = [1, 1, 1, 3, 1]
    y = tf.nn.max_pool3d(x, ksize, ksize, "VALID")
    seed = tf.constant([5.0, 7.0], shape=[1, 1, 1, 2, 1])
    slopes = [
        tf.gradients(y, x, seed)[0],
        tf.nn.max_pool3d_grad(x, y, seed, ksize, ksize, "VALID"),
    ]
    for slope in run(slopes):
        np.testing.assert_array_equal(slope.ravel(), [5, 0, 5, 7, 7, 7])


def test_dilation2d_refuses():
    x = floats(1, 4, 4, 2)
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 2 and 3"):
        tf.nn.dilation2d(x, floats(2, 2, 3), [1] * 4, [1] * 4, "SAME")
    with pytest.raises(ValueError, match="computed output size would be negative"):
        tf.nn.dilation2d(x, floats(7, 2, 2), [1] * 4, [1] * 4, "VALID")


def test_dilation2d_backprops_are_its_gradients():
    random = np.random.RandomState(0)
    x = tf.constant(random.rand(1, 5, 4, 2).astype("float32"))
    kernel = tf.constant(random.rand(2, 3, 2).astype("float32"))
    args = [1, 2, 1, 1], [1, 1, 1, 1], "SAME"
    y = tf.nn.dilation2d(x, kernel, *args)
    grad = tf.constant(random.rand(1, 3, 4, 2).astype("float32"))
    got = [
        tf.nn.dilation2d_backprop_input(x, kernel, grad, *args),
        tf.nn.dilation2d_backprop_filter(x, kernel, grad, *args),
    ]
    for a, b in zip(*run([got, tf.gradients(y, [x, kernel], grad)]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


# -- small layers ---------------------------------------------------------------


def test_composites_have_tensorflows_names():
    x, w, b = floats(2, 3), floats(3, 4), floats(4)
    names = [
        tf.nn.relu_layer(x, w, b).op.name,
        tf.nn.xw_plus_b(x, w, b).op.name,
        tf.nn.l2_normalize(x, 1).op.name,
        tf.nn.zero_fraction(x).op.name,
        tf.nn.sigmoid_cross_entropy_with_logits(x, x).op.name,
        tf.nn.moments(x, [0])[0].op.name,
        tf.nn.softmax_cross_entropy_with_logits(x, x).op.name,
        tf.nn.top_k(x)[0].op.name,
        tf.nn.relu(x, name="mine").op.name,
    ]
    assert names == [
        "relu_layer",
        "xw_plus_b",
        "l2_normalize",
        "zero_fraction/Mean",
        "logistic_loss",
        "moments/normalize/mean",
        "SoftmaxCrossEntropyWithLogits",
        "TopKV2",
        "mine",
    ]
