"""Cells of recurrent networks: one step from (input, state) to (output, new state)."""

from __future__ import annotations

import collections
import math
from typing import Any

from tfstyle.framework import ops, tensor_shape
from tfstyle.ops import array_ops, clip_ops, embedding_ops, init_ops, math_ops, nn_ops
from tfstyle.ops import variable_scope as vs
from tfstyle.ops.math_ops import sigmoid, tanh
from tfstyle.platform import tf_logging as logging
from tfstyle.util import nest

__all__ = [
    "BasicLSTMCell",
    "BasicRNNCell",
    "DropoutWrapper",
    "EmbeddingWrapper",
    "GRUCell",
    "InputProjectionWrapper",
    "LSTMCell",
    "LSTMStateTuple",
    "MultiRNNCell",
    "OutputProjectionWrapper",
    "RNNCell",
]

_is_sequence = nest.is_sequence


def _unpacked_state(state):
    """A state as a flat list of tensors."""
    return nest.flatten(state)


def _packed_state(structure, state):
    """A flat list of tensors in the nesting of `structure`."""
    return nest.pack_sequence_as(structure, state)


def _state_size_with_prefix(state_size, prefix=None):
    """A size, an integer or a shape, as a list after the sizes in the list `prefix`."""
    if prefix is not None and not isinstance(prefix, list):
        raise TypeError("prefix of _state_size_with_prefix should be a list.")
    return (prefix or []) + tensor_shape.as_shape(state_size).as_list()


class LSTMStateTuple(collections.namedtuple("LSTMStateTuple", ("c", "h"))):
    """The state of an LSTM: the cell `c` and the output `h`, each [batch, size]."""

    __slots__ = ()

    @property
    def dtype(self):
        """The element type of both; TypeError when they differ."""
        if self.c.dtype != self.h.dtype:
            raise TypeError(
                f"Inconsistent internal state: {self.c.dtype} vs {self.h.dtype}"
            )
        return self.c.dtype


class RNNCell:
    """The base of all cells, also of a program's own.

    A subclass defines `__call__`, `state_size` and `output_size`. Its variables come
    from `tf.get_variable`, so that calling it again in a scope that reuses variables is
    the next step of the same network.
    """

    def __call__(self, inputs, state, scope=None):
        """Computes one step.

        Args:
            inputs: [batch, depth].
            state: [batch, state_size], or a nested tuple of such like `state_size`.
            scope: variable scope; default: the name of the class.

        Returns:
            (output, new state): [batch, output_size], and a state like `state`.
        """
        raise NotImplementedError("Abstract method")

    @property
    def state_size(self):
        """An integer or a shape, or a nested tuple of these: the sizes of the state."""
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self):
        """The size of the output, an integer or a shape, or a nested tuple of these."""
        raise NotImplementedError("Abstract method")

    def zero_state(self, batch_size, dtype):
        """A state of zeros.

        Args:
            batch_size: an integer or a scalar int32 tensor.
            dtype: element type.

        Returns:
            Tensors [batch_size, size] (where a size is a shape: [batch_size, ...]) in
            the nesting of `state_size`.
        """

        def zeros(size):
            shape = _state_size_with_prefix(size, prefix=[batch_size])
            if isinstance(batch_size, int):
                return array_ops.zeros(shape, dtype)
            made = array_ops.zeros(array_ops.pack(shape), dtype)
            made.set_shape([None, *shape[1:]])
            return made

        if nest.is_sequence(self.state_size):
            flat = [zeros(size) for size in nest.flatten(self.state_size)]
            return nest.pack_sequence_as(self.state_size, flat)
        return zeros(self.state_size)


def _warn_of_input_size(cell, input_size):
    if input_size is not None:
        logging.warn("%s: The input_size parameter is deprecated.", cell)


def _warn_of_concatenation(cell, state_is_tuple):
    if not state_is_tuple:
        logging.warn(
            "%s: Using a concatenated state is slower and will soon be deprecated. Use "
            "state_is_tuple=True.",
            cell,
        )


