"""What the case files of branches and loops share: results, gradients, side effects.

Runs under the Python 3.6 of the recorded TensorFlow as well as today's.
"""
# ruff: noqa: B905 - zip() of Python 3.6 has no `strict`.

import numpy as np

__all__ = ["described", "effects", "flat", "raised", "results", "table"]


def flat(structure):
    """The tensors of nested lists and tuples, in order."""
    if isinstance(structure, (tuple, list)):
        return [leaf for item in structure for leaf in flat(item)]
    return [structure]


def described(tensor):
    """Name, dtype and static shape in words."""
    shape = tensor.get_shape()
    dims = shape.as_list() if shape.ndims is not None else "unknown"
    return f"{tensor.name} {tensor.dtype.name} {dims}"


def results(tf, ys, xs=(), feed=None, order=1, names=True):
    """Runs tensors and the gradients of their weighted sum.

    Args:
      tf: the module.
      ys: tensors, nested or not.
      xs: tensors or variables to differentiate by.
      feed: what to feed.
      order: how often to differentiate.
      names: whether names and static shapes are compared.

    Returns:
      The values, the gradients of each order ("None" where there is none), and how
      the tensors are described.
    """
    ys = flat(ys)
    found = {}
    target = [
        tf.reduce_sum(tf.sin(y + 0.3 * i) * (1.0 + 0.5 * i))
        for i, y in enumerate(ys)
        if y.dtype.is_floating
    ]
    grads = []
    for _ in range(order if xs else 0):
        row = tf.gradients(target, list(xs))
        grads.append(["None" if g is None else tf.convert_to_tensor(g) for g in row])
        target = [tf.reduce_sum(tf.cos(g)) for g in grads[-1] if not isinstance(g, str)]
    fetched = ys + [g for row in grads for g in row if not isinstance(g, str)]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        values = sess.run(fetched, feed)
    rest = iter(values[len(ys) :])
    found["value"] = [np.asarray(v) for v in values[: len(ys)]]
    for i, row in enumerate(grads):
        found[f"grad{i + 1}"] = [
            np.array(g) if isinstance(g, str) else next(rest) for g in row
        ]
    if names:
        found["tensor"] = np.array([described(y) for y in ys])
    return found


def table(*settings, names=True):
    """Returns the case function of settings, each (build, array, ...).

    Each is built of constants and of placeholders. (TensorFlow 0.12 refuses gradients
    of a `TensorArray` that begin with a cotangent of the program's own, and shapes of
    elements with unknown sizes: `casekit.case` gives both.)
    """

    def run(tf, np):
        found = {}
        for i, (build, *arrays) in enumerate(settings):
            arrays = [np.asarray(a) for a in arrays]
            for mode in ("const", "fed"):
                with tf.Graph().as_default():
                    if mode == "const":
                        inputs, feed = [tf.constant(a) for a in arrays], None
                    else:
                        inputs = [tf.placeholder(a.dtype, a.shape) for a in arrays]
                        feed = dict(zip(inputs, arrays))
                    xs = [x for x in inputs if x.dtype.is_floating]
                    got = results(tf, build(tf, *inputs), xs, feed, names=names)
                found[f"{i}_{mode}"] = got
        return found

    return run


def effects(tf, *builds):
    """What graphs return and what they leave in two variables, for both predicates.

    Args:
      tf: the module.
      *builds: functions of (tf, v, w, p): two variables and a fed boolean.
    """
    found = []
    for build in builds:
        with tf.Graph().as_default():
            v, w = tf.Variable(1.0, name="v"), tf.Variable(10.0, name="w")
            p = tf.placeholder(tf.bool, [], name="p")
            fetched = build(tf, v, w, p)
            with tf.Session() as sess:
                for value in (True, False):
                    sess.run(tf.initialize_all_variables())
                    result = sess.run(flat(fetched), {p: value})
                    result = [0.0 if r is None else float(r) for r in result]
                    left = [float(x) for x in sess.run([v, w])]
                    found.append(np.array(result + left))
    return found


def raised(tf, *builds):
    """The class of what each `build(tf)` raises, built and run on its own graph."""
    found = []
    for build in builds:
        with tf.Graph().as_default():
            try:
                fetched = flat(build(tf))
                with tf.Session() as sess:
                    sess.run(tf.initialize_all_variables())
                    sess.run(fetched)
                found.append("nothing")
            except Exception as error:
                found.append(type(error).__name__)
    return np.array(found)
