"""Records of the primitives of linear algebra; what is expected comes from textbook loops.

Matrices for eigenvalues and singular values are put together from known ones, so that what their
factors must be is known before.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

GENERATOR = np.random.default_rng(61)

#: Name, arrays, expected value, parameters, label.
Entry = tuple[str, list[np.ndarray], Any, dict[str, Any], str]


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.standard_normal(shape)


def well_conditioned(count: int, size: int) -> np.ndarray:
    """Matrices whose rows must be exchanged to eliminate."""
    return np.roll(draw(count, size, size) / 2 + 3 * np.eye(size), 1, axis=-2)


def each(function: Any) -> Any:
    """A function of matrices, applied to stacks of them."""

    def apply_to(*arrays: np.ndarray) -> np.ndarray:
        lead = arrays[0].shape[:-2]
        parts = [np.asarray(function(*(a[i] for a in arrays))) for i in np.ndindex(lead)]
        return np.reshape(parts, (*lead, *parts[0].shape))

    return apply_to


def rotation(size: int) -> np.ndarray:
    """An orthonormal matrix: a product of plane rotations. The diagonal is the largest."""
    result = np.eye(size)
    for i, j in itertools.combinations(range(size), 2):
        angle = GENERATOR.uniform(-0.4, 0.4)
        turn = np.eye(size)
        turn[i, i] = turn[j, j] = math.cos(angle)
        turn[i, j], turn[j, i] = -math.sin(angle), math.sin(angle)
        result = result @ turn
    return result


def eliminated(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The solution by Gauss and Jordan's elimination."""
    rows = [[*left, *right] for left, right in zip(a.tolist(), b.tolist(), strict=True)]
    size = len(rows)
    for i in range(size):
        best = max(range(i, size), key=lambda r: abs(rows[r][i]))
        rows[i], rows[best] = rows[best], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for r in range(size):
            if r != i:
                rows[r] = [x - rows[r][i] * y for x, y in zip(rows[r], rows[i], strict=True)]
    return np.array([row[size:] for row in rows])


def near_diagonal(count: int, rows: int, columns: int) -> np.ndarray:
    return draw(count, rows, columns) / 3 + 2 * np.eye(rows, columns)


