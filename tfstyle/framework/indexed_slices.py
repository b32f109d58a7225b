"""`IndexedSlices`: some rows of a larger tensor, as gradients of lookups are."""

from __future__ import annotations

import warnings
from typing import Any

from tfstyle.framework.conversion import (
    convert_to_tensor,
    register_tensor_conversion_function,
)
from tfstyle.framework.tensor import Operation, Tensor

__all__ = [
    "IndexedSlices",
    "convert_n_to_tensor_or_indexed_slices",
    "convert_to_tensor_or_indexed_slices",
]

# Rows that make a warning worthwhile when they are turned into a dense tensor.
_LARGE_ELEMENTS = 100_000_000


class IndexedSlices:
    """The rows `values[i]` of a dense tensor at rows `indices[i]`.

    An index may occur more than once; the rows are then summed.

    Attributes:
        values: [k, ...], the rows.
        indices: [k] integers, which rows they are.
        dense_shape: 1-D integers, the shape of the dense tensor, or None.
    """

    def __init__(
        self, values: Tensor, indices: Tensor, dense_shape: Tensor | None = None
    ) -> None:
        """Groups the tensors, which must belong to one graph."""
        parts = [values, indices] + ([] if dense_shape is None else [dense_shape])
        for part in parts:
            if part.graph is not values.graph:
                raise ValueError(f"{part} must be from the same graph as {values}.")
        self._values = values
        self._indices = indices
        self._dense_shape = dense_shape

    @property
    def values(self) -> Tensor:
        """The rows, [k, ...]."""
        return self._values

    @property
    def indices(self) -> Tensor:
        """Which rows they are, [k]."""
        return self._indices

    @property
    def dense_shape(self) -> Tensor | None:
        """The shape of the dense tensor, or None."""
        return self._dense_shape

    @property
    def name(self) -> str:
        """The name of `values`."""
        return self._values.name

    @property
    def device(self) -> str:
        """The device of `values`."""
        return self._values.device

    @property
    def op(self) -> Operation:
        """The operation that produces `values`."""
        return self._values.op

    @property
    def dtype(self) -> Any:
        """The element type of `values`."""
        return self._values.dtype

    @property
    def graph(self) -> Any:
        """The graph that holds the tensors."""
        return self._values.graph

    def __neg__(self) -> IndexedSlices:
        values: Any = self._values
        return IndexedSlices(-values, self._indices, self._dense_shape)

    def __str__(self) -> str:
        shape = (
            "" if self._dense_shape is None else f", dense_shape={self._dense_shape}"
        )
        return f"IndexedSlices(indices={self._indices}, values={self._values}{shape})"


def convert_to_tensor_or_indexed_slices(
    value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False
) -> Tensor | IndexedSlices:
    """`value` itself when it is an IndexedSlices, else `convert_to_tensor` of it.

    Raises:
        ValueError: when `dtype` is not that of an IndexedSlices.
    """
    if isinstance(value, IndexedSlices):
        if dtype is not None and not value.dtype.is_compatible_with(dtype):
            raise ValueError(
                f"Tensor conversion requested dtype {dtype} for Tensor with dtype "
                f"{value.dtype.name}: {str(value)!r}"
            )
        return value
    return convert_to_tensor(value, dtype, name, as_ref)


def convert_n_to_tensor_or_indexed_slices(
    values: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False
) -> list[Any]:
    """Converts each item as `convert_to_tensor_or_indexed_slices`; None stays None."""
    if not isinstance(values, (list, tuple)):
        raise TypeError("values must be a list.")
    return [
        value
        if value is None
        else convert_to_tensor_or_indexed_slices(
            value, dtype, None if name is None else f"{name}_{i}", as_ref
        )
        for i, value in enumerate(values)
    ]


def _to_tensor(
    value: IndexedSlices,
    dtype: Any = None,
    name: str | None = None,
    as_ref: bool = False,
) -> Tensor:
    del as_ref
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(
            f"Tensor conversion requested dtype {dtype.name} for IndexedSlices with "
            f"dtype {value.dtype.name}"
        )
    if value.dense_shape is None:
        raise ValueError(
            "Tensor conversion requested for IndexedSlices without dense_shape: "
            f"{value}"
        )
    from tfstyle.framework.constant_value import constant_value

    shape = constant_value(value.dense_shape)
    if shape is not None and shape.prod() >= _LARGE_ELEMENTS:
        warnings.warn(
            f"Converting sparse IndexedSlices to a dense Tensor with {shape.prod()} "
            "elements. This may consume a large amount of memory.",
            stacklevel=4,
        )
    row_count = _made_by("Squeeze", _made_by("Slice", value.dense_shape, [0], [1]), [0])
    return _made_by(
        "UnsortedSegmentSum", value.values, value.indices, row_count, name=name
    )


def _made_by(op_type: str, *args: Any, **kwargs: Any) -> Tensor:
    """The output of an op of a module that this layer does not import."""
    from tfstyle.framework.op_def import declaration_of

    declaration = declaration_of(op_type)
    assert declaration is not None
    assert declaration.public is not None
    tensor: Tensor = declaration.public(*args, **kwargs)
    return tensor


register_tensor_conversion_function(IndexedSlices, _to_tensor)
