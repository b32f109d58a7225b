"""Candidate samplers with TensorFlow's own numbers, and the losses made of them.

True classes are fed: TensorFlow folds a sampler of constants into one draw.
"""

import os
import tempfile

TRUE = [[1, 5], [7, 2], [0, 9]]


def draw(tf, np, make, true=TRUE, times=3):
    """What a sampler gives in runs one after the other."""
    true = np.asarray(true, np.int64)
    classes = tf.placeholder(tf.int64, [None, true.shape[1]])
    outputs = make(classes)
    with tf.Session() as sess:
        runs = [sess.run(outputs, {classes: true}) for _ in range(times)]
    return {
        "runs": [list(run) for run in runs],
        "types": np.array([f"{t.dtype.name} {t.get_shape()}" for t in outputs]),
        "names": np.array([t.name for t in outputs] + list(outputs._fields)),
    }


def kinds(tf):
    return [
        tf.nn.uniform_candidate_sampler,
        tf.nn.log_uniform_candidate_sampler,
        tf.nn.learned_unigram_candidate_sampler,
    ]


def settings(tf, np, *args, **options):
    return [draw(tf, np, lambda c, k=k: k(c, 2, *args, **options)) for k in kinds(tf)]


def case_with_repetition(tf, np):
    return {"out": settings(tf, np, 7, False, 17, seed=3)}


def case_without_repetition(tf, np):
    return {"out": settings(tf, np, 12, True, 17, seed=3)}


def case_power_of_two(tf, np):
    return {"out": settings(tf, np, 20, True, 64, seed=9, name="sampler")}


def case_all_of_them(tf, np):
    return {"out": settings(tf, np, 12, True, 12, seed=11)}


def case_one_class(tf, np):
    kind = tf.nn.uniform_candidate_sampler
    return draw(tf, np, lambda c: kind(c, 1, 1, True, 1, seed=1), [[0]])


def case_many_classes(tf, np):
    true = np.arange(0, 40000, 1000).reshape(20, 2)
    return {
        "out": [
            draw(tf, np, lambda c, k=k: k(c, 2, 300, True, 40000, seed=5), true)
            for k in kinds(tf)
        ]
    }


def case_very_many_classes(tf, np):
    kind = tf.nn.uniform_candidate_sampler
    size = (1 << 62) + 12345
    return draw(tf, np, lambda c: kind(c, 2, 21, True, size, seed=5))


def case_graph_seed(tf, np):
    tf.set_random_seed(42)
    kind = tf.nn.log_uniform_candidate_sampler
    free = [draw(tf, np, lambda c: kind(c, 2, 5, True, 30)) for _ in range(2)]
    own = draw(tf, np, lambda c: kind(c, 2, 5, True, 30, seed=8))
    return {"free": free, "own": own}


def fixed(tf, np, num_sampled, unique, range_max, **options):
    kind = tf.nn.fixed_unigram_candidate_sampler
    true = [[1, 5], [6, 2]]
    return draw(
        tf, np, lambda c: kind(c, 2, num_sampled, unique, range_max, **options), true
    )


def frequencies(n):
    return [float(7 * i % 23 + 1) for i in range(n)]


def case_fixed_unigram(tf, np):
    given = frequencies(30)
    return {
        "repeated": fixed(tf, np, 9, False, 30, unigrams=given, seed=3),
        "unique": fixed(tf, np, 9, True, 30, unigrams=given, seed=3),
        "distorted": fixed(
            tf, np, 9, True, 30, unigrams=given, distortion=0.75, seed=3
        ),
        "power_of_two": fixed(tf, np, 9, True, 32, unigrams=frequencies(32), seed=3),
    }


def case_fixed_unigram_zipf(tf, np):
    given = [float(x) for x in np.round(1e6 / np.arange(1, 3001) ** 1.1) + 1]
    return fixed(tf, np, 200, True, 3000, unigrams=given, distortion=0.75, seed=2)


def case_fixed_unigram_file(tf, np):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "vocab.csv")
        with open(path, "w") as file:
            lines = (f"w{i},{x / 2:g}" for i, x in enumerate(frequencies(21)))
            file.write("\n".join(lines) + "\n\nlast,with,commas,3\n")
        shard = {"vocab_file": path, "num_shards": 3, "seed": 6}
        return {
            "file": fixed(tf, np, 5, True, 22, vocab_file=path, seed=6),
            "reserved": fixed(
                tf, np, 5, True, 25, vocab_file=path, num_reserved_ids=3, seed=6
            ),
            "shard_2": fixed(tf, np, 5, True, 7, shard=2, **shard),
            "reserved_shard_1": fixed(
                tf, np, 5, True, 9, shard=1, num_reserved_ids=4, **shard
            ),
        }


