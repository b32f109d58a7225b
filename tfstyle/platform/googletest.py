"""`unittest` under the name that TensorFlow's tests give it, with a few additions."""

from __future__ import annotations

import atexit
import functools
import inspect
import itertools
import os
import shutil
import sys
import tempfile
import unittest
from typing import Any, Self
from unittest import TestCase

__all__ = [
    "TestCase",
    "GetTempDir",
    "StatefulSessionAvailable",
    "StubOutForTesting",
    "g_main",
    "main",
]


def __getattr__(name: str) -> Any:
    # Not `import *`: that makes unittest import asyncio, for a class that is lazy.
    return getattr(unittest, name)


def g_main(*args: Any, **kwargs: Any) -> Any:
    """`unittest.main`, in an environment that may split the tests into shards.

    With `TEST_TOTAL_SHARDS` and `TEST_SHARD_INDEX` set, every so many-th test runs,
    counted from that index on. The file `TEST_SHARD_STATUS_FILE` is made, as a sign
    that shards are known here.
    """
    if status := os.environ.get("TEST_SHARD_STATUS_FILE"):
        with open(status, "w"):
            pass
    total = os.environ.get("TEST_TOTAL_SHARDS")
    index = os.environ.get("TEST_SHARD_INDEX")
    if total is not None and index is not None:
        kwargs["testLoader"] = _ShardLoader(int(total), int(index))
    return unittest.main(*args, **kwargs)


def main() -> Any:
    """Runs the tests of the program that is running, then exits.

    Raises:
      SystemExit: With the status 0 if all tests passed, else another.
    """
    return g_main()


class _ShardLoader(unittest.TestLoader):
    """Loads each `total`-th test."""

    def __init__(self, total: int, index: int) -> None:
        super().__init__()
        self._shards = itertools.cycle(range(total))
        self._index = index

    def getTestCaseNames(self, testCaseClass: Any) -> list[str]:
        names = sorted(super().getTestCaseNames(testCaseClass))
        return [name for name in names if next(self._shards) == self._index]


@functools.cache
def GetTempDir() -> str:
    """Returns a folder for the files of the tests; it goes when the program ends."""
    stem = os.path.splitext(os.path.basename(sys.argv[0]))[0] or "test"
    folder = tempfile.mkdtemp(prefix=f"{stem}_")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def StatefulSessionAvailable() -> bool:
    """False, as in TensorFlow's published releases."""
    return False


class StubOutForTesting:
    """Replaces attributes for the time of a test.

        stubs = StubOutForTesting()
        stubs.Set(os.path, "exists", lambda path: True)
        ...
        stubs.CleanUp()

    It is a context manager, too, which cleans up at its end.
    """

    def __init__(self) -> None:
        self._set: list[tuple[Any, str, Any]] = []
        self._smart_set: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.CleanUp()

    def Set(self, parent: Any, child_name: str, new_child: Any) -> None:
        """Sets an attribute of exactly `parent`.

        Args:
          parent: A module, class or object that has the attribute.
          child_name: The name of the attribute.
          new_child: Its value until `UnsetAll`.

        Raises:
          AttributeError: If there is no such attribute.
        """
        old = _own_or_inherited(parent, child_name)
        self._set.append((parent, child_name, old))
        setattr(parent, child_name, new_child)

    def UnsetAll(self) -> None:
        """Undoes every `Set`."""
        _restore(self._set)

    def SmartSet(self, obj: Any, attr_name: str, new_attr: Any) -> None:
        """Sets an attribute where `obj` has it from: itself or the class it is of.

        Args:
          obj: A module, class or object.
          attr_name: The name of the attribute.
          new_attr: Its value until `SmartUnsetAll`.

        Raises:
          AttributeError: If there is no such attribute.
        """
        owners = [obj]
        if not inspect.ismodule(obj) and attr_name not in vars(obj):
            owners = list(inspect.getmro(obj if inspect.isclass(obj) else type(obj)))
        for owner in owners:
            if attr_name in vars(owner):
                self._smart_set.append((owner, attr_name, vars(owner)[attr_name]))
                setattr(owner, attr_name, new_attr)
                return
        raise AttributeError("Attribute not found.")

    def SmartUnsetAll(self) -> None:
        """Undoes every `SmartSet`."""
        _restore(self._smart_set)

    def CleanUp(self) -> None:
        """Undoes everything."""
        self.SmartUnsetAll()
        self.UnsetAll()


def _own_or_inherited(parent: Any, name: str) -> Any:
    value = getattr(parent, name)
    # A static method must come back as one.
    own = vars(parent).get(name)
    return own if isinstance(own, staticmethod | classmethod) else value


def _restore(changes: list[tuple[Any, str, Any]]) -> None:
    while changes:
        setattr(*changes.pop())
