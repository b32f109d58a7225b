"""The messages of TensorFlow's `core/framework/node_def.proto`."""

from tensorboard.compat.proto.node_def_pb2 import DESCRIPTOR, NodeDef

__all__ = ["DESCRIPTOR", "NodeDef"]
