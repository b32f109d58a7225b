"""`get_variable` and `variable_scope`: variables shared by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tfstyle.framework import dtypes, ops
from tfstyle.framework.apply_op import graph_of_inputs
from tfstyle.ops.variable_store import VariableStore, default_store

__all__ = [
    "VariableScope",
    "get_variable",
    "get_variable_scope",
    "no_regularizer",
    "variable_op_scope",
    "variable_scope",
]

_SCOPE_KEY = ("__varscope",)


def no_regularizer(_):
    """A regularizer that keeps the one of the scope from being used."""
    return None


class VariableScope:
    """What `get_variable` takes over from the scope it is called in."""

    def __init__(
        self,
        reuse: bool | None,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        name_scope: str = "",
    ) -> None:
        """Makes a scope; `variable_scope` makes it the current one.

        Args:
            reuse: True: variables must exist; otherwise they must not.
            name: what goes before the names of variables.
            initializer: default initializer.
            regularizer: default regularizer.
            caching_device: default caching device.
            partitioner: default partitioner.
            name_scope: the name scope the scope was opened with.
        """
        self._name = name
        self._initializer = initializer
        self._regularizer = regularizer
        self._reuse = reuse
        self._caching_device = caching_device
        self._partitioner = partitioner
        self._name_scope = name_scope

    @property
    def name(self) -> str:
        """What goes before the names of variables, without a trailing slash."""
        return self._name

    @property
    def original_name_scope(self) -> str:
        """The name scope the scope was opened with (a name of later releases)."""
        return self._name_scope

    @property
    def reuse(self) -> bool | None:
        """Whether variables must exist (True) or must not."""
        return self._reuse

    @property
    def initializer(self) -> Any:
        """The default initializer, or None."""
        return self._initializer

    @property
    def regularizer(self) -> Any:
        """The default regularizer, or None."""
        return self._regularizer

    @property
    def caching_device(self) -> Any:
        """The default caching device, or None."""
        return self._caching_device

    @property
    def partitioner(self) -> Any:
        """The default partitioner, or None."""
        return self._partitioner

    def reuse_variables(self) -> None:
        """From here on variables must exist, in this scope and those inside."""
        self._reuse = True

    def set_initializer(self, initializer: Any) -> None:
        """Sets the default initializer."""
        self._initializer = initializer

    def set_regularizer(self, regularizer: Any) -> None:
        """Sets the default regularizer."""
        self._regularizer = regularizer

    def set_caching_device(self, caching_device: Any) -> None:
        """Sets the default caching device."""
        self._caching_device = caching_device

    def set_partitioner(self, partitioner: Any) -> None:
        """Sets the default partitioner."""
        self._partitioner = partitioner

    def get_variable(
        self,
        var_store: VariableStore,
        name: str,
        shape: Any = None,
        dtype: Any = dtypes.float32,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool = True,
        collections: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        validate_shape: bool = True,
    ) -> Any:
        """Gets or makes the variable `name` of this scope; see `tf.get_variable`."""
        full_name = f"{self.name}/{name}" if self.name else name
        # Names of variables depend on variable scopes alone.
        with ops.name_scope(None):
            return var_store.get_variable(
                full_name,
                shape,
                dtype,
                _first(initializer, self._initializer),
                _first(regularizer, self._regularizer),
                self._reuse,
                trainable,
                collections,
                _first(caching_device, self._caching_device),
                _first(partitioner, self._partitioner),
                validate_shape,
            )


def _first(value: Any, default: Any) -> Any:
    return default if value is None else value


def _current() -> list[VariableScope]:
    """The one-element list that holds the current scope of the default graph."""
    found = ops.get_collection_ref(_SCOPE_KEY)
    if not found:
        found.append(VariableScope(False))
    return found


def get_variable_scope() -> VariableScope:
    """The current variable scope."""
    return _current()[0]


def get_variable(
    name,
    shape=None,
    dtype=dtypes.float32,
    initializer=None,
    regularizer=None,
    trainable=True,
    collections=None,
    caching_device=None,
    partitioner=None,
    validate_shape=True,
):
    """Gets the variable of this name in the current variable scope, or makes it.

    Args:
        name: name inside the scope.
        shape: its shape; not needed where it exists or `initializer` is a Tensor.
        dtype: element type.
        initializer: a function `(shape, dtype)` that returns the initial value, or a
            Tensor; default: the scope's, else `uniform_unit_scaling_initializer()`.
        regularizer: a function of the variable; what it returns is added to the
            collection `GraphKeys.REGULARIZATION_LOSSES`. Default: the scope's.
        trainable: whether optimizers update it by default.
        collections: keys of the collections to add it to; default
            `[GraphKeys.VARIABLES]`.
        caching_device: device of the op that reads it; default: the scope's.
        partitioner: a function `(shape, dtype)` that returns the number of slices along
            each axis; default: the scope's.
        validate_shape: False lets the initial value have an unknown shape.

    Returns:
        A Variable; a PartitionedVariable when there is a partitioner.

    Raises:
        ValueError: when the variable exists and the scope does not reuse, or does not
            exist and the scope does; when it is of another shape or dtype; when the
            shape of a new variable is not known.
    """
    return get_variable_scope().get_variable(
        default_store(),
        name,
        shape,
        dtype,
        initializer,
        regularizer,
        trainable,
        collections,
        caching_device,
        partitioner,
        validate_shape,
    )


@contextmanager
def _entered(
    name_or_scope: str | VariableScope,
    name_scope: str | None,
    reuse: bool | None,
    settings: dict[str, Any],
) -> Iterator[VariableScope]:
    """Makes a scope the current one, without opening a name scope."""
    current = _current()
    store = default_store()
    old = current[0]
    counts = None
    if isinstance(name_or_scope, VariableScope):
        source, name = name_or_scope, name_or_scope.name
        store.open_variable_scope(name)
        counts = dict(store.variable_scopes_count)
        reuse = source.reuse if reuse is None else reuse
        name_scope = source.original_name_scope
    else:
        source = old
        name = f"{old.name}/{name_or_scope}" if old.name else name_or_scope
        store.open_variable_scope(name)
        # Reuse goes on in the scopes inside.
        reuse = reuse or old.reuse
    current[0] = VariableScope(
        reuse,
        name,
        _first(settings["initializer"], source.initializer),
        _first(settings["regularizer"], source.regularizer),
        _first(settings["caching_device"], source.caching_device),
        _first(settings["partitioner"], source.partitioner),
        name_scope or name,
    )
    try:
        yield current[0]
    finally:
        store.close_variable_subscopes(name)
        if counts is not None:
            store.variable_scopes_count = counts
        current[0] = old


def _unique_scope_name(prefix: str) -> str:
    store = default_store()
    current = get_variable_scope().name
    name = f"{current}/{prefix}" if current else prefix
    if not store.variable_scope_count(name):
        return prefix
    index = 1
    while store.variable_scope_count(f"{name}_{index}"):
        index += 1
    return f"{prefix}_{index}"


@contextmanager
def variable_scope(
    name_or_scope,
    reuse=None,
    initializer=None,
    regularizer=None,
    caching_device=None,
    partitioner=None,
    *,
    default_name=None,
    values=None,
):
    """A context in which `get_variable` puts a prefix before names.

    Also opens the name scope of the same name, so that operations get the prefix too
    (made unique; variables keep theirs).

    Args:
        name_or_scope: a name, which is put after that of the current scope, or a
            VariableScope, which is returned to.
        reuse: True: variables must exist. None: as in the scope around.
        initializer: default initializer; None: that of the scope around.
        regularizer: default regularizer; None: that of the scope around.
        caching_device: default caching device; None: that of the scope around.
        partitioner: default partitioner; None: that of the scope around.
        default_name: name when `name_or_scope` is None, made unique. Later releases
            take it in second place, where a string is understood as this.
        values: tensors whose graph becomes the default; with `default_name` as a
            string in second place, a list in third place is understood as this.

    Yields:
        The VariableScope.

    Raises:
        TypeError: when `name_or_scope` is neither.
        ValueError: when `reuse` is set and there is only a default name.
    """
    if isinstance(reuse, str):
        default_name, reuse = reuse, None
        if isinstance(initializer, (list, tuple)):
            values, initializer = initializer, None
    if name_or_scope is None and default_name is None:
        raise TypeError("If default_name is None then name_or_scope is required")
    if not isinstance(name_or_scope, (VariableScope, str, type(None))):
        raise TypeError(
            "VariableScope: name_or_scope must be a string or VariableScope."
        )
    settings = {
        "initializer": initializer,
        "regularizer": regularizer,
        "caching_device": caching_device,
        "partitioner": partitioner,
    }
    with graph_of_inputs(values or ()).as_default():
        if name_or_scope is None:
            if reuse:
                raise ValueError("reuse=True cannot be used without a name_or_scope")
            with ops.name_scope(default_name) as name_scope:
                name = _unique_scope_name(default_name)
                with _entered(name, name_scope, None, settings) as scope:
                    yield scope
            return
        name = (
            name_or_scope.name.split("/")[-1]
            if isinstance(name_or_scope, VariableScope)
            else name_or_scope
        )
        if not name:
            # The root scope has no name scope.
            with _entered(name_or_scope, None, reuse, settings) as scope:
                yield scope
            return
        with (
            ops.name_scope(name) as name_scope,
            _entered(name_or_scope, name_scope, reuse, settings) as scope,
        ):
            yield scope


@contextmanager
def variable_op_scope(
    values,
    name_or_scope,
    default_name=None,
    initializer=None,
    regularizer=None,
    caching_device=None,
    partitioner=None,
    reuse=None,
):
    """`variable_scope` for a function that makes variables and operations.

    Args:
        values: the tensor arguments of the function; their graph becomes the default.
        name_or_scope: the `scope` argument of the function, may be None.
        default_name: name when `name_or_scope` is None, made unique.
        initializer: default initializer.
        regularizer: default regularizer.
        caching_device: default caching device.
        partitioner: default partitioner.
        reuse: True: variables must exist.

    Yields:
        The VariableScope.

    Raises:
        TypeError: when there is no name at all.
        ValueError: when `reuse` is set and there is only a default name, or `values`
            are of different graphs.
    """
    with variable_scope(
        name_or_scope,
        reuse=reuse,
        initializer=initializer,
        regularizer=regularizer,
        caching_device=caching_device,
        partitioner=partitioner,
        default_name=default_name,
        values=values,
    ) as scope:
        yield scope
