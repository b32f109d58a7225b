"""`make_template`, name scopes and how names are made unique."""


def names(np, things):
    return np.array([f"{t.name} {t.get_shape()}" for t in things])


def values(tf, tensors):
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return sess.run(tensors)


def scale(tf):
    def function(x, factor=1.0, shape=None):
        w = tf.get_variable("w", shape or [2], initializer=tf.constant_initializer(3.0))
        return tf.mul(x * factor, w, name="out")

    return function


def case_template_shares(tf, np):
    template = tf.make_template("scale", scale(tf))
    outs = [template(tf.constant([1.0, 2.0])), template(tf.constant([5.0, 6.0]))]
    return {
        "variables": names(np, tf.all_variables()),
        "outs": names(np, outs),
        "values": values(tf, outs),
    }


def case_template_with_arguments(tf, np):
    template = tf.make_template("scale", scale(tf), factor=2.0)
    outs = [template(tf.constant([1.0, 2.0])), template(tf.constant([1.0, 2.0]))]
    return {"values": values(tf, outs)}


def case_two_templates_of_one_name(tf, np):
    one = tf.make_template("scale", scale(tf))
    two = tf.make_template("scale", scale(tf))
    outs = [one(tf.ones([2])), two(tf.ones([2])), one(tf.ones([2]))]
    return {
        "variables": names(np, tf.all_variables()),
        "outs": names(np, outs),
        "scopes": np.array([one.var_scope.name, two.var_scope.name]),
    }


def case_template_scope_now(tf, np):
    late = tf.make_template("scale", scale(tf))
    early = tf.make_template("scale", scale(tf), create_scope_now_=True)
    late(tf.ones([2]))
    early(tf.ones([2]))
    return {
        "variables": names(np, tf.all_variables()),
        "scopes": np.array([late.var_scope.name, early.var_scope.name]),
    }


def case_template_in_a_scope(tf, np):
    template = tf.make_template("scale", scale(tf))
    with tf.variable_scope("first"):
        one = template(tf.ones([2]))
    with tf.variable_scope("second"):
        two = template(tf.ones([2]))
    return {
        "variables": names(np, tf.all_variables()),
        "outs": names(np, [one, two]),
        "values": values(tf, [one, two]),
    }


def case_template_nested(tf, np):
    inner = tf.make_template("inner", scale(tf))

    def twice(x):
        b = tf.get_variable("b", [2], initializer=tf.constant_initializer(1.0))
        return inner(inner(x)) + b

    outer = tf.make_template("outer", twice)
    outs = [outer(tf.ones([2])), outer(tf.zeros([2]))]
    return {"variables": names(np, tf.all_variables()), "values": values(tf, outs)}


def case_template_gradient(tf, np):
    template = tf.make_template("scale", scale(tf))
    loss = tf.reduce_sum(template(tf.constant([1.0, 2.0])))
    loss += tf.reduce_sum(template(tf.constant([3.0, 4.0])))
    return {"grads": values(tf, tf.gradients(loss, tf.trainable_variables()))}


def case_template_makes_no_new_variable(tf, np):
    """A second call that asks for a variable the first did not make is an error."""
    calls = []

    def function():
        calls.append(1)
        return tf.get_variable(f"w{len(calls)}", [1])

    template = tf.make_template("t", function)
    template()
    template()


def case_template_with_plain_variable(tf, np):
    def function(x):
        return x * tf.Variable(2.0, name="v")

    template = tf.make_template("t", function)
    template(1.0)
    template(1.0)


def case_template_without_variables(tf, np):
    template = tf.make_template("double", lambda x: x * 2.0)
    return {"outs": names(np, [template(tf.ones([1])), template(tf.ones([1]))])}


def case_template_scope_in_name(tf, np):
    tf.make_template(None, scale(tf))


