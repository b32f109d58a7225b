"""Gradients of embeddings, clipped and applied: what stays sparse, and the numbers."""
# ruff: noqa: B905 - zip() of Python 3.6 has no `strict`.

ROWS, DIM = 60, 3


def data(np, *shape, seed=1):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype("f")


def words(np, *shape, seed=2):
    """Word numbers as in a text: a few words make up most of it."""
    share = 1.0 / np.arange(1, ROWS + 1)
    return np.random.RandomState(seed).choice(ROWS, shape, p=share / share.sum())


def kind(tf, gradient):
    if gradient is None:
        return "None"
    return "slices" if isinstance(gradient, tf.IndexedSlices) else "dense"


def optimizers(tf):
    return {
        "sgd": tf.train.GradientDescentOptimizer(0.3),
        "momentum": tf.train.MomentumOptimizer(0.05, 0.9),
        "adagrad": tf.train.AdagradOptimizer(0.2),
        "adadelta": tf.train.AdadeltaOptimizer(0.5, epsilon=1e-2),
        "adam": tf.train.AdamOptimizer(0.05),
        "ftrl": tf.train.FtrlOptimizer(0.1, l1_regularization_strength=0.01),
    }


def by_global_norm(tf, grads):
    return tf.clip_by_global_norm(grads, 0.5)[0]


def by_norm(tf, grads):
    return [tf.clip_by_norm(g, 0.5) for g in grads]


def by_value(tf, grads):
    return [tf.clip_by_value(g, -0.05, 0.05) for g in grads]


def values_by_value(tf, grads):
    return [
        tf.IndexedSlices(
            tf.clip_by_value(g.values, -0.05, 0.05), g.indices, g.dense_shape
        )
        if isinstance(g, tf.IndexedSlices)
        else tf.clip_by_value(g, -0.05, 0.05)
        for g in grads
    ]


def language(tf, np):
    """Words in, words out: a table that is looked up, and a softmax."""
    ids = tf.placeholder(tf.int32, [None])
    targets = tf.placeholder(tf.int32, [None])
    table = tf.Variable(data(np, ROWS, DIM, seed=4), name="table")
    weights = tf.Variable(data(np, DIM, ROWS, seed=5), name="weights")
    logits = tf.matmul(tf.nn.embedding_lookup(table, ids), weights)
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(logits, targets)
    )
    return ids, targets, loss, [table, weights]


def train(tf, np, model, clip, names=("momentum", "sgd"), steps=4):
    """What each optimizer makes of the same batches."""
    results = {}
    for name in names:
        with tf.Graph().as_default():
            opt = optimizers(tf)[name]
            ids, targets, loss, variables = model(tf, np)
            grads = tf.gradients(loss, variables)
            clipped = clip(tf, grads)
            # An update in TensorFlow may come before another gradient's last read.
            together = tf.tuple(clipped)
            step = opt.apply_gradients(list(zip(together, variables)))
            with tf.Session() as sess:
                sess.run(tf.initialize_all_variables())
                for i in range(steps):
                    feed = {
                        ids: words(np, 100, seed=i),
                        targets: words(np, 100, seed=10 + i),
                    }
                    sess.run(step, feed)
                results[name] = {
                    "kinds": np.array([kind(tf, g) for g in grads + clipped]),
                    "loss": sess.run(loss, feed),
                    "variables": sess.run(variables),
                }
    return results


def case_global_norm(tf, np):
    return train(tf, np, language, by_global_norm, sorted(optimizers(tf)))


def case_norm(tf, np):
    return train(tf, np, language, by_norm)


def case_value(tf, np):
    return train(tf, np, language, by_value)


def case_values(tf, np):
    return train(tf, np, language, values_by_value)


