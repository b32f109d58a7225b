"""Files and folders, with the names that TF programs use for them.

Paths are local. What fails raises Python's `OSError`, as in TF 0.9.
"""

import errno
import glob as _glob
import os
import shutil
import threading
from collections.abc import Iterator
from typing import Any

__all__ = [
    "GFile",
    "FastGFile",
    "Open",
    "Exists",
    "IsDirectory",
    "Glob",
    "ListDirectory",
    "Walk",
    "Stat",
    "MkDir",
    "MakeDirs",
    "RmDir",
    "Remove",
    "DeleteRecursively",
    "Rename",
    "Copy",
]


class _Text(str):
    """Text of a file, with the `decode` of the bytes it was in Python 2."""

    __slots__ = ()

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return str(self)

    def __reduce__(self):
        return (str, (str(self),))


class _FileBase:
    """A file. With a `b` in `mode` it holds bytes, else UTF-8 text.

    Programs of Python 2 did not tell the two apart, so `write` takes both in
    either mode, text that is read has a `decode` method, and `read()` of a text
    file that is not UTF-8, such as an image, returns its bytes.
    """

    def __init__(self, name: str, mode: str = "r"):
        self._name = name
        self._text = "b" not in mode
        self._file: Any = open(  # noqa: SIM115 - closed by close()
            name, mode, encoding="utf-8" if self._text else None
        )
        self._lock = self._make_lock()

    def _make_lock(self) -> Any:
        raise NotImplementedError

    @property
    def name(self) -> str:
        return self._name

    @property
    def mode(self) -> str:
        return self._file.mode

    @property
    def closed(self) -> bool:
        return self._file.closed

    def read(self, n: int = -1) -> Any:
        """Reads `n` characters or bytes, by default all that follow."""
        with self._lock:
            if not self._text:
                return self._file.read(n)
            start = self._file.tell()
            try:
                return _Text(self._file.read(n))
            except UnicodeDecodeError:
                return self._read_bytes(start, n)

    def readline(self, max_length: int = -1) -> Any:
        """Reads a line, of which at most `max_length` characters or bytes."""
        with self._lock:
            return self._wrap(self._file.readline(max_length))

    def readlines(self, sizehint: int | None = None) -> list[Any]:
        """Reads all lines, or about as many as `sizehint` characters hold."""
        with self._lock:
            lines = self._file.readlines(-1 if sizehint is None else sizehint)
            return [self._wrap(line) for line in lines]

    def write(self, data: Any) -> None:
        """Writes text or bytes."""
        with self._lock:
            self._write(data)

    def writelines(self, seq: Any) -> None:
        """Writes each item of `seq`; adds no line ends."""
        with self._lock:
            for item in seq:
                self._write(item)

    def seek(self, offset: int, whence: int = 0) -> None:
        """Moves to `offset` from the start (0), from here (1) or from the end (2)."""
        with self._lock:
            self._file.seek(offset, whence)

    def tell(self) -> int:
        """Returns the position in the file."""
        with self._lock:
            return self._file.tell()

    def truncate(self, new_size: int | None = None) -> None:
        """Cuts the file off at `new_size` bytes, by default at the position."""
        with self._lock:
            self._file.truncate(new_size)

    def flush(self) -> None:
        """Hands everything written to the operating system."""
        with self._lock:
            self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._file.close()

    def Size(self) -> int:
        """Returns the size of the file in bytes."""
        return os.stat(self._name).st_size

    def __iter__(self):
        return self

    def __next__(self) -> Any:
        # Not next() of the file, which forbids tell() from then on.
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def _wrap(self, data: Any) -> Any:
        return _Text(data) if self._text else data

    def _write(self, data: Any) -> None:
        if self._text and isinstance(data, bytes | bytearray):
            self._file.flush()
            self._file.buffer.write(data)
        elif not self._text and isinstance(data, str):
            self._file.write(data.encode("utf-8"))
        else:
            self._file.write(data)

    def _read_bytes(self, start: int, n: int) -> bytes:
        with open(self._name, "rb") as raw:
            raw.seek(start)
            data = raw.read(n)
        self._file.seek(start + len(data))
        return data


class GFile(_FileBase):
    """A file that several threads may use at once.

    Args:
      name: Its path.
      mode: As for Python's `open`: `r`, `w` or `a`, with `+` and `b`.
    """

    def _make_lock(self) -> Any:
        return threading.RLock()


class FastGFile(_FileBase):
    """A file for use by one thread.

    Args:
      name: Its path.
      mode: As for Python's `open`: `r`, `w` or `a`, with `+` and `b`.
    """

    def _make_lock(self) -> Any:
        return _NoLock()


class _NoLock:
    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        return None


def Open(name: str, mode: str = "r") -> GFile:
    """Returns `GFile(name, mode)`."""
    return GFile(name, mode)


def Exists(path: str) -> bool:
    """True if `path` is a file or a folder."""
    return os.path.exists(path)


def IsDirectory(path: str) -> bool:
    """True if `path` is a folder."""
    return os.path.isdir(path)


def Glob(glob: str) -> list[str]:
    """Returns the paths that match the pattern `glob`."""
    return _glob.glob(glob)


def ListDirectory(directory: str, return_dotfiles: bool = False) -> list[str]:
    """Returns the names of what lies in `directory`, without path.

    Args:
      directory: The folder.
      return_dotfiles: Whether to include names that begin with a dot.
    """
    names = os.listdir(directory)
    return [name for name in names if return_dotfiles or not name.startswith(".")]


def Walk(
    top: str, topdown: int = 1, onerror=None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yields (folder, names of folders, names of files) for `top` and below.

    Args:
      top: Where to begin.
      topdown: Whether a folder comes before those inside it.
      onerror: Called with the `OSError` of a folder that cannot be read; by
        default such folders are skipped.
    """
    return os.walk(top, topdown=bool(topdown), onerror=onerror)


def Stat(path: str) -> os.stat_result:
    """Returns size, times and mode of `path`, as `os.stat` does."""
    return os.stat(path)


def MkDir(path: str, mode: int = 0o755) -> None:
    """Makes the folder `path`, inside one that exists."""
    os.mkdir(path, mode)


def MakeDirs(path: str, mode: int = 0o755) -> None:
    """Makes the folder `path` and those above it that are missing."""
    os.makedirs(path, mode)


def RmDir(directory: str) -> None:
    """Removes the empty folder `directory`."""
    os.rmdir(directory)


def Remove(path: str) -> None:
    """Removes the file `path`."""
    os.remove(path)


def DeleteRecursively(path: str) -> None:
    """Removes the folder `path` with all that is in it."""
    shutil.rmtree(path)


def Rename(oldpath: str, newpath: str, overwrite: bool = False) -> None:
    """Moves `oldpath` to `newpath`.

    Raises:
      OSError: If `newpath` is a file and `overwrite` is False.
    """
    _check_overwrite(newpath, overwrite)
    os.replace(oldpath, newpath)


def Copy(oldpath: str, newpath: str, overwrite: bool = False) -> None:
    """Copies the file `oldpath` to `newpath`, a file or a folder.

    Raises:
      OSError: If `newpath` is a file and `overwrite` is False.
    """
    _check_overwrite(newpath, overwrite)
    shutil.copy(oldpath, newpath)


def _check_overwrite(path: str, overwrite: bool) -> None:
    if not overwrite and os.path.exists(path) and not os.path.isdir(path):
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), path)
