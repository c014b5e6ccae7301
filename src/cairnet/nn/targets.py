"""What losses and metrics check before they compare targets with predictions.

Two shapes that would only broadcast together, (n, 1) and (n,), give n² wrong pairs and no error;
here they are refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from cairnet.base.dtypes import is_floating, is_integer
from cairnet.base.errors import DTypeError, ShapeError
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import astype, reshape
from cairnet.tensor.source import here

__all__ = ["as_labels", "classes_of", "floating", "is_labels", "like"]


def like(name: str, y_true: Tensor, y_pred: Tensor) -> Tensor:
    """The target in the dtype of the prediction, once their shapes are known to be the same."""
    floating(name, y_pred)
    if not _same(y_true.shape, y_pred.shape):
        hint = ""
        if is_labels(y_true.shape, y_pred.shape):
            hint = (
                "; turn class numbers into vectors with cn.one_hot, or take a sparse loss or metric"
            )
        elif y_true.ndim == 1 and y_pred.shape[1:] == (1,):
            hint = "; give the target the same last axis with y[:, np.newaxis]"
        raise ShapeError(
            f"{name}, at {here()}: expected a target of the prediction's shape {y_pred.shape}, "
            f"got {y_true.shape}{hint}"
        )
    return astype(y_true, y_pred.dtype)


def as_labels(name: str, y_true: Tensor, y_pred: Tensor) -> Tensor:
    """The target as class numbers of the prediction's shape without its last axis."""
    floating(name, y_pred)
    if not is_labels(y_true.shape, y_pred.shape):
        raise ShapeError(
            f"{name}, at {here()}: expected class numbers of shape {y_pred.shape[:-1]} for "
            f"predictions {y_pred.shape}, got a target of shape {y_true.shape}"
        )
    if not is_integer(y_true.dtype):
        raise DTypeError(
            f"{name}, at {here()}: expected class numbers of an integer dtype, got "
            f"{y_true.dtype.name}; convert them with y.astype('int64')"
        )
    return reshape(y_true, y_pred.extents[:-1])


def is_labels(y_true: Sequence[int | None], y_pred: Sequence[int | None]) -> bool:
    """Whether the shapes are those of one class number for each vector of the prediction.

    >>> is_labels((32,), (32, 10)), is_labels((32, 10), (32, 10)), is_labels((32,), (32, 1))
    (True, False, False)
    """
    if len(y_pred) < 2 or y_pred[-1] == 1:
        return False
    lead = y_pred[:-1]
    return _same(y_true, lead) or _same(y_true, (*lead, 1))


def classes_of(name: str, y_pred: Tensor) -> int:
    """The number of classes that a prediction is about: the extent of its last axis."""
    size = y_pred.shape[-1] if y_pred.ndim else None
    if size is None:
        raise ShapeError(
            f"{name}, at {here()}: expected predictions whose last axis has a known extent, "
            f"got {y_pred.shape}"
        )
    return size


def floating(name: str, y_pred: Tensor) -> Tensor:
    """The prediction, once its dtype is known to be floating."""
    if not is_floating(y_pred.dtype):
        raise DTypeError(
            f"{name}, at {here()}: expected predictions of a floating dtype, "
            f"got {y_pred.dtype.name}"
        )
    return y_pred


def _same(first: Sequence[int | None], second: Sequence[int | None]) -> bool:
    return len(first) == len(second) and all(
        a is None or b is None or a == b for a, b in zip(first, second, strict=True)
    )
