"""NumPy for values known while tracing, JAX for traced ones."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import jax.numpy as jnp
import numpy as np

__all__ = ["array_module"]


def array_module(*values: Any) -> ModuleType:
    """`numpy` when all of `values` are NumPy values, else `jax.numpy`.

    Shape arithmetic stays in NumPy that way: its results are known while tracing, and
    nothing is compiled for them. Strings are always in NumPy.
    """
    known = all(isinstance(value, (np.ndarray, np.generic)) for value in values)
    return np if known else jnp
