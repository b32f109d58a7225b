"""The messages of TensorFlow's `core/util/event.proto`."""

from tensorboard.compat.proto.event_pb2 import *  # noqa: F403
from tensorboard.compat.proto.event_pb2 import LogMessage

# Later releases renamed the level; its number is the same.
LogMessage.DEBUG = LogMessage.DEBUGGING
