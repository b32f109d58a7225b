"""Checkpoints of later releases: a table of what there is, and files of raw values.

At `prefix` nothing lies: `prefix.index` is a table with an entry for each tensor and
each slice, `prefix.data-00000-of-00001` holds the values one behind the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfstyle.framework import dtypes, errors
from tfstyle.lib.io import varint
from tfstyle.lib.io.crc32c import crc32c, masked
from tfstyle.lib.io.table import BadTableError, TableReader, TableWriter
from tfstyle.training.checkpoint_tensors import (
    Extents,
    SavedTensor,
    TensorReader,
    data_loss,
    extents_shape,
    full_extents,
    parse_spec,
    slice_from_proto,
    slice_key,
    slice_proto,
    type_name,
    written_whole,
)

__all__ = ["ReaderV2", "data_path", "index_path", "write_v2"]

_VERSION = 1
_LARGE_STRING = 2**32 - 1

_Array = np.ndarray[Any, Any]


def index_path(prefix: str) -> str:
    """The file that tells what the checkpoint at `prefix` holds."""
    return f"{prefix}.index"


def data_path(prefix: str, shard: int, shards: int) -> str:
    """One of the files with the values of the checkpoint at `prefix`."""
    return f"{prefix}.data-{shard:05}-of-{shards:05}"


def write_v2(
    prefix: str, names: Sequence[str], specs: Sequence[str], arrays: Sequence[_Array]
) -> None:
    """Writes a checkpoint; the arguments are those of `write_v1`.

    The values are written first: a checkpoint without its index does not exist.
    """
    entries: dict[bytes, Any] = {}
    with written_whole(data_path(prefix, 0, 1)) as file:
        offset = 0
        for name, spec, array in zip(names, specs, arrays, strict=True):
            shape, extents = parse_spec(spec) if spec else (array.shape, None)
            key = name.encode()
            if extents is not None:
                whole = entries.setdefault(key, _entry(array.dtype, shape))
                whole.slices.append(slice_proto(extents))
                key = slice_key(name, extents)
                if extents_shape(extents, shape) != array.shape:
                    raise errors.InvalidArgumentError(
                        None,
                        None,
                        f"The slice of '{name}' has another shape than the tensor to "
                        f"be saved, {list(array.shape)}",
                    )
            entry = entries[key] = _entry(array.dtype, array.shape)
            content, crc = _content(array)
            file.write(content)
            entry.offset, entry.size = offset, len(content)
            entry.crc32c = masked(crc)
            offset += len(content)
    with written_whole(index_path(prefix)) as file:
        table = TableWriter(file)
        table.add(b"", _header())
        for key in sorted(entries):
            table.add(key, entries[key].SerializeToString())
        table.finish()


def _header() -> bytes:
    from tfstyle.core.protobuf.tensor_bundle_pb2 import BundleHeaderProto

    header = BundleHeaderProto(num_shards=1)
    header.version.producer = _VERSION
    return header.SerializeToString()


def _entry(dtype: Any, shape: Sequence[int]) -> Any:
    from tfstyle.core.protobuf.tensor_bundle_pb2 import BundleEntryProto

    entry = BundleEntryProto(dtype=dtypes.as_dtype(dtype).as_datatype_enum)
    entry.shape.SetInParent()
    for size in shape:
        entry.shape.dim.add(size=size)
    return entry


def _content(array: _Array) -> tuple[bytes, int]:
    """The bytes of an array and their checksum."""
    if array.dtype != object:
        content = array.tobytes()
        return content, crc32c(content)
    strings = array.ravel().tolist()
    if any(len(s) > _LARGE_STRING for s in strings):
        raise errors.InvalidArgumentError(None, None, "A string is larger than 4 GB.")
    # The checksum is over the lengths as numbers of 4 bytes, not over their encoding.
    crc = crc32c(np.array([len(s) for s in strings], "<u4").tobytes())
    mark = masked(crc).to_bytes(4, "little")
    text = b"".join(strings)
    lengths = b"".join(varint.encode(len(s)) for s in strings)
    return lengths + mark + text, crc32c(text, crc32c(mark, crc))


class ReaderV2(TensorReader):
    """Reads a checkpoint."""

    def __init__(self, prefix: str) -> None:
        """Reads what the checkpoint at `prefix` holds.

        Raises:
            tf.errors.DataLossError: when the index is no table, or is damaged.
            tf.errors.UnimplementedError: when it was written by a big-endian machine.
        """
        from tfstyle.core.protobuf import tensor_bundle_pb2 as pb

        super().__init__()
        self._prefix = prefix
        try:
            found = {
                key: bytes(value) for key, value in TableReader(index_path(prefix))
            }
        except BadTableError as error:
            raise data_loss(index_path(prefix), error) from None
        header = pb.BundleHeaderProto.FromString(found.pop(b"", b""))
        if header.endianness:
            raise errors.UnimplementedError(
                None,
                None,
                "Reading a bundle with different endianness from the reader: "
                f"{index_path(prefix)}",
            )
        self._shards = header.num_shards
        entries = {k: pb.BundleEntryProto.FromString(v) for k, v in found.items()}
        for key, entry in entries.items():
            if key.startswith(b"\0"):
                continue  # A slice; its tensor tells of it.
            name = key.decode()
            shape = tuple(dim.size for dim in entry.shape.dim)
            saved = SavedTensor(dtypes.as_dtype(entry.dtype), shape)
            for proto in entry.slices:
                extents = slice_from_proto(proto)
                saved.slices.append((extents, entries[slice_key(name, extents)]))
            if not saved.slices:
                saved.slices.append((full_extents(len(shape)), entry))
            self.tensors[name] = saved

    def not_found(self, name: str) -> errors.NotFoundError:
        return errors.NotFoundError(None, None, f"Key {name} not found in checkpoint")

    def wrong_type(
        self, name: str, wanted: dtypes.DType, saved: dtypes.DType
    ) -> errors.InvalidArgumentError:
        return errors.InvalidArgumentError(
            None,
            None,
            f"tensor_name = {name}; expected dtype {type_name(wanted)} does not equal "
            f"original dtype {type_name(saved)}",
        )

    def load(self, name: str, extents: Extents, place: Any) -> _Array:
        saved = self.tensors[name]
        path = data_path(self._prefix, place.shard_id, self._shards)
        try:
            with open(path, "rb") as file:
                file.seek(place.offset)
                content = file.read(place.size)
        except OSError as error:
            message = f"{path}: {error.strerror}"
            raise errors.NotFoundError(None, None, message) from error
        shape = extents_shape(extents, saved.shape)
        try:
            array, crc = _array(content, saved.dtype, shape)
        except (IndexError, ValueError):
            raise errors.DataLossError(
                None, None, f"TensorBundle at {self._prefix}: bad values of '{name}'"
            ) from None
        if masked(crc) != place.crc32c:
            raise errors.DataLossError(
                None,
                None,
                f"TensorBundle at {self._prefix} shard {place.shard_id} "
                f"({len(content)} bytes): Checksum does not match: stored "
                f"{place.crc32c} vs. calculated on the restored bytes {masked(crc)}",
            )
        return array


def _array(
    content: bytes, dtype: dtypes.DType, shape: Sequence[int]
) -> tuple[_Array, int]:
    """The inverse of `_content`."""
    if dtype != dtypes.string:
        array = np.frombuffer(content, dtype.as_numpy_dtype).reshape(shape)
        return array, crc32c(content)
    lengths, position = [], 0
    for _ in range(int(np.prod(shape, dtype=np.int64))):
        length, position = varint.decode(content, position)
        lengths.append(length)
    crc = crc32c(np.array(lengths, "<u4").tobytes())
    crc = crc32c(content[position:], crc)
    position += 4
    strings = np.empty(len(lengths), object)
    for i, length in enumerate(lengths):
        strings[i] = content[position : position + length]
        position += length
    return strings.reshape(shape), crc
