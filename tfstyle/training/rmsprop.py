"""RMSProp (Tieleman and Hinton, 2012)."""

from __future__ import annotations

from tfstyle.framework import ops
from tfstyle.ops import constant_op
from tfstyle.training import optimizer, training_ops

__all__ = ["RMSPropOptimizer"]


class RMSPropOptimizer(optimizer.Optimizer):
    """Divides each gradient by the root of the running mean of its squares.

    The mean (which starts at 1) and the momentum are the slots "rms" and "momentum".
    http://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf
    """

    def __init__(
        self,
        learning_rate,
        decay=0.9,
        momentum=0.0,
        epsilon=1e-10,
        use_locking=False,
        name="RMSProp",
    ):
        """Makes the optimizer.

        Args:
            learning_rate: a float or a scalar Tensor.
            decay: of the mean, a float or a scalar Tensor.
            momentum: a float or a scalar Tensor.
            epsilon: added to the mean inside of the root.
            use_locking: accepted; updates of one run are always in order.
            name: name of the operation that trains.
        """
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._decay = decay
        self._momentum = momentum
        self._epsilon = epsilon

    def _create_slots(self, var_list):
        for var in var_list:
            ones = constant_op.constant(
                1.0, dtype=var.dtype.base_dtype, shape=var.get_shape()
            )
            self._get_or_make_slot(var, ones, "rms", self._name)
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self):
        self._hyper = [
            ops.convert_to_tensor(value, name=name)
            for name, value in (
                ("learning_rate", self._learning_rate),
                ("decay", self._decay),
                ("momentum", self._momentum),
                ("epsilon", self._epsilon),
            )
        ]

    def _apply_dense(self, grad, var):
        return training_ops.apply_rms_prop(
            var,
            self.get_slot(var, "rms"),
            self.get_slot(var, "momentum"),
            *[self._as_dtype_of(tensor, var) for tensor in self._hyper],
            grad,
            use_locking=self._use_locking,
        ).op

    def _apply_sparse(self, grad, var):
        """Refuses, as TF 0.9 does: use `tf.convert_to_tensor` on the gradient."""
        raise NotImplementedError()
