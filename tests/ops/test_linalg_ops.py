"""What the recorded cases of `tests/parity` do not hold: batches, mistakes, limits."""

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.ops import diag_ops, linalg_ops


def run(fetches, feed=None):
    with tf.Session() as session:
        return session.run(fetches, feed)


BATCH = np.float64([[[4, 1], [1, 3]], [[2, 0], [0, 5]]])


@pytest.mark.parametrize("prefix", ["", "batch_"])
def test_ops_take_batches_under_both_names(prefix):
    def function(name):
        return getattr(linalg_ops, prefix + name)

    factor = function("cholesky")(BATCH)
    rhs = np.ones([2, 2, 1])
    solved = [
        function("matrix_solve")(BATCH, rhs),
        function("cholesky_solve")(factor, rhs),
        function("matrix_solve_ls")(BATCH, rhs),
    ]
    for x in run(solved):
        np.testing.assert_allclose(BATCH @ x, rhs, rtol=1e-10)
    eig = run(function("self_adjoint_eig")(BATCH))
    np.testing.assert_allclose(eig[:, 0], np.linalg.eigvalsh(BATCH), rtol=1e-10)
    assert function("matrix_inverse")(BATCH).op.type == (
        "BatchMatrixInverse" if prefix else "MatrixInverse"
    )


def test_shapes_follow_from_what_is_known():
    matrix = tf.placeholder(tf.float64, [None, 3])
    rhs = tf.placeholder(tf.float64, [3, None])
    assert tf.matrix_inverse(matrix).get_shape() == [3, 3]
    assert tf.matrix_solve(matrix, rhs).get_shape().as_list() == [3, None]
    assert tf.self_adjoint_eig(matrix).get_shape() == [4, 3]
    assert diag_ops.diag_part(matrix).get_shape() == [3]


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (
            lambda: tf.cholesky(tf.zeros([2, 3])),
            "Dimensions 3 and 2 are not compatible",
        ),
        (
            lambda: tf.matrix_solve(tf.zeros([2, 2]), tf.zeros([3, 1])),
            "Dimensions 2 and 3 are not compatible",
        ),
        (
            lambda: diag_ops.diag_part(tf.zeros([2, 2, 2])),
            "Input must have even rank from 2 to 6, input rank is 3",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_refused(build, words):
    with pytest.raises(ValueError, match=words):
        build()


def test_singular_matrices_are_no_error():
    zero = np.zeros([2, 2])
    assert not np.isfinite(run(tf.matrix_inverse(zero))).any()
    assert np.isnan(run(tf.cholesky(-np.eye(2)))).any()


def test_eigenvalues_are_the_same_when_gradients_are_fetched():
    lower = tf.constant([[2.0, 9.0], [1.0, 3.0]], tf.float64)
    eig = tf.self_adjoint_eig(lower)
    found, gradient = run([eig, tf.gradients(eig[0, :], lower)[0]])
    # Only the lower triangle is read, so that only there is a gradient.
    np.testing.assert_allclose(found[0], np.linalg.eigvalsh([[2, 1], [1, 3]]))
    np.testing.assert_allclose(gradient, np.eye(2), atol=1e-12)


def test_svd_gives_the_matrix_back():
    s, u, v = run(linalg_ops.svd(BATCH[0][:, :1]))
    np.testing.assert_allclose(u * s @ v.T, BATCH[0][:, :1], rtol=1e-10)
    assert run(linalg_ops.svd(BATCH, compute_uv=False)).shape == (2, 2)
