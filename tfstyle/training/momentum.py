"""Gradient descent with momentum."""

from __future__ import annotations

from tfstyle.framework import ops
from tfstyle.training import optimizer, training_ops

__all__ = ["MomentumOptimizer"]


class MomentumOptimizer(optimizer.Optimizer):
    """Steps by a decaying sum of the gradients.

    `accumulator = momentum * accumulator + gradient`,
    `variable -= learning_rate * accumulator`; the accumulator is the slot "momentum".
    """

    def __init__(self, learning_rate, momentum, use_locking=False, name="Momentum"):
        """Makes the optimizer.

        Args:
            learning_rate: a float or a scalar Tensor.
            momentum: a float or a scalar Tensor.
            use_locking: accepted; updates of one run are always in order.
            name: name of the operation that trains.
        """
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum

    def _create_slots(self, var_list):
        for var in var_list:
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self):
        self._learning_rate_tensor = ops.convert_to_tensor(
            self._learning_rate, name="learning_rate"
        )
        self._momentum_tensor = ops.convert_to_tensor(self._momentum, name="momentum")

    def _apply_dense(self, grad, var):
        return training_ops.apply_momentum(
            var,
            self.get_slot(var, "momentum"),
            self._as_dtype_of(self._learning_rate_tensor, var),
            grad,
            self._as_dtype_of(self._momentum_tensor, var),
            use_locking=self._use_locking,
        ).op

    def _apply_sparse(self, grad, var):
        return training_ops.sparse_apply_momentum(
            var,
            self.get_slot(var, "momentum"),
            self._as_dtype_of(self._learning_rate_tensor, var),
            grad.values,
            grad.indices,
            self._as_dtype_of(self._momentum_tensor, var),
            use_locking=self._use_locking,
        ).op
