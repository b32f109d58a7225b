"""`Variable`: a tensor whose value a session keeps between runs."""

from __future__ import annotations

from typing import Any

from tfstyle.framework import dtypes, ops
from tfstyle.framework.apply_op import apply_op
from tfstyle.framework.op_def import declaration_of
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.ops import array_ops, control_flow_ops, math_ops, state_ops
from tfstyle.ops.constant_op import constant
from tfstyle.ops.initial_values import move_outside
from tfstyle.ops.save_slices import SaveSliceInfo as _SaveSliceInfo

__all__ = [
    "PartitionedVariable",
    "Variable",
    "all_variables",
    "assert_variables_initialized",
    "global_variables",
    "global_variables_initializer",
    "initialize_all_variables",
    "initialize_local_variables",
    "initialize_variables",
    "is_variable_initialized",
    "local_variables",
    "local_variables_initializer",
    "moving_average_variables",
    "report_uninitialized_variables",
    "trainable_variables",
    "variables_initializer",
]


class Variable:
    """A tensor whose value a session keeps, and that operations of a graph may change.

    Making one adds four operations to the graph, here for `name="v"`: `v` (the state),
    `v/initial_value`, `v/Assign` (the initializer, to be run before anything reads the
    variable) and `v/read` (its value as a Tensor). A Variable may be used wherever a
    Tensor may.
    """

    # NumPy arrays must leave `array * variable` to the variable's `__rmul__`.
    __array_priority__ = 100

    SaveSliceInfo = _SaveSliceInfo

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool = True,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
    ) -> None:
        """Makes a variable outside of all control-flow bodies and dependencies.

        Args:
            initial_value: a Tensor, something convertible to one, or a function
                without arguments that returns one (then `dtype` is needed).
            trainable: whether optimizers update it by default: it is added to the
                collection `GraphKeys.TRAINABLE_VARIABLES`.
            collections: keys of the collections to add it to; default
                `[GraphKeys.VARIABLES]`.
            validate_shape: False lets the initial value have an unknown shape, and
                the shape of the variable stays unknown.
            caching_device: device of the op that reads it.
            name: name of its operations, default "Variable".
            variable_def: a `VariableDef` to find the operations of, in the default
                graph, instead of making them; all other arguments are ignored.
            dtype: element type to convert the initial value to.

        Raises:
            ValueError: when `initial_value` is missing or its shape is not known.
            TypeError: when it cannot be converted to `dtype`.
        """
        if variable_def is not None:
            if initial_value is not None:
                raise ValueError(
                    "variable_def and initial_value are mutually exclusive."
                )
            self._init_from_proto(variable_def)
            return
        if initial_value is None:
            raise ValueError("initial_value must be specified.")
        collections = _collections(collections, trainable)
        with ops.control_dependencies(None):
            self._make_ops(initial_value, validate_shape, caching_device, name, dtype)
        ops.add_to_collections(collections, self)
        self._caching_device = caching_device
        self._save_slice_info: Any = None

    def _make_ops(
        self,
        initial_value: Any,
        validate_shape: bool,
        caching_device: Any,
        name: str | None,
        dtype: Any,
    ) -> None:
        from_function = callable(initial_value)
        if from_function and dtype is None:
            raise ValueError(
                "dtype must also be specified when initial_value is callable."
            )
        values = [] if from_function else [initial_value]
        with ops.op_scope(values, name, "Variable") as scope:
            if from_function:
                dtype = dtypes.as_dtype(dtype).base_dtype
                self._variable = state_ops.variable_op(
                    [], dtype, set_shape=False, name=scope
                )
                with (
                    ops.colocate_with(self._variable.op),
                    ops.name_scope("Initializer"),
                ):
                    value = ops.convert_to_tensor(
                        initial_value(), dtype, name="initial_value"
                    )
                _check_shape(value, validate_shape)
                _set_shape(self._variable, value, validate_shape)
            else:
                value = ops.convert_to_tensor(
                    initial_value, dtype, name="initial_value"
                )
                _check_shape(value, validate_shape)
                self._variable = state_ops.variable_op(
                    value.get_shape(),
                    value.dtype.base_dtype,
                    set_shape=validate_shape,
                    name=scope,
                )
            move_outside(value)
            self._initial_value = value
            with ops.colocate_with(self._variable.op):
                self._initializer_op: Operation = state_ops.assign(
                    self._variable,
                    value,
                    validate_shape=validate_shape,
                    name="Assign",
                ).op
            self._snapshot = self._read(caching_device, "read")

    def _read(self, caching_device: Any, name: str | None = None) -> Tensor:
        if caching_device is not None:
            with ops.device(caching_device):
                return array_ops.identity(self._variable, name=name)
        with ops.colocate_with(self._variable.op):
            return array_ops.identity(self._variable, name=name)

    def _init_from_proto(self, variable_def: Any) -> None:
        graph = ops.get_default_graph()
        self._variable = graph.get_tensor_by_name(variable_def.variable_name)
        self._initializer_op = graph.get_operation_by_name(
            variable_def.initializer_name
        )
        self._snapshot = graph.get_tensor_by_name(variable_def.snapshot_name)
        self._initial_value = self._initializer_op.inputs[1]
        self._caching_device = None
        self._save_slice_info = None
        if variable_def.HasField("save_slice_info_def"):
            self._save_slice_info = _SaveSliceInfo(
                save_slice_info_def=variable_def.save_slice_info_def
            )

    # -- values -----------------------------------------------------------------

    def value(self) -> Tensor:
        """The value of the variable as a Tensor: the output of its `read` op."""
        return self._snapshot

    def read_value(self) -> Tensor:
        """A new Tensor with the value (a name of later releases).

        Unlike `value()` it sees what the control dependencies in force have changed.
        """
        return array_ops.identity(self._variable, name="read")

    def initialized_value(self) -> Tensor:
        """The value, as a Tensor that is read after the initializer has run.

        For the initial values of other variables, which are set in the same run.
        """
        with (
            ops.control_dependencies(None),
            ops.control_dependencies([self._initializer_op]),
        ):
            return self._read(self._caching_device)

    def eval(self, session: Any = None) -> Any:
        """The value of the variable in `session` or in the default session.

        Returns:
            A NumPy array.

        Raises:
            ValueError: when there is no session.
            tf.errors.FailedPreconditionError: when it has not been initialised.
        """
        return self._variable.eval(session=session)

    def load(self, value: Any, session: Any = None) -> None:
        """Sets the value in `session`, without making an op (of later releases).

        Args:
            value: a NumPy array or Python values of the variable's shape.
            session: the session; default: the default session.
        """
        self._initializer_op.run({self._initial_value: value}, session)

    def _ref(self) -> Tensor:
        return self._variable

    def ref(self) -> Tensor:
        """The variable as a mutable Tensor, for ops that change it."""
        return self._variable

    def _as_graph_element(self) -> Tensor:
        return self._variable

    # -- changes ----------------------------------------------------------------

    def assign(self, value: Any, use_locking: bool = False) -> Tensor:
        """An op that gives the variable a new value; see `tf.assign`."""
        return state_ops.assign(self._variable, value, use_locking=use_locking)

    def assign_add(self, delta: Any, use_locking: bool = False) -> Tensor:
        """An op that adds `delta` to the variable; see `tf.assign_add`."""
        return state_ops.assign_add(self._variable, delta, use_locking=use_locking)

    def assign_sub(self, delta: Any, use_locking: bool = False) -> Tensor:
        """An op that subtracts `delta` from the variable; see `tf.assign_sub`."""
        return state_ops.assign_sub(self._variable, delta, use_locking=use_locking)

    def scatter_sub(self, sparse_delta: Any, use_locking: bool = False) -> Tensor:
        """An op that subtracts the rows of an `IndexedSlices` from the variable.

        Raises:
            ValueError: when `sparse_delta` is no `IndexedSlices`.
        """
        if not isinstance(sparse_delta, ops.IndexedSlices):
            raise ValueError(f"sparse_delta is not IndexedSlices: {sparse_delta}")
        return state_ops.scatter_sub(
            self._variable,
            sparse_delta.indices,
            sparse_delta.values,
            use_locking=use_locking,
        )

    def count_up_to(self, limit: int) -> Tensor:
        """An op that increments the variable up to `limit`; see `tf.count_up_to`."""
        return state_ops.count_up_to(self._variable, limit=limit)

    # -- what it is -------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name of the mutable Tensor, such as `"v:0"`."""
        return self._variable.name

    @property
    def initializer(self) -> Operation:
        """The operation that gives the variable its initial value."""
        return self._initializer_op

    @property
    def initial_value(self) -> Tensor:
        """The Tensor the variable is initialised with."""
        return self._initial_value

    @property
    def device(self) -> str:
        """The device string of the variable."""
        return self._variable.device

    @property
    def dtype(self) -> Any:
        """The element type, a reference type such as `tf.float32_ref`."""
        return self._variable.dtype

    @property
    def op(self) -> Operation:
        """The operation that holds the state."""
        return self._variable.op

    @property
    def graph(self) -> Any:
        """The graph that holds the variable."""
        return self._variable.graph

    def get_shape(self) -> Any:
        """The static shape."""
        return self._variable.get_shape()

    def set_shape(self, shape: Any) -> None:
        """Narrows the static shape of the variable and of its value."""
        self._variable.set_shape(shape)
        self._snapshot.set_shape(shape)

    def _set_save_slice_info(self, save_slice_info: Any) -> None:
        self._save_slice_info = save_slice_info

    def to_proto(self) -> Any:
        """The variable as a `VariableDef` protocol buffer: the names of its ops."""
        from tfstyle.core.framework import variable_pb2

        proto = variable_pb2.VariableDef(
            variable_name=self._variable.name,
            initializer_name=self._initializer_op.name,
            snapshot_name=self._snapshot.name,
        )
        if self._save_slice_info is not None:
            proto.save_slice_info_def.MergeFrom(self._save_slice_info.to_proto())
        return proto

    @staticmethod
    def from_proto(variable_def: Any) -> Variable:
        """The variable whose ops, named in a `VariableDef`, are in the default graph.

        Raises:
            KeyError: when the graph has no operations of these names.
        """
        return Variable(variable_def=variable_def)

    def __iter__(self) -> Any:
        """Refuses, as the length of a variable is not known to Python."""
        raise TypeError("'Variable' object is not iterable.")

    def __str__(self) -> str:
        return str(self._snapshot)

    def __repr__(self) -> str:
        return (
            f"<tf.Variable '{self.name}' shape={self.get_shape()} "
            f"dtype={self.dtype.name}>"
        )

    @staticmethod
    def _TensorConversionFunction(v, dtype=None, name=None, as_ref=False):
        del name
        if dtype is not None and not dtype.is_compatible_with(v.dtype):
            raise ValueError(
                f"Incompatible type conversion requested to type '{dtype.name}' for "
                f"variable of type '{v.dtype.name}'"
            )
        return v._ref() if as_ref else v.value()


