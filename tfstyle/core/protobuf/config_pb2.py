"""The messages of TensorFlow's `core/protobuf/config.proto`."""

from tensorboard.compat.proto.config_pb2 import (
    DESCRIPTOR,
    BatchingOptions,
    CallableOptions,
    ConfigProto,
    GPUOptions,
    GraphOptions,
    OptimizerOptions,
    RunMetadata,
    RunOptions,
    SessionMetadata,
    TensorConnection,
    ThreadPoolOptionProto,
)

__all__ = [
    "DESCRIPTOR",
    "BatchingOptions",
    "CallableOptions",
    "ConfigProto",
    "GPUOptions",
    "GraphOptions",
    "OptimizerOptions",
    "RunMetadata",
    "RunOptions",
    "SessionMetadata",
    "TensorConnection",
    "ThreadPoolOptionProto",
]
