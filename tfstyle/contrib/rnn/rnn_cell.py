"""Cells beyond those of `tf.nn.rnn_cell`."""

from __future__ import annotations

from tfstyle.contrib.rnn.frequency_cells import TimeFreqLSTMCell
from tfstyle.contrib.rnn.grid_lstm_cells import (
    BidirectionalGridLSTMCell,
    GridLSTMCell,
)
from tfstyle.ops import array_ops, clip_ops, init_ops, math_ops, nn, nn_ops
from tfstyle.ops import variable_scope as vs
from tfstyle.ops.math_ops import sigmoid, tanh
from tfstyle.ops.rnn_cell import (
    LSTMStateTuple,
    RNNCell,
    _get_concat_variable,
    _linear,
    _warn_of_concatenation,
    _warn_of_input_size,
)
from tfstyle.util import nest

__all__ = [
    "AttentionCellWrapper",
    "BidirectionalGridLSTMCell",
    "CoupledInputForgetGateLSTMCell",
    "GridLSTMCell",
    "LayerNormBasicLSTMCell",
    "TimeFreqLSTMCell",
]


class CoupledInputForgetGateLSTMCell(RNNCell):
    """An LSTM whose input gate is 1 - the forget gate.

    Greff et al. 2015, "LSTM: A search space odyssey", https://arxiv.org/abs/1503.04069.
    TensorFlow has it since 0.10.
    """

    def __init__(
        self,
        num_units,
        use_peepholes=False,
        initializer=None,
        num_proj=None,
        proj_clip=None,
        num_unit_shards=1,
        num_proj_shards=1,
        forget_bias=1.0,
        state_is_tuple=False,
        activation=tanh,
    ):
        """Makes a cell.

        Args:
            num_units: size of the cell.
            use_peepholes: whether the gates see the cell.
            initializer: of the weights.
            num_proj: size of the projected output; None: no projection.
            proj_clip: the projected output is kept within [-proj_clip, proj_clip].
            num_unit_shards: number of variables the weight matrix is split into.
            num_proj_shards: number of variables the projection is split into.
            forget_bias: added to the forget gate.
            state_is_tuple: whether the state is an `LSTMStateTuple`; otherwise it is
                one tensor, c before the output.
            activation: of the candidate and of the output.
        """
        _warn_of_concatenation(self, state_is_tuple)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._initializer = initializer
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._num_unit_shards = num_unit_shards
        self._num_proj_shards = num_proj_shards
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation

    @property
    def state_size(self):
        """Sizes of the cell and of the output, or their sum."""
        if self._state_is_tuple:
            return LSTMStateTuple(self._num_units, self.output_size)
        return self._num_units + self.output_size

    @property
    def output_size(self):
        """The size of the projection, or the number of units."""
        return self._num_proj or self._num_units

    def __call__(self, inputs, state, scope=None):
        """One step; see `RNNCell`. ValueError when the depth of `inputs` is unknown."""
        size = inputs.get_shape().with_rank(2)[1].value
        if size is None:
            raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
        units = self._num_units
        if self._state_is_tuple:
            c, m = state
        else:
            c = array_ops.slice(state, [0, 0], [-1, units])
            m = array_ops.slice(state, [0, units], [-1, self.output_size])
        dtype = inputs.dtype
        with vs.variable_scope(
            scope or type(self).__name__, initializer=self._initializer
        ):
            weights = _get_concat_variable(
                "W", [size + self.output_size, 3 * units], dtype, self._num_unit_shards
            )
            bias = vs.get_variable(
                "B",
                shape=[3 * units],
                initializer=init_ops.zeros_initializer,
                dtype=dtype,
            )
            joined = array_ops.concat(1, [inputs, m])
            gates = nn_ops.bias_add(math_ops.matmul(joined, weights), bias)
            c, m = self._gated(gates, c, dtype)
        if self._state_is_tuple:
            return m, LSTMStateTuple(c, m)
        return m, array_ops.concat(1, [c, m])

    def _gated(self, gates, c, dtype):
        """(new cell, output) from the sums of the three gates and the old cell."""
        j, f, o = array_ops.split(1, 3, gates)
        f = f + self._forget_bias
        if self._use_peepholes:
            of_f, of_o = (
                vs.get_variable(name, shape=[self._num_units], dtype=dtype)
                for name in ("W_F_diag", "W_O_diag")
            )
            f = f + of_f * c
        f = sigmoid(f)
        c = f * c + (1 - f) * self._activation(j)
        if self._use_peepholes:
            o = o + of_o * c
        m = sigmoid(o) * self._activation(c)
        if self._num_proj is not None:
            projection = _get_concat_variable(
                "W_P", [self._num_units, self._num_proj], dtype, self._num_proj_shards
            )
            m = math_ops.matmul(m, projection)
            if self._proj_clip is not None:
                m = clip_ops.clip_by_value(m, -self._proj_clip, self._proj_clip)
        return c, m


