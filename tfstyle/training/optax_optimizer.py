"""`OptaxOptimizer`: every optimizer of Optax, with its state in variables."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from tfstyle.framework import dtypes, ops
from tfstyle.framework.apply_op import apply_op
from tfstyle.framework.op_def import OpDeclaration, Role
from tfstyle.framework.op_table import ArgFacts, OpFacts
from tfstyle.ops import variables
from tfstyle.training import optimizer, slot_creator

__all__ = ["OptaxOptimizer"]


class OptaxOptimizer(optimizer.Optimizer):
    """Trains with an Optax gradient transformation.

        opt = tf.train.OptaxOptimizer(optax.adamw(1e-3, weight_decay=1e-2))
        train_op = opt.minimize(loss)

    The transformation sees all variables together, as a dict from their names (without
    ":0") to their values; masks and labels of Optax are given as functions of it. Each
    array of its state is a variable: a slot, called `<variable>/<name>`, where it
    belongs to one variable, else `<name>/<field of the state>`. So savers save it.

    Differs from the other optimizers: IndexedSlices are made dense, and one call of
    `apply_gradients` is one operation. Transformations that want more than gradients
    and variables (the loss, for a line search) cannot be used.
    """

    def __init__(self, transformation: Any, use_locking=False, name="Optax"):
        """Makes the optimizer.

        Args:
            transformation: an `optax.GradientTransformation`.
            use_locking: accepted; updates of one run are always in order.
            name: name of the operation that trains.

        Raises:
            TypeError: when `transformation` has no `init` and `update`.
        """
        super().__init__(use_locking, name)
        for method in ("init", "update"):
            if not callable(getattr(transformation, method, None)):
                raise TypeError(
                    "OptaxOptimizer: `transformation` must be an "
                    f"optax.GradientTransformation, got {transformation!r}."
                )
        self._transformation = transformation
        self._states: dict[tuple[Any, ...], list[variables.Variable]] = {}

    def apply_gradients(self, grads_and_vars, global_step=None, name=None):
        """The operation that updates variables; see `Optimizer.apply_gradients`."""
        pairs = self._checked(grads_and_vars)
        trained = tuple(v for _, v in pairs)
        state = _State(self._transformation, trained)
        if trained not in self._states:
            with ops.control_dependencies(None):
                self._states[trained] = self._make_variables(state, trained)
        with ops.op_scope([], name, self._name) as scope:
            grads = [ops.convert_to_tensor(g) for g, _ in pairs]
            arguments = [*trained, *self._states[trained], *grads]
            declaration = state.update_declaration()
            given = {
                arg.name: value
                for arg, value in zip(declaration.facts.inputs, arguments, strict=True)
            }
            own_name = scope if global_step is None else "update"
            update = apply_op(declaration, given, own_name, "OptaxUpdate")
            if global_step is None:
                return update
            return self._counted(update, global_step, scope)

    def _make_variables(self, state, trained) -> list[variables.Variable]:
        """The variables that hold the state, one for each of its arrays."""
        if not state.paths:
            return []
        declaration = state.init_declaration()
        inputs = {
            arg.name: v.initialized_value()
            for arg, v in zip(declaration.facts.inputs, trained, strict=False)
        }
        around = ops.get_default_graph().unique_name("", mark_as_used=False)
        with ops.name_scope(f"{around}{self._name}/"):
            made = apply_op(declaration, inputs, None, "OptaxInit")
        by_name = {v.op.name: v for v in trained}
        found = []
        for path, value in zip(state.paths, _as_list(made), strict=True):
            owner = next((by_name[k] for k in path if k in by_name), None)
            field = "_".join(k for k in path if k not in by_name) or "state"
            if owner is None:
                with ops.name_scope(f"{around}{self._name}/"):
                    found.append(variables.Variable(value, False, name=field))
                continue
            slot = slot_creator.create_slot(owner, value, self._name)
            self._free_slot_dict(field, owner)[owner] = slot
            found.append(slot)
        return found

    def _free_slot_dict(self, field, owner) -> dict[Any, Any]:
        """The slots called `field`, or `field_1`, … when `owner` has such a slot."""
        name, count = field, 0
        while owner in self._slot_dict(name):
            count += 1
            name = f"{field}_{count}"
        return self._slot_dict(name)


def _as_list(made: Any) -> list[Any]:
    return [made] if isinstance(made, ops.Tensor) else list(made)


class _State:
    """The structure of the state of a transformation, for some variables.

    Attributes:
        paths: for each array of the state, the keys that lead to it, as strings.
    """

    def __init__(self, transformation: Any, trained: Any) -> None:
        self._transformation = transformation
        self._names = [v.op.name for v in trained]
        self._params = []
        for v in trained:
            shape = v.get_shape()
            if not shape.is_fully_defined():
                raise ValueError(
                    f"OptaxOptimizer: the shape of variable '{v.name}' must be known, "
                    f"got {shape}."
                )
            dtype = v.dtype.base_dtype.as_numpy_dtype
            self._params.append(jax.ShapeDtypeStruct(tuple(shape.as_list()), dtype))
        with jax.enable_x64(True):
            jaxpr, state = jax.make_jaxpr(self._init, return_shape=True)(*self._params)
            self._leaves = jax.eval_shape(self._packed_init, *self._params)
        self._reads_params = _depends_on_inputs(jaxpr.jaxpr)
        flat, self._structure = jax.tree_util.tree_flatten_with_path(state)
        self.paths = [_names_on(path) for path, _ in flat]

    def _init(self, *params: Any) -> Any:
        return self._transformation.init(dict(zip(self._names, params, strict=True)))

    def _packed_init(self, *params: Any) -> list[Any]:
        leaves = jax.tree.leaves(self._init(*params))
        self._kinds = [_Kind(leaf) for leaf in leaves]
        return [_packed(leaf) for leaf in leaves]

    def _state_args(self, is_ref: bool) -> list[ArgFacts]:
        return [
            ArgFacts(f"state_{i}", dtypes.as_dtype(leaf.dtype), is_ref=is_ref)
            for i, leaf in enumerate(self._leaves)
        ]

    def _param_args(self, prefix: str, is_ref: bool) -> list[ArgFacts]:
        return [
            ArgFacts(f"{prefix}_{i}", dtypes.as_dtype(p.dtype), is_ref=is_ref)
            for i, p in enumerate(self._params)
        ]

    def init_declaration(self) -> OpDeclaration:
        """The op that computes the first state; it has inputs if that needs values."""
        inputs = self._param_args("var", False) if self._reads_params else []

        def body(**given: Any) -> list[Any]:
            values = list(given.values()) or [
                jnp.zeros(p.shape, p.dtype) for p in self._params
            ]
            return self._packed_init(*map(jnp.asarray, values))

        return _declaration(
            "OptaxInit",
            body,
            inputs,
            self._state_args(False),
            lambda op: [leaf.shape for leaf in self._leaves],
        )

    def update_declaration(self) -> OpDeclaration:
        """The op that updates the variables and the state."""
        count, states = len(self._params), len(self._leaves)

        def body(**given: Any) -> list[Any]:
            values = [jnp.asarray(v) for v in given.values()]
            params = dict(zip(self._names, values[:count], strict=True))
            grads = dict(zip(self._names, values[count + states :], strict=True))
            leaves = [
                kind.unpack(value)
                for value, kind in zip(
                    values[count : count + states], self._kinds, strict=True
                )
            ]
            state = jax.tree.unflatten(self._structure, leaves)
            updates, state = self._transformation.update(grads, state, params)
            new = [
                (params[n] + updates[n]).astype(params[n].dtype) for n in self._names
            ]
            kept = [
                _packed(leaf).astype(old.dtype)
                for leaf, old in zip(jax.tree.leaves(state), self._leaves, strict=True)
            ]
            return [*new, *kept]

        def shape(op: Any) -> list[Any]:
            for var, grad in zip(
                op._inputs[:count], op._inputs[count + states :], strict=True
            ):
                var.get_shape().merge_with(grad.get_shape())
            return []

        inputs = [
            *self._param_args("var", True),
            *self._state_args(True),
            *self._param_args("grad", False),
        ]
        return _declaration("OptaxUpdate", body, inputs, [], shape)


def _declaration(
    op_type: str, body: Any, inputs: Any, outputs: Any, shape: Any
) -> OpDeclaration:
    """A declaration of its own for one transformation and one set of variables."""
    return OpDeclaration(
        type=op_type,
        body=body,
        facts=OpFacts(op_type, tuple(inputs), tuple(outputs), in_r09=False),
        roles={arg.name: Role.REF if arg.is_ref else Role.ARRAY for arg in inputs},
        differentiable=False,
        shape=shape,
    )


def _names_on(path: Any) -> tuple[str, ...]:
    """The names of fields and keys on the way to an array, without positions."""
    keys = [getattr(k, "name", getattr(k, "key", None)) for k in path]
    return tuple(str(k) for k in keys if k is not None and not isinstance(k, int))


def _depends_on_inputs(jaxpr: Any) -> bool:
    """Whether an output of `jaxpr` depends on the values of its inputs."""
    reached = {id(v) for v in jaxpr.invars}
    for equation in jaxpr.eqns:
        if any(id(v) in reached for v in equation.invars):
            reached.update(id(v) for v in equation.outvars)
    return any(id(v) in reached for v in jaxpr.outvars)


def _packed(leaf: Any) -> Any:
    """An array of the state as a variable can hold it."""
    leaf = jnp.asarray(leaf)
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        leaf = jax.random.key_data(leaf)
    if leaf.dtype == jnp.uint32:
        # Variables have no such type.
        leaf = jax.lax.bitcast_convert_type(leaf, jnp.int32)
    return leaf


class _Kind:
    """What an array of the state is before it is packed."""

    def __init__(self, leaf: Any) -> None:
        leaf = jnp.asarray(leaf)
        self._is_bits = leaf.dtype == jnp.uint32
        self._key = None
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            self._key = jax.random.key_impl(leaf)

    def unpack(self, value: Any) -> Any:
        """The inverse of `_packed`."""
        if self._key is not None:
            data = jax.lax.bitcast_convert_type(value, jnp.uint32)
            return jax.random.wrap_key_data(data, impl=self._key)
        if self._is_bits:
            return jax.lax.bitcast_convert_type(value, jnp.uint32)
        return value