def case_all_candidates(tf, np):
    return draw(tf, np, lambda c: tf.nn.all_candidate_sampler(c, 2, 12, True))


def case_learned_counts(tf, np):
    """What was seen often is sampled often."""
    return draw(
        tf,
        np,
        lambda c: tf.nn.learned_unigram_candidate_sampler(c, 2, 8, False, 10, seed=1),
        [[3, 3]] * 40,
        times=5,
    )


def case_accidental_hits(tf, np):
    true = tf.placeholder(tf.int64, [None, 2])
    samples = tf.placeholder(tf.int64, [None])
    hits = tf.nn.compute_accidental_hits(true, samples, 2)
    none = tf.nn.compute_accidental_hits(true, samples + 100, 2)
    feed = {true: [[1, 2], [3, 1], [9, 9], [4, 4]], samples: [1, 5, 3, 1, 9]}
    with tf.Session() as sess:
        return {
            "hits": list(sess.run(hits, feed)),
            "none": list(sess.run(none, feed)),
            "types": np.array([f"{t.dtype.name} {t.get_shape()}" for t in hits]),
            "name": hits[0].name,
        }


def refused(tf, build):
    """The class of the error, and whether the graph or the run raised it."""
    with tf.Graph().as_default():
        try:
            outputs = build(tf)
        except Exception as error:
            return "built: " + type(error).__name__
        try:
            with tf.Session() as sess:
                sess.run(outputs)
        except Exception as error:
            return "run: " + type(error).__name__
    return "no error"


def case_bad(tf, np):
    true = np.array([[1, 5], [7, 2]], np.int64)

    def uniform(classes, *args):
        return lambda tf: tf.nn.uniform_candidate_sampler(classes(tf), *args)

    def fixed_of(**options):
        return lambda tf: tf.nn.fixed_unigram_candidate_sampler(
            tf.constant(true), 2, 1, False, 2, **options
        )

    def const(value, dtype=np.int64):
        return lambda tf: tf.constant(np.array(value, dtype))

    def hidden(value):
        return lambda tf: tf.placeholder_with_default(np.array(value, np.int64), None)

    def hits(classes, samples, num_true):
        return lambda tf: tf.nn.compute_accidental_hits(
            classes(tf), samples(tf), num_true
        )

    builds = [
        uniform(const(true), 1, 6, True, 50),
        uniform(hidden(true), 1, 6, True, 50),
        uniform(const([1, 2]), 1, 6, True, 50),
        uniform(hidden([1, 2]), 1, 6, True, 50),
        uniform(const(true, np.int32), 2, 6, True, 50),
        uniform(const(true), 2, 0, True, 50),
        uniform(const(true), 0, 1, True, 50),
        uniform(const(true), 2, 1, True, 0),
        fixed_of(),
        fixed_of(vocab_file="x", unigrams=[1.0, 2.0]),
        fixed_of(unigrams=[1.0, 2.0], num_shards=0),
        fixed_of(unigrams=[1.0, 2.0], shard=-1),
        hits(const(true), const([1, 2]), 1),
        hits(hidden(true), const([1, 2]), 1),
        hits(const(true), hidden([[1, 2]]), 2),
        hits(const(true, np.int32), const([1, 2]), 2),
    ]
    return {"errors": np.array([refused(tf, build) for build in builds])}


# -- losses ---------------------------------------------------------------------

CLASSES, DIM, BATCH = 23, 4, 5


def data(np, *shape, seed=1):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype("f")


def parameters(tf, np, parts=1, strategy="mod"):
    """Weights, perhaps in parts, and biases as variables."""
    table = data(np, CLASSES, DIM, seed=2)
    if parts == 1:
        weights = [tf.Variable(table, name="w")]
    elif strategy == "mod":
        weights = [tf.Variable(table[i::parts]) for i in range(parts)]
    else:
        weights = [tf.Variable(piece) for piece in np.array_split(table, parts)]
    return weights, tf.Variable(data(np, CLASSES, seed=3), name="b")


def measure(tf, np, loss, weights, biases, inputs, feed):
    """The loss, its dense gradients, and which of them are sparse."""
    found = tf.gradients(loss, [*weights, biases, inputs])
    dense = [tf.convert_to_tensor(g) for g in found]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        results = [sess.run([loss, dense], feed) for _ in range(2)]
    return {
        "results": results,
        "sparse": np.array([isinstance(g, tf.IndexedSlices) for g in found]),
        "type": f"{loss.dtype.name} {loss.get_shape()}",
    }


