"""The messages that programs take from `tf` and `tf.train`.

`__getattr__` imports them when they are first asked for, so that importing tfstyle
loads no protocol buffers. `tfstyle/__init__.py` takes it over as its own, and
`tf.train` takes over `train_message`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["NAMES", "TRAIN_NAMES", "train_message"]

_MODULES = {
    "core.framework.attr_value_pb2": ("AttrValue", "NameAttrList"),
    "core.framework.graph_pb2": ("GraphDef",),
    "core.framework.node_def_pb2": ("NodeDef",),
    "core.framework.summary_pb2": ("HistogramProto", "Summary"),
    "core.protobuf.config_pb2": (
        "ConfigProto",
        "GPUOptions",
        "GraphOptions",
        "OptimizerOptions",
        "RunMetadata",
        "RunOptions",
    ),
    "core.util.event_pb2": ("Event", "LogMessage", "SessionLog"),
}
_TRAIN_MODULES = {
    "core.example.example_pb2": ("Example", "SequenceExample"),
    "core.example.feature_pb2": (
        "BytesList",
        "Feature",
        "FeatureList",
        "FeatureLists",
        "Features",
        "FloatList",
        "Int64List",
    ),
    "core.protobuf.cluster_pb2": ("ClusterDef", "JobDef"),
    "core.protobuf.saver_pb2": ("SaverDef",),
    "core.protobuf.tensorflow_server_pb2": ("ServerDef",),
}


def _getter(module: str, tables: Mapping[str, tuple[str, ...]]) -> Callable[[str], Any]:
    module_of = {name: path for path, names in tables.items() for name in names}

    def get(name: str) -> Any:
        path = module_of.get(name)
        if path is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"tfstyle.{path}"), name)

    return get


NAMES = tuple(sorted(name for names in _MODULES.values() for name in names))
TRAIN_NAMES = tuple(sorted(name for names in _TRAIN_MODULES.values() for name in names))

__getattr__ = _getter("tfstyle", _MODULES)
train_message = _getter("tfstyle.training.training", _TRAIN_MODULES)
