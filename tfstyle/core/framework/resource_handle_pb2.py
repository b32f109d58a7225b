"""The messages of TensorFlow's `core/framework/resource_handle.proto`."""

from tensorboard.compat.proto.resource_handle_pb2 import DESCRIPTOR, ResourceHandleProto

__all__ = ["DESCRIPTOR", "ResourceHandleProto"]
