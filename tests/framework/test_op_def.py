import inspect

import jax
import numpy as np
import pytest

import tfstyle as tf
from tfstyle.framework import common_shapes, op_def
from tfstyle.framework.op_def import (
    Array,
    Key,
    Ref,
    Role,
    Static,
    declaration_of,
    declarations,
    op,
)
from tfstyle.framework.op_table import ArgFacts, AttrFacts, OpFacts, load_op_table

REDECLARED = "Neg Mul MatMul Multinomial ConcatOffset ScatterAdd RandomUniform".split()


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    """Ops declared in a test are forgotten after it; some may be declared anew."""
    kept = {k: v for k, v in declarations().items() if k not in REDECLARED}
    monkeypatch.setattr(op_def, "_registry", kept)
    with tf.Graph().as_default():
        yield


FACTS = OpFacts(
    "Blend",
    inputs=(ArgFacts("a", type_attr="T"), ArgFacts("b", type_attr="T")),
    outputs=(ArgFacts("c", type_attr="T"),),
    attrs=(
        AttrFacts("T", "type", allowed=("float32", "float64")),
        AttrFacts("weight", "float", default=0.5, has_default=True),
        AttrFacts("mode", "string", "MEAN", True, ("MEAN", "SUM")),
        AttrFacts("count", "int", 2, True, minimum=1),
    ),
)


def declare_blend():
    @op("Blend", facts=FACTS)
    def blend(a: Array, b: Array, weight=0.5, mode=None, count=None):
        """Mixes `a` and `b`."""
        return a * weight + b * (1 - weight)

    return blend


# -- a declaration must agree with its OpDef --------------------------------------


def test_every_declaration_of_the_package_agrees_with_its_op_def():
    table = load_op_table()
    declared = {
        n: d
        for n, d in declarations().items()
        # Structural ops are the lowering's own, also where they have a name of TF's.
        if n in table and not d.structural
    }
    assert len(declared) > 100
    for name, declaration in declared.items():
        assert declaration.facts is table[name]


def test_input_that_the_op_def_does_not_have():
    with pytest.raises(
        TypeError,
        match=r"@op\('Neg'\): inputs are \['x'\], the body takes \['value'\]",
    ):

        @op("Neg")
        def neg(value: Array):
            return -value


def test_input_that_the_body_does_not_take():
    with pytest.raises(TypeError, match=r"inputs are \['a', 'b'\], the body takes"):

        @op("MatMul")
        def matmul(a: Array, transpose_a=False, transpose_b=False):
            return a


def test_attribute_that_the_op_def_does_not_have():
    with pytest.raises(
        TypeError, match=r"@op\('Neg'\): no attributes called \['axis'\]"
    ):

        @op("Neg")
        def neg(x: Array, axis=0):
            return -x


def test_reference_that_is_no_variable():
    with pytest.raises(TypeError, match="@op.'Neg'.: input 'x' is not a variable"):

        @op("Neg")
        def neg(x: Ref):
            return -x


def test_op_type_that_tensorflow_does_not_have():
    with pytest.raises(KeyError, match="Nope"):

        @op("Nope")
        def nope():
            return 1


def test_op_declared_twice():
    declare_blend()
    with pytest.raises(TypeError, match=r"@op\('Blend'\): declared twice"):
        declare_blend()


# -- what a declaration knows -----------------------------------------------------


def test_roles():
    @op("Multinomial", gradient=None, shape=common_shapes.unknown)
    def multinomial(logits: Array, num_samples: Static, key: Key, seed=0, seed2=0):
        return logits

    @op("ConcatOffset")
    def concat_offset(concat_dim: Static, shape: list[Static]):
        return shape

    @op("ScatterAdd", gradient=None, reads_ref=False)
    def scatter_add(ref: Ref, indices: Array, updates: Array, use_locking=None):
        return ref

    declaration = declaration_of("Multinomial")
    assert declaration.roles == {
        "logits": Role.ARRAY,
        "num_samples": Role.STATIC,
        "key": Role.KEY,
        "seed": Role.ATTR,
        "seed2": Role.ATTR,
    }
    assert declaration.static_inputs == {"num_samples"}
    assert declaration.is_random
    assert declaration.body_attrs == ("seed", "seed2")
    assert not declaration.differentiable
    assert declaration_of("ConcatOffset").static_inputs == {"concat_dim", "shape"}
    assert not declaration_of("ConcatOffset").is_random
    assert declaration_of("ScatterAdd").ref_inputs == ("ref",)
    assert not declaration_of("ScatterAdd").reads_ref
    assert declaration_of("Nope") is None


