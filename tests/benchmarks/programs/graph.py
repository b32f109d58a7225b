import sys

import data
import numpy as np
import tensorflow as tf
from measure import clock, report, report_training, time_calls
from tensorflow.python.ops import rnn, rnn_cell

# The workloads as programs for TensorFlow 0.9, one per process:
# graph.py WORKLOAD [STEPS]. The same text runs under tfstyle, under the oracle and,
# through compat.py, under compat.v1.

BEGIN = clock()


def train(loss, step, feeds, initial=None, final=None):
    # With a state: what a step leaves in `final` is fed as `initial` to the next one.
    fetches = [step, loss] if final is None else [step, loss, final]
    init = tf.initialize_all_variables()
    built = clock()
    with tf.Session() as sess:
        sess.run(init)
        state = [] if final is None else [sess.run(initial)]
        initialized = clock()

        def one_step(i):
            feed = dict(feeds[i % len(feeds)])
            feed.update(zip([initial], state))
            _, value, *state[:] = sess.run(fetches, feed_dict=feed)
            return value

        report_training(one_step, build=built - BEGIN, init=initialized - built)


def adam(loss, rate):
    return tf.train.AdamOptimizer(rate).minimize(loss)


def clipped_sgd(loss, rate):
    variables = tf.trainable_variables()
    gradients, _ = tf.clip_by_global_norm(tf.gradients(loss, variables), 5.0)
    optimizer = tf.train.GradientDescentOptimizer(rate)
    return optimizer.apply_gradients(zip(gradients, variables))


def lstm(hidden, forget_bias=1.0):
    return rnn_cell.BasicLSTMCell(hidden, forget_bias=forget_bias, state_is_tuple=False)


def classify(cell, n_steps, n_input, n_classes, rate, batches):
    x = tf.placeholder("float", [None, n_steps, n_input])
    y = tf.placeholder("float", [None, n_classes])
    # [batch, step, input] -> a list of n_steps tensors [batch, input]
    steps = tf.reshape(tf.transpose(x, [1, 0, 2]), [-1, n_input])
    steps = tf.split(0, n_steps, steps)
    outputs, _ = rnn.rnn(cell, steps, dtype=tf.float32)
    shape = [cell.output_size, n_classes]
    w = tf.Variable(tf.random_normal(shape, stddev=0.1, seed=1))
    b = tf.Variable(tf.zeros([n_classes]))
    logits = tf.matmul(outputs[-1], w) + b
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits, y))
    train(loss, adam(loss, rate), [{x: a, y: b} for a, b in batches])


def text_generator():
    n = data.CHARACTERS
    classify(lstm(128), 40, n, n, 0.01, data.text_windows())


def mnist_rnn():
    classify(lstm(128), 28, 28, 10, 0.001, data.images((128, 28, 28)))


def gru(n_steps):
    cell = rnn_cell.GRUCell(128)
    classify(cell, n_steps, 28, 10, 0.001, data.images((128, n_steps, 28)))


def small_rnn(n_steps):
    classify(lstm(32), n_steps, 16, 10, 0.01, data.images((8, n_steps, 16)))


def uniform(scale):
    return tf.random_uniform_initializer(-scale, scale, seed=1)


def ptb(n_steps, hidden, scale, keep):
    batches = data.words(n_steps)
    shape = batches[0][0].shape
    words = tf.placeholder(tf.int32, shape)
    targets = tf.placeholder(tf.int32, shape)
    with tf.variable_scope("model", initializer=uniform(scale)):
        layers = [lstm(hidden, forget_bias=0.0) for _ in range(2)]
        if keep < 1:
            layers = [
                rnn_cell.DropoutWrapper(layer, output_keep_prob=keep)
                for layer in layers
            ]
        cell = rnn_cell.MultiRNNCell(layers, state_is_tuple=False)
        initial = state = cell.zero_state(shape[0], tf.float32)
        embedding = tf.get_variable("embedding", [data.WORDS, hidden])
        inputs = tf.nn.embedding_lookup(embedding, words)
        if keep < 1:
            inputs = tf.nn.dropout(inputs, keep)
        outputs = []
        with tf.variable_scope("RNN"):
            for step in range(n_steps):
                if step > 0:
                    tf.get_variable_scope().reuse_variables()
                output, state = cell(inputs[:, step, :], state)
                outputs.append(output)
        output = tf.reshape(tf.concat(1, outputs), [-1, hidden])
        w = tf.get_variable("softmax_w", [hidden, data.WORDS])
        b = tf.get_variable("softmax_b", [data.WORDS])
    logits = tf.matmul(output, w) + b
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        logits, tf.reshape(targets, [-1])
    )
    loss = tf.reduce_sum(losses) / shape[0]
    feeds = [{words: x, targets: y} for x, y in batches]
    train(loss, clipped_sgd(loss, 1.0), feeds, initial, state)


