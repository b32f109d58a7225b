"""`SparseTensor`: the coordinates, the values and the dense shape of a sparse array."""

from __future__ import annotations

import collections
from collections.abc import Sequence
from typing import Any

from tfstyle.framework import dtypes
from tfstyle.framework.apply_op import graph_of_inputs
from tfstyle.framework.constant_value import constant_value_as_shape
from tfstyle.framework.conversion import convert_to_tensor, entered
from tfstyle.framework.defaults import default_session_for
from tfstyle.framework.session_values import Expansion, register_session_values
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.framework.tensor_shape import TensorShape

__all__ = ["SparseTensor", "SparseTensorValue"]


class SparseTensorValue(
    collections.namedtuple("SparseTensorValue", ["indices", "values", "shape"])
):
    """The value of a `SparseTensor`: NumPy arrays `indices`, `values` and `shape`."""

    __slots__ = ()

    @property
    def dense_shape(self) -> Any:
        """The name of `shape` in later releases."""
        return self.shape


class SparseTensor:
    """A tensor of which only some elements are stored; the others are zero.

    Element `indices[i]` has the value `values[i]`. Most ops expect the indices in
    row-major order and no index twice.

    Differs from later releases: `shape` is a Tensor, as in TensorFlow 0.9;
    `get_shape()` is the static shape.
    """

    def __init__(self, indices: Any, values: Any, shape: Any) -> None:
        """Groups three tensors.

        Args:
            indices: [n, rank] int64, where the elements are.
            values: [n], of any dtype, the elements.
            shape: [rank] int64, the dense shape.

        Raises:
            TypeError, ValueError: when `indices` or `shape` cannot be int64.
            ValueError: when ranks or lengths do not fit, or graphs differ.
        """
        graph = graph_of_inputs([indices, values, shape])
        with entered(graph), graph.name_scope("SparseTensor"):
            indices = convert_to_tensor(indices, dtypes.int64, name="indices")
            values = convert_to_tensor(values, name="values", as_ref=True)
            shape = convert_to_tensor(shape, dtypes.int64, name="shape")
        self._graph = graph
        self._indices: Tensor = indices
        self._values: Tensor = values
        self._shape: Tensor = shape
        count = values.get_shape().with_rank(1)[0]
        rank = shape.get_shape().with_rank(1)[0]
        given = indices.get_shape().with_rank(2)
        given[0].assert_is_compatible_with(count)
        given[1].assert_is_compatible_with(rank)

    @classmethod
    def from_value(cls, sparse_tensor_value: Any) -> SparseTensor:
        """A `SparseTensor` of the parts of a `SparseTensorValue` or `SparseTensor`.

        Raises:
            TypeError: when it is neither.
        """
        if not isinstance(sparse_tensor_value, (SparseTensor, SparseTensorValue)):
            raise TypeError(
                "Neither a SparseTensor nor SparseTensorValue: "
                f"{sparse_tensor_value!r}."
            )
        value = sparse_tensor_value
        return cls(indices=value.indices, values=value.values, shape=value.shape)

    @property
    def indices(self) -> Tensor:
        """Where the elements are, [n, rank] int64."""
        return self._indices

    @property
    def values(self) -> Tensor:
        """The elements, [n]."""
        return self._values

    @property
    def shape(self) -> Tensor:
        """The dense shape, [rank] int64."""
        return self._shape

    @property
    def dense_shape(self) -> Tensor:
        """The name of `shape` in later releases."""
        return self._shape

    @property
    def dtype(self) -> dtypes.DType:
        """The element type."""
        return self._values.dtype

    @property
    def op(self) -> Operation:
        """The operation that produces the values."""
        return self._values.op

    @property
    def graph(self) -> Any:
        """The graph that holds the tensors."""
        return self._graph

    def get_shape(self) -> TensorShape:
        """The static dense shape."""
        return constant_value_as_shape(self._shape)

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value, computed in `session` or in the default session.

        Args:
            feed_dict: values of the placeholders it needs, as in `Session.run`.
            session: the session; default: the innermost default session.

        Returns:
            A `SparseTensorValue`.
        """
        found = default_session_for(self._graph, session, "tensor")
        return found.run(self, feed_dict)

    @classmethod
    def _override_operator(cls, operator: str, func: Any) -> None:
        setattr(cls, operator, func)

    def __str__(self) -> str:
        return (
            f"SparseTensor(indices={self._indices}, values={self._values}, "
            f"shape={self._shape})"
        )


def _parts(value: SparseTensor) -> list[Tensor]:
    return [value.indices, value.values, value.shape]


def _build(values: Sequence[Any]) -> SparseTensorValue:
    return SparseTensorValue(*values)


def _feed(key: SparseTensor, value: Any) -> list[tuple[Tensor, Any]]:
    if not isinstance(value, (tuple, list)) or len(value) != 3:
        raise TypeError(
            f"A SparseTensor must be fed a SparseTensorValue or a tuple (indices, "
            f"values, shape), got {value!r}."
        )
    return list(zip(_parts(key), value, strict=True))


register_session_values(SparseTensor, Expansion(_parts, _build, _feed))
