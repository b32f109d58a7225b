"""Finds files that lie beside the code that uses them."""

import os
import sys

__all__ = [
    "load_resource",
    "get_data_files_path",
    "get_path_to_datafile",
    "readahead_file_path",
]


def load_resource(path: str) -> bytes:
    """Returns the contents of a file of this package.

    Args:
      path: Relative to the folder of tfstyle.

    Raises:
      OSError: If it cannot be read.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with open(os.path.join(package, path), "rb") as resource:
        return resource.read()


def get_data_files_path() -> str:
    """Returns the folder of the file that calls this."""
    return os.path.dirname(sys._getframe(1).f_code.co_filename)


def get_path_to_datafile(path: str) -> str:
    """Returns `path` relative to the folder of the file that calls this."""
    return os.path.join(os.path.dirname(sys._getframe(1).f_code.co_filename), path)


def readahead_file_path(path: str, unused_readahead: str | None = None) -> str:
    """Returns `path`: local files need no reading ahead."""
    return path
