"""`tf.nn.seq2seq` without attention: decoders, encoders with decoders, names."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from rnnkit import flat, measure
from seq2seqkit import (
    BATCH,
    SOURCE,
    TARGET,
    Symbols,
    cell_of,
    projection,
    run,
    state_of,
    vectors,
)

SIZE = 2


# -- vectors as inputs ----------------------------------------------------------


def decoder(make, steps=4, loop=None, **options):
    """`rnn_decoder` with cell `make`."""

    def case(tf, np):
        cell = cell_of(tf, make)
        inputs, state = vectors(tf, steps, 1), state_of(tf, cell)
        loop_function = loop and loop(tf)
        outputs, last = tf.nn.seq2seq.rnn_decoder(
            inputs, state, cell, loop_function, **options
        )
        return measure(tf, outputs, last, inputs + flat(state))

    return case


def halved(tf):
    """The next input from the first columns of an output."""
    return lambda prev, i: tf.tanh(prev[:, :SIZE]) * 0.5


def by_step(tf):
    """As `halved`, scaled by the number of the step."""
    return lambda prev, i: prev[:, :SIZE] * float(i)


def with_variable(tf):
    """A loop function that gets a variable: made beforehand, it is reused."""
    with tf.variable_scope("rnn_decoder/loop_function"):
        tf.get_variable("w", [3, SIZE])

    def loop_function(prev, _):
        return tf.matmul(prev, tf.get_variable("w", [3, SIZE]))

    return loop_function


case_decoder_basic = decoder("basic")
case_decoder_lstm = decoder("lstm")
case_decoder_lstm_concat = decoder("lstm_concat")
case_decoder_multi_concat = decoder("multi_concat")
case_decoder_one_step = decoder("gru", steps=1)
case_decoder_scope = decoder("gru", scope="lm")
case_decoder_loop = decoder("lstm", loop=halved)
case_decoder_loop_concat = decoder("lstm_concat", loop=halved)
case_decoder_loop_by_step = decoder("gru", steps=12, loop=by_step)
case_decoder_loop_variable = decoder("gru", loop=with_variable)


def case_decoder_empty(tf, np):
    cell = cell_of(tf, "gru")
    state = state_of(tf, cell)
    outputs, last = tf.nn.seq2seq.rnn_decoder([], state, cell)
    return {"outputs": len(outputs), "same": last is state}


def case_loop_scope_reuses(tf, np):
    """A loop function cannot make variables."""
    decoder("gru", loop=lambda tf: lambda prev, i: tf.get_variable("new", [3, 2]))(
        tf, np
    )


def both(function, make="lstm", **options):
    """A function of encoder and decoder inputs that are vectors."""

    def case(tf, np):
        source, target = vectors(tf, 3, 1), vectors(tf, 4, 2)
        outputs, state = getattr(tf.nn.seq2seq, function)(
            source, target, cell_of(tf, make), **options
        )
        return measure(tf, outputs, state, source + target)

    return case


case_basic = both("basic_rnn_seq2seq")
case_basic_concat = both("basic_rnn_seq2seq", "lstm_concat")
case_basic_scope = both("basic_rnn_seq2seq", "gru", scope="pair")
case_tied = both("tied_rnn_seq2seq")
case_tied_concat = both("tied_rnn_seq2seq", "multi_concat")
case_tied_scope = both("tied_rnn_seq2seq", "gru", scope="shared")


def case_tied_loop(tf, np):
    source, target = vectors(tf, 3, 1), vectors(tf, 4, 2)
    outputs, state = tf.nn.seq2seq.tied_rnn_seq2seq(
        source, target, cell_of(tf, "gru"), halved(tf)
    )
    return measure(tf, outputs, state, source + target[:1])


def case_basic_float64(tf, np):
    source = vectors(tf, 3, 1, dtype="float64")
    target = vectors(tf, 4, 2, dtype="float64")
    outputs, state = tf.nn.seq2seq.basic_rnn_seq2seq(
        source, target, cell_of(tf, "gru"), dtype=tf.float64
    )
    return measure(tf, outputs, state, source + target)


def case_basic_no_input(tf, np):
    tf.nn.seq2seq.basic_rnn_seq2seq([], vectors(tf, 2, 1), cell_of(tf, "gru"))


# -- symbols as inputs ----------------------------------------------------------


def embedding_decoder(make="lstm", projected=False, fed=True, scope=None, **options):
    """`embedding_rnn_decoder`; its first state is a constant."""

    def case(tf, np):
        symbols = Symbols(tf, decoder=5)
        cell = cell_of(tf, make)
        state = state_of(tf, cell)
        if projected:
            options["output_projection"] = projection(tf, cell.output_size)
        elif options.get("feed_previous"):
            cell = tf.nn.rnn_cell.OutputProjectionWrapper(cell, TARGET)
        outputs, last = tf.nn.seq2seq.embedding_rnn_decoder(
            symbols.decoder, state, cell, TARGET, 2, scope=scope, **options
        )
        if not fed:
            for unused in symbols.decoder[1:]:
                del symbols.feed[unused]
        return measure(tf, outputs, last, flat(state), symbols.feed)

    return case


case_embedding_decoder = embedding_decoder()
case_embedding_decoder_concat = embedding_decoder("multi_concat")
case_embedding_decoder_fed = embedding_decoder(feed_previous=True)
case_embedding_decoder_only_first = embedding_decoder(feed_previous=True, fed=False)
case_embedding_decoder_no_update = embedding_decoder(
    feed_previous=True, update_embedding_for_previous=False
)
case_embedding_decoder_projected_fed = embedding_decoder(
    projected=True, feed_previous=True
)


def symbols_to_symbols(function, make="lstm", projected=False, symbols=(), **options):
    """A function from symbols to symbols."""
    counts = (TARGET,) if "tied" in function else (SOURCE, TARGET)

    def case(tf, np):
        cell = cell_of(tf, make)
        if projected:
            options["output_projection"] = projection(tf, cell.output_size)

        def build(source, target, cell):
            if "tied" in function:
                source = [tf.minimum(x, TARGET - 1) for x in source]
            return getattr(tf.nn.seq2seq, function)(
                source, target, cell, *(counts + (2,)), **options
            )

        return run(tf, build, cell, **dict(symbols))

    return case


def network(*args, **options):
    """`embedding_rnn_seq2seq`."""
    return symbols_to_symbols("embedding_rnn_seq2seq", *args, **options)


def tied(*args, **options):
    """`embedding_tied_rnn_seq2seq`."""
    return symbols_to_symbols("embedding_tied_rnn_seq2seq", *args, **options)


case_network = network()
case_network_concat = network("lstm_concat")
case_network_known_batch = network("gru", symbols={"batch": BATCH})
case_network_int64 = network("gru", symbols={"dtype": "int64"})
case_network_one_step = network("gru", symbols={"encoder": 1, "decoder": 1})
case_network_scope = network("gru", scope="translate")
case_network_fed = network(feed_previous=True)
case_network_fed_concat = network("multi_concat", feed_previous=True)
case_network_projected = network(projected=True)
case_network_projected_fed = network(projected=True, feed_previous=True)
case_tied_symbols = tied()
case_tied_symbols_concat = tied("lstm_concat")
case_tied_symbols_fed = tied(feed_previous=True)
case_tied_symbols_projected_fed = tied("gru", projected=True, feed_previous=True)


def case_network_float64(tf, np):
    def build(source, target, cell):
        return tf.nn.seq2seq.embedding_rnn_seq2seq(
            source, target, cell, SOURCE, TARGET, 2, dtype=tf.float64
        )

    return run(tf, build, "gru")


def case_network_dropout(tf, np):
    """Every step of encoder and decoder draws the same numbers from a seed."""
    cell = tf.nn.rnn_cell.DropoutWrapper(
        tf.nn.rnn_cell.GRUCell(6), output_keep_prob=0.5, seed=4
    )

    def build(source, target, cell):
        return tf.nn.seq2seq.embedding_rnn_seq2seq(
            source, target, cell, SOURCE, TARGET, 2
        )

    return run(tf, build, cell)


def case_network_initializer(tf, np):
    """The initializer of the scope makes all variables but the biases."""
    symbols = Symbols(tf)
    start = tf.constant_initializer(0.25)
    with tf.variable_scope("model", initializer=start):
        tf.nn.seq2seq.embedding_rnn_seq2seq(
            symbols.encoder, symbols.decoder, cell_of(tf, "gru"), SOURCE, TARGET, 2
        )
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {"variables": sess.run(tf.all_variables())}


def case_network_twice(tf, np):
    """With the same variables, once for training and once to feed itself."""
    symbols = Symbols(tf)

    def build(feed_previous):
        return tf.nn.seq2seq.embedding_rnn_seq2seq(
            symbols.encoder,
            symbols.decoder,
            cell_of(tf, "lstm"),
            SOURCE,
            TARGET,
            2,
            feed_previous=feed_previous,
        )

    with tf.variable_scope("model") as scope:
        trained, state = build(False)
        scope.reuse_variables()
        fed, fed_state = build(True)
    return measure(tf, trained + fed, [state, fed_state], (), symbols.feed)


def case_network_without_reuse(tf, np):
    for _ in range(2):
        case_network(tf, np)


def one2many(make="lstm", **options):
    """One encoder, two decoders."""

    def case(tf, np):
        symbols = Symbols(tf)
        more = symbols.steps(2, 3, 13)
        outputs, states = tf.nn.seq2seq.one2many_rnn_seq2seq(
            symbols.encoder,
            {"a": symbols.decoder, "b": more},
            cell_of(tf, make),
            SOURCE,
            {"a": TARGET, "b": 3},
            2,
            **options,
        )
        keys = sorted(outputs) + sorted(states)
        outputs = outputs["a"] + outputs["b"]
        got = measure(tf, outputs, [states["a"], states["b"]], (), symbols.feed)
        got["keys"] = np.array(keys)
        return got

    return case


case_one2many = one2many()
case_one2many_concat = one2many("lstm_concat", scope="many")
case_one2many_fed = one2many("gru", feed_previous=True)


def case_gradients_are_sparse(tf, np):
    """The gradients of embeddings: rows, whichever steps they come from."""
    symbols = Symbols(tf)
    outputs, _ = tf.nn.seq2seq.embedding_rnn_seq2seq(
        symbols.encoder, symbols.decoder, cell_of(tf, "gru"), SOURCE, TARGET, 2
    )
    variables = [v for v in tf.trainable_variables() if "embedding:0" in v.name]
    grads = tf.gradients(outputs, variables)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        rows = sess.run([tf.size(g.indices) for g in grads], symbols.feed)
    return {"types": np.array([type(g).__name__ for g in grads]), "rows": rows}


def extracted(update=True, projected=False):
    """`_extract_argmax_and_embed` called as a loop function."""

    def case(tf, np):
        embedding = tf.get_variable("embedding", [TARGET, 2])
        matrices = projection(tf, 3) if projected else None
        loop_function = tf.nn.seq2seq._extract_argmax_and_embed(
            embedding, matrices, update
        )
        prev = vectors(tf, 1, 5, 3 if projected else TARGET)[0]
        got = loop_function(prev, 1)
        return measure(tf, [got], [prev * 1.0], [prev])

    return case


case_extracted = extracted()
case_extracted_no_update = extracted(update=False)
case_extracted_projected = extracted(projected=True)


def case_extracted_in_decoder(tf, np):
    """A program's own decoder, as character models write it."""
    cell = tf.nn.rnn_cell.OutputProjectionWrapper(cell_of(tf, "lstm_concat"), TARGET)
    embedding = tf.get_variable("embedding", [TARGET, 2])
    state = state_of(tf, cell)
    inputs = tf.nn.embedding_lookup(embedding, [[1, 0], [3, 2], [0, 1]])
    inputs = [tf.squeeze(x, [1]) for x in tf.split(1, 2, inputs)] * 3
    outputs, last = tf.nn.seq2seq.rnn_decoder(
        inputs, state, cell, tf.nn.seq2seq._extract_argmax_and_embed(embedding)
    )
    return measure(tf, outputs, last, [state])


