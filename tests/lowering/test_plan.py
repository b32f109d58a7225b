"""How a run is planned: steps, order, static values, donation, memory."""

import gc
import threading

import jax
import numpy as np
import pytest

import tfstyle as tf
from tfstyle.lowering.host import HostStep
from tfstyle.lowering.plan import make_plan
from tfstyle.lowering.segment import Segment


@pytest.fixture
def sess():
    graph = tf.Graph()
    with graph.as_default(), tf.Session(graph=graph) as sess:
        yield sess


def host(function, x, dtype=tf.float32, shape=None):
    """`function(x)` as a host step."""
    y = tf.py_func(function, [x], [dtype])[0]
    y.set_shape(shape)
    return y


def steps_of(fetches, fed=()):
    """The op types of each step: a list for a segment, a name for a host step."""
    operations = [f for f in fetches if isinstance(f, tf.Operation)]
    tensors = [f for f in fetches if isinstance(f, tf.Tensor)]
    plan = make_plan(operations, tensors, frozenset(fed))
    return [
        step.op.type
        if isinstance(step, HostStep)
        else [op.type for op in step.operations]
        for step in plan.steps
    ]


# -- what is a step ---------------------------------------------------------------


def test_device_operations_are_one_segment(sess):
    x = tf.placeholder(tf.float32, [2])
    y = tf.tanh(x) * 2.0
    tf.exp(x)  # Not fetched, not run.
    assert steps_of([y, tf.neg(x)], [x]) == [["Tanh", "Mul", "Neg"]]


def test_constants_and_placeholders_need_no_step(sess):
    x = tf.placeholder(tf.float32)
    assert steps_of([tf.constant(1), x, tf.no_op()], [x]) == []
    assert sess.run([tf.constant(1), x], {x: 2.0}) == [1, 2.0]


def test_host_operation_splits_a_segment(sess):
    x = tf.placeholder(tf.float32, [2])
    before, beside = tf.tanh(x), tf.exp(x)
    middle = host(np.negative, before, shape=[2])
    after = middle + beside
    assert steps_of([after], [x]) == [["Tanh", "Exp"], "PyFunc", ["Add"]]
    value = np.array([0.5, 1.0], np.float32)
    np.testing.assert_allclose(
        sess.run(after, {x: value}), np.exp(value) - np.tanh(value), rtol=1e-6
    )


def test_segments_are_as_few_as_possible(sess):
    x = tf.placeholder(tf.float32, [2])
    branches = [host(np.negative, tf.tanh(x + i), shape=[2]) for i in range(3)]
    chain = host(np.copy, tf.add_n(branches), shape=[2])
    steps = steps_of([tf.exp(chain), tf.sqrt(x)], [x])
    assert [s if isinstance(s, str) else sorted(s) for s in steps] == [
        ["Add", "Add", "Add", "Sqrt", "Tanh", "Tanh", "Tanh"],
        *["PyFunc"] * 3,
        ["AddN"],
        "PyFunc",
        ["Exp"],
    ]


def test_operations_on_text_run_on_the_host(sess):
    p = tf.placeholder(tf.string, [None])
    mask = tf.less(tf.placeholder_with_default([1.0, 2.0], [2]), 1.5)
    chosen = tf.select(mask, p, ["x", "y"])
    assert steps_of([chosen], [p])[-1] == "Select"
    assert sess.run(chosen, {p: ["a", "b"]}).tolist() == [b"a", b"y"]
    v = tf.Variable(["a", "b"])
    sess.run(v.initializer)
    sess.run(v.assign(tf.concat(0, [chosen[1:], p[:1]])), {p: ["a", "b"]})
    assert sess.run(v).tolist() == [b"y", b"a"]


def test_fed_tensors_cut_the_graph(sess):
    x = tf.placeholder(tf.float32)
    y = host(np.negative, x)
    z = tf.tanh(y)
    assert steps_of([z], [y]) == [["Tanh"]]
    assert steps_of([z], [z]) == []
    assert sess.run(z, {y: 0.0}) == 0.0