def _delegate(operator: str) -> None:
    def apply(self, *args):
        return getattr(Tensor, operator)(self.value(), *args)

    apply.__name__ = operator
    apply.__qualname__ = f"Variable.{operator}"
    apply.__doc__ = f"`Tensor.{operator}` of the variable's value."
    setattr(Variable, operator, apply)


for _operator in sorted(Tensor.OVERLOADABLE_OPERATORS):
    _delegate(_operator)


def _collections(collections: Any, trainable: bool) -> list[Any]:
    if collections is None:
        collections = [ops.GraphKeys.VARIABLES]
    if not isinstance(collections, (list, tuple, set)):
        raise ValueError(
            "collections argument to Variable constructor must be a list, tuple, or "
            f"set. Got {collections} of type {type(collections)}"
        )
    collections = list(collections)
    if trainable and ops.GraphKeys.TRAINABLE_VARIABLES not in collections:
        collections.append(ops.GraphKeys.TRAINABLE_VARIABLES)
    return collections


def _check_shape(value: Tensor, validate_shape: bool) -> None:
    if validate_shape and not value.get_shape().is_fully_defined():
        raise ValueError(f"initial_value must have a shape specified: {value}")


def _set_shape(variable: Tensor, value: Tensor, validate_shape: bool) -> None:
    if validate_shape:
        variable.op._attrs["shape"] = value.get_shape()
        variable.set_shape(value.get_shape())


