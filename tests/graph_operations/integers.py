"""Integers, bools, bits and conversions."""

from __future__ import annotations

import numpy as np
from tests.graph_operations.registry import (
    BOOL,
    OPERATIONS,
    UINT32,
    Operation,
    call,
    filled,
    off_corners,
    operation,
)
from tests.graphs import INTEGERS, Builder

from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import ELEMENTWISE


def _integer_pair(b: Builder) -> tuple[Tensor, Tensor]:
    x = b.tensor(b.choose(INTEGERS))
    return x, b.partner(x)


def _integer(name: str) -> Operation:
    return lambda b: call(name, *_integer_pair(b))


for _name in ("add", "subtract", "multiply", "maximum", "minimum", "equal", "less", "less_equal"):
    OPERATIONS[f"integer {_name}"] = _integer(_name)
for _name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    OPERATIONS[_name] = _integer(_name)


def _integer_division(name: str) -> Operation:
    def build(b: Builder) -> Tensor:
        x, y = _integer_pair(b)
        return call(name, x, call("bitwise_or", call("bitwise_and", y, filled(y, 7)), filled(y, 1)))

    return build


for _name in ("floor_divide", "remainder"):
    OPERATIONS[f"integer {_name}"] = _integer_division(_name)


def _integer_by_few(name: str) -> Operation:
    def build(b: Builder) -> Tensor:
        x, y = _integer_pair(b)
        return call(name, x, call("bitwise_and", y, filled(y, 3)))

    return build


for _name in ("power", "shift_left", "shift_right"):
    OPERATIONS[f"integer {_name}"] = _integer_by_few(_name)


@operation("bitwise_not")
def bitwise_not(b: Builder) -> Tensor:
    return call("bitwise_not", b.tensor(b.choose([BOOL, *INTEGERS])))


@operation("integer signs")
def integer_signs(b: Builder) -> Tensor:
    return call(b.choose(["negative", "absolute", "sign"]), b.tensor(b.choose(INTEGERS)))


@operation("logic")
def logic(b: Builder) -> Tensor:
    x = b.tensor(BOOL)
    names = ["bitwise_and", "bitwise_or", "bitwise_xor", "equal"]
    return call(b.choose(names), x, b.partner(x))


@operation("cast")
def cast(b: Builder) -> Tensor | None:
    dtype = b.choose([BOOL, *INTEGERS, np.dtype(np.float32), np.dtype(np.float64)])
    x = b.tensor(b.choose([BOOL, b.choose(INTEGERS), b.floating]))
    if x.dtype.kind == "f" and dtype.kind != "f":
        prepared = off_corners(b, x)
        if prepared is None:
            return None
        x = prepared * prepared if dtype.kind == "u" else prepared
        if b.value(x).size and np.abs(b.value(x)).max() > 100:
            return None
    if x.dtype.kind == "f" and dtype.kind == "u" and off_corners(b, x) is None:
        return None
    result = apply(ELEMENTWISE["cast"], x, dtype=dtype)
    # A graph has one floating dtype, so that its pieces fit together.
    if dtype.kind == "f" and dtype != b.floating:
        b.value(result)
        return apply(ELEMENTWISE["cast"], result, dtype=b.floating)
    return result


@operation("bitcast")
def bitcast(b: Builder) -> Tensor:
    dtype = b.choose(INTEGERS)
    other = np.dtype(("u" if dtype.kind == "i" else "") + f"int{8 * dtype.itemsize}")
    return apply(ELEMENTWISE["bitcast"], b.tensor(dtype), dtype=other)


@operation("threefry")
def threefry(b: Builder) -> Tensor:
    x = b.tensor(UINT32)
    words = [b.partner(x) for _ in range(3)]
    return call("threefry", x, *words, word=b.number(0, 1))
