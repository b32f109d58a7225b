"""`Operation` and `Tensor`: the nodes and the edges of a graph."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from tfstyle.framework import dtypes, tensor_shape
from tfstyle.framework.dtypes import DType
from tfstyle.framework.frames import Frame, located, user_frames
from tfstyle.framework.tensor_shape import TensorShape

if TYPE_CHECKING:
    from tfstyle.framework.graph import Graph
    from tfstyle.framework.op_def import OpDeclaration

__all__ = ["Operation", "Tensor"]

_UNKNOWN_SHAPE = tensor_shape.unknown_shape()


class Operation:
    """A node of a graph: an op type, its inputs, its attributes and its outputs.

    Operations are made by the functions of the API (`tf.matmul`, …) or by
    `Graph.create_op`.
    """

    __slots__ = (
        "__weakref__",
        "_attrs",
        "_control_flow_context",
        "_control_inputs",
        "_declaration",
        "_device",
        "_frames",
        "_gradient_function",
        "_graph",
        "_id",
        "_inputs",
        "_name",
        "_original_op",
        "_outputs",
        "_type",
    )

    def __init__(
        self,
        node_def: Any,
        g: Graph,
        inputs: Sequence[Tensor] | None = None,
        output_types: Sequence[DType] | None = None,
        control_inputs: Sequence[Operation] | None = None,
        input_types: Sequence[DType] | None = None,
        original_op: Operation | None = None,
        op_def: OpDeclaration | None = None,
    ) -> None:
        """Makes the node; `Graph.create_op` also names it and adds it to the graph.

        Args:
            node_def: (type, name, attributes, device) of the node.
            g: the graph it belongs to.
            inputs: its input tensors, flat, in the order of the op's definition.
            output_types: dtype of each output.
            control_inputs: operations that must run before it.
            input_types: dtype each input must have; default: the inputs' own.
            original_op: the operation this one was derived from (a gradient).
            op_def: the declaration of the op type.
        """
        op_type, name, attrs, device = node_def
        self._type: str = op_type
        self._name: str = name
        self._attrs: dict[str, Any] = attrs
        self._device: str = device
        self._graph = g
        self._inputs: list[Tensor] = list(inputs or ())
        self._control_inputs: list[Operation] = list(control_inputs or ())
        self._outputs: list[Tensor] = [
            Tensor(self, i, dtype) for i, dtype in enumerate(output_types or ())
        ]
        self._original_op = original_op
        self._declaration = op_def
        self._control_flow_context: Any = None
        self._gradient_function: Callable[..., Any] | None = None
        self._frames: list[Frame] = user_frames(2)
        self._id = 0
        for i, tensor in enumerate(self._inputs):
            if tensor.graph is not g:
                raise ValueError(
                    f"Tensor('{tensor.name}') must be from the same graph as "
                    f"operation '{name}'."
                )
            if input_types and not input_types[i].is_compatible_with(tensor.dtype):
                raise TypeError(
                    f"Input {i} of operation '{name}' has dtype {tensor.dtype.name}, "
                    f"expected {input_types[i].name}."
                )
            tensor._consumers.append(self)

    @property
    def name(self) -> str:
        """The full name of the operation, unique in its graph."""
        return self._name

    @property
    def type(self) -> str:
        """The op type, such as `"MatMul"`."""
        return self._type

    @property
    def graph(self) -> Graph:
        """The graph that holds the operation."""
        return self._graph

    @property
    def device(self) -> str:
        """The device string of the operation, or an empty string."""
        return self._device

    def _set_device(self, device: Any) -> None:
        from tfstyle.framework.device import canonical_name

        self._device = canonical_name(device)

    @property
    def inputs(self) -> list[Tensor]:
        """The input tensors."""
        return list(self._inputs)

    @property
    def outputs(self) -> list[Tensor]:
        """The output tensors."""
        return self._outputs

    @property
    def control_inputs(self) -> list[Operation]:
        """The operations that run before this one although it uses no output."""
        return list(self._control_inputs)

    @property
    def op_def(self) -> Any:
        """The facts of the op type (inputs, outputs, attributes), or None."""
        return self._declaration.facts if self._declaration is not None else None

    @property
    def node_def(self) -> Any:
        """The `NodeDef` protocol buffer of this operation."""
        from tfstyle.framework.node_def import node_def_of

        return node_def_of(self)

    @property
    def traceback(self) -> list[tuple[str, int, str, str | None]]:
        """Where the operation was made: (file, line number, function, source line)."""
        return [
            (file, line, function, linecache.getline(file, line).strip() or None)
            for file, line, function in located(self._frames)
        ]

    def values(self) -> tuple[Tensor, ...]:
        """The output tensors, as a tuple."""
        return tuple(self._outputs)

    def get_attr(self, name: str) -> Any:
        """The value of the attribute `name`.

        Raises:
            ValueError: when the operation has no such attribute.
        """
        if name not in self._attrs:
            raise ValueError(f"No attr named '{name}' in {self!r}")
        value = self._attrs[name]
        return list(value) if isinstance(value, (list, tuple)) else value

    def colocation_groups(self) -> list[bytes]:
        """The names of the groups of operations this one is placed with."""
        groups: list[bytes] = list(self._attrs.get("_class", ()))
        return groups or [b"loc:@" + self._name.encode()]

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Runs the operation in `session`, or in the default session.

        Args:
            feed_dict: values of the placeholders it needs, as in `Session.run`.
            session: the session; default: the innermost default session.
        """
        from tfstyle.framework.defaults import default_session_for

        default_session_for(self._graph, session, "operation").run(self, feed_dict)

    def _add_control_input(self, op: Operation) -> None:
        self._add_control_inputs([op])

    def _add_control_inputs(self, ops: Sequence[Operation]) -> None:
        for op in ops:
            if op.graph is not self._graph:
                raise ValueError(f"{op!r} must be from the same graph as {self!r}.")
            if op not in self._control_inputs:
                self._control_inputs.append(op)
        self._graph._note_change()

    def _update_input(self, index: int, tensor: Tensor) -> None:
        if tensor.graph is not self._graph:
            raise ValueError(f"{tensor!r} must be from the same graph as {self!r}.")
        self._inputs[index]._consumers.remove(self)
        self._inputs[index] = tensor
        tensor._consumers.append(self)
        self._graph._note_change()

    def _get_control_flow_context(self) -> Any:
        return self._control_flow_context

    def _set_control_flow_context(self, context: Any) -> None:
        self._control_flow_context = context

    def __str__(self) -> str:
        return str(self.node_def)

    def __repr__(self) -> str:
        return f"<tf.Operation '{self._name}' type={self._type}>"


