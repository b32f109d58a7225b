import json
import pathlib

import numpy as np
import pytest

from tfstyle.framework import dtypes
from tfstyle.framework.op_table import ArgFacts, AttrFacts, OpFacts, load_op_table

SOURCE = pathlib.Path(__file__).parents[3] / "shared" / "api" / "op_defs.json"


def test_read_once():
    assert load_op_table() is load_op_table()
    assert load_op_table()["MatMul"] is load_op_table()["MatMul"]


def test_one_op():
    assert load_op_table()["MatMul"] == OpFacts(
        name="MatMul",
        inputs=(ArgFacts("a", type_attr="T"), ArgFacts("b", type_attr="T")),
        outputs=(ArgFacts("product", type_attr="T"),),
        attrs=(
            AttrFacts("transpose_a", "bool", default=False, has_default=True),
            AttrFacts("transpose_b", "bool", default=False, has_default=True),
            AttrFacts(
                "T",
                "type",
                allowed=(
                    "float16",
                    "float32",
                    "float64",
                    "int32",
                    "complex64",
                    "complex128",
                ),
            ),
        ),
    )


def test_lists_references_and_minimums():
    table = load_op_table()
    assert table["Pack"].inputs == (ArgFacts("values", type_attr="T", number_attr="N"),)
    assert table["Pack"].attrs[0] == AttrFacts("N", "int", minimum=1)
    assert table["QueueEnqueue"].inputs == (
        ArgFacts("handle", dtype=dtypes.string, is_ref=True),
        ArgFacts("components", type_list_attr="Tcomponents"),
    )
    assert table["Conv2D"].attrs[3].allowed == ("SAME", "VALID")
    assert table["Placeholder"].attrs[1] == AttrFacts(
        "shape", "shape", default=(), has_default=True
    )
    assert table["RandomUniform"].is_stateful
    assert not table["ConcatV2"].in_r09


def test_default_tensor():
    color = load_op_table()["ImageSummary"].attrs[2]
    np.testing.assert_array_equal(color.default, [255, 0, 0, 255])
    assert color.default.dtype == np.uint8


def test_every_op_is_readable():
    table = load_op_table()
    assert len(table) == len(list(table)) > 500
    for name, facts in table.items():
        assert facts.name == name
        kinds = {attr.name: attr.type for attr in facts.attrs}
        for arg in facts.inputs + facts.outputs:
            given = [arg.dtype, arg.type_attr, arg.type_list_attr]
            assert sum(g is not None for g in given) == 1, (name, arg)
            assert kinds.get(arg.type_attr, "type") == "type"
            assert kinds.get(arg.type_list_attr, "list(type)") == "list(type)"
            assert kinds.get(arg.number_attr, "int") == "int"


def test_unknown_op():
    assert "NoSuchOp" not in load_op_table()
    with pytest.raises(KeyError, match="NoSuchOp"):
        load_op_table()["NoSuchOp"]


@pytest.mark.skipif(not SOURCE.exists(), reason="needs ../shared/api/op_defs.json")
def test_same_facts_as_the_source():
    source = json.loads(SOURCE.read_text())
    table = load_op_table()
    for name, raw in source.items():
        args = raw.get("inputs", []) + raw.get("outputs", [])
        if any(arg.get("dtype") == "resource" for arg in args):
            assert name not in table
            continue
        facts = table[name]
        assert facts.in_r09 == raw["in_r0.9"]
        assert [a.name for a in facts.inputs + facts.outputs] == [
            a["name"] for a in args
        ]
        assert [(a.name, a.type, a.has_default) for a in facts.attrs] == [
            (a["name"], a["type"], "default" in a) for a in raw.get("attrs", [])
        ]
    assert set(table) <= set(source)
