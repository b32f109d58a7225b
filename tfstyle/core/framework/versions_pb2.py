"""The messages of TensorFlow's `core/framework/versions.proto`."""

from tensorboard.compat.proto.versions_pb2 import VersionDef

__all__ = ["VersionDef"]
