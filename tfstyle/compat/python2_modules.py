"""The standard library as modules that are Python 2 source see it.

Their `import` asks here first. A module that Python 3 renamed, split or relieved
of names (`urllib2`, `cPickle`, `string.letters`) is a `_Shim`: it shows the names of
one or more real modules, and some of its own. The real modules stay as they are.
"""

import builtins
import importlib
import importlib.util
import io
import pickle
import sys
import types
from collections.abc import Callable
from typing import Any

__all__ = ["import_module", "reload"]


class _Shim(types.ModuleType):
    """A module that looks its names up in others; sets them there, too."""

    def __init__(self, name: str, modules: list[Any], own: dict[str, Any]):
        super().__init__(name)
        self.__dict__.update(own)
        self.__dict__["_modules"] = modules
        self.__dict__["_own"] = frozenset(own)

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            public = {n for module in self._modules for n in dir(module)}
            return sorted(n for n in public | self._own if not n.startswith("_"))
        for module in self._modules:
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if self._modules and name not in self._own:
            setattr(self._modules[0], name, value)
        else:
            self.__dict__[name] = value


def import_module(
    name: str, names: Any, local_names: Any, fromlist: Any, level: int
) -> Any:
    """What `import` statements of Python 2 modules call, in place of `__import__`."""
    if level == 0:
        package = (names or {}).get("__package__")
        if package and _is_sibling(package, name.partition(".")[0]):
            # Before Python 3 a package looked into itself first.
            level = 1
        elif name in _MOVED_WITHIN_PACKAGE:
            _provide_moved(name)
        elif name in _SOURCES or name in _NAMES:
            return _shim(name)
    return builtins.__import__(name, names, local_names, fromlist, level)


def reload(module: Any) -> Any:
    """Reloads a module; one that only looks like another is left alone."""
    return module if isinstance(module, _Shim) else importlib.reload(module)


def _is_sibling(package: str, head: str) -> bool:
    name = f"{package}.{head}"
    if name in sys.modules:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


_shims: dict[str, _Shim] = {}


def _shim(name: str) -> Any:
    if name not in _shims:
        sources = _SOURCES.get(name, [name])
        modules = [importlib.import_module(source) for source in sources]
        own = _NAMES[name]() if name in _NAMES else {}
        _shims[name] = _Shim(name, modules, own)
    return _shims[name]


def _provide_moved(name: str) -> None:
    parent, _, last = name.rpartition(".")
    real = importlib.import_module(_MOVED_WITHIN_PACKAGE[name])
    sys.modules.setdefault(name, real)
    setattr(importlib.import_module(parent), last, real)


_MOVED_WITHIN_PACKAGE = {"xml.etree.cElementTree": "xml.etree.ElementTree"}

# Of each module, the modules of Python 3 that hold its names now.
_SOURCES: dict[str, list[str]] = {
    "BaseHTTPServer": ["http.server"],
    "ConfigParser": ["configparser"],
    "Cookie": ["http.cookies"],
    "HTMLParser": ["html.parser"],
    "Queue": ["queue"],
    "SimpleHTTPServer": ["http.server"],
    "SocketServer": ["socketserver"],
    "Tkinter": ["tkinter"],
    "UserDict": ["collections"],
    "__builtin__": ["builtins"],
    "anydbm": ["dbm"],
    "commands": ["subprocess"],
    "cookielib": ["http.cookiejar"],
    "copy_reg": ["copyreg"],
    "exceptions": ["builtins"],
    "htmlentitydefs": ["html.entities"],
    "httplib": ["http.client"],
    "repr": ["reprlib"],
    "robotparser": ["urllib.robotparser"],
    "thread": ["_thread"],
    "tkFileDialog": ["tkinter.filedialog"],
    "tkMessageBox": ["tkinter.messagebox"],
    "urllib": ["urllib", "urllib.request", "urllib.parse", "urllib.error"],
    "urllib2": ["urllib.request", "urllib.error", "urllib.parse"],
    "urlparse": ["urllib.parse"],
    "xmlrpclib": ["xmlrpc.client"],
    "cPickle": ["pickle"],
    "StringIO": [],
    "cStringIO": [],
    "imp": [],
    "md5": [],
    "sets": [],
    "sha": [],
}


# Names that the real modules have no longer ------------------------------------


def _string_names() -> dict[str, Any]:
    import string

    def maketrans(old: str, new: str) -> dict[int, int]:
        return str.maketrans(old, new)

    def join(words: Any, sep: str = " ") -> str:
        return sep.join(words)

    methods = (
        "capitalize center count expandtabs find index ljust lower lstrip replace "
        "rfind rindex rjust rstrip split strip swapcase title translate upper zfill"
    )
    return {
        "letters": string.ascii_letters,
        "lowercase": string.ascii_lowercase,
        "uppercase": string.ascii_uppercase,
        "maketrans": maketrans,
        "join": join,
        "joinfields": join,
        "atoi": int,
        "atol": int,
        "atof": float,
        **{name: getattr(str, name) for name in methods.split()},
    }


def _types_names() -> dict[str, Any]:
    return {
        "BooleanType": bool,
        "ComplexType": complex,
        "DictType": dict,
        "DictionaryType": dict,
        "FileType": io.IOBase,
        "FloatType": float,
        "IntType": int,
        "ListType": list,
        "LongType": int,
        "NoneType": type(None),
        "ObjectType": object,
        "SliceType": slice,
        "StringType": str,
        "StringTypes": (str, bytes),
        "TupleType": tuple,
        "TypeType": type,
        "UnicodeType": str,
        "ClassType": type,
        "InstanceType": object,
    }


