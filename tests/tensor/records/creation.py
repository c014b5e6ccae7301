"""Records of the functions that create and convert tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from tests.tensor.records.base import (
    ALL,
    FLOATS,
    SIGNED,
    UNSIGNED,
    Case,
    Record,
    draw,
    each,
    f64,
)

import cairnet as cn

X = f64(2, 3, 4)
TIES = np.array([2, 1, 2, 0, 1, 1, 2], "int32")


def made(name: str, calls: Sequence[tuple[Callable[[], Any], Callable[[], Any]]]) -> Record:
    return Record(name, [Case(ours, theirs, ()) for ours, theirs in calls])


def convertible(come: str, to: str) -> np.ndarray:
    """Numbers that the other dtype can hold."""
    array = draw((7,), come)
    return np.abs(array) if to in UNSIGNED and come != "bool" else array


CREATION = [
    made(
        "asarray",
        [
            (lambda: cn.asarray([1, 2]), lambda: np.asarray([1, 2])),
            (lambda: cn.asarray([1.5, 2]), lambda: np.asarray([1.5, 2], "float32")),
            (lambda: cn.asarray(True), lambda: np.asarray(True)),
            (lambda: cn.asarray(0.1, dtype="float64"), lambda: np.asarray(0.1)),
            (lambda: cn.asarray([[]], dtype="int8"), lambda: np.asarray([[]], "int8")),
            (lambda: cn.asarray(X, dtype="float32"), lambda: X.astype("float32")),
            (
                lambda: cn.asarray([cn.ones(2), [3.0, 4.0]]),
                lambda: np.asarray([[1, 1], [3, 4]], "f4"),
            ),
        ],
    ),
    made("from_dlpack", [(lambda: cn.from_dlpack(X), lambda: X)]),
    made(
        "zeros",
        [
            (lambda: cn.zeros(3), lambda: np.zeros(3, "float32")),
            (lambda: cn.zeros((2, 0), dtype="int8"), lambda: np.zeros((2, 0), "int8")),
        ],
    ),
    made("ones", [(lambda: cn.ones((), dtype="bool"), lambda: np.ones((), "bool"))]),
    made("empty", [(lambda: cn.empty((2, 3)), lambda: np.zeros((2, 3), "float32"))]),
    made(
        "full",
        [
            (lambda: cn.full((2, 3), 7), lambda: np.full((2, 3), 7)),
            (lambda: cn.full(2, 0.1, dtype="float64"), lambda: np.full(2, 0.1)),
            (lambda: cn.full((), True), lambda: np.full((), True)),
        ],
    ),
    each("zeros_like", [(cn.zeros_like, np.zeros_like, (draw((2, 3), d),)) for d in ALL]),
    each("ones_like", [(cn.ones_like, np.ones_like, (draw((2, 3), d),)) for d in ALL]),
    each("empty_like", [(cn.empty_like, np.zeros_like, (X,))]),
    each(
        "full_like",
        [
            (lambda x: cn.full_like(x, 3), lambda x: np.full_like(x, 3), (X,)),
            (
                lambda x: cn.full_like(x, 3, dtype="uint8"),
                lambda x: np.full_like(x, 3, dtype="uint8"),
                (X,),
            ),
        ],
    ),
    made(
        "arange",
        [
            (lambda: cn.arange(5), lambda: np.arange(5)),
            (lambda: cn.arange(2, 9, 3), lambda: np.arange(2, 9, 3)),
            (lambda: cn.arange(9, 2, -3), lambda: np.arange(9, 2, -3)),
            (lambda: cn.arange(5, 2), lambda: np.arange(5, 2)),
            (lambda: cn.arange(0.0, 1.0, 0.3), lambda: np.arange(0.0, 1.0, 0.3).astype("float32")),
            (lambda: cn.arange(3, dtype="float64"), lambda: np.arange(3.0)),
            (lambda: cn.arange(2**62, 2**62 + 3), lambda: np.arange(2**62, 2**62 + 3)),
        ],
    ),
    made(
        "linspace",
        [
            (lambda: cn.linspace(0, 1, 7), lambda: np.linspace(0, 1, 7, dtype="float32")),
            (
                lambda: cn.linspace(1, -1, 5, endpoint=False, dtype="float64"),
                lambda: np.linspace(1, -1, 5, endpoint=False),
            ),
            (lambda: cn.linspace(3, 4, 1), lambda: np.asarray([3], "float32")),
            (lambda: cn.linspace(3, 4, 0), lambda: np.zeros(0, "float32")),
        ],
    ),
    made(
        "eye",
        [
            (lambda: cn.eye(3), lambda: np.eye(3, dtype="float32")),
            (lambda: cn.eye(2, 4, k=1, dtype="int8"), lambda: np.eye(2, 4, k=1, dtype="int8")),
            (lambda: cn.eye(4, 2, k=-3), lambda: np.eye(4, 2, k=-3, dtype="float32")),
            (lambda: cn.eye(2, k=2**63), lambda: np.zeros((2, 2), "float32")),
            (lambda: cn.eye(0), lambda: np.eye(0, dtype="float32")),
        ],
    ),
    each(
        "tril",
        [
            (lambda x, k=k: cn.tril(x, k=k), lambda x, k=k: np.tril(x, k), (draw((2, 3, 4), d),))
            for k in (-1, 0, 2)
            for d in ("float32", "int8", "bool")
        ],
        (f64(3, 3),),
    ),
    each(
        "triu",
        [
            (lambda x, k=k: cn.triu(x, k=k), lambda x, k=k: np.triu(x, k), (draw((2, 3, 4), d),))
            for k in (-1, 0, 2)
            for d in ("float32", "int8", "bool")
        ],
        (f64(3, 3),),
    ),
    Record(
        "meshgrid",
        [
            Case(
                lambda *x, i=indexing: cn.meshgrid(*x, indexing=i),
                lambda *x, i=indexing: np.meshgrid(*x, indexing=i),
                arrays,
            )
            for indexing in ("xy", "ij")
            for arrays in ((f64(2), f64(3)), (f64(2), f64(3), f64(4)), (f64(5),))
        ],
        (f64(2), f64(3)),
        lambda x, y: cn.multiply(*cn.meshgrid(x, y)),
    ),
    each(
        "astype",
        [
            (lambda x, d=to: cn.astype(x, d), lambda x, d=to: x.astype(d), (convertible(come, to),))
            for come in ALL
            for to in ALL
        ],
        (f64(3),),
        lambda x: cn.astype(x, "float64"),
    ),
    each(
        "clip",
        [
            (lambda x: cn.clip(x, -1, 2), lambda x: np.clip(x, -1, 2), (draw((7,), d),))
            for d in (*SIGNED, *FLOATS)
        ]
        + [
            (lambda x: cn.clip(x, None, 2), lambda x: np.clip(x, None, 2), (TIES,)),
            (lambda x: cn.clip(x, 1), lambda x: np.clip(x, 1, None), (TIES,)),
            (cn.clip, lambda x: x, (TIES,)),
            (cn.clip, np.clip, (f64(3, 4), f64(3, 4), f64(3, 4))),
        ],
        (np.array([-2.0, -0.5, 0.3, 1.7]),),
        lambda x: cn.clip(x, -1, 1),
    ),
]

RECORDS = CREATION
