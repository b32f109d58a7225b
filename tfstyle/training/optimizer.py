"""`Optimizer`: the base of all optimizers."""

from __future__ import annotations

from typing import Any

from tfstyle.framework import dtypes, ops
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.ops import control_flow_ops, gradients, math_ops, state_ops, variables
from tfstyle.training import slot_creator

__all__ = ["Optimizer"]


class Optimizer:
    """Makes the operations that train variables.

    A subclass says how one variable is updated, in `_apply_dense` and `_apply_sparse`,
    and may keep *slots*: variables of its own for each trained variable.
    """

    # When gradients may be used: at once, when all gradients of an op are there, or
    # when all gradients are there. Results are the same here: operations do not change
    # each other's values.
    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    def __init__(self, use_locking: bool, name: str) -> None:
        """Makes an optimizer.

        Args:
            use_locking: accepted; updates of one run are always in order.
            name: name of the operation that trains, and part of the names of slots.

        Raises:
            ValueError: when `name` is empty.
        """
        if not name:
            raise ValueError("Must specify the optimizer name")
        self._use_locking = use_locking
        self._name = name
        self._slots: dict[str, dict[Any, Any]] = {}

    def minimize(
        self,
        loss,
        global_step=None,
        var_list=None,
        gate_gradients=GATE_OP,
        aggregation_method=None,
        colocate_gradients_with_ops=False,
        name=None,
        grad_loss=None,
    ):
        """The operation that updates variables to make `loss` smaller.

        `compute_gradients` and `apply_gradients` in one call.

        Args:
            loss: a float Tensor.
            global_step: Variable to increment by one after the update.
            var_list: Variables to update; default: all trainable ones.
            gate_gradients: one of `GATE_NONE`, `GATE_OP`, `GATE_GRAPH`.
            aggregation_method: one of `tf.AggregationMethod`.
            colocate_gradients_with_ops: whether to place gradients with their ops.
            name: name of the operation; default: that of the optimizer.
            grad_loss: Tensor, the gradient of `loss`; default ones.

        Returns:
            An Operation.

        Raises:
            ValueError: when there is no variable or no gradient, or a dtype is none
                that can be trained.
        """
        grads_and_vars = self.compute_gradients(
            loss,
            var_list=var_list,
            gate_gradients=gate_gradients,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
            grad_loss=grad_loss,
        )
        if all(g is None for g, _ in grads_and_vars):
            raise ValueError(
                "No gradients provided for any variable, check your graph for ops that "
                "do not support gradients, between variables "
                f"{[str(v) for _, v in grads_and_vars]} and loss {loss}."
            )
        return self.apply_gradients(grads_and_vars, global_step, name)

    def compute_gradients(
        self,
        loss,
        var_list=None,
        gate_gradients=GATE_OP,
        aggregation_method=None,
        colocate_gradients_with_ops=False,
        grad_loss=None,
    ):
        """The gradients of `loss` with respect to variables.

        Args:
            loss: a float Tensor.
            var_list: Variables; default: all trainable ones.
            gate_gradients: one of `GATE_NONE`, `GATE_OP`, `GATE_GRAPH`.
            aggregation_method: one of `tf.AggregationMethod`.
            colocate_gradients_with_ops: whether to place gradients with their ops.
            grad_loss: Tensor, the gradient of `loss`; default ones.

        Returns:
            A list of (gradient, variable); a gradient is a Tensor, an IndexedSlices,
            or None where `loss` does not depend on the variable.

        Raises:
            TypeError: when `var_list` holds something that is no Variable.
            ValueError: when there is no variable, or an argument does not fit.
        """
        if gate_gradients not in (self.GATE_NONE, self.GATE_OP, self.GATE_GRAPH):
            raise ValueError(
                "gate_gradients must be one of: Optimizer.GATE_NONE, "
                "Optimizer.GATE_OP, Optimizer.GATE_GRAPH.  Not "
                f"{gate_gradients}"
            )
        self._assert_valid_dtypes([loss])
        if grad_loss is not None:
            self._assert_valid_dtypes([grad_loss])
        if var_list is None:
            var_list = variables.trainable_variables()
        var_list = list(var_list)
        for var in var_list:
            if not isinstance(var, variables.Variable):
                raise TypeError(f"Argument is not a tf.Variable: {var}")
        if not var_list:
            raise ValueError("No variables to optimize.")
        grads = gradients.gradients(
            loss,
            [v._ref() for v in var_list],
            grad_ys=grad_loss,
            gate_gradients=gate_gradients == self.GATE_OP,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if gate_gradients == self.GATE_GRAPH:
            grads = control_flow_ops.tuple(grads)
        pairs = list(zip(grads, var_list, strict=True))
        self._assert_valid_dtypes([v for g, v in pairs if g is not None])
        return pairs

    def apply_gradients(self, grads_and_vars, global_step=None, name=None):
        """The operation that updates variables by given gradients.

        Args:
            grads_and_vars: list of (gradient, variable) as `compute_gradients`
                returns it; pairs with None are left out.
            global_step: Variable to increment by one after the update.
            name: name of the operation; default: that of the optimizer.

        Returns:
            An Operation; with `global_step` it runs after the update.

        Raises:
            TypeError: when a gradient or a variable is of the wrong type.
            ValueError: when there is nothing to update.
        """
        pairs = self._checked(grads_and_vars)
        with ops.control_dependencies(None):
            self._create_slots([v for _, v in pairs])
        with ops.op_scope([], name, self._name) as scope:
            self._prepare()
            update_ops = []
            for grad, var in pairs:
                with (
                    ops.name_scope(f"update_{var.op.name}"),
                    ops.colocate_with(var),
                ):
                    if isinstance(grad, Tensor):
                        update_ops.append(self._apply_dense(grad, var))
                    else:
                        update_ops.append(self._apply_sparse(grad, var))
            if global_step is None:
                return self._finish(update_ops, scope)
            return self._counted(self._finish(update_ops, "update"), global_step, scope)

    def _checked(self, grads_and_vars) -> list[tuple[Any, variables.Variable]]:
        """The pairs that have a gradient."""
        pairs = []
        given = tuple(grads_and_vars)
        if not given:
            raise ValueError("No variables provided.")
        for grad, var in given:
            if grad is not None:
                try:
                    grad = ops.convert_to_tensor_or_indexed_slices(grad)
                except TypeError as error:
                    raise TypeError(
                        f"Gradient must be a Tensor, IndexedSlices, or None: {grad}"
                    ) from error
            if not isinstance(var, variables.Variable):
                raise TypeError(f"Variable must be a tf.Variable: {var}")
            if grad is not None:
                self._assert_valid_dtypes([grad, var])
                pairs.append((grad, var))
        if not pairs:
            raise ValueError(f"No gradients provided for any variable: {given}.")
        return pairs

    def _counted(self, update, global_step, scope) -> Operation:
        """`update`, then the increment of `global_step`, under the name `scope`."""
        with ops.control_dependencies([update]), ops.colocate_with(global_step):
            return state_ops.assign_add(global_step, 1, name=scope).op

    # -- slots ------------------------------------------------------------------

    def get_slot(self, var, name):
        """The slot called `name` of the variable `var`, or None."""
        return self._slots.get(name, {}).get(var)

    def get_slot_names(self):
        """The names of the slots, a sorted list."""
        return sorted(self._slots)

    def get_name(self):
        """The name of the optimizer."""
        return self._name

    def _slot_dict(self, slot_name):
        return self._slots.setdefault(slot_name, {})

    def _get_or_make_slot(self, var, val, slot_name, op_name):
        slots = self._slot_dict(slot_name)
        if var not in slots:
            slots[var] = slot_creator.create_slot(var, val, op_name)
        return slots[var]

    def _zeros_slot(self, var, slot_name, op_name):
        slots = self._slot_dict(slot_name)
        if var not in slots:
            slots[var] = slot_creator.create_zeros_slot(var, op_name)
        return slots[var]

    # -- what subclasses say ----------------------------------------------------

    def _valid_dtypes(self):
        """The set of element types that can be trained."""
        return {dtypes.float32, dtypes.float64, dtypes.float16}

    def _assert_valid_dtypes(self, tensors) -> None:
        valid = self._valid_dtypes()
        for tensor in tensors:
            dtype = tensor.dtype.base_dtype
            if dtype not in valid:
                names = sorted(f"tf.{d.name}" for d in valid)
                raise ValueError(
                    f"Invalid type {dtype!r} for {tensor.name}, expected: "
                    f"[{', '.join(names)}]."
                )

    def _create_slots(self, var_list) -> None:
        """Makes the slots of the variables; called outside of control dependencies."""

    def _prepare(self) -> None:
        """Makes the tensors that all updates share."""

    def _apply_dense(self, grad, var):
        """The operation that updates `var` by the Tensor `grad`."""
        raise NotImplementedError()

    def _apply_sparse(self, grad, var):
        """The operation that updates `var` by the IndexedSlices `grad`."""
        raise NotImplementedError()

    def _finish(self, update_ops, name_scope):
        """The operation called `name_scope` that runs all updates."""
        return control_flow_ops.group(*update_ops, name=name_scope)

    @staticmethod
    def _as_dtype_of(tensor, var):
        """A hyperparameter as a scalar of the dtype of `var`."""
        return math_ops.cast(tensor, var.dtype.base_dtype)
