"""An LSTM that runs over the frequencies of its input as well as over time.

Sainath and Li 2016, "Modeling time-frequency patterns with LSTM vs. convolutional
architectures for LVCSR tasks".
"""

from __future__ import annotations

from typing import Any

from tfstyle.framework.tensor import Tensor
from tfstyle.ops import array_ops, clip_ops, init_ops, math_ops, nn_ops
from tfstyle.ops import variable_scope as vs
from tfstyle.ops.math_ops import sigmoid, tanh
from tfstyle.ops.rnn_cell import RNNCell, _get_concat_variable

__all__ = ["FrequencyLSTM", "TimeFreqLSTMCell", "known_width"]


class FrequencyLSTM(RNNCell):
    """What the cells have in common that read their input in windows."""

    def __init__(
        self,
        num_units,
        use_peepholes,
        cell_clip,
        initializer,
        num_unit_shards,
        forget_bias,
        feature_size,
        frequency_skip,
    ):
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer
        self._num_unit_shards = num_unit_shards
        self._forget_bias = forget_bias
        self._feature_size = feature_size
        self._frequency_skip = frequency_skip

    def _windows(self, size: int) -> int:
        """How many windows of features fit into `size` columns."""
        return int((size - self._feature_size) / self._frequency_skip) + 1

    def _window(self, inputs: Tensor, start: int) -> Tensor:
        return array_ops.slice(inputs, [0, start], [-1, self._feature_size])

    def _zeros(self, inputs: Tensor) -> Tensor:
        """[batch, num_units]: what comes before the lowest frequency."""
        batch: Any = inputs.get_shape()[0].value
        if batch is None:
            batch = array_ops.shape(inputs)[0]
        return array_ops.zeros(array_ops.pack([batch, self._num_units]), inputs.dtype)

    def _column(self, state: Tensor, number: int) -> Tensor:
        """The columns of a part of the state."""
        start = number * self._num_units
        return array_ops.slice(state, [0, start], [-1, self._num_units])

    def _weights(self, names: tuple[str, str], rows: int, gates: int, dtype: Any):
        """Matrix and bias of so many gates, under two names."""
        columns = gates * self._num_units
        matrix = _get_concat_variable(
            names[0], [rows, columns], dtype, self._num_unit_shards
        )
        bias = vs.get_variable(
            names[1],
            shape=[columns],
            initializer=init_ops.zeros_initializer,
            dtype=dtype,
        )
        return matrix, bias

    def _clipped(self, cell: Tensor) -> Tensor:
        if self._cell_clip is None:
            return cell
        return clip_ops.clip_by_value(cell, -self._cell_clip, self._cell_clip)


def known_width(inputs: Tensor) -> int:
    """The number of columns of `inputs`; ValueError when it is unknown."""
    size = inputs.get_shape().with_rank(2)[1].value
    if size is None:
        raise ValueError("Cannot infer input_size from static shape inference.")
    return size


class TimeFreqLSTMCell(FrequencyLSTM):
    """An LSTM that reads its input in windows, from the lowest frequency up.

    At each window it sees its state at the window one step before and its output at
    the window below.
    """

    def __init__(
        self,
        num_units,
        use_peepholes=False,
        cell_clip=None,
        initializer=None,
        num_unit_shards=1,
        forget_bias=1.0,
        feature_size=None,
        frequency_skip=None,
    ):
        """Makes a cell.

        Args:
            num_units: size of the cell, at each window.
            use_peepholes: whether the gates see the cell.
            cell_clip: the cell is kept within [-cell_clip, cell_clip]; None: anywhere.
            initializer: of the weights.
            num_unit_shards: number of variables the weight matrix is split into.
            forget_bias: added to the forget gate.
            feature_size: how many columns of the input a window has.
            frequency_skip: how many columns the next window is further on.
        """
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

    @property
    def state_size(self):
        """The size of the state at one window: cell and output."""
        return 2 * self._num_units

    @property
    def output_size(self):
        """The size of the output at one window."""
        return self._num_units

    def __call__(self, inputs, state, scope=None):
        """One step.

        Args:
            inputs: [batch, depth], in which `n = (depth - feature_size) /
                frequency_skip + 1` windows lie.
            state: [batch, n * state_size]. Where n is not 1, make it yourself:
                `zero_state` and `dynamic_rnn` know of one window.
            scope: variable scope; default: the name of the class.

        Returns:
            (output, new state): [batch, n * num_units] and a state like `state`.

        Raises:
            ValueError: when the depth is unknown.
        """
        windows = [
            self._window(inputs, i * self._frequency_skip)
            for i in range(self._windows(known_width(inputs)))
        ]
        dtype = inputs.dtype
        with vs.variable_scope(
            scope or type(self).__name__, initializer=self._initializer
        ):
            rows = self._feature_size + 2 * self._num_units
            weights, bias = self._weights(("W", "B"), rows, 4, dtype)
            diagonal = {}
            if self._use_peepholes:
                for gate in "FIO":
                    diagonal[gate] = vs.get_variable(
                        f"W_{gate}_diag", shape=[self._num_units], dtype=dtype
                    )
            below = self._zeros(inputs)
            states, outputs = [], []
            for number, window in enumerate(windows):
                c = self._column(state, 2 * number)
                m = self._column(state, 2 * number + 1)
                joined = array_ops.concat(1, [window, m, below])
                gates = nn_ops.bias_add(math_ops.matmul(joined, weights), bias)
                new_c, below = self._gated(gates, c, diagonal)
                states += [new_c, below]
                outputs.append(below)
        return array_ops.concat(1, outputs), array_ops.concat(1, states)

    def _gated(self, gates, c, diagonal):
        """(new cell, output) from the sums of the four gates and the old cell."""
        i, j, f, o = array_ops.split(1, 4, gates)
        f = f + self._forget_bias
        if diagonal:
            f = f + diagonal["F"] * c
            i = i + diagonal["I"] * c
        new_c = self._clipped(sigmoid(f) * c + sigmoid(i) * tanh(j))
        if diagonal:
            o = o + diagonal["O"] * new_c
        return new_c, sigmoid(o) * tanh(new_c)
