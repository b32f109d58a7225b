"""The MNIST reader. Orders of batches are those that TensorFlow 0.12.1 gave."""

import functools
import gzip
import hashlib
import http.server
import io
import struct
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tfstyle.examples.tutorials.mnist import _sources, input_data
from tfstyle.framework import dtypes

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "mnist"


def idx(array):
    magic = 0x800 + array.ndim
    return struct.pack(f">{1 + array.ndim}I", magic, *array.shape) + array.tobytes()


def arrays(n, seed):
    state = np.random.RandomState(seed)
    images = state.randint(0, 256, (n, 28, 28)).astype(np.uint8)
    return images, state.randint(0, 10, n).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """A folder with 30 images to train and 10 to test, gzipped."""
    for prefix, n in (("train", 30), ("t10k", 10)):
        images, labels = arrays(n, seed=n)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            path = tmp_path / f"{prefix}-{kind}-ubyte.gz"
            path.write_bytes(gzip.compress(idx(array)))
    return tmp_path


@pytest.fixture(autouse=True)
def no_mirrors(monkeypatch):
    """No test leaves this machine, and none depends on the environment."""
    monkeypatch.setattr(_sources, "MIRRORS", ("http://127.0.0.1:9/none/",))
    monkeypatch.delenv(_sources.DIGITS_VARIABLE, raising=False)


@pytest.fixture
def server(tmp_path_factory):
    """A web server for the files of a folder; gives its address and the folder."""
    root = tmp_path_factory.mktemp("mirror")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format, *args):
            pass

    handler = functools.partial(Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{httpd.server_port}/", root
        finally:
            httpd.shutdown()
            thread.join()


def small(**kwargs):
    images = np.arange(40, dtype=np.uint8).reshape(10, 2, 2, 1)
    return input_data.DataSet(images, np.arange(10), **kwargs)


def test_batches_come_in_the_order_of_tensorflow():
    np.random.seed(0)
    data = small()
    got = []
    for _ in range(6):
        images, labels = data.next_batch(4)
        got.append(labels.tolist())
        assert (np.rint(images[:, 0] * 255) == 4 * labels).all()
    assert got == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [2, 8, 4, 9],
        [1, 6, 7, 3],
        [9, 6, 8, 4],
        [5, 0, 2, 7],
    ]
    assert data.epochs_completed == 2
    with pytest.raises(AssertionError, match="`batch_size` must be at most 10"):
        data.next_batch(11)
    assert data.next_batch(10)[1].tolist() == [9, 4, 7, 3, 2, 6, 1, 8, 5, 0]
    assert data.epochs_completed == 4


def test_batch_of_the_whole_set_is_not_shuffled_at_first():
    data = small()
    assert data.next_batch(10)[1].tolist() == list(range(10))
    assert data.epochs_completed == 0


def test_pixels_are_scaled_and_flattened():
    data = small()
    assert data.images.shape == (10, 4)
    assert data.images.dtype == np.float32
    expected = np.arange(5, dtype=np.float32) * np.float32(1 / 255)
    np.testing.assert_array_equal(data.images.ravel()[:5], expected)
    assert data.num_examples == 10


@pytest.mark.parametrize("dtype", [dtypes.uint8, np.uint8, "uint8"])
def test_pixels_stay_bytes_and_in_place(dtype):
    data = small(dtype=dtype, reshape=False)
    assert data.images.shape == (10, 2, 2, 1)
    assert data.images.dtype == np.uint8


def test_dtype_must_be_one_of_two():
    with pytest.raises(TypeError, match="Invalid image dtype .*float64.*, expected"):
        small(dtype=dtypes.float64)


def test_numbers_of_images_and_labels_must_agree():
    with pytest.raises(AssertionError, match=r"images.shape: .* labels.shape: \(5,\)"):
        input_data.DataSet(np.zeros([10, 2, 2, 1], np.uint8), np.arange(5))


