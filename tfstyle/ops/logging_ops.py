"""Printing values and asserting conditions while a graph runs."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from tfstyle.framework import common_shapes, errors
from tfstyle.framework.op_def import Array, op

__all__ = ["Assert", "Print"]

# -- values as text -------------------------------------------------------------


def _number(value: Any) -> str:
    """One element, in the digits that TensorFlow prints."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.bool_):
        return str(int(value))
    if isinstance(value, np.floating):
        few, all_ = (15, 17) if value.dtype.itemsize == 8 else (6, 9)
        text = f"{value:.{few}g}"
        return text if value.dtype.type(text) == value else f"{value:.{all_}g}"
    return str(value)


def summarized(array: np.ndarray, limit: int) -> str:
    """The first `limit` elements of an array, with brackets around each dimension.

    Args:
        array: any array.
        limit: how many elements; negative: all.
    """
    left = array.size if limit < 0 else limit

    def text(part: Any) -> str:
        nonlocal left
        if np.ndim(part) == 0:
            left -= 1
            return _number(part)
        pieces = []
        for item in part:
            if left <= 0:
                break
            pieces.append(text(item))
        return " ".join(pieces) if part.ndim == 1 else "".join(f"[{p}]" for p in pieces)

    body = text(array if array.ndim else array.reshape(1))
    more = "..." if 0 <= limit < array.size else ""
    return f"[{body}{more}]"


# -- the ops --------------------------------------------------------------------


@op("Assert", host=True, gradient=None)
def _assert(condition: Array, data: list[Array], summarize=None):
    if condition.ndim:
        raise errors.InvalidArgumentError(
            None,
            None,
            "Input 0 should be a scalar but has shape "
            f"[{','.join(map(str, condition.shape))}]",
        )
    if not condition:
        shown = " ".join(summarized(value, summarize) for value in data)
        raise errors.InvalidArgumentError(None, None, f"assertion failed: {shown}")


def Assert(condition, data, summarize=None, name=None):
    """An operation that fails when `condition` is False.

    Nothing runs it by itself: make what it guards depend on it, with
    `tf.control_dependencies`. A run in which it fails changes no variable.

    Args:
        condition: scalar bool.
        data: a list of tensors to show in the error.
        summarize: how many elements of each to show; default: 3.
        name: name of the operation.

    Returns:
        The Operation. It raises `InvalidArgumentError` when it fails.
    """
    return _assert(condition, data, summarize, name=name)


def _print_gradient(op, grad, *_):
    return [grad] + [None] * (len(op.inputs) - 1)


class _Countdown(int):
    """The attribute `first_n` of one operation, with how often it has printed."""

    printed = 0


@op(
    "Print",
    host=True,
    passes_on=True,
    gradient=_print_gradient,
    shape=common_shapes.first_input,
)
def _print(input: Array, data: list[Array], message=None, first_n=None, summarize=None):
    if first_n >= 0:
        if first_n.printed >= first_n:
            return input
        first_n.printed += 1
    text = message + "".join(summarized(value, summarize) for value in data)
    print(text, file=sys.stderr, flush=True)
    return input


def Print(input_, data, message=None, first_n=None, summarize=None, name=None):
    """`input_`, printing the values of `data` to stderr whenever it is computed.

    Args:
        input_: any tensor.
        data: a list of tensors to print.
        message: text to print before them.
        first_n: print only that many times; default: always.
        summarize: how many elements of each tensor to print; default: 3.
        name: name of the operation.

    Returns:
        A Tensor like `input_`, with its gradient.
    """
    result = _print(input_, data, message, first_n, summarize, name=name)
    result.op._attrs["first_n"] = _Countdown(result.op._attrs["first_n"])
    return result
