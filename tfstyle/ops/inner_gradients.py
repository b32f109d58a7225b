"""Gradient functions of a program's own for operations inside bodies of loops."""

from __future__ import annotations

from typing import Any

from tfstyle.framework import ops
from tfstyle.framework.gradient_registry import gradient_function_of
from tfstyle.framework.indexed_slices import IndexedSlices
from tfstyle.framework.subgraph import GradientBody, nested_operations
from tfstyle.framework.tensor import Operation
from tfstyle.ops.body_context import BodyContext

__all__ = ["record_inner_gradients"]


def record_inner_gradients(op: Operation) -> None:
    """Records the gradient of each operation in the bodies of `op` that has its own.

    The gradient functions are called here, while the graph is built: the bodies are
    differentiated only when they run.

    Raises:
        ValueError: when a function returns another number of gradients than there are
            inputs.
        LookupError: when an override names a gradient nobody registered.
    """
    for inner in nested_operations([op]):
        if inner is op or "_gradient_body" in inner._attrs:
            continue
        flows, function = gradient_function_of(inner)
        if flows and function is not None:
            inner._attrs["_gradient_body"] = _recorded(inner, function)


def _recorded(op: Operation, function: Any) -> GradientBody:
    graph = op.graph
    context = BodyContext()
    context.outer = op._control_flow_context
    saved, graph._control_flow_context = graph._control_flow_context, context
    try:
        with ops.control_dependencies([]), ops.name_scope(f"{op.name}_grad/"):
            grads = [context.parameter(t, "grad") for t in op.outputs]
            found = function(op, *grads)
            found = list(found) if isinstance(found, (list, tuple)) else [found]
            if len(found) != len(op.inputs):
                raise ValueError(
                    f"Num gradients {len(found)} generated for op {op!r} do not match "
                    f"num inputs {len(op.inputs)}"
                )
            results = [
                ops.convert_to_tensor(_dense(grad), t.dtype.base_dtype)
                for grad, t in zip(found, op.inputs, strict=True)
                if grad is not None
            ]
    finally:
        graph._control_flow_context = saved
    return GradientBody(
        context.close(results), tuple(grad is not None for grad in found)
    )


def _dense(grad: Any) -> Any:
    return ops.convert_to_tensor(grad) if isinstance(grad, IndexedSlices) else grad
