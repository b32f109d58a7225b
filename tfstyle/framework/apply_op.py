"""From the arguments of a graph constructor to an `Operation`."""

from __future__ import annotations

import collections
import functools
import numbers
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

import numpy as np

from tfstyle.framework import conversion, dtypes, tensor_shape
from tfstyle.framework.defaults import get_default_graph
from tfstyle.framework.dtypes import DType
from tfstyle.framework.graph import Graph
from tfstyle.framework.op_def import OpDeclaration
from tfstyle.framework.op_table import ArgFacts, AttrFacts
from tfstyle.framework.tensor import Operation, Tensor

__all__ = ["apply_op", "arg_types", "complete_attrs", "graph_of_inputs"]


def graph_of_inputs(values: Any) -> Graph:
    """The graph that holds all graph elements among `values`, else the default graph.

    Raises:
        ValueError: when they belong to different graphs.
    """
    found: Any = None
    for value in values:
        items = value if isinstance(value, (list, tuple)) else (value,)
        for item in items:
            is_tensor = isinstance(item, Tensor)
            graph = item._op._graph if is_tensor else getattr(item, "graph", None)
            if not isinstance(graph, Graph):
                continue
            if found is None:
                found = item
            elif found.graph is not graph:
                raise ValueError(f"{item} must be from the same graph as {found}.")
    return found.graph if found is not None else get_default_graph()


def apply_op(
    declaration: OpDeclaration, values: dict[str, Any], name: str | None, default: str
) -> Any:
    """Makes one operation.

    Args:
        declaration: the op type.
        values: arguments by parameter name, without the omitted ones.
        name: name of the operation, or None.
        default: name of the operation when `name` is None.

    Returns:
        The output tensor; a list for a list of outputs; a namedtuple for several; the
        `Operation` itself when it has none.

    Raises:
        TypeError: when a dtype or the kind of an argument is wrong.
        ValueError: when graphs, attribute values or shapes do not fit.
    """
    facts = declaration.facts
    graph = graph_of_inputs(values.values())
    attrs: dict[str, Any] = {}
    for attr in facts.attrs:
        value = values.get(attr.name)
        if value is not None:
            attrs[attr.name] = _attr_value(declaration.type, attr, value)
    inputs: list[Tensor] = []
    source: dict[str, str] = {}
    with conversion.entered(graph), graph.name_scope(name or default) as scope:
        written: list[Tensor] = []
        for arg in facts.inputs:
            tensors = _convert_input(declaration, arg, values, attrs, source)
            inputs.extend(tensors)
            if arg.is_ref:
                written.extend(tensors)
        complete_attrs(declaration, attrs)
        with _placed_with(graph, written) if written else nullcontext():
            op = graph.create_op(
                declaration.type,
                inputs,
                arg_types(facts.outputs, attrs),
                name=scope,
                attrs=attrs,
                op_def=declaration,
            )
    return _result(declaration, op)


@contextmanager
def _placed_with(graph: Graph, written: Sequence[Tensor]) -> Iterator[None]:
    """A context in which operations are placed with the variables they write."""
    with ExitStack() as stack:
        for tensor in written:
            stack.enter_context(graph.colocate_with(tensor))
        yield


# -- inputs ---------------------------------------------------------------------


def _convert_input(
    declaration: OpDeclaration,
    arg: ArgFacts,
    values: dict[str, Any],
    attrs: dict[str, Any],
    source: dict[str, str],
) -> list[Tensor]:
    op_type = declaration.type
    value = values.get(arg.name, declaration.attr_defaults.get(arg.name))
    if arg.type_list_attr or arg.number_attr:
        if not isinstance(value, (list, tuple)):
            raise TypeError(
                f"Expected list for '{arg.name}' argument to '{op_type}' Op, not "
                f"{value}."
            )
        if arg.type_list_attr:
            given = attrs.get(arg.type_list_attr)
            tensors = [
                conversion.convert_to_tensor(
                    v, given[i] if given else None, f"{arg.name}_{i}"
                )
                for i, v in enumerate(value)
            ]
            attrs[arg.type_list_attr] = [t.dtype.base_dtype for t in tensors]
            return tensors
        return _convert_list(declaration, arg, value, attrs, source)
    if value is None:
        raise ValueError(
            f"Tried to convert '{arg.name}' to a tensor and failed. Error: None values "
            "not supported."
        )
    dtype = arg.dtype or attrs.get(arg.type_attr or "")
    tensor: Tensor
    if (
        isinstance(value, Tensor)
        and not arg.is_ref
        and (dtype is None or dtype is value._dtype)
    ):
        tensor = value
    else:
        tensor = _convert_one(declaration, arg, value, dtype, source)
    if arg.type_attr:
        _set_type(declaration, arg, tensor._dtype.base_dtype, attrs, source)
    return [tensor]


