"""Every op of the device, through the same tests; `op_table.py` has the rows.

A row is built once and run once, compiled: the op on its inputs with its gradient, and
the same in a loop. What the body of the op gives when it is called by itself is what
the results are compared with.
"""

import functools

import jax
import numpy as np
import pytest

import tfstyle as tf
from tests.op_table import ROWS
from tfstyle.framework.body import argument_spans, call_body
from tfstyle.framework.op_def import Role, declaration_of, declarations
from tfstyle.framework.random_stream import advance, initial_state
from tfstyle.lowering.evaluate import blocks_of
from tfstyle.ops.body_context import BodyContext
from tfstyle.ops.scan_op import make_scan

# They are in the graphs of the others.
# `RowsInLoop` has a gradient only beside the loop it is for, see `ops/test_seq2seq.py`.
EXERCISED_ANYWAY = {"Const", "NoOp", "Placeholder", "RowsInLoop"}


def is_float(array):
    return array.dtype.kind in "fc"


def random_like(array, salt):
    """Fixed random numbers of the shape and dtype of `array`, in [-1, 1)."""
    state = np.random.RandomState([*array.shape, salt])
    value = state.uniform(-1, 1, array.shape)
    if array.dtype.kind == "c":
        value = value + 1j * state.uniform(-1, 1, array.shape)
    return np.asarray(value, array.dtype)


def wide(array):
    """`array` in double precision."""
    if not is_float(array):
        return array
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def product(a, b):
    """How a real number with gradient `a` changes when its argument moves by `b`."""
    return np.sum(np.conj(wide(a)) * wide(b)).real


def assert_close(got, want):
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    narrow = got.dtype in (np.float32, np.complex64)
    tolerance = (1e-5, 1e-5) if narrow else (1e-9, 1e-10)
    np.testing.assert_allclose(got, want, *tolerance)


class Graph:
    """A row as a graph: the op, its inputs, constant where it takes them as `Static`.

    Attributes:
        op: the operation.
        feeds: placeholder -> value.
        values: a value for each flat input of the op.
    """

    def __init__(self, row, shape_of=np.shape):
        self.row = row
        self.declaration = declaration_of(row.type)
        self.feeds = {}
        self.values = []
        self.graph = tf.Graph()
        with self.graph.as_default():
            pairs = zip(self.declaration.facts.inputs, row.inputs, strict=True)
            self.arguments = {
                arg.name: self._argument(arg.name, given, shape_of)
                for arg, given in pairs
            }
            self.op = self.apply({})

    def _argument(self, name, given, shape_of):
        if isinstance(given, list):
            return [self._argument(name, value, shape_of) for value in given]
        self.values.append(given)
        if self.declaration.roles[name] is Role.STATIC:
            return tf.constant(given)
        tensor = tf.placeholder(given.dtype, shape_of(given))
        self.feeds[tensor] = given
        return tensor

    def apply(self, instead):
        """Makes the operation, with other tensors `instead` of placeholders."""
        arguments = {
            name: [instead.get(t, t) for t in given]
            if isinstance(given, list)
            else instead.get(given, given)
            for name, given in self.arguments.items()
        }
        made = self.declaration.public(**arguments, **self.row.attrs)
        while isinstance(made, (list, tuple)):
            made = made[0]
        return made.op

    @functools.cached_property
    def differentiated(self):
        """The inputs that gradients of the body flow back to: indices."""
        flows = self.declaration.differentiable and self.declaration.gradient is None
        if not flows or not any(map(is_float, self.real)):
            return []
        return [
            i
            for name, start, end, _ in argument_spans(self.op)
            for i in range(start, end)
            if name not in self.declaration.no_gradient
            and self.op.inputs[i] in self.feeds
            and is_float(self.values[i])
        ]

    # -- what the body gives ----------------------------------------------------

    def body(self, values, step=None):
        """Results of the body, called by itself on NumPy `values`."""
        key = None
        if self.declaration.is_random:
            key = initial_state(self.row.attrs["seed"], self.row.attrs["seed2"])
        with jax.enable_x64(True):
            results = call_body(self.op, values, key)
            if key is not None and step:
                used = step * blocks_of(self.op, results)
                results = call_body(self.op, values, advance(key, used))
            return [np.asarray(r) for r in results]

    @functools.cached_property
    def real(self):
        return self.body(self.values)

    @functools.cached_property
    def beside(self):
        """Other inputs, near those of the row."""
        return [
            v + np.asarray(1e-3, v.dtype) * self.direction(v)
            if t in self.feeds and is_float(v)
            else v
            for v, t in zip(self.values, self.op.inputs, strict=True)
        ]

    @functools.cached_property
    def seeds(self):
        """The gradients of the results that the test starts from."""
        through = self.real[: self.row.results]
        return [random_like(r, 2) if is_float(r) else None for r in through]

    def direction(self, value):
        """Where an input moves."""
        step = random_like(value, 1)
        return step + np.swapaxes(step, -1, -2) if self.row.symmetric else step

    def slope(self, index, direction):
        """How the results change as input `index` moves, by finite differences."""
        ends = []
        for sign in (1, -1):
            values = [wide(v) for v in self.values]
            values[index] = values[index] + sign * self.row.step * wide(direction)
            results = self.body(values)
            ends.append(
                sum(
                    product(seed, result)
                    for seed, result in zip(self.seeds, results, strict=False)
                    if seed is not None
                )
            )
        return (ends[0] - ends[1]) / (2 * self.row.step)

    # -- what a session gives ---------------------------------------------------

    @functools.cached_property
    def run(self):
        """Results, gradients, results of a loop and gradients through the loop."""
        with self.graph.as_default():
            outputs = list(self.op.outputs)
            gradients = self._gradients(outputs, [self.op.inputs[i] for i in self._x()])
            sequences, stacked = self._loop()
            through = self._gradients(
                stacked, [sequences[self.op.inputs[i]] for i in self._x()], times=2
            )
        feed = dict(self.feeds)
        for i, tensor in enumerate(self.op.inputs):
            if tensor in sequences:
                feed[sequences[tensor]] = np.stack([self.beside[i], self.values[i]])
        with tf.Session(graph=self.graph) as sess:
            return sess.run([outputs, gradients, stacked, through], feed)

    def _x(self):
        return self.differentiated

    def _gradients(self, ys, xs, times=None):
        if not xs:
            return []
        pairs = [
            (y, seed if times is None else np.stack([seed] * times))
            for y, seed in zip(ys, self.seeds, strict=False)
            if seed is not None
        ]
        found = tf.gradients([y for y, _ in pairs], xs, [g for _, g in pairs])
        assert None not in found
        return [tf.convert_to_tensor(g) for g in found]

    def _loop(self):
        """The op in a loop over its inputs, two steps long."""
        sequences = {
            tensor: tf.placeholder(value.dtype, [2, *value.shape])
            for tensor, value in self.feeds.items()
        }
        counter = tf.constant([0, 1])
        with BodyContext() as context:
            items = {t: context.parameter(t, "item") for t in sequences}
            context.parameter(counter[0], "step")
            results = list(self.apply(items).outputs)
        scanned = [*sequences.values(), counter]
        loop = make_scan(context, [], scanned, [], results, "Scan", unrolled=False)
        return sequences, loop.stacked


