"""The protocol buffers of `tf`, `tf.train` and `tfstyle.core`."""

import importlib
import pathlib
import subprocess
import sys

import pytest

import tfstyle as tf
from tfstyle.core import protos
from tfstyle.core.definitions import define_messages
from tfstyle.core.framework import tensor_slice_pb2
from tfstyle.core.training import checkpoint_state_pb2
from tfstyle.core.util import saved_tensor_slice_pb2

CORE = pathlib.Path(protos.__file__).parent
MODULES = sorted(
    ".".join(("tfstyle", "core", path.parent.name, path.stem))
    for path in CORE.glob("*/*_pb2.py")
)


@pytest.mark.parametrize("name", MODULES)
def test_module_has_its_messages(name):
    module = importlib.import_module(name)
    assert module.DESCRIPTOR.message_types_by_name or module.DataType
    for exported in getattr(module, "__all__", ()):
        assert hasattr(module, exported)


@pytest.mark.parametrize("name", protos.NAMES)
def test_message_of_tf(name):
    assert getattr(tf, name)().SerializeToString() == b""


@pytest.mark.parametrize("name", protos.TRAIN_NAMES)
def test_message_of_train(name):
    assert getattr(tf.train, name)().SerializeToString() == b""


def test_unknown_name():
    with pytest.raises(AttributeError, match="tfstyle.training.training.*'Exmaple'"):
        tf.train.Exmaple  # noqa: B018


def test_import_loads_no_protocol_buffers():
    code = (
        "import sys, tfstyle\n"
        "assert not [m for m in sys.modules if m.startswith('google.protobuf')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_example_has_the_bytes_of_tensorflow():
    # Written by TensorFlow 0.12.1; one feature each, for maps have no order.
    example = tf.train.Example()
    example.features.feature["a"].int64_list.value.extend([1, 2, 300])
    assert example.SerializeToString().hex() == "0a0f0a0d0a016112081a060a040102ac02"
    example = tf.train.Example()
    example.features.feature["b"].float_list.value.extend([1.5])
    assert example.SerializeToString().hex() == "0a0f0a0d0a0162120812060a040000c03f"


def test_feature_holds_one_list():
    feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[1]))
    assert feature.WhichOneof("kind") == "int64_list"
    feature.bytes_list.value.append(b"x")
    assert feature.WhichOneof("kind") == "bytes_list"
    assert not feature.int64_list.value


def test_sequence_example():
    example = tf.train.SequenceExample()
    steps = example.feature_lists.feature_list["steps"].feature
    steps.add().float_list.value.append(1.0)
    example.context.feature["length"].int64_list.value.append(1)
    copy = tf.train.SequenceExample.FromString(example.SerializeToString())
    assert copy == example


def test_extent_knows_whether_it_has_a_length():
    extent = tensor_slice_pb2.TensorSliceProto.Extent(start=1)
    assert not extent.HasField("length")
    extent.length = 0
    assert extent.HasField("length")


def test_saved_slices_take_messages_of_tensorboard():
    from tfstyle.core.framework import types_pb2
    from tfstyle.framework.tensor_util import make_tensor_proto

    saved = saved_tensor_slice_pb2.SavedTensorSlices()
    saved.data.data.CopyFrom(make_tensor_proto([1.0]))
    saved.meta.tensor.add(name="v", type=types_pb2.DT_FLOAT)
    assert saved.meta.tensor[0].type == saved.data.data.dtype


def test_checkpoint_state_as_text():
    from google.protobuf import text_format

    state = checkpoint_state_pb2.CheckpointState(
        model_checkpoint_path="model-2", all_model_checkpoint_paths=["model-1"]
    )
    text = text_format.MessageToString(state)
    assert text == (
        'model_checkpoint_path: "model-2"\nall_model_checkpoint_paths: "model-1"\n'
    )


def test_define_messages_refuses_an_unknown_type():
    with pytest.raises(TypeError, match="Nowhere"):
        define_messages("test/unknown.proto", "Unknown\n  Nowhere field = 1")
