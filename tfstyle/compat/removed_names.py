"""Names that Python and NumPy have removed since 2016.

A program of that time says `np.int`, `time.clock()` or `collections.Mapping`. While
`install()` is in force these names are there again, in the real modules and for
the whole process. Only what is missing is added, so that each release of Python
and NumPy keeps what it has under a name.

Methods of types that are written in C, such as `tostring` of an array, cannot be
added: `docs/differences.md` names those that programs used.
"""

import ast
import collections
import collections.abc
import errno
import importlib
import inspect
import math
import pickle
import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["add", "remove"]


def add() -> None:
    """Adds the names; twice is the same as once."""
    if _undo:
        return
    for path, names in _TABLE.items():
        owner = _resolve(path)
        for name, value in names().items():
            if name not in vars(owner):
                _set(owner, name, value)
    _set(np, "fromstring", _fromstring)
    if sys.version_info >= (3, 12) and "imp" not in sys.modules:
        sys.modules["imp"] = _imp()
        _undo.append(lambda: sys.modules.pop("imp", None))


def remove() -> None:
    """Undoes `add()`."""
    while _undo:
        _undo.pop()()


_undo: list[Callable[[], Any]] = []
_fromstring_of_numpy = np.fromstring


def _set(owner: Any, name: str, value: Any) -> None:
    if name in vars(owner):
        old = vars(owner)[name]
        _undo.append(lambda: setattr(owner, name, old))
    else:
        _undo.append(lambda: delattr(owner, name))
    setattr(owner, name, value)


def _resolve(path: str) -> Any:
    """The module, or the class in a module, that `path` names."""
    module, _, name = path.partition(":")
    owner = importlib.import_module(module)
    return getattr(owner, name) if name else owner


# NumPy ----------------------------------------------------------------------

# Each old name with the one that means the same now, or did before it, too.
_NUMPY_ALIASES = """
    Inf inf  Infinity inf  infty inf  PINF inf  NaN nan  NAN nan
    bool8 bool_  bytes0 bytes_  int0 intp  object0 object_  str0 str_  uint0 uintp
    void0 void  string_ bytes_  unicode_ str_
    float_ float64  longfloat longdouble
    complex_ complex128  cfloat complex128  singlecomplex complex64
    clongfloat clongdouble  longcomplex clongdouble
    alltrue all  sometrue any  product prod  cumproduct cumprod
    row_stack vstack  mat asmatrix  rank ndim  round_ round  trapz trapezoid
    typeDict sctypeDict  issubsctype issubdtype
"""
_NUMPY_WARNINGS = "AxisError ComplexWarning RankWarning VisibleDeprecationWarning"


def _numpy_names() -> dict[str, Any]:
    words = _NUMPY_ALIASES.split()
    aliases = dict(zip(words[::2], words[1::2], strict=True))
    names = {old: getattr(np, new) for old, new in aliases.items() if hasattr(np, new)}
    if exceptions := getattr(np, "exceptions", None):
        names.update(
            {name: getattr(exceptions, name) for name in _NUMPY_WARNINGS.split()}
        )
    return {
        **names,
        # What they were: Python's own types.
        "bool": bool,
        "complex": complex,
        "float": float,
        "int": int,
        "long": int,
        "object": object,
        "str": str,
        "unicode": str,
        "NINF": -math.inf,
        "NZERO": -0.0,
        "PZERO": 0.0,
        "alen": len,
        "asfarray": _asfarray,
        "asscalar": lambda a: np.asarray(a).item(),
        "disp": _disp,
        "fastCopyAndTranspose": lambda a: np.transpose(a).copy(),
        "find_common_type": _find_common_type,
        "in1d": _in1d,
        "issubclass_": _issubclass,
        "loads": pickle.loads,
        "math": math,
        "msort": lambda a: np.sort(a, axis=0),
        "safe_eval": ast.literal_eval,
        "version": importlib.import_module("numpy.version"),
    }


def _asfarray(a: Any, dtype: Any = np.float64) -> Any:
    if not np.issubdtype(dtype, np.inexact):
        dtype = np.float64
    return np.asarray(a, dtype=dtype)


def _disp(mesg: Any, device: Any = None, linefeed: bool = True) -> None:
    device = sys.stdout if device is None else device
    device.write(f"{mesg}\n" if linefeed else str(mesg))
    device.flush()


