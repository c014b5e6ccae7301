"""Complex numbers: made of floats, computed with off the cuts, and taken apart again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from tests.graph_operations.registry import call, operation, pair
from tests.graphs import MOST_ELEMENTS, Builder

import cairnet as cn
from cairnet.base.dtypes import complex_of
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import CUMULATIVE_PRODUCT, CUMULATIVE_SUM, DOT, PRODUCT, SUM


def _complex(b: Builder, least_rank: int = 0) -> Tensor:
    return b.tensor(complex_of(b.floating), least_rank)


def _couple(b: Builder) -> tuple[Tensor, Tensor]:
    """Two complex tensors that broadcast."""
    z = _complex(b)
    return z, b.partner(z)


def _by_parts(b: Builder, change: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    return call("complex", change(call("real", z)), cn.tanh(call("imag", z)) * 0.6)


def _small(b: Builder, z: Tensor) -> Tensor:
    """Both parts between -1 and 1."""
    return _by_parts(b, cn.tanh, z)


def _right(b: Builder, z: Tensor) -> Tensor:
    """In the right half plane, away from zero and the cuts that reach there."""
    return _by_parts(b, lambda part: cn.tanh(part) * 0.3 + 0.6, z)


def _beyond(b: Builder, z: Tensor) -> Tensor:
    """To the right of 1, and above the cut."""
    return call("complex", call("real", _right(b, z)) + 1, call("real", _right(b, z)))


UNARY: dict[str, Callable[[Builder, Tensor], Tensor]] = {
    "negative": lambda b, z: z,
    "absolute": _right,
    "exp": _small,
    "expm1": _small,
    "log": _right,
    "log1p": _right,
    "sqrt": _right,
    "sin": _small,
    "cos": _small,
    "tan": _small,
    "asin": _right,
    "acos": _right,
    "atan": _right,
    "sinh": _small,
    "cosh": _small,
    "tanh": _small,
    "asinh": _right,
    "acosh": _beyond,
    "atanh": _right,
}


@operation("complex")
def join(b: Builder) -> Tensor:
    return call("complex", *pair(b))


@operation("real")
def real(b: Builder) -> Tensor:
    return call("real", _complex(b))


@operation("imag")
def imag(b: Builder) -> Tensor:
    return call("imag", _complex(b))


@operation("complex function")
def function(b: Builder) -> Tensor:
    name = b.choose(list(UNARY))
    return call(name, UNARY[name](b, _complex(b)))


@operation("complex arithmetic")
def arithmetic(b: Builder) -> Tensor:
    z, w = _couple(b)
    name = b.choose(["add", "subtract", "multiply", "divide", "power"])
    if name == "divide":
        return call(name, z, _right(b, w))
    if name == "power":
        whole = cn.asarray(np.asarray(b.choose([-2, -1, 0, 1, 2, 3]), w.dtype))
        return call(name, _right(b, z), whole if b.maybe() else _small(b, w))
    return call(name, z, w)


@operation("complex conversion")
def convert(b: Builder) -> Tensor:
    return call("cast", b.tensor(), dtype=complex_of(b.floating))


@operation("complex choice")
def choose(b: Builder) -> Tensor:
    z, w = _couple(b)
    shape = np.broadcast_shapes(b.shape_of(z), b.shape_of(w))
    return call("where", b.leaf(shape[b.number(0, len(shape)) :], np.dtype(bool)), z, w)


@operation("complex fold")
def fold(b: Builder) -> Tensor | None:
    z = _complex(b, 1)
    axis = b.number(0, z.ndim - 1)
    size = b.shape_of(z)[axis]
    if size > 7:
        return apply(SUM, z, axes=(axis,)) if b.maybe() else None
    name = b.choose([SUM, PRODUCT, CUMULATIVE_SUM, CUMULATIVE_PRODUCT])
    if name in (SUM, PRODUCT):
        return apply(name, z, axes=(axis,))
    return apply(name, z, axis=axis)


@operation("complex dot")
def dot(b: Builder) -> Tensor | None:
    z = _complex(b, 1)
    *lead, size = b.shape_of(z)
    columns = b.number(1, 5)
    if size * columns > MOST_ELEMENTS or np.prod(lead, dtype=np.int64) * columns > MOST_ELEMENTS:
        return None
    real_factor = b.maybe()
    w = b.leaf((size, columns), b.floating if real_factor else z.dtype, known=(1,))
    if real_factor:
        w = call("cast", w, dtype=z.dtype)
    return apply(DOT, z, w, contract=((z.ndim - 1,), (0,)), batch=((), ()))
