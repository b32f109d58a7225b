"""Graphs and operations as `GraphDef` and `NodeDef` protocol buffers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tfstyle.framework import dtypes, tensor_shape, versions
from tfstyle.framework.dtypes import DType
from tfstyle.framework.tensor_proto import array_of_proto, proto_of_array

if TYPE_CHECKING:
    from tfstyle.framework.graph import Graph
    from tfstyle.framework.tensor import Operation

__all__ = [
    "array_of_proto",
    "attr_from_proto",
    "graph_def_of",
    "graph_versions",
    "kind_of_attr",
    "node_def_of",
    "proto_of_array",
]

_MAX_BYTES = 2**31
# Kinds of the attributes that any operation may have.
_COMMON_ATTRS = {"_class": "list(string)", "_output_shapes": "list(shape)"}
# The field of an `AttrValue` that holds each kind of attribute.
_FIELDS = {
    "bool": "b",
    "float": "f",
    "func": "func",
    "int": "i",
    "shape": "shape",
    "string": "s",
    "tensor": "tensor",
    "type": "type",
}


def graph_versions() -> Any:
    """The `VersionDef` of the graphs this library writes."""
    from tfstyle.core.framework import versions_pb2

    return versions_pb2.VersionDef(
        producer=versions.GRAPH_DEF_VERSION,
        min_consumer=versions.GRAPH_DEF_VERSION_MIN_CONSUMER,
    )


def graph_def_of(
    graph: Graph, from_version: int | None = None, add_shapes: bool = False
) -> Any:
    """`graph` as a `GraphDef`.

    Args:
        graph: the graph.
        from_version: only the operations added after this `Graph.version`.
        add_shapes: whether to add the static shapes as `_output_shapes`.

    Raises:
        ValueError: when it is larger than 2 GB.
    """
    from tfstyle.core.framework import graph_pb2

    graph_def = graph_pb2.GraphDef(versions=graph.graph_def_versions)
    size = 0
    for op in graph.get_operations():
        if from_version is not None and op._id <= from_version:
            continue
        node = node_def_of(op)
        if add_shapes and op.outputs:
            shapes = [tensor.get_shape() for tensor in op.outputs]
            _set_attr(node.attr["_output_shapes"], "list(shape)", shapes)
        size += node.ByteSize()
        if size >= _MAX_BYTES:
            raise ValueError("GraphDef cannot be larger than 2GB.")
        graph_def.node.append(node)
    return graph_def


def node_def_of(op: Operation) -> Any:
    """`op` as a `NodeDef`.

    What the operations of loops and of gradients hold (their bodies and regions) has no
    place in it: they are written as nodes without it.
    """
    from tfstyle.core.framework import node_def_pb2

    node = node_def_pb2.NodeDef(name=op.name, op=op.type, device=op.device)
    node.input.extend(tensor._as_node_def_input() for tensor in op.inputs)
    node.input.extend(f"^{control.name}" for control in op.control_inputs)
    for name, kind, value in _attrs(op):
        _set_attr(node.attr[name], kind, value)
    return node


def _attrs(op: Operation) -> Iterator[tuple[str, str, Any]]:
    """The name, kind and value of each attribute that a `NodeDef` has."""
    for name, value in op._attrs.items():
        kind = kind_of_attr(op._declaration, name) or _kind_of_value(value)
        if kind is None:
            continue
        if op.type == "Placeholder" and name == "shape":
            # TensorFlow writes a shape only when it is fully known.
            value = value if value.is_fully_defined() else tensor_shape.scalar()
        yield name, kind, value


def kind_of_attr(declaration: Any, name: str) -> str | None:
    """The kind of an attribute, as in OpDefs; None for one that is not in its OpDef."""
    if declaration is not None:
        for attr in declaration.facts.attrs:
            if attr.name == name:
                kind: str = attr.type
                return kind
    return _COMMON_ATTRS.get(name)


def _kind_of_value(value: Any) -> str | None:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    return "string" if isinstance(value, (str, bytes)) else None


# -- attributes -----------------------------------------------------------------


def _set_attr(proto: Any, kind: str, value: Any) -> None:
    """Writes `value`, an attribute of the given kind, into an `AttrValue`."""
    if not kind.startswith("list("):
        kept = _encoded(kind, value)
        field = _FIELDS[kind]
        if kind in ("shape", "tensor", "func"):
            getattr(proto, field).CopyFrom(kept)
        else:
            setattr(proto, field, kept)
        return
    item = kind[5:-1]
    # An empty list is a list too, and not an attribute without a value.
    proto.list.SetInParent()
    getattr(proto.list, _FIELDS[item]).extend(_encoded(item, v) for v in value)


def _encoded(kind: str, value: Any) -> Any:
    match kind:
        case "string":
            return value.encode() if isinstance(value, str) else value
        case "type":
            return dtypes.as_dtype(value).as_datatype_enum
        case "shape":
            return tensor_shape.as_shape(value).as_proto()
        case "tensor":
            return proto_of_array(value)
    return value


def attr_from_proto(proto: Any, kind: str | None = None) -> Any:
    """The Python value of an attribute.

    Args:
        proto: an `AttrValue`.
        kind: its kind, as in OpDefs; default: what it holds says it.

    Returns:
        A bool, an int, a float, a str (bytes when it is not UTF-8), a `DType`, a
        `TensorShape`, an array, a `NameAttrList`, or a list of one of these.

    Raises:
        ValueError: when it does not hold an attribute of this kind.
    """
    held = proto.WhichOneof("value")
    if kind is None:
        kind = _kind_held(proto, held)
    is_list = kind.startswith("list(")
    item = kind[5:-1] if is_list else kind
    if held != ("list" if is_list else _FIELDS[item]):
        raise ValueError(f"attr of type {kind} expected, but it holds '{held}'")
    if not is_list:
        return _decoded(item, getattr(proto, _FIELDS[item]))
    return [_decoded(item, v) for v in getattr(proto.list, _FIELDS[item])]


def _kind_held(proto: Any, held: str | None) -> str:
    kinds = {field: kind for kind, field in _FIELDS.items()}
    if held != "list":
        return kinds.get(held or "", "string")
    filled = [field.name for field, _ in proto.list.ListFields()]
    return f"list({kinds[filled[0]] if filled else 'string'})"


def _decoded(kind: str, value: Any) -> Any:
    match kind:
        case "string":
            try:
                return value.decode()
            except UnicodeDecodeError:
                return value
        case "type":
            return DType(value)
        case "shape":
            return tensor_shape.as_shape(value)
        case "tensor":
            return array_of_proto(value)
    return value
