"""`tensorflow.models.rnn.translate.seq2seq_model`: a model that translates."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from tfstyle.framework import dtypes
from tfstyle.models.rnn.translate import data_utils
from tfstyle.ops import (
    array_ops,
    clip_ops,
    gradients,
    math_ops,
    nn,
    rnn_cell,
    seq2seq,
    variable_scope,
    variables,
)
from tfstyle.training import training

__all__ = ["Seq2SeqModel"]


class Seq2SeqModel:
    """A translation model with attention and buckets.

    Layers of GRUs or LSTMs read the source sentence, backwards; the same number of
    layers writes the target with attention to what was read (Bahdanau et al. 2014,
    https://arxiv.org/abs/1409.0473). Training can use a sampled softmax (Jean et al.
    2014, https://arxiv.org/abs/1412.2007).

    Attributes:
        learning_rate: a variable; running `learning_rate_decay_op` multiplies it by the
            factor.
        global_step: a variable, the number of training steps.
        encoder_inputs: placeholders [batch] of int32, `encoder0`, `encoder1`, …
        decoder_inputs: placeholders [batch] of int32, `decoder0`, `decoder1`, …
        target_weights: placeholders [batch] of float32, `weight0`, `weight1`, …
        outputs: for each bucket a list of the outputs of its steps.
        losses: for each bucket a scalar.
        gradient_norms: for each bucket the norm before clipping; only for training.
        updates: for each bucket the training operation; only for training.
        saver: a saver of all variables.
    """

    def __init__(
        self,
        source_vocab_size,
        target_vocab_size,
        buckets,
        size,
        num_layers,
        max_gradient_norm,
        batch_size,
        learning_rate,
        learning_rate_decay_factor,
        use_lstm=False,
        num_samples=512,
        forward_only=False,
        dtype=dtypes.float32,
    ):
        """Makes the graph of the model.

        Args:
            source_vocab_size: number of words of the source language.
            target_vocab_size: number of words of the target language.
            buckets: a list of pairs (longest source, longest target), increasing.
                Targets count the symbols GO and EOS.
            size: number of units in each layer.
            num_layers: number of layers.
            max_gradient_norm: gradients are clipped to this global norm.
            batch_size: number of sentences in a batch; for `get_batch` and `step`.
            learning_rate: the first learning rate.
            learning_rate_decay_factor: what it is multiplied by to decay.
            use_lstm: whether the layers are LSTMs; otherwise GRUs.
            num_samples: words drawn for the sampled softmax; it is used when this is
                positive and less than `target_vocab_size`.
            forward_only: whether the decoder feeds itself and there is no training.
            dtype: type of the variables (argument of later releases).

        Differs from TF: `proj_w`, the matrix of a sampled softmax, has the shape
        [target_vocab_size, size] of TensorFlow 0.12.
        """
        self.source_vocab_size = source_vocab_size
        self.target_vocab_size = target_vocab_size
        self.buckets = buckets
        self.batch_size = batch_size
        self._size = size
        self._dtype = dtype
        self.learning_rate = variables.Variable(
            float(learning_rate), trainable=False, dtype=dtype
        )
        self.learning_rate_decay_op = self.learning_rate.assign(
            self.learning_rate * learning_rate_decay_factor
        )
        self.global_step = variables.Variable(0, trainable=False)
        projection, loss_function = self._sampled(num_samples)
        self._make_inputs()
        self.outputs, self.losses = seq2seq.model_with_buckets(
            self.encoder_inputs,
            self.decoder_inputs,
            self._targets,
            self.target_weights,
            buckets,
            self._network(_cell(size, num_layers, use_lstm), projection, forward_only),
            softmax_loss_function=loss_function,
        )
        if not forward_only:
            self._make_updates(max_gradient_norm)
        elif projection is not None:
            weights, biases = projection
            self.outputs = [
                [math_ops.matmul(output, weights) + biases for output in bucket]
                for bucket in self.outputs
            ]
        self.saver = training.Saver(variables.all_variables())

    # -- the graph --------------------------------------------------------------

    def _sampled(self, num_samples: int) -> tuple[Any, Callable[..., Any] | None]:
        """The output projection and the loss of a sampled softmax; None without."""
        if not 0 < num_samples < self.target_vocab_size:
            return None, None
        rows = variable_scope.get_variable(
            "proj_w", [self.target_vocab_size, self._size], dtype=self._dtype
        )
        biases = variable_scope.get_variable(
            "proj_b", [self.target_vocab_size], dtype=self._dtype
        )

        def loss(inputs, labels):
            labels = array_ops.reshape(labels, [-1, 1])
            # Small types are too inexact for sampling.
            losses = nn.sampled_softmax_loss(
                _as_float32(rows),
                _as_float32(biases),
                _as_float32(inputs),
                labels,
                num_samples,
                self.target_vocab_size,
            )
            return math_ops.cast(losses, self._dtype)

        return (array_ops.transpose(rows), biases), loss

    def _make_inputs(self) -> None:
        """Placeholders for the largest bucket, and one more target."""
        source, target = self.buckets[-1]

        def steps(count: int, dtype: Any, name: str) -> list[Any]:
            return [
                array_ops.placeholder(dtype, [None], name=f"{name}{i}")
                for i in range(count)
            ]

        self.encoder_inputs = steps(source, dtypes.int32, "encoder")
        self.decoder_inputs = steps(target + 1, dtypes.int32, "decoder")
        self.target_weights = steps(target + 1, self._dtype, "weight")
        # What is to come out at a step goes in at the next one.
        self._targets = self.decoder_inputs[1:]

    def _network(self, cell: Any, projection: Any, feed_previous: bool) -> Any:
        def network(encoder_inputs, decoder_inputs):
            return seq2seq.embedding_attention_seq2seq(
                encoder_inputs,
                decoder_inputs,
                cell,
                num_encoder_symbols=self.source_vocab_size,
                num_decoder_symbols=self.target_vocab_size,
                embedding_size=self._size,
                output_projection=projection,
                feed_previous=feed_previous,
                dtype=self._dtype,
            )

        return network

    def _make_updates(self, max_gradient_norm: float) -> None:
        """Gradient descent for each bucket."""
        trained = variables.trainable_variables()
        optimizer = training.GradientDescentOptimizer(self.learning_rate)
        self.gradient_norms: list[Any] = []
        self.updates: list[Any] = []
        for loss in self.losses:
            clipped, norm = clip_ops.clip_by_global_norm(
                gradients.gradients(loss, trained), max_gradient_norm
            )
            self.gradient_norms.append(norm)
            self.updates.append(
                optimizer.apply_gradients(
                    list(zip(clipped, trained, strict=True)),
                    global_step=self.global_step,
                )
            )

    # -- using it ---------------------------------------------------------------

    def step(
        self,
        session,
        encoder_inputs,
        decoder_inputs,
        target_weights,
        bucket_id,
        forward_only,
    ):
        """Runs a training step, or only computes.

        Args:
            session: the session.
            encoder_inputs: for each step an array [batch] of int32.
            decoder_inputs: likewise.
            target_weights: for each step an array [batch] of float32.
            bucket_id: which bucket.
            forward_only: whether only to compute.

        Returns:
            (norm of the gradients, loss, None) of a training step, otherwise
            (None, loss, outputs), an array [batch, target_vocab_size] for each step.

        Raises:
            ValueError: when there are not as many steps as the bucket has.
        """
        source, target = self.buckets[bucket_id]
        for name, given, wanted in (
            ("Encoder", encoder_inputs, source),
            ("Decoder", decoder_inputs, target),
            ("Weights", target_weights, target),
        ):
            if len(given) != wanted:
                raise ValueError(
                    f"{name} length must be equal to the one in bucket, "
                    f"{len(given)} != {wanted}."
                )
        feed: dict[Any, Any] = {}
        feed.update(zip(self.encoder_inputs, encoder_inputs, strict=False))
        feed.update(zip(self.decoder_inputs, decoder_inputs, strict=False))
        feed.update(zip(self.target_weights, target_weights, strict=False))
        # The last target has no input of its own.
        feed[self.decoder_inputs[target]] = np.zeros([self.batch_size], np.int32)
        loss = self.losses[bucket_id]
        if forward_only:
            loss, *outputs = session.run([loss, *self.outputs[bucket_id]], feed)
            return None, loss, outputs
        wanted = [self.updates[bucket_id], self.gradient_norms[bucket_id], loss]
        _, norm, loss = session.run(wanted, feed)
        return norm, loss, None

    def get_batch(self, data, bucket_id):
        """A batch of sentence pairs drawn with `random.choice`.

        Sources are padded to the bucket's length and reversed, so that the padding
        comes first; targets begin with GO and are padded.

        Args:
            data: for each bucket a list of pairs (source, target), lists of integers.
            bucket_id: which bucket.

        Returns:
            (encoder_inputs, decoder_inputs, target_weights) for `step`: lists with one
            array [batch] per step. A weight is 0 where the target is padding.

        Raises:
            IndexError: when the bucket has no pair.
        """
        source_size, target_size = self.buckets[bucket_id]
        sources, targets = [], []
        for _ in range(self.batch_size):
            source, target = random.choice(data[bucket_id])
            padding = [data_utils.PAD_ID] * (source_size - len(source))
            sources.append([*source, *padding][::-1])
            padding = [data_utils.PAD_ID] * (target_size - len(target) - 1)
            targets.append([data_utils.GO_ID, *target, *padding])
        inputs = _per_step(sources, source_size)
        outputs = _per_step(targets, target_size)
        weights = [
            (following != data_utils.PAD_ID).astype(np.float32)
            for following in outputs[1:]
        ]
        weights.append(np.zeros([self.batch_size], np.float32))
        return inputs, outputs, weights


def _as_float32(value: Any) -> Any:
    """`value`, cast where it is not of this type: a variable keeps sparse gradients."""
    if value.dtype.base_dtype == dtypes.float32:
        return value
    return math_ops.cast(value, dtypes.float32)


def _cell(size: int, num_layers: int, use_lstm: bool) -> Any:
    layer: Any = rnn_cell.GRUCell(size)
    if use_lstm:
        layer = rnn_cell.BasicLSTMCell(size, state_is_tuple=True)
    if num_layers == 1:
        return layer
    return rnn_cell.MultiRNNCell([layer] * num_layers, state_is_tuple=True)


def _per_step(sentences: list[list[int]], steps: int) -> list[np.ndarray]:
    """For each step the symbols of all sentences."""
    return [
        np.array([sentence[i] for sentence in sentences], np.int32)
        for i in range(steps)
    ]
