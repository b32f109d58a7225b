"""The messages of TensorFlow's `core/framework/graph.proto`."""

from tensorboard.compat.proto.graph_pb2 import GraphDef

__all__ = ["GraphDef"]
