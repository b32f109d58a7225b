"""Slots: variables that belong to other variables, of the same shape and place."""

from __future__ import annotations

from tfstyle.framework import ops
from tfstyle.ops import array_ops, variables

__all__ = ["create_slot", "create_zeros_slot"]


def create_slot(primary, val, name, colocate_with_primary=True):
    """Makes a variable that is not trained, named after another one.

    Args:
        primary: the Variable (or Tensor) it belongs to.
        val: its initial value, a Tensor.
        name: what to put after the name of `primary`, made unique.
        colocate_with_primary: whether to place it with `primary`.

    Returns:
        A Variable called `<primary>/<name>`.
    """
    with ops.name_scope(f"{primary.op.name}/{name}") as scope:
        if colocate_with_primary:
            with ops.colocate_with(primary.op):
                return _make(primary, val, scope)
        return _make(primary, val, scope)


def create_zeros_slot(primary, name, dtype=None, colocate_with_primary=True):
    """Makes a slot of zeros; see `create_slot`.

    Args:
        primary: the Variable (or Tensor) it belongs to.
        name: what to put after the name of `primary`.
        dtype: element type; default: that of `primary`.
        colocate_with_primary: whether to place it with `primary`.
    """
    if dtype is None:
        dtype = primary.dtype.base_dtype
    shape = primary.get_shape().as_list()
    return create_slot(
        primary, array_ops.zeros(shape, dtype), name, colocate_with_primary
    )


def _make(primary, val, scope):
    slot = variables.Variable(val, trainable=False, name=scope)
    info = getattr(primary, "_save_slice_info", None)
    if info is not None:
        # A slot of a slice is a slice of the slot of the whole.
        own_name = slot.op.name[len(primary.op.name) :]
        slot._set_save_slice_info(
            variables.Variable.SaveSliceInfo(
                info.full_name + own_name,
                info.full_shape,
                info.var_offset,
                info.var_shape,
            )
        )
    return slot
