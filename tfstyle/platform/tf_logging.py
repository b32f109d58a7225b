"""Logging through the logger `tensorflow` of Python's `logging`.

Messages go to standard error, in an interactive Python to standard output, as
`LEVEL:tensorflow:message`. The default threshold is `WARN`, interactively `INFO`.
"""

import collections
import logging as _logging
import os
import sys
import threading
import time
from typing import Any

__all__ = [
    "DEBUG",
    "INFO",
    "WARN",
    "ERROR",
    "FATAL",
    "log",
    "debug",
    "info",
    "warn",
    "warning",
    "error",
    "fatal",
    "vlog",
    "log_if",
    "log_every_n",
    "log_first_n",
    "TaskLevelStatusMessage",
    "set_verbosity",
    "get_verbosity",
    "flush",
    "google2_log_prefix",
]

DEBUG = _logging.DEBUG
INFO = _logging.INFO
WARN = _logging.WARN
ERROR = _logging.ERROR
FATAL = _logging.FATAL

_interactive = hasattr(sys, "ps1") or bool(sys.flags.interactive)


class _CurrentStreamHandler(_logging.StreamHandler):
    """Writes to what `sys.stderr` is at that time, not to what it was."""

    def __init__(self):
        _logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:  # type: ignore[override]
        return sys.stdout if _interactive else sys.stderr


_logger = _logging.getLogger("tensorflow")


def _set_up() -> None:
    if any(isinstance(h, _CurrentStreamHandler) for h in _logger.handlers):
        return
    handler = _CurrentStreamHandler()
    handler.setFormatter(_logging.Formatter(_logging.BASIC_FORMAT))
    _logger.addHandler(handler)
    # A program that calls logging.basicConfig() would see everything twice.
    _logger.propagate = False
    _logger.setLevel(INFO if _interactive else WARN)


_set_up()


def log(level: int, msg: str, *args: Any, **kwargs: Any) -> None:
    """Logs `msg % args` at `level`, one of the constants of this module."""
    kwargs.setdefault("stacklevel", 2)
    _logger.log(level, msg, *args, **kwargs)


def debug(msg: str, *args: Any, **kwargs: Any) -> None:
    """Logs `msg % args` at level `DEBUG`."""
    kwargs.setdefault("stacklevel", 2)
    _logger.debug(msg, *args, **kwargs)


def info(msg: str, *args: Any, **kwargs: Any) -> None:
    """Logs `msg % args` at level `INFO`."""
    kwargs.setdefault("stacklevel", 2)
    _logger.info(msg, *args, **kwargs)


def warn(msg: str, *args: Any, **kwargs: Any) -> None:
    """Logs `msg % args` at level `WARN`."""
    kwargs.setdefault("stacklevel", 2)
    _logger.warning(msg, *args, **kwargs)


def warning(msg: str, *args: Any, **kwargs: Any) -> None:
    """Logs `msg % args` at level `WARN`."""
    kwargs.setdefault("stacklevel", 2)
    _logger.warning(msg, *args, **kwargs)


def error(msg: str, *args: Any, **kwargs: Any) -> None:
    """Logs `msg % args` at level `ERROR`."""
    kwargs.setdefault("stacklevel", 2)
    _logger.error(msg, *args, **kwargs)


def fatal(msg: str, *args: Any, **kwargs: Any) -> None:
    """Logs `msg % args` at level `FATAL`; does not end the program."""
    kwargs.setdefault("stacklevel", 2)
    _logger.critical(msg, *args, **kwargs)


def vlog(level: int, msg: str, *args: Any, **kwargs: Any) -> None:
    """Logs `msg % args` at `level`."""
    kwargs.setdefault("stacklevel", 2)
    _logger.log(level, msg, *args, **kwargs)


def log_if(level: int, msg: str, condition: Any, *args: Any) -> None:
    """Logs `msg % args` at `level` if `condition` holds."""
    if condition:
        _logger.log(level, msg, *args, stacklevel=2)


_counts: dict[Any, int] = collections.defaultdict(int)
_counts_lock = threading.Lock()


def log_every_n(level: int, msg: str, n: int, *args: Any) -> None:
    """Logs at the 1st, the n+1st, the 2n+1st … call from the same line."""
    if _count_of_caller() % n == 0:
        _logger.log(level, msg, *args, stacklevel=2)


def log_first_n(level: int, msg: str, n: int, *args: Any) -> None:
    """Logs at the first `n` calls from the same line."""
    if _count_of_caller() < n:
        _logger.log(level, msg, *args, stacklevel=2)


def _count_of_caller() -> int:
    """How often this was called before from the line of the caller's caller."""
    frame = sys._getframe(2)
    place = frame.f_code, frame.f_lineno
    with _counts_lock:
        count = _counts[place]
        _counts[place] += 1
    return count


def TaskLevelStatusMessage(msg: str) -> None:
    """Logs `msg` at level `ERROR`."""
    _logger.error(msg, stacklevel=2)


def set_verbosity(verbosity: int) -> None:
    """Sets the level below which messages are not shown."""
    _logger.setLevel(verbosity)


def get_verbosity() -> int:
    """Returns the level below which messages are not shown."""
    return _logger.getEffectiveLevel()


def flush() -> None:
    """Writes out what the handlers hold back."""
    for handler in _logger.handlers:
        handler.flush()


def google2_log_prefix(
    level: int,
    timestamp: float | None = None,
    file_and_line: tuple[str, int] | None = None,
) -> str:
    """Returns the start of a log line in the format of Google's log files.

    Args:
      level: Its first letter begins the prefix.
      timestamp: In seconds, by default now.
      file_and_line: By default those of the caller.

    Returns:
      As `I0131 12:34:56.123456 1234567 script.py:12] `.
    """
    if file_and_line is None:
        frame = sys._getframe(1)
        file_and_line = frame.f_code.co_filename, frame.f_lineno
    timestamp = time.time() if timestamp is None else timestamp
    clock = time.localtime(timestamp)
    letters = {DEBUG: "D", INFO: "I", WARN: "W", ERROR: "E", FATAL: "F"}
    return (
        f"{letters.get(level, 'I')}{clock.tm_mon:02d}{clock.tm_mday:02d} "
        f"{clock.tm_hour:02d}:{clock.tm_min:02d}:{clock.tm_sec:02d}."
        f"{int(timestamp % 1 * 1e6):06d} {threading.get_ident():5d} "
        f"{os.path.basename(file_and_line[0])}:{file_and_line[1]}] "
    )
