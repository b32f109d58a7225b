"""Neural network operations: activations, biases, softmax and its losses, dropout.

Convolutions, pooling and morphology live in modules of their own and are re-exported,
since programs import all of them from `nn_ops`, as in TensorFlow.
"""

from __future__ import annotations

import numbers

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import common_shapes, ops, tensor_shape
from tfstyle.framework.op_def import Array, Static, op
from tfstyle.framework.tensor_shape import TensorShape
from tfstyle.ops import array_ops, math_ops, random_ops
from tfstyle.ops.conv_ops import (
    atrous_conv2d,
    conv1d,
    conv2d,
    conv2d_backprop_filter,
    conv2d_backprop_input,
    conv2d_transpose,
    conv3d,
    conv3d_backprop_filter,
    conv3d_backprop_input,
    depthwise_conv2d,
    depthwise_conv2d_native,
    depthwise_conv2d_native_backprop_filter,
    depthwise_conv2d_native_backprop_input,
    separable_conv2d,
)
from tfstyle.ops.morphology_ops import (
    dilation2d,
    dilation2d_backprop_filter,
    dilation2d_backprop_input,
    erosion2d,
)
from tfstyle.ops.pool_ops import (
    avg_pool,
    avg_pool3d,
    avg_pool3d_grad,
    max_pool,
    max_pool3d,
    max_pool3d_grad,
    max_pool_with_argmax,
)
from tfstyle.ops.shape_rules import (
    at_least_rank,
    count_of,
    equal_sizes,
    of_rank,
    shape_text,
)

__all__ = [
    "atrous_conv2d",
    "avg_pool",
    "avg_pool3d",
    "avg_pool3d_grad",
    "bias_add",
    "bias_add_grad",
    "bias_add_v1",
    "conv1d",
    "conv2d",
    "conv2d_backprop_filter",
    "conv2d_backprop_input",
    "conv2d_transpose",
    "conv3d",
    "conv3d_backprop_filter",
    "conv3d_backprop_input",
    "depthwise_conv2d",
    "depthwise_conv2d_native",
    "depthwise_conv2d_native_backprop_filter",
    "depthwise_conv2d_native_backprop_input",
    "dilation2d",
    "dilation2d_backprop_filter",
    "dilation2d_backprop_input",
    "dropout",
    "elu",
    "erosion2d",
    "in_top_k",
    "l2_loss",
    "local_response_normalization",
    "log_softmax",
    "lrn",
    "max_pool",
    "max_pool3d",
    "max_pool3d_grad",
    "max_pool_with_argmax",
    "relu",
    "relu6",
    "separable_conv2d",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softplus",
    "softsign",
    "sparse_softmax_cross_entropy_with_logits",
    "top_k",
    "xw_plus_b",
    "xw_plus_b_v1",
]


# -- activations ----------------------------------------------------------------


def _activation(op_type, function, doc):
    """The graph constructor of an activation and the op of its gradient."""

    def body(features: Array):
        return function(features)

    def gradient_body(gradients: Array, features: Array):
        return jax.vjp(function, features)[1](gradients)[0]

    body.__name__ = op_type.lower()
    body.__doc__ = f"""{doc}

    Args:
        features: a Tensor of a real type.
        name: name of the operation.

    Returns:
        A Tensor of the type and shape of `features`.
    """
    if op_type != "Elu":
        op(op_type + "Grad", shape=common_shapes.merged_inputs)(gradient_body)
    return op(op_type, shape=common_shapes.first_input)(body)


# Comparisons, not `maximum`: NaN gives 0, and the gradient at 0 is 0, as in TensorFlow.
def _relu(x):
    return jnp.where(x > 0, x, jnp.zeros_like(x))


def _relu6(x):
    six = jnp.full_like(x, 6)
    return jnp.where(x > 0, jnp.where(x < 6, x, six), jnp.zeros_like(x))


def _elu(x):
    # The exponential is not evaluated where it overflows: its gradient would be NaN.
    negative = x < 0
    return jnp.where(negative, jnp.expm1(jnp.where(negative, x, 0)), x)


relu = _activation("Relu", _relu, "`max(features, 0)`, element-wise.")
relu6 = _activation("Relu6", _relu6, "`min(max(features, 0), 6)`, element-wise.")
elu = _activation(
    "Elu",
    _elu,
    "`exp(features) - 1` where negative, else `features`, element-wise.",
)
softplus = _activation(
    "Softplus", jax.nn.softplus, "`log(exp(features) + 1)`, element-wise."
)
softsign = _activation(
    "Softsign",
    lambda x: x / (jnp.abs(x) + 1),
    "`features / (abs(features) + 1)`, element-wise.",
)


