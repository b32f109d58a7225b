"""`tf.gradients`: a reverse walk over blocks of differentiable operations.

Operations with an explicit gradient function (a program's own, or a lookup in a
variable, whose gradient is sparse) are walked one by one. All others between them form
blocks; the gradient of a block is one `BlockGradient` operation, which the lowering
evaluates from the pullbacks of the block's operations.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack
from typing import Any

from tfstyle.framework import errors, ops
from tfstyle.framework.connected import (
    connected_inputs,
    is_differentiable,
    unblocked_inputs,
)
from tfstyle.framework.gradient_registry import (
    gradient_function_of,
    register_body_gradient,
)
from tfstyle.framework.indexed_slices import IndexedSlices
from tfstyle.framework.op_def import declare
from tfstyle.framework.op_table import OpFacts
from tfstyle.framework.replay import obstacle
from tfstyle.framework.subgraph import Region, bodies_of, external_inputs
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.framework.trip_counts import uncounted_loops
from tfstyle.ops import array_ops, math_ops
from tfstyle.ops.inner_gradients import record_inner_gradients
from tfstyle.ops.table_rows import slices_of_rows
from tfstyle.ops.while_op import count_loops

__all__ = ["AggregationMethod", "gradients"]

Gradient = Tensor | IndexedSlices


class AggregationMethod:
    """Ways to add up the gradients of a tensor that is used several times.

    The sums are computed in the same way whichever is chosen: XLA arranges them.
    """

    ADD_N = 0
    DEFAULT = ADD_N
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


def _undefined():
    raise AssertionError("evaluated by the lowering")


declare(
    "BlockGradient",
    _undefined,
    facts=OpFacts("BlockGradient", in_r09=False),
    structural=True,
)


def gradients(
    ys,
    xs,
    grad_ys=None,
    name="gradients",
    colocate_gradients_with_ops=False,
    gate_gradients=False,
    aggregation_method=None,
):
    """Derivatives of the sum of `ys` with respect to each of `xs`.

    Args:
        ys: a tensor or a list of tensors.
        xs: a tensor, a variable, or a list of these.
        grad_ys: gradient of each of `ys`, of the same shape; None (the list or an item)
            stands for ones.
        name: name scope of the operations.
        colocate_gradients_with_ops: whether to place gradients with their operations.
        gate_gradients: whether no gradient is used before all are computed; results are
            the same either way, since operations do not change each other's values.
        aggregation_method: one of `AggregationMethod`.

    Returns:
        A list with, for each of `xs`, a Tensor of its shape and dtype, an IndexedSlices
        (lookups in a variable), or None where `ys` do not depend on it differentiably.

    Raises:
        LookupError: when an operation on the way has no gradient.
        ValueError: when `grad_ys` does not fit `ys`.
        tf.errors.InvalidArgumentError: when one of `xs` is made in the body of a branch
            or a loop, and this is outside of it.
    """
    del gate_gradients
    if aggregation_method not in (None, 0, 1, 2):
        raise ValueError(f"Invalid aggregation_method specified {aggregation_method}.")
    ys = _as_list(ys)
    xs = [_target(x) for x in _as_list(xs)]
    _check_reachable(xs)
    given = [None] * len(ys) if grad_ys is None else _as_list(grad_ys)
    with ops.op_scope([*ys, *xs, *given], name, "gradients"):
        ys = ops.convert_n_to_tensor_or_indexed_slices(ys, name="y")
        ys = [y.values if isinstance(y, IndexedSlices) else y for y in ys]
        seeds = _default_grad_ys(given, ys)
        walk = _Walk(ys, xs, colocate_gradients_with_ops)
        return walk.run(seeds)


def _as_list(value) -> list:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _target(x) -> Any:
    """The tensor that stands for `x`: a variable is its reference."""
    convert = getattr(x, "_as_graph_element", None)
    if convert is not None:
        return convert()
    return ops.convert_to_tensor(x, name="x")


def _check_reachable(xs: Iterable[Tensor]) -> None:
    """Refuses targets whose gradients only the body that makes them could tell."""
    for x in xs:
        here = ops.get_default_graph()._control_flow_context
        context = x.op._control_flow_context
        while here is not None and here is not context:
            here = here.outer
        if context is not here and context.owner is not None:
            raise errors.InvalidArgumentError(
                None,
                x.op,
                f"'{x.name}' is made in the body of a branch or a loop: there are no "
                "gradients with respect to it outside. Call tf.gradients in the body, "
                "or make it before.",
            )


def _default_grad_ys(grad_ys: Sequence[Any], ys: Sequence[Tensor]) -> list[Gradient]:
    if len(grad_ys) != len(ys):
        raise ValueError(f"Passed {len(grad_ys)} grad_ys for {len(ys)} ys")
    result: list[Gradient] = []
    for i, (grad, y) in enumerate(zip(grad_ys, ys, strict=True)):
        if grad is None:
            result.append(
                array_ops.fill(
                    array_ops.shape(y),
                    ops.convert_to_tensor(1, y.dtype.base_dtype, f"grad_ys_{i}"),
                )
            )
            continue
        grad = ops.convert_to_tensor_or_indexed_slices(
            grad, y.dtype.base_dtype, f"grad_ys_{i}"
        )
        if grad.dtype.base_dtype != y.dtype.base_dtype:
            raise ValueError(
                f"Y and ys_grad must be of the same type, not y: {y.dtype.name}, "
                f"ys_grad: {grad.dtype.name} "
            )
        if isinstance(grad, Tensor):
            y.get_shape().assert_is_compatible_with(grad.get_shape())
        result.append(grad)
    return result


class _Walk:
    """One call of `gradients`.

    Attributes:
        carrying: the tensors that depend differentiably on the targets.
        relevant: the operations on the way from the targets to `ys`, in order.
    """

    def __init__(
        self, ys: Sequence[Tensor], xs: Sequence[Tensor], colocate: bool
    ) -> None:
        self._ys = ys
        self._xs = xs
        self._colocate = colocate
        self._functions: dict[Operation, Callable[..., Any]] = {}
        self.carrying: set[Tensor] = set(xs)
        self._passing: set[Operation] = set()
        # Branches and loops: not every output depends on every input.
        self._inner: set[Operation] = set()
        self._wanted: set[Tensor] = set()
        ancestors = _ancestors(ys)
        self._spread(ancestors)
        # One for all regions of this call: by it they know that they belong together.
        self._carrying = frozenset(self.carrying)
        self.relevant = self._on_the_way(ancestors)
        self._check_bodies()
        self._flows: dict[Operation, list[Tensor]] = {}
        self._order = self._visits()
        self._gradients: defaultdict[Tensor, list[tuple[int, Gradient]]]
        self._gradients = defaultdict(list)
        self._final: dict[Tensor, Gradient] = {}

    def _spread(self, ancestors: Sequence[Operation]) -> None:
        for op in ancestors:
            if self.carrying.isdisjoint(op._inputs):
                continue
            flows, function = gradient_function_of(op)
            if not flows:
                continue
            if bodies_of(op):
                record_inner_gradients(op)
                if function is None:
                    self._inner.add(op)
            declaration = op._declaration
            if function is None:
                function = self._special(op)
            if function is not None:
                self._functions[op] = function
            elif declaration is None or declaration.host:
                raise LookupError(
                    f"No gradient defined for operation '{op.name}' (op type: "
                    f"{op.type})"
                )
            elif not self._flowing(op):
                continue
            self._passing.add(op)
            self.carrying.update(
                t
                for t in op._outputs
                if is_differentiable(t)
                and not (
                    op in self._inner
                    and self.carrying.isdisjoint(connected_inputs(op, t.value_index))
                )
            )

    def _flowing(self, op: Operation) -> list[Tensor]:
        """The inputs of `op` that gradients flow back to."""
        if op in self._functions:
            inputs = op._inputs
        else:
            inputs = unblocked_inputs(op)
        found = [t for t in inputs if t in self.carrying]
        if op in self._inner and self._wanted:
            reached = frozenset[Tensor]().union(
                *(
                    connected_inputs(op, t.value_index)
                    for t in op._outputs
                    if t in self._wanted
                )
            )
            found = [t for t in found if t in reached]
        return found

    def _flow(self, op: Operation) -> list[Tensor]:
        """`_flowing` of one of `relevant`, when all that is wanted is known."""
        found = self._flows.get(op)
        if found is None:
            found = self._flows[op] = self._flowing(op)
        return found

    def _special(self, op: Operation) -> Callable[..., Any] | None:
        """Gradient functions of our own: reads of variables and sparse lookups."""
        if op.type == "Identity" and op._inputs[0].dtype.is_ref_dtype:
            return _read_gradient
        if op.type == "Gather" and _is_variable_read(op._inputs[0]):
            return _gather_gradient
        return None

    def _on_the_way(self, ancestors: Sequence[Operation]) -> list[Operation]:
        wanted = self._wanted = {y for y in self._ys if y in self.carrying}
        found: list[Operation] = []
        for op in reversed(ancestors):
            if op in self._passing and any(
                t in wanted and t in self.carrying for t in op._outputs
            ):
                found.append(op)
                wanted.update(self._flowing(op))
        found.reverse()
        return found

    def _check_bodies(self) -> None:
        for op in self.relevant:
            found = obstacle(op) if op in self._inner else None
            if found is not None:
                raise LookupError(
                    f"No gradient defined for operation '{found.name}' (op type: "
                    f"{found.type}): it runs on the host, and to differentiate "
                    f"{op.type} '{op.name}', which holds it, is to compute it again in "
                    "a compiled step."
                )

    def _visits(self) -> dict[Operation, int]:
        """The order in which TensorFlow visits the operations, breadth first.

        Slices of a table are joined in this order, and rows that occur twice are
        updated one after the other. A loop over a list is visited step by step, the
        last one first, as the operations of its steps would be.
        """
        relevant = set(self.relevant)
        pending: defaultdict[Operation, int] = defaultdict(int)
        for op in self.relevant:
            for tensor in op._inputs:
                pending[tensor._op] += 1
        queue = deque(
            op for op in dict.fromkeys(y.op for y in self._ys) if not pending[op]
        )
        order: dict[Operation, int] = {}

        def reach(tensors: Iterable[Tensor]) -> None:
            for tensor in tensors:
                maker = tensor._op
                pending[maker] -= 1
                if not pending[maker]:
                    queue.append(maker)

        # What is left to reach from the loops that are being visited.
        loops: dict[Operation, list[Sequence[Tensor]]] = {}
        while queue:
            op = queue.popleft()
            if op not in relevant:
                continue
            if op._type != "Scan":
                order[op] = len(order)
                reach(op._inputs)
                continue
            if op not in loops:
                order[op] = len(order)
                packed = _packed(op, relevant)
                order.update((pack, len(order)) for pack in packed)
                loops[op] = _turns(op, packed)
            reach(loops[op].pop())
            if loops[op]:
                queue.append(op)
        return order

    def run(self, seeds: Sequence[Gradient]) -> list[Gradient | None]:
        """Walks back from `ys`; returns the gradients of the targets."""
        for y, seed in zip(self._ys, seeds, strict=True):
            if y in self.carrying:
                self._gradients[y].append((-1, seed))
        levels = self._levels()
        by_level: defaultdict[int, list[Operation]] = defaultdict(list)
        reads = []
        for op in self.relevant:
            if op in levels:
                by_level[levels[op]].append(op)
            else:
                reads.append(op)
        for level in sorted(by_level, reverse=True):
            if level % 2:
                for op in sorted(by_level[level], key=self._order.__getitem__):
                    self._explicit(op)
            else:
                self._block(by_level[level])
        for op in reads:
            self._explicit(op)
        return [self._final[x] if x in self._final else self._sum(x) for x in self._xs]

    def _levels(self) -> dict[Operation, int]:
        """Even levels are blocks, odd ones hold the explicit operations.

        A level is the least possible for explicit operations and the greatest possible
        for others, so that blocks are few and loops lie in one of them. Reads of
        variables come after all of them and have no level: below a read there is
        nothing but the variable.
        """
        levels: dict[Operation, int] = {}
        for op in self.relevant:
            if self._functions.get(op) is _read_gradient:
                continue
            below = max(
                (levels.get(t.op, 0) for t in self._flow(op)),
                default=0,
            )
            if op in self._functions:
                levels[op] = below + (2 if below % 2 else 1)
            else:
                levels[op] = below + below % 2
        top = max(levels.values(), default=0)
        bounds: dict[Operation, int] = {}
        for op in reversed(self.relevant):
            if op not in levels:
                continue
            if op not in self._functions:
                levels[op] = bounds.get(op, top + top % 2)
            bound = levels[op] - levels[op] % 2
            for tensor in self._flow(op):
                known = bounds.get(tensor.op, bound)
                bounds[tensor.op] = min(known, bound)
        return levels

    def _sum(self, tensor: Tensor) -> Gradient | None:
        parts = self._gradients.get(tensor)
        if not parts:
            return None
        parts.sort(key=lambda part: part[0])
        total = _aggregate([gradient for _, gradient in parts])
        self._gradients[tensor] = [(parts[0][0], total)]
        return total

    def _scope(self, op: Operation) -> Any:
        stack = ExitStack()
        stack.enter_context(ops.name_scope(f"{op.name}_grad"))
        if self._colocate:
            stack.enter_context(ops.colocate_with(op))
        return stack

    def _explicit(self, op: Operation) -> None:
        out: list[Any] = [self._sum(t) for t in op._outputs]
        if all(g is None for g in out):
            return
        with self._scope(op):
            for i, (grad, tensor) in enumerate(zip(out, op._outputs, strict=True)):
                if grad is None and is_differentiable(tensor):
                    out[i] = array_ops.zeros_like(tensor)
            found = self._functions[op](op, *out)
        if not isinstance(found, (list, tuple)):
            found = [found]
        if len(found) != len(op._inputs):
            raise ValueError(
                f"Num gradients {len(found)} generated for op {op!r} do not match num "
                f"inputs {len(op._inputs)}"
            )
        for tensor, grad in zip(op._inputs, found, strict=True):
            if grad is None or tensor not in self.carrying:
                continue
            if not isinstance(grad, IndexedSlices):
                grad = ops.convert_to_tensor(grad, tensor.dtype.base_dtype)
                _check_shape(op, tensor, grad)
            self._gradients[tensor].append((self._order[op], grad))

    def _block(self, operations: Sequence[Operation]) -> None:
        made = [t for op in operations for t in op._outputs]
        ys = [t for t in made if self._gradients.get(t)]
        if not ys:
            return
        external = external_inputs(operations)
        inside = set(operations)
        targets = set(self._xs)
        xs = [t for t in dict.fromkeys(made) if t in targets]
        flowing = {t for op in operations for t in self._flow(op)}
        xs += [t for t in external if t in flowing]
        region = Region(
            tuple(operations), tuple(ys), tuple(xs), external, self._carrying
        )
        seeds = [ops.convert_to_tensor(self._sum(y)) for y in ys]
        last = operations[-1]
        with self._scope(last):
            gradient = last.graph.create_op(
                "BlockGradient",
                [*seeds, *external],
                [x.dtype.base_dtype for x in xs],
                name="BlockGradient",
                attrs={"_region": region, "_counts": _counts(operations)},
                compute_shapes=False,
            )
        for x, grad in zip(xs, gradient.outputs, strict=True):
            grad.set_shape(x.get_shape())
            if x.op in inside:
                self._final[x] = grad
            else:
                users = [self._order[op] for op in x._consumers if op in inside]
                self._gradients[x].append((min(users), grad))


def _counts(operations: Iterable[Operation]) -> dict[Operation, Tensor]:
    """For each operation with loops that run as often as data says: how often."""
    return {
        op: count_loops(op, loops)
        for op in operations
        if (loops := uncounted_loops(op))
    }


def _ancestors(ys: Iterable[Tensor]) -> list[Operation]:
    """The operations that `ys` are computed from, in the order they were made."""
    found: set[Operation] = set()
    pending = [y.op for y in ys]
    while pending:
        op = pending.pop()
        if op not in found:
            found.add(op)
            pending.extend([t._op for t in op._inputs])
    return sorted(found, key=lambda op: op._id)


def _packed(loop: Operation, relevant: Collection[Operation]) -> list[Operation]:
    """What packs the lists that `loop` goes over."""
    first = loop._attrs["carries"]
    sequences = loop._inputs[first : first + loop._attrs["scanned"]]
    makers = [t._op for t in sequences if len(t._consumers) == 1]
    return [op for op in makers if op._type == "Pack" and op in relevant]


def _turns(loop: Operation, packed: Sequence[Operation]) -> list[Sequence[Tensor]]:
    """What the steps of `loop` take in, the last step at the end; first the rest."""
    rest = [t for t in loop._inputs if t._op not in packed]
    return [rest, *zip(*(pack._inputs for pack in packed), strict=True)]


def _is_variable_read(tensor: Tensor) -> bool:
    if tensor.dtype.is_ref_dtype:
        return True
    op = tensor.op
    return op.type == "Identity" and op._inputs[0].dtype.is_ref_dtype


def _read_gradient(op: Operation, grad: Gradient) -> Gradient:
    del op
    return grad


def _gather_gradient(op: Operation, grad: Gradient) -> list[Any]:
    """The rows that were looked up, one for each index."""
    params, indices = op._inputs
    return [slices_of_rows(params, indices, ops.convert_to_tensor(grad)), None]


def _aggregate(parts: Sequence[Gradient]) -> Gradient:
    if len(parts) == 1:
        return parts[0]
    if all(isinstance(p, Tensor) for p in parts):
        total: Tensor = math_ops.add_n(list(parts))
        return total
    slices = [_as_slices(p) for p in parts]
    indices = [p.indices for p in slices]
    if len({t.dtype.base_dtype for t in indices}) > 1:
        indices = [math_ops.to_int64(t) for t in indices]
    return IndexedSlices(
        array_ops.concat(0, [p.values for p in slices]),
        array_ops.concat(0, indices),
        slices[0].dense_shape,
    )


def _as_slices(gradient: Gradient) -> IndexedSlices:
    """A dense gradient is all the rows."""
    if isinstance(gradient, IndexedSlices):
        return gradient
    shape = array_ops.shape(gradient)
    rows = array_ops.gather(shape, 0)
    return IndexedSlices(gradient, math_ops.range(0, rows), shape)


def _check_shape(op: Operation, tensor: Tensor, grad: Tensor) -> None:
    if not tensor.get_shape().is_compatible_with(grad.get_shape()):
        raise ValueError(
            f"Incompatible shapes between op input and calculated input gradient.  "
            f"Forward operation: {op.name}.  Input: {tensor.name}.  Original input "
            f"shape: {tensor.get_shape()}.  Calculated input gradient shape: "
            f"{grad.get_shape()}"
        )


def _gradient_of_body(op: Operation, *grads: Any) -> list[Gradient | None]:
    """The gradient function of an operation that is differentiated by its body."""
    given = [(y, g) for y, g in zip(op._outputs, grads, strict=True) if g is not None]
    xs = [x for x in op._inputs if is_differentiable(x)]
    walk = _Walk([y for y, _ in given], xs, False)
    # Inputs that are computed from other inputs do not count: only this operation.
    walk.relevant = [op]
    walk._order = {op: 0}
    found = dict(zip(xs, walk.run([g for _, g in given]), strict=True))
    return [found.get(x) for x in op._inputs]


register_body_gradient(_gradient_of_body)
