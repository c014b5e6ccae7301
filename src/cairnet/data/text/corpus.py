"""Corpus: a text of any size, in a file or in memory."""

from __future__ import annotations

import codecs
import mmap
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cairnet.base.errors import ArgumentError, DataError
from cairnet.data.downloads import locate_input

if TYPE_CHECKING:
    from cairnet.data.text.vocabulary import Vocabulary

__all__ = ["Corpus"]

#: How many bytes are decoded at a time.
_PIECE = 1 << 22
#: How far a piece is shortened so that it does not end within a word.
_LONGEST_WORD = 1 << 16


class Corpus:
    r"""A text of any size, read piece by piece, never as a whole.

    A file is mapped into memory: what is read of it is what is needed at the time. It must be in
    UTF-8; a byte order mark at its beginning is passed over, and everything else is taken as it is,
    ends of lines too.

    Args:
        source: the path of a file, as a `pathlib.Path`, or the text itself, as a `str`. A relative
            path that is not in the working folder is looked for in the folder CAIRNET_DATA names.

    Attributes:
        name: the file's path, or "text".
        nbytes: how many bytes of UTF-8 it has.

    Shapes:
        `encode` gives numbers of the shape (symbols,).

    Raises:
        ArgumentError: neither path nor text, an empty text, or a text that is the name of a file.
        DataError: the file is missing, empty or cannot be read; while reading, where bytes are no
            UTF-8, with their offset.

    Source:
        F. Yergeau: UTF-8, a transformation format of ISO 10646. RFC 3629, 2003.

    Example:
        >>> import cairnet as cn
        >>> from pathlib import Path
        >>> _ = Path("poem.txt").write_text("Über allen Gipfeln\nist Ruh", encoding="utf-8")
        >>> corpus = cn.text.Corpus(Path("poem.txt"))
        >>> corpus.nbytes, "".join(corpus.pieces())
        (27, 'Über allen Gipfeln\nist Ruh')
        >>> vocabulary = cn.text.CharacterVocabulary.of(corpus)
        >>> vocabulary.decode(corpus.encode(vocabulary)[:4])
        'Über'
        >>> _ = Path("latin1.txt").write_text("Über", encoding="latin-1")
        >>> list(cn.text.Corpus(Path("latin1.txt")).pieces())
        Traceback (most recent call last):
            ...
        cairnet.base.errors.DataError: latin1.txt: expected text in UTF-8, found byte 0xdc at
        offset 0; iconv -f LATIN1 -t UTF-8 turns a file of another encoding into one
    """

    def __init__(self, source: str | os.PathLike[str]) -> None:
        self._path: Path | None = None
        self._bytes: mmap.mmap | bytes
        if isinstance(source, str):
            self.name, self._bytes = "text", _checked_text(source)
        elif isinstance(source, os.PathLike):
            self._path = locate_input(source)
            self.name = str(self._path)
            self._bytes = _mapped(self._path)
        else:
            raise ArgumentError(
                "text: expected a text as a str, or the path of a file as a pathlib.Path, got "
                f"{type(source).__name__}"
            )
        self.nbytes = len(self._bytes)

    @classmethod
    def of(cls, source: str | os.PathLike[str] | Corpus) -> Corpus:
        """The corpus itself, or the corpus of a text or file."""
        return source if isinstance(source, Corpus) else cls(source)

    def __repr__(self) -> str:
        return f"<Corpus {self.name!r}, {self.nbytes:,} bytes>"

    def pieces(self, size: int = _PIECE) -> Iterator[str]:
        """The text in pieces that joined together are the text, and that end where words do.

        Args:
            size: of a piece, in bytes, about.

        Raises:
            DataError: bytes that are no UTF-8; their offset is named.
        """
        marked = self._path is not None and self._bytes[:3] == codecs.BOM_UTF8
        place, held = len(codecs.BOM_UTF8) if marked else 0, ""
        while place < self.nbytes:
            # A character has up to four bytes, and must fit.
            stop = min(place + max(size, 4), self.nbytes)
            text, read = self._decoded(place, stop)
            place += read
            piece = held + text
            cut = len(piece) if place == self.nbytes else _end_of_words(piece)
            piece, held = piece[:cut], piece[cut:]
            if piece:
                yield piece

    def _decoded(self, start: int, stop: int) -> tuple[str, int]:
        """What the bytes from start on say, and how many of them; the last character is whole."""
        try:
            return codecs.utf_8_decode(self._bytes[start:stop], "strict", stop == self.nbytes)
        except UnicodeDecodeError as error:
            place = start + error.start
            raise DataError(
                f"{self.name}: expected text in UTF-8, found byte 0x{self._bytes[place]:02x} at "
                f"offset {place}; iconv -f LATIN1 -t UTF-8 turns a file of another encoding into "
                "one"
            ) from None

    def encode(self, vocabulary: Vocabulary, unknown: str | None = None) -> np.ndarray:
        """The numbers of all symbols.

        Args:
            vocabulary: what numbers the symbols.
            unknown: the symbol that stands for every one that the vocabulary does not have;
                default: that of the vocabulary.

        Returns:
            Shape (symbols,), of the vocabulary's dtype: one byte a symbol for up to 256 of them.
            For a file they stand in a temporary file that is mapped into memory, and gone when the
            array is.

        Raises:
            ArgumentError: symbols that the vocabulary does not have, which are named.
            DataError: bytes that are no UTF-8, or no room for the temporary file.
        """
        arrays = (vocabulary.encode(piece, unknown) for piece in self.pieces())
        if self._path is None:
            return np.concatenate(list(arrays))
        return _mapped_numbers(self.name, arrays, vocabulary.dtype)


def _checked_text(text: str) -> bytes:
    if not text:
        raise ArgumentError("text: expected a text, got an empty one")
    if len(text) < 256 and "\n" not in text and "\0" not in text and locate_input(text).is_file():
        raise ArgumentError(
            f"text: got {text!r}, the name of a file; give pathlib.Path({text!r}) to read it"
        )
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(
            f"text: expected Unicode text, got {text[error.start]!r} at place {error.start}, half "
            "of a pair of surrogates"
        ) from None


def _mapped(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise DataError(f"{path}: expected a text, found an empty file")
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except OSError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None


def _end_of_words(piece: str) -> int:
    """Where to cut a piece: behind its last white space, if that is not far from its end."""
    first = max(0, len(piece) - _LONGEST_WORD)
    for place in range(len(piece) - 1, first - 1, -1):
        if piece[place].isspace():
            return place + 1
    return len(piece) if first else 0


def _mapped_numbers(name: str, arrays: Iterator[np.ndarray], dtype: np.dtype[Any]) -> np.ndarray:
    """The arrays one after another, in a temporary file without a name."""
    try:
        with tempfile.TemporaryFile() as file:
            count = 0
            for array in arrays:
                file.write(array.tobytes())
                count += len(array)
            file.flush()
            if not count:
                raise DataError(f"{name}: expected a text, found nothing but a byte order mark")
            return np.memmap(file, dtype, "r", shape=(count,))
    except OSError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{name}: its numbers cannot be written to a temporary file in "
            f"{tempfile.gettempdir()}: {error.strerror or error}; TMPDIR names another folder"
        ) from None
