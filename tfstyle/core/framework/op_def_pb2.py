"""The messages of TensorFlow's `core/framework/op_def.proto`."""

from tensorboard.compat.proto.op_def_pb2 import OpDef, OpDeprecation, OpList

__all__ = ["OpDef", "OpDeprecation", "OpList"]
