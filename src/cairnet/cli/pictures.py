"""Pictures from files, as the arrays that a network takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cairnet.base.errors import DataError, ShapeError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["load_picture"]


def load_picture(path: Path, shape: tuple[int | None, ...]) -> tuple[np.ndarray, bool]:
    """A picture as float32 in [0, 1], scaled to the shape of a network's samples.

    The digits that networks learn from are bright ink on a dark ground. A grey picture whose edge
    is bright is therefore taken for dark ink on paper, and turned around.

    Args:
        path: the file.
        shape: height, width and channels (1 or 3).

    Returns:
        The array, and whether dark and bright were exchanged.

    Raises:
        DataError: the file is missing, or is not a picture.
        ShapeError: the network does not take pictures.
    """
    from PIL import Image, UnidentifiedImageError

    if len(shape) != 3 or shape[2] not in (1, 3) or shape[0] is None or shape[1] is None:
        raise ShapeError(
            f"predict: expected a network that takes pictures (height, width, 1 or 3), this one "
            f"takes {shape}"
        )
    height, width, channels = shape[0], shape[1], shape[2]
    try:
        with Image.open(path) as picture:
            plain = _on_white(picture).convert("L" if channels == 1 else "RGB")
            scaled = plain.resize((width, height), Image.Resampling.BILINEAR)
    except UnidentifiedImageError:
        raise DataError(f"{path}: expected a picture, found another kind of file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    array = np.asarray(scaled, np.float32).reshape(height, width, channels) / 255
    turned = channels == 1 and _edge(array).mean() > 0.5
    return (1 - array if turned else array), turned


def _on_white(picture: Image.Image) -> Image.Image:
    """What a transparent picture looks like on white paper."""
    from PIL import Image

    if not picture.has_transparency_data:
        return picture
    page = Image.new("RGBA", picture.size, "white")
    page.alpha_composite(picture.convert("RGBA"))
    return page


def _edge(image: np.ndarray) -> np.ndarray:
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
