"""`Session`; classes and words of errors are those of TensorFlow."""

import collections
import re
import threading

import jax.numpy as jnp
import numpy as np
import pytest

import tfstyle as tf


@pytest.fixture
def sess():
    graph = tf.Graph()
    with graph.as_default(), tf.Session(graph=graph) as sess:
        yield sess


def error(kind, words):
    return pytest.raises(kind, match=re.escape(words))


# -- what is fetched --------------------------------------------------------------

Pair = collections.namedtuple("Pair", "a b")


def test_fetch_structures(sess):
    a, b = tf.constant(1.0, name="a"), tf.constant([2, 3], name="b")
    v = tf.Variable(4.0, name="v")
    sess.run(v.initializer)
    both = [1.0, [2, 3]]

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [plain(item) for item in value]
        return value if value is None else value.tolist()

    for fetches, expected in [
        (a, 1.0),
        ("a:0", 1.0),
        (b, [2, 3]),
        (v, 4.0),
        ("v:0", 4.0),
        (a.op, None),
        ("a", None),
        ([], []),
        ([a, b], both),
        ((a, b), both),  # A tuple is answered with a list, as in 0.9.
        ([a, a.op, "b:0", a], [1.0, None, [2, 3], 1.0]),
        ([[a, b], [a]], [both, [1.0]]),
        ({"x": a, "y": [b, a]}, {"x": 1.0, "y": [[2, 3], 1.0]}),
        ({"x": {"y": a}}, {"x": {"y": 1.0}}),
        ([{"x": a}], [{"x": 1.0}]),
    ]:
        result = sess.run(fetches)
        assert type(result) is type(plain(result)) or not isinstance(
            result, (list, dict)
        )
        assert plain(result) == expected, fetches
    pair = sess.run(Pair(a, b))
    assert isinstance(pair, Pair)
    assert (pair.a, pair.b.tolist()) == (1.0, [2, 3])


def test_fetched_values_are_the_callers_own(sess):
    v = tf.Variable(tf.zeros([2]))
    sess.run(v.initializer)
    first = sess.run(v)
    first += 5
    assert sess.run(v).tolist() == [0.0, 0.0]
    scalar, text = sess.run([tf.constant(1.5), tf.constant("a")])
    assert (type(scalar), scalar.dtype) == (np.float32, np.float32)
    assert text == b"a"


def test_fetch_indexed_slices(sess):
    slices = tf.IndexedSlices(
        tf.constant([[1.0, 2.0]]), tf.constant([3]), tf.constant([5, 2])
    )
    value = sess.run(slices)
    assert isinstance(value, tf.IndexedSlicesValue)
    assert value.values.tolist() == [[1.0, 2.0]]
    assert (value.indices.tolist(), value.dense_shape.tolist()) == ([3], [5, 2])
    without = tf.IndexedSlices(slices.values, slices.indices)
    assert sess.run([without])[0].dense_shape is None


def test_fetch_and_feed_sparse_tensor(sess):
    sparse = tf.sparse_placeholder(tf.float32)
    fed = (np.array([[1, 2]]), np.array([1.5]), np.array([3, 4]))
    for value in (fed, tf.SparseTensorValue(*fed)):
        result = sess.run(sparse, {sparse: value})
        assert isinstance(result, tf.SparseTensorValue)
        for got, want in zip(result, fed, strict=True):
            np.testing.assert_array_equal(got, want)
        assert result.values.dtype == np.float32


@pytest.mark.parametrize(
    ("fetches", "kind", "words"),
    [
        (None, TypeError, "Fetch argument None has invalid type <class 'NoneType'>"),
        ([None], TypeError, "Fetch argument None has invalid type <class 'NoneType'>"),
        (
            3,
            TypeError,
            "Fetch argument 3 of 3 has invalid type <class 'int'>, must be a string or "
            "Tensor. (Can not convert a int into a Tensor or Operation.)",
        ),
        (
            "nope:0",
            ValueError,
            "Fetch argument 'nope:0' of 'nope:0' cannot be interpreted as a Tensor. "
            "(The name 'nope:0' refers to a Tensor which does not exist. The "
            "operation, 'nope', does not exist in the graph.)",
        ),
        (
            ["nope"],
            ValueError,
            "The name 'nope' refers to an Operation not in the graph",
        ),
        ("a:1", ValueError, "The operation, 'a', exists but only has 1 outputs."),
        (
            "a:x",
            ValueError,
            "The name 'a:x' looks a like a Tensor name, but is not a v",
        ),
    ],
)
def test_fetch_of_something_else(sess, fetches, kind, words):
    tf.constant(1, name="a")
    with error(kind, words):
        sess.run(fetches)


