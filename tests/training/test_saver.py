"""`Saver`, checkpoints of both formats, and meta graphs."""

import os
import pathlib
import subprocess
import time

import numpy as np
import pytest

import tfstyle as tf
from tests.training import saver_cases
from tfstyle.framework import ops
from tfstyle.training import checkpoint_tensors, checkpoint_v1
from tfstyle.training import saver as saver_lib

CHECKPOINTS = pathlib.Path(__file__).parent / "checkpoints"
VERSIONS = pytest.mark.parametrize("version", [1, 2])


@pytest.fixture(autouse=True)
def _new_graph():
    tf.reset_default_graph()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def saved(path="m", value=(1.0, 2.0), name="v", **options):
    """Saves one variable; returns the saver, the variable and the path."""
    tf.reset_default_graph()
    variable = tf.Variable(list(value), name=name)
    saver = tf.train.Saver(**options)
    with tf.Session() as sess:
        sess.run(variable.initializer)
        return saver, variable, saver.save(sess, path)


# -- TensorFlow's files ---------------------------------------------------------


@VERSIONS
@pytest.mark.parametrize("path", [c[0] for c in saver_cases.CHECKPOINTS])
def test_restore_files_of_tensorflow(path, version):
    found = saver_cases.restored(tf, str(CHECKPOINTS / path), version)
    saver_cases.check(*found)


@pytest.mark.parametrize("file", ["v2-3.index", "v2-3.data-00000-of-00001"])
def test_files_have_the_bytes_of_tensorflow(tmp_path, file):
    saver_cases.save(tf, str(tmp_path))
    assert (tmp_path / file).read_bytes() == (CHECKPOINTS / file).read_bytes()


def test_v1_file_has_the_entries_of_tensorflow(tmp_path):
    # TensorFlow lists the slices of a variable in no fixed order.
    saver_cases.save(tf, str(tmp_path))
    ours, theirs = (
        dict(checkpoint_v1.TableReader(f / "v1-3")) for f in (tmp_path, CHECKPOINTS)
    )
    assert sorted(ours.pop(b"")) == sorted(theirs.pop(b""))
    assert ours == theirs


@pytest.mark.skipif("TF_ORACLE" not in os.environ, reason="needs TensorFlow 0.12.1")
def test_tensorflow_restores_our_files(tmp_path):
    saver_cases.save(tf, str(tmp_path))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    subprocess.run(
        [os.environ["TF_ORACLE"], saver_cases.__file__, "load", str(tmp_path)],
        check=True,
        cwd=tmp_path,
        env=environment,
    )


def test_import_meta_graph_of_tensorflow():
    saver = tf.train.import_meta_graph(str(CHECKPOINTS / "graph.meta"))
    (y,) = tf.get_collection("out")
    assert y is tf.get_default_graph().get_tensor_by_name("y:0")
    assert tf.get_collection("rate") == [0.5]
    (weights,) = tf.trainable_variables()
    assert isinstance(weights, tf.Variable)
    assert isinstance(tf.get_collection(tf.GraphKeys.SAVERS)[0], tf.train.Saver)
    with tf.Session() as sess:
        saver.restore(sess, str(CHECKPOINTS / "graph"))
        assert sess.run(y, {"x:0": [[1.0, 10.0]]}) == 21.0


# -- both ways ------------------------------------------------------------------


@VERSIONS
def test_round_trip(folder, version):
    paths = saver_cases.save(tf, "")
    for path in paths:
        found = saver_cases.restored(tf, path, version)
        saver_cases.check(*found)


def test_default_format_is_one_file(folder):
    _, _, path = saved()
    assert path == "m"
    assert sorted(os.listdir()) == ["checkpoint", "m", "m.meta"]


def test_restore_takes_the_newer_of_two_formats(folder):
    saved("m", [1.0, 1.0], write_version=2)
    os.utime("m.index", (1, 1))
    saver, variable, _ = saved("m", [2.0, 2.0])
    with tf.Session() as sess:
        saver.restore(sess, "m")
        assert sess.run(variable).tolist() == [2.0, 2.0]


