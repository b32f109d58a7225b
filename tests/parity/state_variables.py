"""`Variable`: its methods, how it is made, initialised, assigned and scattered to."""


def data(np, *shape, seed=1):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype("f")


def names(np, things):
    return np.array([f"{t.name} {t.get_shape()} {t.dtype!r}" for t in things])


def session(tf):
    sess = tf.Session()
    sess.run(tf.initialize_all_variables())
    return sess


def case_properties(tf, np):
    v = tf.Variable(data(np, 2, 3), name="v")
    w = tf.Variable(tf.constant([1, 2]), name="w")
    anonymous = tf.Variable(0.5)
    again = tf.Variable(0.5, name="v")
    made = (v, w, anonymous, again)
    return {
        "names": names(np, made),
        "ops": np.array([f"{x.op.name} {x.op.type}" for x in made]),
        "values": np.array([x.value().name for x in made]),
        "initializers": np.array([x.initializer.name for x in made]),
        "initial": np.array([x.initial_value.name for x in made]),
        "device": np.array([x.device for x in made]),
        "graph": [x.graph is tf.get_default_graph() for x in made],
        "all": names(np, tf.all_variables()),
        "ops_made": np.array(
            [f"{o.name} {o.type}" for o in tf.get_default_graph().get_operations()]
        ),
    }


def case_kinds_of_initial_values(tf, np):
    made = [
        tf.Variable(1.5),
        tf.Variable(3),
        tf.Variable(True),
        tf.Variable([1.0, 2.0]),
        tf.Variable([[1, 2], [3, 4]]),
        tf.Variable(np.arange(3, dtype=np.int64)),
        tf.Variable(np.ones([2, 2])),
        tf.Variable([1, 2], dtype=tf.float32),
        tf.Variable(tf.zeros([2, 3])),
        tf.Variable(tf.fill([2], 7)),
        tf.Variable(2 + 1j),
        tf.Variable(lambda: tf.ones([2]), dtype=tf.float32),
    ]
    with session(tf) as sess:
        return {"values": sess.run(made), "names": names(np, made)}


def case_initial_value_missing(tf, np):
    tf.Variable(name="v")


def case_collections(tf, np):
    tf.Variable(1.0, name="plain")
    tf.Variable(1.0, name="fixed", trainable=False)
    tf.Variable(1.0, name="local", collections=[tf.GraphKeys.LOCAL_VARIABLES])
    tf.Variable(1.0, name="mine", collections=["mine", tf.GraphKeys.VARIABLES])
    tf.Variable(1.0, name="mine_fixed", collections=["mine"], trainable=False)
    return {
        "all": names(np, tf.all_variables()),
        "trainable": names(np, tf.trainable_variables()),
        "local": names(np, tf.local_variables()),
        "mine": names(np, tf.get_collection("mine")),
        "keys": np.array(sorted(tf.get_default_graph().get_all_collection_keys())),
    }


def case_assign(tf, np):
    v = tf.Variable([1.0, 2.0], name="v")
    steps = [
        v.assign([3.0, 4.0]),
        v.assign_add([1.0, 1.0]),
        v.assign_sub([0.5, 0.0], use_locking=True),
        tf.assign(v, v * 2.0),
        tf.assign_add(v, tf.constant([10.0, 20.0])),
        tf.assign_sub(v, [1.0, 1.0], name="less"),
    ]
    with session(tf) as sess:
        got = [sess.run(s) for s in steps]
        return {
            "results": got,
            "end": sess.run(v),
            "names": names(np, steps),
            "types": np.array([s.op.type for s in steps]),
        }


def case_assign_wrong_shape(tf, np):
    tf.Variable([1.0, 2.0]).assign([1.0, 2.0, 3.0])


def case_assign_wrong_dtype(tf, np):
    tf.Variable([1.0, 2.0]).assign(tf.constant([1, 2]))


