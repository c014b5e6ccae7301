"""The confusion matrix: how often each class was taken for each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from cairnet.nn.metrics.base import whole
from cairnet.nn.targets import as_labels, classes_of, is_labels, like
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import argmax, astype, expand_dims, logical_and, one_hot, reshape
from cairnet.tensor.functions import sum as total
from cairnet.tensor.functions.arguments import as_tensor

__all__ = ["ConfusionMatrix", "confusion_matrix"]


def confusion_matrix(y_true: Any, y_pred: Any, num_classes: int | None = None) -> Tensor:
    r"""How many samples of each class were given to each class.

        matrix[i, j] = number of samples of class i that were taken for class j

    Args:
        y_true: class numbers, shape (batch, …) or (batch, …, 1), or vectors of the shape of
            `y_pred`, whose largest element is the class.
        y_pred: predictions, shape (batch, …, classes), whose largest element is the class.
        num_classes: how many classes; default: the extent of the last axis of `y_pred`.

    Returns:
        int64, shape (classes, classes): in row i and column j, the number of samples of class i
        that were taken for class j. Samples whose class is none of these are not counted.

    Raises:
        ShapeError: the shapes do not fit together.
        DTypeError: class numbers that are not integers.

    Notes:
        A graph of sums over the batch: the matrices of several batches add up to that of all. It
        is no metric for `compile`, whose metrics are single numbers; see `ConfusionMatrix` for
        adding up.

    Source:
        R. Kohavi, F. Provost: Glossary of terms. Machine Learning 30, 1998. Rows are the true
        classes, as in scikit-learn.

    Example:
        >>> import cairnet as cn
        >>> cn.metrics.confusion_matrix([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]).numpy()
        array([[1, 0],
               [1, 1]])
    """
    name = "confusion_matrix"
    target, prediction = as_tensor(y_true), as_tensor(y_pred)
    classes = classes_of(name, prediction)
    if num_classes is not None:
        classes = whole("num_classes", num_classes, 1)
    if is_labels(target.shape, prediction.shape):
        labels = as_labels(name, target, prediction)
    else:
        labels = argmax(like(name, target, prediction), axis=-1)
    rows = one_hot(reshape(labels, (-1,)), classes, dtype="bool")
    columns = one_hot(reshape(argmax(prediction, axis=-1), (-1,)), classes, dtype="bool")
    pairs = logical_and(expand_dims(rows, axis=2), expand_dims(columns, axis=1))
    return total(astype(pairs, "int64"), axis=0)


class ConfusionMatrix:
    """A confusion matrix that is added up batch by batch, in NumPy.

        matrix[i, j] = number of samples of class i that were taken for class j

    Args:
        num_classes: how many classes, 1 or more.

    Attributes:
        matrix: the counts so far, int64, rows the true classes and columns the predicted.

    Shapes:
        the matrix (classes, classes); batches as in `confusion_matrix`.

    Raises:
        ArgumentError: num_classes is not a whole number, 1 or more.

    Source:
        R. Kohavi, F. Provost: Glossary of terms. Machine Learning 30, 1998.

    Example:
        >>> import cairnet as cn
        >>> confusion = cn.metrics.ConfusionMatrix(2)
        >>> confusion.update([0, 1], [[0.9, 0.1], [0.2, 0.8]])
        >>> confusion.update([1], [[0.6, 0.4]])
        >>> confusion.matrix
        array([[1, 0],
               [1, 1]])
        >>> confusion.accuracy.__round__(3)
        0.667
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = whole("num_classes", num_classes, 1)
        self.matrix = np.zeros((self.num_classes, self.num_classes), np.int64)

    def update(self, y_true: Any, y_pred: Any) -> None:
        """Count the samples of a batch; see `confusion_matrix` for the arguments."""
        self.matrix += confusion_matrix(y_true, y_pred, self.num_classes).numpy()

    def reset(self) -> None:
        """Forget what was counted."""
        self.matrix[...] = 0

    @property
    def accuracy(self) -> float:
        """The share of samples on the diagonal; 0 if there are none."""
        return float(np.trace(self.matrix) / max(self.matrix.sum(), 1))
