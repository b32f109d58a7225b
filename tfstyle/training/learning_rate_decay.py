"""Learning rates that fall with the number of steps."""

from __future__ import annotations

from tfstyle.framework import ops
from tfstyle.ops import array_ops, math_ops

__all__ = ["exponential_decay", "piecewise_constant"]


def exponential_decay(
    learning_rate, global_step, decay_steps, decay_rate, staircase=False, name=None
):
    """`learning_rate * decay_rate ** (global_step / decay_steps)`.

    Args:
        learning_rate: a float or a scalar float Tensor, the rate at step 0.
        global_step: an integer, scalar Tensor or Variable.
        decay_steps: number of steps in which the rate is multiplied by `decay_rate`.
        decay_rate: a float or a scalar Tensor.
        staircase: whether the exponent is rounded down, so that the rate falls once
            in `decay_steps` steps.
        name: name of the operation, default "ExponentialDecay".

    Returns:
        A scalar Tensor of the dtype of `learning_rate`.

    Raises:
        ValueError: when `global_step` is None.
    """
    if global_step is None:
        raise ValueError("global_step is required for exponential_decay.")
    values = [learning_rate, global_step, decay_steps, decay_rate]
    with ops.op_scope(values, name, "ExponentialDecay") as scope:
        rate = ops.convert_to_tensor(learning_rate, name="learning_rate")
        step, steps, factor = (
            math_ops.cast(value, rate.dtype)
            for value in (global_step, decay_steps, decay_rate)
        )
        exponent = step / steps
        if staircase:
            exponent = math_ops.floor(exponent)
        return math_ops.mul(rate, math_ops.pow(factor, exponent), name=scope)


def piecewise_constant(x, boundaries, values, name=None):
    """A value for each interval of the number of steps.

    Args:
        x: a scalar Tensor or Variable: the number of steps.
        boundaries: increasing numbers of the dtype of `x` (integers also for a float
            `x`).
        values: one more value than boundaries: `values[0]` where
            `x <= boundaries[0]`, `values[1]` up to `boundaries[1]`, … .
        name: name of the operation, default "PiecewiseConstant".

    Returns:
        A scalar Tensor of the dtype of `values`.

    Raises:
        ValueError: when the numbers of boundaries and values do not fit, or dtypes
            differ.
    """
    if len(values) != len(boundaries) + 1:
        raise ValueError(
            "There must be one more value than boundaries, but there are "
            f"{len(values)} values and {len(boundaries)} boundaries."
        )
    with ops.op_scope([x, *boundaries, *values], name, "PiecewiseConstant") as scope:
        x = ops.convert_to_tensor(x)
        boundaries = [ops.convert_to_tensor(b) for b in boundaries]
        for boundary in boundaries:
            if boundary.dtype != x.dtype.base_dtype:
                raise ValueError(
                    f"Boundaries ({boundary.dtype!r}) must have the same dtype as x "
                    f"({x.dtype.base_dtype!r})."
                )
        values = [ops.convert_to_tensor(v) for v in values]
        for value in values[1:]:
            if value.dtype != values[0].dtype:
                raise ValueError(
                    f"Values must have elements all with the same dtype "
                    f"({values[0].dtype!r} vs {value.dtype!r})."
                )
        passed = [math_ops.to_int32(math_ops.greater(x, b)) for b in boundaries]
        place = math_ops.add_n(passed) if passed else 0
        return array_ops.gather(array_ops.pack(values), place, name=scope)
