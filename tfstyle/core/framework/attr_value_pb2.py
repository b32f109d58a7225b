"""The messages of TensorFlow's `core/framework/attr_value.proto`."""

from tensorboard.compat.proto.attr_value_pb2 import AttrValue, NameAttrList

__all__ = ["AttrValue", "NameAttrList"]
