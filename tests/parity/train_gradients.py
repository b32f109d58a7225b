"""The parts of an optimizer's work, clipping, decay and moving averages."""


def data(np, *shape, seed=1):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype("f")


def names(np, variables):
    return np.array([f"{v.name} {v.get_shape().as_list()}" for v in variables])


def model(tf, np):
    w = tf.Variable(data(np, 3, 2, seed=2), name="w")
    b = tf.Variable(np.zeros(2, "f"), name="b")
    unused = tf.Variable(np.ones(2, "f"), name="unused")
    x, y = tf.constant(data(np, 5, 3)), tf.constant(data(np, 5, 2, seed=3))
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + b - y))
    return loss, [w, b, unused]


def evaluate(tf, tensors, feed=None):
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return sess.run(tensors, feed)


def after(tf, op, fetches, times=1):
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for _ in range(times):
            sess.run(op)
        return sess.run(fetches)


def case_compute_gradients(tf, np):
    loss, _ = model(tf, np)
    pairs = tf.train.GradientDescentOptimizer(0.1).compute_gradients(loss)
    return {
        "order": np.array([v.name for _, v in pairs]),
        "none": np.array([g is None for g, _ in pairs]),
        "grads": evaluate(tf, [g for g, _ in pairs if g is not None]),
        "kinds": np.array([str(g.dtype) for g, _ in pairs if g is not None]),
    }


def case_compute_gradients_var_list(tf, np):
    loss, (w, b, unused) = model(tf, np)
    opt = tf.train.GradientDescentOptimizer(0.1)
    pairs = opt.compute_gradients(loss, var_list=[b, unused, w])
    return {
        "order": np.array([v.name for _, v in pairs]),
        "grads": evaluate(tf, [pairs[0][0], pairs[2][0]]),
        "unused": pairs[1][0] is None,
    }


def case_gate_gradients(tf, np):
    loss, variables = model(tf, np)
    opt = tf.train.GradientDescentOptimizer(0.1)
    got = {"numbers": np.array([opt.GATE_NONE, opt.GATE_OP, opt.GATE_GRAPH])}
    for gate in (opt.GATE_NONE, opt.GATE_OP, opt.GATE_GRAPH):
        pairs = opt.compute_gradients(loss, variables[:2], gate_gradients=gate)
        got[str(gate)] = evaluate(tf, [g for g, _ in pairs])
    return got


def case_gate_gradients_unknown(tf, np):
    loss, _ = model(tf, np)
    tf.train.GradientDescentOptimizer(0.1).compute_gradients(loss, gate_gradients=7)


def case_aggregation_methods(tf, np):
    x = tf.Variable(data(np, 3), name="x")
    loss = tf.reduce_sum(x * x * x) + tf.reduce_sum(tf.sin(x)) + tf.reduce_sum(x * 2.0)
    opt = tf.train.GradientDescentOptimizer(0.1)
    methods = tf.AggregationMethod
    got = {}
    for i, method in enumerate(
        (
            None,
            methods.DEFAULT,
            methods.ADD_N,
            methods.EXPERIMENTAL_TREE,
            methods.EXPERIMENTAL_ACCUMULATE_N,
        )
    ):
        pairs = opt.compute_gradients(loss, aggregation_method=method)
        got[str(i)] = evaluate(tf, pairs[0][0])
    return got


def case_colocated_gradients(tf, np):
    loss, _ = model(tf, np)
    opt = tf.train.GradientDescentOptimizer(0.1)
    pairs = opt.compute_gradients(loss, colocate_gradients_with_ops=True)
    return {"grads": evaluate(tf, [g for g, _ in pairs if g is not None])}


def case_grad_loss(tf, np):
    x = tf.Variable(data(np, 3), name="x")
    opt = tf.train.GradientDescentOptimizer(0.1)
    y = x * x
    pairs = opt.compute_gradients(y, grad_loss=tf.constant([1.0, 0.5, -2.0]))
    return {"grads": evaluate(tf, pairs[0][0])}


def case_minimize_var_list(tf, np):
    loss, variables = model(tf, np)
    op = tf.train.GradientDescentOptimizer(0.5).minimize(loss, var_list=[variables[1]])
    return {"values": after(tf, op, variables, 3)}


def case_minimize_named(tf, np):
    loss, _ = model(tf, np)
    op = tf.train.GradientDescentOptimizer(0.5).minimize(loss, name="descend")
    count = tf.Variable(0, name="count", trainable=False)
    counted = tf.train.GradientDescentOptimizer(0.5).minimize(
        loss, global_step=count, name="counted"
    )
    return {
        "op": np.array([op.name, op.type, counted.name]),
        "count": after(tf, counted, count, 4),
    }


