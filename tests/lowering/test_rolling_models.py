"""Models of 2016 whose loops Python unrolled: rolled they give the same numbers."""

import numpy as np
import pytest

import tfstyle as tf
from tests.lowering.rollingkit import compare, shapes

STEPS, BATCH, SIZE, VOCABULARY = 10, 2, 4, 7


def _ids(seed=0, shape=(BATCH, STEPS)):
    return np.random.RandomState(seed).randint(0, VOCABULARY, shape)


def _train(loss, clip=5.0):
    variables = tf.trainable_variables()
    gradients, norm = tf.clip_by_global_norm(tf.gradients(loss, variables), clip)
    optimizer = tf.train.GradientDescentOptimizer(0.5)
    return [norm, optimizer.apply_gradients(zip(gradients, variables, strict=True))]


def _unroll(cell, inputs, state, scope="rnn"):
    outputs = []
    with tf.variable_scope(scope):
        for step, item in enumerate(inputs):
            if step:
                tf.get_variable_scope().reuse_variables()
            output, state = cell(item, state)
            outputs.append(output)
    return outputs, state


def _language_model(cut, layers=2, keep=1.0, per_step=False, tuples=False):
    data = tf.placeholder(tf.int32, [BATCH, STEPS])
    targets = tf.placeholder(tf.int32, [BATCH, STEPS])
    cell = tf.nn.rnn_cell.BasicLSTMCell(SIZE, forget_bias=0.0, state_is_tuple=tuples)
    if keep < 1:
        cell = tf.nn.rnn_cell.DropoutWrapper(cell, output_keep_prob=keep)
    cell = tf.nn.rnn_cell.MultiRNNCell([cell] * layers, state_is_tuple=tuples)
    table = tf.get_variable("table", [VOCABULARY, SIZE])
    inputs = tf.nn.embedding_lookup(table, data)
    if keep < 1:
        inputs = tf.nn.dropout(inputs, keep)
    outputs, state = _unroll(cell, cut(inputs), cell.zero_state(BATCH, tf.float32))
    w, b = tf.get_variable("w", [SIZE, VOCABULARY]), tf.get_variable("b", [VOCABULARY])
    if per_step:
        loss = 0.0
        for output, target in zip(
            outputs, tf.unpack(tf.transpose(targets)), strict=True
        ):
            logits = tf.matmul(output, w) + b
            cost = tf.nn.sparse_softmax_cross_entropy_with_logits(logits, target)
            loss += tf.reduce_mean(cost)
    else:
        logits = tf.matmul(tf.reshape(tf.concat(1, outputs), [-1, SIZE]), w) + b
        cost = tf.nn.sparse_softmax_cross_entropy_with_logits(
            logits, tf.reshape(targets, [-1])
        )
        loss = tf.reduce_sum(cost) / BATCH
    last = tf.python.util.nest.flatten(state)[0] if tuples else state
    fetches = [loss, outputs[0], outputs[7], last, *_train(loss)]
    return fetches, {data: _ids(0), targets: _ids(1)}


CUTS = {
    "split": lambda x: [tf.squeeze(i, [1]) for i in tf.split(1, STEPS, x)],
    "slices": lambda x: [x[:, step, :] for step in range(STEPS)],
    "unpack": lambda x: tf.unpack(tf.transpose(x, [1, 0, 2])),
    "gather": lambda x: [
        tf.gather(tf.transpose(x, [1, 0, 2]), step) for step in range(STEPS)
    ],
    "rows": lambda x: tf.split(
        0, STEPS, tf.reshape(tf.transpose(x, [1, 0, 2]), [-1, SIZE])
    ),
}


@pytest.mark.parametrize("cut", CUTS)
def test_language_model(cut, monkeypatch):
    rolled = compare(lambda: _language_model(CUTS[cut]), monkeypatch)
    assert rolled.sizes()[0][0] == STEPS
    assert len(rolled.sizes()) == 1


def test_language_model_with_dropout(monkeypatch):
    program = lambda: _language_model(CUTS["split"], keep=0.5, tuples=True)  # noqa: E731
    rolled = compare(program, monkeypatch)
    assert rolled.sizes()[0][0] == STEPS
    random = {op.type for g in rolled.groups for op in g.repeats[0]}
    assert "RandomUniform" in random


def test_losses_of_each_step(monkeypatch):
    rolled = compare(
        lambda: _language_model(CUTS["slices"], per_step=True), monkeypatch
    )
    assert rolled.sizes()[0][0] == STEPS


def _characters(seed=None):
    """A generator that is fed its own output."""
    first = tf.placeholder(tf.int32, [BATCH])
    targets = tf.placeholder(tf.int32, [BATCH, STEPS])
    table = tf.get_variable("table", [VOCABULARY, SIZE])
    w, b = tf.get_variable("w", [SIZE, VOCABULARY]), tf.get_variable("b", [VOCABULARY])
    cell = tf.nn.rnn_cell.GRUCell(SIZE)

    def follow(output, step):
        del step
        symbol = tf.stop_gradient(tf.argmax(tf.matmul(output, w) + b, 1))
        return tf.nn.embedding_lookup(table, symbol)

    state, output, outputs = cell.zero_state(BATCH, tf.float32), None, []
    with tf.variable_scope("decoder"):
        for step in range(STEPS):
            if step:
                tf.get_variable_scope().reuse_variables()
            item = tf.nn.embedding_lookup(table, first)
            if output is not None:
                item = follow(output, step)
            output, state = cell(item, state)
            outputs.append(output)
    logits = tf.matmul(tf.reshape(tf.concat(1, outputs), [-1, SIZE]), w) + b
    cost = tf.nn.sparse_softmax_cross_entropy_with_logits(
        logits, tf.reshape(targets, [-1])
    )
    loss = tf.reduce_mean(cost)
    table_gradient = tf.gradients(loss, table)[0]
    fetches = [loss, outputs[3], outputs[-1], table_gradient, *_train(loss)]
    return fetches, {first: _ids(2, [BATCH]), targets: _ids(1)}


