"""How items of collections become protocol buffers, and come back from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = [
    "get_collection_proto_type",
    "get_from_proto_function",
    "get_to_proto_function",
    "register_proto_function",
]

_registry: dict[Any, tuple[Any, Any, Any]] = {}


def register_proto_function(
    collection_name: Any,
    proto_type: Any = None,
    to_proto: Callable[[Any], Any] | None = None,
    from_proto: Callable[[Any], Any] | None = None,
) -> None:
    """Registers how the items of a collection are written into a `MetaGraphDef`.

    Args:
        collection_name: the key of the collection.
        proto_type: class of the protocol buffer.
        to_proto: item -> protocol buffer.
        from_proto: protocol buffer -> item.

    Raises:
        TypeError: when a function cannot be called.
        KeyError: when the collection has functions already.
    """
    if to_proto and not callable(to_proto):
        raise TypeError("to_proto must be callable.")
    if from_proto and not callable(from_proto):
        raise TypeError("from_proto must be callable.")
    if collection_name in _registry:
        raise KeyError(f"Registering two proto_functions with name {collection_name!r}")
    _registry[collection_name] = (proto_type, to_proto, from_proto)


def get_collection_proto_type(collection_name: Any) -> Any:
    """The class registered for a collection, or None."""
    return _registry.get(collection_name, (None, None, None))[0]


def get_to_proto_function(collection_name: Any) -> Any:
    """The function item -> protocol buffer of a collection, or None."""
    return _registry.get(collection_name, (None, None, None))[1]


def get_from_proto_function(collection_name: Any) -> Any:
    """The function protocol buffer -> item of a collection, or None."""
    return _registry.get(collection_name, (None, None, None))[2]
