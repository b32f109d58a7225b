"""The graph and its scopes; names and errors are those of TensorFlow 0.12.1."""

import re
import sys
import threading

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.framework.op_def import declaration_of


@pytest.fixture
def graph():
    graph = tf.Graph()
    with graph.as_default():
        yield graph


def constant(name="Const"):
    return tf.constant(1, name=name)


# -- names ------------------------------------------------------------------------


def test_names_are_made_unique(graph):
    for name in ("a", "a", "a", "a_1", "A", "a_1", "a"):
        constant(name)
    assert [op.name for op in graph.get_operations()] == [
        *("a", "a_1", "a_2", "a_1_1", "A", "a_1_2", "a_3")
    ]


def test_name_scopes(graph):
    scopes = []

    def scope(name):
        context = graph.name_scope(name)
        scopes.append(context.__enter__())
        return context

    outer = scope("s")
    constant("a")
    first = scope("t")
    constant("a")
    first.__exit__(None, None, None)
    for name, op_name in (("t", "a"), (None, "a"), ("", "b"), ("s/t/", "a")):
        inner = scope(name)
        constant(op_name)
        inner.__exit__(None, None, None)
    outer.__exit__(None, None, None)
    for name in ("s", "s/", "s/t"):
        inner = scope(name)
        constant("q")
        inner.__exit__(None, None, None)
    assert [op.name for op in graph.get_operations()] == [
        *("s/a", "s/t/a", "s/t_1/a", "a", "b", "s/t/a_1", "s_1/q", "s/q", "s/t_2/q")
    ]
    assert scopes == ["s/", "s/t/", "s/t_1/", "", "", "s/t/", "s_1/", "s/", "s/t_2/"]


@pytest.mark.parametrize("name", ["_a", "-a", "a b", "a:0", "/a", "a$", "\\a", "", "é"])
def test_name_that_is_not_valid(graph, name):
    with pytest.raises(ValueError, match=re.escape(f"'{name}' is not a valid node")):
        constant(name)
    if name:
        with pytest.raises(
            ValueError, match=re.escape(f"'{name}' is not a valid scope name")
        ):
            graph.name_scope(name).__enter__()
    assert graph.version == 0


@pytest.mark.parametrize("name", [".a", "9", "a.b-c_d/e", "a//b"])
def test_unusual_names(graph, name):
    assert constant(name).op.name == name
    with graph.name_scope(f"{name}x") as scope:
        assert scope == f"{name}x/"


def test_inside_a_scope_names_may_start_with_an_underscore(graph):
    with graph.name_scope("s"):
        assert tf.identity(1.0, name="_a").op.name == "s/_a"
        assert constant("-b").op.name == "s/-b"


def test_name_with_a_trailing_slash_is_taken_as_it_is(graph):
    with graph.name_scope("s"):
        assert constant("a/").op.name == "a"
    with pytest.raises(ValueError, match="cannot add op with name a"):
        constant("a/")


def test_unique_name(graph):
    assert [graph.unique_name(n) for n in ("x", "x", "x", "x_1")] == [
        *("x", "x_1", "x_2", "x_1_1")
    ]
    assert graph.unique_name("y", mark_as_used=False) == "y"
    with graph.name_scope("s"):
        assert graph.unique_name("y") == "s/y"


def test_scopes_as_decorators(graph):
    @tf.name_scope("outer")
    def make():
        return constant("a").op.name

    assert [make(), make()] == ["outer/a", "outer_1/a"]
    with pytest.raises(ValueError, match="'/x' is not a valid scope name"):
        tf.name_scope("/x").__enter__()
    assert constant("b").op.name == "b"


def test_a_scope_that_is_refused_leaves_the_default_graph(graph):
    other = tf.Graph()
    with other.as_default():
        a = constant("a")
    with pytest.raises(ValueError, match="'-' is not a valid scope name"):
        tf.op_scope([a], "-").__enter__()
    assert tf.get_default_graph() is graph


