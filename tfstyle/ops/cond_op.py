"""`tf.cond` and `tf.case`: the `Cond` operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfstyle.framework import dtypes, ops
from tfstyle.framework.indexed_slices import IndexedSlices
from tfstyle.framework.op_def import declare
from tfstyle.framework.op_table import OpFacts
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops.body_context import BodyContext
from tfstyle.ops.constant_op import constant
from tfstyle.ops.elementwise_ops import logical_and, logical_not, logical_or
from tfstyle.ops.join_ops import pack
from tfstyle.ops.logging_ops import Assert
from tfstyle.ops.loop_values import as_value, flatten_value, pack_value, predicate
from tfstyle.ops.shape_ops import identity

__all__ = ["case", "cond"]


def _undefined():
    raise AssertionError("evaluated by the lowering")


declare("Cond", _undefined, facts=OpFacts("Cond", in_r09=False), structural=True)


def cond(pred, fn1, fn2, name=None):
    """The results of `fn1()` where `pred` holds, else those of `fn2()`.

    Both functions are called once, while the graph is built; of the operations they
    make only those of the branch taken run. What they use from outside is computed
    either way.

    Args:
        pred: a boolean scalar Tensor.
        fn1: a function without arguments that returns a tensor, IndexedSlices,
            SparseTensor, TensorArray or operation, or a list of these.
        fn2: one that returns as many, of the same types.
        name: name scope; default "cond".

    Returns:
        What the functions return; a list of one is returned as the one. An operation
        stands for the value of `pred`, which is there once it has run.

    Raises:
        TypeError: when `pred` is a Python bool or not boolean, or a function is not
            callable.
        ValueError: when the functions return different numbers or types of results, or
            none.

    Differs from TF: branches that return different shapes make two programs, so that
    `pred` is computed in a step before.
    """
    with ops.op_scope([pred], name, "cond"):
        if not callable(fn1):
            raise TypeError("fn1 must be callable.")
        if not callable(fn2):
            raise TypeError("fn2 must be callable.")
        if isinstance(pred, bool):
            raise TypeError("pred must not be a Python bool")
        pred = predicate(pred, "pred", "Switch", "pred_id")
        branches = [_Branch(fn1, "fn1", True), _Branch(fn2, "fn2", False)]
        _check_same(*branches)
        return _make(pred, branches)


class _Branch:
    """One recorded branch.

    Attributes:
        context: where its operations were made.
        results: what the function returned, as a list.
        single: whether it was no list.
        tensors: the tensors in the results.
    """

    def __init__(self, function: Callable[[], Any], name: str, when: bool) -> None:
        with BodyContext() as self.context:
            found = function()
            if found is None:
                raise ValueError(f"{name} must have a return value.")
            self.single = not isinstance(found, (list, tuple))
            listed = [found] if self.single else list(found)
            if not listed:
                raise ValueError(f"{name} must return at least one result.")
            self.results = [_result(item, when) for item in listed]
        self.tensors = [t for item in self.results for t in flatten_value(item)]


def _result(item: Any, when: bool) -> Any:
    """A result as something that has a value; of an operation, which branch it is."""
    if isinstance(item, Operation):
        with ops.control_dependencies([item]):
            return constant(when, name="done")
    return as_value(item)


def _check_same(first: _Branch, second: _Branch) -> None:
    if len(first.results) != len(second.results):
        raise ValueError(
            "fn1 and fn2 must return the same number of results: "
            f"{len(first.results)} and {len(second.results)}."
        )
    for a, b in zip(first.results, second.results, strict=True):
        if type(a) is not type(b):
            raise TypeError(
                "Outputs of fn1 and fn2 must be of the same kind: "
                f"{type(a).__name__}, {type(b).__name__}."
            )
    for x, y in zip(first.tensors, second.tensors, strict=True):
        if x.dtype.base_dtype != y.dtype.base_dtype:
            raise ValueError(
                "Outputs of fn1 and fn2 must have the same type: "
                f"{y.dtype.base_dtype.name}, {x.dtype.base_dtype.name}"
            )


def _make(pred: Tensor, branches: Sequence[_Branch]) -> Any:
    bodies = tuple(b.context.close(b.tensors, prune=True) for b in branches)
    captures = tuple(dict.fromkeys(t for body in bodies for t in body.captures))
    shapes = [
        _merged(a, b) for a, b in zip(*(body.results for body in bodies), strict=True)
    ]
    graph = ops.get_default_graph()
    awaited = [op for b in branches for op in b.context.awaited_outside()]
    with ops.control_dependencies(awaited):
        op = graph.create_op(
            "Cond",
            [pred, *captures],
            [t.dtype.base_dtype for t in bodies[0].results],
            name="Cond",
            attrs={
                "_bodies": bodies,
                "_captures": captures,
                # Different shapes make two programs: which one must be known.
                "_static": [] if all(same for _, same in shapes) else [pred],
            },
            compute_shapes=False,
        )
    for branch in branches:
        branch.context.owner = op
    for output, (shape, _) in zip(op.outputs, shapes, strict=True):
        output.set_shape(shape)
    outputs = iter(op.outputs)
    results = []
    for item in branches[0].results:
        tensors = [next(outputs) for _ in flatten_value(item)]
        results.append(pack_value(item, _merge(item, tensors)))
    return results[0] if len(results) == 1 else results


def _merge(item: Any, tensors: list[Tensor]) -> list[Tensor]:
    """The tensors of one result under TensorFlow's names."""
    if len(tensors) == 1:
        return [identity(tensors[0], name="Merge")]
    # Of slices the values come first, of a sparse tensor the indices.
    first = 0 if isinstance(item, IndexedSlices) else 1
    values = identity(tensors[first], name="Merge")
    with ops.name_scope(f"{values.op.name}/"):
        merged = [
            identity(t, name=name)
            for t, name in zip(
                tensors[:first] + tensors[first + 1 :],
                ("indices", "dense_shape"),
                strict=False,
            )
        ]
    return [*merged[:first], values, *merged[first:]]


