"""Looking for infinities and NaNs."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfstyle.framework import common_shapes, dtypes, errors, ops
from tfstyle.framework.op_def import Array, op
from tfstyle.ops.control_flow_ops import group, with_dependencies

__all__ = ["add_check_numerics_ops", "check_numerics", "verify_tensor_all_finite"]


def _check_gradient(op, grad):
    return check_numerics(
        grad, "Not a number (NaN) or infinity (Inf) values detected in gradient."
    )


@op(
    "CheckNumerics",
    host=True,
    gradient=_check_gradient,
    shape=common_shapes.first_input,
)
def check_numerics(tensor: Array, message):
    """`tensor`, unless it holds an infinity or NaN.

    A run in which it does changes no variable: the check is made before they are
    written.

    Args:
        tensor: floats.
        message: what the error says first.

    Returns:
        A Tensor like `tensor`. Evaluating it raises `InvalidArgumentError` when an
        element is not finite; so does its gradient.
    """
    found = [
        word
        for word, wrong in (("Inf", np.isinf(tensor)), ("NaN", np.isnan(tensor)))
        if wrong.any()
    ]
    if found:
        raise errors.InvalidArgumentError(
            None, None, f"{message} : Tensor had {' and '.join(found)} values"
        )
    return tensor


def verify_tensor_all_finite(t, msg, name=None):
    """`t`, unless it holds an infinity or NaN.

    Args:
        t: floats.
        msg: what the error says first.
        name: name of the operation.

    Returns:
        A Tensor like `t`. Evaluating it raises `InvalidArgumentError` when an element
        is not finite.
    """
    with ops.op_scope([t], name, "VerifyFinite") as scope:
        t = ops.convert_to_tensor(t, name="t")
        with ops.colocate_with(t):
            checked = check_numerics(t, msg)
            return with_dependencies([checked], t, name=scope)


def add_check_numerics_ops():
    """Checks every float tensor of the default graph, in the order they were made.

    Returns:
        An Operation that runs all the checks; the first that fails names its tensor.
    """
    checks: list[Any] = []
    for operation in list(ops.get_default_graph().get_operations()):
        for output in operation.outputs:
            if output.dtype in (dtypes.float32, dtypes.float64):
                with ops.control_dependencies(checks[-1:]):
                    message = f"{operation.name}:{output.value_index}"
                    checks.append(check_numerics(output, message))
    return group(*checks[-1:])
