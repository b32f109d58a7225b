"""What the case files of `tf.nn.seq2seq` share: symbols, and networks of them.

Runs under the Python 3.6 of the recorded TensorFlow as well as today's.
"""
# ruff: noqa: B905 - zip() of Python 3.6 has no `strict`.

import numpy as np
from rnnkit import cells, data, measure, starts

__all__ = [
    "BATCH",
    "SOURCE",
    "TARGET",
    "Symbols",
    "cell_of",
    "projection",
    "run",
    "state_of",
    "vectors",
]

BATCH, SIZE = 3, 2
# How many symbols encoder and decoder know.
SOURCE, TARGET = 5, 4


class Symbols:
    """Placeholders of symbols, one per step, and what to feed.

    Attributes:
      encoder: int32 placeholders.
      decoder: int32 placeholders.
      feed: from placeholder to array.
    """

    def __init__(self, tf, encoder=4, decoder=3, batch=None, dtype="int32"):
        self._tf = tf
        self._batch = batch
        self._dtype = dtype
        self.feed = {}
        self.encoder = self.steps(encoder, SOURCE, 11)
        self.decoder = self.steps(decoder, TARGET, 12)

    def steps(self, count, symbols, seed):
        """Placeholders [batch] of `count` steps."""
        values = np.random.RandomState(seed).randint(0, symbols, [count, BATCH])
        made = [self._tf.placeholder(self._dtype, [self._batch]) for _ in range(count)]
        self.feed.update(zip(made, values))
        return made


def cell_of(tf, make):
    """The cell of this name in `rnnkit.cells`, or `make` itself."""
    return cells(tf)[make]() if isinstance(make, str) else make


def state_of(tf, cell):
    """An initial state [BATCH, ...] of constants."""
    return starts(tf, cell.state_size, BATCH)


def vectors(tf, steps, seed, depth=SIZE, dtype="float32"):
    """Constants [BATCH, depth], one per step."""
    value = data(steps, BATCH, depth, seed=seed, dtype=dtype)
    return [tf.constant(value[i]) for i in range(steps)]


def projection(tf, size, symbols=TARGET, dtype="float32"):
    """Variables (weights, biases) that project to symbols."""
    return (
        tf.Variable(tf.zeros([size, symbols], dtype), name="proj_w"),
        tf.Variable(tf.zeros([symbols], dtype), name="proj_b"),
    )


def run(tf, build, make="lstm", feed_all=True, wrt=(), **symbols):
    """Measures a network of symbols.

    Args:
      tf: the module.
      build: from (encoder inputs, decoder inputs, cell) to (outputs, state).
      make: name of the cell, or a cell.
      feed_all: False: only the first decoder input is fed.
      wrt: tensors to differentiate by, before the variables.
      symbols: arguments of `Symbols`.
    """
    made = Symbols(tf, **symbols)
    outputs, state = build(made.encoder, made.decoder, cell_of(tf, make))
    if not feed_all:
        for unused in made.decoder[1:]:
            del made.feed[unused]
    return measure(tf, outputs, state, wrt, made.feed)