@op("EluGrad", shape=common_shapes.merged_inputs)
def _elu_grad(gradients: Array, outputs: Array):
    """The gradient of `elu` from what `elu` returned."""
    return jnp.where(outputs < 0, gradients * (outputs + 1), gradients)


# -- biases ---------------------------------------------------------------------


def _bias_axis(rank, data_format):
    return rank - 3 if data_format == "NCHW" else rank - 1


def _bias_shape(op):
    data_format = op._attrs.get("data_format")
    value = at_least_rank(op._inputs[0], 3 if data_format == "NCHW" else 2)
    (size,) = of_rank(op._inputs[1], 1)
    if value.ndims is None:
        return [value]
    dims = value.as_list()
    axis = _bias_axis(len(dims), data_format)
    dims[axis] = equal_sizes(dims[axis], size)
    return [TensorShape(dims)]


def _add_bias(value, bias, data_format="NHWC"):
    if bias.ndim != 1:
        raise ValueError(f"Biases must be 1D: {shape_text(bias.shape)}")
    if value.ndim < (3 if data_format == "NCHW" else 2):
        raise ValueError(f"Input tensor must be at least 2D: {shape_text(value.shape)}")
    axis = _bias_axis(value.ndim, data_format)
    if bias.shape[0] != value.shape[axis]:
        raise ValueError(
            "Must provide as many biases as the last dimension of the input tensor: "
            f"{shape_text(bias.shape)} vs. {shape_text(value.shape)}"
        )
    return value + bias.reshape([-1] + [1] * (value.ndim - 1 - axis))


@op("BiasAdd", shape=_bias_shape)
def _bias_add(value: Array, bias: Array, data_format=None):
    return _add_bias(value, bias, data_format)


@op("BiasAddV1", shape=_bias_shape)
def _bias_add_v1(value: Array, bias: Array):
    return _add_bias(value, bias)


def _bias_grad_shape(op):
    value = at_least_rank(op._inputs[0], 2)
    if value.ndims is None:
        return [tensor_shape.unknown_shape(1)]
    return [TensorShape([value[_bias_axis(value.ndims, op._attrs["data_format"])]])]


@op("BiasAddGrad", shape=_bias_grad_shape)
def bias_add_grad(out_backprop: Array, data_format=None):
    """The gradient of `bias_add` with respect to `bias`.

    Args:
        out_backprop: the gradient with respect to what `bias_add` returned.
        data_format: as for `bias_add`.
        name: name of the operation.

    Returns:
        A Tensor [channels], the sum of `out_backprop` over all other dimensions.
    """
    axis = _bias_axis(out_backprop.ndim, data_format)
    others = tuple(i for i in range(out_backprop.ndim) if i != axis)
    return jnp.sum(out_backprop, others, dtype=out_backprop.dtype)


def bias_add(value, bias, data_format=None, name=None):
    """`value + bias`, where `bias` has one number for each channel.

    Args:
        value: a Tensor [..., channels] of rank 2 or more.
        bias: a Tensor [channels] of the type of `value`.
        data_format: `"NHWC"`: the channels are the last dimension; `"NCHW"`: they are
            the third from the end.
        name: name of the operation.

    Returns:
        A Tensor of the type and shape of `value`.

    Raises:
        ValueError: when ranks, numbers of channels or types do not fit.
    """
    with ops.op_scope([value, bias], name, "BiasAdd") as name:
        value = ops.convert_to_tensor(value, name="input")
        bias = ops.convert_to_tensor(bias, dtype=value.dtype.base_dtype, name="bias")
        return _bias_add(value, bias, data_format=data_format, name=name)


def bias_add_v1(value, bias, name=None):
    """`bias_add` as GraphDefs of TensorFlow 0.5 have it.

    Args:
        value: a Tensor [..., channels] of rank 2 or more.
        bias: a Tensor [channels] of the type of `value`.
        name: name of the operation.

    Returns:
        A Tensor of the type and shape of `value`.
    """
    with ops.op_scope([value, bias], name, "BiasAddV1") as name:
        value = ops.convert_to_tensor(value, name="input")
        bias = ops.convert_to_tensor(bias, dtype=value.dtype.base_dtype, name="bias")
        return _bias_add_v1(value, bias, name=name)


