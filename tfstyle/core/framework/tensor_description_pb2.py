"""The messages of TensorFlow's `core/framework/tensor_description.proto`."""

from tensorboard.compat.proto.tensor_description_pb2 import TensorDescription

__all__ = ["TensorDescription"]
