"""Vocabularies: the symbols that a text is made of, and a number for each."""

from __future__ import annotations

import os
import unicodedata
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar, Self

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.base.registry import Configurable, Registry
from cairnet.data.text.corpus import Corpus
from cairnet.data.text.words import split_words

__all__ = ["CharacterVocabulary", "Vocabulary", "WordVocabulary", "get"]

registry: Registry[Vocabulary] = Registry("vocabulary")

#: How many unknown symbols an error names.
_NAMED = 5


def get(value: Any) -> Vocabulary:
    """A vocabulary itself, from itself or from its saved form.

    Raises:
        ArgumentError: neither of them.
    """
    found = registry.get(value)
    if not isinstance(found, Vocabulary):
        raise ArgumentError(
            "vocabulary: expected a vocabulary, as cn.text.CharacterVocabulary.of(text) makes one, "
            f"got {value!r}"
        )
    return found


class Vocabulary(Configurable):
    """Base of vocabularies: symbols, numbered from 0 in their order.

    Args:
        symbols: all different.
        unknown: the one of them that stands for every symbol that is none of them; None to refuse
            such symbols.

    Attributes:
        symbols: as a tuple.
        unknown: as given.

    Raises:
        ArgumentError: no symbols, one that comes twice, or an `unknown` that is none of them.
    """

    #: What the symbols are called in errors.
    kind: ClassVar[str]

    def __init__(self, symbols: Iterable[str], unknown: str | None = None) -> None:
        self.symbols = tuple(symbols)
        if not self.symbols:
            raise ArgumentError(f"symbols: expected at least one {self.kind}, got none")
        for symbol, times in Counter(self.symbols).items():
            self._check_symbol(symbol)
            if times > 1:
                raise ArgumentError(
                    f"symbols: expected different {self.kind}s, got {symbol!r} {times} times"
                )
        self._numbers = {symbol: number for number, symbol in enumerate(self.symbols)}
        self.unknown = unknown
        if unknown is not None:
            self._number("unknown", unknown)

    @abstractmethod
    def _check_symbol(self, symbol: Any) -> None:
        """Refuse what can be no symbol."""

    @classmethod
    @abstractmethod
    def split(cls, text: str) -> Sequence[str]:
        """The symbols of a text, which joined together are the text."""

    @classmethod
    def of(
        cls,
        text: str | os.PathLike[str] | Corpus,
        *,
        unknown: str | None = None,
        most: int | None = None,
        at_least: int = 1,
    ) -> Self:
        """The vocabulary of a text.

        Args:
            text: a text, the path of a file (a `pathlib.Path`), or a `Corpus`.
            unknown: a symbol that is to stand for those that are left out, and for those that are
                met later; it is added if the text does not have it.
            most: keep so many symbols, the most frequent ones, `unknown` not counted.
            at_least: keep the symbols that come so many times.

        Raises:
            ArgumentError: an empty text, or symbols are to be left out and none stands for them.
            DataError: the file is missing or is no UTF-8.
        """
        for name, value in (("most", 1 if most is None else most), ("at_least", at_least)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ArgumentError(f"{name}: expected a whole number, 1 or more, got {value!r}")
        if unknown is None and (most is not None or at_least > 1):
            raise ArgumentError(
                "unknown: expected a symbol that stands for those that most= and at_least= leave "
                "out, got None"
            )
        counts: Counter[str] = Counter()
        for piece in Corpus.of(text).pieces():
            counts.update(cls._counted(piece))
        # Among equally frequent symbols the order is that of their code points.
        often = sorted(counts, key=lambda symbol: (-counts[symbol], symbol))
        kept = [s for s in often if counts[s] >= at_least and s != unknown][:most]
        return cls([*([] if unknown is None else [unknown]), *cls._ordered(kept)], unknown)

    @classmethod
    def _counted(cls, text: str) -> Mapping[str, int]:
        """How often each symbol of a text comes."""
        return Counter(cls.split(text))

    @classmethod
    def _ordered(cls, symbols: list[str]) -> list[str]:
        """The symbols in the order of their numbers, given from the most frequent on."""
        return symbols

    def __len__(self) -> int:
        return len(self.symbols)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._numbers

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary) or type(other) is not type(self):
            return False
        return (self.symbols, self.unknown) == (other.symbols, other.unknown)

    def __hash__(self) -> int:
        return hash((self.symbols, self.unknown))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} {self.kind}s>"

    @property
    def dtype(self) -> np.dtype[Any]:
        """The smallest unsigned integers that hold the numbers."""
        return np.min_scalar_type(len(self) - 1)

    def encode(self, text: str, unknown: str | None = None) -> np.ndarray:
        """The numbers of a text's symbols.

        Args:
            text: any text.
            unknown: the symbol that stands for every one that the vocabulary does not have;
                default: that of the vocabulary.

        Returns:
            Shape (symbols,), of dtype `dtype`.

        Raises:
            ArgumentError: symbols that the vocabulary does not have, which are named, if there is
                no `unknown` to stand for them.
        """
        if not isinstance(text, str):
            raise ArgumentError(f"text: expected a text, got {type(text).__name__}")
        unknown = self.unknown if unknown is None else unknown
        instead = -1 if unknown is None else self._number("unknown", unknown)
        numbers = self._lookup(text)
        if numbers.size and numbers.min() < 0:
            if instead < 0:
                raise ArgumentError(self._strangers(text, numbers))
            numbers = np.where(numbers < 0, instead, numbers)
        return numbers.astype(self.dtype)

    def _lookup(self, text: str) -> np.ndarray:
        """The number of every symbol, -1 for those that have none."""
        symbols = self.split(text)
        found = (self._numbers.get(symbol, -1) for symbol in symbols)
        return np.fromiter(found, np.int64, len(symbols))

    def decode(self, numbers: Any) -> str:
        """The text that numbers stand for.

        Raises:
            ArgumentError: not whole numbers below the size of the vocabulary.
        """
        array = np.asarray(numbers)
        if array.size == 0:
            return ""
        if array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= len(self):
            raise ArgumentError(
                f"numbers: expected whole numbers from 0 to {len(self) - 1}, got "
                f"{array.min()} to {array.max()} ({array.dtype})"
            )
        return "".join(self.symbols[number] for number in array.ravel().tolist())

    def _number(self, argument: str, symbol: str) -> int:
        if symbol not in self._numbers:
            raise ArgumentError(
                f"{argument}: expected a {self.kind} of the vocabulary, got {symbol!r}; it has "
                f"{self._some()}"
            )
        return self._numbers[symbol]

    def _some(self) -> str:
        listing = " ".join(repr(symbol) for symbol in self.symbols[:12])
        return listing if len(self) <= 12 else f"{listing} and {len(self) - 12} more"

    def _strangers(self, text: str, numbers: np.ndarray) -> str:
        """What is said of symbols that the vocabulary does not have."""
        symbols = self.split(text)
        first: dict[str, int] = {}
        for place in np.flatnonzero(numbers < 0).tolist():
            first.setdefault(symbols[place], place)
        named = ", ".join(
            f"{self._named(symbol)} at place {place}"
            for symbol, place in islice(first.items(), _NAMED)
        )
        more = f" and {len(first) - _NAMED} more" if len(first) > _NAMED else ""
        return (
            f"text: unknown {self.kind}{'s' if len(first) > 1 else ''} {named}{more}; the "
            f"vocabulary has {self._some()}. Say which one is to stand for them with unknown="
        )

    def _named(self, symbol: str) -> str:
        return repr(symbol)


