"""The messages of TensorFlow's `core/protobuf/cluster.proto`."""

from tensorboard.compat.proto.cluster_pb2 import DESCRIPTOR, ClusterDef, JobDef

__all__ = ["DESCRIPTOR", "ClusterDef", "JobDef"]
