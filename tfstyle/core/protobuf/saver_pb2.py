"""The messages of TensorFlow's `core/protobuf/saver.proto`."""

from tensorboard.compat.proto.saver_pb2 import DESCRIPTOR, SaverDef

__all__ = ["DESCRIPTOR", "SaverDef"]