def one_loss(
    tf, np, kind, num_true=1, parts=1, strategy="mod", sampler=None, count=8, **kw
):
    labels = np.random.RandomState(4).randint(0, CLASSES, (BATCH, num_true))
    x = tf.placeholder(tf.float32, [BATCH, DIM])
    y = tf.placeholder(tf.int32, [None, num_true])
    weights, biases = parameters(tf, np, parts, strategy)
    if sampler is not None:
        kw["sampled_values"] = sampler(tf.cast(y, tf.int64))
    loss = getattr(tf.nn, kind)(
        weights if parts > 1 else weights[0],
        biases,
        x,
        y,
        count,
        CLASSES,
        num_true=num_true,
        partition_strategy=strategy,
        **kw,
    )
    feed = {x: data(np, BATCH, DIM), y: labels}
    return measure(tf, np, loss, weights, biases, x, feed)


def both(tf, np, **options):
    """Either loss, under a graph seed: the default sampler has none of its own."""
    results = {}
    for kind in ("sampled_softmax_loss", "nce_loss"):
        with tf.Graph().as_default():
            tf.set_random_seed(7)
            results[kind] = one_loss(tf, np, kind, **options)
    return results


def case_losses(tf, np):
    return both(tf, np)


def case_losses_with_hits_kept_and_removed(tf, np):
    results = {}
    for kind, remove in (("sampled_softmax_loss", False), ("nce_loss", True)):
        with tf.Graph().as_default():
            tf.set_random_seed(7)
            results[kind] = one_loss(
                tf, np, kind, num_true=3, remove_accidental_hits=remove
            )
    return results


def case_losses_mod(tf, np):
    return both(tf, np, parts=3, num_true=2)


def case_losses_div(tf, np):
    return both(tf, np, parts=3, strategy="div")


def case_losses_repeated_samples(tf, np):
    """Of a class that was sampled twice, only the last sample is an accident."""

    def sampler(tf):
        return lambda y: tf.nn.log_uniform_candidate_sampler(
            y, 2, 8, False, CLASSES, seed=5
        )

    return both(
        tf,
        np,
        num_true=2,
        remove_accidental_hits=True,
        sampler=sampler(tf),
        name="loss",
    )


def case_losses_learned_sampler(tf, np):
    def sampler(tf):
        return lambda y: tf.nn.learned_unigram_candidate_sampler(
            y, 1, 8, True, CLASSES, seed=5
        )

    return both(tf, np, sampler=sampler(tf))


def case_losses_all_candidates(tf, np):
    def sampler(tf):
        return lambda y: tf.nn.all_candidate_sampler(y, 1, CLASSES, True)

    return both(tf, np, sampler=sampler(tf), count=CLASSES)


def case_sampled_rows(tf, np):
    """The rows of the gradients, in their order."""
    x = tf.constant(data(np, BATCH, DIM))
    y = tf.placeholder(tf.int64, [BATCH, 1])
    (weights,), biases = parameters(tf, np)
    sampled = tf.nn.log_uniform_candidate_sampler(y, 1, 8, True, CLASSES, seed=3)
    loss = tf.nn.nce_loss(weights, biases, x, y, 8, CLASSES, sampled_values=sampled)
    grads = tf.gradients(loss, [weights, biases])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        rows = sess.run([[g.indices, g.values] for g in grads], {y: [[3]] * BATCH})
    return {"rows": rows}


def case_training(tf, np):
    """Word vectors: the embedding and the weights of the loss, step by step."""
    results = {}
    optimizers = {
        "sgd": tf.train.GradientDescentOptimizer(0.5),
        "adagrad": tf.train.AdagradOptimizer(0.5),
        "momentum": tf.train.MomentumOptimizer(0.1, 0.9),
    }
    for name, optimizer in optimizers.items():
        with tf.Graph().as_default():
            tf.set_random_seed(3)
            table = tf.Variable(data(np, CLASSES, DIM, seed=5), name="embeddings")
            (weights,), biases = parameters(tf, np)
            words = tf.placeholder(tf.int32, [BATCH])
            context = tf.placeholder(tf.int32, [BATCH, 1])
            looked_up = tf.nn.embedding_lookup(table, words)
            loss = tf.reduce_mean(
                tf.nn.nce_loss(weights, biases, looked_up, context, 6, CLASSES)
            )
            step = optimizer.minimize(loss)
            rng = np.random.RandomState(0)
            losses = []
            with tf.Session() as sess:
                sess.run(tf.initialize_all_variables())
                for _ in range(10):
                    batch = rng.randint(0, CLASSES, (2, BATCH))
                    feed = {words: batch[0], context: batch[1][:, None]}
                    losses.append(sess.run([step, loss], feed)[1])
                results[name] = [losses, sess.run([table, weights, biases])]
    return results