class PartitionedVariable:
    """Several variables that are the slices of one large tensor along one axis.

    Made by `get_variable` with a `partitioner`. It may be used where a Tensor may: its
    value is the slices put together; `embedding_lookup` takes the list of them.
    """

    __array_priority__ = 100

    def __init__(self, name, shape, dtype, variable_list, partitions):
        """Groups the slices.

        Args:
            name: name of the whole.
            shape: shape of the whole.
            dtype: element type.
            variable_list: the slices in order, each with its `SaveSliceInfo`.
            partitions: number of slices along each axis, at most one of them above 1.

        Raises:
            TypeError: when an argument is of the wrong type.
            ValueError: when slices and partitions do not fit.
        """
        if not isinstance(variable_list, (list, tuple)):
            raise TypeError(f"variable_list is not a list or tuple: {variable_list}")
        if not isinstance(partitions, (list, tuple)):
            raise TypeError(f"partitions is not a list or tuple: {partitions}")
        if not all(p >= 1 for p in partitions):
            raise ValueError(f"partition values must be positive: {partitions}")
        if not variable_list:
            raise ValueError("variable_list may not be empty")
        for v in variable_list:
            if v._save_slice_info is None:
                raise ValueError(
                    f"All variables must have a save_slice_info available: {v.name}"
                )
        self._name = name
        self._shape = shape
        self._dtype = dtype
        self._variable_list = sorted(
            variable_list, key=lambda v: v._save_slice_info.var_offset
        )
        self._partitions = partitions
        self._as_tensor: Tensor | None = None

    def __iter__(self):
        """Iterates over the slices."""
        return iter(self._variable_list)

    def __len__(self) -> int:
        return len(self._variable_list)

    def _partition_axes(self) -> list[int]:
        axes = [i for i, p in enumerate(self._partitions) if p > 1]
        return axes or [0]

    def as_tensor(self) -> Tensor:
        """The slices put together, as one Tensor."""
        if len(self._variable_list) == 1:
            with ops.name_scope(None):
                return array_ops.identity(self._variable_list[0], name=self._name)
        axis = self._partition_axes()[0]
        with ops.name_scope(f"{self._name}/ConcatPartitions/"):
            joined = array_ops.concat(axis, list(self._variable_list))
        with ops.name_scope(None):
            return array_ops.identity(joined, name=self._name)

    @property
    def name(self) -> str:
        """The name of the whole."""
        return self._name

    @property
    def dtype(self):
        """The element type."""
        return self._dtype

    @property
    def graph(self):
        """The graph that holds the slices."""
        return self._variable_list[0].graph

    def get_shape(self):
        """The shape of the whole."""
        return self._shape

    def _get_variable_list(self) -> list[Variable]:
        return self._variable_list

    def _get_partitions(self):
        return self._partitions

    def assign(self, value, use_locking=False):
        """Refuses: assign to the slices, which iteration gives."""
        raise NotImplementedError(
            "assign() has not been implemented for PartitionedVariable."
        )

    @staticmethod
    def _TensorConversionFunction(v, dtype=None, name=None, as_ref=False):
        del name
        if dtype is not None and not dtype.is_compatible_with(v.dtype):
            raise ValueError(
                f"Incompatible type conversion requested to type '{dtype.name}' for "
                f"variable of type '{v.dtype.name}'"
            )
        if as_ref:
            raise NotImplementedError(
                "PartitionedVariable doesn't support being used as a reference."
            )
        return v.as_tensor()


