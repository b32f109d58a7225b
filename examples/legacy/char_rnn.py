import tensorflow as tf

import sys
import time

import numpy as np

from tensorflow.python.ops import rnn_cell, seq2seq

# A language model of characters: at every step two LSTM layers tell the next character.
# Now and then it writes a text: a second model of one step shares the variables, draws a
# character, and takes it and the state of before as its next input.
#
#     char_rnn.py [text file] [--iterations=1500] [--temperature=0.7] ...

flags = tf.app.flags
flags.DEFINE_integer("iterations", 1500, "Number of training steps.")
flags.DEFINE_integer("batch_size", 50, "Places in the text read at once.")
flags.DEFINE_integer("num_steps", 50, "Characters of an unrolled loop.")
flags.DEFINE_integer("hidden", 128, "Units of each layer.")
flags.DEFINE_integer("layers", 2, "LSTM layers.")
flags.DEFINE_float("learning_rate", 0.005, "Step length of Adam in the first epoch.")
flags.DEFINE_float("decay_rate", 0.9, "Factor of the step length from epoch to epoch.")
flags.DEFINE_float("max_grad_norm", 5.0, "Gradients are clipped to this norm.")
flags.DEFINE_integer("display_step", 25, "Steps between two printed losses.")
flags.DEFINE_integer("sample_every", 500, "Steps between two written samples.")
flags.DEFINE_integer("sample_length", 300, "Characters of a sample.")
flags.DEFINE_float("temperature", 0.7, "Below 1: likely characters; above: odd ones.")
flags.DEFINE_string("prime", "the ", "What a sample begins with.")
flags.DEFINE_string("plot", "char_rnn_loss.png", "Picture; empty for none.")
FLAGS = flags.FLAGS


def read_text(files):
    if files:
        with open(files[0], "rb") as f:
            return f.read().decode("utf-8", "replace")
    from pydoc_data import topics  # the help texts that come with Python

    text = "\n".join(topics.topics[name] for name in sorted(topics.topics))
    # Prose is wanted: no tables, no rules, no indentation.
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(s for s in lines if s[:1].isalpha())


class CharRNN(object):
    def __init__(self, n_chars, batch_size, num_steps):
        cell = rnn_cell.BasicLSTMCell(FLAGS.hidden, state_is_tuple=True)
        cell = rnn_cell.MultiRNNCell([cell] * FLAGS.layers, state_is_tuple=True)
        self.input_data = tf.placeholder(tf.int32, [batch_size, num_steps])
        self.targets = tf.placeholder(tf.int32, [batch_size, num_steps])
        self.initial_state = cell.zero_state(batch_size, tf.float32)

        with tf.variable_scope("softmax"):
            w = tf.get_variable("w", [FLAGS.hidden, n_chars])
            b = tf.get_variable("b", [n_chars], initializer=tf.constant_initializer(0))
        embedding = tf.get_variable("embedding", [n_chars, FLAGS.hidden])
        embedded = tf.nn.embedding_lookup(embedding, self.input_data)
        inputs = [tf.squeeze(step, [1]) for step in tf.split(1, num_steps, embedded)]
        outputs, self.final_state = seq2seq.rnn_decoder(
            inputs, self.initial_state, cell
        )
        output = tf.reshape(tf.concat(1, outputs), [-1, FLAGS.hidden])
        self.logits = tf.matmul(output, w) + b
        size = batch_size * num_steps
        losses = seq2seq.sequence_loss_by_example(
            [self.logits], [tf.reshape(self.targets, [-1])], [tf.ones([size])]
        )
        self.cost = tf.reduce_sum(losses) / size

    def train(self):
        self.lr = tf.Variable(FLAGS.learning_rate, trainable=False)
        tvars = tf.trainable_variables()
        grads, _ = tf.clip_by_global_norm(
            tf.gradients(self.cost, tvars), FLAGS.max_grad_norm
        )
        optimizer = tf.train.AdamOptimizer(self.lr)
        return optimizer.apply_gradients(zip(grads, tvars))

    def run(self, sess, fetches, x, state, y=None):
        """Runs one step from `state`; returns what is fetched and the state after it."""
        feed = {self.input_data: x}
        if y is not None:
            feed[self.targets] = y
        for (c, h), (old_c, old_h) in zip(self.initial_state, state):
            feed[c], feed[h] = old_c, old_h
        flat = [part for layer in self.final_state for part in layer]
        found = sess.run(fetches + flat, feed_dict=feed)
        n = len(fetches)
        return found[:n], list(zip(found[n::2], found[n + 1 :: 2]))


