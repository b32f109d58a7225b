"""The messages of TensorFlow's `core/framework/variable.proto`."""

from tensorboard.compat.proto.variable_pb2 import (
    DESCRIPTOR,
    SaveSliceInfoDef,
    VariableDef,
)

__all__ = ["DESCRIPTOR", "SaveSliceInfoDef", "VariableDef"]
