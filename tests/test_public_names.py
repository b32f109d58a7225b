"""The names that programs may use: none lost, none there by accident."""

import importlib
import inspect
import os
import pkgutil
import types

import pytest

import tfstyle as tf
from tests import api_list

LISTED = api_list.LIST.read_text(encoding="utf-8").splitlines()
SUBPACKAGES = {module.name for module in pkgutil.iter_modules(tf.__path__)}
# Modules that `tf` shows under a name of their own.
MODULES = {
    "app": "tfstyle.platform.app",
    "errors": "tfstyle.framework.errors",
    "flags": "tfstyle.platform.flags",
    "gfile": "tfstyle.platform.gfile",
    "logging": "tfstyle.platform.tf_logging",
    "nn": "tfstyle.ops.nn",
    "resource_loader": "tfstyle.platform.resource_loader",
    "sysconfig": "tfstyle.platform.sysconfig",
    "test": "tfstyle.client.test",
    "train": "tfstyle.training.training",
    "user_ops": "tfstyle.ops.user_ops",
}
CONSTANTS = (tf.DType, int, str, dict, set, frozenset, types.NoneType)
# How scripts of TensorFlow 0.10 to 0.12 call what 0.9 has under other names.
LATER = {
    "tf.global_variables": "tf.all_variables",
    "tf.global_variables_initializer": "tf.initialize_all_variables",
    "tf.local_variables_initializer": "tf.initialize_local_variables",
    "tf.variables_initializer": "tf.initialize_variables",
    "tf.multiply": "tf.mul",
    "tf.negative": "tf.neg",
    "tf.reciprocal": "tf.inv",
    "tf.setdiff1d": "tf.listdiff",
    "tf.stack": "tf.pack",
    "tf.subtract": "tf.sub",
    "tf.unstack": "tf.unpack",
}
# How scripts of 2015 call what 0.9 has under other names.
EARLIER = {
    "tf.python.ops.control_flow_ops.While": "tf.while_loop",
    "tf.nn.deconv2d": "tf.nn.conv2d_transpose",
    "tf.nn.rnn_cell.linear": "tf.nn.rnn_cell._linear",
}


def _public(module):
    return [name for name in vars(module) if not name.startswith("_")]


# -- nothing lost ---------------------------------------------------------------


def _named(parameter):
    return parameter.removesuffix("=")


@pytest.mark.parametrize("line", LISTED, ids=lambda line: line.partition("(")[0])
def test_listed_name(line):
    name, has_parameters, rest = line.partition("(")
    found = api_list.find(tf, name)
    assert not api_list.is_missing(found), f"{name} is gone"
    if not has_parameters:
        return
    wanted = [p for p in rest.removesuffix(")").split(", ") if p]
    now = api_list.parameters(found)
    assert now is not None, f"{name} can no longer be called"
    first, added = now[: len(wanted)], now[len(wanted) :]
    assert [_named(p) for p in first] == [_named(p) for p in wanted]
    required = [
        new
        for new, old in zip(first, wanted, strict=True)
        if old.endswith("=") and not new.endswith("=")
    ]
    assert not required, f"{name} now requires {', '.join(required)}"
    assert all(p.endswith("=") or p.startswith("*") for p in added)


def test_list_is_sorted():
    assert sorted(set(LISTED)) == LISTED


@pytest.mark.parametrize("later", LATER)
def test_later_name(later):
    assert callable(api_list.find(tf, later))
    assert callable(api_list.find(tf, LATER[later]))


@pytest.mark.parametrize("earlier", EARLIER)
def test_earlier_name(earlier):
    importlib.import_module("tfstyle.python")
    assert api_list.find(tf, earlier) is api_list.find(tf, EARLIER[earlier])


def _modules():
    for module in pkgutil.walk_packages(tf.__path__, "tfstyle."):
        if not module.name.endswith("__main__"):
            yield module.name


@pytest.mark.parametrize("name", sorted(_modules()))
def test_all_of_module(name):
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", [])
    missing = [n for n in exported if not hasattr(module, n)]
    assert not missing
    assert len(exported) == len(set(exported)), "a name is listed twice"


# -- nothing by accident --------------------------------------------------------


@pytest.mark.parametrize("name", _public(tf))
def test_name_of_tf(name):
    value = getattr(tf, name)
    if inspect.ismodule(value):
        if name in SUBPACKAGES:
            # `import tensorflow.python` makes `tf.python` the root.
            assert value.__name__ in (f"tfstyle.{name}", "tfstyle")
        else:
            assert value.__name__ == MODULES.get(name)
    elif inspect.isclass(value) or callable(value):
        assert value is bytes or value.__module__.startswith("tfstyle.")
    else:
        assert isinstance(value, CONSTANTS)


@pytest.mark.parametrize("name", ["nn", "train"])
def test_module_lists_no_modules(name):
    module = getattr(tf, name)
    modules = {n for n in module.__all__ if inspect.ismodule(getattr(module, n))}
    assert modules <= {"rnn_cell", "seq2seq", "queue_runner"}


def test_python_modules_are_not_names_of_tf():
    assert not {"np", "jax", "jnp", "os", "sys", "re", "math"} & set(vars(tf))


# -- against the table ----------------------------------------------------------


@pytest.fixture(scope="module")
def shares():
    if not os.path.exists(api_list.SHARED / "r0.9.json"):
        pytest.skip("needs ../shared/api")
    check = api_list.checker()
    pages = {}
    for entry in api_list.entries():
        verdict = check.judge_safely(entry, tf)[0] == check.COMPATIBLE
        for page in [entry["page"], *entry.get("also_on", [])]:
            pages.setdefault(page, []).append(verdict)
    return {page: sum(verdicts) / len(verdicts) for page, verdicts in pages.items()}


COMPLETE = """
    app array_ops check_ops client compat constant_op dtypes flags framework gfile
    logging math_ops protos resource_loader rnn_cell script_ops seq2seq session_ops
    sysconfig user_ops versions
""".split()


@pytest.mark.parametrize("page", COMPLETE)
def test_page_is_complete(page, shares):
    assert shares[page] == 1.0


def test_list_is_up_to_date(shares):
    del shares
    check = api_list.checker()
    listed = {line.partition("(")[0] for line in LISTED}
    compatible = {
        entry["name"]
        for entry in api_list.entries()
        if check.judge_safely(entry, tf)[0] == check.COMPATIBLE
    }
    unlisted = sorted(compatible - listed)
    assert not unlisted, "run python tests/api_list.py"
