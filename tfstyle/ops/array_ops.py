"""Shapes, slices, joining and picking, under the path programs import them from."""

from __future__ import annotations

from tfstyle.framework import dtypes, ops
from tfstyle.ops.diag_ops import (
    batch_matrix_band_part,
    batch_matrix_diag,
    batch_matrix_diag_part,
    diag,
    diag_part,
    matrix_band_part,
    matrix_diag,
    matrix_diag_part,
)
from tfstyle.ops.gather_ops import (
    gather,
    gather_nd,
    invert_permutation,
    one_hot,
    scatter_nd,
    select,
)
from tfstyle.ops.join_ops import (
    concat,
    concat_v2,
    pack,
    pad,
    reverse,
    reverse_sequence,
    reverse_v2,
    split,
    stack,
    tile,
    unpack,
    unstack,
)
from tfstyle.ops.numerics import check_numerics
from tfstyle.ops.parsing_ops import string_to_number
from tfstyle.ops.partition_ops import (
    boolean_mask,
    dynamic_partition,
    dynamic_stitch,
    edit_distance,
    list_diff,
    listdiff,
    setdiff1d,
    sparse_mask,
    unique,
    unique_with_counts,
    where,
)
from tfstyle.ops.shape_ops import (
    bitcast,
    expand_dims,
    fill,
    identity,
    made_by,
    ones,
    ones_like,
    placeholder,
    placeholder_with_default,
    rank,
    reshape,
    shape,
    shape_n,
    size,
    sparse_placeholder,
    squeeze,
    stop_gradient,
    transpose,
    zeros,
    zeros_like,
)
from tfstyle.ops.slice_ops import newaxis, slice, strided_slice
from tfstyle.ops.space_ops import (
    batch_to_space,
    depth_to_space,
    extract_image_patches,
    space_to_batch,
    space_to_depth,
)

__all__ = [
    "batch_matrix_band_part",
    "batch_matrix_diag",
    "batch_matrix_diag_part",
    "batch_to_space",
    "bitcast",
    "boolean_mask",
    "check_numerics",
    "concat",
    "concat_v2",
    "depth_to_space",
    "diag",
    "diag_part",
    "dynamic_partition",
    "dynamic_stitch",
    "edit_distance",
    "expand_dims",
    "extract_image_patches",
    "fill",
    "gather",
    "gather_nd",
    "identity",
    "invert_permutation",
    "list_diff",
    "listdiff",
    "matrix_band_part",
    "matrix_diag",
    "matrix_diag_part",
    "matrix_transpose",
    "meshgrid",
    "newaxis",
    "one_hot",
    "ones",
    "ones_like",
    "pack",
    "pad",
    "placeholder",
    "placeholder_with_default",
    "rank",
    "reshape",
    "reverse",
    "reverse_sequence",
    "reverse_v2",
    "scatter_nd",
    "select",
    "sequence_mask",
    "setdiff1d",
    "shape",
    "shape_n",
    "size",
    "slice",
    "sparse_mask",
    "space_to_batch",
    "space_to_depth",
    "sparse_placeholder",
    "split",
    "squeeze",
    "stack",
    "stop_gradient",
    "strided_slice",
    "string_to_number",
    "tile",
    "transpose",
    "unique",
    "unique_with_counts",
    "unpack",
    "unstack",
    "where",
    "zeros",
    "zeros_like",
]


def matrix_transpose(a, name="matrix_transpose"):
    """Swaps the last two dimensions (of TF 0.12).

    Args:
        a: a Tensor of known rank, at least 2.
        name: prefix of the names.

    Raises:
        ValueError: when the rank is unknown or less than 2.
    """
    with ops.op_scope([a], name, "matrix_transpose"):
        a = ops.convert_to_tensor(a, name="a")
        ndims = a.get_shape().ndims
        if ndims is None or ndims < 2:
            raise ValueError(
                "Argument should be a (batch) matrix, with rank >= 2.  Found: "
                f"{a.get_shape()}"
            )
        perm = list(range(ndims))
        perm[-2:] = perm[:-3:-1]
        return transpose(a, perm)


def meshgrid(*args, indexing="xy", name="meshgrid"):
    """Coordinates of a grid, as in NumPy (of TF 0.10).

    Args:
        *args: 1-D tensors of one dtype: the coordinates along each dimension.
        indexing: "xy": the first two dimensions of the results are swapped; "ij": they
            are in the order of the arguments.
        name: prefix of the names.

    Returns:
        A list of Tensors, one per argument, each of the shape of the grid.

    Raises:
        ValueError: when `indexing` is another one.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError("indexing parameter must be either 'xy' or 'ij'")
    with ops.op_scope(args, name, "meshgrid"):
        order = list(range(len(args)))
        if indexing == "xy" and len(args) > 1:
            order[:2] = [1, 0]
        lengths = [size(x) for x in args]
        grids = []
        for i, x in enumerate(args):
            column = reshape(x, [-1 if k == order[i] else 1 for k in range(len(args))])
            times = [1 if k == i else lengths[k] for k in order]
            grids.append(tile(column, pack(times)))
        return grids


def sequence_mask(lengths, maxlen=None, dtype=dtypes.bool, name=None):
    """True for the steps that sequences of some lengths have (of TF 0.10).

    Args:
        lengths: [n] integers.
        maxlen: scalar: the number of columns; default: the largest length.
        dtype: element type of the result.
        name: prefix of the names.

    Returns:
        A Tensor [n, maxlen] of `dtype`: element [i, j] is `j < lengths[i]`.

    Raises:
        ValueError: when `lengths` is no vector.
    """
    with ops.op_scope([lengths, maxlen], name, "SequenceMask"):
        lengths = ops.convert_to_tensor(lengths)
        if lengths.get_shape().ndims != 1:
            raise ValueError("lengths must be 1D for sequence_mask")
        integer = lengths.dtype.base_dtype
        if maxlen is None:
            maxlen = made_by("Max")(lengths, [0])
        steps = made_by("Range")(
            ops.convert_to_tensor(0, integer),
            ops.convert_to_tensor(maxlen, integer),
            ops.convert_to_tensor(1, integer),
        )
        mask = made_by("Less")(steps, expand_dims(lengths, 1))
        wanted = dtypes.as_dtype(dtype).base_dtype
        return mask if wanted == dtypes.bool else made_by("Cast")(mask, wanted)
