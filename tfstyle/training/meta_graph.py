"""Graphs with their collections as `MetaGraphDef` protocol buffers."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable
from typing import Any

from tfstyle.framework import ops
from tfstyle.framework.importer import import_graph_def
from tfstyle.ops.variables import Variable
from tfstyle.platform import tf_logging as logging
from tfstyle.training.checkpoint_tensors import written_whole
from tfstyle.util import compat

__all__ = [
    "export_meta_graph",
    "import_collections",
    "read_meta_graph_file",
    "register_late",
]

# What to register when a graph is first written or read: the messages' modules load
# the library of protocol buffers.
_late: list[tuple[str, str, str, Any, Any]] = []


def register_late(
    key: str, module: str, message: str, to_proto: Any, from_proto: Any
) -> None:
    """`register_proto_function`, done when a graph is first written or read.

    Args:
        key: key of the collection.
        module: the module of the message, under `tfstyle`.
        message: name of the class in it.
        to_proto: item -> message.
        from_proto: message -> item.
    """
    _late.append((key, module, message, to_proto, from_proto))


def _register() -> None:
    while _late:
        key, module, message, to_proto, from_proto = _late.pop()
        if ops.get_to_proto_function(key) is None:
            found = getattr(importlib.import_module(f"tfstyle.{module}"), message)
            ops.register_proto_function(key, found, to_proto, from_proto)


for _key in (
    ops.GraphKeys.VARIABLES,
    ops.GraphKeys.TRAINABLE_VARIABLES,
    ops.GraphKeys.LOCAL_VARIABLES,
    ops.GraphKeys.MOVING_AVERAGE_VARIABLES,
):
    register_late(
        _key,
        "core.framework.variable_pb2",
        "VariableDef",
        Variable.to_proto,
        Variable.from_proto,
    )


def export_meta_graph(
    filename: str | None = None,
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: Iterable[str] | None = None,
    as_text: bool = False,
) -> Any:
    """The default graph and its collections as a `MetaGraphDef`.

    Args:
        filename: file to write it to.
        meta_info_def: a `MetaInfoDef` to take over.
        graph_def: a `GraphDef`; default: that of the default graph.
        saver_def: the `SaverDef` of the saver that restores the variables.
        collection_list: keys of the collections to take; default: all.
        as_text: whether to write text, not binary.

    Returns:
        The `MetaGraphDef`. Items of collections that cannot be written are left out,
        with a warning.

    Raises:
        tf.errors.OpError: when the file cannot be written.

    Differs from TF: loops (`rnn`, `scan`, …) and gradients are written as nodes without
    what they hold. Such a graph can be looked at, but not imported.
    """
    from tfstyle.core.protobuf.meta_graph_pb2 import MetaGraphDef

    _register()
    graph = ops.get_default_graph()
    meta = MetaGraphDef()
    if meta_info_def is not None:
        meta.meta_info_def.MergeFrom(meta_info_def)
    if graph_def is None:
        graph_def = graph.as_graph_def(add_shapes=True)
    meta.graph_def.MergeFrom(graph_def)
    if saver_def is not None:
        meta.saver_def.MergeFrom(saver_def)
    keys = (
        graph.get_all_collection_keys() if collection_list is None else collection_list
    )
    for key in keys:
        _add_collection(meta, key, graph.get_collection(key))
    if filename:
        _write(filename, meta, as_text)
    return meta


def _write(filename: str, meta: Any, as_text: bool) -> None:
    if as_text:
        from google.protobuf import text_format

        content = text_format.MessageToString(meta).encode()
    else:
        content = meta.SerializeToString()
    with written_whole(filename) as file:
        file.write(content)


def _add_collection(meta: Any, key: str, items: list[Any]) -> None:
    """Writes a collection, or warns when its items have no form that can be written."""
    from tfstyle.core.protobuf.meta_graph_pb2 import CollectionDef

    collection = CollectionDef()
    to_proto = ops.get_to_proto_function(key)
    try:
        if to_proto is not None:
            protos = [to_proto(item) for item in items]
            collection.bytes_list.value.extend(
                p.SerializeToString() for p in protos if p is not None
            )
        else:
            kind = _kind(items[0]) if items else "node_list"
            field = getattr(collection, kind).value
            if kind == "node_list":
                field.extend(item.name for item in items)
            elif kind == "bytes_list":
                field.extend(compat.as_bytes(item) for item in items)
            else:
                field.extend(items)
    except (AttributeError, TypeError, ValueError) as error:
        logging.warning(
            "Error encountered when serializing %s.\nType is unsupported, or the types "
            "of the items don't match field type in CollectionDef.\n%s",
            key,
            error,
        )
        return
    meta.collection_def[key].CopyFrom(collection)


def _kind(item: Any) -> str:
    if isinstance(item, (str, bytes)):
        return "bytes_list"
    if isinstance(item, int):
        return "int64_list"
    return "float_list" if isinstance(item, float) else "node_list"


def read_meta_graph_file(filename: str) -> Any:
    """Reads a `MetaGraphDef`, binary or text.

    Raises:
        OSError: when there is no such file, or it holds something else.
    """
    from google.protobuf import text_format
    from google.protobuf.message import DecodeError

    from tfstyle.core.protobuf.meta_graph_pb2 import MetaGraphDef

    if not os.path.exists(filename):
        raise OSError(f"File {filename} does not exist.")
    with open(filename, "rb") as file:
        content = file.read()
    try:
        return MetaGraphDef.FromString(content)
    except DecodeError:
        pass
    try:
        return text_format.Parse(content.decode(), MetaGraphDef())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise OSError(f"Cannot parse file {filename}: {error}.") from None


def import_collections(meta: Any) -> None:
    """Adds graph and collections of a `MetaGraphDef` to the default graph."""
    _register()
    info = meta.meta_info_def
    producers = info.stripped_op_list if info.HasField("stripped_op_list") else None
    import_graph_def(meta.graph_def, name="", producer_op_list=producers)
    graph = ops.get_default_graph()
    for key in sorted(meta.collection_def):
        collection = meta.collection_def[key]
        kind = collection.WhichOneof("kind")
        if kind is None:
            logging.error("Cannot identify data type for collection %s. Skipping.", key)
            continue
        values = getattr(collection, kind).value
        from_proto = ops.get_from_proto_function(key)
        if from_proto is not None:
            message = ops.get_collection_proto_type(key)
            items = [from_proto(message.FromString(value)) for value in values]
        elif kind == "node_list":
            items = [graph.as_graph_element(value) for value in values]
        else:
            items = list(values)
        for item in items:
            graph.add_to_collection(key, item)
