"""Primitives over sliding windows: the sum, and the maximum by the position that wins.

Window, strides, padding and dilation are given for every axis (1, 1, (0, 0), 1 where the window
does not slide). A maximum is taken in two moves, since that is what its gradient needs:
`window_argmax` finds which tap of each window is the largest, `window_take` reads there, and
`window_put` sends a cotangent back there. Positions count the taps in row-major order.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np

from cairnet.base.dtypes import int32, is_complex, uint8
from cairnet.base.errors import DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.primitive import Primitive, register
from cairnet.tensor.primitives.movement import PAD, SLICE

__all__ = ["WINDOW_ARGMAX", "WINDOW_PUT", "WINDOW_SUM", "WINDOW_TAKE"]

Signature = tuple[tuple[Size, ...], np.dtype[Any]]
Pairs = tuple[tuple[int, int], ...]


def _space(
    name: str,
    extents: Sequence[Size],
    window: Sequence[int],
    strides: Sequence[int],
    padding: Pairs,
    dilation: Sequence[int],
) -> tuple[Size, ...]:
    """The extents of the result: how many windows fit along each axis."""
    result = []
    for axis, size in enumerate(extents):
        reach = (window[axis] - 1) * dilation[axis] + 1
        room = size + sum(padding[axis]) - reach
        if isinstance(room, int) and room < 0:
            raise ShapeError(
                f"{name}: a window of {reach} does not fit into {size} + padding "
                f"{padding[axis]} along axis {axis}"
            )
        result.append(room // strides[axis] + 1)
    return tuple(result)


def _known_space(name: str, shape: tuple[int, ...], *geometry: Any) -> tuple[int, ...]:
    """How many windows fit into an array, whose extents are numbers."""
    return cast("tuple[int, ...]", _space(name, shape, *geometry))


def _taps(
    window: Sequence[int], space: Sequence[int], strides: Sequence[int], dilation: Sequence[int]
) -> Iterator[tuple[slice, ...]]:
    for tap in itertools.product(*(range(size) for size in window)):
        yield tuple(
            slice(k * d, k * d + (size - 1) * s + 1 if size else 0, s)
            for k, d, s, size in zip(tap, dilation, strides, space, strict=True)
        )


class WindowSum(Primitive):
    """The sum of each window, zero outside the input."""

    name = "window_sum"

    def infer(
        self,
        x: Tensor,
        *,
        window: tuple[int, ...],
        strides: tuple[int, ...],
        padding: Pairs,
        dilation: tuple[int, ...],
    ) -> Signature:
        return _space(self.name, x.extents, window, strides, padding, dilation), x.dtype

    def meaning(
        self,
        x: np.ndarray,
        *,
        window: tuple[int, ...],
        strides: tuple[int, ...],
        padding: Pairs,
        dilation: tuple[int, ...],
    ) -> np.ndarray:
        space = _known_space(self.name, x.shape, window, strides, padding, dilation)
        padded = np.pad(x, padding)
        result = np.zeros(space, x.dtype)
        for part in _taps(window, space, strides, dilation):
            result += padded[part]
        return result

    def vjp(
        self,
        g: Tensor,
        y: Tensor,
        x: Tensor,
        *,
        window: tuple[int, ...],
        strides: tuple[int, ...],
        padding: Pairs,
        dilation: tuple[int, ...],
    ) -> Sequence[Tensor]:
        # Spread g to the stride grid, then every input element sums the windows that hold it.
        reach = [(k - 1) * d for k, d in zip(window, dilation, strict=True)]
        low: list[Size] = []
        high: list[Size] = []
        for size, n, r, s, (before, _) in zip(
            x.extents, g.extents, reach, strides, padding, strict=True
        ):
            low.append(r)
            high.append(size + before - ((n - 1) * s + 1))
        high, crop = _split_negative(high)
        spread = apply(
            PAD,
            g,
            low=tuple(low),
            high=tuple(high),
            interior=tuple(s - 1 for s in strides),
            value=0,
        )
        if any(crop):
            sizes = tuple(size - cut for size, cut in zip(spread.extents, crop, strict=True))
            spread = apply(SLICE, spread, starts=(0,) * g.ndim, sizes=sizes, steps=(1,) * g.ndim)
        total = apply(
            WINDOW_SUM,
            spread,
            window=window,
            strides=(1,) * g.ndim,
            padding=((0, 0),) * g.ndim,
            dilation=dilation,
        )
        starts = tuple(before for before, _ in padding)
        return (apply(SLICE, total, starts=starts, sizes=x.extents, steps=(1,) * g.ndim),)


def _split_negative(high: Sequence[Size]) -> tuple[list[Size], list[int]]:
    """Padding below zero is cropping: return padding of 0 or more, and how much to crop."""
    crop = [-size if isinstance(size, int) and size < 0 else 0 for size in high]
    return [0 if cut else size for size, cut in zip(high, crop, strict=True)], crop


class WindowArgmax(Primitive):
    """Which tap of each window holds its first largest element; padding never wins."""

    name = "window_argmax"
    differentiable = False

    def infer(
        self,
        x: Tensor,
        *,
        window: tuple[int, ...],
        strides: tuple[int, ...],
        padding: Pairs,
        dilation: tuple[int, ...],
    ) -> Signature:
        if is_complex(x.dtype):
            raise DTypeError(f"{self.name}: complex numbers have no order, got {x.describe()}")
        dtype = uint8 if math.prod(window) <= 256 else int32
        return _space(self.name, x.extents, window, strides, padding, dilation), dtype

    def meaning(
        self,
        x: np.ndarray,
        *,
        window: tuple[int, ...],
        strides: tuple[int, ...],
        padding: Pairs,
        dilation: tuple[int, ...],
    ) -> np.ndarray:
        space = _known_space(self.name, x.shape, window, strides, padding, dilation)
        padded = np.pad(x, padding)
        inside = np.pad(np.ones(x.shape, bool), padding)
        best = np.zeros(space, x.dtype)
        chosen = np.full(space, -1, np.int64)
        for position, part in enumerate(_taps(window, space, strides, dilation)):
            better = inside[part] & (
                (chosen < 0) | (padded[part] > best) | _new_nan(padded[part], best)
            )
            best = np.where(better, padded[part], best)
            chosen = np.where(better, position, chosen)
        return np.maximum(chosen, 0)


def _new_nan(value: np.ndarray, best: np.ndarray) -> np.ndarray:
    return (value != value) & (best == best)


class WindowTake(Primitive):
    """The element at the given position of each window."""

    name = "window_take"

    def infer(
        self,
        x: Tensor,
        position: Tensor,
        *,
        window: tuple[int, ...],
        strides: tuple[int, ...],
        padding: Pairs,
        dilation: tuple[int, ...],
    ) -> Signature:
        _space(self.name, x.extents, window, strides, padding, dilation)
        return position.extents, x.dtype

    def meaning(
        self,
        x: np.ndarray,
        position: np.ndarray,
        *,
        window: tuple[int, ...],
        strides: tuple[int, ...],
        padding: Pairs,
        dilation: tuple[int, ...],
    ) -> np.ndarray:
        padded = np.pad(x, padding)
        result = np.zeros(position.shape, x.dtype)
        for tap, part in enumerate(_taps(window, position.shape, strides, dilation)):
            result = np.where(position == tap, padded[part], result)
        return result

    def vjp(
        self, g: Tensor, y: Tensor, x: Tensor, position: Tensor, **geometry: Any
    ) -> Sequence[Tensor | None]:
        return apply(WINDOW_PUT, g, position, shape=x.extents, **geometry), None


class WindowPut(Primitive):
    """Add each element of g to the place that `window_take` would read; zero elsewhere."""

    name = "window_put"

    def infer(
        self,
        g: Tensor,
        position: Tensor,
        *,
        shape: tuple[Size, ...],
        window: tuple[int, ...],
        strides: tuple[int, ...],
        padding: Pairs,
        dilation: tuple[int, ...],
    ) -> Signature:
        if g.ndim != position.ndim:
            raise ShapeError(f"window_put: shapes {g.shape} and {position.shape} do not agree")
        return shape, g.dtype

    def meaning(
        self,
        g: np.ndarray,
        position: np.ndarray,
        *,
        shape: tuple[int, ...],
        window: tuple[int, ...],
        strides: tuple[int, ...],
        padding: Pairs,
        dilation: tuple[int, ...],
    ) -> np.ndarray:
        padded = np.zeros([n + sum(pair) for n, pair in zip(shape, padding, strict=True)], g.dtype)
        for tap, part in enumerate(_taps(window, position.shape, strides, dilation)):
            padded[part] += np.where(position == tap, g, 0).astype(g.dtype)
        inside = tuple(slice(low, low + n) for (low, _), n in zip(padding, shape, strict=True))
        return padded[inside]

    def vjp(
        self,
        c: Tensor,
        y: Tensor,
        g: Tensor,
        position: Tensor,
        *,
        shape: tuple[Size, ...],
        **geometry: Any,
    ) -> Sequence[Tensor | None]:
        return apply(WINDOW_TAKE, c, position, **geometry), None


WINDOW_SUM = register(WindowSum())
WINDOW_ARGMAX = register(WindowArgmax())
WINDOW_TAKE = register(WindowTake())
WINDOW_PUT = register(WindowPut())
