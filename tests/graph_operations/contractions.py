"""Dots, convolutions and windows."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.graph_operations.registry import OPERATIONS, operation
from tests.graphs import INTEGERS, MOST_ELEMENTS, Builder

from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import (
    CONVOLVE,
    CONVOLVE_INPUT_GRADIENT,
    CONVOLVE_WEIGHT_GRADIENT,
    DOT,
    WINDOW_ARGMAX,
    WINDOW_PUT,
    WINDOW_SUM,
    WINDOW_TAKE,
)


@operation("dot")
def dot(b: Builder) -> Tensor | None:
    x = b.tensor(b.floating if b.number(0, 7) else b.choose(INTEGERS))
    kinds = [b.choose(["contract", "contract", "batch", "free"]) for _ in range(x.ndim)]
    paired = [axis for axis in range(x.ndim) if kinds[axis] != "free"]
    others = [("free", size) for size in b.shape(b.number(0, 2))]
    axes: list[Any] = [*paired, *others]
    for place in range(len(axes) - 1):
        other = b.number(place, len(axes) - 1)
        axes[place], axes[other] = axes[other], axes[place]
    own = b.shape_of(x)
    shape = [own[axis] if isinstance(axis, int) else axis[1] for axis in axes]
    free = np.prod([own[i] for i in range(x.ndim) if kinds[i] != "contract"], dtype=np.int64)
    size = free * np.prod([extent for _, extent in others], dtype=np.int64)
    if np.prod(shape, dtype=np.int64) > MOST_ELEMENTS or size > MOST_ELEMENTS:
        return None
    y = b.leaf(shape, x.dtype)
    pairs = {
        kind: (
            tuple(axis for axis in paired if kinds[axis] == kind),
            tuple(axes.index(axis) for axis in paired if kinds[axis] == kind),
        )
        for kind in ("contract", "batch")
    }
    return apply(DOT, x, y, **pairs)


def _geometry(b: Builder, spatial: int) -> dict[str, Any]:
    return {
        "strides": tuple(b.choose([1, 1, 2, 3]) for _ in range(spatial)),
        "padding": tuple((b.number(0, 2), b.number(0, 2)) for _ in range(spatial)),
        "dilation": tuple(b.choose([1, 1, 2]) for _ in range(spatial)),
        "groups": b.choose([1, 1, 2]),
    }


def _image(b: Builder, groups: int, spatial: int) -> Tensor:
    """A new leaf [batch, *space, channels] of a few thousand elements at most."""
    space = [b.choose([5, 7, 13]) for _ in range(spatial)]
    shape = [b.choose([1, 2, 3, 17]), *space, groups * b.choose([1, 2, 3])]
    return b.leaf(shape, known=[len(shape) - 1])


def _taps(b: Builder, spatial: int) -> list[int]:
    return [b.choose([1, 2, 3]) for _ in range(spatial)]


@operation("convolve")
def convolve(b: Builder) -> Tensor | None:
    spatial = b.number(1, 2)
    geometry = _geometry(b, spatial)
    x = _image(b, geometry["groups"], spatial)
    inside = b.shape_of(x)[-1] // geometry["groups"]
    outside = geometry["groups"] * b.choose([1, 2, 5])
    w = b.leaf([*_taps(b, spatial), inside, outside], known=range(spatial + 2))
    return apply(CONVOLVE, x, w, **geometry)


@operation("convolve_input_gradient")
def convolve_input_gradient(b: Builder) -> Tensor | None:
    y = convolve(b)
    if y is None:
        return None
    x, w = y.inputs
    g = b.leaf(b.shape_of(y), known=[y.ndim - 1])
    return apply(CONVOLVE_INPUT_GRADIENT, g, w, space=x.extents[1:-1], **y.parameters)


@operation("convolve_weight_gradient")
def convolve_weight_gradient(b: Builder) -> Tensor | None:
    y = convolve(b)
    if y is None:
        return None
    x, w = y.inputs
    g = b.leaf(b.shape_of(y), known=[y.ndim - 1])
    return apply(CONVOLVE_WEIGHT_GRADIENT, x, g, taps=b.shape_of(w)[:-2], **y.parameters)


def _windows(b: Builder, x: Tensor) -> dict[str, Any]:
    window, strides, padding, dilation = [], [], [], []
    for size in b.shape_of(x):
        reach = b.choose([1, 2, 3])
        spread = b.choose([1, 1, 2])
        if (reach - 1) * spread + 1 > size:
            reach, spread = 1, 1
        window.append(reach)
        strides.append(b.choose([1, 2, 3]) if reach > 1 else 1)
        # Padding is less than a window reaches, so that every window holds an element.
        most = (reach - 1) * spread if spread == 1 else 0
        padding.append((b.number(0, most), b.number(0, most)))
        dilation.append(spread)
    return {
        "window": tuple(window),
        "strides": tuple(strides),
        "padding": tuple(padding),
        "dilation": tuple(dilation),
    }


@operation("window_sum")
def window_sum(b: Builder) -> Tensor | None:
    x = b.tensor(least_rank=1)
    if 0 in b.shape_of(x):
        return None
    geometry = _windows(b, x)
    return apply(WINDOW_SUM, x, **geometry)


def _argmax(b: Builder) -> Tensor | None:
    x = b.leaf(b.shape(b.number(1, 3)))
    if 0 in b.shape_of(x):
        return None
    geometry = _windows(b, x)
    return apply(WINDOW_ARGMAX, x, **geometry)


OPERATIONS["window_argmax"] = _argmax


@operation("window_take")
def window_take(b: Builder) -> Tensor | None:
    position = _argmax(b)
    if position is None:
        return None
    (x,) = position.inputs
    return apply(WINDOW_TAKE, x, position, **position.parameters)


@operation("window_put")
def window_put(b: Builder) -> Tensor | None:
    position = _argmax(b)
    if position is None:
        return None
    (x,) = position.inputs
    g = b.leaf(b.shape_of(position))
    return apply(WINDOW_PUT, g, position, shape=x.extents, **position.parameters)
