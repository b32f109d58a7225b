"""Which part of a larger tensor a variable holds, for checkpoints of slices."""

from __future__ import annotations

from typing import Any

__all__ = ["SaveSliceInfo"]


class SaveSliceInfo:
    """The place of a variable in the tensor it is a slice of.

    Reachable as `Variable.SaveSliceInfo`.

    Attributes:
        full_name: name of the whole tensor.
        full_shape: its shape, a list of ints.
        var_offset: where the slice starts on each axis, a list of ints.
        var_shape: the shape of the slice, a list of ints.
    """

    def __init__(
        self,
        full_name: str | None = None,
        full_shape: Any = None,
        var_offset: Any = None,
        var_shape: Any = None,
        save_slice_info_def: Any = None,
    ) -> None:
        """Notes the place, or reads it from a `SaveSliceInfoDef`."""
        if save_slice_info_def is not None:
            full_name = save_slice_info_def.full_name
            full_shape = list(save_slice_info_def.full_shape)
            var_offset = list(save_slice_info_def.var_offset)
            var_shape = list(save_slice_info_def.var_shape)
        self.full_name = full_name
        self.full_shape = full_shape
        self.var_offset = var_offset
        self.var_shape = var_shape

    @property
    def spec(self) -> str:
        """The place in the notation of checkpoints, such as `"4 2 0,2:0,2"`."""
        shape = " ".join(str(d) for d in self.full_shape)
        parts = ":".join(
            f"{o},{s}" for o, s in zip(self.var_offset, self.var_shape, strict=True)
        )
        return f"{shape} {parts}"

    def to_proto(self) -> Any:
        """The place as a `SaveSliceInfoDef` protocol buffer."""
        from tfstyle.core.framework import variable_pb2

        return variable_pb2.SaveSliceInfoDef(
            full_name=self.full_name,
            full_shape=list(self.full_shape),
            var_offset=list(self.var_offset),
            var_shape=list(self.var_shape),
        )
