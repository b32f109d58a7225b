"""TensorFlow's random streams, number for number.

The generator is Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as
1, 2, 3", 2011). One op owns one stream; its state is a `uint32[6]` array: the key (the
low and the high word of `seed`), the block counter (low, high) and the words of `seed2`
(low, high). A block is four 32-bit words. `advance` moves the counter by what one
execution of the op uses up (`blocks_used`), so that the next execution goes on where
TensorFlow would.

Every function takes either kind of state. With a `jax.Array` (or tracer) it is a pure
traceable function; 64-bit types must be enabled around it. With a `numpy.ndarray` it
computes at once in NumPy and returns a NumPy array: nothing is compiled, which is what
a plan that runs once wants. The two agree up to the rounding of log, sin and cos.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tfstyle.framework.random_stream import State, advance, fold_in, initial_state
from tfstyle.ops import philox_numpy

__all__ = [
    "advance",
    "blocks_used",
    "fold_in",
    "initial_state",
    "multinomial",
    "normal",
    "shuffle_indices",
    "truncated_normal",
    "uniform",
    "uniform_int",
    "words",
]

Shape = tuple[int, ...]

_MULTIPLIERS = np.array([[0xD2511F53], [0xCD9E8D57]], np.uint64)
_KEY_STEPS = np.array([[0x9E3779B9], [0xBB67AE85]], np.uint32)
# An execution sets aside this many 32-bit words per output element, whatever it reads.
_WORDS_PER_VALUE = 1024


class _Words(NamedTuple):
    """The words of n blocks, uint32 [2, n]: `even` 0 and 2, `odd` 1 and 3."""

    even: jax.Array
    odd: jax.Array


def blocks_used(kind: str, n: int, batch: int = 1) -> int:
    """How many blocks one execution of an op uses up.

    Args:
        kind: `"uniform"`, `"uniform_int"`, `"normal"`, `"truncated_normal"`,
            `"shuffle"` or `"multinomial"`.
        n: the number of output elements; of rows for `"shuffle"`; of samples per row
            of logits for `"multinomial"`.
        batch: the number of rows of logits of `"multinomial"`.
    """
    if kind == "shuffle":
        return (max(n - 1, 0) + 3) // 4
    if kind == "multinomial":
        n = batch * ((n + 3) // 4 * 4)
    return n * (_WORDS_PER_VALUE // 4)


def _words(state: State, n: int, stride: int = 1, first: Any = 0) -> _Words:
    """Blocks `first + i * stride` after the counter, for i in 0 … n-1."""
    counter = state[2].astype(jnp.uint64) | state[3].astype(jnp.uint64) << np.uint64(32)
    counter += jnp.arange(n, dtype=jnp.uint64) * np.uint64(stride)
    counter += jnp.asarray(first).astype(jnp.uint64)
    seed2 = jnp.broadcast_to(state[4:6, None], (2, n))
    low, high = (
        counter.astype(jnp.uint32),
        (counter >> np.uint64(32)).astype(jnp.uint32),
    )
    key = state[:2, None]

    def one_round(i: Any, words: _Words) -> _Words:
        products = words.even.astype(jnp.uint64) * _MULTIPLIERS
        high_half = (products >> np.uint64(32)).astype(jnp.uint32)
        round_key = key + _KEY_STEPS * jnp.asarray(i).astype(jnp.uint32)
        even = high_half[::-1] ^ words.odd ^ round_key
        return _Words(even, products.astype(jnp.uint32)[::-1])

    # A loop, not ten rounds in a row: XLA would compute each of the four words from
    # the beginning, and its compile time would show.
    start = _Words(jnp.stack([low, seed2[0]]), jnp.stack([high, seed2[1]]))
    return lax.fori_loop(0, 10, one_round, start)


def _in_order(words: _Words) -> jax.Array:
    """The words as the generator gives them, uint32 [4 * n]."""
    planes = jnp.stack([words.even, words.odd], axis=1).reshape(4, -1)
    return planes.T.reshape(-1)


def _wide(words: _Words) -> jax.Array:
    """Words 0, 1 and words 2, 3 as (low, high) halves of 64 bits, uint64 [2, n]."""
    return words.even.astype(jnp.uint64) | words.odd.astype(jnp.uint64) << np.uint64(32)


def _float32(word: jax.Array) -> jax.Array:
    """A float32 in [0, 1) of a 32-bit word."""
    bits = word & np.uint32(0x7FFFFF) | np.uint32(127 << 23)
    return lax.bitcast_convert_type(bits, jnp.float32) - np.float32(1)


def _float64(words: _Words) -> jax.Array:
    """Float64 in [0, 1), one of words 0, 1 and one of words 2, 3; [2, n]."""
    high = (words.even & np.uint32(0xFFFFF)).astype(jnp.uint64) << np.uint64(32)
    bits = high | words.odd.astype(jnp.uint64) | np.uint64(1023 << 52)
    return lax.bitcast_convert_type(bits, jnp.float64) - 1.0


def _float16(word: jax.Array) -> jax.Array:
    """A float16 in [0, 1) of a 32-bit word."""
    bits = (word & np.uint32(0x3FF) | np.uint32(15 << 10)).astype(jnp.uint16)
    return lax.bitcast_convert_type(bits, jnp.float16) - np.float16(1)


def _radius(u: jax.Array) -> jax.Array:
    tiny = np.array(1e-7, u.dtype)
    return jnp.sqrt(np.array(-2, u.dtype) * jnp.log(jnp.maximum(u, tiny)))


def _box_muller(words: _Words, dtype: np.dtype) -> jax.Array:
    """Standard normal numbers in the generator's order: [n, 4], float64 [n, 2]."""
    if dtype == np.float64:
        u = _float64(words)
        radius, angle = _radius(u[0])[:, None], 2 * np.pi * u[1][:, None]
    else:
        radius = _radius(_float32(words.even.T[:, :, None]))
        # TF multiplies by a double constant before it rounds to float32.
        angle = 2 * np.pi * _float32(words.odd.T[:, :, None]).astype(jnp.float64)
        angle = angle.astype(jnp.float32)
    # Elementwise over the pair: XLA vectorises a select, but not a concatenation.
    first = np.arange(2) == 0
    pairs = radius * jnp.where(first, jnp.sin(angle), jnp.cos(angle))
    return pairs.reshape(pairs.shape[0], _per_block(dtype))


