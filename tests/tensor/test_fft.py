"""Fourier transforms: NumPy's values, PyTorch's gradients, and what they refuse."""

import itertools
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base import ArgumentError, DTypeError, ShapeError, UnknownNameError

NORMS = ("backward", "ortho", "forward")
#: One matrix, two levels, three levels, a prime matrix, a prime and small factors, Bluestein.
LENGTHS = (1, 2, 3, 4, 5, 31, 32, 33, 64, 100, 1024, 2048, 67, 134, 263, 526)
FROM_REAL = ("rfft", "ihfft")
TO_REAL = ("irfft", "hfft")
ONE_AXIS = ("fft", "ifft", *FROM_REAL, *TO_REAL)
RNG = np.random.default_rng(7)


def draw(name: str, *shape: int) -> np.ndarray:
    real = RNG.standard_normal(shape)
    return real if name in (*FROM_REAL, "rfftn") else real + 1j * RNG.standard_normal(shape)


def check(found: Any, expected: np.ndarray) -> None:
    value = found.numpy() if isinstance(found, cn.Tensor) else found
    assert value.dtype == expected.dtype
    assert value.shape == expected.shape
    scale = 1 + np.abs(expected).max(initial=0)
    tolerance = 1e-14 if value.dtype in (np.float64, np.complex128) else 1e-6
    np.testing.assert_allclose(value, expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("name", ONE_AXIS)
@pytest.mark.parametrize("n", LENGTHS)
def test_lengths_of_all_kinds(name: str, n: int) -> None:
    if name in TO_REAL and n == 1:
        n = 2
    x = draw(name, 2, n)
    check(getattr(cn.fft, name)(x), getattr(np.fft, name)(x))


@pytest.mark.parametrize("name", ONE_AXIS)
@pytest.mark.parametrize("norm", NORMS)
def test_cut_and_padded_axes(name: str, norm: str) -> None:
    x = draw(name, 4, 7, 3)
    for n, axis in itertools.product((None, 1, 5, 6, 7, 12), (0, 1, -1)):
        expected = getattr(np.fft, name)(x, n=n, axis=axis, norm=norm)
        check(getattr(cn.fft, name)(x, n=n, axis=axis, norm=norm), expected)


@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn"])
def test_several_axes(name: str) -> None:
    x = draw(name, 4, 5, 6)
    cases: list[tuple[Any, Any]] = [
        (None, None),
        (None, (0, 2)),
        ((3, 8), (2, 0)),
        ((4, 7), (1, 2)),
    ]
    for (s, axes), norm in itertools.product(cases, NORMS):
        expected = getattr(np.fft, name)(x, s=s, axes=axes, norm=norm)
        check(getattr(cn.fft, name)(x, s=s, axes=axes, norm=norm), expected)
    check(getattr(cn.fft, name)(x, s=(3, 4)), getattr(np.fft, name)(x, s=(3, 4), axes=(-2, -1)))


@pytest.mark.parametrize("name", ONE_AXIS)
def test_single_precision(name: str) -> None:
    x = draw(name, 3, 60)
    x = x.astype("complex64" if x.dtype.kind == "c" else "float32")
    check(getattr(cn.fft, name)(x), getattr(np.fft, name)(x))


@pytest.mark.parametrize("name", ONE_AXIS)
def test_compiled_with_a_batch_that_varies(name: str) -> None:
    x = draw(name, 5, 12, 3)
    z = cn.input((None, 12, None), x.dtype)
    f = cn.function([z], getattr(cn.fft, name)(z, axis=1), backend="native")
    for rows in (5, 2, 1):
        check(f(x[:rows]), getattr(np.fft, name)(x[:rows], axis=1))


@pytest.mark.parametrize("n", [64, 67, 263])
def test_long_transforms_compiled(n: int) -> None:
    x = draw("fft", 2, n)
    z = cn.input((2, n), x.dtype)
    check(cn.function([z], cn.fft.ifft(cn.fft.fft(z)), backend="native")(x), x)


@pytest.mark.parametrize("name", ONE_AXIS)
@pytest.mark.parametrize("n", [6, 7])
def test_gradients_are_those_of_the_differences(name: str, n: int) -> None:
    v = cn.Variable(draw(name, 2, 5))
    result = getattr(cn.fft, name)(v, n=n, norm="ortho")
    weights = RNG.standard_normal(tuple(result.shape)) + 1j * RNG.standard_normal(
        tuple(result.shape)
    )
    cost = cn.sum(cn.abs(result * weights + 1) ** 3)
    cn.check_gradient(cost, v, samples=None)
    cn.check_gradient(cn.sum(cn.abs(cn.grad(cost, v)) ** 2), v, samples=None)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "fftn", "rfftn"])
