"""Reads MNIST: `read_data_sets(folder)` gives `train`, `validation` and `test`.

Source: TensorFlow 0.9, `tensorflow.examples.tutorials.mnist.input_data` and
`tensorflow.contrib.learn.python.learn.datasets.mnist`. Batches come in the order in
which TensorFlow gives them, so `numpy.random.seed` reproduces a published run.

Differs from TF: the files may lie unzipped in the folder and may hold any number of
images; downloads are checked against the published SHA-256; and without MNIST
`TFSTYLE_DATASETS=digits` offers scikit-learn's digits.
"""

from __future__ import annotations

import contextlib
import gzip
import math
import os
import zlib
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

import numpy as np

from tfstyle.examples.tutorials.mnist import _sources
from tfstyle.framework import dtypes

__all__ = [
    "SOURCE_URL",
    "DataSet",
    "Datasets",
    "dense_to_one_hot",
    "extract_images",
    "extract_labels",
    "maybe_download",
    "read_data_sets",
]

SOURCE_URL = _sources.MIRRORS[0]

_PIXELS = 784
_CLASSES = 10
_IMAGE_MAGIC = 2051
_LABEL_MAGIC = 2049


def maybe_download(
    filename: str, work_directory: str, source_url: str | None = None
) -> str:
    """Returns the path of `filename` in `work_directory`, fetching it if missing.

    Args:
      filename: name of the file; one of MNIST's four is checked against its SHA-256.
      work_directory: folder to look in and to write to; made if missing.
      source_url: where to fetch from: an address that `filename` is appended to, or
        the file's whole address. None tries the public mirrors of MNIST.

    Raises:
      OSError: if the file cannot be fetched.
    """
    path = _sources.find_in_folder(filename, work_directory)
    if path is not None:
        return path
    sha256 = _sources.FILES.get(filename)
    urls = _sources.MIRRORS
    if source_url is not None:
        urls = (source_url.removesuffix(filename).removesuffix("/") + "/",)
    return _sources.download(filename, work_directory, urls, sha256)


