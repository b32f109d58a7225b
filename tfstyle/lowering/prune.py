"""Which operations a run needs, and in which order they run."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from tfstyle.framework import errors
from tfstyle.framework.constant_value import is_pure
from tfstyle.framework.subgraph import Region, bodies_of, reaches_of
from tfstyle.framework.tensor import Operation, Tensor

__all__ = ["Pruned", "prune"]


@dataclass
class Pruned:
    """The operations of a run.

    Attributes:
        operations: in the order they run: every operation after those it depends on,
            otherwise in the order they were made.
        needed: which outputs of each operation somebody uses.
        depends: the operations each one directly depends on.
    """

    operations: list[Operation]
    needed: dict[Operation, set[int]]
    depends: dict[Operation, list[Operation]]


def prune(
    operations: Iterable[Operation],
    tensors: Iterable[Tensor],
    fed: Collection[Tensor],
    done: Collection[Operation] = (),
    inside: Any = None,
) -> Pruned:
    """Walks back from what is fetched to what is fed.

    Args:
        operations: operations to run.
        tensors: tensors to compute.
        fed: tensors whose values are given.
        done: operations that an earlier part of the run has executed.
        inside: the context of the body the run is limited to; default: the whole graph.
    """
    walk = _Walk(fed, done, inside)
    for op in operations:
        if op not in done:
            walk.want(op)
    for tensor in tensors:
        walk.use(tensor)
    depends = walk.run()
    return Pruned(_in_order(depends), walk.needed, depends)


class _Walk:
    """The walk back; the newest operations come first.

    Attributes:
        needed: which outputs of each operation somebody uses.
    """

    def __init__(
        self, fed: Collection[Tensor], done: Collection[Operation], inside: Any
    ) -> None:
        self._fed = fed
        self._done = done
        self._inside = inside
        self.needed: dict[Operation, set[int]] = {}
        self._depends: dict[Operation, list[Operation]] = {}
        self._heap: list[tuple[int, Operation]] = []
        self._counts: dict[Operation, Operation] = {}

    def want(self, op: Operation) -> Operation:
        """Notes that `op`, or what holds it in a body, runs; returns which."""
        return self._note(_owner(op, self._inside))

    def _made_by(self, op: Operation) -> Operation:
        """What runs for the values of `op`: itself, or what holds it in a body."""
        owner = _owner(op, self._inside)
        return op if owner is op or _runs_alone(op, self._inside) else owner

    def _note(self, op: Operation) -> Operation:
        if op not in self.needed:
            self.needed[op] = set()
            heapq.heappush(self._heap, (-op._id, op))
        return op

    def use(self, tensor: Tensor) -> Operation | None:
        """Notes that a tensor is used; returns what makes it, unless it is fed."""
        if tensor in self._fed:
            return None
        op = self._note(self._made_by(tensor.op))
        if op is tensor.op and tensor.value_index not in self.needed[op]:
            self.needed[op].add(tensor.value_index)
            if op in self._depends:
                # A control input made later led to a user whose turn comes too late.
                heapq.heappush(self._heap, (-op._id, op))
        return op

    def run(self) -> dict[Operation, list[Operation]]:
        """The operations each one directly depends on."""
        while self._heap:
            # All users of an operation come before it, so what is needed of it is known
            # when its turn comes.
            _, op = heapq.heappop(self._heap)
            found: dict[Operation, None] = {}
            inputs = op._inputs
            region = op._attrs.get("_region")
            if isinstance(region, Region):
                inputs = inputs[: len(region.ys)]
                found.update(dict.fromkeys(self._differentiated(op, region)))
            elif bodies_of(op):
                for reach in reaches_of(op):
                    found.update(dict.fromkeys(map(self.want, reach.operations)))
            for tensor in inputs:
                producer = self.use(tensor)
                if producer is not None:
                    if producer is not tensor.op:
                        raise _out_of_reach(op, tensor)
                    found[producer] = None
            for control in op._control_inputs:
                if control not in self._done:
                    found[self.want(control)] = None
            self._depends[op] = list(found)
        for loop, count in self._counts.items():
            self._depends[loop].append(count)
        return self._depends

    def _differentiated(self, op: Operation, region: Region) -> list[Operation]:
        """What runs forward so that the gradients of a region can run back."""
        forward = region.reached(self.needed[op])[0]
        for inner in forward:
            if self._note(self._made_by(inner)) is not inner:
                raise errors.InvalidArgumentError(
                    None,
                    op,
                    f"The gradient '{op.name}' goes through '{inner.name}', which is "
                    "made in the body of a branch or a loop, outside of it. Return it "
                    "from there.",
                )
            # How often a loop runs must be known before it can be differentiated.
            count = op._attrs["_counts"].get(inner)
            if count is not None and self.use(count) is not None:
                self._counts[inner] = count.op
        return forward


def _runs_alone(op: Operation, inside: Any) -> bool:
    """Whether the values of `op`, made in a branch, may be computed outside of it.

    They follow from what is outside, and nobody sees when they are computed.
    """
    pending, seen = [op], {op}
    while pending:
        op = pending.pop()
        context = op._control_flow_context
        if context is None or context is inside or op.type == "Const":
            continue
        if context.owner is None or context.owner.type != "Cond":
            return False
        if op._declaration is None or not is_pure(op._declaration):
            return False
        more = [t.op for t in op._inputs if t.op not in seen]
        pending.extend(more)
        seen.update(more)
    return True


def _out_of_reach(op: Operation, tensor: Tensor) -> errors.OpError:
    declaration = op._declaration
    writes = declaration is not None and declaration.ref_inputs
    what = (
        "Make the variable outside of the body, or its initial value"
        if writes
        else "Return it from there"
    )
    return errors.InvalidArgumentError(
        None,
        op,
        f"'{op.name}' uses '{tensor.name}', which is made in the body of a branch or a "
        f"loop, outside of it. {what}.",
    )


def _owner(op: Operation, inside: Any) -> Operation:
    """The outermost loop of this run that holds `op` in its body, or `op` itself."""
    context = op._control_flow_context
    while context is not None and context is not inside:
        if context.owner is not None:
            op = context.owner
        context = context.outer
    return op


def _in_order(depends: dict[Operation, list[Operation]]) -> list[Operation]:
    ordered = sorted(depends, key=_by_id)
    if all(d._id < op._id for op in ordered for d in depends[op]):
        return ordered
    users: dict[Operation, list[Operation]] = {op: [] for op in ordered}
    waiting = {op: len(depends[op]) for op in ordered}
    for op in ordered:
        for dependency in depends[op]:
            users[dependency].append(op)
    ready = [(op._id, op) for op in ordered if not waiting[op]]
    heapq.heapify(ready)
    result: list[Operation] = []
    while ready:
        _, op = heapq.heappop(ready)
        result.append(op)
        for user in users[op]:
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, (user._id, user))
    if len(result) < len(ordered):
        stuck = next(op for op in ordered if waiting[op])
        raise ValueError(f"The graph has a cycle through operation '{stuck.name}'.")
    return result


def _by_id(op: Operation) -> int:
    return op._id
