"""`tensorflow.models.rnn.ptb.reader`: a text as numbers of words, in batches."""

from __future__ import annotations

import collections
import os
from collections.abc import Iterator, Sequence

import numpy as np

from tfstyle.platform import gfile

__all__ = ["ptb_iterator", "ptb_raw_data"]

_END_OF_SENTENCE = "<eos>"


def _read_words(filename: str) -> list[str]:
    """The words of a file; the end of a line is the word `<eos>`.

    Without a space before it, it is part of the line's last word: the Treebank has one.
    """
    with gfile.GFile(filename) as file:
        text = file.read()
    return text.replace("\n", _END_OF_SENTENCE).split()


def _build_vocab(filename: str) -> dict[str, int]:
    """The number of each word of a file: the most frequent is 0, then by spelling."""
    counts = collections.Counter(_read_words(filename))
    words = sorted(counts, key=lambda word: (-counts[word], word))
    return {word: number for number, word in enumerate(words)}


def _file_to_word_ids(filename: str, word_to_id: dict[str, int]) -> list[int]:
    """The words of a file as numbers; those that have none are left out."""
    return [word_to_id[w] for w in _read_words(filename) if w in word_to_id]


def ptb_raw_data(
    data_path: str,
) -> tuple[list[int], list[int], list[int], int]:
    """Reads a text in three parts.

    Args:
        data_path: a folder with `ptb.train.txt`, `ptb.valid.txt` and `ptb.test.txt`, as
            in Mikolov's archive of the Penn Treebank (`simple-examples/data`).

    Returns:
        The words of the three files as lists of numbers, and the size of the
        vocabulary, which is that of the first file.

    Raises:
        FileNotFoundError: when a file is missing.
    """
    paths = [
        os.path.join(data_path, f"ptb.{p}.txt") for p in ("train", "valid", "test")
    ]
    vocabulary = _build_vocab(paths[0])
    train, valid, test = (_file_to_word_ids(path, vocabulary) for path in paths)
    return train, valid, test, len(vocabulary)


def ptb_iterator(
    raw_data: Sequence[int], batch_size: int, num_steps: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Goes through a text in batches of successive words.

    The text is cut into `batch_size` pieces of the same length, which are the rows; a
    batch follows on from the one before, so that a network can keep its state.

    Args:
        raw_data: numbers of words.
        batch_size: how many pieces are read side by side.
        num_steps: how many words of each are in a batch.

    Yields:
        Words and the words that follow them, int32 [batch_size, num_steps] each.

    Raises:
        ValueError: when the text is too short for one batch; on the first batch.
    """
    words = np.asarray(raw_data, np.int32)
    length = len(words) // batch_size
    rows = words[: batch_size * length].reshape(batch_size, length)
    epoch_size = (length - 1) // num_steps
    if epoch_size <= 0:
        raise ValueError(
            "epoch_size == 0, decrease batch_size or num_steps: "
            f"{len(words)} words, batch_size = {batch_size}, num_steps = {num_steps}"
        )
    for start in range(0, epoch_size * num_steps, num_steps):
        end = start + num_steps
        yield rows[:, start:end], rows[:, start + 1 : end + 1]
