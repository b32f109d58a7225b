"""The variables that `get_variable` has made in a graph, by their full names."""

from __future__ import annotations

from typing import Any

from tfstyle.framework import dtypes, ops, tensor_shape
from tfstyle.ops import array_ops, init_ops, variables
from tfstyle.ops.partitions import offsets_and_shapes, partitions_of

__all__ = ["VariableStore", "default_store"]

_STORE_KEY = ("__variable_store",)


def default_store() -> VariableStore:
    """The store of the default graph."""
    found = ops.get_collection_ref(_STORE_KEY)
    if not found:
        found.append(VariableStore())
    return found[0]


class VariableStore:
    """Makes variables and gives them out again under the same name.

    Attributes:
        variable_scopes_count: how often each variable scope has been opened, for the
            unique names of scopes with a default name.
    """

    def __init__(self) -> None:
        self._vars: dict[str, variables.Variable] = {}
        self._partitioned_vars: dict[str, variables.PartitionedVariable] = {}
        self.variable_scopes_count: dict[str, int] = {}

    # -- scopes -----------------------------------------------------------------

    def open_variable_scope(self, scope_name: str) -> None:
        """Counts one more scope of this full name."""
        count = self.variable_scopes_count.get(scope_name, 0)
        self.variable_scopes_count[scope_name] = count + 1

    def close_variable_subscopes(self, scope_name: str) -> None:
        """Forgets the scopes inside `scope_name`: their names may be taken anew."""
        for name in self.variable_scopes_count:
            if not scope_name or name.startswith(scope_name + "/"):
                self.variable_scopes_count[name] = 0

    def variable_scope_count(self, scope_name: str) -> int:
        """How often a scope of this full name has been opened."""
        return self.variable_scopes_count.get(scope_name, 0)

    # -- variables --------------------------------------------------------------

    def get_variable(
        self,
        name: str,
        shape: Any = None,
        dtype: Any = dtypes.float32,
        initializer: Any = None,
        regularizer: Any = None,
        reuse: bool | None = None,
        trainable: bool = True,
        collections: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        validate_shape: bool = True,
    ) -> Any:
        """Gets the variable `name`, or makes it.

        Args:
            name: full name.
            shape: its shape.
            dtype: its element type.
            initializer: function `(shape, dtype)` or Tensor for its initial value.
            regularizer: function of the variable that returns a loss.
            reuse: True: it must exist; False: it must not; None: as it is.
            trainable: as of `Variable`.
            collections: as of `Variable`.
            caching_device: as of `Variable`.
            partitioner: function `(shape, dtype)` that returns the number of slices
                along each axis.
            validate_shape: as of `Variable`.

        Returns:
            A Variable or a PartitionedVariable.

        Raises:
            ValueError: when it exists and must not, or the other way round, or is of
                another shape or dtype, or its shape is not known.
        """
        dtype = dtypes.as_dtype(dtype).base_dtype
        if partitioner is not None and not callable(partitioner):
            raise ValueError(
                f"Partitioner must be callable, but received: {partitioner}"
            )
        scalar = isinstance(shape, (list, tuple)) and len(shape) == 0
        split = partitioner is not None and not scalar
        if split or name in self._partitioned_vars:
            return self._get_partitioned(
                name,
                partitioner if split else None,
                shape,
                dtype,
                initializer,
                reuse,
                regularizer=regularizer,
                trainable=trainable,
                collections=collections,
                caching_device=caching_device,
                validate_shape=validate_shape,
            )
        if f"{name}/part_0" in self._vars:
            raise ValueError(
                "No partitioner was provided, but a partitioned version of the "
                f"variable was found: {name}/part_0. Perhaps a variable of the same "
                "name was already created with partitioning?"
            )
        return self._get_single(
            name,
            shape,
            dtype,
            initializer,
            reuse,
            regularizer=regularizer,
            trainable=trainable,
            collections=collections,
            caching_device=caching_device,
            validate_shape=validate_shape,
        )

    def _get_single(
        self,
        name: str,
        shape: Any,
        dtype: Any,
        initializer: Any,
        reuse: bool | None,
        **options: Any,
    ) -> variables.Variable:
        from_value = initializer is not None and not callable(initializer)
        if shape is not None and from_value:
            raise ValueError("If initializer is a constant, do not specify shape.")
        shape = tensor_shape.as_shape(shape)
        found = self._vars.get(name)
        if found is not None:
            if reuse is not None and not reuse:
                raise ValueError(_already_exists(name, found))
            _check_shared(name, found, shape, dtype)
            return found
        if reuse:
            raise ValueError(
                f"Variable {name} does not exist, disallowed. Did you mean to set "
                "reuse=None in VarScope?"
            )
        if not from_value and not shape.is_fully_defined():
            raise ValueError(
                f"Shape of a new variable ({name}) must be fully defined, but instead "
                f"was {shape}."
            )
        value = initializer if from_value else _initial_value(initializer, shape, dtype)
        return self._make(name, value, None if from_value else dtype, **options)

    def _make(
        self, name: str, value: Any, dtype: Any, regularizer: Any, **options: Any
    ) -> variables.Variable:
        variable = variables.Variable(value, name=name, dtype=dtype, **options)
        self._vars[name] = variable
        if regularizer is not None:
            with (
                ops.colocate_with(variable.op),
                ops.name_scope(f"{name}/Regularizer/"),
            ):
                loss = regularizer(variable)
            if loss is not None:
                ops.add_to_collection(ops.GraphKeys.REGULARIZATION_LOSSES, loss)
        return variable

    # -- partitioned variables --------------------------------------------------

    def _get_partitioned(
        self,
        name: str,
        partitioner: Any,
        shape: Any,
        dtype: Any,
        initializer: Any,
        reuse: bool | None,
        **options: Any,
    ) -> variables.PartitionedVariable:
        from_value = initializer is not None and not callable(initializer)
        shape = tensor_shape.as_shape(shape)
        if from_value:
            initializer = ops.convert_to_tensor(initializer)
            shape = shape.merge_with(initializer.get_shape())
        partitions = None
        if partitioner is not None and shape.is_fully_defined():
            partitions = partitions_of(partitioner, shape, dtype)
        found = self._partitioned_vars.get(name)
        if found is not None:
            if reuse is not None and not reuse:
                raise ValueError(
                    f"Partitioned variable with name {name} already exists. Did you "
                    "mean to set reuse=True in VarScope?"
                )
            _check_shared_partitions(name, found, shape, dtype, partitions)
            return found
        if name in self._vars:
            raise ValueError(
                "A partitioner was provided, but an unpartitioned version of the "
                f"variable was found: {name}.  Perhaps a variable of the same name was "
                "already created without partitioning?"
            )
        if reuse:
            raise ValueError(
                f"PartitionedVariable {name} does not exist, disallowed. Did you mean "
                "to set reuse=None in VarScope?"
            )
        if not shape.is_fully_defined():
            raise ValueError(
                f"Shape of a new partitioned variable ({name}) must be fully defined, "
                f"but instead was {shape}."
            )
        assert partitions is not None
        made = self._make_slices(
            name, shape, dtype, initializer, from_value, partitions, options
        )
        self._partitioned_vars[name] = made
        return made

    def _make_slices(
        self,
        name: str,
        shape: Any,
        dtype: Any,
        initializer: Any,
        from_value: bool,
        partitions: list[int],
        options: dict[str, Any],
    ) -> variables.PartitionedVariable:
        slices = []
        full = shape.as_list()
        for i, (offset, size) in enumerate(offsets_and_shapes(full, partitions)):
            part_name = f"{name}/part_{i}"
            if part_name in self._vars:
                raise ValueError(_already_exists(part_name, self._vars[part_name]))
            if from_value:
                with ops.name_scope(f"{part_name}/PartitionedInitializer/"):
                    value = array_ops.slice(initializer, offset, size)
            else:
                size_ = tensor_shape.TensorShape(size)
                value = _initial_value(initializer, size_, dtype, full)
            part = self._make(
                part_name, value, None if from_value else dtype, **options
            )
            part._set_save_slice_info(
                variables.Variable.SaveSliceInfo(name, full, offset, size)
            )
            slices.append(part)
        return variables.PartitionedVariable(name, shape, dtype, slices, partitions)


