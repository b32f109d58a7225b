"""The operations of a segment as numbers, in which repeats can be looked for."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tfstyle.framework.body import argument_spans
from tfstyle.framework.constant_value import is_pure
from tfstyle.framework.op_def import OpDeclaration
from tfstyle.framework.subgraph import Reach
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.references import runs_on_host
from tfstyle.lowering.rolling.edges import place_inputs

__all__ = ["LEAST_REPEATS", "Stretch", "Surroundings", "surroundings_of"]

# Shorter loops compile quickly as they are.
LEAST_REPEATS = 8
# Larger constants are the same only when they are one tensor.
_SMALL_BYTES = 4096


@dataclass
class Surroundings:
    """What matters of the segment that operations are part of.

    Attributes:
        folded: operations that are evaluated while tracing.
        fed: tensors that are fed.
        reached: operations that gradients go through.
        levels: of these, which are differentiated in different regions of one call of
            `gradients`, with a number for the region.
        cut: tensors at which a region ends and another one goes on.
        passed: other tensors whose gradients are asked for.
    """

    folded: Collection[Operation] = ()
    fed: Collection[Tensor] = ()
    reached: Collection[Operation] = ()
    levels: Mapping[Operation, int] = field(default_factory=dict)
    cut: Collection[Tensor] = ()
    passed: Collection[Tensor] = ()


def surroundings_of(
    reaches: Sequence[Reach],
    folded: Collection[Operation],
    fed: Collection[Tensor],
) -> Surroundings:
    """The surroundings in a segment.

    Args:
        reaches: what the gradients that are computed go through.
        folded: operations that are evaluated while tracing.
        fed: tensors that are fed.
    """
    calls: dict[int, int] = Counter(id(reach.region.carrying) for reach in reaches)
    reached: set[Operation] = set()
    found: dict[Operation, tuple[int, ...]] = {}
    cut: set[Tensor] = set()
    passed: set[Tensor] = set()
    for number, reach in enumerate(reaches):
        region = reach.region
        reached.update(reach.operations)
        if calls[id(region.carrying)] > 1:
            for op in reach.operations:
                found[op] = (*found.get(op, ()), number)
        inside = set(region.operations)
        for x in (region.xs[i] for i in reach.wanted):
            # What this region leaves to another one must not flow on here.
            ends = x.op not in inside and any(
                t in region.carrying for t in x.op._inputs
            )
            (cut if ends else passed).add(x)
    numbers: dict[tuple[int, ...], int] = {}
    levels = {op: _number(numbers, found[op]) + 1 for op in found}
    return Surroundings(folded, fed, reached, levels, cut, passed)


class Stretch:
    """Operations that may be part of a loop, and where their inputs come from.

    Two operations with the same code differ only in where their inputs come from. The
    inputs of all operations lie one after the other in flat arrays; those of the
    operation at place p begin at `offsets[p]`.

    Attributes:
        operations: the operations, in order.
        codes: a number for what each one does.
        offsets: where the inputs of each one begin.
        inputs: the input tensors.
        makers: the place of the operation that makes the input; -1: outside.
        indices: which of its outputs the input is.
        tensors: a number for each input; equal constants have the same.
        static: whether the input must be known while tracing.
        owners: the place of the operation that takes the input.
        wanted: whether each operation is one of those given: others complete a pattern
            whose last repeat is not needed as a whole.
        levels: the region that each operation is differentiated in; 0: it may be any.
    """

    def __init__(
        self, operations: Sequence[Operation], surroundings: Surroundings
    ) -> None:
        self._surroundings = surroundings
        self._kinds: dict[int, _Kind] = {}
        self._numbers: dict[Any, int] = {}
        self._static: dict[Operation, list[tuple[int, Tensor]]] = {}
        self._shapes: dict[Tensor, int] = {}
        candidates = [op for op in operations if self._may_repeat(op)]
        self._candidates = set(candidates)
        self._uses = Counter(t for op in candidates for t in op._inputs)
        codes = {op: self._code(op) for op in candidates}
        counts = Counter(codes.values())
        # What is rare is in no loop; without it, the operations around are neighbours.
        frequent = {op: c for op, c in codes.items() if counts[c] >= LEAST_REPEATS}
        given = set(operations)
        frequent.update(self._find_unneeded(operations, given, set(frequent.values())))
        if len(frequent) > len(codes) or not given.issuperset(frequent):
            frequent = dict(sorted(frequent.items(), key=lambda item: item[0]._id))
        self.operations = list(frequent)
        self.codes = np.array(list(frequent.values()), np.int32)
        self.wanted = np.array([op in given for op in frequent], bool)
        self._find_inputs()
        levels = surroundings.levels
        self.levels = np.array([levels.get(op, 0) for op in self.operations], np.int32)

    def unneeded(self) -> list[Operation]:
        """The operations that only complete a pattern."""
        return [self.operations[place] for place in np.flatnonzero(~self.wanted)]

    def _find_unneeded(
        self,
        operations: Sequence[Operation],
        given: Collection[Operation],
        known: Collection[int],
    ) -> dict[Operation, int]:
        """Operations that nobody needs, but which complete the last repeat of a loop.

        Like others in what they do, and computed from what is there anyway.
        """
        found: dict[Operation, int] = {}
        if any(a._id > b._id for a, b in itertools.pairwise(operations)):
            # Not in the order in which they were made: no place for others.
            return found
        there = {t for op in operations for t in (*op._inputs, *op._outputs)}
        heap: list[tuple[int, Operation]] = []
        seen: set[Operation] = set()

        def look_at(tensors: Iterable[Tensor]) -> None:
            for tensor in tensors:
                for user in tensor._consumers:
                    if user not in given and user not in seen:
                        seen.add(user)
                        heapq.heappush(heap, (user._id, user))

        look_at(t for op in operations for t in op._outputs)
        while heap:
            _, op = heapq.heappop(heap)
            if (
                op._control_inputs
                or op._control_flow_context is not None
                or not all(t in there or t._op._type == "Const" for t in op._inputs)
                or not self._may_repeat(op)
            ):
                continue
            code = self._code(op)
            if code in known:
                found[op] = code
                there.update(op._outputs)
                look_at(op._outputs)
        return found

    def _kind(self, declaration: OpDeclaration) -> _Kind:
        kind = self._kinds.get(id(declaration))
        if kind is None:
            kind = self._kinds[id(declaration)] = _Kind(declaration)
        return kind

    def _may_repeat(self, op: Operation) -> bool:
        declaration = op._declaration
        if declaration is None or not self._kind(declaration).repeats:
            return False
        if runs_on_host(op):
            return False
        for tensor in op._inputs:
            if tensor._dtype.is_ref_dtype:
                return False
        fed, folded = self._surroundings.fed, self._surroundings.folded
        if fed and any(t in fed for t in op._outputs):
            return False
        return all(
            t._op._type == "Const" or (t._op in folded and t not in fed)
            for _, t in self._static_inputs(op)
        )

    def _static_inputs(self, op: Operation) -> Sequence[tuple[int, Tensor]]:
        declaration = op._declaration
        assert declaration is not None
        names = declaration.static_inputs
        if not names:
            return ()
        found = self._static.get(op)
        if found is None:
            found = self._static[op] = [
                (i, op._inputs[i])
                for name, start, end, _ in argument_spans(op)
                if name in names
                for i in range(start, end)
            ]
        return found

    # -- what an operation does -------------------------------------------------

    def _code(self, op: Operation) -> int:
        declaration = op._declaration
        assert declaration is not None
        attrs, shape = op._attrs, self._shape
        kind = self._kind(declaration)
        code = [op._type, attrs.get("_op_seed"), attrs.get("_gradient_op_type")]
        for name in kind.attributes:
            code.append(_hashable(attrs[name]))
        for tensor in op._outputs:
            code.append(shape(tensor))
        uses, candidates = self._uses, self._candidates
        for tensor in op._inputs:
            code.append(shape(tensor))
            if uses[tensor] >= LEAST_REPEATS:
                maker = tensor._op
                if maker not in candidates and maker._type != "Const":
                    # Most likely the same in each repeat: a weight, say.
                    code.append(self._tensor(tensor))
        if kind.looks:
            places = [op._inputs[i] for i in place_inputs(op)]
            places.extend(tensor for _, tensor in self._static_inputs(op))
            for tensor in places:
                if tensor._op._type == "Const":
                    code.append(self._tensor(tensor))
        return _number(self._numbers, tuple(code))

    def _shape(self, tensor: Tensor) -> int:
        """A number for shape and dtype."""
        number = self._shapes.get(tensor)
        if number is None:
            shape = tensor._shape
            dims = None if shape.ndims is None else tuple(shape.as_list())
            number = _number(self._numbers, (dims, tensor._dtype.name))
            self._shapes[tensor] = number
        return number

    def _tensor(self, tensor: Tensor) -> int:
        numbers = self._numbers
        number = numbers.get(tensor)
        if number is None:
            key: Any = ("tensor", tensor)
            if tensor._op._type == "Const":
                value = tensor._op._attrs["value"]
                if value.dtype != object and value.nbytes <= _SMALL_BYTES:
                    key = (value.shape, value.dtype.str, value.tobytes())
            number = numbers[tensor] = _number(numbers, key)
        return number

    # -- where its inputs come from ---------------------------------------------

    def _find_inputs(self) -> None:
        places = {op: i for i, op in enumerate(self.operations)}
        fed = self._surroundings.fed
        self.inputs: list[Tensor] = []
        static: list[int] = []
        offsets = [0]
        for op in self.operations:
            self.inputs.extend(op._inputs)
            for i, _ in self._static_inputs(op):
                static.append(offsets[-1] + i)
            offsets.append(len(self.inputs))
        makers = [places.get(t._op, -1) for t in self.inputs]
        if fed:
            for i, tensor in enumerate(self.inputs):
                if tensor in fed:
                    makers[i] = -1
        self.offsets = np.array(offsets, np.int64)
        self.makers = np.array(makers, np.int64)
        self.indices = np.array([t._value_index for t in self.inputs], np.int64)
        self.tensors = np.array([self._tensor(t) for t in self.inputs], np.int64)
        self.static = np.zeros(len(makers), bool)
        self.static[static] = True
        self.owners = np.repeat(np.arange(len(self.operations)), np.diff(self.offsets))


class _Kind:
    """What holds for all operations of a type.

    Attributes:
        repeats: whether they may be part of a loop.
        attributes: the attributes that matter.
        looks: whether the values of some inputs matter.
    """

    def __init__(self, declaration: OpDeclaration) -> None:
        self.looks = bool(declaration.static_inputs or place_inputs(declaration))
        self.repeats = (
            is_pure(declaration)
            or declaration.is_random
            or declaration.type == "Unpack"
        ) and not declaration.ref_inputs
        self.attributes = [
            name for name in declaration.body_attrs if name not in ("seed", "seed2")
        ]


def _number(numbers: dict[Any, int], key: Any) -> int:
    return numbers.setdefault(key, len(numbers))


def _hashable(value: Any) -> Any:
    return value if isinstance(value, (int, float, str, bool)) else str(value)
