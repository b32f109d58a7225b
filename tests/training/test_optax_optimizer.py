"""`OptaxOptimizer` trains as a JAX program with the same transformation does."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import tfstyle as tf

START = {
    "w": np.random.RandomState(0).normal(size=(3, 2)).astype("f"),
    "layer/b": np.ones(2, "f"),
}
DATA = np.random.RandomState(1).normal(size=(5, 3)).astype("f")


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def labels(params):
    return {name: "matrix" if p.ndim > 1 else "vector" for name, p in params.items()}


TRANSFORMATIONS = {
    "sgd": lambda: optax.sgd(0.01),
    "adam": lambda: optax.adam(0.1),
    "adamw_with_schedule": lambda: optax.adamw(
        optax.exponential_decay(0.1, 3, 0.5), weight_decay=0.1
    ),
    "chain": lambda: optax.chain(optax.clip_by_global_norm(1.0), optax.lion(0.01)),
    "noise": lambda: optax.chain(optax.add_noise(0.1, 0.5, 3), optax.sgd(0.01)),
    "hyperparameters": lambda: optax.inject_hyperparams(optax.adam)(learning_rate=0.1),
    "two": lambda: optax.multi_transform(
        {"matrix": optax.adam(0.1), "vector": optax.sgd(0.01)}, labels
    ),
    "state_of_values": lambda: optax.contrib.schedule_free_adamw(0.01),
}


def by_jax(transformation, steps):
    def loss(params):
        return jnp.sum(jnp.square(DATA @ params["w"] + params["layer/b"] - 1.0))

    @jax.jit
    def train(params):
        state = transformation.init(params)
        for _ in range(steps):
            gradients = jax.grad(loss)(params)
            updates, state = transformation.update(gradients, state, params)
            params = optax.apply_updates(params, updates)
        return params

    return train(START)


def build(opt, **kwargs):
    v = {name: tf.Variable(start, name=name) for name, start in START.items()}
    outputs = tf.matmul(tf.constant(DATA), v["w"]) + v["layer/b"]
    return v, opt.minimize(tf.reduce_sum(tf.square(outputs - 1.0)), **kwargs)


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_same_steps_as_in_jax(name):
    v, step = build(tf.train.OptaxOptimizer(TRANSFORMATIONS[name]()))
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for _ in range(3):
            sess.run(step)
        got = sess.run(v)
    want = by_jax(TRANSFORMATIONS[name](), 3)
    for key in START:
        np.testing.assert_allclose(got[key], want[key], rtol=2e-5, atol=1e-6)


def test_state_is_in_slots_and_variables():
    opt = tf.train.OptaxOptimizer(optax.adam(0.1), name="Opt")
    count = tf.Variable(0, name="count", trainable=False)
    v, step = build(opt, global_step=count)
    assert step.name == "Opt"
    assert opt.get_slot_names() == ["mu", "nu"]
    assert opt.get_slot(v["w"], "mu").name == "w/Opt:0"
    assert opt.get_slot(v["layer/b"], "nu").name == "layer/b/Opt_1:0"
    names = {variable.op.name for variable in tf.all_variables()}
    assert "Opt/count" in names
    assert len(names) == 8
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        sess.run(step)
        assert tf.train.global_step(sess, count) == 1


def test_initialising_the_state_leaves_the_variables_alone():
    opt = tf.train.OptaxOptimizer(optax.adam(0.1))
    v, _ = build(opt)
    with tf.Session() as sess:
        sess.run(v["w"].assign(2 * START["w"]))
        sess.run(opt.get_slot(v["w"], "mu").initializer)
        np.testing.assert_array_equal(sess.run(v["w"]), 2 * START["w"])


def test_slices_are_made_dense():
    table = tf.Variable(np.ones([4, 2], "f"))
    rows = tf.nn.embedding_lookup(table, [1, 1, 3])
    step = tf.train.OptaxOptimizer(optax.sgd(0.5)).minimize(tf.reduce_sum(rows))
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        sess.run(step)
        got = sess.run(table)
    np.testing.assert_array_equal(got[:, 0], [1, 0, 1, 0.5])


def test_what_is_no_transformation_is_refused():
    with pytest.raises(TypeError, match="must be an optax.GradientTransformation"):
        tf.train.OptaxOptimizer(0.1)


def test_variables_of_unknown_shape_are_refused():
    v = tf.Variable(tf.placeholder(tf.float32), validate_shape=False)
    opt = tf.train.OptaxOptimizer(optax.sgd(0.1))
    with pytest.raises(ValueError, match="must be known"):
        opt.apply_gradients([(tf.constant([1.0]), v)])
