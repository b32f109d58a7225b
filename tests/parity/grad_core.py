"""What `tf.gradients` and its companions do, beyond the gradient of one op."""

import os
import sys
import uuid

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, error_of

X = arr(2, 3)


def fresh(name):
    """Returns a name under which nothing is registered yet in this process."""
    return name + uuid.uuid4().hex


def evaluated(tf, grads, feed=None):
    """Runs what `tf.gradients` returned; says which are missing, which are sparse."""
    kinds = [type(g).__name__ for g in grads]
    found = [g for g in grads if g is not None]
    with tf.Session() as sess:
        values = sess.run([tf.convert_to_tensor(g) for g in found], feed)
    return {
        "kind": np.array(kinds),
        "shape": np.array([str(tf.convert_to_tensor(g).get_shape()) for g in found]),
        "value": values,
    }


def case_one_x_gives_a_list(tf, np):
    x = tf.constant(X)
    return evaluated(tf, tf.gradients(tf.tanh(x), x))


def case_names(tf, np):
    """Gradients live in a scope of their own and take the shapes of their x."""
    x = tf.constant(X, name="x")
    y = tf.reduce_sum(tf.square(x), name="y")
    one = tf.gradients(y, x)[0]
    two = tf.gradients(y, x, name="mine")[0]
    return {
        "scopes": np.array([t.name.split("/")[0] for t in (one, two)]),
        "shapes": np.array([str(t.get_shape()) for t in (one, two)]),
        "dtypes": np.array([t.dtype.name for t in (one, two)]),
    }


def case_intermediate(tf, np):
    """Gradients with respect to the inside of a graph, one and several at once."""
    x = tf.constant(X)
    h = tf.tanh(x)
    g = tf.exp(h)
    y = tf.reduce_sum(g * h)
    return {
        "one": evaluated(tf, tf.gradients(y, [h])),
        "all": evaluated(tf, tf.gradients(y, [x, h, g, y])),
    }


def case_one_x_behind_another(tf, np):
    """An x does not cut the path to another x that lies behind it."""
    w = tf.constant(arr(3))
    h = tf.square(w)
    y = h * w
    return evaluated(tf, tf.gradients(y, [h, w]))


def case_y_is_x(tf, np):
    x = tf.constant(X)
    return evaluated(tf, tf.gradients([x, 2.0 * x], x))


def case_unconnected(tf, np):
    x, other = tf.constant(X), tf.constant(arr(2))
    y = tf.reduce_sum(x)
    return evaluated(tf, tf.gradients(y, [other, x]))


def case_through_integers(tf, np):
    """Nothing flows through comparisons, casts to integers, or arg-max."""
    x = tf.constant(X)
    found = [
        tf.gradients(tf.cast(x > 0, tf.float32), x)[0],
        tf.gradients(tf.to_float(tf.to_int32(x)), x)[0],
        tf.gradients(tf.to_float(tf.argmax(x, 1)), x)[0],
        tf.gradients(tf.to_float(tf.shape(x)), x)[0],
        tf.gradients(tf.floor(x), x)[0],
        tf.gradients(tf.zeros_like(x), x)[0],
        tf.gradients(tf.to_float(tf.size(x)) * x, x)[0],
    ]
    return evaluated(tf, found)


def case_stop_gradient(tf, np):
    x = tf.constant(X)
    return evaluated(
        tf,
        [
            tf.gradients(tf.stop_gradient(x) * x, x)[0],
            tf.gradients(tf.stop_gradient(tf.square(x)), x)[0],
            tf.gradients(x - tf.stop_gradient(x) + 3.0, x)[0],
        ],
    )


def case_several_ys(tf, np):
    x, w = tf.constant(X), tf.constant(arr(3, 2))
    y, z = tf.matmul(x, w), tf.square(x)
    return {
        "sum": evaluated(tf, tf.gradients([y, z], [x, w])),
        "weighted": evaluated(
            tf,
            tf.gradients(
                [y, z], [x, w], [tf.constant(arr(2, 2)), tf.constant(arr(2, 3))]
            ),
        ),
        "one_left_out": evaluated(
            tf, tf.gradients([y, z], [x, w], [tf.constant(arr(2, 2)), None])
        ),
    }


def case_grad_ys(tf, np):
    x = tf.placeholder(tf.float32, [None, 3])
    seed = tf.placeholder(tf.float32, [None, 3])
    found = tf.gradients(tf.sin(x), x, grad_ys=seed)
    return evaluated(tf, found, {x: X, seed: arr(2, 3, salt=1)})


def case_second_derivatives(tf, np):
    x = tf.constant(arr(3))
    y = tf.reduce_sum(x**3.0 + tf.exp(x) * tf.sin(x))
    first = tf.gradients(y, x)[0]
    second = tf.gradients(first, x)[0]
    third = tf.gradients(second, x)[0]
    return evaluated(tf, [first, second, third])


