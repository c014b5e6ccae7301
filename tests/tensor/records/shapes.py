"""Records of the functions that move elements, and of the products of tensors."""

from __future__ import annotations

import numpy as np
from tests.tensor.records.base import (
    Case,
    Record,
    draw,
    each,
    f64,
)

import cairnet as cn

X = f64(2, 3, 4)
SHAPING = [
    each(
        "reshape",
        [
            (lambda x: cn.reshape(x, (4, 6)), lambda x: x.reshape(4, 6), (X,)),
            (lambda x: cn.reshape(x, (3, -1)), lambda x: x.reshape(3, -1), (X,)),
            (lambda x: cn.reshape(x, -1), np.ravel, (X,)),
            (lambda x: cn.reshape(x, (None, 2)), lambda x: x.reshape(-1, 2), (X,)),
            (lambda x: cn.reshape(x, ()), lambda x: x.reshape(()), (f64(1, 1),)),
            (lambda x: cn.reshape(x, (0, 5)), lambda x: x.reshape(0, 5), (f64(5, 0),)),
        ],
        (X,),
    ),
    each(
        "permute_dims",
        [
            (lambda x: cn.permute_dims(x, (2, 0, 1)), lambda x: x.transpose(2, 0, 1), (X,)),
            (lambda x: cn.permute_dims(x, (-1, -2, 0)), lambda x: x.transpose(2, 1, 0), (X,)),
            (lambda x: cn.permute_dims(x, ()), lambda x: x, (f64(),)),
        ],
        (X,),
    ),
    each(
        "moveaxis",
        [
            (lambda x: cn.moveaxis(x, 0, -1), lambda x: np.moveaxis(x, 0, -1), (X,)),
            (
                lambda x: cn.moveaxis(x, (0, 1), (-1, 0)),
                lambda x: np.moveaxis(x, (0, 1), (-1, 0)),
                (X,),
            ),
        ],
        (X,),
    ),
    each(
        "expand_dims",
        [
            (
                lambda x, a=axis: cn.expand_dims(x, axis=a),
                lambda x, a=axis: np.expand_dims(x, a),
                (X,),
            )
            for axis in (0, 1, 3, -1, -4, (0, 2), (-1, 1, 3))
        ],
        (X,),
    ),
    each(
        "squeeze",
        [
            (lambda x: cn.squeeze(x, axis=1), lambda x: np.squeeze(x, 1), (f64(3, 1, 2),)),
            (lambda x: cn.squeeze(x, (0, -1)), lambda x: np.squeeze(x, (0, -1)), (f64(1, 3, 1),)),
        ],
        (f64(1, 3, 1),),
        lambda x: cn.squeeze(x, (0, 2)),
    ),
    each(
        "broadcast_to",
        [
            (lambda x: cn.broadcast_to(x, (5, 3, 4)), lambda x: np.broadcast_to(x, (5, 3, 4)), (a,))
            for a in (f64(3, 1), f64(4), f64(), f64(5, 3, 4))
        ]
        + [(lambda x: cn.broadcast_to(x, (0,)), lambda x: np.broadcast_to(x, (0,)), (f64(1),))],
        (f64(3, 1),),
        lambda x: cn.broadcast_to(x, (2, 3, 4)),
        unknown=False,
    ),
    each(
        "broadcast_arrays",
        [(cn.broadcast_arrays, np.broadcast_arrays, (f64(3, 1), draw((4,), "int8"), f64()))],
        (f64(3, 1), f64(4)),
        lambda x, y: cn.multiply(*cn.broadcast_arrays(x, y)),
        unknown=False,
    ),
    each(
        "concat",
        [
            (
                lambda *x: cn.concat(x, axis=1),
                lambda *x: np.concatenate(x, axis=1),
                (f64(2, 3), f64(2, 0), f64(2, 1)),
            ),
            (
                lambda *x: cn.concat(x, axis=None),
                lambda *x: np.concatenate(x, axis=None),
                (f64(2, 3), f64(1)),
            ),
            (
                lambda *x: cn.concat(x),
                lambda *x: np.concatenate(x),
                (draw((2,), "int8"), draw((3,), "uint8")),
            ),
        ],
        (f64(2, 3), f64(2, 1)),
        lambda *x: cn.concat(x, axis=-1),
    ),
    each(
        "stack",
        [
            (
                lambda *x, a=axis: cn.stack(x, axis=a),
                lambda *x, a=axis: np.stack(x, axis=a),
                (f64(2, 3), f64(2, 3), f64(2, 3)),
            )
            for axis in (0, 1, 2, -1)
        ],
        (f64(2, 3), f64(2, 3)),
        lambda *x: cn.stack(x, axis=1),
    ),
    each(
        "unstack",
        [
            (lambda x: cn.unstack(x, axis=1), lambda x: np.unstack(x, axis=1), (X,)),
            (cn.unstack, np.unstack, (X,)),
        ],
        (f64(2, 3),),
        lambda x: cn.multiply(*cn.unstack(x)),
        unknown=False,
    ),
    each(
        "flip",
        [
            (lambda x, a=axis: cn.flip(x, axis=a), lambda x, a=axis: np.flip(x, a), (X,))
            for axis in (None, 0, -1, (0, 2))
        ]
        + [(cn.flip, np.flip, (f64(0),)), (cn.flip, np.flip, (f64(),))],
        (X,),
    ),
    each(
        "roll",
        [
            (
                lambda x, s=shift, a=axis: cn.roll(x, s, axis=a),
                lambda x, s=shift, a=axis: np.roll(x, s, axis=a),
                (X,),
            )
            for shift, axis in ((1, None), (-2, 2), (11, 1), ((1, 5), (0, 2)), (0, 0))
        ]
        + [(lambda x: cn.roll(x, 3), lambda x: np.roll(x, 3), (f64(0),))],
        (X,),
        lambda x: cn.roll(x, -5, axis=1),
    ),
    Record(
        "repeat",
        [
            Case(lambda x: cn.repeat(x, 3, axis=1), lambda x: np.repeat(x, 3, axis=1), (X,)),
            Case(lambda x: cn.repeat(x, 0), lambda x: np.repeat(x, 0), (X,)),
            Case(lambda x: cn.repeat(x, [2]), lambda x: np.repeat(x, [2]), (X,)),
            Case(
                lambda x: cn.repeat(x, [2, 0, 1], axis=-2),
                lambda x: np.repeat(x, [2, 0, 1], axis=-2),
                (X,),
                unknown=False,
            ),
        ],
        (f64(2, 3),),
        lambda x: cn.repeat(x, [2, 0, 1], axis=1) * cn.repeat(x, 3, axis=1)[:, ::3],
    ),
    each(
        "tile",
        [
            (lambda x, r=times: cn.tile(x, r), lambda x, r=times: np.tile(x, r), (X,))
            for times in ((2,), (1, 2, 3), (2, 1, 1, 2), (0,), ())
        ],
        (f64(2, 3),),
        lambda x: cn.tile(x, (2, 1, 3)),
    ),
    each(
        "matrix_transpose",
        [(cn.matrix_transpose, np.matrix_transpose, (a,)) for a in (f64(2, 3), X, f64(2, 0, 5))],
        (X,),
    ),
]


