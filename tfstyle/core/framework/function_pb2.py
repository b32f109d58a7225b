"""The messages of TensorFlow's `core/framework/function.proto`."""

from tensorboard.compat.proto.function_pb2 import (
    FunctionDef,
    FunctionDefLibrary,
    GradientDef,
    RegisteredGradient,
)

__all__ = ["FunctionDef", "FunctionDefLibrary", "GradientDef", "RegisteredGradient"]
