"""Branches inside of branches."""

from collections import Counter

import tfstyle as tf
from tfstyle.lowering.evaluate import Evaluator


def test_the_innermost_of_nested_branches_is_traced_once(monkeypatch):
    ran = Counter()
    run = Evaluator.run

    def counted(evaluator, op):
        ran[op.type] += 1
        run(evaluator, op)

    monkeypatch.setattr(Evaluator, "run", counted)
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [])

        def nested(depth):
            if depth == 0:
                return tf.tanh(x)
            return tf.cond(x > float(depth), lambda: x, lambda: nested(depth - 1))

        sess.run(nested(8), {x: 0.5})
    assert ran["Tanh"] == 1
