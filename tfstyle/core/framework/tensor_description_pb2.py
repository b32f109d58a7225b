"""The messages of TensorFlow's `core/framework/tensor_description.proto`."""

from tensorboard.compat.proto.tensor_description_pb2 import (
    DESCRIPTOR,
    TensorDescription,
)

__all__ = ["DESCRIPTOR", "TensorDescription"]
