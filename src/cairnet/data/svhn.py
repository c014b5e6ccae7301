"""SVHN: digits of house numbers, cut out of street photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

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
        DataError: a file does not have its SHA-256, or could not be downloaded.

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
    # SciPy trusts the sizes and types that a MATLAB file states, and a damaged one can end the
    # process: only the very files of the data set are handed to it.
    train, test = locate("svhn", _FILES, _MIRRORS, exact=True)
    return read_cropped_digits(train), read_cropped_digits(test)


def read_cropped_digits(path: Path) -> Pair:
    """The images and digits in a MATLAB file with `X` (32, 32, 3, n) and `y` (n, 1)."""
    from scipy.io import loadmat

    content = loadmat(path, variable_names=["X", "y"])
    images = np.ascontiguousarray(content["X"].transpose(3, 0, 1, 2)) / np.float32(255)
    return images, content["y"][:, 0].astype(np.int64) % 10