def _per_block(dtype: np.dtype) -> int:
    return 2 if dtype.itemsize == 8 else 4


def _finish(values: jax.Array, shape: Shape, dtype: np.dtype) -> jax.Array:
    n = int(np.prod(shape, dtype=np.int64))
    return values.reshape(-1)[:n].reshape(shape).astype(dtype)


def _blocks_for(shape: Shape, dtype: np.dtype) -> int:
    return -(-int(np.prod(shape, dtype=np.int64)) // _per_block(dtype))


def uniform(state: State, shape: Shape, dtype: Any) -> Any:
    """Numbers in [0, 1).

    Args:
        state: uint32 [6].
        shape: the shape of the result.
        dtype: float16, float32 or float64.
    """
    dtype = np.dtype(dtype)
    if isinstance(state, np.ndarray):
        return philox_numpy.uniform(state, shape, dtype)
    words = _words(state, _blocks_for(shape, dtype))
    if dtype == np.float64:
        return _finish(_float64(words).T, shape, dtype)
    to_float = _float16 if dtype == np.float16 else _float32
    return _finish(to_float(_in_order(words)), shape, dtype)


def words(state: State, blocks: int, first: Any = 0) -> Any:
    """What the generator gives: uint32 [4 * blocks].

    Args:
        state: uint32 [6].
        blocks: how many blocks.
        first: how many blocks to leave out before.
    """
    if isinstance(state, np.ndarray):
        return philox_numpy.words(state, blocks, first)
    return _in_order(_words(state, blocks, 1, first))


def normal(state: State, shape: Shape, dtype: Any) -> Any:
    """Numbers of the standard normal distribution.

    Args:
        state: uint32 [6].
        shape: the shape of the result.
        dtype: float16, float32 or float64.
    """
    dtype = np.dtype(dtype)
    if isinstance(state, np.ndarray):
        return philox_numpy.normal(state, shape, dtype)
    words = _words(state, _blocks_for(shape, dtype))
    return _finish(_box_muller(words, dtype), shape, dtype)


def truncated_normal(state: State, shape: Shape, dtype: Any) -> Any:
    """Standard normal numbers, those with an absolute value of 2 or more left out.

    A group of four results (float64: of two) has a stretch of the stream for itself
    and takes from it block by block until it is complete.

    Args:
        state: uint32 [6].
        shape: the shape of the result.
        dtype: float16, float32 or float64.
    """
    dtype = np.dtype(dtype)
    if isinstance(state, np.ndarray):
        return philox_numpy.truncated_normal(state, shape, dtype)
    size = _per_block(dtype)
    groups = _blocks_for(shape, dtype)
    stride = size * _WORDS_PER_VALUE // 4 // 4
    places = np.arange(size, dtype=np.int32)[:, None]

    def incomplete(loop: tuple[Any, ...]) -> jax.Array:
        return jnp.any(loop[1] < size)

    def one_block(loop: tuple[Any, ...]) -> tuple[Any, ...]:
        block, count, kept = loop
        drawn = _box_muller(_words(state, groups, stride, block), dtype)
        for value in drawn.T:
            accepted = jnp.abs(value) < 2
            kept = jnp.where(accepted & (places == count), value, kept)
            count = count + accepted.astype(jnp.int32)
        return block + 1, count, kept

    work = np.float64 if dtype == np.float64 else np.float32
    start = np.int32(0), jnp.zeros(groups, jnp.int32), jnp.zeros((size, groups), work)
    kept = lax.while_loop(incomplete, one_block, start)[2]
    return _finish(kept.T, shape, dtype)


def uniform_int(
    state: State, shape: Shape, minval: Any, maxval: Any, dtype: Any
) -> Any:
    """Integers in [minval, maxval), by the remainder of a division as in TensorFlow.

    Args:
        state: uint32 [6].
        shape: the shape of the result.
        minval: a scalar of type `dtype`.
        maxval: a scalar of type `dtype`, greater than `minval`.
        dtype: int32 or int64.
    """
    dtype = np.dtype(dtype)
    if isinstance(state, np.ndarray):
        return philox_numpy.uniform_int(state, shape, minval, maxval, dtype)
    unsigned = jnp.uint64 if dtype == np.int64 else jnp.uint32
    low = jnp.asarray(minval, dtype).astype(unsigned)
    width = jnp.asarray(maxval, dtype).astype(unsigned) - low
    words = _words(state, _blocks_for(shape, dtype))
    drawn = _wide(words).T if dtype == np.int64 else _in_order(words)
    return _finish(low + drawn % width, shape, dtype)


def shuffle_indices(state: State, n: int) -> Any:
    """A permutation of 0 … n-1, int32 [n]: row i of the shuffle is row result[i]."""
    if isinstance(state, np.ndarray):
        return philox_numpy.shuffle_indices(state, n)
    order = jnp.arange(n, dtype=jnp.int32)
    if n < 2:
        return order
    drawn = words(state, blocks_used("shuffle", n))[: n - 1]
    left = np.arange(n, 1, -1, dtype=np.uint32)
    others = np.arange(n - 1, dtype=np.int32) + (drawn % left).astype(jnp.int32)

    def swap(i: Any, order: jax.Array) -> jax.Array:
        here = lax.dynamic_slice(order, (i,), (1,))
        there = lax.dynamic_slice(order, (others[i],), (1,))
        # Both are read before either is written: XLA need not copy the array.
        here, there = lax.optimization_barrier((here, there))
        order = lax.dynamic_update_slice(order, there, (i,))
        return lax.dynamic_update_slice(order, here, (others[i],))

    return lax.fori_loop(0, n - 1, swap, order)


def multinomial(state: State, logits: Any, num_samples: int) -> Any:
    """Class numbers drawn with probability softmax(logits).

    TensorFlow splits large batches among threads, and the numbers then depend on how
    many there are; these are the numbers of one thread.

    Args:
        state: uint32 [6].
        logits: [batch, classes]; a class whose logit is not finite is never drawn.
        num_samples: how many to draw for each row.

    Returns:
        int64 [batch, num_samples].
    """
    if isinstance(state, np.ndarray) and isinstance(logits, np.ndarray):
        return philox_numpy.multinomial(state, logits, num_samples)
    uniforms = uniform(jnp.asarray(state), (logits.shape[0], num_samples), np.float32)
    finite = jnp.isfinite(logits)
    weights = jnp.asarray(logits).astype(jnp.float64)
    weights -= jnp.max(weights, axis=1, keepdims=True, initial=-np.inf, where=finite)
    sums = jnp.cumsum(jnp.where(finite, jnp.exp(weights), 0.0), axis=1)
    wanted = uniforms.astype(jnp.float64) * sums[:, -1:]
    return jnp.sum(sums[:, None, :] <= wanted[:, :, None], axis=2, dtype=jnp.int64)
