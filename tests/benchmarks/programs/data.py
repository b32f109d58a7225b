"""Batches for the workloads: the same numbers for every side. Python 3.6 and later."""

import numpy as np

__all__ = ["CHARACTERS", "images", "text_windows"]

CHARACTERS = 59
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
