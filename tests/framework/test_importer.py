"""`import_graph_def`; classes and words of errors are those of TensorFlow 0.12.1."""

import re
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
)

import tfstyle as tf
from tfstyle.core.framework import graph_pb2, op_def_pb2
from tfstyle.framework.importer import import_graph_def
from tfstyle.ops import rnn, rnn_cell


@pytest.fixture(autouse=True)
def _own_graph():
    with tf.Graph().as_default():
        yield


def graph_def(*nodes):
    return text_format.Parse("\n".join(nodes), graph_pb2.GraphDef())


def node(name, op, *inputs, dtype="DT_FLOAT", device="", attrs=""):
    given = " ".join(f'input: "{i}"' for i in inputs)
    key = "dtype" if op in ("Placeholder", "Const") else "T"
    return (
        f'node {{ name: "{name}" op: "{op}" {given} device: "{device}" '
        f'attr {{ key: "{key}" value {{ type: {dtype} }} }} {attrs} }}'
    )


def attr(key, value):
    return f'attr {{ key: "{key}" value {{ {value} }} }}'


A = node("A", "Placeholder")
B = node("B", "Identity", "A")


def names():
    return [op.name for op in tf.get_default_graph().get_operations()]


def test_returns_the_elements_asked_for():
    op, tensor = import_graph_def(graph_def(A, B), return_elements=["A", b"B:0"])
    assert (op.name, op.type) == ("import/A", "Placeholder")
    assert (tensor.name, tensor.dtype) == ("import/B:0", tf.float32)
    assert tensor.op.inputs[0] is op.outputs[0]
    assert import_graph_def(graph_def(A)) is None


def test_names_and_scopes():
    import_graph_def(graph_def(A, B), name="")
    import_graph_def(graph_def(A, B), name="")
    import_graph_def(graph_def(A), name="mine")
    with tf.name_scope("outer"):
        import_graph_def(graph_def(A))
        import_graph_def(graph_def(node("_private", "Placeholder")))
    assert names() == [
        *("A", "B", "A_1", "B_1", "mine/A", "outer/import/A"),
        "outer/import_1/_private",
    ]


def test_nodes_may_come_before_their_inputs():
    late = node("C", "Identity", "B", "^D")
    (c,) = import_graph_def(
        graph_def(late, B, A, node("D", "Placeholder")), return_elements=["C"]
    )
    assert c.inputs[0].op.name == "import/B"
    assert [op.name for op in c.control_inputs] == ["import/D"]


def test_input_map_replaces_inputs():
    add = node("C", "Add", "A", "B:0")
    x = tf.constant(3.0)
    a, c = import_graph_def(
        graph_def(A, B, add), {"A": 2.0, b"B:0": x}, return_elements=["B", "C:0"]
    )
    assert a.inputs[0].name == "import/_inputs/Const:0"
    assert [t.name for t in c.op.inputs] == ["import/_inputs/Const:0", "Const:0"]
    with tf.Session() as sess:
        assert sess.run(c) == 5.0


def test_devices_and_control_dependencies_in_force():
    with tf.device("/gpu:0"):
        first = tf.constant(1, name="first")
        with tf.control_dependencies([first]):
            a, b = import_graph_def(
                graph_def(A, node("B", "Identity", "A", device="/job:w")),
                return_elements=["A", "B"],
            )
    assert (a.device, b.device) == ("/device:GPU:0", "/job:w/device:GPU:0")
    assert [op.name for op in a.control_inputs] == ["first"]


def test_colocation_follows_the_new_names():
    group = attr("_class", 'list { s: "loc:@A" s: "other" }')
    (b,) = import_graph_def(
        graph_def(A, node("B", "Identity", "A", attrs=group)), return_elements=["B"]
    )
    assert b.colocation_groups() == [b"loc:@import/A", b"other"]
    with pytest.raises(
        ValueError,
        match="Specified colocation to an op that does not exist during import: A in B",
    ):
        import_graph_def(
            graph_def(node("B", "Placeholder", attrs=group)), return_elements=["B"]
        )


def test_output_shapes():
    shape = attr(
        "_output_shapes", "list { shape { dim { size: -1 } dim { size: 3 } } }"
    )
    (a,) = import_graph_def(
        graph_def(node("A", "Placeholder", attrs=shape)), return_elements=["A:0"]
    )
    assert a.get_shape().as_list() == [None, 3]
    assert "_output_shapes" not in a.op.node_def.attr
    value = attr("value", "tensor { dtype: DT_FLOAT tensor_shape { dim { size: 2 } } }")
    with pytest.raises(
        ValueError, match=re.escape("Shapes (2,) and (?, 3) are not compatible")
    ):
        import_graph_def(graph_def(node("C", "Const", attrs=value + shape)))


