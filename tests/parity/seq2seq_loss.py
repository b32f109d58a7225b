"""`tf.nn.seq2seq`: losses of sequences, and models with buckets."""
# ruff: noqa: B905 - zip() of Python 3.6 has no `strict`.

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from rnnkit import data, fill, flat, names
from seq2seqkit import BATCH, SOURCE, TARGET, Symbols, cell_of, projection, vectors

SYMBOLS = 5
# The first sequence has three steps, the second one, the third none.
MASKS = [[1, 1, 0], [1, 0, 0], [1, 0, 0]]


def parts(tf, steps=3, dtype="float32", target_dtype="int32"):
    """Logits, targets and weights, one per step; the weights are numbers."""
    value = data(steps, BATCH, SYMBOLS, seed=41, dtype=dtype) * 3
    logits = [tf.constant(value[i]) for i in range(steps)]
    chosen = np.random.RandomState(42).randint(0, SYMBOLS, [steps, BATCH])
    targets = [tf.constant(chosen[i], target_dtype) for i in range(steps)]
    spread = data(steps, BATCH, seed=43, dtype=dtype) + 1.5
    return logits, targets, [tf.constant(spread[i]) for i in range(steps)]


def masks(tf):
    """Weights that are 0 after the end of a sequence."""
    return [tf.constant(mask, tf.float32) for mask in MASKS]


def evaluated(tf, loss, wrt):
    """Value, gradients, name and static shape of a loss."""
    grads = tf.gradients(loss, wrt)
    with tf.Session() as sess:
        value, gradients = sess.run([loss, [g for g in grads if g is not None]])
    return {
        "value": value,
        "grads": gradients,
        "unconnected": [int(g is None) for g in grads],
        "name": np.array(loss.name),
        "shape": np.array(str(loss.get_shape())),
    }


def loss(function, masked=False, steps=3, wrt_weights=True, **options):
    """`sequence_loss` or `sequence_loss_by_example`."""

    def case(tf, np):
        logits, targets, weights = parts(tf, steps)
        if masked:
            weights = masks(tf)
        made = getattr(tf.nn.seq2seq, function)(logits, targets, weights, **options)
        return evaluated(tf, made, logits + (weights if wrt_weights else []))

    return case


def by_example(**options):
    """`sequence_loss_by_example`."""
    return loss("sequence_loss_by_example", **options)


def whole(**options):
    """`sequence_loss`."""
    return loss("sequence_loss", **options)


case_by_example = by_example()
case_by_example_sum = by_example(average_across_timesteps=False)
case_by_example_masked = by_example(masked=True)
case_by_example_one_step = by_example(steps=1)
case_by_example_name = by_example(name="cost")
case_loss = whole()
case_loss_sum_of_steps = whole(average_across_timesteps=False)
case_loss_sum_of_batch = whole(average_across_batch=False)
case_loss_sum = whole(average_across_timesteps=False, average_across_batch=False)
case_loss_masked = whole(masked=True)
case_loss_masked_sum_of_batch = whole(masked=True, average_across_batch=False)
case_loss_many_steps = whole(steps=20)
case_loss_name = whole(name="cost")


def squared(tf):
    """A loss of a program's own, for one step."""

    def function(logit, target):
        wanted = tf.one_hot(target, SYMBOLS, 1.0, 0.0)
        return tf.reduce_sum(tf.square(logit - wanted), 1)

    return function


def case_loss_function(tf, np):
    logits, targets, weights = parts(tf)
    made = tf.nn.seq2seq.sequence_loss(
        logits, targets, weights, softmax_loss_function=squared(tf)
    )
    return evaluated(tf, made, logits + weights)


def case_loss_function_by_example(tf, np):
    logits, targets, weights = parts(tf)
    made = tf.nn.seq2seq.sequence_loss_by_example(
        logits, targets, weights, softmax_loss_function=squared(tf)
    )
    return evaluated(tf, made, logits + weights)


def case_loss_function_is_called_per_step(tf, np):
    seen = []

    def function(logit, target):
        seen.append([str(logit.get_shape()), str(target.get_shape())])
        return tf.reduce_sum(logit, 1)

    logits, targets, weights = parts(tf)
    made = tf.nn.seq2seq.sequence_loss(
        logits, targets, weights, softmax_loss_function=function
    )
    got = evaluated(tf, made, logits)
    got["seen"] = np.array(seen)
    return got


def case_columns_as_targets(tf, np):
    """Targets [batch, 1] are flattened."""
    logits, targets, weights = parts(tf)
    targets = [tf.expand_dims(t, 1) for t in targets]
    made = tf.nn.seq2seq.sequence_loss_by_example(logits, targets, weights)
    return evaluated(tf, made, logits)


