"""The random stream of one operation: the state of a Philox 4x32-10 generator.

A state is uint32[6]: the key (low, high word of `seed`), the block counter (low, high)
and the words of `seed2` (low, high). A block is four 32-bit words; the generator itself
is among the ops.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["State", "advance", "advanced_each", "fold_in", "initial_state"]

State = Any  # uint32[6]: numpy.ndarray or jax.Array
_LOOP_MULTIPLIER = np.uint32(0x9E3779B1)


def initial_state(seed: int, seed2: int) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """The state at block 0 of the stream of an op with attributes `seed`, `seed2`.

    Args:
        seed: the graph's seed, any 64-bit integer.
        seed2: the op's seed, any 64-bit integer.

    Returns:
        The state, uint32 [6].
    """
    words = [seed, seed >> 32, 0, 0, seed2, seed2 >> 32]
    return np.array([word & 0xFFFFFFFF for word in words], np.uint32)


def advance(state: State, blocks: int) -> State:
    """Moves the 64-bit block counter of `state` forward by `blocks`."""
    low = np.uint32(blocks & 0xFFFFFFFF)
    high = np.uint32(blocks >> 32 & 0xFFFFFFFF)
    if isinstance(state, np.ndarray):
        counter = (int(state[2]) | int(state[3]) << 32) + blocks
        moved = state.copy()
        moved[2:4] = counter & 0xFFFFFFFF, counter >> 32 & 0xFFFFFFFF
        return moved
    counter = state[2] + low
    carry = (counter < low).astype(jnp.uint32)
    return state.at[2].set(counter).at[3].set(state[3] + high + carry)


def advanced_each(state: State, blocks: int, count: int) -> State:
    """The states of `count` executions, one after the other.

    Args:
        state: uint32 [6], before the first one.
        blocks: how many blocks each one uses up.
        count: how many there are.

    Returns:
        uint32 [count, 6].
    """
    state = jnp.asarray(state)
    steps = jnp.arange(count, dtype=jnp.uint64) * np.uint64(blocks)
    counters = _counter(state) + steps
    states = jnp.tile(state, (count, 1))
    return states.at[:, 2:4].set(_words(counters))


def _counter(state: Any) -> Any:
    return state[2].astype(jnp.uint64) | state[3].astype(jnp.uint64) << np.uint64(32)


def _words(counters: Any) -> Any:
    words = [counters, counters >> np.uint64(32)]
    return jnp.stack(words, -1).astype(jnp.uint32)


def fold_in(state: State, index: Any) -> State:
    """The stream of repeat `index` of an op that a program wrote several times.

    In TensorFlow they are so many ops; without a seed each has numbers of its own. The
    number of the repeat goes into the high word of
    `seed2`, which is 0 wherever a program gives seeds: no stream of an iteration
    meets another one or the op's own. The multiplication keeps nested loops apart.

    Args:
        state: uint32 [6].
        index: the number of the iteration, an integer scalar, possibly traced.

    Returns:
        The state of the iteration's stream, uint32 [6].
    """
    if isinstance(state, np.ndarray) and not isinstance(index, jax.Array):
        folded = state.copy()
        word = int(state[5]) * int(_LOOP_MULTIPLIER) + int(index) + 1
        folded[5] = word & 0xFFFFFFFF
        return folded
    state = jnp.asarray(state)
    word = state[5] * _LOOP_MULTIPLIER + jnp.asarray(index).astype(jnp.uint32)
    return state.at[5].set(word + np.uint32(1))
