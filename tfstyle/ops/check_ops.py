"""Assertions about tensors: some hold while the graph is built, others when it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfstyle.framework import dtypes, ops
from tfstyle.framework.constant_value import constant_value
from tfstyle.framework.sparse_tensor import SparseTensor
from tfstyle.framework.tensor import Tensor
from tfstyle.ops import array_ops, math_ops
from tfstyle.ops.control_flow_ops import no_op, with_dependencies
from tfstyle.ops.logging_ops import Assert

__all__ = [
    "assert_equal",
    "assert_greater",
    "assert_greater_equal",
    "assert_integer",
    "assert_less",
    "assert_less_equal",
    "assert_negative",
    "assert_non_negative",
    "assert_non_positive",
    "assert_positive",
    "assert_proper_iterable",
    "assert_rank",
    "assert_rank_at_least",
    "assert_type",
    "is_non_decreasing",
    "is_numeric_tensor",
    "is_strictly_increasing",
]


def assert_proper_iterable(values):
    """Raises TypeError unless `values` is iterable and neither a tensor nor text.

    Args:
        values: what is meant to be a list of arguments.

    Raises:
        TypeError: when it is a Tensor, a `SparseTensor`, an array, a string or not
            iterable.
    """
    if isinstance(values, (Tensor, SparseTensor, np.ndarray, str, bytes)):
        raise TypeError(
            'Expected argument "values" to be a "proper" iterable.  Found: '
            f"{type(values)}"
        )
    if not hasattr(values, "__iter__"):
        raise TypeError(
            f'Expected argument "values" to be iterable.  Found: {type(values)}'
        )


# -- comparisons ----------------------------------------------------------------

_TWO = """An operation that fails unless `x {sign} y` holds for all elements.

Args:
    x: numbers.
    y: a tensor of the same dtype; the two broadcast.
    data: a list of tensors to show in the error; default: `x` and `y`.
    summarize: how many elements of each to show; default: 3.
    name: name scope.
    message: text to show first in the error (argument of later releases).

Returns:
    The Operation. It raises `InvalidArgumentError` when it fails; it holds for empty
    tensors.
"""


def _comparison(name: str, sign: str, compare: Callable[..., Any]) -> Any:
    """The assertion `name`, that `compare(x, y)` holds everywhere."""

    def check(x, y, data=None, summarize=None, name=None, message=None):
        with ops.op_scope([x, y, *(data or ())], name, default_name):
            x = ops.convert_to_tensor(x, name="x")
            y = ops.convert_to_tensor(y, name="y")
            if data is None:
                text = f"Condition x {sign} y did not hold element-wise: x = "
                data = [text, x.name, x, "y = ", y.name, y]
                data = data if message is None else [message, *data]
            condition = math_ops.reduce_all(compare(x, y))
            return Assert(condition, data, summarize=summarize)

    default_name = name
    check.__name__ = check.__qualname__ = name
    check.__doc__ = _TWO.format(sign=sign)
    return check


assert_equal = _comparison("assert_equal", "==", math_ops.equal)
assert_less = _comparison("assert_less", "<", math_ops.less)
assert_less_equal = _comparison("assert_less_equal", "<=", math_ops.less_equal)
assert_greater = _comparison("assert_greater", ">", math_ops.greater)
assert_greater_equal = _comparison("assert_greater_equal", ">=", math_ops.greater_equal)

_ONE = """An operation that fails unless `x {sign} 0` holds for all elements.

Args:
    x: numbers.
    data: a list of tensors to show in the error; default: `x`.
    summarize: how many elements of each to show; default: 3.
    name: name scope.
    message: text to show first in the error (argument of later releases).

Returns:
    The Operation. It raises `InvalidArgumentError` when it fails; it holds for empty
    tensors.
"""


def _sign(
    name: str, sign: str, check_pair: Callable[..., Any], zero_first: bool
) -> Any:
    """The assertion `name`, that `x` compares with zero."""

    def check(x, data=None, summarize=None, name=None, message=None):
        with ops.op_scope([x, *(data or ())], name, default_name):
            x = ops.convert_to_tensor(x, name="x")
            if data is None:
                text = f"Condition x {sign} 0 did not hold element-wise: x = "
                data = [text, x.name, x]
                data = data if message is None else [message, *data]
            zero = ops.convert_to_tensor(0, x.dtype.base_dtype)
            pair = (zero, x) if zero_first else (x, zero)
            return check_pair(*pair, data=data, summarize=summarize)

    default_name = name
    check.__name__ = check.__qualname__ = name
    check.__doc__ = _ONE.format(sign=sign)
    return check


assert_negative = _sign("assert_negative", "<", assert_less, False)
assert_positive = _sign("assert_positive", ">", assert_less, True)
assert_non_negative = _sign("assert_non_negative", ">=", assert_less_equal, True)
assert_non_positive = _sign("assert_non_positive", "<=", assert_less_equal, False)

# -- ranks ----------------------------------------------------------------------


def _rank_assertion(name: str, words: str, at_least: bool) -> Any:
    """The assertion `name` about a rank, made now where the rank is known."""

    def check(x, rank, data=None, summarize=None, name=None, message=None):
        with ops.op_scope([x, *(data or ())], name, default_name):
            x = ops.convert_to_tensor(x, name="x")
            rank = ops.convert_to_tensor(rank, name="rank")
            assert_type(rank, dtypes.int32)
            wanted, known = constant_value(rank), x.get_shape().ndims
            if wanted is not None and wanted.ndim:
                raise ValueError("Rank must be a scalar")
            if wanted is not None and known is not None:
                if known < wanted or (known > wanted and not at_least):
                    text = "" if message is None else f"{message}.  "
                    raise ValueError(
                        f"{text}Tensor {x.name} must have {words} {wanted}.  Received "
                        f"rank {known}, shape {x.get_shape()}"
                    )
                return no_op(name="static_checks_determined_all_ok")
            if data is None:
                text = f"Tensor {x.name} must have {words}"
                data = [text, rank, "Received shape: ", array_ops.shape(x)]
                data = data if message is None else [message, *data]
            compare = math_ops.greater_equal if at_least else math_ops.equal
            condition = compare(array_ops.rank(x), rank)
            if wanted is None:
                text = "Rank must be a scalar. Received rank: "
                scalar = assert_rank(rank, 0, data=[text, rank])
                condition = with_dependencies([scalar], condition)
            return Assert(condition, data, summarize=summarize)

    default_name = name
    check.__name__ = check.__qualname__ = name
    check.__doc__ = _RANK.format(words=words)
    return check


_RANK = """An operation that fails unless `x` has {words} `rank`.

