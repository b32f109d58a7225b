"""The built-in names of modules that are Python 2 source.

A module finds its builtins through its global `__builtins__`. Converted modules
get `namespace()` there: names that Python 3 dropped or gave another meaning, and
the helpers `_py2_*` that converted operations call. Other modules see nothing of it.

Text is `str` here, whether Python 2 had `str` or `unicode`; files opened as text
take and give any bytes (UTF-8 where they are, otherwise kept by escapes).
"""

import builtins
import decimal
import functools
import io
import itertools
import math
import os
import sys
from collections.abc import ItemsView, KeysView, ValuesView
from typing import Any

import numpy as np

from tfstyle.compat import python2_modules

__all__ = ["namespace"]


@functools.cache
def namespace() -> dict[str, Any]:
    """Returns the dictionary for `__builtins__` of Python 2 modules."""
    names = dict(vars(builtins))
    names.update(_OPERATIONS)
    names.update(
        __import__=_import,
        apply=_apply,
        basestring=_BaseString,
        buffer=memoryview,
        cmp=_cmp,
        coerce=_coerce,
        execfile=_execfile,
        file=_open,
        filter=_filter,
        input=_input,
        intern=sys.intern,
        long=int,
        map=_map,
        open=_open,
        print=_print,
        range=_range,
        raw_input=lambda prompt="": builtins.input(prompt),
        reduce=functools.reduce,
        reload=_reload,
        round=_round,
        sorted=_sorted,
        unichr=chr,
        unicode=_Unicode,
        xrange=range,
        zip=_zip,
        StandardError=Exception,
    )
    return names


# Operations -----------------------------------------------------------------


def _div(a: Any, b: Any) -> Any:
    """`a / b`: whole numbers give a whole number, rounded down."""
    if isinstance(a, int) and isinstance(b, int):
        return a // b
    result = _by_method(a, b, "__div__", "__rdiv__")
    if result is not NotImplemented:
        return result
    if _is_whole(a) and _is_whole(b):
        return np.floor_divide(a, b)
    return a / b


def _idiv(a: Any, b: Any) -> Any:
    """`a /= b`, which changes an array in place."""
    method = getattr(type(a), "__idiv__", None)
    if method is not None:
        return method(a, b)
    if isinstance(a, np.ndarray) and not hasattr(type(b), "__rdiv__"):
        if _is_whole(a) and _is_whole(b):
            a //= b
        elif _is_whole(a):
            # NumPy of that time truncated what does not fit into whole numbers.
            np.true_divide(a, b, out=a, casting="unsafe")
        else:
            a /= b
        return a
    return _div(a, b)


def _by_method(a: Any, b: Any, method: str, reflected: str) -> Any:
    """Python 2's own protocol for `/`, which tensors have too."""
    forward = getattr(type(a), method, None)
    backward = getattr(type(b), reflected, None)
    result = NotImplemented if forward is None else forward(a, b)
    if result is NotImplemented and backward is not None:
        result = backward(b, a)
    return result


def _is_whole(value: Any) -> bool:
    if isinstance(value, int):
        return True
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in "iub"
    return isinstance(value, list | tuple) and np.asarray(value).dtype.kind in "iub"


_VIEWS = (KeysView, ValuesView, ItemsView)


def _as_list(method: str) -> Any:
    def call(obj: Any, *args: Any, **kwargs: Any) -> Any:
        result = getattr(obj, method)(*args, **kwargs)
        return list(result) if isinstance(result, _VIEWS) else result

    return call


def _renamed(old: str, new: str, wrap: Any) -> Any:
    """Calls the method `old` of objects that have it, else `wrap` of `new`."""

    def call(obj: Any, *args: Any, **kwargs: Any) -> Any:
        method = getattr(obj, old, None)
        if method is not None:
            return method(*args, **kwargs)
        return wrap(getattr(obj, new)(*args, **kwargs))

    return call


def _next(obj: Any, *args: Any, **kwargs: Any) -> Any:
    method = getattr(obj, "next", None)
    if method is None and not args and not kwargs:
        return next(obj)
    return obj.next(*args, **kwargs)


def _has_key(obj: Any, *args: Any, **kwargs: Any) -> Any:
    if hasattr(obj, "has_key"):
        return obj.has_key(*args, **kwargs)
    (key,) = args
    return key in obj