class _OutputIsState(RNNCell):
    """A cell whose state is its output."""

    def __init__(self, num_units, input_size=None, activation=tanh):
        """Makes a cell of `num_units`; `input_size` is deprecated and not used."""
        _warn_of_input_size(self, input_size)
        self._num_units = num_units
        self._activation = activation

    @property
    def state_size(self):
        """The number of units."""
        return self._num_units

    @property
    def output_size(self):
        """The number of units."""
        return self._num_units


class BasicRNNCell(_OutputIsState):
    """The plain recurrent cell: output = state = activation(W [x, state] + b)."""

    def __call__(self, inputs, state, scope=None):
        """One step; see `RNNCell`."""
        with vs.variable_scope(scope or type(self).__name__):
            output = self._activation(_linear([inputs, state], self._num_units, True))
        return output, output


class GRUCell(_OutputIsState):
    """The gated recurrent unit (Cho et al. 2014, https://arxiv.org/abs/1406.1078)."""

    def __call__(self, inputs, state, scope=None):
        """One step; the gates start open (their bias is 1)."""
        with vs.variable_scope(scope or type(self).__name__):
            with vs.variable_scope("Gates"):
                gates = _linear([inputs, state], 2 * self._num_units, True, 1.0)
                reset, update = array_ops.split(1, 2, gates)
                reset, update = sigmoid(reset), sigmoid(update)
            with vs.variable_scope("Candidate"):
                candidate = self._activation(
                    _linear([inputs, reset * state], self._num_units, True)
                )
            new_state = update * state + (1 - update) * candidate
        return new_state, new_state


class BasicLSTMCell(RNNCell):
    """The LSTM without peepholes (Zaremba et al. 2014, https://arxiv.org/abs/1409.2329).

    `forget_bias` is added to the forget gate so that little is forgotten at the start.
    """

    def __init__(
        self,
        num_units,
        forget_bias=1.0,
        input_size=None,
        state_is_tuple=False,
        activation=tanh,
    ):
        """Makes a cell.

        Args:
            num_units: size of the cell and of the output.
            forget_bias: added to the forget gate.
            input_size: deprecated and not used.
            state_is_tuple: whether the state is an `LSTMStateTuple`; otherwise it is
                one tensor [batch, 2 * num_units], c before h.
            activation: of the candidate and of the output.
        """
        _warn_of_concatenation(self, state_is_tuple)
        _warn_of_input_size(self, input_size)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation

    @property
    def state_size(self):
        """Sizes of c and h, or their sum."""
        if self._state_is_tuple:
            return LSTMStateTuple(self._num_units, self._num_units)
        return 2 * self._num_units

    @property
    def output_size(self):
        """The number of units."""
        return self._num_units

    def __call__(self, inputs, state, scope=None):
        """One step; see `RNNCell`."""
        with vs.variable_scope(scope or type(self).__name__):
            c, h = state if self._state_is_tuple else array_ops.split(1, 2, state)
            gates = _linear([inputs, h], 4 * self._num_units, True)
            i, j, f, o = array_ops.split(1, 4, gates)
            new_c = c * sigmoid(f + self._forget_bias) + sigmoid(i) * self._activation(
                j
            )
            new_h = self._activation(new_c) * sigmoid(o)
            if self._state_is_tuple:
                return new_h, LSTMStateTuple(new_c, new_h)
            return new_h, array_ops.concat(1, [new_c, new_h])


