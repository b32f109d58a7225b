"""Recurrent networks over one tensor of which time is a dimension."""

from __future__ import annotations

from typing import Any

from tfstyle.framework import ops
from tfstyle.framework.tensor import Tensor
from tfstyle.ops import array_ops, embedding_ops, math_ops
from tfstyle.ops import variable_scope as vs
from tfstyle.ops.rnn_cell import EmbeddingWrapper, _state_size_with_prefix
from tfstyle.ops.rnn_loop import StepType, check_cell, checked_lengths, run_cell
from tfstyle.util import nest

__all__ = ["bidirectional_dynamic_rnn", "dynamic_rnn"]


def dynamic_rnn(
    cell,
    inputs,
    sequence_length=None,
    initial_state=None,
    dtype=None,
    parallel_iterations=None,
    swap_memory=False,
    time_major=False,
    scope=None,
):
    """Runs `cell` over a tensor of inputs, as many steps as the tensor has.

    The number of steps and of examples may be unknown and may differ from run to run.
    The loop is one `Scan`, as that of `rnn`.

    Args:
        cell: an `RNNCell`.
        inputs: [batch, time, depth], with `time_major` [time, batch, depth]; depth may
            be several dimensions. Or a nested tuple of such, as the cell takes it.
        sequence_length: [batch] int32 or int64, the length of each example: its outputs
            after that are zeros and its state stays as it was then. Default: all of
            `inputs`; greater lengths mean the same.
        initial_state: the state before the first step, [batch, state_size] or a nested
            tuple of such; default: zeros of `dtype`.
        dtype: type of the zero state; needed when there is no `initial_state`.
        parallel_iterations: an integer, taken for TensorFlow's sake; steps run in
            order.
        swap_memory: taken for TensorFlow's sake; XLA manages the memory.
        time_major: whether time is the first dimension of inputs and outputs, which
            saves transposing them.
        scope: variable scope of the cell's variables; default "RNN".

    Returns:
        (outputs, state): [batch, time, output_size], with `time_major` [time, batch,
        output_size], nested as `cell.output_size`; and the state after the last step.

    Raises:
        TypeError: when `cell` is no RNNCell, or its new state has another dtype or type
            of sequence than the old one.
        ValueError: when the depth is unknown, neither `initial_state` nor `dtype` is
            given, the inputs disagree on time or batch, the lengths are no vector, or
            output or state have not the shape they should have.
        InvalidArgumentError: when it turns out in a run that there is not one length
            for each example.
    """
    check_cell(cell)
    if not isinstance(parallel_iterations or 32, int):
        raise AssertionError("parallel_iterations must be int")
    flat: list[Tensor] = ops.convert_n_to_tensor(nest.flatten(inputs), name="inputs")
    if not time_major:
        flat = [_swap_time_and_batch(x) for x in flat]
    if sequence_length is not None:
        sequence_length = math_ops.to_int32(sequence_length)
        sequence_length = array_ops.identity(sequence_length, name="sequence_length")
    with vs.variable_scope(scope or "RNN") as variable_scope:
        if variable_scope.caching_device is None:
            variable_scope.set_caching_device(lambda op: op.device)
        time, batch = _sizes(flat)
        if initial_state is None:
            if not dtype:
                raise ValueError("If no initial_state is provided, dtype must be.")
            initial_state = cell.zero_state(array_ops.shape(flat[0])[1], dtype)
        lengths = checked_lengths(sequence_length, flat[0], batch_dim=1)
        if type(cell) is EmbeddingWrapper:
            flat, cell = [_embedded(cell, flat[0], initial_state)], cell._cell
        steps = [StepType(x.dtype, x.get_shape()[1:]) for x in flat]
        result = run_cell(
            cell,
            nest.pack_sequence_as(inputs, steps),
            flat,
            initial_state,
            lengths,
            unrolled=False,
        )
        outputs = _shaped_outputs(cell, result.outputs, time, batch)
        if not time_major:
            outputs = [_swap_time_and_batch(x) for x in outputs]
        return nest.pack_sequence_as(cell.output_size, outputs), result.state


def _swap_time_and_batch(tensor: Tensor) -> Tensor:
    """[a, b, ...] as [b, a, ...]."""
    rank = tensor.get_shape().ndims
    if rank is not None and rank < 2:
        raise ValueError(
            f"inputs must have at least 3 dimensions, [batch, time, depth], but "
            f"{tensor.name} has shape {tensor.get_shape()}"
        )
    return array_ops.transpose(tensor, [1, 0, *range(2, 3 if rank is None else rank)])


