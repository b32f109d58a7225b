"""`tensorflow.models.rnn.linear`: the product with one matrix per argument."""

from tfstyle.ops.rnn_cell import linear

__all__ = ["linear"]
