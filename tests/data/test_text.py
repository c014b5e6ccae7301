"""Vocabularies, corpora of any size, windows and batches whose rows go on."""

import codecs
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import cairnet as cn
from cairnet.base.errors import ArgumentError, DataError, ShapeError
from cairnet.base.registry import serialize
from cairnet.data.text.vocabulary import get

TEXTS = {
    "Cyrillic": "Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "Chinese": "天地玄黃，宇宙洪荒。日月盈昃，辰宿列張。",
    "emoji": "👩‍👩‍👧‍👦 and 👋🏽, 🇩🇪 or ❤️\r\n",
    "combining": "e\u0301 is not é; हिन्दी, ภาษาไทย",
    "controls": "a\x00b\tc\u2028d\ufeffe\x85f",
}
KINDS = (cn.text.CharacterVocabulary, cn.text.WordVocabulary)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_texts_come_back_as_they_were(kind: type, text: str, tmp_path: Path) -> None:
    vocabulary = kind.of(text)
    numbers = vocabulary.encode(text)
    assert numbers.dtype == np.uint8
    assert vocabulary.decode(numbers) == text
    (tmp_path / "text.txt").write_bytes(text.encode())
    corpus = cn.text.Corpus(tmp_path / "text.txt")
    assert kind.of(corpus) == vocabulary
    assert vocabulary.decode(corpus.encode(vocabulary)) == text


@example("\ufeffa")
@given(st.text(min_size=1))
def test_any_text_comes_back(text: str) -> None:
    for kind in KINDS:
        vocabulary = kind.of(text)
        assert vocabulary.decode(vocabulary.encode(text)) == text
        assert get(serialize(vocabulary)) == vocabulary
        assert "".join(kind.split(text)) == text


@given(st.text(st.sampled_from("aé世👋 \n"), min_size=1), st.integers(1, 9))
def test_pieces_are_the_text_and_end_where_words_do(text: str, size: int) -> None:
    pieces = list(cn.text.Corpus(text + " ").pieces(size))
    assert "".join(pieces) == text + " "
    assert all(piece[-1].isspace() for piece in pieces)


def test_long_runs_without_white_space_are_cut() -> None:
    pieces = list(cn.text.Corpus("世" * 100_000).pieces(1000))
    assert "".join(pieces) == "世" * 100_000
    assert max(map(len, pieces)) < 70_000


def test_symbols_are_in_a_fixed_order() -> None:
    assert "".join(cn.text.CharacterVocabulary.of("banana").symbols) == "abn"
    words = cn.text.WordVocabulary.of("b a b c a b", unknown="?", most=2)
    assert words.symbols == ("?", " ", "b")
    assert words.encode("b a").tolist() == [2, 1, 0]
    assert (len(words), "b" in words, "c" in words) == (3, True, False)


def test_words_keep_their_marks_and_apostrophes() -> None:
    split = cn.text.WordVocabulary.split
    assert split("ça e\u0301te\u0301 'tis don’t") == [
        *("ça", " ", "e\u0301te\u0301", " ", "'", "tis", " ", "don’t")
    ]
    assert split("हिन्दी में") == ["हिन्दी", " ", "में"]
    assert split("日本GPU3") == ["日", "本", "GPU3"]


def test_unknown_symbols_are_named_or_mapped() -> None:
    vocabulary = cn.text.CharacterVocabulary.of("abc")
    with pytest.raises(ArgumentError, match=r"unknown characters 'é' \(U\+00E9 LATIN SMALL LETTER"):
        vocabulary.encode("aéb👋é")
    with pytest.raises(ArgumentError, match=r"'👋' \(U\+1F44B WAVING HAND SIGN\) at place 3; the"):
        vocabulary.encode("aéb👋é")
    with pytest.raises(ArgumentError, match=r"and 2 more; the vocabulary has 'a' 'b' 'c'\. Say"):
        vocabulary.encode("0123456")
    assert vocabulary.encode("aé", unknown="c").tolist() == [0, 2]
    lenient = cn.text.CharacterVocabulary.of("abc", unknown="\N{REPLACEMENT CHARACTER}")
    assert lenient.decode(lenient.encode("aéb")) == "a\N{REPLACEMENT CHARACTER}b"
    with pytest.raises(ArgumentError, match="unknown: expected a character of the vocabulary"):
        vocabulary.encode("é", unknown="z")
    with pytest.raises(ArgumentError, match="unknown word 'dog' at place 2"):
        cn.text.WordVocabulary.of("a cat").encode("a dog")


