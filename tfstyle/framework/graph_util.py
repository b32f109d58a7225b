"""Working on `GraphDef`s: taking out a part, and variables made constants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tfstyle.framework import dtypes
from tfstyle.framework.device import DeviceSpec
from tfstyle.framework.tensor import Operation
from tfstyle.framework.tensor_util import make_tensor_proto
from tfstyle.platform import tf_logging

__all__ = [
    "convert_variables_to_constants",
    "extract_sub_graph",
    "must_run_on_cpu",
    "set_cpu0",
    "tensor_shape_from_node_def_name",
]

_VARIABLE_OPS = frozenset(
    (
        "Assign",
        "AssignAdd",
        "AssignSub",
        "Queue",
        "RandomParameters",
        "ScatterAdd",
        "ScatterSub",
        "ScatterUpdate",
        "Variable",
    )
)


def set_cpu0(device_string: str) -> str:
    """A device name with CPU 0 as its device: `"/job:w/gpu:1"` becomes that of a CPU.

    Args:
        device_string: name of a device, or an empty string.

    Returns:
        The name in its long form.
    """
    spec = DeviceSpec.from_string(device_string)
    spec.device_type, spec.device_index = "CPU", 0
    return spec.to_string()


def must_run_on_cpu(node: Any, pin_variables_on_cpu: bool = False) -> bool:
    """Whether TensorFlow has a node's kernel for the CPU only.

    Args:
        node: an Operation or a `NodeDef`.
        pin_variables_on_cpu: whether variables and what changes them count, too.
    """
    node_def = node.node_def if isinstance(node, Operation) else node
    if pin_variables_on_cpu and node_def.op in _VARIABLE_OPS:
        return True

    def is_int32(attr: str) -> bool:
        return bool(node_def.attr[attr].type == dtypes.int32.as_datatype_enum)

    match node_def.op:
        case "Const":
            enum = dtypes.string.as_datatype_enum
            return is_int32("dtype") or bool(node_def.attr["dtype"].type == enum)
        case "DynamicStitch":
            return is_int32("T")
        case "Cast":
            return is_int32("SrcT")
    return False


def _node_name(name: str) -> str:
    """The name of the node that an entry of `NodeDef.input` stands for."""
    return name.removeprefix("^").partition(":")[0]


def extract_sub_graph(graph_def: Any, dest_nodes: Sequence[str]) -> Any:
    """The part of a graph that some nodes need.

    Args:
        graph_def: a `GraphDef`.
        dest_nodes: names of nodes.

    Returns:
        A new `GraphDef` with these nodes and all they depend on, in the same order.

    Raises:
        TypeError: when `graph_def` is no `GraphDef`.
        AssertionError: when a name is not in it.
    """
    from tfstyle.core.framework import graph_pb2

    if not hasattr(graph_def, "node"):
        raise TypeError("graph_def must be a graph_pb2.GraphDef proto.")
    by_name = {node.name: node for node in graph_def.node}
    for name in dest_nodes:
        if name not in by_name:
            raise AssertionError(f"{name} is not in graph")
    needed: set[str] = set()
    pending = list(dest_nodes)
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending.extend(_node_name(i) for i in by_name[name].input)
    out = graph_pb2.GraphDef(versions=graph_def.versions)
    out.node.extend(node for node in graph_def.node if node.name in needed)
    return out


def tensor_shape_from_node_def_name(graph: Any, input_name: str) -> Any:
    """The static shape of a tensor.

    Args:
        graph: the Graph.
        input_name: its name in `NodeDef.input`: `"op"` stands for `"op:0"`.

    Returns:
        A TensorShape.
    """
    name = input_name if ":" in input_name else f"{input_name}:0"
    return graph.get_tensor_by_name(name).get_shape()


def convert_variables_to_constants(
    sess: Any, input_graph_def: Any, output_node_names: Sequence[str]
) -> Any:
    """Takes out a part of a graph and replaces variables by their values.

    Args:
        sess: a session, whose variables have values.
        input_graph_def: the graph as a `GraphDef`.
        output_node_names: names of the nodes to keep, with all they depend on.

    Returns:
        A `GraphDef` without variables.

    Raises:
        AssertionError: when a name is not in the graph.
        tf.errors.FailedPreconditionError: when a variable has no value.
    """
    from tfstyle.core.framework import graph_pb2

    kept = extract_sub_graph(input_graph_def, output_node_names)
    names = [node.name for node in kept.node if node.op == "Variable"]
    values = dict(zip(names, sess.run([f"{n}:0" for n in names]), strict=True))
    out = graph_pb2.GraphDef(versions=kept.versions)
    out.node.extend(_frozen(kept.node, values))
    tf_logging.info("Converted %d variables to const ops.", len(values))
    return out


def _frozen(nodes: Iterable[Any], values: dict[str, Any]) -> Iterable[Any]:
    from tfstyle.core.framework import node_def_pb2

    for node in nodes:
        if node.name not in values:
            yield node
            continue
        constant = node_def_pb2.NodeDef(name=node.name, op="Const")
        constant.attr["dtype"].CopyFrom(node.attr["dtype"])
        tensor = make_tensor_proto(values[node.name])
        constant.attr["value"].tensor.CopyFrom(tensor)
        yield constant