def case_assign_any_shape(tf, np):
    v = tf.Variable([1.0, 2.0], validate_shape=False, name="v")
    op = tf.assign(v, tf.constant([[1.0], [2.0], [3.0]]), validate_shape=False)
    shape = tf.shape(v)
    with session(tf) as sess:
        before = sess.run([v, shape])
        return {
            "before": before,
            "assigned": sess.run(op),
            "after": sess.run([v, shape]),
            "static": np.array([str(v.get_shape()), str(op.get_shape())]),
        }


def case_shape_from_a_fed_value(tf, np):
    x = tf.placeholder(tf.float32)
    v = tf.Variable(x * 2.0, validate_shape=False, name="v")
    with tf.Session() as sess:
        sess.run(v.initializer, {x: [[1.0, 2.0]]})
        return {"value": sess.run(v), "static": np.array(str(v.get_shape()))}


def case_unknown_shape_is_refused(tf, np):
    tf.Variable(tf.placeholder(tf.float32))


def case_count_up_to(tf, np):
    v = tf.Variable(2, name="v")
    op = v.count_up_to(4)
    with session(tf) as sess:
        got = [sess.run(op), sess.run(op)]
        try:
            sess.run(op)
        except tf.errors.OutOfRangeError:
            got.append(sess.run(v))
        return {"got": got, "type": np.array([op.op.type, op.name])}


def case_count_up_to_of_float(tf, np):
    tf.Variable(2.0).count_up_to(4)


def case_initialized_value(tf, np):
    first = tf.Variable(data(np, 2), name="first")
    second = tf.Variable(first.initialized_value() * 2.0, name="second")
    with session(tf) as sess:
        return {"values": sess.run([first, second]), "names": names(np, [second])}


def case_initialized_value_alone(tf, np):
    first = tf.Variable([3.0], name="first")
    with tf.Session() as sess:
        return {"value": sess.run(first.initialized_value())}


def case_scatter(tf, np):
    table = np.arange(8, dtype=np.float32).reshape(4, 2)
    v = tf.Variable(table, name="v")
    rows = tf.constant([[10.0, 20.0], [30.0, 40.0]])
    ops = [
        tf.scatter_update(v, [1, 3], rows),
        tf.scatter_add(v, [0, 0], rows),
        tf.scatter_sub(v, tf.constant([2, 1], tf.int64), rows, use_locking=True),
        tf.scatter_update(v, [[0], [2]], tf.constant([[[1.0, 2.0]], [[3.0, 4.0]]])),
        v.scatter_sub(tf.IndexedSlices(rows, tf.constant([3, 3]))),
        tf.scatter_add(v, 2, [0.5, 0.25], name="one_row"),
    ]
    with session(tf) as sess:
        got = [sess.run(op) for op in ops]
        return {
            "results": got,
            "end": sess.run(v),
            "names": names(np, ops),
            "types": np.array([op.op.type for op in ops]),
        }


def case_scatter_integers(tf, np):
    v = tf.Variable(np.zeros([3], "int32"), name="v")
    add = tf.scatter_add(v, [0, 2, 0], [1, 2, 3])
    with session(tf) as sess:
        return {"values": [sess.run(add), sess.run(add)]}


def case_scatter_out_of_range(tf, np):
    v = tf.Variable(np.zeros([3], "f"))
    op = tf.scatter_add(v, [5], [1.0])
    with session(tf) as sess:
        sess.run(op)


def case_scatter_wrong_shape(tf, np):
    tf.scatter_add(tf.Variable(np.zeros([3, 2], "f")), [0], [[1.0, 2.0, 3.0]])


def case_gather_from_variable(tf, np):
    v = tf.Variable(data(np, 4, 2), name="v")
    picked = tf.gather(v, [3, 0, 3])
    grad = tf.gradients(tf.reduce_sum(picked * picked), v)[0]
    with session(tf) as sess:
        return {
            "picked": sess.run(picked),
            "values": sess.run(grad.values),
            "indices": sess.run(grad.indices),
            "shape": sess.run(grad.dense_shape),
            "dense": sess.run(tf.convert_to_tensor(grad)),
            "kind": np.array(type(grad).__name__),
        }


