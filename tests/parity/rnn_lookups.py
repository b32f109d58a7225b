"""Lookups in a table, one for each step: in which order their gradients are joined."""

import numpy as np

IDS = [np.array([i, i + 5], np.int32) for i in range(3)]
REPEATED = [np.array(r, np.int32) for r in ([1, 2], [2, 1], [1, 1], [3, 2])]


def squares(tf, tensors):
    return tf.add_n([tf.reduce_sum(tf.square(t)) for t in tensors])


def outputs_of_rnn(tf, ids, **options):
    table = tf.get_variable("table", [10, 3])
    steps = [tf.nn.embedding_lookup(table, i) for i in ids]
    return tf.nn.rnn(tf.nn.rnn_cell.GRUCell(4), steps, dtype=tf.float32, **options)[0]


def outputs_of_wrapper(tf, ids):
    cell = tf.nn.rnn_cell.GRUCell(4)
    cell = tf.nn.rnn_cell.EmbeddingWrapper(cell, 10, 3)
    return tf.nn.rnn(cell, ids, dtype=tf.float32)[0]


def outputs_of_cell(tf, ids):
    table = tf.get_variable("table", [10, 3])
    cell = tf.nn.rnn_cell.GRUCell(4)
    state, outputs = cell.zero_state(2, tf.float32), []
    for step, i in enumerate(ids):
        if step:
            tf.get_variable_scope().reuse_variables()
        output, state = cell(tf.nn.embedding_lookup(table, i), state)
        outputs.append(output)
    return outputs


def outputs_of_seq2seq(name, **options):
    def outputs(tf, ids):
        seq2seq, cell = tf.nn.seq2seq, tf.nn.rnn_cell.GRUCell(4)
        sizes = (10, 3) if name == "embedding_tied_rnn_seq2seq" else (10, 10, 3)
        return getattr(seq2seq, name)(ids, ids, cell, *sizes, **options)[0]

    return outputs


MODELS = {
    "rnn": outputs_of_rnn,
    "lengths": lambda tf, ids: outputs_of_rnn(
        tf, ids, sequence_length=tf.constant([2, 3])
    ),
    "reversed": lambda tf, ids: outputs_of_rnn(tf, ids[::-1]),
    "wrapper": outputs_of_wrapper,
    "cell": outputs_of_cell,
    "seq2seq": outputs_of_seq2seq("embedding_rnn_seq2seq"),
    "attention": outputs_of_seq2seq("embedding_attention_seq2seq"),
    "tied": outputs_of_seq2seq("embedding_tied_rnn_seq2seq"),
    "seq2seq_fed": outputs_of_seq2seq("embedding_rnn_seq2seq", feed_previous=True),
    "attention_fed": outputs_of_seq2seq(
        "embedding_attention_seq2seq", feed_previous=True, num_heads=2
    ),
    "tied_fed": outputs_of_seq2seq("embedding_tied_rnn_seq2seq", feed_previous=True),
}


def loss_of(tf, model, values):
    ids = [tf.placeholder(tf.int32, [2]) for _ in values]
    start = tf.random_uniform_initializer(-0.5, 0.5, seed=5)
    with tf.variable_scope("model", initializer=start):
        loss = squares(tf, MODELS[model](tf, ids))
    return loss, {i: value for i, value in zip(ids, values)}  # noqa: B905


def case_order_of_slices(tf, np):
    found = {}
    for model in sorted(MODELS):
        with tf.Graph().as_default(), tf.Session() as sess:
            loss, feeds = loss_of(tf, model, IDS)
            tables = [v for v in tf.trainable_variables() if v.get_shape()[0] == 10]
            gradients = tf.gradients(loss, tables[:2])
            sess.run(tf.initialize_all_variables())
            for table, gradient in zip(tables, gradients):  # noqa: B905
                if isinstance(gradient, tf.IndexedSlices):
                    key = f"{model}/{table.name}"
                    found[key + "/indices"] = sess.run(gradient.indices, feeds)
                    found[key + "/values"] = sess.run(gradient.values, feeds)
    return found


def case_training_with_repeated_symbols(tf, np):
    found = {}
    for model in ("rnn", "wrapper", "attention", "attention_fed", "tied_fed"):
        for optimizer in (
            tf.train.MomentumOptimizer(0.1, 0.9),
            tf.train.AdagradOptimizer(0.5),
            tf.train.AdamOptimizer(0.05),
        ):
            with tf.Graph().as_default(), tf.Session() as sess:
                loss, feeds = loss_of(tf, model, REPEATED)
                step = optimizer.minimize(loss)
                sess.run(tf.initialize_all_variables())
                losses = []
                for _ in range(4):
                    losses.append(sess.run(loss, feeds))
                    sess.run(step, feeds)
                found[f"{model}/{type(optimizer).__name__}"] = losses
    return found


case_training_with_repeated_symbols.tol = (2e-4, 1e-6)
