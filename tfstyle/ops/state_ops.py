"""Variables as the graph sees them: the ops that hold, read and change state.

`Variable` of `tfstyle.ops.variables` is the class that programs use.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from tfstyle.framework import common_shapes, errors, ops, tensor_shape
from tfstyle.framework.op_def import Array, Ref, op

__all__ = [
    "assign",
    "assign_add",
    "assign_sub",
    "count_up_to",
    "scatter_add",
    "scatter_sub",
    "scatter_update",
]


@op("Variable", gradient=None, shape=lambda op: [op._attrs["shape"]])
def _variable(shape, dtype, container=None, shared_name=None):
    raise AssertionError("a variable has no body: the session keeps its value")


def variable_op(
    shape, dtype, name="Variable", set_shape=True, container="", shared_name=""
):
    """The bare op that holds a variable's state; see `tf.Variable`.

    Args:
        shape: shape of the values it will hold.
        dtype: their element type.
        name: name of the operation.
        set_shape: False leaves the static shape unknown.
        container: kept as an attribute.
        shared_name: kept as an attribute.

    Returns:
        A mutable Tensor.
    """
    if not set_shape:
        shape = tensor_shape.unknown_shape()
    return _variable(shape, dtype, container, shared_name, name=name)


def init_variable(v, init, name="init"):
    """An assignment of the initial value `init` to the variable `v`.

    Args:
        v: a Variable, or a mutable Tensor.
        init: a Tensor, or a function of (shape, dtype) that returns one.
        name: last part of the name of the operations, after that of `v`.

    Returns:
        The operation to run.
    """
    with ops.op_scope([v], None, f"{v.op.name}/"), ops.name_scope(f"{name}/"):
        if callable(init):
            shape = v.get_shape()
            if not shape.is_fully_defined():
                raise ValueError("init, when it is a function, needs a known shape.")
            value = init(shape.as_list(), v.dtype.base_dtype)
        else:
            value = ops.convert_to_tensor(init, name="init")
        return assign(v, value)


def _merged(op_):
    """The variable has the shape of its new value or increment."""
    ref, value = (t.get_shape() for t in op_._inputs)
    return [ref.merge_with(value)]


def _assigned(op_):
    if op_._attrs["validate_shape"]:
        return _merged(op_)
    return [op_._inputs[1].get_shape()]


@op("Assign", gradient=None, shape=_assigned, reads_ref=False)
def assign(ref: Ref, value: Array, validate_shape=None, use_locking=None):
    """Gives a variable a new value.

    Args:
        ref: a Variable or a mutable Tensor, initialised or not.
        value: a tensor of its dtype, and of its shape unless `validate_shape` is False.
        validate_shape: False lets the variable take another shape; default True.
        use_locking: accepted; assignments of one run are always in order.
        name: name of the operation.

    Returns:
        The mutable `ref`, to be used by what must see the new value.

    Raises:
        ValueError: when the shapes are known to differ.
        TypeError: when the dtypes differ or `ref` is not mutable.
    """
    del ref, validate_shape, use_locking
    return value


def _check_same_size(ref, value) -> None:
    if jnp.shape(ref) != jnp.shape(value):
        raise errors.InvalidArgumentError(
            None, None, "Parameters and update must be the same size"
        )


@op("AssignAdd", gradient=None, shape=_merged)
def assign_add(ref: Ref, value: Array, use_locking=None):
    """Adds `value` to a variable.

    Args:
        ref: a Variable or a mutable Tensor of a number type, initialised.
        value: a tensor of its shape and dtype.
        use_locking: accepted; assignments of one run are always in order.
        name: name of the operation.

    Returns:
        The mutable `ref`, to be used by what must see the new value.
    """
    del use_locking
    _check_same_size(ref, value)
    return ref + value


@op("AssignSub", gradient=None, shape=_merged)
def assign_sub(ref: Ref, value: Array, use_locking=None):
    """Subtracts `value` from a variable.

    Args:
        ref: a Variable or a mutable Tensor of a number type, initialised.
        value: a tensor of its shape and dtype.
        use_locking: accepted; assignments of one run are always in order.
        name: name of the operation.

    Returns:
        The mutable `ref`, to be used by what must see the new value.
    """
    del use_locking
    _check_same_size(ref, value)
    return ref - value


def _scattered(op_):
    ref, indices, updates = (t.get_shape() for t in op_._inputs)
    updates.merge_with(indices.concatenate(ref[1:]))
    return [ref]


def checked_rows(indices, rows: int):
    """`indices` as a scatter takes them: none of them means a row from the end.

    Raises:
        tf.errors.InvalidArgumentError: when indices known while tracing are no rows.
    """
    if isinstance(indices, np.ndarray):
        wrong = (indices < 0) | (indices >= rows)
        if wrong.any():
            place = np.argwhere(wrong)[0]
            raise errors.InvalidArgumentError(
                None,
                None,
                f"indices[{','.join(str(i) for i in place)}] = "
                f"{indices[tuple(place)]} is not in [0, {rows})",
            )
        return indices
    return jnp.where(indices < 0, rows, indices)


def _check_updates(ref, indices, updates) -> None:
    wanted = jnp.shape(indices) + jnp.shape(ref)[1:]
    if jnp.shape(updates) != wanted:
        shapes = [
            f"[{','.join(str(d) for d in shape)}]"
            for shape in (jnp.shape(updates), jnp.shape(indices), jnp.shape(ref))
        ]
        raise errors.InvalidArgumentError(
            None,
            None,
            "Must have updates.shape = indices.shape + params.shape[1:], got "
            f"updates.shape {shapes[0]}, indices.shape {shapes[1]}, params.shape "
            f"{shapes[2]}",
        )


def _rows_of(ref, indices, updates):
    _check_updates(ref, indices, updates)
    return ref.at[checked_rows(indices, ref.shape[0])]


@op("ScatterUpdate", gradient=None, shape=_scattered)
def scatter_update(ref: Ref, indices: Array, updates: Array, use_locking=None):
    """Writes rows of a variable: `ref[indices[i, …], …] = updates[i, …, …]`.

    Args:
        ref: a Variable or a mutable Tensor [rows, …], initialised.
        indices: int32 or int64 tensor of any shape. Rows named twice get one of the
            updates.
        updates: tensor of shape `indices.shape + ref.shape[1:]`.
        use_locking: accepted; assignments of one run are always in order.
        name: name of the operation.

    Returns:
        The mutable `ref`, to be used by what must see the new value.

    Raises:
        tf.errors.InvalidArgumentError: when running, for constant indices that are
            not rows. Differs from TF: computed indices that are no rows are skipped.
    """
    del use_locking
    return _rows_of(ref, indices, updates).set(updates, mode="drop")


@op("ScatterAdd", gradient=None, shape=_scattered)
def scatter_add(ref: Ref, indices: Array, updates: Array, use_locking=None):
    """Adds to rows of a variable; the updates of a row named twice add up.

    Args:
        ref: a Variable or a mutable Tensor [rows, …], initialised.
        indices: int32 or int64 tensor of any shape.
        updates: tensor of shape `indices.shape + ref.shape[1:]`.
        use_locking: accepted; assignments of one run are always in order.
        name: name of the operation.

    Returns:
        The mutable `ref`, to be used by what must see the new value.

    Raises:
        tf.errors.InvalidArgumentError: as `scatter_update`.
    """
    del use_locking
    return _rows_of(ref, indices, updates).add(updates, mode="drop")


@op("ScatterSub", gradient=None, shape=_scattered)
def scatter_sub(ref: Ref, indices: Array, updates: Array, use_locking=None):
    """Subtracts from rows of a variable; the updates of a row named twice add up.

    Args:
        ref: a Variable or a mutable Tensor [rows, …], initialised.
        indices: int32 or int64 tensor of any shape.
        updates: tensor of shape `indices.shape + ref.shape[1:]`.
        use_locking: accepted; assignments of one run are always in order.
        name: name of the operation.

    Returns:
        The mutable `ref`, to be used by what must see the new value.

    Raises:
        tf.errors.InvalidArgumentError: as `scatter_update`.
    """
    del use_locking
    return _rows_of(ref, indices, updates).subtract(updates, mode="drop")


def _counted(op_):
    return [op_._inputs[0].get_shape().merge_with(tensor_shape.scalar())]


@op("CountUpTo", gradient=None, host=True, shape=_counted)
def count_up_to(ref: Ref, limit):
    """Increments a scalar variable until it reaches `limit`.

    Args:
        ref: an int32 or int64 scalar Variable or mutable Tensor, initialised.
        limit: the Python int it will not exceed.
        name: name of the operation.

    Returns:
        A Tensor with the value before the increment.

    Raises:
        tf.errors.OutOfRangeError: when running, once the variable has reached `limit`.
    """
    if ref >= limit:
        raise errors.OutOfRangeError(None, None, f"Reached limit of {limit}")
    return ref + 1, ref


@op(
    "IsVariableInitialized",
    gradient=None,
    host=True,
    shape=common_shapes.scalar,
    reads_ref=False,
)
def is_variable_initialized(ref: Ref, dtype=None):
    """Whether a variable has a value.

    Args:
        ref: a mutable Tensor.
        dtype: its element type; follows from `ref`.
        name: name of the operation.

    Returns:
        A bool scalar Tensor.
    """
    return ref, ref is not None
