"""Products of many complex numbers: a loop that multiplies one after another.

A sum goes part by part, but each part of a product reads both parts of the product so far. So the
fold becomes a scan with two carries; its steps run over the folded axes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cairnet.compiler.complex.formulas import Pair, multiply
from cairnet.tensor.core import Input, Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.primitives import RESHAPE, TRANSPOSE
from cairnet.tensor.primitives.loops import Body, scan_node
from cairnet.tensor.primitives.movement import filled

__all__ = ["product", "running_product"]


def product(z: Pair, axes: tuple[int, ...]) -> Pair:
    """The product over some axes, which disappear."""
    others = tuple(i for i in range(z[0].ndim) if i not in axes)
    count: Size = 1
    for axis in axes:
        count = z[0].extents[axis] * count
    rest = tuple(z[0].extents[i] for i in others)
    rows = _each(z, lambda x: _reshaped(_transposed(x, (*axes, *others)), (count, *rest)))
    arguments, body = _loop(rows, stacked=False)
    real, imag = (scan_node(arguments, body, output, count, False) for output in (0, 1))
    return real, imag


def running_product(z: Pair, axis: int) -> Pair:
    """The running product along an axis, the element itself included."""
    others = tuple(i for i in range(z[0].ndim) if i != axis)
    order = (axis, *others)
    rows = _each(z, lambda x: _transposed(x, order))
    arguments, body = _loop(rows, stacked=True)
    back = tuple(int(i) for i in np.argsort(order))
    length = z[0].extents[axis]
    real, imag = (
        _transposed(scan_node(arguments, body, output, length, False), back) for output in (2, 3)
    )
    return real, imag


def _loop(rows: Pair, stacked: bool) -> tuple[list[Tensor], Body]:
    """Multiply the rows of both parts into two carries, and put out the product after each row."""
    extents, dtype = rows[0].extents[1:], rows[0].dtype
    places = [Input(extents, dtype, name) for name in ("re", "im", "re_factor", "im_factor")]
    new = multiply((places[0], places[1]), (places[2], places[3]))
    body = Body(places, [*new, *new] if stacked else [*new], carries=2, sequences=2)
    start = [filled(1, places[0]), filled(0, places[0])]
    return [*start, *rows], body


def _each(z: Pair, function: Callable[[Tensor], Tensor]) -> Pair:
    return function(z[0]), function(z[1])


def _transposed(x: Tensor, axes: Sequence[int]) -> Tensor:
    return x if tuple(axes) == tuple(range(x.ndim)) else apply(TRANSPOSE, x, axes=tuple(axes))


def _reshaped(x: Tensor, shape: tuple[Size, ...]) -> Tensor:
    return x if x.extents == shape else apply(RESHAPE, x, shape=shape)
