"""The messages of TensorFlow's `core/framework/cost_graph.proto`."""

from tensorboard.compat.proto.cost_graph_pb2 import DESCRIPTOR, CostGraphDef

__all__ = ["DESCRIPTOR", "CostGraphDef"]