def _find_common_type(array_types: Any, scalar_types: Any) -> Any:
    types_of_arrays = [np.dtype(t) for t in array_types]
    types_of_scalars = [np.dtype(t) for t in scalar_types]
    if not types_of_arrays:
        return np.result_type(*types_of_scalars)
    # A scalar counts only where it is of another kind than every array.
    common = np.result_type(*types_of_arrays)
    if not types_of_scalars:
        return common
    scalar = np.result_type(*types_of_scalars)
    kinds = "buifc"
    return scalar if kinds.find(scalar.kind) > kinds.find(common.kind) else common


def _in1d(ar1: Any, ar2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    return np.isin(np.ravel(ar1), ar2, assume_unique, invert)


def _issubclass(arg1: Any, arg2: Any) -> bool:
    try:
        return issubclass(arg1, arg2)
    except TypeError:
        return False


def _random_integers(low: int, high: int | None = None, size: Any = None) -> Any:
    low, high = (1, low) if high is None else (low, high)
    return np.random.randint(low, int(high) + 1, size=size, dtype="l")


def _fromstring(
    string: Any, dtype: Any = float, count: int = -1, sep: str = "", **like: Any
) -> Any:
    """`np.fromstring`, which for an empty `sep` took the bytes of `string`."""
    if sep != "":
        return _fromstring_of_numpy(string, dtype, count, sep=sep, **like)
    data = string.encode("latin-1") if isinstance(string, str) else string
    # A copy: what the program gets must be its own, and writable.
    return np.frombuffer(data, dtype, count).copy()


# Python ---------------------------------------------------------------------


class ArgSpec(NamedTuple):
    """What `inspect.getargspec` returns."""

    args: list[str]
    varargs: str | None
    keywords: str | None
    defaults: tuple[Any, ...] | None


def _getargspec(func: Any) -> ArgSpec:
    return ArgSpec(*inspect.getfullargspec(func)[:4])


def _imp() -> types.ModuleType:
    """The parts of the module `imp` that programs used."""

    def load_source(name: str, pathname: str, file: Any = None) -> types.ModuleType:
        from tfstyle.compat import loader

        return loader.load_source(name, pathname, python2_program=False)

    module = types.ModuleType("imp")
    module.__dict__.update(
        load_source=load_source, new_module=types.ModuleType, reload=importlib.reload
    )
    return module


def _base64_names() -> dict[str, Any]:
    import base64

    return {"decodestring": base64.decodebytes, "encodestring": base64.encodebytes}


def _configparser_names() -> dict[str, Any]:
    import configparser

    return {"SafeConfigParser": configparser.ConfigParser}


# The old names of methods, and two functions, of unittest.
_TEST_METHODS = """
    assert_ assertTrue  failUnless assertTrue  failIf assertFalse
    assertEquals assertEqual  failUnlessEqual assertEqual
    assertNotEquals assertNotEqual  failIfEqual assertNotEqual
    assertAlmostEquals assertAlmostEqual  failUnlessAlmostEqual assertAlmostEqual
    assertNotAlmostEquals assertNotAlmostEqual  failIfAlmostEqual assertNotAlmostEqual
    assertItemsEqual assertCountEqual  failUnlessRaises assertRaises
    assertRaisesRegexp assertRaisesRegex
    assertRegexpMatches assertRegex  assertNotRegexpMatches assertNotRegex
"""


def _test_methods() -> dict[str, Any]:
    import unittest

    words = _TEST_METHODS.split()
    pairs = zip(words[::2], words[1::2], strict=True)
    return {old: getattr(unittest.TestCase, new) for old, new in pairs}


def _unittest_names() -> dict[str, Any]:
    import unittest

    def make_suite(cls: Any, prefix: str = "test", **options: Any) -> Any:
        loader = unittest.TestLoader()
        loader.testMethodPrefix = prefix
        return loader.loadTestsFromTestCase(cls)

    return {"makeSuite": make_suite}


# Module, or module:class -> the names, which are looked up when they are added.
_TABLE: dict[str, Callable[[], dict[str, Any]]] = {
    "base64": _base64_names,
    "collections": lambda: {
        name: getattr(collections.abc, name) for name in collections.abc.__all__
    },
    "configparser": _configparser_names,
    "fractions": lambda: {"gcd": math.gcd},
    "inspect": lambda: {"ArgSpec": ArgSpec, "getargspec": _getargspec},
    "numpy": _numpy_names,
    "numpy.random": lambda: {"random_integers": _random_integers},
    "os": lambda: {"errno": errno},
    # The time of this process: what it was everywhere but on Windows.
    "time": lambda: {"clock": time.process_time},
    "threading:Thread": lambda: {"isAlive": threading.Thread.is_alive},
    "unittest": _unittest_names,
    "unittest:TestCase": _test_methods,
}
