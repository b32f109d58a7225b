"""`tensorflow.models.rnn.translate`: texts as numbers, and the model that uses them."""

import gzip
import io
import pathlib
import tarfile

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.models.rnn.translate import data_utils, seq2seq_model

TEXT = b"the cat sat on the mat.\nthe dog 12 ran 34, 56 times.\n\ncat! the 7\n"
BUCKETS = [(2, 3), (3, 5)]


@pytest.fixture
def text(tmp_path):
    """A file with four sentences."""
    path = tmp_path / "text"
    path.write_bytes(TEXT)
    return path


@pytest.fixture
def vocabulary(tmp_path, text):
    """The file of its ten most frequent symbols."""
    path = tmp_path / "vocabulary"
    data_utils.create_vocabulary(str(path), str(text), 10)
    return path


# -- words ----------------------------------------------------------------------

SENTENCES = {
    '  Hello, "you" (and 3 o\'clock): 12:30; what?! ': (
        'Hello , " you " ( and 3 o \' clock ) : 12 : 30 ; what ? !'
    ),
    "café, déjà": "café , déjà",
    # Only spaces of ASCII part words.
    "10\u00a0000 € 1": "10\u00a0000 € 1",
    "": "",
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_basic_tokenizer(sentence):
    words = SENTENCES[sentence].split(" ") if sentence else []
    assert data_utils.basic_tokenizer(sentence) == words
    in_bytes = [word.encode() for word in words]
    assert data_utils.basic_tokenizer(sentence.encode()) == in_bytes


def test_vocabulary_is_written_by_frequency(vocabulary):
    expected = b"_PAD _GO _EOS _UNK the 00 cat . sat on".replace(b" ", b"\n") + b"\n"
    assert vocabulary.read_bytes() == expected


def test_vocabulary_with_digits(tmp_path, text):
    path = tmp_path / "with_digits"
    data_utils.create_vocabulary(str(path), str(text), 100, normalize_digits=False)
    words = path.read_text().split()
    assert words[4:7] == ["the", "cat", "."]
    assert {"12", "34", "56", "7", "!", ","} <= set(words)


@pytest.mark.parametrize("tokenizer", [bytes.split, str.split])
def test_vocabulary_with_a_tokenizer(tmp_path, text, tokenizer):
    path = tmp_path / "tokenized"

    def words(sentence):
        return tokenizer(
            sentence if tokenizer is str.split else sentence.encode("utf-8")
        )

    data_utils.create_vocabulary(str(path), str(text), 8, tokenizer=words)
    assert path.read_text().split()[4:] == ["the", "00", "cat", "sat"]


def test_existing_vocabulary_is_kept(vocabulary, capsys):
    data_utils.create_vocabulary(str(vocabulary), "nothing", 3)
    assert len(vocabulary.read_text().split()) == 10
    assert not capsys.readouterr().out.count("nothing")


def test_missing_text(tmp_path):
    path = tmp_path / "never"
    with pytest.raises(FileNotFoundError, match="nothing"):
        data_utils.create_vocabulary(str(path), str(tmp_path / "nothing"), 3)
    assert not path.exists()


def test_initialize_vocabulary(vocabulary):
    numbers, words = data_utils.initialize_vocabulary(str(vocabulary))
    assert words[:5] == ["_PAD", "_GO", "_EOS", "_UNK", "the"]
    assert [numbers[word] for word in words] == list(range(10))
    symbols = (data_utils.PAD_ID, data_utils.GO_ID, data_utils.EOS_ID)
    assert [*symbols, data_utils.UNK_ID] == [0, 1, 2, 3]


def test_missing_vocabulary(tmp_path):
    with pytest.raises(ValueError, match=r"Vocabulary file .*none not found"):
        data_utils.initialize_vocabulary(str(tmp_path / "none"))


@pytest.mark.parametrize("convert", [str, str.encode])
def test_sentence_to_token_ids(vocabulary, convert):
    sentence = convert("the cat ate 12 mats.")
    numbers, _ = data_utils.initialize_vocabulary(str(vocabulary))
    ids = data_utils.sentence_to_token_ids
    assert ids(sentence, numbers) == [4, 6, 3, 5, 3, 7]
    assert ids(sentence, numbers, normalize_digits=False) == [4, 6, 3, 3, 3, 7]
    assert ids(sentence, numbers, lambda s: s.split()) == [4, 6, 3, 5, 3]
    in_bytes = {word.encode(): number for word, number in numbers.items()}
    assert ids(sentence, in_bytes) == [4, 6, 3, 5, 3, 7]


def test_text_of_another_encoding(tmp_path):
    text, vocabulary = tmp_path / "latin", tmp_path / "words"
    text.write_bytes("déjà déjà vu\n".encode("latin-1"))
    data_utils.create_vocabulary(str(vocabulary), str(text), 10)
    assert vocabulary.read_bytes().endswith("déjà\nvu\n".encode("latin-1"))
    numbers, _ = data_utils.initialize_vocabulary(str(vocabulary))
    sentence = "vu déjà".encode("latin-1")
    assert data_utils.sentence_to_token_ids(sentence, numbers) == [5, 4]


def test_data_to_token_ids(tmp_path, text, vocabulary):
    path = tmp_path / "ids"
    data_utils.data_to_token_ids(str(text), str(path), str(vocabulary))
    # The same numbers as TensorFlow's, which needs a tokenizer of its own on Python 3.
    assert path.read_text() == "4 6 8 9 4 3 7\n4 3 5 3 5 3 5 3 7\n\n6 3 4 3\n"
    path.write_text("kept")
    data_utils.data_to_token_ids(str(text), str(path), str(vocabulary))
    assert path.read_text() == "kept"


# -- files ----------------------------------------------------------------------


def test_gunzip_file(tmp_path, capsys):
    with gzip.open(tmp_path / "a.gz", "wb") as file:
        file.write(b"one\ntwo\n")
    data_utils.gunzip_file(str(tmp_path / "a.gz"), str(tmp_path / "a"))
    assert (tmp_path / "a").read_bytes() == b"one\ntwo\n"
    assert "Unpacking" in capsys.readouterr().out


def test_maybe_download(tmp_path):
    source = tmp_path / "source"
    source.write_text("content")
    folder = tmp_path / "new"
    for url in (source.as_uri(), "file:///not/there"):
        path = data_utils.maybe_download(str(folder), "copy", url)
        assert (folder / "copy").read_text() == "content"
        assert path == str(folder / "copy")


def test_failed_download_leaves_nothing(tmp_path):
    with pytest.raises(OSError, match="not/there"):
        data_utils.maybe_download(str(tmp_path), "file", "file:///not/there")
    assert not list(tmp_path.iterdir())


def _pair(folder, name, suffix=""):
    for language, text in (("en", b"the dog\n"), ("fr", b"le chien\n")):
        content = gzip.compress(text) if suffix else text
        (folder / f"{name}.{language}{suffix}").write_bytes(content)


@pytest.mark.parametrize("name", ["giga-fren.release2.fixed", "giga-fren.release2"])
def test_prepare_wmt_data(tmp_path, name):
    """With the archives in the folder nothing is downloaded."""
    packed = tmp_path / "packed"
    packed.mkdir()
    _pair(packed, name, ".gz")
    with tarfile.open(tmp_path / "training-giga-fren.tar", "w") as archive:
        for file in packed.iterdir():
            archive.add(file, file.name)
    with tarfile.open(tmp_path / "dev-v2.tgz", "w:gz") as archive:
        for language, text in (("en", b"a dog\n"), ("fr", b"un chien\n")):
            member = tarfile.TarInfo(f"dev/newstest2013.{language}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    for _ in range(2):  # the second time all is there
        paths = data_utils.prepare_wmt_data(str(tmp_path), 9, 12)
        assert [path.removeprefix(f"{tmp_path}/") for path in paths] == [
            f"{name}.ids9.en",
            f"{name}.ids12.fr",
            "newstest2013.ids9.en",
            "newstest2013.ids12.fr",
            "vocab9.en",
            "vocab12.fr",
        ]
    texts = [pathlib.Path(path).read_text() for path in paths[:4]]
    assert texts == ["4 5\n", "4 5\n", "3 5\n", "3 5\n"]


def test_archive_without_the_files(tmp_path):
    with tarfile.open(tmp_path / "dev-v2.tgz", "w:gz"):
        pass
    with pytest.raises(KeyError, match="newstest2013"):
        data_utils.get_wmt_enfr_dev_set(str(tmp_path))


# -- the model ------------------------------------------------------------------


def _model(**options):
    options.setdefault("num_samples", 0)
    return seq2seq_model.Seq2SeqModel(6, 7, BUCKETS, 4, 1, 5.0, 2, 0.5, 0.99, **options)


@pytest.fixture
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def test_batches_are_padded_and_reversed(graph):
    model = _model()
    data = [[([4], [5, 2])], [([4, 5, 4], [5, 4, 2])]]
    encoder, decoder, weights = model.get_batch(data, 0)
    assert np.array(encoder).tolist() == [[0, 0], [4, 4]]
    assert np.array(decoder).tolist() == [[1, 1], [5, 5], [2, 2]]
    assert np.array(weights).tolist() == [[1, 1], [1, 1], [0, 0]]
    assert {a.dtype for a in encoder + decoder} == {np.dtype("int32")}
    encoder, decoder, weights = model.get_batch(data, 1)
    assert np.array(encoder)[:, 0].tolist() == [4, 5, 4]
    assert np.array(decoder)[:, 0].tolist() == [1, 5, 4, 2, 0]
    assert np.array(weights)[:, 0].tolist() == [1, 1, 1, 0, 0]


def test_batch_of_an_empty_bucket(graph):
    with pytest.raises(IndexError, match="empty sequence"):
        _model().get_batch([[], []], 0)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((1, 3, 3), r"Encoder length .* in bucket, 1 != 2\."),
        ((2, 2, 3), r"Decoder length .* in bucket, 2 != 3\."),
        ((2, 3, 4), r"Weights length .* in bucket, 4 != 3\."),
    ],
)
def test_step_of_another_bucket(graph, counts, words):
    given = [[np.zeros(2)] * count for count in counts]
    with pytest.raises(ValueError, match=words):
        _model().step(None, *given, 0, False)


