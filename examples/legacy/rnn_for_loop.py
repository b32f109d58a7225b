import tensorflow as tf

import sys

import numpy as np

from tensorflow.python.ops.rnn_cell import GRUCell

# A recurrent net unrolled by a plain Python loop: after each of 25 values of a wave it
# tells the next one. The first pass makes the variables, the others reuse them.

flags = tf.app.flags
flags.DEFINE_integer("steps", 500, "Number of training steps.")
flags.DEFINE_integer("batch_size", 64, "Waves per step.")
flags.DEFINE_integer("hidden", 32, "Units of the cell.")
flags.DEFINE_float("learning_rate", 0.01, "Step length of Adam.")
flags.DEFINE_integer("display_step", 25, "Steps between two printed lines.")
FLAGS = flags.FLAGS

num_steps = 25


def waves(batch_size):
    phase = np.random.uniform(0, 2 * np.pi, (batch_size, 1))
    speed = np.random.uniform(0.2, 0.6, (batch_size, 1))
    return np.sin(phase + speed * np.arange(num_steps + 1)).astype(np.float32)


def main(_):
    np.random.seed(1)
    series = tf.placeholder(tf.float32, [FLAGS.batch_size, num_steps + 1])
    cell = GRUCell(FLAGS.hidden)
    state = cell.zero_state(FLAGS.batch_size, tf.float32)
    outputs = []
    init = tf.random_normal_initializer(0.0, 0.2, seed=1)
    with tf.variable_scope("RNN", initializer=init):
        for time_step in range(num_steps):
            if time_step > 0:
                tf.get_variable_scope().reuse_variables()
            output, state = cell(series[:, time_step : time_step + 1], state)
            outputs.append(output)

    w = tf.Variable(tf.random_normal([FLAGS.hidden, 1], stddev=0.2, seed=2), name="w")
    b = tf.Variable(tf.zeros([1]), name="b")
    hidden = tf.reshape(tf.pack(outputs), [-1, FLAGS.hidden])
    prediction = tf.reshape(tf.matmul(hidden, w) + b, [num_steps, FLAGS.batch_size])
    target = tf.transpose(series[:, 1:])
    loss_op = tf.reduce_mean(tf.square(prediction - target))
    train_op = tf.train.AdamOptimizer(FLAGS.learning_rate).minimize(loss_op)
    for v in tf.trainable_variables():
        print("%s %s" % (v.name, v.get_shape().as_list()))

    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for step in range(1, FLAGS.steps + 1):
            feed = {series: waves(FLAGS.batch_size)}
            _, loss = sess.run([train_op, loss_op], feed_dict=feed)
            if step % FLAGS.display_step == 0 or step == 1:
                print("step %d, loss %.5f" % (step, loss))
                sys.stdout.flush()
        feed = {series: waves(FLAGS.batch_size)}
        print("final loss: %.5f" % sess.run(loss_op, feed_dict=feed))


if __name__ == "__main__":
    tf.app.run()
