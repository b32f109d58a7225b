"""`tf.nn`: what networks are built of.

Functions that are made of other operations are here; `nn_ops` and `math_ops` hold the
operations themselves.
"""

from __future__ import annotations

import math
import numbers

from tfstyle.framework import dtypes, ops
from tfstyle.ops import array_ops, math_ops, rnn_cell, seq2seq
from tfstyle.ops.candidate_sampling_ops import (
    all_candidate_sampler,
    compute_accidental_hits,
    fixed_unigram_candidate_sampler,
    learned_unigram_candidate_sampler,
    log_uniform_candidate_sampler,
    uniform_candidate_sampler,
)
from tfstyle.ops.constant_op import constant
from tfstyle.ops.embedding_ops import embedding_lookup, embedding_lookup_sparse
from tfstyle.ops.math_ops import sigmoid, tanh
from tfstyle.ops.nn_ops import (
    atrous_conv2d,
    avg_pool,
    avg_pool3d,
    avg_pool3d_grad,
    bias_add,
    bias_add_grad,
    bias_add_v1,
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
    dilation2d,
    dilation2d_backprop_filter,
    dilation2d_backprop_input,
    dropout,
    elu,
    erosion2d,
    in_top_k,
    l2_loss,
    local_response_normalization,
    log_softmax,
    lrn,
    max_pool,
    max_pool3d,
    max_pool3d_grad,
    max_pool_with_argmax,
    relu,
    relu6,
    separable_conv2d,
    softmax,
    softmax_cross_entropy_with_logits,
    softplus,
    softsign,
    sparse_softmax_cross_entropy_with_logits,
    top_k,
    xw_plus_b,
    xw_plus_b_v1,
)
from tfstyle.ops.rnn import (
    bidirectional_dynamic_rnn,
    bidirectional_rnn,
    dynamic_rnn,
    raw_rnn,
    rnn,
    state_saving_rnn,
)
from tfstyle.ops.sampled_logits import compute_sampled_logits

__all__ = [
    "all_candidate_sampler",
    "atrous_conv2d",
    "avg_pool",
    "avg_pool3d",
    "avg_pool3d_grad",
    "batch_norm_with_global_normalization",
    "batch_normalization",
    "bias_add",
    "bias_add_grad",
    "bias_add_v1",
    "bidirectional_dynamic_rnn",
    "bidirectional_rnn",
    "compute_accidental_hits",
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
    "dynamic_rnn",
    "elu",
    "embedding_lookup",
    "embedding_lookup_sparse",
    "erosion2d",
    "fixed_unigram_candidate_sampler",
    "in_top_k",
    "l2_loss",
    "l2_normalize",
    "learned_unigram_candidate_sampler",
    "local_response_normalization",
    "log_poisson_loss",
    "log_softmax",
    "log_uniform_candidate_sampler",
    "lrn",
    "max_pool",
    "max_pool3d",
    "max_pool3d_grad",
    "max_pool_with_argmax",
    "moments",
    "nce_loss",
    "normalize_moments",
    "raw_rnn",
    "relu",
    "relu6",
    "relu_layer",
    "rnn",
    "rnn_cell",
    "sampled_softmax_loss",
    "separable_conv2d",
    "seq2seq",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softplus",
    "softsign",
    "sparse_softmax_cross_entropy_with_logits",
    "state_saving_rnn",
    "sufficient_statistics",
    "tanh",
    "top_k",
    "uniform_candidate_sampler",
    "weighted_cross_entropy_with_logits",
    "xw_plus_b",
    "xw_plus_b_v1",
    "zero_fraction",
]

# What scripts of 2015 call it.
deconv2d = conv2d_transpose


# -- losses ---------------------------------------------------------------------


def _logits_and_targets(logits, targets):
    """Both as tensors, which have one shape as far as that is known."""
    logits = ops.convert_to_tensor(logits, name="logits")
    targets = ops.convert_to_tensor(targets, name="targets")
    try:
        targets.get_shape().merge_with(logits.get_shape())
    except ValueError as error:
        raise ValueError(
            "logits and targets must have the same shape "
            f"({logits.get_shape()} vs {targets.get_shape()})"
        ) from error
    return logits, targets


