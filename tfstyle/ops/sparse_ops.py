"""Dense tensors from indices and values."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from tfstyle.framework import common_shapes, errors
from tfstyle.framework.op_def import Array, Static, op
from tfstyle.ops.array_module import array_module

__all__ = ["sparse_to_dense"]


@op(
    "SparseToDense",
    gradient=None,
    shape=common_shapes.value_of("output_shape"),
)
def sparse_to_dense(
    sparse_indices: Array,
    output_shape: Static,
    sparse_values: Array,
    default_value: Array = 0,
    validate_indices=True,
):
    """A dense tensor with `sparse_values` at `sparse_indices`.

    Args:
        sparse_indices: int32 or int64 [n, d]: the places of n values in d dimensions;
            [n] in one dimension, a scalar for one value.
        output_shape: shape of the result, [d], of the type of `sparse_indices`.
        sparse_values: [n], or a scalar to be put at every index; of any dtype.
        default_value: a scalar, what is everywhere else.
        validate_indices: whether to require indices that are in lexicographic order,
            occur once, and lie within the result.
        name: name of the operation.

    Returns:
        A Tensor of shape `output_shape`, like `sparse_values`. No gradient flows.

    Raises:
        tf.errors.InvalidArgumentError: in a run, when the shapes do not fit, or the
            indices are known before and not valid.

    Differs from TF: indices that are computed in the run are not checked; what is
    out of bounds is left out.
    """
    shape = [int(d) for d in output_shape]
    if sparse_indices.ndim > 2:
        raise ValueError(
            "sparse_indices should be a scalar, vector, or matrix, got shape "
            f"{_text(sparse_indices.shape)}"
        )
    _check_shapes(sparse_indices, shape, sparse_values, default_value)
    indices = sparse_indices.reshape(-1, len(shape))
    if isinstance(indices, np.ndarray):
        _check_indices(indices, shape, validate_indices)
    module = array_module(indices, sparse_values, default_value)
    dense = module.full(shape, default_value, dtype=sparse_values.dtype)
    if module is np:
        dense[tuple(indices.T)] = sparse_values
        return dense
    # Negative indices would count from the end.
    inside = jnp.all(indices >= 0, axis=1, keepdims=True)
    places = jnp.where(inside, indices, np.array(shape, indices.dtype))
    return dense.at[tuple(places.T)].set(sparse_values, mode="drop")


def _text(shape):
    return "[" + ",".join(map(str, shape)) + "]"


def _check_shapes(indices, shape, values, default):
    count = indices.shape[0] if indices.ndim else 1
    dims = indices.shape[1] if indices.ndim == 2 else 1
    if len(shape) != dims:
        raise ValueError(
            f"output_shape has incorrect number of elements: {len(shape)} should be: "
            f"{dims}"
        )
    if values.shape not in ((), (count,)):
        raise ValueError(
            f"sparse_values has incorrect shape {_text(values.shape)}, should be [] or "
            f"[{count}]"
        )
    if default.shape:
        raise ValueError("default_value should be a scalar.")


def _check_indices(indices, shape, validate):
    """Raises for the first index that is out of bounds, out of order or repeated."""

    def refuse(i, why):
        place = f"indices[{i}] = {_text(indices[i])} is {why}"
        raise errors.InvalidArgumentError(None, None, place)

    previous = None
    for i, index in enumerate(map(tuple, indices.tolist())):
        if any(not 0 <= j < size for j, size in zip(index, shape, strict=True)):
            refuse(i, f"out of bounds: need 0 <= index < {_text(shape)}")
        if validate and previous is not None and index <= previous:
            refuse(i, "repeated" if index == previous else "out of order")
        previous = index
