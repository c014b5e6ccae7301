"""Pieces of a long sequence: windows that may overlap, and batches whose rows go on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError, ShapeError

__all__ = ["CarriedBatches", "windows"]


def windows(sequence: Any, length: int, stride: int = 1) -> np.ndarray:
    r"""All pieces of a sequence that begin `stride` apart.

        window[i] = sequence[i·stride : i·stride + length]

    Args:
        sequence: an array, its steps along the first axis; or a text, whose steps are characters.
        length: of a window, in steps.
        stride: from the beginning of one window to that of the next.

    Returns:
        Shape (windows, length, …), a view that cannot be written to: nothing is copied. What is
        left over at the end is in no window.

    Raises:
        ArgumentError: a length or a stride that is not a whole number, 1 or more.
        ShapeError: a sequence that is shorter than a window.

    Source:
        As `numpy.lib.stride_tricks.sliding_window_view`.

    Example:
        >>> import cairnet as cn
        >>> cn.text.windows([0, 1, 2, 3, 4, 5, 6], 3, stride=2)
        array([[0, 1, 2],
               [2, 3, 4],
               [4, 5, 6]])
    """
    array = _steps_of(sequence)
    _whole("length", length)
    _whole("stride", stride)
    if not array.ndim or len(array) < length:
        raise ShapeError(
            f"sequence: expected {length} steps or more, a window, got "
            f"{len(array) if array.ndim else 'a scalar'}"
        )
    seen = np.lib.stride_tricks.sliding_window_view(array, length, axis=0)
    return np.moveaxis(seen, -1, 1)[::stride]


class CarriedBatches:
    r"""Batches of a long sequence in which row i continues row i of the batch before.

    The sequence is cut into `batch_size` equal parts, which are read side by side, `length` steps
    at a time; the targets are one step ahead. With s = ⌊(steps − 1) / batch_size⌋,

        x[b][i, t] = sequence[i·s + b·length + t],   y[b][i, t] = sequence[i·s + b·length + t + 1]

    A recurrent layer that keeps its states from batch to batch has thus read all of a part by its
    end, though gradients reach no further back than a batch does.

    Args:
        sequence: numbers of symbols, shape (steps,); may be mapped from a file. Or a text.
        batch_size: how many parts are read side by side.
        length: how many steps a batch has.

    Shapes:
        x and y [batch_size, length]; `run` gives [batches, batch_size, length].

    Raises:
        ArgumentError: a number that is not whole, or below 1.
        ShapeError: not one axis, or not enough steps for a batch.

    Notes:
        The steps that fill no batch, fewer than `batch_size` · (`length` + 1), are left out.

    Source:
        A. Graves: Generating sequences with recurrent neural networks. arXiv:1308.0850, 2013,
        section 3, for states that are carried on.

    Example:
        >>> import cairnet as cn
        >>> batches = cn.text.CarriedBatches(range(13), batch_size=2, length=3)
        >>> for x, y in batches:
        ...     print(x.tolist(), y.tolist())
        [[0, 1, 2], [6, 7, 8]] [[1, 2, 3], [7, 8, 9]]
        [[3, 4, 5], [9, 10, 11]] [[4, 5, 6], [10, 11, 12]]
    """

    def __init__(self, sequence: Any, batch_size: int, length: int) -> None:
        self.sequence = _steps_of(sequence)
        self.batch_size = _whole("batch_size", batch_size)
        self.length = _whole("length", length)
        if self.sequence.ndim != 1:
            raise ShapeError(f"sequence: expected the shape (steps,), got {self.sequence.shape}")
        needed = batch_size * length + 1
        if len(self.sequence) < needed:
            raise ShapeError(
                f"sequence: expected {needed:,} steps or more, for a batch of {batch_size} rows of "
                f"{length} steps and one ahead, got {len(self.sequence):,}; take a smaller "
                "batch_size, or shorter rows"
            )
        self._part = (len(self.sequence) - 1) // batch_size

    def __len__(self) -> int:
        return self._part // self.length

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for number in range(len(self)):
            x, y = self.run(number, number + 1)
            yield x[0], y[0]

    def run(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """The batches from number `start` to `stop`, stacked along a first axis.

        Raises:
            ArgumentError: numbers of no batches.
        """
        if not 0 <= start < stop <= len(self):
            raise ArgumentError(
                f"start, stop: expected numbers of batches with 0 ≤ start < stop ≤ {len(self)}, "
                f"got {start} and {stop}"
            )
        return self._steps(start, stop, 0), self._steps(start, stop, 1)

    def _steps(self, start: int, stop: int, ahead: int) -> np.ndarray:
        first, steps = start * self.length + ahead, (stop - start) * self.length
        rows = np.stack(
            [
                self.sequence[begin : begin + steps]
                for begin in range(first, first + self.batch_size * self._part, self._part)
            ]
        )
        return np.moveaxis(rows.reshape(self.batch_size, stop - start, self.length), 0, 1)


def _steps_of(sequence: Any) -> np.ndarray:
    return np.asarray(list(sequence) if isinstance(sequence, str) else sequence)


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ArgumentError(f"{name}: expected a whole number, 1 or more, got {value!r}")
    return int(value)
