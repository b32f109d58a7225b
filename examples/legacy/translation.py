import tensorflow as tf

import sys
import time

import numpy as np

from tensorflow.python.ops import rnn_cell

# Translation from digits into words, "427006" into "four hundred twenty-seven thousand
# six": an encoder, a decoder with attention, buckets of like lengths, and a loss that
# compares each word with a sample of the others. Every now and then a second model, which
# shares the variables and is fed what it said before, translates numbers that are not in
# the corpus.

flags = tf.app.flags
flags.DEFINE_integer("steps", 1600, "Number of training steps.")
flags.DEFINE_integer("batch_size", 64, "Numbers per step.")
flags.DEFINE_integer("hidden", 128, "Units of a layer, and size of the embeddings.")
flags.DEFINE_integer("layers", 1, "Layers of the encoder and of the decoder.")
flags.DEFINE_boolean("lstm", False, "LSTM cells instead of GRU cells.")
flags.DEFINE_integer("num_sampled", 32, "Words of a sample; 0: all words.")
flags.DEFINE_integer("buckets", 3, "Translate up to 3, 6 or 9 digits: 1, 2 or 3.")
flags.DEFINE_integer("corpus_size", 20000, "Numbers to learn from, at most.")
flags.DEFINE_integer("test_size", 200, "Numbers of each bucket to test with.")
flags.DEFINE_float("learning_rate", 0.003, "Step length of Adam.")
flags.DEFINE_float("decay_rate", 0.8, "Factor of the step length at each report.")
flags.DEFINE_float("max_grad_norm", 5.0, "Gradients are clipped to this norm.")
flags.DEFINE_integer("display_step", 200, "Steps between two reports.")
flags.DEFINE_string("plot", "translation_loss.png", "Picture; empty for none.")
FLAGS = flags.FLAGS

PAD, GO, EOS = 0, 1, 2
UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
# The most frequent words come first, as the sampler expects.
ONES = [""] + ["-" + unit for unit in UNITS[1:10]]
TARGET_WORDS = ["_PAD", "_GO", "_EOS", "thousand", "hundred", "million"] + UNITS
TARGET_WORDS += [ten + one for ten in TENS for one in ONES]
TARGET_INDEX = dict((word, i) for i, word in enumerate(TARGET_WORDS))
SOURCE_SIZE = 11  # the padding and ten digits

# Digits, and words with _GO and _EOS.
BUCKETS = [(3, 5), (6, 9), (9, 13)]


