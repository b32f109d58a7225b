"""Optimizers: what is refused, update rules row by row, names and slots."""

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.training import learning_rate_decay, moving_averages, training_ops


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def descent():
    return tf.train.GradientDescentOptimizer(0.1)


def session():
    sess = tf.Session()
    sess.run(tf.initialize_all_variables())
    return sess


# -- what is refused ------------------------------------------------------------------


def test_optimizer_without_a_name_is_refused():
    with pytest.raises(ValueError, match="Must specify the optimizer name"):
        tf.train.Optimizer(False, None)


def test_loss_without_variables_is_refused():
    with pytest.raises(ValueError, match="No variables to optimize"):
        descent().minimize(tf.constant(1.0))


def test_loss_that_depends_on_no_variable_is_refused():
    tf.Variable(1.0)
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        descent().minimize(tf.constant(1.0))


def test_var_list_of_tensors_is_refused():
    x = tf.constant(1.0)
    with pytest.raises(TypeError, match="Argument is not a tf.Variable"):
        descent().minimize(x * 2.0, var_list=[x])


def test_integers_are_refused():
    number, other = tf.Variable(1), tf.Variable(1.0)
    with pytest.raises(ValueError, match="Invalid type tf.int32 for"):
        descent().minimize(number * 2, var_list=[other])
    with pytest.raises(ValueError, match="Invalid type tf.int32 for"):
        descent().apply_gradients([(tf.constant(1), number)])


def test_unknown_gate_is_refused():
    v = tf.Variable(1.0)
    with pytest.raises(ValueError, match="gate_gradients must be one of"):
        descent().compute_gradients(v * 2.0, gate_gradients=5)


@pytest.mark.parametrize(
    ("pairs", "kind", "message"),
    [
        (lambda v: [], ValueError, "No variables provided"),
        (lambda v: [(None, v)], ValueError, "No gradients provided for any variable"),
        (
            lambda v: [(object(), v)],
            TypeError,
            "Gradient must be a Tensor, IndexedSlices, or None",
        ),
        (
            lambda v: [(tf.constant(1.0), tf.constant(1.0))],
            TypeError,
            "Variable must be a tf.Variable",
        ),
        (lambda v: [(tf.constant([1.0]), v)], ValueError, "ApplyGradientDescent"),
        (lambda v: v, TypeError, "'Variable' object is not iterable"),
    ],
)
def test_bad_gradients_are_refused(pairs, kind, message):
    v = tf.Variable(1.0)
    with pytest.raises(kind, match=message):
        descent().apply_gradients(pairs(v))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: tf.train.AdagradOptimizer(0.1, initial_accumulator_value=-1),
            "initial_accumulator_value must be positive: -1",
        ),
        (
            lambda: tf.train.FtrlOptimizer(0.1, initial_accumulator_value=-1),
            "initial_accumulator_value -1.000000 needs to be positive",
        ),
        (
            lambda: tf.train.FtrlOptimizer(0.1, learning_rate_power=1),
            "learning_rate_power 1.000000 needs to be negative or zero",
        ),
        (
            lambda: tf.train.FtrlOptimizer(0.1, l1_regularization_strength=-1),
            "l1_regularization_strength -1.000000 needs to be positive or zero",
        ),
        (
            lambda: tf.train.FtrlOptimizer(0.1, l2_regularization_strength=-1),
            "l2_regularization_strength -1.000000 needs to be positive or zero",
        ),
    ],
)
def test_hyperparameters_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_rmsprop_refuses_slices():
    v = tf.Variable([[1.0], [2.0]])
    slices = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([0]))
    with pytest.raises(NotImplementedError):
        tf.train.RMSPropOptimizer(0.1).apply_gradients([(slices, v)])


def test_hyperparameters_that_are_no_scalars_are_refused():
    v = tf.Variable([1.0])
    with pytest.raises(ValueError, match="ApplyGradientDescent"):
        tf.train.GradientDescentOptimizer(tf.constant([0.1])).minimize(v * v)


# -- update rules ---------------------------------------------------------------------


def test_gradient_of_another_shape_fails_and_changes_nothing():
    v = tf.Variable([1.0, 2.0])
    grad = tf.placeholder(tf.float32)
    step = descent().apply_gradients([(grad, v)])
    with session() as sess:
        with pytest.raises(tf.errors.InvalidArgumentError, match="the same shape"):
            sess.run(step, {grad: [1.0]})
        np.testing.assert_array_equal(sess.run(v), [1, 2])


