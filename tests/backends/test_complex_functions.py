"""Complex functions in machine code against NumPy's: far out, near the poles, on the cuts."""

import functools
import math

import numpy as np
import pytest

import cairnet as cn

NAMES = """
exp expm1 log log1p sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh abs reciprocal
sign
"""
FUNCTIONS = NAMES.split()
INF, NAN = math.inf, math.nan
FINITE = {
    "complex128": (0.0, 1.0, 0.5, 2.0, math.pi / 2, 25.0, 1e-10, 1 + 1e-9, 1e8, 1e-160, 1e160),
    "complex64": (0.0, 1.0, 0.5, 2.0, 1.57, 12.0, 1e-5, 1.0001, 1e4, 1e-18, 1e18),
}


@functools.cache
def both(dtype: str) -> tuple[cn.Function, cn.Function]:
    """All functions at once, on either backend."""
    z = cn.input((None,), dtype)
    results = [getattr(cn, name)(z) for name in FUNCTIONS]
    native, reference = (cn.function([z], results, backend=b) for b in ("native", "reference"))
    return native, reference


def values(dtype: str, points: list[complex], name: str) -> tuple[np.ndarray, np.ndarray]:
    place = FUNCTIONS.index(name)
    ours, theirs = (f(np.array(points, dtype))[place] for f in both(dtype))
    return ours, theirs


def close(ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> np.ndarray:
    """Whether both parts agree, relative to the magnitude; infinities and NaN must be the same."""
    size = np.maximum(np.abs(theirs.real), np.abs(theirs.imag))
    size = np.where(np.isfinite(size), size, 0)

    def agree(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            near = np.abs(x - y) <= tolerance * size
        return near | (x == y) | (np.isnan(x) & np.isnan(y))

    return agree(ours.real, theirs.real) & agree(ours.imag, theirs.imag)


@pytest.mark.parametrize("dtype", FINITE)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_finite_numbers(name: str, dtype: str) -> None:
    parts = [sign * part for part in FINITE[dtype] for sign in (1, -1)]
    points = [complex(a, b) for a in parts for b in parts]
    ours, theirs = values(dtype, points, name)
    wrong = ~close(ours, theirs, 1e-13 if dtype == "complex128" else 2e-5)
    assert not wrong.any(), [(points[i], ours[i], theirs[i]) for i in np.flatnonzero(wrong)]


CUTS = {
    "log": (-2.0,),
    "sqrt": (-2.0,),
    "log1p": (-3.0,),
    "asin": (2.0, -2.0),
    "acos": (2.0, -2.0),
    "atanh": (2.0, -2.0),
    "acosh": (0.5, -2.0),
    "asinh": (2.0j, -2.0j),
    "atan": (2.0j, -2.0j),
}


@pytest.mark.parametrize("name", CUTS)
def test_the_sign_of_zero_says_on_which_side_of_a_cut_a_number_lies(name: str) -> None:
    zeros = (0.0, -0.0)
    points = [
        complex(zero, point.imag) if isinstance(point, complex) else complex(point, zero)
        for point in CUTS[name]
        for zero in zeros
    ]
    ours, theirs = values("complex128", points, name)
    assert close(ours, theirs, 1e-14).all()
    for first, second in zip(ours[::2], ours[1::2], strict=True):
        assert abs(first - second) > 0.5


SPECIAL = {
    "exp": [(INF, 0.0), (INF, 1.0), (-INF, 1.0), (-INF, INF), (-INF, NAN), (0.0, NAN), (NAN, 0.0)],
    "expm1": [(INF, 0.0), (-INF, 1.0), (-INF, INF), (NAN, 0.0), (0.0, NAN)],
    "log": [(0.0, 0.0), (-0.0, 0.0), (INF, 1.0), (-INF, 1.0), (1.0, INF), (INF, NAN), (NAN, 1.0)],
    "sqrt": [(INF, 1.0), (-INF, 1.0), (1.0, INF), (NAN, INF), (INF, NAN), (NAN, 1.0)],
    "sinh": [(INF, 0.0), (INF, 1.0), (-INF, 1.0), (0.0, INF), (NAN, 0.0), (1.0, NAN)],
    "cosh": [(INF, 0.0), (INF, 1.0), (-INF, 1.0), (0.0, INF), (NAN, 0.0), (1.0, NAN)],
    "tanh": [(INF, 1.0), (-INF, 1.0), (INF, INF), (INF, NAN), (1.0, INF), (NAN, 0.0)],
    "asin": [(INF, 1.0), (1.0, INF), (NAN, 1.0), (1.0, NAN)],
    "acos": [(INF, 1.0), (-INF, 1.0), (1.0, INF), (NAN, 1.0)],
    "asinh": [(INF, 1.0), (1.0, INF), (NAN, 1.0)],
    "acosh": [(INF, 1.0), (-INF, 1.0), (1.0, INF), (NAN, 1.0)],
    "atanh": [(1.0, 0.0), (-1.0, 0.0), (INF, 1.0), (1.0, INF), (NAN, 1.0)],
    "abs": [(INF, NAN), (NAN, INF), (NAN, 1.0), (-INF, 1.0)],
    "reciprocal": [(0.0, 0.0), (INF, 1.0), (1.0, INF), (NAN, 1.0)],
}


@pytest.mark.parametrize("name", SPECIAL)
def test_infinities_and_nan(name: str) -> None:
    points = [complex(*parts) for parts in SPECIAL[name]]
    ours, theirs = values("complex128", points, name)
    wrong = ~close(ours, theirs, 1e-14)
    assert not wrong.any(), [(points[i], ours[i], theirs[i]) for i in np.flatnonzero(wrong)]


def test_quotients_do_not_overflow_in_between() -> None:
    z, w = (cn.input((None,), "complex128") for _ in range(2))
    first = np.array([1e300 + 1e300j, 1e-300 - 2e-300j, 1 + 2j, 3j, 1 + 1j])
    second = np.array([2e300 - 1e299j, 1e-300 + 1e-301j, 1e-200j, 1e200 + 1j, 0])
    found = cn.function([z, w], z / w, backend="native")(first, second)
    with np.errstate(all="ignore"):
        assert close(found, first / second, 1e-14).all()
