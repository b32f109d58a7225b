"""The random stream of one operation: the state of a Philox 4x32-10 generator.

A state is uint32[6]: the key (low, high word of `seed`), then the counter: two words that
count blocks of four numbers, and two words that hold `seed2`.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

__all__ = ["advance", "fold_in", "initial_state"]

_MASK = 0xFFFFFFFF


def initial_state(seed: int, seed2: int) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """The state before the first execution, uint32[6]."""
    return np.array(
        [seed & _MASK, (seed >> 32) & _MASK, 0, 0, seed2 & _MASK, (seed2 >> 32) & _MASK],
        np.uint32,
    )


def advance(state: Any, blocks: int) -> Any:
    """The state after `blocks` more blocks have been used up."""
    low = jnp.asarray(state[2]).astype(jnp.uint64)
    count = low | (jnp.asarray(state[3]).astype(jnp.uint64) << np.uint64(32))
    count = count + np.uint64(blocks)
    words = jnp.stack([count & np.uint64(_MASK), count >> np.uint64(32)])
    return jnp.asarray(state).at[2:4].set(words.astype(jnp.uint32))


def fold_in(state: Any, index: Any) -> Any:
    """The stream of iteration `index` of a loop: iteration 0 has the stream itself.

    The index is mixed into the upper half of the block counter, which one execution
    never reaches, so that iterations do not overlap.
    """
    mixed = jnp.asarray(index).astype(jnp.uint32) * np.uint32(0x9E3779B9)
    return jnp.asarray(state).at[3].add(mixed)
