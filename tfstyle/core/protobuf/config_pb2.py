"""The messages of TensorFlow's `core/protobuf/config.proto`."""

from tensorboard.compat.proto.config_pb2 import *  # noqa: F403