def case_second_derivatives_of_a_layer(tf, np):
    x, w = tf.constant(X), tf.constant(arr(3, 2))
    loss = tf.reduce_sum(tf.square(tf.tanh(tf.matmul(x, w))))
    gx, gw = tf.gradients(loss, [x, w])
    penalty = tf.reduce_sum(tf.square(gx))
    return evaluated(tf, [gx, gw, *tf.gradients(penalty, [x, w])])


case_second_derivatives.tol = (1e-4, 1e-5)
case_second_derivatives_of_a_layer.tol = (1e-4, 1e-5)


def case_shared_and_repeated(tf, np):
    """A tensor that is used many times, and the same tensor twice in one op."""
    x = tf.constant(X)
    return evaluated(
        tf, tf.gradients(x * x + x * 2.0 - tf.maximum(x, x) + tf.add_n([x, x, x]), x)
    )


def case_unknown_shapes(tf, np):
    x = tf.placeholder(tf.float32)
    w = tf.placeholder(tf.float32, [None, 2])
    y = tf.reduce_mean(tf.matmul(tf.reshape(x, [-1, 3]), w))
    result = evaluated(tf, tf.gradients(y, [x, w]), {x: X, w: arr(3, 2)})
    # The shape is that of `x`; TensorFlow's is that of the product that computes it.
    del result["shape"]
    return result


def case_fed_intermediate(tf, np):
    """A fed tensor is differentiated at the value that is fed."""
    x = tf.constant(X)
    h = tf.square(x)
    y = tf.exp(h)
    grads = tf.gradients(y, [x, h])
    with tf.Session() as sess:
        return {
            "not_fed": sess.run(grads),
            "fed": sess.run(grads, {h: arr(2, 3, salt=1)}),
            "fed_gradient": sess.run([grads[0] * 2.0], {grads[0]: X}),
        }


def case_gather(tf, np):
    """From a variable, constant or computed table; indices known, fed and repeated."""
    table = tf.Variable(arr(4, 2), name="table")
    ids = tf.placeholder(tf.int32, [None])
    rows = tf.gather(table, ids)
    direct = tf.gradients(tf.square(rows), table)[0]
    computed = tf.gradients(tf.square(tf.gather(table * 2.0, ids)), table)[0]
    twice = tf.gradients(rows * 3.0 + tf.gather(table, [0, 1, 1]), table)[0]
    mixed = tf.gradients(tf.reduce_sum(rows) + tf.reduce_sum(table), table)[0]
    grads = [direct, computed, twice, mixed]
    feed = {ids: [3, 0, 3]}
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {
            # Whether `mixed` stays sparse is a matter of taste.
            "kind": np.array([type(g).__name__ for g in grads[:3]]),
            "dense": sess.run([tf.convert_to_tensor(g) for g in grads], feed),
            "values": sess.run(direct.values, feed),
            "indices": sess.run(direct.indices, feed),
            "shape": sess.run(direct.dense_shape, feed),
        }


def case_embedding_lookup(tf, np):
    """Ids of two dimensions: the slices are flat."""
    table = tf.Variable(arr(4, 2), name="table")
    looked_up = tf.nn.embedding_lookup(table, [[0, 3], [3, 1]])
    grad = tf.gradients(tf.square(looked_up), table)[0]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {
            "kind": type(grad).__name__,
            "slices": sess.run([grad.values, grad.indices]),
            "dense": sess.run(tf.convert_to_tensor(grad)),
        }


def case_indexed_slices(tf, np):
    """The class by itself: fields, fetching, negation by conversion."""
    slices = tf.IndexedSlices(
        tf.constant(arr(2, 3)), tf.constant([3, 1]), tf.constant([4, 3])
    )
    with tf.Session() as sess:
        fetched = sess.run(slices)
        return {
            "fields": list(fetched),
            "type": type(fetched).__name__,
            "dense": sess.run(tf.convert_to_tensor(slices)),
            "dtype": slices.dtype.name,
        }


def case_register_gradient(tf, np):
    """A gradient of one's own replaces that of a type of op."""

    tenfold_name = fresh("Tenfold")

    @tf.RegisterGradient(tenfold_name)
    def tenfold(op, grad):
        return 10.0 * grad * op.inputs[0]

    x = tf.constant(X)
    with tf.get_default_graph().gradient_override_map({"Tanh": tenfold_name}):
        y = tf.tanh(x * 2.0)
    plain = tf.tanh(x * 2.0)
    return evaluated(tf, [tf.gradients(y, x)[0], tf.gradients(plain, x)[0]])


def case_override_in_the_middle(tf, np):
    """Straight-through rounding: ops on both sides keep their own gradients."""

    through_name = fresh("Through")

    @tf.RegisterGradient(through_name)
    def through(op, grad):
        return grad

    x = tf.constant(X)
    h = tf.square(x)
    override = {"Floor": through_name, "Sign": through_name}
    with tf.get_default_graph().gradient_override_map(override):
        rounded, sign = tf.floor(h), tf.sign(x)
    y = tf.exp(rounded * 0.1) * sign
    return evaluated(tf, tf.gradients(y, [x, h, rounded, sign]))