class AttentionCellWrapper(RNNCell):
    """A cell that attends to its own last outputs.

    Bahdanau et al. 2014, https://arxiv.org/abs/1409.0473. TensorFlow has it since 0.10.
    """

    def __init__(
        self,
        cell,
        attn_length,
        attn_size=None,
        attn_vec_size=None,
        input_size=None,
        state_is_tuple=False,
    ):
        """Wraps `cell`.

        Args:
            cell: an RNNCell.
            attn_length: how many outputs it attends to.
            attn_size: size of the output; default: `cell.output_size`.
            attn_vec_size: size of the hidden layer of the attention; default:
                `attn_size`.
            input_size: size of what `cell` gets, made from the input and what was
                attended to; default: that of the input.
            state_is_tuple: whether the state is a tuple: that of `cell`, what was
                attended to, and the outputs; otherwise it is one tensor of these.

        Raises:
            TypeError: when `cell` is no RNNCell.
            ValueError: when `cell` has a tuple for a state and `state_is_tuple` is not
                set, or when `attn_length` is not positive.
        """
        if not isinstance(cell, RNNCell):
            raise TypeError("The parameter cell is not RNNCell.")
        if nest.is_sequence(cell.state_size) and not state_is_tuple:
            raise ValueError(
                "Cell returns tuple of states, but the flag state_is_tuple is not set. "
                f"State size is: {cell.state_size}"
            )
        if attn_length <= 0:
            raise ValueError(
                f"attn_length should be greater than zero, got {attn_length}"
            )
        _warn_of_concatenation(self, state_is_tuple)
        self._cell = cell
        self._attn_length = attn_length
        self._attn_size = cell.output_size if attn_size is None else attn_size
        self._attn_vec_size = (
            self._attn_size if attn_vec_size is None else attn_vec_size
        )
        self._input_size = input_size
        self._state_is_tuple = state_is_tuple

    @property
    def state_size(self):
        """Sizes of the cell's state, of the attention and of all outputs; or a sum."""
        size = (
            self._cell.state_size,
            self._attn_size,
            self._attn_size * self._attn_length,
        )
        return size if self._state_is_tuple else sum(size)

    @property
    def output_size(self):
        """The size of the attention."""
        return self._attn_size

    def __call__(self, inputs, state, scope=None):
        """One step; see `RNNCell`."""
        with vs.variable_scope(scope or type(self).__name__):
            if self._state_is_tuple:
                state, attended, outputs = state
            else:
                first, last = self._cell.state_size, self._attn_size
                whole = state
                state = array_ops.slice(whole, [0, 0], [-1, first])
                attended = array_ops.slice(whole, [0, first], [-1, last])
                outputs = array_ops.slice(
                    whole, [0, first + last], [-1, last * self._attn_length]
                )
            outputs = array_ops.reshape(
                outputs, [-1, self._attn_length, self._attn_size]
            )
            size = self._input_size
            if size is None:
                size = inputs.get_shape().as_list()[1]
            inputs = _linear([inputs, attended], size, True)
            output, state = self._cell(inputs, state)
            query = state
            if self._state_is_tuple:
                query = array_ops.concat(1, nest.flatten(state))
            attended = self._attention(query, outputs)
            with vs.variable_scope("AttnOutputProjection"):
                output = _linear([output, attended], self._attn_size, True)
            outputs = array_ops.concat(
                1,
                [
                    array_ops.slice(outputs, [0, 1, 0], [-1, -1, -1]),
                    array_ops.expand_dims(output, 1),
                ],
            )
            outputs = array_ops.reshape(
                outputs, [-1, self._attn_length * self._attn_size]
            )
        if self._state_is_tuple:
            return output, (state, attended, outputs)
        return output, array_ops.concat(1, [state, attended, outputs])

    def _attention(self, query, outputs):
        """The weighted sum of the outputs, [batch, attn_size]."""
        size, hidden_size = self._attn_size, self._attn_vec_size
        with vs.variable_scope("Attention"):
            matrix = vs.get_variable("AttnW", [1, 1, size, hidden_size])
            vector = vs.get_variable("AttnV", [hidden_size])
            flat = array_ops.reshape(outputs, [-1, size])
            features = math_ops.matmul(
                flat, array_ops.reshape(matrix, [size, hidden_size])
            )
            features = array_ops.reshape(features, [-1, self._attn_length, hidden_size])
            wanted = _linear(query, hidden_size, True)
            wanted = array_ops.reshape(wanted, [-1, 1, hidden_size])
            scores = math_ops.reduce_sum(vector * tanh(features + wanted), [2])
            weights = array_ops.expand_dims(nn_ops.softmax(scores), 2)
            return math_ops.reduce_sum(weights * outputs, [1])


