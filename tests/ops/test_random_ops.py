import numpy as np
import pytest

import tfstyle as tf


def run(fetches, feed_dict=None):
    with tf.Session() as sess:
        return sess.run(fetches, feed_dict)


def names():
    return [op.name for op in tf.get_default_graph().get_operations()]


# -- names and attributes -------------------------------------------------------


def test_random_uniform_is_made_of_the_operations_of_tensorflow():
    tf.random_uniform([2])
    assert names() == [
        "random_uniform/shape",
        "random_uniform/min",
        "random_uniform/max",
        "random_uniform/RandomUniform",
        "random_uniform/sub",
        "random_uniform/mul",
        "random_uniform",
    ]


@pytest.mark.parametrize(
    ("make", "inner"),
    [
        (tf.random_normal, "RandomStandardNormal"),
        (tf.truncated_normal, "TruncatedNormal"),
    ],
)
def test_normal_is_made_of_the_operations_of_tensorflow(make, inner):
    make([2], name="n")
    assert names() == ["n/shape", "n/mean", "n/stddev", f"n/{inner}", "n/mul", "n"]


def test_other_names():
    tensors = [
        tf.random_uniform([2], 3, 4, tf.int32),
        tf.multinomial([[1.0, 2.0]], 2),
        tf.random_shuffle([1, 2]),
        tf.random_crop([1, 2], [1]),
    ]
    assert [t.op.name for t in tensors] == [
        "random_uniform",
        "multinomial/Multinomial",
        "RandomShuffle",
        "random_crop",
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: tf.random_uniform([2], seed=seed),
        lambda seed: tf.random_uniform([2], 0, 9, tf.int32, seed=seed),
        lambda seed: tf.random_normal([2], seed=seed),
        lambda seed: tf.truncated_normal([2], seed=seed),
        lambda seed: tf.random_shuffle([1, 2], seed=seed),
        lambda seed: tf.multinomial([[1.0, 2.0]], 2, seed=seed),
        lambda seed: tf.random_crop([1, 2, 3], [1], seed=seed),
        lambda seed: tf.nn.dropout(tf.ones([2]), 0.5, seed=seed),
    ],
)
def test_operation_knows_whether_the_seed_is_its_own(graph, make):
    with graph.name_scope("seeded"):
        make(7)
    with graph.name_scope("free"):
        make(None)
    random = [op for op in graph.get_operations() if "seed" in op._attrs]
    seeded, free = (
        [op for op in random if op.name.startswith(scope)]
        for scope in ("seeded/", "free/")
    )
    assert [(op._attrs["seed"], op._attrs["seed2"]) for op in seeded] == [(87654321, 7)]
    assert [op._attrs.get("_op_seed") for op in seeded + free] == [True, None]


# -- streams --------------------------------------------------------------------


def test_without_a_seed_every_session_draws_anew():
    x = tf.random_uniform([10])
    first, second = run(x), run(x)
    assert (first != second).any()


def test_one_session_goes_on_and_another_starts_over():
    x = tf.random_normal([10], seed=3)
    with tf.Session() as sess:
        first, second = sess.run(x), sess.run(x)
    assert (first != second).all()
    np.testing.assert_array_equal(run(x), first)


def test_two_fetches_of_one_run_see_the_same_numbers():
    x = tf.random_normal([10])
    a, b = run([x, x + 0.0])
    np.testing.assert_array_equal(a, b)


def test_random_uniform_of_a_fed_shape():
    shape = tf.placeholder(tf.int32, [None])
    x = tf.random_uniform(shape, seed=1)
    assert x.get_shape().ndims is None
    with tf.Session() as sess:
        drawn = sess.run(x, {shape: [2, 3]})
        assert sess.run(x, {shape: [4]}).shape == (4,)
    np.testing.assert_allclose(
        drawn.ravel()[:3], [0.2390374, 0.92039955, 0.05051243], rtol=1e-6
    )


def test_random_shuffle_moves_rows():
    rows = np.arange(12).reshape(6, 2)
    shuffled = run(tf.random_shuffle(rows, seed=4))
    assert (shuffled != rows).any()
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), rows)


@pytest.mark.parametrize("value", [3, [], np.zeros([0, 2]), np.zeros([4, 0])])
def test_random_shuffle_of_nothing_to_move(value):
    value = np.asarray(value, np.float32)
    np.testing.assert_array_equal(run(tf.random_shuffle(value)), value)


def test_random_crop_takes_every_place():
    x = tf.random_crop(np.arange(5), [3])
    assert x.get_shape().as_list() == [3]
    with tf.Session() as sess:
        starts = {int(sess.run(x)[0]) for _ in range(50)}
    assert starts == {0, 1, 2}


def test_multinomial_never_draws_what_has_no_probability():
    logits = [[0.0, -np.inf, 1.0], [-np.inf, 0.0, -np.inf]]
    drawn = run(tf.multinomial(logits, 200))
    assert drawn.dtype == np.int64
    assert set(drawn[0]) == {0, 2}
    assert set(drawn[1]) == {1}


def test_no_gradient_flows_through_random_shuffle():
    x = tf.constant([1.0, 2.0])
    assert tf.gradients(tf.random_shuffle(x), x) == [None]


# -- refused --------------------------------------------------------------------


def test_random_uniform_refuses_integers_without_maxval():
    with pytest.raises(ValueError, match="Must specify maxval for integer dtype"):
        tf.random_uniform([2], dtype=tf.int32)


def test_random_uniform_refuses_an_empty_range_of_integers():
    x = tf.random_uniform([2], 5, 3, tf.int32)
    message = "Need minval < maxval, got 5 >= 3"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run(x)


@pytest.mark.parametrize("make", [tf.random_uniform, tf.random_normal])
@pytest.mark.parametrize(
    ("shape", "error", "message"),
    [
        ([-2], ValueError, "Dimension -2 must be >= 0 for 'random_"),
        ([[2]], ValueError, "Shape must be rank 1 but is rank 2 for 'random_.*/Random"),
        ([1.5], TypeError, "not in list of allowed values: int32, int64"),
    ],
)
def test_random_refuses_what_is_no_shape(make, shape, error, message):
    with pytest.raises(error, match=message):
        make(shape)


@pytest.mark.parametrize("dtype", [tf.int32, tf.string])
def test_random_normal_refuses_other_types(dtype):
    with pytest.raises(TypeError):
        tf.random_normal([2], dtype=dtype)


def test_random_uniform_refuses_small_integers():
    with pytest.raises(TypeError, match="not in list of allowed values: int32, int64"):
        tf.random_uniform([2], maxval=3, dtype=tf.int16)


@pytest.mark.parametrize(
    ("logits", "count", "message"),
    [
        ([1.0, 2.0], 3, "Shape must be rank 2 but is rank 1 for 'multinomial/Multin"),
        ([[1.0, 2.0]], -3, "given by scalar input 1, must be non-negative but is -3"),
        ([[1.0, 2.0]], [3], "Shape must be rank 0 but is rank 1 for 'multinomial/Mul"),
    ],
)
def test_multinomial_refuses(logits, count, message):
    with pytest.raises(ValueError, match=message):
        tf.multinomial(logits, count)


def test_random_crop_refuses_a_piece_that_is_too_large():
    value = tf.placeholder(tf.float32)
    x = tf.random_crop(value, [5, 5])
    with pytest.raises(tf.errors.InvalidArgumentError):
        run(x, {value: np.zeros([4, 4])})
