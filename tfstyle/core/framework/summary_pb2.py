"""The messages of TensorFlow's `core/framework/summary.proto`."""

from tensorboard.compat.proto.summary_pb2 import (
    HistogramProto,
    Summary,
    SummaryDescription,
    SummaryMetadata,
)

__all__ = ["HistogramProto", "Summary", "SummaryDescription", "SummaryMetadata"]
