"""From a failure inside JAX to an error that names the operation of the program."""

from __future__ import annotations

from typing import Any

from tfstyle.framework import errors
from tfstyle.framework.tensor import Operation

__all__ = ["blamed", "uninitialized"]


def _describe(value: Any) -> str:
    dtype = getattr(value, "dtype", None)
    shape = getattr(value, "shape", None)
    if dtype is None or shape is None:
        return type(value).__name__
    return f"{dtype}[{','.join(str(d) for d in shape)}]"


def blamed(error: BaseException, op: Operation, values: Any = ()) -> errors.OpError:
    """The error to raise for `error`, which came from running `op` on `values`.

    Returns:
        `error` itself when it already names an operation, else a subclass of
        `tf.errors.OpError` with the operation, its input shapes and what was wrong.
    """
    if isinstance(error, errors.OpError):
        if error.op is None:
            return errors.make_error(None, op, error.message, error.error_code)
        return error
    shapes = ", ".join(_describe(v) for v in values)
    text = str(error).strip().split("\n\n")[0]
    where = f"\n\t [[Node: {op.name} = {op.type}({shapes})]]"
    if isinstance(error, (ValueError, TypeError, IndexError, OverflowError)):
        return errors.InvalidArgumentError(None, op, text + where)
    if isinstance(error, NotImplementedError):
        return errors.UnimplementedError(None, op, text + where)
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in text:
        return errors.ResourceExhaustedError(None, op, text + where)
    return errors.InternalError(None, op, f"{type(error).__name__}: {text}{where}")


def uninitialized(variable: Operation) -> errors.OpError:
    """The error for reading a variable that has no value yet."""
    return errors.FailedPreconditionError(
        None,
        variable,
        f"Attempting to use uninitialized value {variable.name}\n\t [[Node: "
        f"{variable.name} = {variable.type}()]]",
    )