def _convert_one(
    declaration: OpDeclaration,
    arg: ArgFacts,
    value: Any,
    dtype: DType | None,
    source: dict[str, str],
) -> Tensor:
    op_type = declaration.type
    preferred = None
    if dtype is None and arg.type_attr:
        preferred = _default_dtype(declaration, arg.type_attr)
    try:
        tensor = conversion.convert_to_tensor(
            value, dtype, arg.name, as_ref=arg.is_ref, preferred_dtype=preferred
        )
    except (ValueError, TypeError) as error:
        if dtype is None:
            raise
        raise _mismatch(op_type, arg, value, dtype, source) from error
    if arg.is_ref and not tensor.dtype.is_ref_dtype:
        raise TypeError(
            f"'{op_type}' Op requires that input '{arg.name}' be a mutable tensor "
            "(e.g.: a tf.Variable)"
        )
    return tensor


def _mismatch(
    op_type: str, arg: ArgFacts, value: Any, dtype: DType, source: dict[str, str]
) -> TypeError:
    """The error for an input that is not of the dtype another input has set."""
    try:
        observed = conversion.convert_to_tensor(value, as_ref=arg.is_ref).dtype.name
    except (ValueError, TypeError) as error:
        return TypeError(
            f"Input '{arg.name}' of '{op_type}' Op could not be converted to "
            f"{dtype.name}: {error}"
        )
    prefix = f"Input '{arg.name}' of '{op_type}' Op has type {observed} that does not"
    if arg.type_attr and arg.type_attr in source:
        return TypeError(
            f"{prefix} match type {dtype.name} of argument '{source[arg.type_attr]}'."
        )
    return TypeError(f"{prefix} match expected type of {dtype.name}.")


def _convert_list(
    declaration: OpDeclaration,
    arg: ArgFacts,
    values: Sequence[Any],
    attrs: dict[str, Any],
    source: dict[str, str],
) -> list[Tensor]:
    op_type = declaration.type
    number = attrs.get(arg.number_attr or "")
    if number is not None and number != len(values):
        raise ValueError(
            f"List argument '{arg.name}' to '{op_type}' Op with length {len(values)} "
            f"must match length {number} of argument '{arg.number_attr}'."
        )
    minimum = next(
        (a.minimum for a in declaration.facts.attrs if a.name == arg.number_attr), None
    )
    if minimum is not None and len(values) < minimum:
        raise ValueError(
            f"List argument '{arg.name}' to '{op_type}' Op with length {len(values)} "
            f"shorter than minimum length {minimum}."
        )
    attrs[arg.number_attr or ""] = len(values)
    dtype = arg.dtype or attrs.get(arg.type_attr or "")
    if dtype is None:
        # A list may mix tensors and Python values: the tensors decide.
        for value in values:
            if isinstance(value, Tensor) or hasattr(value, "_as_graph_element"):
                dtype = value.dtype.base_dtype
                break
    try:
        tensors = conversion.convert_n_to_tensor(
            values, dtype, arg.name, as_ref=arg.is_ref
        )
        types = {t.dtype.base_dtype for t in tensors}
    except (TypeError, ValueError):
        tensors, types = [], set()
    if len(types) != 1 and values:
        names = []
        for value in values:
            try:
                names.append(conversion.convert_to_tensor(value).dtype.name)
            except (TypeError, ValueError):
                names.append("<NOT CONVERTIBLE TO TENSOR>")
        raise TypeError(
            f"Tensors in list passed to '{arg.name}' of '{op_type}' Op have types "
            f"[{', '.join(names)}] that "
            + (
                "don't all match."
                if dtype is None or arg.dtype is None
                else f"don't match expected type {dtype.name}."
            )
        )
    if arg.type_attr and types:
        _set_type(declaration, arg, types.pop(), attrs, source)
    return tensors


@functools.cache
def _default_dtype_of(op_type: str, attr_name: str) -> DType | None:
    from tfstyle.framework.op_def import declaration_of

    declaration = declaration_of(op_type)
    assert declaration is not None
    for attr in declaration.facts.attrs:
        if attr.name == attr_name and attr.has_default:
            return dtypes.as_dtype(attr.default)
    return None


def _default_dtype(declaration: OpDeclaration, attr_name: str) -> DType | None:
    return _default_dtype_of(declaration.type, attr_name)


def _set_type(
    declaration: OpDeclaration,
    arg: ArgFacts,
    dtype: DType,
    attrs: dict[str, Any],
    source: dict[str, str],
) -> None:
    attr_name = arg.type_attr or ""
    known = attrs.get(attr_name)
    if known is not None and known is not dtype:
        raise TypeError(
            f"Input '{arg.name}' of '{declaration.type}' Op has type {dtype.name} that "
            f"does not match type {known.name} of argument "
            f"'{source.get(attr_name, attr_name)}'."
        )
    attrs[attr_name] = dtype
    source.setdefault(attr_name, arg.name)


# -- attributes -----------------------------------------------------------------


