"""Gradients of lookups in a table: the rows that were looked up, not the whole table.

A gradient function of the graph gives them where the lookup is an operation of its
own. Inside a loop, which is differentiated as a whole, the gradient of a table is
dense. What is looked up there is therefore added to zeros that enter the step, a row
for each example: their gradient is that of what was looked up.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from tfstyle.framework import dtypes, ops
from tfstyle.framework.constant_value import constant_value_as_shape
from tfstyle.framework.indexed_slices import IndexedSlices
from tfstyle.framework.op_def import Array, Static, op
from tfstyle.framework.op_table import ArgFacts, AttrFacts, OpFacts
from tfstyle.framework.tensor import Tensor
from tfstyle.ops import array_ops

__all__ = ["rows_in_loop", "set_looked_up", "slices_of_rows"]


def slices_of_rows(table: Tensor, indices: Tensor, grad: Tensor) -> IndexedSlices:
    """The gradient of `table`, given that of its rows at `indices`.

    Args:
        table: [n, ...].
        indices: int32 or int64, of any shape.
        grad: `indices.shape + table.shape[1:]`.
    """
    shape = table.get_shape()
    dense_shape: Any = array_ops.shape(table)
    if shape.is_fully_defined():
        rows: Any = [-1, *shape.as_list()[1:]]
        if 0 in shape.as_list()[1:]:
            rows = array_ops.concat(0, [[array_ops.size(indices)], shape.as_list()[1:]])
    else:
        rest = array_ops.slice(dense_shape, [1], [-1])
        rows = array_ops.concat(
            0, [array_ops.expand_dims(array_ops.size(indices), 0), rest]
        )
    values = array_ops.reshape(grad, rows)
    return IndexedSlices(values, array_ops.reshape(indices, [-1]), dense_shape)


def _rows_gradient(op, grad):
    # As of one lookup for each step: the last one comes first.
    ids = op._attrs["_looked_up"]
    last_first = [True] + [False] * (ids.get_shape().ndims - 1)
    turned = last_first + [False] * (grad.get_shape().ndims - len(last_first))
    return [
        slices_of_rows(
            op._inputs[0],
            array_ops.reverse(ids, last_first),
            array_ops.reverse(grad, turned),
        ),
        None,
    ]


@op(
    "RowsInLoop",
    facts=OpFacts(
        "RowsInLoop",
        inputs=(
            ArgFacts("table", type_attr="T"),
            ArgFacts("shape", dtype=dtypes.int32),
        ),
        outputs=(ArgFacts("rows", type_attr="T"),),
        attrs=(AttrFacts("T", "type"),),
        in_r09=False,
    ),
    gradient=_rows_gradient,
    shape=lambda op: [constant_value_as_shape(op._inputs[1])],
    shape_only=True,
)
def _rows_in_loop(table: Array, shape: Static):
    return jnp.zeros(tuple(shape.tolist()), table.dtype)


def rows_in_loop(table: Any, steps: int, like: Tensor) -> Tensor | None:
    """Zeros to add to what each step of a loop looks up in `table`.

    The lookups themselves must not be differentiated. When the loop is made, its
    indices are given to `set_looked_up`.

    Args:
        table: a variable or tensor [n, ...].
        steps: how many steps there are.
        like: [batch, ...]: there are as many lookups in each step.

    Returns:
        [steps, batch, ...]; None inside a branch or loop, where the table's gradient is
        dense anyway.
    """
    table = ops.convert_to_tensor(table)
    if ops.get_default_graph()._control_flow_context is not None:
        return None
    if table.get_shape().ndims is None or like.get_shape().ndims is None:
        return None
    batch = like.get_shape()[0].value
    sizes = [
        steps,
        array_ops.shape(like)[0] if batch is None else batch,
        *table.get_shape().as_list()[1:],
    ]
    return None if None in sizes[2:] else _rows_in_loop(table, array_ops.pack(sizes))


def set_looked_up(rows: Tensor, ids: Tensor) -> None:
    """Tells which rows of the table a loop has looked up: integers [steps, batch]."""
    rows.op._attrs["_looked_up"] = ids