class LSTMCell(RNNCell):
    """The LSTM with peepholes, clipping and projection.

    Sak et al. 2014, "Long short-term memory recurrent neural network architectures for
    large scale acoustic modeling".
    """

    def __init__(
        self,
        num_units,
        input_size=None,
        use_peepholes=False,
        cell_clip=None,
        initializer=None,
        num_proj=None,
        num_unit_shards=1,
        num_proj_shards=1,
        forget_bias=1.0,
        state_is_tuple=False,
        activation=tanh,
        proj_clip=None,
    ):
        """Makes a cell.

        Args:
            num_units: size of the cell.
            input_size: deprecated and not used.
            use_peepholes: whether the gates see the cell.
            cell_clip: the cell is kept within [-cell_clip, cell_clip]; None: anywhere.
            initializer: of the weights.
            num_proj: size of the projected output; None: no projection.
            num_unit_shards: number of variables the weight matrix is split into.
            num_proj_shards: number of variables the projection is split into.
            forget_bias: added to the forget gate.
            state_is_tuple: whether the state is an `LSTMStateTuple`; otherwise it is
                one tensor, c before the output.
            activation: of the candidate and of the output.
            proj_clip: the projected output is kept within [-proj_clip, proj_clip], as
                in TensorFlow 0.12; None: anywhere.
        """
        _warn_of_concatenation(self, state_is_tuple)
        _warn_of_input_size(self, input_size)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
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
        return self._num_units if self._num_proj is None else self._num_proj

    def __call__(self, inputs, state, scope=None):
        """One step; see `RNNCell`."""
        size = inputs.get_shape().with_rank(2)[1].value
        if size is None:
            raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
        if self._state_is_tuple:
            c, h = state
        else:
            c = array_ops.slice(state, [0, 0], [-1, self._num_units])
            h = array_ops.slice(state, [0, self._num_units], [-1, self.output_size])
        dtype = inputs.dtype
        with vs.variable_scope(
            scope or type(self).__name__, initializer=self._initializer
        ):
            weights = _get_concat_variable(
                "W",
                [size + self.output_size, 4 * self._num_units],
                dtype,
                self._num_unit_shards,
            )
            bias = vs.get_variable(
                "B",
                shape=[4 * self._num_units],
                initializer=init_ops.zeros_initializer,
                dtype=dtype,
            )
            gates = nn_ops.bias_add(
                math_ops.matmul(array_ops.concat(1, [inputs, h]), weights), bias
            )
            new_c, output = self._gated(gates, c, dtype)
        if self._state_is_tuple:
            return output, LSTMStateTuple(new_c, output)
        return output, array_ops.concat(1, [new_c, output])

    def _gated(self, gates, c, dtype):
        """(new cell, output) from the sums of the four gates and the old cell."""
        i, j, f, o = array_ops.split(1, 4, gates)
        f = f + self._forget_bias
        if self._use_peepholes:
            diagonal = {
                gate: vs.get_variable(
                    f"W_{gate}_diag", shape=[self._num_units], dtype=dtype
                )
                for gate in "FIO"
            }
            f = f + diagonal["F"] * c
            i = i + diagonal["I"] * c
        new_c = sigmoid(f) * c + sigmoid(i) * self._activation(j)
        if self._cell_clip is not None:
            new_c = clip_ops.clip_by_value(new_c, -self._cell_clip, self._cell_clip)
        if self._use_peepholes:
            o = o + diagonal["O"] * new_c
        output = sigmoid(o) * self._activation(new_c)
        if self._num_proj is not None:
            projection = _get_concat_variable(
                "W_P",
                [self._num_units, self._num_proj],
                dtype,
                self._num_proj_shards,
            )
            output = math_ops.matmul(output, projection)
            if self._proj_clip is not None:
                output = clip_ops.clip_by_value(
                    output, -self._proj_clip, self._proj_clip
                )
        return new_c, output


def _get_concat_variable(name, shape, dtype, num_shards):
    """A matrix that is split into `num_shards` variables by rows, as one tensor."""
    shards = _get_sharded_variable(name, shape, dtype, num_shards)
    if len(shards) == 1:
        return shards[0]
    full_name = f"{vs.get_variable_scope().name}/{name}/concat:0"
    context = ops.get_default_graph()._control_flow_context
    for value in ops.get_collection(ops.GraphKeys.CONCATENATED_VARIABLES):
        # What was made in the body of a loop is not there outside of it.
        if value.name == full_name and value.op._control_flow_context is context:
            return value
    whole = array_ops.concat(0, shards, name=f"{name}/concat")
    ops.add_to_collection(ops.GraphKeys.CONCATENATED_VARIABLES, whole)
    return whole


def _get_sharded_variable(name, shape, dtype, num_shards):
    if num_shards > shape[0]:
        raise ValueError(f"Too many shards: shape={shape}, num_shards={num_shards}")
    size, rest = divmod(shape[0], num_shards)
    return [
        vs.get_variable(
            f"{name}_{i}", [size + (1 if i < rest else 0), *shape[1:]], dtype=dtype
        )
        for i in range(num_shards)
    ]


