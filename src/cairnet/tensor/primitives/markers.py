"""Primitives that change no value: `stop_gradient` and `watch`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Size
from cairnet.tensor.primitive import Primitive, register

__all__ = ["STOP_GRADIENT", "WATCH"]

Signature = tuple[tuple[Size, ...], np.dtype[Any]]


class StopGradient(Primitive):
    """The value itself, as a constant for differentiation."""

    name = "stop_gradient"
    elementwise = True
    differentiable = False

    def infer(self, x: Tensor) -> Signature:
        return x.extents, x.dtype

    def meaning(self, x: np.ndarray) -> np.ndarray:
        return x


class Watch(Primitive):
    """The value itself; functions report it to `watcher`, an object with `name` and `see`."""

    name = "watch"
    elementwise = True

    def infer(self, x: Tensor, *, watcher: Any) -> Signature:
        return x.extents, x.dtype

    def meaning(self, x: np.ndarray, *, watcher: Any) -> np.ndarray:
        return x

    def vjp(self, g: Tensor, y: Tensor, x: Tensor, *, watcher: Any) -> Sequence[Tensor]:
        return (g,)


STOP_GRADIENT = register(StopGradient())
WATCH = register(Watch())