def case_apply_gradients_with_none(tf, np):
    w, v = tf.Variable([1.0, 2.0], name="w"), tf.Variable(3.0, name="v")
    opt = tf.train.GradientDescentOptimizer(0.5)
    op = opt.apply_gradients([(tf.constant([1.0, 1.0]), w), (None, v)])
    return {"values": after(tf, op, [w, v], 2)}


def case_apply_gradients_processed(tf, np):
    """Gradients capped by hand between the two halves."""
    loss, variables = model(tf, np)
    opt = tf.train.MomentumOptimizer(0.5, 0.9)
    pairs = opt.compute_gradients(loss, variables[:2])
    capped = [(tf.clip_by_value(g, -0.1, 0.1), v) for g, v in pairs]
    return {"values": after(tf, opt.apply_gradients(capped), variables, 3)}


def case_apply_gradients_of_arrays(tf, np):
    w = tf.Variable([1.0, 2.0], name="w")
    opt = tf.train.GradientDescentOptimizer(0.5)
    op = opt.apply_gradients([(np.array([1.0, -1.0], "f"), w)])
    return {"values": after(tf, op, w)}


def case_apply_gradients_indexed_slices(tf, np):
    w = tf.Variable(np.ones([4, 2], "f"), name="w")
    slices = tf.IndexedSlices(
        tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), tf.constant([2, 0, 2])
    )
    op = tf.train.GradientDescentOptimizer(0.1).apply_gradients([(slices, w)])
    return {"values": after(tf, op, w, 2)}


def case_apply_nothing(tf, np):
    tf.train.GradientDescentOptimizer(0.5).apply_gradients([])


def case_apply_only_none(tf, np):
    w = tf.Variable(1.0, name="w")
    tf.train.GradientDescentOptimizer(0.5).apply_gradients([(None, w)])


def case_minimize_unconnected(tf, np):
    tf.Variable(1.0, name="w")
    tf.train.GradientDescentOptimizer(0.5).minimize(tf.constant(1.0))


def case_minimize_without_variables(tf, np):
    tf.train.GradientDescentOptimizer(0.5).minimize(tf.constant(1.0))


def case_minimize_integers(tf, np):
    w = tf.Variable(1, name="w")
    tf.train.GradientDescentOptimizer(0.5).minimize(w * 2)


def case_optimizer_without_name(tf, np):
    tf.train.GradientDescentOptimizer(0.5, name="")


def case_no_slot(tf, np):
    w = tf.Variable(1.0, name="w")
    opt = tf.train.GradientDescentOptimizer(0.5)
    opt.minimize(w * w)
    adam = tf.train.AdamOptimizer()
    before = adam.get_slot(w, "m") is None
    adam.minimize(w * w)
    return {
        "names": np.array(opt.get_slot_names()).astype("U"),
        "none": [opt.get_slot(w, "m") is None, before, adam.get_slot(w, "x") is None],
        "adam": np.array(adam.get_slot(w, "m").name),
    }


def case_own_optimizer(tf, np):
    """A user's subclass that overrides the documented hooks."""

    class Signs(tf.train.Optimizer):
        def __init__(self, rate):
            super().__init__(False, "Signs")
            self._rate = rate

        def _create_slots(self, var_list):
            for v in var_list:
                self._zeros_slot(v, "seen", self._name)

        def _prepare(self):
            self._rate_tensor = tf.convert_to_tensor(self._rate, name="rate")

        def _apply_dense(self, grad, var):
            seen = self.get_slot(var, "seen")
            update = tf.assign_add(seen, tf.abs(grad))
            step = tf.assign_sub(var, self._rate_tensor * tf.sign(grad))
            return tf.group(update, step)

        def _apply_sparse(self, grad, var):
            return self._apply_dense(tf.convert_to_tensor(grad), var)

    loss, variables = model(tf, np)
    opt = Signs(0.25)
    op = opt.minimize(loss, var_list=variables[:2])
    seen = [opt.get_slot(v, "seen") for v in variables[:2]]
    return {
        "values": after(tf, op, variables + seen, 2),
        "names": names(np, tf.all_variables()),
        "slots": np.array(opt.get_slot_names()),
    }


def clip_inputs(tf, np):
    slices = tf.IndexedSlices(
        tf.constant(data(np, 3, 2, seed=4)), tf.constant([0, 2, 0]), tf.constant([4, 2])
    )
    return [tf.constant(data(np, 2, 3)), None, tf.constant([3.0, -4.0]), slices]


def case_clip_by_global_norm(tf, np):
    inputs = clip_inputs(tf, np)
    got = {}
    for limit in (1.0, 3.5, 100.0):
        clipped, norm = tf.clip_by_global_norm(inputs, limit)
        values = evaluate(
            tf, [clipped[0], clipped[2], clipped[3].values, clipped[3].indices, norm]
        )
        got[str(limit)] = [*values, clipped[1] is None]
    return got


