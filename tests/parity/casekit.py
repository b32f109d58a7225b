"""What the op case files share: settings, and how one is built, run, differentiated.

A *setting* is one use of an op: a function that builds it and the arrays that go
in. `case(...)` makes the case function of several settings. Each of them leaves the
values of its outputs, their static shapes and dtypes, the name of the first, and
the gradients with respect to its floating-point inputs under a fixed cotangent.

Runs under the Python 3.6 of the recorded TensorFlow as well as today's.
"""
# ruff: noqa: B905 - zip() of Python 3.6 has no `strict`.

import collections

import numpy as np

__all__ = [
    "Setting",
    "arr",
    "case",
    "const",
    "each",
    "error_of",
    "fed",
    "ints",
    "pick",
    "run",
    "unknown",
]

Setting = collections.namedtuple("Setting", "build inputs mode grad name")


def arr(*shape, lo=-2.0, hi=2.0, dtype="float32", salt=0):
    """Returns fixed pseudo-random numbers in [lo, hi) of `shape`."""
    state = np.random.RandomState([*shape, salt, 17])
    value = np.round(state.uniform(lo, hi, size=shape), 3)
    if np.dtype(dtype).kind == "c":
        value = value + 1j * np.round(state.uniform(lo, hi, size=shape), 3)
    return np.asarray(value, dtype=dtype)


def ints(*shape, lo=0, hi=5, dtype="int32", salt=0):
    """Returns fixed pseudo-random integers in [lo, hi) of `shape`."""
    state = np.random.RandomState([*shape, salt, 23])
    return np.asarray(state.randint(lo, hi, size=shape), dtype=dtype)


def const(build, *inputs, grad=True, name=True):
    """A setting whose inputs are constants; `name=False`: do not compare the name."""
    return Setting(build, [np.asarray(x) for x in inputs], "const", grad, name)


def fed(build, *inputs, grad=True, name=True):
    """A setting whose inputs are placeholders of known shape."""
    return const(build, *inputs, grad=grad, name=name)._replace(mode="fed")


def unknown(build, *inputs, grad=True, name=True):
    """A setting whose inputs are placeholders in which every dimension is unknown."""
    return const(build, *inputs, grad=grad, name=name)._replace(mode="unknown")


def each(build, *inputs, grad=True, name=True):
    """The same use three times: constants, placeholders, unknown dimensions."""
    return [
        kind(build, *inputs, grad=grad, name=name) for kind in (const, fed, unknown)
    ]


def pick(tf, *names):
    """Returns the first of `names` that `tf` has: TensorFlow renamed some functions."""
    return next(getattr(tf, name) for name in names if hasattr(tf, name))


def error_of(tf, function):
    """Returns the class name of what `function(tf)` raises on a graph of its own."""
    with tf.Graph().as_default():
        try:
            function(tf)
        except Exception as error:
            return type(error).__name__
    return "no error"


def case(*settings, bad=(), tol=None):
    """Returns the case function of `settings` (lists of them are spliced in).

    Args:
      settings: what `const`, `fed`, `unknown` or `each` return.
      bad: functions of `tf` that must raise; the class is recorded.
      tol: (rtol, atol) instead of the usual tolerance.
    """
    flat = [
        s for entry in settings for s in (entry if type(entry) is list else [entry])
    ]

    def run_case(tf, np):
        results = run(tf, flat)
        if bad:
            results["bad"] = np.array([error_of(tf, function) for function in bad])
        return results

    if tol:
        run_case.tol = tol
    return run_case


