"""The messages of TensorFlow's `core/framework/function.proto`."""

from tensorboard.compat.proto.function_pb2 import (
    DESCRIPTOR,
    FunctionDef,
    FunctionDefLibrary,
    GradientDef,
    RegisteredGradient,
)

__all__ = [
    "DESCRIPTOR",
    "FunctionDef",
    "FunctionDefLibrary",
    "GradientDef",
    "RegisteredGradient",
]
