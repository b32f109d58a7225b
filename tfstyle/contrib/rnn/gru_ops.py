"""The GRU as one block of operations."""

from __future__ import annotations

from tfstyle.ops import array_ops, init_ops, math_ops, nn_ops
from tfstyle.ops import variable_scope as vs
from tfstyle.ops.math_ops import sigmoid, tanh
from tfstyle.ops.rnn_cell import RNNCell

__all__ = ["GRUBlockCell"]


class GRUBlockCell(RNNCell):
    """A `GRUCell` whose variables are named as in TensorFlow's fused kernel.

    TensorFlow has it since 0.10. Here it is made of ordinary operations, which XLA
    fuses.
    """

    def __init__(self, cell_size):
        """Makes a cell of `cell_size` units."""
        self._cell_size = cell_size

    @property
    def state_size(self):
        """The number of units."""
        return self._cell_size

    @property
    def output_size(self):
        """The number of units."""
        return self._cell_size

    def __call__(self, x, h_prev, scope=None):
        """One step.

        Args:
            x: [batch, depth].
            h_prev: the state, [batch, cell_size].
            scope: variable scope; default: the name of the class.

        Returns:
            (output, new state), which are the same.

        Raises:
            ValueError: when the depth is unknown or the state of another size.
        """
        size = self._cell_size
        with vs.variable_scope(scope or type(self).__name__):
            depth = x.get_shape().with_rank(2)[1].value
            if depth is None:
                raise ValueError("Expecting input_size to be set.")
            width = h_prev.get_shape().with_rank(2)[1].value
            if width is None:
                raise ValueError("cell_size from `h_prev` should not be None.")
            if width != size:
                raise ValueError(
                    f"Shape of h_prev[1] incorrect: cell_size {size} vs {width}"
                )

            def variables(name, columns, start):
                weights = vs.get_variable(
                    f"w_{name}", [depth + size, columns], dtype=x.dtype
                )
                bias = vs.get_variable(
                    f"b_{name}",
                    [columns],
                    initializer=init_ops.constant_initializer(start),
                    dtype=x.dtype,
                )
                return weights, bias

            gate_weights, gate_bias = variables("ru", 2 * size, 1.0)
            weights, bias = variables("c", size, 0.0)
            joined = array_ops.concat(1, [x, h_prev])
            gates = nn_ops.bias_add(math_ops.matmul(joined, gate_weights), gate_bias)
            r, u = array_ops.split(1, 2, sigmoid(gates))
            joined = array_ops.concat(1, [x, h_prev * r])
            c = tanh(nn_ops.bias_add(math_ops.matmul(joined, weights), bias))
            h = (1 - u) * c + u * h_prev
        return h, h
