"""CIFAR-10: 60,000 small colour photographs, from the version that is plain bytes.

The archive holds five training batches and one test batch. A batch is 10,000 records of 3,073
bytes: the class, then the red, the green and the blue plane, each 32 × 32 row by row.
"""

from __future__ import annotations

import tarfile
import zlib
from pathlib import Path

import numpy as np

from cairnet.base.errors import DataError
from cairnet.data.downloads import RemoteFile, locate

__all__ = ["cifar10", "read_cifar_archive"]

Pair = tuple[np.ndarray, np.ndarray]

# This sum stands in gomlx/gomlx (examples/cifar), in ankane/torchvision-ruby (beside the sums of
# the batches), and in several repositories that pin the archive, of 170,052,171 bytes.
_FILES = (
    RemoteFile(
        "cifar-10-binary.tar.gz",
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    ),
)
_MIRRORS = (
    "https://www.cs.toronto.edu/~kriz/",
    "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
)
_FOLDER = "cifar-10-batches-bin"
_TRAIN = tuple(f"{_FOLDER}/data_batch_{number}.bin" for number in range(1, 6))
_TEST = f"{_FOLDER}/test_batch.bin"
_RECORD = 1 + 3 * 32 * 32


def cifar10() -> tuple[Pair, Pair]:
    """CIFAR-10: 50,000 training and 10,000 test photographs of ten classes, 32 × 32, colour.

    The archive `cifar-10-binary.tar.gz` (the binary version: no pickle is ever opened) is looked
    for in `cifar10/` of the folder that the environment variable CAIRNET_DATA names, then in
    Cairnet's cache, and is else downloaded (170 MB) once, checked by its SHA-256. The images take
    737 MB of memory.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, float32 in [0, 1], shape (n, 32, 32, 3),
        red, green, blue; classes, int64, shape (n,), 0 to 9 in the order of
        `cn.datasets.class_names("cifar10")`.

    Raises:
        DataError: the archive is damaged or is another one, or could not be downloaded.

    Source:
        A. Krizhevsky: Learning multiple layers of features from tiny images. Technical report,
        University of Toronto, 2009.

    Example:
        >>> import cairnet as cn
        >>> cn.datasets.class_names("cifar10")[:3]
        ('airplane', 'automobile', 'bird')

        The first training image is a frog::

            (x_train, y_train), (x_test, y_test) = cn.datasets.cifar10()
            print(x_train.shape, y_train[0])  # (50000, 32, 32, 3) 6
    """
    [path] = locate("cifar10", _FILES, _MIRRORS)
    return read_cifar_archive(path)


def read_cifar_archive(path: Path, images_per_batch: int = 10_000) -> tuple[Pair, Pair]:
    """The training and the test pair in an archive laid out as CIFAR-10's binary version is."""
    batches = _read_members(path, images_per_batch * _RECORD)
    train = np.concatenate([_records(path, name, batches[name]) for name in _TRAIN])
    return _pair(train), _pair(_records(path, _TEST, batches[_TEST]))


def _read_members(path: Path, expected: int) -> dict[str, bytes]:
    batches = {}
    try:
        # One pass from the front: seeking in a compressed archive would unpack it again.
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                if member.name not in (*_TRAIN, _TEST):
                    continue
                file = archive.extractfile(member)
                if file is None or member.size != expected:
                    raise DataError(
                        f"{path}: expected {expected} bytes in {member.name}, found {member.size}"
                    )
                batches[member.name] = file.read()
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path}: expected a whole tar.gz archive, found a damaged one ({error})"
        ) from None
    except OSError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    missing = [name for name in (*_TRAIN, _TEST) if name not in batches]
    if missing:
        raise DataError(
            f"{path}: expected the binary version of CIFAR-10, found no {missing[0]} in the archive"
        )
    return batches


def _records(path: Path, name: str, content: bytes) -> np.ndarray:
    records = np.frombuffer(content, np.uint8).reshape(-1, _RECORD)
    if records[:, 0].max() > 9:
        row = int(np.argmax(records[:, 0] > 9))
        raise DataError(
            f"{path}: expected classes from 0 to 9, found {records[row, 0]} in record {row} of "
            f"{name}"
        )
    return records


def _pair(records: np.ndarray) -> Pair:
    planes = records[:, 1:].reshape(-1, 3, 32, 32)
    images = np.ascontiguousarray(planes.transpose(0, 2, 3, 1)) / np.float32(255)
    return images, records[:, 0].astype(np.int64)