def test_op_scope(graph):
    a = constant()
    with tf.Graph().as_default(), tf.op_scope([a], None, "D") as scope:
        assert scope == "D/"
        assert tf.get_default_graph() is graph
    with tf.op_scope([a], "n", "D") as scope:
        assert scope == "n/"


def test_version_counts_operations(graph):
    assert graph.version == 0
    constant()
    assert graph.version == 1


# -- control dependencies ---------------------------------------------------------


def control_inputs(value):
    op = value if isinstance(value, tf.Operation) else value.op
    return [control.name for control in op.control_inputs]


def test_control_dependencies(graph):
    a, b, c = constant("a"), constant("b"), constant("c")
    with graph.control_dependencies([a, b.op]):
        d = constant()
        # An input that already waits for them, or is one of them.
        e = d + a
        with graph.control_dependencies([c, "a:0"]):
            f = constant()
            with graph.control_dependencies(None):
                g = constant()
                with graph.control_dependencies([e]):
                    h = constant()
            i = tf.add(f, b)
        j = tf.add(d, 1)
        with graph.control_dependencies([]):
            k = tf.no_op()
    assert list(map(control_inputs, (d, e, f, g, h, i, j, k))) == [
        *(["a", "b"], [], ["a", "b", "c"], [], [e.op.name], [], [], ["a", "b"])
    ]


def test_control_dependency_on_a_variable(graph):
    v = tf.Variable(1.0, name="v")
    with graph.control_dependencies([v]):
        assert control_inputs(tf.no_op()) == ["v"]


@pytest.mark.parametrize(
    ("item", "error", "message"),
    [
        (3, TypeError, "Can not convert a int into a Tensor or Operation."),
        ("zz", KeyError, "The name 'zz' refers to an Operation not in the graph."),
    ],
)
def test_control_dependency_on_something_else(graph, item, error, message):
    with pytest.raises(error, match=message), graph.control_dependencies([item]):
        pass


def test_control_dependency_on_another_graph(graph):
    with tf.Graph().as_default():
        foreign = constant()
    with (
        pytest.raises(ValueError, match="is not an element of this graph"),
        graph.control_dependencies([foreign]),
    ):
        pass


# -- devices ----------------------------------------------------------------------


def test_devices(graph):
    def made(device):
        with graph.device(device):
            return constant().device

    assert made("/gpu:1") == "/device:GPU:1"
    with graph.device("/cpu:0"):
        assert [
            constant().device,
            made("/job:w"),
            made("/gpu:1"),
            made(None),
            made(lambda op: "/task:3"),
            made(tf.DeviceSpec(job="ps")),
            made(""),
        ] == [
            "/device:CPU:0",
            "/job:w/device:CPU:0",
            "/device:GPU:1",
            "",
            "/task:3/device:CPU:0",
            "/job:ps/device:CPU:0",
            "/device:CPU:0",
        ]
    with graph.device("/job:w"):
        assert made(lambda op: "/gpu:2") == "/job:w/device:GPU:2"
    assert constant().device == ""


def test_device_function_sees_the_operation(graph):
    seen = []
    with graph.device(lambda op: seen.append((op.type, op.device)) or op.device):
        constant()
        with graph.device("/cpu:0"):
            constant()
    assert seen == [("Const", ""), ("Const", "/device:CPU:0")]


def test_device_that_is_none(graph):
    with pytest.raises(ValueError, match="Unknown attribute: 'foo' in '/foo:0'"):
        graph.device("/foo:0").__enter__()


def test_colocation(graph):
    def placed(tensor):
        return tensor.device, tensor.op.colocation_groups()

    with graph.device("/gpu:0"):
        a = constant("a")
    with graph.device("/cpu:0"), graph.colocate_with(a):
        b = constant("b")
        c = tf.identity(b)
    with graph.colocate_with(b), graph.colocate_with(c.op):
        d = constant("d")
    assert placed(a) == ("/device:GPU:0", [b"loc:@a"])
    assert placed(b) == placed(c) == placed(d) == placed(a)


