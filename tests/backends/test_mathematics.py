"""The elementary functions: accuracy over all magnitudes, edges, and bits that depend on nothing.

References are NumPy's functions in a wider type, where errors of the last place do not show:
float64 for float32, and the long double of x86 for float64.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import erf

from cairnet.backends.native import jit, mathematics
from cairnet.backends.native.builder import Builder, Value, vector_of
from cairnet.backends.native.machine import Machine, for_target, host, restricted
from cairnet.base.errors import CompileError
from cairnet.tensor.primitives.elementwise import ELEMENTWISE

INF, NAN = np.inf, np.nan
ELEMENT = {np.float32: "float", np.float64: "double"}
HAS_LONG_DOUBLE = np.finfo(np.longdouble).nmant >= 63


def kernel(name: str, element: str, lanes: int, arguments: int) -> str:
    """A function of arrays: out[i] = name(in[i], …)."""
    pointers = [("ptr", f"in{i}") for i in range(arguments)]
    builder = Builder("apply", [*pointers, ("ptr", "out"), ("i64", "count")])
    type_ = vector_of(element, lanes)
    with builder.loop(builder.integer(0), Value("i64", "%count"), lanes) as i:
        values = [
            builder.load(type_, builder.offset(Value("ptr", f"%in{k}"), element, i), 4)
            for k in range(arguments)
        ]
        result = mathematics.emit(builder, name, *values)
        builder.store(result, builder.offset(Value("ptr", "%out"), element, i), 4)
    builder.line("ret void")
    return "\n".join([*sorted(builder.declarations), builder.text()])


def compiled(
    name: str, dtype: type, lanes: int = 8, machine: Machine | None = None
) -> Callable[..., np.ndarray]:
    arguments = 2 if name in {"power", "atan2"} else 1
    text = kernel(name, ELEMENT[dtype], lanes, arguments)
    library = jit.load(jit.compile_module(text, machine or host()))
    pointers = [ctypes.c_void_p] * (arguments + 1)
    function = ctypes.CFUNCTYPE(None, *pointers, ctypes.c_int64)(library.address("apply"))

    def call(*inputs: np.ndarray) -> np.ndarray:
        count = len(inputs[0])
        padded = [np.resize(np.asarray(x, dtype), count + -count % lanes) for x in inputs]
        out = np.empty_like(padded[0])
        function(*(x.ctypes.data for x in padded), out.ctypes.data, len(out))
        assert library.name  # the closure holds the library
        return out[:count]

    return call


def sigmoid(x: np.ndarray) -> np.ndarray:
    decay = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + decay), decay / (1 + decay))


def softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


REFERENCES: dict[str, Callable[..., np.ndarray]] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "tanh": np.tanh,
    "erf": erf,
    "sin": np.sin,
    "cos": np.cos,
    "sqrt": np.sqrt,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.round,
    "trunc": np.trunc,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
}
# Largest errors measured, over every 61st float32 and ten million float64 arguments, rounded up, in
# units in the last place.
LIMITS = {
    "exp": 1.2,
    "expm1": 2.4,
    "log": 1.3,
    "log1p": 1.7,
    "sigmoid": 2.7,
    "softplus": 2.9,
    "tanh": 2.7,
    "erf": 2.7,
    "sin": 2.2,
    "cos": 2.2,
}
LIBRARY_LIMIT = 3.0


def errors(got: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Distances from the exact values in units in the last place; ∞ for a wrong NaN or ∞."""
    dtype = got.dtype
    nearest = exact.astype(dtype)
    top = np.finfo(dtype).max
    unit = np.spacing(np.minimum(np.abs(nearest), top)).astype(exact.dtype)
    distance = np.abs(got.astype(exact.dtype) - exact) / unit
    agree = (got == nearest) | (np.isnan(got) & np.isnan(nearest))
    distance[agree & ~np.isfinite(distance)] = 0
    distance[np.isnan(distance)] = INF
    return distance


def magnitudes(dtype: type, count: int) -> np.ndarray:
    """Patterns of bits: every exponent, both signs, subnormal numbers, infinities and NaNs."""
    random = np.random.default_rng(7)
    if dtype is np.float32:
        return random.integers(0, 2**32, count, dtype=np.uint32).view(np.float32)
    return random.integers(0, 2**64, count, dtype=np.uint64).view(np.float64)


def arguments(dtype: type) -> np.ndarray:
    """Numbers of every magnitude, and many where the functions change."""
    random = np.random.default_rng(11)
    near = [random.normal(0, scale, 40_000) for scale in (0.01, 0.5, 3, 20, 300)]
    edges = [0.0, -0.0, 1, -1, INF, -INF, NAN, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.9375, -0.9375]
    edges += [88.72, 88.73, 89, -87.3, -87.4, -103.9, -104, 709.7, 709.8, -708.4, -745.1, -745.2]
    edges += [1e-45, -1e-45, 1e-40, 5e-324, -5e-324, 1e-310, 3.4e38, -3.4e38, 1.7e308, 2**16, 2**24]
    turns = np.arange(-20_000, 20_000) * (np.pi / 2)
    one = 1 + random.normal(0, 1e-3, 40_000)
    with np.errstate(all="ignore"):  # the largest are infinities in float32
        together = [np.array(edges), *near, turns, one, -one, magnitudes(np.float64, 200_000)]
        return np.concatenate([*(x.astype(dtype) for x in together), magnitudes(dtype, 200_000)])


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_accuracy(name: str, dtype: type) -> None:
    if dtype is np.float64 and not HAS_LONG_DOUBLE:
        pytest.skip("no wider type to compare with")
    x = arguments(dtype)
    wide = np.float64 if dtype is np.float32 or name == "erf" else np.longdouble
    with np.errstate(all="ignore"):
        exact = REFERENCES[name](x.astype(wide))
        got = compiled(name, dtype)(x)
        distance = errors(got, exact)
    worst = int(np.argmax(distance))
    limit = LIMITS.get(name, LIBRARY_LIMIT)
    if wide == dtype:
        limit += 2  # the reference has errors of its own
    assert distance[worst] <= limit, (x[worst], got[worst], exact[worst])
    signs = np.signbit(got) != np.signbit(exact)
    assert not np.any(signs & ~np.isnan(got)), x[signs][:5]


