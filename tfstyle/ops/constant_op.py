"""Constants, and the conversion of Python values to tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfstyle.framework import dtypes, tensor_shape
from tfstyle.framework.conversion import register_tensor_conversion_function
from tfstyle.framework.defaults import get_default_graph
from tfstyle.framework.op_def import op
from tfstyle.framework.tensor import Tensor
from tfstyle.framework.tensor_util import make_array

__all__ = ["constant"]


@op("Const", gradient=None, shape=lambda op: [op.get_attr("value").shape])
def _const(value, dtype):
    return value


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const"):
    """A constant tensor.

    Args:
        value: a Python number, string, nested list of these, or a NumPy array.
        dtype: element type; default: float32 for Python floats, int32 for Python
            integers, the array's own otherwise.
        shape: shape of the result; `value` fills it and its last element is repeated.
        name: name of the operation.

    Returns:
        A Tensor of `dtype` and `shape`.

    Raises:
        TypeError: when a value is not of `dtype`.
        ValueError: when there are more values than `shape` holds.
    """
    array = make_array(value, None if dtype is None else dtypes.as_dtype(dtype), shape)
    if array is value:
        # The caller may go on writing into its own array.
        array = array.copy()
    dtype = dtypes.as_dtype(array.dtype)
    return (
        get_default_graph()
        .create_op(
            "Const", [], [dtype], name=name, attrs={"value": array, "dtype": dtype}
        )
        .outputs[0]
    )


def _to_tensor(value, dtype=None, name=None, as_ref=False) -> Tensor:
    del as_ref
    return constant(value, dtype, name=name or "Const")


def _shape_to_tensor(value, dtype=None, name=None, as_ref=False) -> Tensor:
    del as_ref
    if not value.is_fully_defined():
        raise ValueError(
            f"Cannot convert a partially known TensorShape to a Tensor: {value}"
        )
    dims = value.as_list()
    if dtype is None:
        dtype = dtypes.int32
    elif dtype not in (dtypes.int32, dtypes.int64):
        raise TypeError(f"Cannot convert a TensorShape to dtype: {dtype}")
    return constant(np.array(dims, np.int64), dtype, name=name or "shape_as_tensor")


def _dimension_to_tensor(value, dtype=None, name=None, as_ref=False) -> Tensor:
    del as_ref
    if value.value is None:
        raise ValueError(f"Cannot convert an unknown Dimension to a Tensor: {value}")
    if dtype is None:
        dtype = dtypes.int32
    elif dtype not in (dtypes.int32, dtypes.int64):
        raise TypeError(f"Cannot convert a Dimension to dtype: {dtype}")
    return constant(value.value, dtype, name=name or "shape_as_tensor")


def _has_tensor(value) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_has_tensor(item) for item in value)
    return isinstance(value, Tensor) or hasattr(value, "_as_graph_element")


def _check_dtypes(value, dtype) -> None:
    """Raises TypeError when a list holds a tensor of another dtype than `dtype`."""
    if isinstance(value, (list, tuple)):
        for item in value:
            _check_dtypes(item, dtype)
    elif isinstance(value, Tensor) and dtype and value.dtype.base_dtype != dtype:
        raise TypeError(
            f"Cannot convert a list containing a tensor of dtype {value.dtype} to "
            f"{dtype} (Tensor is: {value!r})"
        )


def _list_to_tensor(value, dtype=None, name=None, as_ref=False) -> Any:
    """A list that holds tensors is packed; other lists are constants."""
    del as_ref
    if not _has_tensor(value):
        return NotImplemented
    from tfstyle.framework.conversion import convert_to_tensor
    from tfstyle.framework.op_def import declaration_of

    if dtype is None:
        dtype = next((v.dtype.base_dtype for v in value if hasattr(v, "dtype")), None)
    _check_dtypes(value, dtype)
    parts = [convert_to_tensor(v, dtype) for v in value]
    pack = declaration_of("Pack")
    assert pack is not None
    assert pack.public is not None
    return pack.public(parts, name=name or "packed")


register_tensor_conversion_function((list, tuple), _list_to_tensor, 99)
register_tensor_conversion_function(tensor_shape.TensorShape, _shape_to_tensor, 100)
register_tensor_conversion_function(tensor_shape.Dimension, _dimension_to_tensor, 100)
# Anything else is a constant too, or the error says why it is none.
register_tensor_conversion_function(object, _to_tensor, 200)