@registry.add
class CharacterVocabulary(Vocabulary):
    r"""The characters of a text, numbered in the order of their code points.

        decode(encode(text)) = text

    A character is a Unicode code point; what is seen as one sign may be several of them, as a
    family of emoji is, and comes back as it was.

    Args:
        symbols: the characters, as a text or a list, all different.
        unknown: the one of them that stands for every character that is none of them; None to
            refuse such characters.

    Shapes:
        `encode` gives numbers of the shape (characters,).

    Raises:
        ArgumentError: no characters, one that comes twice, something that is not one character, or
            an `unknown` that is none of them.

    Source:
        The Unicode standard, version 15, section 2.4, for code points.

    Example:
        >>> import cairnet as cn
        >>> vocabulary = cn.text.CharacterVocabulary.of("привет, 世界 👋")
        >>> len(vocabulary), vocabulary.encode("вет").tolist()
        (11, [2, 3, 7])
        >>> vocabulary.decode(vocabulary.encode("привет, 世界 👋"))
        'привет, 世界 👋'
        >>> vocabulary.encode("é")
        Traceback (most recent call last):
            ...
        cairnet.base.errors.ArgumentError: text: unknown character 'é' (U+00E9 LATIN SMALL LETTER E
        WITH ACUTE) at place 0; the vocabulary has ' ' ',' 'в' 'е' 'и' 'п' 'р' 'т' '世' '界' '👋'.
        Say which one is to stand for them with unknown=
        >>> vocabulary.encode("é", unknown=",").tolist()
        [1]
    """

    kind = "character"

    def __init__(self, symbols: Iterable[str], unknown: str | None = None) -> None:
        super().__init__(symbols, unknown)
        codes = np.array([ord(symbol) for symbol in self.symbols])
        # One place more, which every larger code point is sent to.
        self._table = np.full(codes.max() + 2, -1, np.int64)
        self._table[codes] = np.arange(len(codes))

    def _check_symbol(self, symbol: Any) -> None:
        if not isinstance(symbol, str) or len(symbol) != 1:
            raise ArgumentError(f"symbols: expected single characters, got {symbol!r}")

    @classmethod
    def split(cls, text: str) -> Sequence[str]:
        """The text itself: a sequence of characters."""
        return text

    @classmethod
    def _counted(cls, text: str) -> Mapping[str, int]:
        counts = np.bincount(_code_points(text))
        return {chr(code): int(counts[code]) for code in np.flatnonzero(counts)}

    @classmethod
    def _ordered(cls, symbols: list[str]) -> list[str]:
        return sorted(symbols)

    def _lookup(self, text: str) -> np.ndarray:
        return self._table[np.minimum(_code_points(text), len(self._table) - 1)]

    def _named(self, symbol: str) -> str:
        name = unicodedata.name(symbol, "")
        return f"{symbol!r} ({' '.join(filter(None, (f'U+{ord(symbol):04X}', name)))})"


