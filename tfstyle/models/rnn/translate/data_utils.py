"""`tensorflow.models.rnn.translate.data_utils`: texts as numbers of words.

Words are text here, as they were in Python 2; sentences and vocabularies of bytes are
taken, too. Words are found in the bytes of a sentence, whatever its encoding.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tarfile
import urllib.request
from collections.abc import Callable, Iterator
from typing import IO, Any

__all__ = [
    "EOS_ID",
    "GO_ID",
    "PAD_ID",
    "UNK_ID",
    "basic_tokenizer",
    "create_vocabulary",
    "data_to_token_ids",
    "get_wmt_enfr_dev_set",
    "get_wmt_enfr_train_set",
    "gunzip_file",
    "initialize_vocabulary",
    "maybe_download",
    "prepare_wmt_data",
    "sentence_to_token_ids",
]

_PAD, _GO, _EOS, _UNK = "_PAD", "_GO", "_EOS", "_UNK"
_START_VOCAB = [_PAD, _GO, _EOS, _UNK]
PAD_ID, GO_ID, EOS_ID, UNK_ID = range(4)

_WORD_SPLIT = re.compile(rb"([.,!?\"':;)(])")
_DIGIT_RE = re.compile(rb"\d")

_WMT_ENFR_TRAIN_URL = "http://www.statmt.org/wmt10/training-giga-fren.tar"
_WMT_ENFR_DEV_URL = "http://www.statmt.org/wmt15/dev-v2.tgz"
# The archive of today, and as it was in 2015.
_TRAIN_NAMES = ("giga-fren.release2.fixed", "giga-fren.release2")
_DEV_NAME = "newstest2013"

_REPORT_LINES = 100000

Tokenizer = Callable[[str], list[Any]] | None


# -- text and bytes -------------------------------------------------------------


def _as_bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text


def _as_text(text: str | bytes) -> str:
    return text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text


def _lines(path: str, report: str) -> Iterator[str]:
    """The lines of a file; says now and then how many there have been."""
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if number % _REPORT_LINES == 0:
                print(f"  {report} line {number}")
            yield _as_text(line)


def _complete(path: str, write: Callable[[IO[bytes]], None]) -> None:
    """Writes a file, which appears whole or not at all."""
    part = f"{path}.part"
    try:
        with open(part, "wb") as file:
            write(file)
        os.replace(part, path)
    finally:
        if os.path.exists(part):
            os.remove(part)


# -- words and their numbers ----------------------------------------------------


def basic_tokenizer(sentence):
    """The words of a sentence: split at spaces, punctuation on its own.

    Args:
        sentence: text or bytes.

    Returns:
        A list of the type of `sentence`.
    """
    words = [
        word
        for fragment in _as_bytes(sentence).split()
        for word in _WORD_SPLIT.split(fragment)
        if word
    ]
    return [_as_text(word) for word in words] if isinstance(sentence, str) else words


def _words(sentence: Any, tokenizer: Tokenizer, normalize_digits: bool) -> list[str]:
    """The words of a sentence as text, digits as 0 if asked for."""
    words = [_as_bytes(word) for word in (tokenizer or basic_tokenizer)(sentence)]
    if normalize_digits:
        words = [_DIGIT_RE.sub(b"0", word) for word in words]
    return [_as_text(word) for word in words]


def create_vocabulary(
    vocabulary_path,
    data_path,
    max_vocabulary_size,
    tokenizer=None,
    normalize_digits=True,
):
    """Writes the vocabulary of a text, one word a line, unless the file is there.

    It begins with the special symbols `_PAD`, `_GO`, `_EOS` and `_UNK`; then come the
    words, the most frequent first, those equally frequent in the order of the text.

    Args:
        vocabulary_path: the file to write.
        data_path: the text, one sentence a line.
        max_vocabulary_size: how many symbols to keep, the special ones included.
        tokenizer: a function from a sentence to its words; default `basic_tokenizer`.
        normalize_digits: whether every digit becomes 0.

    Raises:
        OSError: when the text cannot be read.
    """
    if os.path.exists(vocabulary_path):
        return
    print(f"Creating vocabulary {vocabulary_path} from data {data_path}")
    counts: dict[str, int] = {}
    for line in _lines(data_path, "processing"):
        for word in _words(line, tokenizer, normalize_digits):
            counts[word] = counts.get(word, 0) + 1
    frequent = sorted(counts, key=lambda word: -counts[word])
    symbols = [*_START_VOCAB, *frequent][:max_vocabulary_size]
    _complete(
        vocabulary_path,
        lambda file: file.writelines(_as_bytes(word) + b"\n" for word in symbols),
    )


def initialize_vocabulary(vocabulary_path):
    """Reads a vocabulary.

    Args:
        vocabulary_path: a file with one word a line.

    Returns:
        (numbers, words): the number of each word, and the list of words.

    Raises:
        ValueError: when there is no such file.
    """
    if not os.path.exists(vocabulary_path):
        raise ValueError(f"Vocabulary file {vocabulary_path} not found.")
    with open(vocabulary_path, "rb") as file:
        words = [_as_text(line.strip()) for line in file]
    return {word: number for number, word in enumerate(words)}, words


def sentence_to_token_ids(sentence, vocabulary, tokenizer=None, normalize_digits=True):
    """The numbers of the words of a sentence.

    Args:
        sentence: text or bytes.
        vocabulary: the number of each word, which may be text or bytes.
        tokenizer: a function from a sentence to its words; default `basic_tokenizer`.
        normalize_digits: whether every digit becomes 0.

    Returns:
        A list of integers; `UNK_ID` stands for words that are not in `vocabulary`.
    """
    return [
        vocabulary.get(word, vocabulary.get(_as_bytes(word), UNK_ID))
        for word in _words(sentence, tokenizer, normalize_digits)
    ]


def data_to_token_ids(
    data_path, target_path, vocabulary_path, tokenizer=None, normalize_digits=True
):
    """Writes a text as numbers, one sentence a line, unless the file is there.

    Args:
        data_path: the text, one sentence a line.
        target_path: the file to write.
        vocabulary_path: the file of the vocabulary.
        tokenizer: a function from a sentence to its words; default `basic_tokenizer`.
        normalize_digits: whether every digit becomes 0.

    Raises:
        ValueError: when there is no vocabulary.
        OSError: when the text cannot be read.
    """
    if os.path.exists(target_path):
        return
    print(f"Tokenizing data in {data_path}")
    vocabulary, _ = initialize_vocabulary(vocabulary_path)

    def write(file: IO[bytes]) -> None:
        for line in _lines(data_path, "tokenizing"):
            ids = sentence_to_token_ids(line, vocabulary, tokenizer, normalize_digits)
            file.write(" ".join(map(str, ids)).encode() + b"\n")

    _complete(target_path, write)


# -- the English and French of WMT ----------------------------------------------


def maybe_download(directory, filename, url):
    """Downloads a file into a folder unless it is there.

    Returns:
        The path of the file.

    Raises:
        OSError: when it cannot be downloaded (`urllib.error.URLError` is one).
    """
    if not os.path.exists(directory):
        print(f"Creating directory {directory}")
        os.makedirs(directory)
    path = os.path.join(directory, filename)
    if not os.path.exists(path):
        print(f"Downloading {url} to {path}")

        def write(file: IO[bytes]) -> None:
            with urllib.request.urlopen(url) as response:
                shutil.copyfileobj(response, file)

        _complete(path, write)
        print(f"Successfully downloaded {filename} {os.stat(path).st_size} bytes")
    return path


def gunzip_file(gz_path, new_path):
    """Writes what the gzipped file `gz_path` holds to `new_path`."""
    print(f"Unpacking {gz_path} to {new_path}")
    with gzip.open(gz_path, "rb") as packed:
        _complete(new_path, lambda file: shutil.copyfileobj(packed, file))


def _both_exist(prefix: str) -> bool:
    return os.path.exists(f"{prefix}.fr") and os.path.exists(f"{prefix}.en")


def get_wmt_enfr_train_set(directory):
    """Downloads the English-French training set of WMT unless it is there.

    Returns:
        The path of its files without the endings `.en` and `.fr`.

    Raises:
        OSError: when it cannot be downloaded.
    """
    candidates = [os.path.join(directory, name) for name in _TRAIN_NAMES]
    for prefix in candidates:
        if _both_exist(prefix):
            return prefix
    corpus = maybe_download(directory, "training-giga-fren.tar", _WMT_ENFR_TRAIN_URL)
    print(f"Extracting tar file {corpus}")
    with tarfile.open(corpus, "r") as archive:
        archive.extractall(directory, filter="data")
    prefix = next(
        (p for p in candidates if os.path.exists(f"{p}.fr.gz")), candidates[0]
    )
    for language in ("fr", "en"):
        gunzip_file(f"{prefix}.{language}.gz", f"{prefix}.{language}")
    return prefix


def get_wmt_enfr_dev_set(directory):
    """Downloads the English-French development set of WMT unless it is there.

    Returns:
        The path of its files without the endings `.en` and `.fr`.

    Raises:
        OSError: when it cannot be downloaded.
    """
    prefix = os.path.join(directory, _DEV_NAME)
    if _both_exist(prefix):
        return prefix
    packed = maybe_download(directory, "dev-v2.tgz", _WMT_ENFR_DEV_URL)
    print(f"Extracting tgz file {packed}")
    with tarfile.open(packed, "r:gz") as archive:
        for language in ("fr", "en"):
            member = archive.extractfile(f"dev/{_DEV_NAME}.{language}")
            if member is None:
                raise OSError(f"{packed} has no file dev/{_DEV_NAME}.{language}")
            with member:
                _copy(member, f"{prefix}.{language}")
    return prefix


def _copy(source: IO[bytes], path: str) -> None:
    _complete(path, lambda file: shutil.copyfileobj(source, file))


def prepare_wmt_data(data_dir, en_vocabulary_size, fr_vocabulary_size, tokenizer=None):
    """Downloads WMT's English and French, makes vocabularies, and writes both as ids.

    Args:
        data_dir: the folder for all files.
        en_vocabulary_size: size of the English vocabulary.
        fr_vocabulary_size: size of the French vocabulary.
        tokenizer: a function from a sentence to its words; default `basic_tokenizer`.

    Returns:
        Six paths: the English and the French training ids, the English and the French
        development ids, the English and the French vocabulary.

    Raises:
        OSError: when something cannot be downloaded.
    """
    train = get_wmt_enfr_train_set(data_dir)
    dev = get_wmt_enfr_dev_set(data_dir)
    sizes = {"en": en_vocabulary_size, "fr": fr_vocabulary_size}
    vocabularies = {}
    for language in ("fr", "en"):
        size = sizes[language]
        path = os.path.join(data_dir, f"vocab{size}.{language}")
        create_vocabulary(path, f"{train}.{language}", size, tokenizer)
        vocabularies[language] = path
    ids = {}
    for prefix in (train, dev):
        for language in ("fr", "en"):
            path = f"{prefix}.ids{sizes[language]}.{language}"
            text = f"{prefix}.{language}"
            data_to_token_ids(text, path, vocabularies[language], tokenizer)
            ids[prefix, language] = path
    return (
        ids[train, "en"],
        ids[train, "fr"],
        ids[dev, "en"],
        ids[dev, "fr"],
        vocabularies["en"],
        vocabularies["fr"],
    )
