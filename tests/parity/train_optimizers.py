"""Ten steps of every optimizer, dense and sparse: variables, losses, slots, names."""


def data(np, *shape, seed=1):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype("f")


def names(np, variables):
    return np.array([f"{v.name} {v.get_shape().as_list()}" for v in variables])


def slots(tf, opt, variables):
    """All slots of all variables: 'variable slot' -> (name, the slot)."""
    found = {}
    for name in opt.get_slot_names():
        for v in variables:
            slot = opt.get_slot(v, name)
            if slot is not None:
                found[f"{v.op.name} {name}"] = slot
    return found


def train(tf, np, opt, loss, variables, feed=None, steps=10, **kwargs):
    """Runs `steps` steps and returns what they leave behind."""
    step_count = tf.Variable(0, trainable=False, name="global_step")
    train_op = opt.minimize(loss, global_step=step_count, **kwargs)
    kept = slots(tf, opt, variables)
    history = []
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        first = sess.run(kept)
        for _ in range(steps):
            history.append([sess.run(loss, feed), *sess.run(variables, feed)])
            sess.run(train_op, feed)
        return {
            "losses": np.array([h[0] for h in history]),
            "after_one": history[1][1:],
            "after_all": sess.run(variables),
            "slots_at_start": first,
            "slots": sess.run(kept),
            "slot_names": np.array(sorted(opt.get_slot_names())),
            "slot_variables": np.array(
                sorted(f"{k} {v.name}" for k, v in kept.items())
            ),
            "all_variables": names(np, tf.all_variables()),
            "trainable": names(np, tf.trainable_variables()),
            "op": np.array([train_op.name, train_op.type]),
            "steps": sess.run(step_count),
            "opt": np.array(opt.get_name()),
        }


def dense(tf, np, opt, **kwargs):
    """A linear fit: matrix and bias, everything dense."""
    w = tf.Variable(data(np, 3, 2, seed=2), name="w")
    b = tf.Variable(np.zeros(2, "f"), name="b")
    x, y = tf.constant(data(np, 5, 3)), tf.constant(data(np, 5, 2, seed=3))
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + b - y))
    return train(tf, np, opt, loss, [w, b], **kwargs)


def sparse(tf, np, opt, ids=(1, 4, 2), **kwargs):
    """Rows of a table: the gradient is IndexedSlices, most rows are never used."""
    table = tf.Variable(data(np, 6, 3, seed=4), name="table")
    rows = tf.nn.embedding_lookup(table, list(ids))
    target = tf.constant(data(np, len(ids), 3, seed=5))
    loss = tf.reduce_sum(tf.square(rows - target))
    return train(tf, np, opt, loss, [table], **kwargs)


def twice(tf, np, opt, **kwargs):
    """The same row several times in one batch: its gradients add up."""
    return sparse(tf, np, opt, ids=(1, 3, 1, 1, 3), **kwargs)


def case_gradient_descent_dense(tf, np):
    return dense(tf, np, tf.train.GradientDescentOptimizer(0.1))


def case_gradient_descent_sparse(tf, np):
    return sparse(tf, np, tf.train.GradientDescentOptimizer(0.1))


def case_gradient_descent_twice(tf, np):
    return twice(tf, np, tf.train.GradientDescentOptimizer(0.1, use_locking=True))


def case_gradient_descent_named(tf, np):
    return dense(tf, np, tf.train.GradientDescentOptimizer(0.05, name="Descent"))


def case_adadelta_dense(tf, np):
    return dense(tf, np, tf.train.AdadeltaOptimizer(1.0, rho=0.9, epsilon=1e-4))


def case_adadelta_default(tf, np):
    return dense(tf, np, tf.train.AdadeltaOptimizer())


def case_adadelta_sparse(tf, np):
    return sparse(tf, np, tf.train.AdadeltaOptimizer(1.0, epsilon=1e-3))


def case_adadelta_twice(tf, np):
    return twice(tf, np, tf.train.AdadeltaOptimizer(0.5, epsilon=1e-3))


