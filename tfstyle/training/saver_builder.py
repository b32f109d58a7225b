"""Builds the part of a graph that saves variables and restores them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfstyle.framework import ops
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.ops import array_ops, control_flow_ops, state_ops
from tfstyle.ops.constant_op import constant
from tfstyle.ops.variables import PartitionedVariable, Variable
from tfstyle.training import checkpoint_ops

__all__ = ["V1", "V2", "BaseSaverBuilder", "SavedVariable", "variables_by_name"]

# Numbers of `SaverDef.CheckpointFormatVersion`.
V1, V2 = 1, 2


@dataclass(frozen=True)
class SavedVariable:
    """A variable and how it is saved.

    Attributes:
        tensor: the mutable Tensor.
        name: its name in checkpoints.
        spec: which part of the tensor of that name it is; "" for all of it.
    """

    tensor: Tensor
    name: str
    spec: str = ""


def _reference(variable: Any) -> Tensor:
    tensor: Tensor = ops.convert_to_tensor(variable, as_ref=True)
    return tensor


def _is_variable(tensor: Tensor) -> bool:
    return tensor.dtype.is_ref_dtype and tensor.op.type == "Variable"


def variables_by_name(variables: Sequence[Any]) -> dict[str, Any]:
    """Variables under the names they are saved with.

    Args:
        variables: Variables, or mutable Tensors of variables.

    Returns:
        name -> variable, or the list of the slices of a partitioned one.

    Raises:
        TypeError: when something is no variable.
        ValueError: when two variables have one name.
    """
    named: dict[str, Any] = {}
    for variable in dict.fromkeys(variables):
        if isinstance(variable, PartitionedVariable):
            named[variable.name] = list(variable)
            continue
        info = getattr(variable, "_save_slice_info", None)
        if info is not None:
            slices = named.setdefault(info.full_name, [])
            if not isinstance(slices, list):
                raise ValueError(
                    f"Mixing slices and non-slices with the same name: {info.full_name}"
                )
            if all(variable is not other for other in slices):
                slices.append(variable)
            continue
        tensor = _reference(variable)
        if not _is_variable(tensor):
            raise TypeError(f"Variable to save is not a Variable: {variable}")
        if tensor.op.name in named:
            raise ValueError(
                f"At least two variables have the same name: {tensor.op.name}"
            )
        named[tensor.op.name] = variable
    return named


def _saved(names_to_variables: Any) -> list[SavedVariable]:
    """What a program gave as what to save, checked and in order.

    Raises:
        TypeError: when a name is no string or a value no variable.
        ValueError: when there are no variables, or one of them is named twice.
    """
    if isinstance(names_to_variables, (list, tuple, set, frozenset)):
        names_to_variables = variables_by_name(list(names_to_variables))
    if not isinstance(names_to_variables, Mapping):
        raise TypeError(
            "Variables to save should be passed in a dict or a list: "
            f"{names_to_variables}"
        )
    if not names_to_variables:
        raise ValueError("No variables to save")
    for name in names_to_variables:
        if not isinstance(name, str):
            raise TypeError(
                "names_to_variables must be a dict mapping string names to variables. "
                f"Name is not a string: {name}"
            )
    found: list[SavedVariable] = []
    seen: set[Operation] = set()
    for name in sorted(names_to_variables):
        for saved in _saved_as(name, names_to_variables[name]):
            if saved.tensor.op in seen:
                raise ValueError(
                    f"The same variable will be restored with two names: {name}"
                )
            seen.add(saved.tensor.op)
            found.append(saved)
    return found


def _saved_as(name: str, value: Any) -> list[SavedVariable]:
    if isinstance(value, (list, tuple, PartitionedVariable)):
        return [_slice(name, variable) for variable in value]
    tensor = _reference(value)
    if not _is_variable(tensor):
        raise TypeError(
            "names_to_variables must be a dict mapping string names to Tensors or "
            f"Variables. Not a variable: {value}"
        )
    info = getattr(value, "_save_slice_info", None)
    if info is not None and info.full_name == name:
        return [_slice(name, value)]
    return [SavedVariable(tensor, name)]


def _slice(name: str, variable: Any) -> SavedVariable:
    if not isinstance(variable, Variable):
        raise ValueError(f"Slices must all be Variables: {variable}")
    info = variable._save_slice_info
    if info is None:
        raise ValueError(f"Slices must all be slices: {variable}")
    return SavedVariable(variable._ref(), name, info.spec)


class BaseSaverBuilder:
    """Builds the operations of a `Saver`; a subclass may change how it saves."""

    def __init__(self, write_version: int = V1) -> None:
        """Chooses a format.

        Args:
            write_version: `SaverDef.V1` or `SaverDef.V2`.

        Raises:
            ValueError: for another one.
        """
        if write_version not in (V1, V2):
            raise ValueError(f"Unexpected write_version: {write_version}")
        self._version = write_version

    def save_op(self, filename_tensor: Tensor, saved: Sequence[SavedVariable]) -> Any:
        """Makes an operation that writes variables.

        Args:
            filename_tensor: scalar string, the path.
            saved: what to write.
        """
        write = (
            checkpoint_ops.save_slices
            if self._version == V1
            else checkpoint_ops.save_v2
        )
        return write(
            filename_tensor,
            [s.name for s in saved],
            [s.spec for s in saved],
            [s.tensor for s in saved],
            name="save",
        )

    def restore_op(
        self, filename_tensor: Tensor, saved: SavedVariable, preferred_shard: int
    ) -> Tensor:
        """Makes a Tensor with the value of a variable in a checkpoint.

        Args:
            filename_tensor: scalar string, the path.
            saved: the variable.
            preferred_shard: which of several files is likely to have it; -1: unknown.
        """
        dtype = saved.tensor.dtype.base_dtype
        if self._version == V1:
            value: Tensor = checkpoint_ops.restore_slice(
                filename_tensor,
                saved.name,
                saved.spec,
                dtype,
                preferred_shard,
                name="restore_slice",
            )
            return value
        values: Any = checkpoint_ops.restore_v2(
            filename_tensor, [saved.name], [saved.spec], [dtype]
        )
        return values[0] if isinstance(values, (list, tuple)) else values

    def build(
        self,
        names_to_variables: Any,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
    ) -> Any:
        """Adds the operations to the graph.

        Args:
            names_to_variables: name -> variable, or a list of variables.
            reshape: whether to give saved values the shape of the variable.
            sharded: whether to write a file for each device; only in format V1.
            max_to_keep: kept in the result.
            keep_checkpoint_every_n_hours: kept in the result.
            name: name scope of the operations, default "save".
            restore_sequentially: whether to restore one variable after the other.

        Returns:
            A `SaverDef` with the names of the operations.

        Raises:
            TypeError: when a name is no string or a value no variable.
            ValueError: when there are no variables, or one of them is named twice.
        """
        from tfstyle.core.protobuf.saver_pb2 import SaverDef

        saved = _saved(names_to_variables)
        in_shards = sharded and self._version == V1
        with ops.op_scope([s.tensor for s in saved], name, "save"):
            filename = constant("model", name="Const")
            groups = _by_device(saved) if in_shards else [("", saved)]
            if in_shards:
                save = self._save_in_shards(filename, groups)
            else:
                written = self.save_op(filename, saved)
                save = control_flow_ops.with_dependencies([written], filename)
            shards = []
            for shard, (device, group) in enumerate(groups):
                with ops.device(device or None):
                    assigned = self._restore(
                        filename,
                        group,
                        reshape,
                        restore_sequentially,
                        shard if in_shards else -1,
                    )
                    shards.append(assigned)
            if in_shards:
                restores = [
                    control_flow_ops.group(*assigned, name="restore_shard")
                    for assigned in shards
                ]
            else:
                restores = shards[0]
            restore = control_flow_ops.group(*restores, name="restore_all")
        saver_def = SaverDef(
            filename_tensor_name=filename.name,
            save_tensor_name=save.name,
            restore_op_name=restore.name,
            max_to_keep=max_to_keep or 0,
            keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
            sharded=sharded,
        )
        if self._version == V2:
            # 0.9 does not know the field and means V1 without it.
            saver_def.version = SaverDef.V2
        return saver_def

    def _save_in_shards(
        self, filename: Tensor, groups: Sequence[tuple[str, Any]]
    ) -> Tensor:
        count = constant(len(groups), name="num_shards")
        written = []
        for shard, (device, group) in enumerate(groups):
            with ops.device(device or None):
                path = checkpoint_ops.sharded_filename(filename, shard, count)
                written.append(
                    control_flow_ops.with_dependencies(
                        [self.save_op(path, group)], path
                    )
                )
        with ops.control_dependencies([tensor.op for tensor in written]):
            pattern: Tensor = checkpoint_ops.sharded_filespec(filename, count)
        return pattern

    def _restore(
        self,
        filename: Tensor,
        saved: Sequence[SavedVariable],
        reshape: bool,
        sequentially: bool,
        preferred_shard: int,
    ) -> list[Operation]:
        assigned: list[Operation] = []
        for variable in saved:
            tensor = variable.tensor
            shape = tensor.get_shape()
            with ops.control_dependencies(assigned[-1:] if sequentially else []):
                value = self.restore_op(filename, variable, preferred_shard)
            if reshape:
                target = (
                    shape.as_list()
                    if shape.is_fully_defined()
                    else array_ops.shape(tensor)
                )
                value = array_ops.reshape(value, target)
            with ops.colocate_with(tensor.op):
                result = state_ops.assign(
                    tensor,
                    value,
                    validate_shape=not reshape and shape.is_fully_defined(),
                    name="Assign",
                )
            assigned.append(result.op)
        return assigned


def _by_device(saved: Sequence[SavedVariable]) -> list[tuple[str, list[SavedVariable]]]:
    groups: dict[str, list[SavedVariable]] = {}
    for variable in saved:
        groups.setdefault(variable.tensor.device or "", []).append(variable)
    return sorted(groups.items())