def _positive_part(x):
    """`max(x, 0)` and `-abs(x)`, whose derivatives at 0 are those from above.

    Together they make the derivatives of the losses below right at 0 too.
    """
    zeros = array_ops.zeros_like(x)
    positive = math_ops.greater_equal(x, zeros)
    return array_ops.select(positive, x, zeros), array_ops.select(
        positive, math_ops.neg(x), x
    )


def sigmoid_cross_entropy_with_logits(logits, targets, name=None):
    """The cross entropy between `targets` and `sigmoid(logits)`, element-wise.

    With x the logits and z the targets: `max(x, 0) - x * z + log(1 + exp(-abs(x)))`,
    which is `-z * log(sigmoid(x)) - (1 - z) * log(1 - sigmoid(x))` without overflow.

    Args:
        logits: a Tensor of a floating point type.
        targets: a Tensor of the same type and shape: probabilities.
        name: name of the operation.

    Returns:
        A Tensor of the type and shape of `logits`.

    Raises:
        ValueError: when the shapes differ.

    Differs from TF 0.9: the gradient at a logit of exactly 0 is `0.5 - z`, as in later
    releases; there it was `-z`.
    """
    with ops.op_scope([logits, targets], name, "logistic_loss") as name:
        logits, targets = _logits_and_targets(logits, targets)
        positive, negative = _positive_part(logits)
        return math_ops.add(
            positive - logits * targets,
            math_ops.log1p(math_ops.exp(negative)),
            name=name,
        )


def weighted_cross_entropy_with_logits(logits, targets, pos_weight, name=None):
    """The cross entropy of `sigmoid(logits)` with positive targets weighted.

    `-targets * log(sigmoid(logits)) * pos_weight - (1 - targets) * log(1 -
    sigmoid(logits))`, computed without overflow. A weight above 1 makes for fewer
    false negatives, one below 1 for fewer false positives.

    Args:
        logits: a Tensor of a floating point type.
        targets: a Tensor of the same type and shape: probabilities.
        pos_weight: the weight of positive targets, a number or a tensor that
            broadcasts.
        name: name of the operation.

    Returns:
        A Tensor of the type and shape of `logits`.

    Raises:
        ValueError: when the shapes differ.
    """
    with ops.op_scope([logits, targets], name, "logistic_loss") as name:
        logits, targets = _logits_and_targets(logits, targets)
        weight = 1 + (pos_weight - 1) * targets
        decay = math_ops.exp(math_ops.neg(math_ops.abs(logits)))
        return math_ops.add(
            (1 - targets) * logits,
            weight * (math_ops.log1p(decay) + relu(math_ops.neg(logits))),
            name=name,
        )


def log_poisson_loss(log_input, targets, compute_full_loss=False, name=None):
    """The negative log likelihood of `targets` under Poisson distributions.

    TensorFlow has it since 0.12.

    Args:
        log_input: logarithms of the rates, a Tensor of a floating point type.
        targets: a Tensor of the same type and shape: counts.
        compute_full_loss: whether to add Stirling's approximation of the logarithm of
            the factorial of the targets (0 for targets up to 1), which has no part in
            the gradient.
        name: name of the operation.

    Returns:
        A Tensor of the type and shape of `log_input`.

    Raises:
        ValueError: when the shapes differ.
    """
    with ops.op_scope([log_input, targets], name, "log_poisson_loss") as name:
        log_input = ops.convert_to_tensor(log_input, name="log_input")
        targets = ops.convert_to_tensor(targets, name="targets")
        try:
            targets.get_shape().merge_with(log_input.get_shape())
        except ValueError as error:
            raise ValueError(
                "log_input and targets must have the same shape "
                f"({log_input.get_shape()} vs {targets.get_shape()})"
            ) from error
        result = math_ops.exp(log_input) - log_input * targets
        if compute_full_loss:
            stirling = (
                targets * math_ops.log(targets)
                - targets
                + 0.5 * math_ops.log(2 * math.pi * targets)
            )
            zeros = array_ops.zeros_like(targets)
            ones = array_ops.ones_like(targets)
            small = math_ops.logical_and(targets >= zeros, targets <= ones)
            result += array_ops.select(small, zeros, stirling)
        return result