def case_adagrad_dense(tf, np):
    return dense(tf, np, tf.train.AdagradOptimizer(0.3))


def case_adagrad_start(tf, np):
    return dense(tf, np, tf.train.AdagradOptimizer(0.3, initial_accumulator_value=1.5))


def case_adagrad_sparse(tf, np):
    return sparse(tf, np, tf.train.AdagradOptimizer(0.3))


def case_adagrad_twice(tf, np):
    return twice(tf, np, tf.train.AdagradOptimizer(0.3, use_locking=True))


def case_adagrad_bad_start(tf, np):
    tf.train.AdagradOptimizer(0.3, initial_accumulator_value=0.0)


def case_momentum_dense(tf, np):
    return dense(tf, np, tf.train.MomentumOptimizer(0.1, 0.9))


def case_momentum_sparse(tf, np):
    return sparse(tf, np, tf.train.MomentumOptimizer(0.05, 0.8))


def case_momentum_twice(tf, np):
    return twice(tf, np, tf.train.MomentumOptimizer(0.02, 0.9, use_locking=True))


def case_momentum_tensors(tf, np):
    rate, momentum = tf.constant(0.1), tf.constant(0.5)
    return dense(tf, np, tf.train.MomentumOptimizer(rate, momentum))


def case_adam_dense(tf, np):
    return dense(tf, np, tf.train.AdamOptimizer(0.1))


def case_adam_betas(tf, np):
    return dense(tf, np, tf.train.AdamOptimizer(0.05, 0.8, 0.9, epsilon=0.1))


def case_adam_default(tf, np):
    return dense(tf, np, tf.train.AdamOptimizer())


def case_adam_sparse(tf, np):
    return sparse(tf, np, tf.train.AdamOptimizer(0.1))


def case_adam_twice(tf, np):
    return twice(tf, np, tf.train.AdamOptimizer(0.1, use_locking=True))


def case_ftrl_dense(tf, np):
    return dense(tf, np, tf.train.FtrlOptimizer(0.5))


def case_ftrl_l1_l2(tf, np):
    opt = tf.train.FtrlOptimizer(
        0.5, l1_regularization_strength=0.05, l2_regularization_strength=0.1
    )
    return dense(tf, np, opt)


def case_ftrl_power(tf, np):
    opt = tf.train.FtrlOptimizer(
        0.5, learning_rate_power=-0.7, initial_accumulator_value=0.5
    )
    return dense(tf, np, opt)


def case_ftrl_sparse(tf, np):
    opt = tf.train.FtrlOptimizer(
        0.3, l1_regularization_strength=0.1, l2_regularization_strength=0.01
    )
    return sparse(tf, np, opt)


def case_ftrl_twice(tf, np):
    return twice(tf, np, tf.train.FtrlOptimizer(0.3, use_locking=True))


def case_rmsprop_dense(tf, np):
    return dense(tf, np, tf.train.RMSPropOptimizer(0.05))


def case_rmsprop_momentum(tf, np):
    opt = tf.train.RMSPropOptimizer(0.02, decay=0.8, momentum=0.5, epsilon=1e-3)
    return dense(tf, np, opt)


def case_fed_learning_rate(tf, np):
    rate = tf.placeholder(tf.float32, [])
    opt = tf.train.GradientDescentOptimizer(rate)
    return dense(tf, np, opt, feed={rate: 0.2})


def case_fed_learning_rate_adam(tf, np):
    rate = tf.placeholder(tf.float32, [])
    return dense(tf, np, tf.train.AdamOptimizer(rate), feed={rate: 0.2})