def case_targets_of_both_ranks(tf, np):
    logits, targets, weights = parts(tf)
    targets[1] = tf.expand_dims(targets[1], 1)
    made = tf.nn.seq2seq.sequence_loss(logits, targets, weights)
    return evaluated(tf, made, logits)


def case_targets_of_both_types(tf, np):
    logits, targets, weights = parts(tf)
    targets[1] = tf.cast(targets[1], tf.int64)
    made = tf.nn.seq2seq.sequence_loss(logits, targets, weights)
    return evaluated(tf, made, logits)


def case_long_targets(tf, np):
    logits, targets, weights = parts(tf, target_dtype="int64")
    made = tf.nn.seq2seq.sequence_loss(logits, targets, weights)
    return evaluated(tf, made, logits)


def case_float64_by_example(tf, np):
    logits, targets, weights = parts(tf, dtype="float64")
    made = tf.nn.seq2seq.sequence_loss_by_example(logits, targets, weights)
    return evaluated(tf, made, logits + weights)


def case_weights_are_numbers(tf, np):
    logits, targets, _ = parts(tf)
    made = tf.nn.seq2seq.sequence_loss_by_example(logits, targets, [1.0, 0.5, 2.0])
    return evaluated(tf, made, logits)


def case_weights_are_arrays(tf, np):
    logits, targets, _ = parts(tf)
    arrays = [np.array(mask, np.float32) for mask in MASKS]
    made = tf.nn.seq2seq.sequence_loss(logits, targets, arrays)
    return evaluated(tf, made, logits)


def case_unknown_batch(tf, np):
    """Placeholders, in the layout of a word model: one step of all words."""
    logits = tf.placeholder(tf.float32, [None, SYMBOLS])
    targets = tf.placeholder(tf.int32, [None])
    weights = tf.placeholder(tf.float32, [None])
    made = tf.nn.seq2seq.sequence_loss_by_example(
        [logits], [targets], [weights], SYMBOLS
    )
    cost = tf.reduce_sum(made) / 3.0
    grads = tf.gradients(cost, logits)
    feed = {
        logits: data(6, SYMBOLS, seed=1),
        targets: [0, 1, 2, 3, 4, 0],
        weights: [1, 1, 0, 1, 0.5, 1],
    }
    with tf.Session() as sess:
        return {"values": sess.run([made, cost] + grads, feed)}


def case_outputs_of_rnn(tf, np):
    """Logits straight from a loop, as lists of outputs."""
    inputs = vectors(tf, 4, 1)
    cell = tf.nn.rnn_cell.OutputProjectionWrapper(cell_of(tf, "lstm"), SYMBOLS)
    outputs, _ = tf.nn.rnn(cell, inputs, dtype=tf.float32)
    targets = [tf.constant([i % SYMBOLS, 1, 2]) for i in range(4)]
    ones = [tf.ones([BATCH]) for _ in targets]
    cost = tf.nn.seq2seq.sequence_loss(outputs, targets, ones)
    grads = tf.gradients(cost, inputs + tf.trainable_variables())
    with tf.Session() as sess:
        fill(tf, sess)
        cost, grads = sess.run([cost, grads])
    return {"cost": cost, "grads": grads}


# -- bad input ------------------------------------------------------------------


def refused(function, logits=3, targets=3, weights=3, weight_dtype="float32"):
    """Lists of different lengths, or none."""

    def case(tf, np):
        one, two, three = parts(tf)
        three = [tf.cast(w, weight_dtype) for w in three]
        getattr(tf.nn.seq2seq, function)(one[:logits], two[:targets], three[:weights])

    return case


case_few_targets = refused("sequence_loss_by_example", targets=2)
case_few_weights = refused("sequence_loss_by_example", weights=2)
case_few_logits = refused("sequence_loss", logits=2)
case_few_weights_of_loss = refused("sequence_loss", weights=0)
case_no_steps = refused("sequence_loss_by_example", 0, 0, 0)
case_integer_weights = refused("sequence_loss_by_example", weight_dtype="int32")


# -- buckets --------------------------------------------------------------------

BUCKETS = [(2, 2), (3, 4), (5, 6)]


def bucket_inputs(tf):
    """Symbols for the largest bucket, targets and weights."""
    symbols = Symbols(tf, encoder=5, decoder=6)
    targets = symbols.decoder[1:] + symbols.steps(1, TARGET, 14)
    weights = [tf.placeholder(tf.float32, [None]) for _ in targets]
    masks = np.random.RandomState(15).randint(0, 2, [len(weights), BATCH])
    masks[0] = 1
    symbols.feed.update(zip(weights, masks))
    return symbols, targets, weights


