"""An operation's results: their dtypes, and what is known of them while tracing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import errors
from tfstyle.framework.body import call_body
from tfstyle.framework.constant_value import is_pure
from tfstyle.framework.op_def import OpDeclaration
from tfstyle.framework.tensor import Operation

__all__ = [
    "blocks_of",
    "cast",
    "check_assigned",
    "fold",
    "foldable",
    "known_while_tracing",
]

Values = list[Any]
_SMALL = 64


def foldable(declaration: OpDeclaration, values: Sequence[Any]) -> bool:
    """Whether there is nothing traced: a body may be differentiated by a constant."""
    return declaration.shape_only or not any(
        isinstance(v, jax.core.Tracer) for v in values
    )


def known_while_tracing(declaration: OpDeclaration, values: Sequence[Any]) -> bool:
    """Whether an op of a body can be evaluated while tracing, at no cost."""
    if declaration.shape_only:
        return True
    return is_pure(declaration) and all(
        isinstance(v, np.ndarray) and v.size <= _SMALL for v in values
    )


def fold(op: Operation, values: Sequence[Any]) -> Values:
    """Evaluates `op` on NumPy values while tracing; results are NumPy arrays."""
    with jax.ensure_compile_time_eval(), np.errstate(all="ignore"):
        return [np.asarray(r) for r in cast(op, call_body(op, values))]


def blocks_of(op: Operation, results: Values) -> int:
    """The blocks of random numbers that an execution with these results used up."""
    declaration = op._declaration
    assert declaration is not None
    if declaration.random_blocks is not None:
        return declaration.random_blocks(results[0])
    return 256 * int(np.prod(np.shape(results[0]), dtype=np.int64))


def check_assigned(op: Operation, variable: Operation, value: Any) -> None:
    if op.type != "Assign" or not op._attrs["validate_shape"]:
        return
    known, new = variable._outputs[0].get_shape(), np.shape(value)
    if not known.is_compatible_with(new):
        sides = ["[" + ",".join(map(str, s)) + "]" for s in (known.as_list(), new)]
        raise errors.InvalidArgumentError(
            None,
            op,
            "Assign requires shapes of both tensors to match. lhs shape= "
            f"{sides[0]} rhs shape= {sides[1]}",
        )


def cast(op: Operation, results: Values) -> Values:
    """Gives results the dtypes the graph promises (bodies may compute wider)."""
    declaration = op._declaration
    assert declaration is not None
    offset = len(declaration.ref_inputs)
    if offset:
        return results
    for i, tensor in enumerate(op._outputs):
        wanted = tensor.dtype.base_dtype.as_numpy_dtype
        value = results[i]
        if getattr(value, "dtype", None) != wanted:
            results[i] = (
                np.asarray(value, wanted)
                if isinstance(value, (np.ndarray, np.generic, int, float, bool))
                else jnp.asarray(value, wanted)
            )
    return results
