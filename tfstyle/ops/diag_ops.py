"""Diagonals and bands of matrices.

Programs import these from `array_ops`, as in TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from tfstyle.framework import common_shapes
from tfstyle.framework.op_def import Array, Static, op
from tfstyle.framework.tensor_shape import TensorShape

__all__ = [
    "batch_matrix_band_part",
    "batch_matrix_diag",
    "batch_matrix_diag_part",
    "diag",
    "diag_part",
    "matrix_band_part",
    "matrix_diag",
    "matrix_diag_part",
]

# -- tensors of twice the rank --------------------------------------------------

_MAX_DIAGONAL_RANK = 3


def _diag_shape(op):
    shape = op._inputs[0].get_shape()
    if shape.ndims is None:
        return [shape]
    shape = shape.with_rank_at_least(1).with_rank_at_most(_MAX_DIAGONAL_RANK)
    return [shape.concatenate(shape)]


@op("Diag", shape=_diag_shape)
def diag(diagonal: Array):
    """A tensor with `diagonal` on its diagonal and zeros elsewhere.

    Args:
        diagonal: numbers, of a shape s of rank 1 to 3.

    Returns:
        A Tensor of shape s + s: element [i, i] is `diagonal[i]` for every index i.

    Raises:
        ValueError: when the rank is another.
    """
    flat = jnp.diag(jnp.asarray(diagonal).reshape(-1))
    return flat.reshape(diagonal.shape + diagonal.shape)


def _diag_part_shape(op):
    shape = op._inputs[0].get_shape()
    if shape.ndims is None:
        return [shape]
    half = shape.ndims // 2
    if shape.ndims % 2 or not 1 <= half <= _MAX_DIAGONAL_RANK:
        raise ValueError(
            f"Input must have even rank from 2 to {2 * _MAX_DIAGONAL_RANK}, input rank "
            f"is {shape.ndims}"
        )
    return [shape[:half].merge_with(shape[half:])]


@op("DiagPart", shape=_diag_part_shape)
def diag_part(input: Array):
    """The diagonal of a tensor; the inverse of `diag`.

    Args:
        input: numbers, of shape s + s with s of rank 1 to 3.

    Returns:
        A Tensor of shape s: element i is `input[i, i]`.

    Raises:
        ValueError: when `input` has no such shape.
    """
    half = input.ndim // 2
    if input.ndim % 2 or not half or input.shape[:half] != input.shape[half:]:
        raise ValueError(
            f"Input must have a shape twice repeated, got {list(input.shape)}"
        )
    shape = input.shape[:half]
    size = int(np.prod(shape, dtype=np.int64))
    return jnp.diagonal(jnp.asarray(input).reshape(size, size)).reshape(shape)


# -- batches of matrices --------------------------------------------------------


def _twice(op_types: tuple[str, str], body: Callable[..., Any], **options: Any) -> Any:
    """Declares the op under its name in 0.9 and its later one."""
    return [op(op_type, **options)(body) for op_type in op_types]


def _matrix_diag_shape(op):
    shape = op._inputs[0].get_shape()
    if shape.ndims is None:
        return [shape]
    shape = shape.with_rank_at_least(1)
    return [shape.concatenate(shape[-1:])]


def _matrix_diag(diagonal: Array):
    """Matrices with `diagonal` on their diagonals and zeros elsewhere.

    Args:
        diagonal: [..., n], of any dtype.

    Returns:
        A Tensor [..., n, n].
    """
    size = diagonal.shape[-1]
    places = np.eye(size, dtype=bool)
    return jnp.where(places, diagonal[..., None], jnp.zeros((), diagonal.dtype))


def _matrix_diag_part_shape(op):
    shape = op._inputs[0].get_shape()
    if shape.ndims is None:
        return [shape]
    shape = shape.with_rank_at_least(2)
    rows, columns = shape.as_list()[-2:]
    size = None if None in (rows, columns) else min(rows, columns)
    return [shape[:-2].concatenate(TensorShape([size]))]


def _matrix_diag_part(input: Array):
    """The diagonals of matrices.

    Args:
        input: [..., m, n], of any dtype.

    Returns:
        A Tensor [..., min(m, n)].
    """
    return jnp.diagonal(input, axis1=-2, axis2=-1)


def _matrix_band_part(input: Array, num_lower: Static, num_upper: Static):
    """Matrices with zeros outside a band around their diagonals.

    Args:
        input: [..., m, n], of any dtype.
        num_lower: scalar int64, how many subdiagonals to keep; negative: all.
        num_upper: scalar int64, how many superdiagonals to keep; negative: all.

    Returns:
        A Tensor like `input`.
    """
    rows, columns = input.shape[-2:]
    below = np.arange(rows)[:, None] - np.arange(columns)
    kept = ((num_lower < 0) | (below <= num_lower)) & (
        (num_upper < 0) | (-below <= num_upper)
    )
    return jnp.where(kept, input, jnp.zeros((), input.dtype))


batch_matrix_diag, matrix_diag = _twice(
    ("BatchMatrixDiag", "MatrixDiag"), _matrix_diag, shape=_matrix_diag_shape
)
batch_matrix_diag_part, matrix_diag_part = _twice(
    ("BatchMatrixDiagPart", "MatrixDiagPart"),
    _matrix_diag_part,
    shape=_matrix_diag_part_shape,
)
batch_matrix_band_part, matrix_band_part = _twice(
    ("BatchMatrixBandPart", "MatrixBandPart"),
    _matrix_band_part,
    shape=common_shapes.first_input,
)
