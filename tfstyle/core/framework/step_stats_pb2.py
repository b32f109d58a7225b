"""The messages of TensorFlow's `core/framework/step_stats.proto`."""

from tensorboard.compat.proto.step_stats_pb2 import *  # noqa: F403
