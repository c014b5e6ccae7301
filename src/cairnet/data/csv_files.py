"""Tables in text: comma-separated values, one sample a line, as RFC 4180 describes them."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cairnet.base.errors import ArgumentError, DataError, UnknownNameError
from cairnet.data.downloads import locate_input

__all__ = ["load_csv"]

# How the tables that people exchange write that a value is not known.
_MISSING = frozenset(["", "?", "-", "na", "n/a", "nan", "nil", "none", "null", "#n/a"])


# The largest number that a float32 holds.
_LARGEST = float(np.finfo(np.float32).max)


class _Row(NamedTuple):
    line: int
    cells: list[str]


def load_csv(
    path: str | os.PathLike[str],
    label: str | int = -1,
    *,
    header: bool = True,
    delimiter: str = ",",
) -> tuple[np.ndarray, np.ndarray]:
    r"""Read a table of numbers, one column of which is the label of its row.

    A value that is missing is refused, not guessed: which number should stand for it is a
    decision about the data.

    Args:
        path: the file, in UTF-8. A relative path that is not in the working folder is looked for
            in the folder CAIRNET_DATA names.
        label: the label's column, by its name in the header or by its place; negative places
            count from the end.
        header: whether the first line names the columns.
        delimiter: the character between two values.

    Returns:
        `(x, y)`: the other columns in their order, float32, shape (n, columns - 1); the labels,
        shape (n,), int64 if all are whole numbers, else float32 if all are finite numbers, else
        strings (`encode_labels` numbers them).

    Raises:
        DataError: the file cannot be read, is empty, or has a row that is too short or too long,
            a missing value or one that is no finite number; the line and the column are named.
        UnknownNameError: no column has the label's name; the nearest one that has is offered.
        ArgumentError: the label's place is beyond the columns; a label by name without a header.

    Source:
        Y. Shafranovich: Common format and MIME type for comma-separated values (CSV) files.
        RFC 4180, 2005.

    Example:
        >>> import cairnet as cn
        >>> from pathlib import Path
        >>> _ = Path("flowers.csv").write_text("length,width,kind\n5.1,3.5,iris\n4.9,3,rose\n")
        >>> x, y = cn.datasets.load_csv("flowers.csv", label="kind")
        >>> x.shape, y.tolist()
        ((2, 2), ['iris', 'rose'])
    """
    file = locate_input(path)
    rows = _rows(file, delimiter)
    columns = _columns(file, rows, header)
    rows = rows[1:] if header else rows
    if not rows:
        raise DataError(f"{file}: expected rows of values below the header, found none")
    place = _label_place(label, columns, header)
    features = np.empty((len(rows), len(columns) - 1), np.float32)
    labels = []
    for number, row in enumerate(rows):
        _check_length(file, row, columns)
        cells = [_present(file, row.line, *pair) for pair in zip(columns, row.cells, strict=True)]
        labels.append(cells.pop(place))
        names = columns[:place] + columns[place + 1 :]
        features[number] = [
            _number(file, row.line, *pair) for pair in zip(names, cells, strict=True)
        ]
    return features, _typed(labels)


def _rows(file: Path, delimiter: str) -> list[_Row]:
    if not isinstance(delimiter, str) or len(delimiter) != 1:
        raise ArgumentError(f"delimiter: expected one character, got {delimiter!r}")
    try:
        # The mark that some programs put before UTF-8 is no part of the first name.
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=delimiter, strict=True)
            rows = [_Row(reader.line_num, cells) for cells in reader if cells]
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: expected text in UTF-8, found other bytes ({error})") from None
    except csv.Error as error:
        raise DataError(
            f"{file}: expected comma-separated values, found text that cannot be divided "
            f"in line {reader.line_num} ({error})"
        ) from None
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror or error}") from None
    if not rows:
        raise DataError(f"{file}: expected rows of values, found an empty file")
    return rows


def _columns(file: Path, rows: Sequence[_Row], header: bool) -> list[str]:
    """The names of the columns; without a header, their places."""
    first = [cell.strip() for cell in rows[0].cells]
    if not header:
        names = [str(place) for place in range(len(first))]
    elif all(_is_number(cell) for cell in first):
        raise DataError(
            f"{file}: expected the names of the columns in line {rows[0].line}, found only "
            f"numbers ({', '.join(first[:4])}); if the file has no header, pass header=False"
        )
    else:
        names = first
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{file}: expected each column to have its own name, found {twice!r} twice")
    if len(names) < 2:
        raise DataError(
            f"{file}: expected two columns or more, one of them the label, found {len(names)}; "
            "is the delimiter another one?"
        )
    return names


def _label_place(label: str | int, columns: Sequence[str], header: bool) -> int:
    if isinstance(label, str):
        if not header:
            raise ArgumentError(
                f"label: expected the place of a column, for the file has no header, got {label!r}"
            )
        if label not in columns:
            raise UnknownNameError("column", label, columns)
        return columns.index(label)
    count = len(columns)
    if isinstance(label, bool) or not isinstance(label, int) or not -count <= label < count:
        raise ArgumentError(
            f"label: expected the name of a column, or a place from {-count} to {count - 1}, got "
            f"{label!r}"
        )
    return label % count


def _check_length(file: Path, row: _Row, columns: Sequence[str]) -> None:
    if len(row.cells) != len(columns):
        raise DataError(
            f"{file}: expected {len(columns)} values in line {row.line}, found {len(row.cells)}"
        )


def _present(file: Path, line: int, column: str, cell: str) -> str:
    text = cell.strip()
    if text.lower() in _MISSING:
        raise DataError(
            f"{file}: expected a value in line {line}, column {column!r}, found {text!r}, a "
            "missing one; fill it in or leave the row out"
        )
    return text


def _number(file: Path, line: int, column: str, cell: str) -> float:
    value = float(cell) if _is_number(cell) else math.nan
    if not abs(value) <= _LARGEST:
        raise DataError(
            f"{file}: expected a finite number in line {line}, column {column!r}, found {cell!r}"
        )
    return value


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    # Python reads 1_000 as a thousand; in a table it is more likely a name.
    return "_" not in cell


def _typed(labels: list[str]) -> np.ndarray:
    if not all(_is_number(label) for label in labels):
        return np.array(labels)
    values = np.array([float(label) for label in labels])
    if not np.isfinite(values).all():
        return np.array(labels)
    # Beyond 2**53 not every whole number is a float64; such labels are names.
    if np.all(values == np.round(values)) and np.all(np.abs(values) < 2**53):
        return values.astype(np.int64)
    return values.astype(np.float32)
