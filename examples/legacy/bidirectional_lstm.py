import tensorflow as tf

import sys
import time

import numpy as np

from tensorflow.python.ops import rnn_cell

# A bidirectional LSTM labels every step of a sequence of numbers: is the sum of what came
# up to here more than the sum of what follows? A net that reads in one direction only
# cannot know (try --one_way).

flags = tf.app.flags
flags.DEFINE_integer("steps", 600, "Number of training steps.")
flags.DEFINE_integer("batch_size", 64, "Sequences per step.")
flags.DEFINE_integer("length", 20, "Numbers of a sequence.")
flags.DEFINE_integer("hidden", 32, "Units of the LSTM of each direction.")
flags.DEFINE_float("learning_rate", 0.01, "Step length of Adam.")
flags.DEFINE_integer("display_step", 50, "Steps between two printed lines.")
flags.DEFINE_boolean("one_way", False, "Read from left to right only.")
FLAGS = flags.FLAGS


def sequences(n):
    """Numbers [n, length] and the label of each, 0 or 1."""
    x = np.random.uniform(-1.0, 1.0, (n, FLAGS.length)).astype(np.float32)
    before = np.cumsum(x, axis=1)
    after = before[:, -1:] - before
    return x, (before > after).astype(np.int32)


def build(x):
    """Logits [batch * length, 2], step after step."""
    steps = tf.split(1, FLAGS.length, x)
    forward = rnn_cell.BasicLSTMCell(FLAGS.hidden, state_is_tuple=True)
    backward = rnn_cell.BasicLSTMCell(FLAGS.hidden, state_is_tuple=True)
    init = tf.random_uniform_initializer(-0.2, 0.2, seed=1)
    with tf.variable_scope("net", initializer=init):
        if FLAGS.one_way:
            outputs, _ = tf.nn.rnn(forward, steps, dtype=tf.float32)
        else:
            outputs, _, _ = tf.nn.bidirectional_rnn(
                forward, backward, steps, dtype=tf.float32
            )
    width = outputs[0].get_shape()[1].value
    w = tf.Variable(tf.random_normal([width, 2], stddev=0.1, seed=2), name="w")
    b = tf.Variable(tf.zeros([2]), name="b")
    return tf.matmul(tf.concat(0, outputs), w) + b


def show(x, labels, told):
    print("number  sum so far  of the rest  label  told")
    before = np.cumsum(x)
    for row in zip(x, before, before[-1] - before, labels, told):
        print("%6.2f  %10.2f  %11.2f  %5d  %4d" % row)


def main(_):
    np.random.seed(1)
    x = tf.placeholder(tf.float32, [None, FLAGS.length])
    y = tf.placeholder(tf.int32, [None, FLAGS.length])
    logits = build(x)
    labels = tf.reshape(tf.transpose(y), [-1])
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(logits, labels)
    loss_op = tf.reduce_mean(losses)
    train_op = tf.train.AdamOptimizer(FLAGS.learning_rate).minimize(loss_op)
    told = tf.to_int32(tf.argmax(logits, 1))
    accuracy = tf.reduce_mean(tf.to_float(tf.equal(told, labels)))
    print("%d variables" % len(tf.trainable_variables()))

    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        begin = time.time()
        for step in range(1, FLAGS.steps + 1):
            xs, ys = sequences(FLAGS.batch_size)
            fetches = [train_op, loss_op, accuracy]
            _, loss, share = sess.run(fetches, feed_dict={x: xs, y: ys})
            if step % FLAGS.display_step == 0 or step == 1:
                line = "step %d, loss %.4f, accuracy %.3f (%.0f s)"
                print(line % (step, loss, share, time.time() - begin))
                sys.stdout.flush()
        print("final loss: %.4f" % loss)
        xs, ys = sequences(1000)
        print("test accuracy: %.4f" % sess.run(accuracy, feed_dict={x: xs, y: ys}))
        show(xs[0], ys[0], sess.run(told, feed_dict={x: xs[:1]}))


if __name__ == "__main__":
    tf.app.run()
