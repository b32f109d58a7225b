"""Numbers out of text."""

from __future__ import annotations

import numpy as np

from tfstyle.framework import common_shapes, errors
from tfstyle.framework.op_def import Array, op

__all__ = ["string_to_number"]


@op("StringToNumber", host=True, gradient=None, shape=common_shapes.first_input)
def string_to_number(string_tensor: Array, out_type=None):
    """Reads the numbers that strings spell.

    Args:
        string_tensor: strings, of any shape.
        out_type: float32 or int32; default: float32.

    Returns:
        A Tensor of `out_type` and the shape of `string_tensor`.

    Raises:
        TypeError: when `out_type` is another one.
        tf.errors.InvalidArgumentError: when a string is no number that fits.
    """
    read = float if out_type.is_floating else int
    result = np.empty(string_tensor.shape, out_type.as_numpy_dtype)
    for place, text in np.ndenumerate(string_tensor):
        try:
            if b"_" in text:
                raise ValueError
            result[place] = read(text)
        except (ValueError, OverflowError):
            raise errors.InvalidArgumentError(
                None,
                None,
                "StringToNumberOp could not correctly convert string: "
                + text.decode(errors="replace"),
            ) from None
    return result
