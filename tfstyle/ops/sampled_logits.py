"""Logits of a great many classes, of which a few are sampled.

`tf.nn.sampled_softmax_loss` and `tf.nn.nce_loss` are made of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tfstyle.framework import dtypes, ops
from tfstyle.ops import array_ops, math_ops
from tfstyle.ops.candidate_sampling_ops import log_uniform_candidate_sampler
from tfstyle.ops.constant_op import constant
from tfstyle.ops.embedding_ops import embedding_lookup

__all__ = ["compute_sampled_logits"]


def compute_sampled_logits(
    weights,
    biases,
    inputs,
    labels,
    num_sampled,
    num_classes,
    num_true=1,
    sampled_values=None,
    subtract_log_q=True,
    remove_accidental_hits=False,
    partition_strategy="mod",
    name=None,
):
    """Logits of the true classes and of sampled ones, with labels to match.

    Args:
        weights: a Tensor or Variable [num_classes, dim], or a list of its partitions.
        biases: a Tensor or Variable [num_classes].
        inputs: a Tensor [batch, dim].
        labels: the true classes, an integer Tensor [batch, num_true].
        num_sampled: how many classes to sample for the whole batch.
        num_classes: the number of classes.
        num_true: how many classes are true for each example.
        sampled_values: what a sampler returned; default:
            `log_uniform_candidate_sampler`, without repetition.
        subtract_log_q: whether to take the logarithm of the expected counts off the
            logits.
        remove_accidental_hits: whether a sample that is a true class of an example gets
            a logit of about -3.4e38 there.
        partition_strategy: how `weights` are partitioned, see `embedding_lookup`.
        name: name of the scope of the operations.

    Returns:
        The logits, [batch, num_true + num_sampled], and their labels: `1 / num_true`
        for the true classes, 0 for the samples.
    """
    values = [*(weights if isinstance(weights, list) else [weights]), biases, inputs]
    with ops.op_scope([*values, labels], name, "compute_sampled_logits"):
        labels = ops.convert_to_tensor(labels, name="labels")
        if labels.dtype != dtypes.int64:
            labels = math_ops.cast(labels, dtypes.int64)
        flat = array_ops.reshape(labels, [-1])
        distinct = sampled_values is None
        if sampled_values is None:
            sampled_values = log_uniform_candidate_sampler(
                true_classes=labels,
                num_true=num_true,
                num_sampled=num_sampled,
                unique=True,
                range_max=num_classes,
            )
        samples, true_count, sampled_count = sampled_values
        ids = array_ops.concat(0, [flat, samples])
        all_w = embedding_lookup(weights, ids, partition_strategy=partition_strategy)
        all_b = embedding_lookup(biases, ids)
        total = array_ops.shape(flat)
        true_logits = _true_logits(inputs, all_w, all_b, total, num_true)
        first = array_ops.concat(0, [total, [0]])
        sampled_w = array_ops.slice(all_w, first, [-1, -1])
        sampled_b = array_ops.slice(all_b, total, [-1])
        products = math_ops.matmul(inputs, sampled_w, transpose_b=True)
        sampled_logits = products + sampled_b
        if remove_accidental_hits:
            hits = _accidental_hits(labels, samples, distinct, sampled_logits)
            sampled_logits += hits
        if subtract_log_q:
            true_logits -= math_ops.log(true_count)
            sampled_logits -= math_ops.log(sampled_count)
        logits = array_ops.concat(1, [true_logits, sampled_logits])
        positive = array_ops.ones_like(true_logits) / num_true
        negative = array_ops.zeros_like(sampled_logits)
        return logits, array_ops.concat(1, [positive, negative])


def _true_logits(inputs: Any, all_w: Any, all_b: Any, total: Any, num_true: int) -> Any:
    """The logits [batch, num_true] of the rows that come first in `all_w`."""
    true_w = array_ops.slice(all_w, [0, 0], array_ops.concat(0, [total, [-1]]))
    true_b = array_ops.slice(all_b, [0], total)
    dim = array_ops.shape(true_w)[1:2]
    true_w = array_ops.reshape(true_w, array_ops.concat(0, [[-1, num_true], dim]))
    products = math_ops.mul(array_ops.expand_dims(inputs, 1), true_w)
    biases = array_ops.reshape(true_b, [-1, num_true])
    return math_ops.reduce_sum(products, 2) + biases


def _accidental_hits(labels: Any, samples: Any, distinct: bool, like: Any) -> Any:
    """What takes samples that are true classes away, [batch, num_sampled].

    It holds what `compute_accidental_hits` finds, whose outputs have as many rows as
    there are hits: they would have to be computed on the host.
    """
    columns = array_ops.expand_dims(labels, 2)
    hits = math_ops.reduce_any(math_ops.equal(columns, samples), 1)
    if not distinct:
        # Of a class that was drawn twice, only the last place counts.
        places = math_ops.range(array_ops.size(samples))
        same = math_ops.equal(samples, array_ops.expand_dims(samples, 1))
        later = math_ops.greater(places, array_ops.expand_dims(places, 1))
        again = math_ops.reduce_any(math_ops.logical_and(same, later), 1)
        hits = math_ops.logical_and(hits, math_ops.logical_not(again))
    lowest = constant(np.finfo(np.float32).min, dtypes.float32)
    weights = math_ops.cast(hits, dtypes.float32) * lowest
    return math_ops.cast(weights, like.dtype)
