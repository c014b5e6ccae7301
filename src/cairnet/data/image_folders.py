"""Folders of pictures, told apart by the folder they are in or by the beginning of their names."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from cairnet.base.errors import ArgumentError, DataError, UnknownNameError
from cairnet.data.downloads import locate_input

__all__ = ["image_folder"]

_SUFFIXES = frozenset([".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"])
_MODES = {"rgb": "RGB", "grayscale": "L"}
_LABELS = ("folder", "prefix")


def image_folder(
    path: str | os.PathLike[str],
    image_size: int | tuple[int, int] | None = None,
    *,
    labels: str = "folder",
    color_mode: str = "rgb",
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Read a folder of pictures, labelled by sub-folder or by file name.

    Files are taken from sub-folders of any depth, in the order of their paths; hidden ones and
    those that do not end like a picture (.png, .jpg, …) are passed over. A picture that its
    camera marked as turned is turned upright.

    Args:
        path: the folder. A relative path that is not in the working folder is looked for in the
            folder CAIRNET_DATA names.
        image_size: height and width of the images that are returned, or one number for both.
            Pictures are scaled to it (bilinear, averaged when they shrink), without regard to
            their proportions. By default they are left as they are, and must all have one size.
        labels: "folder" — `cat/tom.jpg` is a cat; or "prefix" — what stands before the first dot,
            `cat.0001.jpg` is a cat, in whatever sub-folder.
        color_mode: "rgb" or "grayscale" (luma of ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B).

    Returns:
        `(images, labels, class_names)`: float32 in [0, 1], shape (n, height, width, 3 or 1);
        int64, shape (n,); the names that the labels number, sorted.

    Raises:
        DataError: the folder is missing or has no pictures, or a picture is damaged, bears no
            label, or has another size than the rest; the file is named.
        ArgumentError: a size that is none.
        UnknownNameError: unknown `labels` or `color_mode`.

    Source:
        The arguments are named as in Keras's `image_dataset_from_directory`, which knows the
        layout by sub-folders; the one by prefix is that of the Asirra cats and dogs.

    Example:
        >>> import cairnet as cn
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> for name, color in [("sea", "blue"), ("wood", "green")]:
        ...     Path("views", name).mkdir(parents=True)
        ...     Image.new("RGB", (8, 6), color).save(f"views/{name}/1.png")
        >>> images, labels, names = cn.datasets.image_folder("views", image_size=(3, 4))
        >>> images.shape, labels, names
        ((2, 3, 4, 3), array([0, 1]), ('sea', 'wood'))
    """
    if labels not in _LABELS:
        raise UnknownNameError("way of labelling", labels, _LABELS)
    if color_mode not in _MODES:
        raise UnknownNameError("color_mode", color_mode, _MODES)
    size = _checked_size(image_size)
    folder = locate_input(path)
    files = _pictures(folder)
    read = _folder_label if labels == "folder" else _prefix_label
    given = [read(folder, file) for file in files]
    names, numbers = np.unique(given, return_inverse=True)
    images = _read_all(files, size, _MODES[color_mode])
    return images, numbers.astype(np.int64), tuple(names.tolist())


def _checked_size(size: object) -> tuple[int, int] | None:
    if size is None:
        return None
    pair = (size, size) if isinstance(size, int | np.integer) else size
    if (
        not isinstance(pair, tuple | list)
        or len(pair) != 2
        or not all(isinstance(each, int | np.integer) and each > 0 for each in pair)
        or any(isinstance(each, bool) for each in pair)
    ):
        raise ArgumentError(
            f"image_size: expected a height and a width of 1 or more pixels, got {size!r}"
        )
    return int(pair[0]), int(pair[1])


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing of this name"
        raise DataError(f"{folder}: expected a folder of pictures, found {found}")
    files = [
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in _SUFFIXES
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
        and file.is_file()
    ]
    if not files:
        endings = ", ".join(sorted(_SUFFIXES))
        raise DataError(f"{folder}: expected pictures ({endings}), found none")
    return sorted(files, key=lambda file: file.relative_to(folder).as_posix())


def _folder_label(folder: Path, file: Path) -> str:
    parts = file.relative_to(folder).parts
    if len(parts) == 1:
        raise DataError(
            f"{file}: expected pictures in sub-folders named like their labels, found one beside "
            'them; if the file names begin with the labels, pass labels="prefix"'
        )
    return parts[0]


def _prefix_label(folder: Path, file: Path) -> str:
    label, dot, _ = file.stem.partition(".")
    if not dot or not label:
        raise DataError(
            f"{file}: expected a name that begins with its label and a dot, like cat.0001.jpg; if "
            'the sub-folders are named like the labels, pass labels="folder"'
        )
    return label


def _read_all(files: list[Path], size: tuple[int, int] | None, mode: str) -> np.ndarray:
    first = _read(files[0], size, mode)
    # One array from the start: a list of images and its stack would need the memory twice.
    images = np.empty((len(files), *first.shape), np.float32)
    for place, file in enumerate(files):
        image = _read(file, size, mode)
        if image.shape != first.shape:
            raise DataError(
                f"{file}: expected {first.shape[0]} × {first.shape[1]} pixels like {files[0]}, "
                f"found {image.shape[0]} × {image.shape[1]}; pass image_size to scale all alike"
            )
        np.divide(image, np.float32(255), out=images[place])
    return images


def _read(file: Path, size: tuple[int, int] | None, mode: str) -> np.ndarray:
    """One picture as uint8 of shape (height, width, channels)."""
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as opened:
            if opened.mode.startswith(("I", "F")):
                raise DataError(
                    f"{file}: expected 8 bits for each channel, found a picture of mode "
                    f"{opened.mode!r}; save it with 8 bits"
                )
            upright = ImageOps.exif_transpose(opened)
            picture = upright.convert(mode)
    except DataError:
        raise
    # Pillow tells of damage with OSError, and with others where a decoder trusts its input.
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{file}: expected a whole picture, found one that cannot be read ({error})"
        ) from None
    if size is not None:
        picture = picture.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    array = np.asarray(picture)
    return array if array.ndim == 3 else array[..., np.newaxis]
