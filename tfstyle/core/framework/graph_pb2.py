"""The messages of TensorFlow's `core/framework/graph.proto`."""

from tensorboard.compat.proto.graph_pb2 import *  # noqa: F403
