"""Cells that run over all steps at once."""

from __future__ import annotations

import abc
from typing import Any

from tfstyle.ops import array_ops, math_ops, rnn

__all__ = ["FusedRNNCell", "FusedRNNCellAdaptor", "TimeReversedFusedRNN"]


class FusedRNNCell(abc.ABC):
    """A whole recurrent network as an object. TensorFlow has it since 0.11."""

    @abc.abstractmethod
    def __call__(
        self,
        inputs,
        initial_state=None,
        dtype=None,
        sequence_length=None,
        scope=None,
    ):
        """Runs the network.

        Args:
            inputs: [time, batch, depth], or a list of tensors [batch, depth].
            initial_state: the state before the first step; default: zeros of `dtype`.
            dtype: type of the zero state; needed when there is no `initial_state`.
            sequence_length: [batch] int32 or int64; default: all steps.
            scope: variable scope; default: the name of the class.

        Returns:
            (outputs, state): [time, batch, output_size], or a list of tensors if
            `inputs` is one; and the state after the last step.
        """


class FusedRNNCellAdaptor(FusedRNNCell):
    """A `FusedRNNCell` of an ordinary cell."""

    def __init__(self, cell, use_dynamic_rnn=False):
        """Wraps `cell`.

        Args:
            cell: an RNNCell.
            use_dynamic_rnn: whether it is run by `tf.nn.dynamic_rnn`, which takes any
                number of steps; otherwise by `tf.nn.rnn`.
        """
        self._cell = cell
        self._use_dynamic_rnn = use_dynamic_rnn

    def __call__(
        self,
        inputs,
        initial_state=None,
        dtype=None,
        sequence_length=None,
        scope=None,
    ):
        """Runs the cell; see `FusedRNNCell`. The scope is "RNN" by default."""
        is_list = isinstance(inputs, list)
        run: Any = rnn.rnn
        options = {
            "initial_state": initial_state,
            "dtype": dtype,
            "sequence_length": sequence_length,
            "scope": scope,
        }
        if self._use_dynamic_rnn:
            run, options["time_major"] = rnn.dynamic_rnn, True
        if self._use_dynamic_rnn and is_list:
            inputs = array_ops.pack(inputs)
        elif not self._use_dynamic_rnn and not is_list:
            inputs = array_ops.unpack(inputs)
        outputs, state = run(self._cell, inputs, **options)
        if is_list and not isinstance(outputs, list):
            outputs = array_ops.unpack(outputs)
        elif not is_list and isinstance(outputs, list):
            outputs = array_ops.pack(outputs)
        return outputs, state


class TimeReversedFusedRNN(FusedRNNCell):
    """A `FusedRNNCell` that runs from the last step to the first."""

    def __init__(self, cell):
        """Wraps `cell`, a FusedRNNCell."""
        self._cell = cell

    def __call__(
        self,
        inputs,
        initial_state=None,
        dtype=None,
        sequence_length=None,
        scope=None,
    ):
        """Runs the cell backward; see `FusedRNNCell`.

        With `sequence_length`, each example starts at its own end. As in TensorFlow
        this is so for a tensor: a list is reversed as a whole.
        """
        outputs, state = self._cell(
            _reversed(inputs, sequence_length),
            initial_state=initial_state,
            dtype=dtype,
            sequence_length=sequence_length,
            scope=scope,
        )
        return _reversed(outputs, sequence_length), state


def _reversed(steps, lengths):
    if isinstance(steps, list):
        return steps[::-1]
    if lengths is None:
        return array_ops.reverse(steps, [True, False, False])
    return array_ops.reverse_sequence(steps, math_ops.to_int64(lengths), 0, 1)
