from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cairnet.base.errors import ArgumentError, DataError, UnknownNameError
from cairnet.data.datasets import image_folder


def picture(path: Path, pixels: np.ndarray, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def pattern(height: int = 4, width: int = 6) -> np.ndarray:
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)


def test_sub_folders_are_labels(tmp_path: Path) -> None:
    picture(tmp_path / "dog" / "deep" / "1.png", pattern())
    picture(tmp_path / "cat" / "2.PNG", pattern() // 2)
    picture(tmp_path / "cat" / "1.png", pattern() // 4)
    picture(tmp_path / "cat" / ".hidden.png", pattern())
    (tmp_path / "cat" / "notes.txt").write_text("not a picture")
    images, labels, names = image_folder(tmp_path)
    assert (images.shape, images.dtype) == ((3, 4, 6, 3), np.float32)
    assert (labels.tolist(), labels.dtype, names) == ([0, 0, 1], np.int64, ("cat", "dog"))
    for image, divisor in zip(images, (4, 2, 1), strict=True):
        np.testing.assert_array_equal(image, (pattern() // divisor) / np.float32(255))


def test_prefixes_are_labels(tmp_path: Path) -> None:
    for name in ("dog.0001.png", "cat.0002.png", "cat.0001.png", "more/ant.9.png"):
        picture(tmp_path / name, pattern())
    _, labels, names = image_folder(tmp_path, labels="prefix")
    assert (labels.tolist(), names) == ([1, 1, 2, 0], ("ant", "cat", "dog"))


def test_grey_is_luma(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "1.png", pattern())
    images, _, _ = image_folder(tmp_path, color_mode="grayscale")
    assert images.shape == (1, 4, 6, 1)
    expected = pattern() @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(images[0, ..., 0] * 255, expected, atol=1)


def test_size_is_height_and_width(tmp_path: Path) -> None:
    halves = np.zeros((10, 40, 3), np.uint8)
    halves[5:, :, 0] = 255
    picture(tmp_path / "a" / "1.png", halves)
    picture(tmp_path / "a" / "2.png", pattern())
    images, _, _ = image_folder(tmp_path, (4, 8))
    assert images.shape == (2, 4, 8, 3)
    # The lower half is red, and the upper one black.
    assert images[0, 0].max() == images[0, ..., 1:].max() == 0
    assert images[0, 3, :, 0].min() == 1
    assert image_folder(tmp_path, 5)[0].shape == (2, 5, 5, 3)


def test_a_turned_photograph_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the stored top is the right-hand side
    picture(tmp_path / "a" / "1.png", pattern(), exif=exif)
    images, _, _ = image_folder(tmp_path)
    np.testing.assert_array_equal(images[0], np.rot90(pattern(), -1) / np.float32(255))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "CMYK"])
def test_pictures_of_other_kinds_become_colour(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "a" / ("1.tif" if mode == "CMYK" else "1.png")
    path.parent.mkdir()
    Image.new("RGB", (3, 2), "white").convert(mode).save(path)
    images, _, _ = image_folder(tmp_path)
    assert images.shape == (1, 2, 3, 3)
    assert images.min() == 1


def test_more_than_eight_bits_are_refused(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "1.png", np.full((2, 2), 40000, np.uint16))
    with pytest.raises(
        DataError, match=r"1\.png: expected 8 bits for each channel, found .*'I;16'"
    ):
        image_folder(tmp_path)


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "1.png", pattern(40, 40))
    whole = picture(tmp_path / "a" / "2.png", pattern(40, 40)).read_bytes()
    jpeg = picture(tmp_path / "b.jpg", pattern(40, 40)).read_bytes()
    (tmp_path / "b.jpg").unlink()
    for name, content in [
        ("2.png", whole[: len(whole) // 2]),
        ("2.png", whole[:20]),
        ("2.png", b""),
        ("2.png", b"stones"),
        ("2.png", whole[:60] + bytes(40) + whole[100:]),
        ("3.jpg", jpeg[: len(jpeg) // 2]),
    ]:
        (tmp_path / "a" / "2.png").write_bytes(whole)
        (tmp_path / "a" / name).write_bytes(content)
        with pytest.raises(DataError, match=rf"{name}: expected a whole picture, found one that"):
            image_folder(tmp_path)


def test_a_picture_of_another_size_is_named(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "1.png", pattern())
    picture(tmp_path / "a" / "2.png", pattern(5, 6))
    with pytest.raises(DataError, match=r"2\.png: expected 4 × 6 pixels like .*found 5 × 6; pass"):
        image_folder(tmp_path)


def test_a_folder_that_is_laid_out_otherwise_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected pictures .*found none"):
        image_folder(tmp_path)
    file = picture(tmp_path / "tom.png", pattern())
    with pytest.raises(DataError, match=r'found one beside them; .* pass labels="prefix"'):
        image_folder(tmp_path)
    with pytest.raises(DataError, match=r'tom\.png: .* pass labels="folder"'):
        image_folder(tmp_path, labels="prefix")
    with pytest.raises(DataError, match="expected a folder of pictures, found a file"):
        image_folder(file)
    with pytest.raises(DataError, match="expected a folder of pictures, found nothing"):
        image_folder(tmp_path / "nowhere")


def test_wrong_arguments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'grayscale'"):
        image_folder(tmp_path, color_mode="greyscale")
    with pytest.raises(UnknownNameError, match="did you mean 'folder'"):
        image_folder(tmp_path, labels="folders")
    for size in (0, (4, -1), (4,), "4", True, 2.5):
        with pytest.raises(ArgumentError, match="image_size: expected a height and a width"):
            image_folder(tmp_path, size)


def test_cats_and_dogs(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAIRNET_DATA", str(data_folder))
    images, labels, names = image_folder("cats_dogs", (24, 32))
    assert images.shape == (len(labels), 24, 32, 3)
    assert names == ("cat", "dog")
    by_name = image_folder("cats_dogs", (24, 32), labels="prefix")
    np.testing.assert_array_equal(by_name[0], images)
    np.testing.assert_array_equal(by_name[1], labels)
