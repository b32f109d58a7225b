"""`Graph`: the operations of a program, their names, scopes and collections."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tfstyle.framework import device as device_lib
from tfstyle.framework.lookup import element_by_name
from tfstyle.framework.name_scopes import VALID_OP_NAME, NameScope
from tfstyle.framework.op_def import OpDeclaration, declaration_of
from tfstyle.framework.shape_inference import set_shapes_for_outputs
from tfstyle.framework.tensor import Operation, Tensor
from tfstyle.platform import tf_logging

__all__ = ["Graph"]


class _Controller:
    """One level of `control_dependencies`: what must run before the ops made inside."""

    def __init__(self, control_inputs: list[Operation]) -> None:
        self.control_inputs = control_inputs
        self.seen: set[Operation] = set()


class Graph:
    """A set of operations, with the state of the scopes they are made in.

    One graph is the default of a program; `with graph.as_default():` makes another
    one the default inside the block. A graph may be run by several sessions.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._operations: list[Operation] = []
        self._by_name: dict[str, Operation] = {}
        self._names_in_use: dict[str, int] = {}
        self._name_stack: str | None = ""
        self._controllers: list[_Controller] = []
        self._device_functions: list[Callable[[Operation], Any] | None] = []
        self._colocation_stack: list[Operation] = []
        self._collections: dict[Any, list[Any]] = {}
        self._gradient_overrides: dict[str, str] = {}
        self._control_flow_context: Any = None
        self._seed: int | None = None
        self._finalized = False
        self._last_id = 0
        self._changes = 0
        self._unfeedable: set[Tensor] = set()
        self._unfetchable: set[Operation] = set()
        self._constants: dict[Tensor, Any] = {}
        self._versions: Any = None

    # -- properties -------------------------------------------------------------

    @property
    def version(self) -> int:
        """A number that grows as operations are added."""
        return self._last_id

    @property
    def seed(self) -> int | None:
        """The graph-level random seed, or None."""
        return self._seed

    @seed.setter
    def seed(self, seed: int | None) -> None:
        self._seed = seed

    @property
    def finalized(self) -> bool:
        """Whether the graph has been made read-only."""
        return self._finalized

    @property
    def graph_def_versions(self) -> Any:
        """The `VersionDef` of the graph: that of the last one imported into it."""
        from tfstyle.framework.node_def import graph_versions

        if self._versions is None:
            self._versions = graph_versions()
        return self._versions

    def finalize(self) -> None:
        """Makes the graph read-only: adding an operation raises RuntimeError."""
        self._finalized = True

    def _unsafe_unfinalize(self) -> None:
        self._finalized = False

    def _check_not_finalized(self) -> None:
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")

    def _note_change(self) -> None:
        self._changes += 1

    # -- operations -------------------------------------------------------------

    def create_op(
        self,
        op_type: str,
        inputs: Sequence[Tensor],
        dtypes: Sequence[Any],
        input_types: Sequence[Any] | None = None,
        name: str | None = None,
        attrs: dict[str, Any] | None = None,
        op_def: OpDeclaration | None = None,
        compute_shapes: bool = True,
        compute_device: bool = True,
    ) -> Operation:
        """Adds an operation to the graph.

        Args:
            op_type: the op type, as in its declaration.
            inputs: input tensors, flat.
            dtypes: dtype of each output.
            input_types: dtype each input must have; default: the inputs' own.
            name: name of the operation, made unique; a trailing "/" takes it as is.
            attrs: attribute values, as Python objects.
            op_def: the declaration; default: the registered one of `op_type`.
            compute_shapes: whether to infer the shapes of the outputs.
            compute_device: whether to apply the device functions in force.

        Returns:
            The new `Operation`.

        Raises:
            RuntimeError: when the graph is finalized.
            ValueError: when the name is not valid or shapes do not fit.
        """
        self._check_not_finalized()
        for i, tensor in enumerate(inputs):
            if not isinstance(tensor, Tensor):
                raise TypeError(f"Input #{i} is not a tensor: {tensor!r}")
        declaration = op_def if op_def is not None else declaration_of(op_type)
        with self._lock:
            name = self._name_for(op_type if name is None else name)
            op = Operation(
                (op_type, name, dict(attrs or {}), ""),
                self,
                inputs,
                dtypes,
                self._control_inputs_for(inputs),
                input_types,
                op_def=declaration,
            )
            if compute_shapes:
                set_shapes_for_outputs(op)
            self._add(op)
            self._apply_scopes(op, compute_device)
        return op

    def _name_for(self, name: str) -> str:
        full = name[:-1] if name.endswith("/") else self.unique_name(name)
        if not VALID_OP_NAME.match(full):
            raise ValueError(f"'{full}' is not a valid node name")
        return full

    def _add(self, op: Operation) -> None:
        if op.name in self._by_name:
            raise ValueError(f"cannot add op with name {op.name} as that name is used")
        self._last_id += 1
        op._id = self._last_id
        self._operations.append(op)
        self._by_name[op.name] = op
        # Ops made under several nested controllers belong to each.
        for controller in self._controllers:
            controller.seen.add(op)

    def _apply_scopes(self, op: Operation, compute_device: bool) -> None:
        override = self._gradient_overrides.get(op.type)
        if override is not None:
            op._attrs["_gradient_op_type"] = override
        if compute_device:
            for function in reversed(self._device_functions):
                if function is None:
                    break
                op._set_device(function(op))
        if self._colocation_stack:
            self._colocate(op)
        context = self._control_flow_context
        if context is not None:
            op._set_control_flow_context(context)
            context.add_op(op)

    def _colocate(self, op: Operation) -> None:
        groups: list[bytes] = []
        for other in self._colocation_stack:
            groups.extend(other.colocation_groups())
            if not other.device or op.device == other.device:
                continue
            if op.device:
                tf_logging.warning(
                    "Tried to colocate %s with an op %s that had a different device: "
                    "%s vs %s. Ignoring colocation property.",
                    *(op.name, other.name, op.device, other.device),
                )
            else:
                op._set_device(other.device)
        op._attrs["_class"] = sorted(set(groups))

    def _control_inputs_for(self, inputs: Sequence[Tensor]) -> list[Operation]:
        found: list[Operation] = []
        if not self._controllers:
            return found
        producers = {tensor.op for tensor in inputs}
        for controller in self._controllers:
            # An input made under the same controller already waits for it.
            if producers & controller.seen:
                continue
            for op in controller.control_inputs:
                if op not in producers and op not in found:
                    found.append(op)
        return found

    def as_graph_element(
        self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True
    ) -> Tensor | Operation:
        """The tensor or operation of this graph that `obj` stands for.

        Args:
            obj: a Tensor, an Operation, a name, or an object that has a method
                `_as_graph_element` (a Variable).
            allow_tensor: whether a tensor may be meant.
            allow_operation: whether an operation may be meant.

        Raises:
            TypeError: when `obj` is none of these, or of the kind not allowed.
            ValueError: when it belongs to another graph or the name is malformed.
            KeyError: when no such name exists.
        """
        wanted = " or ".join(
            kind
            for kind, allowed in (
                ("Tensor", allow_tensor),
                ("Operation", allow_operation),
            )
            if allowed
        )
        if not wanted:
            raise ValueError("allow_tensor and allow_operation can't both be False.")
        convert = getattr(obj, "_as_graph_element", None)
        if convert is not None:
            obj = convert()
        if isinstance(obj, bytes):
            obj = obj.decode()
        if isinstance(obj, str):
            return element_by_name(self, obj, allow_tensor, allow_operation)
        if (isinstance(obj, Tensor) and allow_tensor) or (
            isinstance(obj, Operation) and allow_operation
        ):
            if obj.graph is not self:
                is_tensor = isinstance(obj, Tensor)
                what = f"Tensor {obj}" if is_tensor else f"Operation {obj.name!r}"
                raise ValueError(f"{what} is not an element of this graph.")
            return obj
        raise TypeError(f"Can not convert a {type(obj).__name__} into a {wanted}.")

    def get_operations(self) -> list[Operation]:
        """All operations, in the order they were made."""
        return list(self._operations)

    def get_operation_by_name(self, name: str) -> Operation:
        """The operation called `name`; KeyError when there is none."""
        if not isinstance(name, str):
            raise TypeError(
                f"Operation names are strings (or similar), not {type(name).__name__}."
            )
        found = self.as_graph_element(name, allow_tensor=False)
        assert isinstance(found, Operation)
        return found

    def get_tensor_by_name(self, name: str) -> Tensor:
        """The tensor called `name` (`"op:0"`); KeyError when there is none."""
        if not isinstance(name, str):
            raise TypeError(
                f"Tensor names are strings (or similar), not {type(name).__name__}."
            )
        found = self.as_graph_element(name, allow_operation=False)
        assert isinstance(found, Tensor)
        return found

    def as_graph_def(
        self, from_version: int | None = None, add_shapes: bool = False
    ) -> Any:
        """The graph as a `GraphDef` protocol buffer.

        Args:
            from_version: only the operations added after this `version`.
            add_shapes: whether to add the static shapes as `_output_shapes`.
        """
        from tfstyle.framework.node_def import graph_def_of

        return graph_def_of(self, from_version, add_shapes)

    # -- scopes -----------------------------------------------------------------

    def as_default(self) -> AbstractContextManager[Graph]:
        """A context in which this graph is the default."""
        from tfstyle.framework.defaults import graphs

        return graphs.entered(self)

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """`name` inside the name scope in force, with a suffix if it is taken."""
        if self._name_stack:
            name = f"{self._name_stack}/{name}"
        count = self._names_in_use.get(name, 0)
        if mark_as_used:
            self._names_in_use[name] = count + 1
        if count:
            base = name
            while name in self._names_in_use:
                name = f"{base}_{count}"
                count += 1
            if mark_as_used:
                self._names_in_use[name] = 1
        return name

    def name_scope(self, name: str | None) -> NameScope:
        """Puts `name` before the names of the operations made in the block.

        Args:
            name: the scope, made unique; with a trailing "/" it is re-entered as it
                is; None or "" goes back to the root.

        Returns:
            A context manager whose value is the full name of the scope with a trailing
            "/", or "".
        """
        return NameScope(self, name)

    @contextmanager
    def control_dependencies(self, control_inputs: Iterable[Any] | None) -> Any:
        """Makes the operations of the block run after all of `control_inputs`.

        Args:
            control_inputs: operations and tensors; None forgets the dependencies
                (and the control-flow context) in force.
        """
        if control_inputs is None:
            saved, self._controllers = self._controllers, []
            context, self._control_flow_context = self._control_flow_context, None
            try:
                yield self
            finally:
                self._controllers = saved
                self._control_flow_context = context
            return
        ops: list[Operation] = []
        for item in control_inputs:
            element = self.as_graph_element(getattr(item, "op", item))
            op = element.op if isinstance(element, Tensor) else element
            if op not in ops:
                ops.append(op)
        controller = _Controller(ops)
        self._controllers.append(controller)
        try:
            yield self
        finally:
            self._controllers.remove(controller)

    @contextmanager
    def device(self, device_name_or_function: Any) -> Iterator[None]:
        """Sets the device of the operations made in the block.

        Args:
            device_name_or_function: a device string, a `DeviceSpec`, a function from
                an Operation to a device string, or None to forget outer devices.
        """
        function = device_name_or_function
        if function is not None and not callable(function):
            function = device_lib.merge_device(function)
        self._device_functions.append(function)
        try:
            yield
        finally:
            self._device_functions.pop()

    @contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """Places the operations of the block with `op`.

        Args:
            op: an Operation, a Tensor or a Variable.
            ignore_existing: whether to forget the outer colocations and devices.
        """
        element = self.as_graph_element(getattr(op, "op", op))
        anchor = element.op if isinstance(element, Tensor) else element
        saved = (self._colocation_stack, self._device_functions)
        outer = [] if ignore_existing else self._colocation_stack
        self._colocation_stack = [*outer, anchor]
        # The anchor's device wins over the device functions in force.
        self._device_functions = []
        try:
            yield
        finally:
            self._colocation_stack, self._device_functions = saved

    @contextmanager
    def gradient_override_map(self, op_type_map: dict[str, str]) -> Iterator[None]:
        """Gives the ops of some types, made in the block, another gradient function.

        Args:
            op_type_map: op type -> name given to `RegisterGradient`.
        """
        if not isinstance(op_type_map, dict):
            raise TypeError(
                "op_type_map must be a dictionary mapping strings to strings"
            )
        for key, value in op_type_map.items():
            if not (isinstance(key, str) and isinstance(value, str)):
                raise TypeError(
                    "op_type_map must be a dictionary mapping strings to strings"
                )
        saved = self._gradient_overrides
        self._gradient_overrides = {**saved, **op_type_map}
        try:
            yield
        finally:
            self._gradient_overrides = saved

    # -- collections ------------------------------------------------------------

    def add_to_collection(self, name: Any, value: Any) -> None:
        """Appends `value` to the collection `name`."""
        self._check_not_finalized()
        with self._lock:
            self._collections.setdefault(name, []).append(value)

    def add_to_collections(self, names: Any, value: Any) -> None:
        """Appends `value` to each of the collections `names` (a name or several)."""
        for name in (names,) if isinstance(names, str) else dict.fromkeys(names):
            self.add_to_collection(name, value)

    def get_collection_ref(self, name: Any) -> list[Any]:
        """The list itself that holds the collection `name`."""
        with self._lock:
            return self._collections.setdefault(name, [])

    def get_collection(self, name: Any, scope: str | None = None) -> list[Any]:
        """A copy of the collection `name`.

        Args:
            name: key of the collection.
            scope: keep only the items whose name matches this regular expression.
        """
        items = self._collections.get(name, [])
        if scope is None:
            return list(items)
        pattern = re.compile(scope)
        return [i for i in items if hasattr(i, "name") and pattern.match(i.name)]

    def get_all_collection_keys(self) -> list[Any]:
        """The keys of the collections that are strings."""
        return [key for key in self._collections if isinstance(key, str)]

    # -- what may be fed and fetched --------------------------------------------

    def prevent_feeding(self, tensor: Tensor) -> None:
        """Makes feeding `tensor` an error."""
        self._unfeedable.add(tensor)

    def is_feedable(self, tensor: Tensor) -> bool:
        """Whether `tensor` may be fed."""
        return tensor not in self._unfeedable

    def prevent_fetching(self, op: Operation) -> None:
        """Makes fetching `op` an error."""
        self._unfetchable.add(op)

    def allow_fetching(self, op: Operation) -> None:
        """Makes fetching `op` possible again."""
        self._unfetchable.discard(op)

    def is_fetchable(self, tensor_or_op: Tensor | Operation) -> bool:
        """Whether `tensor_or_op` may be fetched."""
        op = tensor_or_op.op if isinstance(tensor_or_op, Tensor) else tensor_or_op
        return op not in self._unfetchable