def case_decayed_learning_rate(tf, np):
    """The step count that the decay reads is the one that `minimize` raises."""
    w = tf.Variable(data(np, 3, seed=2), name="w")
    count = tf.Variable(0, trainable=False, name="count")
    rate = tf.train.exponential_decay(0.5, count, 2, 0.5, staircase=True)
    loss = tf.reduce_sum(tf.square(w - 1.0))
    opt = tf.train.GradientDescentOptimizer(rate)
    step = opt.minimize(loss, global_step=count)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        got = []
        for _ in range(6):
            got.append([sess.run(rate), *sess.run(w)])
            sess.run(step)
        return {"got": np.array(got), "count": tf.train.global_step(sess, count)}


def case_dense_and_sparse_together(tf, np):
    """One table, read by rows and as a whole."""
    table = tf.Variable(data(np, 4, 3, seed=4), name="table")
    rows = tf.nn.embedding_lookup(table, [0, 2, 0])
    loss = tf.reduce_sum(tf.square(rows)) + tf.reduce_mean(tf.square(table - 1.0))
    return train(tf, np, tf.train.AdagradOptimizer(0.2), loss, [table])


def case_two_lookups(tf, np):
    """Two lookups in one table: their slices are joined."""
    table = tf.Variable(data(np, 5, 2, seed=4), name="table")
    first = tf.nn.embedding_lookup(table, [0, 2])
    second = tf.gather(table, [2, 4])
    loss = tf.reduce_sum(tf.square(first - second))
    return train(tf, np, tf.train.MomentumOptimizer(0.1, 0.5), loss, [table])


def case_sparse_with_clipping(tf, np):
    table = tf.Variable(data(np, 6, 3, seed=4), name="table")
    w = tf.Variable(data(np, 3, 1, seed=6), name="w")
    rows = tf.nn.embedding_lookup(table, [1, 4, 1])
    loss = tf.reduce_sum(tf.square(tf.matmul(rows, w) - 2.0))
    opt = tf.train.AdagradOptimizer(0.5)
    grads = tf.gradients(loss, [table, w])
    clipped, norm = tf.clip_by_global_norm(grads, 1.0)
    pairs = [(clipped[0], table), (clipped[1], w)]
    step = opt.apply_gradients(pairs)
    kinds = np.array([type(g).__name__ for g in clipped])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        norms = []
        for _ in range(5):
            norms.append(sess.run(norm))
            sess.run(step)
        return {"norms": np.array(norms), "end": sess.run([table, w]), "kinds": kinds}


def case_two_optimizers(tf, np):
    """Slots of two optimizers on one variable stand side by side."""
    w = tf.Variable(data(np, 3, seed=2), name="w")
    loss = tf.reduce_sum(tf.square(w))
    first = tf.train.AdamOptimizer(0.1).minimize(loss)
    second = tf.train.AdamOptimizer(0.1).minimize(loss)
    third = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for op in (first, second, third, first):
            sess.run(op)
        values = sess.run(tf.all_variables())
        return {
            "names": names(np, tf.all_variables()),
            "values": values,
            "ops": np.array([first.name, second.name, third.name]),
        }


def case_variables_of_a_scope(tf, np):
    """Slots are named after their variable, scopes included."""
    with tf.variable_scope("layer"):
        w = tf.get_variable("w", initializer=tf.constant(data(np, 2, seed=2)))
    with tf.name_scope("training"):
        loss = tf.reduce_sum(tf.square(w))
        op = tf.train.AdamOptimizer(0.1).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        sess.run(op)
        return {
            "names": names(np, tf.all_variables()),
            "values": sess.run(tf.all_variables()),
            "op": np.array(op.name),
        }


def case_double_precision(tf, np):
    w = tf.Variable(data(np, 3, seed=2).astype("float64"), name="w")
    loss = tf.reduce_sum(tf.square(w - 1.0))
    return train(tf, np, tf.train.AdamOptimizer(0.1), loss, [w])


def case_double_precision_rmsprop(tf, np):
    w = tf.Variable(data(np, 3, seed=2).astype("float64"), name="w")
    loss = tf.reduce_sum(tf.square(w - 1.0))
    return train(tf, np, tf.train.RMSPropOptimizer(0.1, momentum=0.9), loss, [w])
