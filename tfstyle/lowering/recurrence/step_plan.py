"""What in a step of a loop depends on what, and which products to differentiate apart.

The gradient of `a @ w`, where `w` is the same in each step, needs no accumulator in
the backward loop: it is one product of all `a` with all cotangents, after the loop. Nor
does the backward loop have to compute the cotangents of those columns of `a` that do
not come from the step before.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tfstyle.framework.constant_value import is_pure
from tfstyle.framework.gradient_registry import gradient_function_of
from tfstyle.framework.replay import values_used
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.references import (
    has_host_operations,
    is_read,
    root_variable,
)
from tfstyle.lowering.tape import differentiated

__all__ = ["Dependence", "GradientPlan", "Level", "Product", "draws", "flows", "uses"]

_T = TypeVar("_T")


class Level(enum.IntEnum):
    """What a tensor of a step depends on."""

    FIXED = 0  # on nothing that changes
    AHEAD = 1  # on the number of the step, but not on the steps before
    CARRIED = 2


class Dependence:
    """What the tensors of a step depend on.

    Attributes:
        fixed: operations that give the same in each step.
        taped: operations that gradients inside a step go through: those walk back over
            what the step itself has run.
    """

    def __init__(
        self,
        operations: Sequence[Operation],
        carried: Collection[Tensor],
        scanned: Collection[Tensor],
        drawn: Collection[Operation],
        changing: Collection[Operation] = (),
    ) -> None:
        """Looks at a step.

        Args:
            operations: the operations of the step, in order.
            carried: tensors from outside that depend on the steps before.
            scanned: tensors from outside that depend on the number of the step; others
                are the same in each step.
            drawn: random operations with a stream for each step.
            changing: variables that steps write.
        """
        self._changing = changing
        self._levels: dict[Tensor, Level] = dict.fromkeys(scanned, Level.AHEAD)
        self._levels.update(dict.fromkeys(carried, Level.CARRIED))
        self.fixed: list[Operation] = []
        self.taped = differentiated(operations)
        for op in operations:
            level = max(map(self.level, uses(op)), default=Level.FIXED)
            if not is_read(op) and (op in self.taped or not _moves(op)):
                level = Level.CARRIED
            elif draws(op):
                level = max(level, Level.AHEAD if op in drawn else Level.CARRIED)
            elif level is Level.FIXED:
                self.fixed.append(op)
            self._levels.update(dict.fromkeys(op._outputs, level))

    def level(self, tensor: Tensor) -> Level:
        """What `tensor` depends on."""
        found = self._levels.get(tensor)
        if found is None:
            changes = bool(self._changing) and root_variable(tensor) in self._changing
            found = self._levels[tensor] = Level.CARRIED if changes else Level.FIXED
        return found


def draws(op: Operation) -> bool:
    """Whether an operation draws random numbers."""
    declaration = op._declaration
    return declaration is not None and declaration.is_random


def uses(op: Operation) -> Sequence[Tensor]:
    """The tensors whose values `op` needs, also for a gradient function of its own."""
    return values_used(op)


def _moves(op: Operation) -> bool:
    """Whether it does not matter where `op` runs."""
    declaration = op._declaration
    if declaration is None or has_host_operations(op):
        return False
    if gradient_function_of(op)[1] is not None:
        return False
    if draws(op):
        return not declaration.structural and not declaration.ref_inputs
    return is_pure(declaration)


@dataclass(frozen=True, eq=False)
class Product:
    """A product of a matrix that depends on the steps before with a fixed one.

    Attributes:
        op: the `MatMul`.
        pieces: what its first argument is made of, side by side.
        levels: what each of `pieces` depends on.
        active: pieces that do not depend on the steps before and whose gradients are
            wanted.
        weights: its second argument.
        transposed: whether `weights` is [n, k].
        learns: whether the gradient of `weights` is wanted.
        biases: fixed vectors that are added to all rows of the product, with the
            operations that add them.
    """

    op: Operation
    pieces: tuple[Tensor, ...]
    levels: tuple[Level, ...]
    active: Collection[Tensor]
    weights: Tensor
    transposed: bool
    learns: bool
    biases: dict[Operation, Tensor]

    @property
    def first(self) -> Tensor:
        """Its first argument."""
        return self.op._inputs[0]

    @property
    def tapped(self) -> bool:
        """Whether anything is to be computed from its cotangents after the loop."""
        return self.learns or bool(self.biases) or bool(self.active)

    @property
    def moving(self) -> list[Tensor]:
        """The pieces that depend on the steps before."""
        return self.of_moving(self.pieces)

    def of_moving(self, values: Iterable[_T]) -> list[_T]:
        """Those of `values`, one for each piece, that belong to `moving`."""
        return [
            value
            for value, level in zip(values, self.levels, strict=True)
            if level is Level.CARRIED
        ]

    def backs(self, weights: Any, widths: Sequence[int]) -> list[Any]:
        """For each piece, the matrix [n, width] from a cotangent to that of the piece.

        Args:
            weights: the value of `weights`.
            widths: the number of columns of each piece.
        """
        back = weights if self.transposed else weights.T
        if len(widths) == 1:
            return [back]
        starts = [sum(widths[:i]) for i in range(len(widths))]
        return [back[:, s : s + w] for s, w in zip(starts, widths, strict=True)]

    def gradients(
        self, cotangent: Any, stacked: Any, backs: Sequence[Any]
    ) -> Iterator[tuple[Tensor, Any]]:
        """The gradients that are computed after the loop.

        Args:
            cotangent: those of the product in all steps, [length, m, n].
            stacked: the first arguments of all steps, [length, m, k]; not needed where
                `weights` does not learn.
            backs: what `backs` returned.
        """
        length, m, n = cotangent.shape
        flat = cotangent.reshape(length * m, n)
        if self.learns:
            rows = stacked.reshape(length * m, stacked.shape[-1])
            yield self.weights, flat.T @ rows if self.transposed else rows.T @ flat
        for bias in self.biases.values():
            yield bias, flat.sum(0)
        for piece, level, back in zip(self.pieces, self.levels, backs, strict=True):
            if piece not in self.active:
                continue
            if level is Level.FIXED:
                yield piece, cotangent.sum(0) @ back
            else:
                yield piece, (flat @ back).reshape(length, m, back.shape[-1])


class GradientPlan:
    """How a loop is differentiated.

    Attributes:
        active: tensors that do not depend on the steps before, and depend on something
            whose gradient is wanted.
        ahead: operations to run for all steps before the loop.
        products: the products with a rule of their own.
        biased: the operations that add a bias to such a product, and that bias.
        after: those of `active` that only get their gradients after the loop.
    """

    def __init__(
        self,
        operations: Sequence[Operation],
        dependence: Dependence,
        active: Collection[Tensor],
        leaving: Collection[Tensor],
    ) -> None:
        """Plans.

        Args:
            operations: those of a step.
            dependence: what depends on what in it.
            active: scanned and fixed tensors whose gradients are wanted.
            leaving: tensors that leave a step.
        """
        self._level = dependence.level
        self._taped = dependence.taped
        self.active = set(active)
        self._users: dict[Tensor, list[Operation]] = {}
        self._leaving = leaving
        for op in operations:
            for tensor in uses(op):
                self._users.setdefault(tensor, []).append(op)
            passes = is_read(op) or (self._before(op) and gradient_function_of(op)[0])
            if passes and any(t in self.active for t in op._inputs):
                self.active.update(filter(_differentiable, op._outputs))
        self.products: dict[Operation, Product] = {}
        self.biased: dict[Operation, Tensor] = {}
        for op in operations:
            product = self._product(op)
            if product is not None:
                self.products[op] = product
                self.biased.update(product.biases)
        self.ahead = self._ahead(operations)
        self.after = self._from_products() - self._flowing(operations)

    def _before(self, op: Operation) -> bool:
        """Whether `op` does not depend on the steps before."""
        return bool(op._outputs) and self._level(op._outputs[0]) < Level.CARRIED

    def _product(self, op: Operation) -> Product | None:
        if op.type != "MatMul" or op._attrs["transpose_a"] or not self._plain(op):
            return None
        left, weights = op._inputs
        if self._before(op) or self._level(weights) is not Level.FIXED:
            return None
        if not weights.dtype.is_floating:
            return None
        pieces = _side_by_side(left)
        if any(p.get_shape().ndims != 2 for p in pieces):
            pieces = (left,)
        return Product(
            op,
            pieces,
            tuple(self._level(p) for p in pieces),
            self.active.intersection(pieces),
            weights,
            bool(op._attrs["transpose_b"]),
            weights in self.active,
            dict(self._biases(op._outputs[0])),
        )

    def _plain(self, op: Operation) -> bool:
        return op not in self._taped and flows(op)

    def _biases(self, tensor: Tensor) -> Iterator[tuple[Operation, Tensor]]:
        """The fixed vectors that are added to `tensor`, also to sums it is part of."""
        while tensor not in self._leaving:
            users = self._users.get(tensor, ())
            if len(users) != 1 or users[0].type not in ("Add", "BiasAdd", "BiasAddV1"):
                return
            op = users[0]
            others = [t for t in op._inputs if t is not tensor]
            columns = [_columns(t) for t in (tensor, *others, op._outputs[0])]
            if not self._plain(op) or len(others) != 1 or None in columns:
                return
            if columns[0] != columns[2]:
                return
            (other,) = others
            is_bias = self._level(other) is Level.FIXED and other in self.active
            if is_bias and other.get_shape().ndims == 1 and columns[0] == columns[1]:
                # A sum of two products has one bias.
                if op in self.biased:
                    return
                yield op, other
            tensor = op._outputs[0]

    def _ahead(self, operations: Sequence[Operation]) -> list[Operation]:
        """What has the gradient of something fixed, or gives a piece of a product."""
        wanted = {p.op for x in self.products.values() for p in x.active}
        found = []
        for op in reversed(operations):
            if not self._before(op) or is_read(op):
                continue
            level = self._level(op._outputs[0])
            if level is Level.AHEAD and (op in wanted or self._gathers_gradients(op)):
                found.append(op)
                wanted.update(t.op for t in uses(op))
        return found[::-1]

    def _from_products(self) -> set[Tensor]:
        """The tensors that get a gradient after the loop."""
        found: set[Tensor] = set()
        for product in self.products.values():
            found.update(product.active, product.biases.values())
            if product.learns:
                found.add(product.weights)
        return found

    def _flowing(self, operations: Sequence[Operation]) -> set[Tensor]:
        """The tensors that gradients may reach inside the loop."""
        found = set(self._leaving)
        before = set(self.ahead)
        for op in reversed(operations):
            if op in before or found.isdisjoint(op._outputs):
                continue
            product = self.products.get(op)
            if product is not None:
                found.update(product.moving)
            else:
                bias = self.biased.get(op)
                found.update(t for t in uses(op) if t is not bias)
        return found

    def _gathers_gradients(self, op: Operation) -> bool:
        return flows(op) and any(
            t in self.active
            and self._level(t) is Level.FIXED
            and t.get_shape().ndims != 0
            for t in op._inputs
        )


def _differentiable(tensor: Tensor) -> bool:
    return bool(tensor.dtype.is_floating or tensor.dtype.is_complex)


def flows(op: Operation) -> bool:
    """Whether gradients flow through `op` as its body says."""
    return gradient_function_of(op) == (True, None)


def _columns(tensor: Tensor) -> int | None:
    """The size of the last dimension; None when it, or the rank, is not known."""
    shape = tensor.get_shape()
    if shape.ndims is None or shape.ndims > 2:
        return None
    size: int | None = shape[-1].value if shape.ndims else 1
    return size


def _side_by_side(tensor: Tensor) -> tuple[Tensor, ...]:
    """The parts of a concatenation of columns, or the tensor."""
    op = tensor.op
    if op.type != "Concat" or op._inputs[0].op.type != "Const" or not flows(op):
        return (tensor,)
    if int(op._inputs[0].op._attrs["value"]) not in (1, -1):
        return (tensor,)
    return tuple(op._inputs[1:])
