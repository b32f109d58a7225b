"""`TensorFlowTestCase` and assertions about graphs."""

from __future__ import annotations

import importlib.metadata
import random
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import numpy as np

from tfstyle.client import session
from tfstyle.framework import device as device_lib
from tfstyle.framework import errors, ops, versions
from tfstyle.framework.graph import Graph
from tfstyle.platform import googletest

__all__ = [
    "TensorFlowTestCase",
    "assert_ops_in_graph",
    "assert_equal_graph_def",
    "IsGoogleCudaEnabled",
    "CudaSupportsHalfMatMulAndConv",
]

# The seed that tests of TensorFlow run with.
_SEED = 87654321


def assert_ops_in_graph(expected_ops: dict[str, str], graph: Graph) -> dict[str, Any]:
    """Asserts that a graph has certain operations.

    Args:
        expected_ops: name of an operation -> its type.
        graph: the graph.

    Returns:
        Name of each of them -> its `NodeDef`.

    Raises:
        ValueError: when one is missing or of another type.
    """
    found = {
        node.name: node
        for node in graph.as_graph_def().node
        if node.name in expected_ops
    }
    for name, node in found.items():
        if expected_ops[name] != node.op:
            raise ValueError(
                f"Expected op for node {name} is different. "
                f"{expected_ops[name]} vs {node.op}"
            )
    if set(expected_ops) != set(found):
        raise ValueError(
            "Not all expected ops are present. "
            f"Expected {list(expected_ops)}, found {list(found)}"
        )
    return found


def assert_equal_graph_def(actual: Any, expected: Any) -> None:
    """Asserts that two `GraphDef`s have the same nodes.

    The versions and the order of nodes and of control inputs do not count.

    Args:
        actual: a `GraphDef`.
        expected: a `GraphDef`.

    Raises:
        AssertionError: when they differ; the message names the first difference.
        TypeError: when one is no `GraphDef`.
    """
    from tfstyle.core.framework import graph_pb2

    for name, graph_def in (("actual", actual), ("expected", expected)):
        if not isinstance(graph_def, graph_pb2.GraphDef):
            raise TypeError(
                f"Expected tf.GraphDef for {name}, got {type(graph_def).__name__}"
            )
    wanted = {node.name: node for node in expected.node}
    for node in actual.node:
        if node.name not in wanted:
            raise AssertionError(
                f"Found unexpected node '{_summary(node)}' not in expected graph:\n"
                + "\n".join(_summary(other) for other in expected.node)
            )
        difference = _difference(node, wanted.pop(node.name))
        if difference:
            raise AssertionError(f"Node named '{node.name}' {difference}")
    for node in wanted.values():
        raise AssertionError(f"Did not find expected node '{_summary(node)}'")


def _difference(actual: Any, expected: Any) -> str:
    """How the first node differs from the second; empty when it does not."""
    for field in ("op", "device"):
        value, wanted = getattr(actual, field), getattr(expected, field)
        if value != wanted:
            return f"has {field} '{value}' that is not expected '{wanted}'"
    inputs, wanted_inputs = _inputs(actual), _inputs(expected)
    if len(inputs) != len(wanted_inputs):
        return (
            f"has inputs '{', '.join(inputs)}' that don't match expected "
            f"'{', '.join(wanted_inputs)}'"
        )
    for i, (value, wanted) in enumerate(zip(inputs, wanted_inputs, strict=True)):
        if value != wanted:
            return f"has input {i} '{value}' that doesn't match expected '{wanted}'"
    for name in sorted({*actual.attr, *expected.attr}):
        if name not in actual.attr:
            return f"missing expected attr '{name}' with value: " + _text(
                expected.attr[name]
            )
        value = _text(actual.attr[name])
        if name not in expected.attr:
            return f"has unexpected attr '{name}' with value: {value}"
        if actual.attr[name] != expected.attr[name]:
            return (
                f"has attr '{name}' with value: {value} that does not match "
                f"expected: {_text(expected.attr[name])}"
            )
    return ""


def _inputs(node: Any) -> list[str]:
    data = [name for name in node.input if not name.startswith("^")]
    return data + sorted(name for name in node.input if name.startswith("^"))


