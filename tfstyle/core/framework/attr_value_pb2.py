"""The messages of TensorFlow's `core/framework/attr_value.proto`."""

from tensorboard.compat.proto.attr_value_pb2 import DESCRIPTOR, AttrValue, NameAttrList

__all__ = ["DESCRIPTOR", "AttrValue", "NameAttrList"]
