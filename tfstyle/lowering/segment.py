"""A segment: operations that run as one jitted function."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import errors
from tfstyle.framework.connected import is_differentiable
from tfstyle.framework.replay import recorded
from tfstyle.framework.subgraph import Reach, bodies_of, nested_operations, reaches_of
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.blame import blamed
from tfstyle.lowering.checks import Findings, findings, may_fail, raise_found, unsure
from tfstyle.lowering.control import (  # noqa: F401  these register the structural ops
    branches,
    loops,
    tensor_arrays,
    while_loops,
)
from tfstyle.lowering.control.array_access import UnwrittenError
from tfstyle.lowering.control.repeated import check_differentiable, check_repeated
from tfstyle.lowering.evaluate import Evaluator, inputs_used
from tfstyle.lowering.prune import Pruned
from tfstyle.lowering.references import (
    all_accesses,
    is_variable,
    root_variable,
)
from tfstyle.lowering.rolling.groups import random_together, run_unit, stacked_streams
from tfstyle.lowering.rolling.roll import roll, rolling_enabled
from tfstyle.lowering.rolling.stretch import surroundings_of
from tfstyle.lowering.rolling.units import Unit
from tfstyle.lowering.rows import Row, Stack
from tfstyle.lowering.state import Changes, State
from tfstyle.lowering.statics import Statics, static_tensors

__all__ = ["Segment"]

# Larger constants are arguments, kept on the device; smaller ones are literals.
_LITERAL_BYTES = 4096


class Segment:
    """Device operations compiled together.

    Attributes:
        operations: what it runs, in order.
        arguments: the tensors it takes from feeds and earlier steps.
        outputs: the tensors it gives to later steps and to the caller.
        drawn_again: random operations that an earlier step runs and this one repeats.
    """

    def __init__(
        self,
        operations: Sequence[Operation],
        pruned: Pruned,
        statics: Statics,
        fed: Collection[Tensor],
        is_last: bool,
    ) -> None:
        """Prepares a segment.

        Args:
            operations: operations of this level, in order.
            pruned: the run they belong to.
            statics: where static values come from.
            fed: tensors that are fed.
            is_last: whether no later step can fail, so that values may be given away.
        """
        self._pruned = pruned
        self._statics = statics
        self._fed = fed
        self._is_last = is_last
        self._taped: dict[Operation, frozenset[Tensor]] = {}
        self._replayed: dict[Operation, None] = {}
        self.operations = self._with_support(operations)
        self._made = {t for op in operations for t in op._outputs}
        self.outputs: list[Tensor] = []
        self._find_arguments()
        self._find_variables()
        self._random = list(_random_operations(self.operations))
        self.drawn_again = list(_random_operations(self._replayed))
        self._random_together: list[tuple[Operation, ...]] = []
        self._units: list[Unit] = []
        self._executables: dict[Any, Any] = {}
        self._device_constants: tuple[Any, ...] | None = None

    @property
    def is_pure(self) -> bool:
        """Whether running it a second time would give the same, and change nothing."""
        return not (self._written or self._random or self._random_together)

    # -- what enters and leaves -------------------------------------------------

    def _with_support(self, operations: Sequence[Operation]) -> list[Operation]:
        """Adds what must be evaluated again here: folded values and regions."""
        own = set(operations)
        found = dict.fromkeys(operations)
        folded: set[Operation] = set()

        def fold(tensor: Tensor) -> None:
            op = tensor.op
            if tensor in self._fed or op not in self._statics.folded or op in folded:
                return
            if op.type == "Const":
                return
            # Of an operation that runs here anyway, sources may be in earlier steps.
            folded.add(op)
            context = op._control_flow_context
            if context is None or context.owner is None:
                found[op] = None
            declaration = op._declaration
            if declaration is not None and not declaration.shape_only:
                for source in op._inputs:
                    fold(source)

        for op in operations:
            for reach in reaches_of(op, self._pruned.needed.get(op)):
                carrying = reach.carrying
                for forward in reach.operations:
                    check_differentiable(forward)
                    if bodies_of(forward) and forward not in own:
                        check_repeated(forward)
                        self._replayed[forward] = None
                    found[forward] = None
                    known = self._taped.get(forward)
                    self._taped[forward] = known | carrying if known else carrying
        for op in list(found):
            for tensor in static_tensors(op):
                if tensor not in self._statics.cut.get(op, ()):
                    fold(tensor)
            for tensor in self._statics.helpful.get(op, ()):
                fold(tensor)
        return [op for op in self._pruned.operations if op in found]

    def _find_arguments(self) -> None:
        produced = {
            t
            for op in self.operations
            for t in op._outputs
            if op not in self._replayed or is_differentiable(t)
        }
        arguments: dict[Tensor, None] = {}
        constants: dict[Tensor, None] = {}
        static: dict[Tensor, None] = {}
        for op in self.operations:
            cut = self._statics.cut.get(op, ())
            for tensor in dict.fromkeys((*cut, *self._statics.feeds.get(op, ()))):
                static[tensor] = None
            for tensor in inputs_used(op, self._taped):
                if tensor.op.type == "Const" and tensor not in self._fed:
                    if _is_large(tensor):
                        constants[tensor] = None
                elif tensor in self._fed or (
                    tensor not in produced and root_variable(tensor) is None
                ):
                    self._check_reachable(op, tensor)
                    arguments[tensor] = None
        arguments.update((t, None) for op in self._replayed for t in recorded(op))
        self._static = list(static)
        self._dynamic = [t for t in arguments if t not in static]
        self._constants = list(constants)
        self.arguments = [*arguments, *(t for t in static if t not in arguments)]

    def _check_reachable(self, op: Operation, tensor: Tensor) -> None:
        """Refuses what is only there inside the body of a branch or a loop."""
        if (
            tensor not in self._fed
            and tensor.op not in self._pruned.needed
            and tensor.op._control_flow_context is not None
        ):
            raise errors.InvalidArgumentError(
                None,
                op,
                f"'{op.name}' uses '{tensor.name}', which is made in the body of a "
                "branch or a loop, outside of it. Return it from there.",
            )

    def _find_variables(self) -> None:
        reads: dict[Operation, None] = {}
        writes: dict[Operation, None] = {}
        resized: set[Operation] = set()
        for op in self.operations:
            replayed = op in self._replayed
            for variable, read, write in all_accesses(op, self._fed):
                write = write and not replayed
                if read and variable not in writes:
                    reads[variable] = None
                if write:
                    writes[variable] = None
                    if not op._attrs.get("validate_shape", True):
                        resized.add(variable)
        # What a check refuses must leave every variable as it was.
        self._is_checked = may_fail(self.operations)
        give_away = self._is_last and not self._is_checked
        self._donated = [
            v for v in reads if give_away and v in writes and v not in resized
        ]
        self._kept = [v for v in reads if v not in self._donated]
        # The buffers given away go to results of the same shape in this order: so each
        # variable keeps its own, and none is copied to make room.
        self._written = list(dict.fromkeys([*self._donated, *writes]))
        self._one_shot = bool(writes) and not reads and not self.arguments

    def export(self, used: Collection[Tensor]) -> None:
        """Makes the segment return those of `used` that it makes."""
        self.outputs = [
            t
            for t in used
            if t in self._made and t not in self._fed and not t.dtype.is_ref_dtype
        ]

    def _roll(self) -> list[Unit]:
        """Puts loops that a program unrolled back together."""
        if not rolling_enabled():
            return list(self.operations)
        depends = dict(self._pruned.depends)
        used = dict.fromkeys(self.outputs)
        regions: list[Reach] = []
        for op in self.operations:
            for reach in reaches_of(op, self._pruned.needed.get(op)):
                depends[op] = [*depends.get(op, ()), *reach.operations]
                used.update(dict.fromkeys(reach.region.ys))
                used.update(dict.fromkeys(inputs_used(op, self._taped)))
                regions.append(reach)
        return roll(
            self.operations,
            depends,
            surroundings_of(regions, self._statics.folded, self._fed),
            used,
        )

    # -- running ----------------------------------------------------------------

    def run(self, state: State, changes: Changes, values: dict[Tensor, Any]) -> None:
        """Starts the segment; results may still be being computed on the device."""
        function = self._executable(values, state.rolling)
        arguments = tuple([values[t] for t in self._dynamic])
        if self._device_constants is None:
            self._device_constants = self._put_constants()
        with state.lock:
            known = state.variables
            try:
                if changes:
                    raise KeyError
                donated = tuple([known[v] for v in self._donated])
                kept = tuple([known[v] for v in self._kept])
            except KeyError:
                donated = tuple([state.variable(changes, v) for v in self._donated])
                kept = tuple([state.variable(changes, v) for v in self._kept])
            streams = tuple([changes.stream(state, op) for op in self._random])
            many = tuple([state.streams(ops) for ops in self._random_together])
            try:
                with jax.enable_x64(True):
                    new, streams, results, found = function(
                        donated,
                        kept,
                        arguments,
                        (streams, many),
                        self._device_constants,
                    )
                    if found is not None:
                        raise_found(found)
            except Exception as error:
                raise self._translated(error) from None
            if self._written:
                target = known if self._is_last else changes
                target.update(zip(self._written, new, strict=True))
                if self._is_last and changes:
                    for variable in self._written:
                        changes.pop(variable, None)
            for op, stream in zip(self._random, streams[0], strict=True):
                if op not in self.drawn_again:
                    state.keep_stream(op, stream)
            for ops, stream in zip(self._random_together, streams[1], strict=True):
                state.keep_streams(ops, stream)
        if self.outputs:
            values.update(zip(self.outputs, results, strict=True))

    def _translated(self, error: Exception) -> BaseException:
        if isinstance(error, UnwrittenError):
            error = errors.InvalidArgumentError(None, error.op, error.message)
        if isinstance(error, errors.OpError):
            # The frames of the trace are ours and JAX's: the operation says more. What
            # a user's function raised stays as the cause.
            cause = error.__cause__
            error = error.with_traceback(None)
            foreign = cause is None or type(cause).__module__.startswith("jax")
            error.__cause__ = None if foreign else cause
            notes = getattr(error, "__notes__", [])
            error.__notes__ = [note for note in notes if "JAX" not in note]
            return error
        return blamed(error, self.operations[-1])

    def _put_constants(self) -> tuple[Any, ...]:
        with jax.enable_x64(True):
            return tuple(jnp.asarray(t.op._attrs["value"]) for t in self._constants)

    def _executable(self, values: dict[Tensor, Any], rolling: bool) -> Any:
        if self._one_shot:
            # Initialisation runs once: not worth the compiler's time. Bodies compute in
            # NumPy where all their inputs are NumPy arrays.
            self._one_shot = False
            return self._function({}, at_once=True)
        if not self._static:
            key: Any = None
        else:
            static = [np.asarray(values[t]) for t in self._static]
            key = tuple((v.shape, v.dtype.str, v.tobytes()) for v in static)
        found = self._executables.get(key)
        if found is None:
            known = dict(zip(self._static, static, strict=True)) if self._static else {}
            given_away = () if self._is_checked else (0, 3)
            if rolling and not self._units:
                self._units = self._roll()
                self._random_together = random_together(self._units)
                apart = {op for ops in self._random_together for op in ops}
                self._random = [op for op in self._random if op not in apart]
            found = jax.jit(self._function(known), donate_argnums=given_away)
            self._executables[key] = found
        return found

    def _bounds(self, static: dict[Tensor, Any]) -> dict[Operation, int]:
        """How often the loops that are differentiated here run at most."""
        bounds: dict[Operation, int] = {}
        for op in self.operations:
            for count in op._attrs.get("_counts", {}).values():
                if count not in static:
                    continue
                counted = count.op._attrs["_loops"]
                for loop, number in zip(counted, static[count], strict=True):
                    bounds[loop] = int(number)
        return bounds

    def _function(self, static: dict[Tensor, Any], at_once: bool = False) -> Any:
        """The segment as a function of what changes from run to run.

        Args:
            static: the values that are known while tracing.
            at_once: whether the function is called as it is, not traced.
        """
        units = self._units or self.operations

        def segment(
            donated: tuple[Any, ...],
            kept: tuple[Any, ...],
            arguments: tuple[Any, ...],
            streams: tuple[tuple[Any, ...], tuple[Any, ...]],
            constants: tuple[Any, ...],
        ) -> tuple[list[Any], Any, list[Any], Findings | None]:
            variables = dict(zip(self._donated, donated, strict=True))
            variables.update(zip(self._kept, kept, strict=True))
            values: dict[Tensor, Any] = dict(zip(self._dynamic, arguments, strict=True))
            values.update(zip(self._constants, constants, strict=True))
            values.update(static)
            evaluator = Evaluator(
                values,
                variables,
                self._streams(*streams),
                self._pruned.needed,
                self._statics.folded,
                self._taped,
            )
            evaluator.at_once = at_once
            evaluator.replayed = self._replayed
            evaluator.bounds = self._bounds(static)
            if self._is_checked:
                evaluator.unsure = unsure(self.operations, self._taped, self.outputs)
            # GPUs would round the factors of float32 products to 10 bits.
            with jax.default_matmul_precision("highest"):
                for unit in units:
                    run_unit(evaluator, unit)
            entered = {id(v) for v in (*donated, *kept, *arguments, *constants)}
            new = [_owned(evaluator.variables[v], entered) for v in self._written]
            results = [evaluator.value(t) for t in self.outputs]
            after = [evaluator.streams[op] for op in self._random]
            many = [
                stacked_streams(evaluator, operations)
                for operations in self._random_together
            ]
            return new, (after, many), results, findings(evaluator)

        return segment

    def _streams(
        self, single: Sequence[Any], many: Sequence[Any]
    ) -> dict[Operation, Any]:
        """The random states by operation; those of a loop are rows of an array."""
        streams = dict(zip(self._random, single, strict=True))
        for operations, array in zip(self._random_together, many, strict=True):
            stack = Stack([], array)
            streams.update((op, Row(stack, i)) for i, op in enumerate(operations))
        return streams


def _owned(value: Any, entered: set[int]) -> Any:
    """A variable's new value as a buffer of its own, so that it can be given away."""
    if isinstance(value, jax.core.Tracer) and id(value) not in entered:
        entered.add(id(value))
        return value
    if isinstance(value, np.ndarray):
        return jax.device_put(value.copy())
    return jnp.array(value, copy=True)


def _is_large(tensor: Tensor) -> bool:
    value: np.ndarray[Any, Any] = tensor.op._attrs["value"]
    return value.dtype != object and value.nbytes > _LITERAL_BYTES


def _random_operations(operations: Iterable[Operation]) -> Iterable[Operation]:
    for op in nested_operations(operations):
        declaration = op._declaration
        if declaration is not None and declaration.is_random and not is_variable(op):
            yield op
