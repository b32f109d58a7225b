"""The graph API, under the module path programs import it from."""

from __future__ import annotations

from contextlib import AbstractContextManager, ContextDecorator
from typing import Any, ClassVar

from tfstyle.framework.apply_op import graph_of_inputs
from tfstyle.framework.conversion import (
    convert_n_to_tensor,
    convert_to_tensor,
    register_tensor_conversion_function,
)
from tfstyle.framework.defaults import (
    get_default_graph,
    get_default_session,
    graphs,
    reset_default_graph,
    sessions,
)
from tfstyle.framework.gradient_registry import (
    NoGradient,
    RegisterGradient,
    RegisterShape,
    get_gradient_function,
)
from tfstyle.framework.graph import Graph
from tfstyle.framework.indexed_slices import (
    IndexedSlices,
    convert_n_to_tensor_or_indexed_slices,
    convert_to_tensor_or_indexed_slices,
)
from tfstyle.framework.op_stats import (
    OpStats,
    RegisterStatistics,
    get_stats_for_node_def,
)
from tfstyle.framework.proto_functions import (
    get_collection_proto_type,
    get_from_proto_function,
    get_to_proto_function,
    register_proto_function,
)
from tfstyle.framework.session_values import IndexedSlicesValue
from tfstyle.framework.shape_inference import set_shapes_for_outputs
from tfstyle.framework.sparse_tensor import SparseTensor, SparseTensorValue
from tfstyle.framework.tensor import Operation, Tensor

__all__ = [
    "Graph",
    "GraphKeys",
    "IndexedSlices",
    "IndexedSlicesValue",
    "NoGradient",
    "NotDifferentiable",
    "OpStats",
    "Operation",
    "RegisterGradient",
    "RegisterShape",
    "RegisterStatistics",
    "SparseTensor",
    "SparseTensorValue",
    "Tensor",
    "add_to_collection",
    "add_to_collections",
    "colocate_with",
    "control_dependencies",
    "convert_n_to_tensor",
    "convert_n_to_tensor_or_indexed_slices",
    "convert_to_tensor",
    "convert_to_tensor_or_indexed_slices",
    "default_session",
    "device",
    "get_all_collection_keys",
    "get_collection",
    "get_collection_proto_type",
    "get_collection_ref",
    "get_default_graph",
    "get_default_session",
    "get_from_proto_function",
    "get_gradient_function",
    "get_stats_for_node_def",
    "get_to_proto_function",
    "graphs",
    "is_dense_tensor_like",
    "name_scope",
    "op_scope",
    "register_dense_tensor_like_type",
    "register_proto_function",
    "register_tensor_conversion_function",
    "reset_default_graph",
    "sessions",
    "set_shapes_for_outputs",
]

NotDifferentiable = NoGradient


class GraphKeys:
    """Keys of the standard collections."""

    VARIABLES = "variables"
    GLOBAL_VARIABLES = "variables"
    LOCAL_VARIABLES = "local_variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    SUMMARIES = "summaries"
    QUEUE_RUNNERS = "queue_runners"
    TABLE_INITIALIZERS = "table_initializer"
    ASSET_FILEPATHS = "asset_filepaths"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    REGULARIZATION_LOSSES = "regularization_losses"
    CONCATENATED_VARIABLES = "concatenated_variables"
    SAVERS = "savers"
    WEIGHTS = "weights"
    BIASES = "biases"
    ACTIVATIONS = "activations"
    UPDATE_OPS = "update_ops"
    LOSSES = "losses"
    INIT_OP = "init_op"
    LOCAL_INIT_OP = "local_init_op"
    READY_OP = "ready_op"
    SUMMARY_OP = "summary_op"
    GLOBAL_STEP = "global_step"
    TRAIN_OP = "train_op"
    WHILE_CONTEXT: ClassVar[str] = "while_context"
    COND_CONTEXT: ClassVar[str] = "cond_context"


