"""Runs programs that were written for TensorFlow 0.9 as they are.

`install()` makes `import tensorflow` import tfstyle. `run_file()` is what
`python -m tfstyle` does: it also takes Python 2 source and notebooks.

TF's own `tf.compat` is in this place too: `as_bytes`, `as_text` and the rest.
"""

from typing import Any

from tfstyle.compat.hook import install, installed, uninstall
from tfstyle.util.compat import (
    as_bytes,
    as_str,
    as_str_any,
    as_text,
    bytes_or_text_types,
    complex_types,
    integral_types,
    path_to_str,
    real_types,
)

__all__ = [
    "install",
    "installed",
    "uninstall",
    "run_file",
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


def run_file(path: str, args: list[str] | None = None) -> dict[str, Any]:
    """Runs a script or notebook as `python -m tfstyle path args…` does.

    Args:
      path: A `.py` file, Python 2 or 3, or an `.ipynb` notebook.
      args: What follows `path` on the command line.

    Returns:
      The global names that it leaves.

    Raises:
      OSError: If the file cannot be read.
      SyntaxError: If it is neither Python 3 nor Python 2.
      ImportError: If it is Python 2 and fissix is not installed.
    """
    from tfstyle.compat.runner import run_file as run

    return run(path, args or [])
