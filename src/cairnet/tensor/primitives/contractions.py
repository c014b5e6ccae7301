"""Sums of products: the general dot, and the trilinear form behind every convolution.

A convolution sums, over batch n, output position y, tap k, input channel c and output channel o,

    x[n, y·stride + k·dilation - padding, c] · w[k, c, o] · g[n, y, o]

with x taken as zero outside its extents. Leave out one factor and the sum of the other two over
everything but the missing factor's indices is: the convolution (without g), its input gradient
(without x), its weight gradient (without w). Each is bilinear and its derivatives are the other
two, so the family is closed under differentiation.

Layouts: x [batch, *space, groups·c], w [*taps, c, groups·o], g [batch, *space, groups·o].
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import is_floating
from cairnet.base.errors import DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.primitive import Primitive, register
from cairnet.tensor.primitives.movement import TRANSPOSE

__all__ = ["CONVOLVE", "CONVOLVE_INPUT_GRADIENT", "CONVOLVE_WEIGHT_GRADIENT", "DOT"]

Signature = tuple[tuple[Size, ...], np.dtype[Any]]
Axes = tuple[tuple[int, ...], tuple[int, ...]]
Pairs = tuple[tuple[int, int], ...]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Dot(Primitive):
    """Sum over the axes `contract`, elementwise over the axes `batch`, outer over the rest.

    Each parameter is a pair: axes of the first input, axes of the second. Axes of the result:
    batch, then the free axes of the first, then those of the second.
    """

    name = "dot"

    def infer(self, a: Tensor, b: Tensor, *, contract: Axes, batch: Axes) -> Signature:
        if a.dtype != b.dtype:
            raise DTypeError(f"dot: dtypes {a.dtype.name} and {b.dtype.name} differ")
        for kind, (left, right) in (("contracted", contract), ("batch", batch)):
            for i, j in zip(left, right, strict=True):
                first, second = a.extents[i], b.extents[j]
                if isinstance(first, int) and isinstance(second, int) and first != second:
                    raise ShapeError(
                        f"dot: {kind} axis {i} of {a.shape} has extent {first}, "
                        f"axis {j} of {b.shape} has {second}"
                    )
        return (
            tuple(a.extents[i] for i in (*batch[0], *_free(a, contract[0], batch[0])))
            + tuple(b.extents[j] for j in _free(b, contract[1], batch[1]))
        ), a.dtype

    def meaning(self, a: np.ndarray, b: np.ndarray, *, contract: Axes, batch: Axes) -> np.ndarray:
        left = list(_LETTERS[: a.ndim])
        right = list(_LETTERS[a.ndim : a.ndim + b.ndim])
        for i, j in zip((*contract[0], *batch[0]), (*contract[1], *batch[1]), strict=True):
            right[j] = left[i]
        free_left = [left[i] for i in range(a.ndim) if i not in (*contract[0], *batch[0])]
        free_right = [right[j] for j in range(b.ndim) if j not in (*contract[1], *batch[1])]
        result = "".join([*(left[i] for i in batch[0]), *free_left, *free_right])
        return np.einsum(f"{''.join(left)},{''.join(right)}->{result}", a, b, optimize=True)

    def vjp(
        self, g: Tensor, y: Tensor, a: Tensor, b: Tensor, *, contract: Axes, batch: Axes
    ) -> Sequence[Tensor]:
        count = len(batch[0])
        free_a, free_b = _free(a, contract[0], batch[0]), _free(b, contract[1], batch[1])
        in_g = tuple(range(count))
        g_a = tuple(range(count, count + len(free_a)))
        g_b = tuple(range(count + len(free_a), g.ndim))
        # g·b leaves batch, free axes of a, then the contracted axes in the order b has them.
        to_a = apply(DOT, g, b, contract=(g_b, free_b), batch=(in_g, batch[1]))
        order_a = (*batch[0], *free_a, *_sorted_by(contract[0], contract[1]))
        to_b = apply(DOT, g, a, contract=(g_a, free_a), batch=(in_g, batch[0]))
        order_b = (*batch[1], *free_b, *_sorted_by(contract[1], contract[0]))
        return _into_order(to_a, order_a), _into_order(to_b, order_b)


def _free(x: Tensor, contract: Sequence[int], batch: Sequence[int]) -> tuple[int, ...]:
    return tuple(i for i in range(x.ndim) if i not in contract and i not in batch)


def _sorted_by(values: Sequence[int], keys: Sequence[int]) -> tuple[int, ...]:
    return tuple(value for _, value in sorted(zip(keys, values, strict=True)))


def _into_order(x: Tensor, places: Sequence[int]) -> Tensor:
    """Axis i of x belongs at `places[i]`."""
    axes = tuple(int(i) for i in np.argsort(places))
    return x if axes == tuple(range(x.ndim)) else apply(TRANSPOSE, x, axes=axes)


class _Convolution(Primitive):
    """What the three partial forms share: geometry, and the walk over the taps in NumPy."""

    def check(self, *inputs: Tensor) -> None:
        if len({item.dtype for item in inputs}) > 1 or not is_floating(inputs[0].dtype):
            names = " and ".join(item.dtype.name for item in inputs)
            raise DTypeError(f"{self.name}: expected two tensors of one float dtype, got {names}")
        if len({item.ndim for item in inputs}) > 1 or inputs[0].ndim < 3:
            shapes = " and ".join(str(item.shape) for item in inputs)
            raise ShapeError(f"{self.name}: expected equal ranks of 3 or more, got {shapes}")


def _taps(
    taps: Sequence[int], space: Sequence[int], strides: Sequence[int], dilation: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """Every tap with the slices of a padded input that it multiplies."""
    for tap in itertools.product(*(range(size) for size in taps)):
        yield (
            tap,
            tuple(
                slice(k * d, k * d + (size - 1) * s + 1 if size else 0, s)
                for k, d, s, size in zip(tap, dilation, strides, space, strict=True)
            ),
        )


def _padded(x: np.ndarray, padding: Pairs) -> np.ndarray:
    return np.pad(x, ((0, 0), *padding, (0, 0)))


def _grouped(x: np.ndarray, groups: int) -> np.ndarray:
    """Split the channels: [..., groups·c] to [..., groups, c]."""
    return x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups)


def _ungrouped(x: np.ndarray) -> np.ndarray:
    """Join the channels again: [..., groups, c] to [..., groups·c]."""
    return x.reshape(*x.shape[:-2], x.shape[-2] * x.shape[-1])


class Convolve(_Convolution):
    """The convolution (in the sense of the networks: a cross-correlation) of x with w."""

    name = "convolve"

    def infer(
        self,
        x: Tensor,
        w: Tensor,
        *,
        strides: tuple[int, ...],
        padding: Pairs,
        dilation: tuple[int, ...],
        groups: int,
    ) -> Signature:
        self.check(x, w)
        depth = x.extents[-1]
        if depth != w.extents[-2] * groups or w.extents[-1] % groups != 0:
            raise ShapeError(
                f"convolve: input {x.shape} with {groups} groups and weights {w.shape}: expected "
                f"weights [*taps, {depth}/{groups}, outputs], outputs a multiple of {groups}"
            )
        space = []
        for axis, (size, taps) in enumerate(zip(x.extents[1:-1], w.extents[:-2], strict=True)):
            reach = (taps - 1) * dilation[axis] + 1
            room = size + sum(padding[axis]) - reach
            if isinstance(room, int) and room < 0:
                raise ShapeError(
                    f"convolve: a window of {reach} does not fit into {size} + padding "
                    f"{padding[axis]} along spatial axis {axis}"
                )
            space.append(room // strides[axis] + 1)
        return (x.extents[0], *space, w.extents[-1]), x.dtype

    def meaning(
        self,
        x: np.ndarray,
        w: np.ndarray,
        *,
        strides: tuple[int, ...],
        padding: Pairs,
        dilation: tuple[int, ...],
        groups: int,
    ) -> np.ndarray:
        padded = _grouped(_padded(x, padding), groups)
        kernel = _grouped(w, groups)
        space = _output_space(x.shape[1:-1], w.shape[:-2], strides, padding, dilation)
        result = np.zeros((x.shape[0], *space, groups, kernel.shape[-1]), x.dtype)
        for tap, window in _taps(w.shape[:-2], space, strides, dilation):
            result += np.einsum(
                "n...gc,cgo->n...go", padded[(slice(None), *window)], kernel[tap], optimize=True
            )
        return _ungrouped(result)

    def vjp(self, g: Tensor, y: Tensor, x: Tensor, w: Tensor, **geometry: Any) -> Sequence[Tensor]:
        return (
            apply(CONVOLVE_INPUT_GRADIENT, g, w, space=x.extents[1:-1], **geometry),
            apply(CONVOLVE_WEIGHT_GRADIENT, x, g, taps=w.extents[:-2], **geometry),
        )


class ConvolveInputGradient(_Convolution):
    """The form without x: from g and w; also the transposed convolution."""

    name = "convolve_input_gradient"

    def infer(
        self,
        g: Tensor,
        w: Tensor,
        *,
        space: tuple[Size, ...],
        strides: tuple[int, ...],
        padding: Pairs,
        dilation: tuple[int, ...],
        groups: int,
    ) -> Signature:
        self.check(g, w)
        if g.extents[-1] != w.extents[-1]:
            raise ShapeError(
                f"convolve_input_gradient: {g.shape} and weights {w.shape} differ in the last axis"
            )
        return (g.extents[0], *space, w.extents[-2] * groups), g.dtype

    def meaning(
        self,
        g: np.ndarray,
        w: np.ndarray,
        *,
        space: tuple[int, ...],
        strides: tuple[int, ...],
        padding: Pairs,
        dilation: tuple[int, ...],
        groups: int,
    ) -> np.ndarray:
        kernel, cotangent = _grouped(w, groups), _grouped(g, groups)
        reach = [size + sum(pair) for size, pair in zip(space, padding, strict=True)]
        padded = np.zeros((g.shape[0], *reach, groups, kernel.shape[-3]), g.dtype)
        for tap, window in _taps(w.shape[:-2], g.shape[1:-1], strides, dilation):
            padded[(slice(None), *window)] += np.einsum(
                "n...go,cgo->n...gc", cotangent, kernel[tap], optimize=True
            )
        inside = tuple(slice(low, low + n) for (low, _), n in zip(padding, space, strict=True))
        result = padded[(slice(None), *inside)]
        return _ungrouped(result)

    def vjp(
        self,
        c: Tensor,
        y: Tensor,
        g: Tensor,
        w: Tensor,
        *,
        space: tuple[Size, ...],
        **geometry: Any,
    ) -> Sequence[Tensor]:
        return (
            apply(CONVOLVE, c, w, **geometry),
            apply(CONVOLVE_WEIGHT_GRADIENT, c, g, taps=w.extents[:-2], **geometry),
        )


class ConvolveWeightGradient(_Convolution):
    """The form without w: from x and g."""

    name = "convolve_weight_gradient"

    def infer(
        self,
        x: Tensor,
        g: Tensor,
        *,
        taps: tuple[int, ...],
        strides: tuple[int, ...],
        padding: Pairs,
        dilation: tuple[int, ...],
        groups: int,
    ) -> Signature:
        self.check(x, g)
        return (*taps, x.extents[-1] // groups, g.extents[-1]), x.dtype

    def meaning(
        self,
        x: np.ndarray,
        g: np.ndarray,
        *,
        taps: tuple[int, ...],
        strides: tuple[int, ...],
        padding: Pairs,
        dilation: tuple[int, ...],
        groups: int,
    ) -> np.ndarray:
        padded, cotangent = _grouped(_padded(x, padding), groups), _grouped(g, groups)
        shape = (*taps, padded.shape[-1], groups, cotangent.shape[-1])
        result = np.zeros(shape, x.dtype)
        for tap, window in _taps(taps, g.shape[1:-1], strides, dilation):
            result[tap] = np.einsum(
                "n...gc,n...go->cgo", padded[(slice(None), *window)], cotangent, optimize=True
            )
        return _ungrouped(result)

    def vjp(
        self, c: Tensor, y: Tensor, x: Tensor, g: Tensor, *, taps: tuple[int, ...], **geometry: Any
    ) -> Sequence[Tensor]:
        return (
            apply(CONVOLVE_INPUT_GRADIENT, g, c, space=x.extents[1:-1], **geometry),
            apply(CONVOLVE, x, c, **geometry),
        )


def _output_space(
    space: Sequence[int],
    taps: Sequence[int],
    strides: Sequence[int],
    padding: Pairs,
    dilation: Sequence[int],
) -> list[int]:
    return [
        (size + sum(pad) - (k - 1) * d - 1) // s + 1
        for size, k, s, pad, d in zip(space, taps, strides, padding, dilation, strict=True)
    ]


DOT = register(Dot())
CONVOLVE = register(Convolve())
CONVOLVE_INPUT_GRADIENT = register(ConvolveInputGradient())
CONVOLVE_WEIGHT_GRADIENT = register(ConvolveWeightGradient())