ROWS = [4, 1, 4, 4, 0, 1]
OPTIMIZERS = {
    "momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9),
    "adagrad": lambda: tf.train.AdagradOptimizer(0.1),
    "adadelta": lambda: tf.train.AdadeltaOptimizer(0.5, epsilon=1e-2),
    "ftrl": lambda: tf.train.FtrlOptimizer(0.1, l1_regularization_strength=0.01),
}


@pytest.mark.parametrize("known", [True, False], ids=["constant", "fed"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_rows_named_twice_are_updated_one_after_the_other(name, known):
    start = np.linspace(-1, 1, 10).reshape(5, 2).astype("f")
    values = np.linspace(0.1, 1.2, 12).reshape(6, 2).astype("f")
    together, single = tf.Variable(start), tf.Variable(start)
    rows = tf.constant(ROWS) if known else tf.placeholder(tf.int32, [None])
    row, value = tf.placeholder(tf.int32, [1]), tf.placeholder(tf.float32, [1, 2])

    def step(variable, indices, values):
        opt = OPTIMIZERS[name]()
        return opt.apply_gradients([(tf.IndexedSlices(values, indices), variable)])

    at_once = step(together, rows, tf.constant(values))
    by_one = step(single, row, value)
    with session() as sess:
        for _ in range(2):
            sess.run(at_once, None if known else {rows: ROWS})
            for i, r in enumerate(ROWS):
                sess.run(by_one, {row: [r], value: values[i : i + 1]})
        got, want = sess.run([together, single])
    np.testing.assert_allclose(got, want, rtol=1e-6)
    np.testing.assert_array_equal(got[[2, 3]], start[[2, 3]])


@pytest.mark.parametrize("known", [True, False], ids=["constant", "fed"])
def test_no_rows_change_nothing(known):
    v = tf.Variable([[1.0, 2.0]])
    rows = tf.constant([], tf.int32) if known else tf.placeholder(tf.int32, [None])
    values = tf.zeros([0, 2]) if known else tf.placeholder(tf.float32, [None, 2])
    opt = tf.train.AdagradOptimizer(0.1)
    step = opt.apply_gradients([(tf.IndexedSlices(values, rows), v)])
    feed = None if known else {rows: [], values: np.zeros([0, 2])}
    with session() as sess:
        sess.run(step, feed)
        np.testing.assert_array_equal(sess.run(v), [[1, 2]])


def test_row_that_does_not_exist_fails():
    v = tf.Variable([[1.0], [2.0]])
    slices = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([2]))
    step = tf.train.AdagradOptimizer(0.1).apply_gradients([(slices, v)])
    with (
        session() as sess,
        pytest.raises(
            tf.errors.InvalidArgumentError, match=r"indices\[0\] = 2 is not in \[0, 2\)"
        ),
    ):
        sess.run(step)


def test_half_precision_stays_half_precision():
    v = tf.Variable(np.float16([1.0, 2.0]))
    step = tf.train.AdamOptimizer(0.5, epsilon=1e-3).minimize(v * v)
    with session() as sess:
        sess.run([step])
        assert sess.run(v).dtype == np.float16
        sess.run(step)


def test_update_rules_are_ops_of_their_own():
    v, m = tf.Variable([1.0]), tf.Variable([0.0])
    update = training_ops.apply_momentum(v, m, 0.5, [2.0], 0.9, name="step")
    with session() as sess:
        np.testing.assert_array_equal(sess.run(update), [0])
        np.testing.assert_array_equal(sess.run(m), [2])
    assert update.op.name == "step"


# -- slots and steps ------------------------------------------------------------------


def test_slots_are_not_trained_and_stand_beside_their_variable():
    v = tf.Variable([1.0, 2.0], name="v")
    opt = tf.train.AdamOptimizer(0.1)
    opt.minimize(v * v)
    assert opt.get_slot(v, "m").name == "v/Adam:0"
    assert opt.get_slot(v, "v").name == "v/Adam_1:0"
    assert opt.get_slot(v, "other") is None
    assert opt.get_slot(tf.Variable(1.0), "m") is None
    assert tf.trainable_variables()[0] is v
    assert opt.get_slot(v, "m") not in tf.trainable_variables()


def test_slots_are_shared_by_the_calls_of_one_optimizer():
    v = tf.Variable([1.0, 2.0], name="v")
    opt = tf.train.AdamOptimizer(0.1)
    opt.minimize(v * v)
    count = len(tf.all_variables())
    opt.minimize(v * 3.0)
    assert len(tf.all_variables()) == count


def test_slots_of_slices_are_slices():
    part = tf.create_partitioned_variables([4, 2], [2, 1], tf.zeros([4, 2]), name="p")
    opt = tf.train.MomentumOptimizer(0.1, 0.9)
    opt.minimize(tf.add_n(part))
    info = opt.get_slot(part[1], "momentum")._save_slice_info
    assert (info.full_name, info.spec) == ("p/Momentum", "4 2 2,2:0,2")


def test_global_step_is_incremented_after_the_update():
    v = tf.Variable(1.0)
    count = tf.Variable(0, trainable=False)
    step = descent().minimize(v * v, global_step=count)
    with session() as sess:
        sess.run(step)
        assert tf.train.global_step(sess, count) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: "step", "must be a Variable or Tensor"),
        (lambda: tf.constant(1.0), "does not have integer type: float32"),
        (lambda: tf.constant([1]), "is not scalar"),
    ],
)
def test_counters_that_do_not_count_are_refused(make, message):
    with pytest.raises(TypeError, match=message):
        tf.train.assert_global_step(make())


