"""Keeping tensors within bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfstyle.framework import dtypes, ops
from tfstyle.ops import array_ops, math_ops
from tfstyle.ops.constant_op import constant
from tfstyle.ops.shape_ops import made_by

__all__ = [
    "clip_by_average_norm",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "global_norm",
]


def clip_by_value(t, clip_value_min, clip_value_max, name=None):
    """The elements of `t`, cut off at a smallest and a largest value.

    Args:
        t: real numbers.
        clip_value_min: a scalar of the same dtype.
        clip_value_max: a scalar of the same dtype.
        name: name of the operation.

    Returns:
        A Tensor like `t`.
    """
    with ops.op_scope([t, clip_value_min, clip_value_max], name, "clip_by_value") as s:
        t = ops.convert_to_tensor(t, name="t")
        below = math_ops.minimum(t, clip_value_max)
        return math_ops.maximum(below, clip_value_min, name=s)


def _over(clip_norm: Any, dtype: Any) -> Any:
    """`1 / clip_norm`, in the graph only when `clip_norm` is."""
    if hasattr(clip_norm, "graph"):
        return constant(1.0, dtype) / clip_norm
    return constant(1.0 / clip_norm, dtype)


def clip_by_norm(t, clip_norm, name=None, axes=None):
    """`t`, scaled down if its L2 norm is larger than `clip_norm`.

    Args:
        t: floats.
        clip_norm: a number above 0 (or, as in later releases, a scalar Tensor).
        name: name of the operation.
        axes: dimensions over which the norms are taken; default: all, for one norm of
            the whole tensor (argument of later releases, where it is the third).

    Returns:
        A Tensor like `t`.
    """
    if name is not None and not isinstance(name, str):
        axes, name = name, axes
    with ops.op_scope([t, clip_norm], name, "clip_by_norm") as scope:
        t = ops.convert_to_tensor(t, name="t")
        squares = math_ops.reduce_sum(t * t, axes, keep_dims=axes is not None)
        inverse = math_ops.rsqrt(squares)
        factor = math_ops.minimum(inverse, _over(clip_norm, t.dtype.base_dtype))
        return array_ops.identity(t * clip_norm * factor, name=scope)


def clip_by_average_norm(t, clip_norm, name=None):
    """`t`, scaled down if its L2 norm per element is larger than `clip_norm`.

    Args:
        t: float32, of any shape.
        clip_norm: a number above 0 (or, as in later releases, a scalar Tensor).
        name: name of the operation.

    Returns:
        A Tensor like `t`.
    """
    with ops.op_scope([t, clip_norm], name, "clip_by_average_norm") as scope:
        t = ops.convert_to_tensor(t, name="t")
        count = math_ops.cast(array_ops.size(t), dtypes.float32)
        inverse = math_ops.rsqrt(math_ops.reduce_sum(t * t))
        factor = math_ops.minimum(inverse * count, _over(clip_norm, dtypes.float32))
        return array_ops.identity(t * clip_norm * factor, name=scope)


def _values(t_list: Any) -> list[Any]:
    """The tensors in a list: the rows of `IndexedSlices`, and None for None."""
    return [
        None
        if t is None
        else ops.convert_to_tensor(
            t.values if isinstance(t, ops.IndexedSlices) else t, name=f"t_{i}"
        )
        for i, t in enumerate(t_list)
    ]


def _listed(t_list: Any) -> list[Any]:
    if not isinstance(t_list, Sequence) or isinstance(t_list, (str, bytes)):
        raise TypeError("t_list should be a sequence")
    return list(t_list)


def global_norm(t_list, name=None):
    """The L2 norm of all tensors of a list taken together.

    Args:
        t_list: a list of Tensors, `IndexedSlices` and None (which is left out).
        name: name of the operation.

    Returns:
        A scalar Tensor.

    Raises:
        TypeError: when `t_list` is no sequence.
    """
    t_list = _listed(t_list)
    with ops.op_scope(t_list, name, "global_norm"):
        halves = []
        for value in _values(t_list):
            if value is not None:
                with ops.colocate_with(value):
                    halves.append(made_by("L2Loss")(value))
        packed = array_ops.pack(halves) if halves else constant([], dtypes.float32)
        total = math_ops.reduce_sum(packed)
        two = constant(2.0, total.dtype)
        return math_ops.sqrt(total * two, name="global_norm")


def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """Tensors, scaled down together if their global norm is larger than `clip_norm`.

    This is how gradients of recurrent networks are clipped; see Pascanu et al., "On the
    difficulty of training recurrent neural networks", 2012.

    Args:
        t_list: a list of Tensors, `IndexedSlices` and None.
        clip_norm: a number above 0 (or, as in later releases, a scalar Tensor).
        use_norm: the global norm, if it is known already.
        name: name of the operation.

    Returns:
        (the list of clipped tensors, with None where `t_list` has it; the global norm).

    Raises:
        TypeError: when `t_list` is no sequence.
    """
    t_list = _listed(t_list)
    if use_norm is None:
        use_norm = global_norm(t_list, name)
    with ops.op_scope([*t_list, clip_norm], name, "clip_by_global_norm") as scope:
        use_norm = ops.convert_to_tensor(use_norm, name="use_norm")
        inverse = 1.0 / use_norm
        factor = math_ops.minimum(inverse, _over(clip_norm, use_norm.dtype.base_dtype))
        scale = clip_norm * factor
        clipped: list[Any] = []
        for i, (t, value) in enumerate(zip(t_list, _values(t_list), strict=True)):
            if value is None:
                clipped.append(None)
                continue
            with ops.colocate_with(value):
                value = array_ops.identity(value * scale, name=f"{scope}_{i}")
            if isinstance(t, ops.IndexedSlices):
                value = ops.IndexedSlices(value, t.indices, t.dense_shape)
            clipped.append(value)
    return clipped, use_norm