def tied(tf, np):
    """One matrix is the table and the weights of the softmax."""
    ids = tf.placeholder(tf.int32, [None])
    targets = tf.placeholder(tf.int32, [None])
    table = tf.Variable(data(np, ROWS, DIM, seed=4), name="table")
    looked_up = tf.tanh(tf.nn.embedding_lookup(table, ids))
    logits = tf.matmul(looked_up, table, transpose_b=True)
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(logits, targets)
    )
    return ids, targets, loss, [table]


def case_tied(tf, np):
    return train(tf, np, tied, by_global_norm, ("adagrad", "adam"))


def unrolled(tf, np):
    """A lookup for each step, and one of the targets too."""
    ids = tf.placeholder(tf.int32, [100])
    targets = tf.placeholder(tf.int32, [100])
    table = tf.Variable(data(np, ROWS, DIM, seed=4), name="table")
    state = tf.zeros([20, DIM])
    for step in tf.split(0, 5, ids):
        state = tf.tanh(state + tf.gather(table, step))
    wanted = tf.nn.embedding_lookup(table, targets)
    loss = tf.reduce_sum(tf.square(state)) - 0.1 * tf.reduce_sum(tf.abs(wanted))
    return ids, targets, loss, [table]


def case_unrolled(tf, np):
    return train(tf, np, unrolled, by_global_norm)


def parts(tf, np):
    """A table in three parts."""
    ids = tf.placeholder(tf.int32, [None])
    targets = tf.placeholder(tf.int32, [None])
    values = data(np, ROWS, DIM, seed=4)
    tables = [tf.Variable(values[i::3], name="table") for i in range(3)]
    rows = tf.nn.embedding_lookup(tables, ids)
    loss = tf.reduce_mean(tf.square(rows - tf.to_float(targets[0])))
    return ids, targets, loss, tables


def case_parts(tf, np):
    return train(tf, np, parts, by_global_norm, ("adagrad", "sgd"))


def case_norms(tf, np):
    """The norm of slices is that of their values, rows that come twice apart."""
    table = tf.Variable(data(np, 6, 2), name="table")
    other = tf.Variable(data(np, 3, seed=2), name="other")
    rows = tf.nn.embedding_lookup(table, [1, 4, 1, 1])
    loss = tf.reduce_sum(rows * rows) + tf.reduce_sum(tf.sin(other))
    grads = tf.gradients(loss, [table, other])
    clipped, norm = tf.clip_by_global_norm([grads[0], None, grads[1]], 0.7)
    fetches = {
        "norm": norm,
        "alone": tf.global_norm([grads[0]]),
        "dense": tf.global_norm([tf.convert_to_tensor(grads[0])]),
        "values": clipped[0].values,
        "indices": clipped[0].indices,
        "shape": clipped[0].dense_shape,
        "by_norm": tf.clip_by_norm(grads[0], 0.7),
        "by_average_norm": tf.clip_by_average_norm(grads[0], 0.07),
        "by_value": tf.clip_by_value(grads[0], -1.0, 0.5),
    }
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {
            "numbers": sess.run(fetches),
            "none": clipped[1] is None,
            "kinds": np.array([kind(tf, g) for g in clipped]),
        }


def case_weighted_bags(tf, np):
    """`embedding_lookup_sparse`, clipped."""
    table = tf.Variable(data(np, 8, 2), name="table")
    ids = tf.SparseTensor([[0, 0], [0, 1], [1, 0], [2, 0]], [1, 3, 3, 1], [3, 2])
    weights = tf.SparseTensor(
        [[0, 0], [0, 1], [1, 0], [2, 0]], [0.5, 2.0, 1.5, 1.0], [3, 2]
    )
    rows = tf.nn.embedding_lookup_sparse(table, ids, weights, combiner="mean")
    grads = tf.gradients(tf.reduce_sum(tf.square(rows)), [table])
    clipped, _ = tf.clip_by_global_norm(grads, 0.5)
    step = tf.train.AdagradOptimizer(0.5).apply_gradients([(clipped[0], table)])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for _ in range(3):
            sess.run(step)
        return {"table": sess.run(table), "kind": kind(tf, clipped[0])}