class _Wrapper(RNNCell):
    """A cell around another one, of the same sizes."""

    def __init__(self, cell):
        """Wraps `cell`; TypeError when it is no RNNCell."""
        if not isinstance(cell, RNNCell):
            raise TypeError("The parameter cell is not RNNCell.")
        self._cell = cell

    @property
    def state_size(self):
        """That of the wrapped cell."""
        return self._cell.state_size

    @property
    def output_size(self):
        """That of the wrapped cell."""
        return self._cell.output_size


class OutputProjectionWrapper(_Wrapper):
    """A cell whose output is multiplied by a matrix, [batch, output_size]."""

    def __init__(self, cell, output_size):
        """Wraps `cell`; TypeError when it is none, ValueError for a size below 1."""
        super().__init__(cell)
        if output_size < 1:
            raise ValueError(f"Parameter output_size must be > 0: {output_size}.")
        self._output_size = output_size

    @property
    def output_size(self):
        """The size of the projection."""
        return self._output_size

    def __call__(self, inputs, state, scope=None):
        """One step of the wrapped cell, then the projection."""
        output, new_state = self._cell(inputs, state)
        with vs.variable_scope(scope or type(self).__name__):
            projected = _linear(output, self._output_size, True)
        return projected, new_state


class InputProjectionWrapper(_Wrapper):
    """A cell whose input is first multiplied by a matrix, [batch, num_proj]."""

    def __init__(self, cell, num_proj, input_size=None):
        """Wraps `cell`; `input_size` is deprecated and not used."""
        _warn_of_input_size(self, input_size)
        super().__init__(cell)
        self._num_proj = num_proj

    def __call__(self, inputs, state, scope=None):
        """The projection, then one step of the wrapped cell."""
        with vs.variable_scope(scope or type(self).__name__):
            projected = _linear(inputs, self._num_proj, True)
        return self._cell(projected, state)


class DropoutWrapper(_Wrapper):
    """A cell with dropout on its input, its output, or both."""

    def __init__(self, cell, input_keep_prob=1.0, output_keep_prob=1.0, seed=None):
        """Wraps `cell`.

        Args:
            cell: an RNNCell.
            input_keep_prob: probability of keeping an input, a number or a tensor.
            output_keep_prob: probability of keeping an output, a number or a tensor.
            seed: seed of the random numbers.
        """
        super().__init__(cell)
        for name, value in (
            ("input_keep_prob", input_keep_prob),
            ("output_keep_prob", output_keep_prob),
        ):
            if isinstance(value, float) and not 0.0 <= value <= 1.0:
                raise ValueError(f"Parameter {name} must be between 0 and 1: {value}")
        self._input_keep_prob = input_keep_prob
        self._output_keep_prob = output_keep_prob
        self._seed = seed

    def __call__(self, inputs, state, scope=None):
        """One step of the wrapped cell, with dropout around it."""
        inputs = self._dropped(inputs, self._input_keep_prob)
        output, new_state = self._cell(inputs, state, scope)
        return self._dropped(output, self._output_keep_prob), new_state

    def _dropped(self, value, keep_prob):
        if isinstance(keep_prob, float) and keep_prob >= 1.0:
            return value
        return nn_ops.dropout(value, keep_prob, seed=self._seed)


class EmbeddingWrapper(_Wrapper):
    """A cell whose integer inputs are looked up in an embedding first."""

    def __init__(self, cell, embedding_classes, embedding_size, initializer=None):
        """Wraps `cell`.

        Args:
            cell: an RNNCell.
            embedding_classes: number of symbols.
            embedding_size: size of the vectors they become.
            initializer: of the embedding; default: that of the variable scope, else
                uniform in [-sqrt(3), sqrt(3)], of variance 1.
        """
        super().__init__(cell)
        if embedding_classes <= 0 or embedding_size <= 0:
            raise ValueError(
                "Both embedding_classes and embedding_size must be > 0: "
                f"{embedding_classes}, {embedding_size}."
            )
        self._embedding_classes = embedding_classes
        self._embedding_size = embedding_size
        self._initializer = initializer

    def __call__(self, inputs, state, scope=None):
        """The lookup of `inputs`, [batch] or [batch, 1] integers, then one step."""
        with vs.variable_scope(scope or type(self).__name__):
            embedded = embedding_ops.embedding_lookup(
                self._embedding(state), array_ops.reshape(inputs, [-1])
            )
        return self._cell(embedded, state)

    def _embedding(self, state):
        """The embedding, of the type of `state`, in the current scope."""
        bound = math.sqrt(3)
        initializer = (
            self._initializer
            or vs.get_variable_scope().initializer
            or init_ops.random_uniform_initializer(-bound, bound)
        )
        first: Any = nest.flatten(state)[0]
        return vs.get_variable(
            "embedding",
            [self._embedding_classes, self._embedding_size],
            initializer=initializer,
            dtype=first.dtype,
        )