def test_fetch_of_another_graph(sess):
    tf.constant(1)
    with tf.Graph().as_default():
        other = tf.constant(1, name="o")
    with error(ValueError, "cannot be interpreted as a Tensor. (Tensor Tensor("):
        sess.run(other)
    with error(ValueError, "(Operation 'o' is not an element of this graph.)"):
        sess.run([other.op])


def test_fetch_of_what_may_not_be_fetched(sess):
    a = tf.constant(1, name="a")
    sess.graph.prevent_fetching(a.op)
    for fetch in (a, a.op):
        with error(ValueError, "Operation 'a' has been marked as not fetchable."):
            sess.run(fetch)


# -- what is fed ------------------------------------------------------------------


def test_feed_of_any_tensor(sess):
    a = tf.constant(1.0)
    b = a + 1.0
    c = b * 2.0
    v = tf.Variable(1.0)
    assert sess.run([a, b, c], {b: 10}) == [1.0, 10.0, 20.0]
    assert sess.run([a, b], {a: 5}) == [5.0, 6.0]
    assert sess.run([v, v + 1.0], {v: 5.0}) == [5.0, 6.0]
    assert sess.run(c, {"Const:0": 3}) == 8.0
    # Nothing of what was fed is kept.
    assert sess.run(c) == 4.0


def test_feed_of_a_structure(sess):
    a, b = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [])
    product = a * b
    assert sess.run(product, {(a, b): (np.ones(2), 3)}).tolist() == [3.0, 3.0]
    assert sess.run(product, {(a, (b,)): [[np.ones(1)], 2]}).tolist() == [2.0]
    state = tf.nn.rnn_cell.BasicLSTMCell(2, state_is_tuple=True).zero_state(1, "float")
    total = state.c + state.h
    values = sess.run(state)
    values = type(values)(values.c + 2.0, values.h)
    feed = {state: values, (a, b): (np.ones(1), 4)}
    sums, products = sess.run([total, product], feed)
    assert (sums.tolist(), products.tolist()) == ([[2.0, 2.0]], [4.0])


def test_feed_of_a_structure_that_does_not_fit(sess):
    a, b = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [])
    product = a * b
    with error(ValueError, "Key had 2 elements, but value had 1 elements."):
        sess.run(product, {(a, b): (np.ones(2),)})
    with error(ValueError, '0", shape=(?,), dtype=float32) is not unique.'):
        sess.run(product, {(a, b): (np.ones(2), 2), a: [2]})
    with error(TypeError, "Cannot interpret feed_dict key as Tensor: Can not convert"):
        sess.run(product, {(a, 3): (np.ones(2), 2)})
    with error(ValueError, "Cannot feed value of shape (2, 2) for Tensor"):
        sess.run(product, {(a, b): (np.ones([2, 2]), 2)})


def test_feed_of_one_output_of_several(sess):
    parts = tf.split(0, 2, tf.constant([1.0, 2.0]))
    assert [v.tolist() for v in sess.run(parts, {parts[0]: [7.0]})] == [[7.0], [2.0]]


FED = [
    (tf.float32, 1, 1.0),
    (tf.float32, [[1, 2]], [[1.0, 2.0]]),
    (tf.int32, 1.7, 1),
    (tf.int32, np.int64(5), 5),
    (tf.int64, [1.5], [1]),
    (tf.bool, 1, True),
    (tf.uint8, np.array([300]), [44]),
    (tf.complex64, 2, 2 + 0j),
    (tf.string, "é", b"\xc3\xa9"),
    (tf.string, ["a", b"b"], [b"a", b"b"]),
    (tf.string, np.array(["a"]), [b"a"]),
    (tf.float64, jnp.arange(2, dtype=jnp.float32), [0.0, 1.0]),
    (tf.float32, jnp.arange(2, dtype=jnp.float32), [0.0, 1.0]),
]


@pytest.mark.parametrize(("dtype", "value", "expected"), FED, ids=repr)
def test_feed_value(sess, dtype, value, expected):
    p = tf.placeholder(dtype)
    result = sess.run(tf.identity(p), {p: value})
    assert np.asarray(result).tolist() == expected
    if dtype != tf.string:
        assert result.dtype == dtype.as_numpy_dtype