def test_control_inputs_are_run(sess):
    seen = []
    noted = host(lambda x: seen.append(1) or x, tf.constant(1.0))
    with tf.control_dependencies([noted]):
        y = tf.constant(2.0) + 1.0
        z = tf.no_op()
    assert sess.run(y) == 3.0
    assert seen == [1]
    sess.run(z)
    assert seen == [1, 1]


def test_unused_outputs_are_not_computed(sess):
    parts = tf.unpack(tf.placeholder_with_default(np.zeros([1000, 2]), [1000, 2]))
    plan = make_plan([], [parts[-1]], frozenset())
    (segment,) = plan.steps
    assert [op.type for op in segment.operations] == [
        "PlaceholderWithDefault",
        "Unpack",
    ]
    assert segment.outputs == [parts[-1]]


# -- order ------------------------------------------------------------------------


def test_order_of_creation_where_nothing_else_is_said(sess):
    v = tf.Variable(1.0)
    first = v + 0.0
    double = v.assign(v * 2.0)
    second = v.ref() + 0.0 if hasattr(v, "ref") else v._ref() + 0.0
    add = v.assign_add(1.0)
    sess.run(v.initializer)
    values = sess.run([add, second, double, first, v])
    # The value of a variable is the one it has when the run ends.
    assert values[1:4:2] == [2.0, 1.0]
    assert sess.run(v) == values[-1] == 3.0


def test_control_dependencies_come_before_the_order_of_creation(sess):
    v = tf.Variable(1.0)
    late = v.assign_add(1.0)
    early = v.assign(5.0)
    late.op._add_control_input(early.op)
    sess.run(v.initializer)
    assert sess.run(late) == 6.0


def test_read_after_write_on_the_host(sess):
    v = tf.Variable(1.0)
    sess.run(v.initializer)
    with tf.control_dependencies([v.assign_add(1.0)]):
        seen = host(np.copy, v)
    with tf.control_dependencies([seen]):
        again = v.assign_add(10.0)
    assert sess.run([seen, again]) == [2.0, 12.0]
    assert sess.run(v) == 12.0


def test_cycle(sess):
    a = tf.constant(1.0) + 1.0
    b = a + 1.0
    a.op._add_control_input(b.op)
    with pytest.raises(
        ValueError, match="The graph has a cycle through operation 'add"
    ):
        sess.run(b)


def test_gradient_of_what_a_late_control_input_leads_to(sess):
    v, w = tf.Variable(2.0), tf.Variable(3.0)
    sess.run(tf.initialize_all_variables())
    y = tf.square(v) * w
    waiting = tf.identity(v, name="waiting")
    gradients = tf.gradients(y, [v, w])
    sink = tf.group(v.assign(gradients[0]))
    waiting.op._add_control_input(sink)
    values = sess.run([gradients[1], waiting, v])
    assert values[0] == 4.0
    assert values[2] == 12.0


# -- what must be known while tracing ---------------------------------------------


def test_static_value_follows_from_shapes(sess):
    x = tf.placeholder(tf.float32, [None, 3])
    y = tf.reshape(x, tf.pack([-1, tf.shape(x)[0]]))
    plan = make_plan([], [y], frozenset([x]))
    assert len(plan.steps) == 1
    for rows in (2, 4):
        assert sess.run(y, {x: np.zeros([rows, 3])}).shape == (3, rows)


@pytest.mark.parametrize("shape", [[None], [2]])
def test_static_value_follows_from_shapes_of_two_steps(sess, shape):
    x = tf.placeholder(tf.float32, shape)
    begin = tf.shape(x) - 1
    y = tf.concat(0, [x, host(lambda x: x, x, shape=shape)])
    last = tf.slice(y, begin, [-1])
    # `begin` is computed before the host operation, and wanted after it too.
    assert sess.run([begin, last], {x: [1, 2]})[1].tolist() == [2, 1, 2]


