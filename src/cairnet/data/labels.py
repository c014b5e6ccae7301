"""Labels as numbers: from names to whole numbers, and from those to one-hot rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cairnet.base.errors import ArgumentError, DTypeError, ShapeError, UnknownNameError

__all__ = ["encode_labels", "one_hot"]


def encode_labels(
    labels: npt.ArrayLike, classes: Sequence[object] | np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Number the classes: `labels == classes[numbers]`.

    Args:
        labels: names or numbers of any kind that sorts, shape (n,).
        classes: the classes in the order of their numbers, as an earlier call returned them, so
            that a test set is numbered like its training set. By default the labels' own,
            sorted.

    Returns:
        The numbers, int64, shape (n,), and the classes, shape (number of classes,).

    Raises:
        ShapeError: the labels are not one row of labels, or there are none.
        ArgumentError: a class is listed twice.
        UnknownNameError: a label is none of the classes; the row is named, and the nearest class.

    Source:
        scikit-learn's `LabelEncoder` does the same.

    Example:
        >>> import cairnet as cn
        >>> numbers, classes = cn.datasets.encode_labels(["dog", "cat", "dog"])
        >>> numbers, classes.tolist()
        (array([1, 0, 1]), ['cat', 'dog'])
        >>> cn.datasets.encode_labels(["cat"], classes)[0]
        array([0])
    """
    given = _row(labels)
    if classes is None:
        names, numbers = np.unique(given, return_inverse=True)
        return numbers.astype(np.int64), names
    names = np.asarray(classes)
    places = {name: place for place, name in enumerate(names.tolist())}
    if len(places) != len(names):
        raise ArgumentError(f"classes: expected each class once, got {names.tolist()}")
    for row, label in enumerate(given.tolist()):
        if label not in places:
            raise UnknownNameError(f"label in row {row}:", label, map(str, places))
    return np.array([places[label] for label in given.tolist()], np.int64), names


def one_hot(labels: npt.ArrayLike, num_classes: int | None = None) -> np.ndarray:
    """A row for each label: 1 in the label's place, 0 elsewhere.

        y[i, k] = 1 if labels[i] = k, else 0

    Args:
        labels: whole numbers from 0, shape (n,).
        num_classes: the length of a row; by default one more than the largest label. State it
            where the largest class may be absent.

    Returns:
        float32, shape (n, num_classes).

    Raises:
        ShapeError: the labels are not one row of labels, or there are none.
        DTypeError: the labels are not whole numbers; `encode_labels` numbers names.
        ArgumentError: a label is negative, or not below `num_classes`; the row is named.

    Source:
        `cn.one_hot` does the same in a graph; Keras's `to_categorical` does the same to arrays.

    Example:
        >>> import cairnet as cn
        >>> cn.datasets.one_hot([2, 0])
        array([[0., 0., 1.],
               [1., 0., 0.]], dtype=float32)
    """
    given = _row(labels)
    if given.dtype.kind not in "iu":
        raise DTypeError(
            f"labels: expected whole numbers, got dtype {given.dtype}; encode_labels(labels) "
            "numbers labels of any kind"
        )
    size = int(given.max()) + 1 if num_classes is None else num_classes
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise ArgumentError(f"num_classes: expected a whole number, 1 or more, got {size!r}")
    outside = np.flatnonzero((given < 0) | (given >= size))
    if len(outside):
        row = int(outside[0])
        raise ArgumentError(
            f"labels: expected numbers from 0 to {size - 1}, got {given[row]} in row {row}"
        )
    rows = np.zeros((len(given), size), np.float32)
    rows[np.arange(len(given)), given] = 1
    return rows


def _row(labels: npt.ArrayLike) -> np.ndarray:
    given = np.asarray(labels)
    if given.ndim != 1 or len(given) == 0:
        raise ShapeError(
            f"labels: expected one label for each sample, shape (n,), got shape {given.shape}"
        )
    return given
