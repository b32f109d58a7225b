"""Finding an element of a graph by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstyle.framework.tensor import Operation, Tensor

if TYPE_CHECKING:
    from tfstyle.framework.graph import Graph

__all__ = ["element_by_name"]


def element_by_name(
    graph: Graph, name: str, allow_tensor: bool, allow_operation: bool
) -> Tensor | Operation:
    """The tensor or operation called `name`.

    Raises:
        KeyError: when there is none.
        ValueError: when the name is malformed or is of the kind not allowed.
    """
    if ":" in name and allow_tensor:
        op_name, _, index = name.partition(":")
        if not index.isdigit():
            raise ValueError(
                f"The name {name!r} looks a like a Tensor name, but is not a valid "
                'one. Tensor names must be of the form "<op_name>:<output_index>".'
            )
        if op_name not in graph._by_name:
            raise KeyError(
                f"The name {name!r} refers to a Tensor which does not exist. The "
                f"operation, {op_name!r}, does not exist in the graph."
            )
        op = graph._by_name[op_name]
        if int(index) >= len(op.outputs):
            raise KeyError(
                f"The name {name!r} refers to a Tensor which does not exist. The "
                f"operation, {op_name!r}, exists but only has {len(op.outputs)} "
                "outputs."
            )
        return op.outputs[int(index)]
    if ":" in name:
        raise ValueError(
            f"Name {name!r} appears to refer to a Tensor, not a Operation."
        )
    if allow_operation:
        if name not in graph._by_name:
            raise KeyError(
                f"The name {name!r} refers to an Operation not in the graph."
            )
        return graph._by_name[name]
    if name in graph._by_name:
        raise ValueError(
            f"The name {name!r} refers to an Operation, not a Tensor. Tensor names "
            'must be of the form "<op_name>:<output_index>".'
        )
    raise ValueError(
        f"The name {name!r} looks like an (invalid) Operation name, not a Tensor. "
        'Tensor names must be of the form "<op_name>:<output_index>".'
    )
