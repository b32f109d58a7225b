"""Adagrad (Duchi et al., 2011)."""

from __future__ import annotations

from tfstyle.framework import ops
from tfstyle.ops import constant_op
from tfstyle.training import optimizer, training_ops

__all__ = ["AdagradOptimizer"]


class AdagradOptimizer(optimizer.Optimizer):
    """Divides each gradient by the root of the sum of its squares so far.

    The sum is the slot "accumulator". http://jmlr.org/papers/v12/duchi11a.html
    """

    def __init__(
        self,
        learning_rate,
        initial_accumulator_value=0.1,
        use_locking=False,
        name="Adagrad",
    ):
        """Makes the optimizer.

        Args:
            learning_rate: a float or a scalar Tensor.
            initial_accumulator_value: what the sums start from, above 0.
            use_locking: accepted; updates of one run are always in order.
            name: name of the operation that trains.

        Raises:
            ValueError: when `initial_accumulator_value` is not positive.
        """
        if initial_accumulator_value <= 0.0:
            raise ValueError(
                "initial_accumulator_value must be positive: "
                f"{initial_accumulator_value}"
            )
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value

    def _create_slots(self, var_list):
        for var in var_list:
            with ops.colocate_with(var):
                start = constant_op.constant(
                    self._initial_accumulator_value,
                    dtype=var.dtype.base_dtype,
                    shape=var.get_shape(),
                )
            self._get_or_make_slot(var, start, "accumulator", self._name)

    def _prepare(self):
        self._learning_rate_tensor = ops.convert_to_tensor(
            self._learning_rate, name="learning_rate"
        )

    def _apply_dense(self, grad, var):
        return training_ops.apply_adagrad(
            var,
            self.get_slot(var, "accumulator"),
            self._as_dtype_of(self._learning_rate_tensor, var),
            grad,
            use_locking=self._use_locking,
        ).op

    def _apply_sparse(self, grad, var):
        return training_ops.sparse_apply_adagrad(
            var,
            self.get_slot(var, "accumulator"),
            self._as_dtype_of(self._learning_rate_tensor, var),
            grad.values,
            grad.indices,
            use_locking=self._use_locking,
        ).op
