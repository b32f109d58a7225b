"""`tf.nn.seq2seq` with `feed_previous` as a Tensor, decided in each run."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from rnnkit import fill, flat, names
from seq2seqkit import SOURCE, TARGET, Symbols, cell_of, projection

SEQ = "embedding_rnn_seq2seq"
TIED = "embedding_tied_rnn_seq2seq"
ATTENTION = "embedding_attention_seq2seq"


def decided(tf, outputs, state, feed, switch):
    """Values and gradients of a network, feeding itself and not."""
    tensors = flat(outputs) + flat(state)
    terms = [
        tf.reduce_sum(tf.sin(t + 0.3 * (i + 1)) * (1.0 + 0.5 * i))
        for i, t in enumerate(tensors)
    ]
    found = tf.gradients(terms, tf.trainable_variables())
    grads = [tf.convert_to_tensor(g) for g in found if g is not None]
    got = {
        "variables": names(tf.all_variables()),
        "unconnected": [int(g is None) for g in found],
        "counts": [len(flat(outputs)), len(flat(state))],
        "state": np.array(type(state).__name__),
        "shapes": np.array([str(t.get_shape()) for t in tensors]),
    }
    with tf.Session() as sess:
        fill(tf, sess)
        for value in (False, True):
            feed[switch] = value
            got[f"values_{value}"], got[f"grads_{value}"] = sess.run(
                [tensors, grads], feed
            )
    return got


def network(function, make="lstm", projected=False, symbols=(), **options):
    """A network whose decoder feeds itself when a placeholder says so."""

    def case(tf, np):
        made = Symbols(tf, **dict(symbols))
        switch = tf.placeholder(tf.bool, [])
        cell = cell_of(tf, make)
        if projected:
            options["output_projection"] = projection(tf, cell.output_size)
        source, counts = made.encoder, [SOURCE, TARGET]
        if function == TIED:
            source, counts = [tf.minimum(x, TARGET - 1) for x in source], [TARGET]
        outputs, state = getattr(tf.nn.seq2seq, function)(
            *([source, made.decoder, cell] + counts + [2]),
            feed_previous=switch,
            **options,
        )
        return decided(tf, outputs, state, made.feed, switch)

    return case


case_network = network(SEQ)
case_network_concat = network(SEQ, "lstm_concat")
case_network_projected = network(SEQ, "gru", projected=True)
case_network_one_step = network(SEQ, "gru", symbols={"encoder": 1, "decoder": 1})
case_tied = network(TIED)
case_tied_projected = network(TIED, "gru", projected=True)
case_attention = network(ATTENTION)
case_attention_concat = network(ATTENTION, "multi_concat")
case_attention_first = network(ATTENTION, "gru", initial_state_attention=True)
case_attention_projected = network(ATTENTION, projected=True)
case_attention_long = network(ATTENTION, "gru", symbols={"encoder": 10, "decoder": 11})


def case_one2many(tf, np):
    symbols = Symbols(tf)
    switch = tf.placeholder(tf.bool, [])
    outputs, states = tf.nn.seq2seq.one2many_rnn_seq2seq(
        symbols.encoder,
        {"a": symbols.decoder, "b": symbols.steps(2, 3, 13)},
        cell_of(tf, "lstm"),
        SOURCE,
        {"a": TARGET, "b": 3},
        2,
        feed_previous=switch,
    )
    outputs = outputs["a"] + outputs["b"]
    return decided(tf, outputs, [states["a"], states["b"]], symbols.feed, switch)


def case_constant(tf, np):
    """A Tensor that is known: both decoders are there, one is used."""
    symbols = Symbols(tf)
    outputs, _ = tf.nn.seq2seq.embedding_rnn_seq2seq(
        symbols.encoder,
        symbols.decoder,
        cell_of(tf, "gru"),
        SOURCE,
        TARGET,
        2,
        feed_previous=tf.constant(True),
    )
    with tf.Session() as sess:
        fill(tf, sess)
        return {"outputs": sess.run(outputs, symbols.feed)}


def case_from_the_data(tf, np):
    """What decides is computed in the run."""
    symbols = Symbols(tf)
    outputs, state = tf.nn.seq2seq.embedding_attention_seq2seq(
        symbols.encoder,
        symbols.decoder,
        cell_of(tf, "gru"),
        SOURCE,
        TARGET,
        2,
        feed_previous=tf.greater(tf.reduce_sum(symbols.encoder[0]), 100),
    )
    with tf.Session() as sess:
        fill(tf, sess)
        return {"values": sess.run(outputs + [state], symbols.feed)}


def case_integer_is_refused(tf, np):
    symbols = Symbols(tf)
    tf.nn.seq2seq.embedding_rnn_seq2seq(
        symbols.encoder,
        symbols.decoder,
        cell_of(tf, "gru"),
        SOURCE,
        TARGET,
        2,
        feed_previous=1,
    )
