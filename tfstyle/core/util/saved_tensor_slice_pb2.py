"""The messages of TensorFlow's `core/util/saved_tensor_slice.proto`."""

from tfstyle.core.definitions import define_messages
from tfstyle.core.framework.tensor_pb2 import TensorProto
from tfstyle.core.framework.tensor_shape_pb2 import TensorShapeProto
from tfstyle.core.framework.tensor_slice_pb2 import TensorSliceProto
from tfstyle.core.framework.types_pb2 import DataType
from tfstyle.core.framework.versions_pb2 import VersionDef

__all__ = [
    "DESCRIPTOR",
    "SavedSlice",
    "SavedSliceMeta",
    "SavedTensorSliceMeta",
    "SavedTensorSlices",
]

_messages = define_messages(
    "util/saved_tensor_slice.proto",
    """
    SavedSliceMeta
      string name = 1
      TensorShapeProto shape = 2
      DataType type = 3
      repeated TensorSliceProto slice = 4
    SavedTensorSliceMeta
      repeated SavedSliceMeta tensor = 1
      VersionDef versions = 2
    SavedSlice
      string name = 1
      TensorSliceProto slice = 2
      TensorProto data = 3
    SavedTensorSlices
      SavedTensorSliceMeta meta = 1
      SavedSlice data = 2
    """,
    imports=(
        TensorProto,
        TensorShapeProto,
        TensorSliceProto,
        DataType,
        VersionDef,
    ),
)
SavedSlice = _messages["SavedSlice"]
SavedSliceMeta = _messages["SavedSliceMeta"]
SavedTensorSliceMeta = _messages["SavedTensorSliceMeta"]
SavedTensorSlices = _messages["SavedTensorSlices"]
DESCRIPTOR = SavedSlice.DESCRIPTOR.file
