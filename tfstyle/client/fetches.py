"""From what a program fetches and feeds to tensors, operations and arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from tfstyle.framework.graph import Graph
from tfstyle.framework.session_values import expansion_of
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.util import nest

__all__ = ["Feeds", "Fetches"]


class Fetches:
    """A structure of fetches, taken apart.

    Attributes:
        tensors: the tensors in it, without repetition.
        operations: the operations in it.
        handles: places in `tensors` of handles of values that the session keeps.
    """

    def __init__(self, graph: Graph, fetches: Any) -> None:
        """Takes `fetches` apart.

        Args:
            graph: the graph of the session.
            fetches: a tensor, operation, name or composite; a list, tuple or dict of
                such; nested structures are taken too.

        Raises:
            TypeError: when an item is of another type.
            ValueError: when an item belongs to another graph or names nothing.
        """
        self._graph = graph
        self._slots: dict[Tensor, int] = {}
        self.operations: list[Operation] = []
        self.handles: dict[int, Tensor] = {}
        self._build = self._structure(fetches)
        # TF 0.9 answers a tuple with a list.
        if type(fetches) is tuple:
            inner = self._build
            self._build = lambda values: list(inner(values))
        self.tensors = list(self._slots)

    def build(self, values: Sequence[Any]) -> Any:
        """What `run` returns, given the values of `tensors`."""
        return self._build(values)

    def _structure(self, fetches: Any) -> Callable[[Sequence[Any]], Any]:
        if fetches is None:
            raise TypeError(
                f"Fetch argument {fetches!r} has invalid type {type(fetches)!r}"
            )
        if isinstance(fetches, (list, tuple)):
            parts = [self._structure(item) for item in fetches]
            kind: Any = type(fetches)
            if hasattr(kind, "_fields"):
                return lambda values: kind(*[part(values) for part in parts])
            if kind is list:
                return lambda values: [part(values) for part in parts]
            return lambda values: kind([part(values) for part in parts])
        if isinstance(fetches, dict):
            items = [(k, self._structure(v)) for k, v in fetches.items()]
            return lambda values: {k: part(values) for k, part in items}
        expansion = expansion_of(fetches)
        if expansion is not None:
            tensors = expansion.parts(fetches)
            slots = [self._slot(self._element(t, fetches)) for t in tensors]
            return lambda values: expansion.build([values[s] for s in slots])
        element = self._element(fetches, fetches)
        if isinstance(element, Operation):
            self.operations.append(element)
            return lambda values: None
        slot = self._slot(element)
        if element.op.type == "GetSessionHandle":
            self.handles[slot] = element.op._inputs[0]
        return lambda values: values[slot]

    def _slot(self, tensor: Any) -> int:
        return self._slots.setdefault(tensor, len(self._slots))

    def _element(self, fetch: Any, whole: Any) -> Tensor | Operation:
        try:
            element = self._graph.as_graph_element(fetch)
        except TypeError as error:
            raise TypeError(
                f"Fetch argument {fetch!r} of {whole!r} has invalid type "
                f"{type(fetch)!r}, must be a string or Tensor. ({error})"
            ) from None
        except (ValueError, KeyError) as error:
            raise ValueError(
                f"Fetch argument {fetch!r} of {whole!r} cannot be interpreted as a "
                f"Tensor. ({error.args[0]})"
            ) from None
        if not self._graph.is_fetchable(element):
            op = element.op if isinstance(element, Tensor) else element
            raise ValueError(f"Operation {op.name!r} has been marked as not fetchable.")
        return element


class Feeds:
    """The keys of a feed_dict, taken apart.

    Attributes:
        tensors: the tensors that are fed, in order.
    """

    def __init__(self, graph: Graph, keys: Sequence[Any]) -> None:
        """Finds the tensors that the keys stand for.

        Raises:
            TypeError: when a key is no tensor of `graph`.
            ValueError: when a tensor may not be fed, or is in two structures.
        """
        self._graph = graph
        self._simple: list[tuple[Any, Tensor, Any, tuple[int | None, ...] | None]] = []
        self._composite: list[Any] = []
        self._nested: list[tuple[Any, Feeds]] = []
        self.tensors: list[Tensor] = []
        for key in keys:
            expansion = expansion_of(key)
            if expansion is not None:
                self._composite.append(key)
                self.tensors.extend(self._tensor(t) for t in expansion.parts(key))
                continue
            if nest.is_sequence(key):
                inner = Feeds(graph, nest.flatten(key))
                self._nested.append((key, inner))
                self.tensors.extend(inner.tensors)
                continue
            tensor = self._tensor(key)
            dtype = np.dtype(tensor.dtype.base_dtype.as_numpy_dtype)
            self._simple.append((key, tensor, dtype, _dims(tensor)))
            self.tensors.append(tensor)
        if self._nested:
            nest.flatten_dict_items({tuple(self.tensors): self.tensors})

    def _tensor(self, key: Any) -> Tensor:
        try:
            tensor = self._graph.as_graph_element(key, allow_operation=False)
        except (ValueError, TypeError, KeyError) as error:
            raise TypeError(
                f"Cannot interpret feed_dict key as Tensor: {error.args[0]}"
            ) from None
        assert isinstance(tensor, Tensor)
        if not self._graph.is_feedable(tensor):
            raise ValueError(f"Tensor {tensor} may not be fed.")
        return tensor

    def convert(self, feed_dict: dict[Any, Any]) -> dict[Tensor, Any]:
        """The fed values as arrays.

        Raises:
            TypeError: when a value is a Tensor or cannot be of the tensor's dtype.
            ValueError: when its shape does not fit, or a structure of tensors gets
                another number of values.
        """
        fed: dict[Tensor, Any] = {}
        for key, tensor, dtype, dims in self._simple:
            value = feed_dict[key]
            if type(value) is not np.ndarray or value.dtype != dtype:
                value = _array(tensor, value, dtype)
            _check_shape(tensor, value.shape, dims)
            fed[tensor] = value
        for key in self._composite:
            expansion = expansion_of(key)
            assert expansion is not None
            for tensor, value in expansion.feed(key, feed_dict[key]):
                dtype = np.dtype(tensor.dtype.base_dtype.as_numpy_dtype)
                array = _array(tensor, value, dtype)
                _check_shape(tensor, array.shape, _dims(tensor))
                fed[tensor] = array
        for key, inner in self._nested:
            fed.update(inner.convert(nest.flatten_dict_items({key: feed_dict[key]})))
        return fed


def _array(tensor: Tensor, value: Any, dtype: np.dtype[Any]) -> Any:
    if isinstance(value, Tensor):
        raise TypeError(
            "The value of a feed cannot be a tf.Tensor object. Acceptable feed values "
            "include Python scalars, strings, lists, or numpy ndarrays."
        )
    if isinstance(value, jax.Array) and value.dtype == dtype:
        return value
    if dtype.kind == "O":
        return _strings(tensor, value)
    try:
        if dtype.kind == "b" and isinstance(value, int) and value not in (0, 1):
            raise OverflowError
        return np.asarray(value, dtype=dtype)
    except OverflowError:
        raise TypeError(
            f"Type of feed value {value} is not compatible with Tensor type "
            f"{dtype.type}. Try explicitly setting the type of the feed tensor to a "
            "larger type (e.g. int64)."
        ) from None


def _strings(tensor: Tensor, value: Any) -> np.ndarray[Any, Any]:
    """An array of bytes objects; text is encoded as UTF-8."""
    array = np.array(value, dtype=object)
    flat = array.ravel()
    for i, item in enumerate(flat):
        if isinstance(item, str):
            flat[i] = item.encode()
        elif not isinstance(item, bytes):
            raise TypeError(
                f"Type of feed value {item!r} is not compatible with Tensor "
                f"{tensor.name!r} of type string."
            )
    return flat.reshape(array.shape)


def _dims(tensor: Tensor) -> tuple[int | None, ...] | None:
    shape = tensor.get_shape()
    return None if shape.ndims is None else tuple(shape.as_list())


def _check_shape(
    tensor: Tensor, shape: tuple[int, ...], dims: tuple[int | None, ...] | None
) -> None:
    # Once for each feed of each run: several times faster than by `TensorShape`.
    if dims is None or shape == dims:
        return
    if len(shape) == len(dims) and all(
        dim is None or dim == size for size, dim in zip(shape, dims, strict=True)
    ):
        return
    raise ValueError(
        f"Cannot feed value of shape {tuple(shape)!r} for Tensor {tensor.name!r}, "
        f"which has shape '{tensor.get_shape()}'"
    )
