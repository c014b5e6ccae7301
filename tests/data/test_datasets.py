import gzip
from pathlib import Path

import numpy as np
import pytest

from cairnet.base.errors import ArgumentError, DataError
from cairnet.data.datasets import digits, mnist


def test_digits_are_whole_and_scaled() -> None:
    (x_train, y_train), (x_test, y_test) = digits()
    assert x_train.shape == (1438, 28, 28, 1)
    assert x_test.shape == (359, 28, 28, 1)
    assert x_train.dtype == x_test.dtype == np.float32
    assert y_train.dtype == y_test.dtype == np.int64
    assert x_train.min() == 0
    assert x_train.max() == 1
    # Scikit-learn states how many there are of each digit.
    counts = np.bincount(np.concatenate([y_train, y_test]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert np.all(np.abs(np.bincount(y_test) - counts * 359 / 1797) < 1)


def test_digits_at_their_own_size_are_the_originals() -> None:
    from sklearn.datasets import load_digits

    (x_train, _), (x_test, _) = digits(size=8)
    originals = {image.tobytes() for image in (load_digits().images / 16).astype(np.float32)}
    assert {image.tobytes() for image in np.concatenate([x_train, x_test])} == originals


def test_the_seed_decides_which_digits_are_held_out() -> None:
    held_out = [digits(size=8, seed=seed)[1][0] for seed in (0, 0, 1)]
    assert np.array_equal(held_out[0], held_out[1])
    assert not np.array_equal(held_out[0], held_out[2])


def test_digits_of_no_size_are_refused() -> None:
    with pytest.raises(ArgumentError, match="size: expected 1 or more pixels, got 0"):
        digits(size=0)


def test_mnist(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAIRNET_DATA", str(data_folder))
    (x_train, y_train), (x_test, y_test) = mnist()
    assert x_train.shape == (60000, 28, 28, 1)
    assert x_test.shape == (10000, 28, 28, 1)
    assert x_train.dtype == np.float32
    assert (x_train.min(), x_train.max()) == (0, 1)
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert y_test[:5].tolist() == [7, 2, 1, 0, 4]


def test_another_file_in_mnists_place_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mnist").mkdir()
    three = gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3]))
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / "mnist" / f"{name}-ubyte.gz").write_bytes(three)
    monkeypatch.setenv("CAIRNET_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"expected uint8 of shape \(60000, 28, 28\), found") as c:
        mnist()
    assert str(tmp_path / "mnist" / "train-images-idx3-ubyte.gz") in str(c.value)
