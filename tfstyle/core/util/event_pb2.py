"""The messages of TensorFlow's `core/util/event.proto`."""

from tensorboard.compat.proto.event_pb2 import *  # noqa: F403
