"""Tables in text and NumPy's archives."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cairnet.base.errors import ArgumentError, DataError, UnknownNameError
from cairnet.data.datasets import load_csv, load_npz


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("label", ["kind", -1, 2])
def test_a_table_with_a_header(label: str | int, tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b,kind\n1,2.5,cat\n-3e2, 4 ,dog\n")
    x, y = load_csv(path, label)
    assert x.dtype == np.float32
    assert x.tolist() == [[1, 2.5], [-300, 4]]
    assert y.tolist() == ["cat", "dog"]


def test_the_label_may_stand_first(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "4;1;2\n\n7;5;6\n")
    x, y = load_csv(path, 0, header=False, delimiter=";")
    assert x.tolist() == [[1, 2], [5, 6]]
    assert (y.tolist(), y.dtype) == ([4, 7], np.int64)


def test_what_programs_write_is_read(tmp_path: Path) -> None:
    text = '\ufeffa,"the, label"\r\n"1",0.5\r\n2,"1.5"\r\n'
    x, y = load_csv(write(tmp_path / "t.csv", text), "the, label")
    assert x.tolist() == [[1], [2]]
    assert (y.tolist(), y.dtype) == ([0.5, 1.5], np.float32)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,y\n1,2,0\n1,,0\n", "expected a value in line 3, column 'b', found ''"),
        ("a,b,y\n1,NaN,0\n", "expected a value in line 2, column 'b', found 'NaN', a missing one"),
        ("a,b,y\n1,2,?\n", r"expected a value in line 2, column 'y', found '\?'"),
        ("a,b,y\n1,two,0\n", "expected a finite number in line 2, column 'b', found 'two'"),
        ("a,b,y\n1,inf,0\n", "expected a finite number in line 2, column 'b', found 'inf'"),
        ("a,b,y\n1,1e39,0\n", "expected a finite number in line 2, column 'b', found '1e39'"),
        ("a,b,y\n1,1_0,0\n", "expected a finite number in line 2, column 'b', found '1_0'"),
        ("a,b,y\n1,2\n", "expected 3 values in line 2, found 2"),
        ("a,b,y\n1,2,3,4\n", "expected 3 values in line 2, found 4"),
        ("a,b,b\n1,2,0\n", "expected each column to have its own name, found 'b' twice"),
        ("1,2,0\n3,4,1\n", "found only numbers .*pass header=False"),
        ("a,b,y\n", "expected rows of values below the header, found none"),
        ("", "expected rows of values, found an empty file"),
        ("a\n1\n", "expected two columns or more.*is the delimiter another one"),
        ('a,y\n1,"2\n', "text that cannot be divided in line 2"),
    ],
)
def test_a_table_that_is_not_whole_is_refused(text: str, words: str, tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", text)
    with pytest.raises(DataError, match=words) as caught:
        load_csv(path)
    assert str(path) in str(caught.value)


def test_a_missing_value_in_a_table_without_header_has_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "1,2,0\n\n3,,1\n")
    with pytest.raises(DataError, match="in line 3, column '1', found ''"):
        load_csv(path, header=False)


def test_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b,kind\n1,2,0\n")
    with pytest.raises(UnknownNameError, match="unknown column 'kinds'; did you mean 'kind'"):
        load_csv(path, "kinds")
    with pytest.raises(ArgumentError, match="a place from -3 to 2, got 3"):
        load_csv(path, 3)
    with pytest.raises(ArgumentError, match="for the file has no header, got 'kind'"):
        load_csv(path, "kind", header=False)
    with pytest.raises(ArgumentError, match="delimiter: expected one character, got ', '"):
        load_csv(path, delimiter=", ")


def test_text_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n\xff\xfe,1\n")
    with pytest.raises(DataError, match=r"t\.csv: expected text in UTF-8"):
        load_csv(tmp_path / "t.csv")
    with pytest.raises(DataError, match=r"missing\.csv: cannot be read: No such file"):
        load_csv(tmp_path / "missing.csv")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_back(save: object, tmp_path: Path) -> None:
    arrays = {
        "x": np.random.default_rng(0).normal(size=(3, 4)),
        "columns_first": np.asfortranarray(np.arange(6, dtype=">i2").reshape(2, 3)),
        "names": np.array(["cat", "Löwe"]),
        "nothing": np.empty((0, 3), np.float32),
        "scalar": np.array(7),
    }
    save(tmp_path / "a.npz", **arrays)
    loaded = load_npz(tmp_path / "a.npz")
    assert set(loaded) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == array.dtype
        assert loaded[name].flags.writeable


class Bomb:
    """Were it unpickled, it would leave a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (open, (str(self.path), "w"))


def test_objects_are_refused_and_not_unpickled(tmp_path: Path) -> None:
    objects = np.array([Bomb(tmp_path / "harm"), 1], object)
    np.savez(tmp_path / "a.npz", allow_pickle=True, good=np.eye(2), bad=objects)
    with pytest.raises(DataError, match="array 'bad' holds Python objects"):
        load_npz(tmp_path / "a.npz")
    assert not (tmp_path / "harm").exists()


def test_a_size_that_is_a_lie_is_refused_before_memory_is_set_aside(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    )
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", buffer.getvalue() + bytes(16))
    with pytest.raises(DataError, match=r"expected 8000000000000 bytes for array 'x'.*found 16"):
        load_npz(tmp_path / "a.npz")


@pytest.mark.parametrize("header", [b"{'descr': (", b"{'shape': 1}", b"{'descr': '<q8'}", b"\xff"])
def test_a_header_that_says_nothing_is_refused(header: bytes, tmp_path: Path) -> None:
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", content)
    with pytest.raises(DataError, match=r"a\.npz: expected member 'x' to be an array"):
        load_npz(tmp_path / "a.npz")


def test_a_negative_size_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (-1, -2)}
    np.lib.format.write_array_header_1_0(buffer, header)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", buffer.getvalue() + bytes(16))
    with pytest.raises(DataError, match=r"array 'x' of shape \(-1, -2\)"):
        load_npz(tmp_path / "a.npz")


def test_another_file_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.arange(100))
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[300] ^= 1
    for content in (b"", b"stones", whole[:-30], whole[:100], bytes(damaged)):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"a\.npz: expected"):
            load_npz(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no array")
    with pytest.raises(DataError, match=r"expected member 'readme\.txt' to be an array"):
        load_npz(path)
    with pytest.raises(DataError, match=r"missing\.npz: cannot be read: No such file"):
        load_npz(tmp_path / "missing.npz")


def test_the_subset_of_cifar10(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAIRNET_DATA", str(data_folder))
    arrays = load_npz("cifar10_subset/cifar10_subset.npz")
    assert arrays["x_train"].shape == (10000, 32, 32, 3)
    with np.load(data_folder / "cifar10_subset" / "cifar10_subset.npz") as other:
        np.testing.assert_array_equal(arrays["x_train"], other["x_train"])