def test_colocation_with_several(graph):
    a, b = constant("a"), constant("b")
    with graph.colocate_with(b):
        with graph.colocate_with(a):
            both = constant()
        with graph.colocate_with(a, ignore_existing=True):
            one = constant()
    assert both.op.colocation_groups() == [b"loc:@a", b"loc:@b"]
    assert one.op.colocation_groups() == [b"loc:@a"]


def test_colocation_with_different_devices(graph, capsys):
    with graph.device("/cpu:0"):
        a = constant("a")
    with graph.device("/gpu:0"):
        b = constant("b")
    with graph.colocate_with(a), graph.colocate_with(b):
        c = constant("c")
    assert c.device == "/device:CPU:0"
    assert "Tried to colocate c with an op b that had a different device" in (
        capsys.readouterr().err
    )


def test_what_writes_a_variable_is_placed_with_it(graph):
    with graph.device("/cpu:0"):
        v = tf.Variable(1.0, name="v")
    with graph.device("/gpu:0"):
        op = tf.assign_add(v, 1.0).op
    assert (op.device, op.colocation_groups()) == ("/device:CPU:0", [b"loc:@v"])


# -- collections ------------------------------------------------------------------


def test_collections(graph):
    graph.add_to_collection("a", 1)
    graph.add_to_collections(["a", "b", "b"], 3)
    graph.add_to_collections("c", 4)
    graph.add_to_collection(("not", "a", "string"), 5)
    assert graph.get_collection("a") == [1, 3]
    assert graph.get_collection("b") == [3]
    assert graph.get_collection("c") == [4]
    assert graph.get_collection("none") == []
    assert sorted(graph.get_all_collection_keys()) == ["a", "b", "c"]
    graph.get_collection("a").append(7)
    assert graph.get_collection("a") == [1, 3]
    graph.get_collection_ref("a").append(7)
    graph.get_collection_ref("new").append(8)
    assert graph.get_collection("a") == [1, 3, 7]
    assert graph.get_collection("new") == [8]


def test_collection_of_a_scope(graph):
    x, y = constant("foo/x"), constant("bar/y")
    for value in (x, y, "no name"):
        tf.add_to_collection("t", value)
    assert tf.get_collection("t", "foo") == [x]
    assert tf.get_collection("t", ".*y") == [y]
    assert tf.get_collection("t", "y") == []
    assert tf.get_collection_ref("t") is graph.get_collection_ref("t")


# -- elements ---------------------------------------------------------------------

ELEMENT_ERRORS = [
    # (name, allow_tensor, allow_operation, class, words)
    ("a:1", 1, 1, KeyError, "The operation, 'a', exists but only has 1 outputs."),
    ("b:0", 1, 1, KeyError, "The operation, 'b', does not exist in the graph."),
    ("b", 1, 1, KeyError, "The name 'b' refers to an Operation not in the graph."),
    ("", 1, 1, KeyError, "The name '' refers to an Operation not in the graph."),
    (":0", 1, 1, KeyError, "The name ':0' refers to a Tensor which does not exist."),
    ("a:b", 1, 1, ValueError, "The name 'a:b' looks a like a Tensor name, but is not"),
    ("a:0:0", 1, 1, ValueError, "The name 'a:0:0' looks a like a Tensor name, but"),
    (":", 1, 0, ValueError, "The name ':' looks a like a Tensor name, but is not"),
    ("a", 1, 0, ValueError, "The name 'a' refers to an Operation, not a Tensor."),
    ("b", 1, 0, ValueError, "The name 'b' looks like an (invalid) Operation name, not"),
    ("a:0", 0, 1, ValueError, "Name 'a:0' appears to refer to a Tensor, not a Op"),
    ("b", 0, 1, KeyError, "The name 'b' refers to an Operation not in the graph."),
    (3, 1, 1, TypeError, "Can not convert a int into a Tensor or Operation."),
    (None, 1, 0, TypeError, "Can not convert a NoneType into a Tensor."),
    ([], 0, 1, TypeError, "Can not convert a list into a Operation."),
    ("a", 0, 0, ValueError, "allow_tensor and allow_operation can't both be False."),
]


