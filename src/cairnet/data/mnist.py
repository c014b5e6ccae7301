"""MNIST: 70,000 handwritten digits, the data set that the textbooks begin with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cairnet.base.errors import DataError
from cairnet.data.downloads import RemoteFile, locate
from cairnet.data.idx import load_idx

__all__ = ["mnist", "read_image_files"]

Pair = tuple[np.ndarray, np.ndarray]

_FILES = (
    RemoteFile(
        "train-images-idx3-ubyte.gz",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    RemoteFile(
        "train-labels-idx1-ubyte.gz",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    RemoteFile(
        "t10k-images-idx3-ubyte.gz",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    RemoteFile(
        "t10k-labels-idx1-ubyte.gz",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
)
_MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
_COUNTS = (60_000, 10_000)


def mnist() -> tuple[Pair, Pair]:
    """MNIST: 60,000 training and 10,000 test images of handwritten digits, 28 × 28.

    The four IDX files are looked for in `mnist/` of the folder that the environment variable
    CAIRNET_DATA names, then in Cairnet's cache, and are else downloaded (11 MB) once, checked by
    their SHA-256.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, float32 in [0, 1], shape (n, 28, 28, 1),
        ink bright on dark; digits, int64, shape (n,).

    Raises:
        DataError: a file is damaged or is not MNIST's, or could not be downloaded.

    Source:
        Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document
        recognition. Proceedings of the IEEE 86 (11), 1998.

    Example:
        The first training image is a five::

            (x_train, y_train), (x_test, y_test) = cn.datasets.mnist()
            print(x_train.shape, y_train[0])  # (60000, 28, 28, 1) 5
    """
    paths = locate("mnist", _FILES, _MIRRORS)
    return read_image_files(paths)


def read_image_files(paths: Sequence[Path]) -> tuple[Pair, Pair]:
    """The training and the test pair in four IDX files laid out as MNIST's are."""
    train, test = (
        _pair(images, labels, count)
        for images, labels, count in zip(paths[::2], paths[1::2], _COUNTS, strict=True)
    )
    return train, test


def _pair(images_path: Path, labels_path: Path, count: int) -> Pair:
    images, labels = load_idx(images_path), load_idx(labels_path)
    _check(images_path, images, (count, 28, 28))
    _check(labels_path, labels, (count,))
    if labels.max() > 9:
        raise DataError(f"{labels_path}: expected labels from 0 to 9, found {labels.max()}")
    scaled = images[..., np.newaxis] / np.float32(255)
    return scaled, labels.astype(np.int64)


def _check(path: Path, array: np.ndarray, shape: tuple[int, ...]) -> None:
    if array.shape != shape or array.dtype != np.uint8:
        raise DataError(
            f"{path}: expected uint8 of shape {shape}, found {array.dtype.name} of shape "
            f"{array.shape}"
        )