@registry.add
class WordVocabulary(Vocabulary):
    r"""The words of a text, and the signs between them, the most frequent first.

        decode(encode(text)) = text

    A symbol is a word (letters, digits, the marks on them, and apostrophes inside), or any other
    single character, white space included, so that nothing is lost. Of scripts that are written
    without spaces, such as Chinese, every character is a symbol.

    Args:
        symbols: the words and signs, all different.
        unknown: the one of them that stands for every symbol that is none of them; None to refuse
            such symbols.

    Shapes:
        `encode` gives numbers of the shape (symbols,).

    Raises:
        ArgumentError: no symbols, one that comes twice, an empty one, or an `unknown` that is none
            of them.

    Source:
        Unicode Standard Annex 29, Unicode text segmentation, for what the rule is a short form of.

    Example:
        >>> import cairnet as cn
        >>> text = "To be, or not to be: that is the question."
        >>> vocabulary = cn.text.WordVocabulary.of(text, unknown="<unknown>", at_least=2)
        >>> vocabulary.symbols
        ('<unknown>', ' ', 'be')
        >>> vocabulary.encode("to be").tolist()
        [0, 1, 2]
        >>> cn.text.WordVocabulary.split("It isn't 3.14, 世界!")
        ['It', ' ', "isn't", ' ', '3', '.', '14', ',', ' ', '世', '界', '!']
    """

    kind = "word"

    def _check_symbol(self, symbol: Any) -> None:
        if not isinstance(symbol, str) or not symbol:
            raise ArgumentError(f"symbols: expected words, got {symbol!r}")

    @classmethod
    def split(cls, text: str) -> Sequence[str]:
        """The words and signs of a text, which joined together are the text."""
        return split_words(text)


def _code_points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
