"""Pretrained word vectors, from the text files in which GloVe, word2vec and fastText come."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from cairnet.base.errors import ArgumentError, DataError
from cairnet.data.downloads import locate_input

__all__ = ["WordVectors", "word_vectors"]


class WordVectors(NamedTuple):
    """What `word_vectors` read.

    Attributes:
        table: float32, shape (rows, dimensions), a row for each word.
        found: bool, shape (rows,): whether the file has a vector for the word of the row.
    """

    table: np.ndarray
    found: np.ndarray


def word_vectors(
    path: str | os.PathLike[str], words: Sequence[str] | Mapping[str, int]
) -> WordVectors:
    r"""The vectors that a file has for some words, as a table for `cn.layers.Embedding`.

    The file has a word and its numbers in each line, with spaces between them, and may begin with a
    line of its number of words and of dimensions, as those of word2vec do. It is read line by line;
    only the vectors asked for are kept, so that a file may be larger than the memory.

    Args:
        path: the file, in UTF-8. A relative path that is not in the working folder is looked for
            in the folder CAIRNET_DATA names.
        words: the words in the order of the rows, or the number of the row of each.

    Returns:
        The table, and which rows the file has vectors for; the others are zeros.

    Raises:
        ArgumentError: no words, or numbers of rows that are negative.
        DataError: the file cannot be read, knows none of the words, or has a line that is not a
            word with as many numbers as the first; the line is named, and the byte where text is
            no UTF-8.

    Source:
        J. Pennington, R. Socher, C. Manning: GloVe: global vectors for word representation. EMNLP
        2014.

    Example:
        >>> import cairnet as cn
        >>> from pathlib import Path
        >>> _ = Path("vectors.txt").write_text("the 1.0 2.0\ncat 3.0 4.0\nof 5.0 6.0\n")
        >>> vectors = cn.text.word_vectors("vectors.txt", {"cat": 1, "the": 2, "dog": 3})
        >>> vectors.table.tolist(), vectors.found.tolist()
        ([[0.0, 0.0], [3.0, 4.0], [1.0, 2.0], [0.0, 0.0]], [False, True, True, False])
        >>> layer = cn.layers.Embedding(4, 2, mask_zero=True, weights=vectors.table)
        >>> layer([[1, 2, 0]]).shape
        (1, 3, 2)
    """
    rows = _rows_of(words)
    file = locate_input(path)
    wanted = {word.encode(): row for word, row in rows.items()}
    table, found = np.zeros((0, 0), np.float32), np.zeros(1 + max(rows.values()), bool)
    try:
        with file.open("rb") as stream:
            for line, word, numbers in _lines(file, stream):
                if not table.size:
                    table = np.zeros((len(found), len(numbers)), np.float32)
                if word in wanted and not found[wanted[word]]:
                    table[wanted[word]] = _values(file, line, word, numbers)
                    found[wanted[word]] = True
    except OSError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{file}: cannot be read: {error.strerror or error}") from None
    if not found.any():
        few = ", ".join(repr(word) for word in list(rows)[:3])
        raise DataError(
            f"{file}: expected vectors for some of {len(rows)} words ({few}, …), found none of them"
        )
    return WordVectors(table, found)


def _rows_of(words: Sequence[str] | Mapping[str, int]) -> dict[str, int]:
    if isinstance(words, str) or not len(words):
        raise ArgumentError(f"words: expected a list of words, or their rows, got {words!r}")
    if not isinstance(words, Mapping):
        return {word: row for row, word in enumerate(words)}
    for word, row in words.items():
        if isinstance(row, bool) or not isinstance(row, int | np.integer) or row < 0:
            raise ArgumentError(
                f"words: expected the number of a row, 0 or more, for {word!r}, got {row!r}"
            )
    return {word: int(row) for word, row in words.items()}


def _lines(file: Path, stream: BinaryIO) -> Iterator[tuple[int, bytes, list[bytes]]]:
    """The number of each line, its word, and its numbers as text."""
    size, start = 0, 0
    for number, content in enumerate(stream, 1):
        fields = content.rstrip().split(b" ")
        if number == 1 and len(fields) == 2 and all(field.isdigit() for field in fields):
            size = int(fields[1])
        elif fields != [b""]:
            size = size or _count_of_numbers(fields)
            # A word may hold spaces, as an address or a date does; its numbers come last.
            word, numbers = b" ".join(fields[:-size]), fields[-size:]
            if not size or not word or len(numbers) != size:
                raise DataError(
                    f"{file}: expected a word and {size or 'its'} numbers in line {number}, found "
                    f"{_shown(file, start, content)!r}"
                )
            yield number, word, numbers
        start += len(content)


def _count_of_numbers(fields: Sequence[bytes]) -> int:
    """How many fields at the end of a line are numbers, the first one left for the word."""
    count = 0
    for field in reversed(fields[1:]):
        try:
            float(field)
        except ValueError:
            break
        count += 1
    return count


def _shown(file: Path, start: int, content: bytes) -> str:
    """The beginning of a line."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{file}: expected text in UTF-8, found byte 0x{content[error.start]:02x} at offset "
            f"{start + error.start}"
        ) from None
    return text[:40].rstrip()


def _values(file: Path, line: int, word: bytes, numbers: Sequence[bytes]) -> np.ndarray:
    try:
        values = np.array([float(number) for number in numbers], np.float32)
    except ValueError as error:
        raise DataError(
            f"{file}: expected numbers in line {line}, for {word.decode()!r}, found {error}"
        ) from None
    if not np.isfinite(values).all():
        raise DataError(f"{file}: expected finite numbers in line {line}, for {word.decode()!r}")
    return values
