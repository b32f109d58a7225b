"""`models.rnn.translate`: the model, trained and decoding, and its batches."""

import importlib
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from rnnkit import names

BUCKETS = [(2, 3), (3, 4)]
DATA = [
    [([4], [4, 2]), ([4, 5], [5, 2]), ([3, 5], [6, 2])],
    [([4, 5, 4], [5, 4, 2]), ([5, 3, 3], [6, 5, 2])],
]


def model(tf, layers=1, **options):
    """A model of six source and seven target words."""
    module = importlib.import_module(
        tf.__name__ + ".models.rnn.translate.seq2seq_model"
    )
    options.setdefault("num_samples", 0)
    return module.Seq2SeqModel(6, 7, BUCKETS, 4, layers, 1.0, 3, 0.5, 0.9, **options)


def start(tf, np, sess):
    """Sets what is trained."""
    sess.run(tf.initialize_all_variables())
    rng = np.random.RandomState(7)
    for v in tf.trainable_variables():
        value = rng.uniform(-0.6, 0.6, v.get_shape().as_list())
        sess.run(v.assign(value.astype(np.float32)))


def trained(**options):
    """Steps in both buckets, then what the model computes."""

    def case(tf, np):
        made = model(tf, **options)
        random.seed(3)
        steps = []
        with tf.Session() as sess:
            start(tf, np, sess)
            for i in range(6):
                bucket = i % 2
                batch = made.get_batch(DATA, bucket)
                steps.append(made.step(sess, *(batch + (bucket, False)))[:2])
            sess.run(made.learning_rate_decay_op)
            batch = made.get_batch(DATA, 1)
            _, loss, outputs = made.step(sess, *(batch + (1, True)))
            return {
                "steps": np.array(steps),
                "loss": loss,
                "outputs": outputs,
                "count": sess.run(made.global_step),
                "rate": sess.run(made.learning_rate),
                "trained": sess.run(tf.trainable_variables()),
                "variables": names(tf.all_variables()),
                "inputs": np.array(
                    [
                        x.name
                        for x in made.encoder_inputs
                        + made.decoder_inputs
                        + made.target_weights
                    ]
                ),
            }

    case.tol = (1e-4, 1e-5)
    return case


case_gru = trained(layers=2)
case_lstm = trained(use_lstm=True)


def decoding(**options):
    """The model feeds itself."""

    def case(tf, np):
        made = model(tf, forward_only=True, **options)
        random.seed(4)
        batch = made.get_batch(DATA, 1)
        with tf.Session() as sess:
            start(tf, np, sess)
            _, _, outputs = made.step(sess, *(batch + (1, True)))
        return {
            "outputs": outputs,
            "variables": names(tf.all_variables()),
            "training": hasattr(made, "updates"),
        }

    return case


case_decoding = decoding(layers=2)
case_decoding_lstm = decoding(use_lstm=True)
case_decoding_sampled = decoding(num_samples=3)


def case_batches(tf, np):
    made = model(tf)
    random.seed(5)
    return {"batches": [made.get_batch(DATA, bucket) for bucket in (0, 1, 0)]}
