"""Matrix products, decompositions and solvers."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, case, const, each, fed, ints, pick, unknown

TOL = (1e-4, 1e-5)
C = {"dtype": "complex64"}
D = {"dtype": "float64"}


def spd(*batch, n=3, dtype="float64"):
    """Fixed symmetric positive definite matrices."""
    a = arr(*batch, n, n, dtype=dtype)
    return a @ np.swapaxes(a, -1, -2) + 2 * np.eye(n, dtype=dtype)


def regular(*batch, n=3, dtype="float64"):
    """Fixed well-conditioned matrices."""
    return arr(*batch, n, n, lo=-1, hi=1, dtype=dtype) + 2 * np.eye(n, dtype=dtype)


def matmul(**flags):
    return lambda tf, a, b: tf.matmul(a, b, **flags)


case_matmul = case(
    each(matmul(), arr(2, 3), arr(3, 4)),
    const(matmul(transpose_a=True), arr(3, 2), arr(3, 4)),
    fed(matmul(transpose_b=True), arr(2, 3), arr(4, 3)),
    unknown(matmul(transpose_a=True, transpose_b=True), arr(3, 2), arr(4, 3)),
    fed(matmul(), arr(2, 3, **D), arr(3, 1, **D)),
    const(matmul(), ints(2, 3), ints(3, 2)),
    const(matmul(), arr(2, 3, **C), arr(3, 2, **C)),
    fed(matmul(transpose_a=True), arr(3, 2, **C), arr(3, 2, salt=1, **C)),
    const(matmul(), arr(0, 3), arr(3, 2)),
    const(matmul(), arr(2, 0), arr(0, 2)),
    const(
        matmul(a_is_sparse=True), np.float32([[0, 2], [0, 0]]), arr(2, 2), grad=False
    ),
    bad=[
        lambda tf: tf.matmul(tf.zeros([2, 3]), tf.zeros([2, 3])),
        lambda tf: tf.matmul(tf.zeros([2, 3]), tf.zeros([3])),
        lambda tf: tf.matmul(tf.zeros([2, 3]), tf.zeros([3, 2], tf.float64)),
        lambda tf: tf.matmul(tf.zeros([3, 2]), tf.zeros([3, 2]), transpose_b=False),
        lambda tf: tf.matmul(tf.constant([[True]]), tf.constant([[True]])),
    ],
    tol=TOL,
)
case_sparse_matmul = case(
    each(
        lambda tf, a, b: tf.sparse_matmul(a, b, a_is_sparse=True),
        np.float32([[0, 2, 0], [1, 0, 0]]),
        arr(3, 2),
        grad=False,
    ),
    const(
        lambda tf, a, b: tf.sparse_matmul(a, b, transpose_a=True, transpose_b=True),
        arr(3, 2),
        arr(4, 3),
        grad=False,
    ),
    bad=[lambda tf: tf.sparse_matmul(tf.zeros([2, 3]), tf.zeros([2, 3]))],
    tol=TOL,
)


def batch_matmul(**flags):
    return lambda tf, a, b: tf.batch_matmul(a, b, **flags)


case_batch_matmul = case(
    each(batch_matmul(), arr(2, 2, 3), arr(2, 3, 4)),
    const(batch_matmul(adj_x=True), arr(2, 3, 2), arr(2, 3, 4)),
    fed(batch_matmul(adj_y=True), arr(2, 2, 3), arr(2, 4, 3)),
    unknown(batch_matmul(adj_x=True, adj_y=True), arr(2, 3, 2), arr(2, 4, 3)),
    const(batch_matmul(), arr(2, 1, 2, 3, **D), arr(2, 1, 3, 2, **D)),
    fed(batch_matmul(adj_x=True), arr(2, 3, 2, **C), arr(2, 3, 2, salt=1, **C)),
    const(batch_matmul(), ints(2, 2, 3), ints(2, 3, 2)),
    bad=[
        lambda tf: tf.batch_matmul(tf.zeros([2, 2, 3]), tf.zeros([2, 2, 3])),
        lambda tf: tf.batch_matmul(tf.zeros([2, 2, 3]), tf.zeros([3, 3, 2])),
        lambda tf: tf.batch_matmul(tf.zeros([3]), tf.zeros([3])),
    ],
    tol=TOL,
)

case_matrix_determinant = case(
    each(lambda tf, a: tf.matrix_determinant(a), regular()),
    const(lambda tf, a: tf.matrix_determinant(a), regular(n=2, dtype="float32")),
    bad=[lambda tf: tf.matrix_determinant(tf.zeros([2, 3]))],
    tol=TOL,
)
case_matrix_inverse = case(
    each(lambda tf, a: tf.matrix_inverse(a), regular()),
    const(lambda tf, a: tf.matrix_inverse(a), regular(n=2, dtype="float32")),
    fed(lambda tf, a: tf.matrix_inverse(a, adjoint=True), regular(), grad=False),
    bad=[lambda tf: tf.matrix_inverse(tf.zeros([2, 3]))],
    tol=TOL,
)
case_matrix_solve = case(
    each(lambda tf, a, b: tf.matrix_solve(a, b), regular(), arr(3, 2, **D)),
    const(
        lambda tf, a, b: tf.matrix_solve(a, b, adjoint=True), regular(), arr(3, 1, **D)
    ),
    fed(lambda tf, a, b: tf.matrix_solve(a, b), regular(dtype="float32"), arr(3, 2)),
    bad=[
        lambda tf: tf.matrix_solve(tf.zeros([2, 3]), tf.zeros([2, 1])),
        lambda tf: tf.matrix_solve(tf.zeros([2, 2]), tf.zeros([3, 1])),
    ],
    tol=TOL,
)


def triangular(**flags):
    return lambda tf, a, b: tf.matrix_triangular_solve(a, b, **flags)


case_matrix_triangular_solve = case(
    each(triangular(), np.tril(regular()), arr(3, 2, **D)),
    const(triangular(lower=False), np.triu(regular()), arr(3, 2, **D)),
    fed(triangular(lower=True, adjoint=True), np.tril(regular()), arr(3, 1, **D)),
    const(triangular(lower=False, adjoint=True), np.triu(regular()), arr(3, 1, **D)),
    # What lies outside the triangle is not read.
    const(triangular(), regular(), arr(3, 2, **D)),
    bad=[lambda tf: triangular()(tf, tf.zeros([2, 3]), tf.zeros([2, 1]))],
    tol=TOL,
)
case_cholesky = case(
    each(lambda tf, a: tf.cholesky(a), spd()),
    const(lambda tf, a: tf.cholesky(a), spd(n=2, dtype="float32")),
    bad=[lambda tf: tf.cholesky(tf.zeros([2, 3]))],
    tol=TOL,
)
case_cholesky_solve = case(
    const(
        lambda tf, a, b: tf.cholesky_solve(tf.cholesky(a), b),
        spd(),
        arr(3, 2, **D),
        name=False,
    ),
    fed(
        lambda tf, a, b: tf.cholesky_solve(tf.cholesky(a), b),
        spd(n=2),
        arr(2, 1, **D),
        name=False,
    ),
    tol=TOL,
)
case_matrix_solve_ls = case(
    each(
        lambda tf, a, b: tf.matrix_solve_ls(a, b),
        arr(4, 2, **D),
        arr(4, 2, salt=1, **D),
        grad=False,
        name=False,
    ),
    const(
        lambda tf, a, b: tf.matrix_solve_ls(a, b, l2_regularizer=0.1),
        arr(4, 2, **D),
        arr(4, 1, **D),
        grad=False,
    ),
    const(
        lambda tf, a, b: tf.matrix_solve_ls(a, b, fast=False),
        arr(4, 2, **D),
        arr(4, 1, **D),
        grad=False,
    ),
    tol=TOL,
)


def case_batch_linalg(tf, np):
    """Functions that lost the prefix `batch_` after 0.9 and kept their meaning."""

    def fn(name):
        return pick(tf, "batch_" + name, name)

    a, b = regular(2), arr(2, 3, 2, **D)
    inverse, solve = fn("matrix_inverse"), fn("matrix_solve")
    triangular_solve = fn("matrix_triangular_solve")
    return case(
        each(lambda tf, x: fn("matrix_determinant")(x), a, name=False),
        each(lambda tf, x: inverse(x), a, name=False),
        fed(lambda tf, x, y: solve(x, y), a, b, name=False),
        fed(lambda tf, x, y: solve(x, y, adjoint=True), a, b, name=False),
        const(lambda tf, x, y: triangular_solve(x, y, lower=False), np.triu(a), b),
        each(lambda tf, x: fn("cholesky")(x), spd(2), name=False),
        const(
            lambda tf, x, y: fn("cholesky_solve")(x, y), np.linalg.cholesky(spd(2)), b
        ),
        each(lambda tf, x: fn("matrix_diag")(x), arr(2, 3)),
        const(lambda tf, x: fn("matrix_diag_part")(x), arr(2, 3, 3)),
        const(lambda tf, x: fn("matrix_band_part")(x, 1, 0), arr(2, 3, 4)),
        fed(lambda tf, x: fn("matrix_band_part")(x, -1, 1), arr(3, 3)),
        fed(lambda tf, x: fn("matrix_band_part")(x, 0, -1), arr(3, 4)),
    )(tf, np)


case_batch_linalg.tol = TOL


def case_self_adjoint_eig(tf, np):
    """0.9 puts the eigenvalues over the eigenvectors; their signs are free."""
    results = {}
    for name, matrix in {"3": spd(), "2": spd(n=2, dtype="float32")}.items():
        found = tf.self_adjoint_eig(tf.constant(matrix))
        with tf.Session() as sess:
            if isinstance(found, tuple):
                values, vectors = sess.run(list(found))
            else:
                values, vectors = np.split(sess.run(found), [1])
        results[name] = [values.reshape(-1), np.abs(vectors)]
    return results


case_self_adjoint_eig.tol = TOL

case_diag = case(
    each(lambda tf, x: tf.diag(x), arr(3)),
    const(lambda tf, x: tf.diag(x), arr(2, 2)),
    fed(lambda tf, x: tf.diag(x), ints(3)),
    bad=[lambda tf: tf.diag(tf.zeros([2, 2, 2, 2]))],
)
case_diag_part = case(
    const(lambda tf, x: tf.diag_part(x), arr(3, 3)),
    fed(lambda tf, x: tf.diag_part(x), arr(3, 3)),
    const(lambda tf, x: tf.diag_part(x), arr(2, 2, 2, 2)),
    bad=[
        lambda tf: tf.diag_part(tf.zeros([2, 3])),
        lambda tf: tf.diag_part(tf.zeros([2])),
    ],
)
case_trace = case(
    each(lambda tf, x: tf.trace(x), arr(3, 3), name=False),
    const(lambda tf, x: tf.trace(x), ints(2, 2)),
)

case_matmul_chain = case(
    each(
        lambda tf, x, w, b: tf.matmul(
            tf.tanh(tf.matmul(x, w) + b), w, transpose_b=True
        ),
        arr(2, 3),
        arr(3, 4),
        arr(4),
    ),
    tol=TOL,
)
