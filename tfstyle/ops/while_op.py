"""`tf.while_loop`: the `While` operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfstyle.framework import dtypes, errors, ops
from tfstyle.framework.op_def import declare
from tfstyle.framework.op_table import OpFacts
from tfstyle.framework.subgraph import Body, nested_operations
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.framework.trip_counts import sizes_itself
from tfstyle.ops.body_context import BodyContext
from tfstyle.ops.loop_values import (
    as_value,
    check_parallel_iterations,
    flatten_value,
    pack_value,
    predicate,
)
from tfstyle.ops.shape_ops import identity
from tfstyle.util import nest

__all__ = ["count_loops", "while_loop"]


def _undefined():
    raise AssertionError("evaluated by the lowering")


declare("While", _undefined, facts=OpFacts("While", in_r09=False), structural=True)
declare(
    "LoopCounts",
    _undefined,
    facts=OpFacts("LoopCounts", in_r09=False),
    structural=True,
    gradient=None,
)
declare(
    "LoopSizes",
    _undefined,
    facts=OpFacts("LoopSizes", in_r09=False),
    structural=True,
    gradient=None,
)


def while_loop(
    cond,
    body,
    loop_vars,
    parallel_iterations=10,
    back_prop=True,
    swap_memory=False,
    name=None,
    shape_invariants=None,
):
    """Repeats `body` while `cond` holds.

    Both functions are called once, while the graph is built. A loop whose number of
    iterations follows from constants and shapes is compiled as a scan. Of another one
    the gradient takes one step more, which counts the iterations.

    Args:
        cond: a function of the loop variables that returns a boolean scalar.
        body: a function of the loop variables that returns as many, of the same dtypes.
        loop_vars: a list of tensors, IndexedSlices, SparseTensors, TensorArrays, or
            nested tuples of these.
        parallel_iterations: a positive number; iterations run one after the other
            whatever it is.
        back_prop: whether gradients flow through the loop.
        swap_memory: accepted; memory is the compiler's business.
        name: name scope; default "while".
        shape_invariants: the shapes to promise in each iteration, in the structure of
            `loop_vars`; default: those before the loop, where the body keeps them.

    Returns:
        The loop variables after the loop, in the structure in which `body` returns
        them; of a list of one, the one.

    Raises:
        TypeError: when `cond` or `body` is not callable, what `cond` returns is not
            boolean, or `parallel_iterations` is not positive.
        ValueError: when there are no loop variables, `body` returns another number, or
            a shape is not what `shape_invariants` promises.
        tf.errors.InvalidArgumentError: when `body` returns another dtype.

    Differs from TF: where shapes change from one iteration to the next, the loop is
    unrolled if the number of iterations follows from constants and shapes. If not, it
    runs step by step, and has no gradient when its variables are what changes.
    """
    del swap_memory
    with ops.op_scope(loop_vars, name, "while"):
        if not loop_vars:
            raise ValueError("No loop variables provided")
        if not callable(cond):
            raise TypeError("cond must be callable.")
        if not callable(body):
            raise TypeError("body must be callable.")
        check_parallel_iterations(parallel_iterations)
        loop = _Loop(loop_vars, shape_invariants)
        loop.record(cond, body)
        return loop.make(back_prop)


class _Loop:
    """One loop while it is recorded.

    Attributes:
        values: the loop variables before the loop, flat.
        initial: the tensors they consist of.
    """

    def __init__(self, loop_vars: Any, shape_invariants: Any) -> None:
        self._structure = loop_vars
        self._returned: Any = None
        self.values = [as_value(v) for v in nest.flatten(loop_vars)]
        self.initial = [t for v in self.values for t in flatten_value(v)]
        self._shapes = [t.get_shape() for t in self.initial]
        if shape_invariants is not None:
            nest.assert_same_structure(loop_vars, shape_invariants)
            self._shapes = [TensorShape(s) for s in nest.flatten(shape_invariants)]
            for tensor, shape in zip(self.initial, self._shapes, strict=True):
                if not _covers(shape, tensor.get_shape()):
                    raise ValueError(
                        f"The shape invariant specified for {tensor.name} is not "
                        "compatible with the initial shape of the loop variable. It "
                        f"enters the loop with shape {tensor.get_shape()}, but the "
                        f"specified shape invariant is {shape}."
                    )
        self._is_promised = shape_invariants is not None
        self._bodies: tuple[Body, ...] = ()
        self._contexts: list[BodyContext] = []

    def record(self, cond: Callable[..., Any], body: Callable[..., Any]) -> None:
        """Calls the two functions."""
        with BodyContext() as context:
            found = cond(*self._enter(context, "Merge"))
            test = predicate(found, "input", "LoopCond", "LoopCond")
        condition = context.close([test], prune=True)
        with BodyContext() as inner:
            results = self._results(body(*self._enter(inner, "Identity")))
        self._contexts = [context, inner]
        self._bodies = (condition, inner.close(results, prune=True))

    def _enter(self, context: BodyContext, name: str) -> Sequence[Any]:
        tensors = []
        for tensor, shape in zip(self.initial, self._shapes, strict=True):
            parameter = context.parameter(tensor, name)
            parameter._shape = shape
            tensors.append(parameter)
        return self._packed(tensors, self._structure)

    def _packed(self, tensors: Sequence[Tensor], structure: Any) -> Sequence[Any]:
        rest = iter(tensors)
        packed = [
            pack_value(v, [next(rest) for _ in flatten_value(v)]) for v in self.values
        ]
        found: Sequence[Any] = nest.pack_sequence_as(structure, packed)
        return found

    def _results(self, returned: Any) -> list[Tensor]:
        if not nest.is_sequence(returned):
            returned = [returned]
        self._returned = returned
        flat = [as_value(v) for v in nest.flatten(returned)]
        tensors = [t for v in flat for t in flatten_value(v)]
        if len(tensors) != len(self.initial):
            raise ValueError(
                "Number of inputs and outputs of body must match loop_vars: "
                f"{len(self.initial)}, {len(tensors)}"
            )
        for i, (before, after) in enumerate(zip(self.initial, tensors, strict=True)):
            if before.dtype.base_dtype != after.dtype.base_dtype:
                raise errors.InvalidArgumentError(
                    None,
                    after.op,
                    f"Loop variable {i} ({before.name}) has type "
                    f"{before.dtype.base_dtype.name}, and body returns "
                    f"{after.dtype.base_dtype.name} for it ({after.name}).",
                )
        return tensors

    def make(self, back_prop: bool) -> Any:
        """Makes the operation; returns the loop variables after the loop."""
        bodies = self._bodies
        captures = tuple(dict.fromkeys(t for body in bodies for t in body.captures))
        shapes = self._loosened()
        entering = [*self.initial, *captures]
        sizes = self._sizes(entering)
        op = ops.get_default_graph().create_op(
            "While",
            [*entering, *sizes],
            [t.dtype.base_dtype for t in self.initial],
            name="While",
            attrs={
                "_bodies": bodies,
                "_captures": captures,
                "_growing": self._growing(),
                "_static": sizes,
                "carries": len(self.initial),
            },
            compute_shapes=False,
        )
        for context in self._contexts:
            context.owner = op
        for tensor in sizes:
            tensor.op._attrs["_counted"] = op
        if not back_prop:
            op._gradient_function = lambda op, *grads: [None] * len(op.inputs)
        exits = []
        outputs = iter(op.outputs)
        shape = iter(shapes)
        for value in self.values:
            for _ in flatten_value(value):
                output = next(outputs)
                output.set_shape(next(shape))
                exits.append(identity(output, name="Exit"))
        results = self._packed(exits, self._returned)
        return results[0] if len(results) == 1 else results

    def _growing(self) -> dict[int, Operation]:
        """The numbers of the arrays that grow, with the operations that made them."""
        found: dict[int, Operation] = {}
        number = 0
        for value in self.values:
            if getattr(value, "is_dynamic", False):
                found[number] = value.handle.op
            number += len(flatten_value(value))
        return found

    def _sizes(self, entering: Sequence[Tensor]) -> list[Tensor]:
        """The final sizes of arrays, where an earlier step must compute them.

        Inside another body there is no earlier step: then they must follow from what is
        known while the program is compiled.
        """
        growing = self._growing()
        graph = ops.get_default_graph()
        if not growing or graph._control_flow_context is not None:
            return []
        operations = [op for body in self._bodies for op in body.operations]
        if sizes_itself(self._bodies, self.initial, growing) or any(
            op._declaration is None or op._declaration.host
            for op in nested_operations(operations)
        ):
            return []
        sizes = graph.create_op(
            "LoopSizes",
            list(entering),
            [dtypes.int32],
            name="sizes",
            compute_shapes=False,
        ).outputs[0]
        sizes.set_shape([len(growing)])
        return [sizes]

    def _loosened(self) -> list[TensorShape]:
        """What holds for the shapes of the loop variables in every iteration."""
        graph = ops.get_default_graph()
        shapes = []
        for i, (before, result) in enumerate(
            zip(self._shapes, self._bodies[1].results, strict=True)
        ):
            if self._is_promised and not _covers(before, result.get_shape()):
                raise ValueError(
                    f"The shape for {result.name} is not an invariant for the loop. "
                    f"The shape invariant is {before}, but it has shape "
                    f"{result.get_shape()} after one iteration."
                )
            shape = _common(before, result.get_shape())
            if shape.as_list() != before.as_list() if shape.ndims else before.ndims:
                for body in self._bodies:
                    body.parameters[i]._shape = shape
                # What was computed from the old shapes does not hold.
                graph._constants.clear()
            shapes.append(shape)
        return shapes


def _covers(general: TensorShape, shape: TensorShape) -> bool:
    """Whether whatever has `shape` also has the shape `general`."""
    if general.ndims is None:
        return True
    if general.ndims != shape.ndims:
        return False
    pairs = zip(general.as_list(), shape.as_list(), strict=True)
    return all(x is None or x == y for x, y in pairs)


def _common(a: TensorShape, b: TensorShape) -> TensorShape:
    if a.ndims is None or a.ndims != b.ndims:
        return TensorShape(None)
    pairs = zip(a.as_list(), b.as_list(), strict=True)
    return TensorShape([x if x == y else None for x, y in pairs])


def count_loops(op: Operation, loops: Sequence[Operation]) -> Tensor:
    """How often each of `loops` runs at most, when `op`, which holds them, runs.

    Returns:
        int32[len(loops)], rounded up so that few lengths occur.
    """
    known: Tensor | None = op._attrs.get("_count")
    if known is None:
        counter = op.graph.create_op(
            "LoopCounts",
            list(op._inputs),
            [dtypes.int32],
            name=f"{op.name}_counts",
            attrs={"_counted": op, "_loops": tuple(loops), "exact": False},
            compute_shapes=False,
        )
        counter._attrs["_static"] = op._attrs.get("_static", [])
        known = op._attrs["_count"] = counter.outputs[0]
        known.set_shape([len(loops)])
    return known
