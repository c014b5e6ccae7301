"""Checking a gradient against differences: the test that every derivative must pass."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cairnet.base.dtypes import is_complex
from cairnet.base.errors import ArgumentError, GradientError, ShapeError
from cairnet.tensor.core import Input, Tensor, Variable, topological_order
from cairnet.tensor.gradient import grad
from cairnet.tensor.interpreter import bind_extents, evaluate
from cairnet.tensor.precision import in_float64

__all__ = ["GradientCheck", "check_gradient"]


@dataclass(frozen=True)
class GradientCheck:
    """What `check_gradient` found: the element where gradient and differences differ most.

    Attributes:
        error: their distance, relative to the larger of them (and to 1, if both are smaller).
        name: the name of the variable or input.
        index: the place of the element in it.
        gradient: the derivative by `cn.grad`; of a complex number, that by one of its parts.
        difference: the derivative by central differences.
        checked: how many derivatives were compared in all; a complex number has two.
    """

    error: float
    name: str
    index: tuple[int, ...]
    gradient: float
    difference: float
    checked: int


def check_gradient(
    cost: Tensor,
    wrt: Tensor | Sequence[Tensor],
    feeds: Mapping[Tensor, Any] | None = None,
    *,
    step: float = 1e-5,
    tolerance: float = 1e-6,
    samples: int | None = 64,
) -> GradientCheck:
    r"""Compare `cn.grad` with central differences, (C(w + h) - C(w - h)) / 2h, element by element.

    Everything is computed in float64 (or complex128) by the reference interpreter, also where the
    graph is in float32, so that the truncation error (of order h²) and the rounding error (of
    order 10⁻¹⁶/h) stay far below the tolerance. Where the cost has a kink between w - h and w + h
    (a rectifier at 0, a tie in a maximum) the two may differ although the gradient is right: move
    off the kink. A complex number is changed along both axes.

    Args:
        cost: a scalar.
        wrt: variables and inputs, one or several; variables are checked at their current values.
        feeds: the value of every input that the cost depends on.
        step: h, for elements of magnitude up to 1; it grows with larger ones.
        tolerance: the largest error allowed, relative to the larger of the two derivatives, or
            absolute where both are below 1.
        samples: how many elements of each tensor to compare, evenly spread; None for all.

    Returns:
        The element that came off worst.

    Raises:
        GradientError: an error is above the tolerance; the message names the worst element, its
            index and both values. Or the cost does not depend on a tensor.
        ArgumentError: something in `wrt` is neither a variable nor an input, or an input has no
            value.
        ShapeError: the cost is not a scalar, or a value has the wrong shape.

    References:
        Baydin, Pearlmutter, Radul, Siskind: Automatic differentiation in machine learning: a
        survey. JMLR 18, 2018, section 2.1.

    Example:
        >>> import cairnet as cn
        >>> w = cn.Variable([[0.5, -1.0], [2.0, 0.1]], name="w")
        >>> check = cn.check_gradient(cn.sum(cn.tanh(w) ** 2), w)
        >>> check.checked, check.error < 1e-9
        (4, True)
    """
    targets = [_leaf(tensor) for tensor in ([wrt] if isinstance(wrt, Tensor) else wrt)]
    # On the graph as the user wrote it, for its errors.
    grad(cost, targets)
    (wide,), places = in_float64([cost])
    gradients = grad(wide, [places[target] for target in targets])
    values = _values(cost, places, feeds or {})
    bindings = bind_extents(values)
    slopes = evaluate(gradients, values, bindings)
    found: list[tuple[float, Input | Variable, tuple[int, ...], float, float]] = []
    for target, slope in zip(targets, slopes, strict=True):
        array = values[places[target]]
        # The gradient by x + iy is ∂C/∂x + i·∂C/∂y: its parts are the slopes in two directions.
        directions = (1.0, 1.0j) if is_complex(array.dtype) else (1.0,)
        for index, direction in itertools.product(_chosen(array.shape, samples), directions):
            change = direction * step * max(1.0, abs(array[index]))
            difference = _difference(wide, values, bindings, array, index, change)
            analytic = float((slope[index] * np.conj(direction)).real)
            found.append((_error(analytic, difference), target, index, analytic, difference))
    if not found:
        raise ArgumentError("wrt: there is no element to check")
    error, target, index, analytic, difference = max(found, key=lambda item: item[0])
    if not error <= tolerance:
        raise GradientError(
            f"the gradient with respect to {target.name!r} ({target.describe()}, made at "
            f"{target.source}) is wrong at index {index}: cn.grad gives {analytic:.10g}, central "
            f"differences give {difference:.10g} (error {error:.3g}, tolerance {tolerance:.3g})"
        )
    return GradientCheck(error, target.name, index, analytic, difference, len(found))


def _leaf(tensor: Any) -> Input | Variable:
    if not isinstance(tensor, Input | Variable):
        came = tensor.describe() if isinstance(tensor, Tensor) else type(tensor).__name__
        raise ArgumentError(f"wrt: expected variables or inputs, got {came}")
    return tensor


def _values(
    cost: Tensor, places: Mapping[Tensor, Input], feeds: Mapping[Tensor, Any]
) -> dict[Tensor, np.ndarray]:
    """Writable values for all placeholders of the float64 graph."""
    known = set(topological_order([cost]))
    for tensor in feeds:
        if tensor not in known:
            raise ArgumentError("feeds: a tensor that the cost does not depend on")
    values: dict[Tensor, np.ndarray] = {}
    for tensor, place in places.items():
        if tensor in feeds:
            values[place] = np.array(feeds[tensor], place.dtype)
        elif isinstance(tensor, Variable):
            values[place] = np.array(tensor.data, place.dtype)
        else:
            raise ArgumentError(
                f"feeds: input {place.name!r} (made at {tensor.source}) has no value; pass "
                "feeds={the input: an array}"
            )
        array = values[place]
        fits = array.ndim == tensor.ndim and all(
            size is None or size == own for size, own in zip(tensor.shape, array.shape, strict=True)
        )
        if not fits:
            raise ShapeError(
                f"feeds: {place.name!r} is {tensor.describe()}, got a value of shape {array.shape}"
            )
    return values


def _chosen(shape: tuple[int, ...], samples: int | None) -> list[tuple[int, ...]]:
    """The indices to compare: all, or as many as asked for, evenly spread with the ends in."""
    count = int(np.prod(shape))
    number = count if samples is None else min(count, samples)
    places = np.linspace(0, count - 1, number).round().astype(int)
    return [tuple(int(i) for i in np.unravel_index(place, shape)) for place in places]


def _difference(
    cost: Tensor,
    values: Mapping[Tensor, np.ndarray],
    bindings: Mapping[Any, int],
    array: np.ndarray,
    index: tuple[int, ...],
    change: complex,
) -> float:
    before = array[index]
    costs = []
    points = []
    for sign in (1.0, -1.0):
        array[index] = before + sign * change
        points.append(array[index])
        costs.append(float(evaluate([cost], values, bindings)[0]))
    array[index] = before
    # The points as they were rounded: their distance is not exactly twice the change.
    distance = float(((points[0] - points[1]) * np.conj(change)).real) / abs(change)
    return (costs[0] - costs[1]) / distance


def _error(first: float, second: float) -> float:
    distance = abs(first - second) / max(1.0, abs(first), abs(second))
    return distance if np.isfinite(distance) else float("inf")
