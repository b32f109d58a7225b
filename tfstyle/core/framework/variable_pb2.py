"""The messages of TensorFlow's `core/framework/variable.proto`."""

from tensorboard.compat.proto.variable_pb2 import *  # noqa: F403
