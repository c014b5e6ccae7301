"""Placeholders, and functions of tensors whose extents are unknown when the graph is built."""

import re
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base import DTypeError, ShapeError
from cairnet.tensor.interpreter import evaluate


@pytest.mark.parametrize(
    ("make", "rank"),
    [(cn.scalar, 0), (cn.vector, 1), (cn.matrix, 2), (cn.tensor3, 3), (cn.tensor4, 4)],
)
def test_typed_shorthands(make: Any, rank: int) -> None:
    assert make().shape == (None,) * rank
    assert make().dtype == "float32"
    assert make("labels", dtype="int64").name == "labels"
    assert make(dtype="int64").dtype == "int64"


def test_a_function_of_shorthands() -> None:
    x, y = cn.matrix("x"), cn.matrix("y")
    product = cn.function([x, y], x @ y)
    a, b = np.ones((2, 3), "float32"), np.full((3, 5), 2, "float32")
    np.testing.assert_array_equal(product(a, b), a @ b)


def test_the_mean_counts_what_comes() -> None:
    x = cn.input((None, None), "float64")
    gradient = cn.grad(cn.sum(cn.square(cn.mean(x, axis=0))), x)
    for shape in ((1, 3), (4, 2), (7, 1)):
        values = np.random.default_rng(1).standard_normal(shape)
        mean, slope = evaluate([cn.mean(x, axis=0), gradient], {x: values})
        np.testing.assert_allclose(mean, values.mean(axis=0))
        np.testing.assert_allclose(slope, np.broadcast_to(2 * mean / shape[0], shape))


def test_shapes_are_formulas() -> None:
    x = cn.input((None, 3, 4), name="x")
    n = x.extents[0]
    assert cn.reshape(x, (-1, 4)).extents == (3 * n, 4)
    assert cn.reshape(x, (x.shape[0], 12)).extents == (n, 12)
    assert cn.concat([x, x]).extents == (2 * n, 3, 4)
    assert cn.tile(x, (2, 1, 1)).extents == (2 * n, 3, 4)
    assert cn.repeat(x, 3, axis=0).extents == (3 * n, 3, 4)
    assert cn.zeros_like(x).extents == x.extents
    assert cn.zeros(x.extents[:1]).extents == (n,)
    assert (x + cn.ones((3, 1))).extents == x.extents
    assert x[1:].extents == x[:-1].extents


def test_shapes_broadcast() -> None:
    assert cn.broadcast_shapes() == ()
    assert cn.broadcast_shapes((3, 1), (4,), ()) == (3, 4)
    assert cn.broadcast_shapes((None, 1), (2, 1, 5)) == (2, None, 5)
    assert cn.broadcast_shapes((None,), (3,)) == (3,)
    with pytest.raises(ShapeError, match=r"broadcast_shapes, at .*shapes \(3,\) and \(2,\) do not"):
        cn.broadcast_shapes((3,), (2,))


def test_creation_over_an_unknown_extent() -> None:
    x = cn.input((None,), "float64")
    n = x.extents[0]
    made = [cn.arange(n), cn.arange(2, n + 2), cn.eye(n), cn.tril(cn.ones((n, n))), cn.full(n, 7)]
    for size in (0, 1, 4):
        found = evaluate(made, {x: np.zeros(size)})
        wanted = [
            np.arange(size),
            np.arange(2, size + 2),
            np.eye(size),
            np.tri(size),
            np.full(size, 7),
        ]
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(one, other)


def test_unknown_extents_that_meet_must_be_equal_when_the_function_runs() -> None:
    x, y = cn.vector("x"), cn.vector("y")
    with pytest.raises(ShapeError, match="must be equal"):
        cn.function([x, y], x + y)(np.ones(2, "float32"), np.ones(3, "float32"))