def _sizes(flat: list[Tensor]) -> tuple[int | None, int | None]:
    """Numbers of steps and of examples of inputs [time, batch, ...], if known."""
    time, batch = flat[0].get_shape().with_rank_at_least(3).as_list()[:2]
    for tensor in flat:
        shape = tensor.get_shape().with_rank_at_least(3)
        if not shape[2:].is_fully_defined():
            raise ValueError(
                "Input size (depth of inputs) must be accessible via shape inference, "
                f"but saw value None: {tensor.name} has shape {shape}."
            )
        if shape[0].value != time:
            raise ValueError(
                "Time steps is not the same for all the elements in the input in a "
                f"batch: {time} and {shape[0].value}."
            )
        if shape[1].value != batch:
            raise ValueError(
                "Batch_size is not the same for all the elements in the input: "
                f"{batch} and {shape[1].value}."
            )
    return time, batch


def _embedded(cell: Any, words: Tensor, state: Any) -> Tensor:
    """What an EmbeddingWrapper looks up, for all steps at once: [time, batch, size]."""
    words = array_ops.reshape(words, array_ops.shape(words)[:2])
    with vs.variable_scope(type(cell).__name__):
        return embedding_ops.embedding_lookup(cell._embedding(state), words)


def _shaped_outputs(cell: Any, outputs: Any, *sizes: int | None) -> list[Tensor]:
    """The outputs, flat, with the shapes that the cell says they have."""
    flat, wanted = nest.flatten(outputs), nest.flatten(cell.output_size)
    if len(flat) != len(wanted):
        raise ValueError(
            f"The cell's output_size is {cell.output_size}, but it gives {len(flat)} "
            f"outputs: {outputs}"
        )
    for output, size in zip(flat, wanted, strict=True):
        output.set_shape(_state_size_with_prefix(size, prefix=list(sizes)))
    return flat


def bidirectional_dynamic_rnn(
    cell_fw,
    cell_bw,
    inputs,
    sequence_length=None,
    initial_state_fw=None,
    initial_state_bw=None,
    dtype=None,
    parallel_iterations=None,
    swap_memory=False,
    time_major=False,
    scope=None,
):
    """Runs one cell forward and another one backward over a tensor of inputs.

    TensorFlow has it since 0.10.

    Args:
        cell_fw: the `RNNCell` that starts at the first step.
        cell_bw: the `RNNCell` that starts at the last step.
        inputs: a tensor, as for `dynamic_rnn`.
        sequence_length: [batch] int32 or int64, the length of each example, which is
            also where `cell_bw` starts; default: all of `inputs`.
        initial_state_fw: the state of `cell_fw` before its first step; default: zeros.
        initial_state_bw: the state of `cell_bw` before its first step; default: zeros.
        dtype: type of the zero states; needed unless both states are given.
        parallel_iterations: as for `dynamic_rnn`.
        swap_memory: as for `dynamic_rnn`.
        time_major: as for `dynamic_rnn`.
        scope: variable scope, with the scopes "FW" and "BW" of the cells' variables in
            it; default "BiRNN".

    Returns:
        ((outputs_fw, outputs_bw), (state_fw, state_bw)), each as of `dynamic_rnn`. The
        outputs of both directions are in the order of the inputs.

    Raises:
        TypeError: when a cell is no RNNCell.
        ValueError: as for `dynamic_rnn`.
    """
    check_cell(cell_fw, "cell_fw")
    check_cell(cell_bw, "cell_bw")
    options = {
        "sequence_length": sequence_length,
        "dtype": dtype,
        "parallel_iterations": parallel_iterations,
        "swap_memory": swap_memory,
        "time_major": time_major,
    }

    def backward(structure: Any) -> Any:
        turned = [
            _reversed_in_time(x, sequence_length, time_major)
            for x in nest.flatten(structure)
        ]
        return nest.pack_sequence_as(structure, turned)

    with vs.variable_scope(scope or "BiRNN"):
        with vs.variable_scope("FW") as forward_scope:
            outputs_fw, state_fw = dynamic_rnn(
                cell_fw,
                inputs,
                initial_state=initial_state_fw,
                scope=forward_scope,
                **options,
            )
        with vs.variable_scope("BW") as backward_scope:
            reversed_outputs, state_bw = dynamic_rnn(
                cell_bw,
                backward(inputs),
                initial_state=initial_state_bw,
                scope=backward_scope,
                **options,
            )
    return (outputs_fw, backward(reversed_outputs)), (state_fw, state_bw)


def _reversed_in_time(tensor: Any, lengths: Any, time_major: bool) -> Tensor:
    tensor = ops.convert_to_tensor(tensor, name="inputs")
    time_dim, batch_dim = (0, 1) if time_major else (1, 0)
    if lengths is not None:
        lengths = math_ops.to_int64(lengths)
        return array_ops.reverse_sequence(tensor, lengths, time_dim, batch_dim)
    rank = tensor.get_shape().ndims
    if rank is None:
        raise ValueError(f"inputs must be of known rank: {tensor.name}")
    return array_ops.reverse(tensor, [i == time_dim for i in range(rank)])