def case_clip_by_global_norm_use_norm(tf, np):
    inputs = clip_inputs(tf, np)
    norm = tf.global_norm(inputs)
    clipped, same = tf.clip_by_global_norm(inputs, 1.0, use_norm=norm * 2.0)
    return {"values": evaluate(tf, [clipped[0], clipped[2], norm, same])}


def case_clip_by_global_norm_of_a_tensor(tf, np):
    tf.clip_by_global_norm(tf.constant([1.0]), 1.0)


def case_clip_by_norm(tf, np):
    x = tf.constant([[3.0, -4.0], [0.0, 12.0]])
    tensors = [tf.clip_by_norm(x, 6.5), tf.clip_by_norm(x, 26.0)]
    tensors += [tf.clip_by_average_norm(x, 1.0), tf.clip_by_value(x, -1.0, 2.0)]
    grads = tf.gradients(tensors, x)
    return {"values": evaluate(tf, tensors), "grads": evaluate(tf, grads)}


def case_global_norm(tf, np):
    return {
        "norm": evaluate(tf, tf.global_norm(clip_inputs(tf, np))),
        "none": tf.global_norm([None]) is None,
    }


def case_exponential_decay(tf, np):
    step = tf.placeholder(tf.int32, [])
    rates = [
        tf.train.exponential_decay(0.1, step, 10, 0.9),
        tf.train.exponential_decay(0.1, step, 10, 0.9, staircase=True),
        tf.train.exponential_decay(0.5, step, 3, 0.5, name="rate"),
    ]
    with tf.Session() as sess:
        values = [sess.run(rates, {step: n}) for n in (0, 1, 9, 10, 25, 100)]
    return {"values": np.array(values), "names": np.array([r.name for r in rates])}


def case_global_step_of_tensor(tf, np):
    count = tf.Variable(7, name="count")
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {"step": tf.train.global_step(sess, count)}


def average(tf, np, decay, num_updates=None, values=(5.0, 1.0, -3.0)):
    v = tf.Variable([1.0, 2.0], name="v")
    other = tf.Variable(0.0, name="other")
    ema = tf.train.ExponentialMovingAverage(decay, num_updates=num_updates)
    apply = ema.apply([v, other])
    shift = tf.placeholder(tf.float32, [])
    change = tf.group(v.assign_add([1.0, -1.0]), other.assign(shift))
    history = []
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for value in values:
            sess.run(change, {shift: value})
            sess.run(apply)
            history.append(sess.run([ema.average(v), ema.average(other)]))
        return {
            "history": history,
            "names": names(np, tf.all_variables()),
            "average_names": np.array([ema.average_name(v), ema.average_name(other)]),
            "collection": names(np, tf.moving_average_variables()),
            "trainable": names(np, tf.trainable_variables()),
            "restore": np.array(
                sorted(
                    f"{k} {x.op.name}" for k, x in ema.variables_to_restore().items()
                )
            ),
            "op": np.array([apply.name, apply.type]),
        }


def case_moving_average(tf, np):
    return average(tf, np, 0.9)


def case_moving_average_of_updates(tf, np):
    count = tf.Variable(3, name="count", trainable=False)
    return average(tf, np, 0.99, num_updates=count)


def case_moving_average_of_number_of_updates(tf, np):
    return average(tf, np, 0.99, num_updates=1)


def case_moving_average_named(tf, np):
    v = tf.Variable([1.0], name="v")
    ema = tf.train.ExponentialMovingAverage(0.5, name="shadow")
    ema.apply()
    return {
        "name": np.array([ema.average(v).name, ema.average_name(v)]),
        "unknown": ema.average(tf.Variable(1.0)) is None,
        "name_only": np.array(ema.average_name(tf.Variable(1.0, name="later"))),
    }


def case_moving_average_starts_at_initial_value(tf, np):
    v = tf.Variable([4.0, 8.0], name="v")
    ema = tf.train.ExponentialMovingAverage(0.75)
    ema.apply([v])
    return {"start": evaluate(tf, ema.average(v))}


def case_moving_average_after_training(tf, np):
    """The usual pattern: the average is updated once the step is done."""
    w = tf.Variable([1.0, -2.0], name="w")
    step = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(w * w))
    ema = tf.train.ExponentialMovingAverage(0.5)
    with tf.control_dependencies([step]):
        train_op = ema.apply(tf.trainable_variables())
    return {"values": after(tf, train_op, [w, ema.average(w)], 4)}


def case_moving_average_twice(tf, np):
    v = tf.Variable([1.0], name="v")
    ema = tf.train.ExponentialMovingAverage(0.5)
    ema.apply([v])
    ema.apply([v])


def case_moving_average_of_integers(tf, np):
    v = tf.Variable([1], name="v")
    tf.train.ExponentialMovingAverage(0.5).apply([v])
