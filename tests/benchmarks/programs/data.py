"""Batches for the workloads: the same numbers for every side. Python 3.6 and later."""

import numpy as np

__all__ = [
    "CHARACTERS",
    "SYMBOLS",
    "WORDS",
    "images",
    "sentences",
    "text_windows",
    "words",
]

CHARACTERS = 59
WORDS = 10000
SYMBOLS = 1000
_BATCHES = 8


def _one_hot(ids, size):
    return np.eye(size, dtype=np.float32)[ids]


def text_windows(batch=128, steps=40):
    """Pairs of one-hot [batch, steps, CHARACTERS] and [batch, CHARACTERS]."""
    random = np.random.RandomState(0)
    return [
        (
            _one_hot(random.randint(CHARACTERS, size=(batch, steps)), CHARACTERS),
            _one_hot(random.randint(CHARACTERS, size=batch), CHARACTERS),
        )
        for _ in range(_BATCHES)
    ]


def images(shape):
    """Pairs of pixels, [batch, ...] of the given shape, and one-hot [batch, 10]."""
    random = np.random.RandomState(0)
    return [
        (
            random.rand(*shape).astype(np.float32),
            _one_hot(random.randint(10, size=shape[0]), 10),
        )
        for _ in range(_BATCHES)
    ]


def words(steps, batch=20):
    """Pairs of ids of words and of the words that follow, [batch, steps] int32."""
    random = np.random.RandomState(0)
    texts = random.randint(WORDS, size=(_BATCHES, batch, steps + 1)).astype(np.int32)
    return [
        (np.ascontiguousarray(text[:, :-1]), np.ascontiguousarray(text[:, 1:]))
        for text in texts
    ]


def sentences(steps, batch=32):
    """Triples of what an encoder reads [steps, batch], what a decoder reads and is to
    say [steps + 1, batch], both int32, and weights of the latter [steps, batch]."""
    random = np.random.RandomState(0)
    return [
        (
            random.randint(SYMBOLS, size=(steps, batch)).astype(np.int32),
            random.randint(SYMBOLS, size=(steps + 1, batch)).astype(np.int32),
            np.ones((steps, batch), np.float32),
        )
        for _ in range(_BATCHES)
    ]
