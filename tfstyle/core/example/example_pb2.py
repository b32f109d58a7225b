"""The messages of TensorFlow's `core/example/example.proto`."""

from tfstyle.core.definitions import define_messages
from tfstyle.core.example.feature_pb2 import FeatureLists, Features

__all__ = ["DESCRIPTOR", "Example", "SequenceExample"]

_messages = define_messages(
    "example/example.proto",
    """
    Example
      Features features = 1
    SequenceExample
      Features context = 1
      FeatureLists feature_lists = 2
    """,
    imports=(
        FeatureLists,
        Features,
    ),
)
Example = _messages["Example"]
SequenceExample = _messages["SequenceExample"]
DESCRIPTOR = Example.DESCRIPTOR.file