@pytest.mark.parametrize(
    ("name", "tensor", "operation", "error", "words"), ELEMENT_ERRORS
)
def test_element_that_is_not_there(graph, name, tensor, operation, error, words):
    constant("a")
    with pytest.raises(error, match=re.escape(words)):
        graph.as_graph_element(name, bool(tensor), bool(operation))


def test_elements(graph):
    a = constant("a")
    v = tf.Variable(1.0, name="v")
    for name in ("a:0", b"a:0", a):
        assert graph.as_graph_element(name) is a
    for name in ("a", b"a", a.op):
        assert graph.as_graph_element(name) is a.op
    assert graph.as_graph_element(v).name == "v:0"
    assert graph.get_tensor_by_name("a:0") is a
    assert graph.get_operation_by_name("a") is a.op
    with pytest.raises(TypeError, match="Can not convert a Tensor into a Operation."):
        graph.as_graph_element(a, allow_tensor=False)
    with pytest.raises(TypeError, match="Can not convert a Operation into a Tensor."):
        graph.as_graph_element(a.op, allow_operation=False)


def test_elements_by_something_else_than_a_name(graph):
    with pytest.raises(
        TypeError, match=re.escape("Tensor names are strings (or similar), not int.")
    ):
        graph.get_tensor_by_name(3)
    with pytest.raises(
        TypeError,
        match=re.escape("Operation names are strings (or similar), not NoneType."),
    ):
        graph.get_operation_by_name(None)


def test_element_of_another_graph(graph):
    a = constant("a")
    message = 'Tensor Tensor("a:0", shape=(), dtype=int32) is not an element of this'
    with pytest.raises(ValueError, match=re.escape(message)):
        tf.Graph().as_graph_element(a)


# -- operations and tensors -------------------------------------------------------


def test_finalize(graph):
    constant()
    graph.finalize()
    assert graph.finalized
    for change in (constant, lambda: graph.add_to_collection("a", 1)):
        with pytest.raises(
            RuntimeError, match="Graph is finalized and cannot be modified."
        ):
            change()
    assert graph.version == 1


def test_gradient_override_map(graph):
    with graph.gradient_override_map({"Identity": "A", "Neg": "B"}):
        made = [tf.identity(1.0)]
        with graph.gradient_override_map({"Identity": "C"}):
            made += [tf.identity(1.0), tf.neg(1.0)]
        made += [tf.identity(1.0)]
    assert [t.op.get_attr("_gradient_op_type") for t in made] == ["A", "C", "B", "A"]
    with pytest.raises(ValueError, match="No attr named '_gradient_op_type' in"):
        tf.identity(1.0).op.get_attr("_gradient_op_type")


@pytest.mark.parametrize("mapping", [{"a": 3}, {3: "a"}, [("a", "b")], None])
def test_gradient_override_map_of_something_else(graph, mapping):
    with pytest.raises(
        TypeError, match="op_type_map must be a dictionary mapping strings to strings"
    ):
        graph.gradient_override_map(mapping).__enter__()


def test_tensors_of_two_graphs(graph):
    a = constant("a")
    with tf.Graph().as_default():
        b = constant("b")
        message = (
            'Tensor("a:0", shape=(), dtype=int32) must be from the same graph as '
            'Tensor("b:0", shape=(), dtype=int32).'
        )
        with pytest.raises(ValueError, match=re.escape(message)):
            b + a
        # The inputs say which graph an operation is made in.
        assert tf.neg(a).graph is graph


