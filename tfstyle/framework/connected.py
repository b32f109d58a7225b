"""Which inputs of branches and loops their outputs depend on differentiably."""

from __future__ import annotations

from collections.abc import Iterable

from tfstyle.framework.body import argument_spans
from tfstyle.framework.gradient_registry import gradient_function_of
from tfstyle.framework.subgraph import Body, bodies_of
from tfstyle.framework.tensor import Operation, Tensor

__all__ = ["connected_inputs", "is_differentiable", "unblocked_inputs"]


def is_differentiable(tensor: Tensor) -> bool:
    """Whether there are gradients with respect to tensors of this dtype."""
    return tensor.dtype.is_floating or tensor.dtype.is_complex


def unblocked_inputs(op: Operation) -> list[Tensor]:
    """The inputs of `op` that its gradient reaches, as its declaration says."""
    declaration = op._declaration
    if declaration is None or not declaration.no_gradient:
        return op._inputs
    return [
        op._inputs[i]
        for name, start, end, _ in argument_spans(op)
        if name not in declaration.no_gradient
        for i in range(start, end)
    ]


def connected_inputs(op: Operation, output: int) -> frozenset[Tensor]:
    """The inputs that an output of `op` depends on differentiably.

    Of an operation without bodies these are all that its gradient reaches.
    """
    known = op._attrs.setdefault("_connected", {})
    if output not in known:
        known[output] = frozenset(_connected(op, output))
    found: frozenset[Tensor] = known[output]
    return found


def _connected(op: Operation, output: int) -> Iterable[Tensor]:
    flows, function = gradient_function_of(op)
    if not flows or not is_differentiable(op._outputs[output]):
        return ()
    if function is not None or not bodies_of(op):
        inputs = op._inputs if function is not None else unblocked_inputs(op)
        return [t for t in inputs if is_differentiable(t)]
    if op.type == "Cond":
        return set().union(*(_back(b, [b.results[output]]) for b in bodies_of(op)))
    if op.type == "Scan":
        carries = op._attrs["carries"]
        kept = len(op._outputs) - carries
        # The outputs are the carried values, then all results, then the last ones.
        place = (
            output if output < carries else carries + (output - carries) % (kept // 2)
        )
        return _around(op, bodies_of(op)[0], carries, place)
    return _around(op, bodies_of(op)[1], op._attrs["carries"], output)


def _around(op: Operation, body: Body, carries: int, place: int) -> set[Tensor]:
    """What a result of a body depends on that gets some of its results again."""
    numbers = {t: i for i, t in enumerate(body.parameters)}
    places, pending = {place}, [place]
    found: set[Tensor] = set()
    if place < carries:
        found.add(op._inputs[place])
    while pending:
        for tensor in _back(body, [body.results[pending.pop()]]):
            number = numbers.get(tensor)
            if number is None:
                found.add(tensor)
                continue
            found.add(op._inputs[number])
            if number < carries and number not in places:
                places.add(number)
                pending.append(number)
    return found


def _back(body: Body, results: Iterable[Tensor]) -> set[Tensor]:
    """The parameters and captures that `results` depend on differentiably."""
    inside = set(body.operations)
    found: set[Tensor] = set()
    pending = [t for t in results if is_differentiable(t)]
    seen = set(pending)
    while pending:
        tensor = pending.pop()
        if tensor.op not in inside:
            found.add(tensor)
            continue
        for source in connected_inputs(tensor.op, tensor.value_index):
            if source not in seen:
                seen.add(source)
                pending.append(source)
    return found