class Tensor:
    """One output of an `Operation`: a symbolic array with a dtype and a static shape.

    The methods of arithmetic, comparison and indexing are set by the op modules
    through `_override_operator`.
    """

    __slots__ = (
        "__weakref__",
        "_consumers",
        "_dtype",
        "_name",
        "_op",
        "_shape",
        "_value_index",
    )

    OVERLOADABLE_OPERATORS: ClassVar[set[str]] = {
        f"__{name}__"
        for name in (
            "add radd sub rsub mul rmul div rdiv truediv rtruediv floordiv rfloordiv "
            "mod rmod lt le gt ge and rand or ror xor rxor getitem pow rpow invert "
            "neg abs"
        ).split()
    }
    # NumPy arrays must leave `array * tensor` to the tensor's `__rmul__`.
    __array_priority__ = 100

    def __init__(self, op: Operation, value_index: int, dtype: Any) -> None:
        """Makes output `value_index` of `op`, of element type `dtype`."""
        self._op = op
        self._value_index = value_index
        self._dtype = dtypes.as_dtype(dtype)
        self._shape: TensorShape = _UNKNOWN_SHAPE
        self._consumers: list[Operation] = []
        self._name = f"{op._name}:{value_index}"

    @property
    def op(self) -> Operation:
        """The operation that produces the tensor."""
        return self._op

    @property
    def value_index(self) -> int:
        """Which output of its operation the tensor is."""
        return self._value_index

    @property
    def dtype(self) -> DType:
        """The element type."""
        return self._dtype

    @property
    def graph(self) -> Graph:
        """The graph that holds the tensor."""
        return self._op._graph

    @property
    def name(self) -> str:
        """`<operation name>:<output index>`."""
        return self._name

    @property
    def device(self) -> str:
        """The device string of the producing operation."""
        return self._op._device

    @property
    def shape(self) -> TensorShape:
        """The static shape (a name of later releases; 0.9 has `get_shape`)."""
        return self._shape

    def get_shape(self) -> TensorShape:
        """The static shape, with unknown dimensions where it is not known."""
        return self._shape

    def set_shape(self, shape: Any) -> None:
        """Narrows the static shape to what is also compatible with `shape`.

        Raises:
            ValueError: when `shape` contradicts what is known.
        """
        self._shape = self._shape.merge_with(shape)

    def consumers(self) -> list[Operation]:
        """The operations that take this tensor as an input."""
        return list(self._consumers)

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value of the tensor, computed in `session` or in the default session.

        Args:
            feed_dict: values of the placeholders it needs, as in `Session.run`.
            session: the session; default: the innermost default session.

        Returns:
            A NumPy array.
        """
        from tfstyle.framework.defaults import default_session_for

        found = default_session_for(self.graph, session, "tensor")
        return found.run(self, feed_dict)

    def __iter__(self) -> Iterator[NoReturn]:
        raise TypeError("'Tensor' object is not iterable.")

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "Using a `tf.Tensor` as a Python `bool` is not allowed. Use `if t is not "
            "None:` instead of `if t:` to test if a tensor is defined, and use the "
            "logical TensorFlow ops to test the value of a tensor."
        )

    # Tensors are compared by identity, as keys of feed_dict: object's methods do that
    # without a Python call.
    __hash__ = object.__hash__
    __eq__ = object.__eq__

    @classmethod
    def _override_operator(cls, operator: str, func: Callable[..., Any]) -> None:
        if operator not in cls.OVERLOADABLE_OPERATORS:
            raise ValueError(f"Overriding {operator} is disallowed")
        setattr(cls, operator, func)

    def _as_node_def_input(self) -> str:
        if self._value_index == 0:
            return self._op._name
        return self._name

    def __str__(self) -> str:
        shape = "" if self._shape.ndims is None else f", shape={self._shape}"
        device = f", device={self.device}" if self.device else ""
        return f'Tensor("{self._name}"{shape}, dtype={self._dtype.name}{device})'

    def __repr__(self) -> str:
        return (
            f"<tf.Tensor '{self._name}' shape={self._shape} dtype={self._dtype.name}>"
        )