# -- bad input ------------------------------------------------------------------


def wrong_projection(function, weights, biases):
    """An `output_projection` that does not fit."""

    def case(tf, np):
        symbols = Symbols(tf)
        matrices = tf.zeros(weights), tf.zeros(biases)
        cell = cell_of(tf, "gru")
        if function == "embedding_rnn_decoder":
            args = [symbols.decoder, cell.zero_state(BATCH, tf.float32), cell, TARGET]
        else:
            counts = [TARGET] if "tied" in function else [SOURCE, TARGET]
            args = [symbols.encoder, symbols.decoder, cell] + counts
        getattr(tf.nn.seq2seq, function)(*(args + [2]), output_projection=matrices)

    return case


case_wrong_weights = wrong_projection("embedding_rnn_decoder", [3, 7], [TARGET])
case_wrong_biases = wrong_projection("embedding_rnn_decoder", [3, TARGET], [7])
case_wrong_rank = wrong_projection("embedding_rnn_decoder", [TARGET], [TARGET])
case_wrong_weights_network = wrong_projection("embedding_rnn_seq2seq", [3, 7], [TARGET])
case_wrong_weights_tied = wrong_projection(
    "embedding_tied_rnn_seq2seq", [3, 7], [TARGET]
)
case_wrong_biases_tied = wrong_projection(
    "embedding_tied_rnn_seq2seq", [3, TARGET], [7]
)


def case_linear(tf, np):
    """`linear`, as programs took it from this module."""
    parts = vectors(tf, 2, 3)
    made = tf.nn.seq2seq.linear(parts, 3, True, 0.5, scope="mix")
    return measure(tf, [made], [], parts)
