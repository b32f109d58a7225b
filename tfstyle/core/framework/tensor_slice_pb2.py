"""The messages of TensorFlow's `core/framework/tensor_slice.proto`."""

from tfstyle.core.definitions import define_messages

__all__ = ["DESCRIPTOR", "TensorSliceProto"]

_messages = define_messages(
    "framework/tensor_slice.proto",
    """
    TensorSliceProto
      repeated TensorSliceProto.Extent extent = 1
    TensorSliceProto.Extent
      int64 start = 1
      int64 length = 2 in has_length
    """,
)
TensorSliceProto = _messages["TensorSliceProto"]
DESCRIPTOR = TensorSliceProto.DESCRIPTOR.file
