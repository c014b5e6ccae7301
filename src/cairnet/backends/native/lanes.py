"""Arithmetic on float lanes: the operations in which the elementary functions are written.

Every operation is one LLVM instruction or intrinsic that IEEE 754 defines to the last bit, on
scalars as on vectors of any length. So a formula gives the same bits for an element wherever the
vectoriser has put it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from cairnet.backends.native.builder import Builder, Value, vector_of

__all__ = ["Lanes"]

# Up to here a polynomial is one chain; a longer one is two chains that run side by side.
_LONGEST_CHAIN = 7


class Lanes:
    """The operations for one type of lanes.

    Args:
        builder: the function being written.
        type_: "float", "double" or a vector of them.
    """

    def __init__(self, builder: Builder, type_: str) -> None:
        shape = Value(type_, "")
        self.builder = builder
        self.type = type_
        self.element = shape.element
        self.count = shape.lanes
        single = self.element == "float"
        self.word = vector_of("i32" if single else "i64", self.count)
        self.fraction_bits = 23 if single else 52
        self.sign_bit = 31 if single else 63
        self.bias = 127 if single else 1023
        # Added to a number below 2^21 (2^50), this leaves the nearest integer in the low bits.
        self.magic = 1.5 * 2.0**self.fraction_bits
        self.smallest_normal = 2.0 ** (1 - self.bias)

    # -- constants -----------------------------------------------------------------------------

    def real(self, value: float) -> Value:
        """A constant in every lane."""
        return self.builder.real(value, self.type)

    def whole(self, value: int) -> Value:
        """An integer constant, as wide as the float, in every lane."""
        return self.builder.integer(value, self.word)

    def pattern(self, value: float) -> int:
        """The bits of a constant."""
        single = self.element == "float"
        stored = struct.pack("<f" if single else "<d", value)
        return int.from_bytes(stored, "little")

    # -- arithmetic ----------------------------------------------------------------------------

    def add(self, a: Value, b: Value) -> Value:
        """a + b."""
        return self.builder.binary("fadd", a, b)

    def subtract(self, a: Value, b: Value) -> Value:
        """a - b."""
        return self.builder.binary("fsub", a, b)

    def multiply(self, a: Value, b: Value) -> Value:
        """a·b."""
        return self.builder.binary("fmul", a, b)

    def divide(self, a: Value, b: Value) -> Value:
        """a/b."""
        return self.builder.binary("fdiv", a, b)

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """a·b + c, rounded once."""
        return self.builder.intrinsic("fma", a, b, c)

    def negate(self, a: Value) -> Value:
        """-a."""
        return self.builder.negate(a)

    def absolute(self, a: Value) -> Value:
        """|a|."""
        return self.builder.intrinsic("fabs", a)

    def with_sign(self, a: Value, sign: Value) -> Value:
        """|a| with the sign of the other, which hands on the sign of a zero."""
        return self.builder.intrinsic("copysign", a, sign)

    def at_least(self, a: Value, low: float) -> Value:
        """max(a, low); a NaN stays."""
        return self.builder.select(self.compare("olt", a, low), self.real(low), a)

    def at_most(self, a: Value, high: float) -> Value:
        """min(a, high); a NaN stays."""
        return self.builder.select(self.compare("ogt", a, high), self.real(high), a)

    def compare(self, relation: str, a: Value, b: float) -> Value:
        """A comparison with a constant; the relations that begin with o are false for a NaN."""
        return self.builder.compare(f"fcmp {relation}", a, self.real(b))

    def choose(self, condition: Value, a: Value | float, b: Value | float) -> Value:
        """`a` in the lanes where the condition holds, `b` in the others."""
        first = self.real(a) if isinstance(a, float) else a
        second = self.real(b) if isinstance(b, float) else b
        return self.builder.select(condition, first, second)

    def polynomial(self, x: Value, coefficients: Sequence[float]) -> Value:
        """c0 + c1·x + c2·x² + …

        Horner's rule is a chain in which each step waits for the one before; a long polynomial
        is E(x²) + x·O(x²), two chains of half the length for two instructions more.
        """
        if len(coefficients) > _LONGEST_CHAIN:
            square = self.multiply(x, x)
            even = self._chain(square, coefficients[::2])
            odd = self._chain(square, coefficients[1::2])
            return self.fma(odd, x, even)
        return self._chain(x, coefficients)

    def _chain(self, x: Value, coefficients: Sequence[float]) -> Value:
        result = self.real(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            result = self.fma(result, x, self.real(coefficient))
        return result

    # -- bits ----------------------------------------------------------------------------------

    def bits(self, a: Value) -> Value:
        """The float's bits as an integer."""
        return self.builder.convert("bitcast", a, Value(self.word, "").element)

    def from_bits(self, a: Value) -> Value:
        """The float that has these bits."""
        return self.builder.convert("bitcast", a, self.element)

    def integer(self, operation: str, a: Value, b: int | Value) -> Value:
        """An integer instruction, with a constant or another value."""
        return self.builder.binary(operation, a, self.whole(b) if isinstance(b, int) else b)

    def raise_exponent(self, a: Value, shifted: Value) -> Value:
        """a·2^n for normal numbers, n given in the place of the exponent."""
        return self.from_bits(self.integer("add", self.bits(a), shifted))

    # -- control -------------------------------------------------------------------------------

    def unless_any(self, condition: Value, value: Value, remedy: Callable[[], Value]) -> Value:
        """`value`, but `remedy()` in the lanes where a rare condition holds.

        The remedy runs only if there is such a lane.
        """
        builder = self.builder
        rare = condition
        if self.count > 1:
            mask = builder.emit(
                f"i{self.count}",
                f"bitcast {condition.type} {condition.name} to i{self.count}",
            )
            rare = builder.compare("icmp ne", mask, builder.integer(0, mask.type))
        before = builder.block
        aside, onward = builder.fresh("rare"), builder.fresh("usual")
        builder.branch_if(rare, aside, onward)
        builder.label(aside)
        mended = self.choose(condition, remedy(), value)
        last = builder.block
        builder.branch(onward)
        builder.label(onward)
        return builder.emit(
            self.type, f"phi {self.type} [ {value.name}, %{before} ], [ {mended.name}, %{last} ]"
        )
