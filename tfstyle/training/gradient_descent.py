"""Gradient descent."""

from __future__ import annotations

from tfstyle.framework import ops
from tfstyle.training import optimizer, training_ops

__all__ = ["GradientDescentOptimizer"]


class GradientDescentOptimizer(optimizer.Optimizer):
    """`variable -= learning_rate * gradient`."""

    def __init__(self, learning_rate, use_locking=False, name="GradientDescent"):
        """Makes the optimizer.

        Args:
            learning_rate: a float or a scalar Tensor.
            use_locking: accepted; updates of one run are always in order.
            name: name of the operation that trains.
        """
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate

    def _prepare(self):
        self._learning_rate_tensor = ops.convert_to_tensor(
            self._learning_rate, name="learning_rate"
        )

    def _apply_dense(self, grad, var):
        return training_ops.apply_gradient_descent(
            var,
            self._as_dtype_of(self._learning_rate_tensor, var),
            grad,
            use_locking=self._use_locking,
        ).op

    def _apply_sparse(self, grad, var):
        rate = self._as_dtype_of(self._learning_rate_tensor, var)
        delta = ops.IndexedSlices(grad.values * rate, grad.indices, grad.dense_shape)
        return var.scatter_sub(delta, use_locking=self._use_locking).op