def test_gradients_are_pytorchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    x = draw(name, 4, 6)
    theirs = torch.tensor(x, requires_grad=True)
    torch.sum(torch.abs(getattr(torch.fft, name)(theirs) + 1) ** 3).backward()
    v = cn.Variable(x)
    ours = cn.grad(cn.sum(cn.abs(getattr(cn.fft, name)(v) + 1) ** 3), v)
    np.testing.assert_allclose(
        ours.numpy(), theirs.grad.resolve_conj().numpy(), rtol=1e-10, atol=1e-10
    )


@pytest.mark.parametrize("n", [1, 2, 7, 8])
def test_frequencies(n: int) -> None:
    for name in ("fftfreq", "rfftfreq"):
        expected = getattr(np.fft, name)(n, d=0.5)
        check(getattr(cn.fft, name)(n, d=0.5, dtype="float64"), expected)
        assert getattr(cn.fft, name)(n).dtype == cn.float32


@pytest.mark.parametrize("axes", [None, 0, (1,), (0, 2), -1])
def test_shifts(axes: Any) -> None:
    x = draw("fft", 3, 4, 5)
    check(cn.fft.fftshift(x, axes=axes), np.fft.fftshift(x, axes=axes))
    check(cn.fft.ifftshift(x, axes=axes), np.fft.ifftshift(x, axes=axes))


def test_what_is_refused() -> None:
    z = cn.asarray([1j, 2.0])
    with pytest.raises(DTypeError, match=r"fft\.fft, at .*expected a floating dtype, got int64"):
        cn.fft.fft([1, 2])
    with pytest.raises(DTypeError, match=r"fft\.rfft, .*real numbers, got complex64.*cn\.fft\.fft"):
        cn.fft.rfft(z)
    with pytest.raises(DTypeError, match=r"fft\.ihfft, .*real numbers, got .*cn\.fft\.ifft"):
        cn.fft.ihfft(z)
    with pytest.raises(UnknownNameError, match=r"norm of fft\.fft.*did you mean 'ortho'"):
        cn.fft.fft(z, norm="orto")
    with pytest.raises(UnknownNameError, match=r"norm of fft\.fftn"):
        cn.fft.fftn(z, axes=(), norm="orto")
    with pytest.raises(ArgumentError, match=r"fft\.ifft, .*whole number, 1 or more, got 0"):
        cn.fft.ifft(z, n=0)
    with pytest.raises(ArgumentError, match=r"fft\.fftn, .*s has 2 lengths for 1 axes"):
        cn.fft.fftn(z, s=(2, 2), axes=(0,))
    with pytest.raises(ArgumentError, match=r"fft\.fftn, .*named twice in \(0, -1\)"):
        cn.fft.fftn(z, axes=(0, -1))
    with pytest.raises(DTypeError, match=r"fft\.fftfreq, .*floating dtype, got int32"):
        cn.fft.fftfreq(4, dtype="int32")
    with pytest.raises(ShapeError, match=r"fft\.fft, .*axis 0 of complex64\[None\].*known"):
        cn.fft.fft(cn.input((None,), cn.complex64))
