"""LSTMs over time and over frequencies that see each other.

Kalchbrenner et al. 2015, "Grid long short-term memory",
https://arxiv.org/abs/1507.01526.
"""

from __future__ import annotations

import collections
from typing import Any, NamedTuple

from tfstyle.contrib.rnn.frequency_cells import FrequencyLSTM, known_width
from tfstyle.framework.tensor import Tensor
from tfstyle.ops import array_ops, math_ops, nn_ops
from tfstyle.ops import variable_scope as vs
from tfstyle.ops.math_ops import sigmoid, tanh
from tfstyle.ops.rnn_cell import _warn_of_concatenation

__all__ = ["BidirectionalGridLSTMCell", "GridLSTMCell"]


class _Direction(NamedTuple):
    """The LSTM over time, or the one over frequencies, of a block."""

    weights: Any
    bias: Any
    diagonal: dict[str, tuple[Any, Any]]


class GridLSTMCell(FrequencyLSTM):
    """Two LSTMs, one over time and one over the windows of frequencies.

    Both see each other's cells and outputs.
    """

    def __init__(
        self,
        num_units,
        use_peepholes=False,
        share_time_frequency_weights=False,
        cell_clip=None,
        initializer=None,
        num_unit_shards=1,
        forget_bias=1.0,
        feature_size=None,
        frequency_skip=None,
        num_frequency_blocks=None,
        start_freqindex_list=None,
        end_freqindex_list=None,
        couple_input_forget_gates=False,
        state_is_tuple=False,
    ):
        """Makes a cell.

        The last five parameters are those of TensorFlow 0.12.

        Args:
            num_units: size of the cells, at each window.
            use_peepholes: whether the gates see the cells.
            share_time_frequency_weights: whether both LSTMs have the same weights.
            cell_clip: cells are kept within [-cell_clip, cell_clip]; None: anywhere.
            initializer: of the weights.
            num_unit_shards: number of variables a weight matrix is split into.
            forget_bias: added to the forget gates.
            feature_size: how many columns of the input a window has.
            frequency_skip: how many columns the next window is further on.
            num_frequency_blocks: a list: how many windows each block has. The weights
                of a block are its own, and have its number in their names. None: one
                block of all windows, without a number.
            start_freqindex_list: at which column each block starts; None: one block.
            end_freqindex_list: before which column each block ends.
            couple_input_forget_gates: whether a forget gate is 1 - the input gate.
            state_is_tuple: whether the state is a named tuple of all cells and
                outputs, for which `num_frequency_blocks` is needed. Otherwise it is one
                tensor; several blocks then all read the part of the first one.

        Raises:
            ValueError: when `state_is_tuple` is set without `num_frequency_blocks`.
        """
        _warn_of_concatenation(self, state_is_tuple)
        super().__init__(
            num_units,
            use_peepholes,
            cell_clip,
            initializer,
            num_unit_shards,
            forget_bias,
            feature_size,
            frequency_skip,
        )
        if state_is_tuple and num_frequency_blocks is None:
            raise ValueError("Must specify num_frequency_blocks")
        self._share = share_time_frequency_weights
        self._coupled = couple_input_forget_gates
        self._num_frequency_blocks = num_frequency_blocks
        self._start_freqindex_list = start_freqindex_list
        self._end_freqindex_list = end_freqindex_list
        self._state_tuple_type: Any = None
        if state_is_tuple:
            self._state_tuple_type = collections.namedtuple(  # type: ignore[misc]
                "GridLSTMStateTuple", self._state_names(["state"])
            )

    def _state_names(self, prefixes: list[str]) -> list[str]:
        return [
            f"{prefix}_f{window:02d}_b{block:02d}_{part}"
            for prefix in prefixes
            for block, windows in enumerate(self._num_frequency_blocks)
            for window in range(windows)
            for part in "cm"
        ]

    @property
    def state_tuple_type(self):
        """The class of a state, or None when the state is one tensor."""
        return self._state_tuple_type

    @property
    def state_size(self):
        """The sizes of all cells and outputs, or their sum.

        Without `num_frequency_blocks` it is the size at one window.
        """
        if self._state_tuple_type is not None:
            names = self._state_tuple_type._fields
            return self._state_tuple_type(*[self._num_units] * len(names))
        return self._num_units * self._total_windows() * 2

    @property
    def output_size(self):
        """The size of the outputs of both LSTMs.

        Without `num_frequency_blocks` it is `num_units`, as in 0.9.
        """
        if self._num_frequency_blocks is None:
            return self._num_units
        return self._num_units * self._total_windows() * 2

    def _total_windows(self):
        blocks = self._num_frequency_blocks
        return 1 if blocks is None else sum(int(count) for count in blocks)

    def __call__(self, inputs, state, scope=None):
        """One step.

        Args:
            inputs: [batch, depth].
            state: like `state_size`; without `num_frequency_blocks` [batch, 2 * n *
                num_units], where `n = (depth - feature_size) / frequency_skip + 1`.
            scope: variable scope; default: the name of the class.

        Returns:
            (output, new state): [batch, 2 * n * num_units], where n is the number of
            all windows, and a state like `state`.

        Raises:
            ValueError: when the depth is unknown, or there are not as many windows as
                the blocks should have.
        """
        with vs.variable_scope(
            scope or type(self).__name__, initializer=self._initializer
        ):
            outputs, states = self._run(self._blocks(inputs, 0), inputs, state, "state")
        if self._state_tuple_type is not None:
            new_state = self._state_tuple_type(*states)
        else:
            new_state = array_ops.concat(1, states)
        return array_ops.concat(1, outputs), new_state

    def _blocks(self, inputs: Tensor, offset: int) -> list[list[Tensor]]:
        """The windows of each block; `offset` columns further on, or zeros there."""
        size = known_width(inputs)
        if offset:
            before, after = max(-offset, 0), max(offset, 0)
            inputs = array_ops.pad(inputs, [[0, 0], [before, after]])
        offset = max(offset, 0)
        return [
            [
                self._window(inputs, start + offset + i * self._frequency_skip)
                for i in range(windows)
            ]
            for start, windows in self._layout(size)
        ]

    def _layout(self, size: int) -> list[tuple[int, int]]:
        """(first column, number of windows) of each block of `size` columns."""
        wanted = self._num_frequency_blocks
        starts, ends = self._start_freqindex_list, self._end_freqindex_list
        if not starts:
            if wanted is None:
                return [(0, self._windows(size))]
            if len(wanted) != 1:
                raise ValueError(
                    f"Length of num_frequency_blocks is not 1, but instead is "
                    f"{len(wanted)}"
                )
            starts, ends = [0], [size]
        elif len(starts) != len(ends or ()):
            raise ValueError(
                "Length of start and end freqindex_list does not match "
                f"{len(starts)} {len(ends or ())}"
            )
        if wanted is None or len(wanted) != len(starts):
            raise ValueError(
                "Length of num_frequency_blocks is not equal to start_freqindex_list "
                f"{len(wanted or ())} {len(starts)}"
            )
        layout = []
        for count, start, end in zip(wanted, starts, ends, strict=True):
            windows = self._windows(end - start)
            if windows != count:
                raise ValueError(
                    f"Invalid num_frequency_blocks, requires {count} but gets "
                    f"{windows}, please check the input size and filter config are "
                    "correct."
                )
            layout.append((start, windows))
        return layout

    def _run(self, blocks, inputs, state, prefix):
        """(outputs, states) of all windows of all blocks, in order."""
        outputs: list[Any] = []
        states: list[Any] = []
        for block, windows in enumerate(blocks):
            suffix = "" if self._num_frequency_blocks is None else f"_{block}"
            freq, time = self._directions(suffix, inputs.dtype)
            c_below = m_below = self._zeros(inputs)
            for number, window in enumerate(windows):
                if self._state_tuple_type is None:
                    c = self._column(state, 2 * number)
                    m = self._column(state, 2 * number + 1)
                else:
                    name = f"{prefix}_f{number:02d}_b{block:02d}"
                    c, m = getattr(state, name + "_c"), getattr(state, name + "_m")
                joined = array_ops.concat(1, [window, m, m_below])
                (c_below, m_below), (c, m) = self._step(freq, time, joined, c_below, c)
                states += [c, m]
                outputs += [m, m_below]
        return outputs, states

    def _directions(self, suffix, dtype):
        """The LSTMs over frequencies and over time, of a block."""
        rows = self._feature_size + 2 * self._num_units
        gates = 3 if self._coupled else 4
        letters = "f" if self._share else "ft"
        sums = [
            self._weights(
                (f"W_{letter}{suffix}", f"B_{letter}{suffix}"), rows, gates, dtype
            )
            for letter in letters
        ]
        made = []
        for kind, (weights, bias) in zip(("freq", "time"), sums, strict=False):
            diagonal = {}
            if self._use_peepholes:
                for gate in "IO" if self._coupled else "FIO":
                    pair = [
                        vs.get_variable(
                            f"W_{gate}_diag_{kind}{seen}{suffix}",
                            shape=[self._num_units],
                            dtype=dtype,
                        )
                        for seen in "ft"
                    ]
                    diagonal[gate] = (pair[0], pair[1])
            made.append(_Direction(weights, bias, diagonal))
        return made[0], made[-1]

    def _step(self, freq, time, joined, c_freq, c_time):
        """((c, m) over frequencies, (c, m) over time) of a window."""
        parts = self._parts(freq, joined)
        new_freq, o_freq = self._new_cell(parts, freq, c_freq, c_freq, c_time)
        if time is not freq:
            parts = self._parts(time, joined)
        new_time, o_time = self._new_cell(parts, time, c_time, c_freq, c_time)
        o_freq = sigmoid(_seen(o_freq, freq, "O", new_freq, new_time))
        o_time = sigmoid(_seen(o_time, time, "O", new_freq, new_time))
        return (new_freq, o_freq * tanh(new_freq)), (new_time, o_time * tanh(new_time))

    def _parts(self, direction, joined):
        """The sums of the gates."""
        sums = math_ops.matmul(joined, direction.weights)
        return array_ops.split(
            1, 3 if self._coupled else 4, nn_ops.bias_add(sums, direction.bias)
        )

    def _new_cell(self, parts, direction, c, c_freq, c_time):
        """The new cell after `c`, and the sum of the output gate."""
        i, j, o = parts[0], parts[1], parts[-1]
        i = sigmoid(_seen(i, direction, "I", c_freq, c_time))
        if self._coupled:
            f = 1.0 - i
        else:
            f = parts[2] + self._forget_bias
            f = sigmoid(_seen(f, direction, "F", c_freq, c_time))
        return self._clipped(f * c + i * tanh(j)), o