def _decode(obj: Any, *args: Any, **kwargs: Any) -> Any:
    if isinstance(obj, str) and not hasattr(obj, "decode"):
        codec = args[0] if args else kwargs.get("encoding", "utf-8")
        if codec in _BYTES_CODECS:
            return _from_bytes(_codec(obj, codec, "decode"))
        if codec in ("string_escape", "string-escape", "unicode_escape"):
            return obj.encode("latin-1", "backslashreplace").decode("unicode_escape")
        return obj  # text already
    return obj.decode(*args, **kwargs)


def _encode(obj: Any, *args: Any, **kwargs: Any) -> Any:
    codec = args[0] if args else kwargs.get("encoding")
    if codec in _BYTES_CODECS:
        return _from_bytes(_codec(obj, codec, "encode"))
    if isinstance(obj, bytes):
        return obj  # encoded already
    return obj.encode(*args, **kwargs)


_BYTES_CODECS = ("hex", "base64", "zlib", "zip", "bz2")


def _codec(obj: Any, codec: str, direction: str) -> Any:
    import codecs

    data = obj.encode("utf-8", "surrogateescape") if isinstance(obj, str) else obj
    return getattr(codecs, direction)(data, codec)


def _from_bytes(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _sort(obj: Any, *args: Any, **kwargs: Any) -> Any:
    if isinstance(obj, list):
        obj[:] = _sorted(obj, *args, **kwargs)
        return None
    return obj.sort(*args, **kwargs)


def _class(cls: Any) -> Any:
    """Gives a class the methods that Python 3 looks for under another name."""
    own = vars(cls)
    for old, new in _CLASS_METHODS.items():
        if old in own and new not in own:
            setattr(cls, new, own[old])
    if "__cmp__" in own:
        for name, test in _COMPARISONS.items():
            if name not in own:
                setattr(cls, name, _comparison(test))
    if "__getslice__" in own or "__setslice__" in own:
        _give_slices(cls, own)
    if own.get("__hash__", 0) is None:
        cls.__hash__ = object.__hash__
    return cls


_CLASS_METHODS = {
    "next": "__next__",
    "__nonzero__": "__bool__",
    "__unicode__": "__str__",
    "__div__": "__truediv__",
    "__rdiv__": "__rtruediv__",
    "__idiv__": "__itruediv__",
}
_COMPARISONS: dict[str, Any] = {
    "__lt__": lambda order: order < 0,
    "__le__": lambda order: order <= 0,
    "__eq__": lambda order: order == 0,
    "__ne__": lambda order: order != 0,
    "__gt__": lambda order: order > 0,
    "__ge__": lambda order: order >= 0,
}


def _comparison(test: Any) -> Any:
    return lambda self, other: test(self.__cmp__(other))


def _give_slices(cls: Any, own: Any) -> None:
    get, set_ = own.get("__getitem__"), own.get("__setitem__")

    def bounds(key: slice) -> tuple[int, int]:
        start = 0 if key.start is None else key.start
        return start, sys.maxsize if key.stop is None else key.stop

    def getitem(self: Any, key: Any) -> Any:
        if isinstance(key, slice) and key.step is None and "__getslice__" in own:
            return self.__getslice__(*bounds(key))
        return get(self, key)

    def setitem(self: Any, key: Any, value: Any) -> None:
        if isinstance(key, slice) and key.step is None and "__setslice__" in own:
            self.__setslice__(*bounds(key), value)
        else:
            set_(self, key, value)

    cls.__getitem__, cls.__setitem__ = getitem, setitem


_OPERATIONS = {
    "_py2_div": _div,
    "_py2_idiv": _idiv,
    "_py2_keys": _as_list("keys"),
    "_py2_values": _as_list("values"),
    "_py2_items": _as_list("items"),
    "_py2_iterkeys": _renamed("iterkeys", "keys", iter),
    "_py2_itervalues": _renamed("itervalues", "values", iter),
    "_py2_iteritems": _renamed("iteritems", "items", iter),
    "_py2_viewkeys": _renamed("viewkeys", "keys", lambda view: view),
    "_py2_viewvalues": _renamed("viewvalues", "values", lambda view: view),
    "_py2_viewitems": _renamed("viewitems", "items", lambda view: view),
    "_py2_xreadlines": _renamed("xreadlines", "__iter__", iter),
    "_py2_next": _next,
    "_py2_has_key": _has_key,
    "_py2_decode": _decode,
    "_py2_encode": _encode,
    "_py2_sort": _sort,
    "_py2_class": _class,
}


# Names ----------------------------------------------------------------------


class _UnicodeType(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, str)

    def __subclasscheck__(cls, subclass: Any) -> bool:
        return issubclass(subclass, str)


class _Unicode(str, metaclass=_UnicodeType):
    """`unicode`: makes plain `str`, from text also where an encoding is given."""

    def __new__(cls, obj: Any = "", *args: Any, **kwargs: Any) -> Any:
        return str(obj) if isinstance(obj, str) else str(obj, *args, **kwargs)


class _BaseStringType(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, str | bytes)

    def __subclasscheck__(cls, subclass: Any) -> bool:
        return issubclass(subclass, str | bytes)


class _BaseString(metaclass=_BaseStringType):
    """`basestring`: for `isinstance` only."""


class _File(io.TextIOWrapper):
    """A file as Python 2 opened it without `b`: text to read, anything to write."""

    def __init__(self, name: Any, mode: str, buffering: int):
        universal = "U" in mode
        mode = mode.replace("U", "").replace("t", "") or "r"
        raw: Any = builtins.open(name, mode + "b", buffering)  # noqa: SIM115 - a part
        super().__init__(
            raw,
            encoding="utf-8",
            errors="surrogateescape",
            newline=None if universal else "\n",
        )
        self.mode = mode  # type: ignore[misc]

    def write(self, data: Any) -> int:
        return super().write(data if isinstance(data, str) else _from_bytes(data))

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)


