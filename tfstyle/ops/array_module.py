"""NumPy for values known while tracing, JAX for traced ones."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import jax.numpy as jnp
import numpy as np

from tfstyle.framework.body import is_compiled

__all__ = ["array_module", "is_stored"]

_STORED_ELEMENTS = 1024


def array_module(*values: Any) -> ModuleType:
    """`numpy` when all of `values` are NumPy values, else `jax.numpy`.

    Shape arithmetic stays in NumPy that way: its results are known while tracing, and
    nothing is compiled for them. Strings are always in NumPy.
    """
    known = all(isinstance(value, (np.ndarray, np.generic)) for value in values)
    return np if known else jnp


def is_stored(count: int) -> bool:
    """Whether so many elements of a simple pattern are worth being kept as they are.

    More of them would be a large literal of the compiled program, if there is one:
    there they are computed on the device.
    """
    return count <= _STORED_ELEMENTS or not is_compiled()
