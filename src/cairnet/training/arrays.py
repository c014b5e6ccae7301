"""What fit, evaluate and predict take: arrays, checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import is_floating
from cairnet.base.errors import ArgumentError, DTypeError, NonFiniteError, ShapeError
from cairnet.nn.losses import Loss
from cairnet.nn.targets import is_labels
from cairnet.tensor.core import Tensor

__all__ = [
    "check_inputs",
    "check_lengths",
    "check_rows_of_table",
    "check_targets",
    "check_weights",
    "numeric",
    "whole",
]


# What rows of unequal lengths are where NumPy keeps them as objects.
_ROWS = (list, tuple, np.ndarray)


def numeric(name: str, value: Any) -> np.ndarray:
    """The value as an array of finite numbers with at least one row.

    Raises:
        ArgumentError: None, or batches that come one after another.
        ShapeError: nested lists of unequal lengths, a single number, or no rows.
        DTypeError: elements that are not real numbers.
        NonFiniteError: a NaN or an infinity; the message names its row.
    """
    _refuse_what_is_no_array(name, value)
    try:
        array = value.numpy() if isinstance(value, Tensor) else np.asarray(value)
    except ValueError:
        raise _ragged(name) from None
    if array.dtype == object and any(isinstance(each, _ROWS) for each in array.flat):
        raise _ragged(name)
    if array.dtype.kind not in "biuf":
        raise DTypeError(f"{name}: expected real numbers, got an array of dtype {array.dtype}")
    if array.ndim == 0:
        raise ShapeError(f"{name}: expected an array with one row for each sample, got a number")
    if array.shape[0] == 0:
        raise ShapeError(f"{name}: expected at least one row, got shape {array.shape}")
    _check_finite(name, array)
    return array


def _ragged(name: str) -> ShapeError:
    return ShapeError(
        f"{name}: expected an array, got nested lists of unequal lengths; fill sequences up to "
        "one length and mask what is filled up, with cn.layers.Masking() or "
        "cn.layers.Embedding(…, mask_zero=True)"
    )


def _refuse_what_is_no_array(name: str, value: Any) -> None:
    if value is None:
        raise ArgumentError(f"{name}: expected an array with one row for each sample, got None")
    array = isinstance(value, Tensor | Sequence | Mapping) or hasattr(value, "__array__")
    if not array and isinstance(value, Iterable):
        raise ArgumentError(
            f"{name}: expected an array, got batches one after another "
            f"({type(value).__name__}); the rows are read in any order where they lie in memory. "
            "Join the batches with np.concatenate, or call train_on_batch (test_on_batch, "
            "predict_on_batch) for each"
        )


def _check_finite(name: str, array: np.ndarray) -> None:
    if array.dtype.kind != "f":
        return
    # A sum is finite only if all its terms are; it costs no array of the size of the data.
    with np.errstate(invalid="ignore", over="ignore"):
        if np.isfinite(array.sum(dtype=np.float64)):
            return
    finite = np.isfinite(array)
    if finite.all():
        return
    place = tuple(int(i) for i in np.argwhere(~finite)[0])
    rows = int((~finite.reshape(len(array), -1).all(axis=1)).sum())
    raise NonFiniteError(
        f"{name}: expected finite numbers, but {name}[{', '.join(map(str, place))}] is "
        f"{array[place]} ({rows} of {len(array)} rows hold a NaN or an infinity)"
    )


def check_inputs(
    name: str, value: Any, sample: Sequence[int | None] | None, dtype: np.dtype[Any]
) -> np.ndarray:
    """The inputs as a contiguous array of the model's dtype.

    Args:
        name: of the argument.
        value: what the user gave.
        sample: the shape of one sample, or None if the model takes any.
        dtype: what the model computes with.

    Raises:
        ShapeError, DTypeError, NonFiniteError: see `numeric`; or samples of another shape.
    """
    array = numeric(name, value)
    if sample is not None and not _fits(array.shape[1:], sample):
        expected = _words(("batch", *sample))
        raise ShapeError(
            f"{name}: expected shape {expected}, got {array.shape}{_hint(name, array, sample)}"
        )
    if array.dtype.kind == "f" and not is_floating(dtype):
        raise DTypeError(f"{name}: expected {dtype.name}, got {array.dtype.name}")
    return np.ascontiguousarray(array, dtype)


def _hint(name: str, array: np.ndarray, sample: Sequence[int | None]) -> str:
    """What to do about the commonest shapes that do not fit."""
    if _fits(array.shape, sample):
        return f"; for a single sample, give {name}[np.newaxis]"
    if sample[-1:] == (1,) and _fits(array.shape[1:], sample[:-1]):
        return f"; add the channel as a last axis with {name}[..., np.newaxis]"
    if len(sample) == 1 and array.ndim > 2 and sample[0] == np.prod(array.shape[1:]):
        return f"; make each sample one row with {name}.reshape(len({name}), -1)"
    return ""


def check_rows_of_table(name: str, array: np.ndarray, limit: int) -> None:
    """Refuse numbers that an Embedding has no row for; fractions are rounded towards zero.

    Raises:
        ArgumentError: the message names the first such number, its row and how many rows have one.
    """
    if array.min() > -1 and array.max() < limit:
        return
    outside = (array <= -1) | (array >= limit)
    place = tuple(int(i) for i in np.argwhere(outside)[0])
    rows = int(outside.reshape(len(array), -1).any(axis=1).sum())
    raise ArgumentError(
        f"{name}: expected numbers from 0 to {limit - 1}, since an Embedding with "
        f"input_dim={limit} reads them, but {name}[{', '.join(map(str, place))}] is {array[place]} "
        f"({rows} of {len(array)} rows hold one that is outside)"
    )


def check_targets(y: Any, prediction: Tensor, loss: Loss, name: str = "y") -> np.ndarray:
    """The targets as a contiguous array of a dtype that the graph takes.

    Args:
        y: what the user gave.
        prediction: the model's output, as a graph.
        loss: what they are compared by.
        name: of the argument.

    Raises:
        ShapeError, DTypeError, NonFiniteError: see `numeric`.
        ArgumentError: class numbers that the model has no output for.
    """
    array = numeric(name, y)
    loss.check_targets(array, prediction)
    labels = array.dtype.kind != "f" and is_labels((None, *array.shape[1:]), prediction.shape)
    return np.ascontiguousarray(array, np.int64 if labels else prediction.dtype)


def check_weights(name: str, value: Any, rows: int) -> np.ndarray:
    """The samples' weights: one finite number, 0 or more, for each of so many rows."""
    array = numeric(name, value)
    if array.shape != (rows,):
        raise ShapeError(
            f"{name}: expected one weight for each of {rows} samples, shape ({rows},), got shape "
            f"{array.shape}"
        )
    negative = np.flatnonzero(array < 0)
    if negative.size:
        raise ArgumentError(
            f"{name}: expected weights of 0 or more, got {array[negative[0]]} in row {negative[0]}"
        )
    return np.ascontiguousarray(array, np.float64)


def check_lengths(first: tuple[str, np.ndarray], second: tuple[str, np.ndarray]) -> None:
    """Refuse two arrays that do not have the same number of rows."""
    (name, array), (other, counterpart) = first, second
    if len(array) != len(counterpart):
        raise ShapeError(
            f"{other}: expected {len(array)} rows, as many as {name} has, got {len(counterpart)}"
        )


def whole(name: str, value: Any, least: int) -> int:
    """A whole number that is not too small, or an error that names the argument."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ArgumentError(f"{name}: expected a whole number, {least} or more, got {value!r}")
    return int(value)


def _fits(shape: Sequence[int], sample: Sequence[int | None]) -> bool:
    return len(shape) == len(sample) and all(
        wanted is None or given == wanted for given, wanted in zip(shape, sample, strict=True)
    )


def _words(shape: Sequence[Any]) -> str:
    return f"({', '.join(str(size) for size in shape)}{',' if len(shape) == 1 else ''})"
