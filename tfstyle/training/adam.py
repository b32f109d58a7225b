"""Adam (Kingma and Ba, 2014)."""

from __future__ import annotations

from typing import Any

from tfstyle.framework import ops
from tfstyle.ops import control_flow_ops, math_ops, state_ops, variables
from tfstyle.training import optimizer, training_ops

__all__ = ["AdamOptimizer"]


class AdamOptimizer(optimizer.Optimizer):
    """Steps by running means of gradients and of their squares, corrected for bias.

    The means are the slots "m" and "v"; the powers of the betas are two variables that
    belong to no variable. Epsilon is added outside of the correction ("epsilon hat" of
    the paper), so defaults of other libraries give other numbers. For IndexedSlices all
    rows of the means decay and the whole variable moves. http://arxiv.org/abs/1412.6980
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta1=0.9,
        beta2=0.999,
        epsilon=1e-8,
        use_locking=False,
        name="Adam",
    ):
        """Makes the optimizer.

        Args:
            learning_rate: a float or a scalar Tensor.
            beta1: decay of the mean of gradients, a float.
            beta2: decay of the mean of squares, a float.
            epsilon: added to the root of the mean of squares.
            use_locking: accepted; updates of one run are always in order.
            name: name of the operation that trains.
        """
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon
        self._beta1_power: Any = None
        self._beta2_power: Any = None

    def _get_beta_accumulators(self):
        return self._beta1_power, self._beta2_power

    def _create_slots(self, var_list):
        # Which variable comes first must not depend on the order they are given in.
        first = min(var_list, key=lambda v: v.name)
        if self._beta1_power is None or self._beta1_power.graph is not first.graph:
            with ops.colocate_with(first):
                self._beta1_power = variables.Variable(
                    self._beta1, name="beta1_power", trainable=False
                )
                self._beta2_power = variables.Variable(
                    self._beta2, name="beta2_power", trainable=False
                )
        for var in var_list:
            self._zeros_slot(var, "m", self._name)
            self._zeros_slot(var, "v", self._name)

    def _prepare(self):
        self._lr_t = ops.convert_to_tensor(self._lr, name="learning_rate")
        self._beta1_t = ops.convert_to_tensor(self._beta1, name="beta1")
        self._beta2_t = ops.convert_to_tensor(self._beta2, name="beta2")
        self._epsilon_t = ops.convert_to_tensor(self._epsilon, name="epsilon")

    def _hyper_of(self, var):
        return [
            self._as_dtype_of(tensor, var)
            for tensor in (
                self._beta1_power,
                self._beta2_power,
                self._lr_t,
                self._beta1_t,
                self._beta2_t,
                self._epsilon_t,
            )
        ]

    def _apply_dense(self, grad, var):
        return training_ops.apply_adam(
            var,
            self.get_slot(var, "m"),
            self.get_slot(var, "v"),
            *self._hyper_of(var),
            grad,
            use_locking=self._use_locking,
        ).op

    def _apply_sparse(self, grad, var):
        beta1_power, beta2_power, rate, beta1, beta2, epsilon = self._hyper_of(var)
        rate = rate * math_ops.sqrt(1 - beta2_power) / (1 - beta1_power)
        m_t = self._decayed(var, "m", grad.values, grad.indices, beta1)
        squares = grad.values * grad.values
        v_t = self._decayed(var, "v", squares, grad.indices, beta2)
        update = state_ops.assign_sub(
            var,
            rate * m_t / (math_ops.sqrt(v_t) + epsilon),
            use_locking=self._use_locking,
        )
        return control_flow_ops.group(update, m_t, v_t)

    def _decayed(self, var, name, values, indices, beta):
        """`slot = beta * slot + (1 - beta) * values`, `values` being some rows."""
        slot = self.get_slot(var, name)
        values = values * (1 - beta)
        decayed = state_ops.assign(slot, slot * beta, use_locking=self._use_locking)
        return state_ops.scatter_add(
            decayed, indices, values, use_locking=self._use_locking
        )

    def _finish(self, update_ops, name_scope):
        powers = []
        with ops.control_dependencies(update_ops), ops.colocate_with(self._beta1_power):
            for power, beta in (
                (self._beta1_power, self._beta1_t),
                (self._beta2_power, self._beta2_t),
            ):
                powers.append(power.assign(power * beta, use_locking=self._use_locking))
        return control_flow_ops.group(*update_ops, *powers, name=name_scope)
