"""The version of the API, and of the graphs it writes and reads."""

from __future__ import annotations

__all__ = [
    "GRAPH_DEF_VERSION",
    "GRAPH_DEF_VERSION_MIN_CONSUMER",
    "GRAPH_DEF_VERSION_MIN_PRODUCER",
    "VERSION",
    "__version__",
]

# Programs compare it: the API is that of TensorFlow 0.9.
__version__ = "0.9.0"
VERSION = __version__

GRAPH_DEF_VERSION = 11
GRAPH_DEF_VERSION_MIN_CONSUMER = 0
GRAPH_DEF_VERSION_MIN_PRODUCER = 0
