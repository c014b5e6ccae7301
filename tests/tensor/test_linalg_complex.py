"""Gradients of complex linear algebra, first and second, beside central differences.

Phases of eigenvectors and singular vectors are free, so only what does not depend on them has a
gradient: projections, and products in which they meet their conjugates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cairnet as cn

GENERATOR = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.standard_normal(shape) + 1j * GENERATOR.standard_normal(shape)


def adjoint(x: Any) -> Any:
    return cn.conj(cn.matrix_transpose(x))


def weighted_projections(vectors: Any) -> Any:
    """The sum of v·vᴴ over the columns, each with a weight of its own."""
    return (vectors * np.arange(1.0, vectors.shape[-1] + 1)) @ adjoint(vectors)


def of_svd(choose: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda x: choose(*cn.linalg.svd(x, full_matrices=False))


CASES: dict[str, tuple[Callable[..., Any], tuple[np.ndarray, ...]]] = {
    "solve": (cn.linalg.solve, (draw(2, 3, 3), draw(2, 3, 2))),
    "det": (cn.linalg.det, (draw(2, 3, 3),)),
    "sign": (lambda x: cn.linalg.slogdet(x).sign, (draw(2, 3, 3),)),
    "logabsdet": (lambda x: cn.linalg.slogdet(x).logabsdet, (draw(2, 3, 3),)),
    "cholesky": (lambda x: cn.linalg.cholesky(x @ adjoint(x) + np.eye(3)), (draw(3, 3),)),
    "eigvalsh": (cn.linalg.eigvalsh, (draw(3, 3),)),
    "eigh": (lambda x: weighted_projections(cn.linalg.eigh(x).eigenvectors), (draw(3, 3),)),
    "qr, Q": (lambda x: cn.linalg.qr(x).Q, (draw(4, 3),)),
    "qr, R": (lambda x: cn.linalg.qr(x).R, (draw(4, 3),)),
    "qr, wide": (lambda x: cn.linalg.qr(x).R, (draw(2, 4),)),
    "svdvals": (cn.linalg.svdvals, (draw(4, 3),)),
    "svd, U": (of_svd(lambda u, s, v: weighted_projections(u)), (draw(4, 3),)),
    "svd, Vh": (of_svd(lambda u, s, v: weighted_projections(adjoint(v))), (draw(2, 4),)),
    "svd, U and Vh": (of_svd(lambda u, s, v: (u * np.array([1.0, 2.0, -1.0])) @ v), (draw(4, 3),)),
    "pinv": (cn.linalg.pinv, (draw(4, 3),)),
    "vector_norm": (lambda x: cn.linalg.vector_norm(x, axis=-1, ord=3), (draw(3, 2),)),
}


def number(x: Any) -> Any:
    """A real number that depends on every element, on both parts of it."""
    generator = np.random.default_rng(3)
    first, second = generator.standard_normal((2, *x.shape))
    return cn.sum(cn.real(x) * first + cn.imag(x) * second)


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_those_of_the_differences(name: str) -> None:
    function, arrays = CASES[name]
    variables = [cn.Variable(array) for array in arrays]
    cost = number(function(*variables))
    cn.check_gradient(cost, variables, tolerance=1e-6, samples=None)
    slopes = [number(slope) for slope in cn.grad(cost, variables)]
    cn.check_gradient(sum(slopes[1:], slopes[0]), variables, tolerance=1e-5, samples=None)