def _matmul(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.matmul(x, y, dtype=x.dtype)


PRODUCTS = [
    Record(
        "matmul",
        [
            Case(cn.matmul, _matmul, (f64(*first), f64(*second)), unknown)
            for first, second, unknown in (
                ((3, 4), (4, 5), True),
                ((4,), (4,), True),
                ((3, 4), (4,), True),
                ((4,), (4, 5), True),
                ((2, 3, 4), (4, 5), True),
                ((2, 3, 4), (2, 4, 5), True),
                ((4,), (2, 4, 5), True),
                ((2, 3, 4), (4,), True),
                ((7, 1, 3, 4), (2, 4, 5), False),
                ((3, 0), (0, 5), True),
                ((0, 3, 4), (4, 1), True),
            )
        ]
        + [
            Case(cn.matmul, _matmul, (draw((3, 4), d), draw((4, 5), d)))
            for d in ("float32", "int8", "uint64")
        ],
        (f64(2, 3, 4), f64(4, 2)),
    ),
    each(
        "tensordot",
        [
            (
                lambda x, y, a=axes: cn.tensordot(x, y, axes=a),
                lambda x, y, a=axes: np.tensordot(x, y, axes=a),
                (f64(2, 3, 4), f64(3, 4, 2)),
            )
            for axes in (0, 2, ((1, 2), (0, 1)), ((0, -1), (-1, 1)), ((2, 0, 1), (1, 2, 0)))
        ],
        (f64(2, 3), f64(3, 2)),
        lambda x, y: cn.tensordot(x, y, axes=((1, 0), (0, 1))),
    ),
    Record(
        "vecdot",
        [
            Case(cn.vecdot, np.vecdot, (f64(2, 3, 4), f64(2, 3, 4))),
            Case(cn.vecdot, np.vecdot, (f64(2, 3, 4), f64(4)), unknown=False),
            Case(
                lambda x, y: cn.vecdot(x, y, axis=-2),
                lambda x, y: np.sum(x * y, axis=-2),
                (f64(5, 3, 2), f64(3, 1)),
                unknown=False,
            ),
        ],
        (f64(2, 3), f64(2, 3)),
    ),
]

RECORDS = [*SHAPING, *PRODUCTS]