def run(tf, settings):
    """Builds all `settings` in one graph, runs it, and returns what they leave."""
    built = [_build(tf, setting) for setting in settings]
    feed = {}
    for setting, (_, tensors) in zip(settings, built):
        if setting.mode != "const":
            feed.update(zip(tensors, setting.inputs))
    with tf.Session() as sess:
        cotangents = _cotangents(sess, settings, built, feed)
        grads = [
            _gradients(tf, outs, tensors, row)
            for (outs, tensors), row in zip(built, cotangents)
        ]
        fetches = [t for outs, _ in built for t in outs]
        fetches += [g for row in grads for g in row if not isinstance(g, str)]
        values = iter(sess.run(fetches, feed) if fetches else [])
    results = [
        {
            "out": [next(values) for _ in outs],
            "type": np.array([_type(t) for t in outs]),
        }
        for outs, _ in built
    ]
    for result, row in zip(results, grads):
        if row:
            result["grad"] = [
                np.array(g) if isinstance(g, str) else next(values) for g in row
            ]
    if settings[0].name:
        results[0]["name"] = np.array(built[0][0][0].name)
    return {
        f"{i}_{setting.mode}": result
        for i, (setting, result) in enumerate(zip(settings, results))
    }


def _build(tf, setting):
    """Returns the outputs and the input tensors of a setting."""
    tensors = []
    for array in setting.inputs:
        dtype = tf.as_dtype(array.dtype)
        if setting.mode == "const":
            tensors.append(tf.constant(array))
        elif setting.mode == "fed":
            tensors.append(tf.placeholder(dtype, array.shape))
        else:
            tensors.append(tf.placeholder(dtype, [None] * array.ndim))
    return list(_tensors(tf, setting.build(tf, *tensors))), tensors


def _tensors(tf, outputs):
    if isinstance(outputs, tf.SparseTensor):
        yield outputs.indices
        yield outputs.values
        yield outputs.shape
    elif isinstance(outputs, (list, tuple)):
        for item in outputs:
            yield from _tensors(tf, item)
    else:
        yield outputs


def _type(tensor):
    """Returns dtype and static shape in words, such as "float32 [2, -1]"."""
    shape = tensor.get_shape()
    if shape.ndims is None:
        return tensor.dtype.name + " of unknown rank"
    dims = [-1 if d is None else d for d in shape.as_list()]
    return f"{tensor.dtype.name} {dims}"


def _differentiable(tensor):
    return tensor.dtype.is_floating or tensor.dtype.name.startswith("complex")


def _cotangent(shape, dtype):
    angles = 0.3 + 0.7 * np.arange(np.prod(shape, dtype=np.int64))
    value = np.cos(angles) + (1j * np.sin(angles) if dtype.kind == "c" else 0.0)
    return value.reshape(shape).astype(dtype)


def _cotangents(sess, settings, built, feed):
    """Returns, per setting, (output, cotangent) of each differentiable output."""
    wanted = [
        [(i, t) for i, t in enumerate(outs) if setting.grad and _differentiable(t)]
        for setting, (outs, _) in zip(settings, built)
    ]
    # Where sizes are unknown, they are those of the same use with known ones.
    uses = [_use(setting) for setting in settings]
    shapes = {
        (use, i): t.get_shape().as_list()
        for use, row in zip(uses, wanted)
        for i, t in row
        if t.get_shape().is_fully_defined()
    }
    open_ended = {
        (use, i): t
        for use, row in zip(uses, wanted)
        for i, t in row
        if (use, i) not in shapes
    }
    if open_ended:
        found = sess.run(list(open_ended.values()), feed)
        shapes.update((key, value.shape) for key, value in zip(open_ended, found))
    return [
        [
            (t, _cotangent(shapes[use, i], np.dtype(t.dtype.as_numpy_dtype)))
            for i, t in row
        ]
        for use, row in zip(uses, wanted)
    ]


def _use(setting):
    """What `each` gives the same three times."""
    arrays = [(a.dtype.str, a.shape, a.tobytes()) for a in setting.inputs]
    return (setting.build, *arrays)


def _gradients(tf, outs, tensors, cotangents):
    """Returns a dense tensor, or "None", for each floating-point input."""
    xs = [t for t in tensors if _differentiable(t)]
    if not (xs and cotangents):
        return []
    ys, grad_ys = zip(*cotangents)
    if len(ys) > 1:
        # TensorFlow 0.12 forgets the cotangent of a y that another one is made from.
        ys = [tf.identity(y) for y in ys]
    found = tf.gradients(list(ys), xs, [tf.constant(c) for c in grad_ys])
    return ["None" if g is None else tf.convert_to_tensor(g) for g in found]
