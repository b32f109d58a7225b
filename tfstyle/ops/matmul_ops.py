"""Products of matrices and vectors.

Programs import these from `math_ops`, as in TensorFlow.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from tfstyle.framework import common_shapes, dtypes, ops
from tfstyle.framework.op_def import Array, op
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops.elementwise_ops import conj

__all__ = ["batch_matmul", "cross", "matmul", "sparse_matmul"]


def _text(array):
    return "[" + ",".join(map(str, array.shape)) + "]"


@jax.custom_vjp
def _complex_product(a, b):
    return jnp.matmul(a, b)


def _complex_product_forward(a, b):
    return jnp.matmul(a, b), (a, b)


def _complex_product_backward(kept, grad):
    # TensorFlow's gradients of `MatMul` take complex matrices as they are, where those
    # of the other products conjugate them. Conjugating here undoes that.
    a, b = kept
    return jnp.matmul(grad, b.conj().T), jnp.matmul(a.conj().T, grad)


_complex_product.defvjp(_complex_product_forward, _complex_product_backward)


def _product(a, b, transpose_a, transpose_b):
    a = a.T if transpose_a else a
    b = b.T if transpose_b else b
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(
            f"Matrix size-incompatible: In[0]: {_text(a)}, In[1]: {_text(b)}"
        )
    return (_complex_product if a.dtype.kind == "c" else jnp.matmul)(a, b)


@op("MatMul", shape=common_shapes.matmul)
def _mat_mul(a: Array, b: Array, transpose_a=False, transpose_b=False):
    return _product(a, b, transpose_a, transpose_b)


@op("SparseMatMul", shape=common_shapes.matmul)
def sparse_matmul(
    a: Array,
    b: Array,
    transpose_a=None,
    transpose_b=None,
    a_is_sparse=None,
    b_is_sparse=None,
):
    """The product of two matrices that may be mostly zeros.

    Args:
        a: [m, k], float32 or bfloat16.
        b: [k, n], float32 or bfloat16.
        transpose_a: `a` is given as [k, m].
        transpose_b: `b` is given as [n, k].
        a_is_sparse: a hint, which changes nothing here.
        b_is_sparse: a hint, which changes nothing here.

    Returns:
        A float32 Tensor [m, n].
    """
    return _product(
        a.astype(jnp.float32), b.astype(jnp.float32), transpose_a, transpose_b
    )


def _batch_shape(op):
    x, y = (t.get_shape() for t in op._inputs)
    if x.ndims is None or y.ndims is None:
        known = x if y.ndims is None else y
        return [TensorShape([None] * known.ndims) if known.ndims else known]
    if x.ndims < 2 or x.ndims != y.ndims:
        raise ValueError(
            f"Shapes must be of equal rank and at least 2, but are {x.ndims} and "
            f"{y.ndims}"
        )
    batch = x[:-2].merge_with(y[:-2])
    rows, inner = (x[-1], x[-2]) if op._attrs["adj_x"] else (x[-2], x[-1])
    other, columns = (y[-1], y[-2]) if op._attrs["adj_y"] else (y[-2], y[-1])
    if not inner.is_compatible_with(other):
        raise ValueError(
            f"Dimensions must be equal, but are {inner.value} and {other.value}"
        )
    return [batch.concatenate([rows, columns])]


@op("BatchMatMul", shape=_batch_shape)
def batch_matmul(x: Array, y: Array, adj_x=None, adj_y=None):
    """The products of the matrices in two batches.

    Args:
        x: [..., m, k], numbers.
        y: [..., k, n], of the same dtype and with equal leading dimensions.
        adj_x: use the conjugate transpose of each matrix of `x`, given as [..., k, m].
        adj_y: use the conjugate transpose of each matrix of `y`, given as [..., n, k].

    Returns:
        A Tensor [..., m, n].

    Raises:
        ValueError: when the shapes do not fit.
    """
    if x.shape[:-2] != y.shape[:-2]:
        raise ValueError(
            f"In[0] and In[1] have different batches: {_text(x)}, {_text(y)}"
        )
    x = x.swapaxes(-1, -2).conj() if adj_x else x
    y = y.swapaxes(-1, -2).conj() if adj_y else y
    if x.shape[-1] != y.shape[-2]:
        raise ValueError(
            f"In[0] mismatch In[1] shape: {x.shape[-1]} vs. {y.shape[-2]}: {_text(x)} "
            f"{_text(y)}"
        )
    return jnp.matmul(x, y)


def matmul(
    a,
    b,
    transpose_a=False,
    transpose_b=False,
    a_is_sparse=False,
    b_is_sparse=False,
    name=None,
    adjoint_a=False,
    adjoint_b=False,
):
    """The product of two matrices, or of the matrices in two batches.

    Args:
        a: [..., m, k]: float16, float32, float64, int32, complex64 or complex128.
        b: [..., k, n], of the same dtype and rank.
        transpose_a: `a` is given as [..., k, m].
        transpose_b: `b` is given as [..., n, k].
        a_is_sparse: a hint that `a` is mostly zeros; makes a `SparseMatMul` of float32.
        b_is_sparse: a hint that `b` is mostly zeros; makes a `SparseMatMul` of float32.
        name: name of the operation.
        adjoint_a: `transpose_a`, and conjugate (of later releases).
        adjoint_b: `transpose_b`, and conjugate (of later releases).

    Returns:
        A Tensor [..., m, n] of the dtype of `a`.

    Raises:
        ValueError: when the shapes do not fit.
        TypeError: when the dtypes do not.
    """
    with ops.op_scope([a, b], name, "MatMul") as scope:
        if (transpose_a and adjoint_a) or (transpose_b and adjoint_b):
            raise ValueError("A matrix is either transposed or made adjoint, not both.")
        a = ops.convert_to_tensor(a, name="a")
        b = ops.convert_to_tensor(b, name="b")
        ranks = a.get_shape().ndims, b.get_shape().ndims
        if None not in ranks and min(ranks) > 2:
            # The batched product conjugates what it transposes.
            a = conj(a) if transpose_a else a
            b = conj(b) if transpose_b else b
            return batch_matmul(
                a, b, transpose_a or adjoint_a, transpose_b or adjoint_b, name=scope
            )
        a = conj(a) if adjoint_a else a
        b = conj(b) if adjoint_b else b
        flags = transpose_a or adjoint_a, transpose_b or adjoint_b
        types = {a.dtype.base_dtype, b.dtype.base_dtype}
        sparse = a_is_sparse or b_is_sparse or dtypes.bfloat16 in types
        if sparse and types <= {dtypes.float32, dtypes.bfloat16}:
            return sparse_matmul(a, b, *flags, a_is_sparse, b_is_sparse, name=scope)
        return _mat_mul(a, b, *flags, name=scope)


@op("Cross", shape=common_shapes.first_input)
def cross(a: Array, b: Array):
    """The cross products of the vectors in `a` and `b`.

    Args:
        a: [..., 3], real numbers.
        b: of the same shape and dtype.

    Returns:
        A Tensor like `a`.

    Raises:
        ValueError: when the shapes differ or the last dimension is not 3.
    """
    if a.shape != b.shape or a.shape[-1:] != (3,):
        raise ValueError(
            f"Cross-products need two tensors of one shape [..., 3], got {_text(a)} "
            f"and {_text(b)}"
        )
    return jnp.cross(a, b)
