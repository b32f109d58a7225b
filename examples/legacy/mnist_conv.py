import tensorflow as tf

import sys

import numpy as np

from tensorflow.examples.tutorials.mnist import input_data

# Two convolutions with max pooling, a full layer with dropout, Adam.

flags = tf.app.flags
flags.DEFINE_string("data_dir", "MNIST_data", "Folder with the MNIST files.")
flags.DEFINE_integer("steps", 600, "Number of training steps.")
flags.DEFINE_integer("batch_size", 50, "Images per step.")
flags.DEFINE_float("learning_rate", 1e-4, "Step length of Adam.")
flags.DEFINE_float("keep_prob", 0.5, "Share of the units kept while training.")
flags.DEFINE_integer("display_step", 20, "Steps between two printed lines.")
flags.DEFINE_integer("test_images", 2000, "Number of test images at the end.")
FLAGS = flags.FLAGS


def weight_variable(shape, seed):
    return tf.Variable(tf.truncated_normal(shape, stddev=0.1, seed=seed))


def bias_variable(shape):
    return tf.Variable(tf.constant(0.1, shape=shape))


def conv2d(x, W):
    return tf.nn.conv2d(x, W, strides=[1, 1, 1, 1], padding="SAME")


def max_pool_2x2(x):
    return tf.nn.max_pool(
        x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME"
    )


def inference(x, keep_prob):
    image = tf.reshape(x, [-1, 28, 28, 1])
    h_conv1 = tf.nn.relu(
        conv2d(image, weight_variable([5, 5, 1, 32], 1)) + bias_variable([32])
    )
    h_pool1 = max_pool_2x2(h_conv1)
    h_conv2 = tf.nn.relu(
        conv2d(h_pool1, weight_variable([5, 5, 32, 64], 2)) + bias_variable([64])
    )
    h_pool2 = max_pool_2x2(h_conv2)
    flat = tf.reshape(h_pool2, [-1, 7 * 7 * 64])
    h_fc1 = tf.nn.relu(
        tf.matmul(flat, weight_variable([7 * 7 * 64, 1024], 3)) + bias_variable([1024])
    )
    dropped = tf.nn.dropout(h_fc1, keep_prob, seed=4)
    return tf.matmul(dropped, weight_variable([1024, 10], 5)) + bias_variable([10])


def main(_):
    np.random.seed(1)
    mnist = input_data.read_data_sets(FLAGS.data_dir, one_hot=True)

    x = tf.placeholder(tf.float32, [None, 784])
    y_ = tf.placeholder(tf.float32, [None, 10])
    keep_prob = tf.placeholder(tf.float32)
    logits = inference(x, keep_prob)
    loss_op = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits, y_))
    train_step = tf.train.AdamOptimizer(FLAGS.learning_rate).minimize(loss_op)
    correct = tf.equal(tf.argmax(logits, 1), tf.argmax(y_, 1))
    accuracy = tf.reduce_mean(tf.cast(correct, "float"))

    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for step in range(1, FLAGS.steps + 1):
            images, labels = mnist.train.next_batch(FLAGS.batch_size)
            feed = {x: images, y_: labels, keep_prob: FLAGS.keep_prob}
            _, loss = sess.run([train_step, loss_op], feed_dict=feed)
            if step % FLAGS.display_step == 0 or step == 1:
                print("step %d, loss %.4f" % (step, loss))
                sys.stdout.flush()
        print("final loss: %.4f" % loss)

        # The test images go through in parts: all at once need much memory.
        total, right = min(FLAGS.test_images, mnist.test.num_examples), 0.0
        for start in range(0, total, 500):
            end = min(start + 500, total)
            feed = {
                x: mnist.test.images[start:end],
                y_: mnist.test.labels[start:end],
                keep_prob: 1.0,
            }
            right += sess.run(accuracy, feed_dict=feed) * (end - start)
        print("test accuracy: %.4f" % (right / total))


if __name__ == "__main__":
    tf.app.run()
