"""The messages of TensorFlow's `core/protobuf/cluster.proto`."""

from tensorboard.compat.proto.cluster_pb2 import ClusterDef, JobDef

__all__ = ["ClusterDef", "JobDef"]