def _initial_value(initializer: Any, shape: Any, dtype: Any, full: Any = None) -> Any:
    """What `Variable` calls to make the initial value, outside of all scopes."""
    if initializer is None:
        initializer = init_ops.uniform_unit_scaling_initializer(full_shape=full)
    elif isinstance(initializer, type):
        initializer = initializer()
    return lambda: initializer(shape.as_list(), dtype=dtype)


def _already_exists(name: str, found: variables.Variable) -> str:
    where = "".join(
        f'  File "{file}", line {line}, in {function}\n    {source}\n'
        for file, line, function, source in reversed(found.op.traceback[-3:])
    )
    return (
        f"Variable {name} already exists, disallowed. Did you mean to set reuse=True "
        f"in VarScope? Originally defined at:\n\n{where}"
    )


def _check_shared(name: str, found: Any, shape: Any, dtype: Any) -> None:
    if not shape.is_compatible_with(found.get_shape()):
        raise ValueError(
            f"Trying to share variable {name}, but specified shape {shape} and found "
            f"shape {found.get_shape()}."
        )
    if not dtype.is_compatible_with(found.dtype):
        raise ValueError(
            f"Trying to share variable {name}, but specified dtype {dtype.name} and "
            f"found dtype {found.dtype.name}."
        )


def _check_shared_partitions(
    name: str, found: Any, shape: Any, dtype: Any, partitions: Any
) -> None:
    prefix = f"Trying to reuse partitioned variable {name}, but specified"
    if not shape.is_compatible_with(found.get_shape()):
        raise ValueError(f"{prefix} shape {shape} and found shape {found.get_shape()}.")
    if not dtype.is_compatible_with(found.dtype):
        raise ValueError(
            f"{prefix} dtype {dtype.name} and found dtype {found.dtype.name}."
        )
    if partitions is not None and list(partitions) != list(found._get_partitions()):
        raise ValueError(
            f"{prefix} partitions {partitions} and found partitions "
            f"{found._get_partitions()}."
        )
