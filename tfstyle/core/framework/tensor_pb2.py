"""The messages of TensorFlow's `core/framework/tensor.proto`."""

from tensorboard.compat.proto.tensor_pb2 import *  # noqa: F403
