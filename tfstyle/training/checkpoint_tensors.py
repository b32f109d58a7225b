"""What both formats of checkpoints share: tensors that are saved in slices."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from tfstyle.framework import dtypes, errors

__all__ = [
    "Extents",
    "SavedTensor",
    "TensorReader",
    "data_loss",
    "extents_shape",
    "full_extents",
    "parse_spec",
    "slice_from_proto",
    "slice_key",
    "slice_proto",
    "type_name",
    "written_whole",
]

# Start and length on each axis; the length is -1 for all of an axis.
Extents = tuple[tuple[int, int], ...]
_Array = np.ndarray[Any, Any]


def full_extents(rank: int) -> Extents:
    """The slice that is all of a tensor."""
    return ((0, -1),) * rank


def extents_shape(extents: Extents, shape: Sequence[int]) -> tuple[int, ...]:
    """The shape of a slice of a tensor of the given shape."""
    return tuple(
        size if length == -1 else length
        for (_, length), size in zip(extents, shape, strict=True)
    )


def parse_spec(spec: str) -> tuple[tuple[int, ...], Extents]:
    """Reads a shape and a slice, such as `"4 2 0,2:-"`; "-" is all of an axis.

    Raises:
        tf.errors.InvalidArgumentError: when it is not written like that, or the slice
            is not within the shape.
    """
    *sizes, parts = spec.split(" ")
    try:
        shape = tuple(map(int, sizes))
        extents = tuple(_extent(p) for p in (parts.split(":") if parts else ()))
    except ValueError:
        shape, extents = (), ((0, 0),)
    inside = len(shape) == len(extents) and all(
        start >= 0 and (length == -1 or start + length <= size)
        for (start, length), size in zip(extents, shape, strict=True)
    )
    if not inside:
        raise errors.InvalidArgumentError(
            None, None, f"Expected a shape and a slice of it, and got: '{spec}'"
        )
    return shape, extents


def _extent(text: str) -> tuple[int, int]:
    if text == "-":
        return 0, -1
    start, length = text.split(",")
    return int(start), int(length)


def slice_proto(extents: Extents) -> Any:
    """`extents` as a `TensorSliceProto`."""
    from tfstyle.core.framework.tensor_slice_pb2 import TensorSliceProto

    proto = TensorSliceProto()
    for start, length in extents:
        extent = proto.extent.add()
        if length != -1:
            extent.start, extent.length = start, length
    return proto


def slice_from_proto(proto: Any) -> Extents:
    """The inverse of `slice_proto`."""
    return tuple(
        (e.start, e.length if e.HasField("length") else -1) for e in proto.extent
    )


# -- keys -----------------------------------------------------------------------


def slice_key(name: str, extents: Extents) -> bytes:
    """The key of a slice, in an encoding whose order is that of what it encodes."""
    parts = [_number(0), _string(name.encode()), _number(len(extents))]
    for start, length in extents:
        parts += [_signed(start), _signed(length)]
    return b"".join(parts)


def _number(value: int) -> bytes:
    size = (value.bit_length() + 7) // 8
    return bytes([size]) + value.to_bytes(size, "big")


def _string(value: bytes) -> bytes:
    escapes = {b"\0": b"\0\xff", b"\xff": b"\xff\0"}
    return re.sub(b"[\0\xff]", lambda found: escapes[found[0]], value) + b"\0\1"


def _signed(value: int) -> bytes:
    """As many bytes as the number needs; the first bits say how many those are."""
    bits = (value if value >= 0 else ~value).bit_length()
    size = bits // 7 + 1
    number = value & ((1 << 8 * size) - 1)
    header = ((1 << size) - 1) << (8 * size - size)
    return (number ^ header).to_bytes(size, "big")


# -- reading --------------------------------------------------------------------


@dataclass
class SavedTensor:
    """A tensor of a checkpoint.

    Attributes:
        dtype: its element type.
        shape: its shape.
        slices: the slices it is saved in, and where each of them is kept.
    """

    dtype: dtypes.DType
    shape: tuple[int, ...]
    slices: list[tuple[Extents, Any]] = field(default_factory=list)


class TensorReader:
    """Reads tensors of a checkpoint, whatever slices they are saved in.

    Attributes:
        tensors: the tensors by name.
    """

    def __init__(self) -> None:
        self.tensors: dict[str, SavedTensor] = {}

    def not_found(self, name: str) -> errors.NotFoundError:
        """The error of a tensor that is not there."""
        raise NotImplementedError

    def wrong_type(
        self, name: str, wanted: dtypes.DType, saved: dtypes.DType
    ) -> errors.InvalidArgumentError:
        """The error of a tensor of another type."""
        raise NotImplementedError

    def load(self, name: str, extents: Extents, place: Any) -> _Array:
        """Reads one of the slices that were saved."""
        raise NotImplementedError

    def read(self, name: str, spec: str = "", dtype: Any = None) -> _Array:
        """Reads a tensor, or a part of one.

        Args:
            name: name of the tensor.
            spec: the shape of the tensor and which slice of it is wanted; "" is all.
            dtype: the element type it has to have.

        Raises:
            tf.errors.NotFoundError: when the tensor or a part of it is not there.
            tf.errors.InvalidArgumentError: when it has another type or shape.
            tf.errors.DataLossError: when the files are damaged.
        """
        saved = self.tensors.get(name)
        if saved is None:
            raise self.not_found(name)
        if dtype is not None and dtype != saved.dtype:
            raise self.wrong_type(name, dtype, saved.dtype)
        if not spec:
            return self._assembled(name, saved, full_extents(len(saved.shape)))
        shape, extents = parse_spec(spec)
        if shape != saved.shape:
            raise errors.InvalidArgumentError(
                None,
                None,
                f"Shape in shape_and_slice spec {_text(shape)} does not match the "
                f"shape stored in checkpoint: {_text(saved.shape)}",
            )
        return self._assembled(name, saved, extents)

    def _assembled(self, name: str, saved: SavedTensor, extents: Extents) -> _Array:
        wanted = _ranges(extents, saved.shape)
        for stored, place in saved.slices:
            if _ranges(stored, saved.shape) == wanted:
                return self.load(name, stored, place)
        shape = [stop - start for start, stop in wanted]
        result = np.empty(shape, saved.dtype.as_numpy_dtype)
        covered = np.zeros(shape, bool)
        for stored, place in saved.slices:
            ranges = _ranges(stored, saved.shape)
            common = [
                (max(a, c), min(b, d))
                for (a, b), (c, d) in zip(wanted, ranges, strict=True)
            ]
            if any(start >= stop for start, stop in common):
                continue
            target = _indices(common, wanted)
            result[target] = self.load(name, stored, place)[_indices(common, ranges)]
            covered[target] = True
        if not covered.all():
            raise errors.NotFoundError(
                None,
                None,
                "Does not have sufficient slices for partitioned tensor "
                f"{name} to restore in slice {_slice_text(extents)}",
            )
        return result


def _ranges(extents: Extents, shape: Sequence[int]) -> list[tuple[int, int]]:
    return [
        (0, size) if length == -1 else (start, start + length)
        for (start, length), size in zip(extents, shape, strict=True)
    ]


def _indices(common: Any, ranges: Any) -> tuple[slice, ...]:
    return tuple(
        slice(start - first, stop - first)
        for (start, stop), (first, _) in zip(common, ranges, strict=True)
    )


def _text(shape: Sequence[int]) -> str:
    return f"[{','.join(map(str, shape))}]"


def _slice_text(extents: Extents) -> str:
    return ":".join("-" if n == -1 else f"{s},{n}" for s, n in extents)


def type_name(dtype: dtypes.DType) -> str:
    """The name that TensorFlow's runtime gives to an element type."""
    names = {"float32": "float", "float64": "double", "float16": "half"}
    return names.get(dtype.name, dtype.name)


def data_loss(path: str, problem: Any) -> errors.DataLossError:
    """The error of a file that is damaged or of another format."""
    return errors.DataLossError(
        None,
        None,
        f"Unable to open table file {path}: Data loss: {problem}: perhaps your file is "
        "in a different file format and you need to use a different restore operator?",
    )


# -- writing --------------------------------------------------------------------


@contextmanager
def written_whole(path: str) -> Iterator[BinaryIO]:
    """A file that appears at `path`, whole, when the block ends without an error.

    Raises:
        tf.errors.NotFoundError: when the folder does not exist.
        tf.errors.PermissionDeniedError: when the file may not be written.
        tf.errors.UnknownError: when writing fails, as on a full disk.
    """
    temporary = f"{path}.tempstate{os.getpid()}_{threading.get_ident()}"
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except FileNotFoundError as error:
        raise errors.NotFoundError(None, None, f"{path}: {error.strerror}") from error
    except PermissionError as error:
        message = f"{path}: {error.strerror}"
        raise errors.PermissionDeniedError(None, None, message) from error
    except OSError as error:
        raise errors.UnknownError(None, None, f"{path}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            os.unlink(temporary)
