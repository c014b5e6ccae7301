"""Word vectors from text files, and the errors of damaged ones."""

from pathlib import Path

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, DataError

LINES = "the 0.5 -1 2e-1\nкот 1 2 3\n猫 4 5 6\n12 . 2014 7 8 9\nthe 0 0 0\n"


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "vectors.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("header", ["", "5 3\n"])
def test_the_rows_are_those_of_the_words(tmp_path: Path, header: str) -> None:
    path = written(tmp_path, header + LINES)
    table, found = cn.text.word_vectors(path, ["猫", "dog", "the", "кот", "12 . 2014"])
    expected = [[4, 5, 6], [0, 0, 0], [0.5, -1, 0.2], [1, 2, 3], [7, 8, 9]]
    np.testing.assert_array_equal(table, np.array(expected, np.float32))
    assert found.tolist() == [True, False, True, True, True]


def test_an_embedding_of_these_vectors(tmp_path: Path) -> None:
    rows = {"the": 1, "猫": 3}
    vectors = cn.text.word_vectors(written(tmp_path, LINES), rows)
    layer = cn.layers.Embedding(4, 3, mask_zero=True, weights=[vectors.table], trainable=False)
    model = cn.Sequential([cn.Input((3,), "int64"), layer, cn.layers.GRU(2)])
    np.testing.assert_array_equal(layer.embeddings.numpy(), vectors.table)
    model.save(tmp_path / "model.safetensors")
    again = cn.load_model(tmp_path / "model.safetensors")
    x = np.array([[3, 1, 0]])
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    np.testing.assert_array_equal(again.layers[0].embeddings.numpy(), vectors.table)
    assert layer.trainable_variables == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("the 1 2\ncat 3\n", r"a word and 2 numbers in line 2, found 'cat 3'"),
        ("the\n", r"a word and its numbers in line 1, found 'the'"),
        ("the 1 2\ncat 1 nan\n", r"finite numbers in line 2, for 'cat'"),
        ("the 1 2\ncat 3 x\n", r"numbers in line 2, for 'cat', found could not convert"),
        ("of 1 2\n", r"vectors for some of 2 words \('the', 'cat', …\), found none"),
        ("", r"vectors for some of 2 words"),
        (b"the 1 2\nca\xfft\n", r"UTF-8, found byte 0xff at offset 10"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        cn.text.word_vectors(written(tmp_path, content), ["the", "cat"])


def test_what_cannot_be_read_or_asked_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.txt: cannot be read: No such file"):
        cn.text.word_vectors(tmp_path / "nothing.txt", ["the"])
    path = written(tmp_path, LINES)
    with pytest.raises(ArgumentError, match="words: expected a list of words"):
        cn.text.word_vectors(path, [])
    with pytest.raises(ArgumentError, match="words: expected a list of words"):
        cn.text.word_vectors(path, "the")
    with pytest.raises(ArgumentError, match="0 or more, for 'the', got -1"):
        cn.text.word_vectors(path, {"the": -1})
