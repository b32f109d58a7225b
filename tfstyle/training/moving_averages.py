"""Moving averages of variables and tensors."""

from __future__ import annotations

from tfstyle.framework import dtypes, ops
from tfstyle.ops import (
    control_flow_ops,
    init_ops,
    math_ops,
    state_ops,
    variable_scope,
    variables,
)
from tfstyle.training import slot_creator

__all__ = [
    "ExponentialMovingAverage",
    "assign_moving_average",
    "weighted_moving_average",
]


def assign_moving_average(variable, value, decay, name=None):
    """An op that moves a variable towards a value.

    `variable -= (1 - decay) * (variable - value)`.

    Args:
        variable: a Variable.
        value: a Tensor of its shape.
        decay: a float or a scalar Tensor, near 1.
        name: name of the operation.

    Returns:
        The mutable Tensor of the variable, after the change.
    """
    with (
        ops.op_scope([variable, value, decay], name, "AssignMovingAvg") as scope,
        ops.colocate_with(variable),
    ):
        rate = ops.convert_to_tensor(1.0 - decay, name="decay")
        rate = math_ops.cast(rate, variable.dtype.base_dtype)
        return state_ops.assign_sub(variable, (variable - value) * rate, name=scope)


def weighted_moving_average(
    value, decay, weight, truediv=True, collections=None, name=None
):
    """The moving average of `value`, in which each value counts by its weight.

    Two variables keep the moving averages of `value * weight` and of `weight`.

    Args:
        value: a numeric Tensor of known shape.
        decay: a float or a scalar Tensor, near 1.
        weight: a Tensor that can be multiplied with `value`.
        truediv: whether to divide integers as floats.
        collections: keys of the collections to add the variables to.
        name: name of the variable scope, default "WeightedMovingAvg".

    Returns:
        The average after `value` has come in, a Tensor of the shape of `value`.
    """
    with variable_scope.variable_op_scope(
        [value, weight, decay], name, "WeightedMovingAvg"
    ) as scope:

        def average_of(tensor, called):
            average = variable_scope.get_variable(
                called,
                initializer=init_ops.zeros_initializer(
                    tensor.get_shape(), dtype=tensor.dtype
                ),
                trainable=False,
                collections=collections,
            )
            return assign_moving_average(average, tensor, decay)

        numerator = average_of(value * weight, "value")
        denominator = average_of(ops.convert_to_tensor(weight), "weight")
        divide = math_ops.truediv if truediv else math_ops.div
        return divide(numerator, denominator, name=scope.name)


def _as_it_is(var):
    """`var` at the time the average is updated, which may be after training it."""
    return var._ref() if isinstance(var, variables.Variable) else var


class ExponentialMovingAverage:
    """Keeps moving averages of variables, as tests and exports like to use them.

    `average = decay * average + (1 - decay) * value`, each time the op that `apply`
    returns is run. The average of a variable starts at its initial value, that of a
    tensor at 0.
    """

    def __init__(self, decay, num_updates=None, name="ExponentialMovingAverage"):
        """Says how to average.

        Args:
            decay: a float near 1.
            num_updates: count of updates, a number, Tensor or Variable; if given, the
                decay is at most `(1 + num_updates) / (10 + num_updates)`, so that early
                averages move faster.
            name: part of the names of the averages.
        """
        self._decay = decay
        self._num_updates = num_updates
        self._name = name
        self._averages = {}

    def apply(self, var_list=None):
        """Makes the averages and the op that updates them.

        Args:
            var_list: Variables or Tensors, of a float type; default: all trainable
                variables.

        Returns:
            An Operation. It reads values as they are when it runs; let it depend on
            the op that trains.

        Raises:
            TypeError: when one is not of a float type.
            ValueError: when one has an average already.
        """
        if var_list is None:
            var_list = variables.trainable_variables()
        for var in var_list:
            self._make_average(var)
        with ops.name_scope(self._name) as scope:
            decay = ops.convert_to_tensor(self._decay, name="decay")
            if self._num_updates is not None:
                updates = math_ops.cast(
                    self._num_updates, dtypes.float32, name="num_updates"
                )
                decay = math_ops.minimum(decay, (1.0 + updates) / (10.0 + updates))
            changes = [
                assign_moving_average(self._averages[var], _as_it_is(var), decay)
                for var in var_list
            ]
            return control_flow_ops.group(*changes, name=scope)

    def _make_average(self, var) -> None:
        if var.dtype.base_dtype not in (dtypes.float16, dtypes.float32, dtypes.float64):
            raise TypeError(f"The variables must be half, float, or double: {var.name}")
        if var in self._averages:
            raise ValueError(f"Moving average already computed for: {var.name}")
        with ops.control_dependencies(None):
            if isinstance(var, variables.Variable):
                average = slot_creator.create_slot(
                    var, var.initialized_value(), self._name
                )
                ops.add_to_collection(ops.GraphKeys.MOVING_AVERAGE_VARIABLES, var)
            else:
                average = slot_creator.create_zeros_slot(
                    var,
                    self._name,
                    colocate_with_primary=var.op.type == "Variable",
                )
        self._averages[var] = average

    def average(self, var):
        """The Variable that holds the average of `var`, or None."""
        return self._averages.get(var)

    def average_name(self, var):
        """The name under which the average of `var` is, or would be, saved.

        Args:
            var: a Variable, whether it has an average or not.
        """
        if var in self._averages:
            return self._averages[var].op.name
        return ops.get_default_graph().unique_name(
            f"{var.op.name}/{self._name}", mark_as_used=False
        )

    def variables_to_restore(self, moving_avg_variables=None):
        """What to give a Saver so that variables are restored from their averages.

        Args:
            moving_avg_variables: Variables to take the averages of; default: the
                trainable ones and those that have an average.

        Returns:
            A dict: name in the checkpoint -> Variable. All other variables are in it
            under their own names.
        """
        if moving_avg_variables is None:
            moving_avg_variables = [
                *variables.trainable_variables(),
                *variables.moving_average_variables(),
            ]
        averaged = dict.fromkeys(moving_avg_variables)
        names = {self.average_name(v): v for v in averaged}
        for var in variables.all_variables():
            if var not in averaged:
                names.setdefault(var.op.name, var)
        return names
