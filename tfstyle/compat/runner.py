"""Runs a script or a notebook as the main program."""

import builtins
import linecache
import os
import sys
import types
from typing import Any

from tfstyle.compat import hook, loader, source

__all__ = ["run_file", "run_main", "show_exception"]

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_MAIN = os.path.join(os.path.dirname(os.path.dirname(_HERE)), "__main__.py")


def run_file(path: str, args: list[str]) -> dict[str, Any]:
    """Runs `path` as the main program, then puts `sys` back as it was.

    Returns:
      The global names of the program.
    """
    kept = sys.argv, sys.path[:], sys.modules["__main__"]
    try:
        return run_main(path, args)
    finally:
        sys.argv, sys.path[:], sys.modules["__main__"] = kept


def run_main(path: str, args: list[str]) -> dict[str, Any]:
    """Runs `path` as the main program and leaves all as the program did."""
    full = os.path.abspath(path)
    with open(full, "rb") as file:
        data = file.read()
    folder = os.path.dirname(os.path.realpath(full))
    module = types.ModuleType("__main__")
    module.__dict__.update(__file__=full, __builtins__=builtins)
    sys.modules["__main__"] = module
    sys.argv = [path, *args]
    if not sys.flags.safe_path:
        sys.path[:1] = [folder]
    hook.install()
    if full.endswith(".ipynb"):
        _run_notebook(data, full, folder, module.__dict__)
    else:
        _run_script(data, full, folder, module.__dict__)
    return module.__dict__


def _run_script(data: bytes, path: str, folder: str, names: dict[str, Any]) -> None:
    text = source.decode(data)
    _remember(path, text)
    code, python2 = source.compile_source(text, path)
    loader.add_folder(folder, python2)
    loader.run_code(code, names, python2)


def _run_notebook(data: bytes, path: str, folder: str, names: dict[str, Any]) -> None:
    from tfstyle.compat import notebook

    found = notebook.read_notebook(data, path)
    if not _has_display():
        os.environ.setdefault("MPLBACKEND", "Agg")
    whole = "".join(cell.code for cell in found.cells)
    dialect = found.dialect
    if dialect is source.Dialect.EITHER:
        dialect = source.dialect_of(whole)
    python2 = dialect is source.Dialect.PYTHON2
    loader.add_folder(folder, python2)
    flags = 0
    for cell in found.cells:
        filename = f"{path}, cell {cell.number}"
        _remember(filename, cell.text)
        code, _ = source.compile_source(cell.code, filename, python2, flags)
        # An import from __future__ in one cell holds in the cells after it.
        flags |= source.future_flags(cell.code)
        loader.run_code(code, names, python2)


def _remember(filename: str, text: str) -> None:
    """Has tracebacks show `text`: the file may change, and a cell is no file."""
    linecache.cache[filename] = (
        len(text),
        None,
        text.splitlines(keepends=True),
        filename,
    )


def _has_display() -> bool:
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


# Tracebacks -----------------------------------------------------------------


def show_exception(
    kind: type[BaseException],
    error: BaseException,
    trace: types.TracebackType | None,
) -> None:
    """A `sys.excepthook` that leaves out the frames of this package's runner."""
    seen: set[int] = set()
    chained: BaseException | None = error
    while chained is not None and id(chained) not in seen:
        seen.add(id(chained))
        chained.__traceback__ = _trimmed(chained, chained.__traceback__)
        chained = chained.__cause__ or chained.__context__
    sys.__excepthook__(kind, error, error.__traceback__)


def _trimmed(
    error: BaseException, trace: types.TracebackType | None
) -> types.TracebackType | None:
    kept = []
    step = trace
    while step is not None:
        if not _is_runner(step.tb_frame.f_code.co_filename):
            kept.append(step)
        step = step.tb_next
    if not kept:
        # A syntax error tells its place itself; else the fault is in the runner.
        return None if isinstance(error, SyntaxError) else trace
    following: types.TracebackType | None = None
    for step in reversed(kept):
        following = types.TracebackType(
            following, step.tb_frame, step.tb_lasti, step.tb_lineno
        )
    return following


def _is_runner(filename: str) -> bool:
    return (
        filename.startswith((_HERE, "<frozen importlib", "<frozen runpy"))
        or filename == _MAIN
        or os.path.basename(filename) == "runpy.py"
    )
