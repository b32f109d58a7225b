"""Random seeds: the two seed attributes that every random operation carries."""

from __future__ import annotations

from tfstyle.framework import ops

__all__ = ["get_seed", "set_random_seed"]

# What TensorFlow puts in the place of a graph seed when only the op has one.
_DEFAULT_GRAPH_SEED = 87654321
# Seeds are reduced by it, which makes negative and long ones fit.
_MODULUS = 2**31 - 1


def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """The attributes `seed` and `seed2` of a random operation about to be made.

    Args:
        op_seed: the seed given for the operation, or None.

    Returns:
        (None, None), which asks for a fresh seed per session, when neither the default
        graph nor the operation has a seed. With a graph seed alone, the graph seed and
        the number of the last operation made, so that the streams of operations
        differ. Otherwise the graph seed, or a fixed number, and `op_seed`. All of them
        modulo 2³¹ - 1.
    """
    graph = ops.get_default_graph()
    graph_seed = graph.seed
    if graph_seed is None and op_seed is None:
        return None, None
    if graph_seed is None:
        graph_seed = _DEFAULT_GRAPH_SEED
    if op_seed is None:
        op_seed = graph._last_id
    return graph_seed % _MODULUS, op_seed % _MODULUS


def set_random_seed(seed: int | None) -> None:
    """Sets the random seed of the default graph.

    Random operations made afterwards without a seed of their own then draw the same
    numbers in every session of every run of the program.

    Args:
        seed: an integer, or None to take the graph's seed away.
    """
    ops.get_default_graph().seed = seed
