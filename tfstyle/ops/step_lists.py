"""Lists with one tensor per step, handled by one operation for all steps.

Neither the graph nor the compiled program then grows with the number of steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfstyle.framework import ops
from tfstyle.framework.tensor import Tensor
from tfstyle.ops import array_ops, embedding_ops
from tfstyle.ops.rnn_loop import stack_steps

__all__ = ["alike", "as_vectors", "embed_steps"]


def alike(tensors: Sequence[Tensor]) -> bool:
    """Whether tensors can be stacked: their dtypes are equal and their shapes fit."""
    first = tensors[0]
    return all(
        t.dtype.base_dtype == first.dtype.base_dtype
        and t.get_shape().is_compatible_with(first.get_shape())
        for t in tensors
    )


def as_vectors(tensors: Sequence[Tensor]) -> list[Tensor]:
    """The tensors with one dimension each; those that have one are left as they are."""
    return [
        t if t.get_shape().ndims == 1 else array_ops.reshape(t, [-1]) for t in tensors
    ]


def embed_steps(embedding: Any, symbols: Sequence[Any]) -> list[Tensor]:
    """The embedded symbols of each step, from one lookup where that is possible.

    Args:
        embedding: as in `embedding_lookup`.
        symbols: a list of int32 or int64 tensors [batch].
    """
    symbols = ops.convert_n_to_tensor(symbols, name="ids")
    if len(symbols) < 2 or not alike(symbols):
        return [embedding_ops.embedding_lookup(embedding, ids) for ids in symbols]
    # The gradients of the last step come first, as those of one lookup for each do.
    last_first = _turned(stack_steps(symbols))
    embedded = _turned(embedding_ops.embedding_lookup(embedding, last_first))
    return array_ops.unpack(embedded, len(symbols))


def _turned(steps: Tensor) -> Tensor:
    rank = len(steps.get_shape())
    return array_ops.reverse(steps, [True] + [False] * (rank - 1))
