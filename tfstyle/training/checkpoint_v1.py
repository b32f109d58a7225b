"""Checkpoints of TensorFlow 0.9: one table, with a message for each slice.

The entry with the empty key tells names, shapes, types and slices of the tensors; each
other entry holds the values of a slice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tfstyle.framework import dtypes, errors
from tfstyle.framework.tensor_proto import array_of_proto
from tfstyle.lib.io import varint
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

__all__ = ["ReaderV1", "write_v1"]

_VERSION = 1
_MAX_BYTES = 2**31
# The fields of a `TensorProto` that hold numbers of a fixed size: their bytes are those
# of the array, and need not become Python numbers on the way.
_RAW_FIELDS = {
    dtypes.float32: 5,
    dtypes.float64: 6,
    dtypes.complex64: 9,
    dtypes.complex128: 12,
}
_FIELDS = {
    dtypes.int64: "int64_val",
    dtypes.bool: "bool_val",
    dtypes.string: "string_val",
    dtypes.float16: "half_val",
    dtypes.bfloat16: "half_val",
}
_BYTES = 2  # the kind of a field in the wire format that has a length

_Array = np.ndarray[Any, Any]


def write_v1(
    path: str, names: Sequence[str], specs: Sequence[str], arrays: Sequence[_Array]
) -> None:
    """Writes a checkpoint.

    Args:
        path: the file; it is there when all is written, and not before.
        names: name of each tensor; those of the slices of one tensor are the same.
        specs: for each array the shape of the whole tensor and the slice that the
            array is, as in `"4 2 0,2:0,2"`; "" when it is all of it.
        arrays: the values.

    Raises:
        tf.errors.InvalidArgumentError: when an array is larger than 2 GB, or does not
            have the shape of its slice.
        tf.errors.OpError: when the file cannot be written.
    """
    from tfstyle.core.util.saved_tensor_slice_pb2 import SavedTensorSlices

    head = SavedTensorSlices()
    head.meta.versions.producer = _VERSION
    metas: dict[str, Any] = {}
    places: dict[bytes, tuple[str, Extents, _Array]] = {}
    for name, spec, array in zip(names, specs, arrays, strict=True):
        shape, extents = (
            parse_spec(spec) if spec else (array.shape, full_extents(array.ndim))
        )
        _check(name, shape, extents, array)
        meta = metas.get(name)
        if meta is None:
            meta = metas[name] = head.meta.tensor.add(name=name)
            meta.shape.SetInParent()
            for size in shape:
                meta.shape.dim.add(size=size)
            meta.type = dtypes.as_dtype(array.dtype).as_datatype_enum
        meta.slice.append(slice_proto(extents))
        places[slice_key(name, extents)] = name, extents, array
    with written_whole(path) as file:
        table = TableWriter(file)
        table.add(b"", head.SerializeToString())
        for key in sorted(places):
            table.add(key, _slice_message(*places[key]))
        table.finish()


def _check(name: str, shape: Any, extents: Extents, array: _Array) -> None:
    wanted = extents_shape(extents, shape)
    if wanted != array.shape:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"The slice of '{name}' has shape {list(wanted)}, and the tensor to be "
            f"saved has {list(array.shape)}",
        )
    if array.nbytes >= _MAX_BYTES:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"Tensor slice is too large to serialize (conservative estimate: "
            f"{array.nbytes} bytes): '{name}'. Save in the format V2, or in slices.",
        )


def _slice_message(name: str, extents: Extents, array: _Array) -> bytes:
    from tfstyle.core.util.saved_tensor_slice_pb2 import SavedSlice

    head = SavedSlice(name=name, slice=slice_proto(extents)).SerializeToString()
    return _delimited(2, head + _delimited(3, _tensor_message(array)))


def _tensor_message(array: _Array) -> bytes:
    number = _RAW_FIELDS.get(dtypes.as_dtype(array.dtype))
    if number is not None:
        return _delimited(number, array.tobytes()) if array.size else b""
    from tfstyle.core.framework.tensor_pb2 import TensorProto

    dtype = dtypes.as_dtype(array.dtype)
    if dtype.is_quantized:
        array = array[dtype.name]
    elif _FIELDS.get(dtype) == "half_val":
        array = array.view(np.uint16)
    proto = TensorProto()
    getattr(proto, _FIELDS.get(dtype, "int_val")).extend(array.ravel().tolist())
    return proto.SerializeToString()


def _delimited(number: int, payload: bytes) -> bytes:
    return bytes([number << 3 | _BYTES]) + varint.encode(len(payload)) + payload


class ReaderV1(TensorReader):
    """Reads a checkpoint, which may be spread over several files."""

    def __init__(self, pattern: str, paths: Sequence[str]) -> None:
        """Reads what the files at `paths`, which match `pattern`, hold.

        Raises:
            tf.errors.DataLossError: when a file is no checkpoint, or is damaged.
        """
        super().__init__()
        self._pattern = pattern
        for path in paths:
            try:
                self._add(TableReader(path))
            except BadTableError as error:
                raise data_loss(path, error) from None

    def _add(self, table: TableReader) -> None:
        from tfstyle.core.util.saved_tensor_slice_pb2 import SavedTensorSlices

        head = table.get(b"")
        if head is None:
            raise BadTableError("failed to find the saved tensor slices")
        for meta in SavedTensorSlices.FromString(bytes(head)).meta.tensor:
            shape = tuple(dim.size for dim in meta.shape.dim)
            saved = self.tensors.setdefault(
                meta.name, SavedTensor(dtypes.as_dtype(meta.type), shape)
            )
            saved.slices += [(slice_from_proto(s), table) for s in meta.slice]

    def not_found(self, name: str) -> errors.NotFoundError:
        return errors.NotFoundError(
            None,
            None,
            f'Tensor name "{name}" not found in checkpoint files {self._pattern}',
        )

    def wrong_type(
        self, name: str, wanted: dtypes.DType, saved: dtypes.DType
    ) -> errors.InvalidArgumentError:
        return errors.InvalidArgumentError(
            None,
            None,
            f"Expected to restore a tensor of type {type_name(wanted)}, got a tensor "
            f"of type {type_name(saved)} instead: tensor_name = {name}",
        )

    def load(self, name: str, extents: Extents, place: Any) -> _Array:
        saved = self.tensors[name]
        shape = extents_shape(extents, saved.shape)
        try:
            message = place.get(slice_key(name, extents))
            if message is None:
                raise BadTableError(f"no values of '{name}'")
            tensor = _only(_only(message, 2), 3)
            array = _values(tensor, saved.dtype, shape)
        except BadTableError as error:
            raise data_loss(place.path, error) from None
        except (IndexError, ValueError) as error:
            raise data_loss(place.path, f"bad values of '{name}': {error}") from None
        return array


def _values(message: memoryview, dtype: dtypes.DType, shape: Sequence[int]) -> _Array:
    number = _RAW_FIELDS.get(dtype)
    if number is not None:
        raw = b"".join(_payloads(message, number))
        return np.frombuffer(raw, dtype.as_numpy_dtype).reshape(shape)
    from tfstyle.core.framework.tensor_pb2 import TensorProto

    proto = TensorProto.FromString(bytes(message))
    proto.dtype = dtype.as_datatype_enum
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return array_of_proto(proto)


def _only(message: memoryview, number: int) -> memoryview:
    return next(_payloads(message, number), memoryview(b""))


def _payloads(message: memoryview, number: int) -> Iterator[memoryview]:
    """The bytes of the fields with a number, in the wire format of messages."""
    position = 0
    while position < len(message):
        tag, position = varint.decode(message, position)
        match tag & 7:
            case 0:
                start = position
                _, position = varint.decode(message, position)
            case 1:
                start, position = position, position + 8
            case 2:
                size, start = varint.decode(message, position)
                position = start + size
            case 5:
                start, position = position, position + 4
            case _:
                raise ValueError("not a message")
        if position > len(message):
            raise IndexError("message ends early")
        if tag >> 3 == number:
            yield message[start:position]
