"""`tf.nn.seq2seq` with attention: the decoders and the whole network."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from rnnkit import data, flat, measure
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

LENGTH, SIZE = 5, 4


def states(tf, dtype="float32"):
    """What is attended to."""
    return tf.constant(data(BATCH, LENGTH, SIZE, seed=31, dtype=dtype))


# -- vectors as inputs ----------------------------------------------------------


def decoder(make="gru", steps=4, loop=None, known=True, **options):
    """`attention_decoder`, differentiated by inputs, states and variables."""

    def case(tf, np):
        cell = cell_of(tf, make)
        inputs, start, attended = vectors(tf, steps, 1), state_of(tf, cell), states(tf)
        feed = None
        if not known:
            value = data(BATCH, LENGTH, SIZE, seed=31)
            attended = tf.placeholder(tf.float32, [None, None, SIZE])
            feed = {attended: value}
        outputs, last = tf.nn.seq2seq.attention_decoder(
            inputs, start, attended, cell, loop_function=loop and loop(tf), **options
        )
        return measure(tf, outputs, last, inputs + flat(start) + [attended], feed)

    return case


def halved(tf):
    """The next input from the first columns of an output."""
    return lambda prev, i: tf.tanh(prev[:, :2]) * 0.5


def by_step(tf):
    """As `halved`, scaled by the number of the step."""
    return lambda prev, i: prev[:, :2] / float(i)


case_decoder_lstm = decoder("lstm")
case_decoder_lstm_concat = decoder("lstm_concat")
case_decoder_multi_concat = decoder("multi_concat")
case_decoder_two_heads = decoder("lstm", num_heads=2)
case_decoder_output_size = decoder(output_size=6)
case_decoder_one_step = decoder(steps=1)
case_decoder_scope = decoder(scope="words")
case_decoder_first = decoder(initial_state_attention=True)
case_decoder_first_lstm = decoder("lstm", initial_state_attention=True, num_heads=2)
case_decoder_first_loop = decoder(initial_state_attention=True, loop=halved)
case_decoder_loop = decoder("lstm", loop=halved)
case_decoder_loop_by_step = decoder(steps=12, loop=by_step)
case_decoder_unknown_length = decoder("lstm", known=False, num_heads=2)


def case_decoder_reused(tf, np):
    """Twice in one scope: the second time with the same variables."""
    cell, attended = cell_of(tf, "lstm"), states(tf)
    inputs = vectors(tf, 3, 1)
    outputs, state = [], state_of(tf, cell)
    for i in range(2):
        with tf.variable_scope("both", reuse=i > 0 or None):
            made, state = tf.nn.seq2seq.attention_decoder(
                inputs, state, attended, cell, num_heads=2
            )
        outputs += made
    return measure(tf, outputs, state, inputs + [attended])


# -- symbols as inputs ----------------------------------------------------------


def embedding_decoder(make="lstm", projected=False, fed=True, **options):
    """`embedding_attention_decoder`."""

    def case(tf, np):
        symbols = Symbols(tf, decoder=5)
        cell = cell_of(tf, make)
        start, attended = state_of(tf, cell), states(tf)
        if projected:
            options["output_projection"] = projection(tf, cell.output_size)
        outputs, last = tf.nn.seq2seq.embedding_attention_decoder(
            symbols.decoder, start, attended, cell, TARGET, 2, **options
        )
        if not fed:
            for unused in symbols.decoder[1:]:
                del symbols.feed[unused]
        return measure(tf, outputs, last, flat(start) + [attended], symbols.feed)

    return case


case_embedding = embedding_decoder(output_size=TARGET)
case_embedding_fed = embedding_decoder(output_size=TARGET, feed_previous=True)
case_embedding_only_first = embedding_decoder(
    "lstm_concat", output_size=TARGET, feed_previous=True, fed=False
)
case_embedding_no_update = embedding_decoder(
    output_size=TARGET, feed_previous=True, update_embedding_for_previous=False
)
case_embedding_heads_first = embedding_decoder(
    "gru",
    output_size=TARGET,
    num_heads=2,
    initial_state_attention=True,
    feed_previous=True,
)
case_embedding_projected_fed = embedding_decoder(projected=True, feed_previous=True)


def network(make="lstm", projected=False, symbols=(), **options):
    """`embedding_attention_seq2seq`."""

    def case(tf, np):
        cell = cell_of(tf, make)
        if projected:
            options["output_projection"] = projection(tf, cell.output_size)

        def build(source, target, cell):
            return tf.nn.seq2seq.embedding_attention_seq2seq(
                source, target, cell, SOURCE, TARGET, 2, **options
            )

        return run(tf, build, cell, **dict(symbols))

    return case


case_network = network()
case_network_concat = network("lstm_concat")
case_network_multi_concat = network("multi_concat")
case_network_one_step = network("gru", symbols={"encoder": 1, "decoder": 1})
case_network_heads = network(num_heads=2)
case_network_first = network(initial_state_attention=True)
case_network_fed = network(feed_previous=True)
case_network_fed_concat = network("multi_concat", feed_previous=True, num_heads=2)
case_network_fed_first = network(
    feed_previous=True, initial_state_attention=True, symbols={"feed_all": False}
)
case_network_projected = network(projected=True)
case_network_projected_fed = network(projected=True, feed_previous=True)


def case_network_trained(tf, np):
    """Ten steps of training, then decoding with the same variables."""
    symbols = Symbols(tf)
    targets = symbols.decoder[1:] + symbols.steps(1, TARGET, 14)

    def build(feed_previous):
        outputs, _ = tf.nn.seq2seq.embedding_attention_seq2seq(
            symbols.encoder,
            symbols.decoder,
            cell_of(tf, "lstm"),
            SOURCE,
            TARGET,
            2,
            feed_previous=feed_previous,
        )
        return outputs

    with tf.variable_scope("model") as scope:
        trained = build(False)
        scope.reuse_variables()
        fed = build(True)
    ones = [tf.ones([BATCH]) for _ in targets]
    loss = tf.nn.seq2seq.sequence_loss(trained, targets, ones)
    variables = tf.trainable_variables()
    grads, norm = tf.clip_by_global_norm(tf.gradients(loss, variables), 1.0)
    pairs = [(grads[i], v) for i, v in enumerate(variables)]
    step = tf.train.GradientDescentOptimizer(0.5).apply_gradients(pairs)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        rng = np.random.RandomState(7)
        for v in variables:
            value = rng.uniform(-0.6, 0.6, v.get_shape().as_list())
            sess.run(v.assign(value.astype(np.float32)))
        losses = []
        for _ in range(10):
            losses.append(sess.run([loss, norm], symbols.feed))
            sess.run(step, symbols.feed)
        return {
            "losses": np.array(losses),
            "variables": sess.run(variables),
            "fed": sess.run(fed, symbols.feed),
        }


case_network_trained.tol = (1e-4, 1e-5)


def case_gradients_are_sparse(tf, np):
    """The gradients of embeddings: rows, whichever steps they come from."""
    symbols = Symbols(tf)
    outputs, _ = tf.nn.seq2seq.embedding_attention_seq2seq(
        symbols.encoder, symbols.decoder, cell_of(tf, "gru"), SOURCE, TARGET, 2
    )
    variables = [v for v in tf.trainable_variables() if "embedding:0" in v.name]
    grads = tf.gradients(outputs, variables)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        rows = sess.run([tf.size(g.indices) for g in grads], symbols.feed)
    return {"types": np.array([type(g).__name__ for g in grads]), "rows": rows}


# -- bad input ------------------------------------------------------------------


def refused(steps=2, attended=(BATCH, LENGTH, SIZE), inputs=None, **options):
    """A call of `attention_decoder` that raises."""

    def case(tf, np):
        cell = cell_of(tf, "gru")
        given = vectors(tf, steps, 1)
        if inputs is not None:
            given = [tf.placeholder(tf.float32, inputs)] * steps
        tf.nn.seq2seq.attention_decoder(
            given,
            cell.zero_state(BATCH, tf.float32),
            tf.placeholder(tf.float32, attended),
            cell,
            **options,
        )

    return case


case_no_input = refused(steps=0)
case_no_head = refused(num_heads=0)
case_unknown_size = refused(attended=(BATCH, LENGTH, None))
case_unknown_rank = refused(attended=None)
case_unknown_input = refused(inputs=[BATCH, None])
case_input_of_rank_one = refused(inputs=[BATCH])


def case_wrong_biases(tf, np):
    symbols = Symbols(tf)
    tf.nn.seq2seq.embedding_attention_seq2seq(
        symbols.encoder,
        symbols.decoder,
        cell_of(tf, "gru"),
        SOURCE,
        TARGET,
        2,
        output_projection=(tf.zeros([3, TARGET]), tf.zeros([7])),
    )


def case_wrong_weights_are_not_seen(tf, np):
    """Unlike the decoders without attention, these look at the biases alone."""
    symbols = Symbols(tf)
    outputs, _ = tf.nn.seq2seq.embedding_attention_seq2seq(
        symbols.encoder,
        symbols.decoder,
        cell_of(tf, "gru"),
        SOURCE,
        TARGET,
        2,
        output_projection=(tf.zeros([3, 7]), tf.zeros([TARGET])),
    )
    return {"shape": np.array(str(outputs[0].get_shape()))}