def sampled_softmax_loss(
    weights,
    biases,
    inputs,
    labels,
    num_sampled,
    num_classes,
    num_true=1,
    sampled_values=None,
    remove_accidental_hits=True,
    partition_strategy="mod",
    name="sampled_softmax_loss",
):
    """The cross entropy of a softmax over the true classes and sampled ones.

    It is for training alone: it is less than the loss of the full softmax
    `softmax(matmul(inputs, transpose(weights)) + biases)`, which is what a trained
    model is evaluated with.

    Args:
        weights: a Tensor or Variable [num_classes, dim], or a list of its partitions.
        biases: a Tensor or Variable [num_classes].
        inputs: a Tensor [batch, dim].
        labels: the true classes, an integer Tensor [batch, num_true].
        num_sampled: how many classes to sample for the whole batch, a Python integer.
        num_classes: the number of classes, a Python integer.
        num_true: how many classes are true for each example, a Python integer.
        sampled_values: what one of the candidate samplers returned; default:
            `log_uniform_candidate_sampler`, without repetition.
        remove_accidental_hits: whether to leave samples out for the examples of which
            they are a true class.
        partition_strategy: how `weights` are partitioned, see `embedding_lookup`.
        name: name of the scope of the operations.

    Returns:
        The loss of each example, [batch]. Its gradients with respect to variables in
        `weights` and `biases` are `IndexedSlices`.

    Source: Jean et al., "On Using Very Large Target Vocabulary for Neural Machine
    Translation", 2014 (https://arxiv.org/abs/1412.2007).
    """
    logits, targets = compute_sampled_logits(
        weights,
        biases,
        inputs,
        labels,
        num_sampled,
        num_classes,
        num_true,
        sampled_values,
        remove_accidental_hits=remove_accidental_hits,
        partition_strategy=partition_strategy,
        name=name,
    )
    return softmax_cross_entropy_with_logits(logits, targets)


def nce_loss(
    weights,
    biases,
    inputs,
    labels,
    num_sampled,
    num_classes,
    num_true=1,
    sampled_values=None,
    remove_accidental_hits=False,
    partition_strategy="mod",
    name="nce_loss",
):
    """The loss of noise-contrastive estimation: is a class true, or was it sampled?

    Args:
        weights: a Tensor or Variable [num_classes, dim], or a list of its partitions.
        biases: a Tensor or Variable [num_classes].
        inputs: a Tensor [batch, dim].
        labels: the true classes, an integer Tensor [batch, num_true]; their targets are
            `1 / num_true` each.
        num_sampled: how many classes to sample for the whole batch, a Python integer.
        num_classes: the number of classes, a Python integer.
        num_true: how many classes are true for each example, a Python integer.
        sampled_values: what one of the candidate samplers returned; default:
            `log_uniform_candidate_sampler`, without repetition.
        remove_accidental_hits: whether to leave samples out for the examples of which
            they are a true class ("sampled logistic" in place of NCE).
        partition_strategy: how `weights` are partitioned, see `embedding_lookup`.
        name: name of the scope of the operations.

    Returns:
        The loss of each example, [batch]: the sum of the logistic losses of its true
        classes and of all samples. Its gradients with respect to variables in
        `weights` and `biases` are `IndexedSlices`.

    Source: Gutmann and Hyvärinen, "Noise-contrastive estimation: A new estimation
    principle for unnormalized statistical models", 2010.
    """
    logits, targets = compute_sampled_logits(
        weights,
        biases,
        inputs,
        labels,
        num_sampled,
        num_classes,
        num_true,
        sampled_values,
        remove_accidental_hits=remove_accidental_hits,
        partition_strategy=partition_strategy,
        name=name,
    )
    losses = sigmoid_cross_entropy_with_logits(logits, targets, name="sampled_losses")
    return math_ops.reduce_sum(losses, 1)


# -- layers and measures --------------------------------------------------------


