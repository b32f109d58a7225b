"""The messages of TensorFlow's `core/framework/step_stats.proto`."""

from tensorboard.compat.proto.step_stats_pb2 import (
    DESCRIPTOR,
    AllocationRecord,
    AllocatorMemoryUsed,
    DeviceStepStats,
    MemoryStats,
    NodeExecStats,
    NodeOutput,
    StepStats,
)

__all__ = [
    "DESCRIPTOR",
    "AllocationRecord",
    "AllocatorMemoryUsed",
    "DeviceStepStats",
    "MemoryStats",
    "NodeExecStats",
    "NodeOutput",
    "StepStats",
]
