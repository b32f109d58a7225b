"""`tf.TensorArray`: a list of tensors that is written and read by index."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from tfstyle.framework import dtypes, errors, ops
from tfstyle.framework.apply_op import apply_op
from tfstyle.framework.constant_value import constant_value
from tfstyle.framework.op_def import OpDeclaration, declare
from tfstyle.framework.op_table import ArgFacts, load_op_table
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.framework.tensor_shape import TensorShape, unknown_shape
from tfstyle.ops import math_ops

__all__ = ["TensorArray"]


# -- the ops --------------------------------------------------------------------


def _undefined():
    raise AssertionError("evaluated by the lowering")


def _declare(
    op_type: str,
    shape: Callable[[Operation], Sequence[Any]],
    flow: bool = False,
    gradient: Any = ...,
) -> OpDeclaration:
    """Declares an op as TensorFlow's, but that a handle is no reference.

    Args:
        op_type: the op type.
        shape: the rule for the shapes of its outputs.
        flow: whether it has an output more, the flow of the array it makes.
        gradient: None where no gradient flows through.
    """
    facts = load_op_table()[op_type]
    inputs = tuple(dataclasses.replace(a, is_ref=False) for a in facts.inputs)
    outputs = tuple(dataclasses.replace(a, is_ref=False) for a in facts.outputs)
    if flow:
        outputs = (*outputs, ArgFacts("flow", dtypes.float32))
    return declare(
        op_type,
        _undefined,
        facts=dataclasses.replace(facts, inputs=inputs, outputs=outputs),
        gradient=gradient,
        shape=shape,
        structural=True,
    )


def _ranks(**ranks: int) -> Callable[[Operation], Sequence[Any]]:
    """A rule that checks the ranks of inputs; a flow and a handle come out."""

    def rule(op: Operation) -> Sequence[Any]:
        _check_ranks(op, ranks)
        return [
            TensorShape([2]) if t.dtype.base_dtype == dtypes.string else TensorShape([])
            for t in op.outputs
        ]

    return rule


def _check_ranks(op: Operation, ranks: dict[str, int]) -> None:
    declaration = op._declaration
    assert declaration is not None
    for arg, tensor in zip(declaration.facts.inputs, op.inputs, strict=True):
        if arg.name in ranks:
            found, wanted = tensor.get_shape().ndims, ranks[arg.name]
            if found not in (None, wanted):
                raise ValueError(f"Shape must be rank {wanted} but is rank {found}")


def _elements(rows: bool, **ranks: int) -> Callable[[Operation], Sequence[Any]]:
    """A rule for what is read: nothing is known, or that there are rows."""

    def rule(op: Operation) -> Sequence[Any]:
        _check_ranks(op, ranks)
        shape = op._attrs.get("element_shape") or unknown_shape()
        if rows and shape.ndims is not None:
            return [TensorShape([None]).concatenate(shape)]
        return [unknown_shape()]

    return rule


def _concatenated(op: Operation) -> Sequence[Any]:
    rest = op._attrs["element_shape_except0"]
    known = rest.ndims is not None
    value = TensorShape([None]).concatenate(rest) if known else unknown_shape()
    return [value, TensorShape([None])]


_ARRAY = _declare("TensorArray", _ranks(size=0), flow=True)
_GRAD = _declare("TensorArrayGrad", _ranks(), flow=True, gradient=None)
_WRITE = _declare("TensorArrayWrite", _ranks(index=0))
_READ = _declare("TensorArrayRead", _elements(False, index=0))
_PACK = _declare("TensorArrayPack", _elements(True))
_UNPACK = _declare("TensorArrayUnpack", _ranks())
_CONCAT = _declare("TensorArrayConcat", _concatenated)
_SPLIT = _declare("TensorArraySplit", _ranks(lengths=1))
_GATHER = _declare("TensorArrayGather", _elements(True, indices=1))
_SCATTER = _declare("TensorArrayScatter", _ranks(indices=1))
_SIZE = _declare("TensorArraySize", _ranks())
_CLOSE = _declare("TensorArrayClose", _ranks())


# -- the class ------------------------------------------------------------------


class TensorArray:
    """A list of tensors of one dtype, written and read by index while a graph runs.

    Writing returns a new object; what it stands for is the array after the write, so
    use the new object from there on:

        array = tf.TensorArray(tf.float32, size=2)
        array = array.write(0, x).write(1, y)
        both = array.pack()

    It may be a loop variable of `tf.while_loop`, and be returned by the branches of
    `tf.cond`. Gradients flow through it.

    An index is written once. With `clear_after_read` it is also read once. When run,
    everything else raises `tf.errors.InvalidArgumentError`: also reading what was not
    written, an index out of range, another dtype.

    Differs from TF: an array has no state besides its flow. What is written to one
    object cannot be read through another that does not come from it.
    """

    def __init__(
        self,
        dtype,
        size=None,
        dynamic_size=None,
        clear_after_read=None,
        tensor_array_name=None,
        handle=None,
        flow=None,
        infer_shape=True,
        name=None,
    ):
        """Makes an array, or an object for one that there is.

        Args:
            dtype: the dtype of the elements.
            size: how many elements; an int32 scalar.
            dynamic_size: whether it grows when something is written past its end;
                default False.
            clear_after_read: whether an element can be read only once; default True.
            tensor_array_name: what errors call it; default: the name of the operation.
            handle: the handle of an existing array, instead of all of these.
            flow: its flow.
            infer_shape: whether all elements have the same shape, which is then known
                when they are read.
            name: name of the operation.

        Raises:
            ValueError: when neither `size` nor `handle` is given, or both are.
            TypeError: when `handle` is not a Tensor, or `size` not an int32.
            NotImplementedError: for an array of strings.
        """
        others = {
            "size": size,
            "dynamic_size": dynamic_size,
            "clear_after_read": clear_after_read,
        }
        if handle is None and size is None:
            raise ValueError("Size must be provided if handle is not provided")
        if handle is not None:
            if tensor_array_name:
                raise ValueError(
                    "Cannot construct with both handle and tensor_array_name"
                )
            for key, value in others.items():
                if value is not None:
                    raise ValueError(
                        f"Cannot provide both a handle and {key} at the same time"
                    )
            if not isinstance(handle, Tensor):
                raise TypeError("Handle must be a Tensor")
        self._dtype = dtypes.as_dtype(dtype).base_dtype
        if self._dtype == dtypes.string:
            raise NotImplementedError("A TensorArray of strings is not supported.")
        self._infer_shape = infer_shape
        # The shape of an element, once known: shared by all that comes from the array.
        self._elem_shape: list[TensorShape] = []
        if handle is None:
            made = _make(
                _ARRAY,
                name,
                dtype=self._dtype,
                size=size,
                dynamic_size=bool(dynamic_size),
                clear_after_read=clear_after_read in (None, True),
                tensor_array_name=tensor_array_name or "",
            )
            handle = made.handle
            made.flow.op._attrs["_static"] = made.flow.op.inputs[:1]
            made.flow.op._attrs["_elements"] = self._elem_shape
        self._handle = handle
        if flow is None:
            flow = _array_of(handle).outputs[1]
        self._flow = flow

    @property
    def flow(self):
        """The tensor that stands for what has been written, a float32 scalar."""
        return self._flow

    @property
    def dtype(self):
        """The dtype of the elements."""
        return self._dtype

    @property
    def handle(self):
        """The tensor that stands for the array itself."""
        return self._handle

    @property
    def is_dynamic(self):
        """Whether it grows when something is written past its end."""
        return bool(_array_of(self._handle)._attrs.get("dynamic_size"))

    def with_flow(self, flow):
        """The same array with another flow: after a loop, or inside it."""
        found = TensorArray(
            self._dtype, handle=self._handle, flow=flow, infer_shape=self._infer_shape
        )
        found._elem_shape = self._elem_shape
        return found

    def grad(self, source, flow=None, name=None):
        """An array of the same size for gradients, filled with zeros.

        What is written to the same index adds up.

        Args:
            source: what to call it.
            flow: of this array; decides the size and the shape of the elements.
            name: name of the operation.

        Returns:
            A TensorArray.
        """
        made = _make(
            _GRAD,
            name,
            handle=self._handle,
            source=source,
            flow_in=self._flow if flow is None else flow,
        )
        found = TensorArray(
            self._dtype,
            handle=made.grad_handle,
            flow=made.flow,
            infer_shape=self._infer_shape,
        )
        found._elem_shape = self._elem_shape
        made.flow.op._attrs["_elements"] = self._elem_shape
        return found

    # -- single elements ---------------------------------------------------------

    def read(self, index, name=None):
        """The element at `index`, an int32 scalar."""
        value = _make(_READ, name, **self._given(index=index), dtype=self._dtype)
        value.op._attrs["_helpful"] = value.op.inputs[1:2]
        if self._elem_shape:
            value.set_shape(self._elem_shape[0])
        return value

    def write(self, index, value, name=None):
        """The array with `value` written at `index`.

        Args:
            index: an int32 scalar.
            value: a tensor of the array's dtype.
            name: name of the operation.

        Returns:
            A TensorArray.

        Raises:
            ValueError: when the shape differs from an element's, unless `infer_shape`
                is False.
        """
        flow = _make(_WRITE, name, **self._given(index=index, value=value))
        self._needs(flow.op, 1)
        return self._written(flow, flow.op.inputs[2].get_shape())

    # -- all elements ------------------------------------------------------------

    def pack(self, name=None):
        """The elements as one tensor [size, …]; all must have been written."""
        value = _make(
            _PACK, name, **self._given(), dtype=self._dtype, **self._known_shape()
        )
        return value

    stack = pack

    def gather(self, indices, name=None):
        """The elements at some indices, as one tensor.

        Args:
            indices: int32 [n].
            name: name of the operation.

        Returns:
            A Tensor [n, …].
        """
        given = self._given(indices=indices)
        value = _make(_GATHER, name, **given, dtype=self._dtype, **self._known_shape())
        value.op._attrs["_helpful"] = value.op.inputs[1:2]
        return value

    def concat(self, name=None):
        """The elements one after the other along the first dimension.

        They may differ in the size of that dimension. All must have been written.
        """
        shape = unknown_shape()
        if self._elem_shape and self._elem_shape[0].ndims:
            shape = self._elem_shape[0][1:]
        value, _ = _make(
            _CONCAT,
            name,
            **self._given(),
            dtype=self._dtype,
            element_shape_except0=shape,
        )
        return value

    def unpack(self, value, name=None):
        """The array filled with the rows of a tensor.

        Args:
            value: [size, …]; more rows make an array grow that has `dynamic_size`.
            name: name of the operation.

        Returns:
            A TensorArray.
        """
        flow = _make(_UNPACK, name, **self._given(value=value))
        shape = flow.op.inputs[1].get_shape()
        return self._written(flow, shape[1:] if shape.ndims else unknown_shape())

    unstack = unpack

    def scatter(self, indices, value, name=None):
        """The array with the rows of a tensor written at some indices.

        Args:
            indices: int32 [n].
            value: [n, …].
            name: name of the operation.

        Returns:
            A TensorArray.
        """
        flow = _make(_SCATTER, name, **self._given(indices=indices, value=value))
        self._needs(flow.op, 1)
        shape = flow.op.inputs[2].get_shape()
        return self._written(flow, shape[1:] if shape.ndims else unknown_shape())

    def split(self, value, lengths, name=None):
        """The array filled with pieces of a tensor.

        Args:
            value: [n, …].
            lengths: int64 [size], how many rows each element takes; n altogether.
            name: name of the operation.

        Returns:
            A TensorArray.
        """
        with ops.op_scope([self._handle, value, lengths], name, "TensorArraySplit"):
            lengths = math_ops.to_int64(lengths)
        flow = _make(_SPLIT, name, **self._given(value=value, lengths=lengths))
        flow.op._attrs["_static"] = flow.op.inputs[2:3]
        shape, known = flow.op.inputs[1].get_shape(), constant_value(lengths)
        element = unknown_shape()
        if shape.ndims and known is not None and len(set(known.tolist())) == 1:
            element = TensorShape([known[0]]).concatenate(shape[1:])
        return self._written(flow, element)

    def size(self, name=None):
        """The number of elements, an int32 scalar."""
        return _make(_SIZE, name, **self._given())

    def close(self, name=None):
        """An operation after which the array is not used any more; it does nothing."""
        return _make(_CLOSE, name, handle=self._handle)

    # -- what they have in common -------------------------------------------------

    def _given(self, **others: Any) -> dict[str, Any]:
        return {"handle": self._handle, **others, "flow_in": self._flow}

    def _known_shape(self) -> dict[str, Any]:
        return {"element_shape": self._elem_shape[0]} if self._elem_shape else {}

    def _needs(self, op: Operation, place: int) -> None:
        """Where `op` writes is better known before; it must be if the array grows.

        But a loop makes room for all it writes.
        """
        kind = "_grows_at" if self.is_dynamic else "_helpful"
        op._attrs[kind] = op.inputs[place : place + 1]

    def _written(self, flow: Tensor, shape: TensorShape) -> TensorArray:
        found = self.with_flow(flow)
        if not self._infer_shape:
            return found
        known = self._elem_shape
        if not known:
            known.append(shape)
        elif not known[0].is_compatible_with(shape):
            raise ValueError(
                f"Inconsistent shapes: saw {shape} but expected {known[0]} (and "
                "infer_shape=True)"
            )
        return found


def _make(declaration: OpDeclaration, name: str | None, **values: Any) -> Any:
    return apply_op(declaration, values, name, declaration.type)


def _array_of(handle: Tensor) -> Operation:
    """The operation that made an array.

    Raises:
        ValueError: when `handle` is no handle of an array.
    """
    op = handle.op
    while op.type == "Identity":
        op = op.inputs[0].op
    if op.type not in ("TensorArray", "TensorArrayGrad"):
        raise errors.InvalidArgumentError(
            None, op, f"'{handle.name}' is not the handle of a TensorArray."
        )
    return op
