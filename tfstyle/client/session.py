"""`Session` and `InteractiveSession`: where graphs are run."""

from __future__ import annotations

import threading
import warnings
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from tfstyle.client import config as config_lib
from tfstyle.client.fetches import Feeds, Fetches
from tfstyle.client.partial_run import PartialRun
from tfstyle.framework import errors
from tfstyle.framework.defaults import get_default_graph, graphs, sessions
from tfstyle.framework.graph import Graph
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.plan import Plan, make_plan
from tfstyle.lowering.state import State
from tfstyle.ops.session_ops import HANDLES, TensorHandle
from tfstyle.platform.memory import keep_memory

__all__ = ["BaseSession", "InteractiveSession", "Session", "SessionInterface"]

# Values of lost handles that are kept before they are freed together.
_DEAD_HANDLES = 10


class _Run:
    """What is remembered of one combination of fetches and feed keys."""

    __slots__ = ("changes", "feeds", "fetches", "plan")

    def __init__(self, graph: Graph, fetches: Any, keys: tuple[Any, ...]) -> None:
        self.changes = graph._changes
        self.fetches = Fetches(graph, fetches)
        self.feeds = Feeds(graph, keys)
        self.plan: Plan = make_plan(
            self.fetches.operations, self.fetches.tensors, frozenset(self.feeds.tensors)
        )


class SessionInterface:
    """What every session has, and what stands in for one should have."""

    @property
    def graph(self) -> Graph:
        """The graph of the session."""
        raise NotImplementedError("graph")

    @property
    def sess_str(self) -> str:
        """The target of the session."""
        raise NotImplementedError("sess_str")

    def run(
        self,
        fetches: Any,
        feed_dict: Any = None,
        options: Any = None,
        run_metadata: Any = None,
    ) -> Any:
        """Runs operations and evaluates tensors."""
        raise NotImplementedError("run")

    def partial_run_setup(self, fetches: Any, feeds: Any = None) -> str:
        """Starts a run that goes on over several calls of `partial_run`."""
        raise NotImplementedError("partial_run_setup")

    def partial_run(self, handle: str, fetches: Any, feed_dict: Any = None) -> Any:
        """Continues a partial run."""
        raise NotImplementedError("partial_run")


