"""Tables: files of keys, in order, and values, as LevelDB has them.

A table is a list of blocks. A block holds entries and *restart points*: an entry gives
how many bytes of its key are those of the one before, the rest of the key, and the
value; at a restart point the key is whole. Behind each block follow one byte (how it is
compressed) and the masked CRC-32C of both. The last block is the index: for each of the
others a key that is not before its last one, and where it lies. The footer says where
the index lies and ends with a magic number.
"""

from __future__ import annotations

import bisect
import struct
from collections.abc import Iterator
from typing import BinaryIO

from tfstyle.lib.io import snappy, varint
from tfstyle.lib.io.crc32c import crc32c, masked

__all__ = ["BadTableError", "TableReader", "TableWriter"]

_MAGIC = 0xDB4775248B80FB57
_FOOTER_SIZE = 48
_RESTART_INTERVAL = 16
_BLOCK_SIZE = 256 << 10
_NONE, _SNAPPY = 0, 1
# A larger block is not kept for the next look-up.
_KEPT_BYTES = 1 << 20

_Entries = list[tuple[bytes, memoryview]]


class BadTableError(ValueError):
    """A file is not a table, or it is damaged."""


class _Block:
    """The entries of a block that is being written."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._restarts = [0]
        self._since_restart = 0
        self.size = 0
        self.last_key = b""

    def add(self, key: bytes, value: bytes) -> None:
        shared = 0
        if self._since_restart == _RESTART_INTERVAL:
            self._restarts.append(self.size)
            self._since_restart = 0
        else:
            shared = _common(self.last_key, key)
        head = b"".join(map(varint.encode, (shared, len(key) - shared, len(value))))
        for part in (head, key[shared:], value):
            self._parts.append(part)
            self.size += len(part)
        self._since_restart += 1
        self.last_key = key

    @property
    def total_size(self) -> int:
        return self.size + 4 * (len(self._restarts) + 1)

    def finish(self) -> bytes:
        count = len(self._restarts)
        self._parts.append(struct.pack(f"<{count + 1}I", *self._restarts, count))
        return b"".join(self._parts)


class TableWriter:
    """Writes a table into a binary file; nothing is compressed."""

    def __init__(self, file: BinaryIO) -> None:
        """Starts a table at the start of `file`."""
        self._file = file
        self._offset = 0
        self._block = _Block()
        self._index = _Block()
        self._waiting: bytes | None = None
        self._last_key: bytes | None = None

    def add(self, key: bytes, value: bytes) -> None:
        """Adds an entry.

        Raises:
            ValueError: when `key` is not behind that of the entry before.
        """
        if self._last_key is not None and key <= self._last_key:
            raise ValueError(f"keys must be in order: {key!r} after {self._last_key!r}")
        if self._waiting is not None:
            self._index.add(_separator(self._block.last_key, key), self._waiting)
            self._waiting = None
            self._block = _Block()
        self._block.add(key, value)
        self._last_key = key
        if self._block.total_size >= _BLOCK_SIZE:
            self._waiting = self._write(self._block)

    def finish(self) -> None:
        """Writes what is left. The file is not closed."""
        if self._waiting is None and self._last_key is not None:
            self._waiting = self._write(self._block)
        metaindex = self._write(_Block())
        if self._waiting is not None:
            self._index.add(_successor(self._block.last_key), self._waiting)
        handles = metaindex + self._write(self._index)
        footer = handles.ljust(_FOOTER_SIZE - 8, b"\0") + struct.pack("<Q", _MAGIC)
        self._file.write(footer)

    def _write(self, block: _Block) -> bytes:
        """Writes a block and returns where it lies."""
        content = block.finish()
        kind = bytes([_NONE])
        self._file.write(content)
        self._file.write(kind)
        self._file.write(struct.pack("<I", masked(crc32c(kind, crc32c(content)))))
        handle = varint.encode(self._offset) + varint.encode(len(content))
        self._offset += len(content) + 5
        return handle


class TableReader:
    """Looks things up in a table; the file is open only during a look-up."""

    def __init__(self, path: str) -> None:
        """Reads the index of the table at `path`.

        Raises:
            OSError: when the file cannot be read.
            BadTableError: when it is not a table.
        """
        self.path = path
        self._kept: tuple[bytes, _Entries] | None = None
        with open(path, "rb") as file:
            size = file.seek(0, 2)
            if size < _FOOTER_SIZE:
                raise BadTableError("file is too short to be an sstable")
            file.seek(size - _FOOTER_SIZE)
            footer = file.read(_FOOTER_SIZE)
            if struct.unpack("<Q", footer[-8:])[0] != _MAGIC:
                raise BadTableError("not an sstable (bad magic number)")
            try:
                _, position = varint.decode(footer, 0)
                _, position = varint.decode(footer, position)
                index = _read_block(file, footer[position:])
            except IndexError:
                raise BadTableError("bad block handle") from None
        self._keys = [key for key, _ in index]
        self._handles = [bytes(handle) for _, handle in index]

    def get(self, key: bytes) -> memoryview | None:
        """The value of `key`, or None when the table does not have it.

        Raises:
            BadTableError: when the block it would be in is damaged.
        """
        place = bisect.bisect_left(self._keys, key)
        if place == len(self._keys):
            return None
        entries = self._entries(self._handles[place])
        found = bisect.bisect_left(entries, key, key=lambda entry: entry[0])
        if found < len(entries) and entries[found][0] == key:
            return entries[found][1]
        return None

    def __iter__(self) -> Iterator[tuple[bytes, memoryview]]:
        """All entries, in order."""
        for handle in self._handles:
            yield from self._entries(handle)

    def _entries(self, handle: bytes) -> _Entries:
        if self._kept is not None and self._kept[0] == handle:
            return self._kept[1]
        with open(self.path, "rb") as file:
            entries = _read_block(file, handle)
        if sum(len(value) for _, value in entries) <= _KEPT_BYTES:
            self._kept = handle, entries
        return entries


def _read_block(file: BinaryIO, handle: bytes) -> _Entries:
    offset, position = varint.decode(handle, 0)
    size, _ = varint.decode(handle, position)
    file.seek(offset)
    data = memoryview(file.read(size + 5))
    if len(data) != size + 5:
        raise BadTableError("truncated block read")
    if masked(crc32c(data[: size + 1])) != struct.unpack("<I", data[size + 1 :])[0]:
        raise BadTableError("block checksum mismatch")
    kind, content = data[size], data[:size]
    if kind == _SNAPPY:
        try:
            content = memoryview(snappy.uncompress(content))
        except ValueError as error:
            raise BadTableError(
                f"corrupted compressed block contents: {error}"
            ) from None
    elif kind != _NONE:
        raise BadTableError(f"bad block type {kind}")
    try:
        return _decoded(content)
    except (IndexError, struct.error):
        raise BadTableError("bad entry in block") from None


def _decoded(content: memoryview) -> _Entries:
    count = struct.unpack("<I", content[-4:])[0]
    end = len(content) - 4 - 4 * count
    entries: _Entries = []
    position, key = 0, b""
    while position < end:
        shared, position = varint.decode(content, position)
        rest, position = varint.decode(content, position)
        size, position = varint.decode(content, position)
        key = key[:shared] + bytes(content[position : position + rest])
        position += rest
        entries.append((key, content[position : position + size]))
        position += size
    return entries


def _common(a: bytes, b: bytes) -> int:
    length = min(len(a), len(b))
    return next((i for i in range(length) if a[i] != b[i]), length)


def _separator(last: bytes, following: bytes) -> bytes:
    """A short key that is not before `last`, and before `following`."""
    place = _common(last, following)
    if place < min(len(last), len(following)):
        byte = last[place]
        if byte < 0xFF and byte + 1 < following[place]:
            return last[:place] + bytes([byte + 1])
    return last


def _successor(last: bytes) -> bytes:
    """A short key that is not before `last`."""
    for place, byte in enumerate(last):
        if byte < 0xFF:
            return last[:place] + bytes([byte + 1])
    return last