def relu_layer(x, weights, biases, name=None):
    """`relu(matmul(x, weights) + biases)`.

    Args:
        x: a Tensor [batch, inputs].
        weights: a Tensor [inputs, units].
        biases: a Tensor [units].
        name: name of the operation.

    Returns:
        A Tensor [batch, units].
    """
    with ops.op_scope([x, weights, biases], name, "relu_layer") as name:
        x = ops.convert_to_tensor(x, name="x")
        weights = ops.convert_to_tensor(weights, name="weights")
        biases = ops.convert_to_tensor(biases, name="biases")
        return relu(bias_add(math_ops.matmul(x, weights), biases), name=name)


def l2_normalize(x, dim, epsilon=1e-12, name=None):
    """Scales `x` so that the squares along a dimension sum to 1.

    Args:
        x: a Tensor of a floating point type.
        dim: a dimension, or a list of dimensions.
        epsilon: lower bound of the sum of squares; smaller sums are taken for it.
        name: name of the operation.

    Returns:
        A Tensor of the type and shape of `x`.
    """
    with ops.op_scope([x], name, "l2_normalize") as name:
        x = ops.convert_to_tensor(x, name="x")
        axes = [dim] if isinstance(dim, numbers.Integral) else dim
        total = math_ops.reduce_sum(math_ops.square(x), axes, keep_dims=True)
        inverse = math_ops.rsqrt(math_ops.maximum(total, epsilon))
        return math_ops.mul(x, inverse, name=name)


def zero_fraction(value, name=None):
    """The fraction of zeros in `value`.

    Args:
        value: a Tensor of numbers.
        name: name of the operation.

    Returns:
        A scalar, float32; NaN when `value` is empty.
    """
    with ops.op_scope([value], name, "zero_fraction"):
        value = ops.convert_to_tensor(value, name="value")
        zero = constant(0, dtype=value.dtype.base_dtype, name="zero")
        return math_ops.reduce_mean(
            math_ops.cast(math_ops.equal(value, zero), dtypes.float32)
        )


# -- moments and batch normalisation --------------------------------------------


def _count(x, axes):
    """How many elements are summed, as a scalar of the type of `x`."""
    dtype = x.dtype.base_dtype
    shape = x.get_shape()
    if shape.ndims is not None:
        dims = shape.as_list()
        sizes = [dims[axis] for axis in axes]
        if None not in sizes:
            return constant(math.prod(sizes), dtype=dtype, name="count")
    sizes = array_ops.gather(array_ops.shape(x), axes)
    return math_ops.cast(math_ops.reduce_prod(sizes), dtype, name="count")


def sufficient_statistics(x, axes, shift=None, keep_dims=False, name=None):
    """What mean and variance of `x` along `axes` can be computed from.

    Args:
        x: a Tensor of a floating point type.
        axes: the dimensions to sum over, a list of integers.
        shift: a Tensor subtracted from `x` first, for accuracy (best near the mean), or
            None.
        keep_dims: whether the results keep the dimensions summed over, of size 1.
        name: name of the scope of the operations.

    Returns:
        The number of elements that are summed, a scalar; the sum of `x - shift`; the
        sum of its squares; and `shift`.

    Source: Chan, Golub and LeVeque, "Algorithms for Computing the Sample Variance",
    1983.
    """
    with ops.op_scope([x, shift], name, "sufficient_statistics"):
        x = ops.convert_to_tensor(x, name="x")
        counts = _count(x, axes)
        if shift is None:
            shifted, squares = x, math_ops.square(x)
        else:
            shift = ops.convert_to_tensor(shift, name="shift")
            shifted = math_ops.sub(x, shift)
            squares = math_ops.squared_difference(x, shift)
        mean_ss = math_ops.reduce_sum(shifted, axes, keep_dims, name="mean_ss")
        var_ss = math_ops.reduce_sum(squares, axes, keep_dims, name="var_ss")
    return counts, mean_ss, var_ss, shift


