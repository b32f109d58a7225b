"""The table format, its checksum and its compression."""

import io
import os
import struct

import pytest
from tensorboard.compat.tensorflow_stub import pywrap_tensorflow

from tfstyle.lib.io import snappy, varint
from tfstyle.lib.io.crc32c import crc32c, masked, masked_crc32c, unmasked
from tfstyle.lib.io.table import BadTableError, TableReader, TableWriter


def write(path, entries):
    with open(path, "wb") as file:
        table = TableWriter(file)
        for key, value in entries:
            table.add(key, value)
        table.finish()
    return TableReader(path)


# -- checksum -------------------------------------------------------------------


def test_crc32c_known_value():
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(b"") == 0


@pytest.mark.parametrize("size", [1, 5, 2047, 2048, 2049, 5000, 100_001])
def test_crc32c_against_tensorboard(size):
    data = os.urandom(size)
    assert crc32c(data) == pywrap_tensorflow.crc32c(data)
    assert masked_crc32c(data) == pywrap_tensorflow.masked_crc32c(data)


def test_crc32c_in_pieces():
    # More than the lanes take at a time.
    data = os.urandom(5 * 2**20 + 17)
    for cut in (0, 3, 2**22, 2**22 + 1):
        assert crc32c(data[cut:], crc32c(data[:cut])) == crc32c(data)


def test_mask_is_undone():
    for crc in (0, 1, 0x12345678, 0xFFFFFFFF):
        assert unmasked(masked(crc)) == crc


# -- compression ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "content"),
    [
        (b"\x00", b""),
        (b"\x03\x08abc", b"abc"),
        # "abc", then 7 bytes from 3 before: the copy repeats what it writes.
        (b"\x0a\x08abc" + bytes([(7 - 4) << 2 | 1, 3]), b"abcabcabca"),
        (b"\x06\x08abc" + bytes([2 << 2 | 2, 3, 0]), b"abcabc"),
        (b"\x06\x08abc" + bytes([2 << 2 | 3, 3, 0, 0, 0]), b"abcabc"),
        (varint.encode(70) + bytes([60 << 2, 69]) + b"x" * 70, b"x" * 70),
        (varint.encode(300) + bytes([61 << 2, 43, 1]) + b"y" * 300, b"y" * 300),
    ],
)
def test_snappy(data, content):
    assert snappy.uncompress(data) == content


@pytest.mark.parametrize(
    "data",
    [b"", b"\x03\x08ab", b"\x04\x08abc", b"\x06\x08abc\x09\x04", b"\x06\x08abc\x09"],
)
def test_snappy_malformed(data):
    with pytest.raises(ValueError, match="Snappy"):
        snappy.uncompress(data)


# -- tables ---------------------------------------------------------------------


def test_table_of_many_blocks(tmp_path):
    entries = [(b"key%06d" % i, os.urandom(i % 300)) for i in range(5000)]
    entries.append((b"zz", b"v" * 600_000))
    table = write(tmp_path / "t", entries)
    assert len(table._handles) >= 3
    assert [(k, bytes(v)) for k, v in table] == entries
    for key, value in entries[::97] + entries[-1:]:
        assert bytes(table.get(key)) == value
    for key in (b"", b"key", b"key0000001", b"zzz"):
        assert table.get(key) is None


def test_empty_table(tmp_path):
    table = write(tmp_path / "t", [])
    assert list(table) == []
    assert table.get(b"a") is None


def test_keys_out_of_order():
    table = TableWriter(io.BytesIO())
    table.add(b"b", b"")
    for key in (b"a", b"b"):
        with pytest.raises(ValueError, match="in order"):
            table.add(key, b"")


def test_compressed_block(tmp_path):
    # One block with the entry "k" -> "vvvvvvvv", compressed; and its index.
    content = b"\x00\x01\x08k" + b"v" * 8 + struct.pack("<II", 0, 1)
    packed = varint.encode(len(content)) + bytes([4 << 2]) + content[:5]
    packed += bytes([(7 - 4) << 2 | 1, 1]) + bytes([7 << 2]) + content[12:]
    assert snappy.uncompress(packed) == content

    def block(data, kind):
        data += bytes([kind])
        return data + struct.pack("<I", masked(crc32c(data)))

    handle = varint.encode(0) + varint.encode(len(packed))
    index = bytes([0, 1, len(handle)]) + b"k" + handle + struct.pack("<II", 0, 1)
    first = block(packed, 1)
    footer = (
        varint.encode(0) * 2 + varint.encode(len(first)) + varint.encode(len(index))
    )
    footer = footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    (tmp_path / "t").write_bytes(first + block(index, 0) + footer)
    assert bytes(TableReader(tmp_path / "t").get(b"k")) == b"v" * 8


@pytest.mark.parametrize(
    ("place", "message"),
    [(5, "block checksum mismatch"), (-1, r"bad magic number"), (None, "too short")],
)
def test_damaged_table(tmp_path, place, message):
    path = tmp_path / "t"
    write(path, [(b"a", b"1234567890")])
    data = bytearray(path.read_bytes())
    if place is None:
        data = data[:20]
    else:
        data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadTableError, match=message):
        list(TableReader(path))