def test_static_value_is_fed(sess):
    batch = tf.placeholder(tf.int32, [])
    zeros = tf.zeros(tf.pack([batch * 2, 3])) + 1.0
    plan = make_plan([], [zeros], frozenset([batch]))
    assert len(plan.steps) == 1
    for size in (2, 3, 2):
        assert sess.run(zeros, {batch: size}).shape == (2 * size, 3)


def test_fed_static_values_join_the_key_of_the_executable(sess):
    traced = []
    size = tf.placeholder(tf.int32, [])
    x = tf.placeholder(tf.float32, [])
    y = tf.fill(tf.pack([size]), x)

    run = Segment._function

    def counted(self, static):
        traced.append(dict(static))
        return run(self, static)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Segment, "_function", counted)
        for count, value in ((2, 1.0), (3, 1.0), (2, 5.0), (3, 7.0)):
            assert sess.run(y, {size: count, x: value}).tolist() == [value] * count
    assert [int(static[size]) for static in traced] == [2, 3]


def test_static_value_follows_from_data(sess):
    x = tf.placeholder(tf.float32, [None])
    positive = tf.reduce_sum(tf.cast(x > 0.0, tf.int32))
    v = tf.Variable(2)
    sess.run(v.initializer)
    y = tf.fill(tf.pack([positive, v]), 1.0) * tf.reduce_sum(x)
    plan = make_plan([], [y], frozenset([x]))
    assert [isinstance(step, Segment) for step in plan.steps] == [True, True]
    assert sess.run(y, {x: [1.0, -2.0, 3.0]}).tolist() == [[2.0, 2.0]] * 2
    assert sess.run(y, {x: [1.0, 2.0, 3.0]}).tolist() == [[6.0, 6.0]] * 3
    sess.run(v.assign(1))
    assert sess.run(y, {x: [1.0]}).tolist() == [[1.0]]


def test_static_value_of_a_host_operation(sess):
    size = host(lambda x: np.int32(x + 1), tf.constant(2), tf.int32, [])
    assert sess.run(tf.zeros(tf.pack([size]))).tolist() == [0.0] * 3


def test_gradient_behind_a_static_value(sess):
    batch = tf.placeholder(tf.int32, [])
    w = tf.Variable([2.0])
    sess.run(w.initializer)
    y = tf.reduce_sum(tf.tile(w, tf.pack([batch])))
    (gradient,) = tf.gradients(y, [w])
    for size in (2, 5):
        assert sess.run(gradient, {batch: size}).tolist() == [float(size)]


# -- memory -----------------------------------------------------------------------


def device_bytes():
    gc.collect()
    return sum(array.nbytes for array in jax.live_arrays())


MEGABYTE = 2**20


@pytest.fixture
def trained(sess):
    """A variable of one megabyte and an update of it."""
    v = tf.Variable(tf.zeros([2**18]))
    p = tf.placeholder(tf.float32, [])
    sess.run(v.initializer)
    return sess, v, p, v.assign_add(tf.fill([2**18], p))


def test_variables_exist_once(trained):
    sess, _, p, update = trained
    before = device_bytes()
    for _ in range(3):
        sess.run(update.op, {p: 1.0})
        assert device_bytes() - before < MEGABYTE // 2


def test_old_value_is_given_away(trained):
    sess, v, p, update = trained
    state = sess._state.variables
    sess.run(update.op, {p: 1.0})
    old = state[v.op]
    sess.run(update.op, {p: 1.0})
    assert old.is_deleted()
    assert not state[v.op].is_deleted()
    assert sess.run(v)[0] == 2.0


def test_value_is_kept_while_a_later_step_may_fail(trained):
    sess, v, p, update = trained
    old = sess._state.variables[v.op]

    def fail(x):
        raise ValueError("as planned")

    with tf.control_dependencies([update]):
        failing = host(fail, p)
    with pytest.raises(tf.errors.OpError, match="as planned"):
        sess.run(failing, {p: 1.0})
    assert sess._state.variables[v.op] is old
    assert not old.is_deleted()