# -- collections ----------------------------------------------------------------


def all_variables() -> list[Variable]:
    """The variables of the default graph's collection `GraphKeys.VARIABLES`."""
    return ops.get_collection(ops.GraphKeys.VARIABLES)


def global_variables() -> list[Variable]:
    """`all_variables` under its name of later releases."""
    return all_variables()


def trainable_variables() -> list[Variable]:
    """The variables made with `trainable=True`, which optimizers update by default."""
    return ops.get_collection(ops.GraphKeys.TRAINABLE_VARIABLES)


def local_variables() -> list[Variable]:
    """The variables of the collection `GraphKeys.LOCAL_VARIABLES`."""
    return ops.get_collection(ops.GraphKeys.LOCAL_VARIABLES)


def moving_average_variables() -> list[Variable]:
    """The variables that an `ExponentialMovingAverage` keeps averages of."""
    return ops.get_collection(ops.GraphKeys.MOVING_AVERAGE_VARIABLES)


# -- initialisation -------------------------------------------------------------


def initialize_variables(var_list, name="init"):
    """An op that runs the initializers of the given variables.

    Args:
        var_list: list of Variables.
        name: name of the operation.

    Returns:
        An Operation; one that does nothing when the list is empty.
    """
    if var_list:
        return control_flow_ops.group(*[v.initializer for v in var_list], name=name)
    return control_flow_ops.no_op(name=name)