@contextlib.contextmanager
def _opened(source: str | os.PathLike[str] | IO[bytes]) -> Iterator[tuple[Any, str]]:
    """Yields `source` unzipped, and its name for messages."""
    if isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        print("Extracting", name, flush=True)
        with open(name, "rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            yield (gzip.GzipFile(fileobj=raw) if zipped else raw), name
    else:
        name = getattr(source, "name", repr(source))
        print("Extracting", name, flush=True)
        yield gzip.GzipFile(fileobj=source), name


def _read_idx(
    source: str | os.PathLike[str] | IO[bytes], magic: int, kind: str
) -> np.ndarray:
    """Reads an idx file of bytes: magic number, sizes (big-endian), then data."""
    with _opened(source) as (stream, name):
        try:
            content = stream.read()
        except (OSError, EOFError, zlib.error) as e:
            raise ValueError(
                f"MNIST {kind} file {name} is damaged ({e}). Delete it and try again."
            ) from e
    if len(content) < 4 or int.from_bytes(content[:4], "big") != magic:
        found = int.from_bytes(content[:4], "big") if len(content) >= 4 else "none"
        raise ValueError(f"Invalid magic number {found} in MNIST {kind} file: {name}")
    rank = magic & 0xFF
    starts = range(4, 4 + 4 * rank, 4)
    shape = tuple(int.from_bytes(content[i : i + 4], "big") for i in starts)
    held = max(0, len(content) - 4 - 4 * rank)
    size = math.prod(shape)
    if held < size:
        raise ValueError(
            f"MNIST {kind} file {name} is cut short: it announces the shape {shape} "
            f"and holds {held} bytes. Delete it and try again."
        )
    data = np.frombuffer(content, dtype=np.uint8, count=size, offset=4 + 4 * rank)
    # A copy, because np.frombuffer's arrays cannot be written to.
    return data.reshape(shape).copy()


def extract_images(filename: str | os.PathLike[str] | IO[bytes]) -> np.ndarray:
    """Reads an idx3 file, gzipped or not.

    Args:
      filename: its path, or (as in later versions) a file opened for reading bytes.

    Returns:
      uint8 array `[images, rows, columns, 1]`.

    Raises:
      ValueError: if it is no idx3 file of bytes, or a damaged one.
    """
    return _read_idx(filename, _IMAGE_MAGIC, "image")[..., np.newaxis]


def extract_labels(
    filename: str | os.PathLike[str] | IO[bytes],
    one_hot: bool = False,
    num_classes: int = _CLASSES,
) -> np.ndarray:
    """Reads an idx1 file, gzipped or not.

    Args:
      filename: its path, or (as in later versions) a file opened for reading bytes.
      one_hot: gives rows of `num_classes` numbers instead of class numbers.
      num_classes: the length of these rows.

    Returns:
      uint8 array `[labels]`; with `one_hot` float64 `[labels, num_classes]`.

    Raises:
      ValueError: if it is no idx1 file of bytes, or a damaged one.
    """
    labels = _read_idx(filename, _LABEL_MAGIC, "label")
    return dense_to_one_hot(labels, num_classes) if one_hot else labels


def dense_to_one_hot(
    labels_dense: np.ndarray, num_classes: int = _CLASSES
) -> np.ndarray:
    """Turns class numbers `[n]` into float64 rows `[n, num_classes]` of 0 and 1."""
    return np.eye(num_classes)[np.asarray(labels_dense).ravel()]


class DataSet:
    """Images with their labels, handed out in batches."""

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        fake_data: bool = False,
        one_hot: bool = False,
        dtype: Any = dtypes.float32,
        reshape: bool = True,
    ) -> None:
        """Keeps `images` and `labels`.

        Args:
          images: `[n, rows, columns, 1]` uint8.
          labels: `[n, ...]`.
          fake_data: ignores both and pretends to hold 10,000 images of ones.
          one_hot: form of the fake labels; has no meaning for real ones.
          dtype: `uint8` leaves the pixels alone, `float32` scales them to [0, 1].
          reshape: flattens the images to `[n, rows * columns]`.

        Raises:
          TypeError: if `dtype` is neither of the two.
          AssertionError: if there are not as many labels as images, or if images to
            be flattened have more than one channel.
        """
        dtype = dtypes.as_dtype(dtype).base_dtype
        if dtype not in (dtypes.uint8, dtypes.float32):
            raise TypeError(f"Invalid image dtype {dtype!r}, expected uint8 or float32")
        if fake_data:
            self._num_examples = 10000
            self.one_hot = one_hot
        else:
            if images.shape[0] != labels.shape[0]:
                raise AssertionError(
                    f"images.shape: {images.shape} labels.shape: {labels.shape}"
                )
            self._num_examples = images.shape[0]
            if reshape:
                images = _flattened(images)
            if dtype == dtypes.float32:
                images = images.astype(np.float32)
                images *= np.float32(1.0 / 255.0)
        self._images = images
        self._labels = labels
        self._epochs_completed = 0
        self._index_in_epoch = 0

    @property
    def images(self) -> np.ndarray:
        """All images, in the order of the present epoch."""
        return self._images

    @property
    def labels(self) -> np.ndarray:
        """All labels, in the order of the present epoch."""
        return self._labels

    @property
    def num_examples(self) -> int:
        """How many images there are."""
        return self._num_examples

    @property
    def epochs_completed(self) -> int:
        """How often the images have been handed out in full."""
        return self._epochs_completed

    def next_batch(self, batch_size: int, fake_data: bool = False) -> tuple[Any, Any]:
        """Returns the next `batch_size` images and their labels.

        The first epoch comes in file order. When fewer than `batch_size` images are
        left, they are dropped, all images are shuffled by NumPy's global generator,
        and the next epoch begins.

        Args:
          batch_size: at most `num_examples`.
          fake_data: returns lists of ones and a fixed label instead.

        Raises:
          AssertionError: if `batch_size` is larger than the data set.
        """
        if fake_data:
            label: Any = [1] + [0] * (_CLASSES - 1) if self.one_hot else 0
            pixels = [1] * _PIXELS
            return [pixels for _ in range(batch_size)], [
                label for _ in range(batch_size)
            ]
        start = self._index_in_epoch
        self._index_in_epoch += batch_size
        if self._index_in_epoch > self._num_examples:
            self._epochs_completed += 1
            order = np.arange(self._num_examples)
            np.random.shuffle(order)
            self._images = self._images[order]
            self._labels = self._labels[order]
            start = 0
            self._index_in_epoch = batch_size
            if batch_size > self._num_examples:
                raise AssertionError(
                    f"next_batch: `batch_size` must be at most {self._num_examples}, "
                    f"the number of examples, got {batch_size}."
                )
        end = self._index_in_epoch
        return self._images[start:end], self._labels[start:end]