def complete_attrs(declaration: OpDeclaration, attrs: dict[str, Any]) -> None:
    """Fills in the defaults of an operation's attributes and checks them.

    Raises:
        TypeError: when one is missing, or is a type that is not allowed.
        ValueError: when one is a string that is not allowed, or is too small.
    """
    for attr in declaration.facts.attrs:
        if attr.name not in attrs:
            if not attr.has_default:
                raise TypeError(
                    f"No argument for attr {attr.name} of '{declaration.type}' Op."
                )
            attrs[attr.name] = _attr_value(declaration.type, attr, attr.default)
        value = attrs[attr.name]
        if attr.allowed:
            _check_allowed(declaration.type, attr, value)
        if attr.minimum is not None:
            size = len(value) if attr.type.startswith("list") else value
            if size < attr.minimum:
                what = " of length" if attr.type.startswith("list") else ""
                raise ValueError(
                    f"Attr '{attr.name}' of '{declaration.type}' Op passed {size}"
                    f"{what} less than minimum {attr.minimum}."
                )


def _check_allowed(op_type: str, attr: AttrFacts, value: Any) -> None:
    items = value if isinstance(value, (list, tuple)) else (value,)
    for item in items:
        if isinstance(item, DType):
            if item.base_dtype.name not in (attr.allowed or ()):
                raise TypeError(
                    f"DataType {item.name} for attr '{attr.name}' not in list of "
                    f"allowed values: {', '.join(attr.allowed or ())}"
                )
        elif item not in (attr.allowed or ()):
            raise ValueError(
                f"Attr '{attr.name}' of '{op_type}' Op passed string '{item}' not in: "
                + ", ".join(f'"{a}"' for a in attr.allowed or ())
                + "."
            )


def _attr_value(op_type: str, attr: AttrFacts, value: Any) -> Any:
    """`value` as the attribute's Python type.

    Raises:
        TypeError: when it is of another kind.
    """
    if attr.type.startswith("list("):
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"Expected list for attr {attr.name}, got {value!r}.")
        kind = attr.type[5:-1]
        return [_scalar_attr(op_type, attr.name, kind, item) for item in value]
    return _scalar_attr(op_type, attr.name, attr.type, value)


def _scalar_attr(op_type: str, name: str, kind: str, value: Any) -> Any:
    def wrong(expected: str) -> TypeError:
        return TypeError(
            f"Expected {expected} for argument '{name}' of '{op_type}' Op not "
            f"{value!r}."
        )

    if kind == "int":
        if isinstance(value, (bool, np.bool_)):
            raise wrong("int")
        if isinstance(value, tensor_shape.Dimension):
            value = value.value
        if isinstance(value, (numbers.Integral, np.integer)):
            return int(value)
        if (
            isinstance(value, np.ndarray)
            and value.ndim == 0
            and value.dtype.kind in "iu"
        ):
            return int(value)
        raise wrong("int")
    if kind == "float":
        if isinstance(value, (numbers.Real, np.number)):
            return float(value)
        raise wrong("float")
    if kind == "bool":
        if isinstance(value, (bool, np.bool_)):
            return bool(value)
        raise wrong("bool")
    if kind == "string":
        if isinstance(value, bytes):
            try:
                return value.decode()
            except UnicodeDecodeError:
                return value
        if isinstance(value, str):
            return value
        raise wrong("string")
    if kind == "type":
        return dtypes.as_dtype(value).base_dtype
    if kind == "shape":
        return tensor_shape.as_shape(value)
    return value


# -- outputs --------------------------------------------------------------------


def arg_types(args: Sequence[ArgFacts], attrs: dict[str, Any]) -> list[DType]:
    """The dtype of each tensor of the inputs or outputs `args`, flat."""
    types: list[DType] = []
    for arg in args:
        if arg.type_list_attr:
            types.extend(attrs[arg.type_list_attr])
            continue
        dtype = arg.dtype or attrs[arg.type_attr or ""]
        if arg.is_ref:
            dtype = dtype.as_ref
        types.extend([dtype] * (attrs[arg.number_attr] if arg.number_attr else 1))
    return types


@functools.cache
def _result_class(op_type: str, fields: tuple[str, ...]) -> Any:
    return collections.namedtuple(op_type, fields, rename=True)


def _result(declaration: OpDeclaration, op: Operation) -> Any:
    outputs = declaration.facts.outputs
    if not outputs:
        return op
    if len(outputs) == 1 and not (outputs[0].number_attr or outputs[0].type_list_attr):
        return op._outputs[0]
    tensors = iter(op.outputs)
    groups: list[Any] = []
    for arg in outputs:
        if arg.number_attr or arg.type_list_attr:
            count = (
                op.get_attr(arg.number_attr)
                if arg.number_attr
                else len(op.get_attr(arg.type_list_attr or ""))
            )
            groups.append([next(tensors) for _ in range(count)])
        else:
            groups.append(next(tensors))
    if len(groups) == 1:
        # An op with an empty list of outputs is run for its effect.
        return groups[0] if groups[0] != [] else op
    return _result_class(declaration.type, tuple(a.name for a in outputs))(*groups)