def test_only_images_of_one_channel_are_flattened():
    with pytest.raises(AssertionError, match=r"got shape \(10, 2, 2, 3\)"):
        input_data.DataSet(np.zeros([10, 2, 2, 3], np.uint8), np.arange(10))


def test_fake_data(tmp_path):
    data = input_data.read_data_sets(str(tmp_path), fake_data=True, one_hot=True)
    images, labels = data.train.next_batch(2, fake_data=True)
    assert images == [[1] * 784] * 2
    assert labels == [[1] + [0] * 9] * 2
    assert data.test.num_examples == 10000
    plain = input_data.read_data_sets(str(tmp_path), fake_data=True)
    assert plain.train.next_batch(2, fake_data=True)[1] == [0, 0]


def test_files_of_a_folder_are_split(folder, capsys):
    data = input_data.read_data_sets(str(folder), validation_size=8)
    images, labels = arrays(30, seed=30)
    assert [d.num_examples for d in data] == [22, 8, 10]
    assert data._fields == ("train", "validation", "test")
    assert data.train.labels.dtype == np.uint8
    np.testing.assert_array_equal(data.validation.labels, labels[:8])
    np.testing.assert_array_equal(
        np.rint(data.train.images * 255), images[8:].reshape(22, 784)
    )
    printed = capsys.readouterr().out
    assert f"Extracting {folder / 'train-images-idx3-ubyte.gz'}" in printed
    assert printed.count("Extracting") == 4


def test_files_may_lie_unzipped(folder):
    for path in list(folder.iterdir()):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    data = input_data.read_data_sets(str(folder), one_hot=True, validation_size=0)
    assert data.train.labels.shape == (30, 10)
    assert data.train.labels.dtype == np.float64
    np.testing.assert_array_equal(
        data.train.labels.argmax(1), arrays(30, seed=30)[1].astype(np.int64)
    )
    assert data.validation.num_examples == 0


def test_default_validation_size_is_checked(folder):
    text = "Validation size should be between 0 and 30. Received: 5000."
    with pytest.raises(ValueError, match=text):
        input_data.read_data_sets(str(folder))


def test_dense_to_one_hot():
    rows = input_data.dense_to_one_hot(np.array([1, 0], np.uint8), 3)
    assert rows.tolist() == [[0, 1, 0], [1, 0, 0]]
    assert rows.dtype == np.float64


def test_extract_takes_open_files(folder):
    with open(folder / "t10k-images-idx3-ubyte.gz", "rb") as f:
        assert input_data.extract_images(f).shape == (10, 28, 28, 1)
    with open(folder / "t10k-labels-idx1-ubyte.gz", "rb") as f:
        labels = input_data.extract_labels(f, one_hot=True, num_classes=12)
        assert labels.shape == (10, 12)


def test_extract_refuses_other_files(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(idx(np.zeros(3, np.uint8))))
    with pytest.raises(ValueError, match="Invalid magic number 2049 in MNIST image f"):
        input_data.extract_images(str(path))
    path.write_bytes(gzip.compress(b""))
    with pytest.raises(ValueError, match="Invalid magic number none in MNIST label f"):
        input_data.extract_labels(str(path))


@pytest.mark.parametrize("cut", [30, -40])
def test_damaged_file_is_named(folder, cut):
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte.gz is damaged"):
        input_data.read_data_sets(str(folder))


def test_short_file_is_named():
    stream = io.BytesIO(gzip.compress(idx(np.zeros([4, 2, 2], np.uint8))[:-3]))
    with pytest.raises(ValueError, match="cut short: .* and holds 13 bytes"):
        input_data.extract_images(stream)


