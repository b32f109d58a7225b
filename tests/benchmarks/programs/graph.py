import sys

import data
import numpy as np
import tensorflow as tf
from measure import clock, report, time_calls
from tensorflow.python.ops import rnn, rnn_cell

# The workloads as programs for TensorFlow 0.9, one per process: graph.py WORKLOAD.
# The same text runs under tfstyle and under the oracle.


def train(loss, rate, feeds):
    step = tf.train.AdamOptimizer(rate).minimize(loss)
    with tf.Session() as sess:
        begin = clock()
        sess.run(tf.initialize_all_variables())
        init = clock()
        sess.run([step, loss], feed_dict=feeds[0])
        first = clock()

        def one_step(i):
            sess.run([step, loss], feed_dict=feeds[i % len(feeds)])

        seconds = time_calls(one_step)
        report(step=seconds, init=init - begin, first_step=first - init)


def lstm_loss(n_steps, n_input, n_classes, hidden):
    x = tf.placeholder("float", [None, n_steps, n_input])
    y = tf.placeholder("float", [None, n_classes])
    # [batch, step, input] -> a list of n_steps tensors [batch, input]
    steps = tf.reshape(tf.transpose(x, [1, 0, 2]), [-1, n_input])
    steps = tf.split(0, n_steps, steps)
    cell = rnn_cell.BasicLSTMCell(hidden, forget_bias=1.0, state_is_tuple=False)
    outputs, _ = rnn.rnn(cell, steps, dtype=tf.float32)
    w = tf.Variable(tf.random_normal([hidden, n_classes], stddev=0.1, seed=1))
    b = tf.Variable(tf.zeros([n_classes]))
    logits = tf.matmul(outputs[-1], w) + b
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits, y))
    return x, y, loss


def text_generator():
    n = data.CHARACTERS
    x, y, loss = lstm_loss(40, n, n, 128)
    train(loss, 0.01, [{x: a, y: b} for a, b in data.text_windows()])


def mnist_rnn():
    x, y, loss = lstm_loss(28, 28, 10, 128)
    train(loss, 0.001, [{x: a, y: b} for a, b in data.images((128, 28, 28))])


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
    train(loss, 1e-4, [{x: a, y: b, keep: 0.5} for a, b in data.images((50, 784))])


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


def rnn_steps(n_steps):
    begin = clock()
    x, y, loss = lstm_loss(n_steps, 16, 10, 32)
    step = tf.train.AdamOptimizer(0.01).minimize(loss)
    init = tf.initialize_all_variables()
    built = clock()
    with tf.Session() as sess:
        sess.run(init)
        start = clock()
        (a, b) = data.images((8, n_steps, 16))[0]
        sess.run([step, loss], feed_dict={x: a, y: b})
        build, first = built - begin, clock() - start
        report(step=build + first, build=build, first_step=first)


WORKLOADS = {
    "text_generator": text_generator,
    "mnist_rnn": mnist_rnn,
    "conv_net": conv_net,
    "run_overhead": run_overhead,
    "rnn_10": lambda: rnn_steps(10),
    "rnn_1000": lambda: rnn_steps(1000),
}

if __name__ == "__main__":
    WORKLOADS[sys.argv[1]]()
