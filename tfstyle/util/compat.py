"""Conversions between bytes and text, and the number types that TF accepts.

All text is UTF-8 unless an `encoding` is given.
"""

import numbers
import os

import numpy as np

__all__ = [
    "as_bytes",
    "as_text",
    "as_str",
    "as_str_any",
    "path_to_str",
    "bytes_or_text_types",
    "complex_types",
    "integral_types",
    "real_types",
]

bytes_or_text_types = (bytes, str)
integral_types = (numbers.Integral, np.integer)
real_types = (numbers.Real, np.integer, np.floating)
complex_types = (numbers.Complex, np.number)


def as_bytes(bytes_or_text, encoding: str = "utf-8") -> bytes:
    """Returns `bytes_or_text` as `bytes`, encoding text.

    Raises:
      TypeError: If it is neither bytes nor text.
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_text(bytes_or_text, encoding: str = "utf-8") -> str:
    """Returns `bytes_or_text` as `str`, decoding bytes.

    Raises:
      TypeError: If it is neither bytes nor text.
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_str(bytes_or_text, encoding: str = "utf-8") -> str:
    """Returns `bytes_or_text` in Python's own string type, which is text."""
    return as_text(bytes_or_text, encoding)


def as_str_any(value) -> str:
    """Returns `value` as `str`: bytes decoded, anything else through `str()`."""
    if isinstance(value, bytes):
        return as_str(value)
    return str(value)


def path_to_str(path):
    """Returns the text of an `os.PathLike`; anything else unchanged."""
    if isinstance(path, os.PathLike):
        return as_str_any(os.fspath(path))
    return path
