"""Libraries of compiled ops and file systems, which this library cannot load."""

from __future__ import annotations

import os
from typing import Any

from tfstyle.framework import errors

__all__ = ["load_file_system_library", "load_op_library"]


def load_op_library(library_filename: str) -> Any:
    """Refuses: a compiled op is written for the kernels of TensorFlow.

    Args:
        library_filename: path of a shared object.

    Raises:
        tf.errors.NotFoundError: when there is no such file.
        tf.errors.UnimplementedError: when there is.

    Differs from TF: nothing can be loaded. `tf.py_func` runs a Python function as an
    operation, and may call the compiled code with `ctypes`.
    """
    raise _refused(
        library_filename,
        "its ops are compiled for TensorFlow. Write the op as a Python function and "
        "call it with tf.py_func",
    )


def load_file_system_library(library_filename: str) -> None:
    """Refuses: files are read and written by Python.

    Args:
        library_filename: path of a shared object.

    Raises:
        tf.errors.NotFoundError: when there is no such file.
        tf.errors.UnimplementedError: when there is.
    """
    raise _refused(
        library_filename,
        "it is compiled for TensorFlow, and here files are read and written by Python",
    )


def _refused(filename: str, reason: str) -> errors.OpError:
    if not os.path.exists(filename):
        return errors.NotFoundError(
            None,
            None,
            f"{filename}: cannot open shared object file: No such file or directory",
        )
    return errors.UnimplementedError(
        None, None, f"{filename} cannot be loaded: {reason}."
    )