def case_operators(tf, np):
    v = tf.Variable([2.0, -3.0], name="v")
    n = tf.Variable([7, 4], name="n")
    flags = tf.Variable([True, False], name="flags")
    results = [
        v + 1.0,
        1.0 - v,
        v * v,
        v / 2.0,
        2.0 / v,
        abs(v),
        -v,
        v**2.0,
        2.0**v,
        v > 0.0,
        v <= -3.0,
        v < 1.0,
        v >= 2.0,
        n % 4,
        n // 2,
        9 // n,
        ~flags,
        flags & True,
        flags | True,
        flags ^ True,
    ]
    with session(tf) as sess:
        return {
            "values": sess.run(results),
            "names": names(np, results),
            "slices": sess.run([v[1], v[0:1]]),
        }


def case_eval_and_run(tf, np):
    v = tf.Variable([1.0, 2.0], name="v")
    with tf.Session() as sess:
        v.initializer.run()
        got = [v.eval(), v.eval(sess), v.value().eval()]
        v.assign([5.0, 6.0]).eval()
        got += [sess.run(v), sess.run("v:0"), sess.run(v.op.outputs[0])]
        return {"values": got, "fed": sess.run(v * 2.0, {v: [10.0, 20.0]})}


def case_iterating_a_variable(tf, np):
    list(tf.Variable([1.0, 2.0]))


def case_variable_as_a_tensor(tf, np):
    v = tf.Variable(data(np, 2, 2), name="v")
    tensors = [
        tf.convert_to_tensor(v),
        tf.matmul(v, v),
        tf.identity(v),
        tf.reduce_sum(v),
        tf.pack([v, v]),
        tf.concat(0, [v, v]),
        tf.constant(data(np, 2, 2, seed=2)) * v,
    ]
    with session(tf) as sess:
        return {"values": sess.run(tensors), "names": names(np, tensors)}


def case_two_sessions(tf, np):
    v = tf.Variable(1, name="v")
    add = v.assign_add(1)
    with session(tf) as one, session(tf) as two:
        got = [one.run(add), one.run(add), two.run(add), one.run(v), two.run(v)]
        one.run(v.initializer)
        return {"got": [*got, one.run(v), two.run(v)]}


def case_use_before_initialisation(tf, np):
    v = tf.Variable([1.0], name="v")
    with tf.Session() as sess:
        sess.run(v + 1.0)


def case_assign_initialises(tf, np):
    v = tf.Variable([1.0, 2.0], name="v")
    with tf.Session() as sess:
        sess.run(v.assign([8.0, 9.0]))
        return {"value": sess.run(v)}


def case_assign_add_before_initialisation(tf, np):
    v = tf.Variable([1.0], name="v")
    with tf.Session() as sess:
        sess.run(v.assign_add([1.0]))


def case_initialisation_state(tf, np):
    a, b = tf.Variable(1.0, name="a"), tf.Variable(2.0, name="b")
    local = tf.Variable(3.0, name="c", collections=[tf.GraphKeys.LOCAL_VARIABLES])
    is_a, is_b = tf.is_variable_initialized(a), tf.is_variable_initialized(b)
    report = tf.report_uninitialized_variables()
    only = tf.report_uninitialized_variables([b], name="only")
    with tf.Session() as sess:
        got = [sess.run([is_a, is_b, report, only])]
        sess.run(tf.initialize_variables([a]))
        got.append(sess.run([is_a, is_b, report, only]))
        sess.run(tf.initialize_all_variables())
        got.append(sess.run([is_a, is_b, report, only]))
        sess.run(tf.initialize_local_variables())
        got.append(sess.run([is_a, is_b, report, only]))
        local_value = sess.run(local)
    return {
        "states": [list(g[:2]) for g in got],
        "reports": [np.array([n.decode() for n in g[2]], dtype="U") for g in got],
        "only": [len(g[3]) for g in got],
        "local": local_value,
        "op": np.array([is_a.op.type, str(report.dtype)]),
    }


