"""`get_variable` and `variable_scope`: names, reuse, what a scope hands down."""


def data(np, *shape, seed=1):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype("f")


def names(np, things):
    return np.array([f"{t.name} {t.get_shape()} {t.dtype!r}" for t in things])


def values(tf, tensors):
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return sess.run(tensors)


def case_get_variable_plain(tf, np):
    a = tf.get_variable("a", [2, 3], initializer=tf.constant_initializer(0.5))
    b = tf.get_variable("b", [2], tf.float64, tf.constant_initializer(1.5))
    c = tf.get_variable("c", [], tf.int32, initializer=tf.constant_initializer(3))
    d = tf.get_variable("d", [2], initializer=tf.zeros_initializer, trainable=False)
    return {
        "values": values(tf, [a, b, c, d]),
        "names": names(np, tf.all_variables()),
        "trainable": names(np, tf.trainable_variables()),
        "ops": np.array([v.initial_value.name for v in (a, b, c, d)]),
    }


def case_get_variable_from_tensor(tf, np):
    a = tf.get_variable("a", initializer=tf.constant(data(np, 2, 3)))
    b = tf.get_variable("b", initializer=tf.constant([1.0, 2.0]) * 3.0)
    return {"values": values(tf, [a, b]), "names": names(np, [a, b])}


def case_get_variable_own_initializer(tf, np):
    def ramp(shape, dtype, partition_info=None):
        return tf.reshape(tf.cast(tf.range(0, shape[0] * shape[1]), dtype), shape)

    a = tf.get_variable("a", [2, 3], initializer=ramp)
    return {"value": values(tf, a), "names": names(np, [a])}


def case_initializers(tf, np):
    def make(name, shape, initializer, dtype=tf.float32):
        return tf.get_variable(name, shape, dtype, initializer)

    made = [
        make("uniform", [3, 4], tf.random_uniform_initializer(-0.5, 0.5, seed=1)),
        make("normal", [3, 4], tf.random_normal_initializer(1.0, 0.1, seed=2)),
        make("truncated", [3, 4], tf.truncated_normal_initializer(stddev=2.0, seed=3)),
        make("scaled", [4, 3], tf.uniform_unit_scaling_initializer(1.4, seed=4)),
        make("scaled_4d", [2, 2, 3, 4], tf.uniform_unit_scaling_initializer(seed=5)),
        make("constant", [2], tf.constant_initializer(0.25)),
        make("matrix", [2, 2], tf.constant_initializer([1, 2, 3, 4])),
        make("zeros", [2], tf.zeros_initializer),
        make(
            "wide",
            [3],
            tf.random_uniform_initializer(seed=6, dtype=tf.float64),
            tf.float64,
        ),
    ]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        first = sess.run(made)
        sess.run(tf.initialize_all_variables())
        return {"first": first, "second": sess.run(made[:4]), "names": names(np, made)}


def case_get_variable_no_shape(tf, np):
    tf.get_variable("a")


def case_get_variable_unknown_shape(tf, np):
    tf.get_variable("a", [None, 2])


def case_get_variable_shape_and_tensor(tf, np):
    tf.get_variable("a", [2], initializer=tf.constant([1.0, 2.0]))


def case_get_variable_twice(tf, np):
    tf.get_variable("a", [2])
    tf.get_variable("a", [2])


def case_reuse_of_nothing(tf, np):
    with tf.variable_scope("s", reuse=True):
        tf.get_variable("a", [2])


def case_reuse_with_other_shape(tf, np):
    with tf.variable_scope("s"):
        tf.get_variable("a", [2])
    with tf.variable_scope("s", reuse=True):
        tf.get_variable("a", [3])


def case_reuse_with_other_dtype(tf, np):
    with tf.variable_scope("s"):
        tf.get_variable("a", [2])
    with tf.variable_scope("s", reuse=True):
        tf.get_variable("a", [2], dtype=tf.int32)


def case_reuse_by_argument(tf, np):
    with tf.variable_scope("s"):
        a = tf.get_variable("a", [2], initializer=tf.constant_initializer(1.0))
    with tf.variable_scope("s", reuse=True) as scope:
        b = tf.get_variable("a", [2])
        c = tf.get_variable("a")
        reuse = scope.reuse
    return {"same": [a is b, a is c, reuse], "all": names(np, tf.all_variables())}


