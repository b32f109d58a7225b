"""The messages of TensorFlow's `core/framework/node_def.proto`."""

from tensorboard.compat.proto.node_def_pb2 import NodeDef

__all__ = ["NodeDef"]