def buckets(make="lstm", function="embedding_attention_seq2seq", scope=None, **options):
    """`model_with_buckets`: outputs, losses and gradients of each bucket."""

    def case(tf, np):
        symbols, targets, weights = bucket_inputs(tf)

        def network(source, target):
            return getattr(tf.nn.seq2seq, function)(
                source, target, cell_of(tf, make), SOURCE, TARGET, 2, scope=scope
            )

        outputs, losses = tf.nn.seq2seq.model_with_buckets(
            symbols.encoder,
            symbols.decoder,
            targets,
            weights,
            BUCKETS,
            network,
            **options,
        )
        return per_bucket(tf, outputs, losses, symbols.feed)

    return case


def per_bucket(tf, outputs, losses, feed):
    """What is compared of each bucket."""
    variables = tf.trainable_variables()
    grads = [tf.gradients(x, variables) for x in losses]
    grads = [[tf.convert_to_tensor(g) for g in one] for one in grads]
    with tf.Session() as sess:
        fill(tf, sess)
        values = [sess.run(flat(x), feed) for x in (outputs, losses, grads)]
    return {
        "outputs": values[0],
        "losses": values[1],
        "grads": values[2],
        "counts": [len(bucket) for bucket in outputs],
        "names": np.array([x.name for x in losses]),
        "shapes": np.array([str(x.get_shape()) for x in losses]),
        "variables": names(tf.all_variables()),
    }


case_buckets = buckets()
case_buckets_concat = buckets("multi_concat")
case_buckets_without_attention = buckets("gru", "embedding_rnn_seq2seq")
case_buckets_by_example = buckets("gru", per_example_loss=True)


def case_buckets_loss_function(tf, np):
    """A projection and a loss of the program's own, as for sampled losses."""
    symbols, targets, weights = bucket_inputs(tf)
    w, b = projection(tf, 3)

    def network(source, target):
        return tf.nn.seq2seq.embedding_attention_seq2seq(
            source,
            target,
            cell_of(tf, "lstm"),
            SOURCE,
            TARGET,
            2,
            output_projection=(w, b),
        )

    def loss_function(output, target):
        logits = tf.matmul(output, w) + b
        return tf.nn.sparse_softmax_cross_entropy_with_logits(logits, target)

    outputs, losses = tf.nn.seq2seq.model_with_buckets(
        symbols.encoder,
        symbols.decoder,
        targets,
        weights,
        BUCKETS,
        network,
        softmax_loss_function=loss_function,
    )
    return per_bucket(tf, outputs, losses, symbols.feed)


def case_buckets_in_a_scope(tf, np):
    with tf.variable_scope("outer"):
        return buckets("gru", "embedding_rnn_seq2seq")(tf, np)


def case_bucket_feeds_what_it_needs(tf, np):
    """The smallest bucket alone needs the inputs of its own steps only."""
    symbols, targets, weights = bucket_inputs(tf)

    def network(source, target):
        return tf.nn.seq2seq.embedding_attention_seq2seq(
            source, target, cell_of(tf, "gru"), SOURCE, TARGET, 2
        )

    _, losses = tf.nn.seq2seq.model_with_buckets(
        symbols.encoder, symbols.decoder, targets, weights, BUCKETS, network
    )
    first = symbols.encoder[:2] + symbols.decoder[:3] + weights[:2]
    feed = {x: symbols.feed[x] for x in first}
    with tf.Session() as sess:
        fill(tf, sess)
        return {"loss": sess.run(losses[0], feed)}


def wrong_buckets(encoder=3, decoder=3, targets=3, weights=3, last=(3, 3), none=False):
    """Lists shorter than the last bucket."""

    def case(tf, np):
        ones = [tf.ones([BATCH]) for _ in range(weights)]
        chosen = [tf.zeros([BATCH], tf.int32) for _ in range(targets)]
        tf.nn.seq2seq.model_with_buckets(
            vectors(tf, encoder, 1),
            vectors(tf, decoder, 1),
            chosen,
            ones,
            [] if none else [(2, 2), last],
            lambda x, y: tf.nn.seq2seq.basic_rnn_seq2seq(x, y, cell_of(tf, "gru")),
        )

    return case


case_bucket_longer_than_inputs = wrong_buckets(last=(4, 3))
case_bucket_longer_than_targets = wrong_buckets(targets=2)
case_bucket_longer_than_weights = wrong_buckets(weights=2)
case_bucket_longer_than_decoder_inputs = wrong_buckets(decoder=2)
case_no_buckets = wrong_buckets(none=True)
