"""The messages of TensorFlow's `core/protobuf/tensor_bundle.proto`."""

from tfstyle.core.definitions import define_messages
from tfstyle.core.framework.tensor_shape_pb2 import TensorShapeProto
from tfstyle.core.framework.tensor_slice_pb2 import TensorSliceProto
from tfstyle.core.framework.types_pb2 import DataType
from tfstyle.core.framework.versions_pb2 import VersionDef

__all__ = ["DESCRIPTOR", "BundleEntryProto", "BundleHeaderProto"]

# `endianness` is an enum: 0 is little, 1 is big.
_messages = define_messages(
    "protobuf/tensor_bundle.proto",
    """
    BundleHeaderProto
      int32 num_shards = 1
      int32 endianness = 2
      VersionDef version = 3
    BundleEntryProto
      DataType dtype = 1
      TensorShapeProto shape = 2
      int32 shard_id = 3
      int64 offset = 4
      int64 size = 5
      fixed32 crc32c = 6
      repeated TensorSliceProto slices = 7
    """,
    imports=(TensorShapeProto, TensorSliceProto, DataType, VersionDef),
)
BundleEntryProto = _messages["BundleEntryProto"]
BundleHeaderProto = _messages["BundleHeaderProto"]
DESCRIPTOR = BundleEntryProto.DESCRIPTOR.file
