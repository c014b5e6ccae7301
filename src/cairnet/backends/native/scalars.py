"""Elementwise primitives as LLVM instructions, on scalars and on vectors alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cairnet.backends.native import mathematics
from cairnet.backends.native.builder import Builder, Value, llvm_type, mangled, vector_of
from cairnet.base.dtypes import is_floating
from cairnet.base.errors import CompileError
from cairnet.tensor.primitives.threefry import PARITY, ROTATIONS

__all__ = ["compute", "convert", "literal"]

DType = np.dtype[Any]


def literal(builder: Builder, value: Any, dtype: DType) -> Value:
    """A constant of a dtype."""
    type_ = llvm_type(dtype)
    if is_floating(dtype):
        return builder.real(float(value), type_)
    return builder.integer(int(value), type_)


def compute(
    builder: Builder, name: str, dtype: DType, operand: DType, arguments: list[Value], word: int = 0
) -> Value:
    """Apply an elementwise primitive.

    Args:
        builder: where to write.
        name: the primitive.
        dtype: element type of the result.
        operand: element type of the (last) operand.
        arguments: values of equal lanes.
        word: which word of a Threefry block.
    """
    if name == "cast":
        return convert(builder, arguments[0], operand, dtype)
    if name == "bitcast":
        return builder.convert("bitcast", arguments[0], llvm_type(dtype))
    if name == "where":
        return builder.select(*arguments)
    if name == "threefry":
        return _threefry(builder, arguments, word)
    rules = _FLOATING if is_floating(operand) else _INTEGER
    rule = rules.get(name)
    if rule is not None:
        return rule(builder, operand, *arguments)
    if is_floating(operand):
        return mathematics.emit(builder, name, *arguments)
    raise CompileError(f"the native compiler has no rule for {name} on {operand.name}")


def convert(builder: Builder, value: Value, source: DType, target: DType) -> Value:
    """Conversion between element types; floats to integers truncate and saturate."""
    if source == target:
        return value
    element = llvm_type(target)
    if target == np.bool_:
        if is_floating(source):
            return builder.compare("fcmp une", value, builder.real(0.0, value.type))
        return builder.compare("icmp ne", value, builder.integer(0, value.type))
    if is_floating(source):
        if is_floating(target):
            wider = target.itemsize > source.itemsize
            return builder.convert("fpext" if wider else "fptrunc", value, element)
        type_ = vector_of(element, value.lanes)
        name = "llvm.fptoui.sat" if target.kind == "u" else "llvm.fptosi.sat"
        return builder.call(type_, f"{name}.{mangled(type_)}.{mangled(value.type)}", value)
    unsigned = source.kind in "ub"
    if is_floating(target):
        return builder.convert("uitofp" if unsigned else "sitofp", value, element)
    if source != np.bool_ and target.itemsize < source.itemsize:
        return builder.convert("trunc", value, element)
    if source != np.bool_ and target.itemsize == source.itemsize:
        return value
    return builder.convert("zext" if unsigned else "sext", value, element)


def _threefry(builder: Builder, arguments: list[Value], word: int) -> Value:
    k0, k1, c0, c1 = arguments
    type_ = k0.type
    parity = builder.integer(PARITY, type_)
    k2 = builder.binary("xor", builder.binary("xor", k0, k1), parity)
    keys = (k0, k1, k2)
    x, y = builder.binary("add", c0, k0), builder.binary("add", c1, k1)
    for group in range(5):
        for rotation in ROTATIONS[group % 2]:
            x = builder.binary("add", x, y)
            count = builder.integer(rotation, type_)
            y = builder.call(type_, f"llvm.fshl.{mangled(type_)}", y, y, count)
            y = builder.binary("xor", x, y)
        x = builder.binary("add", x, keys[(group + 1) % 3])
        y = builder.binary("add", y, keys[(group + 2) % 3])
        y = builder.binary("add", y, builder.integer(group + 1, type_))
    return (x, y)[word]


# -- floating point --------------------------------------------------------------------------------

Rule = Callable[..., Value]


def _instruction(operation: str) -> Rule:
    def rule(builder: Builder, dtype: DType, *arguments: Value) -> Value:
        return builder.binary(operation, *arguments)

    return rule


def _comparison(operation: str) -> Rule:
    def rule(builder: Builder, dtype: DType, *arguments: Value) -> Value:
        return builder.compare(operation, *arguments)

    return rule


def _float_extreme(operation: str) -> Rule:
    def rule(builder: Builder, dtype: DType, a: Value, b: Value) -> Value:
        # A NaN in either operand must come through. A constant is no NaN: one comparison does.
        if not b.name.startswith("%"):
            return builder.select(builder.compare(f"fcmp u{operation}", a, b), a, b)
        if not a.name.startswith("%"):
            return builder.select(builder.compare(f"fcmp u{operation}", b, a), b, a)
        first = builder.compare(f"fcmp o{operation}", a, b)
        is_nan = builder.compare("fcmp uno", a, a)
        return builder.select(builder.binary("or", first, is_nan), a, b)

    return rule


def _float_sign(builder: Builder, dtype: DType, x: Value) -> Value:
    zero = builder.real(0.0, x.type)
    below = builder.compare("fcmp olt", x, zero)
    above = builder.compare("fcmp ogt", x, zero)
    low = builder.select(below, builder.real(-1.0, x.type), x)
    return builder.select(above, builder.real(1.0, x.type), low)


def _float_divmod(builder: Builder, a: Value, b: Value) -> tuple[Value, Value]:
    """Floor division and remainder with the sign of the divisor, as NumPy defines them."""
    zero, one = builder.real(0.0, a.type), builder.real(1.0, a.type)
    rest = builder.binary("frem", a, b)
    quotient = builder.binary("fdiv", builder.binary("fsub", a, rest), b)
    nonzero = builder.compare("fcmp une", rest, zero)
    signs = builder.binary(
        "xor", builder.compare("fcmp olt", b, zero), builder.compare("fcmp olt", rest, zero)
    )
    adjust = builder.binary("and", nonzero, signs)
    rest = builder.select(adjust, builder.binary("fadd", rest, b), rest)
    rest = builder.select(nonzero, rest, builder.intrinsic("copysign", zero, b))
    quotient = builder.select(adjust, builder.binary("fsub", quotient, one), quotient)
    whole = builder.intrinsic("floor", quotient)
    gap = builder.binary("fsub", quotient, whole)
    late = builder.compare("fcmp ogt", gap, builder.real(0.5, a.type))
    whole = builder.select(late, builder.binary("fadd", whole, one), whole)
    ratio = builder.binary("fdiv", a, b)
    whole = builder.select(
        builder.compare("fcmp une", quotient, zero),
        whole,
        builder.intrinsic("copysign", zero, ratio),
    )
    by_zero = builder.compare("fcmp oeq", b, zero)
    return builder.select(by_zero, ratio, whole), rest


_FLOATING: dict[str, Rule] = {
    "add": _instruction("fadd"),
    "subtract": _instruction("fsub"),
    "multiply": _instruction("fmul"),
    "divide": _instruction("fdiv"),
    "negative": lambda builder, dtype, x: builder.negate(x),
    "absolute": lambda builder, dtype, x: builder.intrinsic("fabs", x),
    "sign": _float_sign,
    "relu": lambda builder, dtype, x: _float_extreme("gt")(
        builder, dtype, x, builder.real(0.0, x.type)
    ),
    "maximum": _float_extreme("gt"),
    "minimum": _float_extreme("lt"),
    "floor_divide": lambda builder, dtype, a, b: _float_divmod(builder, a, b)[0],
    "remainder": lambda builder, dtype, a, b: _float_divmod(builder, a, b)[1],
    "equal": _comparison("fcmp oeq"),
    "less": _comparison("fcmp olt"),
    "less_equal": _comparison("fcmp ole"),
}

# -- integers and bool -----------------------------------------------------------------------------


def _signed(dtype: DType) -> bool:
    return dtype.kind == "i"


def _integer_comparison(operation: str) -> Rule:
    def rule(builder: Builder, dtype: DType, a: Value, b: Value) -> Value:
        return builder.compare(f"icmp {'s' if _signed(dtype) else 'u'}{operation}", a, b)

    return rule


def _integer_extreme(operation: str) -> Rule:
    def rule(builder: Builder, dtype: DType, a: Value, b: Value) -> Value:
        if dtype == np.bool_:
            return builder.binary("or" if operation == "max" else "and", a, b)
        return builder.intrinsic(f"{'s' if _signed(dtype) else 'u'}{operation}", a, b)

    return rule


def _integer_divmod(builder: Builder, dtype: DType, a: Value, b: Value) -> tuple[Value, Value]:
    """Floor division and remainder; both 0 for a divisor of 0, and no trap for the least value."""
    zero, one = builder.integer(0, a.type), builder.integer(1, a.type)
    by_zero = builder.compare("icmp eq", b, zero)
    if not _signed(dtype):
        safe = builder.select(by_zero, one, b)
        quotient, rest = builder.binary("udiv", a, safe), builder.binary("urem", a, safe)
    else:
        minus = builder.compare("icmp eq", b, builder.integer(-1, a.type))
        safe = builder.select(builder.binary("or", by_zero, minus), one, b)
        quotient, rest = builder.binary("sdiv", a, safe), builder.binary("srem", a, safe)
        nonzero = builder.compare("icmp ne", rest, zero)
        signs = builder.compare("icmp slt", builder.binary("xor", rest, b), zero)
        adjust = builder.binary("and", nonzero, signs)
        quotient = builder.select(adjust, builder.binary("sub", quotient, one), quotient)
        rest = builder.select(adjust, builder.binary("add", rest, b), rest)
        quotient = builder.select(minus, builder.binary("sub", zero, a), quotient)
        rest = builder.select(minus, zero, rest)
    return builder.select(by_zero, zero, quotient), builder.select(by_zero, zero, rest)


def _integer_sign(builder: Builder, dtype: DType, x: Value) -> Value:
    zero, one = builder.integer(0, x.type), builder.integer(1, x.type)
    nonzero = builder.select(builder.compare("icmp ne", x, zero), one, zero)
    if not _signed(dtype):
        return nonzero
    below = builder.compare("icmp slt", x, zero)
    return builder.select(below, builder.integer(-1, x.type), nonzero)


def _integer_absolute(builder: Builder, dtype: DType, x: Value) -> Value:
    if not _signed(dtype):
        return x
    zero = builder.integer(0, x.type)
    below = builder.compare("icmp slt", x, zero)
    return builder.select(below, builder.binary("sub", zero, x), x)


def _shift(left: bool) -> Rule:
    def rule(builder: Builder, dtype: DType, a: Value, count: Value) -> Value:
        # LLVM leaves a shift by the whole width undefined; NumPy shifts everything out.
        bits = dtype.itemsize * 8
        last = builder.integer(bits - 1, a.type)
        fits = builder.compare("icmp ule", count, last)
        safe = builder.select(fits, count, last)
        if not left and _signed(dtype):
            return builder.binary("ashr", a, safe)
        shifted = builder.binary("shl" if left else "lshr", a, safe)
        return builder.select(fits, shifted, builder.integer(0, a.type))

    return rule


def _integer_power(builder: Builder, dtype: DType, a: Value, b: Value) -> Value:
    """Square and multiply over all bits of the exponent."""
    result, base = builder.integer(1, a.type), a
    one = builder.integer(1, a.type)
    for bit in range(dtype.itemsize * 8 - (1 if _signed(dtype) else 0)):
        taken = builder.binary("and", builder.binary("lshr", b, builder.integer(bit, a.type)), one)
        factor = builder.select(
            builder.compare("icmp ne", taken, builder.integer(0, a.type)), base, one
        )
        result = builder.binary("mul", result, factor)
        base = builder.binary("mul", base, base)
    return result


_INTEGER: dict[str, Rule] = {
    "add": _instruction("add"),
    "subtract": _instruction("sub"),
    "multiply": _instruction("mul"),
    "power": _integer_power,
    "negative": lambda builder, dtype, x: builder.binary("sub", builder.integer(0, x.type), x),
    "absolute": _integer_absolute,
    "sign": _integer_sign,
    "maximum": _integer_extreme("max"),
    "minimum": _integer_extreme("min"),
    "floor_divide": lambda builder, dtype, a, b: _integer_divmod(builder, dtype, a, b)[0],
    "remainder": lambda builder, dtype, a, b: _integer_divmod(builder, dtype, a, b)[1],
    "bitwise_and": _instruction("and"),
    "bitwise_or": _instruction("or"),
    "bitwise_xor": _instruction("xor"),
    "bitwise_not": lambda builder, dtype, x: builder.binary("xor", x, builder.integer(-1, x.type)),
    "shift_left": _shift(left=True),
    "shift_right": _shift(left=False),
    "equal": _comparison("icmp eq"),
    "less": _integer_comparison("lt"),
    "less_equal": _integer_comparison("le"),
}
