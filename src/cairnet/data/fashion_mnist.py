"""Fashion-MNIST: photographs of clothes in exactly the form of MNIST, and harder."""

from __future__ import annotations

import numpy as np

from cairnet.data.downloads import RemoteFile, locate
from cairnet.data.mnist import read_image_files

__all__ = ["fashion_mnist"]

Pair = tuple[np.ndarray, np.ndarray]

# These sums stand, alike, in torchvision's prototype data sets, in Britefury/batchup, and in
# several repositories that pin the files of zalandoresearch/fashion-mnist.
_FILES = (
    RemoteFile(
        "train-images-idx3-ubyte.gz",
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    RemoteFile(
        "train-labels-idx1-ubyte.gz",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    RemoteFile(
        "t10k-images-idx3-ubyte.gz",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    RemoteFile(
        "t10k-labels-idx1-ubyte.gz",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
)
_MIRRORS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)


def fashion_mnist() -> tuple[Pair, Pair]:
    """Fashion-MNIST: 60,000 training and 10,000 test photographs of clothes, 28 × 28, grey.

    The four IDX files are looked for in `fashion_mnist/` of the folder that the environment
    variable CAIRNET_DATA names, then in Cairnet's cache, and are else downloaded (31 MB) once,
    checked by their SHA-256.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, float32 in [0, 1], shape (n, 28, 28, 1),
        the garment bright on dark; classes, int64, shape (n,), 0 to 9 in the order of
        `cn.datasets.class_names("fashion_mnist")`.

    Raises:
        DataError: a file is damaged or is not of this data set, or could not be downloaded.

    Source:
        H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking
        machine learning algorithms. arXiv:1708.07747, 2017.

    Example:
        >>> import cairnet as cn
        >>> cn.datasets.class_names("fashion_mnist")[9]
        'Ankle boot'

        The first training image is an ankle boot::

            (x_train, y_train), (x_test, y_test) = cn.datasets.fashion_mnist()
            print(x_train.shape, y_train[0])  # (60000, 28, 28, 1) 9
    """
    return read_image_files(locate("fashion_mnist", _FILES, _MIRRORS))
