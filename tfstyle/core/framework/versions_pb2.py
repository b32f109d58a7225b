"""The messages of TensorFlow's `core/framework/versions.proto`."""

from tensorboard.compat.proto.versions_pb2 import DESCRIPTOR, VersionDef

__all__ = ["DESCRIPTOR", "VersionDef"]
