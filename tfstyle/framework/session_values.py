"""How composite values (IndexedSlices, SparseTensor, …) are fetched and fed."""

from __future__ import annotations

import collections
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tfstyle.framework.indexed_slices import IndexedSlices
from tfstyle.framework.tensor import Tensor

__all__ = [
    "Expansion",
    "IndexedSlicesValue",
    "expansion_of",
    "register_session_values",
]

IndexedSlicesValue = collections.namedtuple(
    "IndexedSlicesValue", ["values", "indices", "dense_shape"]
)


class Expansion(NamedTuple):
    """What a composite is made of.

    Attributes:
        parts: object -> the tensors it consists of.
        build: fetched values of the parts -> what `run` returns.
        feed: (object, fed value) -> (tensor, value) pairs.
    """

    parts: Callable[[Any], list[Tensor]]
    build: Callable[[Sequence[Any]], Any]
    feed: Callable[[Any, Any], list[tuple[Tensor, Any]]]


_registry: list[tuple[type, Expansion]] = []


def register_session_values(kind: type, expansion: Expansion) -> None:
    """Makes objects of type `kind` feedable and fetchable."""
    _registry.append((kind, expansion))


def expansion_of(value: Any) -> Expansion | None:
    """The expansion of `value`, or None when it is no composite."""
    for kind, expansion in _registry:
        if isinstance(value, kind):
            return expansion
    return None


def _slices_parts(value: IndexedSlices) -> list[Tensor]:
    shape = [] if value.dense_shape is None else [value.dense_shape]
    return [value.values, value.indices, *shape]


def _slices_build(values: Sequence[Any]) -> Any:
    shape = values[2] if len(values) > 2 else None
    return IndexedSlicesValue(values[0], values[1], shape)


def _slices_feed(key: IndexedSlices, value: Any) -> list[tuple[Tensor, Any]]:
    return list(zip(_slices_parts(key), value, strict=False))


register_session_values(
    IndexedSlices, Expansion(_slices_parts, _slices_build, _slices_feed)
)
