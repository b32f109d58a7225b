import tensorflow as tf

import sys
import time

import numpy as np

from tensorflow.examples.tutorials.mnist import input_data

try:
    from tensorflow.models.rnn import rnn, rnn_cell
except ImportError:  # later releases say so and point here
    from tensorflow.python.ops import rnn, rnn_cell

# An LSTM reads each image row by row: 28 steps of 28 pixels.

flags = tf.app.flags
flags.DEFINE_string("data_dir", "MNIST_data", "Folder with the MNIST files.")
flags.DEFINE_integer("steps", 1000, "Number of training steps.")
flags.DEFINE_integer("batch_size", 128, "Images per step.")
flags.DEFINE_integer("hidden", 128, "Units of the LSTM.")
flags.DEFINE_float("learning_rate", 0.001, "Step length of Adam.")
flags.DEFINE_integer("display_step", 50, "Steps between two printed lines.")
FLAGS = flags.FLAGS

n_input = 28  # pixels of a row
n_steps = 28  # rows
n_classes = 10


def RNN(x, weights, biases):
    # [batch, step, pixel] -> a list of n_steps tensors [batch, pixel]
    x = tf.transpose(x, [1, 0, 2])
    x = tf.reshape(x, [-1, n_input])
    x = tf.split(0, n_steps, x)
    lstm_cell = rnn_cell.BasicLSTMCell(
        FLAGS.hidden, forget_bias=1.0, state_is_tuple=False
    )
    init = tf.random_uniform_initializer(-0.1, 0.1, seed=1)
    with tf.variable_scope("model", initializer=init):
        outputs, states = rnn.rnn(lstm_cell, x, dtype=tf.float32)
    return tf.matmul(outputs[-1], weights["out"]) + biases["out"]


def main(_):
    np.random.seed(1)
    mnist = input_data.read_data_sets(FLAGS.data_dir, one_hot=True)

    x = tf.placeholder("float", [None, n_steps, n_input])
    y = tf.placeholder("float", [None, n_classes])
    weights = {"out": tf.Variable(tf.random_normal([FLAGS.hidden, n_classes], seed=2))}
    biases = {"out": tf.Variable(tf.random_normal([n_classes], seed=3))}

    pred = RNN(x, weights, biases)
    cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(pred, y))
    optimizer = tf.train.AdamOptimizer(FLAGS.learning_rate).minimize(cost)
    correct_pred = tf.equal(tf.argmax(pred, 1), tf.argmax(y, 1))
    accuracy = tf.reduce_mean(tf.cast(correct_pred, tf.float32))

    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        start = time.time()
        for step in range(1, FLAGS.steps + 1):
            batch_x, batch_y = mnist.train.next_batch(FLAGS.batch_size)
            batch_x = batch_x.reshape((FLAGS.batch_size, n_steps, n_input))
            feed = {x: batch_x, y: batch_y}
            if step % FLAGS.display_step == 0 or step == 1:
                _, loss, acc = sess.run([optimizer, cost, accuracy], feed_dict=feed)
                print(
                    "step %d, loss %.4f, accuracy %.3f (%.0f s)"
                    % (step, loss, acc, time.time() - start)
                )
                sys.stdout.flush()
            else:
                sess.run(optimizer, feed_dict=feed)
        final = sess.run(cost, feed_dict=feed)
        print("final loss: %.4f" % final)
        images = mnist.test.images.reshape((-1, n_steps, n_input))
        feed = {x: images, y: mnist.test.labels}
        print("test accuracy: %.4f" % sess.run(accuracy, feed_dict=feed))


if __name__ == "__main__":
    tf.app.run()
