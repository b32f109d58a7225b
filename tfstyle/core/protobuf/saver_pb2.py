"""The messages of TensorFlow's `core/protobuf/saver.proto`."""

from tensorboard.compat.proto.saver_pb2 import SaverDef

__all__ = ["SaverDef"]
