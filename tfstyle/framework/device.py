"""Device names: `tf.DeviceSpec`, and how nested `tf.device` blocks combine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfstyle.framework.tensor import Operation

__all__ = ["DeviceSpec", "canonical_name", "check_valid", "merge_device"]


class DeviceSpec:
    """The name of a device, known in full or in part.

    In full it reads `/job:worker/replica:0/task:1/device:GPU:0`; each part may be
    missing. The index of a device may be `*`: any of that type.
    """

    __slots__ = ("_job", "_replica", "_task", "device_index", "device_type")

    def __init__(
        self,
        job: str | None = None,
        replica: int | None = None,
        task: int | None = None,
        device_type: str | None = None,
        device_index: int | None = None,
    ) -> None:
        """Makes a name of its parts; None leaves a part out.

        Args:
            job: the name of the job.
            replica: the number of the replica.
            task: the number of the task.
            device_type: `"CPU"`, `"GPU"` or another type; `"cpu"` and `"gpu"` are
                written in capitals.
            device_index: which of the devices of that type; None is any.

        Raises:
            ValueError: when `replica` or `task` is not a whole number.
        """
        self._job: str | None = None
        self._replica: int | None = None
        self._task: int | None = None
        self.job = job
        self.replica = replica
        self.task = task
        if device_type in ("cpu", "gpu"):
            device_type = device_type.upper()
        self.device_type = device_type
        self.device_index = device_index

    @property
    def job(self) -> str | None:
        """The name of the job, or None."""
        return self._job

    @job.setter
    def job(self, job: str | None) -> None:
        self._job = None if job is None else str(job)

    @property
    def replica(self) -> int | None:
        """The number of the replica, or None."""
        return self._replica

    @replica.setter
    def replica(self, replica: int | None) -> None:
        self._replica = None if replica is None else int(replica)

    @property
    def task(self) -> int | None:
        """The number of the task, or None."""
        return self._task

    @task.setter
    def task(self, task: int | None) -> None:
        self._task = None if task is None else int(task)

    def parse_from_string(self, spec: str) -> DeviceSpec:
        """Replaces all parts by those of a name.

        Args:
            spec: a name such as `"/job:ps/task:0/cpu:0"` or `"/device:GPU:*"`.

        Returns:
            This object.

        Raises:
            ValueError: when a part is unknown or names a second device.
        """
        self.job = self.replica = self.task = None
        self.device_type = self.device_index = None
        for part in spec.split("/"):
            self._parse_part(part.split(":"), spec)
        return self

    def _parse_part(self, words: list[str], spec: str) -> None:
        match words:
            case ["job", name]:
                self.job = name
            case ["replica", number]:
                self.replica = int(number)
            case ["task", number]:
                self.task = int(number)
            case [kind] | [kind, _] if kind.upper() in ("CPU", "GPU"):
                index = words[1] if len(words) == 2 else "*"
                self._set_device(kind.upper(), index, spec)
            case ["device", kind, index]:
                self._set_device(kind, index, spec)
            case [""]:
                pass
            case _:
                raise ValueError(f"Unknown attribute: '{words[0]}' in '{spec}'")

    def _set_device(self, kind: str, index: str, spec: str) -> None:
        if self.device_type is not None:
            raise ValueError(f"Cannot specify multiple device types: {spec}")
        self.device_type = kind
        self.device_index = None if index == "*" else int(index)

    def merge_from(self, dev: DeviceSpec) -> None:
        """Takes over the parts that `dev` has, and keeps the others."""
        if dev.job is not None:
            self.job = dev.job
        if dev.replica is not None:
            self.replica = dev.replica
        if dev.task is not None:
            self.task = dev.task
        if dev.device_type is not None:
            self.device_type = dev.device_type
        if dev.device_index is not None:
            self.device_index = dev.device_index

    def to_string(self) -> str:
        """The name in its long form; empty when no part is known."""
        name = ""
        if self.job is not None:
            name += f"/job:{self.job}"
        if self.replica is not None:
            name += f"/replica:{self.replica}"
        if self.task is not None:
            name += f"/task:{self.task}"
        if self.device_type is not None:
            index = "*" if self.device_index is None else self.device_index
            name += f"/device:{self.device_type}:{index}"
        return name

    def __repr__(self) -> str:
        return f"DeviceSpec({self.to_string()!r})"

    @staticmethod
    def from_string(spec: str) -> DeviceSpec:
        """The `DeviceSpec` of a name; see `parse_from_string`."""
        return DeviceSpec().parse_from_string(spec)


def check_valid(spec: str) -> None:
    """Raises ValueError unless `spec` is a device name."""
    DeviceSpec.from_string(spec)


def canonical_name(device: DeviceSpec | str | None) -> str:
    """The long form of a device name; None gives the empty name."""
    if device is None:
        return ""
    if isinstance(device, DeviceSpec):
        return device.to_string()
    return DeviceSpec.from_string(device).to_string()


def merge_device(spec: DeviceSpec | str | None) -> Callable[[Operation], DeviceSpec]:
    """A device function that fills in what an operation's device leaves open.

    Args:
        spec: the name, or partial name, of a device.

    Returns:
        A function from an operation to its device: `spec`, overridden by the parts
        that the operation's device already has.

    Raises:
        ValueError: when `spec` is not a device name.
    """
    outer = spec if isinstance(spec, DeviceSpec) else DeviceSpec.from_string(spec or "")

    def device_function(op: Any) -> DeviceSpec:
        merged = DeviceSpec()
        merged.merge_from(outer)
        merged.merge_from(DeviceSpec.from_string(op.device or ""))
        return merged

    return device_function
