"""Evaluates operations on JAX values, one after the other, inside a trace.

An operation that a gradient of the same trace goes through is run with `jax.vjp` and
its pullback is kept on the tape; a `BlockGradient` then walks its region backwards over
the tape. So the forward values are computed once and shared, whoever else uses them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from tfstyle.framework import errors
from tfstyle.framework.body import argument_spans, call_body, uncompiled
from tfstyle.framework.connected import is_differentiable
from tfstyle.framework.op_def import OpDeclaration
from tfstyle.framework.random_stream import advance
from tfstyle.framework.replay import obstacle, passes_on
from tfstyle.framework.subgraph import Region, bodies_of, tensors_used
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.lowering.blame import blamed
from tfstyle.lowering.control.array_state import (
    ArrayState,
    differentiable_part,
    with_part,
)
from tfstyle.lowering.own_gradients import blocked_inputs, guarded
from tfstyle.lowering.references import (
    has_host_operations,
    is_read,
    root_variable,
)
from tfstyle.lowering.results import (
    blocks_of,
    cast,
    check_assigned,
    fold,
    foldable,
    known_while_tracing,
)
from tfstyle.lowering.rows import Row, gradients_of, value_of
from tfstyle.lowering.tape import (
    Pullback,
    accumulate,
    cause_of,
    conjugate,
    differentiated,
    is_complex,
    zeros_like,
)

__all__ = ["Evaluator", "inputs_used", "structural", "together"]

Values = list[Any]
# How structural ops are evaluated: (evaluator, op, input values, needed outputs).
structural: dict[
    str, Callable[[Evaluator, Operation, Sequence[Any], Collection[int]], Values]
] = {}
# How ops are evaluated that take many rows of one array: whether that was possible.
together: dict[str, Callable[[Evaluator, Operation], bool]] = {}


class Evaluator:
    """Runs operations and keeps their values.

    Attributes:
        values: value of each tensor computed or given so far: a traced array, or a
            NumPy array where it is known while tracing.
        rows: tensors that are rows of an array, taken out when somebody asks for them.
        perturbed: tensors whose gradient is that of a row of zeros added to them.
        variables: current value of each variable.
        streams: random state of each random operation.
        first_streams: the random states before anything ran.
        taped: operations to keep on the tape, with the tensors that carry a gradient.
        in_body: whether this is the body of a loop or a branch.
        at_once: whether operations run at once, and are no part of a program. Those of
            bodies are: loops are compiled even then.
        unsure: operations of which TensorFlow might run none, since they run only for
            what a gradient goes through.
        reads: how elements of arrays have been read.
        known: values that are known while tracing although they are traced, since a
            gradient with respect to them is wanted.
        tape: pullbacks of the executed operations, in the order they ran.
        bounds: for each loop that is differentiated, how often it runs at most.
        counting: loops whose iterations are being counted, in `variables`.
        again: whether values are computed again that a run has computed, for gradients:
            then nothing runs for its effects.
        replayed: the operations with bodies for which that is so.
        outer: what evaluates the operation that holds this body, or None.
        is_differentiated: whether JAX differentiates what runs.
    """

    def __init__(
        self,
        values: dict[Tensor, Any],
        variables: dict[Operation, Any],
        streams: dict[Operation, Any],
        needed: Mapping[Operation, Collection[int]] | None = None,
        folded: Collection[Operation] = (),
        taped: Mapping[Operation, frozenset[Tensor]] | None = None,
        in_body: bool = False,
    ) -> None:
        """Starts an evaluation.

        Args:
            values: the values that are given.
            variables: the values of the variables at the start.
            streams: random states at the start.
            needed: outputs of each operation that are used; default: all.
            folded: operations to evaluate on NumPy values while tracing.
            taped: operations to keep on the tape, with the tensors that carry.
            in_body: whether this is the body of a loop, where whatever is known while
                tracing is evaluated then.
        """
        self.values = values
        self.rows: dict[Tensor, Row] = {}
        self.perturbed: dict[Tensor, Row] = {}
        self.variables = variables
        self.streams = streams
        self.first_streams = dict(streams)
        self.needed = needed or {}
        self.folded = folded
        self.taped = taped or {}
        self.in_body = in_body
        self.at_once = False
        self.unsure: Collection[Operation] = ()
        self.reads: set[Any] = set()
        self.known: dict[Tensor, Any] = {}
        self.tape: list[Pullback] = []
        self.bounds: dict[Operation, int] = {}
        self.counting: Collection[Operation] = ()
        self.again = False
        self.replayed: Collection[Operation] = ()
        self.outer: Evaluator | None = None
        self.is_differentiated = False
        self._on_tape: dict[Operation, int] = {}
        # Fed tensors keep their values when the operation that makes them runs.
        self.given = frozenset(values)

    def inside(
        self,
        values: dict[Tensor, Any],
        variables: dict[Operation, Any],
        streams: dict[Operation, Any],
        operations: Iterable[Operation] = (),
    ) -> Evaluator:
        """An evaluator for `operations`, the body of a loop or a branch."""
        inner = self.body_evaluator(
            values,
            variables,
            streams,
            folded=self.folded,
            taped=differentiated(operations),
            in_body=True,
        )
        inner.enter(self)
        return inner

    def enter(self, outer: Evaluator) -> None:
        """Makes this the evaluator of a body of an operation that `outer` runs."""
        self.outer = outer
        self.bounds, self.counting = outer.bounds, outer.counting
        self.known, self.again = outer.known, outer.again
        self.is_differentiated = outer.is_differentiated

    def origin(self, op: Operation) -> Evaluator:
        """What has run `op`: this, or an evaluator around it."""
        level = self
        while level.outer is not None and not any(
            t in level.values or t in level.rows for t in op._outputs
        ):
            level = level.outer
        return level

    def body_evaluator(self, *args: Any, **kwargs: Any) -> Evaluator:
        """What `inside` returns, before it knows of loops."""
        return Evaluator(*args, **kwargs)

    def uses(self, op: Operation) -> Sequence[Tensor]:
        """The tensors that must be computed before `op` runs."""
        return op._inputs[:1] if passes_on(op) else tensors_used(op)

    def value(self, tensor: Tensor) -> Any:
        """The value of `tensor`, which must have been computed or given."""
        if tensor in self.values:
            return self.values[tensor]
        if tensor in self.rows:
            value = self.values[tensor] = self.rows[tensor]()
            return value
        if is_read(tensor.op):
            return self.value(tensor.op._inputs[0])
        if tensor.dtype.is_ref_dtype:
            variable = root_variable(tensor)
            if variable is not None:
                return self.variables.get(variable)
        if tensor.op.type == "Const":
            return tensor.op._attrs["value"]
        raise KeyError(tensor)

    def run(self, op: Operation) -> None:
        """Executes `op`.

        Raises:
            tf.errors.OpError: when the values do not fit, naming the operation.
        """
        if is_read(op):
            return
        if self.in_body and passes_on(op):
            self.values[op._outputs[0]] = self.value(op._inputs[0])
            return
        join = together.get(op.type) if self.rows else None
        if join is not None and op not in self.folded and join(self, op):
            return
        values = [self.value(t) for t in inputs_used(op, self.taped)]
        try:
            results = self._results(op, values)
        except Exception as error:
            raise blamed(error, op, values) from cause_of(error)
        self._store(op, results)

    def _results(self, op: Operation, values: Values) -> Values:
        declaration = op._declaration
        if declaration is None:
            raise errors.NotFoundError(None, op, f"Op type not registered '{op.type}'")
        inputs = self._carrying(op, declaration, values)
        if op in self.folded and foldable(declaration, values):
            if inputs:
                # What is known may be differentiated, too: by constants.
                self._taped(op, list(values), inputs)
            return fold(op, values)
        untaped_in_body = self.in_body and op not in self.taped
        if untaped_in_body and known_while_tracing(declaration, values):
            return fold(op, values)
        self._check_static(op, declaration, values)
        if inputs:
            return self._taped(op, values, inputs)
        return self._plain(op, values)

    def _carrying(
        self, op: Operation, declaration: OpDeclaration, values: Values
    ) -> list[int]:
        """The inputs of `op` that gradients flow back to."""
        carrying = self.taped.get(op)
        if carrying is None:
            return []
        blocked = blocked_inputs(op, declaration)
        return [
            i
            for i, t in enumerate(op._inputs)
            if t in carrying
            and i not in blocked
            and differentiable_part(values[i]) is not None
        ]

    def _plain(self, op: Operation, values: Sequence[Any]) -> Values:
        host = has_host_operations(op)
        found = (obstacle(op) if bodies_of(op) else op) if host else None
        if found is not None:
            raise errors.UnimplementedError(
                None,
                op,
                f"{found.type} '{found.name}' runs on the host and cannot be computed "
                "again for a gradient.",
            )
        if op.type in structural:
            return self._structural(op, values, host or op in self.replayed)
        declaration = op._declaration
        assert declaration is not None
        if self.in_body:
            # The body is differentiated as a whole: what blocks gradients says so here.
            return guarded(self, op, values, lambda given: self._call(op, given))
        return self._call(op, values)

    def _structural(self, op: Operation, values: Sequence[Any], again: bool) -> Values:
        needed: Collection[int] = self.needed.get(op) or range(len(op._outputs))
        if again and not self.in_body:
            needed = [i for i in needed if is_differentiable(op._outputs[i])]
        before, self.again = self.again, self.again or again
        try:
            return structural[op.type](self, op, values, needed)
        finally:
            self.again = before

    def _call(self, op: Operation, values: Sequence[Any]) -> Values:
        declaration = op._declaration
        assert declaration is not None
        if op.type == "Identity" and isinstance(values[0], ArrayState):
            return [values[0]]
        if self.at_once and not declaration.is_random:
            with uncompiled():
                return cast(op, call_body(op, values))
        if not declaration.is_random:
            return cast(op, call_body(op, values))
        stream = value_of(self.streams[op])
        results = cast(op, call_body(op, values, stream))
        self.streams[op] = advance(stream, blocks_of(op, results))
        return results

    def _taped(self, op: Operation, values: Values, inputs: Sequence[int]) -> Values:
        outputs = [
            i for i, t in enumerate(op._outputs) if t.dtype.is_floating or is_complex(t)
        ]
        declaration = op._declaration
        assert declaration is not None
        stateful = declaration.structural or declaration.is_random
        before = (dict(self.variables), dict(self.streams)) if stateful else None

        def forward(*given: Any) -> tuple[tuple[Any, ...], Any]:
            full = list(values)
            for i, value in zip(inputs, given, strict=True):
                full[i] = with_part(values[i], value)
            results = self._plain(op, full)
            # An output nobody needs may be absent, an array may have no elements yet.
            parts = {
                i: part
                for i in outputs
                if results[i] is not None
                and (part := differentiable_part(results[i])) is not None
            }
            kept[:] = parts
            rest = [
                None if i in parts and not isinstance(r, ArrayState) else r
                for i, r in enumerate(results)
            ]
            # What the operation changes leaves the differentiated function too.
            new = [] if before is None else self._taken_back(before, changed)
            return tuple(parts.values()), (rest, new)

        if declaration.structural and not self.in_body:
            given = {op._inputs[i]: values[i] for i in inputs}
            known = {t: v for t, v in given.items() if isinstance(v, np.ndarray)}
            self.known.update(known)
        kept: list[int] = []
        changed: list[tuple[bool, Operation]] = []
        primals = [differentiable_part(values[i]) for i in inputs]
        outside, self.is_differentiated = self.is_differentiated, True
        try:
            main, pull, aux = jax.vjp(forward, *primals, has_aux=True)
        finally:
            self.is_differentiated = outside
        results: Values
        results, new = aux
        for (is_stream, key), value in zip(changed, new, strict=True):
            (self.streams if is_stream else self.variables)[key] = value
        for i, value in zip(kept, main, strict=True):
            results[i] = value if results[i] is None else with_part(results[i], value)
        self.record(
            [op],
            Pullback(
                op,
                [op._inputs[i] for i in inputs],
                [op._outputs[i] for i in kept],
                main,
                pull,
            ),
        )
        return results

    def _holder(self, x: Tensor) -> Evaluator:
        """What keeps `x`: as a row of an array, perhaps."""
        level: Evaluator | None = self
        while level is not None:
            if x in level.rows or x in level.perturbed:
                return level
            level = level.outer
        return self.origin(x.op)

    def _taken_back(
        self,
        before: tuple[dict[Operation, Any], dict[Operation, Any]],
        changed: list[tuple[bool, Operation]],
    ) -> Values:
        """Undoes what has changed since; returns the new values, of `changed`."""
        values = []
        changed.clear()
        for is_stream, (old, new) in enumerate(
            zip(before, (self.variables, self.streams), strict=True)
        ):
            for key, value in list(new.items()):
                if value is not old.get(key):
                    changed.append((bool(is_stream), key))
                    values.append(value)
            new.clear()
            new.update(old)
        return values

    def record(self, operations: Sequence[Operation], pullback: Pullback) -> None:
        """Puts the pullback of `operations`, which ran as one, on the tape."""
        self._on_tape.update(dict.fromkeys(operations, len(self.tape)))
        self.tape.append(pullback)

    def _check_static(
        self, op: Operation, declaration: OpDeclaration, values: Values
    ) -> None:
        if not declaration.static_inputs:
            return
        for name, start, end, _ in argument_spans(op):
            if name not in declaration.static_inputs:
                continue
            for i in range(start, end):
                if isinstance(values[i], jax.core.Tracer):
                    raise errors.UnimplementedError(
                        None,
                        op,
                        f"{op.type} '{op.name}': the value of `{name}` must be known "
                        "before the step that uses it, and here it is computed in "
                        "the body of a loop.",
                    )
                values[i] = np.asarray(values[i])

    def _store(self, op: Operation, results: Values) -> None:
        declaration = op._declaration
        assert declaration is not None
        refs = declaration.ref_inputs
        if refs:
            spans = {name: start for name, start, _, _ in argument_spans(op)}
            for name, value in zip(refs, results, strict=False):
                variable = root_variable(op._inputs[spans[name]])
                assert variable is not None
                check_assigned(op, variable, value)
                self.variables[variable] = value
            results = results[len(refs) :]
            outputs = [t for t in op._outputs if not t.dtype.is_ref_dtype]
        else:
            outputs = op._outputs
        for tensor, value in zip(outputs, results, strict=True):
            if tensor in self.given:
                continue
            if isinstance(value, Row):
                self.rows[tensor] = value
            else:
                self.values[tensor] = value

    # -- gradients --------------------------------------------------------------

    def pull_back(
        self, region: Region, seeds: Sequence[Any], wanted: Collection[int]
    ) -> Values:
        """Gradients of a region whose operations are all on the tape.

        Those that ran outside of this body are on the tape of what ran them.

        Args:
            region: the operations, and what enters and leaves.
            seeds: gradient of each of `region.ys`.
            wanted: which of `region.xs` to compute; the others are None.
        """
        cotangents: dict[Any, Any] = {}
        for tensor, seed in zip(region.ys, seeds, strict=True):
            accumulate(cotangents, tensor, conjugate(tensor, seed))
        reached = region.reached(wanted)[0]
        level: Evaluator | None = self
        while level is not None:
            places = {level._on_tape[op] for op in reached if op in level._on_tape}
            for place in sorted(places, reverse=True):
                level.tape[place](cotangents)
            level = level.outer
        made: dict[Evaluator, list[Tensor]] = {}
        for x in (region.xs[i] for i in wanted):
            made.setdefault(self._holder(x), []).append(x)
        found: dict[Tensor, Any] = {}
        for holder, xs in made.items():
            found.update(gradients_of(xs, holder, cotangents))
        for x, gradient in found.items():
            if gradient is None:
                value = self._holder(x).value(x)
                found[x] = zeros_like(differentiable_part(value))
            elif is_complex(x):
                found[x] = conjugate(x, value_of(gradient))
        return [found.get(x) for x in region.xs]


def inputs_used(op: Operation, taped: Collection[Operation]) -> list[Tensor]:
    """The inputs whose values running `op` needs, given what is on the tape.

    A `BlockGradient` takes what it needs of its region from the tape, unless it is
    differentiated itself.
    """
    region = op._attrs.get("_region")
    if isinstance(region, Region) and op not in taped:
        return op._inputs[: len(region.ys)]
    return op._inputs
