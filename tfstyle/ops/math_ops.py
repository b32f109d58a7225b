"""Mathematics under the path programs import it from, and the operators of tensors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import common_shapes, dtypes, ops, tensor_shape
from tfstyle.framework.constant_value import constant_value
from tfstyle.framework.op_def import Array, Static, op
from tfstyle.framework.sparse_tensor import SparseTensor
from tfstyle.framework.tensor import Tensor
from tfstyle.ops.array_module import is_stored
from tfstyle.ops.diag_ops import batch_matrix_diag_part, diag_part
from tfstyle.ops.elementwise_ops import (
    abs,
    acos,
    add,
    asin,
    atan,
    betainc,
    ceil,
    complex,
    complex_abs,
    conj,
    cos,
    digamma,
    div,
    equal,
    erf,
    erfc,
    exp,
    floor,
    floor_div,
    floordiv,
    floormod,
    greater,
    greater_equal,
    igamma,
    igammac,
    imag,
    inv,
    is_finite,
    is_inf,
    is_nan,
    less,
    less_equal,
    lgamma,
    log,
    log1p,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    mod,
    mul,
    multiply,
    neg,
    negative,
    not_equal,
    polygamma,
    pow,
    real,
    realdiv,
    reciprocal,
    rint,
    round,
    rsqrt,
    sigmoid,
    sign,
    sin,
    sqrt,
    square,
    squared_difference,
    sub,
    subtract,
    tan,
    tanh,
    truediv,
    truncatediv,
    truncatemod,
    zeta,
)
from tfstyle.ops.matmul_ops import batch_matmul, cross, matmul, sparse_matmul
from tfstyle.ops.reduction_ops import (
    arg_max,
    arg_min,
    argmax,
    argmin,
    cumprod,
    cumsum,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from tfstyle.ops.segment_ops import (
    segment_max,
    segment_mean,
    segment_min,
    segment_prod,
    segment_sum,
    sparse_segment_mean,
    sparse_segment_mean_grad,
    sparse_segment_sqrt_n,
    sparse_segment_sqrt_n_grad,
    sparse_segment_sum,
    unsorted_segment_sum,
)

__all__ = [
    # element by element
    "abs",
    "acos",
    "add",
    "asin",
    "atan",
    "betainc",
    "ceil",
    "complex",
    "complex_abs",
    "conj",
    "cos",
    "digamma",
    "div",
    "equal",
    "erf",
    "erfc",
    "exp",
    "floor",
    "floor_div",
    "floordiv",
    "floormod",
    "greater",
    "greater_equal",
    "igamma",
    "igammac",
    "imag",
    "inv",
    "is_finite",
    "is_inf",
    "is_nan",
    "less",
    "less_equal",
    "lgamma",
    "log",
    "log1p",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "mod",
    "mul",
    "multiply",
    "neg",
    "negative",
    "not_equal",
    "polygamma",
    "pow",
    "real",
    "realdiv",
    "reciprocal",
    "rint",
    "round",
    "rsqrt",
    "sigmoid",
    "sign",
    "sin",
    "sqrt",
    "square",
    "squared_difference",
    "sub",
    "subtract",
    "tan",
    "tanh",
    "truediv",
    "truncatediv",
    "truncatemod",
    "zeta",
    # sums of tensors
    "accumulate_n",
    "add_n",
    "reduced_shape",
    "scalar_mul",
    # products
    "batch_matmul",
    "cross",
    "matmul",
    "sparse_matmul",
    # along dimensions
    "arg_max",
    "arg_min",
    "argmax",
    "argmin",
    "cumprod",
    "cumsum",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "trace",
    # by segments
    "segment_max",
    "segment_mean",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "sparse_segment_mean",
    "sparse_segment_mean_grad",
    "sparse_segment_sqrt_n",
    "sparse_segment_sqrt_n_grad",
    "sparse_segment_sum",
    "unsorted_segment_sum",
    # dtypes
    "cast",
    "saturate_cast",
    "to_bfloat16",
    "to_double",
    "to_float",
    "to_int32",
    "to_int64",
    # sequences
    "lin_space",
    "linspace",
    "range",
    # Fourier transforms
    "batch_fft",
    "batch_fft2d",
    "batch_fft3d",
    "batch_ifft",
    "batch_ifft2d",
    "batch_ifft3d",
    "fft",
    "fft2d",
    "fft3d",
    "ifft",
    "ifft2d",
    "ifft3d",
]

# -- dtypes ---------------------------------------------------------------------


# Errors call these types by their names in C.
_CAST_NAMES = {
    dtypes.float16: "half",
    dtypes.float32: "float",
    dtypes.float64: "double",
}


@op("Cast", shape=common_shapes.first_input)
def _cast(x: Array, DstT):
    target = DstT.as_numpy_dtype
    if x.dtype == object or target is object or DstT.is_quantized:
        names = [_CAST_NAMES.get(t, t.name) for t in (dtypes.as_dtype(x.dtype), DstT)]
        raise NotImplementedError(f"Cast {names[0]} to {names[1]} is not supported")
    target = np.dtype(target)
    if x.dtype.kind == "c" and target.kind not in "cb":
        x = x.real
    with np.errstate(all="ignore"):
        if x.dtype.kind == "f" and target.kind in "iu" and target.itemsize < 4:
            # As in C, what does not fit wraps around; XLA would give the nearest.
            x = x.astype(np.int32)
        return x.astype(target)


def cast(x, dtype, name=None):
    """The elements of `x` as another dtype.

    Floats become integers by dropping the fraction, complex numbers real ones by
    dropping the imaginary part.

    Args:
        x: a Tensor or `SparseTensor` of numbers or bools.
        dtype: the new element type.
        name: name of the operation.

    Returns:
        A Tensor or `SparseTensor` of `dtype`; `x` itself when it is one.

    Differs from TF: floats beyond the range of a 32 or 64 bit integer type give its
    nearest value.
    """
    dtype = dtypes.as_dtype(dtype).base_dtype
    with ops.op_scope([x], name, "Cast") as scope:
        if isinstance(x, SparseTensor):
            return SparseTensor(x.indices, cast(x.values, dtype, name=scope), x.shape)
        x = ops.convert_to_tensor(x, name="x")
        if x.dtype.base_dtype == dtype:
            return x
        return _cast(x, dtype, name=scope)


def saturate_cast(value, dtype, name=None):
    """The elements of `value` as another dtype, clipped to its range.

    Args:
        value: a Tensor of real numbers.
        dtype: the new element type.
        name: name of the operation.
    """
    with ops.op_scope([value], name, "saturate_cast") as scope:
        value = ops.convert_to_tensor(value, name="value")
        dtype = dtypes.as_dtype(dtype).base_dtype
        if value.dtype.min < dtype.min:
            bound = ops.convert_to_tensor(dtype.min, value.dtype.base_dtype, "min")
            value = maximum(value, bound)
        if value.dtype.max > dtype.max:
            bound = ops.convert_to_tensor(dtype.max, value.dtype.base_dtype, "max")
            value = minimum(value, bound)
        return cast(value, dtype, name=scope)


def to_float(x, name="ToFloat"):
    """`cast(x, tf.float32)`."""
    return cast(x, dtypes.float32, name=name)


def to_double(x, name="ToDouble"):
    """`cast(x, tf.float64)`."""
    return cast(x, dtypes.float64, name=name)


def to_int32(x, name="ToInt32"):
    """`cast(x, tf.int32)`."""
    return cast(x, dtypes.int32, name=name)


def to_int64(x, name="ToInt64"):
    """`cast(x, tf.int64)`."""
    return cast(x, dtypes.int64, name=name)


def to_bfloat16(x, name="ToBFloat16"):
    """`cast(x, tf.bfloat16)`."""
    return cast(x, dtypes.bfloat16, name=name)


# -- sequences ------------------------------------------------------------------


def _range_length(start, limit, delta):
    if delta == 0:
        raise ValueError(f"Requires delta != 0: {delta}")
    if delta > 0 and start > limit:
        raise ValueError(f"Requires start <= limit when delta > 0: {start}/{limit}")
    if delta < 0 and start < limit:
        raise ValueError(f"Requires start >= limit when delta < 0: {start}/{limit}")
    if start.dtype.kind in "iu":
        return -((int(start) - int(limit)) // int(delta))
    return math.ceil(float((limit - start) / delta))


def _range_shape(op):
    for tensor in op._inputs:
        tensor.get_shape().assert_has_rank(0)
    values = [constant_value(t) for t in op._inputs]
    if any(value is None for value in values):
        return [tensor_shape.vector(None)]
    return [tensor_shape.vector(_range_length(*values))]


@op("Range", name="range", shape=_range_shape, gradient=None)
def _range(start: Static, limit: Static, delta: Static):
    length = _range_length(start, limit, delta)
    if is_stored(length):
        return start + np.arange(length, dtype=start.dtype) * delta
    return start + jax.lax.iota(start.dtype, length) * delta


def range(start, limit=None, delta=1, name="range", dtype=None):
    """`start`, `start + delta`, … up to but without `limit`.

    Args:
        start: a scalar, the first number; or, when `limit` is None, the limit.
        limit: a scalar; None: count from 0 up to `start`.
        delta: a scalar, the step.
        name: name of the operation.
        dtype: int32, int64, float32 or float64; default: the widest dtype among the
            arguments (floats and this argument are of later releases).

    Returns:
        A 1-D Tensor.

    Raises:
        ValueError: when `delta` is 0 or leads away from `limit`.
    """
    if limit is None:
        start, limit = 0, start
    given = {"start": start, "limit": limit, "delta": delta}
    with ops.op_scope(list(given.values()), name, "Range") as scope:
        tensors = [ops.convert_to_tensor(v, dtype, k) for k, v in given.items()]
        widths = [dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64]
        types = [t.dtype.base_dtype for t in tensors]
        if all(t in widths for t in types):
            widest = max(types, key=widths.index)
            tensors = [cast(t, widest) for t in tensors]
        return _range(*tensors, name=scope)


def _lin_space_shape(op):
    for tensor in op._inputs:
        tensor.get_shape().assert_has_rank(0)
    num = constant_value(op._inputs[2])
    if num is not None and num <= 0:
        raise ValueError(f"Requires num > 0: {num}")
    return [tensor_shape.vector(None if num is None else int(num))]


@op("LinSpace", shape=_lin_space_shape, gradient=None)
def lin_space(start: Array, stop: Array, num: Static):
    """`num` evenly spaced numbers from `start` to `stop`, both included.

    Args:
        start: a scalar, float32 or float64.
        stop: a scalar of the same dtype.
        num: a scalar int32, at least 1.

    Returns:
        A 1-D Tensor of the dtype of `start`.

    Raises:
        ValueError: when `num` is not positive.
    """
    if num <= 0:
        raise ValueError(f"Requires num > 0: {num}")
    return jnp.linspace(start, stop, int(num), dtype=start.dtype)


linspace = lin_space

# -- sums of tensors ------------------------------------------------------------


@op("AddN", shape=common_shapes.merged_inputs)
def _add_n(inputs: list[Array]):
    first, *others = inputs
    for i, value in enumerate(others, 1):
        if value.shape != first.shape:
            raise ValueError(
                "Inputs to operation AddN must have the same size and shape. Input 0: "
                f"{list(first.shape)} != input {i}: {list(value.shape)}"
            )
    total = first
    for value in others:
        total = total + value
    return total


def _same_kind(inputs):
    """`inputs` as a list of tensors of one dtype.

    Raises:
        ValueError: when it is none.
    """
    wrong = ValueError(
        "inputs must be a list of at least one Tensor with the same dtype and shape"
    )
    if not inputs or not isinstance(inputs, (list, tuple)):
        raise wrong
    tensors = ops.convert_n_to_tensor_or_indexed_slices(inputs)
    if not all(isinstance(t, Tensor) for t in tensors):
        raise wrong
    return tensors, wrong


def add_n(inputs, name=None):
    """The sum of tensors of one shape and dtype.

    Args:
        inputs: a list of tensors of numbers.
        name: name of the operation.

    Returns:
        A Tensor like each of them.

    Raises:
        ValueError: when `inputs` is empty or no list, or the shapes differ.
        TypeError: when the dtypes differ.
    """
    return _add_n(_same_kind(inputs)[0], name=name)


def accumulate_n(inputs, shape=None, tensor_dtype=None, name=None):
    """The sum of tensors of one shape and dtype, as `add_n`.

    Args:
        inputs: a list of tensors of numbers.
        shape: their shape, where the static shapes do not tell it.
        tensor_dtype: their dtype; default: that of the first.
        name: name of the operation.

    Returns:
        A Tensor like each of them.

    Raises:
        ValueError: when `inputs` is empty or no list, or dtypes or shapes differ.

    Differs from TF: it has a gradient, and makes an `AddN` and no temporary variable.
    """
    tensors, wrong = _same_kind(inputs)
    if any(t.dtype.base_dtype != tensors[0].dtype.base_dtype for t in tensors):
        raise wrong
    if tensor_dtype is not None and tensors[0].dtype.base_dtype != tensor_dtype:
        raise wrong
    known = tensor_shape.as_shape(shape)
    for tensor in tensors:
        known = known.merge_with(tensor.get_shape())
    with ops.op_scope(tensors, name, "AccumulateN") as scope:
        total = _add_n(tensors, name=scope)
        total.set_shape(known)
        return total


def scalar_mul(scalar, x):
    """`scalar * x`, where `x` may also be an `IndexedSlices`.

    Args:
        scalar: a scalar of the dtype of `x`.
        x: a Tensor or `IndexedSlices` of numbers.

    Raises:
        ValueError: when `scalar` is not one.
    """
    scalar = ops.convert_to_tensor(scalar, x.dtype.base_dtype, "scalar")
    shape = scalar.get_shape()
    if shape.ndims != 0:
        raise ValueError(f"Only scalar multiply works, got shape {shape}")
    if isinstance(x, ops.IndexedSlices):
        return ops.IndexedSlices(mul(scalar, x.values), x.indices, x.dense_shape)
    return scalar * x


def reduced_shape(input_shape, axes):
    """The shape of a reduction that keeps its dimensions.

    Args:
        input_shape: [rank] integers, the shape of what is reduced.
        axes: 1-D integers, the dimensions that are reduced; negative ones count from
            the end.

    Returns:
        A Tensor [rank] int32: `input_shape` with 1 for the reduced dimensions.
    """
    from tfstyle.ops.shape_ops import made_by

    input_shape, axes = to_int32(input_shape), to_int32(axes)
    rank = made_by("Size")(input_shape)
    axes = mod(add(axes, rank), rank)
    ones = made_by("Fill")(made_by("Shape")(axes), 1)
    return made_by("DynamicStitch")([range(rank), axes], [input_shape, ones])


def trace(x, name=None):
    """The sum of the diagonal of a matrix.

    Args:
        x: [..., n, n], numbers; ranks above 2 are an extension of later releases.
        name: name of the operation.

    Returns:
        A Tensor [...] of the dtype of `x`.
    """
    with ops.op_scope([x], name, "Trace") as scope:
        x = ops.convert_to_tensor(x, name="x")
        rank = x.get_shape().ndims
        if rank is None or rank <= 2:
            return reduce_sum(diag_part(x), name=scope)
        return reduce_sum(batch_matrix_diag_part(x), [-1], name=scope)


# -- Fourier transforms ---------------------------------------------------------

_TRANSFORM = """The {direction} over the last {count} of `input`.

