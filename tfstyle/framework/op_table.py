"""The facts of TensorFlow's OpDefs: names, types, defaults of inputs and attributes.

`op_table.json` holds one op per line, as registered in TensorFlow 0.12.1 without the
ops that take resource handles; `in_r0.9` marks those that 0.9 had.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfstyle.framework import dtypes
from tfstyle.framework.dtypes import DType

__all__ = ["ArgFacts", "AttrFacts", "OpFacts", "load_op_table"]


@dataclass(frozen=True, slots=True)
class ArgFacts:
    """An input or output of an op.

    Exactly one of `dtype`, `type_attr` and `type_list_attr` is set.

    Attributes:
        name: the name of the input or output.
        dtype: its fixed type, without reference.
        type_attr: the attribute that holds its type.
        number_attr: the attribute that holds the length, if it is a list of tensors of
            one type.
        type_list_attr: the attribute that holds the types, if it is a list of tensors.
        is_ref: whether it is a reference to the value of a variable.
    """

    name: str
    dtype: DType | None = None
    type_attr: str | None = None
    number_attr: str | None = None
    type_list_attr: str | None = None
    is_ref: bool = False


@dataclass(frozen=True, slots=True)
class AttrFacts:
    """An attribute of an op.

    Attributes:
        name: the name of the attribute.
        type: its kind, as written in OpDefs: `"int"`, `"list(shape)"`, …
        default: the default. A type is given by its name, a shape by a tuple of sizes,
            a list by a tuple, a tensor by an array.
        has_default: whether there is a default.
        allowed: the strings or names of types it is restricted to, or None.
        minimum: the least value, or the least length of a list, or None.
    """

    name: str
    type: str
    default: Any = None
    has_default: bool = False
    allowed: tuple[str, ...] | None = None
    minimum: int | None = None


@dataclass(frozen=True, slots=True)
class OpFacts:
    """What TensorFlow registers about an op.

    Attributes:
        name: the op type, as in `op.type`.
        inputs: the inputs, in order.
        outputs: the outputs, in order.
        attrs: the attributes, in the order of registration.
        is_stateful: whether two executions may differ or have side effects.
        in_r09: whether TensorFlow 0.9 had the op.
    """

    name: str
    inputs: tuple[ArgFacts, ...] = ()
    outputs: tuple[ArgFacts, ...] = ()
    attrs: tuple[AttrFacts, ...] = ()
    is_stateful: bool = False
    in_r09: bool = True


class _OpTable(Mapping[str, OpFacts]):
    """The table by op type; an entry is built when it is first looked up."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = raw
        self._built: dict[str, OpFacts] = {}

    def __getitem__(self, op_type: str) -> OpFacts:
        facts = self._built.get(op_type)
        if facts is None:
            facts = self._built[op_type] = _op(op_type, self._raw[op_type])
        return facts

    def __contains__(self, op_type: object) -> bool:
        return op_type in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


@functools.cache
def load_op_table() -> Mapping[str, OpFacts]:
    """The facts of all ops by op type, read from `op_table.json` once."""
    path = os.path.join(os.path.dirname(__file__), "op_table.json")
    with open(path, encoding="utf-8") as file:
        return _OpTable(json.load(file))


def _op(name: str, raw: dict[str, Any]) -> OpFacts:
    return OpFacts(
        name=name,
        inputs=tuple(map(_arg, raw.get("inputs", ()))),
        outputs=tuple(map(_arg, raw.get("outputs", ()))),
        attrs=tuple(map(_attr, raw.get("attrs", ()))),
        is_stateful=raw.get("is_stateful", False),
        in_r09=raw["in_r0.9"],
    )


def _arg(raw: dict[str, Any]) -> ArgFacts:
    dtype = raw.get("dtype")
    return ArgFacts(**{**raw, "dtype": dtype and dtypes.as_dtype(dtype)})


def _attr(raw: dict[str, Any]) -> AttrFacts:
    allowed = raw.get("allowed")
    return AttrFacts(
        name=raw["name"],
        type=raw["type"],
        default=_default(raw.get("default")),
        has_default="default" in raw,
        allowed=None if allowed is None else tuple(allowed),
        minimum=raw.get("minimum"),
    )


def _default(raw: Any) -> Any:
    if isinstance(raw, dict):
        return np.array(raw["value"], raw["dtype"])
    return tuple(raw) if isinstance(raw, list) else raw