def _summary(node: Any) -> str:
    attributes = ", ".join(f"{k}={_text(node.attr[k])}" for k in sorted(node.attr))
    return f"{node.name} = {node.op}[{attributes}]({', '.join(node.input)})"


def _text(attribute: Any) -> str:
    from google.protobuf import text_format

    text = str(text_format.MessageToString(attribute, as_one_line=True))
    # `3` and not `i: 3`.
    short = attribute.WhichOneof("value") in ("b", "f", "i", "s", "type")
    return text.partition(": ")[2] if short else text


def IsGoogleCudaEnabled() -> bool:
    """Whether the JAX that is installed can use NVIDIA GPUs, present or not."""
    plugins = importlib.metadata.entry_points(group="jax_plugins")
    return any("cuda" in plugin.name for plugin in plugins)


def CudaSupportsHalfMatMulAndConv() -> bool:
    """Whether a GPU computes float16 products: as all do that JAX knows."""
    return IsGoogleCudaEnabled()


class TensorFlowTestCase(googletest.TestCase):
    """A `unittest.TestCase` for graphs.

    Each test begins with an empty default graph and fixed seeds. Arguments of the
    assertions about arrays are arrays or whatever NumPy makes one of.
    """

    def __init__(self, methodName: str = "runTest") -> None:
        """Makes the test that runs the method `methodName`."""
        super().__init__(methodName)
        self._threads: list[_CheckedThread] = []
        self._cached_session: session.Session | None = None

    def setUp(self) -> None:
        """Resets the default graph and all seeds."""
        self._clear_cached_session()
        random.seed(_SEED)
        np.random.seed(_SEED)
        ops.reset_default_graph()
        ops.get_default_graph().seed = _SEED

    def tearDown(self) -> None:
        """Fails when a `checkedThread` is still running; closes the session."""
        for thread in self._threads:
            self.assertFalse(thread.is_alive(), "A checkedThread did not terminate")
        self._clear_cached_session()

    def _clear_cached_session(self) -> None:
        if self._cached_session is not None:
            self._cached_session.close()
            self._cached_session = None

    def get_temp_dir(self) -> str:
        """Returns a folder for the files of the tests; it goes with the program."""
        return googletest.GetTempDir()

    def test_session(
        self,
        graph: Graph | None = None,
        config: Any = None,
        use_gpu: bool = False,
        force_gpu: bool = False,
    ) -> AbstractContextManager[session.Session]:
        """A context in which a session and its graph are the defaults.

        Args:
            graph: the graph. By default the default graph, and then all calls in one
                test share a session.
            config: a `ConfigProto`; it counts where a session is made.
            use_gpu: do not put operations on "/cpu:0".
            force_gpu: put operations on "/gpu:0". What `tf.device` says is kept on
                operations; where they run is JAX's choice.

        Returns:
            The context, which gives the session.
        """
        # Its name makes loaders of tests take it for one.
        if self.id().endswith(".test_session"):
            self.skipTest("Not a test.")
        return self._session(graph, config, use_gpu, force_gpu)

    @contextmanager
    def _session(
        self, graph: Graph | None, config: Any, use_gpu: bool, force_gpu: bool
    ) -> Iterator[session.Session]:
        with ExitStack() as stack:
            if graph is not None:
                sess = stack.enter_context(session.Session(graph=graph, config=config))
            else:
                if self._cached_session is None:
                    self._cached_session = session.Session(config=config)
                sess = self._cached_session
                stack.enter_context(sess.graph.as_default())
                stack.enter_context(sess.as_default())
            if force_gpu or not use_gpu:
                place = "/gpu:0" if force_gpu else "/cpu:0"
                stack.enter_context(sess.graph.device(place))
            yield sess

    def checkedThread(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> _CheckedThread:
        """Returns a thread, not started yet, whose failure fails the test.

        Args:
            target: what the thread calls.
            args: positional arguments for it.
            kwargs: named arguments for it.

        Returns:
            An object with `start()`, `join()` and `is_alive()`. `join()` fails the
            test if `target` raised; a thread that is never joined fails it, too, if
            it still runs in the end.
        """
        thread = _CheckedThread(self, target, args or (), kwargs or {})
        self._threads.append(thread)
        return thread

    # Assertions about arrays and numbers ------------------------------------------

    def assertNear(self, f1: float, f2: float, err: float, msg: Any = None) -> None:
        """Asserts that two numbers differ by at most `err`."""
        tail = f" ({msg})" if msg is not None else ""
        message = f"{f1:f} != {f2:f} +/- {err:f}{tail}"
        self.assertTrue(abs(f1 - f2) <= err, message)

    def assertArrayNear(self, farray1: Any, farray2: Any, err: float) -> None:
        """Asserts that numbers of two sequences differ by at most `err` each."""
        self.assertEqual(len(farray1), len(farray2))
        for f1, f2 in zip(farray1, farray2, strict=True):
            self.assertNear(float(f1), float(f2), err)

    def assertNDArrayNear(self, ndarray1: Any, ndarray2: Any, err: float) -> None:
        """Asserts that the norm of the difference of two arrays is below `err`."""
        norm = float(np.linalg.norm(ndarray1 - ndarray2))
        self.assertTrue(norm < err, f"norm of the difference: {norm}, not below {err}")

    def assertAllClose(
        self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6
    ) -> None:
        """Asserts that arrays have one shape and |a - b| <= atol + rtol * |b|."""
        a, b = self._arrays_of_one_shape(a, b)
        if np.allclose(a, b, rtol=rtol, atol=atol):
            return
        tolerance = atol + rtol * np.abs(b)
        # NaN on one side only is far, whatever the comparison says.
        far = (np.abs(a - b) > tolerance) | (np.isnan(a) != np.isnan(b))
        self._print_where("close", far, a, b)
        print("not close dif = ", np.abs(a - b)[far])
        print("not close tol = ", tolerance[far])
        print(f"dtype = {a.dtype}, shape = {a.shape}")
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)

    def assertAllCloseAccordingToType(
        self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6
    ) -> None:
        """`assertAllClose`, with tolerances of at least 1e-3 for float16."""
        a, b = np.asarray(a), np.asarray(b)
        if np.float16 in (a.dtype, b.dtype):
            rtol, atol = max(rtol, 1e-3), max(atol, 1e-3)
        self.assertAllClose(a, b, rtol=rtol, atol=atol)

    def assertAllEqual(self, a: Any, b: Any) -> None:
        """Asserts that arrays have one shape and equal elements; NaN equals NaN."""
        a, b = self._arrays_of_one_shape(a, b)
        same = np.asarray(a == b)
        if a.dtype in (np.float32, np.float64) and b.dtype.kind == "f":
            same = same | (np.isnan(a) & np.isnan(b))
        if not np.all(same):
            self._print_where("equal", ~same, a, b)
            np.testing.assert_array_equal(a, b)

    def assertShapeEqual(self, np_array: Any, tf_tensor: Any) -> None:
        """Asserts that an array has the static shape of a tensor.

        Raises:
            TypeError: when an argument is of another type.
        """
        if not isinstance(np_array, np.ndarray | np.generic):
            raise TypeError("np_array must be a Numpy ndarray or Numpy scalar")
        if not isinstance(tf_tensor, ops.Tensor):
            raise TypeError("tf_tensor must be a Tensor")
        self.assertAllEqual(np_array.shape, tf_tensor.get_shape().as_list())

    def _arrays_of_one_shape(self, a: Any, b: Any) -> tuple[np.ndarray, np.ndarray]:
        a, b = np.asarray(a), np.asarray(b)
        message = f"Shape mismatch: expected {a.shape}, got {b.shape}."
        self.assertEqual(a.shape, b.shape, message)
        return a, b

    def _print_where(
        self, what: str, wrong: np.ndarray, a: np.ndarray, b: np.ndarray
    ) -> None:
        if wrong.ndim:
            print(f"not {what} where = ", np.where(wrong))
        print(f"not {what} lhs = ", a[wrong])
        print(f"not {what} rhs = ", b[wrong])

    # Assertions about other things ------------------------------------------------

    def assertStartsWith(
        self, actual: str, expected_start: str, msg: Any = None
    ) -> None:
        """Asserts that a text begins with another."""
        if not actual.startswith(expected_start):
            tail = f" : {msg!r}" if msg else ""
            self.fail(f"{actual!r} does not start with {expected_start!r}{tail}")

    def assertDeviceEqual(self, device1: Any, device2: Any) -> None:
        """Asserts that two device strings or `DeviceSpec`s name one device."""
        name1 = device_lib.canonical_name(device1)
        name2 = device_lib.canonical_name(device2)
        self.assertEqual(name1, name2, f"Devices {name1} and {name2} are not equal")

    def assertProtoEquals(
        self, expected_message_maybe_ascii: Any, message: Any
    ) -> None:
        """Asserts that a protocol buffer equals another one, or one given as text."""
        # Programs without tests need not wait for the import.
        from google.protobuf import text_format

        expected = expected_message_maybe_ascii
        if isinstance(expected, str):
            expected = text_format.Parse(expected, type(message)())
        elif type(expected) is not type(message):
            raise AssertionError(
                f"Can't compare protos of type {type(expected)} and {type(message)}"
            )
        if expected != message:
            self.assertMultiLineEqual(
                text_format.MessageToString(expected),
                text_format.MessageToString(message),
            )

    def assertProtoEqualsVersion(
        self,
        expected: str,
        actual: Any,
        producer: int = versions.GRAPH_DEF_VERSION,
        min_consumer: int = versions.GRAPH_DEF_VERSION_MIN_CONSUMER,
    ) -> None:
        """`assertProtoEquals` for a `GraphDef`, whose versions are given apart."""
        head = f"versions {{ producer: {producer} min_consumer: {min_consumer} }}"
        self.assertProtoEquals(f"{head};\n{expected}", actual)

    @contextmanager
    def assertRaisesWithPredicateMatch(
        self,
        exception_type: type[BaseException],
        expected_err_re_or_predicate: str | Callable[[Any], Any],
    ) -> Iterator[None]:
        """A context that must raise a certain exception.

        Args:
            exception_type: its type.
            expected_err_re_or_predicate: what is searched in its message, or a
                function of the exception that tells whether it is the right one.
        """
        try:
            yield
        except Exception as error:
            wanted = expected_err_re_or_predicate
            right = (
                wanted(error) if callable(wanted) else re.search(wanted, _told(error))
            )
            if isinstance(error, exception_type) and right:
                return
            message = f"Exception of type {type(error)}: {error}"
            raise AssertionError(message) from error
        self.fail(f"{exception_type.__name__} not raised")

    def assertRaisesOpError(self, expected_err_re_or_predicate: Any) -> Any:
        """`assertRaisesWithPredicateMatch` for a `tf.errors.OpError`."""
        return self.assertRaisesWithPredicateMatch(
            errors.OpError, expected_err_re_or_predicate
        )

    def assertItemsEqual(self, first: Any, second: Any, msg: Any = None) -> None:
        """Asserts that two collections have the same items in any order."""
        self.assertCountEqual(first, second, msg)

    def assertRaisesRegexp(
        self, expected_exception: Any, expected_regex: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """`unittest`'s `assertRaisesRegex`, under its name in Python 2."""
        return self.assertRaisesRegex(
            expected_exception, expected_regex, *args, **kwargs
        )


def _told(error: BaseException) -> str:
    """The message of an exception, with the name of the operation it is about."""
    if not isinstance(error, errors.OpError):
        return str(error)
    if error.op is None:
        return str(error.message)
    return f"{error.message}\nCaused by: {error.op.name}"


class _CheckedThread:
    """A thread that hands the failure of its target to the test."""

    def __init__(
        self,
        case: TensorFlowTestCase,
        target: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self._case = case
        self._call = lambda: target(*args, **kwargs)
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self._call()
        except Exception as error:
            self._error = error

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def join(self) -> None:
        """Waits for the thread; fails the test if its target raised."""
        self._thread.join()
        if self._error is not None:
            self._case.fail(f"Error in checkedThread: {self._error}")

    def is_alive(self) -> bool:
        """Whether the thread is running."""
        return self._thread.is_alive()