class MultiRNNCell(RNNCell):
    """Several cells on top of each other; the same object may stand several times."""

    def __init__(self, cells, state_is_tuple=False):
        """Stacks `cells`.

        Args:
            cells: a list of RNNCells, the lowest first.
            state_is_tuple: whether the state is a tuple with one entry per cell;
                otherwise it is one tensor, the states beside each other.
        """
        if not cells:
            raise ValueError("Must specify at least one cell for MultiRNNCell.")
        if not state_is_tuple and any(nest.is_sequence(c.state_size) for c in cells):
            raise ValueError(
                "Some cells return tuples of states, but the flag state_is_tuple is "
                f"not set.  State sizes are: {[c.state_size for c in cells]}"
            )
        self._cells = cells
        self._state_is_tuple = state_is_tuple

    @property
    def state_size(self):
        """The sizes of the cells' states, or their sum."""
        sizes = [cell.state_size for cell in self._cells]
        return tuple(sizes) if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self):
        """That of the top cell."""
        return self._cells[-1].output_size

    def __call__(self, inputs, state, scope=None):
        """One step of each cell, from the lowest up."""
        if self._state_is_tuple and not nest.is_sequence(state):
            raise ValueError(
                f"Expected state to be a tuple of length {len(self.state_size)}, but "
                f"received: {state}"
            )
        with vs.variable_scope(scope or type(self).__name__):
            position, output, new_states = 0, inputs, []
            for i, cell in enumerate(self._cells):
                with vs.variable_scope(f"Cell{i}"):
                    if self._state_is_tuple:
                        own = state[i]
                    else:
                        own = array_ops.slice(
                            state, [0, position], [-1, cell.state_size]
                        )
                        position += cell.state_size
                    output, new_state = cell(output, own)
                    new_states.append(new_state)
        if self._state_is_tuple:
            return output, tuple(new_states)
        return output, array_ops.concat(1, new_states)


def _linear(args, output_size, bias, bias_start=0.0, scope=None):
    """The sum of `args[i] @ W[i]`, as one product of the joined arguments.

    Args:
        args: a tensor [batch, n] or a list of such.
        output_size: number of columns of W.
        bias: whether to add a bias.
        bias_start: initial value of the bias.
        scope: variable scope; default "Linear".

    Returns:
        [batch, output_size].

    Raises:
        ValueError: when an argument is no matrix of known width.
    """
    if args is None or (nest.is_sequence(args) and not args):
        raise ValueError("`args` must be specified")
    if not nest.is_sequence(args):
        args = [args]
    total = 0
    shapes = [a.get_shape().as_list() for a in args]
    for shape in shapes:
        if len(shape) != 2:
            raise ValueError(f"Linear is expecting 2D arguments: {shapes}")
        if not shape[1]:
            raise ValueError(f"Linear expects shape[1] of arguments: {shapes}")
        total += shape[1]
    dtype = args[0].dtype
    with vs.variable_scope(scope or "Linear"):
        matrix = vs.get_variable("Matrix", [total, output_size], dtype=dtype)
        joined = args[0] if len(args) == 1 else array_ops.concat(1, args)
        result = math_ops.matmul(joined, matrix)
        if not bias:
            return result
        bias_term = vs.get_variable(
            "Bias",
            [output_size],
            dtype=dtype,
            initializer=init_ops.constant_initializer(bias_start, dtype=dtype),
        )
    return result + bias_term


# What scripts of 2015 call it.
linear = _linear