Args:
    x: any tensor.
    rank: scalar int32.
    data: a list of tensors to show in the error; default: rank and shape of `x`.
    summarize: how many elements of each to show; default: 3.
    name: name scope.
    message: text to show first in the error (argument of later releases).

Returns:
    The Operation; one that does nothing when the static shape settles it. It raises
    `InvalidArgumentError` when it fails.

Raises:
    ValueError: when the static shape shows that it fails.
"""
assert_rank = _rank_assertion("assert_rank", "rank", at_least=False)
assert_rank_at_least = _rank_assertion(
    "assert_rank_at_least", "rank at least", at_least=True
)

# -- dtypes ---------------------------------------------------------------------


def assert_integer(x, data=None, summarize=None, name=None, message=None):
    """Raises TypeError unless the elements of `x` are integers.

    Args:
        x: a tensor whose dtype is an integer type, quantized types aside.
        data: not needed, since the dtype is known.
        summarize: not needed, since the dtype is known.
        name: name scope.
        message: text to show first in the error (argument of later releases).

    Returns:
        An Operation that does nothing.

    Raises:
        TypeError: when it has another dtype.
    """
    del data, summarize
    with ops.op_scope([x], name, "assert_integer"):
        x = ops.convert_to_tensor(x, name="x")
        if not x.dtype.is_integer:
            text = "" if message is None else f"{message}  "
            raise TypeError(
                f'{text}Expected "x" to be integer type.  Found: {x.name} of dtype '
                f"{x.dtype}"
            )
        return no_op(name="statically_determined_was_integer")


def assert_type(tensor, tf_type, message=None, name=None):
    """Raises TypeError unless `tensor` has the dtype `tf_type`.

    Args:
        tensor: any tensor.
        tf_type: a dtype.
        message: text to show first in the error (argument of later releases).
        name: name scope (argument of later releases).

    Returns:
        An Operation that does nothing.

    Raises:
        TypeError: when it has another dtype.
    """
    with ops.op_scope([tensor], name, "assert_type"):
        tensor = ops.convert_to_tensor(tensor, name="tensor")
        if tensor.dtype != tf_type:
            text = "" if message is None else f"{message}  "
            raise TypeError(f"{text}{tensor.op.name} must be of type {tf_type}")
        return no_op(name="statically_determined_correct_type")


# Not in `__all__`, which `tf` takes over.
NUMERIC_TYPES = frozenset(
    (
        dtypes.float32,
        dtypes.float64,
        dtypes.int8,
        dtypes.int16,
        dtypes.int32,
        dtypes.int64,
        dtypes.uint8,
        dtypes.qint8,
        dtypes.qint32,
        dtypes.quint8,
        dtypes.complex64,
    )
)


def is_numeric_tensor(tensor):
    """Whether `tensor` is a Tensor of one of the `NUMERIC_TYPES`."""
    return isinstance(tensor, Tensor) and tensor.dtype in NUMERIC_TYPES


# -- order ----------------------------------------------------------------------


def _differences(x: Tensor) -> Any:
    """Each element of `x` minus the one before it, in row-major order.

    Raises:
        TypeError: when `x` is not numeric.
    """
    if not is_numeric_tensor(x):
        raise TypeError(f"Expected x to be numeric, instead found: {x}")
    x = array_ops.reshape(x, [-1])
    count = array_ops.size(x)
    # An empty tensor has no second element to begin with.
    first = array_ops.reshape(math_ops.minimum(count, 1), [1])
    rest = array_ops.reshape(math_ops.maximum(count - 1, 0), [1])
    return array_ops.slice(x, first, rest) - array_ops.slice(x, [0], rest)


def is_non_decreasing(x, name=None):
    """Whether no element of `x` is smaller than the one before it.

    Args:
        x: numbers, of any shape, taken in row-major order.
        name: name scope.

    Returns:
        A scalar bool Tensor; True for fewer than two elements.

    Raises:
        TypeError: when `x` is not numeric.
    """
    with ops.op_scope([x], name, "is_non_decreasing"):
        change = _differences(ops.convert_to_tensor(x, name="x"))
        zero = ops.convert_to_tensor(0, change.dtype)
        return math_ops.reduce_all(math_ops.less_equal(zero, change))


def is_strictly_increasing(x, name=None):
    """Whether every element of `x` is larger than the one before it.

    Args:
        x: numbers, of any shape, taken in row-major order.
        name: name scope.

    Returns:
        A scalar bool Tensor; True for fewer than two elements.

    Raises:
        TypeError: when `x` is not numeric.
    """
    with ops.op_scope([x], name, "is_strictly_increasing"):
        change = _differences(ops.convert_to_tensor(x, name="x"))
        zero = ops.convert_to_tensor(0, change.dtype)
        return math_ops.reduce_all(math_ops.less(zero, change))
