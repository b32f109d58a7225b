"""The workloads as a JAX user would write them by hand: `peer.py WORKLOAD`.

A plain `lax.scan`, optax, `jit` with donated state, nothing tuned.
"""

import functools
import sys

import data
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from measure import clock, report, time_calls

__all__ = ["WORKLOADS"]


def train(init_params, loss_of, rate, batches):
    optimizer = optax.adam(rate)

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def step(params, state, key, *batch):
        loss, gradient = jax.value_and_grad(loss_of)(params, key, *batch)
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(params, updates), state, loss

    begin = clock()
    params = init_params(jax.random.key(0))
    carry = [params, optimizer.init(params)]
    jax.block_until_ready(carry)
    init = clock()
    keys = list(jax.random.split(jax.random.key(1), len(batches)))

    def one_step(i):
        i %= len(batches)
        carry[0], carry[1], loss = step(*carry, keys[i], *batches[i])
        return float(loss)

    start = clock()
    one_step(0)
    first = clock()
    report(step=time_calls(one_step), init=init - begin, first_step=first - start)


def cross_entropy(logits, labels):
    return jnp.mean(optax.softmax_cross_entropy(logits, labels))


def lstm_params(key, n_input, n_classes, hidden):
    kernel, output = jax.random.split(key)
    shape = (n_input + hidden, 4 * hidden)
    return {
        "kernel": jax.random.uniform(kernel, shape, minval=-0.1, maxval=0.1),
        "bias": jnp.zeros(4 * hidden),
        "w": jax.random.normal(output, (hidden, n_classes)) * 0.1,
        "b": jnp.zeros(n_classes),
    }


def lstm_loss(params, key, x, y):
    del key

    def cell(carry, x_t):
        c, h = carry
        gates = jnp.concatenate([x_t, h], axis=1) @ params["kernel"] + params["bias"]
        i, j, f, o = jnp.split(gates, 4, axis=1)
        c = c * jax.nn.sigmoid(f + 1.0) + jax.nn.sigmoid(i) * jnp.tanh(j)
        h = jnp.tanh(c) * jax.nn.sigmoid(o)
        return (c, h), None

    zeros = jnp.zeros((x.shape[0], params["w"].shape[0]))
    (_, h), _ = lax.scan(cell, (zeros, zeros), jnp.swapaxes(x, 0, 1))
    return cross_entropy(h @ params["w"] + params["b"], y)


def text_generator():
    n = data.CHARACTERS
    train(lambda key: lstm_params(key, n, n, 128), lstm_loss, 0.01, data.text_windows())


def mnist_rnn():
    batches = data.images((128, 28, 28))
    train(lambda key: lstm_params(key, 28, 10, 128), lstm_loss, 0.001, batches)


def conv_params(key):
    shapes = [(5, 5, 1, 32), (5, 5, 32, 64), (7 * 7 * 64, 1024), (1024, 10)]
    keys = jax.random.split(key, len(shapes))
    return [
        (
            jax.random.truncated_normal(k, -2, 2, shape) * 0.1,
            jnp.full(shape[-1], 0.1),
        )
        for k, shape in zip(keys, shapes, strict=True)
    ]


def conv_layer(x, w, b):
    h = lax.conv_general_dilated(
        x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    h = jax.nn.relu(h + b)
    return lax.reduce_window(h, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME")


def conv_loss(params, key, x, y):
    first, second, (w3, b3), (w4, b4) = params
    h = conv_layer(x.reshape(-1, 28, 28, 1), *first)
    h = conv_layer(h, *second).reshape(x.shape[0], -1)
    h = jax.nn.relu(h @ w3 + b3)
    h = jnp.where(jax.random.bernoulli(key, 0.5, h.shape), h / 0.5, 0.0)
    return cross_entropy(h @ w4 + b4, y)


def conv_net():
    train(conv_params, conv_loss, 1e-4, data.images((50, 784)))


def run_overhead():
    @functools.partial(jax.jit, donate_argnums=0)
    def step(variables, x):
        return [v + x for v in variables], x + 1.0

    state = [[jnp.zeros(10) for _ in range(10)]]
    x = np.float32(0.5)

    def call(_):
        state[0], _out = step(state[0], x)

    def fetch(_):
        state[0], out = step(state[0], x)
        return np.asarray(out)

    report(step=time_calls(call, 1.0), fetched=time_calls(fetch, 1.0))


WORKLOADS = {
    "text_generator": text_generator,
    "mnist_rnn": mnist_rnn,
    "conv_net": conv_net,
    "run_overhead": run_overhead,
}

if __name__ == "__main__":
    WORKLOADS[sys.argv[1]]()
