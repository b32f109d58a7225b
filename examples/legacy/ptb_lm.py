import tensorflow as tf

import collections
import os
import re
import sys
import time

import numpy as np

from tensorflow.python.ops import rnn, rnn_cell

# A language model of words: LSTM layers tell the next word of a text, with the three
# configurations of Zaremba, Sutskever and Vinyals (2014), http://arxiv.org/abs/1409.2329.
#
#     ptb_lm.py [--data_path=folder with ptb.train.txt ...] [--model=small] [--rnn] ...
#     ptb_lm.py text file
#
# Without data it reads the help texts that come with Python.

flags = tf.app.flags
flags.DEFINE_string("data_path", "", "Folder with ptb.{train,valid,test}.txt.")
flags.DEFINE_string("model", "small", "Configuration: small, medium or large.")
flags.DEFINE_boolean("rnn", False, "Make the loop by rnn.rnn, not in Python.")
flags.DEFINE_integer("epochs", 0, "Passes over the text; 0: as configured.")
flags.DEFINE_integer("hidden", 0, "Units of a layer; 0: as configured.")
flags.DEFINE_integer("num_steps", 0, "Words of an unrolled loop; 0: as configured.")
flags.DEFINE_integer("batch_size", 0, "Rows of words read at once; 0: as configured.")
flags.DEFINE_integer("vocab_size", 0, "Words told apart, at most; 0: as configured.")
flags.DEFINE_integer("dropout_seed", None, "Fixes what dropout drops.")
flags.DEFINE_string("plot", "ptb_lm_perplexity.png", "Picture; empty for none.")
FLAGS = flags.FLAGS

Config = collections.namedtuple(
    "Config",
    "init_scale learning_rate max_grad_norm layers num_steps hidden max_epoch epochs "
    "keep_prob lr_decay batch_size vocab_size",
)
CONFIGS = {
    "small": Config(0.1, 1.0, 5, 2, 20, 200, 4, 13, 1.0, 0.5, 20, 10000),
    "medium": Config(0.05, 1.0, 5, 2, 35, 650, 6, 39, 0.5, 0.8, 20, 10000),
    "large": Config(0.04, 1.0, 10, 2, 35, 1500, 14, 55, 0.35, 1 / 1.15, 20, 10000),
}


def get_config():
    names = ["epochs", "hidden", "num_steps", "batch_size", "vocab_size"]
    given = dict((name, getattr(FLAGS, name)) for name in names)
    changes = dict((name, value) for name, value in given.items() if value)
    return CONFIGS[FLAGS.model]._replace(**changes)


def read_penn_treebank(folder):
    parts = []
    for name in ("train", "valid", "test"):
        with open(os.path.join(folder, "ptb.%s.txt" % name), "rb") as f:
            parts.append(f.read().decode("utf-8").replace("\n", " <eos> ").split())
    return parts


