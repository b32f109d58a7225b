"""Penalties on the size of weights."""

from __future__ import annotations

import numbers

from tfstyle.framework import ops
from tfstyle.ops import math_ops, nn
from tfstyle.platform import tf_logging as logging

__all__ = [
    "apply_regularization",
    "l1_regularizer",
    "l2_regularizer",
    "sum_regularizer",
]


def _regularizer(scale, name_of_scope, penalty):
    """A function `(weights, name=None)` that returns `scale * penalty(weights)`."""
    if isinstance(scale, numbers.Integral):
        raise ValueError(f"scale cannot be an integer: {scale}")
    if isinstance(scale, numbers.Real):
        if scale < 0.0:
            raise ValueError(f"Setting a scale less than 0 on a regularizer: {scale:g}")
        if scale == 0.0:
            logging.info("Scale of 0 disables regularizer.")
            return lambda weights, name=None: None

    def regularizer(weights, name=None):
        with ops.op_scope([weights], name, name_of_scope) as name:
            factor = ops.convert_to_tensor(
                scale, dtype=weights.dtype.base_dtype, name="scale"
            )
            return math_ops.mul(factor, penalty(weights), name=name)

    return regularizer


def l1_regularizer(scale):
    """A regularizer that pulls weights to 0, many of them all the way.

    Args:
        scale: the factor of the sum of absolute values, a float or a scalar tensor; 0.0
            turns the regularizer off.

    Returns:
        A function `(weights, name=None)` that returns a scalar, or None for a scale of
        0.0.

    Raises:
        ValueError: when `scale` is an integer, or negative.
    """
    return _regularizer(
        scale, "l1_regularizer", lambda w: math_ops.reduce_sum(math_ops.abs(w))
    )


def l2_regularizer(scale):
    """A regularizer that keeps weights small ("weight decay").

    Args:
        scale: the factor of half the sum of squares, a float or a scalar tensor; 0.0
            turns the regularizer off.

    Returns:
        A function `(weights, name=None)` that returns a scalar, or None for a scale of
        0.0.

    Raises:
        ValueError: when `scale` is an integer, or negative.
    """
    return _regularizer(scale, "l2_regularizer", nn.l2_loss)


def sum_regularizer(regularizer_list):
    """A regularizer that is the sum of others.

    Args:
        regularizer_list: regularizers; None stands for none.

    Returns:
        A function `(weights, name=None)` that returns a scalar; None when there is no
        regularizer in the list.
    """
    regularizers = [r for r in regularizer_list if r is not None]
    if not regularizers:
        return None

    def regularizer(weights, name=None):
        with ops.op_scope([weights], name, "sum_regularizer") as name:
            penalties = [r(weights) for r in regularizers]
            penalties = [p for p in penalties if p is not None]
            return math_ops.add_n(penalties, name=name) if penalties else None

    return regularizer


def apply_regularization(regularizer, weights_list=None):
    """The sum of the penalties of several weights, which joins the losses.

    It is added to the collection `GraphKeys.REGULARIZATION_LOSSES`.

    Args:
        regularizer: a function `(weights)` that returns a scalar.
        weights_list: the weights; default: the collection `GraphKeys.WEIGHTS`.

    Returns:
        A scalar.

    Raises:
        ValueError: when there are no weights, or `regularizer` returns no scalar.
    """
    if not weights_list:
        weights_list = ops.get_collection(ops.GraphKeys.WEIGHTS)
    if not weights_list:
        raise ValueError("No weights to regularize.")
    with ops.op_scope(weights_list, None, "get_regularization_penalty") as scope:
        penalties = [regularizer(weights) for weights in weights_list]
        for penalty in penalties:
            rank = penalty.get_shape().ndims
            if rank != 0:
                raise ValueError(
                    "regularizer must return a scalar Tensor instead of a Tensor with "
                    f"rank {rank}."
                )
        total = math_ops.add_n(penalties, name=scope)
        ops.add_to_collection(ops.GraphKeys.REGULARIZATION_LOSSES, total)
        return total
