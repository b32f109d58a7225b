"""The update rules of the optimizers, with TensorFlow's exact formulas.

Each op returns the new values of its variables. The sparse ones change only the rows in
`indices`; a row that is named several times is updated once for each, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import errors, tensor_shape
from tfstyle.framework.op_def import Array, Ref, op
from tfstyle.ops.state_ops import checked_rows

__all__ = [
    "apply_adadelta",
    "apply_adagrad",
    "apply_adam",
    "apply_ftrl",
    "apply_gradient_descent",
    "apply_momentum",
    "apply_rms_prop",
    "sparse_apply_adadelta",
    "sparse_apply_adagrad",
    "sparse_apply_ftrl",
    "sparse_apply_momentum",
]

_GRADIENTS = ("grad", "delta")
# So many rows that come again are updated at a time. Most words of a batch come once,
# and a few very often.
_CHUNK = 32


def _shape(op_):
    """Slots and dense gradients are as the variable, hyperparameters scalars."""
    facts = op_._declaration.facts
    named = {
        arg.name: t.get_shape()
        for arg, t in zip(facts.inputs, op_._inputs, strict=True)
    }
    shape = named["var"]
    for arg in facts.inputs:
        if arg.is_ref or (arg.name in _GRADIENTS and "indices" not in named):
            shape = shape.merge_with(named[arg.name])
        elif arg.name not in _GRADIENTS and arg.name != "indices":
            named[arg.name].merge_with(tensor_shape.scalar())
    if "indices" in named:
        rows = named["indices"].with_rank(1).concatenate(shape[1:])
        named["grad"].merge_with(rows)
    return [shape]


def _check_dense(var, slots: Sequence, grad, name: str) -> None:
    for other in (*slots, grad):
        if jnp.shape(other) != jnp.shape(var):
            raise errors.InvalidArgumentError(
                None,
                None,
                f"var and {name} do not have the same shape{list(jnp.shape(var))} "
                f"{list(jnp.shape(other))}",
            )


def _by_rows(rule: Callable, refs: Sequence, grad, indices):
    """Applies `rule(rows of refs, rows of grad) -> new rows` to some rows.

    Rows that occur more than once are updated one occurrence after the other.
    """
    count = refs[0].shape[0]
    if jnp.shape(grad) != jnp.shape(indices) + refs[0].shape[1:]:
        raise errors.InvalidArgumentError(
            None,
            None,
            "grad must be the same size as indices in the first dimension.",
        )
    if not indices.size:
        return tuple(refs)

    def update(refs, which, indices, grad):
        rows = jnp.where(which, indices, count)
        known = [r.at[rows].get(mode="clip") for r in refs]
        return tuple(
            r.at[rows].set(new.astype(r.dtype), mode="drop")
            for r, new in zip(refs, rule(*known, grad), strict=True)
        )

    indices = checked_rows(indices, count)
    # What is no row of this partition changes nothing, however often it is there.
    rounds = _rounds(indices) * (indices < count)
    refs = update(refs, rounds == 0, indices, grad)
    if isinstance(rounds, np.ndarray) and not rounds.any():
        return refs
    rounds, indices, grad = map(jnp.asarray, (rounds, indices, grad))
    order = jnp.argsort(rounds, stable=True)
    ranked = jnp.pad(rounds[order], (0, _CHUNK), constant_values=-1)
    order = jnp.pad(order, (0, _CHUNK))

    def one_chunk(loop):
        start, refs = loop
        # Of one round, so that no row is there twice.
        here = jax.lax.dynamic_slice_in_dim(ranked, start, _CHUNK)
        some = jax.lax.dynamic_slice_in_dim(order, start, _CHUNK)
        which = here == here[0]
        refs = update(refs, which, indices[some], grad[some])
        return start + jnp.sum(which, dtype=jnp.int32), refs

    start = jnp.sum(rounds == 0, dtype=jnp.int32)
    loop = (start, refs)
    return jax.lax.while_loop(lambda loop: loop[0] < indices.size, one_chunk, loop)[1]


def _rounds(indices):
    """How often each index has been there before."""
    if isinstance(indices, np.ndarray):
        seen: dict[int, int] = {}
        known = np.empty(indices.shape, np.int32)
        for i, row in enumerate(indices.tolist()):
            known[i] = seen[row] = seen.get(row, -1) + 1
        return known
    order = jnp.argsort(indices, stable=True)
    ranked = indices[order]
    place = jnp.arange(indices.shape[0], dtype=jnp.int32)
    starts = jnp.concatenate([jnp.ones([1], bool), ranked[1:] != ranked[:-1]])
    first = jax.lax.cummax(jnp.where(starts, place, 0))
    return jnp.zeros_like(place).at[order].set(place - first)


# -- gradient descent -----------------------------------------------------------


@op("ApplyGradientDescent", gradient=None, shape=_shape)
def apply_gradient_descent(var: Ref, alpha: Array, delta: Array, use_locking=None):
    """`var -= alpha * delta`.

    Args:
        var: mutable Tensor, a float type.
        alpha: scalar, the learning rate.
        delta: Tensor of the shape of `var`, the gradient.
        use_locking: accepted; updates of one run are always in order.
        name: name of the operation.

    Returns:
        The mutable `var`.
    """
    del use_locking
    _check_dense(var, (), delta, "delta")
    return var - alpha * delta


# -- momentum -------------------------------------------------------------------


def _momentum(var, accum, grad, lr, momentum):
    accum = accum * momentum + grad
    return var - lr * accum, accum


@op("ApplyMomentum", gradient=None, shape=_shape)
def apply_momentum(
    var: Ref, accum: Ref, lr: Array, grad: Array, momentum: Array, use_locking=None
):
    """`accum = accum * momentum + grad; var -= lr * accum`.

    Args:
        var: mutable Tensor, a float type.
        accum: mutable Tensor of its shape.
        lr: scalar, the learning rate.
        grad: Tensor of the shape of `var`.
        momentum: scalar.
        use_locking: accepted; updates of one run are always in order.
        name: name of the operation.

    Returns:
        The mutable `var`.
    """
    del use_locking
    _check_dense(var, (accum,), grad, "accum or grad")
    return _momentum(var, accum, grad, lr, momentum)


@op("SparseApplyMomentum", gradient=None, shape=_shape)
def sparse_apply_momentum(
    var: Ref,
    accum: Ref,
    lr: Array,
    grad: Array,
    indices: Array,
    momentum: Array,
    use_locking=None,
):
    """`apply_momentum` for the rows `indices` [k] with `grad` [k, …]."""
    del use_locking
    return _by_rows(
        lambda var, accum, grad: _momentum(var, accum, grad, lr, momentum),
        (var, accum),
        grad,
        indices,
    )


# -- Adagrad --------------------------------------------------------------------


def _adagrad(var, accum, grad, lr):
    accum = accum + jnp.square(grad)
    return var - grad * lr * jax.lax.rsqrt(accum), accum


@op("ApplyAdagrad", gradient=None, shape=_shape)
def apply_adagrad(var: Ref, accum: Ref, lr: Array, grad: Array, use_locking=None):
    """`accum += grad ** 2; var -= lr * grad / sqrt(accum)`.

    Args:
        var: mutable Tensor, a float type.
        accum: mutable Tensor of its shape.
        lr: scalar, the learning rate.
        grad: Tensor of the shape of `var`.
        use_locking: accepted; updates of one run are always in order.
        name: name of the operation.

    Returns:
        The mutable `var`.
    """
    del use_locking
    _check_dense(var, (accum,), grad, "accum or grad")
    return _adagrad(var, accum, grad, lr)


@op("SparseApplyAdagrad", gradient=None, shape=_shape)
def sparse_apply_adagrad(
    var: Ref, accum: Ref, lr: Array, grad: Array, indices: Array, use_locking=None
):
    """`apply_adagrad` for the rows `indices` [k] with `grad` [k, …]."""
    del use_locking
    return _by_rows(
        lambda var, accum, grad: _adagrad(var, accum, grad, lr),
        (var, accum),
        grad,
        indices,
    )


# -- Adadelta -------------------------------------------------------------------


def _adadelta(var, accum, accum_update, grad, lr, rho, epsilon):
    accum = accum * rho + jnp.square(grad) * (1 - rho)
    scaled = jax.lax.rsqrt(accum + epsilon) * grad
    update = jnp.sqrt(accum_update + epsilon) * scaled
    accum_update = accum_update * rho + jnp.square(update) * (1 - rho)
    # TensorFlow's kernel computes the step from the new mean, unlike the paper.
    return var - jnp.sqrt(accum_update + epsilon) * scaled * lr, accum, accum_update


@op("ApplyAdadelta", gradient=None, shape=_shape)
def apply_adadelta(
    var: Ref,
    accum: Ref,
    accum_update: Ref,
    lr: Array,
    rho: Array,
    epsilon: Array,
    grad: Array,
    use_locking=None,
):
    """Adadelta's step: gradients scaled by the ratio of two running means.

    `accum = rho * accum + (1 - rho) * grad ** 2`,
    `update = sqrt(accum_update + epsilon) / sqrt(accum + epsilon) * grad`,
    `accum_update = rho * accum_update + (1 - rho) * update ** 2`,
    `var -= lr * sqrt(accum_update + epsilon) / sqrt(accum + epsilon) * grad`. That the
    last line has the new mean is TF's; the paper has `var -= lr * update`.

    Args:
        var: mutable Tensor, a float type.
        accum: mutable Tensor of its shape.
        accum_update: mutable Tensor of its shape.
        lr: scalar, the learning rate.
        rho: scalar, decay of the means.
        epsilon: scalar.
        grad: Tensor of the shape of `var`.
        use_locking: accepted; updates of one run are always in order.
        name: name of the operation.

    Returns:
        The mutable `var`.
    """
    del use_locking
    _check_dense(var, (accum, accum_update), grad, "accum or grad")
    return _adadelta(var, accum, accum_update, grad, lr, rho, epsilon)


@op("SparseApplyAdadelta", gradient=None, shape=_shape)
def sparse_apply_adadelta(
    var: Ref,
    accum: Ref,
    accum_update: Ref,
    lr: Array,
    rho: Array,
    epsilon: Array,
    grad: Array,
    indices: Array,
    use_locking=None,
):
    """`apply_adadelta` for the rows `indices` [k] with `grad` [k, …]."""
    del use_locking
    return _by_rows(
        lambda var, accum, accum_update, grad: _adadelta(
            var, accum, accum_update, grad, lr, rho, epsilon
        ),
        (var, accum, accum_update),
        grad,
        indices,
    )


# -- Adam -----------------------------------------------------------------------


@op("ApplyAdam", gradient=None, shape=_shape)
def apply_adam(
    var: Ref,
    m: Ref,
    v: Ref,
    beta1_power: Array,
    beta2_power: Array,
    lr: Array,
    beta1: Array,
    beta2: Array,
    epsilon: Array,
    grad: Array,
    use_locking=None,
):
    """Adam's step, with epsilon outside of the bias correction.

    `rate = lr * sqrt(1 - beta2_power) / (1 - beta1_power)`,
    `m = beta1 * m + (1 - beta1) * grad`, `v = beta2 * v + (1 - beta2) * grad ** 2`,
    `var -= rate * m / (sqrt(v) + epsilon)`.

    Args:
        var: mutable Tensor, a float type.
        m: mutable Tensor of its shape.
        v: mutable Tensor of its shape.
        beta1_power: scalar, `beta1` to the number of the step.
        beta2_power: scalar, `beta2` to the number of the step.
        lr: scalar, the learning rate.
        beta1: scalar.
        beta2: scalar.
        epsilon: scalar.
        grad: Tensor of the shape of `var`.
        use_locking: accepted; updates of one run are always in order.
        name: name of the operation.

    Returns:
        The mutable `var`.
    """
    del use_locking
    _check_dense(var, (m, v), grad, "m, v or grad")
    rate = lr * jnp.sqrt(1 - beta2_power) / (1 - beta1_power)
    m = m + (grad - m) * (1 - beta1)
    v = v + (jnp.square(grad) - v) * (1 - beta2)
    return var - (m * rate) / (jnp.sqrt(v) + epsilon), m, v


# -- Ftrl -----------------------------------------------------------------------


def _ftrl(var, accum, linear, grad, lr, l1, l2, lr_power):
    new_accum = accum + jnp.square(grad)

    def power(x):
        # The exponent is a scalar and nearly always the constant -0.5.
        return jnp.where(lr_power == -0.5, jnp.sqrt(x), jnp.power(x, -lr_power))

    linear = linear + grad - (power(new_accum) - power(accum)) / lr * var
    shrunk = l1 * jnp.sign(linear) - linear
    quadratic = power(new_accum) / lr + 2 * l2
    var = jnp.where(jnp.abs(linear) > l1, shrunk / quadratic, jnp.zeros_like(var))
    return var, new_accum, linear


@op("ApplyFtrl", gradient=None, shape=_shape)
def apply_ftrl(
    var: Ref,
    accum: Ref,
    linear: Ref,
    grad: Array,
    lr: Array,
    l1: Array,
    l2: Array,
    lr_power: Array,
    use_locking=None,
):
    """The step of FTRL-proximal, which keeps weights at exactly zero (McMahan 2013).

    `new_accum = accum + grad ** 2`,
    `linear += grad - (new_accum ** -lr_power - accum ** -lr_power) / lr * var`,
    `var = (sign(linear) * l1 - linear) / (new_accum ** -lr_power / lr + 2 * l2)` where
    `|linear| > l1`, else 0.

    Args:
        var: mutable Tensor, a float type.
        accum: mutable Tensor of its shape.
        linear: mutable Tensor of its shape.
        grad: Tensor of the shape of `var`.
        lr: scalar, the learning rate.
        l1: scalar, strength of the L1 regularization.
        l2: scalar, strength of the L2 regularization.
        lr_power: scalar, at most 0.
        use_locking: accepted; updates of one run are always in order.
        name: name of the operation.

    Returns:
        The mutable `var`.
    """
    del use_locking
    _check_dense(var, (accum, linear), grad, "accum, linear or grad")
    return _ftrl(var, accum, linear, grad, lr, l1, l2, lr_power)


@op("SparseApplyFtrl", gradient=None, shape=_shape)
def sparse_apply_ftrl(
    var: Ref,
    accum: Ref,
    linear: Ref,
    grad: Array,
    indices: Array,
    lr: Array,
    l1: Array,
    l2: Array,
    lr_power: Array,
    use_locking=None,
):
    """`apply_ftrl` for the rows `indices` [k] with `grad` [k, …]."""
    del use_locking
    return _by_rows(
        lambda var, accum, linear, grad: _ftrl(
            var, accum, linear, grad, lr, l1, l2, lr_power
        ),
        (var, accum, linear),
        grad,
        indices,
    )


# -- RMSProp --------------------------------------------------------------------


@op("ApplyRMSProp", name="ApplyRMSProp", gradient=None, shape=_shape)
def apply_rms_prop(
    var: Ref,
    ms: Ref,
    mom: Ref,
    lr: Array,
    rho: Array,
    momentum: Array,
    epsilon: Array,
    grad: Array,
    use_locking=None,
):
    """RMSProp's step, with epsilon inside of the root.

    `ms = rho * ms + (1 - rho) * grad ** 2`,
    `mom = momentum * mom + lr * grad / sqrt(ms + epsilon)`, `var -= mom`.

    Args:
        var: mutable Tensor, a float type.
        ms: mutable Tensor of its shape.
        mom: mutable Tensor of its shape.
        lr: scalar, the learning rate.
        rho: scalar, decay of the mean square.
        momentum: scalar.
        epsilon: scalar.
        grad: Tensor of the shape of `var`.
        use_locking: accepted; updates of one run are always in order.
        name: name of the operation.

    Returns:
        The mutable `var`.
    """
    del use_locking
    _check_dense(var, (ms, mom), grad, "ms, mom or grad")
    ms = ms + (jnp.square(grad) - ms) * (1 - rho)
    mom = mom * momentum + (grad * lr) / jnp.sqrt(ms + epsilon)
    return var - mom, ms, mom