def test_names_in_the_graph():
    v = tf.Variable([1.0], name="v")
    saver_def = tf.train.Saver({"other": v}).as_saver_def()
    assert saver_def.filename_tensor_name == "save/Const:0"
    assert saver_def.save_tensor_name == "save/control_dependency:0"
    assert saver_def.restore_op_name == "save/restore_all"
    assert saver_def.max_to_keep == 5
    types = {
        op.name: op.type
        for op in tf.get_default_graph().get_operations()
        if op.name.startswith("save/") and op.type != "Const"
    }
    assert types == {
        "save/save": "SaveSlices",
        "save/control_dependency": "Identity",
        "save/restore_slice": "RestoreSlice",
        "save/Assign": "Assign",
        "save/restore_all": "NoOp",
    }
    assert tf.train.Saver(name="again").as_saver_def().restore_op_name == (
        "again/restore_all"
    )


def test_operations_run_by_name(folder):
    saver, variable, path = saved()
    with tf.Session() as sess:
        saver_def = saver.as_saver_def()
        sess.run(saver_def.restore_op_name, {saver_def.filename_tensor_name: path})
        assert sess.run(variable).tolist() == [1.0, 2.0]
        sess.run(saver_def.save_tensor_name, {saver_def.filename_tensor_name: "n"})
    assert pathlib.Path("n").read_bytes() == pathlib.Path("m").read_bytes()


def test_a_file_for_each_device(folder):
    with tf.device("/cpu:0"):
        a = tf.Variable([1.0], name="a")
    with tf.device("/cpu:1"):
        b = tf.Variable([2.0], name="b")
    saver = tf.train.Saver(sharded=True, max_to_keep=1)
    with tf.Session() as sess:
        sess.run([a.initializer, b.initializer])
        saver.save(sess, "m", global_step=1)
        path = saver.save(sess, "m", global_step=2)
        assert path == tf.train.latest_checkpoint("") == "m-2-?????-of-00002"
    assert sorted(os.listdir()) == [
        "checkpoint",
        "m-2-00000-of-00002",
        "m-2-00001-of-00002",
        "m-2.meta",
    ]
    with tf.Session() as sess:
        saver.restore(sess, path)
        assert sess.run([a, b]) == [1.0, 2.0]


def test_restore_sequentially(folder):
    saved(restore_sequentially=True)
    graph = tf.get_default_graph()
    tf.Variable([1.0], name="w")
    tf.train.Saver(restore_sequentially=True, name="s")
    second = graph.get_operation_by_name("s/restore_slice_1/tensor_name")
    assert second.control_inputs == [graph.get_operation_by_name("s/Assign")]


def test_other_name_in_the_checkpoint(folder):
    saved(name="old")
    tf.reset_default_graph()
    new = tf.Variable([0.0, 0.0], name="new")
    with tf.Session() as sess:
        tf.train.Saver({"old": new}).restore(sess, "m")
        assert sess.run(new).tolist() == [1.0, 2.0]


def test_reshape(folder):
    saved()
    tf.reset_default_graph()
    v = tf.Variable([[0.0], [0.0]], name="v")
    with tf.Session() as sess:
        tf.train.Saver(reshape=True).restore(sess, "m")
        assert sess.run(v).tolist() == [[1.0], [2.0]]


def test_part_of_a_tensor(folder):
    names, specs = ["w", "w"], ["4 3 0,2:-", "4 3 2,2:-"]
    whole = np.arange(12, dtype=np.float32).reshape(4, 3)
    checkpoint_v1.write_v1("m", names, specs, [whole[:2], whole[2:]])
    reader = saver_lib.NewCheckpointReader("m")._reader
    np.testing.assert_array_equal(reader.read("w", "4 3 1,2:1,2"), whole[1:3, 1:])
    checkpoint_v1.write_v1("m", names[:1], specs[:1], [whole[:2]])
    reader = saver_lib.NewCheckpointReader("m")._reader
    with pytest.raises(tf.errors.NotFoundError, match="sufficient slices"):
        reader.read("w")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, "80"),
        (-1, "7f"),
        (63, "bf"),
        (64, "c040"),
        (-65, "3fbf"),
        (8192, "e02000"),
        (2**62, "ffc04000000000000000"),
    ],
)
def test_numbers_in_keys(value, code):
    assert checkpoint_tensors._signed(value).hex() == code