def _affine(add, default_name, x, weights, biases, name):
    with ops.op_scope([x, weights, biases], name, default_name) as name:
        x = ops.convert_to_tensor(x, name="x")
        weights = ops.convert_to_tensor(weights, name="weights")
        biases = ops.convert_to_tensor(biases, name="biases")
        return add(math_ops.matmul(x, weights), biases, name=name)


def xw_plus_b(x, weights, biases, name=None):
    """`matmul(x, weights) + biases`.

    Args:
        x: a Tensor [batch, inputs].
        weights: a Tensor [inputs, units].
        biases: a Tensor [units].
        name: name of the operation.

    Returns:
        A Tensor [batch, units].
    """
    return _affine(bias_add, "xw_plus_b", x, weights, biases, name)


def xw_plus_b_v1(x, weights, biases, name=None):
    """`xw_plus_b` made with `bias_add_v1`.

    Args:
        x: a Tensor [batch, inputs].
        weights: a Tensor [inputs, units].
        biases: a Tensor [units].
        name: name of the operation.

    Returns:
        A Tensor [batch, units].
    """
    return _affine(bias_add_v1, "xw_plus_b_v1", x, weights, biases, name)


# -- softmax --------------------------------------------------------------------


def _softmax_shape(op):
    return [at_least_rank(op._inputs[0], 1)]


@op("Softmax", shape=_softmax_shape)
def _softmax(logits: Array):
    return jax.nn.softmax(logits, axis=-1)


@op("LogSoftmax", shape=_softmax_shape)
def _log_softmax(logits: Array):
    return jax.nn.log_softmax(logits, axis=-1)


def _along(make, logits, name, dim):
    """`make(logits)` along dimension `dim`."""
    # Later releases have `dim` before `name`.
    if isinstance(name, numbers.Integral):
        name, dim = None, name
    rank = ops.convert_to_tensor(logits).get_shape().ndims
    if dim == -1 or (rank is not None and dim == rank - 1):
        return make(logits, name=name)
    if rank is None or not -rank <= dim < rank:
        raise ValueError(f"`dim` must be a dimension of the logits, got {dim}.")
    order = [i for i in range(rank) if i != dim % rank] + [dim % rank]
    moved = make(array_ops.transpose(logits, order))
    return array_ops.transpose(moved, np.argsort(order), name=name)


def softmax(logits, name=None, dim=-1):
    """Exponentials that sum to 1: `exp(logits) / reduce_sum(exp(logits), dim)`.

    Args:
        logits: a Tensor of rank 1 or more, usually [batch, classes]; float16, float32
            or float64.
        name: name of the operation.
        dim: the dimension of the classes. (Later releases have it before `name`: an
            integer in that place is taken as `dim`.)

    Returns:
        A Tensor of the type and shape of `logits`.
    """
    return _along(_softmax, logits, name, dim)


def log_softmax(logits, name=None, dim=-1):
    """`log(softmax(logits))`, computed without overflow.

    Args:
        logits: a Tensor of rank 1 or more, usually [batch, classes]; float16, float32
            or float64.
        name: name of the operation.
        dim: the dimension of the classes. (Later releases have it before `name`: an
            integer in that place is taken as `dim`.)

    Returns:
        A Tensor of the type and shape of `logits`.
    """
    return _along(_log_softmax, logits, name, dim)


# -- cross entropy --------------------------------------------------------------


def _xent_shape(op):
    logits, labels = (at_least_rank(t, 1) for t in op._inputs)
    if None not in (logits.ndims, labels.ndims) and logits.ndims != labels.ndims:
        raise ValueError(
            f"Shapes must be equal rank, but are {logits.ndims} and {labels.ndims}"
        )
    if logits.ndims is not None and labels.ndims is not None:
        pairs = zip(logits.as_list(), labels.as_list(), strict=True)
        for i, (a, b) in enumerate(pairs):
            if None not in (a, b) and a != b:
                raise ValueError(
                    f"Dimension {i} in both shapes must be equal, but are {a} and {b}"
                )
    both = logits.merge_with(labels)
    return [both[:-1], both] if both.ndims is not None else [both, both]


def _shifted(logits):
    """Logits whose largest is 0, and the logarithm of the sum of their exponentials."""
    shifted = logits - jnp.max(logits, axis=-1, keepdims=True)
    return shifted, jnp.log(jnp.sum(jnp.exp(shifted), axis=-1, keepdims=True))