@pytest.mark.slow
@pytest.mark.parametrize("name", LIMITS)
def test_accuracy_on_every_61st_float32(name: str) -> None:
    function = compiled(name, np.float32, 16)
    for start in range(0, 2**32, 2**26):
        x = np.arange(start, start + 2**26, 61, dtype=np.uint32).view(np.float32)
        with np.errstate(all="ignore"):
            distance = errors(function(x), REFERENCES[name](x.astype(np.float64)))
        worst = int(np.argmax(distance))
        assert distance[worst] <= LIMITS[name], (x[worst], distance[worst])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_power(dtype: type) -> None:
    special = [0.0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, INF, -INF, NAN, 1e-45, 3.4e38, 2.5]
    special += [-2.5, 1 / 3, 16777215, -16777215, 16777216, 33554433, 150, -150, 1 - 2**-24]
    x, y = (grid.ravel() for grid in np.meshgrid(special, special))
    random = np.random.default_rng(3)
    x = np.concatenate([x, np.exp(random.normal(0, 4, 50_000)), random.uniform(-20, 20, 50_000)])
    whole = np.round(random.uniform(-30, 30, 50_000))
    y = np.concatenate([y, random.normal(0, 6, 50_000), whole])
    x, y = x.astype(dtype), y.astype(dtype)
    wide = np.longdouble if HAS_LONG_DOUBLE else np.float64
    with np.errstate(all="ignore"):
        exact = np.power(x.astype(wide), y.astype(wide))
        distance = errors(compiled("power", dtype)(x, y), exact)
    worst = int(np.argmax(distance))
    assert distance[worst] <= 1.1, (x[worst], y[worst])


def test_atan2() -> None:
    special = np.array([0.0, -0.0, 1, -1, INF, -INF, NAN, 1e-45, 3])
    y, x = (grid.ravel() for grid in np.meshgrid(special, special))
    got = compiled("atan2", np.float64)(y, x)
    np.testing.assert_allclose(got, np.arctan2(y, x), rtol=1e-15)
    assert np.array_equal(
        np.signbit(got)[~np.isnan(got)], np.signbit(np.arctan2(y, x))[~np.isnan(got)]
    )


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_bounds_that_formulas_rely_on(name: str) -> None:
    x = arguments(np.float32)
    x = x[~np.isnan(x)]
    got = compiled(name, np.float32)(x)
    if name in {"tanh", "erf", "sin", "cos"}:
        assert np.all(np.abs(got[np.isfinite(x)]) <= 1)
    if name in {"sigmoid", "exp", "softplus"}:
        assert np.all(got >= 0)
    if name == "sigmoid":
        assert np.all(got <= 1)


@pytest.mark.parametrize("name", mathematics.supported())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bits_depend_neither_on_length_of_vector_nor_on_place_in_it(name: str, dtype: type) -> None:
    x = np.concatenate([arguments(dtype)[:60], arguments(dtype)[60::9973]])
    inputs = [x, x[::-1]] if name in {"power", "atan2"} else [x]
    expected = compiled(name, dtype, 1)(*inputs)
    for lanes in (3, 4, 8, 32):
        # Turned by one, so that every element is in another lane than its number says.
        got = compiled(name, dtype, lanes)(*(np.roll(part, 1) for part in inputs))
        assert same_bits(np.roll(got, -1), expected), lanes


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    numbers = ~(np.isnan(a) & np.isnan(b))
    return a[numbers].tobytes() == b[numbers].tobytes()


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_bits_do_not_depend_on_the_instruction_set(name: str) -> None:
    for dtype in (np.float32, np.float64):
        x = arguments(dtype)[::53]
        expected = compiled(name, dtype)(x)
        for limit in ("avx2", "sse"):
            assert same_bits(compiled(name, dtype, 8, restricted(limit))(x), expected), limit


@pytest.mark.parametrize("name", mathematics.supported())
def test_other_architectures_have_every_function(name: str) -> None:
    arguments = 2 if name in {"power", "atan2"} else 1
    for element, lanes in (("float", 4), ("double", 2), ("float", 1)):
        assert jit.compile_module(kernel(name, element, lanes, arguments), for_target("aarch64"))


def test_the_frequent_functions_are_written_without_calls() -> None:
    for name in sorted(set(LIMITS) - {"sin", "cos"}):
        text = jit.assembly(kernel(name, "float", 8, 1), host())
        assert "call" not in text, name


def test_every_float_primitive_of_the_table_is_supported() -> None:
    # An instruction of its own, and what no pass after the first one knows.
    arithmetic = {"divide", "complex"}
    floating = {
        name
        for name, primitive in ELEMENTWISE.items()
        if getattr(primitive, "kinds", ()) == ("floating",)
    }
    assert floating - arithmetic <= set(mathematics.supported())


def test_unknown_functions_and_types_are_refused() -> None:
    builder = Builder("f", [])
    with pytest.raises(CompileError, match="no elementary function is named 'gamma'"):
        mathematics.emit(builder, "gamma", Value("float", "%x"))
    with pytest.raises(CompileError, match="only float and double"):
        mathematics.emit(builder, "exp", Value("i32", "%x"))
