"""The messages of TensorFlow's `core/framework/variable.proto`."""

from tensorboard.compat.proto.variable_pb2 import SaveSliceInfoDef, VariableDef

__all__ = ["SaveSliceInfoDef", "VariableDef"]
