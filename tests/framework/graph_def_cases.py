"""Graphs whose GraphDef test_node_def.py compares with TensorFlow's.

Runs on TensorFlow 0.12.1 too; tests/parity/README.md says how it is recorded:
`parity.py record CASES.py GOLDEN.npz` with this file and graph_def_golden.npz.
"""


def graph_of(build, **options):
    def case(tf, np):
        graph = tf.Graph()
        with graph.as_default():
            build(tf, np)
        return {"text": str(graph.as_graph_def(**options))}

    return case


def constants(tf, np):
    tf.constant([1, 2, 3])
    tf.constant(2.5, name="scalar")
    tf.constant([[1.0, 2.0], [3.0, 4.0]])
    tf.constant(7, shape=[3, 2])
    tf.constant(["a", "\u00e9"])
    tf.constant(b"\xff\x00")
    tf.constant([], dtype=tf.float32)
    tf.constant([True, False, True])
    tf.constant(np.array([1.5, -2.0, 65504.0], np.float16))
    tf.constant(np.array([1 + 2j, 3 - 4j], np.complex64))
    tf.constant(np.array([[1 + 2j]], np.complex128))
    for dtype in (np.uint8, np.int8, np.int16, np.uint16, np.int64, np.float64):
        tf.constant(np.array([1, 2, 3]), dtype=tf.as_dtype(dtype))
    tf.zeros([4, 5], tf.int64)


def attributes(tf, np):
    x = tf.placeholder(tf.float32, [1, 4, 4, 3], name="x")
    tf.placeholder(tf.string, name="anything")
    tf.placeholder(tf.int32, [None, 3], name="partly")
    kernel = tf.constant(np.arange(54, dtype=np.float32).reshape(3, 3, 3, 2))
    y = tf.nn.conv2d(x, kernel, [1, 2, 2, 1], "SAME")
    y = tf.nn.max_pool(y, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    tf.cast(y, tf.float64)
    tf.reduce_sum(y, [1, 2], keep_dims=True)
    tf.nn.lrn(x, depth_radius=3, bias=1.5, alpha=0.25)
    tf.concat(1, [x, x])
    parts = tf.split(3, 3, x)
    tf.add(parts[1], parts[2], name="sum")
    tf.nn.top_k(tf.constant([1.0, 2.0]), k=2)


def scopes(tf, np):
    with tf.device("/job:ps/task:1"), tf.name_scope("outer"):
        a = tf.constant(1.0, name="a")
        with tf.device("/gpu:0"), tf.name_scope("inner"):
            b = tf.constant(2.0, name="b")
            with tf.control_dependencies([a, b]):
                c = tf.add(a, 1.0, name="c")
                tf.no_op(name="nothing")
    graph = tf.get_default_graph()
    with graph.colocate_with(c):
        tf.identity(b, name="near")
        with graph.colocate_with(a):
            tf.identity(b, name="nearer")
    with graph.gradient_override_map({"Identity": "Mine", "Relu": "Other"}):
        tf.identity(c, name="overridden")
        tf.nn.relu(c)


def variables(tf, np):
    v = tf.Variable(tf.zeros([3, 2]), name="v")
    w = tf.Variable([1, 2], trainable=False)
    v.assign_add(tf.ones([3, 2]), use_locking=True)
    tf.assign(w, [3, 4], validate_shape=False)
    tf.initialize_all_variables()


def partly(tf, np):
    x = tf.placeholder(tf.float32, name="x")
    tf.add(x, 1.0)
    y = tf.placeholder(tf.float32, [2, 5], name="y")
    tf.matmul(y, y, transpose_b=True)
    tf.placeholder(tf.int32, [None, 3], name="z")


case_constants = graph_of(constants)
case_attributes = graph_of(attributes)
case_scopes = graph_of(scopes)
case_variables = graph_of(variables)
case_shapes = graph_of(partly, add_shapes=True)
case_shapes_of_some = graph_of(partly, from_version=4, add_shapes=True)


def case_run(tf, np):
    """A frozen graph, as text so that it can be run elsewhere, and what it gives."""
    from tensorflow.python.framework import graph_util

    random = np.random.RandomState(0)

    def weights(*shape):
        return tf.constant(random.uniform(-1, 1, shape).astype(np.float32))

    x = tf.placeholder(tf.float32, [None, 6, 6, 1], name="x")
    y = tf.nn.relu(tf.nn.conv2d(x, weights(3, 3, 1, 4), [1, 1, 1, 1], "SAME"))
    y = tf.nn.max_pool(y, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    y = tf.reshape(y, [-1, 36]) / tf.cast(tf.shape(y)[0], tf.float32)
    cell = tf.nn.rnn_cell.BasicLSTMCell(3, state_is_tuple=False)
    state = tf.zeros([2, 6])
    with tf.variable_scope("rnn", initializer=tf.constant_initializer(0.25)):
        for i in range(3):
            if i:
                tf.get_variable_scope().reuse_variables()
            output, state = cell(y[:, 12 * i : 12 * i + 12], state)
    tf.nn.softmax(output * weights(3), name="out")
    tf.select(output[:, 0] > 0, ["a", "b"], [b"c", b"\xff"], name="label")
    value = random.uniform(size=[2, 6, 6, 1]).astype(np.float32)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        frozen = graph_util.convert_variables_to_constants(
            sess, tf.get_default_graph().as_graph_def(), ["out", "label"]
        )
        out, label = sess.run(["out:0", "label:0"], {x: value})
    written = np.frombuffer(frozen.SerializeToString(), np.uint8)
    return {"graph": written, "x": value, "out": out, "label": np.array(label, "S")}
