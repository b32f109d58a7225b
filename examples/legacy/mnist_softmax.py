import tensorflow as tf

import sys

import numpy as np

from tensorflow.examples.tutorials.mnist import input_data

# Softmax regression on MNIST: one matrix, one bias, gradient descent.

flags = tf.app.flags
flags.DEFINE_string("data_dir", "MNIST_data", "Folder with the MNIST files.")
flags.DEFINE_integer("steps", 1000, "Number of training steps.")
flags.DEFINE_integer("batch_size", 100, "Images per step.")
flags.DEFINE_float("learning_rate", 0.2, "Step length of gradient descent.")
flags.DEFINE_integer("display_step", 100, "Steps between two printed lines.")
FLAGS = flags.FLAGS


def main(_):
    np.random.seed(1)
    mnist = input_data.read_data_sets(FLAGS.data_dir, one_hot=True)

    x = tf.placeholder(tf.float32, [None, 784])
    y_ = tf.placeholder(tf.float32, [None, 10])
    W = tf.Variable(tf.zeros([784, 10]))
    b = tf.Variable(tf.zeros([10]))
    y = tf.nn.softmax(tf.matmul(x, W) + b)

    log_y = tf.log(tf.clip_by_value(y, 1e-10, 1.0))
    cross_entropy = tf.reduce_mean(-tf.reduce_sum(y_ * log_y, reduction_indices=[1]))
    optimizer = tf.train.GradientDescentOptimizer(FLAGS.learning_rate)
    train_step = optimizer.minimize(cross_entropy)
    correct = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
    accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))

    sess = tf.InteractiveSession()
    tf.initialize_all_variables().run()
    for step in range(1, FLAGS.steps + 1):
        batch_xs, batch_ys = mnist.train.next_batch(FLAGS.batch_size)
        _, loss = sess.run(
            [train_step, cross_entropy], feed_dict={x: batch_xs, y_: batch_ys}
        )
        if step % FLAGS.display_step == 0 or step == 1:
            print("step %d, loss %.4f" % (step, loss))
            sys.stdout.flush()
    print("final loss: %.4f" % loss)
    feed = {x: mnist.test.images, y_: mnist.test.labels}
    print("test accuracy: %.4f" % accuracy.eval(feed_dict=feed))


if __name__ == "__main__":
    tf.app.run()