# The gradient is TensorFlow's, also for labels that do not sum to 1.
@jax.custom_jvp
def _xent_loss(logits, labels):
    shifted, log_sum = _shifted(logits)
    return jnp.sum(labels * (log_sum - shifted), axis=-1)


@_xent_loss.defjvp
def _xent_loss_jvp(primals, tangents):
    logits, labels = primals
    backprop = jax.nn.softmax(logits) - labels
    return _xent_loss(logits, labels), jnp.sum(tangents[0] * backprop, axis=-1)


@op(
    "SoftmaxCrossEntropyWithLogits",
    name="SoftmaxCrossEntropyWithLogits",
    shape=_xent_shape,
    no_gradient=("labels",),
)
def _softmax_cross_entropy_with_logits(features: Array, labels: Array):
    """The loss of each row, and its gradient with respect to `features`."""
    if features.shape != labels.shape:
        raise ValueError(
            "logits and labels must be same size: "
            f"logits_size={shape_text(features.shape)} "
            f"labels_size={shape_text(labels.shape)}"
        )
    backprop = jax.nn.softmax(features) - labels
    return _xent_loss(features, labels), jax.lax.stop_gradient(backprop)


def softmax_cross_entropy_with_logits(logits, labels, name=None):
    """The cross entropy between `labels` and `softmax(logits)`, for each row.

    Args:
        logits: a Tensor [batch, classes] of unscaled log probabilities; float16,
            float32 or float64.
        labels: a Tensor of the same type and shape: a distribution in each row. No
            gradient flows to it.
        name: name of the operation.

    Returns:
        A Tensor [batch] of the type of `logits`.

    Raises:
        ValueError: when the shapes differ.
    """
    return _softmax_cross_entropy_with_logits(logits, labels, name=name)[0]


def _sparse_xent_shape(op):
    logits = at_least_rank(op._inputs[0], 1)
    labels = op._inputs[1].get_shape()
    if logits.ndims is None:
        return [labels, logits]
    batch = [
        equal_sizes(a, b)
        for a, b in zip(
            logits.as_list()[:-1], of_rank(op._inputs[1], logits.ndims - 1), strict=True
        )
    ]
    return [TensorShape(batch), TensorShape([*batch, logits[-1]])]


def _sparse_backprop(logits, labels):
    classes = jax.lax.broadcasted_iota(labels.dtype, logits.shape, logits.ndim - 1)
    wanted = classes == labels[..., None]
    return jax.nn.softmax(logits) - wanted.astype(logits.dtype)


@jax.custom_jvp
def _sparse_xent_loss(logits, labels):
    largest = jnp.max(logits, axis=-1)
    log_sum = jnp.log(jnp.sum(jnp.exp(logits - largest[..., None]), axis=-1))
    index = labels[..., None]
    picked = jnp.take_along_axis(logits, index, axis=-1, mode="clip")[..., 0]
    return log_sum - (picked - largest)


@_sparse_xent_loss.defjvp
def _sparse_xent_loss_jvp(primals, tangents):
    logits, labels = primals
    tangent = jnp.sum(tangents[0] * _sparse_backprop(logits, labels), axis=-1)
    return _sparse_xent_loss(logits, labels), tangent


@op("SparseSoftmaxCrossEntropyWithLogits", shape=_sparse_xent_shape)
def _sparse_softmax_cross_entropy_with_logits(features: Array, labels: Array):
    """The loss of each row, and its gradient with respect to `features`."""
    if features.ndim == 0 or features.shape[:-1] != labels.shape:
        raise ValueError(
            "logits and labels must have the same first dimension, got logits shape "
            f"{shape_text(features.shape)} and labels shape {shape_text(labels.shape)}"
        )
    # There is no raising an error in the middle of a compiled step.
    valid = (labels >= 0) & (labels < features.shape[-1])
    nothing = jnp.where(valid, 0, jnp.nan).astype(features.dtype)
    backprop = _sparse_backprop(features, labels) + nothing[..., None]
    # A product passes the NaN on to the gradient, a sum would not.
    loss = _sparse_xent_loss(features, labels) * (1 + nothing)
    return loss, jax.lax.stop_gradient(backprop)