@pytest.mark.filterwarnings("ignore:Converting sparse IndexedSlices:UserWarning")
@pytest.mark.parametrize("options", [{}, {"num_samples": 3}, {"use_lstm": True}])
def test_model_learns_and_decodes(graph, options, tmp_path):
    """It learns one pair by heart, is saved, and writes it after it was restored."""
    data = [[([4, 5], [6, 2])], []]
    tf.set_random_seed(0)
    model = _model(**options)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for _ in range(150):
            norm, loss, outputs = model.step(sess, *model.get_batch(data, 0), 0, False)
        assert outputs is None
        assert np.isfinite([norm, loss]).all()
        assert model.global_step.eval() == 150
        sess.run(model.learning_rate_decay_op)
        assert model.learning_rate.eval() == np.float32(0.5 * 0.99)
        path = model.saver.save(sess, str(tmp_path / "translate.ckpt"))
    with tf.Graph().as_default(), tf.Session() as sess:
        model = _model(forward_only=True, **options)
        assert not hasattr(model, "updates")
        model.saver.restore(sess, path)
        batch = model.get_batch(data, 0)
        norm, _, outputs = model.step(sess, *batch, 0, True)
        assert norm is None
        assert [o.shape for o in outputs] == [(2, 7)] * 3
        assert np.argmax(outputs[:2], axis=2)[:, 0].tolist() == [6, 2]
