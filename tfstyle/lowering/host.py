"""Host steps: operations on NumPy values, between the segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import errors
from tfstyle.framework.body import call_body
from tfstyle.framework.session_resources import running_in
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.blame import blamed
from tfstyle.lowering.references import is_read, root_variable, written_inputs

if TYPE_CHECKING:
    from tfstyle.lowering.state import Changes, State

__all__ = ["HostStep"]


class HostStep:
    """One operation whose body works on NumPy values.

    Attributes:
        op: the operation.
        arguments: the tensors it takes from earlier steps.
    """

    def __init__(self, op: Operation) -> None:
        self.op = op
        declaration = op._declaration
        assert declaration is not None
        self._reads = declaration.reads_ref
        self._anywhere = declaration.anywhere
        self._written = written_inputs(op)
        self.arguments = [t for t in op._inputs if root_variable(t) is None]

    def run(self, state: State, changes: Changes, values: dict[Tensor, Any]) -> None:
        """Executes the operation and puts its results into `values`."""
        op = self.op
        with state.lock:
            arguments = [self._value(t, state, changes, values) for t in op._inputs]
        try:
            with running_in(state.resources, op.name):
                results = call_body(op, arguments)
        except Exception as error:
            # What a body says itself is told once, with the cause it gives.
            told = isinstance(error, errors.OpError)
            raise blamed(error, op, arguments) from (error.__cause__ if told else error)
        count = len(self._written)
        self._write(changes, arguments, results[:count])
        outputs = [t for t in op._outputs if not t.dtype.is_ref_dtype]
        for tensor, result in zip(outputs, results[count:], strict=True):
            if tensor in values:
                continue
            if not (self._anywhere and isinstance(result, jax.Array)):
                dtype = tensor.dtype.base_dtype.as_numpy_dtype
                result = np.asarray(result, dtype)
            values[tensor] = result

    def _write(
        self, changes: Changes, arguments: Sequence[Any], results: Sequence[Any]
    ) -> None:
        """Notes new values of variables; one handed back as it came is no change."""
        for tensor, new in zip(self._written, results, strict=True):
            if new is arguments[self.op._inputs.index(tensor)]:
                continue
            variable = root_variable(tensor)
            assert variable is not None
            dtype = tensor.dtype.base_dtype.as_numpy_dtype
            if np.dtype(dtype) == object:
                changes[variable] = np.asarray(new, dtype)
                continue
            with jax.enable_x64(True):
                # A copy: a segment may give the variable's buffer away.
                changes[variable] = jnp.array(np.asarray(new, dtype), copy=True)

    def _value(
        self, tensor: Tensor, state: State, changes: Changes, values: dict[Tensor, Any]
    ) -> Any:
        if tensor in values:
            value = values[tensor]
        elif is_read(tensor.op):
            return self._value(tensor.op._inputs[0], state, changes, values)
        else:
            variable = root_variable(tensor)
            assert variable is not None
            if tensor in self._written and not self._reads:
                # The body only asks whether there is a value: it stays where it is.
                known = state.is_initialized(changes, variable)
                return state.variable(changes, variable) if known else None
            value = state.variable(changes, variable)
            if self._anywhere and isinstance(value, jax.Array):
                # A segment of another thread may give the variable's buffer away.
                with jax.enable_x64(True):
                    value = jnp.array(value, copy=True)
        if self._anywhere or isinstance(value, np.ndarray):
            return value
        return np.asarray(value)
