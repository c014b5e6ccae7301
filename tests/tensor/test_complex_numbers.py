"""Complex numbers in the functions of the standard: values, conversions, refusals, gradients."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base import DTypeError

RNG = np.random.default_rng(3)
Z = RNG.standard_normal((3, 4)) + 1j * RNG.standard_normal((3, 4))
W = RNG.standard_normal((3, 4)) + 1j * RNG.standard_normal((3, 4))
INF, NAN = float("inf"), float("nan")

VALUES: dict[str, tuple[Callable[..., Any], Any]] = {
    "abs": (cn.abs, np.abs(Z)),
    "sign": (cn.sign, Z / np.abs(Z)),
    "round": (lambda z: cn.round(z * 3), np.round(Z * 3)),
    "square": (cn.square, Z * Z),
    "reciprocal": (cn.reciprocal, 1 / Z),
    "conj": (cn.conj, Z.conj()),
    "log2": (cn.log2, np.log2(Z)),
    "log10": (cn.log10, np.log10(Z)),
    "positive": (cn.positive, Z),
    "sum": (cn.sum, Z.sum()),
    "mean": (lambda z: cn.mean(z, axis=1), Z.mean(1)),
    "prod": (lambda z: cn.prod(z, axis=0, keepdims=True), Z.prod(0, keepdims=True)),
    "cumulative_prod": (lambda z: cn.cumulative_prod(z, axis=1), Z.cumprod(1)),
    "count_nonzero": (lambda z: cn.count_nonzero(cn.triu(z)), 9),
    "matmul": (lambda z: z @ W.T, Z @ W.T),
    "tensordot": (lambda z: cn.tensordot(z, W, axes=2), np.tensordot(Z, W)),
    "vecdot takes the conjugate": (lambda z: cn.vecdot(z, W), np.vecdot(Z, W)),
    "einsum": (lambda z: cn.einsum("ij,kj->ik", z, W), np.einsum("ij,kj->ik", Z, W)),
    "where": (lambda z: cn.where(cn.real(z) > 0, z, 1.5), np.where(Z.real > 0, Z, 1.5)),
    "not_equal": (lambda z: z != W, Z != W),
    "triu": (cn.triu, np.triu(Z)),
    "diff": (cn.diff, np.diff(Z)),
    "take": (lambda z: cn.take(z, [2, 0], axis=1), Z[:, [2, 0]]),
    "index": (lambda z: z[1:, ::-2], Z[1:, ::-2]),
    "roll": (lambda z: cn.roll(z, 2, axis=1), np.roll(Z, 2, 1)),
    "stack": (lambda z: cn.stack([z, z * 1j]), np.stack([Z, Z * 1j])),
    "astype": (lambda z: cn.astype(z, "complex64"), Z.astype("complex64")),
    "to bool": (lambda z: cn.astype(z - Z[0, 0], "bool"), np.not_equal(Z, Z[0, 0])),
    "unique_values": (cn.unique_values, np.unique(Z)),
    "full_like": (lambda z: cn.full_like(z, 2j), np.full_like(Z, 2j)),
    "eye": (lambda z: cn.eye(3, dtype=z.dtype), np.eye(3, dtype=complex)),
    "linspace": (lambda z: cn.linspace(0, 1 + 1j, 3, dtype=z.dtype), [0, 0.5 + 0.5j, 1 + 1j]),
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name: str) -> None:
    function, expected = VALUES[name]
    found, wanted = function(cn.asarray(Z)).numpy(), np.asarray(expected)
    assert found.dtype == wanted.dtype
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_infinite_parts_and_nan() -> None:
    z = cn.complex([1.0, INF, NAN, 3.0, NAN], [2.0, NAN, 1.0, -INF, INF])
    assert cn.isfinite(z).tolist() == [True, False, False, False, False]
    assert cn.isinf(z).tolist() == [False, True, False, True, True]
    assert cn.isnan(z).tolist() == [False, True, True, False, True]
    assert cn.isfinite(cn.complex(3e38, 3e38)).item() is True
    assert cn.sign(cn.asarray(0j)).item() == 0


def test_parts_of_real_numbers() -> None:
    x = cn.asarray([1.0, -2.0])
    assert cn.real(x) is x
    assert cn.conj(x) is x
    assert cn.imag(x).tolist() == [0.0, 0.0]


def test_what_a_complex_tensor_becomes_in_python() -> None:
    z = cn.asarray(1 - 2j)
    assert complex(z) == z.item() == 1 - 2j
    assert z.tolist() == 1 - 2j
    assert bool(z)
    assert repr(cn.asarray([1j])) == "Tensor([0.+1.j], dtype=complex64)"
    assert np.asarray(z).dtype == np.complex64
    for convert in (float, int):
        with pytest.raises(TypeError, match=r"complex64 tensor is no real number.*cn\.abs"):
            convert(z)


def test_a_variable_keeps_its_kind() -> None:
    v = cn.Variable([1.0, 2j])
    v.assign([3.0, 4.0])
    assert v.tolist() == [3, 4]
    with pytest.raises(DTypeError, match="expected float32, got complex"):
        cn.Variable([1.0, 2.0]).assign([1j, 2.0])


REFUSED: dict[str, Callable[[Any], Any]] = {
    "less": lambda z: z < z,
    "greater_equal": lambda z: z >= 1.0,
    "maximum": lambda z: cn.maximum(z, z),
    "max": cn.max,
    "argmin": cn.argmin,
    "sort": cn.sort,
    "argsort": cn.argsort,
    "searchsorted": lambda z: cn.searchsorted(z[0], z[0]),
    "clip": lambda z: cn.clip(z, 0.0, 1.0),
    "floor": cn.floor,
    "trunc": cn.trunc,
    "floor_divide": lambda z: z // z,
    "remainder": lambda z: z % z,
    "atan2": lambda z: cn.atan2(z, z),
    "hypot": lambda z: cn.hypot(z, z),
    "signbit": cn.signbit,
    "var": cn.var,
    "logaddexp": lambda z: cn.logaddexp(z, z),
    "relu": cn.relu,
    "sigmoid": cn.sigmoid,
    "softmax": cn.softmax,
    "erf": cn.erf,
    "max_pool": lambda z: cn.max_pool(cn.reshape(z, (1, 3, 4, 1)), 2),
    "avg_pool": lambda z: cn.avg_pool(cn.reshape(z, (1, 3, 4, 1)), 2),
}


@pytest.mark.parametrize("name", REFUSED)
def test_functions_of_real_numbers_refuse_complex_ones(name: str) -> None:
    words = rf"{name}, at .*test_complex_numbers\.py:\d+: .* got complex128.*cn\.real\(x\)"
    with pytest.raises(DTypeError, match=words):
        REFUSED[name](cn.asarray(Z))


def test_other_refusals_teach() -> None:
    z = cn.asarray(Z)
    with pytest.raises(DTypeError, match=r"would drop the imaginary parts.*cn\.real\(x\)"):
        cn.astype(z, "float64")
    with pytest.raises(DTypeError, match="would drop the imaginary parts"):
        cn.asarray(Z, dtype="float32")
    with pytest.raises(DTypeError, match=r"conv2d, at .*cn\.complex"):
        cn.conv2d(cn.ones((1, 4, 4, 1)) * 1j, cn.ones((2, 2, 1, 1)))
    with pytest.raises(DTypeError, match=r"complex, at .*expected floating dtype, got int64"):
        cn.complex(1, cn.asarray([1, 2]))
    with pytest.raises(DTypeError, match=r"cost: expected a real number, got complex128.*cn\.abs"):
        cn.grad(cn.sum(z), z)
    with pytest.raises(DTypeError, match=re.escape("int64 and complex128 do not promote")):
        cn.asarray([1]) * z


# -- gradients


def test_the_gradient_is_that_by_both_parts() -> None:
    v = cn.Variable(0.7 - 0.4j, dtype="complex128")
    # |z|² = x² + y² has the slopes 2x and 2y.
    assert complex(cn.grad(cn.real(v * cn.conj(v)), v)) == pytest.approx(1.4 - 0.8j)
    assert complex(cn.grad(cn.imag(v), v)) == 1j
    # The derivative of a function of z alone is there in conjugated form.
    assert complex(cn.grad(cn.real(v**3), v)) == pytest.approx(np.conj(3 * (0.7 - 0.4j) ** 2))


def test_the_gradient_leads_downhill() -> None:
    v = cn.Variable(0.3 + 0.5j, dtype="complex128")
    cost = cn.abs(v * v + 1)
    step = cn.function([], cost, {v: v - 0.01 * cn.grad(cost, v)}, backend="reference")
    costs = [float(step()) for _ in range(5)]
    assert costs == sorted(costs, reverse=True)


def test_gradients_at_zero_are_zero() -> None:
    v = cn.Variable(np.array([0j, 1j]))
    assert cn.grad(cn.sum(cn.abs(v)), v).tolist() == [0, 1j]
    assert cn.grad(cn.real(cn.sum(v**0)), v).tolist() == [0, 0]


#: The same function for Cairnet, PyTorch and JAX: real numbers out of complex and real ones.
COSTS: dict[str, Callable[..., Any]] = {
    "magnitude": lambda xp, z, x: xp.sum(xp.abs(z) ** 3),
    "holomorphic": lambda xp, z, x: xp.sum(xp.real(xp.exp(z) * xp.sin(z) / (z * z + 3))),
    "conjugate": lambda xp, z, x: xp.sum(xp.imag(xp.conj(z) ** 2 * z)),
    "mixed": lambda xp, z, x: xp.sum(xp.abs(z * x + xp.exp(1j * x)) ** 2),
    "powers": lambda xp, z, x: xp.sum(xp.real(z**2 * (z + 3) ** (0.3 * z))),
    "roots": lambda xp, z, x: xp.sum(xp.abs(xp.sqrt(z) + xp.log(z)) ** 2),
    "products": lambda xp, z, x: xp.sum(xp.abs(z @ z.T + 1j) ** 2),
    "tangent": lambda xp, z, x: xp.sum(xp.real(xp.tanh(z)) * x + xp.imag(xp.cosh(z))),
}


@pytest.mark.parity
@pytest.mark.parametrize("name", COSTS)
def test_gradients_are_pytorchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    z, x = (torch.tensor(array, requires_grad=True) for array in (Z, W.real.copy()))
    expected = torch.autograd.grad(COSTS[name](torch, z, x), [z, x], allow_unused=True)
    v, u = cn.Variable(Z), cn.Variable(W.real)
    found = cn.grad(COSTS[name](cn, v, u), [v, u], disconnected="zero")
    for ours, theirs in zip(found, expected, strict=True):
        wanted = np.zeros(ours.shape) if theirs is None else theirs.resolve_conj().numpy()
        np.testing.assert_allclose(ours.numpy(), wanted, rtol=1e-10, atol=1e-10)


@pytest.mark.parity
@pytest.mark.parametrize("name", COSTS)
def test_gradients_are_the_conjugates_of_jaxs(name: str) -> None:
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        slopes = jax.grad(lambda z, x: COSTS[name](jax.numpy, z, x), argnums=(0, 1))(Z, W.real)
        expected = [np.asarray(slope).conj() for slope in slopes]
    v, u = cn.Variable(Z), cn.Variable(W.real)
    found = cn.grad(COSTS[name](cn, v, u), [v, u], disconnected="zero")
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", COSTS)
def test_second_derivatives_are_those_of_the_differences(name: str) -> None:
    v, u = cn.Variable(Z[:2, :2]), cn.Variable(W.real[:2, :2])
    slopes = cn.grad(COSTS[name](cn, v, u), [v, u], disconnected="zero")
    weighted = cn.sum(cn.abs(slopes[0] + 1) ** 2) + cn.sum(slopes[1] ** 2)
    cn.check_gradient(weighted + cn.sum(u * u), [v, u], samples=None)
