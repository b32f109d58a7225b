"""What a run finds wrong while it runs on the device.

A check that can be decided while tracing raises at once. Another one leaves a code,
which bodies of branches and loops hand on as they hand on the variables they change;
the segment looks at the codes when it has run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import errors
from tfstyle.framework.subgraph import Region, nested_operations
from tfstyle.framework.tensor import Operation, Tensor

if TYPE_CHECKING:
    from tfstyle.lowering.evaluate import Evaluator

__all__ = [
    "Findings",
    "check",
    "checking",
    "findings",
    "may_fail",
    "raise_found",
    "unsure",
]

# The types of the operations that may leave a code. Its operation is the code's key
# among the variables of an evaluator; int32[2]: which of the messages of the operation,
# from 1, and an index to name in it.
checking: set[str] = set()


def check(
    evaluator: Evaluator, op: Operation, ok: Any, message: str, index: Any = 0
) -> None:
    """Makes the run fail when a condition does not hold.

    Args:
        evaluator: what runs `op`.
        op: the operation to name in the error; its type is in `checking`.
        ok: the condition, a boolean scalar. A NumPy value is decided while tracing.
        message: what is wrong if it does not hold; `{index}` stands for `index`.
        index: an integer to name in the message.

    Raises:
        tf.errors.InvalidArgumentError: when `ok` is known to be False and `op` is sure
            to run, as it is outside of bodies.
    """
    known = isinstance(ok, np.ndarray | np.generic | bool)
    if known and ok:
        return
    if known and not evaluator.in_body and not isinstance(index, jax.core.Tracer):
        raise _failed(op, message, index)
    messages = op._attrs.setdefault("_messages", [])
    if message not in messages:
        messages.append(message)
    number = jnp.int32(messages.index(message) + 1)
    code = jnp.stack([number, jnp.asarray(index, jnp.int32)])
    new = jnp.where(ok, 0, code)
    before = evaluator.variables.get(op)
    if before is not None:
        # The first thing that goes wrong is told.
        new = jnp.where(before[0] > 0, before, new)
    evaluator.variables[op] = new


def _failed(op: Operation, message: str, index: Any) -> errors.OpError:
    text = message.replace("{index}", str(index))
    return errors.InvalidArgumentError(None, op, text)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Findings:
    """What the checks of a segment have found.

    Attributes:
        codes: int32[operations, 2]: code and index for each.
        operations: the operations that were checked, with their messages.
    """

    codes: Any
    operations: tuple[tuple[Operation, tuple[str, ...]], ...] = field(
        metadata={"static": True}
    )


def findings(evaluator: Evaluator) -> Findings | None:
    """What the checks of a trace find; None when there were none."""
    found = {
        op: code
        for op, code in evaluator.variables.items()
        if op.type in checking and "_messages" in op._attrs
    }
    if not found:
        return None
    checked = tuple((op, tuple(op._attrs["_messages"])) for op in found)
    return Findings(jnp.stack(list(found.values())), checked)


def may_fail(operations: Iterable[Operation]) -> bool:
    """Whether some of `operations`, or of those in their bodies, may leave a code."""
    return any(op.type in checking for op in nested_operations(operations))


def unsure(
    operations: Iterable[Operation],
    taped: Collection[Operation],
    used: Iterable[Tensor],
) -> set[Operation]:
    """Those of `taped` that run only because a gradient goes through them.

    Args:
        operations: what runs.
        taped: operations that gradients go through.
        used: tensors that are used besides.
    """
    sure = {op for op in operations if op not in taped}
    pending = [t.op for t in used]
    for op in sure:
        region = op._attrs.get("_region")
        count = len(region.ys) if isinstance(region, Region) else None
        pending.extend(t.op for t in op._inputs[:count])
        pending.extend(op._control_inputs)
    while pending:
        op = pending.pop()
        if op in taped and op not in sure:
            sure.add(op)
            pending.extend(t.op for t in op._inputs)
            pending.extend(op._control_inputs)
    return {op for op in taped if op not in sure}


def raise_found(found: Findings) -> None:
    """Waits for the checks.

    Raises:
        tf.errors.InvalidArgumentError: when something is wrong.
    """
    codes = np.asarray(found.codes)
    for (code, index), (op, messages) in zip(codes, found.operations, strict=True):
        if code:
            raise _failed(op, messages[code - 1], index)
