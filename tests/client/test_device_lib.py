"""What this machine can compute on."""

from tfstyle.client import device_lib


def test_the_cpu_comes_first():
    first, *others = device_lib.list_local_devices()
    assert first.name == "/cpu:0"
    assert first.device_type == "CPU"
    assert first.HasField("locality")
    assert all(device.device_type != "CPU" for device in others)


def test_incarnations_differ():
    devices = device_lib.list_local_devices()
    assert len({d.incarnation for d in devices}) == len(devices)
