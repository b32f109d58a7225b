"""The messages of TensorFlow's `core/framework/tensor_shape.proto`."""

from tensorboard.compat.proto.tensor_shape_pb2 import DESCRIPTOR, TensorShapeProto

__all__ = ["DESCRIPTOR", "TensorShapeProto"]