def test_global_step_is_found_by_name_and_by_collection():
    assert tf.train.get_global_step() is None
    count = tf.Variable(0, name="global_step", trainable=False)
    assert tf.train.get_global_step().name == "global_step:0"
    tf.add_to_collection(tf.GraphKeys.GLOBAL_STEP, count)
    assert tf.train.get_global_step() is count


def test_graph_is_written(tmp_path):
    tf.constant(1.0, name="only")
    tf.train.write_graph(tf.get_default_graph(), str(tmp_path / "new"), "graph.pbtxt")
    assert 'name: "only"' in (tmp_path / "new" / "graph.pbtxt").read_text()


# -- decay and averages ---------------------------------------------------------------


def test_decay_without_steps_is_refused():
    with pytest.raises(ValueError, match="global_step is required"):
        tf.train.exponential_decay(0.1, None, 10, 0.5)


@pytest.mark.parametrize("step", [0, 1, 2, 3, 5, 6])
def test_piecewise_constant(step):
    x = tf.Variable(step)
    rate = tf.train.piecewise_constant(x, [2, 5], [0.3, 0.2, 0.1])
    want = 0.3 if step <= 2 else 0.2 if step <= 5 else 0.1
    with session() as sess:
        assert sess.run(rate) == np.float32(want)


@pytest.mark.parametrize(
    ("boundaries", "values", "message"),
    [
        ([1, 2], [0.1, 0.2], "one more value than boundaries"),
        ([1.0, 2.0], [0.1, 0.2, 0.3], r"Boundaries \(tf.float32\) must have the same"),
        ([1, 2], [0.1, 2, 0.3], "Values must have elements all with the same dtype"),
    ],
)
def test_bad_pieces_are_refused(boundaries, values, message):
    with pytest.raises(ValueError, match=message):
        learning_rate_decay.piecewise_constant(tf.Variable(0), boundaries, values)


def test_average_of_integers_is_refused():
    v = tf.Variable(1, name="v")
    message = "The variables must be half, float, or double: v:0"
    with pytest.raises(TypeError, match=message):
        tf.train.ExponentialMovingAverage(0.9).apply([v])


def test_average_of_a_tensor_starts_at_zero():
    x = tf.constant([8.0])
    ema = tf.train.ExponentialMovingAverage(0.75)
    apply = ema.apply([x])
    with session() as sess:
        sess.run(apply)
        np.testing.assert_array_equal(sess.run(ema.average(x)), [2])
        sess.run(apply)
        np.testing.assert_array_equal(sess.run(ema.average(x)), [3.5])


def test_weighted_average():
    value, weight = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    average = moving_averages.weighted_moving_average(value, 0.5, weight)
    with session() as sess:
        assert sess.run(average, {value: 4.0, weight: 1.0}) == 4.0
        assert sess.run(average, {value: 1.0, weight: 2.5}) == pytest.approx(1.5)
    assert [v.op.name for v in tf.all_variables()] == [
        "WeightedMovingAvg/value",
        "WeightedMovingAvg/weight",
    ]
