"""Records of the functions about order and positions: sort, where, take, unique."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tests.tensor.records.base import (
    Case,
    Record,
    apart,
    draw,
    each,
    f64,
    integers,
)

import cairnet as cn

X = f64(2, 3, 4)
V = f64(6)
TIES = np.array([2, 1, 2, 0, 1, 1, 2], "int32")
WITH_NAN = np.array([2.0, np.nan, -1.0, np.inf, 0.0, np.nan, -np.inf])


def _argsort(x: np.ndarray, axis: int = -1, descending: bool = False) -> np.ndarray:
    if not descending:
        return np.argsort(x, axis=axis, kind="stable")
    # Python's sort is stable when reversed; NaN is larger than everything.
    moved = np.moveaxis(x, axis, -1)
    result = np.zeros(moved.shape, np.int64)
    for place in np.ndindex(moved.shape[:-1]):
        row = moved[place].tolist()
        order = sorted(range(len(row)), key=lambda i, r=row: (r[i] != r[i], r[i]), reverse=True)
        result[place] = order
    return np.moveaxis(result, -1, axis)


def _sort(x: np.ndarray, axis: int = -1, descending: bool = False) -> np.ndarray:
    ordered = np.sort(x, axis=axis)
    return np.flip(ordered, axis) if descending else ordered


def _ordering(function: Callable[..., Any], expected: Callable[..., Any]) -> list[Case]:
    return [
        Case(
            lambda x, a=axis, d=descending: function(x, axis=a, descending=d),
            lambda x, a=axis, d=descending: expected(x, axis=a, descending=d),
            (array,),
        )
        for array, axis in (
            (TIES, 0),
            (TIES > 1, 0),
            (f64(3, 4, 2), 1),
            (draw((5, 6), "uint8"), -1),
            (f64(0), 0),
            (draw((5, 6), "float32"), 0),
        )
        for descending in (False, True)
    ]


POSITIONS = [
    Record("argsort", [*_ordering(cn.argsort, _argsort), Case(cn.argsort, _argsort, (WITH_NAN,))]),
    Record(
        "sort",
        [*_ordering(cn.sort, _sort), Case(cn.sort, _sort, (WITH_NAN,))],
        (apart(3, 4),),
        lambda x: cn.sort(x, axis=0, descending=True),
    ),
    Record(
        "where",
        [
            Case(cn.where, np.where, (draw((3, 1), "bool"), f64(4), f64(3, 4)), unknown=False),
            Case(cn.where, np.where, (draw((7,), "bool"), draw((7,), "int8"), draw((7,), "int32"))),
            Case(
                lambda c, x: cn.where(c, x, 0.5),
                lambda c, x: np.where(c, x, np.float32(0.5)),
                (draw((7,), "bool"), draw((7,), "float32")),
            ),
        ],
        (f64(4), f64(4)),
        lambda x, y: cn.where(x > y, x * x, y),
    ),
    each(
        "searchsorted",
        [
            (
                lambda x, y, s=side: cn.searchsorted(x, y, side=s),
                lambda x, y, s=side: np.searchsorted(x, y, side=s),
                (np.sort(first), second),
            )
            for side in ("left", "right")
            for first, second in (
                (TIES, TIES.reshape(1, 7) - 1),
                (f64(9), f64(2, 3)),
                (WITH_NAN, WITH_NAN),
                (f64(0), f64(2)),
            )
        ]
        + [
            (
                lambda x, y, o: cn.searchsorted(x, y, sorter=o),
                lambda x, y, o: np.searchsorted(x, y, sorter=o),
                (TIES, TIES, np.argsort(TIES)),
            )
        ],
    ),
    each(
        "take",
        [
            (
                lambda x, i, a=axis: cn.take(x, i, axis=a),
                lambda x, i, a=axis: np.take(x, i, axis=a),
                (X, index),
            )
            for axis in (0, 1, -1)
            for index in (
                integers(5, below=2, low=-2),
                integers(2, 2, below=2).astype("uint8"),
                np.zeros((0,), np.int64),
                integers(3, below=2).astype("int8"),
            )
        ]
        + [(cn.take, np.take, (V, integers(4, below=6)))],
        (f64(4, 3),),
        lambda x: cn.take(x, [2, 0, 2, -1], axis=0),
    ),
    each(
        "take_along_axis",
        [
            (
                lambda x, i: cn.take_along_axis(x, i, axis=1),
                lambda x, i: np.take_along_axis(x, i, axis=1),
                (X, integers(2, 5, 4, below=3, low=-3)),
            ),
            (
                cn.take_along_axis,
                lambda x, i: np.take_along_axis(x, i, axis=-1),
                (X, integers(2, 3, 1, below=4)),
            ),
        ],
        (f64(3, 4),),
        lambda x: cn.take_along_axis(x, [[1, 1, -2, 0, 3]] * 3, axis=1),
    ),
    each("nonzero", [(cn.nonzero, np.nonzero, (a,)) for a in (TIES, X > 0, f64(0))], unknown=False),
    each(
        "isin",
        [
            (cn.isin, np.isin, (TIES.reshape(7, 1), integers(2, 2, below=3).astype("int8"))),
            (cn.isin, np.isin, (WITH_NAN, WITH_NAN)),
            (cn.isin, np.isin, (f64(3), f64(0))),
            (
                lambda x, y: cn.isin(x, y, invert=True),
                lambda x, y: np.isin(x, y, invert=True),
                (TIES, TIES[:2]),
            ),
        ],
    ),
    each(
        "unique_values",
        [(cn.unique_values, np.unique_values, (TIES.reshape(7, 1),))],
        unknown=False,
    ),
    each("unique_counts", [(cn.unique_counts, np.unique_counts, (TIES,))], unknown=False),
    each(
        "unique_inverse",
        [(cn.unique_inverse, np.unique_inverse, (TIES.reshape(1, 7),))],
        unknown=False,
    ),
    each("unique_all", [(cn.unique_all, np.unique_all, (TIES.reshape(7, 1),))], unknown=False),
]

RECORDS = POSITIONS
