"""The messages of TensorFlow's `core/protobuf/meta_graph.proto`."""

from tensorboard.compat.proto.meta_graph_pb2 import (
    AssetFileDef,
    CollectionDef,
    MetaGraphDef,
    SignatureDef,
    TensorInfo,
)

__all__ = [
    "AssetFileDef",
    "CollectionDef",
    "MetaGraphDef",
    "SignatureDef",
    "TensorInfo",
]
