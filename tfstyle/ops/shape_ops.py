"""Placeholders, constants of a shape, shapes of tensors, and views of another shape.

Programs import these from `array_ops`, as in TensorFlow.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import common_shapes, dtypes, ops, tensor_shape
from tfstyle.framework.constant_value import constant_value, constant_value_as_shape
from tfstyle.framework.op_def import Array, Static, declaration_of, op
from tfstyle.framework.sparse_tensor import SparseTensor
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops.array_module import array_module, is_stored
from tfstyle.ops.constant_op import constant

__all__ = [
    "bitcast",
    "expand_dims",
    "fill",
    "identity",
    "made_by",
    "ones",
    "ones_like",
    "placeholder",
    "placeholder_with_default",
    "rank",
    "reshape",
    "shape",
    "shape_n",
    "size",
    "sparse_placeholder",
    "squeeze",
    "stop_gradient",
    "transpose",
    "zeros",
    "zeros_like",
]


def made_by(op_type: str) -> Any:
    """The graph constructor of `op_type`, whichever module declares it."""
    declaration = declaration_of(op_type)
    assert declaration is not None
    return declaration.public


# -- what enters a graph --------------------------------------------------------


@op("Placeholder", gradient=None, shape=common_shapes.of_attr())
def _placeholder(dtype, shape):
    raise RuntimeError("A placeholder has a value only when it is fed.")


def placeholder(dtype, shape=None, name=None):
    """A tensor whose value is given by `feed_dict` at each run.

    Args:
        dtype: element type.
        shape: static shape, in which sizes may be None; None: any shape can be fed.
        name: name of the operation.

    Returns:
        A Tensor of `dtype` and `shape`. Evaluating it without feeding it raises
        `InvalidArgumentError`.
    """
    return _placeholder(dtypes.as_dtype(dtype), tensor_shape.as_shape(shape), name=name)


def _default_shape(op):
    shape = tensor_shape.as_shape(op._attrs["shape"])
    op._inputs[0].get_shape().assert_is_compatible_with(shape)
    return [shape]


@op("PlaceholderWithDefault", shape=_default_shape)
def _placeholder_with_default(input: Array, shape):
    return input


def placeholder_with_default(input, shape, name=None):
    """`input`, unless another value is fed.

    Args:
        input: any tensor, the value when nothing is fed.
        shape: static shape of the result, in which sizes may be None; None: any shape
            can be fed.
        name: name of the operation.

    Returns:
        A Tensor of the dtype of `input`.

    Raises:
        ValueError: when `input` does not have the shape.
    """
    return _placeholder_with_default(input, tensor_shape.as_shape(shape), name=name)


def sparse_placeholder(dtype, shape=None, name=None):
    """A `SparseTensor` whose value is given by `feed_dict` at each run.

    It is fed a `SparseTensorValue`, or a tuple (indices, values, shape).

    Args:
        dtype: element type of the values.
        shape: dense shape, a list of integers; None: any shape can be fed.
        name: prefix of the names of its three parts.
    """

    def part(suffix):
        return None if name is None else f"{name}/{suffix}"

    if shape is None:
        shape = placeholder(dtypes.int64, [None], name=part("shape"))
    else:
        shape = ops.convert_to_tensor(shape, dtypes.int64, name=part("shape"))
    values = placeholder(dtype, [None], name=part("values"))
    indices = placeholder(dtypes.int64, [None, None], name=part("indices"))
    return SparseTensor(indices=indices, values=values, shape=shape)


# -- the same value -------------------------------------------------------------


@op("Identity", shape=common_shapes.first_input)
def identity(input: Array):
    """A tensor with the value, dtype and shape of `input`."""
    return input


@op("StopGradient", gradient=None, shape=common_shapes.first_input)
def stop_gradient(input: Array):
    """The value of `input`, through which no gradient flows."""
    # Bodies of loops are differentiated as a whole, so the body itself must stop it.
    return input if isinstance(input, np.ndarray) else jax.lax.stop_gradient(input)


def _bitcast_shape(op):
    shape = op._inputs[0].get_shape()
    if shape.ndims is None:
        return [shape]
    source, target = (np.dtype(t.as_numpy_dtype).itemsize for t in _bitcast_types(op))
    dims = shape.as_list()
    if source > target:
        return [TensorShape(dims + [source // target])]
    if source < target:
        if not dims or dims[-1] not in (None, target // source):
            raise ValueError(
                f"Cannot bitcast due to shape. {dims[-1] if dims else '[]'} does not "
                f"match {target // source}"
            )
        return [TensorShape(dims[:-1])]
    return [shape]


def _bitcast_types(op):
    return op._attrs["T"], op._attrs["type"]


@op("Bitcast", gradient=None, shape=_bitcast_shape)
def bitcast(input: Array, type):
    """The bits of `input` read as elements of another type.

    Args:
        input: numbers, [...]; [..., n] when an element of `type` is n times as large.
        type: the element type of the result.

    Returns:
        A Tensor of `type`: [...], or [..., n] when an element of `input` is n times as
        large as one of `type`.

    Raises:
        ValueError: when the last dimension of `input` is not n.
    """
    source, target = input.dtype, np.dtype(type.as_numpy_dtype)
    value = jnp.asarray(input)
    if "c" not in (source.kind, target.kind):
        return jax.lax.bitcast_convert_type(value, target)
    count = abs(source.itemsize // target.itemsize)
    shape = [*input.shape, count] if count > 1 else [*input.shape]
    if source.itemsize < target.itemsize:
        shape = shape[:-1]
    return _from_bytes(_to_bytes(value).reshape(*shape, target.itemsize), target)


def _to_bytes(value):
    """Numbers [...] as bytes [..., size of one]."""
    if value.dtype.kind == "c":
        value = jnp.stack([value.real, value.imag], -1)
        pair = jax.lax.bitcast_convert_type(value, jnp.uint8)
        return pair.reshape(*value.shape[:-1], -1)
    bits = jax.lax.bitcast_convert_type(value, jnp.uint8)
    return bits[..., None] if value.dtype.itemsize == 1 else bits


def _from_bytes(value, target):
    """Bytes [..., size of one] as numbers [...] of dtype `target`."""
    if target.kind == "c":
        half = np.dtype(f"f{target.itemsize // 2}")
        parts = value.reshape(*value.shape[:-1], 2, half.itemsize)
        parts = jax.lax.bitcast_convert_type(parts, half)
        return jax.lax.complex(parts[..., 0], parts[..., 1])
    if target.itemsize == 1:
        value = value[..., 0]
    return jax.lax.bitcast_convert_type(value, target)


# -- the shape of a tensor ------------------------------------------------------


def _shape_vectors(op):
    return [tensor_shape.vector(t.get_shape().ndims) for t in op._inputs]


@op("Shape", gradient=None, shape=_shape_vectors, shape_only=True)
def _shape(input: Array, out_type=None):
    return np.array(input.shape, out_type.as_numpy_dtype)


def shape(input, name=None, out_type=dtypes.int32):
    """The shape of `input`, as a 1-D tensor of `out_type`.

    Args:
        input: a Tensor, or a `SparseTensor`, whose dense shape is returned.
        name: name of the operation.
        out_type: int32 or int64 (argument of later releases).
    """
    if isinstance(input, SparseTensor):
        return made_by("Cast")(input.shape, out_type, name=name)
    return _shape(input, out_type, name=name)


@op("ShapeN", gradient=None, shape=_shape_vectors, shape_only=True)
def _shape_n(input: list[Array], out_type=None):
    return [np.array(value.shape, out_type.as_numpy_dtype) for value in input]


def shape_n(input, name=None, out_type=dtypes.int32):
    """The shapes of several tensors of one dtype.

    Args:
        input: a list of Tensors.
        name: name of the operation.
        out_type: int32 or int64 (argument of later releases).

    Returns:
        A list of 1-D Tensors of `out_type`.
    """
    return _shape_n(input, out_type, name=name)


@op("Rank", gradient=None, shape=common_shapes.scalar, shape_only=True)
def _rank(input: Array):
    return np.array(input.ndim, np.int32)


def rank(input, name=None):
    """The number of dimensions of a Tensor or `SparseTensor`, an int32 scalar."""
    if isinstance(input, SparseTensor):
        return size(input.shape, name=name)
    return _rank(input, name=name)


@op("Size", gradient=None, shape=common_shapes.scalar, shape_only=True)
def _size(input: Array, out_type=None):
    return np.array(math.prod(input.shape), out_type.as_numpy_dtype)


def size(input, name=None, out_type=dtypes.int32):
    """The number of elements of the Tensor `input`, a scalar of `out_type`.

    Args:
        input: a Tensor.
        name: name of the operation.
        out_type: int32 or int64 (argument of later releases).
    """
    return _size(input, out_type, name=name)


# -- constants of a shape -------------------------------------------------------


def _fill_shape(op):
    dims, value = op._inputs
    dims.get_shape().with_rank_at_most(1)
    value.get_shape().assert_has_rank(0)
    known = constant_value(dims)
    if known is not None and (known < 0).any():
        raise ValueError("Fill dimensions must be >= 0")
    if dims.get_shape().ndims == 0:
        return [tensor_shape.vector(None if known is None else int(known))]
    return [constant_value_as_shape(dims)]


@op("Fill", shape=_fill_shape)
def fill(dims: Static, value: Array):
    """A tensor of shape `dims` in which every element is `value`.

    Args:
        dims: 1-D int32, the shape.
        value: a scalar of any dtype.

    Returns:
        A Tensor of shape `dims` and the dtype of `value`.

    Raises:
        ValueError: when `dims` is not a vector or has a negative size, or `value` is no
            scalar.
    """
    dims = tuple(int(d) for d in dims.ravel())
    if any(d < 0 for d in dims):
        raise ValueError(f"Fill dimensions must be >= 0, got {list(dims)}")
    stored = is_stored(math.prod(dims)) or value.dtype == object
    xp = array_module(value) if stored else jnp
    return xp.full(dims, value, value.dtype)


def _known_dims(shape):
    """`shape` as a list of integers; None when it holds tensors."""
    if hasattr(shape, "graph"):
        return None
    if isinstance(shape, TensorShape):
        shape.assert_is_fully_defined()
        return shape.as_list()
    if isinstance(shape, (list, tuple)) and any(hasattr(d, "graph") for d in shape):
        return None
    return tensor_shape.as_shape(shape).as_list()


def _filled(value, shape, dtype, name, default_name):
    dtype = dtypes.as_dtype(dtype).base_dtype
    if dtype == dtypes.string:
        raise TypeError(f"Expected string, got {value} of type 'int' instead.")
    value = np.array(value, dtype.as_numpy_dtype)
    with ops.op_scope([shape], name, default_name) as scope:
        if shape is None:
            raise ValueError("Cannot convert a partially known TensorShape to a Tensor")
        dims = _known_dims(shape)
        if dims is not None:
            if None in dims:
                raise ValueError(
                    "Cannot convert a partially known TensorShape to a Tensor: "
                    f"{TensorShape(dims)}"
                )
            if is_stored(math.prod(dims)):
                return constant(np.full(dims, value), name=scope)
            shape = np.array(dims, np.int32)
        shape = ops.convert_to_tensor(shape, dtypes.int32, name="shape")
        return fill(shape, constant(value), name=scope)


def zeros(shape, dtype=dtypes.float32, name=None):
    """A tensor of shape `shape` filled with zeros.

    Args:
        shape: a list of integers (which may hold scalar int32 Tensors), a TensorShape,
            or a 1-D int32 Tensor.
        dtype: element type; False for bool.
        name: name of the operation.
    """
    return _filled(0, shape, dtype, name, "zeros")


def ones(shape, dtype=dtypes.float32, name=None):
    """A tensor of shape `shape` filled with ones.

    Args:
        shape: a list of integers (which may hold scalar int32 Tensors), a TensorShape,
            or a 1-D int32 Tensor.
        dtype: element type; True for bool.
        name: name of the operation.
    """
    return _filled(1, shape, dtype, name, "ones")


@op("ZerosLike", gradient=None, shape=common_shapes.first_input)
def _zeros_like(x: Array):
    if x.dtype == object:
        return np.full(x.shape, b"", object)
    return array_module(x).zeros_like(x)


def zeros_like(tensor, dtype=None, name=None):
    """Zeros of the shape of `tensor`, and of its dtype unless `dtype` is given."""
    with ops.op_scope([tensor], name, "zeros_like") as scope:
        tensor = ops.convert_to_tensor(tensor, name="tensor")
        if dtype is None or tensor.dtype.base_dtype == dtypes.as_dtype(dtype):
            return _zeros_like(tensor, name=scope)
        return zeros(_shape(tensor), dtype, name=scope)


def ones_like(tensor, dtype=None, name=None):
    """Ones of the shape of `tensor`, and of its dtype unless `dtype` is given."""
    with ops.op_scope([tensor], name, "ones_like") as scope:
        tensor = ops.convert_to_tensor(tensor, name="tensor")
        dtype = tensor.dtype.base_dtype if dtype is None else dtype
        return ones(_shape(tensor), dtype, name=scope)


# -- the same elements in another shape -----------------------------------------


def _reshape_shape(op):
    source = op._inputs[0].get_shape()
    op._inputs[1].get_shape().assert_has_rank(1)
    target = constant_value_as_shape(op._inputs[1])
    total = source.num_elements()
    if total is None or target.ndims is None:
        return [target]
    dims = target.as_list()
    known = math.prod(d for d in dims if d is not None)
    if dims.count(None) == 0 and known != total:
        raise ValueError(
            f"Cannot reshape a tensor with {total} elements to shape {dims} ({known} "
            "elements)"
        )
    if dims.count(None) == 1 and known:
        if total % known:
            raise ValueError(
                f"Dimension size must be evenly divisible by {known} but is {total}"
            )
        return [TensorShape([total // known if d is None else d for d in dims])]
    return [target]


def _reshaped_dims(total, shape):
    """`shape` with its -1 replaced, for a tensor of `total` elements."""
    dims = [int(d) for d in shape.ravel()]
    if any(d < -1 for d in dims):
        raise ValueError(f"Reshape: sizes must be non-negative or -1, got {dims}")
    if dims.count(-1) > 1:
        first = dims.index(-1)
        raise ValueError(
            f"only one input size may be -1, not both {first} and "
            f"{dims.index(-1, first + 1)}"
        )
    known = math.prod(d for d in dims if d != -1)
    if -1 not in dims:
        if known != total:
            raise ValueError(
                f"Input to reshape is a tensor with {total} values, but the requested "
                f"shape has {known}"
            )
        return dims
    if not known:
        raise ValueError(
            "Reshape cannot infer the missing input size for an empty tensor unless "
            "all specified input sizes are non-zero"
        )
    if total % known:
        raise ValueError(
            f"Input to reshape is a tensor with {total} values, but the requested "
            f"shape requires a multiple of {known}"
        )
    return [total // known if d == -1 else d for d in dims]


@op("Reshape", shape=_reshape_shape)
def reshape(tensor: Array, shape: Static):
    """The elements of `tensor`, in row-major order, in another shape.

    Args:
        tensor: any tensor.
        shape: 1-D int32 or int64; one size may be -1 and follows from the others.

    Returns:
        A Tensor of shape `shape` and the dtype of `tensor`.

    Raises:
        ValueError: when the numbers of elements differ.
    """
    dims = _reshaped_dims(math.prod(tensor.shape), shape)
    return array_module(tensor).reshape(tensor, dims)


def _transpose_shape(op):
    shape, perm = op._inputs[0].get_shape(), constant_value(op._inputs[1])
    length = op._inputs[1].get_shape().with_rank(1)[0].value
    rank = shape.ndims if shape.ndims is not None else length
    if rank is None:
        return [shape]
    shape = shape.with_rank(rank)
    if length not in (None, rank):
        raise ValueError(f"Dimension must be {rank} but is {length}")
    if perm is None:
        return [tensor_shape.unknown_shape(rank)]
    return [TensorShape([shape[i] for i in _checked_perm(perm, rank)])]


def _checked_perm(perm, rank):
    perm = [int(i) for i in perm]
    if len(perm) != rank:
        raise ValueError(
            f"transpose expects a vector of size {rank}. But input(1) is a vector of "
            f"size {len(perm)}"
        )
    for i in perm:
        if not 0 <= i < rank:
            raise ValueError(f"perm dim {i} is out of range of input rank {rank}")
    for i in range(rank):
        if i not in perm:
            raise ValueError(f"{i} is missing from {perm}.")
    return perm


@op("Transpose", name="transpose", shape=_transpose_shape)
def _transpose(x: Array, perm: Static):
    return array_module(x).transpose(x, _checked_perm(perm, x.ndim))


def transpose(a, perm=None, name="transpose"):
    """Permutes the dimensions of `a`.

    Args:
        a: any tensor, of rank n.
        perm: 1-D int32 of length n: dimension i of the result is dimension `perm[i]` of
            `a`; default: the reverse order.
        name: name of the operation.

    Raises:
        ValueError: when `perm` is no permutation of the dimensions.
    """
    with ops.op_scope([a, perm], name, "transpose") as scope:
        a = ops.convert_to_tensor(a, name="a")
        if perm is None:
            ndims = a.get_shape().ndims
            if ndims is not None:
                perm = np.arange(ndims - 1, -1, -1, dtype=np.int32)
            else:
                count = _rank(a)
                perm = made_by("Sub")(
                    made_by("Sub")(count, 1), made_by("Range")(0, count, 1)
                )
        return _transpose(a, perm, name=scope)


def _expand_dims_shape(op):
    shape, dim = op._inputs[0].get_shape(), constant_value(op._inputs[1])
    if shape.ndims is None:
        return [shape]
    if dim is None:
        return [tensor_shape.unknown_shape(shape.ndims + 1)]
    dims = shape.as_list()
    dims.insert(_checked_dim(dim, shape.ndims), 1)
    return [TensorShape(dims)]


def _checked_dim(dim, rank):
    """Where among `rank` dimensions a new one goes."""
    if dim.size != 1:
        raise ValueError(f"`dim` must be a scalar, got {dim.tolist()}.")
    dim = int(dim.reshape(()))
    if not -rank - 1 <= dim <= rank:
        raise ValueError(f"dim {dim} not in the interval [{-rank - 1}, {rank}]")
    return dim % (rank + 1)


@op("ExpandDims", shape=_expand_dims_shape)
def _expand_dims(input: Array, dim: Static):
    return array_module(input).expand_dims(input, _checked_dim(dim, input.ndim))


def expand_dims(input, dim=None, name=None, axis=None):
    """Inserts a dimension of size 1.

    Args:
        input: any tensor, of rank n.
        dim: scalar int32 in [-n - 1, n]: where the new dimension will be.
        name: name of the operation.
        axis: the name of `dim` in later releases.

    Raises:
        ValueError: when `dim` is out of range, or not exactly one of `dim` and `axis`
            is given.
    """
    if (dim is None) == (axis is None):
        raise ValueError("expand_dims: give one of `dim` and `axis`.")
    return _expand_dims(input, axis if dim is None else dim, name=name)


def _squeeze_shape(op):
    shape, chosen = op._inputs[0].get_shape(), op._attrs["squeeze_dims"]
    if shape.ndims is None:
        return [shape]
    dims = shape.as_list()
    if not chosen and None in dims:
        return [tensor_shape.unknown_shape()]
    gone = _squeezed(dims, chosen)
    return [TensorShape([d for i, d in enumerate(dims) if i not in gone])]


def _squeezed(dims, chosen):
    """The dimensions that a squeeze removes."""
    if not chosen:
        return [i for i, d in enumerate(dims) if d == 1]
    gone = []
    for position, i in enumerate(chosen):
        if not -len(dims) <= i < len(dims):
            raise ValueError(
                f"squeeze_dims[{position}] not in [{-len(dims)},{len(dims)})."
            )
        i %= len(dims)
        if dims[i] not in (1, None):
            raise ValueError(
                f"Can not squeeze dim[{i}], expected a dimension of 1, got {dims[i]}"
            )
        gone.append(i)
    return gone


@op("Squeeze", shape=_squeeze_shape)
def _squeeze(input: Array, squeeze_dims=None):
    gone = tuple(_squeezed(input.shape, squeeze_dims))
    return array_module(input).squeeze(input, gone)


def squeeze(input, squeeze_dims=None, name=None, axis=None):
    """Removes dimensions of size 1.

    Args:
        input: any tensor.
        squeeze_dims: list of the dimensions to remove; default: all of size 1.
        name: name of the operation.
        axis: the name of `squeeze_dims` in later releases.

    Raises:
        ValueError: when a chosen dimension does not exist or is not of size 1, or both
            `squeeze_dims` and `axis` are given.
    """
    if axis is not None:
        if squeeze_dims is not None:
            raise ValueError("squeeze: give one of `squeeze_dims` and `axis`.")
        squeeze_dims = axis
    if squeeze_dims is not None and np.ndim(squeeze_dims) == 0:
        squeeze_dims = [squeeze_dims]
    return _squeeze(input, squeeze_dims, name=name)
