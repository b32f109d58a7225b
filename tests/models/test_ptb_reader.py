"""`tensorflow.models.rnn.ptb.reader`; what TensorFlow 0.12.1 made of the same files."""

import numpy as np
import pytest

from tfstyle.models.rnn.ptb import reader

TEXTS = {
    "train": " no it was n't black monday \n"
    " but while the new york stock exchange did n't fall apart \n"
    " no it was <unk> N \n",
    "valid": " it was black \n",
    "test": " the new monday \n no \n",
}
TRAIN = [3, 1, 4, 2, 8, 13, 0, 9, 17, 16, 14, 18, 15, 11, 10, 2, 12, 7, 0]
TRAIN += [3, 1, 4, 5, 6, 0]


@pytest.fixture
def folder(tmp_path):
    for part, text in TEXTS.items():
        (tmp_path / f"ptb.{part}.txt").write_text(text)
    return tmp_path


def test_parts_of_a_text(folder):
    train, valid, test, size = reader.ptb_raw_data(str(folder))
    assert train == TRAIN
    assert valid == [1, 4, 8, 0]
    assert test == [16, 14, 13, 0, 3, 0]
    assert size == 19


def test_vocabulary_is_sorted_by_frequency_and_spelling(folder):
    vocabulary = reader._build_vocab(str(folder / "ptb.train.txt"))
    assert (
        list(vocabulary)
        == (
            "<eos> it n't no was <unk> N apart black but did exchange fall monday new "
            "stock the while york"
        ).split()
    )
    assert list(vocabulary.values()) == list(range(19))


def test_line_without_a_space_at_its_end(tmp_path):
    path = tmp_path / "text"
    path.write_text("a b\nb c\n\nd a")
    assert reader._read_words(str(path)) == ["a", "b<eos>b", "c<eos><eos>d", "a"]
    assert reader._file_to_word_ids(str(path), {"a": 7}) == [7, 7]


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"ptb\.train\.txt"):
        reader.ptb_raw_data(str(tmp_path))


def test_batches_follow_on():
    batches = list(reader.ptb_iterator(range(17), 2, 3))
    assert [(x.tolist(), y.tolist()) for x, y in batches] == [
        ([[0, 1, 2], [8, 9, 10]], [[1, 2, 3], [9, 10, 11]]),
        ([[3, 4, 5], [11, 12, 13]], [[4, 5, 6], [12, 13, 14]]),
    ]
    assert {a.dtype for batch in batches for a in batch} == {np.dtype(np.int32)}


@pytest.mark.parametrize(
    ("words", "batch_size", "num_steps"), [(10, 2, 5), (3, 4, 1), (0, 1, 1)]
)
def test_text_too_short_for_a_batch(words, batch_size, num_steps):
    batches = reader.ptb_iterator(range(words), batch_size, num_steps)
    with pytest.raises(
        ValueError,
        match=f"epoch_size == 0, decrease batch_size or num_steps: {words} words",
    ):
        next(batches)
