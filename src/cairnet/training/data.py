"""Data: the arrays that a model learns from or is measured on, checked and in one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError, ShapeError, UnknownNameError
from cairnet.data.splits import stratified_split, tail_split

__all__ = ["Data", "class_weights", "listed", "split_off", "unpacked"]


@dataclass(frozen=True)
class Data:
    """Rows that belong together.

    Attributes:
        inputs: one array for each input of the model.
        targets: one for each output.
        weights: what each row counts in the loss; None where all count the same.
    """

    inputs: tuple[np.ndarray, ...]
    targets: tuple[np.ndarray, ...]
    weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.inputs[0])

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """All arrays: inputs, targets, and the weights if there are any."""
        weights = () if self.weights is None else (self.weights,)
        return (*self.inputs, *self.targets, *weights)

    def take(self, rows: np.ndarray) -> Data:
        """Some of the rows."""
        return Data(
            tuple(array[rows] for array in self.inputs),
            tuple(array[rows] for array in self.targets),
            None if self.weights is None else self.weights[rows],
        )


def listed(name: str, value: Any, names: Sequence[str]) -> list[Any]:
    """What an argument gives for each of several inputs or outputs, in their order.

    Raises:
        ArgumentError, UnknownNameError: it does not give one for each.
    """
    if isinstance(value, Mapping):
        for key in value:
            if key not in names:
                raise UnknownNameError(f"entry of {name}", key, names)
        missing = [key for key in names if key not in value]
        if missing:
            raise ArgumentError(
                f"{name}: expected an array for each of {list(names)}, got none for {missing[0]!r}"
            )
        return [value[key] for key in names]
    if len(names) == 1:
        return [value]
    if not isinstance(value, list | tuple) or len(value) != len(names):
        given = len(value) if isinstance(value, list | tuple) else type(value).__name__
        raise ArgumentError(
            f"{name}: expected a list of {len(names)} arrays ({', '.join(names)}), got {given}"
        )
    return list(value)


def unpacked(name: str, value: Any) -> tuple[Any, Any, Any]:
    """A pair (x, y), or x, y and the samples' weights, given as one argument."""
    if not isinstance(value, tuple | list) or len(value) not in (2, 3):
        raise ShapeError(
            f"{name}: expected a pair (x, y), or (x, y, sample_weight), got {type(value).__name__}"
        )
    return value[0], value[1], value[2] if len(value) == 3 else None


def class_weights(given: Mapping[Any, Any], y: np.ndarray, outputs: int | None) -> np.ndarray:
    """The weight of every row, by its class; classes that are not mentioned count 1.

    Args:
        given: `{class: weight}`.
        y: the targets.
        outputs: how many outputs the model has; one stands for two classes.

    Raises:
        ArgumentError: targets that are not classes, or a class or weight that cannot be.
    """
    classes = _classes(y)
    if classes is None:
        raise ArgumentError(
            "class_weight: expected targets that are class numbers or one-hot vectors, got "
            f"targets of shape {y.shape} and dtype {y.dtype.name}; use sample_weight"
        )
    if not isinstance(given, Mapping):
        raise ArgumentError(
            f"class_weight: expected a dict of a weight for each class, got {given!r}"
        )
    weights = np.ones(len(y))
    for number, weight in given.items():
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 0:
            raise ArgumentError(f"class_weight: expected class numbers as keys, got {number!r}")
        real = isinstance(weight, int | float | np.number) and not isinstance(weight, bool)
        if not real or not 0 <= float(weight) < float("inf"):
            raise ArgumentError(
                f"class_weight: expected a finite number, 0 or more, for class {number}, "
                f"got {weight!r}"
            )
        if outputs is not None and number >= max(outputs, 2):
            raise ArgumentError(
                f"class_weight: expected classes from 0 to {max(outputs, 2) - 1}, since the model "
                f"has {outputs} outputs, got {number}"
            )
        weights[classes == number] = weight
    return weights


def split_off(data: Data, fraction: float, split: str) -> tuple[Data, Data]:
    """Training and validation data out of one set.

    Raises:
        UnknownNameError: an unknown kind of split.
        ArgumentError: the fraction is not above 0 and below 1.
    """
    if split not in ("stratified", "tail"):
        raise UnknownNameError("split", split, ("stratified", "tail"))
    try:
        if split == "tail":
            first, second = tail_split(len(data), fraction)
        else:
            classes = _classes(data.targets[0])
            same = np.zeros(len(data), np.int64)
            first, second = stratified_split(same if classes is None else classes, fraction)
    except ArgumentError as error:
        raise ArgumentError(f"validation_split: {error}") from None
    return data.take(first), data.take(second)


def _classes(y: np.ndarray) -> np.ndarray | None:
    """Class numbers, from themselves or from the places of ones; None for other targets."""
    if y.ndim == 2 and y.shape[1] > 1 and np.all((y == 0) | (y == 1)):
        return y.argmax(axis=1)
    if y.size == len(y) and (y.dtype.kind == "i" or np.all((y == 0) | (y == 1))):
        return y.reshape(-1).astype(np.int64)
    return None
