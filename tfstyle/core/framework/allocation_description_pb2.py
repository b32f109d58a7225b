"""The messages of TensorFlow's `core/framework/allocation_description.proto`."""

from tensorboard.compat.proto.allocation_description_pb2 import AllocationDescription

__all__ = ["AllocationDescription"]
