"""`py_func`: a Python function as an operation."""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from tfstyle.framework import common_shapes, dtypes, ops
from tfstyle.framework.errors import (
    InternalError,
    InvalidArgumentError,
    UnimplementedError,
)
from tfstyle.framework.op_def import Array, op

__all__ = ["py_func"]

_lock = threading.Lock()
_count = itertools.count()
_functions: dict[str, Callable[..., Any]] = {}


@op("PyFunc", host=True, gradient=None, shape=common_shapes.unknown)
def _py_func(input: list[Array], token, Tin, Tout):
    try:
        results = _functions[token](*input)
    except Exception as error:
        raise InternalError(
            None,
            None,
            f"Failed to run py callback {token}: {type(error).__name__}: {error}",
        ) from error
    if not isinstance(results, (list, tuple)):
        results = [] if results is None and not Tout else [results]
    if len(results) != len(Tout):
        raise InvalidArgumentError(
            None,
            None,
            f"{token} returns {len(results)} values, but expects to see {len(Tout)} "
            "values.",
        )
    return [
        _checked(token, i, r, t)
        for i, (r, t) in enumerate(zip(results, Tout, strict=True))
    ]


def _checked(token: str, index: int, result: Any, dtype: dtypes.DType) -> np.ndarray:
    """The result as an array of its declared type; Python numbers may be converted."""
    if dtype == dtypes.string:
        array = np.array(result, dtype=object)
        encoded = [s.encode() if isinstance(s, str) else s for s in array.ravel()]
        flat = np.empty(len(encoded), object)
        flat[:] = encoded
        return flat.reshape(array.shape)
    array = np.asarray(result)
    wanted = np.dtype(dtype.as_numpy_dtype)
    if array.dtype != wanted:
        if isinstance(result, (np.ndarray, np.generic)):
            try:
                found = dtypes.as_dtype(array.dtype).name
            except TypeError:
                raise UnimplementedError(
                    None, None, f"Unsupported numpy type {array.dtype}"
                ) from None
            raise InvalidArgumentError(
                None,
                None,
                f"{index}-th value returned by {token} is {found}, but expects "
                f"{dtype.name}",
            )
        array = array.astype(wanted)
    return array


def py_func(func, inp, Tout, name=None):
    """Calls `func` with NumPy arrays when the graph runs.

    Args:
        func: a function of arrays that returns an array or a list of arrays.
        inp: the tensors it is called with.
        Tout: dtype of each result; one dtype for a function with one result.
        name: name of the operation.

    Returns:
        A list of tensors; one tensor when `Tout` is one dtype. Their shapes are
        unknown.

    Raises:
        tf.errors.InternalError: in a run, when `func` raises; its error is the cause.

    The function runs on the host, between compiled steps. No gradient flows through it
    unless a `gradient_override_map` gives `PyFunc` one.
    """
    many = isinstance(Tout, (list, tuple))
    types = [dtypes.as_dtype(t) for t in (Tout if many else [Tout])]
    with _lock:
        token = f"pyfunc_{next(_count)}"
        _functions[token] = func
        # The function lives as long as the graph that calls it.
        weakref.finalize(ops.get_default_graph(), _functions.pop, token, None)
    with ops.op_scope(list(inp), name, "PyFunc") as scope:
        result = _py_func(list(inp), token=token, Tout=types, name=scope)
    return result if many else result[0]
