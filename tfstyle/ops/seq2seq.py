"""`tf.nn.seq2seq`: networks from sequences to sequences.

An encoder reads the inputs; a decoder, which starts from its state, makes the outputs.
Encoder and decoder are given as lists with one tensor per step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfstyle.framework import dtypes
from tfstyle.framework.tensor import Tensor
from tfstyle.ops import array_ops, control_flow_ops, rnn, rnn_cell
from tfstyle.ops import variable_scope as vs
from tfstyle.ops.rnn_loop import stack_steps
from tfstyle.ops.seq2seq_decoders import (
    _extract_argmax_and_embed,
    attention_decoder,
    embed_inputs,
    embedding_attention_decoder,
    embedding_rnn_decoder,
    linear,
    projection_of_fed,
    rnn_decoder,
)
from tfstyle.ops.seq2seq_losses import (
    model_with_buckets,
    sequence_loss,
    sequence_loss_by_example,
)
from tfstyle.ops.step_lists import embed_steps
from tfstyle.util import nest

__all__ = [
    "attention_decoder",
    "basic_rnn_seq2seq",
    "embedding_attention_decoder",
    "embedding_attention_seq2seq",
    "embedding_rnn_decoder",
    "embedding_rnn_seq2seq",
    "embedding_tied_rnn_seq2seq",
    "linear",
    "model_with_buckets",
    "one2many_rnn_seq2seq",
    "rnn_decoder",
    "sequence_loss",
    "sequence_loss_by_example",
    "tied_rnn_seq2seq",
]


def basic_rnn_seq2seq(
    encoder_inputs, decoder_inputs, cell, dtype=dtypes.float32, scope=None
):
    """An encoder and a decoder of the same cell, each with variables of its own.

    Args:
        encoder_inputs: a list of tensors [batch, input_size].
        decoder_inputs: a list of T tensors [batch, input_size].
        cell: an `RNNCell`.
        dtype: type of the encoder's first state, which is zeros.
        scope: variable scope; default "basic_rnn_seq2seq".

    Returns:
        (outputs, state): a list of T tensors [batch, cell.output_size], and the
        decoder's last state.
    """
    with vs.variable_scope(scope or "basic_rnn_seq2seq"):
        _, state = rnn.rnn(cell, encoder_inputs, dtype=dtype)
        return rnn_decoder(decoder_inputs, state, cell)


def tied_rnn_seq2seq(
    encoder_inputs,
    decoder_inputs,
    cell,
    loop_function=None,
    dtype=dtypes.float32,
    scope=None,
):
    """An encoder and a decoder of the same cell, with the same variables.

    Args:
        encoder_inputs: a list of tensors [batch, input_size].
        decoder_inputs: a list of T tensors [batch, input_size].
        cell: an `RNNCell`.
        loop_function: as in `rnn_decoder`.
        dtype: type of the encoder's first state, which is zeros.
        scope: variable scope inside "combined_tied_rnn_seq2seq"; default
            "tied_rnn_seq2seq".

    Returns:
        (outputs, state): a list of T tensors [batch, cell.output_size], and the
        decoder's last state.
    """
    with vs.variable_scope("combined_tied_rnn_seq2seq"):
        scope = scope or "tied_rnn_seq2seq"
        _, state = rnn.rnn(cell, encoder_inputs, dtype=dtype, scope=scope)
        vs.get_variable_scope().reuse_variables()
        return rnn_decoder(decoder_inputs, state, cell, loop_function, scope=scope)


# -- symbols to symbols ---------------------------------------------------------


def _encode(cell, encoder_inputs, num_symbols, embedding_size, dtype):
    """The outputs and the last state of an encoder of symbols."""
    encoder = rnn_cell.EmbeddingWrapper(cell, num_symbols, embedding_size)
    return rnn.rnn(encoder, encoder_inputs, dtype=dtype)


def _decode_either_way(
    feed_previous: Any, decode: Callable[[bool, bool], tuple[list[Tensor], Any]]
) -> tuple[list[Tensor], Any]:
    """What a decoder gives that feeds itself or not.

    Args:
        feed_previous: a bool, or a scalar bool Tensor: then it is decided in each run.
        decode: a function of whether to feed, and whether gradients then reach the
            embedding, to outputs and state.
    """
    if isinstance(feed_previous, bool):
        return decode(feed_previous, True)
    made: dict[bool, tuple[list[Tensor], Any]] = {}

    def branch(feed: bool) -> list[Tensor]:
        with vs.variable_scope(vs.get_variable_scope(), reuse=None if feed else True):
            outputs, state = made[feed] = decode(feed, False)
        return [*outputs, *nest.flatten(state)]

    results = control_flow_ops.cond(
        feed_previous, lambda: branch(True), lambda: branch(False)
    )
    outputs, state = made[True]
    return (
        results[: len(outputs)],
        nest.pack_sequence_as(state, results[len(outputs) :]),
    )


def embedding_rnn_seq2seq(
    encoder_inputs,
    decoder_inputs,
    cell,
    num_encoder_symbols,
    num_decoder_symbols,
    embedding_size,
    output_projection=None,
    feed_previous=False,
    dtype=dtypes.float32,
    scope=None,
):
    """From symbols to symbols: an encoder and a decoder, each with an embedding.

    Args:
        encoder_inputs: a list of tensors [batch] of symbols, int32 or int64.
        decoder_inputs: a list of T tensors [batch] of symbols.
        cell: an `RNNCell`, of both encoder and decoder.
        num_encoder_symbols: how many symbols the encoder knows.
        num_decoder_symbols: how many symbols the decoder knows.
        embedding_size: size of the vectors they become.
        output_projection: None: the cell's outputs are projected to one number per
            symbol. Otherwise the outputs are the cell's, and (weights
            [size, num_decoder_symbols], biases [num_decoder_symbols]) give these
            numbers, for choosing the symbol that is fed.
        feed_previous: True: only the first of `decoder_inputs` is used; after it, each
            input is the symbol of the largest output of the step before. A bool Tensor
            decides in each run.
        dtype: type of the states and variables.
        scope: variable scope; default "embedding_rnn_seq2seq".

    Returns:
        (outputs, state): a list of T tensors [batch, num_decoder_symbols], or
        [batch, cell.output_size] with a projection, and the decoder's last state.

    Raises:
        ValueError: when `output_projection` has the wrong shape.
    """
    with vs.variable_scope(scope or "embedding_rnn_seq2seq"):
        _, state = _encode(
            cell, encoder_inputs, num_encoder_symbols, embedding_size, dtype
        )
        output_projection = projection_of_fed(
            output_projection, num_decoder_symbols, dtype
        )
        if output_projection is None:
            cell = rnn_cell.OutputProjectionWrapper(cell, num_decoder_symbols)
        return _decode_either_way(
            feed_previous,
            lambda feed, update: embedding_rnn_decoder(
                decoder_inputs,
                state,
                cell,
                num_decoder_symbols,
                embedding_size,
                output_projection=output_projection,
                feed_previous=feed,
                update_embedding_for_previous=update,
            ),
        )


def embedding_tied_rnn_seq2seq(
    encoder_inputs,
    decoder_inputs,
    cell,
    num_symbols,
    embedding_size,
    output_projection=None,
    feed_previous=False,
    dtype=dtypes.float32,
    scope=None,
):
    """From symbols to symbols: encoder and decoder share embedding and variables.

    Args:
        encoder_inputs: a list of tensors [batch] of symbols, int32 or int64.
        decoder_inputs: a list of T tensors [batch] of symbols.
        cell: an `RNNCell`.
        num_symbols: how many symbols there are.
        embedding_size: size of the vectors they become.
        output_projection: None: the cell's outputs are projected to one number per
            symbol. Otherwise as in `embedding_rnn_seq2seq`.
        feed_previous: as in `embedding_rnn_seq2seq`.
        dtype: type of the states and variables.
        scope: variable scope; default "embedding_tied_rnn_seq2seq".

    Returns:
        (outputs, state): a list of T tensors [batch, num_symbols], or
        [batch, cell.output_size] with a projection, and the decoder's last state.

    Raises:
        ValueError: when `output_projection` has the wrong shape.
    """
    output_projection = projection_of_fed(output_projection, num_symbols, dtype)
    with vs.variable_scope(scope or "embedding_tied_rnn_seq2seq"):
        embedding = vs.get_variable(
            "embedding", [num_symbols, embedding_size], dtype=dtype
        )
        source = embed_steps(embedding, encoder_inputs)
        target = embed_inputs(embedding, decoder_inputs, feed_previous is True)
        if output_projection is None:
            cell = rnn_cell.OutputProjectionWrapper(cell, num_symbols)

        def decode(feed, update):
            loop_function = None
            if feed:
                loop_function = _extract_argmax_and_embed(
                    embedding, output_projection, update
                )
            return tied_rnn_seq2seq(source, target, cell, loop_function, dtype)

        return _decode_either_way(feed_previous, decode)


def embedding_attention_seq2seq(
    encoder_inputs,
    decoder_inputs,
    cell,
    num_encoder_symbols,
    num_decoder_symbols,
    embedding_size,
    num_heads=1,
    output_projection=None,
    feed_previous=False,
    dtype=dtypes.float32,
    scope=None,
    initial_state_attention=False,
):
    """From symbols to symbols with attention to the outputs of the encoder.

    Args:
        encoder_inputs: a list of tensors [batch] of symbols, int32 or int64.
        decoder_inputs: a list of T tensors [batch] of symbols.
        cell: an `RNNCell`, of both encoder and decoder.
        num_encoder_symbols: how many symbols the encoder knows.
        num_decoder_symbols: how many symbols the decoder knows.
        embedding_size: size of the vectors they become.
        num_heads: how many readings of the encoder's outputs there are in a step.
        output_projection: None: the outputs are one number per symbol. Otherwise they
            are of the size of the cell's, and (weights [size, num_decoder_symbols],
            biases [num_decoder_symbols]) give these numbers, for choosing the symbol
            that is fed.
        feed_previous: as in `embedding_rnn_seq2seq`.
        dtype: type of the states and variables.
        scope: variable scope; default "embedding_attention_seq2seq".
        initial_state_attention: as in `attention_decoder`.

    Returns:
        (outputs, state): a list of T tensors [batch, num_decoder_symbols], or
        [batch, cell.output_size] with a projection, and the decoder's last state.

    Raises:
        ValueError: when the biases of `output_projection` have the wrong shape, and as
            in `attention_decoder`.
    """
    with vs.variable_scope(scope or "embedding_attention_seq2seq"):
        outputs, state = _encode(
            cell, encoder_inputs, num_encoder_symbols, embedding_size, dtype
        )
        attention_states = _as_states(outputs, cell.output_size)
        output_projection = projection_of_fed(
            output_projection, num_decoder_symbols, dtype, weights=False
        )
        output_size = None
        if output_projection is None:
            cell = rnn_cell.OutputProjectionWrapper(cell, num_decoder_symbols)
            output_size = num_decoder_symbols
        return _decode_either_way(
            feed_previous,
            lambda feed, update: embedding_attention_decoder(
                decoder_inputs,
                state,
                attention_states,
                cell,
                num_decoder_symbols,
                embedding_size,
                num_heads=num_heads,
                output_size=output_size,
                output_projection=output_projection,
                feed_previous=feed,
                update_embedding_for_previous=update,
                dtype=dtype,
                initial_state_attention=initial_state_attention,
            ),
        )


def _as_states(outputs: Sequence[Tensor], size: int) -> Tensor:
    """The outputs of an encoder as [batch, length, size]."""
    steps = array_ops.transpose(stack_steps(outputs), [1, 0, 2])
    return array_ops.reshape(steps, [-1, len(outputs), size])


def one2many_rnn_seq2seq(
    encoder_inputs,
    decoder_inputs_dict,
    cell,
    num_encoder_symbols,
    num_decoder_symbols_dict,
    embedding_size,
    feed_previous=False,
    dtype=dtypes.float32,
    scope=None,
):
    """From symbols to several sequences of symbols: one encoder, several decoders.

    Args:
        encoder_inputs: a list of tensors [batch] of symbols, int32 or int64.
        decoder_inputs_dict: for the name of each decoder, a list of T tensors [batch]
            of symbols.
        cell: an `RNNCell`, of the encoder and all decoders.
        num_encoder_symbols: how many symbols the encoder knows.
        num_decoder_symbols_dict: for each name, how many symbols that decoder knows.
        embedding_size: size of the vectors they become.
        feed_previous: as in `embedding_rnn_seq2seq`.
        dtype: type of the states and variables.
        scope: variable scope; default "one2many_rnn_seq2seq".

    Returns:
        (outputs, state): for each name a list of T tensors [batch, symbols of that
        decoder], and for each name the decoder's last state.
    """
    outputs, states = {}, {}
    with vs.variable_scope(scope or "one2many_rnn_seq2seq"):
        _, state = _encode(
            cell, encoder_inputs, num_encoder_symbols, embedding_size, dtype
        )
        for name, decoder_inputs in decoder_inputs_dict.items():
            with vs.variable_scope(f"one2many_decoder_{name}"):
                outputs[name], states[name] = _decode_one(
                    decoder_inputs,
                    state,
                    cell,
                    num_decoder_symbols_dict[name],
                    embedding_size,
                    feed_previous,
                )
    return outputs, states


def _decode_one(
    decoder_inputs, state, cell, num_symbols, embedding_size, feed_previous
):
    """The outputs and the last state of one of several decoders."""
    cell = rnn_cell.OutputProjectionWrapper(cell, num_symbols)
    return _decode_either_way(
        feed_previous,
        lambda feed, _: embedding_rnn_decoder(
            decoder_inputs,
            state,
            cell,
            num_symbols,
            embedding_size,
            feed_previous=feed,
        ),
    )