def ptb_small(n_steps):
    ptb(n_steps, 200, 0.1, 1.0)


def ptb_medium(n_steps):
    ptb(n_steps, 650, 0.05, 0.5)


def attention(n_steps, feed_previous=False):
    n, hidden = data.SYMBOLS, 128
    encoder = [tf.placeholder(tf.int32, [None]) for _ in range(n_steps)]
    decoder = [tf.placeholder(tf.int32, [None]) for _ in range(n_steps + 1)]
    weights = [tf.placeholder(tf.float32, [None]) for _ in range(n_steps)]
    with tf.variable_scope("model", initializer=uniform(0.1)):
        w = tf.get_variable("proj_w", [hidden, n])
        b = tf.get_variable("proj_b", [n])
        outputs, _ = tf.nn.seq2seq.embedding_attention_seq2seq(
            encoder,
            decoder[:-1],
            rnn_cell.GRUCell(hidden),
            num_encoder_symbols=n,
            num_decoder_symbols=n,
            embedding_size=hidden,
            output_projection=(w, b),
            feed_previous=feed_previous,
            dtype=tf.float32,
        )
    logits = [tf.matmul(output, w) + b for output in outputs]
    loss = tf.nn.seq2seq.sequence_loss(logits, decoder[1:], weights)
    placeholders = encoder + decoder + weights
    feeds = [
        dict(zip(placeholders, [row for array in batch for row in array]))
        for batch in data.sentences(n_steps)
    ]
    train(loss, clipped_sgd(loss, 0.5), feeds)


def weight(shape, seed):
    return tf.Variable(tf.truncated_normal(shape, stddev=0.1, seed=seed))


def bias(shape):
    return tf.Variable(tf.constant(0.1, shape=shape))


def conv_layer(x, shape, seed):
    h = tf.nn.conv2d(x, weight(shape, seed), strides=[1, 1, 1, 1], padding="SAME")
    h = tf.nn.relu(h + bias(shape[-1:]))
    return tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")


def conv_net():
    x = tf.placeholder(tf.float32, [None, 784])
    y = tf.placeholder(tf.float32, [None, 10])
    h = conv_layer(tf.reshape(x, [-1, 28, 28, 1]), [5, 5, 1, 32], 1)
    h = conv_layer(h, [5, 5, 32, 64], 2)
    h = tf.reshape(h, [-1, 7 * 7 * 64])
    h = tf.nn.relu(tf.matmul(h, weight([7 * 7 * 64, 1024], 3)) + bias([1024]))
    keep = tf.placeholder(tf.float32)
    h = tf.nn.dropout(h, keep, seed=4)
    logits = tf.matmul(h, weight([1024, 10], 5)) + bias([10])
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits, y))
    feeds = [{x: a, y: b, keep: 0.5} for a, b in data.images((50, 784))]
    train(loss, adam(loss, 1e-4), feeds)


def run_overhead():
    x = tf.placeholder(tf.float32, [])
    variables = [tf.Variable(tf.zeros([10])) for _ in range(10)]
    updates = [tf.assign(v, v + x) for v in variables]
    with tf.control_dependencies(updates):
        out = x + 1.0
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        feed = {x: np.float32(0.5)}
        report(step=time_calls(lambda i: sess.run(out, feed_dict=feed), 1.0))


WORKLOADS = {
    "text_generator": text_generator,
    "mnist_rnn": mnist_rnn,
    "gru": gru,
    "small_rnn": small_rnn,
    "ptb_small": ptb_small,
    "ptb_medium": ptb_medium,
    "attention": attention,
    "attention_fed_back": lambda n_steps: attention(n_steps, feed_previous=True),
    "conv_net": conv_net,
    "run_overhead": run_overhead,
}


def main(name, *numbers):
    WORKLOADS[name](*map(int, numbers))


if __name__ == "__main__":
    main(*sys.argv[1:])
