"""The decoders of `tf.nn.seq2seq`: from a state and inputs to outputs, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfstyle.framework import dtypes, ops
from tfstyle.framework.tensor import Tensor
from tfstyle.ops import array_ops, embedding_ops, math_ops, nn_ops
from tfstyle.ops import variable_scope as vs
from tfstyle.ops.constant_op import constant
from tfstyle.ops.rnn_cell import linear
from tfstyle.ops.rnn_loop import StepType, run_cell, stack_steps
from tfstyle.ops.step_lists import embed_steps
from tfstyle.ops.table_rows import rows_in_loop, set_looked_up
from tfstyle.util import nest

__all__ = [
    "attention_decoder",
    "embedding_attention_decoder",
    "embedding_rnn_decoder",
    "linear",
    "rnn_decoder",
]

_Step = Callable[[Any, Any], tuple[Tensor, Any]]


def _cut_off(values: Sequence[Any]) -> list[Tensor]:
    return [array_ops.stop_gradient(ops.convert_to_tensor(v)) for v in values]


class _FeedPrevious:
    """A `loop_function` that feeds the symbol of the largest output.

    It is the same function at every step, so that a decoder can record it once.
    """

    def __init__(self, embedding: Any, output_projection: Any, update: bool) -> None:
        # A loop counts as a use of all that enters it: what no gradient is to reach is
        # cut off outside.
        if output_projection is not None:
            output_projection = _cut_off(output_projection)
        tables = embedding_ops._partitions(embedding)
        self._tables = tables if update else _cut_off(tables)
        self._has_rows = update and len(tables) == 1
        self._output_projection = output_projection

    def __call__(self, prev: Any, _: Any) -> Tensor:
        return embedding_ops.embedding_lookup(self._tables, self._symbol(prev))

    def _symbol(self, prev: Any) -> Tensor:
        if self._output_projection is not None:
            prev = nn_ops.xw_plus_b(prev, *self._output_projection)
        return math_ops.argmax(prev, 1)

    def run(
        self, step: _Step, output: Tensor, state: Any, times: int
    ) -> tuple[list[Tensor], Any]:
        """Feeds `output` to a step, and what this puts out to the next: one loop.

        Returns:
            The outputs of as many steps as `times`, and the last state.
        """
        rows = rows_in_loop(self._tables[0], times, output) if self._has_rows else None
        if rows is None:
            tables = self._tables
            sequence = constant(np.arange(1, times + 1), dtypes.int32, name="time")
        else:
            tables, sequence = _cut_off(self._tables), rows

        def fed_back(row: Any, before: Any) -> tuple[Any, Any]:
            previous, own = before
            with vs.variable_scope("loop_function", reuse=True):
                symbol = self._symbol(previous)
                given = embedding_ops.embedding_lookup(tables, symbol)
                if rows is not None:
                    given = math_ops.add(given, row)
            output, own = step(given, own)
            return (output, symbol), (output, own)

        like = StepType(sequence.dtype, sequence.get_shape()[1:])
        result = run_cell(
            fed_back, like, [sequence], (output, state), None, unrolled=True
        )
        outputs, symbols = result.outputs
        if rows is not None:
            set_looked_up(rows, symbols)
        return array_ops.unpack(outputs, times), result.state[1]


def _extract_argmax_and_embed(embedding, output_projection=None, update_embedding=True):
    """A `loop_function` that feeds the embedding of the largest output.

    Args:
        embedding: [num_symbols, embedding_size], or a list of its partitions.
        output_projection: None, or (weights, biases): what turns an output into one
            number per symbol.
        update_embedding: whether gradients reach `embedding`.

    Returns:
        A function of an output [batch, size] and of the number of the step, which it
        does not look at. No gradient reaches the output.
    """
    return _FeedPrevious(embedding, output_projection, update_embedding)


# -- running the steps ----------------------------------------------------------


def _run_steps(
    step: _Step, inputs: Sequence[Any], state: Any, loop_function: Any
) -> tuple[list[Tensor], Any]:
    """The outputs of all steps, and the last state.

    Without a `loop_function`, and with one that is the same at every step, the steps
    are one `Scan`. A program's own may look at the number of the step: it is called
    for each.

    Args:
        step: a function of an input and a state to an output and a new state.
        inputs: the input of each step, at least one.
        state: before the first step; a sequence, possibly nested.
        loop_function: None, or a function of an output and of the number of the next
            step to the input of that step.
    """
    if loop_function is None:
        inputs = ops.convert_n_to_tensor(inputs, name="inputs")
        return _scan(step, stack_steps(inputs), inputs[0], state)
    output, state = step(inputs[0], state)
    outputs = [output]
    if len(inputs) == 1:
        return outputs, state
    vs.get_variable_scope().reuse_variables()
    if isinstance(loop_function, _FeedPrevious):
        rest, state = loop_function.run(step, output, state, len(inputs) - 1)
        return [*outputs, *rest], state
    for i in range(1, len(inputs)):
        with vs.variable_scope("loop_function", reuse=True):
            given = loop_function(output, i)
        output, state = step(given, state)
        outputs.append(output)
    return outputs, state


def _scan(
    step: _Step, sequence: Tensor, first: Tensor, state: Any
) -> tuple[list[Tensor], Any]:
    """The steps as one loop over the rows of `sequence`, which are like `first`."""
    result = run_cell(step, first, [sequence], state, None, unrolled=True)
    return array_ops.unpack(result.outputs, sequence.get_shape()[0].value), result.state


def rnn_decoder(decoder_inputs, initial_state, cell, loop_function=None, scope=None):
    """Runs `cell` over inputs, or over what it put out itself.

    Args:
        decoder_inputs: a list of T tensors [batch, input_size].
        initial_state: the state before the first step, [batch, cell.state_size] or a
            tuple of such.
        cell: an `RNNCell`.
        loop_function: None: the inputs are `decoder_inputs`. Otherwise only the first
            is, and `loop_function(output, i)` is the input of step i; its variables
            must exist.
        scope: variable scope; default "rnn_decoder".

    Returns:
        (outputs, state): a list of T tensors [batch, cell.output_size], and the state
        after the last step.

    Differs from TF: without a `loop_function` the operations of the cell exist once,
    not T times, and cannot be fetched.
    """
    with vs.variable_scope(scope or "rnn_decoder"):
        decoder_inputs = list(decoder_inputs)
        if not decoder_inputs:
            return [], initial_state

        def step(given, state):
            output, new_state = cell(given, state[0])
            return output, (new_state,)

        outputs, (state,) = _run_steps(
            step, decoder_inputs, (initial_state,), loop_function
        )
        return outputs, state


# -- attention ------------------------------------------------------------------


class _Attention:
    """Reads of the attention states: one weighted sum of them per head.

    The weight of state h for a query q is a softmax over the states of
    `v . tanh(W h + U q + b)`. Bahdanau et al. 2014, https://arxiv.org/abs/1409.0473,
    as in Vinyals et al. 2014, https://arxiv.org/abs/1412.7449.
    """

    def __init__(self, states: Tensor, num_heads: int, dtype: Any) -> None:
        """Makes the variables of the states: AttnW and AttnV for each head."""
        self._states = states
        self._dtype = dtype
        self._size: Any = states.get_shape()[2].value
        self._made = False
        length: Any = states.get_shape()[1].value
        if length is None:
            length = array_ops.shape(states)[1]
        flat = array_ops.reshape(states, [-1, self._size])
        self._heads = []
        for head in range(num_heads):
            # A convolution of size 1 in TensorFlow, hence the shape.
            matrix = vs.get_variable(
                f"AttnW_{head}", [1, 1, self._size, self._size], dtype=dtype
            )
            matrix = array_ops.reshape(matrix, [self._size, self._size])
            features = array_ops.reshape(
                math_ops.matmul(flat, matrix), array_ops.pack([-1, length, self._size])
            )
            features.set_shape([None, states.get_shape()[1].value, self._size])
            vector = vs.get_variable(f"AttnV_{head}", [self._size], dtype=dtype)
            self._heads.append((features, vector))

    def nothing(self, batch: Tensor) -> tuple[Tensor, ...]:
        """What was read before anything was, zeros [batch, size] for each head."""
        shape = array_ops.pack([batch, self._size])
        reads = [array_ops.zeros(shape, self._dtype) for _ in self._heads]
        for read in reads:
            read.set_shape([None, self._size])
        return tuple(reads)

    def __call__(self, query: Any) -> tuple[Tensor, ...]:
        """What each head reads, [batch, size]; `query` is the state of a cell."""
        if nest.is_sequence(query):
            parts = nest.flatten(query)
            for part in parts:
                part.get_shape().with_rank(2)
            query = array_ops.concat(1, parts)
        reads = []
        for head, (features, vector) in enumerate(self._heads):
            with vs.variable_scope(f"Attention_{head}", reuse=self._made or None):
                asked = array_ops.expand_dims(linear(query, self._size, True), 1)
                match = math_ops.reduce_sum(
                    vector * math_ops.tanh(features + asked), [2]
                )
                weights = array_ops.expand_dims(nn_ops.softmax(match), 2)
                read = math_ops.reduce_sum(weights * self._states, [1])
                reads.append(array_ops.reshape(read, [-1, self._size]))
        self._made = True
        return tuple(reads)


def attention_decoder(
    decoder_inputs,
    initial_state,
    attention_states,
    cell,
    output_size=None,
    num_heads=1,
    loop_function=None,
    dtype=dtypes.float32,
    scope=None,
    initial_state_attention=False,
):
    """Runs `cell` with attention to the states of an encoder.

    At each step the cell gets a linear map of the input and of what was read from the
    states at the step before; its new state is the query of the next reading, and the
    output is a linear map of the cell's output and of what was read.

    Args:
        decoder_inputs: a list of T tensors [batch, input_size].
        initial_state: the state before the first step, [batch, cell.state_size] or a
            tuple of such.
        attention_states: [batch, length, size]: what is attended to.
        cell: an `RNNCell`.
        output_size: size of the outputs; default: `cell.output_size`.
        num_heads: how many readings there are in a step.
        loop_function: None: the inputs are `decoder_inputs`. Otherwise only the first
            is, and `loop_function(output, i)` is the input of step i; its variables
            must exist.
        dtype: type of the variables of the attention, and of what is read before the
            first step.
        scope: variable scope; default "attention_decoder".
        initial_state_attention: whether the first step, too, gets what is read, with
            the initial state as the query; otherwise it gets zeros.

    Returns:
        (outputs, state): a list of T tensors [batch, output_size], and the cell's state
        after the last step.

    Raises:
        ValueError: when there is no input or no head, or the size of the states or of
            an input is not known.

    Differs from TF: without a `loop_function` the operations of a step exist once, not
    T times, and cannot be fetched. The length of the states need not be known.
    """
    if not decoder_inputs:
        raise ValueError("Must provide at least 1 input to attention decoder.")
    if num_heads < 1:
        raise ValueError("With less than 1 heads, use a non-attention decoder.")
    attention_states = ops.convert_to_tensor(attention_states, name="attention_states")
    shape = attention_states.get_shape()
    if shape.ndims != 3 or shape[2].value is None:
        raise ValueError(f"Shape[2] of attention_states must be known: {shape}")
    if output_size is None:
        output_size = cell.output_size
    with vs.variable_scope(scope or "attention_decoder"):
        attention = _Attention(attention_states, num_heads, dtype)
        if initial_state_attention:
            reads = attention(initial_state)
        else:
            reads = attention.nothing(array_ops.shape(decoder_inputs[0])[0])

        def step(given, before):
            state, reads = before
            mixed = linear([given, *reads], _input_size(given), True)
            output, state = cell(mixed, state)
            reads = attention(state)
            with vs.variable_scope("AttnOutputProjection"):
                output = linear([output, *reads], output_size, True)
            return output, (state, reads)

        outputs, (state, _) = _run_steps(
            step, decoder_inputs, (initial_state, reads), loop_function
        )
        return outputs, state


def _input_size(given: Tensor) -> int:
    size = given.get_shape().with_rank(2)[1].value
    if size is None:
        raise ValueError(f"Could not infer input size from input: {given.name}")
    return size


# -- symbols as inputs ----------------------------------------------------------


def projection_of_fed(output_projection, num_symbols, dtype, weights=True):
    """An output projection for choosing the symbol that is fed.

    Choosing passes no gradient on, so it is cut off here, before any loop or branch:
    these count as a use of all that enters them.

    Args:
        output_projection: None, or (weights, biases).
        num_symbols: how many symbols there are.
        dtype: their type.
        weights: whether to look at the shape of the weights, too.

    Returns:
        None, or a pair of tensors.

    Raises:
        ValueError: when a shape does not fit.
    """
    if output_projection is None:
        return None
    matrix, biases = _cut_off(
        [ops.convert_to_tensor(t, dtype=dtype) for t in output_projection]
    )
    if weights:
        matrix.get_shape().assert_is_compatible_with([None, num_symbols])
    biases.get_shape().assert_is_compatible_with([num_symbols])
    return matrix, biases


def embed_inputs(
    embedding: Any, symbols: Sequence[Any], feed_previous: bool
) -> Sequence[Any]:
    """The inputs of a decoder; where it feeds itself, only the first one is looked at.

    The others then need not be fed.
    """
    symbols = list(symbols)
    if not feed_previous or len(symbols) < 2:
        return embed_steps(embedding, symbols)
    first = embedding_ops.embedding_lookup(embedding, symbols[0])
    return [first, *symbols[1:]]


def embedding_rnn_decoder(
    decoder_inputs,
    initial_state,
    cell,
    num_symbols,
    embedding_size,
    output_projection=None,
    feed_previous=False,
    update_embedding_for_previous=True,
    scope=None,
):
    """`rnn_decoder` whose inputs are symbols, looked up in an embedding.

    Args:
        decoder_inputs: a list of T tensors [batch] of symbols, int32 or int64.
        initial_state: the state before the first step, [batch, cell.state_size] or a
            tuple of such; the embedding has its type.
        cell: an `RNNCell`.
        num_symbols: how many symbols there are.
        embedding_size: size of the vectors they become.
        output_projection: None: `cell` puts out one number per symbol. Otherwise
            (weights [size, num_symbols], biases [num_symbols]) give these numbers, for
            choosing the symbol that is fed; the outputs are those of `cell`.
        feed_previous: True: only the first of `decoder_inputs` is used; after it, each
            input is the symbol of the largest output of the step before.
        update_embedding_for_previous: whether gradients reach the embedding from the
            symbols that `feed_previous` feeds; False: only from the first one.
        scope: variable scope; default "embedding_rnn_decoder".

    Returns:
        (outputs, state): a list of T tensors [batch, cell.output_size], and the state
        after the last step.

    Raises:
        ValueError: when `output_projection` has the wrong shape.
    """
    dtype = ops.convert_to_tensor(nest.flatten(initial_state)[0]).dtype.base_dtype
    output_projection = projection_of_fed(output_projection, num_symbols, dtype)
    with vs.variable_scope(scope or "embedding_rnn_decoder"):
        embedding = vs.get_variable(
            "embedding", [num_symbols, embedding_size], dtype=dtype
        )
        loop_function = None
        if feed_previous:
            loop_function = _extract_argmax_and_embed(
                embedding, output_projection, update_embedding_for_previous
            )
        inputs = embed_inputs(embedding, decoder_inputs, feed_previous)
        return rnn_decoder(inputs, initial_state, cell, loop_function)


def embedding_attention_decoder(
    decoder_inputs,
    initial_state,
    attention_states,
    cell,
    num_symbols,
    embedding_size,
    num_heads=1,
    output_size=None,
    output_projection=None,
    feed_previous=False,
    update_embedding_for_previous=True,
    dtype=dtypes.float32,
    scope=None,
    initial_state_attention=False,
):
    """`attention_decoder` whose inputs are symbols, looked up in an embedding.

    Args:
        decoder_inputs: a list of T tensors [batch] of symbols, int32 or int64.
        initial_state: the state before the first step, [batch, cell.state_size] or a
            tuple of such.
        attention_states: [batch, length, size]: what is attended to.
        cell: an `RNNCell`.
        num_symbols: how many symbols there are.
        embedding_size: size of the vectors they become.
        num_heads: how many readings of `attention_states` there are in a step.
        output_size: size of the outputs; default: `cell.output_size`.
        output_projection: None: the outputs are one number per symbol. Otherwise
            (weights [output_size, num_symbols], biases [num_symbols]) give these
            numbers, for choosing the symbol that is fed.
        feed_previous: True: only the first of `decoder_inputs` is used; after it, each
            input is the symbol of the largest output of the step before.
        update_embedding_for_previous: whether gradients reach the embedding from the
            symbols that `feed_previous` feeds; False: only from the first one.
        dtype: type of the embedding and of the variables of the attention.
        scope: variable scope; default "embedding_attention_decoder".
        initial_state_attention: as in `attention_decoder`.

    Returns:
        (outputs, state): a list of T tensors [batch, output_size], and the cell's state
        after the last step.

    Raises:
        ValueError: when the biases of `output_projection` have the wrong shape, and as
            in `attention_decoder`.
    """
    output_projection = projection_of_fed(
        output_projection, num_symbols, dtype, weights=False
    )
    with vs.variable_scope(scope or "embedding_attention_decoder"):
        embedding = vs.get_variable(
            "embedding", [num_symbols, embedding_size], dtype=dtype
        )
        loop_function = None
        if feed_previous:
            loop_function = _extract_argmax_and_embed(
                embedding, output_projection, update_embedding_for_previous
            )
        return attention_decoder(
            embed_inputs(embedding, decoder_inputs, feed_previous),
            initial_state,
            attention_states,
            cell,
            output_size=output_size,
            num_heads=num_heads,
            loop_function=loop_function,
            dtype=dtype,
            initial_state_attention=initial_state_attention,
        )
