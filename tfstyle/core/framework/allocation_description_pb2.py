"""The messages of TensorFlow's `core/framework/allocation_description.proto`."""

from tensorboard.compat.proto.allocation_description_pb2 import (
    DESCRIPTOR,
    AllocationDescription,
)

__all__ = ["DESCRIPTOR", "AllocationDescription"]
