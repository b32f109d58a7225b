"""The streams of `philox` computed in NumPy.

A plan that runs once, such as the initialisation of variables, would spend more time
in the compiler than in drawing its numbers. The functions mirror those of `philox`,
whose docstrings hold.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = [
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
_KEY_STEPS = np.array([[0x9E3779B9], [0xBB67AE85]], np.uint64)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
# Large enough to hide the cost of a NumPy call, small enough for the cache.
_CHUNK = 32768


def _words(state: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Words 0, 2 and words 1, 3 of the blocks at `positions`, each uint64 [2, n]."""
    key = state[:2, None].astype(np.uint64)
    seed2 = state[4:6].astype(np.uint64)
    even = np.stack([positions & _LOW, np.broadcast_to(seed2[0], positions.shape)])
    odd = np.stack([positions >> _HALF, np.broadcast_to(seed2[1], positions.shape)])
    products, spare = np.empty_like(even), np.empty_like(even)
    for _ in range(10):
        np.multiply(even, _MULTIPLIERS, out=products)
        odd ^= key
        np.right_shift(products[::-1], _HALF, out=even)
        even ^= odd
        np.bitwise_and(products[::-1], _LOW, out=spare)
        odd, spare = spare, odd
        key = key + _KEY_STEPS & _LOW
    return even, odd


def _float32(word: np.ndarray) -> np.ndarray:
    bits = word.astype(np.uint32)
    bits &= np.uint32(0x7FFFFF)
    bits |= np.uint32(127 << 23)
    return bits.view(np.float32) - np.float32(1)


def _float64(even: np.ndarray, odd: np.ndarray) -> np.ndarray:
    bits = (even & np.uint64(0xFFFFF)) << _HALF | odd | np.uint64(1023 << 52)
    return bits.view(np.float64) - 1.0


def _float16(word: np.ndarray) -> np.ndarray:
    bits = word.astype(np.uint16) & np.uint16(0x3FF) | np.uint16(15 << 10)
    return bits.view(np.float16) - np.float16(1)


def _radius(u: np.ndarray) -> np.ndarray:
    np.maximum(u, u.dtype.type(1e-7), out=u)
    np.log(u, out=u)
    u *= -2
    return np.sqrt(u, out=u)


def _box_muller(even: np.ndarray, odd: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Standard normal numbers, one row for each place in a block: [4 or 2, n]."""
    if dtype == np.float64:
        u = _float64(even, odd)
        radius, angle = _radius(u[:1]), 2 * np.pi * u[1:]
    else:
        radius = _radius(_float32(even))
        angle = (2 * np.pi * _float32(odd).astype(np.float64)).astype(np.float32)
    pairs = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    pairs *= radius[:, None]
    return pairs.reshape(-1, even.shape[1])


def _in_order(even: np.ndarray, odd: np.ndarray) -> np.ndarray:
    """The words of n blocks, one row for each place in a block: [4, n]."""
    return np.stack([even, odd], axis=1).reshape(4, -1)


def _fill(
    state: np.ndarray,
    shape: Shape,
    dtype: np.dtype,
    draw: Callable[[np.ndarray], np.ndarray],
    stride: int = 1,
) -> np.ndarray:
    """An array filled group by group; `draw` maps positions [n] to results [size, n].

    A group is what one block gives: two results of 64 bits, or four.
    """
    size = 2 if dtype.itemsize == 8 else 4
    n = int(np.prod(shape, dtype=np.int64))
    groups = -(-n // size)
    counter = state[2].astype(np.uint64) | state[3].astype(np.uint64) << _HALF
    result = np.empty((groups, size), dtype)
    for start in range(0, groups, _CHUNK):
        stop = min(start + _CHUNK, groups)
        offsets = np.arange(start, stop, dtype=np.uint64) * np.uint64(stride)
        result[start:stop] = draw(counter + offsets).T
    return result.reshape(-1)[:n].reshape(shape)


def words(state: np.ndarray, blocks: int, first: int = 0) -> np.ndarray:
    positions = np.arange(first, first + blocks, dtype=np.uint64)
    positions += state[2].astype(np.uint64) | state[3].astype(np.uint64) << _HALF
    return _in_order(*_words(state, positions)).T.reshape(-1).astype(np.uint32)


def uniform(state: np.ndarray, shape: Shape, dtype: np.dtype) -> np.ndarray:
    def draw(positions: np.ndarray) -> np.ndarray:
        words = _words(state, positions)
        if dtype == np.float64:
            return _float64(*words)
        return (_float16 if dtype == np.float16 else _float32)(_in_order(*words))

    return _fill(state, shape, dtype, draw)


def normal(state: np.ndarray, shape: Shape, dtype: np.dtype) -> np.ndarray:
    def draw(positions: np.ndarray) -> np.ndarray:
        return _box_muller(*_words(state, positions), dtype)

    return _fill(state, shape, dtype, draw)


def truncated_normal(state: np.ndarray, shape: Shape, dtype: np.dtype) -> np.ndarray:
    size = 2 if dtype == np.float64 else 4

    def draw(positions: np.ndarray) -> np.ndarray:
        values = _box_muller(*_words(state, positions), dtype)
        # Five groups of six are complete after one block.
        (open_,) = np.nonzero((np.abs(values) >= 2).any(axis=0))
        if open_.size:
            values[:, open_] = complete(positions[open_], values[:, open_])
        return values

    def complete(positions: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """Draws on until every group has `size` accepted values; [size, n]."""
        block = 0
        while True:
            accepted = np.abs(drawn) < 2
            rank = np.cumsum(accepted, axis=0)
            if (rank[-1] >= size).all():
                chosen = accepted & (rank <= size)
                return drawn.T[chosen.T].reshape(-1, size).T
            block += 1
            words = _words(state, positions + np.uint64(block))
            drawn = np.concatenate([drawn, _box_muller(*words, dtype)])

    return _fill(state, shape, dtype, draw, stride=size * 64)


def uniform_int(
    state: np.ndarray, shape: Shape, minval: Any, maxval: Any, dtype: np.dtype
) -> np.ndarray:
    low, width = int(minval), np.uint64(int(maxval) - int(minval))

    def draw(positions: np.ndarray) -> np.ndarray:
        even, odd = _words(state, positions)
        wide = dtype == np.int64
        words = even | odd << _HALF if wide else _in_order(even, odd)
        return (words % width).astype(np.int64) + np.int64(low)

    return _fill(state, shape, dtype, draw)


def shuffle_indices(state: np.ndarray, n: int) -> np.ndarray:
    order = list(range(n))
    drawn = words(state, (n + 2) // 4).tolist()
    for i in range(n - 1):
        other = i + drawn[i] % (n - i)
        order[i], order[other] = order[other], order[i]
    return np.array(order, np.int32)


def multinomial(state: np.ndarray, logits: np.ndarray, num_samples: int) -> np.ndarray:
    uniforms = uniform(state, (len(logits), num_samples), np.dtype(np.float32))
    result = np.empty((len(logits), num_samples), np.int64)
    for row, (values, draws) in enumerate(zip(logits, uniforms, strict=True)):
        finite = np.isfinite(values)
        weights = np.where(finite, values, 0).astype(np.float64)
        weights -= np.max(weights, initial=-np.inf, where=finite)
        sums = np.cumsum(np.where(finite, np.exp(weights), 0.0))
        result[row] = np.searchsorted(sums, draws * sums[-1], side="right")
    return result
