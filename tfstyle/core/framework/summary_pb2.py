"""The messages of TensorFlow's `core/framework/summary.proto`."""

from tensorboard.compat.proto.summary_pb2 import (
    DESCRIPTOR,
    HistogramProto,
    Summary,
    SummaryDescription,
    SummaryMetadata,
)

__all__ = [
    "DESCRIPTOR",
    "HistogramProto",
    "Summary",
    "SummaryDescription",
    "SummaryMetadata",
]