def test_variables_that_are_assigned_one_another_do_not_share(sess):
    v, w = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 4.0])
    sess.run(tf.initialize_all_variables())
    same = tf.constant([5.0, 6.0])
    sess.run([w.assign(v)])
    sess.run(v.assign_add([1.0, 1.0]))
    assert sess.run(w).tolist() == [1.0, 2.0]
    sess.run([v.assign(same), w.assign(same)])
    sess.run(v.assign_add([1.0, 1.0]))
    assert [x.tolist() for x in sess.run([v, w])] == [[6.0, 7.0], [5.0, 6.0]]


def test_fed_device_array_is_not_given_away(sess):
    v = tf.Variable(tf.zeros([4]))
    p = tf.placeholder(tf.float32, [4])
    sess.run(v.initializer)
    fed = jax.numpy.ones([4])
    assign = v.assign(p)
    for _ in range(2):
        sess.run(assign, {p: fed})
        sess.run(v.assign_add(p), {p: fed})
    assert fed.tolist() == [1.0] * 4
    assert sess.run(v).tolist() == [2.0] * 4


def test_a_thousand_runs_leave_no_growth(trained):
    sess, v, p, update = trained
    noise = tf.random_uniform([16])
    fetches = [update.op, noise, tf.reduce_sum(v), host(np.negative, noise)]
    for _ in range(3):
        sess.run(fetches, {p: 1.0})
    threads, before = threading.active_count(), device_bytes()
    plans = len(sess._runs)
    count = len(jax.live_arrays())
    objects = len(gc.get_objects())
    for _ in range(1000):
        sess.run(fetches, {p: 0.5})
    assert device_bytes() == before
    assert len(jax.live_arrays()) == count
    assert len(sess._runs) == plans
    assert threading.active_count() == threads
    gc.collect()
    assert len(gc.get_objects()) - objects < 200


def test_closed_session_frees_its_variables():
    with tf.Graph().as_default():
        before = device_bytes()
        v = tf.Variable(tf.zeros([2**18]))
        sess = tf.Session()
        sess.run(v.initializer)
        assert device_bytes() - before >= MEGABYTE
        sess.close()
        assert device_bytes() - before < MEGABYTE // 2


def test_large_constants_are_put_on_the_device_once(sess):
    table = tf.constant(np.arange(2**18, dtype=np.float32))
    index = tf.placeholder(tf.int32, [])
    value = tf.gather(table * 1.0, index)
    sess.run(value, {index: 3})
    before = device_bytes()
    for i in range(5):
        assert sess.run(value, {index: i}) == i
    assert device_bytes() == before


def test_second_run_of_a_plan_traces_nothing(sess):
    x = tf.placeholder(tf.float32, [None])
    y = tf.tanh(x)
    sess.run(y, {x: [1.0]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jax, "jit", None)
        assert sess.run(y, {x: [0.0]}).tolist() == [0.0]
        # Another structure is another plan, another batch size only another trace.
        assert sess.run(y, {x: [0.0, 0.0]}).tolist() == [0.0, 0.0]


# -- initialization -----------------------------------------------------------------


@pytest.fixture
def compiled():
    """What XLA compiled during the test: a list that grows."""
    programs = []

    def listen(event, seconds, **_):
        if event.endswith("backend_compile_duration"):
            programs.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield programs
    jax.monitoring.unregister_event_duration_listener(listen)


def test_initialization_with_constants_compiles_nothing(sess, compiled):
    zeros = tf.Variable(tf.zeros([47, 53]))
    ramp = tf.Variable(tf.range(2003))
    sess.run(tf.initialize_all_variables())
    assert compiled == []
    sess.run(zeros + 1.0)
    assert compiled, "the listener hears nothing"
    assert sess.run([tf.reduce_sum(zeros), ramp[-1]]) == [0.0, 2002]


def test_loop_inside_an_initialization(sess):
    def add(i, total):
        return i + 1, total + tf.fill([1500], tf.to_float(i))

    _, total = tf.while_loop(lambda i, _: i < 4, add, [0, tf.zeros([1500])])
    v = tf.Variable(total)
    sess.run(v.initializer)
    np.testing.assert_array_equal(sess.run(v), np.full(1500, 6.0, np.float32))