def _open(name: Any, mode: str = "r", buffering: int = -1, **kwargs: Any) -> Any:
    if "b" in mode or kwargs or not isinstance(name, str | bytes | os.PathLike):
        return builtins.open(name, mode, buffering, **kwargs)
    return _File(name, mode, buffering if buffering > 1 else -1)


def _print(*values: Any, **kwargs: Any) -> None:
    shown = [_from_bytes(v) if isinstance(v, bytes) else v for v in values]
    builtins.print(*shown, **kwargs)


def _input(prompt: Any = "") -> Any:
    frame = sys._getframe(1)
    return eval(builtins.input(prompt), frame.f_globals, frame.f_locals)


def _execfile(filename: str, names: Any = None, local_names: Any = None) -> None:
    from tfstyle.compat import source

    if names is None:
        frame = sys._getframe(1)
        names, local_names = frame.f_globals, frame.f_locals
    with builtins.open(filename, "rb") as file:
        text = source.decode(file.read())
    code, _ = source.compile_source(text, filename, python2_program=True)
    exec(code, names, local_names)


def _import(
    name: str, names: Any = None, local_names: Any = None, fromlist: Any = (), level=0
) -> Any:
    return python2_modules.import_module(name, names, local_names, fromlist, level)


def _reload(module: Any) -> Any:
    return python2_modules.reload(module)


def _apply(function: Any, args: Any = (), kwargs: Any = None) -> Any:
    return function(*args, **(kwargs or {}))


def _cmp(a: Any, b: Any) -> int:
    return (a > b) - (a < b)


def _coerce(a: Any, b: Any) -> Any:
    kind = type(a + b)
    return kind(a), kind(b)


def _range(*args: int) -> list[int]:
    return list(range(*args))


def _zip(*iterables: Any) -> list[Any]:
    return list(zip(*iterables, strict=False))


def _map(function: Any, *iterables: Any) -> list[Any]:
    if len(iterables) > 1 or function is None:
        rows: Any = itertools.zip_longest(*iterables)
        if function is None:
            return [row[0] if len(iterables) == 1 else row for row in rows]
        return [function(*row) for row in rows]
    return list(map(function, *iterables))


def _filter(function: Any, iterable: Any) -> Any:
    kept = filter(function, iterable)
    if isinstance(iterable, str):
        return "".join(kept)
    return tuple(kept) if isinstance(iterable, tuple) else list(kept)


def _sorted(
    iterable: Any, cmp: Any = None, key: Any = None, reverse: bool = False
) -> list[Any]:
    if cmp is not None:
        order = functools.cmp_to_key(cmp)
        inner = key
        key = order if inner is None else lambda item: order(inner(item))
    return sorted(iterable, key=key, reverse=bool(reverse))


def _round(number: Any, ndigits: int = 0) -> Any:
    """Rounds halves away from zero, and gives a float."""
    if not isinstance(number, int | float | np.number):
        return round(number, ndigits)
    value = float(number)
    if not math.isfinite(value):
        return value
    unit = decimal.Decimal(1).scaleb(-ndigits)
    with decimal.localcontext() as context:
        context.prec = 400
        exact = decimal.Decimal(value)
        return float(exact.quantize(unit, rounding=decimal.ROUND_HALF_UP))
