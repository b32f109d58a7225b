"""Gradients that are asked for inside of branches and loops, of what is outside."""

import numpy as np

X = np.array([1.0, 2.0, 3.0], np.float32)
SGD_RATE = 0.1


def run(tf, fetches, feeds=None, times=1):
    """The fetched values of each of some runs, then the variables."""
    found = {}
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for i in range(times):
            for j, value in enumerate(sess.run(fetches, feeds)):
                if value is not None:
                    found[f"run_{i}/{j}"] = np.asarray(value)
        for variable in tf.all_variables():
            found[variable.name] = sess.run(variable)
    return found


def sgd(tf, loss, *variables):
    optimizer = tf.train.GradientDescentOptimizer(SGD_RATE)
    return optimizer.minimize(loss, var_list=list(variables) or None)


def case_minimize_in_a_branch(tf, np):
    w = tf.Variable(1.0)
    loss = tf.square(w - 3.0)
    train = tf.placeholder(tf.bool, [])
    step = tf.cond(train, lambda: tf.group(sgd(tf, loss)), lambda: tf.no_op())
    found = run(tf, [step], {train: True}, times=3)
    found.update(("not/" + k, v) for k, v in run(tf, [step], {train: False}).items())
    return found


def case_minimize_in_a_loop(tf, np):
    # The loss is computed once, before the loop.
    w = tf.Variable(1.0)
    loss = tf.square(w - 3.0)

    def body(i):
        with tf.control_dependencies([sgd(tf, loss)]):
            return i + 1

    return run(tf, [tf.while_loop(lambda i: i < 3, body, [tf.constant(0)])])


def case_two_players(tf, np):
    x = tf.constant(np.linspace(-1, 1, 12).reshape(4, 3).astype(np.float32))
    t = tf.constant(np.arange(8.0).reshape(4, 2).astype(np.float32))
    w = tf.Variable(np.arange(6).reshape(3, 2).astype(np.float32) / 10)
    b = tf.Variable([0.1, 0.2])
    u = tf.Variable([[0.5], [0.3]])
    h = tf.tanh(tf.matmul(x, w) + b)
    losses = [
        tf.reduce_mean(tf.square(h - t)),
        tf.reduce_mean(tf.square(tf.matmul(h, u) - 1.0)),
    ]
    turn = tf.Variable(0)
    momentum = tf.train.MomentumOptimizer(0.1, 0.9)
    adam = tf.train.AdamOptimizer(0.01)
    trained = tf.cond(
        tf.equal(tf.mod(turn, 2), 0),
        lambda: tf.group(momentum.minimize(losses[0], var_list=[w, b])),
        lambda: tf.group(adam.minimize(losses[1], var_list=[u])),
    )
    with tf.control_dependencies([trained]):
        step = tf.assign_add(turn, 1)
    return run(tf, [step], times=4)


def rows_of_jacobian(tf, y, x):
    return tf.map_fn(
        lambda i: tf.gradients(tf.gather(y, i), x)[0], tf.range(3), dtype=tf.float32
    )


def case_jacobian(tf, np):
    x = tf.constant(X)
    w = tf.Variable(X)
    jacobian = rows_of_jacobian(tf, x * x * x, x)
    of_variable = rows_of_jacobian(tf, w * tf.reduce_sum(w), w)
    return run(tf, [jacobian, of_variable])


def case_gradient_of_a_jacobian(tf, np):
    w = tf.Variable(X)
    jacobian = rows_of_jacobian(tf, w * w * tf.reduce_sum(w), w)
    return run(tf, [tf.gradients(tf.reduce_sum(tf.square(jacobian)), w)[0]])


def case_hessian(tf, np):
    w = tf.Variable(X)
    gradient = tf.gradients(tf.reduce_prod(w) + tf.reduce_sum(w * w * w), w)[0]
    return run(tf, [rows_of_jacobian(tf, gradient, w)])


def case_partly_outside(tf, np):
    x = tf.constant(X)
    outside = x * x
    inside = tf.placeholder(tf.bool, [])
    gradient = tf.cond(
        inside,
        lambda: tf.gradients(tf.reduce_sum(2.0 * outside * outside), x)[0],
        lambda: x,
    )
    return run(tf, [gradient], {inside: True})


def case_random_numbers_outside(tf, np):
    w = tf.Variable(X)
    y = tf.nn.dropout(w, 0.5, seed=1) * w
    inside = tf.placeholder(tf.bool, [])
    gradient = tf.cond(inside, lambda: tf.gradients(y, w)[0], lambda: w + 0.0)
    return run(tf, [gradient, y], {inside: True}, times=3)


def case_unrolled_loop_outside(tf, np):
    w = tf.Variable(0.5)
    state = tf.constant([1.0, 2.0])
    x = tf.constant(np.linspace(-1, 1, 24).reshape(12, 2).astype(np.float32))
    for i in range(12):
        state = tf.tanh(state * w + x[i, :])
    loss = tf.reduce_sum(state)
    train = tf.placeholder(tf.bool, [])
    step = tf.cond(train, lambda: tf.group(sgd(tf, loss)), lambda: tf.no_op())
    return run(tf, [step], {train: True}, times=3)


def case_branch_in_a_loop(tf, np):
    w = tf.Variable(X)
    y = w * w

    def row(i):
        return tf.cond(
            i < 1,
            lambda: tf.gradients(tf.gather(y, i), w)[0],
            lambda: tf.gradients(tf.gather(y, i) * tf.to_float(i + 1), w)[0],
        )

    return run(tf, [tf.map_fn(row, tf.range(3), dtype=tf.float32)])


def case_gradient_given(tf, np):
    # Nothing but the gradient depends on `y`.
    x = tf.constant(X)
    given = tf.constant([3.0, 1.0, 2.0])

    def body(i, a):
        y = x * x * a
        return i + 1, a + tf.gradients(y, x, grad_ys=given)[0]

    start = [tf.constant(0), tf.constant([1.0, 1.0, 0.5])]
    return run(tf, [tf.while_loop(lambda i, a: i < 2, body, start)[1]])