@pytest.mark.parametrize(
    ("dtype", "shape", "value", "kind", "words"),
    [
        (
            *(tf.float32, [None, 2], [1.0, 2.0], ValueError),
            "Cannot feed value of shape (2,) for Tensor 'p:0', which has shape '(?, ",
        ),
        (
            *(tf.float32, [None, 2], [[1.0, 2.0, 3.0]], ValueError),
            "Cannot feed value of shape (1, 3) for Tensor 'p:0', which has shape",
        ),
        (tf.float32, None, "abc", ValueError, "could not convert string to float"),
        (
            tf.float32,
            None,
            [[1], [2, 3]],
            ValueError,
            "setting an array element with a",
        ),
        (tf.float32, None, 1 + 2j, TypeError, "'complex'"),
        (tf.int32, None, None, TypeError, "'NoneType'"),
        (
            *(tf.int32, None, 2**40, TypeError),
            "Type of feed value 1099511627776 is not compatible with Tensor type "
            "<class 'numpy.int32'>. Try explicitly setting the type of the feed tensor "
            "to a larger type (e.g. int64).",
        ),
        (tf.uint8, None, -1, TypeError, "Type of feed value -1 is not compatible with"),
        (
            tf.bool,
            None,
            2,
            TypeError,
            "Type of feed value 2 is not compatible with Ten",
        ),
        (
            tf.string,
            None,
            [3],
            TypeError,
            "Type of feed value 3 is not compatible with",
        ),
    ],
)
def test_feed_of_what_does_not_fit(sess, dtype, shape, value, kind, words):
    p = tf.placeholder(dtype, shape, name="p")
    with error(kind, words):
        sess.run(tf.identity(p), {p: value})


def test_feed_of_a_tensor(sess):
    p = tf.placeholder(tf.float32)
    with error(
        TypeError, "The value of a feed cannot be a tf.Tensor object. Acceptable"
    ):
        sess.run(p, {p: tf.zeros([1])})


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (
            "Nope:0",
            "Cannot interpret feed_dict key as Tensor: The name 'Nope:0' refers to a "
            "Tensor which does not exist. The operation, 'Nope', does not exist in the",
        ),
        (
            "a",
            "Cannot interpret feed_dict key as Tensor: The name 'a' refers to an Oper",
        ),
        (
            3,
            "Cannot interpret feed_dict key as Tensor: Can not convert a int into a T",
        ),
    ],
)
def test_feed_key_that_is_no_tensor(sess, key, words):
    a = tf.constant(1, name="a")
    with error(TypeError, words):
        sess.run(a, {key: 1})


def test_feed_key_of_another_graph(sess):
    a = tf.constant(1)
    with tf.Graph().as_default():
        other = tf.constant(1)
    with error(TypeError, "is not an element of this graph."):
        sess.run(a, {other: 1})
    with error(TypeError, "feed_dict must be a dict, got <class 'list'>."):
        sess.run(a, [a])


def test_feed_of_what_may_not_be_fed(sess):
    a = tf.constant(1.0, name="a")
    sess.graph.prevent_feeding(a)
    with error(
        ValueError, 'Tensor Tensor("a:0", shape=(), dtype=float32) may not be fed'
    ):
        sess.run(a, {a: 1.0})


@pytest.mark.parametrize(
    ("dtype", "shape", "words"),
    [
        (tf.float32, None, "'p' with dtype float\n"),
        (tf.float32, [None, 2], "'p' with dtype float\n"),
        (tf.float64, [2, 3], "'p' with dtype double and shape [2,3]\n"),
        (tf.string, [], "'p' with dtype string\n"),
    ],
)
def test_placeholder_that_is_not_fed(sess, dtype, shape, words):
    p = tf.placeholder(dtype, shape, name="p")
    q = tf.identity(p)
    message = f"You must feed a value for placeholder tensor {words}"
    with error(tf.errors.InvalidArgumentError, message) as caught:
        sess.run(q)
    assert caught.value.op is p.op


# -- sessions ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"target": 3}, TypeError, "target must be a string, but got <class 'int'>"),
        ({"graph": 3}, TypeError, "graph must be a tf.Graph, but got <class 'int'>"),
        (
            {"config": 3},
            TypeError,
            "config must be a tf.ConfigProto, but got <class 'int'>",
        ),
        (
            {"target": "grpc://nowhere:1"},
            tf.errors.NotFoundError,
            "No session factory registered for the given session options",
        ),
    ],
)
def test_argument_of_the_wrong_kind(arguments, kind, words):
    with error(kind, words):
        tf.Session(**arguments)


def test_empty_graph():
    with tf.Graph().as_default(), error(RuntimeError, "The Session graph is empty."):
        tf.Session().run("a:0")


def test_closed_session(sess):
    a = tf.constant(1)
    assert sess.run(a) == 1
    sess.close()
    sess.close()
    with error(RuntimeError, "Attempted to use a closed Session."):
        sess.run(a)
    with error(RuntimeError, "Attempted to use a closed Session."):
        sess.partial_run_setup([a])