def case_reuse_by_method(tf, np):
    with tf.variable_scope("s") as scope:
        a = tf.get_variable("a", [2])
        scope.reuse_variables()
        b = tf.get_variable("a", [2])
        with tf.variable_scope("inner"):
            inner = tf.get_variable_scope().reuse
    with tf.variable_scope(scope) as again:
        c_reuse = again.reuse
    with tf.variable_scope("s"):
        fresh = tf.get_variable_scope().reuse
    return {"same": a is b, "reuse": np.array([str(inner), str(c_reuse), str(fresh)])}


def case_reuse_of_root(tf, np):
    a = tf.get_variable("a", [2])
    tf.get_variable_scope().reuse_variables()
    b = tf.get_variable("a", [2])
    with tf.variable_scope("s"):
        inherited = tf.get_variable_scope().reuse
    return {"same": a is b, "inherited": bool(inherited)}


def case_variables_of_variable_are_not_reused(tf, np):
    """`tf.Variable` takes the scope's name but knows no reuse."""
    with tf.variable_scope("s"):
        tf.Variable(1.0, name="v")
        tf.Variable(1.0, name="v")
        tf.get_variable("g", [1])
    with tf.variable_scope("s"):
        tf.Variable(1.0, name="v")
    with tf.variable_scope("s", reuse=True):
        tf.get_variable("g", [1])
        tf.Variable(1.0, name="v")
    return {"all": names(np, tf.all_variables())}


def case_nested_names(tf, np):
    with tf.variable_scope("a") as a:
        with tf.variable_scope("b") as b:
            tf.get_variable("v", [1])
            inner = tf.add(1.0, 2.0, name="sum")
            with tf.name_scope("n"):
                tf.get_variable("w", [1])
                tf.Variable(1.0, name="x")
                named = tf.add(1.0, 2.0, name="sum")
        outer = tf.add(1.0, 2.0, name="sum")
    with tf.variable_scope("c"), tf.variable_scope(b):
        tf.get_variable("u", [1])
        jumped = tf.add(1.0, 2.0, name="sum")
    return {
        "variables": names(np, tf.all_variables()),
        "ops": np.array([t.name for t in (inner, named, outer, jumped)]),
        "scopes": np.array([a.name, b.name]),
    }


def case_entering_a_scope_twice(tf, np):
    made = []
    for _ in range(3):
        with tf.variable_scope("layer") as scope:
            made.append(tf.constant(1.0, name="c").name)
            made.append(scope.name)
    with tf.variable_scope(scope):
        made.append(tf.constant(1.0, name="c").name)
    return {"names": np.array(made)}


def case_name_with_slash(tf, np):
    with tf.variable_scope("a/b"):
        tf.get_variable("c/d", [1])
    return {"names": names(np, tf.all_variables())}


def case_scope_object_keeps_its_settings(tf, np):
    init = tf.constant_initializer(0.3)
    with tf.variable_scope("s", initializer=init) as scope:
        tf.get_variable("a", [1])
    with tf.variable_scope("t"), tf.variable_scope(scope):
        tf.get_variable("b", [1])
        with tf.variable_scope("u"):
            tf.get_variable("c", [1])
    return {
        "names": names(np, tf.all_variables()),
        "values": values(tf, tf.all_variables()),
    }


def case_default_initializer_of_scope(tf, np):
    with tf.variable_scope("s", initializer=tf.constant_initializer(0.4)) as scope:
        tf.get_variable("a", [1])
        tf.get_variable("b", [1], initializer=tf.constant_initializer(0.3))
        with tf.variable_scope("t"):
            tf.get_variable("c", [1])
        with tf.variable_scope("u", initializer=tf.constant_initializer(0.2)):
            tf.get_variable("d", [1])
        scope.set_initializer(tf.constant_initializer(0.1))
        tf.get_variable("e", [1])
    return {
        "names": names(np, tf.all_variables()),
        "values": values(tf, tf.all_variables()),
    }


def case_regularizers(tf, np):
    def squares(t):
        return tf.reduce_sum(tf.square(t), name="squares")

    def sums(t):
        return tf.reduce_sum(t)

    init = tf.constant_initializer(2.0)
    with tf.variable_scope("s", initializer=init, regularizer=squares) as scope:
        tf.get_variable("a", [2])
        tf.get_variable("b", [3], regularizer=sums)
        tf.get_variable("none", [3], regularizer=tf.no_regularizer)
        with tf.variable_scope("t"):
            tf.get_variable("c", [4])
        scope.reuse_variables()
        tf.get_variable("a", [2])
        scope.set_regularizer(sums)
    with tf.variable_scope("s/later", initializer=init):
        tf.get_variable("d", [4])
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    return {
        "names": np.array([t.name for t in losses]),
        "values": values(tf, losses),
        "total": values(tf, tf.add_n(losses)),
    }