def case_assert_variables_initialized(tf, np):
    a, b = tf.Variable(1.0, name="a"), tf.Variable(2.0, name="b")
    check, only = (
        tf.assert_variables_initialized(),
        tf.assert_variables_initialized([a]),
    )
    got = []
    with tf.Session() as sess:
        sess.run(a.initializer)
        for op in (check, only):
            try:
                sess.run(op)
                got.append("fine")
            except tf.errors.FailedPreconditionError:
                got.append("precondition")
        sess.run(b.initializer)
        sess.run(check)
    return {"got": np.array(got)}


def case_no_variables(tf, np):
    init = tf.initialize_all_variables()
    with tf.Session() as sess:
        sess.run(init)
        return {
            "type": np.array([init.name, init.type]),
            "report": sess.run(tf.report_uninitialized_variables()).shape,
            "check": tf.assert_variables_initialized() is None,
        }


def case_names_of_init_ops(tf, np):
    v = tf.Variable(1.0, name="v")
    ops = [
        tf.initialize_all_variables(),
        tf.initialize_variables([v], name="mine"),
        tf.initialize_all_variables(),
        tf.initialize_variables([]),
    ]
    return {"ops": np.array([f"{o.name} {o.type}" for o in ops])}


def case_order_by_control_dependencies(tf, np):
    v = tf.Variable(1.0, name="v")
    double = v.assign(v * 2.0)
    with tf.control_dependencies([double]):
        between = tf.no_op()
    with tf.control_dependencies([between]):
        final = v.assign_add(10.0)
    with session(tf) as sess:
        return {"final": sess.run(final), "v": sess.run(v)}


def case_group_and_tuple(tf, np):
    a, b = tf.Variable(1.0, name="a"), tf.Variable([2.0, 3.0], name="b")
    both = tf.group(a.assign(5.0), b.assign([6.0, 7.0]), name="both")
    with session(tf) as sess:
        nothing = sess.run(both)
        values = sess.run([a, b])
        pair = tf.tuple([a + 1.0, b * 2.0], control_inputs=[a.assign_add(1.0)])
        sess.run(pair)
        return {
            "nothing": nothing is None,
            "values": values,
            "op": np.array([both.name, both.type]),
            "a": sess.run(a),
        }


def case_device_and_caching(tf, np):
    with tf.device("/cpu:0"):
        v = tf.Variable(data(np, 2), name="v", caching_device="/cpu:0")
    w = tf.get_variable("w", [2], caching_device=lambda op: "/cpu:0")
    with session(tf) as sess:
        sess.run(w.assign([1.0, 2.0]))
        return {
            "value": sess.run([v + 1.0, w * 2.0]),
            "device": np.array([v.device, v.value().device]),
        }


def case_to_proto(tf, np):
    v = tf.Variable([1.0, 2.0], name="v")
    proto = v.to_proto()
    again = tf.Variable.from_proto(proto)
    with session(tf) as sess:
        return {
            "fields": np.array(
                [proto.variable_name, proto.initializer_name, proto.snapshot_name]
            ),
            "value": sess.run(again),
            "same": again.name == v.name,
        }


def case_wide_dtypes(tf, np):
    made = [
        tf.Variable(np.array([1, 2], kind), name=kind)
        for kind in ("int8", "uint8", "int16", "int64", "float64", "complex64")
    ]
    with session(tf) as sess:
        updates = [tf.assign_add(v, v) for v in made]
        return {"values": sess.run(updates), "names": names(np, made)}


def case_string_variable(tf, np):
    v = tf.Variable(["a", "bc"], name="words")
    with session(tf) as sess:
        before = sess.run(v)
        sess.run(v.assign(["x", "yz"]))
        return {"values": np.array([w.decode() for w in [*before, *sess.run(v)]])}
