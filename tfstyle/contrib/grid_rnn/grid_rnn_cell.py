"""Grids of recurrent cells, Kalchbrenner et al. 2015, https://arxiv.org/abs/1507.01526.

A cell of a grid has several dimensions. Each has a state of its own, and is updated
from the outputs of all of them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tfstyle.contrib.layers.initializers import xavier_initializer
from tfstyle.framework import ops
from tfstyle.ops import array_ops, init_ops, math_ops, nn_ops, rnn_cell
from tfstyle.ops import variable_scope as vs

__all__ = [
    "Grid1BasicLSTMCell",
    "Grid1BasicRNNCell",
    "Grid1LSTMCell",
    "Grid2BasicLSTMCell",
    "Grid2BasicRNNCell",
    "Grid2GRUCell",
    "Grid2LSTMCell",
    "Grid3LSTMCell",
    "GridRNNCell",
]


class _Grid(NamedTuple):
    """Which dimensions of a grid do what, each a sorted list of numbers."""

    inputs: list[int]
    outputs: list[int]
    priority: list[int]
    others: list[int]
    recurrent: list[int]


def _dimensions(given: Any, count: int) -> list[int]:
    if given is None:
        given = []
    if not isinstance(given, (list, tuple)):
        given = [given]
    found = sorted(set(given))
    if any(dim < 0 or dim >= count for dim in found):
        raise ValueError(f"Invalid dims: {found}. Must be in [0, {count})")
    return found


class GridRNNCell(rnn_cell.RNNCell):
    """A grid of any number of dimensions.

    In a step the dimensions without priority are updated first, then those with it,
    which see what the others put out.
    """

    def __init__(
        self,
        num_units,
        num_dims=1,
        input_dims=None,
        output_dims=None,
        priority_dims=None,
        non_recurrent_dims=None,
        tied=False,
        cell_fn=None,
        non_recurrent_fn=None,
    ):
        """Makes a cell.

        Dimensions are given as a number, a list, or None for none.

        Args:
            num_units: number of units of each dimension.
            num_dims: number of dimensions.
            input_dims: dimensions that get a part of the input each.
            output_dims: dimensions that put out.
            priority_dims: dimensions that are updated last.
            non_recurrent_dims: dimensions without a state: a layer in place of a cell.
            tied: whether all dimensions share their weights; those without a state have
                theirs.
            cell_fn: a function `(num_units, input_size)` that returns an RNNCell with
                one tensor for a state; default: an `LSTMCell`.
            non_recurrent_fn: the activation of dimensions without a state; default:
                `tf.nn.relu`.

        Raises:
            ValueError: when there is no dimension, one does not exist, or `cell_fn`
                returns no RNNCell.
        """
        if num_dims < 1:
            raise ValueError(f"dims must be >= 1: {num_dims}")
        not_recurrent = _dimensions(non_recurrent_dims, num_dims)
        priority = _dimensions(priority_dims, num_dims)
        self._grid = _Grid(
            inputs=_dimensions(input_dims, num_dims),
            outputs=_dimensions(output_dims, num_dims),
            priority=priority,
            others=[dim for dim in range(num_dims) if dim not in priority],
            recurrent=[dim for dim in range(num_dims) if dim not in not_recurrent],
        )
        self._num_units = num_units
        self._num_dims = num_dims
        self._tied = tied
        self._non_recurrent_fn = non_recurrent_fn or nn_ops.relu
        if cell_fn is None:
            self._cell: Any = rnn_cell.LSTMCell(num_units)
        else:
            self._cell = cell_fn(num_units, (num_dims - 1) * num_units)
            if not isinstance(self._cell, rnn_cell.RNNCell):
                raise ValueError("cell_fn must return an object of type RNNCell")

    @property
    def input_size(self):
        """Units of the dimensions that get input; inputs may be of another size."""
        return self._num_units * len(self._grid.inputs)

    @property
    def output_size(self):
        """The size of all outputs."""
        return self._cell.output_size * len(self._grid.outputs)

    @property
    def state_size(self):
        """The size of the states of all dimensions that have one."""
        return self._cell.state_size * len(self._grid.recurrent)

    def __call__(self, inputs, state, scope=None):
        """One step.

        Args:
            inputs: [batch, depth], a part for each dimension that gets input; or None.
            state: [batch, state_size].
            scope: variable scope; default: the name of the class.

        Returns:
            (output, new state): [batch, output_size] and [batch, state_size].

        Raises:
            ValueError: when the state is of another size.
        """
        size = state.get_shape().as_list()[1]
        if size != self.state_size:
            raise ValueError(
                f"Actual state size not same as specified: {size} vs {self.state_size}."
            )
        dtype = state.dtype if inputs is None else inputs.dtype
        with vs.variable_scope(scope or type(self).__name__):
            step = _Step(self, state)
            if inputs is not None:
                step.project(inputs, dtype)
            step.update(self._grid.others)
            step.update(self._grid.priority)
        return (
            _joined([step.outputs[dim] for dim in self._grid.outputs], dtype),
            _joined([step.states[dim] for dim in self._grid.recurrent], dtype),
        )


def _joined(parts: list[Any], dtype: Any) -> Any:
    return array_ops.concat(1, parts) if parts else array_ops.zeros([0, 0], dtype)


class _Step:
    """A step of a grid.

    Attributes:
        outputs: what each dimension has put out, or None as long as it has not.
        states: the new state of each dimension that has one.
    """

    def __init__(self, owner: Any, state: Any) -> None:
        self._owner = owner
        count = owner._num_dims
        self.outputs: list[Any] = [None] * count
        self.states: list[Any] = [None] * count
        self._cells: list[Any] = [None] * count
        self._before: list[Any] = [None] * count
        self._shared: set[str] = set()
        units, size = owner._num_units, owner._cell.state_size
        # The state of an LSTM is its cell and its output, any other is its output.
        self._has_cells = size > units
        for i, dim in enumerate(owner._grid.recurrent):
            start = i * size
            if self._has_cells:
                self._cells[dim] = array_ops.slice(state, [0, start], [-1, units])
                start += units
            width = size - units if self._has_cells else units
            self._before[dim] = array_ops.slice(state, [0, start], [-1, width])

    def project(self, inputs: Any, dtype: Any) -> None:
        """Puts the inputs in the place of states."""
        dims = self._owner._grid.inputs
        if not dims or inputs.get_shape().as_list() == [0, 0]:
            return
        parts = array_ops.split(1, len(dims), inputs)
        shape = [parts[0].get_shape().as_list()[1], self._owner._num_units]
        for part, dim in zip(parts, dims, strict=True):
            kinds = {"m": self._before}
            if self._has_cells:
                kinds["c"] = self._cells
            for kind, values in kinds.items():
                matrix = vs.get_variable(f"project_{kind}_{dim}", shape, dtype=dtype)
                values[dim] = math_ops.matmul(part, matrix)

    def update(self, dims: list[int]) -> None:
        """Updates some dimensions from what all have put out so far.

        The outputs of all but the last dimension are the input of a cell; that of the
        last one is the output before.
        """
        seen = [
            before if output is None else output
            for output, before in zip(self.outputs, self._before, strict=True)
        ]
        if not dims:
            return
        if len(seen) > 1:
            inputs = array_ops.concat(1, seen[:-1])
        else:
            batch = array_ops.shape(seen[0])[0]
            inputs = array_ops.zeros(array_ops.pack([batch, 0]), seen[0].dtype)
            inputs.set_shape([seen[0].get_shape()[0], 0])
        for dim in dims:
            if dim in self._owner._grid.recurrent:
                self._run_cell(dim, inputs, seen[-1])
            else:
                self._run_layer(dim, inputs, seen[-1])

    def _run_cell(self, dim: int, inputs: Any, last: Any) -> None:
        state = last
        if self._cells[dim] is not None:
            state = array_ops.concat(1, [self._cells[dim], last])
        with self._weights("recurrent", dim):
            self.outputs[dim], self.states[dim] = self._owner._cell(inputs, state)

    def _run_layer(self, dim: int, inputs: Any, last: Any) -> None:
        joined = last
        if self._owner._num_dims > 1:
            joined = array_ops.concat(1, [inputs, last])
        with self._weights("non_recurrent", dim):
            initializer = vs.get_variable_scope().initializer or xavier_initializer()
            layer = _fully_connected(joined, self._owner._num_units, initializer)
        self.outputs[dim] = self._owner._non_recurrent_fn(layer)

    def _weights(self, kind: str, dim: int) -> Any:
        """The variable scope of a dimension, or that of all of its kind."""
        if not self._owner._tied:
            return vs.variable_scope(f"{kind}/cell_{dim}")
        again = kind in self._shared
        self._shared.add(kind)
        return vs.variable_scope(kind, reuse=True if again else None)


def _fully_connected(inputs: Any, units: int, initializer: Any) -> Any:
    """`inputs @ weights + bias`."""
    size, dtype = inputs.get_shape()[1].value, inputs.dtype
    keys = ops.GraphKeys
    with vs.variable_scope("fully_connected"):
        weights = vs.get_variable(
            "weights",
            [size, units],
            dtype=dtype,
            initializer=initializer,
            collections=[keys.WEIGHTS, keys.VARIABLES],
        )
        bias = vs.get_variable(
            "bias",
            [units],
            dtype=dtype,
            initializer=init_ops.zeros_initializer,
            collections=[keys.BIASES, keys.VARIABLES],
        )
        return nn_ops.bias_add(math_ops.matmul(inputs, weights), bias)


# -- grids of certain cells -----------------------------------------------------


def _first_dimension(dims: int, non_recurrent_fn: Any = None) -> dict[str, Any]:
    """What the cells below have in common: the first dimension takes and puts out."""
    return {
        "num_dims": dims,
        "input_dims": 0,
        "output_dims": 0,
        "priority_dims": 0,
        "non_recurrent_dims": None if non_recurrent_fn is None else 0,
        "non_recurrent_fn": non_recurrent_fn,
    }


def _basic_rnn(units: int, size: int) -> Any:
    del size
    return rnn_cell.BasicRNNCell(units)


class Grid1BasicRNNCell(GridRNNCell):
    """A grid of one dimension, of `BasicRNNCell`s."""

    def __init__(self, num_units):
        """Makes a cell; see `GridRNNCell`."""
        super().__init__(num_units, cell_fn=_basic_rnn, **_first_dimension(1))


class Grid2BasicRNNCell(GridRNNCell):
    """A grid of two dimensions, of `BasicRNNCell`s; the first takes and puts out."""

    def __init__(self, num_units, tied=False, non_recurrent_fn=None):
        """Makes a cell; with `non_recurrent_fn` the first dimension is a layer."""
        super().__init__(
            num_units,
            tied=tied,
            cell_fn=_basic_rnn,
            **_first_dimension(2, non_recurrent_fn),
        )


def _basic_lstm(forget_bias: Any) -> Any:
    return lambda units, size: rnn_cell.BasicLSTMCell(units, forget_bias=forget_bias)


class Grid1BasicLSTMCell(GridRNNCell):
    """A grid of one dimension, of `BasicLSTMCell`s."""

    def __init__(self, num_units, forget_bias=1):
        """Makes a cell; see `GridRNNCell`."""
        super().__init__(
            num_units, cell_fn=_basic_lstm(forget_bias), **_first_dimension(1)
        )


class Grid2BasicLSTMCell(GridRNNCell):
    """A grid of two dimensions, of `BasicLSTMCell`s; the first takes and puts out."""

    def __init__(self, num_units, tied=False, non_recurrent_fn=None, forget_bias=1):
        """Makes a cell; with `non_recurrent_fn` the first dimension is a layer."""
        super().__init__(
            num_units,
            tied=tied,
            cell_fn=_basic_lstm(forget_bias),
            **_first_dimension(2, non_recurrent_fn),
        )


def _lstm(use_peepholes: bool, forget_bias: Any) -> Any:
    return lambda units, size: rnn_cell.LSTMCell(
        units, use_peepholes=use_peepholes, forget_bias=forget_bias
    )


class Grid1LSTMCell(GridRNNCell):
    """A grid of one dimension, of `LSTMCell`s."""

    def __init__(self, num_units, use_peepholes=False, forget_bias=1.0):
        """Makes a cell; see `GridRNNCell`."""
        super().__init__(
            num_units, cell_fn=_lstm(use_peepholes, forget_bias), **_first_dimension(1)
        )


class Grid2LSTMCell(GridRNNCell):
    """A grid of two dimensions, of `LSTMCell`s; the first takes and puts out."""

    def __init__(
        self,
        num_units,
        tied=False,
        non_recurrent_fn=None,
        use_peepholes=False,
        forget_bias=1.0,
    ):
        """Makes a cell; with `non_recurrent_fn` the first dimension is a layer."""
        super().__init__(
            num_units,
            tied=tied,
            cell_fn=_lstm(use_peepholes, forget_bias),
            **_first_dimension(2, non_recurrent_fn),
        )


class Grid3LSTMCell(GridRNNCell):
    """A grid of three dimensions, of `LSTMCell`s; the first takes and puts out."""

    def __init__(
        self,
        num_units,
        tied=False,
        non_recurrent_fn=None,
        use_peepholes=False,
        forget_bias=1.0,
    ):
        """Makes a cell; with `non_recurrent_fn` the first dimension is a layer."""
        super().__init__(
            num_units,
            tied=tied,
            cell_fn=_lstm(use_peepholes, forget_bias),
            **_first_dimension(3, non_recurrent_fn),
        )


class Grid2GRUCell(GridRNNCell):
    """A grid of two dimensions, of `GRUCell`s; the first takes and puts out."""

    def __init__(self, num_units, tied=False, non_recurrent_fn=None):
        """Makes a cell; with `non_recurrent_fn` the first dimension is a layer."""
        super().__init__(
            num_units,
            tied=tied,
            cell_fn=lambda units, size: rnn_cell.GRUCell(units),
            **_first_dimension(2, non_recurrent_fn),
        )
