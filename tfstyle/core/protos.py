"""The messages that programs take from `tf`: `tf.ConfigProto`, `tf.GraphDef`, …

`__getattr__` imports them when they are first asked for, so that importing tfstyle
loads no protocol buffers. `tfstyle/__init__.py` takes it over as its own.
"""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["NAMES"]

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
_module_of = {name: module for module, names in _MODULES.items() for name in names}

NAMES = tuple(sorted(_module_of))


def __getattr__(name: str) -> Any:
    module = _module_of.get(name)
    if module is None:
        raise AttributeError(f"module 'tfstyle' has no attribute {name!r}")
    return getattr(importlib.import_module(f"tfstyle.{module}"), name)
