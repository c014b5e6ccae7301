"""The handwritten digits that come with scikit-learn: real scans, and no download."""

from __future__ import annotations

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.data.splits import stratified_split

__all__ = ["digits"]

Pair = tuple[np.ndarray, np.ndarray]


def digits(*, size: int = 28, test_fraction: float = 0.2, seed: int = 0) -> tuple[Pair, Pair]:
    """1,797 handwritten digits of 43 people, scaled up to the size of MNIST's images.

    The original images are 8 × 8 with 17 grey levels: counts of inked pixels in 4 × 4 blocks of a
    32 × 32 scan. They are divided by 16 and enlarged by bilinear interpolation.

    Args:
        size: height and width of the images that are returned.
        test_fraction: the share of the images that are held out, every digit alike.
        seed: of the split; the same seed gives the same split.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, float32 in [0, 1], shape
        (n, size, size, 1), ink bright on dark; digits, int64, shape (n,).

    Raises:
        ArgumentError: the size is below 1, or a split that leaves one part empty.

    Source:
        E. Alpaydin, C. Kaynak: Optical recognition of handwritten digits. UCI Machine Learning
        Repository, 1998. The images are that data set's test part.

    Example:
        >>> import cairnet as cn
        >>> (x_train, y_train), (x_test, y_test) = cn.datasets.digits()
        >>> x_train.shape, y_train.shape, x_test.shape
        ((1438, 28, 28, 1), (1438,), (359, 28, 28, 1))
    """
    if size < 1:
        raise ArgumentError(f"size: expected 1 or more pixels, got {size}")
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = _enlarge(np.asarray(bunch.images, np.float32) / 16, size)[..., np.newaxis]
    labels = np.asarray(bunch.target, np.int64)
    train, test = stratified_split(labels, test_fraction, seed)
    return (images[train], labels[train]), (images[test], labels[test])


def _enlarge(images: np.ndarray, size: int) -> np.ndarray:
    from PIL import Image

    if images.shape[1:] == (size, size):
        return images
    scaled = [
        np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))
        for image in images
    ]
    return np.stack(scaled)
