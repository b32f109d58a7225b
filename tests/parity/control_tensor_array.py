"""`tf.TensorArray`: elements, gradients, loops and branches, what is refused."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, ints
from controlkit import raised, results, table

X, Y, V = arr(3, 2), arr(2, salt=1), arr(3)
FLOAT = "float32"


def below(n):
    return lambda i, *rest: i < n


def array(tf, size, dtype=FLOAT, **options):
    return tf.TensorArray(tf.as_dtype(dtype), size, **options)


def unpacked(tf, value, **options):
    """`unpack` and `pack` are `stack` and `unstack` later; 0.12.1 has the first."""
    shape = value.get_shape().as_list()
    return array(tf, shape[0], value.dtype, **options).unpack(value)


# -- elements ---------------------------------------------------------------------


def written(tf, x, y):
    return array(tf, 3).write(0, x).write(2, y).write(1, x * y)


case_write_pack = table(
    (lambda tf, x, y: written(tf, x, y).pack(), Y, arr(2)),
    (lambda tf, x, y: written(tf, x, y).concat(), Y, arr(2)),
    (lambda tf, x, y: written(tf, x, y).gather([2, 0]), Y, arr(2)),
    (lambda tf, x, y: written(tf, x, y).read(1), Y, arr(2)),
    (lambda tf, x, y: written(tf, x, y).size(), Y, arr(2)),
    names=False,
)
case_unpack = table(
    (lambda tf, x: unpacked(tf, x).pack() * 2.0, X),
    (lambda tf, x: unpacked(tf, x).concat() * 2.0, X),
    (lambda tf, x: unpacked(tf, x).read(2), X),
    (lambda tf, x: unpacked(tf, x).gather([1, 2]), X),
    (lambda tf, x: unpacked(tf, x).pack(), V),
    (lambda tf, x: unpacked(tf, x).read(0), V),
    (lambda tf, x: array(tf, 0, dynamic_size=True).unpack(x).pack() * 3.0, X),
    names=False,
)
case_scatter = table(
    (lambda tf, x: array(tf, 3).scatter([2, 0, 1], x).pack(), X),
    (lambda tf, x: array(tf, 5).scatter([4, 0, 1], x).gather([0, 4]), X),
    names=False,
)
case_split = table(
    (lambda tf, x: array(tf, 3).split(x, [1, 1, 1]).pack(), X),
    (lambda tf, x: array(tf, 3).split(x, [1, 1, 1]).concat() * 2.0, X),
    (lambda tf, x: array(tf, 2, infer_shape=False).split(x, [1, 2]).concat(), X),
    (lambda tf, x: array(tf, 2, infer_shape=False).split(x, [1, 2]).read(1), X),
    (lambda tf, x: array(tf, 3, infer_shape=False).split(x, [3, 0, 0]).read(0), X),
    (lambda tf, x: array(tf, 1, dynamic_size=True).split(x, [1, 1, 1]).pack(), X),
    names=False,
)
case_shapes_that_differ = table(
    (
        lambda tf, x, y: (
            array(tf, 2, infer_shape=False).write(0, x).write(1, y).concat()
        ),
        X,
        arr(1, 2),
    ),
    (
        lambda tf, x, y: (
            array(tf, 2, infer_shape=False).write(1, x).write(0, y).read(1)
        ),
        X,
        V,
    ),
    names=False,
)
case_dtypes = table(
    (lambda tf, x: unpacked(tf, x).pack(), ints(3)),
    (lambda tf, x: unpacked(tf, x).pack() * 2.0, arr(3, dtype="float64")),
    (lambda tf, x: tf.to_float(unpacked(tf, x).read(1)), ints(3) > 2),
    (lambda tf, x: unpacked(tf, tf.cast(x, tf.int64)).read(1), ints(3)),
    (lambda tf, x: tf.real(unpacked(tf, tf.complex(x, x * 2.0)).read(1)), V),
    names=False,
)
case_grows = table(
    (lambda tf, x: array(tf, 0, dynamic_size=True).write(0, x).pack(), V),
    (
        lambda tf, x: (
            array(tf, 1, dynamic_size=True).write(0, x).write(1, x * x).pack()
        ),
        V,
    ),
    (lambda tf, x: array(tf, 0, dynamic_size=True).write(4, x).size(), V),
    (lambda tf, x: array(tf, 0, dynamic_size=True).write(4, x).read(4), V),
    names=False,
)
case_read_several_times = table(
    (
        lambda tf, x: (lambda a: a.read(1) * a.read(1) + a.read(0))(
            unpacked(tf, x, clear_after_read=False)
        ),
        X,
    ),
    (
        lambda tf, x: (lambda a: a.pack() * a.read(0))(
            unpacked(tf, x, clear_after_read=False)
        ),
        X,
    ),
    names=False,
)


def case_index_is_fed(tf, np):
    i, x = tf.placeholder(tf.int32, []), tf.constant(X)
    y = unpacked(tf, x).read(i)
    z = array(tf, 4).write(i, x).read(i)
    grads = [tf.gradients(tf.sin(t), x)[0] for t in (y, z)]
    with tf.Session() as sess:
        return {"runs": [sess.run([y, z] + grads, {i: k}) for k in (0, 2, 1)]}


def case_size_is_fed(tf, np):
    n, x = tf.placeholder(tf.int32, []), tf.placeholder(tf.float32, [None, 2])
    a = array(tf, n).unpack(x)
    with tf.Session() as sess:
        return {
            "runs": [
                sess.run([a.size(), a.pack()], {n: k, x: arr(k, 2)}) for k in (3, 1, 4)
            ]
        }


def case_size_depends_on_data(tf, np):
    v = tf.Variable(3)
    a = array(tf, v + 1)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        first = sess.run(a.size())
        sess.run(v.assign(5))
        return {"sizes": [first, sess.run(a.size())]}


def case_lengths_are_fed(tf, np):
    lengths, x = tf.placeholder(tf.int32, [None]), tf.constant(arr(6))
    a = array(tf, 3, infer_shape=False).split(x, lengths)
    y = tf.reduce_sum(a.read(1)) * 3.0
    grad = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        return {
            "runs": [sess.run([y, grad], {lengths: k}) for k in ([1, 2, 3], [2, 2, 2])]
        }


def case_nothing(tf, np):
    a = array(tf, 0).unpack(tf.zeros([0, 2]))
    with tf.Session() as sess:
        return {"pack": sess.run(a.pack()), "size": sess.run(a.size())}


def case_flow_and_operations(tf, np):
    a = array(tf, 2, name="a").write(0, 1.0)
    with tf.Session() as sess:
        return {"run": [sess.run(a.flow), str(sess.run(a.close()))]}


def case_static_shapes(tf, np):
    x = tf.placeholder(tf.float32, [None, 2])
    a, rows = array(tf, 3), array(tf, 3).unpack(X)
    tensors = [
        a.read(0),
        a.pack(),
        a.size(),
        a.write(0, Y).read(0),
        array(tf, 3).write(0, Y).pack(),
        array(tf, 3).write(0, X).concat(),
        array(tf, 3, infer_shape=False).write(0, Y).read(0),
        rows.read(0),
        rows.pack(),
        rows.gather([0, 1]),
        array(tf, 3).split(X, [1, 1, 1]).read(0),
        array(tf, 2).split(X, [1, 2]).read(0),
        array(tf, 3).write(0, x).read(0),
        array(tf, 3).write(0, x).pack(),
    ]
    return {"shapes": np.array([str(t.get_shape()) for t in tensors])}


# -- loops ------------------------------------------------------------------------


def squares(tf, x, n, **options):
    """Reads each element in a loop, and writes its square."""
    a = unpacked(tf, x)
    return tf.while_loop(
        below(n),
        lambda i, b: (i + 1, b.write(i, tf.square(a.read(i)))),
        [0, array(tf, n, **options)],
    )[1]


def accumulated(tf, x, w):
    a = unpacked(tf, x)
    _, h, b = tf.while_loop(
        below(3),
        lambda i, h, b: (i + 1, tf.tanh(h * w + a.read(i)), b.write(i, h)),
        [0, tf.zeros([2]), array(tf, 3)],
    )
    return [h, b.pack()]


def two_loops(tf, x):
    """What one writes the next reads, from the end."""
    a = squares(tf, x, 3)
    return tf.while_loop(
        below(3),
        lambda i, b: (i + 1, b.write(2 - i, a.read(i) * tf.to_float(i))),
        [0, array(tf, 3)],
    )[1].pack()


def fibonacci(tf, x):
    a = array(tf, 6, clear_after_read=False).write(0, x).write(1, x * x)
    return tf.while_loop(
        below(6),
        lambda i, b: (i + 1, b.write(i, b.read(i - 1) + b.read(i - 2) * 0.5)),
        [2, a],
    )[1].pack()


def in_the_body(tf, x):
    def body(i, s):
        a = array(tf, 2).write(0, s).write(1, x * s)
        return i + 1, tf.reduce_sum(a.pack(), 0)

    return tf.while_loop(below(3), body, [0, x])[1]


def in_the_inner_body(tf, x):
    def body(i, s):
        _, a = tf.while_loop(
            below(2),
            lambda j, a: (j + 1, a.write(j, s * tf.to_float(j + 1) + x)),
            [0, array(tf, 2)],
        )
        return i + 1, tf.tanh(tf.reduce_sum(a.pack(), 0))

    return tf.while_loop(below(3), body, [0, x])[1]


def in_nested_loops(tf, x):
    def body(i, a):
        _, a = tf.while_loop(
            below(2),
            lambda j, a: (j + 1, a.write(i * 2 + j, x * tf.to_float(i * 10 + j))),
            [0, a],
        )
        return i + 1, a

    return tf.while_loop(below(3), body, [0, array(tf, 6)])[1].pack()


def in_branches(tf, x):
    def body(i, a):
        return i + 1, tf.cond(
            tf.equal(i % 2, 0), lambda: a.write(i, x), lambda: a.write(i, x * x)
        )

    return tf.while_loop(below(4), body, [0, array(tf, 4)])[1].pack()


case_loops = table(
    (lambda tf, x: squares(tf, x, 3).pack(), X),
    (lambda tf, x: squares(tf, x, 2).pack(), X),
    (accumulated, X, Y),
    (two_loops, X),
    (fibonacci, Y),
    (in_the_body, Y),
    (in_the_inner_body, Y),
    (in_nested_loops, Y),
    names=False,
)
# TensorFlow 0.12 fails to differentiate a branch that writes in a loop.
case_branches_in_loops = table(
    (lambda tf, x: tf.stop_gradient(in_branches(tf, x)) + x[0], Y), names=False
)
case_grows_in_loops = table(
    (lambda tf, x: squares(tf, x, 3).pack(), X),
    (
        lambda tf, x: tf.while_loop(
            below(4),
            lambda i, a: (i + 1, a.write(i, x * tf.to_float(i))),
            [0, array(tf, 0, dynamic_size=True)],
        )[1].pack(),
        Y,
    ),
    (
        lambda tf, x: tf.while_loop(
            below(2),
            lambda i, a: (i + 1, a.write(2 * i, x).write(2 * i + 1, x * x)),
            [0, array(tf, 1, dynamic_size=True)],
        )[1].pack(),
        Y,
    ),
    (
        lambda tf, x: tf.while_loop(
            lambda s, i, a: tf.reduce_sum(s) < 20.0,
            lambda s, i, a: (s * 1.5 + 1.0, i + 1, a.write(i, s)),
            [x, 0, array(tf, 0, dynamic_size=True)],
        )[2].pack(),
        abs(Y),
    ),
    names=False,
)


def case_grows_with_a_limit_fed(tf, np):
    n, x = tf.placeholder(tf.int32, []), tf.constant(Y)
    _, s, a = tf.while_loop(
        below(n),
        lambda i, s, a: (i + 1, tf.sin(s + x), a.write(i, s)),
        [0, x, array(tf, 0, dynamic_size=True)],
    )
    y = a.pack()
    grad = tf.gradients(tf.square(y), x)[0]
    with tf.Session() as sess:
        return {
            "runs": [sess.run([y, s, a.size(), grad], {n: k}) for k in (1, 4, 2, 4)]
        }


def case_limit_fed(tf, np):
    n, x = tf.placeholder(tf.int32, []), tf.placeholder(tf.float32, [None, 2])
    a = array(tf, n).unpack(x)
    _, b = tf.while_loop(
        below(n),
        lambda i, b: (i + 1, b.write(i, tf.sin(a.read(n - 1 - i)))),
        [0, array(tf, n)],
    )
    y = b.pack()
    grad = tf.gradients(tf.square(y), x)[0]
    with tf.Session() as sess:
        return {"runs": [sess.run([y, grad], {n: k, x: arr(k, 2)}) for k in (1, 4, 2)]}


def case_greedy_decoder(tf, np):
    """Ends when it emits 0."""
    logits = tf.constant([[0.1, 0.9, 0.2], [0.3, 0.1, 0.8], [0.9, 0.1, 0.1]])

    def body(i, token, tokens):
        token = tf.to_int32(tf.argmax(tf.gather(logits, token), 0))
        return i + 1, token, tokens.write(i, token)

    _, _, tokens = tf.while_loop(
        lambda i, token, a: tf.logical_or(tf.equal(i, 0), tf.not_equal(token, 0)),
        body,
        [0, 0, array(tf, 0, "int32", dynamic_size=True)],
    )
    return results(tf, tokens.pack(), names=False)


def case_several_arrays(tf, np):
    x = tf.constant(np.float64(2.0))
    _, a, b, c = tf.while_loop(
        below(3),
        lambda i, a, b, c: (
            i + 1,
            a.write(i, i * i),
            b.write(i, x * tf.to_double(i)),
            c.write(i, i > 1),
        ),
        [0, array(tf, 3, "int32"), array(tf, 3, "float64"), array(tf, 3, "bool")],
    )
    return results(tf, [a.pack(), b.pack(), c.pack()], [x], names=False)


def case_size_in_the_loop(tf, np):
    n = tf.placeholder(tf.int32, [])
    _, a = tf.while_loop(
        below(n),
        lambda i, a: (i + 1, a.write(a.size(), tf.to_float(i))),
        [0, array(tf, 1, dynamic_size=True).write(0, 7.0)],
    )
    _, b = tf.while_loop(
        lambda i, b: b.size() < 5,
        lambda i, b: (i + 1, b.write(i * 2, tf.to_float(i))),
        [0, array(tf, 0, dynamic_size=True)],
    )
    with tf.Session() as sess:
        return {
            "a": [sess.run(a.pack(), {n: k}) for k in (0, 3)],
            "b": sess.run([b.gather([0, 2, 4]), b.size()]),
        }


def case_names_of_loops(tf, np):
    _, a, x = tf.while_loop(
        below(3),
        lambda i, a, x: (i + 1, a.write(i, x), x * 2.0),
        [0, array(tf, 3), 1.0],
        name="fill",
    )
    chosen = tf.cond(tf.constant(True), lambda: a, lambda: a)
    return {"names": np.array([a.flow.name, x.name, chosen.flow.name])}


# -- branches ---------------------------------------------------------------------


def case_branches(tf, np):
    p, x = tf.placeholder(tf.bool, []), tf.constant(Y)
    a = array(tf, 3).write(0, x)
    b = tf.cond(
        p,
        lambda: a.write(1, x * x).write(2, x),
        lambda: a.write(2, x * 3.0).write(1, x + 1.0),
    )
    y = b.pack()
    grad = tf.gradients(y * y, x)[0]
    with tf.Session() as sess:
        return {"both": [sess.run([y, grad], {p: q}) for q in (True, False)]}


def case_read_in_branches(tf, np):
    p, x = tf.placeholder(tf.bool, []), tf.constant(X)
    a = unpacked(tf, x)
    y = tf.cond(p, lambda: a.read(0) * 2.0, lambda: a.read(2) + a.read(1))
    with tf.Session() as sess:
        return {"both": [sess.run(y, {p: q}) for q in (True, False)]}


# -- gradient arrays --------------------------------------------------------------


def case_grad_array(tf, np):
    a = unpacked(tf, tf.constant(X))
    g = a.grad("grad").write(0, Y).write(0, Y * 2.0).write(2, Y)
    none = a.grad("other")
    with tf.Session() as sess:
        return {
            "pack": sess.run(g.pack()),
            "read": sess.run([g.read(0), none.read(1), g.size()]),
        }


# -- refused ----------------------------------------------------------------------


def twice(tf, read):
    """Reads, and then reads again."""
    first = read()
    with tf.control_dependencies([first]):
        return [first, read()]


def case_bad_elements(tf, np):
    def rows(tf, **options):
        return unpacked(tf, tf.constant(V), **options)

    return {
        "class": raised(
            tf,
            lambda tf: array(tf, 3).read(0),
            lambda tf: array(tf, 3).write(1, Y).read(0),
            lambda tf: rows(tf).read(5),
            lambda tf: rows(tf).read(-1),
            lambda tf: array(tf, 3).write(5, Y).flow,
            lambda tf: array(tf, 3).write(-1, Y).flow,
            lambda tf: array(tf, 3, dynamic_size=True).write(-1, Y).flow,
            lambda tf: array(tf, 3, dynamic_size=True).read(5),
            lambda tf: array(tf, 3).write(0, Y).write(0, Y).flow,
            lambda tf: twice(tf, (lambda a: lambda: a.read(0))(rows(tf))),
            lambda tf: twice(
                tf, (lambda a: lambda: a.read(0))(rows(tf, clear_after_read=False))
            ),
            lambda tf: twice(tf, rows(tf).pack),
            lambda tf: array(tf, 3).write(1, Y).pack(),
            lambda tf: array(tf, 3).write(1, Y).concat(),
            lambda tf: array(tf, 3).pack(),
            lambda tf: array(tf, 0).pack(),
            lambda tf: array(tf, 0).concat(),
            lambda tf: array(tf, 2).write(0, 1.0).write(1, 2.0).concat(),
            lambda tf: rows(tf).gather([5, 0]),
            lambda tf: rows(tf).gather([0, 0]),
            lambda tf: array(tf, 3).scatter([1, 1], Y).flow,
            lambda tf: array(tf, 3).scatter([1], Y).flow,
            lambda tf: rows(tf).write(0, 1.0).flow,
            lambda tf: rows(tf).unpack(V).flow,
        )
    }


def case_bad_inputs(tf, np):
    def two(tf):
        return array(tf, 2, infer_shape=False)

    return {
        "class": raised(
            tf,
            lambda tf: array(tf, 3).write(0, tf.constant(1)).flow,
            lambda tf: array(tf, 3, "int32").write(0, tf.constant(1.0)).flow,
            lambda tf: array(tf, 3).write(0, tf.zeros([1])).write(1, tf.zeros([2])),
            lambda tf: two(tf).write(0, tf.zeros([1])).write(1, tf.zeros([2])).pack(),
            lambda tf: (
                two(tf).write(0, tf.zeros([1, 1])).write(1, tf.zeros([1, 2])).concat()
            ),
            lambda tf: array(tf, 3).write(1.5, Y),
            lambda tf: array(tf, 3).write(tf.constant([0]), Y),
            lambda tf: (
                array(tf, 3).write(tf.placeholder_with_default([0], None), Y).flow
            ),
            lambda tf: array(tf, 3).write(tf.constant(0, tf.int64), Y),
            lambda tf: two(tf).split(V, [1, 1]).flow,
            lambda tf: array(tf, 3, infer_shape=False).split(V, [1, 2]).flow,
            lambda tf: two(tf).split(1.0, [1, 0]).flow,
            lambda tf: two(tf).split(V, 3),
            lambda tf: array(tf, 3).gather(0),
        )
    }


def case_bad_arguments(tf, np):
    make = tf.TensorArray

    def handle(tf):
        return array(tf, 3).handle

    return {
        "class": raised(
            tf,
            lambda tf: make(tf.float32),
            lambda tf: make(tf.float32, 1.5),
            lambda tf: make(tf.float32, [1]),
            lambda tf: make(tf.float32, tf.placeholder_with_default([1], None)).size(),
            lambda tf: make(tf.float32, 3, handle=handle(tf)),
            lambda tf: make(tf.float32, handle="a"),
            lambda tf: make(tf.float32, handle=handle(tf), dynamic_size=True),
            lambda tf: make(tf.float32, handle=handle(tf), clear_after_read=True),
            lambda tf: make(tf.float32, handle=handle(tf), tensor_array_name="a"),
            lambda tf: make(tf.float32, handle=handle(tf)).size(),
        )
    }


def case_bad_loops(tf, np):
    """Checks of a compiled loop."""

    def rows(tf):
        return unpacked(tf, tf.constant(V))

    def read(tf, index, n=3):
        a = rows(tf)
        return tf.while_loop(
            below(n), lambda i, s: (i + 1, s + a.read(index(i))), [0, 0.0]
        )[1]

    def write(tf, index, n=3):
        return tf.while_loop(
            below(n), lambda i, a: (i + 1, a.write(index(i), 1.0)), [0, array(tf, 3)]
        )[1].pack()

    return {
        "class": raised(
            tf,
            lambda tf: read(tf, lambda i: i),
            lambda tf: read(tf, lambda i: i, 5),
            lambda tf: read(tf, lambda i: 0),
            lambda tf: read(tf, lambda i: i - 1),
            lambda tf: write(tf, lambda i: i),
            lambda tf: write(tf, lambda i: i, 5),
            lambda tf: write(tf, lambda i: 1),
            lambda tf: write(tf, lambda i: i - 1),
            lambda tf: write(tf, lambda i: i, 2),
        )
    }


def case_bad_grad_array(tf, np):
    def grad(tf, **options):
        return unpacked(tf, tf.constant(V)).grad("grad", **options)

    return {
        "class": raised(
            tf,
            lambda tf: grad(tf).write(7, 1.0).flow,
            lambda tf: grad(tf).write(1, 1.0).write(1, [1.0]),
            lambda tf: twice(tf, (lambda g: lambda: g.read(0))(grad(tf))),
        )
    }


def case_failing_check_changes_nothing(tf, np):
    v, n = tf.Variable(1.0), tf.placeholder(tf.int32, [])
    a = unpacked(tf, tf.constant(V))
    _, s = tf.while_loop(below(n), lambda i, s: (i + 1, s + a.read(i)), [0, 0.0])
    step = tf.assign_add(v, s)
    found = []
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for k in (2, 5, 3):
            try:
                sess.run(step, {n: k})
            except Exception as error:
                found.append(type(error).__name__)
            found.append(str(round(float(sess.run(v)), 3)))
    return {"left": np.array(found)}
