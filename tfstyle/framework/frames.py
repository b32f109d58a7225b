"""The stack frames of the user's program: where an operation was made."""

from __future__ import annotations

import enum
import os
import sys
from collections.abc import Sequence
from types import CodeType, FrameType

__all__ = ["Frame", "located", "user_frames"]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
# Scripts may live in a folder of ours (the shipped examples): those are user code.
_USER_CODE = (_PACKAGE + "examples" + os.sep,)
_MAX_FRAMES = 8

# A code and the index of an instruction: the line takes a search, which is left to the
# few operations that are asked for theirs.
Frame = tuple[CodeType, int]


class _Kind(enum.Enum):
    OURS = 0
    USER = 1
    SYSTEM = 2


# The same few files are on every stack.
_kinds_of_file: dict[str, _Kind] = {}


def _kind_of_file(name: str) -> _Kind:
    if name.startswith(_PACKAGE) and not name.startswith(_USER_CODE):
        return _Kind.OURS
    return _Kind.SYSTEM if name.startswith("<frozen ") else _Kind.USER


def user_frames(skip: int = 1) -> list[Frame]:
    """The innermost frames of the caller's stack that are not tfstyle's own.

    Returns:
        At most eight, innermost first; `located` makes them readable.
    """
    found: list[Frame] = []
    frame: FrameType | None = sys._getframe(skip)
    ours = _Kind.OURS
    while frame is not None:
        code = frame.f_code
        name = code.co_filename
        kind = _kinds_of_file.get(name)
        if kind is not ours:
            if kind is None:
                kind = _kinds_of_file[name] = _kind_of_file(name)
                continue
            if kind is _Kind.SYSTEM or len(found) == _MAX_FRAMES:
                break
            found.append((code, frame.f_lasti))
        frame = frame.f_back
    return found


def located(frames: Sequence[Frame]) -> list[tuple[str, int, str]]:
    """The (file name, line number, function name) of `frames`, outermost first."""
    return [
        (code.co_filename, _line_number(code, index), code.co_name)
        for code, index in reversed(frames)
    ]


def _line_number(code: CodeType, index: int) -> int:
    for start, end, line in code.co_lines():
        if start <= index < end and line is not None:
            return line
    return code.co_firstlineno
