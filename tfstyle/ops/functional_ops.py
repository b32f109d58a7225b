"""Mapping a function over the rows of a tensor, and folding them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfstyle.framework import dtypes, errors, ops
from tfstyle.framework.tensor import Tensor
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops import array_ops, math_ops
from tfstyle.ops.body_context import BodyContext
from tfstyle.ops.loop_values import check_parallel_iterations
from tfstyle.ops.scan_op import ScanResult, make_scan
from tfstyle.util import nest

__all__ = ["foldl", "foldr", "map_fn", "scan"]


def map_fn(
    fn,
    elems,
    dtype=None,
    parallel_iterations=10,
    back_prop=True,
    swap_memory=False,
    name=None,
):
    """Applies `fn` to each row of `elems` and packs the results.

    `fn` is called once, while the graph is built; the rows are computed one after the
    other.

    Args:
        fn: a function of one row that returns a tensor, or a tuple of them.
        elems: a tensor [n, …]; or a tuple of such tensors, of which `fn` then gets the
            tuple of rows. A list is one tensor, its parts packed; but where they do
            not fit into one, or `dtype` is a list or tuple, `fn` gets a list of rows.
        dtype: the dtype of the results, in their structure; default: that of `elems`.
        parallel_iterations: a positive number; one row comes after the other whatever
            it is.
        back_prop: whether gradients flow through.
        swap_memory: accepted; memory is the compiler's business.
        name: name scope; default "map".

    Returns:
        A tensor [n, …], or several of them in a structure: row i is `fn` of row i.

    Raises:
        TypeError: when `fn` is not callable.
        ValueError: when `elems` is a scalar, or `fn` returns another structure than
            `dtype` says.
        tf.errors.InvalidArgumentError: when `fn` returns another dtype.
    """
    del swap_memory
    _check(fn, parallel_iterations)
    with ops.op_scope(nest.flatten(elems), name, "map"):
        loop = _Loop(elems, "map", isinstance(dtype, (list, tuple)))
        structure = loop.elems if dtype is None else dtype
        wanted = [
            t.dtype.base_dtype if isinstance(t, Tensor) else dtypes.as_dtype(t)
            for t in nest.flatten(structure)
        ]

        def step(row: Any) -> tuple[Sequence[Any], Sequence[Any]]:
            found = fn(row)
            nest.assert_same_structure(structure, found)
            return [], _converted(nest.flatten(found), wanted)

        result = loop.run([], step, back_prop)
        stacked = [
            array_ops.identity(t, name="TensorArrayPack") for t in result.stacked
        ]
        return nest.pack_sequence_as(structure, stacked)


def foldl(
    fn,
    elems,
    initializer=None,
    parallel_iterations=10,
    back_prop=True,
    swap_memory=False,
    name=None,
):
    """Combines the rows of `elems` from the first to the last.

    Args:
        fn: a function of (what the rows before gave, a row) that returns what the rows
            give so far, of the same shape and dtype.
        elems: a tensor [n, …], or a tuple or list of such tensors as in `tf.scan`.
        initializer: what to begin with, a tensor or a tuple of them; default: the first
            row.
        parallel_iterations: a positive number, see `tf.map_fn`.
        back_prop: whether gradients flow through.
        swap_memory: accepted; memory is the compiler's business.
        name: name scope; default "foldl".

    Returns:
        What the last call of `fn` returned.

    Raises:
        TypeError: when `fn` is not callable.
        ValueError: when `elems` is a scalar, or `fn` returns another shape.
        tf.errors.InvalidArgumentError: when `fn` returns another dtype; when run, if
            there is no row to begin with.
    """
    del swap_memory
    _check(fn, parallel_iterations)
    with ops.op_scope([*nest.flatten(elems)], name, "foldl"):
        return _fold(fn, _Loop(elems, "foldl"), initializer, back_prop)


def foldr(
    fn,
    elems,
    initializer=None,
    parallel_iterations=10,
    back_prop=True,
    swap_memory=False,
    name=None,
):
    """Combines the rows of `elems` from the last to the first; see `tf.foldl`.

    Args:
        fn: a function of (what the rows after gave, a row).
        elems: a tensor [n, …], or a tuple or list of such tensors as in `tf.scan`.
        initializer: what to begin with; default: the last row.
        parallel_iterations: a positive number, see `tf.map_fn`.
        back_prop: whether gradients flow through.
        swap_memory: accepted; memory is the compiler's business.
        name: name scope; default "foldr".

    Returns:
        What the last call of `fn` returned.
    """
    del swap_memory
    _check(fn, parallel_iterations)
    with ops.op_scope([*nest.flatten(elems)], name, "foldr"):
        loop = _Loop(elems, "foldr")
        loop.rows = [_reversed(t) for t in loop.rows]
        return _fold(fn, loop, initializer, back_prop)


def scan(
    fn,
    elems,
    initializer=None,
    parallel_iterations=10,
    back_prop=True,
    swap_memory=False,
    name=None,
):
    """Combines the rows of `elems` from the first to the last; keeps each result.

    Args:
        fn: a function of (what the rows before gave, a row) that returns what the rows
            give so far, of the same shape and dtype.
        elems: a tensor [n, …], or a tuple of such tensors. A list is one tensor, its
            parts packed, where they fit into one, else like a tuple.
        initializer: what to begin with, a tensor or a tuple of them; default: the first
            row, which then is the first result, too.
        parallel_iterations: a positive number, see `tf.map_fn`.
        back_prop: whether gradients flow through.
        swap_memory: accepted; memory is the compiler's business.
        name: name scope; default "scan".

    Returns:
        A tensor [n, …], or a tuple of them: row i is what `fn` returned for row i.

    Raises:
        TypeError: when `fn` is not callable.
        ValueError: when `elems` is a scalar, or `fn` returns another shape.
        tf.errors.InvalidArgumentError: when `fn` returns another dtype; when run, if
            there is no row to begin with.
    """
    del swap_memory
    _check(fn, parallel_iterations)
    with ops.op_scope([*nest.flatten(elems)], name, "scan"):
        loop = _Loop(elems, "scan")
        structure, first = loop.start(initializer)
        result = loop.run(first, _combining(fn, structure, first), back_prop)
        found = []
        for begin, rest in zip(first, result.stacked, strict=True):
            if initializer is None:
                whole = array_ops.concat(0, [array_ops.expand_dims(begin, 0), rest])
                whole.set_shape(
                    TensorShape([loop.count]).concatenate(begin.get_shape())
                )
                rest = whole
            found.append(array_ops.identity(rest, name="TensorArrayPack"))
        return nest.pack_sequence_as(structure, found)


def _is_structure(value: Any, apart: bool = False) -> bool:
    """Whether `value` is several tensors, not one that is packed from a list."""
    if isinstance(value, tuple):
        return True
    return isinstance(value, list) and (apart or _packed(value) is None)


def _packed(value: Any) -> tuple[Any, TensorShape] | None:
    """dtype (None: any) and shape of `value` as one tensor; None where it is none."""
    if not isinstance(value, (list, tuple)):
        if hasattr(value, "get_shape"):
            return value.dtype.base_dtype, value.get_shape()
        return None, TensorShape(np.shape(value))
    dtype, shape = None, TensorShape(None)
    for item in value:
        part = _packed(item)
        if part is None or not shape.is_compatible_with(part[1]):
            return None
        if dtype is not None and part[0] not in (None, dtype):
            return None
        dtype, shape = dtype or part[0], shape.merge_with(part[1])
    return dtype, TensorShape([len(value)]).concatenate(shape)


def _check(fn: Any, parallel_iterations: Any) -> None:
    if not callable(fn):
        raise TypeError("fn must be callable.")
    check_parallel_iterations(parallel_iterations)


class _Loop:
    """A loop over rows.

    Attributes:
        elems: the tensors, in their structure.
        rows: the same, flat.
        count: the number of rows as the graph says it, a Dimension.
        scope: the name scope of the body.
    """

    def __init__(self, elems: Any, name: str, apart: bool = False) -> None:
        if _is_structure(elems, apart):
            flat = [ops.convert_to_tensor(t, name="elems") for t in nest.flatten(elems)]
            self.elems = nest.pack_sequence_as(elems, flat)
        else:
            self.elems = ops.convert_to_tensor(elems, name="elems")
            flat = [self.elems]
        if not flat:
            raise ValueError(f"There is nothing to {name} over.")
        self.count: Any = None
        self.scope = ""
        for tensor in flat:
            shape = tensor.get_shape()
            if shape.ndims == 0:
                raise ValueError(f"elems must have rows, {tensor!r} is a scalar.")
            size = shape[0] if shape.ndims else TensorShape([None])[0]
            self.count = size if self.count is None else self.count.merge_with(size)
        self.rows = flat

    def start(self, initializer: Any) -> tuple[Any, list[Tensor]]:
        """What a fold begins with: in its structure, and flat."""
        if initializer is None:
            if self.count.value == 0:
                raise errors.InvalidArgumentError(
                    None, None, "Tried to read from index 0 but array size is: 0"
                )
            first = [_first(t) for t in self.rows]
            self.rows = [_without_first(t) for t in self.rows]
            return self.elems, first
        if _is_structure(initializer):
            return initializer, [
                ops.convert_to_tensor(t, name="initializer")
                for t in nest.flatten(initializer)
            ]
        tensor = ops.convert_to_tensor(initializer, name="initializer")
        return tensor, [tensor]

    def run(
        self, initial: Sequence[Tensor], step: Callable[..., Any], back_prop: bool
    ) -> ScanResult:
        """Runs a step for each row.

        Args:
            initial: what is carried, before the first row.
            step: a function of what is carried, if anything is, and the rows; returns
                what is carried on, and what is kept.
            back_prop: whether gradients flow through.
        """
        with ops.name_scope("while") as self.scope, BodyContext() as context:
            carried = [context.parameter(t, "Identity") for t in initial]
            kinds: list[Any] = [_Row(t) for t in self.rows]
            rows = [context.parameter(k, "TensorArrayRead") for k in kinds]
            row = nest.pack_sequence_as(self.elems, rows)
            after, kept = step(carried, row) if initial else step(row)
        result = make_scan(
            context, initial, self.rows, after, kept, "while/Scan", unrolled=False
        )
        if not back_prop:
            maker = result.stacked[0].op if result.stacked else result.final[0].op
            maker._gradient_function = lambda op, *grads: [None] * len(op.inputs)
        return result


class _Row:
    """What is known of a row of a tensor."""

    def __init__(self, tensor: Tensor) -> None:
        self.dtype = tensor.dtype.base_dtype
        self._shape = tensor.get_shape()

    def get_shape(self) -> TensorShape:
        return self._shape[1:] if self._shape.ndims else self._shape


def _combining(fn: Any, structure: Any, first: Sequence[Tensor]) -> Any:
    """The step of a fold: what is carried is also kept."""
    wanted = [t.dtype.base_dtype for t in first]

    def step(carried: Sequence[Tensor], row: Any) -> tuple[Any, Any]:
        found = fn(nest.pack_sequence_as(structure, carried), row)
        nest.assert_same_structure(structure, found)
        after = _converted(nest.flatten(found), wanted)
        for before, tensor in zip(first, after, strict=True):
            if not before.get_shape().is_compatible_with(tensor.get_shape()):
                raise ValueError(
                    f"fn must keep the shape of what it is given: it got "
                    f"{before.get_shape()} and returned {tensor.get_shape()}."
                )
        return after, after

    return step


def _fold(fn: Any, loop: _Loop, initializer: Any, back_prop: bool) -> Any:
    structure, first = loop.start(initializer)
    combine = _combining(fn, structure, first)
    result = loop.run(first, lambda *given: (combine(*given)[0], []), back_prop)
    with ops.name_scope(loop.scope):
        found = [
            array_ops.identity(t, name=f"Exit_{i}")
            for i, t in enumerate(result.final, 1)
        ]
    return nest.pack_sequence_as(structure, found)


def _converted(values: Sequence[Any], wanted: Sequence[Any]) -> list[Tensor]:
    found = []
    for value, dtype in zip(values, wanted, strict=True):
        tensor = ops.convert_to_tensor(value)
        if tensor.dtype.base_dtype != dtype:
            raise errors.InvalidArgumentError(
                None,
                tensor.op,
                f"fn must return {dtype.name}, and returned "
                f"{tensor.dtype.base_dtype.name} ('{tensor.name}').",
            )
        found.append(tensor)
    return found


def _first(tensor: Tensor) -> Tensor:
    # Not of the variable itself: its gradient would be the rows that were looked up.
    return array_ops.gather(array_ops.identity(tensor), 0)


def _without_first(tensor: Tensor) -> Tensor:
    shape = tensor.get_shape()
    if shape.ndims is None:
        count = array_ops.size(array_ops.shape(tensor))
        begin = array_ops.concat(
            0, [[1], array_ops.zeros(array_ops.expand_dims(count - 1, 0), dtypes.int32)]
        )
        return array_ops.slice(
            tensor, begin, array_ops.fill(array_ops.expand_dims(count, 0), -1)
        )
    begin = [1, *[0] * (shape.ndims - 1)]
    return array_ops.slice(tensor, begin, [-1] * shape.ndims)


def _reversed(tensor: Tensor) -> Tensor:
    ndims = tensor.get_shape().ndims
    # `reverse` takes no strings.
    if ndims is not None and tensor.dtype.base_dtype != dtypes.string:
        return array_ops.reverse(tensor, [True, *[False] * (ndims - 1)])
    count = array_ops.gather(array_ops.shape(tensor), 0)
    return array_ops.gather(tensor, count - 1 - math_ops.range(0, count))
