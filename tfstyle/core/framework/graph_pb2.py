"""The messages of TensorFlow's `core/framework/graph.proto`."""

from tensorboard.compat.proto.graph_pb2 import DESCRIPTOR, GraphDef
from tensorboard.compat.proto.node_def_pb2 import NodeDef

__all__ = ["DESCRIPTOR", "GraphDef", "NodeDef"]