def test_defaults_are_filled_in():
    (c,) = import_graph_def(
        graph_def(A, node("C", "MatMul", "A", "A", attrs=attr("_mine", 's: "x"'))),
        return_elements=["C"],
    )
    assert c.get_attr("transpose_a") is False
    assert c.get_attr("_mine") == "x"


def test_versions_are_taken_over():
    import_graph_def(graph_def(A, "versions { producer: 9 }"))
    assert tf.get_default_graph().graph_def_versions.producer == 9
    assert tf.get_default_graph().as_graph_def().versions.producer == 9


# -- mistakes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"graph_def": ""}, "graph_def must be a GraphDef proto."),
        ({"graph_def": op_def_pb2.OpDef()}, "graph_def must be a GraphDef proto."),
        (
            {"input_map": [1.0]},
            "input_map must be a dictionary mapping strings to Tensor objects.",
        ),
        (
            {"input_map": {1: 1.0}},
            "input_map must be a dictionary mapping strings to Tensor objects.",
        ),
        ({"return_elements": [7]}, "return_elements must be a list of strings."),
    ],
)
def test_argument_of_the_wrong_type(arguments, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        import_graph_def(**{"graph_def": graph_def(A), **arguments})


@pytest.mark.parametrize("element", ["C", "C:0", "A:1", "A:B:0", "A:x"])
def test_return_element_that_is_not_there(element):
    with pytest.raises(
        ValueError, match=f"Requested return_element '{element}' not found in graph_def"
    ):
        import_graph_def(graph_def(A, B), return_elements=[element])


@pytest.mark.parametrize("key", ["Q:0", "B:0"])
def test_input_map_of_what_is_no_input(key):
    with pytest.raises(
        ValueError,
        match=re.escape(
            f"Attempted to map inputs that were not found in graph_def: [{key}]"
        ),
    ):
        import_graph_def(graph_def(A, B), input_map={key: 1.0})


def test_input_map_without_a_scope():
    with pytest.raises(
        ValueError,
        match=re.escape("tf.import_graph_def() requires a non-empty `name` if"),
    ):
        import_graph_def(graph_def(A, B), input_map={"A:0": 1.0}, name="")


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([B], "Input tensor 'A:0' not found in graph_def"),
        (
            [A, node("B", "Identity", "A:1")],
            "Input tensor 'A:1' not found in graph_def",
        ),
        (
            [A, node("B", "Identity", "A", "^C")],
            "Control input '^C' not found in graph_def",
        ),
        (
            [A, node("B", "Identity", "A", "A")],
            "More inputs specified ('A:0') than the op expects",
        ),
        (
            [A, node("B", "Identity")],
            "Input types mismatch (expected 'float32' but got '')",
        ),
        (
            [A, node("B", "Identity", "A", dtype="DT_INT32")],
            "Input tensor 'A:0' Cannot convert a tensor of type float32 to an input of "
            "type int32",
        ),
        (
            [A, node("B", "Assign", "A", "A")],
            "Input tensor 'A:0' Cannot convert a tensor of type float32 to an input of "
            "type float32_ref",
        ),
        (
            [A, node("B", "Identity", "A", attrs=attr("zz", "i: 1"))],
            "NodeDef mentions attr 'zz' not in Op<name=Identity>",
        ),
        (
            [A, node("B", "MatMul", "A", "A", attrs=attr("transpose_a", "i: 1"))],
            "attr 'transpose_a': attr of type bool expected, but it holds 'i'",
        ),
        (
            [node("B", "Neg", "A", dtype="DT_STRING")],
            "DataType string for attr 'T' not in list of allowed values",
        ),
        (
            [node("B", "Const", attrs=attr("value", "tensor { dtype: DT_INT32 }"))],
            "its value has type int32 and not float32",
        ),
        (
            [A, node("B", "Add", "A", "C"), node("C", "Add", "A", "B")],
            "its inputs form a cycle",
        ),
    ],
)
def test_malformed_node(nodes, message):
    with pytest.raises(
        ValueError, match=re.escape(f"graph_def is invalid at node 'B': {message}")
    ):
        import_graph_def(graph_def(*nodes))


def test_missing_attribute():
    with pytest.raises(
        ValueError, match="Expected one attr with name 'T' in name: \"B\""
    ):
        import_graph_def(graph_def(A, 'node { name: "B" op: "Identity" input: "A" }'))