@pytest.mark.parametrize(
    ("symbols", "unknown", "words"),
    [
        ("", None, "at least one character"),
        ("aa", None, "'a' 2 times"),
        (["ab"], None, "single characters"),
        ("ab", "c", "unknown: expected a character"),
    ],
)
def test_vocabularies_are_checked(symbols: str, unknown: str | None, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        cn.text.CharacterVocabulary(symbols, unknown)


def test_other_mistakes_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vocabulary = cn.text.CharacterVocabulary.of("abc")
    assert vocabulary.decode([]) == ""
    for numbers in ([3], [-1], [0.5]):
        with pytest.raises(ArgumentError, match="whole numbers from 0 to 2"):
            vocabulary.decode(numbers)
    with pytest.raises(ArgumentError, match="got an empty one"):
        cn.text.Corpus("")
    with pytest.raises(ArgumentError, match="got int"):
        cn.text.Corpus(3)
    with pytest.raises(ArgumentError, match="half of a pair of surrogates"):
        cn.text.Corpus("a\ud800")
    with pytest.raises(ArgumentError, match=r"unknown: expected a symbol that stands for those"):
        cn.text.CharacterVocabulary.of("abc", most=2)
    with pytest.raises(ArgumentError, match="at_least: expected a whole number"):
        cn.text.CharacterVocabulary.of("abc", unknown="a", at_least=0)
    with pytest.raises(ArgumentError, match="expected a vocabulary"):
        get(len)
    monkeypatch.chdir(tmp_path)
    Path("poem.txt").write_text("a poem")
    with pytest.raises(ArgumentError, match=r"give pathlib\.Path\('poem\.txt'\)"):
        cn.text.Corpus("poem.txt")


def test_bytes_that_are_no_utf8_are_named_by_their_offset(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("ж".encode() * 700 + b"\xff" + b"rest")
    with pytest.raises(DataError, match=r"text\.txt: .*found byte 0xff at offset 1400"):
        list(cn.text.Corpus(path).pieces(size=101))
    path.write_bytes("ж".encode()[:1] + b"")
    with pytest.raises(DataError, match="found byte 0xd0 at offset 0"):
        list(cn.text.Corpus(path).pieces())


def test_files_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        cn.text.Corpus(tmp_path / "none.txt")
    with pytest.raises(DataError, match="cannot be read"):
        cn.text.Corpus(tmp_path)
    (tmp_path / "empty.txt").touch()
    with pytest.raises(DataError, match="found an empty file"):
        cn.text.Corpus(tmp_path / "empty.txt")
    (tmp_path / "mark.txt").write_bytes(codecs.BOM_UTF8)
    with pytest.raises(DataError, match="nothing but a byte order mark"):
        cn.text.Corpus(tmp_path / "mark.txt").encode(cn.text.CharacterVocabulary("a"))


def test_a_byte_order_mark_is_passed_over_and_ends_of_lines_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(codecs.BOM_UTF8 + b"a\r\nb")
    assert "".join(cn.text.Corpus(path).pieces()) == "a\r\nb"


def test_the_numbers_of_a_file_are_mapped_not_held(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("abc " * 1000)
    corpus = cn.text.Corpus(path)
    numbers = corpus.encode(cn.text.CharacterVocabulary.of(corpus))
    assert isinstance(numbers, np.memmap)
    assert numbers.shape == (4000,)
    assert not any(tmp_path.glob("*[!t]"))


def test_files_are_found_in_the_folder_of_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRNET_DATA", str(tmp_path))
    (tmp_path / "there.txt").write_text("abc")
    assert cn.text.Corpus(Path("there.txt")).nbytes == 3


def test_windows() -> None:
    steps = np.arange(20).reshape(10, 2)
    cut = cn.text.windows(steps, 4, stride=3)
    assert cut.shape == (3, 4, 2)
    assert all((cut[i] == steps[3 * i : 3 * i + 4]).all() for i in range(3))
    assert np.shares_memory(cut, steps)
    assert len(cn.text.windows(steps, 10)) == 1
    assert cn.text.windows("abcd", 3).tolist() == [["a", "b", "c"], ["b", "c", "d"]]
    with pytest.raises(ShapeError, match="expected 5 steps or more, a window, got 4"):
        cn.text.windows("abcd", 5)
    with pytest.raises(ShapeError, match="expected 11 steps or more, a window, got 10"):
        cn.text.windows(steps, 11)
    with pytest.raises(ArgumentError, match="stride: expected a whole number"):
        cn.text.windows(steps, 4, stride=0)


def test_rows_of_batches_go_on() -> None:
    sequence = np.arange(1, 104)
    batches = cn.text.CarriedBatches(sequence, batch_size=4, length=7)
    assert len(batches) == 3
    x, y = batches.run(0, 3)
    assert (y == x + 1).all()
    for (first, _), (second, _) in zip(list(batches)[:-1], list(batches)[1:], strict=True):
        assert (second[:, 0] == first[:, -1] + 1).all()
    assert (x == np.stack([one for one, _ in batches])).all()
    assert (batches.run(1, 3)[0] == x[1:]).all()


def test_sequences_that_fill_no_batch_are_refused() -> None:
    assert len(cn.text.CarriedBatches(np.arange(13), 3, 4)) == 1
    with pytest.raises(ShapeError, match=r"expected 13 steps or more, .* got 12; take a smaller"):
        cn.text.CarriedBatches(np.arange(12), 3, 4)
    with pytest.raises(ShapeError, match=r"expected the shape \(steps,\)"):
        cn.text.CarriedBatches(np.zeros((3, 4)), 1, 1)
    with pytest.raises(ArgumentError, match="numbers of batches"):
        cn.text.CarriedBatches(np.arange(13), 3, 4).run(0, 2)