def in_words(n):
    if n == 0:
        return ["zero"]
    found = []
    for size, name in ((1000000, "million"), (1000, "thousand"), (1, None)):
        part = n // size % 1000
        if part >= 100:
            found += [UNITS[part // 100], "hundred"]
        rest = part % 100
        if rest >= 20:
            found.append(TENS[rest // 10 - 2] + ONES[rest % 10])
        elif rest:
            found.append(UNITS[rest])
        if part and name:
            found.append(name)
    return found


def make_corpus():
    """Numbers to learn from and numbers to test, both by bucket."""
    train, test = [], []
    share = FLAGS.corpus_size // FLAGS.buckets
    begin = 0
    for digits, _ in BUCKETS[: FLAGS.buckets]:
        end = 10**digits
        drawn = np.random.randint(begin, end, 2 * (share + FLAGS.test_size))
        drawn = np.random.permutation(np.unique(drawn))
        test.append(drawn[: FLAGS.test_size])
        train.append(drawn[FLAGS.test_size :][:share])
        begin = end
    return train, test


def get_batch(numbers, bucket):
    """What is fed: encoder and decoder inputs and the weights, each by step."""
    encoder_size, decoder_size = BUCKETS[bucket]
    encoder, decoder = [], []
    for n in numbers:
        source = [int(digit) + 1 for digit in str(n)]
        # The padding comes first and the digits in reverse: the first digit is the last.
        encoder.append([PAD] * (encoder_size - len(source)) + source[::-1])
        target = [GO] + [TARGET_INDEX[w] for w in in_words(n)] + [EOS]
        decoder.append(target + [PAD] * (decoder_size - len(target)))
    encoder, decoder = np.array(encoder).T, np.array(decoder).T
    targets = np.vstack([decoder[1:], np.zeros_like(decoder[:1])])
    return encoder, decoder, (targets != PAD).astype(np.float32)


class Translator(object):
    def __init__(self, decoding):
        self.decoding = decoding
        size = len(TARGET_WORDS)
        self.w = tf.get_variable("projection_w", [FLAGS.hidden, size])
        self.b = tf.get_variable(
            "projection_b", [size], initializer=tf.constant_initializer(0.0)
        )
        buckets = BUCKETS[: FLAGS.buckets]
        encoder_size, decoder_size = buckets[-1]
        self.encoder_inputs, self.decoder_inputs, self.weights = [], [], []
        for i in range(encoder_size):
            self.encoder_inputs.append(
                tf.placeholder(tf.int32, [None], "encoder%d" % i)
            )
        for i in range(decoder_size + 1):
            self.decoder_inputs.append(
                tf.placeholder(tf.int32, [None], "decoder%d" % i)
            )
            self.weights.append(tf.placeholder(tf.float32, [None], "weight%d" % i))
        # The target of a step is the input of the next.
        self.outputs, self.losses = tf.nn.seq2seq.model_with_buckets(
            self.encoder_inputs,
            self.decoder_inputs,
            self.decoder_inputs[1:],
            self.weights,
            buckets,
            self.sequence_to_sequence,
            softmax_loss_function=self.loss,
        )
        if decoding:
            self.told = [[self.best(o) for o in outputs] for outputs in self.outputs]

    def best(self, output):
        return tf.argmax(tf.matmul(output, self.w) + self.b, 1)

    def sequence_to_sequence(self, encoder_inputs, decoder_inputs):
        if FLAGS.lstm:
            cell = rnn_cell.BasicLSTMCell(FLAGS.hidden, state_is_tuple=True)
        else:
            cell = rnn_cell.GRUCell(FLAGS.hidden)
        if FLAGS.layers > 1:
            cell = rnn_cell.MultiRNNCell([cell] * FLAGS.layers, state_is_tuple=True)
        return tf.nn.seq2seq.embedding_attention_seq2seq(
            encoder_inputs,
            decoder_inputs,
            cell,
            num_encoder_symbols=SOURCE_SIZE,
            num_decoder_symbols=len(TARGET_WORDS),
            embedding_size=FLAGS.hidden,
            output_projection=(self.w, self.b),
            feed_previous=self.decoding,
        )

    def loss(self, inputs, labels):
        if self.decoding or not FLAGS.num_sampled:
            logits = tf.matmul(inputs, self.w) + self.b
            return tf.nn.sparse_softmax_cross_entropy_with_logits(logits, labels)
        labels = tf.reshape(tf.to_int64(labels), [-1, 1])
        size = len(TARGET_WORDS)
        sample = tf.nn.log_uniform_candidate_sampler(
            labels, 1, FLAGS.num_sampled, True, size, seed=3
        )
        return tf.nn.sampled_softmax_loss(
            tf.transpose(self.w),
            self.b,
            inputs,
            labels,
            FLAGS.num_sampled,
            size,
            sampled_values=sample,
        )

    def train(self):
        """One training op for each bucket."""
        self.global_step = tf.Variable(0, trainable=False, name="global_step")
        self.lr = tf.Variable(FLAGS.learning_rate, trainable=False, name="lr")
        self.decay_op = self.lr.assign(self.lr * FLAGS.decay_rate)
        optimizer = tf.train.AdamOptimizer(self.lr)
        tvars = tf.trainable_variables()
        self.train_ops = []
        for loss in self.losses:
            grads, _ = tf.clip_by_global_norm(
                tf.gradients(loss, tvars), FLAGS.max_grad_norm
            )
            self.train_ops.append(
                optimizer.apply_gradients(zip(grads, tvars), self.global_step)
            )

    def feed(self, numbers, bucket):
        encoder, decoder, weights = get_batch(numbers, bucket)
        feed = dict(zip(self.encoder_inputs, encoder))
        feed.update(zip(self.decoder_inputs, decoder))
        feed.update(zip(self.weights, weights))
        # The target of the last step, which has no weight.
        feed[self.decoder_inputs[len(decoder)]] = np.zeros_like(decoder[0])
        return feed

    def translate(self, sess, numbers, bucket):
        """The words of each number, and the loss."""
        fetches = [self.losses[bucket]] + self.told[bucket]
        found = sess.run(fetches, feed_dict=self.feed(numbers, bucket))
        texts = []
        for ids in zip(*found[1:]):
            end = ids.index(EOS) if EOS in ids else len(ids)
            texts.append([TARGET_WORDS[i] for i in ids[:end]])
        return texts, found[0]


def report(sess, decoder, test, examples):
    for bucket, numbers in enumerate(test):
        texts, loss = decoder.translate(sess, numbers, bucket)
        right = [text == in_words(n) for n, text in zip(numbers, texts)]
        told = (bucket, np.exp(loss), np.mean(right))
        print("  bucket %d, perplexity %.3f, translated right %.3f" % told)
        for n, text, is_right in list(zip(numbers, texts, right))[:examples]:
            note = "" if is_right else "  (wrong)"
            print("    %d -> %s%s" % (n, " ".join(text), note))
    sys.stdout.flush()


def plot(losses, path):
    try:
        import matplotlib
    except ImportError:
        print("no matplotlib, no picture of the loss")
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.figure(figsize=(8, 4))
    for bucket, pairs in enumerate(losses):
        if pairs:
            label = "up to %d digits" % BUCKETS[bucket][0]
            plt.semilogy(*zip(*pairs), linewidth=0.7, label=label)
    plt.xlabel("step")
    plt.ylabel("sampled loss of the batch")
    plt.legend()
    plt.savefig(path)
    print("picture of the loss: %s" % path)


def main(_):
    np.random.seed(1)
    train, test = make_corpus()
    print("numbers to learn from: %s" % [len(numbers) for numbers in train])

    init = tf.random_uniform_initializer(-0.1, 0.1, seed=1)
    with tf.variable_scope("translation", initializer=init):
        model = Translator(decoding=False)
    model.train()
    with tf.variable_scope("translation", reuse=True):
        decoder = Translator(decoding=True)
    for v in tf.trainable_variables():
        print("%s %s" % (v.name, v.get_shape().as_list()))

    losses = [[] for _ in train]
    begin = time.time()
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for step in range(1, FLAGS.steps + 1):
            bucket = np.random.randint(len(train))
            numbers = np.random.choice(train[bucket], FLAGS.batch_size)
            feed = model.feed(numbers, bucket)
            fetches = [model.losses[bucket], model.train_ops[bucket]]
            loss, _ = sess.run(fetches, feed_dict=feed)
            losses[bucket].append((step, loss))
            if step % FLAGS.display_step == 0 or step == 1:
                told = (step, bucket, loss, time.time() - begin)
                print("step %d, bucket %d, loss %.4f (%.0f s)" % told)
                if step > 1:
                    report(sess, decoder, test, 2)
                    sess.run(model.decay_op)
                sys.stdout.flush()
        print("global step: %d" % sess.run(model.global_step))
        latest = [loss for pairs in losses for _, loss in pairs[-20:]]
        print("final loss: %.4f" % np.mean(latest))
        report(sess, decoder, test, 5)
    if FLAGS.plot:
        plot(losses, FLAGS.plot)


if __name__ == "__main__":
    tf.app.run()
