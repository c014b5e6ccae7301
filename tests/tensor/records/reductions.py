"""Records of the functions along axes: sums, means, extremes, running totals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from tests.tensor.records.base import (
    ALL,
    FLOATS,
    NUMBERS,
    SHAPES,
    Case,
    Record,
    apart,
    draw,
    each,
    f64,
)

import cairnet as cn


def axes_cases(
    function: Callable[..., Any],
    expected: Callable[..., Any],
    dtypes: Sequence[str],
    shapes: Sequence[tuple[int, ...]] = ((), (7,), (3, 1, 5), (13, 17)),
    several: bool = True,
    none: bool = True,
    keepdims: bool = True,
) -> list[Case]:
    """A function along every axis of several shapes."""
    cases = []
    for shape in shapes:
        rank = len(shape)
        options: list[Any] = [None] if none else []
        options += [*range(rank), -1] if rank else []
        options += [(0, -1), (1, 0, 2)[:rank]] if several and rank >= 2 else []
        for axis in options:
            for more in [{"keepdims": False}, {"keepdims": True}] if keepdims else [{}]:
                how = {"axis": axis, **more}
                cases += [
                    Case(
                        lambda x, how=how: function(x, **how),
                        lambda x, how=how: expected(x, **how),
                        (draw(shape, dtype),),
                    )
                    for dtype in dtypes
                ]
    return cases


def _wide(x: np.ndarray) -> str:
    """The dtype in which the standard adds up."""
    return {"i": "int64", "u": "uint64", "b": "int64"}.get(x.dtype.kind, x.dtype.name)


def _sum(x: np.ndarray, **options: Any) -> np.ndarray:
    return np.sum(x, dtype=_wide(x), **options)


def _product(x: np.ndarray, **options: Any) -> np.ndarray:
    return np.prod(x, dtype=_wide(x), **options)


REDUCTIONS = [
    Record("sum", axes_cases(cn.sum, _sum, ("bool", *NUMBERS)), (f64(3, 4),)),
    Record("prod", axes_cases(cn.prod, _product, NUMBERS), (f64(4),)),
    Record("max", axes_cases(cn.max, np.max, NUMBERS), (apart(4, 3),)),
    Record("min", axes_cases(cn.min, np.min, NUMBERS), (apart(4, 3),)),
    Record("mean", axes_cases(cn.mean, np.mean, FLOATS), (f64(3, 4),)),
    Record(
        "var",
        axes_cases(cn.var, np.var, FLOATS)
        + axes_cases(
            lambda x, **o: cn.var(x, correction=1, **o),
            lambda x, **o: np.var(x, ddof=1, **o),
            FLOATS,
            ((7,), (13, 17)),
        ),
        (f64(3, 4),),
    ),
    Record(
        "std",
        axes_cases(cn.std, np.std, FLOATS)
        + axes_cases(
            lambda x, **o: cn.std(x, correction=1.5, **o),
            lambda x, **o: np.std(x, ddof=1.5, **o),
            FLOATS,
            ((7,),),
        ),
        (f64(3, 4),),
    ),
    Record("any", axes_cases(cn.any, np.any, ("bool", "int8", "float32"), (*SHAPES,))),
    Record("all", axes_cases(cn.all, np.all, ("bool", "int8", "float32"), (*SHAPES,))),
    Record("count_nonzero", axes_cases(cn.count_nonzero, np.count_nonzero, ("bool", "int8"))),
    Record(
        "argmax",
        axes_cases(cn.argmax, np.argmax, ALL, several=False),
    ),
    Record(
        "argmin",
        axes_cases(cn.argmin, np.argmin, ALL, several=False),
    ),
]


def running(function: Callable[..., Any], numpys: Callable[..., Any]) -> list[Case]:
    return [
        case
        for initial, shapes, dtypes in (
            (False, ((7,), (3, 1, 5), (2, 0, 3)), NUMBERS),
            (True, ((7,), (3, 2)), ("float32", "int8")),
        )
        for case in axes_cases(
            lambda x, axis, i=initial: function(x, axis=axis, include_initial=i),
            lambda x, axis, i=initial: numpys(x, axis=axis, dtype=_wide(x), include_initial=i),
            dtypes,
            shapes,
            several=False,
            none=False,
            keepdims=False,
        )
    ]


CUMULATIVE = [
    Record(
        "cumulative_sum",
        running(cn.cumulative_sum, np.cumulative_sum),
        (f64(5),),
        cn.cumulative_sum,
    ),
    Record(
        "cumulative_prod",
        running(cn.cumulative_prod, np.cumulative_prod),
        (f64(5),),
        cn.cumulative_prod,
    ),
    each(
        "diff",
        [
            (cn.diff, np.diff, (draw((7,), "float32"),)),
            (lambda x: cn.diff(x, n=2, axis=0), lambda x: np.diff(x, n=2, axis=0), (f64(5, 3),)),
            (lambda x: cn.diff(x, n=0), lambda x: np.diff(x, n=0), (f64(5, 3),)),
            (lambda x: cn.diff(x, n=4), lambda x: np.diff(x, n=4), (f64(2, 3),)),
            (
                lambda x, y: cn.diff(x, prepend=y, append=y),
                lambda x, y: np.diff(x, prepend=y, append=y),
                (f64(2, 3), f64(2, 1)),
            ),
        ],
        (f64(5),),
    ),
]

RECORDS = [*REDUCTIONS, *CUMULATIVE]
