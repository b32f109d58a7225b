import tensorflow as tf

import sys
import time

import numpy as np

from tensorflow.python.ops import rnn, rnn_cell

# An LSTM learns to tell the next character of a text from the 40 before it. Every now
# and then it writes: each character it draws is fed back as the last of its input.
#
#     text_generation.py [text file] [--iterations=1200] [--plot=loss.png] ...

flags = tf.app.flags
flags.DEFINE_integer("iterations", 1200, "Number of training steps.")
flags.DEFINE_integer("batch_size", 128, "Windows of the text per step.")
flags.DEFINE_integer("hidden", 128, "Units of the LSTM.")
flags.DEFINE_float("learning_rate", 0.01, "Step length of Adam.")
flags.DEFINE_integer("display_step", 25, "Steps between two printed losses.")
flags.DEFINE_integer("sample_every", 300, "Steps between two written samples.")
flags.DEFINE_integer("sample_length", 200, "Characters of a sample.")
flags.DEFINE_float("diversity", 0.5, "Below 1: likely characters; above: odd ones.")
flags.DEFINE_string("plot", "text_generation_loss.png", "Picture; empty for none.")
FLAGS = flags.FLAGS

maxlen = 40  # characters that the net sees
skip = 3  # characters between the beginnings of two windows


def read_text(files):
    if files:
        with open(files[0], "rb") as f:
            return f.read().decode("utf-8", "replace").lower()
    from pydoc_data import topics  # the help texts that come with Python

    text = "\n".join(topics.topics[name] for name in sorted(topics.topics))
    # Prose is wanted: no tables, no rules, no indentation.
    lines = (" ".join(line.split()) for line in text.lower().splitlines())
    return "\n".join(s for s in lines if s[:1].isalpha())


def build(x, n_chars):
    # [batch, step, character] -> a list of maxlen tensors [batch, character]
    steps = tf.split(0, maxlen, tf.reshape(tf.transpose(x, [1, 0, 2]), [-1, n_chars]))
    cell = rnn_cell.BasicLSTMCell(FLAGS.hidden, forget_bias=1.0, state_is_tuple=True)
    init = tf.random_uniform_initializer(-0.1, 0.1, seed=1)
    with tf.variable_scope("lstm", initializer=init):
        outputs, _ = rnn.rnn(cell, steps, dtype=tf.float32)
    w = tf.Variable(
        tf.random_normal([FLAGS.hidden, n_chars], stddev=0.1, seed=2), name="w"
    )
    b = tf.Variable(tf.zeros([n_chars]), name="b")
    return tf.matmul(outputs[-1], w) + b


def draw(logits, diversity):
    scaled = np.asarray(logits, dtype=np.float64) / diversity
    p = np.exp(scaled - scaled.max())
    return int(np.searchsorted(np.cumsum(p), np.random.rand() * p.sum()))


def plot(losses, path):
    try:
        import matplotlib
    except ImportError:
        print("no matplotlib, no picture of the loss")
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.figure(figsize=(8, 4))
    plt.plot(losses, linewidth=0.5, label="batch")
    width = max(1, min(50, len(losses) // 4))
    means = np.convolve(losses, np.ones(width) / width, "valid")
    plt.plot(np.arange(len(means)) + width - 1, means, label="mean of %d" % width)
    plt.xlabel("iteration")
    plt.ylabel("cross-entropy")
    plt.legend()
    plt.savefig(path)
    print("picture of the loss: %s" % path)


def main(argv):
    np.random.seed(1)
    text = read_text([a for a in argv[1:] if not a.startswith("--")])
    chars = sorted(set(text))
    n_chars = len(chars)
    index = dict((c, i) for i, c in enumerate(chars))
    ids = np.array([index[c] for c in text])
    starts = np.arange(0, len(ids) - maxlen, skip)
    one_hot = np.eye(n_chars, dtype=np.float32)
    print("%d characters, %d different, %d windows" % (len(ids), n_chars, len(starts)))
    sys.stdout.flush()

    x = tf.placeholder(tf.float32, [None, maxlen, n_chars])
    y = tf.placeholder(tf.float32, [None, n_chars])
    logits = build(x, n_chars)
    cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits, y))
    optimizer = tf.train.AdamOptimizer(FLAGS.learning_rate).minimize(cost)

    def write(sess):
        start = np.random.randint(len(ids) - maxlen)
        window = ids[start : start + maxlen]
        sys.stdout.write('after "%s":\n' % text[start : start + maxlen])
        for _ in range(FLAGS.sample_length):
            out = sess.run(logits, feed_dict={x: one_hot[window][np.newaxis]})
            chosen = draw(out[0], FLAGS.diversity)
            window = np.append(window[1:], chosen)
            sys.stdout.write(chars[chosen])
            sys.stdout.flush()
        sys.stdout.write("\n\n")

    losses = []
    begin = time.time()
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for i in range(1, FLAGS.iterations + 1):
            batch = starts[np.random.randint(len(starts), size=FLAGS.batch_size)]
            windows = ids[batch[:, np.newaxis] + np.arange(maxlen)]
            feed = {x: one_hot[windows], y: one_hot[ids[batch + maxlen]]}
            _, loss = sess.run([optimizer, cost], feed_dict=feed)
            losses.append(float(loss))
            if i % FLAGS.display_step == 0 or i == 1:
                seconds = time.time() - begin
                print("iteration %d, loss %.4f (%.0f s)" % (i, loss, seconds))
                sys.stdout.flush()
            if FLAGS.sample_every and i % FLAGS.sample_every == 0:
                write(sess)
    print("final loss: %.4f" % np.mean(losses[-50:]))
    if FLAGS.plot:
        plot(losses, FLAGS.plot)


if __name__ == "__main__":
    tf.app.run()