def test_tensor_is_no_python_value(graph):
    a = constant()
    with pytest.raises(
        TypeError, match="Using a `tf.Tensor` as a Python `bool` is not"
    ):
        bool(a)
    with pytest.raises(TypeError, match="'Tensor' object is not iterable."):
        list(a)
    with pytest.raises(
        TypeError, match=re.escape("object of type 'Tensor' has no len")
    ):
        len(a)


def test_tensors_are_compared_by_identity(graph):
    a, b = constant(), constant()
    assert a == a
    assert a != b
    assert {a: 1}[a] == 1


def test_text_of_tensors(graph):
    p = tf.placeholder(tf.int32, [None, 2], name="p")
    assert str(p) == 'Tensor("p:0", shape=(?, 2), dtype=int32)'
    assert repr(p) == "<tf.Tensor 'p:0' shape=(?, 2) dtype=int32>"
    assert str(tf.placeholder(tf.int32)) == 'Tensor("Placeholder:0", dtype=int32)'


def test_set_shape(graph):
    p = tf.placeholder(tf.float32, [None, 2])
    p.set_shape([3, None])
    assert p.get_shape().as_list() == [3, 2]
    with pytest.raises(
        ValueError, match=re.escape("Shapes (3, 2) and (4, ?) are not compatible")
    ):
        p.set_shape([4, None])


def test_consumers_and_inputs(graph):
    a = constant("a")
    b = a + a
    c = tf.neg(a)
    assert a.consumers() == [b.op, b.op, c.op]
    assert b.op.inputs == [a, a]
    assert b.op.values() == (b,)


def test_attributes(graph):
    op = tf.constant([1.0, 2.0], name="a").op
    assert op.get_attr("dtype") is tf.float32
    np.testing.assert_array_equal(op.get_attr("value"), [1.0, 2.0])
    with pytest.raises(ValueError, match="No attr named 'zz' in"):
        op.get_attr("zz")


def test_create_op(graph):
    a = constant("a")
    op = graph.create_op("Identity", [a], [tf.int32], name="n", attrs={"T": tf.int32})
    assert (op.name, op.type, op.outputs[0].get_shape()) == ("n", "Identity", [])
    assert op._declaration is declaration_of("Identity")
    with pytest.raises(TypeError, match="Input #0 is not a tensor: 3"):
        graph.create_op("Identity", [3], [tf.int32])


def test_operations_know_the_line_that_made_them(graph):
    op = constant().op
    file, _, function, text = op.traceback[-2]
    assert (file, function) == (
        __file__,
        "test_operations_know_the_line_that_made_them",
    )
    assert text == "op = constant().op"


def test_the_line_of_an_operation_made_over_several_lines(graph):
    first = sys._getframe().f_lineno + 1
    op = tf.add(
        tf.constant(1.0),
        tf.constant(2.0),
    ).op
    _, line, function, text = op.traceback[-1]
    assert function == "test_the_line_of_an_operation_made_over_several_lines"
    assert (line, text) == (first, "op = tf.add(")
    _, line, _, text = op.inputs[1].op.traceback[-1]
    assert (line, text) == (first + 2, "tf.constant(2.0),")


# -- defaults ---------------------------------------------------------------------


def test_default_graph_is_that_of_the_thread(graph):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(tf.get_default_graph()))
    thread.start()
    thread.join()
    assert tf.get_default_graph() is graph
    assert seen[0] is not graph


def test_reset_default_graph():
    tf.reset_default_graph()
    first = tf.get_default_graph()
    constant("a")
    tf.reset_default_graph()
    assert tf.get_default_graph() is not first
    assert constant("a").name == "a:0"


def test_default_graphs_are_nested(graph):
    inner = tf.Graph()
    with inner.as_default():
        assert tf.get_default_graph() is inner
    assert tf.get_default_graph() is graph