# -- errors ---------------------------------------------------------------------


def test_restore_without_file(folder):
    saver, _, _ = saved()
    with tf.Session() as sess:
        with pytest.raises(tf.errors.NotFoundError, match="any matching files for no"):
            saver.restore(sess, "no")
        with pytest.raises(ValueError, match="any matching files for no"):
            saver.restore(sess, "no")


@VERSIONS
def test_restore_of_what_is_not_there(folder, version):
    saved(write_version=version)
    tf.reset_default_graph()
    v = tf.Variable([1.0, 2.0, 3.0], name="v")
    w = tf.Variable([1, 2], name="w")
    missing = {
        1: 'Tensor name "w" not found in checkpoint files m',
        2: "Key w not found in checkpoint",
    }
    wrong = {
        1: "Expected to restore a tensor of type int32, got a tensor of type float "
        "instead: tensor_name = v",
        2: "tensor_name = v; expected dtype int32 does not equal original dtype float",
    }
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        with pytest.raises(tf.errors.NotFoundError, match=missing[version]):
            tf.train.Saver([w]).restore(sess, "m")
        with pytest.raises(tf.errors.InvalidArgumentError, match=wrong[version]):
            tf.train.Saver({"v": w}).restore(sess, "m")
        message = (
            r"Assign requires shapes of both tensors to match. "
            r"lhs shape= \[3\] rhs shape= \[2\]"
        )
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            tf.train.Saver([v]).restore(sess, "m")
        assert sess.run(v).tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("version", "file", "message"),
    [
        (1, "m", "Unable to open table file m: Data loss: block checksum mismatch"),
        (2, "m.index", "Unable to open table file m.index: Data loss: block checksum"),
        (2, "m.data-00000-of-00001", "Checksum does not match"),
    ],
)
def test_restore_of_damaged_file(folder, version, file, message):
    saver, _, _ = saved(write_version=version)
    data = bytearray(pathlib.Path(file).read_bytes())
    data[6] ^= 1
    pathlib.Path(file).write_bytes(data)
    with tf.Session() as sess, pytest.raises(tf.errors.DataLossError, match=message):
        saver.restore(sess, "m")


def test_failing_save_leaves_the_old_file(folder, monkeypatch):
    saver, variable, _ = saved()
    before = pathlib.Path("m").read_bytes()

    def fail(self):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint_v1.TableWriter, "finish", fail)
    with tf.Session() as sess:
        sess.run(variable.assign([5.0, 6.0]))
        with pytest.raises(tf.errors.UnknownError, match="No space left"):
            saver.save(sess, "m")
    assert pathlib.Path("m").read_bytes() == before
    assert sorted(os.listdir()) == ["checkpoint", "m", "m.meta"]


def test_save_refuses(folder):
    saver, variable, _ = saved()
    with tf.Session() as sess:
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized"):
            saver.save(sess, "n")
        sess.run(variable.initializer)
        with pytest.raises(ValueError, match="Parent directory of no/m doesn't exist"):
            saver.save(sess, "no/m")
        with pytest.raises(ValueError, match="must not contain path components"):
            saver.save(sess, "m", latest_filename="a/b")
        with pytest.raises(ValueError, match="collides with 'save_path'"):
            saver.save(sess, "checkpoint")
        with pytest.raises(TypeError, match="'sess' must be a Session; None"):
            saver.save(None, "m")


def test_constructor_refuses():
    v = tf.Variable([1.0], name="v")
    for var_list, error, message in (
        ([], ValueError, "No variables to save"),
        (3, TypeError, "passed in a dict or a list: 3"),
        ({1: v}, TypeError, "Name is not a string: 1"),
        ({"a": v, "b": v}, ValueError, "restored with two names"),
        ([tf.constant(1.0)], TypeError, "Variable to save is not a Variable"),
        ({"a": 1.0}, TypeError, "Not a variable: 1.0"),
        ([v, v._ref()], ValueError, "At least two variables have the same name: v"),
    ):
        with pytest.raises(error, match=message):
            tf.train.Saver(var_list)
    with pytest.raises(ValueError, match="Unexpected write_version: 7"):
        tf.train.Saver(write_version=7)
    with pytest.raises(ValueError, match="must specify the save_tensor_name"):
        tf.train.Saver(saver_def=tf.train.SaverDef())