def test_gradient_of_a_declaration():
    def negated(op, grad):
        return -grad

    @op("Neg", gradient=negated)
    def neg(x: Array):
        return -x

    @op("Mul", no_gradient=("y",))
    def mul(x: Array, y: Array):
        return x * y

    assert declaration_of("Neg").gradient is negated
    assert declaration_of("Neg").differentiable
    assert declaration_of("Mul").gradient is None
    assert declaration_of("Mul").no_gradient == {"y"}


# -- the constructor --------------------------------------------------------------


def test_signature_and_documentation():
    blend = declare_blend()
    assert str(inspect.signature(blend)) == (
        "(a, b, weight=0.5, mode=None, count=None, name=None)"
    )
    assert blend.__name__ == "blend"
    assert blend.__doc__ == "Mixes `a` and `b`."

    @op("RandomUniform", gradient=None, shape=common_shapes.unknown)
    def random_uniform(shape: Static, dtype, key: Key, seed=0, seed2=0):
        return shape

    # The random stream is nothing a program gives.
    assert list(inspect.signature(random_uniform).parameters) == [
        *("shape", "dtype", "seed", "seed2", "name")
    ]


def test_arguments_by_position_and_by_name():
    blend = declare_blend()
    a, b = tf.placeholder(tf.float32, [2]), tf.placeholder(tf.float32, [2])
    tensors = [
        blend(a, b),
        blend(a, b, 0.5, "MEAN", 2, "named"),
        blend(b=b, a=a, count=2),
        blend(a, b, mode="MEAN", name="again"),
    ]
    names = [t.op.name for t in tensors]
    assert names == ["Blend", "named", "Blend_1", "again"]
    for tensor in tensors:
        assert tensor.op.inputs == [a, b]
        attrs = {k: tensor.op.get_attr(k) for k in ("T", "weight", "mode", "count")}
        assert attrs == {"T": tf.float32, "weight": 0.5, "mode": "MEAN", "count": 2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"a": 1.0}, "missing a required argument: 'b'"),
        ({"a": 1.0, "b": 2.0, "c": 3.0}, "got an unexpected keyword argument 'c'"),
    ],
)
def test_arguments_that_the_signature_does_not_have(arguments, message):
    blend = declare_blend()
    with pytest.raises(TypeError, match=message):
        blend(**arguments)
    with pytest.raises(TypeError, match="too many positional arguments"):
        blend(1.0, 2.0, 0.5, "MEAN", 2, "name", 7)


def test_argument_given_twice():
    with pytest.raises(TypeError, match="multiple values for argument 'a'"):
        declare_blend()(1.0, 2.0, a=3.0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"weight": "x"}, TypeError, "Expected float for argument 'weight' of 'Blend'"),
        ({"count": 1.5}, TypeError, "Expected int for argument 'count' of 'Blend' Op"),
        ({"count": True}, TypeError, "Expected int for argument 'count' of 'Blend' Op"),
        ({"count": 0}, ValueError, "Attr 'count' of 'Blend' Op passed 0 less than min"),
        (
            {"mode": "MAX"},
            ValueError,
            "Attr 'mode' of 'Blend' Op passed string 'MAX' not in: \"MEAN\", \"SUM\".",
        ),
        (
            {"a": 1, "b": 2},
            TypeError,
            "DataType int32 for attr 'T' not in list of allowed values: "
            "float32, float64",
        ),
        (
            {"b": np.float64(2.0)},
            TypeError,
            "Input 'b' of 'Blend' Op has type float64 that does not match type float32",
        ),
        (
            {"a": None},
            ValueError,
            "Tried to convert 'a' to a tensor and failed. Error: None values not",
        ),
    ],
)
def test_attributes_and_inputs_that_do_not_fit(arguments, error, message):
    blend = declare_blend()
    if "b" in arguments and isinstance(arguments["b"], np.float64):
        arguments = {"a": tf.placeholder(tf.float32), "b": tf.constant(arguments["b"])}
    with pytest.raises(error, match=message):
        blend(**{"a": 1.0, "b": 2.0, **arguments})


def test_shape_comes_from_the_body():
    blend = declare_blend()
    a = tf.placeholder(tf.float32, [None, 3])
    assert blend(a, [1.0, 2.0, 3.0]).get_shape().as_list() == [None, 3]
    with pytest.raises(
        ValueError,
        match=r"for 'Blend_1' \(op: 'Blend'\) with input shapes: \[5,3\], \[2\]",
    ):
        blend(tf.placeholder(tf.float32, [5, 3]), [1.0, 2.0])


def test_a_program_can_declare_an_op_and_run_it():
    blend = declare_blend()
    a = tf.placeholder(tf.float32, [2])
    b = blend(a, [3.0, 3.0], weight=0.25)
    with tf.Session() as sess:
        np.testing.assert_array_equal(sess.run(b, {a: [1.0, 7.0]}), [2.5, 4.0])


def test_declaring_starts_nothing():
    declare_blend()
    assert not jax.config.jax_enable_x64