def _seen(gate, direction, name, c_freq, c_time):
    """The sum of a gate with what it sees of both cells."""
    if name not in direction.diagonal:
        return gate
    of_freq, of_time = direction.diagonal[name]
    return gate + of_freq * c_freq + of_time * c_time


class BidirectionalGridLSTMCell(GridLSTMCell):
    """A `GridLSTMCell` from the lowest frequency up beside one from the highest down.

    TensorFlow has it since 0.12.
    """

    def __init__(
        self,
        num_units,
        use_peepholes=False,
        share_time_frequency_weights=False,
        cell_clip=None,
        initializer=None,
        num_unit_shards=1,
        forget_bias=1.0,
        feature_size=None,
        frequency_skip=None,
        num_frequency_blocks=None,
        start_freqindex_list=None,
        end_freqindex_list=None,
        couple_input_forget_gates=False,
        backward_slice_offset=0,
    ):
        """Makes a cell; its state is a named tuple.

        Args:
            num_units: as for `GridLSTMCell`, like all that follow.
            use_peepholes: whether the gates see the cells.
            share_time_frequency_weights: whether both LSTMs have the same weights.
            cell_clip: cells are kept within [-cell_clip, cell_clip].
            initializer: of the weights.
            num_unit_shards: number of variables a weight matrix is split into.
            forget_bias: added to the forget gates.
            feature_size: how many columns of the input a window has.
            frequency_skip: how many columns the next window is further on.
            num_frequency_blocks: how many windows each block has; needed.
            start_freqindex_list: at which column each block starts.
            end_freqindex_list: before which column each block ends.
            couple_input_forget_gates: taken and, as in TensorFlow, not used.
            backward_slice_offset: how many columns further on (or back) the windows of
                the backward direction start; the input is padded with zeros.
        """
        super().__init__(
            num_units,
            use_peepholes,
            share_time_frequency_weights,
            cell_clip,
            initializer,
            num_unit_shards,
            forget_bias,
            feature_size,
            frequency_skip,
            num_frequency_blocks,
            start_freqindex_list,
            end_freqindex_list,
            state_is_tuple=True,
        )
        self._backward_slice_offset = int(backward_slice_offset)
        self._state_tuple_type = collections.namedtuple(  # type: ignore[misc]
            "BidirectionalGridLSTMStateTuple",
            self._state_names(["fwd_state", "bwd_state"]),
        )

    @property
    def output_size(self):
        """The size of the outputs of both LSTMs in both directions."""
        return 2 * super().output_size

    def __call__(self, inputs, state, scope=None):
        """One step; see `GridLSTMCell`. `scope` is a name."""
        forward = self._blocks(inputs, 0)
        backward = [
            block[::-1] for block in self._blocks(inputs, self._backward_slice_offset)
        ]
        outputs, states = [], []
        for direction, blocks in (("fwd", forward), ("bwd", backward)):
            name = f"{scope or type(self).__name__}/{direction}"
            with vs.variable_scope(name, initializer=self._initializer):
                some, new = self._run(blocks, inputs, state, f"{direction}_state")
            outputs += some
            states += new
        return array_ops.concat(1, outputs), self._state_tuple_type(*states)
