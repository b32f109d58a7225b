"""Updates of some rows: in order where a row comes again, and in place."""

import jax
import numpy as np
import pytest

import tfstyle as tf

OPTIMIZERS = {
    "sgd": lambda: tf.train.GradientDescentOptimizer(0.1),
    "momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9),
    "adagrad": lambda: tf.train.AdagradOptimizer(0.1),
    "adadelta": lambda: tf.train.AdadeltaOptimizer(0.1),
    "ftrl": lambda: tf.train.FtrlOptimizer(0.1),
    "adam": lambda: tf.train.AdamOptimizer(0.1),
}


@pytest.mark.parametrize("known", [True, False], ids=["constant", "fed"])
def test_many_rows_come_again(known):
    """More rows of one round than are updated at a time, and very many rounds."""
    rng = np.random.RandomState(0)
    often = np.repeat(np.arange(3), [90, 40, 40])
    ids = rng.permutation(np.concatenate([often, np.tile(np.arange(10, 60), 2)]))
    values = rng.uniform(-1, 1, [len(ids), 2]).astype("f")
    table = tf.Variable(tf.zeros([70, 2]))
    rows = tf.constant(ids) if known else tf.placeholder(tf.int64, [None])
    grad = tf.IndexedSlices(tf.constant(values), rows)
    step = tf.train.MomentumOptimizer(0.1, 0.9).apply_gradients([(grad, table)])
    want, accum = np.zeros([2, 70, 2])
    for row, value in zip(ids, values, strict=True):
        accum[row] = 0.9 * accum[row] + value
        want[row] -= 0.1 * accum[row]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        sess.run(step, None if known else {rows: ids})
        np.testing.assert_allclose(sess.run(table), want, rtol=1e-4, atol=1e-6)


def test_what_is_no_row_changes_nothing():
    table = tf.Variable(tf.ones([5, 2]))
    rows = tf.placeholder(tf.int32, [None])
    grad = tf.IndexedSlices(tf.ones([4, 2]), rows)
    step = tf.train.MomentumOptimizer(1.0, 0.0).apply_gradients([(grad, table)])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        sess.run(step, {rows: [2**31 - 1, 3, 2**31 - 1, -1]})
        np.testing.assert_array_equal(sess.run(table)[:, 0], [1, 1, 1, 0, 1])


def compiled_step(monkeypatch, step, feed):
    """The executable of a training step, and its program before XLA."""
    found = []
    jit = jax.jit

    def remember(function, **options):
        jitted = jit(function, **options)

        def call(*args):
            if not found:
                program = jax.make_jaxpr(function)(*args)
                found.extend([jitted.lower(*args).compile(), program.jaxpr])
            return jitted(*args)

        return call

    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        with monkeypatch.context() as patch:
            patch.setattr(jax, "jit", remember)
            sess.run(step, feed)
    return found


def makers(program, shape):
    """The names of the primitives that make arrays of a shape."""
    found = set()
    for equation in program.eqns:
        if any(getattr(v.aval, "shape", None) == shape for v in equation.outvars):
            found.add(equation.primitive.name)
        for inner in jax.tree.leaves(
            list(equation.params.values()),
            is_leaf=lambda p: hasattr(p, "eqns") or hasattr(p, "jaxpr"),
        ):
            inner = getattr(inner, "jaxpr", inner)
            if hasattr(inner, "eqns"):
                found |= makers(inner, shape)
    return found


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_clipped_update_of_a_table_is_in_place(monkeypatch, name):
    """No array as large as the table is made, but the table with its rows changed."""
    shape = (20011, 16)
    table = tf.Variable(tf.zeros(shape))
    ids = tf.placeholder(tf.int32, [40])
    rows = tf.nn.embedding_lookup(table, ids) + 1.0
    loss = tf.reduce_sum(rows * rows)
    (gradient,), _ = tf.clip_by_global_norm(tf.gradients(loss, [table]), 1.0)
    assert isinstance(gradient, tf.IndexedSlices)
    step = OPTIMIZERS[name]().apply_gradients([(gradient, table)])
    executable, program = compiled_step(monkeypatch, step, {ids: np.arange(40) % 7})
    if name != "adam":
        # Adam's rule moves all rows.
        assert makers(program, shape) <= {"scatter", "scatter-sub", "while"}
    memory = executable.memory_analysis()
    size = 4 * shape[0] * shape[1]
    assert memory.temp_size_in_bytes < size / 4
    count = {"sgd": 1, "momentum": 2, "adagrad": 2}.get(name, 3)
    assert memory.alias_size_in_bytes >= count * size