def test_session_is_closed_at_the_end_of_its_block():
    with tf.Graph().as_default():
        a = tf.constant(1)
        with tf.Session() as sess:
            assert sess.graph is a.graph
            assert tf.get_default_session() is sess
            assert a.eval() == 1
        assert tf.get_default_session() is None
        with error(RuntimeError, "Attempted to use a closed Session."):
            sess.run(a)


def test_default_session_is_not_closed(sess):
    other = tf.Session()
    a = tf.constant(1)
    with other.as_default():
        assert tf.get_default_session() is other
    assert tf.get_default_session() is sess
    assert other.run(a) == 1


def test_eval_and_run_without_a_session():
    with tf.Graph().as_default():
        a = tf.constant(1)
        with error(
            ValueError,
            "Cannot evaluate tensor using `eval()`: No default session is registered. "
            "Use `with sess.as_default()` or pass an explicit session to "
            "`eval(session=sess)`",
        ):
            a.eval()
        with error(
            ValueError,
            "Cannot execute operation using `run()`: No default session is registered. "
            "Use `with sess.as_default():` or pass an explicit session to "
            "`run(session=sess)`",
        ):
            a.op.run()


def test_eval_and_run_in_a_session_of_another_graph(sess):
    tf.constant(1)
    with tf.Graph().as_default():
        a = tf.constant(1)
    with error(
        ValueError,
        "Cannot use the default session to evaluate tensor: the tensor's graph is "
        "different from the session's graph. Pass an explicit session to "
        "`eval(session=sess)`.",
    ):
        a.eval()
    with error(
        ValueError,
        "Cannot use the given session to execute operation: the operation's graph is "
        "different from the session's graph.",
    ):
        a.op.run(session=sess)


def test_eval_and_run_with_feeds(sess):
    p = tf.placeholder(tf.float32)
    v = tf.Variable(1.0)
    v.initializer.run()
    v.assign(p).op.run({p: 3.0})
    assert (v + p).eval({p: 1.0}) == 4.0
    assert v.eval(session=sess) == 3.0


def test_sessions_keep_their_own_variables(sess):
    v = tf.Variable(1.0)
    other = tf.Session()
    sess.run(v.initializer)
    sess.run(v.assign_add(1.0))
    with error(
        tf.errors.FailedPreconditionError,
        "Attempting to use uninitialized value Variable",
    ):
        other.run(v)
    other.run(v.initializer)
    assert (sess.run(v), other.run(v)) == (2.0, 1.0)


def test_graph_may_grow_between_runs(sess):
    a = tf.constant(1)
    assert sess.run(a) == 1
    b = a + 1
    assert sess.run([a, b]) == [1, 2]
    a.op._add_control_input(tf.no_op())
    assert sess.run([a, b]) == [1, 2]


def test_interactive_session():
    with tf.Graph().as_default():
        sess = tf.InteractiveSession()
        a = tf.constant(2)
        assert a.eval() == 2
        graph = tf.Graph()
        inner = tf.InteractiveSession(graph=graph)
        assert tf.get_default_graph() is graph
        assert tf.constant(3).eval() == 3
        sess.close()  # In any order.
        assert tf.get_default_session() is inner
        inner.close()
        assert tf.get_default_session() is None
        with error(RuntimeError, "Attempted to use a closed Session."):
            sess.run(a)


def test_config_and_options(sess):
    a = tf.constant(1)
    config = tf.ConfigProto(allow_soft_placement=True, log_device_placement=False)
    with tf.Session(config=config) as other:
        metadata = tf.RunMetadata()
        options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        assert other.run(a, options=options, run_metadata=metadata) == 1
        assert metadata.step_stats.dev_stats[0].node_stats
        assert other.run(a, options=tf.RunOptions(timeout_in_ms=10000)) == 1


def test_log_device_placement(capfd):
    with tf.Graph().as_default():
        a = tf.constant(1, name="a")
        config = tf.ConfigProto(log_device_placement=True)
        with tf.Session(config=config) as sess:
            sess.run(a)
            sess.run(a)
    lines = capfd.readouterr().err.splitlines()
    assert len([line for line in lines if line.startswith("a: (Const): /job:")]) == 1


# -- failing runs -----------------------------------------------------------------


