"""The messages of TensorFlow's `core/framework/op_def.proto`."""

from tensorboard.compat.proto.op_def_pb2 import DESCRIPTOR, OpDef, OpDeprecation, OpList

__all__ = ["DESCRIPTOR", "OpDef", "OpDeprecation", "OpList"]
