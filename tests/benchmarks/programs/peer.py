"""The workloads as a JAX user would write them by hand: `peer.py WORKLOAD [STEPS]`.

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
from measure import clock, report, report_training, time_calls

__all__ = ["WORKLOADS"]


def train(init_params, loss_of, optimizer, batches, state=()):
    """`loss_of(params, key, state, *batch)` gives the loss and the next state."""

    @functools.partial(jax.jit, donate_argnums=(0, 1, 2, 3))
    def step(params, slots, state, key, *batch):
        key, now = jax.random.split(key)
        (loss, state), gradient = jax.value_and_grad(loss_of, has_aux=True)(
            params, now, state, *batch
        )
        updates, slots = optimizer.update(gradient, slots)
        return optax.apply_updates(params, updates), slots, state, key, loss

    begin = clock()
    params = init_params(jax.random.key(0))
    carry = [params, optimizer.init(params), state, jax.random.key(1)]
    jax.block_until_ready(carry)
    init = clock() - begin

    def one_step(i):
        *carry[:], loss = step(*carry, *batches[i % len(batches)])
        return float(loss)

    report_training(one_step, init=init)


def stateless(loss_of):
    return lambda params, key, state, *batch: (loss_of(params, key, *batch), state)


def cross_entropy(logits, labels):
    return jnp.mean(optax.softmax_cross_entropy(logits, labels))


def clipped_sgd(rate):
    return optax.chain(optax.clip_by_global_norm(5.0), optax.sgd(rate))


def dropout(key, x):
    return jnp.where(jax.random.bernoulli(key, 0.5, x.shape), x / 0.5, 0.0)


def uniform(scale, shapes):
    """Makes the function that draws parameters: a tree of arrays of these shapes."""

    def init(key):
        leaves, tree = jax.tree.flatten(shapes, is_leaf=lambda x: type(x) is tuple)
        keys = jax.random.split(key, len(leaves))
        arrays = [
            jax.random.uniform(k, shape, minval=-scale, maxval=scale)
            for k, shape in zip(keys, leaves, strict=True)
        ]
        return jax.tree.unflatten(tree, arrays)

    return init


def dense(n_input, n_output):
    return {"w": (n_input, n_output), "b": (n_output,)}


def linear(params, *xs):
    return jnp.concatenate(xs, axis=1) @ params["w"] + params["b"]


def lstm_cell(params, state, x, forget_bias=1.0):
    c, h = state
    i, j, f, o = jnp.split(linear(params, x, h), 4, axis=1)
    c = c * jax.nn.sigmoid(f + forget_bias) + jax.nn.sigmoid(i) * jnp.tanh(j)
    h = jnp.tanh(c) * jax.nn.sigmoid(o)
    return (c, h), h


def gru_shapes(n_input, hidden):
    n = n_input + hidden
    return {"gates": dense(n, 2 * hidden), "candidate": dense(n, hidden)}


def gru_cell(params, h, x):
    gates = jax.nn.sigmoid(linear(params["gates"], x, h) + 1.0)
    r, u = jnp.split(gates, 2, axis=1)
    h = u * h + (1 - u) * jnp.tanh(linear(params["candidate"], x, r * h))
    return h, h


def classify(cell, shapes, start, n_classes, rate, batches):
    """Trains a classifier of sequences on the last output of a cell.

    `shapes`: those of the cell's parameters. `start(zeros)`: its state, of the zeros
    [batch, hidden]; the output is what the state ends with.
    """
    hidden = 128

    def loss_of(params, key, x, y):
        del key

        def step(state, x_t):
            return cell(params["cell"], state, x_t)[0], None

        state = start(jnp.zeros((x.shape[0], hidden)))
        state, _ = lax.scan(step, state, jnp.swapaxes(x, 0, 1))
        return cross_entropy(linear(params["output"], jax.tree.leaves(state)[-1]), y)

    shapes = {"cell": shapes, "output": dense(hidden, n_classes)}
    train(uniform(0.1, shapes), stateless(loss_of), optax.adam(rate), batches)


def classify_lstm(n_input, n_classes, rate, batches):
    shapes = dense(n_input + 128, 4 * 128)
    classify(lstm_cell, shapes, lambda zeros: (zeros, zeros), n_classes, rate, batches)


def text_generator():
    n = data.CHARACTERS
    classify_lstm(n, n, 0.01, data.text_windows())


def mnist_rnn():
    classify_lstm(28, 10, 0.001, data.images((128, 28, 28)))


def gru(n_steps):
    batches = data.images((128, n_steps, 28))
    classify(gru_cell, gru_shapes(28, 128), lambda zeros: zeros, 10, 0.001, batches)


def ptb(n_steps, hidden, scale, drop):
    """`drop(key, x)`: dropout, or nothing."""
    batches = data.words(n_steps)
    batch = batches[0][0].shape[0]

    def loss_of(params, key, state, x, y):
        def step(state, inputs):
            x, key = inputs
            after = []
            for number, layer in enumerate(params["layers"]):
                carry, x = lstm_cell(layer, state[number], x, forget_bias=0.0)
                x = drop(jax.random.fold_in(key, number), x)
                after.append(carry)
            return after, x

        inputs_key, steps_key = jax.random.split(key)
        inputs = drop(inputs_key, params["embedding"][x])
        keys = jax.random.split(steps_key, n_steps)
        state, outputs = lax.scan(step, state, (jnp.swapaxes(inputs, 0, 1), keys))
        outputs = jnp.swapaxes(outputs, 0, 1).reshape(-1, hidden)
        losses = optax.softmax_cross_entropy_with_integer_labels(
            linear(params["output"], outputs), y.reshape(-1)
        )
        return jnp.sum(losses) / batch, state

    shapes = {
        "embedding": (data.WORDS, hidden),
        "layers": [dense(2 * hidden, 4 * hidden) for _ in range(2)],
        "output": dense(hidden, data.WORDS),
    }
    # Every array of its own: all are donated.
    state = [tuple(jnp.zeros((batch, hidden)) for _ in range(2)) for _ in range(2)]
    train(uniform(scale, shapes), loss_of, clipped_sgd(1.0), batches, state)


def ptb_small(n_steps):
    ptb(n_steps, 200, 0.1, lambda key, x: x)


def ptb_medium(n_steps):
    ptb(n_steps, 650, 0.05, dropout)


def attention_loss(params, key, encoder, decoder, weights):
    del key

    def encode(h, x):
        return gru_cell(params["encoder"], h, x)

    inputs = params["encoder_embedding"][encoder]
    h, memory = lax.scan(encode, jnp.zeros(inputs.shape[1:]), inputs)
    memory = jnp.swapaxes(memory, 0, 1)
    features = memory @ params["memory"]

    def attend(h):
        query = linear(params["query"], h)[:, None, :]
        scores = jnp.sum(params["v"] * jnp.tanh(features + query), axis=2)
        return jnp.sum(jax.nn.softmax(scores)[:, :, None] * memory, axis=1)

    def decode(carry, x):
        h, context = carry
        x = linear(params["input"], x, context)
        h, _ = gru_cell(params["decoder"], h, x)
        context = attend(h)
        return (h, context), linear(params["mix"], h, context)

    inputs = params["decoder_embedding"][decoder[:-1]]
    _, outputs = lax.scan(decode, (h, jnp.zeros_like(h)), inputs)
    logits = outputs @ params["output"]["w"] + params["output"]["b"]
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, decoder[1:])
    return jnp.mean(jnp.sum(losses * weights, 0) / jnp.sum(weights, 0))


def attention(n_steps):
    n, hidden = data.SYMBOLS, 128
    shapes = {
        "encoder_embedding": (n, hidden),
        "encoder": gru_shapes(hidden, hidden),
        "memory": (hidden, hidden),
        "query": dense(hidden, hidden),
        "v": (hidden,),
        "decoder_embedding": (n, hidden),
        "input": dense(2 * hidden, hidden),
        "decoder": gru_shapes(hidden, hidden),
        "mix": dense(2 * hidden, hidden),
        "output": dense(hidden, n),
    }
    batches = data.sentences(n_steps)
    train(uniform(0.1, shapes), stateless(attention_loss), clipped_sgd(0.5), batches)


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
    h = dropout(key, jax.nn.relu(h @ w3 + b3))
    return cross_entropy(h @ w4 + b4, y)


def conv_net():
    batches = data.images((50, 784))
    train(conv_params, stateless(conv_loss), optax.adam(1e-4), batches)


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
    "gru": gru,
    "ptb_small": ptb_small,
    "ptb_medium": ptb_medium,
    "attention": attention,
    "conv_net": conv_net,
    "run_overhead": run_overhead,
}

if __name__ == "__main__":
    name, *numbers = sys.argv[1:]
    WORKLOADS[name](*map(int, numbers))