def case_override_of_two_inputs(tf, np):
    swapped_name = fresh("Swapped")

    @tf.RegisterGradient(swapped_name)
    def swapped(op, grad):
        assert op.type == "Mul"
        return [grad * op.inputs[0], None]

    x, y = tf.constant(X), tf.constant(arr(2, 3, salt=1))
    with tf.get_default_graph().gradient_override_map({"Mul": swapped_name}):
        z = tf.mul(x, y)
    return evaluated(tf, tf.gradients(z, [x, y]))


def case_py_func(tf, np):
    """Python in the middle of a graph: values go through, gradients stop."""
    x = tf.placeholder(tf.float32, [2, 3])
    scaled = tf.py_func(lambda a: np.float32(2.0) * a, [tf.square(x)], [tf.float32])[0]
    pair = tf.py_func(
        lambda a, b: (a + b, np.int64(a.size)), [x, x], [tf.float32, tf.int64]
    )
    scaled.set_shape([2, 3])
    y = tf.tanh(scaled) + x
    found = tf.gradients(y, [x, scaled])
    with tf.Session() as sess:
        return {
            "values": sess.run([scaled, y, *pair], {x: X}),
            "grads": sess.run(found, {x: X}),
            "shape": str(pair[0].get_shape()),
            "blocked": str(tf.gradients(scaled, x)[0]),
            "error": error_of(tf, failing_py_func),
        }


def failing_py_func(tf):
    def fail(value):
        raise ValueError("no")

    made = tf.py_func(fail, [tf.zeros([2])], [tf.float32])
    tf.Session().run(made)


def case_py_func_with_gradient(tf, np):
    """The way of the time to give Python code a gradient."""

    cube_name = fresh("Cube")

    @tf.RegisterGradient(cube_name)
    def cube_grad(op, grad):
        return 3.0 * tf.square(op.inputs[0]) * grad

    x = tf.constant(X)
    with tf.get_default_graph().gradient_override_map({"PyFunc": cube_name}):
        y = tf.py_func(lambda a: a**3, [x * 2.0], [tf.float32])[0]
    y.set_shape(x.get_shape())
    return evaluated(tf, tf.gradients(tf.sin(y), [x, y]))


case_py_func_with_gradient.tol = (1e-4, 1e-5)


def case_variables(tf, np):
    """With respect to variables, read through their reference and as tensors."""
    w = tf.Variable(arr(3, 2), name="w")
    b = tf.Variable(arr(2), name="b")
    unused = tf.Variable(1.0, name="unused")
    loss = tf.reduce_mean(tf.nn.relu(tf.matmul(tf.constant(X), w) + b))
    found = tf.gradients(loss, [w, b, unused])
    hessian_row = tf.gradients(tf.gradients(tf.reduce_sum(w * w * w), w)[0][0, 1], w)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {
            "missing": [g is None for g in found],
            "value": sess.run(found[:2]),
            "hessian_row": sess.run(hessian_row),
        }


def case_arguments(tf, np):
    """Options that choose how sums are made do not change the numbers."""
    x = tf.constant(X)
    y = tf.reduce_sum(x * x + tf.sin(x) * x)
    methods = tf.AggregationMethod
    found = [
        tf.gradients(y, x, gate_gradients=True)[0],
        tf.gradients(y, x, colocate_gradients_with_ops=True)[0],
    ] + [
        tf.gradients(y, x, aggregation_method=method)[0]
        for method in (
            methods.DEFAULT,
            methods.ADD_N,
            methods.EXPERIMENTAL_TREE,
            methods.EXPERIMENTAL_ACCUMULATE_N,
        )
    ]
    return evaluated(tf, found)


def case_errors(tf, np):
    """What is refused, and with which class."""
    functions = [
        lambda tf: tf.gradients(tf.zeros([2]), tf.zeros([2]), [tf.zeros([2])] * 2),
        lambda tf: tf.gradients(tf.zeros([2]), tf.zeros([2]), tf.constant([1, 2])),
        lambda tf: tf.gradients("text", tf.zeros([2])),
        lambda tf: tf.gradients(tf.zeros([2]), tf.zeros([2]), aggregation_method=99),
        gradient_nobody_registered,
        lambda tf: tf.RegisterGradient("Tanh")(lambda op, grad: grad),
        lambda tf: tf.RegisterGradient(3),
    ]
    return {"class": np.array([error_of(tf, function) for function in functions])}


def gradient_nobody_registered(tf):
    """An override that names a gradient nobody registered."""
    x = tf.constant([1.0])
    with tf.get_default_graph().gradient_override_map({"Tanh": "NobodyRegisteredThis"}):
        y = tf.tanh(x)
    tf.gradients(y, x)


def case_control_dependencies(tf, np):
    """They order ops and carry no gradient."""
    x = tf.constant(X)
    with tf.control_dependencies([tf.square(x)]):
        y = tf.identity(x) * 3.0
    grouped = tf.tuple([tf.sin(x), tf.cos(x)])
    return evaluated(tf, [tf.gradients(y, x)[0], tf.gradients(grouped[0], x)[0]])
