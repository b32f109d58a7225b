"""Grouping operations and ordering them."""

from __future__ import annotations

from typing import Any

from tfstyle.framework import ops
from tfstyle.framework.op_def import op
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.ops.cond_op import case, cond
from tfstyle.ops.elementwise_ops import (
    equal,
    greater,
    greater_equal,
    is_finite,
    is_inf,
    is_nan,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
)
from tfstyle.ops.logging_ops import Assert
from tfstyle.ops.shape_ops import identity
from tfstyle.ops.while_op import while_loop

__all__ = [
    "Assert",
    "While",
    "case",
    "cond",
    "equal",
    "greater",
    "greater_equal",
    "group",
    "identity",
    "is_finite",
    "is_inf",
    "is_nan",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "merge",
    "no_op",
    "not_equal",
    "ref_switch",
    "switch",
    "tuple",
    "while_loop",
    "with_dependencies",
]

# What scripts of 2015 call it.
While = while_loop


@op("NoOp", gradient=None)
def no_op():
    """An operation that does nothing, to hang control dependencies on.

    Returns:
        The Operation.
    """


def with_dependencies(dependencies, output_tensor, name=None):
    """The value of a tensor once some operations have run.

    Args:
        dependencies: operations or tensors that run before.
        output_tensor: a Tensor or `IndexedSlices`.
        name: name of the operation.

    Returns:
        A Tensor or `IndexedSlices` equal to `output_tensor`.

    Raises:
        TypeError: when `output_tensor` cannot be converted.
    """
    scope_values = [*dependencies, output_tensor]
    with (
        ops.op_scope(scope_values, name, "control_dependency") as scope,
        ops.colocate_with(output_tensor),
        ops.control_dependencies(dependencies),
    ):
        output: Any = ops.convert_to_tensor_or_indexed_slices(output_tensor)
        if isinstance(output, ops.IndexedSlices):
            return ops.IndexedSlices(
                identity(output.values, name=scope), output.indices, output.dense_shape
            )
        return identity(output, name=scope)


def _group(device: Any, dependencies: Any, name: str | None = None) -> Operation:
    with ops.control_dependencies(dependencies):
        if not device:
            return no_op(name=name)
        with ops.device(device):
            return no_op(name=name)


def group(*inputs, **kwargs):
    """An operation that is finished when all `inputs` are.

    Args:
        *inputs: operations or tensors.
        **kwargs: `name`, the name of the operation.

    Returns:
        An Operation.

    Raises:
        ValueError: when there is another keyword argument.
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise ValueError("Unknown keyword arguments: " + ", ".join(kwargs))
    with ops.op_scope(inputs, name, "group_deps") as scope:
        if not inputs:
            return no_op(name=scope)
        by_device: dict[str, list[Any]] = {}
        for item in inputs:
            by_device.setdefault(item.device or "", []).append(item)
        if len(by_device) == 1:
            ((device, items),) = by_device.items()
            return _group(device, items, scope)
        parts = [_group(device, by_device[device]) for device in sorted(by_device)]
        return _group(None, parts, scope)


def tuple(tensors, name=None, control_inputs=None):
    """The same tensors, each available only when all are.

    Args:
        tensors: a list of Tensors or `IndexedSlices`; entries may be None.
        name: name scope.
        control_inputs: further operations or tensors to wait for.

    Returns:
        A list like `tensors`.

    Raises:
        ValueError: when there is nothing to wait for.
        TypeError: when a control input is neither an Operation nor a Tensor.
    """
    with ops.op_scope(tensors, name, "tuple"):
        gates = [t.op for t in tensors if t is not None]
        for item in control_inputs or ():
            if isinstance(item, Tensor):
                item = item.op
            elif not isinstance(item, Operation):
                raise TypeError(f"Control input must be Operation or Tensor: {item}")
            gates.append(item)
        if not gates:
            raise ValueError(f"Must have at least one Tensor: {tensors}")
        gate = group(*sorted(set(gates), key=lambda op: op._id))
        return [None if t is None else with_dependencies([gate], t) for t in tensors]


def switch(data, pred, dtype=None, name=None):
    """Not available: which of its outputs has a value would be known only when it runs.

    Raises:
        NotImplementedError: always. `tf.cond` computes one branch or the other.
    """
    del data, pred, dtype, name
    raise _no_switches("switch")


def ref_switch(data, pred, name=None):
    """Not available, see `switch`.

    Raises:
        NotImplementedError: always.
    """
    del data, pred, name
    raise _no_switches("ref_switch")


def merge(inputs, name=None):
    """Not available, see `switch`.

    Raises:
        NotImplementedError: always.
    """
    del inputs, name
    raise _no_switches("merge")


def _no_switches(function: str) -> NotImplementedError:
    return NotImplementedError(
        f"control_flow_ops.{function}: here a tensor always has a value, so there are "
        "no Switch and Merge operations. Use tf.cond, which computes one branch or the "
        "other, or tf.select."
    )
