"""Linear algebra of complex matrices: compiled programs give what the interpreter gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cairnet as cn

GENERATOR = np.random.default_rng(11)


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.standard_normal(shape) + 1j * GENERATOR.standard_normal(shape)


def adjoint(x: Any) -> Any:
    return cn.conj(cn.matrix_transpose(x))


SQUARE: dict[str, Callable[[Any], Any]] = {
    "solve": lambda x: cn.linalg.solve(x, cn.sin(x)[..., :2]),
    "det": cn.linalg.det,
    "slogdet": cn.linalg.slogdet,
    "cholesky": lambda x: cn.linalg.cholesky(x @ adjoint(x) + np.eye(3)),
    "cholesky, upper": lambda x: cn.linalg.cholesky(x @ adjoint(x) + np.eye(3), upper=True),
    "eigh": cn.linalg.eigh,
    "eigvalsh": cn.linalg.eigvalsh,
    "matrix_power": lambda x: cn.linalg.matrix_power(x, -2),
}
ANY_SHAPE: dict[str, Callable[[Any], Any]] = {
    "qr": cn.linalg.qr,
    "qr, complete": lambda x: cn.linalg.qr(x, mode="complete"),
    "svd": cn.linalg.svd,
    "svd, reduced": lambda x: cn.linalg.svd(x, full_matrices=False),
    "svdvals": cn.linalg.svdvals,
    "pinv": cn.linalg.pinv,
    "matrix_rank": cn.linalg.matrix_rank,
    "nuclear norm": lambda x: cn.linalg.matrix_norm(x, ord="nuc"),
}
CASES = [(name, f, (2, 3, 3)) for name, f in SQUARE.items()]
CASES += [(name, f, shape) for name, f in ANY_SHAPE.items() for shape in ((2, 4, 3), (2, 3))]
#: What depends on phases, or on what completes a basis, has no gradient; a rank is an integer.
WITHOUT_SLOPE = {"eigh", "svd", "svd, reduced", "qr, complete", "matrix_rank"}


def agree(inputs: list[Any], outputs: list[Any], arrays: list[np.ndarray]) -> None:
    native, reference = (
        cn.function(inputs, outputs, backend=backend)(*arrays)
        for backend in ("native", "reference")
    )
    for one, other in zip(native, reference, strict=True):
        assert one.dtype == other.dtype
        tolerance = 1e-9 if other.dtype.itemsize > 8 or other.dtype == np.float64 else 1e-4
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("name", "function", "shape"), CASES, ids=lambda v: str(v)[:20])
def test_backends_agree(name: str, function: Callable[[Any], Any], shape: tuple[int, ...]) -> None:
    array = draw(*shape)
    for known in (True, False):
        x = cn.input(shape if known else [None] * len(shape), cn.complex128)
        result = function(x)
        outputs = list(result) if isinstance(result, tuple) else [result]
        if name not in WITHOUT_SLOPE:
            costs = [cn.sum(cn.abs(each) ** 2 * cn.sum(cn.real(each) ** 2)) for each in outputs]
            outputs.append(cn.grad(sum(costs[1:], costs[0]), x))
        agree([x], outputs, [array])


@pytest.mark.parametrize("name", ["solve", "eigh", "det"])
def test_single_precision(name: str) -> None:
    x = cn.input((2, 3, 3), cn.complex64)
    result = SQUARE[name](x)
    outputs = list(result) if isinstance(result, tuple) else [result]
    agree([x], outputs, [draw(2, 3, 3).astype(np.complex64) + 3 * np.eye(3, dtype=np.complex64)])


def test_a_singular_matrix() -> None:
    x = cn.input((3, 2, 2), cn.complex128)
    array = np.stack([np.eye(2), np.array([[1, 1j], [1j, -1]]), 2j * np.eye(2)])
    outputs = [cn.linalg.det(x), *cn.linalg.slogdet(x), cn.linalg.inv(x)]
    determinant, sign, logarithm, inverse = cn.function([x], outputs)(array)
    np.testing.assert_allclose(determinant, [1, 0, -4], atol=1e-15)
    np.testing.assert_allclose(sign, [1, 0, -1], atol=1e-15)
    np.testing.assert_allclose(logarithm, [0, -np.inf, np.log(4)])
    assert np.isnan(inverse[1]).all()
    np.testing.assert_allclose(inverse[2], -0.5j * np.eye(2))


@pytest.mark.parametrize("shape", [(2, 3, 0), (2, 0, 3), (2, 0, 0)])
def test_matrices_without_elements(shape: tuple[int, ...]) -> None:
    for known in (True, False):
        x = cn.input(shape if known else (None, None, None), cn.complex128)
        q, r = cn.linalg.qr(x, mode="complete")
        u, s, v = cn.linalg.svd(x)
        agree([x], [q, r, u, s, v, cn.linalg.pinv(x)], [np.zeros(shape, complex)])
