import importlib
import pickle
import subprocess
import sys
import types

import pytest

from tfstyle import compat
from tfstyle.platform import gfile
from tfstyle.util import nest


@pytest.fixture(autouse=True)
def _hook():
    compat.install()
    yield
    compat.uninstall()


def test_the_alias_is_the_module_itself():
    import tensorflow as tf
    import tensorflow.python.util.nest
    from tensorflow.python.platform import gfile as old_gfile

    assert tf is sys.modules["tfstyle"]
    assert sys.modules["tensorflow.python.util.nest"] is nest
    assert tensorflow.python.util.nest is nest
    assert old_gfile is gfile
    assert nest.__name__ == nest.__spec__.name == "tfstyle.util.nest"


def test_python_is_an_attribute_of_the_root():
    import tensorflow.python.util

    assert tensorflow.python.util.nest is nest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tensorflow.python", "tfstyle"),
        ("tensorflow.python.platform.default._gfile", "tfstyle.platform.gfile"),
        ("tensorflow.python.platform.logging", "tfstyle.platform.tf_logging"),
        ("tensorflow.util.compat", "tfstyle.util.compat"),
        ("tensorflow.models.rnn.ptb.reader", "tfstyle.models.rnn.ptb.reader"),
        (
            "tensorflow.python.pywrap_tensorflow",
            "tfstyle.training.checkpoint_reader",
        ),
        ("tensorflow.contrib.rnn.python", "tfstyle.contrib.rnn"),
        ("tensorflow.contrib.rnn.python.ops.rnn_cell", "tfstyle.contrib.rnn.rnn_cell"),
        (
            "tensorflow.contrib.layers.python.layers.initializers",
            "tfstyle.contrib.layers.initializers",
        ),
    ],
)
def test_exceptions_to_the_prefix_rule(old, new):
    assert importlib.import_module(old) is importlib.import_module(new)


def test_reader_of_checkpoints():
    import tensorflow as tf
    from tensorflow.python import pywrap_tensorflow

    assert tf.train.NewCheckpointReader is pywrap_tensorflow.NewCheckpointReader
    assert (
        tf.python.pywrap_tensorflow.NewCheckpointReader is tf.train.NewCheckpointReader
    )


def test_from_import_of_a_moved_module():
    from tensorflow.python.platform.default import _gfile

    assert _gfile is gfile


def test_missing_module_names_what_is_near():
    with pytest.raises(
        ImportError,
        match=r"tfstyle does not provide tensorflow\.python\.util\.nestt\. "
        r"tfstyle\.util has: nest\.",
    ) as caught:
        importlib.import_module("tensorflow.python.util.nestt")
    assert caught.value.name == "tensorflow.python.util.nestt"


def test_missing_name_in_a_from_import_speaks_of_the_old_path():
    with pytest.raises(
        ImportError, match=r"not provide tensorflow\.python\.platform\.gfil\. .*gfile"
    ):
        from tensorflow.python.platform import gfil  # noqa: F401


def test_missing_folder():
    with pytest.raises(ImportError, match=r"not provide tensorflow\.python\.nowhere\."):
        importlib.import_module("tensorflow.python.nowhere.deeper")


def test_optional_imports_fall_through():
    try:
        from tensorflow.python.util import no_such_thing
    except ImportError:
        no_such_thing = None
    assert no_such_thing is None


def test_reload_and_pickle():
    import tensorflow.python.util.compat as old

    assert importlib.reload(old) is old
    function = pickle.loads(pickle.dumps(nest.flatten))
    assert function is nest.flatten
    by_old_name = b"ctensorflow.python.util.nest\nflatten\n."
    assert pickle.loads(by_old_name) is nest.flatten


def test_install_twice_uninstall_once():
    compat.install()
    assert compat.installed()
    compat.uninstall()
    assert not compat.installed()
    assert not [name for name in sys.modules if name.startswith("tensorflow")]
    compat.uninstall()


def test_real_tensorflow_is_shadowed_and_comes_back(monkeypatch):
    compat.uninstall()
    real, real_part = types.ModuleType("tensorflow"), types.ModuleType("tensorflow.x")
    monkeypatch.setitem(sys.modules, "tensorflow", real)
    monkeypatch.setitem(sys.modules, "tensorflow.x", real_part)
    compat.install()
    import tensorflow

    assert tensorflow is sys.modules["tfstyle"]
    compat.uninstall()
    assert sys.modules["tensorflow"] is real
    assert sys.modules["tensorflow.x"] is real_part


def test_install_does_not_need_the_converter():
    code = "import sys, tfstyle.compat.hook as h; print([*sys.modules])"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert "'fissix'" not in out