def _merged(a: Tensor, b: Tensor) -> tuple[TensorShape, bool]:
    """What is known of either tensor's shape, and whether both may have one shape."""
    first, second = a.get_shape(), b.get_shape()
    if first.ndims is None or first.ndims != second.ndims:
        return TensorShape(None), first.ndims is None or second.ndims is None
    pairs = zip(first.as_list(), second.as_list(), strict=True)
    dims = [x if x == y else None for x, y in pairs]
    return TensorShape(dims), first.is_compatible_with(second)


def case(pred_fn_pairs, default, exclusive=False, name="case"):
    """The results of the function whose predicate holds.

    Args:
        pred_fn_pairs: a dict or list of (boolean scalar Tensor, function) pairs; each
            function returns a tensor or list of tensors.
        default: function to call where no predicate holds.
        exclusive: whether more than one true predicate is an error. If False, the first
            one decides; the order of a dict counts as it is.
        name: name scope.

    Returns:
        What the function returns, as from `tf.cond`.

    Raises:
        TypeError: when `pred_fn_pairs` is no list or dict of pairs, or something in it
            is no boolean tensor or no function.
        ValueError: when there is no pair.
        tf.errors.InvalidArgumentError: when run, if `exclusive` and several hold.
    """
    if not isinstance(pred_fn_pairs, (list, tuple, dict)):
        raise TypeError("fns must be a list, tuple, or dict")
    pairs = list(
        pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs
    )
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError("Each entry in pred_fn_pairs must be a 2-tuple")
        if not isinstance(pair[0], Tensor) or pair[0].dtype.base_dtype != dtypes.bool:
            raise TypeError("pred must be Tensor of type bool")
        if not callable(pair[1]):
            raise TypeError(f"fn for pred {pair[0].name} must be callable.")
    if not pairs:
        raise ValueError("pred_fn_pairs must hold at least one (pred, fn) pair.")
    if not callable(default):
        raise TypeError("default must be callable.")
    predicates = [pred for pred, _ in pairs]
    with ops.op_scope([predicates], name, "case"):
        waited = [_exclusive(predicates)] if exclusive else []
        with ops.control_dependencies(waited):
            return _chain(pairs, default)


def _chain(pairs: Sequence[tuple[Tensor, Callable[[], Any]]], default: Any) -> Any:
    (pred, function), *rest = pairs
    otherwise = (lambda: _chain(rest, default)) if rest else default
    return cond(pred, function, otherwise, name=f"If_{len(pairs)}")


def _exclusive(predicates: Sequence[Tensor]) -> Operation:
    """Asserts that at most one of the predicates holds."""
    several = constant(False)
    before = predicates[0]
    for pred in predicates[1:]:
        several = logical_or(several, logical_and(before, pred))
        before = logical_or(before, pred)
    names = ", ".join(pred.name for pred in predicates)
    return Assert(
        logical_not(several),
        [
            "More than one condition evaluated as True but exclusive=True.  "
            f"Conditions: ({names}), Values:",
            pack(predicates),
        ],
        summarize=len(predicates),
    )
