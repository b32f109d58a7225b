import tensorflow as tf

import sys
import time

import numpy as np

from tensorflow.python.ops import rnn_cell

# Sequences of different lengths through tf.nn.dynamic_rnn: does a sequence rise evenly, or
# are its numbers drawn at random? What the LSTM says after the last number of each counts,
# not what it says in the padding behind.

flags = tf.app.flags
flags.DEFINE_integer("steps", 600, "Number of training steps.")
flags.DEFINE_integer("batch_size", 128, "Sequences per step.")
flags.DEFINE_integer("min_length", 3, "Numbers of the shortest sequences.")
flags.DEFINE_integer("max_length", 20, "Numbers of the longest sequences.")
flags.DEFINE_integer("hidden", 64, "Units of the LSTM.")
flags.DEFINE_float("learning_rate", 0.005, "Step length of Adam.")
flags.DEFINE_integer("display_step", 50, "Steps between two printed lines.")
FLAGS = flags.FLAGS


def sequences(n):
    """Numbers [n, max_length, 1] with zeros as padding, lengths [n], labels [n].

    Label 1: evenly rising numbers; 0: random numbers of the same range.
    """
    x = np.zeros((n, FLAGS.max_length, 1), np.float32)
    lengths = np.random.randint(FLAGS.min_length, FLAGS.max_length + 1, n)
    labels = np.random.randint(0, 2, n)
    for i in range(n):
        slope = 1.0 / FLAGS.max_length
        rising = np.random.uniform(0, 0.5) + slope * np.arange(lengths[i])
        if not labels[i]:
            rising = np.random.uniform(rising[0], rising[-1], lengths[i])
        x[i, : lengths[i], 0] = rising
    return x, lengths.astype(np.int32), labels.astype(np.int32)


def last_relevant(outputs, lengths):
    """Of outputs [batch, max_length, hidden] the one at the end of each sequence."""
    batch_size = tf.shape(outputs)[0]
    index = tf.range(0, batch_size) * FLAGS.max_length + (lengths - 1)
    return tf.gather(tf.reshape(outputs, [-1, FLAGS.hidden]), index)


def build(x, lengths):
    cell = rnn_cell.LSTMCell(FLAGS.hidden, use_peepholes=True, state_is_tuple=True)
    init = tf.random_uniform_initializer(-0.2, 0.2, seed=1)
    with tf.variable_scope("net", initializer=init):
        outputs, state = tf.nn.dynamic_rnn(
            cell, x, sequence_length=lengths, dtype=tf.float32
        )
    last = last_relevant(outputs, lengths)
    w = tf.Variable(tf.random_normal([FLAGS.hidden, 2], stddev=0.1, seed=2), name="w")
    b = tf.Variable(tf.zeros([2]), name="b")
    # The state stays as it was at the end, so that its output part is the same.
    difference = tf.reduce_max(tf.abs(last - state.h))
    return tf.matmul(last, w) + b, difference


def main(_):
    np.random.seed(1)
    x = tf.placeholder(tf.float32, [None, FLAGS.max_length, 1])
    lengths = tf.placeholder(tf.int32, [None])
    y = tf.placeholder(tf.int32, [None])
    logits, difference = build(x, lengths)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(logits, y)
    loss_op = tf.reduce_mean(losses)
    train_op = tf.train.AdamOptimizer(FLAGS.learning_rate).minimize(loss_op)
    correct = tf.to_float(tf.nn.in_top_k(logits, y, 1))
    accuracy = tf.reduce_mean(correct)
    for v in tf.trainable_variables():
        print("%s %s" % (v.name, v.get_shape().as_list()))

    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        begin = time.time()
        for step in range(1, FLAGS.steps + 1):
            xs, ns, ys = sequences(FLAGS.batch_size)
            feed = {x: xs, lengths: ns, y: ys}
            _, loss, share = sess.run([train_op, loss_op, accuracy], feed_dict=feed)
            if step % FLAGS.display_step == 0 or step == 1:
                line = "step %d, loss %.4f, accuracy %.3f (%.0f s)"
                print(line % (step, loss, share, time.time() - begin))
                sys.stdout.flush()
        print("final loss: %.4f" % loss)
        xs, ns, ys = sequences(2000)
        feed = {x: xs, lengths: ns, y: ys}
        right, far = sess.run([correct, difference], feed_dict=feed)
        print("last output and last state differ by at most %.4f" % far)
        for low in range(FLAGS.min_length, FLAGS.max_length + 1, 6):
            high = min(low + 5, FLAGS.max_length)
            share = right[(ns >= low) & (ns <= high)].mean()
            print("accuracy of lengths %d to %d: %.3f" % (low, high, share))
        print("test accuracy: %.4f" % right.mean())


if __name__ == "__main__":
    tf.app.run()