def sparse_softmax_cross_entropy_with_logits(logits, labels, name=None):
    """The cross entropy between `softmax(logits)` and one true class for each row.

    Args:
        logits: a Tensor [batch, classes] of unscaled log probabilities; float16,
            float32 or float64.
        labels: a Tensor [batch] of class numbers, int32 or int64.
        name: name of the operation.

    Returns:
        A Tensor [batch] of the type of `logits`.

    Raises:
        ValueError: when the shapes do not fit.

    Differs from TF: a label that is no class gives NaN, loss and gradient, for its row
    (as TensorFlow does on a GPU); on the CPU TensorFlow raises `InvalidArgumentError`.
    """
    labels = ops.convert_to_tensor(labels, name="labels")
    logits = ops.convert_to_tensor(logits, name="logits")
    ranks = logits.get_shape().ndims, labels.get_shape().ndims
    if ranks[0] == 0:
        raise ValueError(
            f"Logits cannot be scalars - received shape {logits.get_shape()}."
        )
    if None not in ranks and ranks[0] != ranks[1] + 1:
        raise ValueError(
            f"Rank mismatch: Rank of labels (received {ranks[1]}) should equal rank of "
            f"logits minus 1 (received {ranks[0]})."
        )
    return _sparse_softmax_cross_entropy_with_logits(logits, labels, name=name)[0]


# -- losses, ranking, normalisation ---------------------------------------------


@op("L2Loss", shape=common_shapes.scalar)
def l2_loss(t: Array):
    """Half the sum of the squares: `sum(t ** 2) / 2`.

    Args:
        t: a Tensor of any shape.
        name: name of the operation.

    Returns:
        A scalar of the type of `t`.
    """
    return jnp.sum(jnp.square(t), dtype=t.dtype) / 2


def _top_k(input, k, sorted=True):
    """The largest elements; `sorted` or not, they come in order."""
    k = int(k)
    if input.ndim == 0:
        raise ValueError(f"input must be >= 1-D, got shape {shape_text(input.shape)}")
    if k < 0:
        raise ValueError(f"Need k >= 0, got {k}")
    if input.shape[-1] < k:
        raise ValueError("input must have at least k columns")
    return jax.lax.top_k(input, k)


def _top_k_shapes(input, k):
    shape = at_least_rank(input, 1)
    if shape.ndims is None:
        return [shape, shape]
    last = shape[-1].value
    if None not in (last, k) and last < k:
        raise ValueError(f"input must have last dimension >= k = {k} but is {last}")
    result = shape[:-1].concatenate([k])
    return [result, result]


def _top_k_shape(op):
    rank = op._inputs[1].get_shape().ndims
    if rank not in (0, None):
        raise ValueError(f"Input must be scalar but has rank {rank}")
    return _top_k_shapes(op._inputs[0], count_of(op._inputs[1], 1))


@op("TopKV2", shape=_top_k_shape)
def top_k(input: Array, k: Static = 1, sorted=True):
    """The `k` largest elements along the last dimension, and where they are.

    Args:
        input: a Tensor [..., n] of a real type.
        k: how many, a scalar int32, at most n.
        sorted: whether they must be in descending order (they always are).
        name: name of the operation.

    Returns:
        `values` [..., k] of the type of `input`, and `indices` [..., k], int32. Of
        equal elements the one with the lower index comes first.
    """
    return _top_k(input, k)


@op("TopK", shape=lambda op: _top_k_shapes(op._inputs[0], op._attrs["k"]))
def _top_k_v1(input: Array, k, sorted=True):
    """`top_k` as GraphDefs before TensorFlow 0.7 have it."""
    return _top_k(input, k)


def _in_top_k_shape(op):
    batch = of_rank(op._inputs[0], 2)[0]
    return [TensorShape([equal_sizes(batch, of_rank(op._inputs[1], 1)[0])])]


@op("InTopK", gradient=None, shape=_in_top_k_shape)
def in_top_k(predictions: Array, targets: Array, k):
    """Whether the target of each row is among its `k` best predictions.

    Classes with the same prediction as the target do not count as better. Where a
    prediction that is compared is not finite, the answer is no.

    Args:
        predictions: a Tensor [batch, classes], float32.
        targets: a Tensor [batch] of class numbers, int32 or int64.
        k: how many of the best predictions to look at, a Python integer.
        name: name of the operation.

    Returns:
        A bool Tensor [batch].

    Differs from TF: for a target that is no class the answer is no; TensorFlow raises
    `InvalidArgumentError`.
    """
    if predictions.ndim != 2:
        raise ValueError("predictions must be 2-dimensional")
    if predictions.shape[:1] != targets.shape:
        raise ValueError(
            f"First dimension of predictions {predictions.shape[0]} must match length "
            f"of targets {targets.shape[0] if targets.ndim else targets.shape}"
        )
    index = targets[:, None]
    target = jnp.take_along_axis(predictions, index, axis=1, mode="clip")
    better = jnp.sum(predictions > target, axis=1)
    finite = jnp.all(jnp.isfinite(predictions), axis=1)
    valid = (targets >= 0) & (targets < predictions.shape[1])
    return (better < k) & finite & valid


