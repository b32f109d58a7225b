"""The messages of TensorFlow's `python/training/checkpoint_state.proto`."""

from tfstyle.core.definitions import define_messages

__all__ = ["DESCRIPTOR", "CheckpointState"]

_messages = define_messages(
    "training/checkpoint_state.proto",
    """
    CheckpointState
      string model_checkpoint_path = 1
      repeated string all_model_checkpoint_paths = 2
    """,
)
CheckpointState = _messages["CheckpointState"]
DESCRIPTOR = CheckpointState.DESCRIPTOR.file