def case_unique_op_names(tf, np):
    made = [tf.constant(1.0, name="a") for _ in range(3)]
    made += [tf.constant(1.0, name="a_1"), tf.constant(1.0, name="A")]
    with tf.name_scope("s"):
        made += [tf.constant(1.0, name="a"), tf.constant(1.0, name="a")]
    with tf.name_scope("s"):
        made.append(tf.constant(1.0, name="a"))
    made.append(tf.constant(1.0, name="s"))
    return {"names": np.array([t.name for t in made])}


def case_name_scopes(tf, np):
    seen = []
    with tf.name_scope("outer") as outer:
        seen.append(outer)
        with tf.name_scope("inner") as inner:
            seen += [inner, tf.add(1.0, 2.0).name]
        with tf.name_scope("inner") as again:
            seen += [again, tf.add(1.0, 2.0).name]
        with tf.name_scope(None) as top:
            seen += [str(top), tf.constant(1.0, name="free").name]
        with tf.name_scope(inner) as reopened:
            seen += [reopened, tf.add(1.0, 2.0, name="sum").name]
        seen.append(tf.add(1.0, 2.0, name="sum").name)
    with tf.name_scope("outer") as second:
        seen.append(second)
    with tf.name_scope("exact/") as exact:
        seen += [exact, tf.add(1.0, 2.0, name="sum").name]
    return {"names": np.array(seen)}


def case_name_scope_of_an_op(tf, np):
    """An op whose name ends in a slash takes it as it is."""
    with tf.name_scope("s") as scope:
        a = tf.constant(1.0, name="a")
        b = tf.add(a, 2.0, name=scope)
    return {"names": np.array([a.name, b.name, b.op.name])}


def case_op_scope(tf, np):
    seen = []
    x = tf.constant(1.0, name="x")
    with tf.op_scope([x, 2.0], None, "default") as scope:
        seen += [scope, tf.add(x, 2.0, name="sum").name]
    with tf.op_scope([x], "mine", "default") as scope:
        seen += [scope, tf.add(x, 2.0, name=scope).name]
    with tf.op_scope([], None, "default") as scope:
        seen.append(scope)
    return {"names": np.array(seen)}


def case_bad_op_name(tf, np):
    tf.constant(1.0, name="has blank")


def case_bad_scope_name(tf, np):
    with tf.name_scope("_hidden"):
        pass


def case_gradient_names(tf, np):
    w = tf.Variable([1.0, 2.0], name="w")
    y = tf.reduce_sum(tf.square(w))
    one = tf.gradients(y, w)
    two = tf.gradients(y, w, name="mine")
    with tf.name_scope("s"):
        three = tf.gradients(y, w)
    prefixes = [g[0].name.split("/")[:-1] for g in (one, two, three)]
    return {"scopes": np.array([p[0] if p[0] != "s" else "s" for p in prefixes])}


def case_control_dependencies(tf, np):
    a = tf.constant(1.0, name="a")
    v = tf.Variable(0.0, name="v")
    with tf.control_dependencies([a, v.initializer]):
        b = tf.constant(2.0, name="b")
        with tf.control_dependencies([b]):
            c = tf.constant(3.0, name="c")
        with tf.control_dependencies(None):
            d = tf.constant(4.0, name="d")
        e = tf.add(a, 1.0, name="e")
    ops = [t.op for t in (b, c, d, e)]
    return {
        "inputs": np.array(
            [
                o.name + ":" + ",".join(sorted(i.name for i in o.control_inputs))
                for o in ops
            ]
        )
    }


def case_control_dependencies_run(tf, np):
    """What an op must wait for is run, also when only the op is fetched."""
    v = tf.Variable(0, name="v")
    add = v.assign_add(1)
    with tf.control_dependencies([add]):
        done = tf.constant(7)
    also = tf.group(add, name="also")
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        got = [sess.run(done), sess.run(v), sess.run([done, done]), sess.run(v)]
        sess.run([also, done])
        return {"got": [got[0], got[1], *got[2], got[3], sess.run(v)]}


def case_control_dependency_on_nothing(tf, np):
    with tf.control_dependencies([3]):
        tf.constant(1.0)
