"""Adadelta (Zeiler, 2012)."""

from __future__ import annotations

from tfstyle.framework import ops
from tfstyle.training import optimizer, training_ops

__all__ = ["AdadeltaOptimizer"]


class AdadeltaOptimizer(optimizer.Optimizer):
    """Steps as large as recent steps, relative to recent gradients.

    The running means of squared gradients and of squared steps are the slots "accum"
    and "accum_update". http://arxiv.org/abs/1212.5701
    """

    def __init__(
        self,
        learning_rate=0.001,
        rho=0.95,
        epsilon=1e-8,
        use_locking=False,
        name="Adadelta",
    ):
        """Makes the optimizer.

        Args:
            learning_rate: a float or a scalar Tensor.
            rho: decay of the means, a float or a scalar Tensor.
            epsilon: added to the means, a float or a scalar Tensor.
            use_locking: accepted; updates of one run are always in order.
            name: name of the operation that trains.
        """
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._rho = rho
        self._epsilon = epsilon

    def _create_slots(self, var_list):
        for var in var_list:
            self._zeros_slot(var, "accum", self._name)
            self._zeros_slot(var, "accum_update", self._name)

    def _prepare(self):
        self._lr_t = ops.convert_to_tensor(self._lr, name="lr")
        self._rho_t = ops.convert_to_tensor(self._rho, name="rho")
        self._epsilon_t = ops.convert_to_tensor(self._epsilon, name="epsilon")

    def _arguments(self, var):
        return (
            var,
            self.get_slot(var, "accum"),
            self.get_slot(var, "accum_update"),
            self._as_dtype_of(self._lr_t, var),
            self._as_dtype_of(self._rho_t, var),
            self._as_dtype_of(self._epsilon_t, var),
        )

    def _apply_dense(self, grad, var):
        return training_ops.apply_adadelta(
            *self._arguments(var), grad, use_locking=self._use_locking
        ).op

    def _apply_sparse(self, grad, var):
        return training_ops.sparse_apply_adadelta(
            *self._arguments(var),
            grad.values,
            grad.indices,
            use_locking=self._use_locking,
        ).op