class BaseSession(SessionInterface):
    """Runs the operations of one graph and keeps the values of its variables."""

    def __init__(
        self, target: str = "", graph: Graph | None = None, config: Any = None
    ) -> None:
        """Makes a session.

        Args:
            target: address of an execution engine; "" and "local" are this process.
            graph: the graph to run; default: the default graph.
            config: a `ConfigProto`.

        Raises:
            TypeError: when an argument is of the wrong type.
            tf.errors.NotFoundError: when `target` names an engine there is none for.
        """
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(f"graph must be a tf.Graph, but got {type(graph)}")
        if isinstance(target, bytes):
            target = target.decode()
        if not isinstance(target, str):
            raise TypeError(f"target must be a string, but got {type(target)}")
        if target not in ("", "local"):
            raise errors.NotFoundError(
                None,
                None,
                "No session factory registered for the given session options: "
                f'{{target: "{target}"}}: only this process can run graphs.',
            )
        if config is not None:
            config_lib.check(config)
        self._target = target
        self._graph = graph if graph is not None else get_default_graph()
        self._state = State(config_lib.rolls_loops(config))
        self._closed = False
        self._runs: dict[Any, _Run] = {}
        self._runs_lock = threading.Lock()
        self._partial_runs: dict[str, PartialRun] = {}
        self._dead_handles: list[str] = []
        self._placements_logged = not getattr(config, "log_device_placement", False)
        config_lib.apply(config)
        keep_memory()

    @property
    def graph(self) -> Graph:
        """The graph of the session."""
        return self._graph

    @property
    def graph_def(self) -> Any:
        """The graph as a `GraphDef` protocol buffer."""
        return self._graph.as_graph_def(add_shapes=False)

    @property
    def sess_str(self) -> str:
        """The target of the session."""
        return self._target

    def as_default(self) -> AbstractContextManager[Any]:
        """A context in which this session is the default of `eval` and `run`."""
        return sessions.entered(self)

    def close(self) -> None:
        """Frees the variables; running anything afterwards raises RuntimeError."""
        self._closed = True
        self._state = State()
        self._runs.clear()

    def run(
        self,
        fetches: Any,
        feed_dict: dict[Any, Any] | None = None,
        options: Any = None,
        run_metadata: Any = None,
    ) -> Any:
        """Runs operations and evaluates tensors.

        Args:
            fetches: a tensor, operation, variable or name, or a list, tuple or dict of
                such.
            feed_dict: tensor -> value to use for it (a NumPy array, Python values or a
                `jax.Array`), or tuple of tensors -> that many values.
            options: a `RunOptions`.
            run_metadata: a `RunMetadata` to fill in.

        Returns:
            Values of the same structure as `fetches`: NumPy arrays and scalars for
            tensors, None for operations. As in TF 0.9 a tuple is answered with a list.

        Raises:
            RuntimeError: when the session is closed or its graph is empty.
            TypeError: when a fetch, a key or a value is of the wrong type.
            ValueError: when a fetch or a feed does not fit the graph.
            tf.errors.OpError: when running an operation fails; no variable changes.
        """
        keys = tuple(feed_dict) if feed_dict else ()
        try:
            run = self._runs.get((_key(fetches), keys))
        except TypeError:
            run = None
        if run is None or self._closed or run.changes != self._graph._changes:
            run = self._prepare(fetches, keys, feed_dict)
        fed = run.feeds.convert(feed_dict) if feed_dict else {}
        plan = run.plan
        if plan.unfed:
            raise _unfed(plan.unfed[0])
        if options is not None or run_metadata is not None:
            with config_lib.traced(options, run_metadata, plan):
                values = plan.run(self._state, fed)
        else:
            values = plan.run(self._state, fed)
        return self._results(run.fetches, values)

    def _results(self, fetches: Fetches, results: list[Any]) -> Any:
        """What `run` returns for the computed values."""
        for slot, tensor in fetches.handles.items():
            handle = results[slot].decode()
            results[slot] = TensorHandle(handle, tensor.dtype.base_dtype, self)
        return fetches.build(results)

    def _register_dead_handle(self, handle: str) -> None:
        """Notes that nobody holds a handle any more; its value is freed in time.

        Not at once: a program may have kept the name alone.
        """
        self._dead_handles.append(handle)
        if len(self._dead_handles) > _DEAD_HANDLES:
            kept = self._state.resources.get(HANDLES, {})
            while self._dead_handles:
                kept.pop(self._dead_handles.pop(), None)

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        if self._graph.version == 0:
            raise RuntimeError(
                "The Session graph is empty.  Add operations to the graph before "
                "calling run()."
            )

    def _prepare(self, fetches: Any, keys: tuple[Any, ...], feed_dict: Any) -> _Run:
        self._check_open()
        if feed_dict is not None and not isinstance(feed_dict, dict):
            raise TypeError(f"feed_dict must be a dict, got {type(feed_dict)}.")
        if not self._placements_logged:
            self._placements_logged = True
            config_lib.log_placements(self._graph)
        run = _Run(self._graph, fetches, keys)
        try:
            with self._runs_lock:
                self._runs[_key(fetches), keys] = run
        except TypeError:
            pass  # A structure that cannot be a key is planned anew each time.
        return run

    # -- partial runs -----------------------------------------------------------

    def partial_run_setup(self, fetches: Any, feeds: Any = None) -> str:
        """Starts a run that goes on over several calls of `partial_run`.

        Args:
            fetches: everything that will be fetched.
            feeds: the tensors that will be fed.

        Returns:
            A handle for `partial_run`.
        """
        self._check_open()
        run = PartialRun(self._graph, fetches, feeds or ())
        handle = f"partial_run_{len(self._partial_runs)}"
        self._partial_runs[handle] = run
        return handle

    def partial_run(
        self, handle: str, fetches: Any, feed_dict: dict[Any, Any] | None = None
    ) -> Any:
        """Continues a partial run; every operation is executed once per handle.

        Args:
            handle: what `partial_run_setup` returned.
            fetches: what to fetch now, among what was announced.
            feed_dict: what to feed now, among what was announced.

        Raises:
            tf.errors.InvalidArgumentError: when the handle is unknown, or something
                was not announced, or is fed or fetched a second time.
        """
        self._check_open()
        if handle not in self._partial_runs:
            raise errors.InvalidArgumentError(
                None, None, "Must run 'setup' before performing partial runs!"
            )
        values, asked = self._partial_runs[handle].run(
            self._state, fetches, feed_dict or {}
        )
        return self._results(asked, values)


