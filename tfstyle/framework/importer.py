"""`import_graph_def`: adds the operations of a `GraphDef` to the default graph."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from tfstyle.framework import ops, tensor_shape
from tfstyle.framework.apply_op import arg_types, complete_attrs
from tfstyle.framework.dtypes import DType
from tfstyle.framework.graph import Graph
from tfstyle.framework.node_def import attr_from_proto, kind_of_attr
from tfstyle.framework.op_def import OpDeclaration, declaration_of
from tfstyle.framework.tensor import Operation, Tensor

__all__ = ["import_graph_def"]


def import_graph_def(
    graph_def: Any,
    input_map: dict[Any, Any] | None = None,
    return_elements: Iterable[Any] | None = None,
    name: str | None = None,
    op_dict: Mapping[str, Any] | None = None,
    producer_op_list: Any = None,
) -> list[Operation | Tensor] | None:
    """Adds the operations of a `GraphDef` to the default graph.

    Args:
        graph_def: the graph to import.
        input_map: name of a tensor in `graph_def` -> what its consumers use instead:
            a Tensor or what converts to one.
        return_elements: names of operations (`"op"`) and tensors (`"op:0"`) in
            `graph_def` to return.
        name: a scope for the names, default `"import"`; "" imports them as they are.
        op_dict: the op types to accept, as keys; default: all that are declared.
        producer_op_list: an `OpList` with the OpDefs of the library that wrote
            `graph_def`. Attributes that this library does not know are dropped where
            they have the default given there.

    Returns:
        The operations and tensors named by `return_elements`, or None without them.

    Raises:
        TypeError: when an argument is of the wrong type.
        ValueError: when a name is not in `graph_def`, or `graph_def` is malformed.
        KeyError: when an op type is not known.

    Differs from TF: the values of `op_dict` are not used. Operations are made in the
    order of their inputs; inputs that form a cycle, as those of a while loop written by
    TensorFlow do, are a ValueError, and so is what stands for a loop or a gradient of
    this library, whose body a `GraphDef` does not hold.
    """
    graph_def = _graph_def(graph_def)
    mapped = _input_map(input_map)
    wanted = None if return_elements is None else _names(return_elements)
    with ops.op_scope(list(mapped.values()), name, "import") as scope:
        graph = ops.get_default_graph()
        graph.graph_def_versions.CopyFrom(graph_def.versions)
        if mapped:
            if not scope:
                raise ValueError(
                    "tf.import_graph_def() requires a non-empty `name` if `input_map` "
                    "is used."
                )
            with graph.name_scope("_inputs"):
                mapped = {k: ops.convert_to_tensor(v) for k, v in mapped.items()}
        run = _Import(graph, mapped, op_dict, producer_op_list)
        run.add(graph_def.node)
        return None if wanted is None else [run.element(n) for n in wanted]


# -- arguments ------------------------------------------------------------------


def _graph_def(value: Any) -> Any:
    """`value` as a message of our own class, of whichever library it is."""
    from tfstyle.core.framework import graph_pb2

    if isinstance(value, graph_pb2.GraphDef):
        return value
    descriptor = getattr(value, "DESCRIPTOR", None)
    if descriptor is None or descriptor.full_name.rpartition(".")[2] != "GraphDef":
        raise TypeError("graph_def must be a GraphDef proto.")
    return graph_pb2.GraphDef.FromString(value.SerializeToString())


def _input_map(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not (
        isinstance(value, dict) and all(isinstance(key, (str, bytes)) for key in value)
    ):
        raise TypeError(
            "input_map must be a dictionary mapping strings to Tensor objects."
        )
    return {_canonical(_text(key)): tensor for key, tensor in value.items()}


def _names(values: Iterable[Any]) -> list[str]:
    values = tuple(values)
    if not all(isinstance(value, (str, bytes)) for value in values):
        raise TypeError("return_elements must be a list of strings.")
    return [_text(value) for value in values]


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _split(tensor_name: str) -> tuple[str, int]:
    """`"op:1"` -> `("op", 1)`; the index may be left out."""
    op_name, colon, index = tensor_name.partition(":")
    if not colon:
        return op_name, 0
    if not index.isdigit():
        raise ValueError(f"Cannot convert {tensor_name!r} to a tensor name.")
    return op_name, int(index)


def _canonical(input_name: str) -> str:
    if input_name.startswith("^"):
        return input_name
    op_name, index = _split(input_name)
    return f"{op_name}:{index}"


def _invalid(node: Any, message: str) -> ValueError:
    return ValueError(f"graph_def is invalid at node {node.name!r}: {message}.")


# -- nodes ----------------------------------------------------------------------


class _Import:
    """One import: from nodes to the operations made of them."""

    def __init__(
        self,
        graph: Graph,
        input_map: dict[str, Tensor],
        op_dict: Collection[str] | None,
        producer_op_list: Any,
    ) -> None:
        self._graph = graph
        self._input_map = input_map
        self._op_types = op_dict
        producers = () if producer_op_list is None else producer_op_list.op
        self._producers = {op_def.name: op_def for op_def in producers}
        self._operations: dict[str, Operation] = {}

    def add(self, nodes: Sequence[Any]) -> None:
        """Makes an operation of each node."""
        declarations = {node.op: self._declaration(node) for node in nodes}
        unused = set(self._input_map)
        for node in _in_order(nodes):
            unused.difference_update(map(_canonical, node.input))
            self._operations[node.name] = self._make(node, declarations[node.op])
        for node in nodes:
            self._colocate(node)
        if unused:
            raise ValueError(
                "Attempted to map inputs that were not found in graph_def: "
                f"[{', '.join(sorted(unused))}]"
            )

    def element(self, name: str) -> Operation | Tensor:
        """The operation or tensor that `name` has become."""
        try:
            if ":" not in name:
                return self._operations[name]
            op_name, index = _split(name)
            return self._operations[op_name].outputs[index]
        except (IndexError, KeyError, ValueError):
            raise ValueError(
                f"Requested return_element {name!r} not found in graph_def."
            ) from None

    def _declaration(self, node: Any) -> OpDeclaration:
        declaration = declaration_of(node.op)
        if declaration is None or (
            self._op_types is not None and node.op not in self._op_types
        ):
            raise KeyError(f"Op type not registered '{node.op}' (node {node.name!r})")
        if declaration.structural:
            raise _invalid(
                node,
                f"{node.op} stands for a loop or a gradient whose body is not part of "
                "a GraphDef: build it again with the function that made it",
            )
        return declaration

    def _make(self, node: Any, declaration: OpDeclaration) -> Operation:
        attrs = self._attrs(node, declaration)
        inputs, controls = self._inputs(
            node, arg_types(declaration.facts.inputs, attrs)
        )
        outputs = arg_types(declaration.facts.outputs, attrs)
        with self._graph.device(node.device) if node.device else nullcontext():
            op = self._graph.create_op(
                node.op,
                inputs,
                outputs,
                name=node.name,
                attrs=attrs,
                op_def=declaration,
            )
        op._add_control_inputs(controls)
        if "_output_shapes" in node.attr:
            shapes = attr_from_proto(node.attr["_output_shapes"], "list(shape)")
            for tensor, shape in zip(op.outputs, shapes, strict=False):
                tensor.set_shape(shape)
        return op

    def _inputs(
        self, node: Any, types: Sequence[DType]
    ) -> tuple[list[Tensor], list[Operation]]:
        tensors: list[Tensor] = []
        controls: list[Operation] = []
        for name in map(_canonical, node.input):
            if name.startswith("^"):
                control = self._operations.get(name[1:])
                if control is None:
                    raise _invalid(
                        node, f"Control input {name!r} not found in graph_def"
                    )
                controls.append(control)
                continue
            if len(tensors) == len(types):
                raise _invalid(
                    node, f"More inputs specified ({name!r}) than the op expects"
                )
            tensor = self._input(node, name)
            wanted = types[len(tensors)]
            if not wanted.is_compatible_with(tensor.dtype):
                raise _invalid(
                    node,
                    f"Input tensor {name!r} Cannot convert a tensor of type "
                    f"{tensor.dtype.name} to an input of type {wanted.name}",
                )
            tensors.append(tensor)
        if len(tensors) < len(types):
            expected = ", ".join(dtype.name for dtype in types)
            given = ", ".join(tensor.dtype.name for tensor in tensors)
            raise _invalid(
                node,
                f"Input types mismatch (expected {expected!r} but got {given!r})",
            )
        return tensors, controls

    def _input(self, node: Any, name: str) -> Tensor:
        mapped = self._input_map.get(name)
        if mapped is not None:
            return mapped
        op_name, index = _split(name)
        op = self._operations.get(op_name)
        if op is None or index >= len(op.outputs):
            raise _invalid(node, f"Input tensor {name!r} not found in graph_def")
        return op.outputs[index]

    def _attrs(self, node: Any, declaration: OpDeclaration) -> dict[str, Any]:
        attrs: dict[str, Any] = {}
        known = {attr.name for attr in declaration.facts.attrs}
        for name, proto in node.attr.items():
            if name in ("_class", "_output_shapes") or not proto.WhichOneof("value"):
                continue
            if name not in known and not name.startswith("_"):
                if self._is_default_of_producer(node, name):
                    continue
                raise _invalid(
                    node, f"NodeDef mentions attr '{name}' not in Op<name={node.op}>"
                )
            try:
                attrs[name] = attr_from_proto(proto, kind_of_attr(declaration, name))
            except (TypeError, ValueError) as error:
                raise _invalid(node, f"attr '{name}': {error}") from None
        for attr in declaration.facts.attrs:
            if attr.name not in attrs and not attr.has_default:
                raise ValueError(
                    f"Expected one attr with name {attr.name!r} in {node}."
                )
        try:
            complete_attrs(declaration, attrs)
        except (TypeError, ValueError) as error:
            raise _invalid(node, str(error).rstrip(".")) from None
        _adapt(node, attrs)
        return attrs

    def _is_default_of_producer(self, node: Any, name: str) -> bool:
        op_def = self._producers.get(node.op)
        for attr in op_def.attr if op_def is not None else ():
            if attr.name == name and attr.HasField("default_value"):
                return bool(attr.default_value == node.attr[name])
        return False

    def _colocate(self, node: Any) -> None:
        """Gives the operation its groups, under the names the others have now."""
        if "_class" not in node.attr:
            return
        op = self._operations[node.name]
        groups = list(op._attrs.get("_class", ()))
        for group in node.attr["_class"].list.s:
            if group.startswith(b"loc:@"):
                other = group[5:].decode()
                if other not in self._operations:
                    raise ValueError(
                        "Specified colocation to an op that does not exist during "
                        f"import: {other} in {node.name}"
                    )
                group = b"loc:@" + self._operations[other].name.encode()
            if group not in groups:
                groups.append(group)
        op._attrs["_class"] = groups


def _adapt(node: Any, attrs: dict[str, Any]) -> None:
    """What the OpDef does not say of attributes."""
    if node.op == "Placeholder" and attrs["shape"].ndims == 0:
        # TensorFlow's spelling of a shape that is not fully known.
        attrs["shape"] = tensor_shape.unknown_shape()
    if node.op == "Const" and attrs["value"].dtype != attrs["dtype"].as_numpy_dtype:
        raise _invalid(
            node,
            f"its value has type {attrs['value'].dtype} and not {attrs['dtype'].name}",
        )


def _in_order(nodes: Sequence[Any]) -> list[Any]:
    """The nodes, each after its inputs, otherwise in their own order.

    Raises:
        ValueError: when inputs form a cycle.
    """
    index = {node.name: i for i, node in enumerate(nodes)}
    users: list[list[int]] = [[] for _ in nodes]
    waiting = [0] * len(nodes)
    for i, node in enumerate(nodes):
        names = {_split(name.removeprefix("^"))[0] for name in node.input}
        # An input that is not there is reported when its user is made.
        for source in {index[n] for n in names if n in index}:
            users[source].append(i)
            waiting[i] += 1
    ready = [i for i, count in enumerate(waiting) if not count]
    order: list[Any] = []
    while ready:
        i = heapq.heappop(ready)
        order.append(nodes[i])
        for user in users[i]:
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, user)
    if len(order) < len(nodes):
        stuck = next(node for node, count in zip(nodes, waiting, strict=True) if count)
        raise _invalid(
            stuck,
            "its inputs form a cycle, as those of a while loop written by TensorFlow "
            "do: such a loop has to be built again",
        )
    return order
