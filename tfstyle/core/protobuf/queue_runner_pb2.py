"""The messages of TensorFlow's `core/protobuf/queue_runner.proto`."""

from tfstyle.core.definitions import define_messages

__all__ = ["DESCRIPTOR", "QueueRunnerDef"]

_messages = define_messages(
    "protobuf/queue_runner.proto",
    """
    QueueRunnerDef
      string queue_name = 1
      repeated string enqueue_op_name = 2
      string close_op_name = 3
      string cancel_op_name = 4
    """,
)
QueueRunnerDef = _messages["QueueRunnerDef"]
DESCRIPTOR = QueueRunnerDef.DESCRIPTOR.file
