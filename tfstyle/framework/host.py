"""Which operations work on NumPy values, apart from what is compiled."""

from __future__ import annotations

from collections.abc import Sequence

from tfstyle.framework import dtypes
from tfstyle.framework.tensor import Operation, Tensor

__all__ = ["are_strings", "is_host"]


def is_host(op: Operation) -> bool:
    """Whether `op` works on NumPy values: it says so, or it handles strings.

    Of an operation with bodies these decide; it is never one here.
    """
    declaration = op._declaration
    if declaration is None or declaration.structural:
        return False
    return declaration.host or are_strings(op._inputs, op._outputs)


def are_strings(*lists: Sequence[Tensor]) -> bool:
    """Whether there is a string among the tensors in `lists`."""
    for tensors in lists:
        for tensor in tensors:
            if tensor._dtype.base_dtype is dtypes.string:
                return True
    return False