class LayerNormBasicLSTMCell(RNNCell):
    """An LSTM with layer normalization and recurrent dropout.

    Ba et al. 2016, https://arxiv.org/abs/1607.06450; Semeniuta et al. 2016,
    https://arxiv.org/abs/1603.05118. TensorFlow has it since 0.12.
    """

    def __init__(
        self,
        num_units,
        forget_bias=1.0,
        input_size=None,
        activation=tanh,
        layer_norm=True,
        norm_gain=1.0,
        norm_shift=0.0,
        dropout_keep_prob=1.0,
        dropout_prob_seed=None,
    ):
        """Makes a cell.

        Args:
            num_units: size of the cell and of the output.
            forget_bias: added to the forget gate.
            input_size: deprecated and not used.
            activation: of the candidate and of the output.
            layer_norm: whether gates and cell are normalized.
            norm_gain: initial value of the gains.
            norm_shift: initial value of the shifts.
            dropout_keep_prob: probability of keeping a candidate, a number or a tensor.
            dropout_prob_seed: seed of the random numbers.
        """
        _warn_of_input_size(self, input_size)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._activation = activation
        self._layer_norm = layer_norm
        self._gain = norm_gain
        self._shift = norm_shift
        self._keep_prob = dropout_keep_prob
        self._seed = dropout_prob_seed

    @property
    def state_size(self):
        """Sizes of c and h."""
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self):
        """The number of units."""
        return self._num_units

    def __call__(self, inputs, state, scope=None):
        """One step; see `RNNCell`."""
        with vs.variable_scope(scope or type(self).__name__):
            c, h = state
            gates = self._gates(array_ops.concat(1, [inputs, h]))
            i, j, f, o = array_ops.split(1, 4, gates)
            if self._layer_norm:
                i = self._normalized(i, "input")
                j = self._normalized(j, "transform")
                f = self._normalized(f, "forget")
                o = self._normalized(o, "output")
            candidate = self._activation(j)
            if not isinstance(self._keep_prob, float) or self._keep_prob < 1:
                candidate = nn_ops.dropout(candidate, self._keep_prob, seed=self._seed)
            c = c * sigmoid(f + self._forget_bias) + sigmoid(i) * candidate
            if self._layer_norm:
                c = self._normalized(c, "state")
            h = self._activation(c) * sigmoid(o)
        return h, LSTMStateTuple(c, h)

    def _gates(self, inputs):
        columns = 4 * self._num_units
        with vs.variable_scope("linear"):
            weights = vs.get_variable(
                "weights", [inputs.get_shape()[1].value, columns], dtype=inputs.dtype
            )
            gates = math_ops.matmul(inputs, weights)
            if not self._layer_norm:
                gates += vs.get_variable("b", [columns], dtype=inputs.dtype)
        return gates

    def _normalized(self, values, scope):
        """Rows of mean 0 and variance 1, then scaled and shifted."""
        with vs.variable_scope(scope):
            gain, shift = (
                vs.get_variable(
                    name,
                    shape=values.get_shape()[1:],
                    initializer=init_ops.constant_initializer(value),
                    dtype=values.dtype,
                )
                for name, value in (("gamma", self._gain), ("beta", self._shift))
            )
            mean, variance = nn.moments(values, [1], keep_dims=True)
            return nn.batch_normalization(values, mean, variance, shift, gain, 1e-12)
