"""`list_local_devices`: what this machine can compute on."""

from __future__ import annotations

from typing import Any

import jax

__all__ = ["list_local_devices"]

_GPU_PLATFORMS = ("cuda", "gpu", "rocm")


def list_local_devices(session_config: Any = None) -> list[Any]:
    """The devices of this process, the CPU first.

    Args:
        session_config: accepted as in later releases; changes nothing.

    Returns:
        A list of `DeviceAttributes`: `name` (such as `"/gpu:0"`), `device_type`
        (`"CPU"`, `"GPU"` or `"TPU"`), `memory_limit` in bytes where it is known, and
        the model as `physical_device_desc`.
    """
    del session_config
    devices = list(jax.local_devices(backend="cpu"))
    if jax.default_backend() != "cpu":
        devices += jax.local_devices()
    return [_attributes(device) for device in devices]


def _attributes(device: Any) -> Any:
    from tfstyle.core.framework import device_attributes_pb2

    kind = "gpu" if device.platform in _GPU_PLATFORMS else device.platform
    stats = device.memory_stats() or {}
    attributes = device_attributes_pb2.DeviceAttributes(
        name=f"/{kind}:{device.local_hardware_id or 0}",
        device_type=kind.upper(),
        memory_limit=stats.get("bytes_limit", 0),
        incarnation=device.id + 1,
    )
    attributes.locality.SetInParent()
    if kind != "cpu":
        attributes.physical_device_desc = device.device_kind
    return attributes