def normalize_moments(counts, mean_ss, variance_ss, shift, name=None):
    """Mean and variance from what `sufficient_statistics` returned.

    Args:
        counts: the number of elements, a scalar.
        mean_ss: the sum of the (shifted) elements.
        variance_ss: the sum of their squares.
        shift: what was subtracted from the elements, or None.
        name: name of the scope of the operations.

    Returns:
        The mean and the variance, of the shape of `mean_ss`.
    """
    with ops.op_scope([counts, mean_ss, variance_ss, shift], name, "normalize"):
        divisor = math_ops.inv(counts, name="divisor")
        if shift is None:
            shifted_mean = mean = math_ops.mul(mean_ss, divisor, name="mean")
        else:
            shifted_mean = math_ops.mul(mean_ss, divisor, name="shifted_mean")
            mean = math_ops.add(shifted_mean, shift, name="mean")
        variance = math_ops.sub(
            math_ops.mul(variance_ss, divisor),
            math_ops.square(shifted_mean),
            name="variance",
        )
    return mean, variance


def moments(x, axes, shift=None, name=None, keep_dims=False):
    """Mean and variance of `x` along `axes`.

    Args:
        x: a Tensor of a floating point type. The moments of float16 are computed in
            float32.
        axes: the dimensions to reduce, a list of integers: `[0]` for the batch of a
            dense layer, `[0, 1, 2]` for that of a convolution.
        shift: a Tensor near the mean, subtracted from `x` first for accuracy.
        name: name of the scope of the operations.
        keep_dims: whether the results keep the reduced dimensions, of size 1.

    Returns:
        The mean and the variance (of the population: divided by the number of
        elements). Without `shift`, a variance that is small beside the square of the
        mean comes out inaccurate.
    """
    with ops.op_scope([x, axes, shift], name, "moments"):
        x = ops.convert_to_tensor(x, name="x")
        half = x.dtype.base_dtype == dtypes.float16
        y = math_ops.cast(x, dtypes.float32) if half else x
        if half and shift is not None:
            shift = math_ops.cast(shift, dtypes.float32)
        statistics = sufficient_statistics(y, axes, shift, keep_dims, name=name)
        counts, mean_ss, variance_ss, shift = statistics
        mean, variance = normalize_moments(
            counts, mean_ss, variance_ss, shift, name=name
        )
        if half:
            mean = math_ops.cast(mean, dtypes.float16)
            variance = math_ops.cast(variance, dtypes.float16)
        return mean, variance


def batch_normalization(x, mean, variance, offset, scale, variance_epsilon, name=None):
    """`(x - mean) / sqrt(variance + variance_epsilon) * scale + offset`.

    Args:
        x: a Tensor of a floating point type.
        mean: a Tensor that broadcasts to `x`: one number per channel, or of the shape
            that `moments` returns with `keep_dims`.
        variance: likewise.
        offset: likewise, often called beta, or None.
        scale: likewise, often called gamma, or None.
        variance_epsilon: a small number, to avoid division by 0.
        name: name of the scope of the operations.

    Returns:
        A Tensor of the type and shape of `x`.

    Source: Ioffe and Szegedy, "Batch Normalization", 2015
    (https://arxiv.org/abs/1502.03167).
    """
    with ops.op_scope([x, mean, variance, scale, offset], name, "batchnorm"):
        inverse = math_ops.rsqrt(variance + variance_epsilon)
        if scale is not None:
            inverse *= scale
        shift = mean * inverse
        shift = offset - shift if offset is not None else math_ops.neg(shift)
        return x * inverse + shift


def batch_norm_with_global_normalization(
    t, m, v, beta, gamma, variance_epsilon, scale_after_normalization, name=None
):
    """`batch_normalization` under its old name.

    Args:
        t: a Tensor [batch, height, width, channels].
        m: the mean, [channels].
        v: the variance, [channels].
        beta: the offset, [channels].
        gamma: the scale, [channels].
        variance_epsilon: a small number, to avoid division by 0.
        scale_after_normalization: whether to multiply by `gamma`.
        name: name of the scope of the operations.

    Returns:
        A Tensor of the type and shape of `t`.
    """
    scale = gamma if scale_after_normalization else None
    return batch_normalization(t, m, v, beta, scale, variance_epsilon, name)
