"""Decompositions and linear systems.

Each op exists under two types: 0.9 has one for a single matrix and one, `batch_…`, for
batches. Here both take batches, as they do in later releases.

What fails in TensorFlow for a matrix that is singular, or not positive definite, gives
infinities or NaN here: the device cannot raise errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.lax import linalg

from tfstyle.framework import ops
from tfstyle.framework.op_def import Array, op
from tfstyle.framework.tensor_shape import TensorShape

__all__ = [
    "batch_cholesky",
    "batch_cholesky_solve",
    "batch_matrix_determinant",
    "batch_matrix_inverse",
    "batch_matrix_solve",
    "batch_matrix_solve_ls",
    "batch_matrix_triangular_solve",
    "batch_self_adjoint_eig",
    "cholesky",
    "cholesky_solve",
    "matrix_determinant",
    "matrix_inverse",
    "matrix_solve",
    "matrix_solve_ls",
    "matrix_triangular_solve",
    "self_adjoint_eig",
    "svd",
]

# -- shapes ---------------------------------------------------------------------


def _square(shape: TensorShape) -> TensorShape:
    """`shape` as that of square matrices [..., n, n].

    Raises:
        ValueError: when it is none.
    """
    if shape.ndims is None:
        return shape
    shape = shape.with_rank_at_least(2)
    size = shape[-1].merge_with(shape[-2])
    return shape[:-2].concatenate([size, size])


def _square_shape(op):
    return [_square(op._inputs[0].get_shape())]


def _determinant_shape(op):
    shape = _square(op._inputs[0].get_shape())
    return [shape if shape.ndims is None else shape[:-2]]


def _solution(matrix: TensorShape, rhs: TensorShape) -> TensorShape:
    """The shape [..., n, k] of X in `matrix` [..., m, n] X = `rhs` [..., m, k]."""
    if matrix.ndims is None or rhs.ndims is None:
        known = rhs if matrix.ndims is None else matrix
        return TensorShape(None if known.ndims is None else [None] * known.ndims)
    matrix, rhs = matrix.with_rank_at_least(2), rhs.with_rank(matrix.ndims)
    matrix[-2].merge_with(rhs[-2])
    batch = matrix[:-2].merge_with(rhs[:-2])
    return batch.concatenate([matrix[-1], rhs[-1]])


def _solve_shape(op):
    return [_solution(_square(op._inputs[0].get_shape()), op._inputs[1].get_shape())]


def _least_squares_shape(op):
    return [_solution(op._inputs[0].get_shape(), op._inputs[1].get_shape())]


def _eig_shape(op):
    shape = _square(op._inputs[0].get_shape())
    if shape.ndims is None:
        return [shape]
    return [shape[:-2].concatenate([shape[-1] + 1, shape[-1]])]


def _twice(op_type: str, body: Callable[..., Any], **options: Any) -> Any:
    """Declares an op for a matrix and, under another type, for batches."""
    return [op(f"{prefix}{op_type}", **options)(body) for prefix in ("", "Batch")]


# -- the ops --------------------------------------------------------------------


def _adjoint(matrix: Any) -> Any:
    return matrix.swapaxes(-1, -2).conj()


def _matrix_determinant(input: Array):
    """The determinants of square matrices.

    Args:
        input: [..., n, n], float32 or float64.

    Returns:
        A Tensor [...] of the dtype of `input`.

    Raises:
        ValueError: when the matrices are not square.
    """
    return jnp.linalg.det(input)


def _matrix_inverse(input: Array, adjoint=None):
    """The inverses of square matrices.

    Args:
        input: [..., n, n], float32 or float64.
        adjoint: invert the conjugate transposes.

    Returns:
        A Tensor like `input`.

    Raises:
        ValueError: when the matrices are not square.

    Differs from TF: what is not invertible gives infinities or NaN, no error.
    """
    return jnp.linalg.inv(_adjoint(input) if adjoint else input)


def _matrix_solve(matrix: Array, rhs: Array, adjoint=None):
    """The solutions X of `matrix` X = `rhs`.

    Args:
        matrix: [..., n, n], float32 or float64.
        rhs: [..., n, k], of the same dtype.
        adjoint: solve with the conjugate transposes of `matrix`.

    Returns:
        A Tensor [..., n, k].

    Raises:
        ValueError: when the shapes do not fit.

    Differs from TF: what is not invertible gives infinities or NaN, no error.
    """
    return jnp.linalg.solve(_adjoint(matrix) if adjoint else matrix, rhs)


def _triangular_solve(matrix: Any, rhs: Any, lower: bool, adjoint: bool) -> Any:
    return linalg.triangular_solve(
        matrix,
        jnp.asarray(rhs),
        left_side=True,
        lower=lower,
        transpose_a=adjoint,
        conjugate_a=adjoint,
    )


def _matrix_triangular_solve(matrix: Array, rhs: Array, lower=None, adjoint=None):
    """The solutions X of `matrix` X = `rhs` for triangular matrices.

    Args:
        matrix: [..., n, n], float32 or float64; only one triangle is read.
        rhs: [..., n, k], of the same dtype.
        lower: whether that is the lower triangle; default: True.
        adjoint: solve with the conjugate transposes of `matrix`.

    Returns:
        A Tensor [..., n, k].

    Raises:
        ValueError: when the shapes do not fit.

    Differs from TF: what is not invertible gives infinities or NaN, no error.
    """
    return _triangular_solve(jnp.asarray(matrix), rhs, lower, adjoint)


def _mirrored(matrix: Any) -> Any:
    """Symmetric matrices with the lower triangles of `matrix`."""
    return jnp.tril(matrix) + _adjoint(jnp.tril(matrix, -1))


@jax.custom_jvp
def _factor(matrix: Any) -> Any:
    return linalg.cholesky(_mirrored(matrix), symmetrize_input=False)


@_factor.defjvp
def _factor_jvp(primals, tangents):
    # Only one triangle is read, but as in TensorFlow the gradient is symmetric.
    symmetric = _mirrored(primals[0])
    return jax.jvp(linalg.cholesky, (symmetric,), tangents)


def _cholesky(input: Array):
    """The Cholesky factors L of matrices L L^T.

    Args:
        input: [..., n, n], float32 or float64, symmetric and positive definite; only
            the lower triangle is read.

    Returns:
        A Tensor like `input`: lower triangular, with zeros above.

    Raises:
        ValueError: when the matrices are not square.

    Differs from TF: what is not positive definite gives NaN, no error.
    """
    return _factor(jnp.asarray(input))


def _normal_equations(matrix: Any, rhs: Any, regularizer: Any) -> Any:
    """Least squares through a Cholesky factor of the smaller Gramian matrix."""
    wide = matrix.shape[-2] < matrix.shape[-1]
    across = _adjoint(matrix)
    gramian = matrix @ across if wide else across @ matrix
    size = gramian.shape[-1]
    gramian = gramian + regularizer.astype(gramian.dtype) * jnp.eye(
        size, dtype=gramian.dtype
    )
    factor = linalg.cholesky(gramian, symmetrize_input=False)
    half = _triangular_solve(factor, rhs if wide else across @ rhs, True, False)
    solved = _triangular_solve(factor, half, True, True)
    return across @ solved if wide else solved


def _matrix_solve_ls(matrix: Array, rhs: Array, l2_regularizer: Array, fast=None):
    if fast:
        return _normal_equations(matrix, rhs, l2_regularizer)
    return jnp.linalg.pinv(matrix) @ rhs


def _self_adjoint_eig(input: Array):
    """The eigenvalues and eigenvectors of symmetric matrices.

    Args:
        input: [..., n, n], float32 or float64; only the lower triangle is read.

    Returns:
        A Tensor [..., n + 1, n] of the dtype of `input`: the eigenvalues, ascending, in
        the first row, and the eigenvectors as columns below them.

    Raises:
        ValueError: when the matrices are not square.

    Differs from later TensorFlow, which returns the two apart.
    """
    # JAX would take the mean of the triangles when it differentiates.
    symmetric = _mirrored(jnp.asarray(input))
    vectors, values = linalg.eigh(symmetric, symmetrize_input=False)
    return jnp.concatenate([values[..., None, :], vectors], axis=-2)


matrix_determinant, batch_matrix_determinant = _twice(
    "MatrixDeterminant", _matrix_determinant, shape=_determinant_shape
)
matrix_inverse, batch_matrix_inverse = _twice(
    "MatrixInverse", _matrix_inverse, shape=_square_shape
)
matrix_solve, batch_matrix_solve = _twice(
    "MatrixSolve", _matrix_solve, shape=_solve_shape
)
matrix_triangular_solve, batch_matrix_triangular_solve = _twice(
    "MatrixTriangularSolve", _matrix_triangular_solve, shape=_solve_shape
)
cholesky, batch_cholesky = _twice("Cholesky", _cholesky, shape=_square_shape)
self_adjoint_eig, batch_self_adjoint_eig = _twice(
    "SelfAdjointEig", _self_adjoint_eig, shape=_eig_shape
)
_solve_ls, _batch_solve_ls = _twice(
    "MatrixSolveLs",
    _matrix_solve_ls,
    shape=_least_squares_shape,
    no_gradient=("l2_regularizer",),
)


@op("Svd")
def _svd(input: Array, compute_uv=None, full_matrices=None):
    if not compute_uv:
        nothing = jnp.zeros([0], input.dtype)
        return jnp.linalg.svd(input, compute_uv=False), nothing, nothing
    u, s, v = jnp.linalg.svd(input, full_matrices=full_matrices)
    return s, u, _adjoint(v)


# -- functions of several ops ---------------------------------------------------


def matrix_solve_ls(matrix, rhs, l2_regularizer=0.0, fast=True, name=None):
    """The X that makes `|matrix X - rhs|^2 + l2_regularizer |X|^2` least.

    Args:
        matrix: [..., m, n], float32 or float64.
        rhs: [..., m, k], of the same dtype.
        l2_regularizer: a number, used when `fast` is True.
        fast: solve the normal equations, which is less exact for matrices that are
            nearly rank deficient; otherwise use a decomposition of `matrix`.
        name: name of the operation.

    Returns:
        A Tensor [..., n, k]. If m < n and nothing regularizes, the X of least norm.

    Raises:
        ValueError: when the shapes do not fit.
    """
    return _solve_ls(matrix, rhs, l2_regularizer, fast, name=name)


def batch_matrix_solve_ls(matrix, rhs, l2_regularizer=0.0, fast=True, name=None):
    """As `matrix_solve_ls`, for batches.

    Args:
        matrix: [..., m, n], float32 or float64.
        rhs: [..., m, k], of the same dtype.
        l2_regularizer: a number, used when `fast` is True.
        fast: solve the normal equations.
        name: name of the operation.

    Returns:
        A Tensor [..., n, k].
    """
    return _batch_solve_ls(matrix, rhs, l2_regularizer, fast, name=name)


def cholesky_solve(chol, rhs, name=None):
    """The solutions X of A X = `rhs`, given the Cholesky factors of A.

    Args:
        chol: [..., n, n], float32 or float64, what `cholesky(A)` gives.
        rhs: [..., n, k], of the same dtype.
        name: name scope.

    Returns:
        A Tensor [..., n, k].
    """
    with ops.op_scope([chol, rhs], name, "cholesky_solve"):
        half = matrix_triangular_solve(chol, rhs, lower=True, adjoint=False)
        return matrix_triangular_solve(chol, half, lower=True, adjoint=True)


def batch_cholesky_solve(chol, rhs, name=None):
    """As `cholesky_solve`, for batches.

    Args:
        chol: [..., n, n], float32 or float64, what `batch_cholesky(A)` gives.
        rhs: [..., n, k], of the same dtype.
        name: name scope.

    Returns:
        A Tensor [..., n, k].
    """
    with ops.op_scope([chol, rhs], name, "batch_cholesky_solve"):
        half = batch_matrix_triangular_solve(chol, rhs, lower=True, adjoint=False)
        return batch_matrix_triangular_solve(chol, half, lower=True, adjoint=True)


def svd(matrix, compute_uv=True, full_matrices=False, name=None):
    """The singular value decomposition u diag(s) v^T (of later releases).

    Args:
        matrix: [..., m, n], floats or complex numbers.
        compute_uv: whether to return u and v.
        full_matrices: whether u and v are square.
        name: name of the operation.

    Returns:
        (s, u, v), or s alone: the singular values [..., p] in descending order, p being
        min(m, n), and the singular vectors as columns, [..., m, p] and [..., n, p].
    """
    s, u, v = _svd(matrix, compute_uv, full_matrices, name=name)
    return (s, u, v) if compute_uv else s
