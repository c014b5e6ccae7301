"""SVHN: digits of house numbers, cut out of street photographs."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from cairnet.base.errors import DataError
from cairnet.data.downloads import RemoteFile, locate

__all__ = ["read_cropped_digits", "svhn"]

Pair = tuple[np.ndarray, np.ndarray]

# These sums stand, alike, in torchvision's prototype data sets, in Britefury/batchup, and in
# several repositories that pin the files, of 182,040,794 and 64,275,384 bytes.
_FILES = (
    RemoteFile(
        "train_32x32.mat", "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"
    ),
    RemoteFile(
        "test_32x32.mat", "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"
    ),
)
_MIRRORS = ("http://ufldl.stanford.edu/housenumbers/",)
_COUNTS = (73_257, 26_032)


def svhn() -> tuple[Pair, Pair]:
    """SVHN, cropped: 73,257 training and 26,032 test digits of house numbers, 32 × 32, colour.

    The digit is in the middle; neighbours of the same number may show at the sides. The files
    `train_32x32.mat` and `test_32x32.mat` are looked for in `svhn/` of the folder that the
    environment variable CAIRNET_DATA names, then in Cairnet's cache, and are else downloaded
    (246 MB) once, checked by their SHA-256. The images take 1.2 GB of memory.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, float32 in [0, 1], shape (n, 32, 32, 3),
        red, green, blue; digits, int64, shape (n,). The files write the digit 0 as 10; here it
        is 0.

    Raises:
        DataError: a file is damaged or is not of this data set, or could not be downloaded.

    Source:
        Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng: Reading digits in natural
        images with unsupervised feature learning. NIPS workshop on deep learning, 2011.

    Example:
        >>> import cairnet as cn
        >>> cn.datasets.class_names("svhn")[0]
        '0'

        ::

            (x_train, y_train), (x_test, y_test) = cn.datasets.svhn()
            print(x_train.shape, y_train[0])  # (73257, 32, 32, 3) 1
    """
    paths = locate("svhn", _FILES, _MIRRORS)
    train, test = (
        read_cropped_digits(path, count) for path, count in zip(paths, _COUNTS, strict=True)
    )
    return train, test


def read_cropped_digits(path: Path, count: int) -> Pair:
    """The images and digits in a MATLAB file with `X` (32, 32, 3, count) and `y` (count, 1)."""
    content = _load(path)
    images = _array(path, content, "X", (32, 32, 3, count))
    labels = _array(path, content, "y", (count, 1))[:, 0].astype(np.int64)
    if labels.min() < 1 or labels.max() > 10:
        row = int(np.argmax((labels < 1) | (labels > 10)))
        raise DataError(
            f"{path}: expected labels from 1 to 10 (which is the digit 0) in 'y', found "
            f"{labels[row]} in row {row}"
        )
    scaled = np.ascontiguousarray(images.transpose(3, 0, 1, 2)) / np.float32(255)
    return scaled, labels % 10


def _load(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        return dict(loadmat(path, variable_names=["X", "y"]))
    # SciPy trusts the sizes and types that the file states, so damage shows itself in many ways.
    except (
        MatReadError,
        EOFError,
        LookupError,
        MemoryError,
        NotImplementedError,
        OSError,
        OverflowError,
        TypeError,
        ValueError,
        struct.error,
        zlib.error,
    ) as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"{path}: expected a whole MATLAB 5 file with 'X' and 'y', found one that cannot be "
            f"read ({type(error).__name__}: {reason})"
        ) from None


def _array(path: Path, content: dict[str, Any], name: str, shape: tuple[int, ...]) -> np.ndarray:
    if name not in content:
        raise DataError(f"{path}: expected an array {name!r} of shape {shape}, found none")
    array = np.asarray(content[name])
    if array.shape != shape or array.dtype != np.uint8:
        raise DataError(
            f"{path}: expected {name!r} to be uint8 of shape {shape}, found {array.dtype.name} of "
            f"shape {array.shape}"
        )
    return array