def _flattened(images: np.ndarray) -> np.ndarray:
    if images.ndim != 4 or images.shape[3] != 1:
        raise AssertionError(
            "DataSet: with `reshape`, `images` must be [n, rows, columns, 1], got "
            f"shape {images.shape}."
        )
    return images.reshape(images.shape[0], images.shape[1] * images.shape[2])


class Datasets(NamedTuple):
    """What `read_data_sets` returns."""

    train: DataSet
    validation: DataSet
    test: DataSet


def read_data_sets(
    train_dir: str,
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = dtypes.float32,
    reshape: bool = True,
    validation_size: int = 5000,
) -> Datasets:
    """Reads MNIST from `train_dir`, downloading what is missing there.

    With `TFSTYLE_DATASETS=digits` in the environment and files missing in the
    folder, scikit-learn's digits are used and nothing is downloaded.

    Args:
      train_dir: the folder with the four idx files, gzipped or not.
      fake_data: reads nothing and gives three data sets of ones.
      one_hot: labels as rows of ten numbers (float64) instead of class numbers.
      dtype: `uint8` leaves the pixels alone, `float32` scales them to [0, 1].
      reshape: images `[n, 784]` instead of `[n, 28, 28, 1]`.
      validation_size: how many of the training images become `validation`; they are
        the first ones.

    Returns:
      A `Datasets` of three `DataSet`s: `train`, `validation` and `test`.

    Raises:
      ValueError: if `validation_size` is not between 0 and the number of training
        images, or a file is damaged.
      OSError: if a file is missing and no mirror delivers it.
    """
    if fake_data:
        fakes = (
            DataSet(np.array([]), np.array([]), True, one_hot, dtype) for _ in range(3)
        )
        return Datasets(*fakes)
    arrays, validations = _load(train_dir, validation_size)
    images, labels, test_images, test_labels = arrays
    if not 0 <= validations <= len(images):
        raise ValueError(
            f"Validation size should be between 0 and {len(images)}. "
            f"Received: {validations}."
        )
    if one_hot:
        labels, test_labels = dense_to_one_hot(labels), dense_to_one_hot(test_labels)

    def data_set(images: np.ndarray, labels: np.ndarray) -> DataSet:
        return DataSet(images, labels, dtype=dtype, reshape=reshape)

    return Datasets(
        train=data_set(images[validations:], labels[validations:]),
        validation=data_set(images[:validations], labels[:validations]),
        test=data_set(test_images, test_labels),
    )


def _load(folder: str, validation_size: int) -> tuple[_sources.Arrays, int]:
    """Returns the arrays and how many of the training images are for validation."""
    missing = [f for f in _sources.FILES if not _sources.find_in_folder(f, folder)]
    if missing and _sources.wants_digits():
        return _sources.load_digits(validation_size)
    paths = [maybe_download(f, folder) for f in _sources.FILES]
    extractors = (extract_images, extract_labels) * 2
    arrays = (extract(path) for extract, path in zip(extractors, paths, strict=True))
    return _sources.Arrays(*arrays), validation_size
