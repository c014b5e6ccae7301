import gzip
from pathlib import Path

import numpy as np
import pytest

from cairnet.base.errors import DataError
from cairnet.data.datasets import load_idx

CODES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}


def idx_bytes(array: np.ndarray) -> bytes:
    header = bytes([0, 0, CODES[array.dtype.name], array.ndim])
    extents = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return header + extents + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 0, 4), (1, 2, 3, 4)])
@pytest.mark.parametrize("compressed", [False, True])
def test_arrays_come_back(
    dtype: str, shape: tuple[int, ...], compressed: bool, tmp_path: Path
) -> None:
    array = np.asarray(np.random.default_rng(0).normal(0, 50, shape)).astype(dtype)
    content = idx_bytes(array)
    path = tmp_path / "array.idx"
    path.write_bytes(gzip.compress(content) if compressed else content)
    loaded = load_idx(path)
    assert loaded.dtype == array.dtype
    assert loaded.dtype.isnative
    assert loaded.flags.writeable
    np.testing.assert_array_equal(loaded, array)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "expected an IDX file.*found nothing"),
        (b"GIF89a", "expected an IDX file.*found 47 49 46 38"),
        (b"\0\0\x07\x01\0\0\0\x01\0", "expected an IDX file.*found 00 00 07 01"),
        (b"\0\0\x08\x02\0\0\0\x01", "expected 2 extents in the header, found 8 bytes"),
        (b"\0\0\x08\x01\0\0\0\x05abc", r"expected 13 bytes for shape \(5,\) of uint8, found 11"),
        (b"\0\0\x08\x01\0\0\0\x01abc", r"expected 9 bytes for shape \(1,\) of uint8, found 11"),
        (gzip.compress(bytes(range(256)))[:-20], "expected a whole gzip file, found a damaged one"),
    ],
)
def test_a_damaged_file_is_named(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "damaged.idx"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        load_idx(path)
    assert str(path) in str(caught.value)


def test_every_damaged_byte_of_a_compressed_file_is_noticed(tmp_path: Path) -> None:
    content = gzip.compress(idx_bytes(np.arange(300, dtype=np.int32)))
    path = tmp_path / "damaged.idx"
    # The gzip header's time, flags and system (bytes 3 to 9) say nothing about the content.
    for place in [0, 1, 2, *range(10, len(content), 7)]:
        damaged = bytearray(content)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        with pytest.raises(DataError):
            load_idx(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"missing\.idx: cannot be read: No such file"):
        load_idx(tmp_path / "missing.idx")