def read_text(files):
    if files:
        with open(files[0], "rb") as f:
            text = f.read().decode("utf-8", "replace")
    else:
        from pydoc_data import topics

        text = "\n".join(topics.topics[name] for name in sorted(topics.topics))
    lines = (re.findall(r"\w+|[^\w\s]", line) for line in text.lower().splitlines())
    words = sum(([w for w in line] + ["<eos>"] for line in lines if line), [])
    counts = collections.Counter(words)
    words = [w if counts[w] > 2 else "<unk>" for w in words]
    # Of ten pieces eight are for training, one for validation and one for the test.
    parts = [[], [], []]
    size = max(1, len(words) // 200)
    for i in range(0, len(words), size):
        parts[max(0, i // size % 10 - 7)].extend(words[i : i + size])
    return parts


def to_ids(parts, vocab_size):
    counts = collections.Counter(parts[0])
    ranked = sorted(counts, key=lambda w: (-counts[w], w))[: vocab_size - 1]
    index = dict((w, i + 1) for i, w in enumerate(w for w in ranked if w != "<unk>"))
    ids = [np.array([index.get(w, 0) for w in part], np.int32) for part in parts]
    return ids, len(index) + 1


def batches(ids, batch_size, num_steps):
    length = len(ids) // batch_size
    rows = ids[: batch_size * length].reshape(batch_size, length)
    if length <= num_steps:
        raise ValueError("text too short: decrease batch_size or num_steps")
    for i in range(0, length - num_steps, num_steps):
        yield rows[:, i : i + num_steps], rows[:, i + 1 : i + num_steps + 1]


class LanguageModel(object):
    def __init__(self, is_training, config):
        self.batch_size, self.num_steps = config.batch_size, config.num_steps
        self.dropping = is_training and config.keep_prob < 1
        self.keep_prob = config.keep_prob
        shape = [self.batch_size, self.num_steps]
        self.input_data = tf.placeholder(tf.int32, shape)
        self.targets = tf.placeholder(tf.int32, shape)

        cell = rnn_cell.BasicLSTMCell(
            config.hidden, forget_bias=0.0, state_is_tuple=False
        )
        if self.dropping:
            cell = rnn_cell.DropoutWrapper(
                cell, output_keep_prob=self.keep_prob, seed=FLAGS.dropout_seed
            )
        cell = rnn_cell.MultiRNNCell([cell] * config.layers, state_is_tuple=False)
        self.initial_state = cell.zero_state(self.batch_size, tf.float32)

        with tf.device("/cpu:0"):
            embedding = tf.get_variable("embedding", [config.vocab_size, config.hidden])
            inputs = tf.nn.embedding_lookup(embedding, self.input_data)
        if self.dropping:
            inputs = tf.nn.dropout(inputs, self.keep_prob, seed=FLAGS.dropout_seed)
        outputs = self.unroll(cell, inputs)

        output = tf.reshape(tf.concat(1, outputs), [-1, config.hidden])
        softmax_w = tf.get_variable("softmax_w", [config.hidden, config.vocab_size])
        softmax_b = tf.get_variable("softmax_b", [config.vocab_size])
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
            tf.matmul(output, softmax_w) + softmax_b, tf.reshape(self.targets, [-1])
        )
        # The sum over the words of a row, the mean over the rows.
        self.cost = tf.reduce_sum(losses) / self.batch_size
        self.train_op = tf.no_op()
        if is_training:
            self.lr = tf.Variable(0.0, trainable=False, name="learning_rate")
            self.train_op = self.train(config.max_grad_norm)

    def unroll(self, cell, inputs):
        if FLAGS.rnn:
            steps = [tf.squeeze(s, [1]) for s in tf.split(1, self.num_steps, inputs)]
            outputs, state = rnn.rnn(cell, steps, initial_state=self.initial_state)
        else:
            outputs = []
            state = self.initial_state
            with tf.variable_scope("RNN"):
                for time_step in range(self.num_steps):
                    if time_step > 0:
                        tf.get_variable_scope().reuse_variables()
                    output, state = cell(inputs[:, time_step, :], state)
                    outputs.append(output)
        self.final_state = state
        return outputs

    def train(self, max_grad_norm):
        tvars = tf.trainable_variables()
        grads, _ = tf.clip_by_global_norm(tf.gradients(self.cost, tvars), max_grad_norm)
        optimizer = tf.train.GradientDescentOptimizer(self.lr)
        return optimizer.apply_gradients(zip(grads, tvars))


def run_epoch(sess, model, ids, verbose=False):
    begin = time.time()
    costs, words = 0.0, 0
    state = sess.run(model.initial_state)
    pairs = list(batches(ids, model.batch_size, model.num_steps))
    for i, (x, y) in enumerate(pairs):
        feed = {model.input_data: x, model.targets: y, model.initial_state: state}
        fetches = [model.cost, model.final_state, model.train_op]
        cost, state, _ = sess.run(fetches, feed_dict=feed)
        costs += cost
        words += model.num_steps
        if verbose and i % max(1, len(pairs) // 5) == 0:
            told = (100 * i // len(pairs), np.exp(costs / words))
            print("  %2d %%, perplexity %.3f" % told + speed(model, words, begin))
            sys.stdout.flush()
    return np.exp(costs / words), speed(model, words, begin)


def speed(model, words, begin):
    return " (%d words/s)" % (words * model.batch_size / (time.time() - begin))


def plot(perplexities, path):
    try:
        import matplotlib
    except ImportError:
        print("no matplotlib, no picture of the perplexity")
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.figure(figsize=(8, 4))
    epochs = np.arange(1, len(perplexities) + 1)
    for name, values in zip(["training", "validation"], zip(*perplexities)):
        plt.semilogy(epochs, values, ".-", label=name)
    plt.xlabel("epoch")
    plt.ylabel("perplexity")
    plt.grid(True, which="both", alpha=0.3)
    plt.legend()
    plt.savefig(path)
    print("picture of the perplexity: %s" % path)


def main(argv):
    config = get_config()
    if FLAGS.data_path:
        parts = read_penn_treebank(FLAGS.data_path)
    else:
        parts = read_text([a for a in argv[1:] if not a.startswith("--")])
    (train, valid, test), vocab_size = to_ids(parts, config.vocab_size)
    config = config._replace(vocab_size=vocab_size)
    print("words: %d, %d, %d" % (len(train), len(valid), len(test)))
    print("vocabulary: %d" % vocab_size)

    scale = config.init_scale
    initializer = tf.random_uniform_initializer(-scale, scale, seed=1)
    with tf.variable_scope("model", reuse=None, initializer=initializer):
        model = LanguageModel(True, config)
    with tf.variable_scope("model", reuse=True, initializer=initializer):
        model_valid = LanguageModel(False, config)
        one = config._replace(batch_size=1, num_steps=1)
        model_test = LanguageModel(False, one)
    for v in tf.trainable_variables():
        print("%s %s" % (v.name, v.get_shape().as_list()))

    perplexities = []
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for epoch in range(1, config.epochs + 1):
            decay = config.lr_decay ** max(epoch - config.max_epoch, 0)
            sess.run(tf.assign(model.lr, config.learning_rate * decay))
            print("epoch %d, learning rate %.4f" % (epoch, sess.run(model.lr)))
            of_train, words_per_second = run_epoch(sess, model, train, verbose=True)
            of_valid, _ = run_epoch(sess, model_valid, valid)
            perplexities.append([of_train, of_valid])
            told = (epoch, of_train, of_valid)
            line = "epoch %d, train perplexity %.3f, valid perplexity %.3f" % told
            print(line + words_per_second)
            sys.stdout.flush()
        of_test, words_per_second = run_epoch(sess, model_test, test)
        print("test perplexity: %.3f" % of_test + words_per_second)
    if FLAGS.plot:
        plot(perplexities, FLAGS.plot)


if __name__ == "__main__":
    tf.app.run()