def _itertools_names() -> dict[str, Any]:
    import itertools

    return {
        "ifilter": filter,
        "ifilterfalse": itertools.filterfalse,
        "imap": map,
        "izip": zip,
        "izip_longest": itertools.zip_longest,
    }


def _sys_names() -> dict[str, Any]:
    def setdefaultencoding(encoding: str) -> None:
        """Text is Unicode; there is no encoding to set."""

    return {
        "maxint": sys.maxsize,
        "setdefaultencoding": setdefaultencoding,
        "exc_clear": lambda: None,
    }


def _os_names() -> dict[str, Any]:
    import os

    return {"getcwdu": os.getcwd}


def _operator_names() -> dict[str, Any]:
    import operator

    from tfstyle.compat import python2_builtins

    names = python2_builtins.namespace()
    return {
        "div": names["_py2_div"],
        "idiv": names["_py2_idiv"],
        "isCallable": callable,
        "sequenceIncludes": operator.contains,
    }


def _builtin_names() -> dict[str, Any]:
    from tfstyle.compat import python2_builtins

    names = python2_builtins.namespace()
    return {name: value for name, value in names.items() if not name.startswith("_")}


def _hash_names(name: str) -> dict[str, Any]:
    import hashlib

    def new(data: Any = b"") -> Any:
        data = data.encode("utf-8") if isinstance(data, str) else data
        return hashlib.new(name, data)

    return {"new": new, "md5": new, "sha": new}


def _imp_names() -> dict[str, Any]:
    def load_source(name: str, path: str, file: Any = None) -> Any:
        from tfstyle.compat import loader

        return loader.load_source(name, path)

    return {
        "load_source": load_source,
        "new_module": types.ModuleType,
        "reload": reload,
    }


def _commands_names() -> dict[str, Any]:
    import subprocess

    return {
        "getoutput": subprocess.getoutput,
        "getstatusoutput": subprocess.getstatusoutput,
    }


def _pickle_names() -> dict[str, Any]:
    """Pickles of Python 2, and files that were not opened with `b`."""

    def loads(data: Any) -> Any:
        if isinstance(data, str):
            data = data.encode("latin-1")
        try:
            return pickle.loads(data)
        except UnicodeDecodeError:
            # Python 2 strings that hold bytes, such as those of NumPy arrays.
            return pickle.loads(data, encoding="latin-1")

    def load(file: Any) -> Any:
        # `file` itself must stay alive: it closes its buffer when it goes.
        data = getattr(file, "buffer", file)
        start = data.tell()
        try:
            return pickle.load(data)
        except UnicodeDecodeError:
            data.seek(start)
            return pickle.load(data, encoding="latin-1")

    def dump(obj: Any, file: Any, protocol: int = 0) -> None:
        file.flush()
        pickle.dump(obj, getattr(file, "buffer", file), protocol)

    def dumps(obj: Any, protocol: int = 0) -> bytes:
        return pickle.dumps(obj, protocol)

    return {"load": load, "loads": loads, "dump": dump, "dumps": dumps}


class _StringIO:
    """A file in memory, of text or of bytes: what comes first decides."""

    def __init__(self, buf: Any = ""):
        self._io: Any = io.BytesIO(buf) if isinstance(buf, bytes) else io.StringIO(buf)

    def write(self, data: Any) -> None:
        if isinstance(data, bytes | bytearray | memoryview):
            if isinstance(self._io, io.StringIO):
                self._io = io.BytesIO(self._io.getvalue().encode("utf-8"))
                self._io.seek(0, io.SEEK_END)
        elif isinstance(self._io, io.BytesIO):
            data = data.encode("utf-8")
        self._io.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._io, name)

    def __iter__(self) -> Any:
        return iter(self._io)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self._io.close()


class _TextView(io.TextIOWrapper):
    """Text over a file of bytes, which stays open when the view goes."""

    def __del__(self) -> None:
        if not self.closed and not self.buffer.closed:
            self.flush()
            self.detach()


def _csv_names() -> dict[str, Any]:
    """Python 2 opened CSV files as bytes."""
    import csv

    def text(file: Any) -> Any:
        if not isinstance(file, io.TextIOBase) and hasattr(file, "readable"):
            return _TextView(file, "utf-8", newline="", write_through=True)
        return file

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda file, *args, **kwargs: function(text(file), *args, **kwargs)

    names = ("reader", "writer", "DictReader", "DictWriter")
    return {name: wrap(getattr(csv, name)) for name in names}


_NAMES: dict[str, Callable[[], dict[str, Any]]] = {
    "ConfigParser": lambda: {"SafeConfigParser": _configparser().ConfigParser},
    "StringIO": lambda: {"StringIO": _StringIO},
    "__builtin__": _builtin_names,
    "cPickle": _pickle_names,
    "cStringIO": lambda: {"StringIO": _StringIO},
    "commands": _commands_names,
    "csv": _csv_names,
    "imp": _imp_names,
    "itertools": _itertools_names,
    "md5": lambda: _hash_names("md5"),
    "operator": _operator_names,
    "os": _os_names,
    "pickle": _pickle_names,
    "sets": lambda: {"Set": set, "ImmutableSet": frozenset},
    "sha": lambda: _hash_names("sha1"),
    "string": _string_names,
    "sys": _sys_names,
    "types": _types_names,
}


def _configparser() -> Any:
    return importlib.import_module("configparser")