def test_shapes_that_do_not_fit():
    two, three = (
        node(
            name,
            "Const",
            attrs=attr(
                "value",
                f"tensor {{ dtype: DT_FLOAT tensor_shape {{ dim {{ size: {n} }} }} }}",
            ),
        )
        for name, n in (("C", 2), ("E", 3))
    )
    message = (
        "Dimensions must be equal, but are 2 and 3 for 'import/D' (op: 'Add') with "
        "input shapes: [2], [3]."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        import_graph_def(graph_def(two, three, node("D", "Add", "C", "E")))


def test_op_type_nobody_knows():
    with pytest.raises(KeyError, match="Op type not registered 'Nope'"):
        import_graph_def(graph_def('node { name: "B" op: "Nope" }'))
    with pytest.raises(KeyError, match="Op type not registered 'Identity'"):
        import_graph_def(graph_def(A, B), op_dict={"Placeholder": None})


def test_attribute_with_the_default_of_its_producer_is_dropped():
    op_list = text_format.Parse(
        'op { name: "Identity" attr { name: "zz" default_value { i: 4 } } }',
        op_def_pb2.OpList(),
    )
    fours = node("B", "Identity", "A", attrs=attr("zz", "i: 4"))
    (b,) = import_graph_def(
        graph_def(A, fours), return_elements=["B"], producer_op_list=op_list
    )
    assert sorted(b.node_def.attr) == ["T"]
    fives = fours.replace("i: 4", "i: 5")
    with pytest.raises(ValueError, match="NodeDef mentions attr 'zz'"):
        import_graph_def(graph_def(A, fives), producer_op_list=op_list)


def test_loops_and_gradients_cannot_be_imported():
    xs = [tf.placeholder(tf.float32, [5, 2]) for _ in range(3)]
    _, state = rnn.rnn(rnn_cell.BasicRNNCell(2), xs, dtype=tf.float32)
    with pytest.raises(ValueError, match="stands for a loop or a gradient"):
        import_graph_def(state.graph.as_graph_def())


# -- whole graphs -----------------------------------------------------------------


def network():
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    w = tf.Variable(tf.reshape(tf.range(8), [4, 2]), name="w")
    hidden = tf.nn.relu(tf.matmul(x, tf.to_float(w)) - 2.0)
    with tf.control_dependencies([hidden]):
        bump = tf.assign_add(w, tf.ones_like(w), name="bump")
    parts = tf.split(1, 2, hidden)
    out = tf.concat(1, [parts[1], parts[0]], name="out")
    tf.identity(bump, name="bumped")
    tf.group(w.initializer, name="init")
    return out


def values_of(graph, scope=""):
    feed = {f"{scope}x:0": np.arange(8).reshape(2, 4)}
    with tf.Session(graph=graph) as sess:
        sess.run(f"{scope}init")
        return [
            *sess.run([f"{scope}out:0", f"{scope}bumped:0"], feed),
            sess.run(f"{scope}out:0", feed),
        ]


@pytest.mark.parametrize("add_shapes", [False, True])
def test_round_trip_of_a_graph(add_shapes):
    graph = tf.get_default_graph()
    network()
    written = graph.as_graph_def(add_shapes=add_shapes).SerializeToString()
    copy = tf.Graph()
    with copy.as_default():
        import_graph_def(graph_pb2.GraphDef.FromString(written), name="")
    assert copy.as_graph_def(add_shapes=add_shapes).SerializeToString(
        deterministic=True
    ) == graph.as_graph_def(add_shapes=add_shapes).SerializeToString(deterministic=True)
    shapes = [
        t.get_shape().as_list() for t in copy.get_operation_by_name("out").outputs
    ]
    assert shapes == [[None, 2]]
    for got, want in zip(values_of(copy), values_of(graph), strict=True):
        np.testing.assert_array_equal(got, want)


def test_graph_written_by_tensorflow_computes_the_same():
    with np.load(Path(__file__).parent / "graph_def_golden.npz") as golden:
        recorded = {k.split("/")[1]: golden[k] for k in golden if "case_run/" in k}
    text = graph_pb2.GraphDef.FromString(recorded["graph"].tobytes())
    out, label = import_graph_def(text, return_elements=["out:0", "label:0"])
    with tf.Session() as sess:
        got = sess.run([out, label], {"import/x:0": recorded["x"]})
    np.testing.assert_allclose(got[0], recorded["out"], rtol=1e-5)
    np.testing.assert_array_equal(got[1], recorded["label"])


def test_graph_def_of_another_library():
    """A message class of its own, as that of an installed TensorFlow."""
    file = descriptor_pb2.FileDescriptorProto(name="other.proto", package="other")
    for source in ("NodeDef", "GraphDef"):
        message = file.message_type.add(name=source)
        fields = {
            "NodeDef": [("name", 1, 9, 1), ("op", 2, 9, 1), ("input", 3, 9, 3)],
            "GraphDef": [("node", 1, 11, 3)],
        }[source]
        for name, number, kind, label in fields:
            field = message.field.add(name=name, number=number, type=kind, label=label)
            if kind == 11:
                field.type_name = ".other.NodeDef"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    other = message_factory.GetMessageClass(
        pool.FindMessageTypeByName("other.GraphDef")
    )
    value = other()
    value.node.add(name="n", op="NoOp")
    (op,) = import_graph_def(value, return_elements=["n"], name="")
    assert op.type == "NoOp"
