"""The messages of TensorFlow's `core/util/event.proto`."""

from tensorboard.compat.proto.event_pb2 import (
    DESCRIPTOR,
    Event,
    LogMessage,
    RequestedExitCode,
    SessionLog,
    SourceMetadata,
    TaggedRunMetadata,
    WatchdogConfig,
    WorkerHeartbeatRequest,
    WorkerHeartbeatResponse,
)

__all__ = [
    "DESCRIPTOR",
    "Event",
    "LogMessage",
    "RequestedExitCode",
    "SessionLog",
    "SourceMetadata",
    "TaggedRunMetadata",
    "WatchdogConfig",
    "WorkerHeartbeatRequest",
    "WorkerHeartbeatResponse",
]

# Later releases renamed the level; its number is the same.
LogMessage.DEBUG = LogMessage.DEBUGGING