Args:
    input: complex64, of rank {rank} or more.

Returns:
    A complex64 Tensor of the same shape.
"""


def _transform(op_type: str) -> Callable[..., Any]:
    rank = int(op_type[-2]) if op_type.endswith("D") else 1
    inverse = "IFFT" in op_type
    function = jnp.fft.ifftn if inverse else jnp.fft.fftn

    def body(input: Array):
        if input.ndim < rank:
            raise ValueError(
                f"Input must have rank at least {rank} but got rank {input.ndim}"
            )
        return function(input, axes=tuple(np.arange(-rank, 0).tolist()))

    body.__name__ = body.__qualname__ = op_type.lower().replace("batch", "batch_")
    body.__doc__ = _TRANSFORM.format(
        direction=f"{'inverse ' * inverse}discrete Fourier transform",
        count="dimension" if rank == 1 else f"{rank} dimensions",
        rank=rank,
    )
    return op(op_type, shape=common_shapes.first_input)(body)


fft = _transform("FFT")
ifft = _transform("IFFT")
fft2d = _transform("FFT2D")
ifft2d = _transform("IFFT2D")
fft3d = _transform("FFT3D")
ifft3d = _transform("IFFT3D")
batch_fft = _transform("BatchFFT")
batch_ifft = _transform("BatchIFFT")
batch_fft2d = _transform("BatchFFT2D")
batch_ifft2d = _transform("BatchIFFT2D")
batch_fft3d = _transform("BatchFFT3D")
batch_ifft3d = _transform("BatchIFFT3D")

# -- the operators of Tensor ----------------------------------------------------


def _mul(x, y, name=None):
    """`x * y`, where `y` may be a `SparseTensor`."""
    if not isinstance(y, SparseTensor):
        return mul(x, y, name=name)
    from tfstyle.ops.shape_ops import made_by

    values = made_by("SparseDenseCwiseMul")(y.indices, y.values, y.shape, x, name=name)
    return SparseTensor(y.indices, values, y.shape)


def _override(name: str, function: Callable[..., Any]) -> None:
    """Makes `function` the operator `name` of tensors, from the left and the right."""

    def binary(x, y):
        with ops.op_scope([x, y], None, name) as scope:
            if not isinstance(y, SparseTensor):
                y = ops.convert_to_tensor(y, x.dtype.base_dtype, "y")
            return function(x, y, name=scope)

    def reversed_binary(y, x):
        with ops.op_scope([x, y], None, name) as scope:
            x = ops.convert_to_tensor(x, y.dtype.base_dtype, "x")
            return function(x, y, name=scope)

    binary.__doc__ = reversed_binary.__doc__ = function.__doc__
    Tensor._override_operator(f"__{name}__", binary)
    Tensor._override_operator(f"__r{name}__", reversed_binary)


_function: Callable[..., Any]
for _name, _function in (
    ("add", add),
    ("sub", sub),
    ("mul", _mul),
    ("div", div),
    ("truediv", truediv),
    ("floordiv", floordiv),
    ("mod", mod),
    ("pow", pow),
    ("and", logical_and),
    ("or", logical_or),
    ("xor", logical_xor),
):
    _override(_name, _function)
for _name, _function in (
    ("abs", abs),
    ("neg", neg),
    ("invert", logical_not),
    ("lt", less),
    ("le", less_equal),
    ("gt", greater),
    ("ge", greater_equal),
):
    Tensor._override_operator(f"__{_name}__", _function)
