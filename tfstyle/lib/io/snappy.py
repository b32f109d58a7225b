"""Reads data that is compressed with Snappy."""

from __future__ import annotations

from tfstyle.lib.io import varint

__all__ = ["uncompress"]


def uncompress(data: bytes | memoryview) -> bytes:
    """The content of a Snappy block.

    The block is the length of the content and a list of elements: literal bytes, and
    copies of what was written before. The low bits of the first byte tell which.

    Raises:
        ValueError: when it is malformed.
    """
    try:
        length, position = varint.decode(data, 0)
        out = bytearray()
        while position < len(data):
            tag = data[position]
            if tag & 3 == 0:
                position = _literal(data, position, out)
            else:
                position = _copy(data, position, out)
    except IndexError:
        raise ValueError("Snappy data ends early") from None
    if len(out) != length:
        raise ValueError(f"Snappy data holds {len(out)} bytes and not {length}")
    return bytes(out)


def _literal(data: bytes | memoryview, position: int, out: bytearray) -> int:
    count = data[position] >> 2
    position += 1
    if count >= 60:
        size = count - 59
        count = int.from_bytes(data[position : position + size], "little")
        position += size
    end = position + count + 1
    if end > len(data):
        raise IndexError
    out += data[position:end]
    return end


def _copy(data: bytes | memoryview, position: int, out: bytearray) -> int:
    tag = data[position]
    position += 1
    if tag & 3 == 1:
        count = (tag >> 2 & 7) + 4
        offset = tag >> 5 << 8 | data[position]
        position += 1
    else:
        size = 2 if tag & 3 == 2 else 4
        count = (tag >> 2) + 1
        if position + size > len(data):
            raise IndexError
        offset = int.from_bytes(data[position : position + size], "little")
        position += size
    start = len(out) - offset
    if offset == 0 or start < 0:
        raise ValueError("Snappy data copies from before its start")
    # What is copied may be what the copy itself writes: then it repeats.
    piece = bytes(out[start : start + count])
    out += (piece * (count // len(piece) + 1))[:count]
    return position
