import types

import pytest

from tfstyle.framework import device
from tfstyle.framework.device import DeviceSpec


@pytest.mark.parametrize(
    ("spec", "parts", "name"),
    [
        ("", (None, None, None, None, None), ""),
        ("/", (None, None, None, None, None), ""),
        ("/cpu:0", (None, None, None, "CPU", 0), "/device:CPU:0"),
        ("cpu:0", (None, None, None, "CPU", 0), "/device:CPU:0"),
        ("/GPU:0", (None, None, None, "GPU", 0), "/device:GPU:0"),
        ("/gpu:*", (None, None, None, "GPU", None), "/device:GPU:*"),
        ("/gpu", (None, None, None, "GPU", None), "/device:GPU:*"),
        ("/device:GPU:2", (None, None, None, "GPU", 2), "/device:GPU:2"),
        ("/device:gpu:2", (None, None, None, "gpu", 2), "/device:gpu:2"),
        ("/device:TPU:*", (None, None, None, "TPU", None), "/device:TPU:*"),
        ("/job:ps", ("ps", None, None, None, None), "/job:ps"),
        ("/job:a/job:b", ("b", None, None, None, None), "/job:b"),
        ("/job:a//cpu:0", ("a", None, None, "CPU", 0), "/job:a/device:CPU:0"),
        (
            "/job:worker/replica:1/task:2/gpu:3",
            ("worker", 1, 2, "GPU", 3),
            "/job:worker/replica:1/task:2/device:GPU:3",
        ),
    ],
)
def test_parse(spec, parts, name):
    d = DeviceSpec.from_string(spec)
    assert (d.job, d.replica, d.task, d.device_type, d.device_index) == parts
    assert d.to_string() == name
    assert device.canonical_name(spec) == name
    assert device.canonical_name(d) == name
    device.check_valid(spec)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("/foo:1", "Unknown attribute: 'foo' in '/foo:1'"),
        ("/tpu:0", "Unknown attribute: 'tpu' in '/tpu:0'"),
        ("/JOB:ps", "Unknown attribute: 'JOB' in '/JOB:ps'"),
        ("/device:GPU", "Unknown attribute: 'device' in '/device:GPU'"),
        ("/device:a:1:2", "Unknown attribute: 'device' in '/device:a:1:2'"),
        ("/cpu:0/gpu:1", "Cannot specify multiple device types: /cpu:0/gpu:1"),
        ("/task:x", "invalid literal for int() with base 10: 'x'"),
        ("/gpu:x", "invalid literal for int() with base 10: 'x'"),
        ("/replica:*", "invalid literal for int() with base 10: '*'"),
    ],
)
def test_parse_refuses(spec, message):
    for function in (DeviceSpec.from_string, device.check_valid, device.canonical_name):
        with pytest.raises(ValueError) as error:  # noqa: PT011 - compared below
            function(spec)
        assert str(error.value) == message


def test_parts():
    spec = DeviceSpec("a", "1", "2", "gpu", 3)
    assert spec.to_string() == "/job:a/replica:1/task:2/device:GPU:3"
    assert (spec.replica, spec.task) == (1, 2)
    assert DeviceSpec(device_index=1).to_string() == ""
    assert DeviceSpec(device_type="Xyz").to_string() == "/device:Xyz:*"
    spec.job = spec.device_type = None
    spec.task = "7"
    assert spec.to_string() == "/replica:1/task:7"
    assert spec.parse_from_string("/cpu:0") is spec
    assert spec.to_string() == "/device:CPU:0"
    with pytest.raises(ValueError, match="invalid literal for int"):
        spec.replica = "x"


@pytest.mark.parametrize(
    ("outer", "inner", "name"),
    [
        ("", "", ""),
        ("/cpu:0", "", "/device:CPU:0"),
        ("/cpu:0", "/gpu:1", "/device:GPU:1"),
        ("/cpu:0", "/gpu:*", "/device:GPU:0"),
        ("/gpu:*", "/job:b/task:1", "/job:b/task:1/device:GPU:*"),
        ("/job:a/gpu:1", "/job:b/task:1", "/job:b/task:1/device:GPU:1"),
        ("/job:b/task:1", "/job:a/gpu:1", "/job:a/task:1/device:GPU:1"),
    ],
)
def test_merge(outer, inner, name):
    spec = DeviceSpec.from_string(outer)
    spec.merge_from(DeviceSpec.from_string(inner))
    assert spec.to_string() == name
    for given in (outer, DeviceSpec.from_string(outer)):
        op = types.SimpleNamespace(device=inner)
        assert device.merge_device(given)(op).to_string() == name


def test_nothing_known():
    assert device.canonical_name(None) == ""
    op = types.SimpleNamespace(device=None)
    assert device.merge_device(None)(op).to_string() == ""
    assert device.merge_device("/cpu:0")(op).to_string() == "/device:CPU:0"