def case_get_collection_of_scope(tf, np):
    with tf.variable_scope("first"):
        tf.get_variable("a", [1], collections=["mine"])
        tf.get_variable("b", [1])
    with tf.variable_scope("first_too"):
        tf.get_variable("a", [1])
    with tf.variable_scope("second"):
        tf.get_variable("a", [1], trainable=False)
    key = tf.GraphKeys.VARIABLES
    return {
        "first": names(np, tf.get_collection(key, "first")),
        "exact": names(np, tf.get_collection(key, scope="first/")),
        "mine": names(np, tf.get_collection("mine")),
        "trainable": names(np, tf.get_collection("trainable_variables", "second")),
    }


def case_partitioner(tf, np):
    split = tf.variable_axis_size_partitioner(max_shard_bytes=24)
    with tf.variable_scope(
        "s", partitioner=split, initializer=tf.constant_initializer(0.5)
    ):
        v = tf.get_variable("v", [6, 2])
        whole = tf.convert_to_tensor(v)
        rows = tf.nn.embedding_lookup(v, [0, 1, 5])
    return {
        "names": names(np, tf.all_variables()),
        "values": values(tf, [whole, rows]),
        "whole": np.array(str(whole.get_shape())),
        "parts": split(shape=tf.TensorShape([6, 2]), dtype=tf.float32),
    }


def case_partitioner_by_columns(tf, np):
    split = tf.variable_axis_size_partitioner(max_shard_bytes=16, axis=1, max_shards=2)
    parts = [
        split(shape=tf.TensorShape(shape), dtype=kind)
        for shape, kind in (
            ([4, 8], tf.float32),
            ([2, 3], tf.float64),
            ([1, 1], tf.float32),
        )
    ]
    return {"parts": [np.array(p) for p in parts]}


def case_partitioned_variables(tf, np):
    parts = tf.create_partitioned_variables(
        [4, 3], [2, 1], tf.constant(data(np, 4, 3)), name="table"
    )
    return {
        "names": names(np, parts),
        "values": values(tf, [v.value() for v in parts]),
        "all": names(np, tf.all_variables()),
    }


def case_partitioned_with_initializer(tf, np):
    with tf.variable_scope("s"):
        parts = tf.create_partitioned_variables(
            [5, 2], [3, 1], tf.constant_initializer(1.5), name="p", trainable=False
        )
    joined = tf.concat(0, parts)
    return {
        "names": names(np, parts),
        "values": values(tf, [*parts, joined]),
        "trainable": len(tf.trainable_variables()),
    }


def case_partitioned_by_two_axes(tf, np):
    tf.create_partitioned_variables([4, 4], [2, 2], tf.constant_initializer(0.0))


def case_variable_op_scope(tf, np):
    x = tf.constant(data(np, 2, 3), name="x")

    def layer(x, scope=None):
        with tf.variable_op_scope([x], scope, "layer"):
            w = tf.get_variable("w", [3, 2], initializer=tf.constant_initializer(0.5))
            return tf.matmul(x, w, name="out")

    outs = [layer(x), layer(x), layer(x, "mine")]
    with tf.variable_scope("model"):
        outs.append(layer(x))
    return {
        "names": names(np, tf.all_variables()),
        "outs": names(np, outs),
        "values": values(tf, outs),
    }


def case_variable_op_scope_reuse_needs_a_name(tf, np):
    with tf.variable_op_scope([], None, "layer", reuse=True):
        pass


def case_variable_op_scope_without_names(tf, np):
    with tf.variable_op_scope([], None):
        pass


def case_variable_scope_without_name(tf, np):
    with tf.variable_scope(None):
        pass


def case_scope_properties(tf, np):
    init = tf.constant_initializer(0.0)
    with tf.variable_scope(
        "s", initializer=init, regularizer=tf.no_regularizer
    ) as scope:
        root = scope.name
        with tf.variable_scope("t") as inner:
            same = [inner.initializer is init, tf.get_variable_scope() is inner]
        original = scope.regularizer is tf.no_regularizer
    return {
        "names": np.array([root, inner.name, tf.get_variable_scope().name]),
        "flags": [*same, original, scope.caching_device is None],
        "none": [scope.partitioner is None, bool(scope.reuse)],
    }
