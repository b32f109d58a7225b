"""The messages of TensorFlow's `core/protobuf/tensorflow_server.proto`."""

from tfstyle.core.definitions import define_messages
from tfstyle.core.protobuf.cluster_pb2 import ClusterDef
from tfstyle.core.protobuf.config_pb2 import ConfigProto

__all__ = ["DESCRIPTOR", "ServerDef"]

_messages = define_messages(
    "protobuf/tensorflow_server.proto",
    """
    ServerDef
      ClusterDef cluster = 1
      string job_name = 2
      int32 task_index = 3
      ConfigProto default_session_config = 4
      string protocol = 5
    """,
    imports=(
        ClusterDef,
        ConfigProto,
    ),
)
ServerDef = _messages["ServerDef"]
DESCRIPTOR = ServerDef.DESCRIPTOR.file