def test_missing_file_comes_from_the_first_good_mirror(
    folder, server, monkeypatch, capsys
):
    address, root = server
    name = "t10k-labels-idx1-ubyte.gz"
    content = (folder / name).read_bytes()
    (folder / name).unlink()
    (root / "bad").mkdir()
    (root / "good").mkdir()
    (root / "bad" / name).write_bytes(content + b"x")
    (root / "good" / name).write_bytes(content)
    mirrors = tuple(f"{address}{kind}/" for kind in ("none", "bad", "good"))
    monkeypatch.setattr(_sources, "MIRRORS", mirrors)
    monkeypatch.setitem(_sources.FILES, name, hashlib.sha256(content).hexdigest())
    data = input_data.read_data_sets(str(folder), validation_size=5)
    assert data.test.num_examples == 10
    assert f"Successfully downloaded {name} {len(content)} bytes." in (
        capsys.readouterr().out
    )
    assert len(list(folder.iterdir())) == 4


def test_without_any_source_the_error_shows_the_ways_out(folder, server, monkeypatch):
    address, root = server
    name = "train-images-idx3-ubyte.gz"
    (folder / name).unlink()
    (root / name).write_bytes(b"something else")
    mirrors = (address, f"{address}none/", "http://127.0.0.1:9/")
    monkeypatch.setattr(_sources, "MIRRORS", mirrors)
    with pytest.raises(OSError, match="could not be downloaded") as raised:
        input_data.read_data_sets(str(folder))
    text = str(raised.value)
    assert all(mirror + name in text for mirror in mirrors)
    assert "SHA-256 is " in text
    assert "404" in text
    assert "TFSTYLE_DATASETS=digits" in text
    assert repr(str(folder)) in text
    assert len(list(folder.iterdir())) == 3


def test_slow_download_is_given_up(tmp_path, server, monkeypatch):
    address, root = server
    (root / "f").write_bytes(b"0123456789")
    monkeypatch.setattr(_sources, "_FILE_TIMEOUT", -1.0)
    with pytest.raises(OSError, match="not complete after"):
        _sources.download("f", str(tmp_path / "new"), (address,))
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("ending", ["", "/", "/f"])
def test_maybe_download_from_an_address(tmp_path, server, ending):
    address, root = server
    (root / "f").write_bytes(b"content")
    path = input_data.maybe_download("f", str(tmp_path), address[:-1] + ending)
    assert Path(path).read_bytes() == b"content"
    assert input_data.maybe_download("f", str(tmp_path), "nowhere") == path


def test_digits_stand_in_for_a_missing_folder(tmp_path, monkeypatch, capsys):
    pytest.importorskip("sklearn")
    monkeypatch.setenv("TFSTYLE_DATASETS", "digits")
    data = input_data.read_data_sets(str(tmp_path / "none"), one_hot=True)
    assert [d.num_examples for d in data] == [1413, 128, 256]
    assert data.train.images.shape == (1413, 784)
    assert 0.9 < data.train.images.max() <= 1.0
    assert data.test.labels.sum(0).min() > 10
    printed = capsys.readouterr().out
    assert "scikit-learn's 1,797 digits" in printed
    again = input_data.read_data_sets(str(tmp_path / "none"), one_hot=True)
    np.testing.assert_array_equal(again.test.images, data.test.images)
    assert not (tmp_path / "none").exists()


def test_digits_do_not_replace_the_files_of_a_folder(folder, monkeypatch):
    monkeypatch.setenv("TFSTYLE_DATASETS", "digits")
    data = input_data.read_data_sets(str(folder), validation_size=0)
    assert data.train.num_examples == 30


def test_digits_without_scikit_learn(tmp_path, monkeypatch):
    monkeypatch.setenv("TFSTYLE_DATASETS", "digits")
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r"pip install 'tfstyle\[examples\]'"):
        input_data.read_data_sets(str(tmp_path))


def test_unknown_data_sets_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("TFSTYLE_DATASETS", "letters")
    with pytest.raises(ValueError, match="must be 'digits' or not set, got 'letters'"):
        input_data.read_data_sets(str(tmp_path))


@pytest.mark.skipif(not SHARED.exists(), reason="no ../shared/data/mnist")
def test_real_files():
    data = input_data.read_data_sets(str(SHARED))
    assert [d.num_examples for d in data] == [14690, 5000, 10000]
    assert data.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
