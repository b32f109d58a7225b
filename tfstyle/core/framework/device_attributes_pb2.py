"""The messages of TensorFlow's `core/framework/device_attributes.proto`."""

from tfstyle.core.definitions import define_messages

__all__ = ["DESCRIPTOR", "DeviceAttributes", "DeviceLocality"]

_messages = define_messages(
    "framework/device_attributes.proto",
    """
    DeviceLocality
      int32 bus_id = 1
    DeviceAttributes
      string name = 1
      string device_type = 2
      int64 memory_limit = 4
      DeviceLocality locality = 5
      fixed64 incarnation = 6
      string physical_device_desc = 7
    """,
)
DeviceAttributes = _messages["DeviceAttributes"]
DeviceLocality = _messages["DeviceLocality"]
DESCRIPTOR = DeviceAttributes.DESCRIPTOR.file
