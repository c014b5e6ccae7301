"""Reading images at places between their pixels, and beyond their edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from cairnet.base.dtypes import int64
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Size
from cairnet.tensor.functions import (
    arange,
    astype,
    clip,
    floor,
    minimum,
    remainder,
    round,
    where,
)
from cairnet.tensor.functions.arguments import size_of

__all__ = ["FILL_MODES", "INTERPOLATIONS", "as_number", "resampled"]

FILL_MODES = ("reflect", "wrap", "constant", "nearest")
INTERPOLATIONS = ("nearest", "bilinear")


def resampled(
    images: Tensor,
    rows: Tensor,
    columns: Tensor,
    interpolation: str,
    fill_mode: str,
    fill_value: float,
) -> Tensor:
    """The images, with another place of theirs at every pixel.

        y[n, i, j] = images[n, rows[n, i, j], columns[n, i, j]]

    Args:
        images: floating, [batch, height, width, channels].
        rows: floating, [batch, height, width]: pixel i covers i − ½ to i + ½.
        columns: likewise.
        interpolation: "nearest" for the pixel that covers the place, "bilinear" for the mean of
            the four around it, weighted by how near they are.
        fill_mode: what lies beyond the edges of a b c d: "reflect" for d c b a | a b c d | d c b a,
            "wrap" for a b c d on both sides, "nearest" for a on the left and d on the right,
            "constant" for `fill_value`.
        fill_value: see above.
    """
    pixels = _Pixels(images, fill_mode, fill_value)
    if interpolation == "nearest":
        return pixels.at(round(rows), round(columns))
    top, left = floor(rows), floor(columns)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    upper = pixels.at(top, left) * (1 - right) + pixels.at(top, left + 1) * right
    lower = pixels.at(top + 1, left) * (1 - right) + pixels.at(top + 1, left + 1) * right
    return upper * (1 - down) + lower * down


class _Pixels:
    """Images that have pixels beyond their edges."""

    def __init__(self, images: Tensor, fill_mode: str, fill_value: float) -> None:
        self.images = images
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.which = arange(images.extents[0])[:, None, None]

    def at(self, rows: Tensor, columns: Tensor) -> Tensor:
        """The pixels of whole coordinates, [batch, height, width, channels]."""
        _, height, width, _ = self.images.extents
        inside_rows, row = self._within(rows, height)
        inside_columns, column = self._within(columns, width)
        read = self.images[self.which, row, column]
        if self.fill_mode != "constant":
            return read
        return where((inside_rows & inside_columns)[..., None], read, self.fill_value)

    def _within(self, place: Tensor, size: Size) -> tuple[Tensor, Tensor]:
        """Whether a coordinate is one of the image, and the coordinate to read in its stead."""
        count = as_number(size, place.dtype)
        inside = (place >= 0) & (place < count)
        if self.fill_mode == "wrap":
            place = remainder(place, count)
        elif self.fill_mode == "reflect":
            place = remainder(place, 2 * count)
            place = minimum(place, 2 * count - 1 - place)
        else:
            place = clip(place, 0.0, count - 1)
        return inside, astype(place, int64)


def as_number(size: Size, dtype: np.dtype[Any]) -> Any:
    """An extent as a number to compute with."""
    return float(size) if isinstance(size, int) else size_of(size, dtype)
