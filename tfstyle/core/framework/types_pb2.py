"""The messages of TensorFlow's `core/framework/types.proto`."""

from tensorboard.compat.proto.types_pb2 import *  # noqa: F403
from tensorboard.compat.proto.types_pb2 import DataType  # noqa: F401
