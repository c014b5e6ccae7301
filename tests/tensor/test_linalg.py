"""`cn.linalg`: every function beside PyTorch, in values and gradients; what it refuses."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base import ArgumentError, DTypeError, GradientError, ShapeError

GENERATOR = np.random.default_rng(17)


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.standard_normal(shape)


SQUARE = draw(2, 3, 3) + 2 * np.eye(3)
POSITIVE = SQUARE @ SQUARE.swapaxes(-1, -2) + np.eye(3)
TALL, WIDE = draw(2, 4, 3), draw(2, 2, 4)


@dataclass
class Row:
    """One function: with Cairnet, with PyTorch, and the arguments.

    Attributes:
        ours: takes tensors, gives one or several.
        theirs: the same with `torch`, which it is handed first.
        arrays: the arguments.
        smooth: whether gradients are compared.
    """

    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    arrays: tuple[np.ndarray, ...]
    smooth: bool = True


def row(name: str, *arrays: np.ndarray, smooth: bool = True, **options: Any) -> Row:
    """A function that is called alike in both libraries."""
    return Row(
        lambda *x: getattr(cn.linalg, name)(*x, **options),
        lambda torch, *x: getattr(torch.linalg, name)(*x, **options),
        arrays,
        smooth,
    )


def sizes(results: Any) -> list[Any]:
    """Absolute values: the signs of eigenvectors are free."""
    return [abs(each) for each in results]


TABLE: dict[str, list[Row]] = {
    "cholesky": [row("cholesky", POSITIVE), row("cholesky", POSITIVE, upper=True)],
    "cross": [
        row("cross", draw(4, 3), draw(1, 3)),
        Row(
            lambda x, y: cn.linalg.cross(x, y, axis=-2),
            lambda torch, x, y: torch.linalg.cross(x, y, dim=-2),
            (draw(3, 2), draw(3, 2)),
        ),
    ],
    "det": [row("det", SQUARE), row("det", draw(1, 1))],
    "diagonal": [row("diagonal", TALL), row("diagonal", WIDE, offset=2)],
    "eigh": [
        Row(
            lambda x: sizes(cn.linalg.eigh(x)),
            lambda torch, x: sizes(torch.linalg.eigh((x + x.mT) / 2)),
            (POSITIVE,),
        )
    ],
    "eigvalsh": [
        Row(
            cn.linalg.eigvalsh,
            lambda torch, x: torch.linalg.eigvalsh((x + x.mT) / 2),
            (POSITIVE,),
        )
    ],
    "inv": [row("inv", SQUARE)],
    "matmul": [row("matmul", TALL, draw(3, 2))],
    "matrix_norm": [
        Row(
            lambda x, p=order: cn.linalg.matrix_norm(x, ord=p),
            lambda torch, x, p=order: torch.linalg.matrix_norm(x, ord=p),
            (TALL,),
        )
        for order in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)
    ],
    "matrix_power": [
        Row(
            lambda x, n=n: cn.linalg.matrix_power(x, n),
            lambda torch, x, n=n: torch.linalg.matrix_power(x, n),
            (SQUARE / 3,),
            smooth=n != 0,
        )
        for n in (0, 1, 2, 5, -3)
    ],
    "matrix_rank": [
        row("matrix_rank", np.stack([np.eye(3), np.ones((3, 3))]), smooth=False),
        row("matrix_rank", TALL, rtol=0.5, smooth=False),
    ],
    "matrix_transpose": [Row(cn.linalg.matrix_transpose, lambda torch, x: x.mT, (TALL,))],
    "outer": [Row(cn.linalg.outer, lambda torch, x, y: torch.outer(x, y), (draw(3), draw(2)))],
    "pinv": [row("pinv", TALL), row("pinv", WIDE)],
    "qr": [
        row("qr", TALL),
        row("qr", SQUARE),
        row("qr", WIDE),
        row("qr", TALL, mode="complete", smooth=False),
    ],
    "slogdet": [row("slogdet", SQUARE)],
    "solve": [row("solve", SQUARE, draw(2, 3, 2)), row("solve", SQUARE[0], draw(3))],
    "svd": [
        Row(
            lambda x, full=full: sizes(cn.linalg.svd(x, full_matrices=full)),
            lambda torch, x, full=full: sizes(torch.linalg.svd(x, full_matrices=full)),
            (array,),
            smooth=not full,
        )
        for array in (TALL, WIDE)
        for full in (False, True)
    ],
    "svdvals": [row("svdvals", TALL), row("svdvals", WIDE)],
    "tensordot": [
        Row(
            lambda x, y: cn.linalg.tensordot(x, y, axes=1),
            lambda torch, x, y: torch.tensordot(x, y, dims=1),
            (TALL, draw(3, 2)),
        )
    ],
    "trace": [
        Row(
            cn.linalg.trace,
            lambda torch, x: torch.diagonal(x, dim1=-2, dim2=-1).sum(-1),
            (TALL,),
        )
    ],
    "vecdot": [Row(cn.linalg.vecdot, lambda torch, x, y: torch.linalg.vecdot(x, y), (TALL, TALL))],
    "vector_norm": [
        Row(
            lambda x, p=order: cn.linalg.vector_norm(x, axis=-1, ord=p),
            lambda torch, x, p=order: torch.linalg.vector_norm(x, dim=-1, ord=p),
            (TALL,),
            smooth=order != 0,
        )
        for order in (0, 1, 2, 3.5, -1, -2, math.inf, -math.inf)
    ],
}
ROWS = [(name, item) for name, items in TABLE.items() for item in items]


def several(result: Any) -> list[Any]:
    return list(result) if isinstance(result, list | tuple) else [result]


def names_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def test_every_function_is_in_the_table() -> None:
    functions = {n for n in cn.linalg.__all__ if inspect.isfunction(getattr(cn.linalg, n))}
    assert functions == set(TABLE)


def weights_of(shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    generator = np.random.default_rng(5)
    return [generator.uniform(0.5, 1.5, shape) for shape in shapes]


@pytest.mark.parity
@pytest.mark.parametrize("backend", ["reference", "native"])
@pytest.mark.parametrize(("name", "item"), ROWS, ids=names_of)
def test_values_and_gradients_are_those_of_torch(name: str, item: Row, backend: str) -> None:
    torch = pytest.importorskip("torch")
    theirs = [torch.tensor(array, requires_grad=item.smooth) for array in item.arrays]
    expected = several(item.theirs(torch, *theirs))
    inputs = [cn.input(array.shape, cn.float64, f"x{i}") for i, array in enumerate(item.arrays)]
    results = several(item.ours(*inputs))
    for result, wanted in zip(results, expected, strict=True):
        assert result.shape == tuple(wanted.shape)
    wanted = [value.detach().numpy() for value in expected]
    if item.smooth:
        weights = weights_of([tuple(value.shape) for value in expected])
        cost = sum(
            (value * torch.tensor(w)).sum() for value, w in zip(expected, weights, strict=True)
        )
        cost.backward()
        wanted += [value.grad.numpy() for value in theirs]
        own = [cn.sum(value * w) for value, w in zip(results, weights, strict=True)]
        results += cn.grad(sum(own[1:], own[0]), inputs)
    for found, value in zip(
        cn.function(inputs, results, backend=backend)(*item.arrays), wanted, strict=True
    ):
        np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_factors_multiply_to_what_they_were(dtype: Any) -> None:
    a = draw(2, 4, 3).astype(dtype)
    if np.dtype(dtype).kind == "c":
        a = a + 1j * draw(2, 4, 3).astype(dtype)
    positive = a.conj().swapaxes(-1, -2) @ a
    tolerance = 2e-5 if np.dtype(dtype).itemsize in (4, 8) and dtype != np.float64 else 1e-12
    x, p = cn.asarray(a), cn.asarray(positive)
    q, r = cn.linalg.qr(x)
    u, s, v = cn.linalg.svd(x, full_matrices=False)
    values, vectors = cn.linalg.eigh(p)
    factor = cn.linalg.cholesky(p)
    upper = cn.linalg.cholesky(p, upper=True)
    for product, whole in (
        (q @ r, a),
        ((u * s[..., None, :]) @ v, a),
        ((vectors * values[..., None, :]) @ cn.conj(cn.matrix_transpose(vectors)), positive),
        (factor @ upper, positive),
        (p @ cn.linalg.inv(p), np.broadcast_to(np.eye(3), (2, 3, 3))),
        (x @ cn.linalg.pinv(x) @ x, a),
    ):
        assert product.dtype == dtype
        np.testing.assert_allclose(product.numpy(), whole, rtol=0, atol=100 * tolerance)
    sign, logarithm = cn.linalg.slogdet(p)
    np.testing.assert_allclose(
        (sign * cn.exp(logarithm)).numpy(), cn.linalg.det(p).numpy(), rtol=100 * tolerance
    )


def test_the_standards_named_tuples() -> None:
    x = cn.asarray(POSITIVE)
    assert cn.linalg.eigh(x)._fields == ("eigenvalues", "eigenvectors")
    assert cn.linalg.qr(x)._fields == ("Q", "R")
    assert cn.linalg.slogdet(x)._fields == ("sign", "logabsdet")
    assert cn.linalg.svd(x)._fields == ("U", "S", "Vh")


def test_the_first_large_element_of_an_eigenvector_is_positive() -> None:
    vectors = cn.linalg.eigh([[2.0, 1.0], [1.0, 2.0]]).eigenvectors.numpy()
    half = math.sqrt(0.5)
    np.testing.assert_allclose(vectors, [[half, half], [-half, half]], rtol=1e-6)


SINGULAR = np.stack([np.eye(3), np.ones((3, 3)), 2 * np.eye(3)])
NOT_POSITIVE = np.stack([np.eye(3), -np.eye(3), 2 * np.eye(3)])
WITH_NAN = np.stack([np.diag([1.0, 2.0, 3.0]), np.full((3, 3), math.nan), np.eye(3)])
WITHOUT_ANSWER = {
    "inv": (cn.linalg.inv, SINGULAR),
    "solve": (lambda x: cn.linalg.solve(x, cn.ones(3, dtype=cn.float64)), SINGULAR),
    "cholesky": (cn.linalg.cholesky, NOT_POSITIVE),
    "eigh": (cn.linalg.eigh, WITH_NAN),
    "svdvals": (cn.linalg.svdvals, WITH_NAN),
    "slogdet": (cn.linalg.slogdet, WITH_NAN),
}


@pytest.mark.parametrize("backend", ["reference", "native"])
@pytest.mark.parametrize("name", WITHOUT_ANSWER)
def test_a_matrix_without_an_answer_is_nan_and_the_others_are_not(name: str, backend: str) -> None:
    function, array = WITHOUT_ANSWER[name]
    x = cn.input(array.shape, cn.float64)
    for found in cn.function([x], several(function(x)), backend=backend)(array):
        assert np.isnan(found[1]).any()
        if name != "cholesky":
            assert np.isnan(found[1]).all()
        assert np.isfinite(found[[0, 2]]).all()


@pytest.mark.parametrize("backend", ["reference", "native"])
def test_a_singular_matrix_has_a_determinant(backend: str) -> None:
    x = cn.input((2, 2), cn.float64)
    results = [cn.linalg.det(x), *cn.linalg.slogdet(x), cn.linalg.matrix_rank(x)]
    found = cn.function([x], results, backend=backend)(np.array([[1.0, 2.0], [2.0, 4.0]]))
    assert [float(value) for value in found] == [0.0, 0.0, -math.inf, 1.0]


@pytest.mark.parametrize("backend", ["reference", "native"])
def test_negligible_singular_values_count_as_zero(backend: str) -> None:
    x, rtol = cn.input((3, 4, 2), cn.float64), cn.input((3,), cn.float64)
    array, limits = draw(3, 4, 2), np.array([0.0, 0.5, 0.9])
    array[1] = np.outer(array[1, :, 0], [1.0, 2.0]) + 1e-3 * array[1]
    results = [cn.linalg.pinv(x, rtol=rtol), cn.linalg.matrix_rank(x, rtol=rtol)]
    inverse, rank = cn.function([x, rtol], results, backend=backend)(array, limits)
    np.testing.assert_allclose(inverse, np.linalg.pinv(array, rtol=limits), atol=1e-12)
    np.testing.assert_array_equal(rank, np.linalg.matrix_rank(array, rtol=limits))


def test_the_slope_of_a_pseudoinverse_does_not_mind_equal_singular_values() -> None:
    x = cn.Variable(np.eye(4, 3))
    cost = cn.sum(cn.linalg.pinv(x) * draw(3, 4))
    cn.check_gradient(cost, x, tolerance=1e-6, samples=None)


def test_the_length_of_nothing_has_a_slope() -> None:
    x = cn.Variable(np.zeros(3))
    assert cn.grad(cn.linalg.vector_norm(x), x).numpy().tolist() == [0, 0, 0]


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "a matrix that is not square": (
        lambda: cn.linalg.inv(cn.ones((2, 3))),
        ShapeError,
        (
            r"linalg.inv, at .*test_linalg.py:\d+: expected square matrices, got shape \(2, 3\): 2 "
            r"rows and 3 columns; .*cn.linalg.pinv"
        ),
    ),
    "a vector": (
        lambda: cn.linalg.svd(cn.ones(3)),
        ShapeError,
        r"linalg.svd, at .*: expected a matrix or a stack of them .* got shape \(3,\)",
    ),
    "integers": (
        lambda: cn.linalg.det([[1, 2], [3, 4]]),
        DTypeError,
        (
            r"linalg.det, at .*: expected a floating dtype, got int64; convert first: "
            r"cn.linalg.det\(cn.astype\(x, 'float32'\)\)"
        ),
    ),
    "a right side of another height": (
        lambda: cn.linalg.solve(cn.eye(3), cn.ones((2, 2))),
        ShapeError,
        (
            r"linalg.solve, at .*: shapes \(3, 3\) and \(2, 2\) do not fit: expected a vector of 3 "
            r"elements or matrices of 3 rows"
        ),
    ),
    "an unknown mode": (
        lambda: cn.linalg.qr(cn.eye(3), mode="full"),  # type: ignore[arg-type]
        ArgumentError,
        r"linalg.qr, at .*: mode must be \"reduced\" or \"complete\", got 'full'",
    ),
    "an unknown norm": (
        lambda: cn.linalg.matrix_norm(cn.eye(3), ord=3),
        ArgumentError,
        r"linalg.matrix_norm, at .*: ord must be one of 1, 2, inf, .*'fro', 'nuc', got 3",
    ),
    "a fractional power": (
        lambda: cn.linalg.matrix_power(cn.eye(3), 0.5),  # type: ignore[arg-type]
        ArgumentError,
        r"linalg.matrix_power, at .*: expected an integer for n, got 0.5",
    ),
    "vectors of two": (
        lambda: cn.linalg.cross(cn.ones(2), cn.ones(2)),
        ShapeError,
        r"linalg.cross, at .*: expected vectors of 3 elements along axis -1, got shapes \(2,\)",
    ),
    "the outer product of matrices": (
        lambda: cn.linalg.outer(cn.eye(2), cn.ones(2)),
        ShapeError,
        r"linalg.outer, at .*: expected two vectors, got shapes \(2, 2\) and \(2,\)",
    ),
    "the slope of what completes a basis": (
        lambda: gradient_of(lambda x: cn.linalg.qr(x, mode="complete").Q),
        GradientError,
        r"the complete QR factors of float64\[4, 3\] .*have no gradient: .*mode='reduced'",
    ),
    "the slope of all singular vectors": (
        lambda: gradient_of(lambda x: cn.linalg.svd(x).U),
        GradientError,
        r"all singular vectors of float64\[4, 3\] .*have no gradient: .*full_matrices=False",
    ),
}


def gradient_of(function: Callable[[Any], Any]) -> Any:
    x = cn.Variable(draw(4, 3))
    return cn.grad(cn.sum(function(x)), x)


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(what: str) -> None:
    function, error, words = REFUSED[what]
    with pytest.raises(error, match=words):
        function()


def test_unknown_extents_must_turn_out_square() -> None:
    x = cn.input((None, None), cn.float64)
    for backend in ("reference", "native"):
        inverse = cn.function([x], cn.linalg.inv(x), backend=backend)
        np.testing.assert_allclose(inverse(2 * np.eye(4)), np.eye(4) / 2)
        with pytest.raises(ShapeError, match="must be equal"):
            inverse(np.ones((2, 3)))


@pytest.mark.parametrize("shape", [(None, 3), (3, None), (None, None)])
def test_ranks_and_pseudoinverses_of_matrices_of_unknown_extents(shape: Any) -> None:
    x = cn.input(shape, dtype="float64", name="x")
    rank = cn.linalg.matrix_rank(x)
    f = cn.function([x], [cn.linalg.pinv(x), rank], backend="reference")
    tall = np.outer([1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 2.0]) + np.eye(4, 3)
    for values in (tall[:3], tall) if shape[0] is None else (tall[:3].T, tall.T):
        inverse, found = f(values)
        np.testing.assert_allclose(inverse, np.linalg.pinv(values), atol=1e-10)
        assert found == np.linalg.matrix_rank(values)
