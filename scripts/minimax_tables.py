"""Compute the coefficients in src/cairnet/backends/native/minimax.py and print that module.

    python scripts/minimax_tables.py > src/cairnet/backends/native/minimax.py

Needs mpmath. The polynomials come from the exchange algorithm of E. Ya. Remez (1934).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from mpmath import (
    atanh,
    cos,
    erf,
    erfc,
    expm1,
    log,
    log1p,
    lu_solve,
    matrix,
    mp,
    mpf,
    pi,
    polyval,
    sin,
    sqrt,
)

Function = Callable[[mpf], mpf]
mp.prec = 300
TINY = mpf("1e-40")
ERF_BOUNDARY = mpf("0.9375")


def rounded(value: mpf, dtype: str) -> mpf:
    """The nearest float32 or float64."""
    return mpf(float(value)) if dtype == "float64" else mpf(float(np.float32(float(value))))


def evaluate(coefficients: Sequence[mpf], x: mpf) -> mpf:
    """The value of a polynomial, its coefficients lowest power first."""
    return polyval(list(reversed(coefficients)), x)


def chebyshev(low: mpf, high: mpf, count: int) -> list[mpf]:
    """Points of an interval that crowd at its ends, these included."""
    return [(low + high) / 2 - (high - low) / 2 * cos(pi * i / (count - 1)) for i in range(count)]


def remez(f: Function, weight: Function, interval: tuple[mpf, mpf], degree: int) -> list[mpf]:
    """The polynomial with the least max |(p - f)·weight|."""

    def floored(x: mpf) -> mpf:  # where the weight vanishes the equations would be singular
        return max(weight(x), mpf("1e-18"))

    points = chebyshev(*interval, degree + 2)
    grid = chebyshev(*interval, 40 * (degree + 2))
    known = [(f(x), floored(x)) for x in grid]
    best: list[mpf] = []
    smallest = mpf("inf")
    for _ in range(30):
        size = len(points)
        system, right = matrix(size, size), matrix(size, 1)
        for row, x in enumerate(points):
            for power in range(degree + 1):
                system[row, power] = x**power
            system[row, size - 1] = (-1) ** row / floored(x)
            right[row] = f(x)
        solution = lu_solve(system, right)
        coefficients = [solution[i] for i in range(degree + 1)]
        errors = [
            (evaluate(coefficients, x) - value) * w
            for x, (value, w) in zip(grid, known, strict=True)
        ]
        largest = max(abs(error) for error in errors)
        if largest < smallest:
            best, smallest = coefficients, largest
        extrema = alternating_extrema(errors)
        if len(extrema) < size:
            break
        while len(extrema) > size:
            extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
        points = [grid[i] for i in extrema]
        if largest < mpf("1.001") * min(abs(errors[i]) for i in extrema):
            break
    return best


def alternating_extrema(errors: Sequence[mpf]) -> list[int]:
    """The place of the largest error in each run of one sign."""
    places, best = [], 0
    for i in range(1, len(errors)):
        if (errors[i] > 0) != (errors[best] > 0):
            places.append(best)
            best = i
        elif abs(errors[i]) > abs(errors[best]):
            best = i
    return [*places, best]


def rounded_polynomial(
    f: Function,
    weight: Function,
    interval: tuple[mpf, mpf],
    degree: int,
    dtype: str,
) -> list[mpf]:
    """A minimax polynomial, its coefficients rounded to the type."""
    return [rounded(value, dtype) for value in remez(f, weight, interval, degree)]


# -- the functions, in the form that the kernels evaluate -----------------------------------------


def exponential_tail(r: mpf) -> mpf:
    """(e^r - 1 - r) / r²."""
    return (expm1(r) - r) / r**2 if abs(r) > TINY else mpf(1) / 2


def logarithm_tail(f: mpf) -> mpf:
    """(log(1 + f) - f) / f²."""
    return (log1p(f) - f) / f**2 if abs(f) > TINY else -mpf(1) / 2


def area_tail(t: mpf) -> mpf:
    """(2 artanh(s) - 2s) / s³ at s = √t."""
    return (2 * atanh(sqrt(t)) / sqrt(t) - 2) / t if t > TINY else mpf(2) / 3


def sine_tail(t: mpf) -> mpf:
    """(sin(r) - r) / r³ at r = √t."""
    return (sin(sqrt(t)) / sqrt(t) - 1) / t if t > TINY else -mpf(1) / 6


def erf_near(t: mpf) -> mpf:
    """erf(x) / x at x = √t."""
    return erf(sqrt(t)) / sqrt(t) if t > TINY else 2 / sqrt(pi)


def erf_far(middle: mpf) -> Function:
    """log(1 - erf(x)) + x² at x = middle + y."""
    return lambda y: log(erfc(middle + y)) + (middle + y) ** 2


def tables(dtype: str) -> dict[str, list[mpf]]:
    """Every coefficient of one floating type."""
    single = dtype == "float32"
    half_log2 = log(mpf(2)) / 2 * mpf("1.0003")
    root = (sqrt(mpf(1) / 2) - 1, sqrt(mpf(2)) - 1)
    reach = (pi / 2 + mpf("0.003")) ** 2
    result = {
        "exponential": rounded_polynomial(
            exponential_tail,
            lambda r: r**2 / abs(expm1(r)) if r else mpf(0),
            (-half_log2, half_log2),
            4 if single else 9,
            dtype,
        ),
        "sine": rounded_polynomial(
            sine_tail,
            lambda t: t / (1 + t * sine_tail(t)),
            (mpf(0), reach),
            3 if single else 7,
            dtype,
        ),
        "area_wide": rounded_polynomial(
            area_tail,
            lambda t: t / (2 + t * area_tail(t)),
            (mpf(0), mpf(1) / 9 * mpf("1.0001")),
            3 if single else 9,
            dtype,
        ),
    }
    if single:
        result["logarithm"] = rounded_polynomial(
            logarithm_tail, lambda f: f**2 / abs(log1p(f)) if f else mpf(0), root, 7, dtype
        )
    else:
        result["logarithm"] = rounded_polynomial(
            area_tail,
            lambda t: t / (2 + t * area_tail(t)),
            (mpf(0), (3 - 2 * sqrt(mpf(2))) ** 2 * mpf("1.0001")),
            6,
            dtype,
        )
    end = mpf("3.93") if single else mpf("5.95")
    middle, half = (end + ERF_BOUNDARY) / 2, (end - ERF_BOUNDARY) / 2
    result["erf_near"] = rounded_polynomial(
        erf_near,
        lambda t: 1 / erf_near(t),
        (mpf(0), ERF_BOUNDARY**2),
        5 if single else 12,
        dtype,
    )
    result["erf_far"] = rounded_polynomial(
        erf_far(rounded(middle, dtype)),
        lambda y: erfc(middle + y) / erf(middle + y),
        (-half, half),
        6 if single else 18,
        dtype,
    )
    result["erf_middle"] = [rounded(middle, dtype)]
    return result


def main() -> None:
    """Print the module."""
    print('"""Coefficients of minimax polynomials, made by scripts/minimax_tables.py."""\n')
    print("from __future__ import annotations\n")
    print('__all__ = ["TABLES"]\n')
    print("# By LLVM type and name; lowest power first.")
    print("TABLES: dict[str, dict[str, tuple[float, ...]]] = {")
    for type_, dtype in (("float", "float32"), ("double", "float64")):
        print(f'    "{type_}": {{')
        for name, values in tables(dtype).items():
            print(f'        "{name}": (')
            for value in values:
                print(f"            {float(value)!r},")
            print("        ),")
        print("    },")
    print("}")


if __name__ == "__main__":
    main()
