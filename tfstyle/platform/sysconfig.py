"""Where the C++ headers and the library of TF lie: there are none here."""

from typing import NoReturn

__all__ = ["get_include", "get_lib"]


def get_include() -> NoReturn:
    """Raises `NotImplementedError`: there are no C++ headers."""
    _refuse("get_include")


def get_lib() -> NoReturn:
    """Raises `NotImplementedError`: there is no C++ library."""
    _refuse("get_lib")


def _refuse(name: str) -> NoReturn:
    raise NotImplementedError(
        f"sysconfig.{name}: tfstyle runs on JAX and has no C++ headers or library "
        "to compile an op against. Write the op in Python instead: a function of "
        "JAX arrays, or tf.py_func for one of NumPy arrays."
    )
