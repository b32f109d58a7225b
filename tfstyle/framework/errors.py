"""`tf.errors`: the exceptions that running a graph raises, and their codes."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

__all__ = [
    "ABORTED",
    "ALREADY_EXISTS",
    "CANCELLED",
    "DATA_LOSS",
    "DEADLINE_EXCEEDED",
    "FAILED_PRECONDITION",
    "INTERNAL",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "OK",
    "OUT_OF_RANGE",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "UNAUTHENTICATED",
    "UNAVAILABLE",
    "UNIMPLEMENTED",
    "UNKNOWN",
    "AbortedError",
    "AlreadyExistsError",
    "CancelledError",
    "DataLossError",
    "DeadlineExceededError",
    "FailedPreconditionError",
    "InternalError",
    "InvalidArgumentError",
    "NotFoundError",
    "OpError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "ResourceExhaustedError",
    "Status",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "UnknownError",
    "error_code_from_exception_type",
    "exception_type_from_error_code",
    "make_error",
    "raise_exception_on_not_ok_status",
]

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


class OpError(Exception):
    """A failure of an operation while a graph runs; the base of all of `tf.errors`.

    Printed, it gives the message and, where the operation is known, the lines of the
    program that made it.
    """

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int) -> None:
        """Makes the error.

        Args:
            node_def: the `NodeDef` of the failed operation, or None; it defaults to
                that of `op`.
            op: the failed `Operation`, or None if it is not known.
            message: what happened.
            error_code: one of the codes of this module.
        """
        super().__init__(message)
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = error_code

    @property
    def message(self) -> str:
        """What happened, without where."""
        return self._message

    @property
    def op(self) -> Any:
        """The failed `Operation`, or None if it is not known."""
        return self._op

    @property
    def node_def(self) -> Any:
        """The `NodeDef` of the failed operation, or None if it is not known."""
        if self._node_def is None and self._op is not None:
            return self._op.node_def
        return self._node_def

    @property
    def error_code(self) -> int:
        """The code of the kind of error."""
        return self._error_code

    def __str__(self) -> str:
        if self._op is None:
            return self._message
        lines = [f"{self._message}\n\nCaused by op {self._op.name!r}, defined at:\n"]
        lines += traceback.format_list(self._op.traceback)
        origin = self._op._original_op
        while origin is not None:
            lines.append(
                "\n...which was originally created as op "
                f"{origin.name!r}, defined at:\n"
            )
            lines += traceback.format_list(origin.traceback)
            origin = origin._original_op
        kind = type(self).__name__
        lines.append(f"\n{kind} (see above for traceback): {self._message}\n")
        return "".join(lines)


class _ErrorOfOneCode(OpError):
    """An error whose class decides its code."""

    _code: ClassVar[int]

    def __init__(self, node_def: Any, op: Any, message: str) -> None:
        super().__init__(node_def, op, message, self._code)


class CancelledError(_ErrorOfOneCode):
    """The operation was cancelled: its queue or its session was closed."""

    _code = CANCELLED


class UnknownError(OpError):
    """A failure that fits no other class."""

    def __init__(
        self, node_def: Any, op: Any, message: str, error_code: int = UNKNOWN
    ) -> None:
        super().__init__(node_def, op, message, error_code)


class InvalidArgumentError(_ErrorOfOneCode):
    """An operation received a value, shape or type that it cannot work with."""

    _code = INVALID_ARGUMENT


class DeadlineExceededError(_ErrorOfOneCode):
    """The run took longer than its time limit."""

    _code = DEADLINE_EXCEEDED


class NotFoundError(_ErrorOfOneCode):
    """Something asked for, such as a file or a saved tensor, is not there."""

    _code = NOT_FOUND


class AlreadyExistsError(_ErrorOfOneCode):
    """Something that was to be made is there already."""

    _code = ALREADY_EXISTS


class PermissionDeniedError(_ErrorOfOneCode):
    """The program may not do this, such as read a protected file."""

    _code = PERMISSION_DENIED


class UnauthenticatedError(_ErrorOfOneCode):
    """The caller has not shown who it is."""

    _code = UNAUTHENTICATED


class ResourceExhaustedError(_ErrorOfOneCode):
    """Memory, disk space or another resource ran out."""

    _code = RESOURCE_EXHAUSTED


class FailedPreconditionError(_ErrorOfOneCode):
    """The state does not allow the operation: a variable is read before it is set."""

    _code = FAILED_PRECONDITION


class AbortedError(_ErrorOfOneCode):
    """The operation was given up because of what happened at the same time."""

    _code = ABORTED


class OutOfRangeError(_ErrorOfOneCode):
    """Reading went past the end; queues and readers end their input with it."""

    _code = OUT_OF_RANGE


class UnimplementedError(_ErrorOfOneCode):
    """The operation cannot do this for these types, or on this device."""

    _code = UNIMPLEMENTED


class InternalError(_ErrorOfOneCode):
    """Something the runtime relies on does not hold."""

    _code = INTERNAL


class UnavailableError(_ErrorOfOneCode):
    """The runtime cannot be reached now; trying again may help."""

    _code = UNAVAILABLE


class DataLossError(_ErrorOfOneCode):
    """Data is lost or corrupt, such as a truncated record file."""

    _code = DATA_LOSS


_CLASSES: dict[int, type[Any]] = {
    UNKNOWN: UnknownError,
    **{kind._code: kind for kind in _ErrorOfOneCode.__subclasses__()},
}
_CODES = {kind: code for code, kind in _CLASSES.items()}


def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """The class of errors with a code.

    Raises:
        KeyError: when no class has the code.
    """
    return _CLASSES[error_code]


def error_code_from_exception_type(exception_type: type[OpError]) -> int:
    """The code of a class of errors.

    Raises:
        KeyError: when it is not one of the classes of this module that have a code.
    """
    return _CODES[exception_type]


def make_error(node_def: Any, op: Any, message: str, error_code: int) -> OpError:
    """An error of the class its code calls for, `UnknownError` for unheard-of codes."""
    kind = _CLASSES.get(error_code)
    if kind is None:
        return UnknownError(node_def, op, message, error_code)
    error: OpError = kind(node_def, op, message)
    return error


class Status:
    """The outcome of a piece of work: a code and a message.

    Attributes:
        code: `OK`, or the code of an error.
        message: what happened.
    """

    __slots__ = ("code", "message")

    def __init__(self, code: int = OK, message: str = "") -> None:
        self.code = code
        self.message = message


@contextmanager
def raise_exception_on_not_ok_status() -> Iterator[Status]:
    """Yields a `Status` to fill in, and raises its error when the block ends.

    Raises:
        OpError: of the class of the status' code, unless that is `OK`.
    """
    status = Status()
    yield status
    if status.code != OK:
        raise make_error(None, None, status.message, status.code)