@pytest.fixture(scope="module", params=ROWS, ids=lambda row: row.type)
def row(request):
    return request.param


@pytest.fixture(scope="module")
def graph(row):
    return Graph(row)


def test_every_op_has_a_row():
    ours = {
        op_type
        for op_type, declaration in declarations().items()
        if declaration.body.__module__.startswith("tfstyle.")
        and not (declaration.host or declaration.structural)
        and not any(a.is_ref for a in declaration.facts.inputs)
        and not any(a.is_ref for a in declaration.facts.outputs)
    }
    assert ours - {row.type for row in ROWS} == EXERCISED_ANYWAY


def test_static_shape_is_the_real_shape(graph):
    for i, (tensor, real) in enumerate(zip(graph.op.outputs, graph.real, strict=True)):
        known = graph.row.static if graph.row.static and not i else list(real.shape)
        assert tensor.get_shape().as_list() == known
        assert tensor.dtype.as_numpy_dtype == real.dtype


@pytest.mark.parametrize(
    "shape_of", [lambda v: [None] * v.ndim, lambda v: None], ids=["sizes", "rank"]
)
def test_static_shape_of_unknown_inputs_fits(row, graph, shape_of):
    unknown = Graph(row, shape_of)
    for tensor, real in zip(unknown.op.outputs, graph.real, strict=True):
        assert tensor.get_shape().is_compatible_with(real.shape)


def test_compiled_results_are_those_of_the_body(graph):
    for got, want in zip(graph.run[0], graph.real, strict=True):
        assert_close(got, want)


def test_gradient_is_that_of_finite_differences(graph):
    for i, gradient in zip(graph.differentiated, graph.run[1], strict=True):
        direction = graph.direction(graph.values[i])
        assert gradient.shape == direction.shape
        assert gradient.dtype == direction.dtype
        narrow = gradient.dtype in (np.float32, np.complex64)
        np.testing.assert_allclose(
            product(gradient, direction),
            graph.slope(i, direction),
            rtol=2e-3 if narrow else 1e-5,
            atol=1e-4 if narrow else 1e-7,
        )


def test_graph_def_round_trip(graph):
    first = Graph(graph.row)
    definition = first.graph.as_graph_def()
    with tf.Graph().as_default() as again:
        tf.import_graph_def(definition, name="")
    assert again.as_graph_def() == definition
    imported = again.get_operation_by_name(first.op.name)
    for got, want in zip(imported.outputs, first.op.outputs, strict=True):
        assert got.dtype == want.dtype
        assert got.get_shape().as_list() == want.get_shape().as_list()


def test_inside_a_scan(graph):
    steps = zip(
        graph.body(graph.beside, step=0), graph.body(graph.values, step=1), strict=True
    )
    for got, want in zip(graph.run[2], steps, strict=True):
        assert_close(got, np.stack(want))


def test_gradient_through_a_scan(graph):
    for got, want in zip(graph.run[3], graph.run[1], strict=True):
        assert_close(got[1], want)
