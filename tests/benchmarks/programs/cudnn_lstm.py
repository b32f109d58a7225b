"""cuDNN's LSTM against a scan, on an NVIDIA GPU: `cudnn_lstm.py`.

Value and gradient of the sum of squared outputs, with respect to input and weights, in
float32. One line per shape: batch, steps, inputs, units, layers.
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.experimental import rnn
from measure import clock, time_calls

SHAPES = [
    (128, 40, 59, 128, 1),
    (128, 28, 28, 128, 1),
    (20, 20, 200, 200, 2),
    (20, 35, 650, 650, 2),
    (20, 400, 200, 200, 2),
]


def cudnn(x, weights, shape):
    batch, steps, n_input, hidden, n_layers = shape
    start = jnp.zeros((n_layers, batch, hidden))
    lengths = jnp.full((batch,), steps, jnp.int32)
    y, _, _ = rnn.lstm(
        *(x, start, start, weights, lengths, n_input, hidden, n_layers),
        dropout=0.0,
        bidirectional=False,
        precision=lax.Precision.HIGHEST,
    )
    return y


def scanned(x, weights, shape):
    batch, _, n_input, hidden, n_layers = shape
    kinds = rnn.unpack_lstm_weights(weights, n_input, hidden, n_layers, False)
    zeros = jnp.zeros((batch, hidden))
    x = jnp.swapaxes(x, 0, 1)
    for layer in range(n_layers):
        w_input, w_state, b_input, b_state = (kind[layer] for kind in kinds)

        def step(carry, projected, w_state=w_state):
            h, c = carry
            gates = projected + jnp.dot(h, w_state.T, precision="highest")
            i, f, g, o = jnp.split(gates, 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        projected = jnp.dot(x, w_input.T, precision="highest") + b_input + b_state
        _, x = lax.scan(step, (zeros, zeros), projected)
    return jnp.swapaxes(x, 0, 1)


def compare(shape):
    batch, steps, n_input, hidden, n_layers = shape
    count = rnn.get_num_params_in_lstm(n_input, hidden, n_layers, False)
    keys = jax.random.split(jax.random.key(0))
    x = jax.random.normal(keys[0], (batch, steps, n_input))
    weights = 0.1 * jax.random.normal(keys[1], (count,))
    times, first, results = {}, {}, {}
    for layer in (cudnn, scanned):

        def loss(x, weights, layer=layer):
            return jnp.sum(layer(x, weights, shape) ** 2)

        run = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))
        begin = clock()
        results[layer] = jax.block_until_ready(run(x, weights))
        first[layer] = clock() - begin
        times[layer] = time_calls(
            lambda _, run=run: jax.block_until_ready(run(x, weights)), 1.0
        )
    return times, first, _difference(results[cudnn], results[scanned])


def _difference(one, other):
    """The largest difference, relative to the largest value of each array."""
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return max(
        float(np.max(np.abs(np.subtract(a, b))) / np.max(np.abs(b))) for a, b in pairs
    )


def main():
    if jax.default_backend() != "gpu":
        sys.exit("cudnn_lstm.py: needs an NVIDIA GPU")
    for shape in SHAPES:
        times, first, difference = compare(shape)
        print(
            *shape,
            *(f"{layer.__name__} {1e3 * times[layer]:.2f} ms" for layer in times),
            f"ratio {times[cudnn] / times[scanned]:.2f}",
            f"first calls {first[cudnn]:.1f} and {first[scanned]:.1f} s",
            f"difference {difference:.1e}",
            sep="  ",
        )


if __name__ == "__main__":
    main()
