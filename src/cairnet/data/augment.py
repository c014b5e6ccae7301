"""Augmentation: more training samples, made from those there are by changes that keep the class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cairnet.base.errors import ArgumentError, ShapeError

__all__ = ["shifts"]


def shifts(
    images: npt.ArrayLike, labels: npt.ArrayLike, pixels: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """The images, and each of them moved down, up, right and left: five times as many.

        moved[i, y, x] = images[i, y - dy, x - dx], or 0 where that lies outside

    with (dy, dx) = (0, 0), (p, 0), (-p, 0), (0, p) and (0, -p). The five copies follow each other
    whole, so that the first n images of the result are those that were given.

    Args:
        images: shape (n, height, width, channels), any dtype, which is kept.
        labels: one for each image, shape (n, …).
        pixels: p, how far the images are moved; 1 or more, below height and width.

    Returns:
        Images, shape (5n, height, width, channels), and labels, shape (5n, …); both are copies.

    Raises:
        ShapeError: images of another rank, or another number of labels.
        ArgumentError: a number of pixels that is not whole, or moves everything out of the image.

    Source:
        P. Y. Simard, D. Steinkraus, J. C. Platt: Best practices for convolutional neural networks
        applied to visual document analysis. ICDAR 2003. These five copies are those of M. Nielsen:
        Neural networks and deep learning. Determination Press 2015, chapter 3.

    Example:
        >>> import cairnet as cn
        >>> import numpy as np
        >>> image = np.array([[1, 2], [3, 4]])[np.newaxis, ..., np.newaxis]
        >>> images, labels = cn.augment.shifts(image, [7])
        >>> labels.tolist()
        [7, 7, 7, 7, 7]
        >>> images[..., 0].tolist()[1:3]  # moved down, and up
        [[[0, 0], [1, 2]], [[3, 4], [0, 0]]]
    """
    given, named = np.asarray(images), np.asarray(labels)
    if given.ndim != 4:
        raise ShapeError(
            f"images: expected shape (n, height, width, channels), got {given.shape}"
            + ("; add the channel with images[..., np.newaxis]" if given.ndim == 3 else "")
        )
    if named.ndim == 0 or len(named) != len(given):
        raise ShapeError(
            f"labels: expected one for each of {len(given)} images, got shape {named.shape}"
        )
    height, width = given.shape[1:3]
    whole = isinstance(pixels, int | np.integer) and not isinstance(pixels, bool)
    if not whole or not 1 <= pixels < min(height, width):
        raise ArgumentError(
            f"pixels: expected a whole number from 1 to {min(height, width) - 1} for images of "
            f"{height} × {width}, got {pixels!r}"
        )
    framed = np.pad(given, ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)))
    # Moving the image down is looking at it from further up.
    corners = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
    moved = [
        framed[:, y * pixels : y * pixels + height, x * pixels : x * pixels + width]
        for y, x in corners
    ]
    return np.concatenate(moved), np.concatenate([named] * len(moved))
