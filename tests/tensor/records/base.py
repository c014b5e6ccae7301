"""One record for each function of the array API standard: what NumPy says it should give.

A record holds cases. The tests compute every case three ways: on constants, on inputs whose
extents are all unknown (through the interpreter), and, where the record says so, its gradient,
and the gradient's gradient, against central differences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

RNG = np.random.default_rng(20240229)

SHAPES = ((), (0,), (1,), (7,), (3, 1, 5), (2, 0, 3), (13, 17))
FLOATS = ("float32", "float64")
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
INTEGERS = SIGNED + UNSIGNED
NUMBERS = INTEGERS + FLOATS
BITS = ("bool", *INTEGERS)
ALL = ("bool", *NUMBERS)


@dataclass(frozen=True)
class Case:
    """One computation: with Cairnet, with NumPy, and the arrays it starts from.

    Attributes:
        compute: takes tensors, gives a tensor or a sequence of tensors.
        expected: takes the same arrays, gives the same with NumPy.
        arrays: the arguments that are tensors.
        unknown: whether it works where no extent is known when the graph is built.
    """

    compute: Callable[..., Any]
    expected: Callable[..., Any]
    arrays: tuple[np.ndarray, ...]
    unknown: bool = True


@dataclass(frozen=True)
class Record:
    """What is tested of one function.

    Attributes:
        name: its public name.
        cases: forward computations.
        smooth: arguments (float64) at which the gradients, first and second, are checked.
        compute: what is differentiated; default: the first case's computation.
    """

    name: str
    cases: Sequence[Case]
    smooth: tuple[np.ndarray, ...] = ()
    compute: Callable[..., Any] | None = None


def draw(shape: tuple[int, ...], dtype: str, low: float = -3.0, high: float = 3.0) -> np.ndarray:
    """Random numbers of any dtype; small ones, so that integer results stay in range."""
    if dtype == "bool":
        return RNG.random(shape) < 0.5
    if dtype in FLOATS:
        return RNG.uniform(low, high, shape).astype(dtype)
    return RNG.integers(0 if dtype in UNSIGNED else -5, 6, shape).astype(dtype)


def f64(*shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    return RNG.uniform(low, high, shape)


def apart(*shape: int) -> np.ndarray:
    """Distinct numbers, far enough from each other that differences cross no tie."""
    count = int(np.prod(shape))
    return (RNG.permutation(count) - count / 3.0 + 0.5).reshape(shape) / 3


def integers(*shape: int, below: int, low: int = 0) -> np.ndarray:
    return RNG.integers(low, below, shape)


def each(
    name: str,
    calls: Sequence[tuple[Callable[..., Any], Callable[..., Any], tuple[np.ndarray, ...]]],
    smooth: tuple[np.ndarray, ...] = (),
    compute: Callable[..., Any] | None = None,
    unknown: bool = True,
) -> Record:
    return Record(name, [Case(*call, unknown) for call in calls], smooth, compute)
