"""The constructor of every op type, under the name that TensorFlow generated for it.

Programs import these from `gen_nn_ops`, `gen_math_ops` and so on, which all are this
module: `gen_nn_ops._relu_grad` makes a `ReluGrad`. A leading underscore, which
TensorFlow gave to those it wrapped, may be there or not. Inputs and attributes are
those of the op's definition, also where the public function has others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfstyle.framework.op_def import declarations

__all__: list[str] = []


def _generated_name(op_type: str) -> str:
    """`"ReluGrad"` → `"relu_grad"`, `"Conv2DBackpropInput"` → `"conv2d_backprop_…"`."""
    name = ""
    for i, letter in enumerate(op_type):
        before, after = op_type[i - 1 : i], op_type[i + 1 : i + 2]
        if letter.isupper() and i and (before.islower() or after.islower()):
            name += "_"
        name += letter.lower()
    return name


def _constructors() -> dict[str, Callable[..., Any]]:
    return {
        _generated_name(op_type): declaration.public
        for op_type, declaration in declarations().items()
        if declaration.public is not None
    }


def __getattr__(name: str) -> Callable[..., Any]:
    found = None if name.startswith("__") else _constructors().get(name.lstrip("_"))
    if found is None:
        raise AttributeError(f"No op type is called {name!r} in TensorFlow's way.")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*globals(), *_constructors()]


# What `import *` brings; whatever makes ops has been imported by then.
__all__ += sorted(_constructors())