def least_squares(a: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """The pseudo-inverse of a matrix of full rank, by the normal equations."""
    if len(a) >= len(a.T):
        return eliminated(a.T @ a, a.T)
    return eliminated(a @ a.T, a).T


def leibniz(a: np.ndarray) -> Any:
    """The determinant as a sum over permutations."""
    size = len(a)
    total: Any = 0.0
    for order in itertools.permutations(range(size)):
        crossings = sum(order[i] > order[j] for i, j in itertools.combinations(range(size), 2))
        total += (-1) ** crossings * math.prod(a[i, j] for i, j in enumerate(order))
    return total


def banachiewicz(a: np.ndarray) -> np.ndarray:
    """The Cholesky factor, row by row."""
    factor = np.zeros_like(a)
    for i in range(len(a)):
        for j in range(i + 1):
            rest = a[i, j] - sum(factor[i, k] * factor[j, k].conjugate() for k in range(j))
            factor[i, j] = math.sqrt(rest.real) if i == j else rest / factor[j, j]
    return factor


def householder(a: np.ndarray, complete: bool) -> tuple[np.ndarray, np.ndarray]:
    """Reflections that bring each column below the diagonal to zero."""
    rows, columns = a.shape
    q, r = np.eye(rows), a.copy()
    for j in range(min(rows - 1, columns)):
        x = r[j:, j].copy()
        x[0] += math.copysign(math.sqrt(math.fsum(x * x)), x[0])
        mirror = np.eye(rows)
        mirror[j:, j:] -= 2 * np.outer(x, x) / math.fsum(x * x)
        q, r = q @ mirror, mirror @ r
    inner = rows if complete else min(rows, columns)
    return q[:, :inner], np.triu(r[:inner])


def system_entries() -> list[Entry]:
    a, b = draw(2, 3, 3) + 3 * np.eye(3), draw(2, 3, 2)
    entries: list[Entry] = [("solve", [well_conditioned(2, 3), b], each(eliminated), {}, "")]
    for low, turned in itertools.product((True, False), repeat=2):

        def triangular(a: np.ndarray, b: np.ndarray, low: bool = low, turned: bool = turned) -> Any:
            triangle = np.tril(a) if low else np.triu(a)
            return eliminated(triangle.T if turned else triangle, b)

        label = f"{'lower' if low else 'upper'}{'-turned' if turned else ''}"
        parameters = {"low": low, "turned": turned}
        entries.append(("solve_triangular", [a, b], each(triangular), parameters, label))
    properties = (
        leibniz,
        lambda a: math.copysign(1, leibniz(a)),
        lambda a: math.log(abs(leibniz(a))),
    )
    entries += [
        (
            "determinant",
            [well_conditioned(3, 4) / 3],
            each(function),
            {"output": output},
            str(output),
        )
        for output, function in enumerate(properties)
    ]
    limit = np.full(2, 1e-9)
    entries += [
        ("pinv", [near_diagonal(2, *shape), limit], each(least_squares), {}, label)
        for shape, label in (((4, 3), "tall"), ((2, 3), "wide"))
    ]
    positive = draw(2, 3, 3)
    positive = positive @ positive.swapaxes(-1, -2) + np.eye(3)
    return [*entries, ("cholesky", [positive], each(banachiewicz), {}, "")]


def complex_entries() -> list[Entry]:
    """The same in parts, with real and imaginary parts that are drawn alike."""

    def part_of(function: Any, part: int) -> Any:
        def compute(*parts: np.ndarray) -> np.ndarray:
            whole = [real + 1j * imag for real, imag in zip(parts[::2], parts[1::2], strict=True)]
            return (np.imag if part else np.real)(each(function)(*whole))

        return compute

    a = well_conditioned(2, 3) + 1j * draw(2, 3, 3) / 2
    positive = a @ a.conj().swapaxes(-1, -2) / 9
    b = draw(2, 3, 2) + 1j * draw(2, 3, 2)
    cases: list[tuple[str, list[np.ndarray], Any, int]] = [
        ("solve", [a, b], eliminated, 2),
        ("cholesky", [positive], banachiewicz, 2),
        ("determinant", [a / 3], leibniz, 2),
    ]
    return [
        (
            "complex_matrices",
            [part for array in arrays for part in (array.real.copy(), array.imag.copy())],
            part_of(function, output),
            {"of": name, "given": (), "output": output},
            f"{name}-{output}",
        )
        for name, arrays, function, count in cases
        for output in range(count)
    ]


def factor_entries() -> list[Entry]:
    entries: list[Entry] = []
    for shape, complete in (((4, 3), False), ((2, 4), False), ((3, 3), False), ((2, 3), True)):
        for output in (0, 1):

            def factor(a: np.ndarray, output: int = output, complete: bool = complete) -> Any:
                return householder(a, complete)[output]

            label = f"{shape[0]}x{shape[1]}-{'complete-' if complete else ''}{output}"
            parameters = {"complete": complete, "output": output}
            entries.append(("qr", [draw(2, *shape)], each(factor), parameters, label))
    vectors, values = rotation(3), np.array([-1.0, 0.5, 2.0])
    symmetric = (vectors * values) @ vectors.T
    for output, expected in enumerate((values, vectors)):
        entries.append(
            ("eigh", [symmetric], lambda a, e=expected: e, {"output": output}, str(output))
        )
    return [*entries, *singular_entries()]


def singular_entries() -> list[Entry]:
    entries: list[Entry] = []
    for rows, columns in ((4, 2), (2, 3)):
        inner = min(rows, columns)
        u, v, values = rotation(rows), rotation(columns).T, np.array([3.0, 1.2])
        a = (u[:, :inner] * values) @ v[:inner]
        for output, expected in enumerate((u[:, :inner], values, v[:inner])):
            entries.append(
                (
                    "svd",
                    [a],
                    lambda a, e=expected: e,
                    {"full": False, "output": output},
                    f"{rows}x{columns}-{output}",
                )
            )
    return entries


ENTRIES = [*system_entries(), *factor_entries(), *complex_entries()]
