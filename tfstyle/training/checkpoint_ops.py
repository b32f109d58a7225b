"""The ops that write tensors into checkpoints and read them from there.

`Saver` makes them. Those that read take files of either format.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from tfstyle.framework import common_shapes, errors, tensor_shape
from tfstyle.framework.constant_value import constant_value
from tfstyle.framework.op_def import Array, op
from tfstyle.training.checkpoint_reader import open_checkpoint
from tfstyle.training.checkpoint_tensors import extents_shape, parse_spec
from tfstyle.training.checkpoint_v1 import write_v1
from tfstyle.training.checkpoint_v2 import write_v2

__all__ = [
    "restore",
    "restore_slice",
    "restore_v2",
    "save",
    "save_slices",
    "save_v2",
    "sharded_filename",
    "sharded_filespec",
]


def _path(value: Any) -> str:
    if np.ndim(value):
        raise errors.InvalidArgumentError(
            None,
            None,
            f"The name of a checkpoint must be a scalar, got shape {np.shape(value)}",
        )
    return os.fsdecode(np.asarray(value, object).item())


def _strings(value: Any) -> list[str]:
    return [os.fsdecode(s) for s in np.ravel(value)]


def _check_counts(names: list[str], specs: list[str], count: int) -> None:
    for what, given in (("names", names), ("shapes and slices", specs)):
        if len(given) != count:
            raise errors.InvalidArgumentError(
                None,
                None,
                f"Expected {count} {what} for the tensors of a checkpoint, got "
                f"{len(given)}",
            )


# -- writing --------------------------------------------------------------------


@op("Save", host=True, gradient=None)
def save(filename: Array, tensor_names: Array, data: list[Array]):
    """Writes whole tensors into one file, in the format V1.

    Args:
        filename: scalar string, the path.
        tensor_names: [n] strings.
        data: the n tensors.
        name: name of the operation.

    Returns:
        The Operation.

    Raises:
        tf.errors.OpError: when running, if the file cannot be written.
    """
    names = _strings(tensor_names)
    _check_counts(names, names, len(data))
    write_v1(_path(filename), names, [""] * len(data), data)


@op("SaveSlices", host=True, gradient=None)
def save_slices(
    filename: Array, tensor_names: Array, shapes_and_slices: Array, data: list[Array]
):
    """Writes tensors and slices of larger ones into one file, in the format V1.

    Args:
        filename: scalar string, the path.
        tensor_names: [n] strings.
        shapes_and_slices: [n] strings: the shape of the whole tensor and the slice to
            write, such as `"4 2 0,2:-"`; "" for a whole tensor.
        data: the n tensors.
        name: name of the operation.

    Returns:
        The Operation.

    Raises:
        tf.errors.OpError: when running, if the file cannot be written.
    """
    names, specs = _strings(tensor_names), _strings(shapes_and_slices)
    _check_counts(names, specs, len(data))
    write_v1(_path(filename), names, specs, data)


@op("SaveV2", host=True, gradient=None)
def save_v2(
    prefix: Array, tensor_names: Array, shape_and_slices: Array, tensors: list[Array]
):
    """Writes tensors and slices of larger ones in the format V2 of later releases.

    Args:
        prefix: scalar string, what the paths of the files start with.
        tensor_names: [n] strings.
        shape_and_slices: [n] strings, as in `save_slices`.
        tensors: the n tensors.
        name: name of the operation.

    Returns:
        The Operation.

    Raises:
        tf.errors.OpError: when running, if the files cannot be written.
    """
    names, specs = _strings(tensor_names), _strings(shape_and_slices)
    _check_counts(names, specs, len(tensors))
    write_v2(_path(prefix), names, specs, tensors)


# -- reading --------------------------------------------------------------------


def _spec_shape(spec: str) -> tensor_shape.TensorShape:
    if not spec:
        return tensor_shape.unknown_shape()
    try:
        shape, extents = parse_spec(spec)
    except errors.InvalidArgumentError as error:
        raise ValueError(error.message) from None
    return tensor_shape.as_shape(list(extents_shape(extents, shape)))


def _slice_shapes(op_):
    """Known when the slices are."""
    specs = constant_value(op_._inputs[2])
    if specs is None:
        return common_shapes.unknown(op_)
    return [_spec_shape(spec) for spec in _strings(specs)]


@op("Restore", host=True, gradient=None, shape=common_shapes.unknown)
def restore(file_pattern: Array, tensor_name: Array, dt, preferred_shard=None):
    """Reads a tensor from a checkpoint.

    Args:
        file_pattern: scalar string, the path or a pattern of paths.
        tensor_name: scalar string.
        dt: the dtype that the tensor has.
        preferred_shard: accepted; a hint which of the files has the tensor.
        name: name of the operation.

    Returns:
        A Tensor of dtype `dt`.

    Raises:
        tf.errors.NotFoundError: when running, if file or tensor are not there.
        tf.errors.InvalidArgumentError: when running, if the tensor has another dtype.
    """
    del preferred_shard
    return open_checkpoint(_path(file_pattern)).read(_path(tensor_name), "", dt)


@op("RestoreSlice", host=True, gradient=None, shape=_slice_shapes)
def restore_slice(
    file_pattern: Array,
    tensor_name: Array,
    shape_and_slice: Array,
    dt,
    preferred_shard=None,
):
    """Reads a tensor, or a slice of one, from a checkpoint.

    Args:
        file_pattern: scalar string, the path or a pattern of paths.
        tensor_name: scalar string.
        shape_and_slice: scalar string: the shape of the tensor and the slice to read,
            such as `"4 2 0,2:-"`; "" for all of it.
        dt: the dtype that the tensor has.
        preferred_shard: accepted; a hint which of the files has the tensor.
        name: name of the operation.

    Returns:
        A Tensor of dtype `dt`.

    Raises:
        tf.errors.NotFoundError: when running, if file or tensor are not there.
        tf.errors.InvalidArgumentError: when running, if dtype or shape are not those
            of the tensor.
    """
    del preferred_shard
    reader = open_checkpoint(_path(file_pattern))
    return reader.read(_path(tensor_name), _path(shape_and_slice), dt)


@op("RestoreV2", host=True, gradient=None, shape=_slice_shapes)
def restore_v2(prefix: Array, tensor_names: Array, shape_and_slices: Array, dtypes):
    """Reads tensors, or slices of them, from a checkpoint.

    Args:
        prefix: scalar string: what the paths start with, or the path in format V1.
        tensor_names: [n] strings.
        shape_and_slices: [n] strings, as in `restore_slice`.
        dtypes: the n dtypes that the tensors have.
        name: name of the operation.

    Returns:
        A list of n Tensors.

    Raises:
        tf.errors.NotFoundError: when running, if files or a tensor are not there.
        tf.errors.InvalidArgumentError: when running, if a dtype or shape is not that
            of the tensor.
    """
    reader = open_checkpoint(_path(prefix))
    names, specs = _strings(tensor_names), _strings(shape_and_slices)
    _check_counts(names, specs, len(dtypes))
    return [reader.read(*asked) for asked in zip(names, specs, dtypes, strict=True)]


# -- names of files -------------------------------------------------------------


@op("ShardedFilename", host=True, gradient=None, shape=common_shapes.scalar)
def sharded_filename(basename: Array, shard: Array, num_shards: Array):
    """The path of one of several files: `"model-00000-of-00002"`.

    Args:
        basename: scalar string.
        shard: int32 scalar, which one.
        num_shards: int32 scalar, how many there are.
        name: name of the operation.

    Returns:
        A scalar string Tensor.
    """
    return np.array(
        f"{_path(basename)}-{int(shard):05}-of-{int(num_shards):05}".encode(), object
    )


@op("ShardedFilespec", host=True, gradient=None, shape=common_shapes.scalar)
def sharded_filespec(basename: Array, num_shards: Array):
    """The pattern of the paths of several files: `"model-?????-of-00002"`.

    Args:
        basename: scalar string.
        num_shards: int32 scalar, how many there are.
        name: name of the operation.

    Returns:
        A scalar string Tensor.
    """
    return np.array(f"{_path(basename)}-?????-of-{int(num_shards):05}".encode(), object)