def raises() -> list[Any]:
    x = cn.input((None, 3), name="x")
    known = cn.zeros((2, 3))
    return [
        (lambda: known + cn.zeros((3, 2)), "add, at .*: shapes (2, 3) and (3, 2) do not broadcast"),
        (
            lambda: known @ known,
            "matmul, at .*: shapes (2, 3) and (2, 3) do not fit: axis 1 of the",
        ),
        (lambda: known @ cn.ones(()), "matmul, at .*: expected at least one axis each"),
        (
            lambda: cn.vecdot(known, cn.zeros((3, 1))),
            "vecdot (axes not summed), at .*(2,) and (3,)",
        ),
        (lambda: cn.tensordot(known, known, axes=3), "tensordot, at .*: axes=3"),
        (lambda: cn.tensordot(known, known, axes=([0], [])), "tensordot, at .*must come in pairs"),
        (lambda: cn.reshape(known, (4, -1)), "reshape, at .*(2, 3) has 6 elements"),
        (lambda: cn.reshape(known, (-1, -1)), "reshape, at .*only one extent may be left open"),
        (lambda: cn.reshape(known, 5), "reshape: (2, 3) has 6 elements, (5,) has 5 (at .*"),
        (lambda: cn.zeros((2, -1)), "full, at .*extent 1 of shape (2, -1) is -1"),
        (lambda: cn.zeros((2, None)), "full, at .*extent 1 of shape (2, None) is None"),
        (lambda: cn.full(2, [1, 2]), "full, at .*fill_value has shape (2,); expected ()"),
        (lambda: cn.squeeze(known, 0), "squeeze, at .*axis 0 of shape (2, 3) has extent 2"),
        (lambda: cn.sum(known, axis=2), "sum, at .*axis 2 is not one of the 2 axes (-2 to 1)"),
        (lambda: cn.sum(known, axis=(0, -2)), "sum, at .*an axis is named twice in (0, -2)"),
        (lambda: cn.max(cn.zeros((0, 3)), axis=0), "max over zero elements has no value"),
        (lambda: cn.argmax(cn.zeros(0)), "argmax over zero elements has no value"),
        (lambda: cn.broadcast_to(known, (3, 3)), "does not stretch to (3, 3) (at .*"),
        (lambda: cn.concat([known, cn.zeros((2, 2))]), "concat, at .*(2, 3), (2, 2) do not fit"),
        (lambda: cn.stack([known, cn.zeros((2, 2))]), "stack, at .*expected equal shapes, got (2"),
        (lambda: cn.asarray([known, known[0]]), "a list of tensors, at .*expected equal shapes"),
        (lambda: cn.asarray([[1], [1, 2]]), "nested lists of equal lengths"),
        (lambda: cn.unstack(x), "unstack, at .*known only when the function runs"),
        (lambda: cn.permute_dims(known, (0, 0)), "permute_dims, at .*do not name each of the 2"),
        (lambda: cn.moveaxis(known, (0, 1), 0), "moveaxis, at .*as many axes must arrive"),
        (lambda: cn.matrix_transpose(cn.zeros(3)), "matrix_transpose, at .*at least 2 axes"),
        (lambda: cn.zeros(3).T, "x.T transposes matrices; this tensor has 1 axes"),
        (lambda: cn.tril(cn.zeros(3)), "tril, at .*at least 2 axes, got shape (3,)"),
        (lambda: cn.meshgrid(known), "meshgrid, at .*expected vectors, got shape (2, 3)"),
        (lambda: cn.repeat(known, [1, 2], axis=1), "repeat, at .*2 numbers of repeats for the"),
        (
            lambda: cn.repeat(known, x[:, 0]),
            "repeat, at .*every shape of a graph is settled before",
        ),
        (lambda: cn.nonzero(x), "nonzero, at .*every shape of a graph is settled before; cn.where"),
        (lambda: cn.nonzero(3), "nonzero, at .*a tensor without axes has no positions"),
        (lambda: cn.unique_values(x), "unique, at .*every shape of a graph is settled before"),
        (lambda: cn.searchsorted(known, 1.0), "searchsorted, at .*x1 must be a vector"),
        (lambda: cn.take_along_axis(known, [0]), "take_along_axis, at .*as many axes in both"),
        (
            lambda: cn.diff(known, prepend=cn.zeros(3)),
            "diff, at .*shapes (3,), (2, 3) do not fit together along axis 1",
        ),
    ]


@pytest.mark.parametrize(("compute", "words"), raises())
def test_wrong_shapes_are_refused_where_the_graph_is_built(compute: Any, words: str) -> None:
    pattern = ".*".join(re.escape(part) for part in words.split(".*"))
    with pytest.raises(ShapeError, match=pattern) as caught:
        compute()
    at_a_line = "at " in words or "has extent" in words
    assert not at_a_line or "test_functions_inputs.py:" in str(caught.value)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (lambda x, n: cn.sum(x) / n, 66 / 4),
        (lambda x, n: n * cn.sum(x), 4 * 66),
        (lambda x, n: n - cn.sum(x), 4 - 66),
        (lambda x, n: cn.sum(x) - (2 * n + 1), 66 - 9),
        (lambda x, n: cn.where(x > n, 1.0, 0.0), (np.arange(12).reshape(4, 3) > 4).astype("f4")),
        (lambda x, n: cn.asarray(n), np.int64(4)),
        (lambda x, n: cn.asarray(n, dtype="float32"), np.float32(4)),
        (lambda x, n: n // cn.asarray(3), np.int64(1)),
        (lambda x, n: cn.stack([n, cn.asarray(2)]), np.array([4, 2])),
        (lambda x, n: cn.sqrt(n), np.float32(2)),
    ],
)
def test_an_unknown_extent_is_a_number_to_compute_with(formula: Any, expected: Any) -> None:
    """As `loss.sum() / x.shape[0]` in Theano; a known extent is a Python int."""
    x = cn.input((None, 3), name="x")
    y = formula(x, x.extents[0])
    found = cn.function([x], y, backend="reference")(np.arange(12.0).reshape(4, 3))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.dtype == (np.float32 if isinstance(expected, int | float) else expected.dtype)


def test_an_extent_does_not_fit_what_cannot_hold_whole_numbers() -> None:
    x = cn.input((None,), name="x")
    assert cn.result_type("float32", x.extents[0]) == "float32"
    with pytest.raises(DTypeError, match=r"len\(x\) does not fit dtype bool"):
        (x > 0) & x.extents[0]
