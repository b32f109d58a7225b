"""The messages of TensorFlow's `core/protobuf/meta_graph.proto`."""

from tensorboard.compat.proto.meta_graph_pb2 import (
    DESCRIPTOR,
    AssetFileDef,
    CollectionDef,
    MetaGraphDef,
    SignatureDef,
    TensorInfo,
)

__all__ = [
    "DESCRIPTOR",
    "AssetFileDef",
    "CollectionDef",
    "MetaGraphDef",
    "SignatureDef",
    "TensorInfo",
]
