"""FTRL-proximal (McMahan et al., 2013)."""

from __future__ import annotations

from tfstyle.framework import ops
from tfstyle.ops import constant_op
from tfstyle.training import optimizer, training_ops

__all__ = ["FtrlOptimizer"]


class FtrlOptimizer(optimizer.Optimizer):
    """Follow the regularized leader, for sparse linear models.

    The sums of squared gradients and of shifted gradients are the slots "accum" and
    "linear". https://www.eecs.tufts.edu/~dsculley/papers/ad-click-prediction.pdf
    """

    def __init__(
        self,
        learning_rate,
        learning_rate_power=-0.5,
        initial_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        use_locking=False,
        name="Ftrl",
    ):
        """Makes the optimizer.

        Args:
            learning_rate: a float or a scalar Tensor.
            learning_rate_power: how the rate falls with the sum of squares, at most 0.
            initial_accumulator_value: what the sums start from, above 0.
            l1_regularization_strength: at least 0.
            l2_regularization_strength: at least 0.
            use_locking: accepted; updates of one run are always in order.
            name: name of the operation that trains.

        Raises:
            ValueError: when an argument is out of its range.
        """
        super().__init__(use_locking, name)
        if initial_accumulator_value <= 0.0:
            raise ValueError(
                f"initial_accumulator_value {initial_accumulator_value:f} needs to be "
                "positive"
            )
        if learning_rate_power > 0.0:
            raise ValueError(
                f"learning_rate_power {learning_rate_power:f} needs to be negative or "
                "zero"
            )
        if l1_regularization_strength < 0.0:
            raise ValueError(
                f"l1_regularization_strength {l1_regularization_strength:f} needs to "
                "be positive or zero"
            )
        if l2_regularization_strength < 0.0:
            raise ValueError(
                f"l2_regularization_strength {l2_regularization_strength:f} needs to "
                "be positive or zero"
            )
        self._learning_rate = learning_rate
        self._learning_rate_power = learning_rate_power
        self._initial_accumulator_value = initial_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength

    def _create_slots(self, var_list):
        for var in var_list:
            with ops.colocate_with(var):
                start = constant_op.constant(
                    self._initial_accumulator_value,
                    dtype=var.dtype.base_dtype,
                    shape=var.get_shape(),
                )
            self._get_or_make_slot(var, start, "accum", self._name)
            self._zeros_slot(var, "linear", self._name)

    def _prepare(self):
        self._hyper = [
            ops.convert_to_tensor(value, name=name)
            for name, value in (
                ("learning_rate", self._learning_rate),
                ("l1_regularization_strength", self._l1_regularization_strength),
                ("l2_regularization_strength", self._l2_regularization_strength),
                ("learning_rate_power", self._learning_rate_power),
            )
        ]

    def _slots_of(self, var):
        return var, self.get_slot(var, "accum"), self.get_slot(var, "linear")

    def _hyper_of(self, var):
        return [self._as_dtype_of(tensor, var) for tensor in self._hyper]

    def _apply_dense(self, grad, var):
        return training_ops.apply_ftrl(
            *self._slots_of(var),
            grad,
            *self._hyper_of(var),
            use_locking=self._use_locking,
        ).op

    def _apply_sparse(self, grad, var):
        return training_ops.sparse_apply_ftrl(
            *self._slots_of(var),
            grad.values,
            grad.indices,
            *self._hyper_of(var),
            use_locking=self._use_locking,
        ).op
