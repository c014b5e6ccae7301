"""Where words begin and end."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

__all__ = ["split_words"]

#: Scripts that are written without spaces: ideographs, kana, and the extensions of ideographs.
_ALONE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

#: Above this there are no letters that take marks.
_LAST_MARK = 0x1FFFF


def split_words(text: str) -> list[str]:
    """The words of a text and the single characters between them; joined, they are the text.

    >>> split_words("Don't panic!")
    ["Don't", ' ', 'panic', '!']
    """
    return _pattern().findall(text)


@cache
def _pattern() -> re.Pattern[str]:
    r"""A letter with its marks, any number of times, or any one character.

    Python's \w leaves out the marks, without which words of Hindi or Thai, and accents that are
    characters of their own, would fall apart.
    """
    letter = rf"(?:(?![{_ALONE}])\w[{_marks()}]*)"
    return re.compile(rf"{letter}+(?:['’]{letter}+)*|.", re.DOTALL)


def _marks() -> str:
    """The combining marks, as ranges of a character class."""
    marks = [code for code in range(_LAST_MARK) if unicodedata.category(chr(code))[0] == "M"]
    firsts = [code for code, before in zip(marks, [-1, *marks], strict=False) if code != before + 1]
    lasts = [code for code, after in zip(marks, [*marks[1:], -1], strict=True) if after != code + 1]
    pairs = zip(firsts, lasts, strict=True)
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in pairs)
