"""The messages of TensorFlow's `core/framework/tensor.proto`."""

from tensorboard.compat.proto.tensor_pb2 import (
    DESCRIPTOR,
    TensorProto,
    VariantTensorDataProto,
)

__all__ = ["DESCRIPTOR", "TensorProto", "VariantTensorDataProto"]
