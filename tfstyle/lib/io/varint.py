"""Variable-length integers: seven bits a byte, the low ones first."""

from __future__ import annotations

__all__ = ["decode", "encode"]


def encode(value: int) -> bytes:
    """`value`, which is not negative, as 1 to 10 bytes."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def decode(data: bytes | memoryview, position: int) -> tuple[int, int]:
    """The number that starts at `position`, and the position behind it.

    Raises:
        IndexError: when the data ends inside of it.
    """
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
