"""Fashion-MNIST, CIFAR-10 and SVHN, read from real files of their formats made here."""

import gzip
import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from cairnet.base.errors import DataError, UnknownNameError
from cairnet.data.cifar10 import read_cifar_archive
from cairnet.data.datasets import class_names, fashion_mnist, svhn
from cairnet.data.svhn import read_cropped_digits

BATCHES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]


def test_fashion_mnist_is_found_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRNET_DATA", str(tmp_path))
    folder = tmp_path / "fashion_mnist"
    folder.mkdir()
    for part, count in [("train", 60_000), ("t10k", 10_000)]:
        size = count.to_bytes(4, "big")
        sides = (28).to_bytes(4, "big") * 2
        labels = bytes([9, 2]) * (count // 2)
        pixels = bytes(783) + b"\xff" + bytes(784 * (count - 1))
        images = bytes([0, 0, 8, 3]) + size + sides + pixels
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images, 1))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(bytes([0, 0, 8, 1]) + size + labels, 1)
        )
    (x_train, y_train), (x_test, y_test) = fashion_mnist()
    assert (x_train.shape, x_train.dtype) == ((60_000, 28, 28, 1), np.float32)
    assert x_train[0, 27, 27, 0] == 1
    assert x_test.sum() == 1
    assert y_train[:2].tolist() == y_test[:2].tolist() == [9, 2]
    assert y_train.dtype == np.int64
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(b"GIF89a"))
    with pytest.raises(DataError, match=r"fashion_mnist.t10k-labels.*expected an IDX file"):
        fashion_mnist()


def records(batch: int, count: int = 4) -> np.ndarray:
    """Record k of batch b has class k and one bright point: channel k % 3, row b, column k."""
    planes = np.zeros((count, 3, 32, 32), np.uint8)
    for place in range(count):
        planes[place, place % 3, batch, place] = 255
    return np.hstack([np.arange(count, dtype=np.uint8)[:, None], planes.reshape(count, -1)])


def write_cifar(path: Path, contents: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def cifar_contents() -> dict[str, bytes]:
    contents = {"batches.meta.txt": b"airplane\n"}
    for place, name in enumerate(BATCHES):
        contents[f"{name}.bin"] = records(place).tobytes()
    return contents


def test_cifar10_planes_become_channels(tmp_path: Path) -> None:
    path = write_cifar(tmp_path / "c.tar.gz", cifar_contents())
    (x_train, y_train), (x_test, y_test) = read_cifar_archive(path, images_per_batch=4)
    assert (x_train.shape, x_test.shape) == ((20, 32, 32, 3), (4, 32, 32, 3))
    assert x_train.dtype == np.float32
    assert y_train.tolist() == [0, 1, 2, 3] * 5
    assert y_test.tolist() == [0, 1, 2, 3]
    for sample in range(20):
        batch, place = divmod(sample, 4)
        assert np.argwhere(x_train[sample]).tolist() == [[batch, place, place % 3]]
    assert x_train.max() == 1
    assert np.argwhere(x_test[1]).tolist() == [[5, 1, 1]]


def test_cifar10_batches_may_stand_in_any_order(tmp_path: Path) -> None:
    contents = cifar_contents()
    path = write_cifar(tmp_path / "c.tar.gz", contents)
    turned = write_cifar(tmp_path / "d.tar.gz", dict(reversed(contents.items())))
    one, two = (read_cifar_archive(each, 4)[0][0] for each in (path, turned))
    np.testing.assert_array_equal(one, two)


def test_a_damaged_cifar10_is_named(tmp_path: Path) -> None:
    whole = write_cifar(tmp_path / "whole.tar.gz", cifar_contents()).read_bytes()
    path = tmp_path / "damaged.tar.gz"
    for content in (whole[: len(whole) // 2], whole[:-12], b"", b"stones", whole[:200] + b"x" * 99):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"damaged\.tar\.gz: ") as caught:
            read_cifar_archive(path, 4)
        assert "expected" in str(caught.value) or "cannot be read" in str(caught.value)


def test_another_archive_is_no_cifar10(tmp_path: Path) -> None:
    contents = cifar_contents()
    short = contents | {"data_batch_3.bin": contents["data_batch_3.bin"][:-1]}
    path = write_cifar(tmp_path / "c.tar.gz", short)
    with pytest.raises(DataError, match=r"expected 12292 bytes in .*data_batch_3.bin, found 12291"):
        read_cifar_archive(path, 4)
    bad = records(5)
    bad[2, 0] = 10
    path = write_cifar(path, contents | {"test_batch.bin": bad.tobytes()})
    with pytest.raises(
        DataError, match=r"classes from 0 to 9, found 10 in record 2 of .*test_batch"
    ):
        read_cifar_archive(path, 4)
    del contents["test_batch.bin"]
    with pytest.raises(DataError, match=r"binary version of CIFAR-10, found no .*test_batch\.bin"):
        read_cifar_archive(write_cifar(path, contents), 4)
    with pytest.raises(DataError, match=r"missing\.tar\.gz: cannot be read: No such file"):
        read_cifar_archive(tmp_path / "missing.tar.gz", 4)


def house_numbers() -> dict[str, np.ndarray]:
    images = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 5), np.uint8)
    return {"X": images, "y": np.array([[1], [10], [9], [2], [10]], np.uint8)}


def test_svhn_samples_come_first_and_ten_is_zero(tmp_path: Path) -> None:
    content = house_numbers()
    savemat(tmp_path / "s.mat", content, do_compression=True)
    images, labels = read_cropped_digits(tmp_path / "s.mat")
    assert (images.shape, images.dtype, labels.dtype) == ((5, 32, 32, 3), np.float32, np.int64)
    assert labels.tolist() == [1, 0, 9, 2, 0]
    np.testing.assert_array_equal(images[3], content["X"][..., 3] / np.float32(255))


def test_a_damaged_svhn_is_named_before_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRNET_DATA", str(tmp_path))
    (tmp_path / "svhn").mkdir()
    path = tmp_path / "svhn" / "train_32x32.mat"
    savemat(path, house_numbers())
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(DataError, match=f"expected a file with SHA-256 435e.*, found {found}") as c:
        svhn()
    assert str(path) in str(c.value)


def test_class_names() -> None:
    assert class_names("mnist")[7] == "7"
    assert len(class_names("cifar10")) == len(class_names("fashion_mnist")) == 10
    with pytest.raises(UnknownNameError, match="did you mean 'cifar10'"):
        class_names("cifar")


def test_the_names_are_those_of_the_files(data_folder: Path) -> None:
    with np.load(data_folder / "cifar10_subset" / "cifar10_subset.npz") as arrays:
        assert tuple(arrays["classes"].tolist()) == class_names("cifar10")