def device(device_name_or_function: Any) -> AbstractContextManager[None]:
    """`Graph.device` of the default graph."""
    return get_default_graph().device(device_name_or_function)


def colocate_with(op: Any, ignore_existing: bool = False) -> Any:
    """`Graph.colocate_with` of the default graph."""
    return get_default_graph().colocate_with(op, ignore_existing)


def control_dependencies(control_inputs: Any) -> Any:
    """`Graph.control_dependencies` of the default graph."""
    return get_default_graph().control_dependencies(control_inputs)


def add_to_collection(name: Any, value: Any) -> None:
    """`Graph.add_to_collection` of the default graph."""
    get_default_graph().add_to_collection(name, value)


def add_to_collections(names: Any, value: Any) -> None:
    """`Graph.add_to_collections` of the default graph."""
    get_default_graph().add_to_collections(names, value)


def get_collection(key: Any, scope: str | None = None) -> list[Any]:
    """`Graph.get_collection` of the default graph."""
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key: Any) -> list[Any]:
    """`Graph.get_collection_ref` of the default graph."""
    return get_default_graph().get_collection_ref(key)


def get_all_collection_keys() -> list[Any]:
    """`Graph.get_all_collection_keys` of the default graph."""
    return get_default_graph().get_all_collection_keys()


def default_session(session: Any) -> AbstractContextManager[Any]:
    """A context in which `session` is the default of `eval` and `run`."""
    return sessions.entered(session)


_dense_tensor_like: list[type] = [Tensor]


def register_dense_tensor_like_type(tensor_type: type) -> None:
    """Lets objects of a type pass `is_dense_tensor_like`.

    Raises:
        TypeError: when the type has no properties `name` and `dtype`.
    """
    for attribute in ("name", "dtype"):
        if not isinstance(getattr(tensor_type, attribute, None), property):
            raise TypeError(
                f"Type {tensor_type.__name__} does not define a `{attribute}` property"
            )
    _dense_tensor_like.append(tensor_type)


def is_dense_tensor_like(t: Any) -> bool:
    """Whether `t` is a Tensor, a Variable, or of another type that stands for one."""
    return isinstance(t, tuple(_dense_tensor_like))


class _OpScope(ContextDecorator):
    """A name scope in the graph of some values, which is the default graph inside."""

    def __init__(self, values: Any, name: str | None) -> None:
        self._values = values
        self._name = name
        self._graph: Any = None
        self._scope: Any = None

    def __enter__(self) -> str:
        graph = graph_of_inputs(self._values or ())
        self._scope = graph.name_scope(self._name)
        name: str = self._scope.__enter__()
        if get_default_graph() is not graph:
            self._graph = graph.as_default()
            self._graph.__enter__()
        return name

    def __exit__(self, *exception: Any) -> None:
        self._scope.__exit__(*exception)
        if self._graph is not None:
            self._graph.__exit__(*exception)

    def _recreate_cm(self) -> _OpScope:
        return _OpScope(self._values, self._name)


def name_scope(
    name: str | None, default_name: str | None = None, values: Any = None
) -> AbstractContextManager[str]:
    """`Graph.name_scope` of the default graph, or as `op_scope`.

    Args:
        name: the scope.
        default_name: the scope when `name` is None (argument of later releases).
        values: graph elements whose graph is used (argument of later releases).
    """
    return op_scope(values, name, default_name)


def op_scope(
    values: Any, name: str | None, default_name: str | None = None
) -> AbstractContextManager[str]:
    """The name scope of a Python function that makes several operations.

    Args:
        values: the tensor arguments; their graph becomes the default.
        name: the `name` argument of the function.
        default_name: the scope when `name` is None.

    Returns:
        A context manager whose value is the full name of the scope with a trailing "/".

    Raises:
        ValueError: on entry, when `values` are of different graphs.
    """
    return _OpScope(values, default_name if name is None else name)
