import tensorflow as tf

import sys

import numpy as np

from tensorflow.examples.tutorials.mnist import input_data
from tensorflow.python.ops import rnn
from tensorflow.python.ops.rnn_cell import BasicLSTMCell, DropoutWrapper, MultiRNNCell

# Three LSTM layers with dropout between them read each image row by row.

flags = tf.app.flags
flags.DEFINE_string("data_dir", "MNIST_data", "Folder with the MNIST files.")
flags.DEFINE_integer("steps", 400, "Number of training steps.")
flags.DEFINE_integer("batch_size", 100, "Images per step.")
flags.DEFINE_integer("layers", 3, "Number of LSTM layers.")
flags.DEFINE_integer("hidden", 64, "Units of each layer.")
flags.DEFINE_float("keep_prob", 0.8, "Share of the outputs kept while training.")
flags.DEFINE_float("learning_rate", 0.003, "Step length of Adam.")
flags.DEFINE_float("max_grad_norm", 5.0, "Gradients are clipped to this norm.")
flags.DEFINE_integer("display_step", 20, "Steps between two printed lines.")
FLAGS = flags.FLAGS


def build(x, y, keep_prob):
    rows = [tf.squeeze(row, [1]) for row in tf.split(1, 28, x)]
    cell = BasicLSTMCell(FLAGS.hidden, forget_bias=1.0, state_is_tuple=True)
    cell = DropoutWrapper(cell, output_keep_prob=keep_prob, seed=11)
    cell = MultiRNNCell([cell] * FLAGS.layers, state_is_tuple=True)
    batch_size = tf.shape(x)[0]
    initial_state = cell.zero_state(batch_size, tf.float32)
    init = tf.random_uniform_initializer(-0.1, 0.1, seed=1)
    with tf.variable_scope("stack", initializer=init):
        outputs, _ = rnn.rnn(cell, rows, initial_state=initial_state)
    with tf.variable_scope("softmax", initializer=init):
        w = tf.get_variable("w", [FLAGS.hidden, 10])
        b = tf.get_variable("b", [10], initializer=tf.constant_initializer(0.0))
    logits = tf.matmul(outputs[-1], w) + b
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(logits, y)
    return logits, tf.reduce_mean(losses)


def main(_):
    np.random.seed(1)
    mnist = input_data.read_data_sets(FLAGS.data_dir)

    images = tf.placeholder(tf.float32, [None, 784])
    labels = tf.placeholder(tf.int64, [None])
    keep_prob = tf.placeholder_with_default(tf.constant(1.0), [])
    x = tf.reshape(images, [-1, 28, 28])
    logits, loss_op = build(x, labels, keep_prob)
    accuracy = tf.reduce_mean(tf.to_float(tf.nn.in_top_k(logits, labels, 1)))

    tvars = tf.trainable_variables()
    for v in tvars:
        print("%s %s" % (v.name, v.get_shape().as_list()))
    grads, norm = tf.clip_by_global_norm(
        tf.gradients(loss_op, tvars), FLAGS.max_grad_norm
    )
    global_step = tf.Variable(0, name="global_step", trainable=False)
    optimizer = tf.train.AdamOptimizer(FLAGS.learning_rate)
    train_op = optimizer.apply_gradients(zip(grads, tvars), global_step=global_step)

    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for step in range(1, FLAGS.steps + 1):
            xs, ys = mnist.train.next_batch(FLAGS.batch_size)
            feed = {images: xs, labels: ys, keep_prob: FLAGS.keep_prob}
            _, loss, size = sess.run([train_op, loss_op, norm], feed_dict=feed)
            if step % FLAGS.display_step == 0 or step == 1:
                print("step %d, loss %.4f, gradient norm %.4f" % (step, loss, size))
                sys.stdout.flush()
        print("global step: %d" % tf.train.global_step(sess, global_step))
        print("final loss: %.4f" % loss)
        feed = {images: mnist.test.images, labels: mnist.test.labels}
        print("test accuracy: %.4f" % sess.run(accuracy, feed_dict=feed))


if __name__ == "__main__":
    tf.app.run()
