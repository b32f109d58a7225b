"""Functions made of several operations."""

from __future__ import annotations

import jax.numpy as jnp

from tfstyle.framework import ops
from tfstyle.framework.op_def import Array, op
from tfstyle.framework.op_table import ArgFacts, AttrFacts, OpFacts
from tfstyle.ops import check_ops, math_ops
from tfstyle.ops.control_flow_ops import with_dependencies

__all__ = ["einsum", "lbeta"]


def lbeta(x, name="lbeta"):
    """The logarithm of |Beta(x)|, along the last dimension.

    Beta(z) is the product of all Gamma(z[i]) over Gamma of the sum of z.

    Args:
        x: [..., n], floats, n at least 1.
        name: name scope.

    Returns:
        A Tensor [...] of the dtype of `x`.

    Raises:
        ValueError: when `x` is a scalar, or empty.
    """
    with ops.op_scope([x], name):
        x = ops.convert_to_tensor(x, name="x")
        x = with_dependencies([check_ops.assert_rank_at_least(x, 1)], x)
        if x.get_shape().num_elements() == 0:
            raise ValueError(f"lbeta: `x` must not be empty, got shape {x.get_shape()}")
        logs = math_ops.reduce_sum(math_ops.lgamma(x), [-1])
        return logs - math_ops.lgamma(math_ops.reduce_sum(x, [-1]))


@op(
    "Einsum",
    # TensorFlow's own op of this name came with 1.15.
    facts=OpFacts(
        "Einsum",
        (ArgFacts("inputs", type_attr="T", number_attr="N"),),
        (ArgFacts("output", type_attr="T"),),
        (
            AttrFacts("equation", "string"),
            AttrFacts("N", "int", minimum=1),
            AttrFacts("T", "type"),
        ),
        in_r09=False,
    ),
)
def _einsum(inputs: list[Array], equation):
    return jnp.einsum(equation, *inputs)


def einsum(equation, *inputs, name=None):
    """A sum of products given by an equation (of later releases).

    Args:
        equation: such as `"ij,jk->ik"`; without `->` the indices that occur once, in
            alphabetical order, are those of the result.
        *inputs: tensors of one dtype, one for each group of indices.
        name: name of the operation.

    Returns:
        A Tensor.

    Raises:
        ValueError: when the equation does not fit the inputs.
    """
    groups = equation.split("->")[0].split(",")
    if len(groups) != len(inputs):
        raise ValueError(
            f'Got {len(inputs)} arguments for equation "{equation}", expecting '
            f"{len(groups)}"
        )
    return _einsum(list(inputs), equation, name=name)