def initialize_all_variables():
    """An op that runs the initializers of `all_variables()`."""
    return initialize_variables(all_variables())


def initialize_local_variables():
    """An op that runs the initializers of `local_variables()`."""
    return initialize_variables(local_variables())


def variables_initializer(var_list, name="init"):
    """`initialize_variables` under its name of later releases."""
    return initialize_variables(var_list, name=name)


def global_variables_initializer():
    """`initialize_all_variables` under its name of later releases."""
    return initialize_all_variables()


def local_variables_initializer():
    """`initialize_local_variables` under its name of later releases."""
    return initialize_local_variables()


def is_variable_initialized(variable):
    """Whether a variable has been initialised.

    Args:
        variable: a Variable.

    Returns:
        A bool scalar Tensor.
    """
    with ops.colocate_with(variable.op):
        return state_ops.is_variable_initialized(variable)


def _variables_or_all(var_list) -> list[Any]:
    if var_list is None:
        var_list = [*all_variables(), *local_variables()]
    if var_list:
        return list(var_list)
    # A graph that was imported has variables that are in no collection.
    graph = ops.get_default_graph()
    return [op.outputs[0] for op in graph.get_operations() if op.type == "Variable"]


def assert_variables_initialized(var_list=None):
    """An op that fails when a variable has not been initialised.

    Args:
        var_list: list of Variables; default: all and the local ones.

    Returns:
        A Tensor whose evaluation raises `tf.errors.FailedPreconditionError`, or None
        when there are no variables.
    """
    var_list = _variables_or_all(var_list)
    if not var_list:
        return None
    declaration = declaration_of("Rank")
    assert declaration is not None
    ranks = []
    for variable in var_list:
        with ops.colocate_with(variable.op):
            ranks.append(apply_op(declaration, {"input": variable}, None, "Rank"))
    return ranks[0] if len(ranks) == 1 else array_ops.pack(ranks)


def report_uninitialized_variables(
    var_list=None, name="report_uninitialized_variables"
):
    """The names of the variables that have not been initialised.

    Args:
        var_list: list of Variables; default: all and the local ones.
        name: name scope of the operations.

    Returns:
        A 1-D string Tensor, of unknown length.
    """
    var_list = _variables_or_all(var_list)
    with ops.name_scope(name):
        if not var_list:
            return constant([], dtype=dtypes.string)
        mask = math_ops.logical_not(
            array_ops.pack([state_ops.is_variable_initialized(v) for v in var_list])
        )
        names = constant([v.op.name for v in var_list])
        return array_ops.boolean_mask(names, mask)


ops.register_dense_tensor_like_type(Variable)
ops.register_tensor_conversion_function(Variable, Variable._TensorConversionFunction)
ops.register_tensor_conversion_function(
    PartitionedVariable, PartitionedVariable._TensorConversionFunction
)
