"""Host steps: operations on NumPy values, between the segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tfstyle.framework.body import call_body
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.blame import blamed
from tfstyle.lowering.references import root_variable, written_inputs

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
        self._written = set(written_inputs(op))
        self.arguments = [t for t in op._inputs if root_variable(t) is None]

    def run(self, state: State, changes: Changes, values: dict[Tensor, Any]) -> None:
        """Executes the operation and puts its results into `values`."""
        op = self.op
        declaration = op._declaration
        assert declaration is not None
        arguments = [self._value(t, state, changes, values) for t in op._inputs]
        try:
            results = call_body(op, arguments)
        except Exception as error:
            raise blamed(error, op, arguments) from error
        for tensor, result in zip(op._outputs, results, strict=True):
            if tensor not in values:
                values[tensor] = np.asarray(
                    result, tensor.dtype.base_dtype.as_numpy_dtype
                )

    def _value(
        self, tensor: Tensor, state: State, changes: Changes, values: dict[Tensor, Any]
    ) -> Any:
        if tensor in values:
            value = values[tensor]
        else:
            variable = root_variable(tensor)
            assert variable is not None
            if tensor in self._written and not state.is_initialized(changes, variable):
                return None
            value = state.variable(changes, variable)
        return value if isinstance(value, np.ndarray) else np.asarray(value)