def _key(fetches: Any) -> Any:
    """A hashable stand-in for a structure of fetches."""
    kind = type(fetches)
    if kind is Tensor or kind is Operation:
        return fetches
    if kind is list:
        return (list, *[_key(f) for f in fetches])
    if kind is dict:
        return (dict, *[(k, _key(f)) for k, f in fetches.items()])
    if isinstance(fetches, tuple):
        return (kind, *[_key(f) for f in fetches])
    if isinstance(fetches, dict):
        raise TypeError("other kinds of dict are not remembered")
    return fetches


_TYPE_NAMES = {"float32": "float", "float64": "double", "float16": "half"}


def _unfed(op: Operation) -> errors.InvalidArgumentError:
    tensor = op.outputs[0]
    shape = op._attrs.get("shape")
    known = ""
    if shape is not None and shape.is_fully_defined() and shape.ndims:
        known = f" and shape [{','.join(str(d) for d in shape.as_list())}]"
    name = _TYPE_NAMES.get(tensor.dtype.name, tensor.dtype.name)
    return errors.InvalidArgumentError(
        None,
        op,
        f"You must feed a value for placeholder tensor '{op.name}' with dtype "
        f"{name}{known}\n\t [[Node: {op.name} = Placeholder[dtype=DT_"
        f"{name.upper()}]()]]",
    )


class Session(BaseSession):
    """A session that is also a context: `with tf.Session() as sess: …`."""

    def __init__(
        self, target: str = "", graph: Graph | None = None, config: Any = None
    ) -> None:
        """Makes a session; see `BaseSession`."""
        super().__init__(target, graph, config)
        self._contexts: list[ExitStack] = []

    def __enter__(self) -> Session:
        """Makes this session and its graph the defaults."""
        stack = ExitStack()
        stack.enter_context(self.graph.as_default())
        stack.enter_context(self.as_default())
        self._contexts.append(stack)
        return self

    def __exit__(self, exc_type: Any, exc_value: Any, exc_tb: Any) -> None:
        """Leaves the context and closes the session."""
        if exc_type is errors.OpError:
            warnings.warn(f"Session closing due to error {exc_value}", stacklevel=2)
        try:
            self._contexts.pop().__exit__(exc_type, exc_value, exc_tb)
        finally:
            self.close()


class InteractiveSession(BaseSession):
    """A session that makes itself the default when it is made, for notebooks."""

    def __init__(
        self, target: str = "", graph: Graph | None = None, config: Any = None
    ) -> None:
        """Makes a session and installs it (and `graph`, if given) as the default."""
        super().__init__(target, graph, config)
        self._stack = ExitStack()
        if graph is not None:
            self._stack.enter_context(graph.as_default())
        self._stack.enter_context(self.as_default())

    def close(self) -> None:
        """Closes the session and stops it from being the default."""
        super().close()
        # Interactive sessions are closed in any order.
        nested = sessions.enforce_nesting, graphs.enforce_nesting
        sessions.enforce_nesting = graphs.enforce_nesting = False
        try:
            self._stack.close()
        finally:
            sessions.enforce_nesting, graphs.enforce_nesting = nested
