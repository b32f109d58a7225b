"""The losses of `tf.nn.seq2seq`: over the steps of sequences, and over buckets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfstyle.framework import ops
from tfstyle.framework.tensor import Tensor
from tfstyle.ops import array_ops, math_ops, nn_ops
from tfstyle.ops import variable_scope as vs
from tfstyle.ops.rnn_loop import stack_steps
from tfstyle.ops.step_lists import alike, as_vectors

__all__ = ["model_with_buckets", "sequence_loss", "sequence_loss_by_example"]

# So that the average over a sequence whose weights are all 0 is 0.
_SMALL = 1e-12


def sequence_loss_by_example(
    logits,
    targets,
    weights,
    average_across_timesteps=True,
    softmax_loss_function=None,
    name=None,
):
    """The weighted cross entropy of each sequence.

    Args:
        logits: a list of T tensors [batch, num_symbols].
        targets: a list of T tensors [batch] of symbols, int32 or int64.
        weights: a list of T tensors [batch] of the type of `logits`: 0 where a sequence
            is padded, else 1.
        average_across_timesteps: whether to divide by the sum of the sequence's
            weights.
        softmax_loss_function: a function `(logits, targets) -> losses [batch]` for one
            step; default: the cross entropy with the softmax of all symbols.
        name: name scope; default "sequence_loss_by_example".

    Returns:
        A Tensor [batch].

    Raises:
        ValueError: when the lengths of the lists differ, or they are empty.
    """
    if not len(logits) == len(targets) == len(weights):
        raise ValueError(
            "Lengths of logits, weights, and targets must be the same "
            f"{len(logits)}, {len(weights)}, {len(targets)}."
        )
    with ops.op_scope([*logits, *targets, *weights], name, "sequence_loss_by_example"):
        if softmax_loss_function is None:
            losses = _cross_entropies(logits, targets)
        else:
            losses = [
                softmax_loss_function(logit, target)
                for logit, target in zip(logits, targets, strict=True)
            ]
        weighted = [loss * weight for loss, weight in zip(losses, weights, strict=True)]
        total = math_ops.add_n(weighted)
        if average_across_timesteps:
            total /= math_ops.add_n(list(weights)) + _SMALL
        return total


def _cross_entropies(logits: Sequence[Any], targets: Sequence[Any]) -> list[Tensor]:
    """The loss of each step, from one operation where that is possible."""
    logits = ops.convert_n_to_tensor(logits, name="logits")
    targets = as_vectors(ops.convert_n_to_tensor(targets, name="targets"))
    loss = nn_ops.sparse_softmax_cross_entropy_with_logits
    together = len(logits) > 1 and alike(logits) and alike(targets)
    if not together or logits[0].get_shape().ndims != 2:
        return [loss(*pair) for pair in zip(logits, targets, strict=True)]
    losses = loss(stack_steps(logits), stack_steps(targets))
    return array_ops.unpack(losses, len(logits))


def sequence_loss(
    logits,
    targets,
    weights,
    average_across_timesteps=True,
    average_across_batch=True,
    softmax_loss_function=None,
    name=None,
):
    """The weighted cross entropy of sequences, summed over the batch or averaged.

    Args:
        logits: a list of T tensors [batch, num_symbols].
        targets: a list of T tensors [batch] of symbols, int32 or int64.
        weights: a list of T tensors [batch] of the type of `logits`.
        average_across_timesteps: whether to divide the loss of each sequence by the sum
            of its weights.
        average_across_batch: whether to divide by the number of sequences.
        softmax_loss_function: as in `sequence_loss_by_example`.
        name: name scope; default "sequence_loss".

    Returns:
        A scalar Tensor.

    Raises:
        ValueError: when the lengths of the lists differ, or they are empty.
    """
    with ops.op_scope([*logits, *targets, *weights], name, "sequence_loss"):
        cost = math_ops.reduce_sum(
            sequence_loss_by_example(
                logits,
                targets,
                weights,
                average_across_timesteps=average_across_timesteps,
                softmax_loss_function=softmax_loss_function,
            )
        )
        if average_across_batch:
            cost /= math_ops.cast(array_ops.shape(targets[0])[0], cost.dtype)
        return cost


def model_with_buckets(
    encoder_inputs,
    decoder_inputs,
    targets,
    weights,
    buckets,
    seq2seq,
    softmax_loss_function=None,
    per_example_loss=False,
    name=None,
):
    """One model for each bucket, all with the same variables, and its loss.

    A run of one bucket computes the steps of that bucket only.

    Args:
        encoder_inputs: a list of tensors, at least as many as in the last bucket.
        decoder_inputs: a list of tensors, likewise.
        targets: a list of tensors [batch] of symbols, likewise.
        weights: a list of tensors [batch], likewise.
        buckets: a list of pairs (length of the input, length of the output), the
            largest last.
        seq2seq: a function `(encoder_inputs, decoder_inputs) -> (outputs, state)` that
            gets the first inputs, as many as the bucket says.
        softmax_loss_function: as in `sequence_loss_by_example`.
        per_example_loss: whether a loss is one number per sequence [batch]
            (`sequence_loss_by_example`) or a scalar (`sequence_loss`).
        name: name scope; default "model_with_buckets".

    Returns:
        (outputs, losses): for each bucket the list of outputs of `seq2seq`, and a
        Tensor.

    Raises:
        ValueError: when a list is shorter than the last bucket.
        IndexError: when there is no bucket.
    """
    _check_buckets(buckets, encoder_inputs, targets, weights)
    loss: Any = sequence_loss_by_example if per_example_loss else sequence_loss
    inputs = [*encoder_inputs, *decoder_inputs, *targets, *weights]
    outputs, losses = [], []
    with ops.op_scope(inputs, name, "model_with_buckets"):
        for i, (source, target) in enumerate(buckets):
            with vs.variable_scope(vs.get_variable_scope(), reuse=i > 0 or None):
                made, _ = seq2seq(encoder_inputs[:source], decoder_inputs[:target])
                outputs.append(made)
                losses.append(
                    loss(
                        made,
                        targets[:target],
                        weights[:target],
                        softmax_loss_function=softmax_loss_function,
                    )
                )
    return outputs, losses


def _check_buckets(
    buckets: Any, encoder_inputs: Any, targets: Any, weights: Any
) -> None:
    if not buckets:
        raise IndexError("`buckets` must hold at least one bucket")
    source, target = buckets[-1]
    for name, given, wanted in (
        ("encoder_inputs", encoder_inputs, source),
        ("targets", targets, target),
        ("weights", weights, target),
    ):
        if len(given) < wanted:
            raise ValueError(
                f"Length of {name} ({len(given)}) must be at least that of last bucket "
                f"({wanted})."
            )