def _lrn_shape(op):
    of_rank(op._inputs[0], 4)
    return common_shapes.first_input(op)


def _lrn(input, depth_radius, bias, alpha, beta):
    if input.ndim != 4:
        raise ValueError("in must be 4-dimensional")
    depth = input.shape[3]
    radius = min(depth_radius, depth)
    square = jnp.pad(jnp.square(input), [(0, 0)] * 3 + [(radius, radius)])
    total = sum(square[..., i : i + depth] for i in range(2 * radius + 1))
    return input * (bias + alpha * total) ** -beta


@op("LRN", shape=_lrn_shape)
def lrn(input: Array, depth_radius=None, bias=None, alpha=None, beta=None):
    """Local response normalisation: each number is divided by its neighbours' energy.

    `input / (bias + alpha * sum) ** beta`, where the sum is that of the squares over
    the channels at most `depth_radius` away.

    Args:
        input: a Tensor [batch, height, width, channels], float32 or float16.
        depth_radius: how far the window reaches, an integer; default 5.
        bias: a number, usually positive, to avoid division by 0; default 1.
        alpha: the scale, a number; default 1.
        beta: the exponent, a number; default 0.5.
        name: name of the operation.

    Returns:
        A Tensor of the type and shape of `input`.

    Source: Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep
    Convolutional Neural Networks", 2012.
    """
    return _lrn(input, depth_radius, bias, alpha, beta)


local_response_normalization = lrn


@op("LRNGrad", shape=common_shapes.first_input)
def _lrn_grad(
    input_grads: Array,
    input_image: Array,
    output_image: Array,
    depth_radius=None,
    bias=None,
    alpha=None,
    beta=None,
):
    """The gradient of `lrn`."""
    pull = jax.vjp(lambda x: _lrn(x, depth_radius, bias, alpha, beta), input_image)[1]
    return pull(input_grads)[0]


# -- dropout --------------------------------------------------------------------


def dropout(x, keep_prob, noise_shape=None, seed=None, name=None):
    """Sets elements to 0 at random and scales the others to keep the expected sum.

    Args:
        x: a Tensor of a floating point type.
        keep_prob: the probability that an element is kept: a number in (0, 1] or a
            scalar of the type of `x`.
        noise_shape: shape of the random decisions, a 1-D int32 tensor or list that
            broadcasts to the shape of `x`: along its dimensions of size 1, elements are
            kept or dropped together. Default: the shape of `x`.
        seed: an integer, for decisions that are the same in every session.
        name: name of the operation.

    Returns:
        A Tensor of the type and shape of `x`: 0, or the element divided by `keep_prob`.

    Raises:
        ValueError: when `keep_prob` is a number outside (0, 1], or a tensor that is not
            a scalar.

    Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
    Overfitting", 2014.
    """
    with ops.op_scope([x], name, "dropout") as name:
        x = ops.convert_to_tensor(x, name="x")
        if isinstance(keep_prob, numbers.Real) and not 0 < float(keep_prob) <= 1:
            raise ValueError(
                "keep_prob must be a scalar tensor or a float in the range (0, 1], got "
                f"{float(keep_prob):g}"
            )
        keep_prob = ops.convert_to_tensor(
            keep_prob, dtype=x.dtype.base_dtype, name="keep_prob"
        )
        keep_prob.get_shape().assert_is_compatible_with(tensor_shape.scalar())
        if noise_shape is None:
            noise_shape = array_ops.shape(x)
        # Uniform in [keep_prob, 1 + keep_prob): its integer part is 1 where `x` stays.
        random_tensor = keep_prob + random_ops.random_uniform(
            noise_shape, seed=seed, dtype=x.dtype.base_dtype
        )
        mask = math_ops.floor(random_tensor)
        result = x * math_ops.inv(keep_prob) * mask
        result.set_shape(x.get_shape())
        return result