def test_generator_that_is_fed_its_output(monkeypatch):
    rolled = compare(_characters, monkeypatch)
    assert rolled.sizes()[0][0] >= STEPS - 1


def _attention(feed_previous=True, optimizer=None):
    """A translation model: encoder, attention, decoder with or without feeding."""
    source = [tf.placeholder(tf.int32, [BATCH], f"s{i}") for i in range(STEPS)]
    target = [tf.placeholder(tf.int32, [BATCH], f"t{i}") for i in range(STEPS + 1)]
    weights = [tf.placeholder(tf.float32, [BATCH], f"w{i}") for i in range(STEPS)]
    encoder = tf.nn.rnn_cell.GRUCell(SIZE)
    words = tf.get_variable("source", [VOCABULARY, SIZE])
    table = tf.get_variable("target", [VOCABULARY, SIZE])
    inputs = [tf.nn.embedding_lookup(words, ids) for ids in source]
    outputs, state = _unroll(
        encoder, inputs, encoder.zero_state(BATCH, tf.float32), "encoder"
    )
    top = [tf.reshape(o, [-1, 1, SIZE]) for o in outputs]
    memory = tf.reshape(tf.concat(1, top), [-1, STEPS, 1, SIZE])
    k = tf.get_variable("k", [1, 1, SIZE, SIZE])
    v = tf.get_variable("v", [SIZE])
    keys = tf.nn.conv2d(memory, k, [1, 1, 1, 1], "SAME")
    w, b = tf.get_variable("w", [SIZE, VOCABULARY]), tf.get_variable("b", [VOCABULARY])

    def attend(query):
        with tf.variable_scope("attend"):
            y = tf.nn.rnn_cell._linear(query, SIZE, True)
            y = tf.reshape(y, [-1, 1, 1, SIZE])
            score = tf.reduce_sum(v * tf.tanh(keys + y), [2, 3])
            share = tf.reshape(tf.nn.softmax(score), [-1, STEPS, 1, 1])
            return tf.reshape(tf.reduce_sum(share * memory, [1, 2]), [-1, SIZE])

    cell = tf.nn.rnn_cell.GRUCell(SIZE)
    context = tf.zeros([BATCH, SIZE])
    previous, logits = None, []
    with tf.variable_scope("decoder"):
        for step in range(STEPS):
            if step:
                tf.get_variable_scope().reuse_variables()
            ids = target[step]
            if feed_previous and previous is not None:
                ids = tf.stop_gradient(tf.argmax(previous, 1))
            item = tf.nn.embedding_lookup(table, ids)
            x = tf.nn.rnn_cell._linear([item, context], SIZE, True)
            with tf.variable_scope("cell"):
                output, state = cell(x, state)
            context = attend(state)
            with tf.variable_scope("output"):
                output = tf.nn.rnn_cell._linear([output, context], SIZE, True)
            previous = tf.matmul(output, w) + b
            logits.append(previous)
    costs = []
    for logit, label, weight in zip(logits, target[1:], weights, strict=True):
        cost = tf.nn.sparse_softmax_cross_entropy_with_logits(logit, label)
        costs.append(cost * weight)
    total = tf.add_n(costs) / (tf.add_n(weights) + 1e-12)
    loss = tf.reduce_sum(total) / BATCH
    feed = {p: _ids(i, [BATCH]) for i, p in enumerate([*source, *target])}
    feed |= {p: np.full([BATCH], 1 - i / 20) for i, p in enumerate(weights)}
    fetches = [loss, logits[0], logits[4], state, *_train(loss)]
    return fetches, feed


@pytest.mark.parametrize("feed_previous", [True, False])
def test_attention_decoder(feed_previous, monkeypatch):
    rolled = compare(lambda: _attention(feed_previous), monkeypatch)
    # The encoder and the decoder.
    assert len([r for r, _ in rolled.sizes() if r >= STEPS - 2]) == 2


def _bidirectional():
    x = tf.placeholder(tf.float32, [BATCH, STEPS, SIZE])
    items = CUTS["split"](x)
    zero = tf.nn.rnn_cell.GRUCell(SIZE).zero_state(BATCH, tf.float32)
    forward, _ = _unroll(tf.nn.rnn_cell.GRUCell(SIZE), items, zero, "forward")
    backward, _ = _unroll(tf.nn.rnn_cell.GRUCell(SIZE), items[::-1], zero, "backward")
    outputs = [tf.concat(1, both) for both in zip(forward, backward[::-1], strict=True)]
    w = tf.get_variable("w", [2 * SIZE, 3])
    logits = [tf.matmul(o, w) for o in outputs]
    loss = tf.reduce_mean(tf.square(tf.pack(logits)))
    fetches = [loss, logits[2], *tf.gradients(loss, x), *_train(loss)]
    return fetches, {x: shapes([BATCH, STEPS, SIZE])}


def test_both_directions(monkeypatch):
    rolled = compare(_bidirectional, monkeypatch)
    assert [r for r, _ in rolled.sizes()] == [STEPS, STEPS]
