"""Opens checkpoints of either format."""

from __future__ import annotations

import glob
import os
import threading
from typing import Any

import numpy as np

from tfstyle.framework import errors
from tfstyle.training.checkpoint_tensors import TensorReader
from tfstyle.training.checkpoint_v1 import ReaderV1
from tfstyle.training.checkpoint_v2 import ReaderV2, index_path

__all__ = [
    "CheckpointReader",
    "NewCheckpointReader",
    "checkpoint_files",
    "open_checkpoint",
]

_lock = threading.Lock()
_last: list[tuple[Any, TensorReader]] = []


def checkpoint_files(pattern: str) -> list[str]:
    """The files of the checkpoint at a path, in order; none when there is none.

    Args:
        pattern: path of a file, a pattern such as `"model-?????-of-00002"` for several,
            or what the paths of a V2 checkpoint start with. Of two checkpoints at one
            path it is the newer.
    """
    index = index_path(pattern)
    found = [p for p in (index, pattern) if os.path.isfile(p)]
    # Both: the path was saved to in one format and then in the other.
    newest = max(found, key=_written_at, default=None)
    if newest == index:
        data = glob.glob(f"{glob.escape(pattern)}.data-?????-of-?????")
        return [index, *sorted(data)]
    if newest is not None:
        return [newest]
    return sorted(p for p in glob.glob(pattern) if os.path.isfile(p))


def _written_at(path: str) -> int:
    return os.stat(path).st_mtime_ns


def open_checkpoint(pattern: str) -> TensorReader:
    """A reader of the checkpoint at a path or pattern.

    Raises:
        tf.errors.NotFoundError: when there is none.
        tf.errors.DataLossError: when its files are damaged.
    """
    paths = checkpoint_files(pattern)
    if not paths:
        raise errors.NotFoundError(
            None,
            None,
            "Unsuccessful TensorSliceReader constructor: Failed to find any matching "
            f"files for {pattern}",
        )
    # A restore opens one checkpoint once for each variable.
    key = pattern, [(p, *_identity(p)) for p in paths]
    with _lock:
        if _last and _last[0][0] == key:
            return _last[0][1]
    reader: TensorReader
    if paths[0] == index_path(pattern):
        reader = ReaderV2(pattern)
    else:
        reader = ReaderV1(pattern, paths)
    with _lock:
        _last[:] = [(key, reader)]
    return reader


def _identity(path: str) -> tuple[int, int, int]:
    """What changes when another file takes the place of this one."""
    status = os.stat(path)
    return status.st_ino, status.st_size, status.st_mtime_ns


class CheckpointReader:
    """What a checkpoint holds, without a graph; see `NewCheckpointReader`."""

    def __init__(self, filepattern: str) -> None:
        """Opens the checkpoint."""
        self._reader = open_checkpoint(os.fsdecode(filepattern))

    def has_tensor(self, tensor_str: str) -> bool:
        """Whether there is a tensor of this name."""
        return tensor_str in self._reader.tensors

    def get_tensor(self, tensor_str: str) -> np.ndarray[Any, Any]:
        """The values of a tensor.

        Raises:
            tf.errors.NotFoundError: when there is none of this name.
        """
        if not self.has_tensor(tensor_str):
            raise errors.NotFoundError(
                None, None, f"{tensor_str} not found in checkpoint file"
            )
        return np.array(self._reader.read(tensor_str))

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """The shape of each tensor, by name."""
        return {name: list(t.shape) for name, t in self._reader.tensors.items()}

    def get_variable_to_dtype_map(self) -> dict[str, Any]:
        """The `DType` of each tensor, by name."""
        return {name: tensor.dtype for name, tensor in self._reader.tensors.items()}

    def debug_string(self) -> bytes:
        """A line for each tensor: name, type and shape."""
        return "".join(
            f"{name} ({_enum_name(tensor.dtype)}) "
            f"[{','.join(map(str, tensor.shape))}]\n"
            for name, tensor in sorted(self._reader.tensors.items())
        ).encode()


def _enum_name(dtype: Any) -> str:
    from tfstyle.core.framework.types_pb2 import DataType

    name: str = DataType.Name(dtype.as_datatype_enum)
    return name


def NewCheckpointReader(filepattern: str) -> CheckpointReader:
    """Opens a checkpoint of either format to look into it.

    Args:
        filepattern: what `Saver.save` returned.

    Returns:
        An object with `get_variable_to_shape_map()`, `get_tensor(name)`,
        `has_tensor(name)` and `debug_string()`.

    Raises:
        tf.errors.NotFoundError: when there is no such checkpoint.
        tf.errors.DataLossError: when its files are damaged.
    """
    return CheckpointReader(filepattern)
