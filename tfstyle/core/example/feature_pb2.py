"""The messages of TensorFlow's `core/example/feature.proto`."""

from tfstyle.core.definitions import define_messages

__all__ = [
    "DESCRIPTOR",
    "BytesList",
    "Feature",
    "FeatureList",
    "FeatureLists",
    "Features",
    "FloatList",
    "Int64List",
]

_messages = define_messages(
    "example/feature.proto",
    """
    BytesList
      repeated bytes value = 1
    FloatList
      repeated float value = 1
    Int64List
      repeated int64 value = 1
    Feature
      BytesList bytes_list = 1 in kind
      FloatList float_list = 2 in kind
      Int64List int64_list = 3 in kind
    Features
      map<string, Feature> feature = 1
    FeatureList
      repeated Feature feature = 1
    FeatureLists
      map<string, FeatureList> feature_list = 1
    """,
)
BytesList = _messages["BytesList"]
Feature = _messages["Feature"]
FeatureList = _messages["FeatureList"]
FeatureLists = _messages["FeatureLists"]
Features = _messages["Features"]
FloatList = _messages["FloatList"]
Int64List = _messages["Int64List"]
DESCRIPTOR = BytesList.DESCRIPTOR.file
