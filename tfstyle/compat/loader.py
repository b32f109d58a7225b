"""Converts Python 2 modules of a program while they are imported."""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import types
from collections.abc import Sequence

from tfstyle.compat import source

__all__ = ["add_folder", "load_source", "remove_folders", "run_code"]

_OWN_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Installed packages below a program's folder are no part of the program.
_INSTALLED = ("site-packages", "dist-packages")


def add_folder(folder: str, python2_program: bool = False) -> None:
    """Converts what is Python 2 when imported from `folder` or a folder below.

    Args:
      folder: The folder of a program.
      python2_program: Whether modules that could be of either Python are taken as
        Python 2, as befits the parts of a Python 2 program.
    """
    _finder.folders[os.path.realpath(folder)] = python2_program
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def remove_folders() -> None:
    """Undoes every `add_folder`."""
    _finder.folders.clear()
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)


def load_source(name: str, path: str, python2_program: bool = True) -> types.ModuleType:
    """Imports the file `path`, a part of a program, as module `name`."""
    source_loader = _SourceLoader(name, path, python2_program)
    spec = importlib.machinery.ModuleSpec(name, source_loader, origin=path)
    spec.has_location = True
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    source_loader.exec_module(module)
    return module


def run_code(code: types.CodeType, names: dict[str, object], python2: bool) -> None:
    """Runs the code of a module with the builtins that it was written for."""
    if python2:
        from tfstyle.compat import python2_builtins

        names["__builtins__"] = python2_builtins.namespace()
    exec(code, names)


class _SourceLoader(importlib.machinery.SourceFileLoader):
    """Loads a source file, converting it if it is Python 2."""

    def __init__(self, fullname: str, path: str, python2_program: bool):
        super().__init__(fullname, path)
        self._python2_program = python2_program
        self._python2 = False

    def get_code(self, fullname: str) -> types.CodeType | None:
        text = source.decode(self.get_data(self.path))
        tree = source.parse(text)
        dialect = source.dialect_of(text, tree)
        either_is_python3 = not self._python2_program
        if dialect is source.Dialect.PYTHON3 or (
            dialect is source.Dialect.EITHER and either_is_python3
        ):
            # Python's own way, which keeps compiled code in __pycache__.
            return super().get_code(fullname)
        code, self._python2 = source.compile_source(
            text, self.path, self._python2_program
        )
        return code

    def exec_module(self, module: types.ModuleType) -> None:
        code = self.get_code(module.__name__)
        if code is None:
            raise ImportError(f"cannot load module {module.__name__!r}")
        run_code(code, module.__dict__, self._python2)


class _SourceFinder(importlib.abc.MetaPathFinder):
    """Finds the source files of the program's folders."""

    def __init__(self) -> None:
        self.folders: dict[str, bool] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        loader = spec and spec.loader
        if spec is None or type(loader) is not importlib.machinery.SourceFileLoader:
            return None
        python2_program = self._folder_of(loader.path)
        if python2_program is None:
            return None
        spec.loader = _SourceLoader(fullname, loader.path, python2_program)
        return spec

    def _folder_of(self, path: str) -> bool | None:
        """Whether `path` is in a Python 2 program; None if in no program."""
        path = os.path.realpath(path)
        if path.startswith(_OWN_PACKAGE + os.sep):
            return None
        for folder, python2_program in self.folders.items():
            if path.startswith(folder.rstrip(os.sep) + os.sep):
                below = os.path.relpath(path, folder).split(os.sep)
                if not set(below) & set(_INSTALLED):
                    return python2_program
        return None


_finder = _SourceFinder()