# -- which checkpoints there are ------------------------------------------------


@VERSIONS
def test_max_to_keep(folder, version):
    v = tf.Variable(0, name="v")
    saver = tf.train.Saver(max_to_keep=2, write_version=version)
    with tf.Session() as sess:
        sess.run(v.initializer)
        for step in range(4):
            saver.save(sess, "m", global_step=step)
        assert saver.last_checkpoints == ["m-2", "m-3"]
        saver.save(sess, "m", global_step=2)
        assert saver.last_checkpoints == ["m-3", "m-2"]
    kept = {file.split(".")[0] for file in os.listdir()}
    assert kept == {"m-2", "m-3", "checkpoint"}
    state = tf.train.get_checkpoint_state(".")
    assert state.model_checkpoint_path == "./m-2"
    assert list(state.all_model_checkpoint_paths) == ["./m-3", "./m-2"]


def test_keep_every_n_hours(folder, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    v = tf.Variable(0, name="v")
    saver = tf.train.Saver(max_to_keep=1, keep_checkpoint_every_n_hours=1.0)
    with tf.Session() as sess:
        sess.run(v.initializer)
        for step in range(6):
            saver.save(sess, "m", global_step=step, write_meta_graph=False)
            now[0] += 1600
    # Written 0, 1600, 3200, 4800, 6400, 8000 s after the start, the last one stays.
    assert sorted(os.listdir()) == ["checkpoint", "m-3", "m-5"]


def test_all_are_kept_without_max_to_keep(folder):
    v = tf.Variable(0, name="v")
    saver = tf.train.Saver(max_to_keep=None)
    step = tf.Variable(7, name="step")
    with tf.Session() as sess:
        sess.run([v.initializer, step.initializer])
        assert saver.save(sess, "m", global_step=step) == "m-7"
    assert saver.last_checkpoints == []
    assert tf.train.latest_checkpoint("") == "m-7"


def test_set_last_checkpoints(folder):
    v = tf.Variable(0, name="v")
    saver = tf.train.Saver(max_to_keep=2)
    saver.set_last_checkpoints_with_time([("a", 1.0), ("b", 2.0)])
    assert saver.last_checkpoints == ["a", "b"]
    with tf.Session() as sess:
        sess.run(v.initializer)
        saver.save(sess, "c")
    assert saver.last_checkpoints == ["b", "c"]
    saver.set_last_checkpoints(["x"])
    assert saver.last_checkpoints == ["x"]


def test_checkpoint_state(folder):
    os.mkdir("rel")
    tf.train.update_checkpoint_state("rel", "rel/x-1", ["rel/x-0"])
    assert pathlib.Path("rel/checkpoint").read_text() == (
        'model_checkpoint_path: "x-1"\n'
        'all_model_checkpoint_paths: "x-0"\n'
        'all_model_checkpoint_paths: "x-1"\n'
    )
    state = tf.train.get_checkpoint_state("rel")
    assert list(state.all_model_checkpoint_paths) == ["rel/x-0", "rel/x-1"]
    assert tf.train.latest_checkpoint("rel") is None
    pathlib.Path("rel/x-1").touch()
    assert tf.train.latest_checkpoint("rel") == "rel/x-1"
    state = tf.train.generate_checkpoint_state_proto("/abs", "/abs/y")
    assert list(state.all_model_checkpoint_paths) == ["/abs/y"]
    with pytest.raises(RuntimeError, match="conflicts with path used for checkpoint"):
        tf.train.update_checkpoint_state("rel", "rel/checkpoint")


def test_checkpoint_state_that_cannot_be_read(folder):
    assert tf.train.get_checkpoint_state(".") is None
    pathlib.Path("checkpoint").write_text("nonsense")
    assert tf.train.get_checkpoint_state(".") is None
    # A field of later releases.
    pathlib.Path("checkpoint").write_text(
        'model_checkpoint_path: "m"\nlast_preserved_timestamp: 1.5\n'
    )
    assert tf.train.get_checkpoint_state(".").model_checkpoint_path == "./m"


@VERSIONS
def test_checkpoint_reader(folder, version):
    saved(write_version=version)
    reader = tf.train.NewCheckpointReader("m")
    assert reader.get_variable_to_shape_map() == {"v": [2]}
    assert reader.get_variable_to_dtype_map() == {"v": tf.float32}
    assert reader.has_tensor("v")
    assert not reader.has_tensor("w")
    assert reader.get_tensor("v").tolist() == [1.0, 2.0]
    assert reader.debug_string() == b"v (DT_FLOAT) [2]\n"
    with pytest.raises(tf.errors.NotFoundError, match="w not found in checkpoint file"):
        reader.get_tensor("w")
    with pytest.raises(tf.errors.NotFoundError, match="any matching files for no"):
        tf.train.NewCheckpointReader("no")


# -- meta graphs ----------------------------------------------------------------


@pytest.mark.parametrize("as_text", [False, True])
def test_meta_graph_round_trip(folder, as_text):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.Variable([[1.0], [2.0]], name="w")
    tf.add_to_collection("y", tf.matmul(x, w))
    for value in (3, 0.5, "text"):
        tf.add_to_collection(f"a {type(value).__name__}", value)
    saver = tf.train.Saver()
    tf.add_to_collection(tf.GraphKeys.SAVERS, saver)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        saver.save(sess, "m")
    saver.export_meta_graph("m.meta", as_text=as_text)
    with tf.Graph().as_default():
        saver = tf.train.import_meta_graph("m.meta")
        assert tf.get_collection("a int") == [3]
        assert tf.get_collection("a float") == [0.5]
        assert tf.get_collection("a str") == [b"text"]
        assert len(tf.get_collection(tf.GraphKeys.SAVERS)) == 1
        assert [v.name for v in tf.trainable_variables()] == ["w:0"]
        with tf.Session() as sess:
            saver.restore(sess, "m")
            y = tf.get_collection("y")[0]
            assert sess.run(y, {"x:0": [[1.0, 10.0]]}).tolist() == [[21.0]]


def test_import_meta_graph_without_saver():
    tf.constant(1.0, name="c")
    meta = tf.train.export_meta_graph()
    with tf.Graph().as_default():
        assert tf.train.import_meta_graph(meta) is None
    tf.Variable(1.0, name="v")
    meta = tf.train.export_meta_graph(collection_list=["variables"])
    assert list(meta.collection_def) == ["variables"]
    with tf.Graph().as_default():
        assert isinstance(tf.train.import_meta_graph(meta), tf.train.Saver)


def test_meta_graph_with_a_loop(folder):
    inputs = [tf.placeholder(tf.float32, [2, 3]) for _ in range(3)]
    cell = tf.nn.rnn_cell.GRUCell(4)
    outputs, _ = tf.nn.rnn(cell, inputs, dtype=tf.float32)
    tf.train.AdamOptimizer().minimize(tf.reduce_sum(outputs[-1]))
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        saver.save(sess, "m")
    with tf.Graph().as_default(), pytest.raises(ValueError, match="loop or a gradient"):
        tf.train.import_meta_graph("m.meta")


def test_collection_that_cannot_be_written():
    tf.add_to_collection("odd", object())
    tf.add_to_collection("mixed", 1)
    tf.add_to_collection("mixed", "a")
    tf.add_to_collection("good", 1)
    meta = tf.train.export_meta_graph()
    assert list(meta.collection_def) == ["good"]


def test_file_that_is_no_meta_graph(folder):
    with pytest.raises(OSError, match="File no does not exist"):
        tf.train.import_meta_graph("no")
    pathlib.Path("bad").write_text("import this")
    with pytest.raises(OSError, match="Cannot parse file bad"):
        tf.train.import_meta_graph("bad")


def test_savers_are_registered():
    saver = tf.train.Saver([tf.Variable(1.0)])
    tf.train.export_meta_graph()
    assert ops.get_to_proto_function(tf.GraphKeys.SAVERS)(saver) is saver.as_saver_def()