def test_failing_run_leaves_variables_as_they_were(sess):
    v, w = tf.Variable(1.0), tf.Variable([1.0, 2.0])
    sess.run(tf.initialize_all_variables())

    def fail():
        raise ValueError("as planned")

    assigned = tf.group(v.assign_add(1.0), w.assign([5.0, 6.0]))
    with tf.control_dependencies([assigned]):
        failing = tf.py_func(fail, [], [tf.float32])[0]
        after = v.assign_add(failing)
    for fetches in (failing, after, [v, after]):
        with error(tf.errors.OpError, "as planned"):
            sess.run(fetches)
        assert sess.run([v, w])[0] == 1.0
        assert sess.run(w).tolist() == [1.0, 2.0]
    sess.run(assigned)
    assert sess.run(v) == 2.0


def test_failure_names_the_operation_and_its_line(sess):
    a = tf.placeholder(tf.float32)
    b = tf.matmul(a, tf.ones([2, 2]), name="product")
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        sess.run(b, {a: np.ones([3, 3])})
    assert caught.value.op is b.op
    text = str(caught.value)
    assert "[[Node: product = MatMul(" in text
    assert "Caused by op 'product', defined at:" in text
    assert __file__ in text
    assert 'b = tf.matmul(a, tf.ones([2, 2]), name="product")' in text
    assert "jax" not in text.split("Caused by")[0].lower()
    # The session goes on.
    assert sess.run(b, {a: np.ones([2, 2])}).tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_uninitialized_variable(sess):
    v = tf.Variable(1.0, name="v")
    for fetch in (v, v + 1.0, v.assign_add(1.0)):
        with error(
            tf.errors.FailedPreconditionError,
            "Attempting to use uninitialized value v\n\t [[Node: v = Variable",
        ):
            sess.run(fetch)


# -- partial runs -----------------------------------------------------------------


@pytest.fixture
def steps(sess):
    a, b = (tf.placeholder(tf.float32, [], name=n) for n in "ab")
    c = tf.add(a, 1.0, name="c")
    d = tf.mul(c, b, name="d")
    return sess, a, b, c, d


def test_partial_run(steps):
    sess, a, b, c, d = steps
    handle = sess.partial_run_setup([c, d], [a, b])
    other = sess.partial_run_setup([c, d], [a, b])
    assert sess.partial_run(handle, c, {a: 1.0}) == 2.0
    assert sess.partial_run(other, [c, d], {a: 2.0, b: 2.0}) == [3.0, 6.0]
    assert sess.partial_run(handle, d, {b: 3.0}) == 6.0


def test_partial_run_executes_every_operation_once(sess):
    v = tf.Variable(0.0)
    sess.run(v.initializer)
    a, b = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    with tf.control_dependencies([v.assign_add(1.0)]):
        c = a + 1.0
    d = c * b + tf.random_uniform([])
    handle = sess.partial_run_setup([c, d, v], [a, b])
    sess.partial_run(handle, c, {a: 1.0})
    sess.partial_run(handle, d, {b: 3.0})
    assert sess.partial_run(handle, v) == 1.0


def test_partial_run_out_of_order(steps):
    sess, a, b, c, d = steps
    handle = sess.partial_run_setup([c], [a])
    invalid = tf.errors.InvalidArgumentError
    with error(invalid, "The fetch d:0 was not specified in partial_run_setup."):
        sess.partial_run(handle, d, {a: 1.0})
    with error(invalid, "The feed b:0 was not specified in partial_run_setup."):
        sess.partial_run(sess.partial_run_setup([c], [a]), c, {b: 1.0})
    with error(
        invalid, "Fetch a:0 can't be computed from the feeds that have been fed"
    ):
        sess.partial_run(sess.partial_run_setup([c], [a]), c)
    with error(invalid, "Must run 'setup' before performing partial runs!"):
        sess.partial_run("nope", c)
    handle = sess.partial_run_setup([c, d], [a, b])
    sess.partial_run(handle, c, {a: 1.0})
    with error(invalid, "The feed a:0 had already been fed."):
        sess.partial_run(handle, d, {a: 1.0})
    handle = sess.partial_run_setup([c, d], [a, b])
    sess.partial_run(handle, c, {a: 1.0})
    with error(invalid, "The fetch c:0 had already been fetched."):
        sess.partial_run(handle, c)


# -- threads ----------------------------------------------------------------------


def test_runs_of_many_threads(sess):
    v = tf.Variable(0.0)
    p = tf.placeholder(tf.float32)
    add = v.assign_add(p)
    square = p * p
    sess.run(v.initializer)
    failures = []

    def work(number):
        try:
            for _ in range(50):
                sess.run(add, {p: 1.0})
                assert sess.run(square, {p: number}) == number * number
        except Exception as problem:
            failures.append(problem)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sess.run(v) == 400.0


def test_default_session_is_that_of_the_thread(sess):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(tf.get_default_session()))
    thread.start()
    thread.join()
    assert seen == [None]