def zeros(batch_size):
    """The state that knows nothing, as arrays."""
    part = np.zeros([batch_size, FLAGS.hidden], np.float32)
    return [(part, part)] * FLAGS.layers


def draw(logits, temperature):
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    p = np.exp(scaled - scaled.max())
    return int(np.searchsorted(np.cumsum(p), np.random.rand() * p.sum()))


def write(sess, model, chars):
    index = dict((c, i) for i, c in enumerate(chars))
    state = zeros(1)
    prime = [index[c] for c in FLAGS.prime if c in index] or [0]
    for i in prime:
        (logits,), state = model.run(sess, [model.logits], [[i]], state)
    print('sample, after "%s":' % FLAGS.prime)
    for _ in range(FLAGS.sample_length):
        chosen = draw(logits[0], FLAGS.temperature)
        sys.stdout.write(chars[chosen])
        sys.stdout.flush()
        (logits,), state = model.run(sess, [model.logits], [[chosen]], state)
    sys.stdout.write("\n\n")


def plot(losses, path):
    try:
        import matplotlib
    except ImportError:
        print("no matplotlib, no picture of the loss")
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.figure(figsize=(8, 4))
    plt.plot(np.array(losses) / np.log(2), linewidth=0.7)
    plt.xlabel("iteration")
    plt.ylabel("bits per character")
    plt.grid(True)
    plt.savefig(path)
    print("picture of the loss: %s" % path)


def main(argv):
    np.random.seed(1)
    text = read_text([a for a in argv[1:] if not a.startswith("--")])
    chars = sorted(set(text))
    index = dict((c, i) for i, c in enumerate(chars))
    ids = np.array([index[c] for c in text], np.int32)
    per_epoch = (len(ids) - 1) // (FLAGS.batch_size * FLAGS.num_steps)
    if not per_epoch:
        raise ValueError("text too short: decrease batch_size or num_steps")
    print("%d characters, %d different" % (len(ids), len(chars)))
    print("%d batches are an epoch" % per_epoch)
    used = per_epoch * FLAGS.batch_size * FLAGS.num_steps
    xs = np.split(ids[:used].reshape(FLAGS.batch_size, -1), per_epoch, 1)
    ys = np.split(ids[1 : used + 1].reshape(FLAGS.batch_size, -1), per_epoch, 1)

    init = tf.random_uniform_initializer(-0.1, 0.1, seed=1)
    with tf.variable_scope("char_rnn", initializer=init):
        model = CharRNN(len(chars), FLAGS.batch_size, FLAGS.num_steps)
    train_op = model.train()
    with tf.variable_scope("char_rnn", reuse=True):
        sampler = CharRNN(len(chars), 1, 1)
    for v in tf.trainable_variables():
        print("%s %s" % (v.name, v.get_shape().as_list()))

    losses = []
    begin = time.time()
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for i in range(1, FLAGS.iterations + 1):
            epoch, place = divmod(i - 1, per_epoch)
            if place == 0:
                state = zeros(FLAGS.batch_size)
                rate = FLAGS.learning_rate * FLAGS.decay_rate**epoch
                sess.run(tf.assign(model.lr, rate))
            (loss, _), state = model.run(
                sess, [model.cost, train_op], xs[place], state, ys[place]
            )
            losses.append(float(loss))
            if i % FLAGS.display_step == 0 or i == 1:
                told = (i, epoch + 1, loss, time.time() - begin)
                print("iteration %d, epoch %d, loss %.4f (%.0f s)" % told)
                sys.stdout.flush()
            if FLAGS.sample_every and i % FLAGS.sample_every == 0:
                write(sess, sampler, chars)
    print("final loss: %.4f" % np.mean(losses[-50:]))
    if FLAGS.plot:
        plot(losses, FLAGS.plot)


if __name__ == "__main__":
    tf.app.run()
