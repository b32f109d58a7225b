"""`tf.test`: the test case class, assertions about graphs, gradient checking."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.client import test_util
from tfstyle.platform import googletest


class TestCase(tf.test.TestCase):
    """Runs under pytest as tests of users do."""

    def test_default_graph_is_empty_and_seeded(self):
        graph = tf.get_default_graph()
        self.assertEqual(graph.get_operations(), [])
        self.assertEqual(graph.seed, 87654321)
        self.assertNear(np.random.rand(), 0.184634, 1e-6)

    def test_sessions_of_one_test_share_variables(self):
        with self.test_session() as first:
            v = tf.Variable(3)
            v.initializer.run()
        with self.test_session() as second:
            self.assertIs(first, second)
            self.assertAllEqual(v.eval(), 3)

    def test_session_with_a_graph_of_its_own(self):
        graph = tf.Graph()
        with self.test_session(graph=graph, use_gpu=True) as sess:
            self.assertIs(tf.get_default_graph(), graph)
            self.assertIs(tf.get_default_session(), sess)
            self.assertEqual(tf.constant(1).device, "")
        with self.test_session() as sess:
            self.assertIs(sess.graph, tf.no_op().graph)
            with pytest.raises(ValueError, match="not an element"):
                sess.run(graph.get_operations()[0])

    def test_devices(self):
        with self.test_session():
            self.assertDeviceEqual(tf.constant(1).device, "/cpu:0")
        with self.test_session(force_gpu=True):
            self.assertDeviceEqual(tf.constant(1).device, "/device:GPU:0")

    def test_checked_thread(self):
        done = []
        thread = self.checkedThread(done.append, args=(1,))
        thread.start()
        thread.join()
        self.assertEqual(done, [1])
        self.assertFalse(thread.is_alive())
        thread = self.checkedThread(lambda: 1 / 0)
        thread.start()
        with self.assertRaisesRegexp(AssertionError, "Error in checkedThread: div"):
            thread.join()

    def test_errors_of_operations(self):
        with self.test_session():
            x = tf.placeholder(tf.float32, name="x")
            with self.assertRaisesOpError("You must feed a value"):
                x.eval()
            with self.assertRaisesOpError(lambda e: e.op is x.op):
                x.eval()

    def test_temp_dir(self):
        self.assertEqual(self.get_temp_dir(), tf.test.get_temp_dir())


case = TestCase("test_temp_dir")


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("assertAllClose", ([1.0, 2.0], [1.0, 3.0]), "Not equal to tolerance"),
        ("assertAllClose", ([1.0], [np.nan]), "tolerance"),
        ("assertAllClose", (1.0, [1.0]), r"Shape mismatch: expected \(\), got \(1,\)"),
        ("assertAllCloseAccordingToType", (1.0, 1.0001), "tolerance"),
        ("assertAllEqual", ([1, 2], [1, 3]), "Arrays are not equal"),
        ("assertAllEqual", (np.array(["a"]), np.array(["b"])), "not equal"),
        ("assertAllEqual", (3, 4), "not equal"),
        ("assertNear", (1, 2, 0.1), re.escape("1.000000 != 2.000000 +/- 0.100000")),
        ("assertArrayNear", ([1, 2], [1], 0.1), "2 != 1"),
        ("assertNDArrayNear", (np.zeros(2), np.ones(2), 0.1), "1.414"),
        ("assertStartsWith", ("abc", "b"), "'abc' does not start with 'b'"),
        ("assertDeviceEqual", ("/cpu:0", "/gpu:0"), "are not equal"),
        ("assertItemsEqual", ([1], [2]), "Element counts were not equal"),
        ("assertProtoEquals", ("node { name: 'x' }", tf.GraphDef()), 'name: "x"'),
        ("assertProtoEquals", (tf.NodeDef(), tf.GraphDef()), "Can't compare protos"),
    ],
)
def test_assertion_fails(name, args, message):
    with pytest.raises(AssertionError, match=message):
        getattr(case, name)(*args)


def test_assertion_passes():
    half = np.float16(1.0005)
    case.assertAllClose([1.0, np.inf], [1.0 + 1e-7, np.inf])
    case.assertAllCloseAccordingToType(half, 1.0)
    case.assertAllEqual([np.nan, 1.0], [np.nan, 1.0])
    case.assertArrayNear([1, 2], [1.01, 2.01], 0.1)
    case.assertItemsEqual([1, 2], [2, 1])
    case.assertDeviceEqual("/job:a/cpu:0", "/job:a/device:CPU:0")
    text = "node { name: 'x' op: 'NoOp' }"
    graph_def = tf.GraphDef()
    graph_def.node.add(name="x", op="NoOp")
    case.assertProtoEquals(text, graph_def)
    graph_def.versions.producer = tf.GRAPH_DEF_VERSION
    graph_def.versions.min_consumer = tf.GRAPH_DEF_VERSION_MIN_CONSUMER
    case.assertProtoEqualsVersion(text, graph_def)


def test_where_arrays_differ_is_printed(capsys):
    with pytest.raises(AssertionError):
        case.assertAllClose([1.0, 2.0], [1.0, 3.0])
    printed = capsys.readouterr().out
    assert "not close where =  (array([1]),)" in printed
    assert "not close dif =  [1.]" in printed


def test_shape_equal():
    with tf.Graph().as_default():
        case.assertShapeEqual(np.zeros([2, 3]), tf.zeros([2, 3]))
        with pytest.raises(AssertionError, match="not equal"):
            case.assertShapeEqual(np.zeros(2), tf.zeros([1]))
        with pytest.raises(TypeError, match="must be a Numpy ndarray"):
            case.assertShapeEqual(3, tf.zeros([1]))
        with pytest.raises(TypeError, match="tf_tensor must be a Tensor"):
            case.assertShapeEqual(np.zeros(2), 3)


def test_raises_with_predicate():
    with case.assertRaisesWithPredicateMatch(ZeroDivisionError, "division"):
        _ = 1 / 0
    for kind, pattern in ((ZeroDivisionError, "other"), (ValueError, "division")):
        with (
            pytest.raises(AssertionError, match="Exception of type"),
            case.assertRaisesWithPredicateMatch(kind, pattern),
        ):
            _ = 1 / 0
    with (
        pytest.raises(AssertionError, match="ZeroDivisionError not raised"),
        case.assertRaisesWithPredicateMatch(ZeroDivisionError, ""),
    ):
        pass


# Graphs ---------------------------------------------------------------------


def graph_def(op=tf.add, y=2, device=None, kind=tf.int32, controls=None):
    with tf.Graph().as_default() as graph:
        a, b = tf.constant(1, kind, name="x"), tf.constant(y, kind, name="y")
        c, d = tf.no_op(name="c"), tf.no_op(name="d")
        if op is not None:
            with (
                tf.device(device),
                tf.control_dependencies([c, d] if controls is None else controls(c, d)),
            ):
                op(a, b, name="z")
    return graph.as_graph_def()


def test_order_does_not_count():
    expected = graph_def(controls=lambda c, d: [d, c])
    nodes = list(expected.node)
    del expected.node[:]
    expected.node.extend(reversed(nodes))
    tf.test.assert_equal_graph_def(graph_def(), expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"op": tf.mul}, "Node named 'z' has op 'Add' that is not expected 'Mul'"),
        (
            {"op": None},
            r"Found unexpected node 'z = Add\[T=DT_INT32\]\(x, y, \^c, \^d\)'",
        ),
        ({"y": 3}, "Node named 'y' has attr 'value' with value: .*2.*expected: .*3"),
        (
            {"device": "/gpu:0"},
            "'z' has device '' that is not expected '/device:GPU:0'",
        ),
        ({"kind": tf.int64}, "attr 'dtype' with value: DT_INT32 that does not match"),
        ({"controls": lambda c, d: [c]}, "has inputs 'x, y, ^c, ^d' that don't match"),
        (
            {"op": lambda x, y, name: tf.add(y, x, name=name)},
            "Node named 'z' has input 0 'x' that doesn't match expected 'y'",
        ),
    ],
)
def test_graphs_differ(changes, message):
    message = message if "\\" in message or ".*" in message else re.escape(message)
    with pytest.raises(AssertionError, match=message):
        tf.test.assert_equal_graph_def(graph_def(), graph_def(**changes))


def test_missing_node_and_attribute():
    with pytest.raises(AssertionError, match="Did not find expected node 'z = Add"):
        tf.test.assert_equal_graph_def(graph_def(op=None), graph_def())
    other = graph_def()
    other.node[-1].attr["n"].i = 3
    with pytest.raises(AssertionError, match="missing expected attr 'n' with value: 3"):
        tf.test.assert_equal_graph_def(graph_def(), other)
    with pytest.raises(AssertionError, match="unexpected attr 'n' with value: 3"):
        tf.test.assert_equal_graph_def(other, graph_def())
    with pytest.raises(TypeError, match="Expected tf.GraphDef for expected, got int"):
        tf.test.assert_equal_graph_def(other, 3)


def test_ops_in_graph():
    with tf.Graph().as_default() as graph:
        tf.constant(1, name="x")
    assert test_util.assert_ops_in_graph({"x": "Const"}, graph)["x"].op == "Const"
    with pytest.raises(ValueError, match="Expected op for node x is different"):
        test_util.assert_ops_in_graph({"x": "Add"}, graph)
    with pytest.raises(ValueError, match=r"Expected \['q'\], found \[\]"):
        test_util.assert_ops_in_graph({"q": "Add"}, graph)


# Gradients ------------------------------------------------------------------


@pytest.fixture
def sess():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


@pytest.mark.usefixtures("sess")
def test_jacobians_of_a_product():
    x = tf.placeholder(tf.float64, [2, 3])
    w = np.arange(6.0).reshape(3, 2)
    y = tf.matmul(x, w)
    start = np.ones([2, 3])
    theoretical, numeric = tf.test.compute_gradient(x, [2, 3], y, [2, 2], start)
    expected = np.einsum("ij,kl->ikjl", np.eye(2), w).reshape(6, 4)
    np.testing.assert_allclose(theoretical, expected)
    np.testing.assert_allclose(numeric, expected, atol=1e-9)
    assert theoretical.dtype == np.float64


@pytest.mark.usefixtures("sess")
def test_wrong_gradient_is_found():
    graph = tf.get_default_graph()
    x = tf.placeholder(tf.float64, [3])
    assert tf.test.compute_gradient_error(x, [3], tf.tanh(x), [3]) < 1e-6
    with graph.gradient_override_map({"Tanh": "TestUtilDouble"}):
        y = tf.tanh(x)
    assert tf.test.compute_gradient_error(x, [3], y, [3]) > 0.1


@tf.RegisterGradient("TestUtilDouble")
def _double(op, grad):
    return 2.0 * grad


@pytest.mark.usefixtures("sess")
def test_gradients_of_several_tensors_and_of_a_variable():
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]], dtype=tf.float32)
    x = tf.placeholder(tf.float32, [2, 2])
    y = tf.reduce_sum(v * x, 1)
    pairs = tf.test.compute_gradient(
        [x, x], [[2, 2], [2, 2]], y, [2], init_targets=[v.initializer]
    )
    assert len(pairs) == 2
    for theoretical, numeric in pairs:
        np.testing.assert_allclose(theoretical, numeric, atol=2e-3)
        np.testing.assert_allclose(theoretical[:, 0], [1, 2, 0, 0])


@pytest.mark.usefixtures("sess")
def test_sparse_gradient():
    x = tf.placeholder(tf.float64, [3, 2])
    y = tf.gather(x, [0, 2, 2])
    assert tf.test.compute_gradient_error(x, [3, 2], y, [3, 2]) < 1e-6


@pytest.mark.usefixtures("sess")
def test_complex_tensors_count_twice():
    x = tf.placeholder(tf.complex128, [2])
    theoretical, numeric = tf.test.compute_gradient(x, [2], tf.conj(x), [2])
    np.testing.assert_allclose(theoretical, np.diag([1.0, -1.0] * 2), atol=1e-6)
    np.testing.assert_allclose(numeric, theoretical, atol=1e-6)


@pytest.mark.usefixtures("sess")
def test_empty_tensor_and_bad_arguments():
    x = tf.placeholder(tf.float32, [0])
    assert tf.test.compute_gradient_error(x, [0], 2.0 * x, [0]) == 0
    x = tf.placeholder(tf.float32, [2])
    with pytest.raises(
        AssertionError, match=r"x_shape = \[2\], init_data shape = \[3\]"
    ):
        tf.test.compute_gradient(x, [2], 2.0 * x, [2], np.zeros(3))
    n = tf.placeholder(tf.int32, [2])
    with pytest.raises(AssertionError, match="Don't support type int32 for x"):
        tf.test.compute_gradient(n, [2], 2 * n, [2])


# googletest and the program -------------------------------------------------


def test_stubs():
    class Thing:
        @staticmethod
        def size():
            return 1

    class Child(Thing):
        pass

    with googletest.StubOutForTesting() as stubs:
        stubs.Set(Thing, "size", lambda: 2)
        assert Thing.size() == 2
        stubs.SmartSet(Child(), "size", lambda self: 3)
        assert (Thing().size(), "size" in vars(Child)) == (3, False)
        with pytest.raises(AttributeError, match="Attribute not found"):
            stubs.SmartSet(Child, "width", 1)
    assert Thing().size() == 1


PROGRAM = """
import tensorflow as tf
from tensorflow.python.framework import test_util
from tensorflow.python.platform import googletest, test

class Square(test_util.TensorFlowTestCase):
    def testSquare(self):
        with self.test_session():
            self.assertAllEqual(tf.square([2, 3]).eval(), [4, 9])
    def testWrong(self):
        with self.test_session():
            self.assertAllEqual(tf.square([2, 3]).eval(), [4, 8])

if __name__ == "__main__":
    assert test is tf.test and issubclass(tf.test.TestCase, googletest.TestCase)
    tf.test.main()
"""


@pytest.mark.parametrize(
    ("shard", "code", "told"),
    [
        ({}, 1, r"Ran 3 tests.*FAILED \(failures=1, skipped=1\)"),
        ({"TEST_SHARD_INDEX": "0"}, 0, r"Ran 1 test.*OK"),
    ],
)
def test_program_of_tests(tmp_path, shard, code, told):
    script = tmp_path / "square_test.py"
    script.write_text(PROGRAM)
    if shard:
        shard["TEST_TOTAL_SHARDS"] = "3"
    done = run([sys.executable, "-m", "tfstyle", str(script)], shard)
    assert re.search(told, done.stderr, re.DOTALL), done.stderr
    assert done.returncode == code


def run(command, environment):
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True
    )
