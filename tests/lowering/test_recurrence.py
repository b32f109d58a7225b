"""Loops with a known number of steps: the same numbers as steps written out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tfstyle as tf
from tfstyle.lowering.evaluate import Evaluator, structural

STEPS, BATCH, INPUTS, UNITS = 3, 2, 5, 4


class OwnCell(tf.nn.rnn_cell.RNNCell):
    """Products of all kinds: shared and transposed weights, sums, outside pieces."""

    state_size = output_size = UNITS

    def __init__(self, outside=None):
        self._outside = outside

    def __call__(self, inputs, state, scope=None):
        with tf.variable_scope(scope or "Own"):
            w = tf.get_variable("w", [INPUTS, UNITS], inputs.dtype)
            u = tf.get_variable("u", [UNITS, UNITS], inputs.dtype)
            v = tf.get_variable("v", [UNITS, INPUTS + 2 * UNITS], inputs.dtype)
            b = tf.get_variable("b", [UNITS], inputs.dtype)
            scale = tf.get_variable("scale", [UNITS], inputs.dtype)
        hidden = tf.matmul(tf.tanh(tf.matmul(inputs, w) + b), u)
        mixed = tf.tanh(hidden + tf.matmul(state, u) + b)
        twice = tf.matmul(mixed * scale, u, transpose_b=True) + tf.matmul(u, u)[:1]
        outside = inputs[:, :UNITS] if self._outside is None else self._outside
        joined = tf.concat(1, [twice, tf.nn.relu(inputs), outside])
        # The weights are also used by themselves, and the sum has no bias of its own.
        output = tf.matmul(joined, v, transpose_b=True) + scale
        return output, tf.sigmoid(output) + tf.reduce_mean(u) * state


class Residual(tf.nn.rnn_cell.RNNCell):
    """A product that leaves the step before its bias is added; a frozen matrix."""

    state_size = UNITS
    output_size = UNITS

    def __call__(self, inputs, state, scope=None):
        with tf.variable_scope(scope or "Residual"):
            w = tf.get_variable("w", [INPUTS + UNITS, UNITS], inputs.dtype)
            b = tf.get_variable("b", [UNITS], inputs.dtype)
        frozen = tf.stop_gradient(w) * 0.5
        product = tf.matmul(tf.concat(1, [inputs, state]), w)
        other = tf.matmul(tf.concat(1, [state, inputs]), frozen)
        return product, tf.tanh(product + b) + tf.sigmoid(other + b)


class Nested(tf.nn.rnn_cell.RNNCell):
    """A loop in each step."""

    state_size = output_size = UNITS

    def __call__(self, inputs, state, scope=None):
        with tf.variable_scope(scope or "Nested"):
            w = tf.get_variable("w", [UNITS, UNITS], inputs.dtype)
            items = [inputs[:, :2], tf.tanh(state[:, :2])]
            start = tf.matmul(state, w)
            _, state = tf.nn.rnn(_dropout(), items, initial_state=start)
        return state, tf.sin(state)


class Cuts(tf.nn.rnn_cell.RNNCell):
    """A state that is joined and cut again, at the seams and elsewhere."""

    state_size = 3 * UNITS
    output_size = UNITS

    def __call__(self, inputs, state, scope=None):
        with tf.variable_scope(scope or "Cuts"):
            w = tf.get_variable("w", [UNITS, UNITS], inputs.dtype)
        a, b, c = tf.split(1, 3, state)
        front = tf.slice(state, [0, 0], [-1, 2 * UNITS])
        back = tf.slice(front, [0, UNITS], [BATCH, -1])
        quarters = tf.split(1, 4, tf.tanh(front))
        across = tf.slice(state, [0, 1], [BATCH, UNITS])
        row = tf.slice(state, [1, UNITS], [1, UNITS])
        a, b = tf.sin(b) + across, tf.matmul(a, w) + row
        halves = tf.split(1, 2, tf.concat(1, [quarters[1], c[:, : UNITS // 2]]))
        c = tf.tanh(back + inputs[:, :UNITS] + tf.concat(-1, halves[::-1]))
        return tf.sin(c * b), tf.concat(1, [tf.concat(1, [a, b]), c])


def _dropout():
    cell = tf.nn.rnn_cell.GRUCell(UNITS)
    return tf.nn.rnn_cell.DropoutWrapper(cell, 0.7, 0.6, seed=3)


def _lstm(**settings):
    return tf.nn.rnn_cell.LSTMCell(UNITS, use_peepholes=True, **settings)


CELLS = {
    "basic": lambda: tf.nn.rnn_cell.BasicRNNCell(UNITS),
    "gru": lambda: tf.nn.rnn_cell.GRUCell(UNITS),
    "lstm": lambda: tf.nn.rnn_cell.BasicLSTMCell(UNITS),
    "lstm_tuple": lambda: tf.nn.rnn_cell.BasicLSTMCell(UNITS, state_is_tuple=True),
    "peepholes": lambda: _lstm(num_proj=2, num_unit_shards=2, num_proj_shards=2),
    "peepholes_tuple": lambda: _lstm(cell_clip=0.3, state_is_tuple=True),
    "stacked": lambda: tf.nn.rnn_cell.MultiRNNCell(
        [tf.nn.rnn_cell.BasicLSTMCell(UNITS), tf.nn.rnn_cell.GRUCell(UNITS)]
    ),
    "projected": lambda: tf.nn.rnn_cell.InputProjectionWrapper(
        tf.nn.rnn_cell.OutputProjectionWrapper(tf.nn.rnn_cell.GRUCell(UNITS), 2), 3
    ),
    "dropout": _dropout,
    "own": OwnCell,
    "residual": Residual,
    "nested": Nested,
    "cuts": Cuts,
}


@pytest.fixture(autouse=True)
def fresh_graph():
    tf.reset_default_graph()


def _data(shape, seed, dtype):
    return np.random.RandomState(seed).uniform(-0.8, 0.8, shape).astype(dtype)


def _assigned(dtype):
    for i, variable in enumerate(tf.trainable_variables()):
        shape = variable.get_shape().as_list()
        yield variable.assign(_data(shape, i, dtype))


def _written_out(cell, inputs, state, scope, lengths=None):
    outputs = []
    with tf.variable_scope(scope, reuse=True):
        for step, item in enumerate(inputs):
            output, new = cell(item, state)
            if lengths is not None:
                running = tf.constant([step < length for length in lengths])
                output = tf.select(running, output, tf.zeros_like(output))
                new = tf.select(running, new, state)
            state = new
            outputs.append(output)
    return outputs, state


def _derivatives(outputs, state, sources):
    """A loss that sees all outputs, its gradients, and gradients of those."""
    states = state if isinstance(state, tuple) else [state]
    loss = tf.add_n([tf.reduce_sum(tf.sin(2.0 * o)) for o in outputs])
    loss += tf.add_n([tf.reduce_sum(tf.square(s)) for s in states])
    first = tf.gradients(loss, sources)
    second = tf.gradients(tf.add_n([tf.reduce_sum(tf.sin(g)) for g in first]), sources)
    return [loss, *first, *second]


def _compared(make_cell, dtype, tolerance, lengths=None):
    data = tf.constant(_data([STEPS, BATCH, INPUTS], 1, dtype))
    inputs = tf.unpack(data)
    cell = make_cell()
    state = cell.zero_state(BATCH, tf.as_dtype(dtype))
    sources = [data]
    if not isinstance(state, tuple):
        state = tf.constant(_data([BATCH, cell.state_size], 2, dtype))
        sources.append(state)
    with tf.variable_scope("rnn") as scope:
        outputs, final = tf.nn.rnn(
            cell, inputs, initial_state=state, sequence_length=lengths, scope=scope
        )
    sources += tf.trainable_variables()
    found = _derivatives(outputs, final, sources)
    outputs, final = _written_out(cell, inputs, state, scope, lengths)
    expected = _derivatives(outputs, final, sources)
    with tf.Session() as sess:
        sess.run(list(_assigned(dtype)))
        found, expected = sess.run([found, expected])
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", CELLS)
def test_cell_equals_steps_written_out(name):
    _compared(CELLS[name], np.float64, 1e-10)


@pytest.mark.parametrize("name", ["basic", "lstm"])
def test_cell_in_single_precision(name):
    _compared(CELLS[name], np.float32, 2e-4)


def test_cell_with_sequence_length():
    _compared(CELLS["lstm"], np.float64, 1e-10, lengths=[3, 1])


def test_piece_from_outside_the_loop_gets_its_gradient():
    outside = tf.constant(_data([BATCH, UNITS], 9, np.float64))
    data = tf.unpack(tf.constant(_data([STEPS, BATCH, INPUTS], 1, np.float64)))
    cell = OwnCell(tf.tanh(outside))
    state = cell.zero_state(BATCH, tf.float64)
    with tf.variable_scope("rnn") as scope:
        found = tf.nn.rnn(cell, data, initial_state=state, scope=scope)
    expected = _written_out(cell, data, state, scope)
    found, expected = (_derivatives(*x, [outside]) for x in (found, expected))
    with tf.Session() as sess:
        sess.run(list(_assigned(np.float64)))
        for one, other in zip(*sess.run([found, expected]), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10)


def _traced(make_cell, differentiate):
    """The scans in the program of a loop, with the operations in them."""
    inputs = tf.unpack(tf.zeros([STEPS, BATCH, INPUTS]))
    tf.nn.rnn(make_cell(), inputs, dtype=tf.float32)
    operations = tf.get_default_graph().get_operations()
    (op,) = (op for op in operations if op.type == "Scan")
    values = [jnp.zeros(t.get_shape().as_list()) for t in op.inputs]

    def loss(values):
        final = structural["Scan"](Evaluator({}, {}, {}), op, values, {0})[0]
        return jnp.sum(jnp.square(final))

    function = jax.grad(loss) if differentiate else loss
    return [*_scans(jax.make_jaxpr(function)(values).jaxpr)]


def _scans(jaxpr):
    for equation in jaxpr.eqns:
        if equation.primitive.name == "scan":
            yield equation, [*_inside(equation)]
        else:
            for inner in _jaxprs(equation):
                yield from _scans(inner)


def _inside(equation):
    for jaxpr in _jaxprs(equation):
        for inner in jaxpr.eqns:
            yield inner
            yield from _inside(inner)


def _jaxprs(equation):
    for value in jax.tree_util.tree_leaves(equation.params):
        value = getattr(value, "jaxpr", value)
        if hasattr(value, "eqns"):
            yield value


def _products(operations):
    return [o.outvars[0].aval.shape for o in operations if "dot" in o.primitive.name]


@pytest.mark.parametrize("name", ["basic", "lstm", "gru"])
def test_backward_loop_accumulates_no_weight_gradients(name):
    forward, backward = _traced(CELLS[name], differentiate=True)
    shapes = {
        tuple(v.get_shape().as_list()) for v in tf.trainable_variables() if v.value
    }
    assert shapes
    for equation, operations in (forward, backward):
        written = {o.aval.shape for o in equation.outvars}
        written.update(o.aval.shape for x in operations for o in x.outvars)
        assert not shapes & written
    # What goes back to the step before, and nothing for the input.
    products = _products(backward[1])
    assert len(products) == len(shapes) // 2
    assert set(products) == {(BATCH, UNITS)}


def test_backward_loop_takes_states_apart_without_padding():
    forward, backward = _traced(CELLS["stacked"], differentiate=True)
    for _, operations in (forward, backward):
        assert "pad" not in {o.primitive.name for o in operations}


def test_backward_loop_writes_no_zeros_for_the_input():
    (equation, _), (back, _) = _traced(CELLS["lstm"], differentiate=True)
    shape = (STEPS, BATCH, INPUTS)
    assert shape in {v.aval.shape for v in equation.invars}
    assert shape not in {v.aval.shape for v in back.outvars}


def test_loop_without_gradients_is_plain():
    ((equation, operations),) = _traced(CELLS["lstm"], differentiate=False)
    assert (STEPS, BATCH, 4 * UNITS) not in {v.aval.shape for v in equation.invars}
    assert _products(operations) == [(BATCH, 4 * UNITS)]


def test_what_is_the_same_in_each_step_is_computed_once():
    ((_, operations),) = _traced(OwnCell, differentiate=False)
    assert (UNITS, UNITS) not in _products(operations)


def test_products_that_carry_nothing_leave_the_differentiated_loop():
    forward, backward = _traced(CELLS["projected"], differentiate=True)
    assert _products(forward[1]) == [(BATCH, 2 * UNITS), (BATCH, UNITS)]
    assert set(_products(backward[1])) == {(BATCH, UNITS)}


def test_second_derivative_through_elements_that_reading_has_cleared():
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.constant([0.5, 0.7])

        def step(i, state, array):
            state = tf.tanh(state * w + tf.to_float(i))
            return i + 1, state, array.write(i, state)

        start = (tf.constant(0), tf.zeros([2]), tf.TensorArray(tf.float32, STEPS))
        looped = tf.while_loop(lambda i, *_: i < STEPS, step, start)[2].pack()
        state, states = tf.zeros([2]), []
        for i in range(STEPS):
            state = tf.tanh(state * w + float(i))
            states.append(state)
        rows = []
        for ys in (looped, tf.pack(states)):
            (slope,) = tf.gradients(tf.reduce_sum(tf.sin(ys)), w)
            rows.append([slope, *tf.gradients(tf.square(slope), w)])
        one, other = sess.run(rows)
    np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize("known", [False, True])
def test_second_derivative_of_a_loop_that_runs_as_often_as_data_says(known):
    value = np.array([2.0, -1.5], np.float32)
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.constant(value) if known else tf.placeholder(tf.float32, [2])
        _, looped = tf.while_loop(
            lambda i, u: tf.logical_and(i < 6, tf.reduce_sum(tf.abs(u)) > 1.0),
            lambda i, u: (i + 1, tf.sin(u) * 0.7),
            [tf.constant(0), x],
        )
        steps = x
        for _ in range(2):
            steps = tf.sin(steps) * 0.7
        rows = []
        for y in (looped, steps):
            (slope,) = tf.gradients(y, x)
            rows.append([y, slope, *tf.gradients(tf.square(slope), x)])
        one, other = sess.run(rows, None if known else {x: value})
    np.testing.assert_allclose(one, other, rtol=1e-5)
