"""What a segment evaluates as one: operations, views, and groups of repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.rolling.edges import View

__all__ = ["Carry", "Family", "Group", "Unit", "operations_of"]


@dataclass(frozen=True, eq=False)
class Family:
    """What one tensor of the body is in each repeat.

    Attributes:
        tensor: the tensor of the body.
        members: the tensor of every repeat.
    """

    tensor: Tensor
    members: tuple[Tensor, ...]


@dataclass(frozen=True, eq=False)
class Carry:
    """What a repeat takes from the one before.

    Attributes:
        tensor: what stands for it in the body.
        result: what stands for it after a repeat, in the body.
        initial: what stands for it before the first repeat.
    """

    tensor: Tensor
    result: Tensor
    initial: Tensor


@dataclass(eq=False)
class Group:
    """Repeats of the same operations.

    Attributes:
        repeats: the operations of each repeat.
        row: which repeat is the body.
        body: its operations, or what stands for them.
        carried: what the repeats hand on; without any they are independent.
        scanned: what enters from outside, different in each repeat.
        invariant: the tensors from outside that are the same in each repeat.
        outputs: what is used outside.
        finals: of `carried`, those whose last value is used outside, with the tensor
            that this is.
        spare: operations that nobody needs, but which complete the last repeat.
        stopped: operations of the body that no gradient of the segment goes through.
        perturbed: tensors that gradients outside are asked for by themselves.
    """

    repeats: tuple[tuple[Operation, ...], ...]
    row: int
    body: tuple[Unit, ...]
    carried: tuple[Carry, ...]
    scanned: tuple[Family, ...]
    invariant: tuple[Tensor, ...]
    outputs: list[Family] = field(default_factory=list)
    finals: list[tuple[Carry, Tensor]] = field(default_factory=list)
    spare: frozenset[Operation] = frozenset()
    stopped: frozenset[Operation] = frozenset()
    perturbed: tuple[Family, ...] = ()

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations."""
        return tuple(op for repeat in self.repeats for op in repeat)

    @property
    def inputs(self) -> list[Tensor]:
        """The tensors from outside, without repetition."""
        found = dict.fromkeys(self.invariant)
        found.update(dict.fromkeys(carry.initial for carry in self.carried))
        for family in self.scanned:
            found.update(dict.fromkeys(family.members))
        return list(found)


Unit = Operation | View | Group


def operations_of(unit: Unit) -> Sequence[Operation]:
    """The operations that a unit stands for."""
    return (unit,) if isinstance(unit, Operation) else unit.operations
