"""Where the images come from: a folder, a public mirror, or scikit-learn.

The files are looked for in this order:

1. the folder that the script names, gzipped (`train-images-idx3-ubyte.gz`) or not;
2. with `TFSTYLE_DATASETS=digits` in the environment, scikit-learn's digits, nothing
   being downloaded;
3. the public mirrors, one after the other. A file is kept only when its SHA-256 is
   that of the published one, and appears in the folder whole or not at all.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import tempfile
import time
import urllib.error
import urllib.request
from typing import IO, NamedTuple

import numpy as np

__all__ = [
    "DIGITS_VARIABLE",
    "FILES",
    "MIRRORS",
    "Arrays",
    "download",
    "find_in_folder",
    "load_digits",
    "wants_digits",
]

DIGITS_VARIABLE = "TFSTYLE_DATASETS"

MIRRORS: tuple[str, ...] = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://yann.lecun.com/exdb/mnist/",
)

# The four published files with their SHA-256, in the order images, labels.
FILES = {
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
}

_SOCKET_TIMEOUT = 20.0
_FILE_TIMEOUT = 300.0
_CHUNK = 1 << 16


class Arrays(NamedTuple):
    """Images `[n, rows, columns, 1]` uint8 and labels `[n]` uint8, twice."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def find_in_folder(filename: str, folder: str) -> str | None:
    """Returns the path of `filename` in `folder`, also without `.gz`, or None."""
    for name in (filename, filename.removesuffix(".gz")):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    return None


def wants_digits() -> bool:
    """Tells whether the environment asks for scikit-learn's digits.

    Raises:
      ValueError: if the variable is set to anything but `digits`.
    """
    wanted = os.environ.get(DIGITS_VARIABLE, "")
    if wanted not in ("", "digits"):
        raise ValueError(
            f"{DIGITS_VARIABLE} must be 'digits' or not set, got {wanted!r}."
        )
    return wanted == "digits"


def download(
    filename: str,
    folder: str,
    source_urls: tuple[str, ...],
    sha256: str | None = None,
) -> str:
    """Fetches `filename` into `folder` from the first address that delivers it.

    Args:
      filename: name of the file under each address and in the folder.
      folder: made if missing.
      source_urls: addresses to try in turn, each ending in a slash.
      sha256: hexadecimal digest that the file must have; None accepts any.

    Returns:
      The path of the file.

    Raises:
      OSError: if no address delivers the file; the text lists what each one
        answered and what else can be done.
    """
    os.makedirs(folder, exist_ok=True)
    failures = []
    for base in source_urls:
        url = base + filename
        try:
            path, size = _fetch(url, filename, folder, sha256)
        except (OSError, http.client.HTTPException, urllib.error.URLError) as e:
            failures.append(f"  {url}: {e}")
            continue
        print(f"Successfully downloaded {filename} {size} bytes.", flush=True)
        return path
    raise OSError(_no_source(filename, folder, failures))


def _fetch(url: str, filename: str, folder: str, sha256: str | None) -> tuple[str, int]:
    path = os.path.join(folder, filename)
    handle, partial = tempfile.mkstemp(prefix=f".{filename}.", dir=folder)
    try:
        with os.fdopen(handle, "wb") as out:
            size, digest = _copy(url, out)
        if sha256 is not None and digest != sha256:
            raise OSError(f"SHA-256 is {digest}, expected {sha256}")
        # mkstemp makes files that only their owner can read.
        os.chmod(partial, 0o644)
        os.replace(partial, path)
    except BaseException:
        os.remove(partial)
        raise
    return path, size


def _copy(url: str, out: IO[bytes]) -> tuple[int, str]:
    """Copies what `url` answers to `out`; returns its size and SHA-256."""
    deadline = time.monotonic() + _FILE_TIMEOUT
    digest, size = hashlib.sha256(), 0
    with urllib.request.urlopen(url, timeout=_SOCKET_TIMEOUT) as answer:
        while chunk := answer.read(_CHUNK):
            out.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            # A socket timeout alone lets a server trickle for ever.
            if time.monotonic() > deadline:
                raise TimeoutError(f"not complete after {_FILE_TIMEOUT:.0f} s")
    return size, digest.hexdigest()


def _no_source(filename: str, folder: str, failures: list[str]) -> str:
    tried = "\n".join(failures) or "  none"
    return (
        f"MNIST: {filename} is not in the folder {folder!r} and could not be "
        f"downloaded. Tried:\n{tried}\n"
        f"Ways out: put {', '.join(FILES)} into that folder; or name a folder that "
        f"holds them; or set {DIGITS_VARIABLE}=digits to train on scikit-learn's 1,797 "
        "digits instead (pip install 'tfstyle[examples]')."
    )


def load_digits(validation_size: int) -> tuple[Arrays, int]:
    """Loads scikit-learn's digits in the shape of MNIST.

    The 1,797 images of 8x8 pixels are enlarged to 28x28 by linear interpolation,
    shuffled by a fixed seed and split in MNIST's proportions (6 : 1).

    Args:
      validation_size: as for MNIST, out of 60,000.

    Returns:
      The arrays, and `validation_size` scaled to their number.

    Raises:
      ImportError: if scikit-learn is missing.
    """
    try:
        from sklearn import datasets
    except ImportError as e:
        raise ImportError(
            f"{DIGITS_VARIABLE}=digits needs scikit-learn: "
            "pip install 'tfstyle[examples]'."
        ) from e
    digits = datasets.load_digits()
    order = np.random.RandomState(0).permutation(len(digits.target))
    images = _enlarge(digits.images[order] * (255.0 / 16.0), 28)
    labels = digits.target[order].astype(np.uint8)
    tests = len(labels) // 7
    trains = len(labels) - tests
    validations = validation_size * trains // 60000
    print(
        f"{DIGITS_VARIABLE}=digits: using scikit-learn's {len(labels):,} digits, "
        f"enlarged from 8x8 to 28x28, instead of MNIST's 70,000: "
        f"{trains - validations:,} to train, {validations} to validate, {tests} to "
        "test.",
        flush=True,
    )
    arrays = Arrays(images[tests:], labels[tests:], images[:tests], labels[:tests])
    return arrays, validations


def _enlarge(images: np.ndarray, size: int) -> np.ndarray:
    """Interpolates `images` [n, k, k] to uint8 [n, size, size, 1]."""
    k = images.shape[1]
    # Centres of the new pixels in units of the old ones; the rim is continued.
    at = np.clip((np.arange(size) + 0.5) * k / size - 0.5, 0, k - 1)
    weights = np.maximum(0.0, 1.0 - np.abs(at[:, None] - np.arange(k)))
    large = weights @ images @ weights.T
    return np.rint(large).astype(np.uint8)[..., None]
