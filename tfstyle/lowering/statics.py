"""Where the values come from that must be known while tracing.

A `Static` input (a shape, an axis, a number of splits) follows from constants and
shapes, or from a fed value (which joins the cache key), or from data: then what
computes it is an earlier step of the plan. `control/needs.py` says what of this is so
inside of branches and loops.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from tfstyle.framework import dtypes
from tfstyle.framework.constant_value import is_pure
from tfstyle.framework.replay import recorded
from tfstyle.framework.subgraph import Region, nested_operations
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.framework.trip_counts import deciding
from tfstyle.lowering.control.needs import Needs, needs_of, own_statics

__all__ = ["Statics", "static_tensors"]


def static_tensors(op: Operation) -> Iterator[Tensor]:
    """The tensors from outside that must be known while tracing `op` and its bodies."""
    yield from _needs(op).outside
    yield from own_statics(op)


def _needs(op: Operation) -> Needs:
    """What tracing the bodies takes that `op` holds, or of which it counts the runs."""
    holder = op._attrs["_counted"] if op.type == "LoopCounts" else op
    return needs_of(holder) or Needs()


class Statics:
    """The static values of a plan.

    Attributes:
        folded: operations evaluated while tracing, on NumPy values.
        feeds: for each operation with static inputs, the fed tensors they depend on.
        cut: for each operation, the static inputs that an earlier step must compute.
        helpful: for each operation, tensors that are evaluated while tracing because a
            loop, a branch or an array is better for it.
    """

    def __init__(
        self,
        operations: Iterable[Operation],
        fed: Collection[Tensor],
        data: Collection[Tensor] = (),
    ) -> None:
        """Finds the static values of some operations.

        Args:
            operations: what runs, in order.
            fed: the tensors that are fed.
            data: those of `fed` that count as computed by an earlier step, so that
                what is compiled for each of their values is little.
        """
        self._fed = fed
        self._data = data
        self._memo: dict[Tensor, frozenset[Tensor] | None] = {}
        self.folded: set[Operation] = set()
        self.helpful: dict[Operation, list[Tensor]] = {}
        self.feeds: dict[Operation, frozenset[Tensor]] = {}
        self.cut: dict[Operation, list[Tensor]] = {}
        operations = list(operations)
        present = set(operations)
        for op in operations:
            self.folded |= _needs(op).folded
            for tensor in static_tensors(op):
                feeds = self._sources(tensor)
                if feeds is None:
                    self.cut.setdefault(op, []).append(tensor)
                    continue
                self.feeds[op] = self.feeds.get(op, frozenset()) | feeds
                self._mark(tensor)
            for inner in nested_operations([op]):
                self._help(op, inner)
            self._decide(op, present)
            for loop, count in op._attrs.get("_counts", {}).items():
                if count.op not in present:
                    continue
                self.cut.setdefault(op, []).append(count)
                self.cut.setdefault(loop, []).append(count)

    def _decide(self, op: Operation, present: Collection[Operation]) -> None:
        """Makes known for a gradient which branch was taken, where values are kept."""
        region = op._attrs.get("_region")
        for inner in region.operations if isinstance(region, Region) else ():
            if inner in present and recorded(inner):
                predicate = inner._inputs[0]
                fed = predicate in self._fed
                feeds = frozenset((predicate,)) if fed else self._sources(predicate)
                if feeds is None:
                    self.cut.setdefault(op, []).append(predicate)
                else:
                    self.feeds[op] = self.feeds.get(op, frozenset()) | feeds
                    self._mark(predicate)
                    self.helpful.setdefault(op, []).append(predicate)

    def _help(self, op: Operation, inner: Operation) -> None:
        """Makes known what decides a loop or a branch, or where an array is written.

        That is where no data is needed for it.

        Of fed values only truth values join the key of the compiled program: it has at
        most two versions for each.
        """
        if inner.type == "While":
            found = deciding(inner)
            tensors = found.inputs(inner) if found is not None else []
        elif inner.type == "Cond":
            tensors = inner._inputs[:1]
        else:
            tensors = inner._attrs.get("_helpful", [])
        if not tensors:
            return
        sources = [self._sources(tensor) for tensor in tensors]
        feeds = frozenset[Tensor]()
        for source in sources:
            if source is None:
                return
            feeds |= source
        if feeds and not (
            inner.type == "Cond"
            and all(t.dtype.base_dtype is dtypes.bool for t in feeds)
        ):
            return
        if feeds:
            self.feeds[op] = self.feeds.get(op, frozenset()) | feeds
        for tensor in tensors:
            self._mark(tensor)
        self.helpful.setdefault(op, []).extend(tensors)

    def _sources(self, tensor: Tensor) -> frozenset[Tensor] | None:
        """The fed tensors that `tensor` depends on; None when it depends on data."""
        if tensor in self._memo:
            return self._memo[tensor]
        result: frozenset[Tensor] | None
        op = tensor.op
        declaration = op._declaration
        if tensor in self._fed:
            result = None if tensor in self._data else frozenset((tensor,))
        elif op.type == "Const":
            result = frozenset()
        elif declaration is None or not is_pure(declaration):
            result = None
        elif declaration.shape_only:
            result = frozenset()
        else:
            result = frozenset()
            for source in op._inputs:
                part = self._sources(source)
                if part is None:
                    result = None
                    break
                result |= part
        self._memo[tensor] = result
        return result

    def _mark(self, tensor: Tensor) -> None:
        if tensor in self._fed or tensor.op in self.folded:
            return
        self.folded.add(tensor.op)
        declaration = tensor.op._declaration
        if declaration is not None and not declaration.shape_only:
            for source in tensor.op._inputs:
                self._mark(source)
