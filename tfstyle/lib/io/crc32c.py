"""CRC-32C (Castagnoli), the checksum of TensorFlow's files, in NumPy."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

__all__ = ["crc32c", "masked", "masked_crc32c", "unmasked"]

_POLYNOMIAL = 0x82F63B78
_MASK_DELTA = 0xA282EAD8
_ONES = 0xFFFFFFFF
# Shorter data is done byte by byte.
_SHORT = 2048
# Longer data is cut into lanes of this many bytes, and these many lanes at a time.
_LANE = 1024
_LANES = 4096

_Array = np.ndarray[Any, Any]


def crc32c(data: Any, crc: int = 0) -> int:
    """The checksum of `data`.

    Args:
        data: bytes, or a C-contiguous buffer of them.
        crc: the checksum of what comes before `data`.

    Returns:
        An int of 32 bits.
    """
    view = memoryview(data)
    if view.nbytes == 0:
        return crc
    view = view.cast("B")
    state = crc ^ _ONES
    if len(view) >= _SHORT:
        state = _update_long(state, np.frombuffer(view, np.uint8))
    else:
        table = _byte_table()
        for byte in view:
            state = table[(state ^ byte) & 0xFF] ^ (state >> 8)
    return state ^ _ONES


def masked_crc32c(data: Any) -> int:
    """The checksum of `data` in the form that is stored.

    Masked, so that the checksum of data that holds checksums stays a good one.
    """
    return masked(crc32c(data))


def masked(crc: int) -> int:
    """A checksum in the form that is stored."""
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & _ONES


def unmasked(stored: int) -> int:
    """The inverse of `masked`."""
    rotated = (stored - _MASK_DELTA) & _ONES
    return (rotated >> 17 | rotated << 15) & _ONES


def _update_long(state: int, data: _Array) -> int:
    """The register after `data`, computed in parallel lanes.

    The register is linear in the data: that of two pieces is that of the first, moved
    on by as many zeros as the second has bytes, xor that of the second from zero.
    Leading zeros leave a zero register alone, so the front may be padded.
    """
    step = _LANE * _LANES
    first = len(data) % step or step
    for piece in (data[:first], *np.split(data[first:], range(step, len(data), step))):
        if len(piece):
            state = _shifted(state, len(piece)) ^ _lanes(piece)
    return state


def _lanes(data: _Array) -> int:
    count = 1
    while count * _LANE < len(data):
        count *= 2
    padded = np.zeros(count * _LANE, np.uint8)
    padded[-len(data) :] = data
    words = np.ascontiguousarray(padded.view("<u4").reshape(count, -1).T)
    low, high = _word_tables()
    crcs = np.zeros(count, np.uint32)
    for word in words:
        crcs ^= word
        crcs = low[crcs & 0xFFFF] ^ high[crcs >> 16]
    size = _LANE
    while len(crcs) > 1:
        crcs = _apply(_zeros_operator(size), crcs[::2]) ^ crcs[1::2]
        size *= 2
    return int(crcs[0])


@functools.cache
def _byte_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return tuple(table)


@functools.cache
def _word_tables() -> tuple[_Array, _Array]:
    """What 32 bits of data turn a zero register into, by their low and high halves."""
    table = np.array(_byte_table(), np.uint32)
    half = np.arange(1 << 16, dtype=np.uint32)
    high = table[half & 0xFF] ^ half >> 8
    high = table[high & 0xFF] ^ high >> 8
    low = table[high & 0xFF] ^ high >> 8
    low = table[low & 0xFF] ^ low >> 8
    return low, high


@functools.cache
def _zeros_operator(count: int) -> _Array:
    """What `count` zero bytes, a power of two, do to each bit of the register."""
    if count == 1:
        table = np.array(_byte_table(), np.uint32)
        bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
        return table[bits & 0xFF] ^ bits >> 8
    half = _zeros_operator(count // 2)
    return _apply(half, half)


def _apply(operator: _Array, crcs: _Array) -> _Array:
    result = np.zeros_like(crcs)
    for bit in range(32):
        result ^= operator[bit] * (crcs >> np.uint32(bit) & np.uint32(1))
    return result


def _shifted(state: int, count: int) -> int:
    """The register after `count` zero bytes."""
    crcs = np.array([state], np.uint32)
    power = 1
    while count:
        if count & 1:
            crcs = _apply(_zeros_operator(power), crcs)
        count >>= 1
        power *= 2
    return int(crcs[0])
