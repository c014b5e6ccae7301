"""What stores read of large arrays is asked for while the sums before them are computed."""

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.configuration import configuration, configure

RNG = np.random.default_rng(0)


def updated(
    rows: int, columns: int, batch: int | None, count: int
) -> tuple[cn.Function, list[np.ndarray]]:
    """A step that changes a matrix and its moment, and what it is called with."""
    x = cn.input((batch, rows), name="x")
    slope = cn.input((batch, columns), name="slope")
    weights = cn.Variable(RNG.standard_normal((rows, columns)).astype(np.float32))
    moment = cn.Variable(RNG.standard_normal((rows, columns)).astype(np.float32))
    new = 0.9 * moment + x.T @ slope
    step = cn.function([x, slope], None, {moment: new, weights: weights - 0.1 * new})
    shapes = ((count, rows), (count, columns))
    return step, [RNG.standard_normal(shape).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize(
    ("reason", "rows", "columns", "batch", "asked"),
    [
        ("large arrays and a long sum", 256, 256, 128, True),
        ("the sum is too short to ask in between", 256, 256, 4, False),
        ("the arrays stay in the cache", 64, 64, 128, False),
    ],
)
def test_what_is_asked_for(reason: str, rows: int, columns: int, batch: int, asked: bool) -> None:
    step, arrays = updated(rows, columns, batch, batch)
    step(*arrays)
    assert ("llvm.prefetch" in str(cn.explain(step, "llvm"))) is asked, reason


@pytest.mark.parametrize("batch", [100, None], ids=["fixed", "any"])
def test_sums_in_parts_are_the_same_bits_on_any_number_of_threads(batch: int | None) -> None:
    step, (x, slope) = updated(259, 301, batch, 100)  # no whole tiles, no whole lines
    moment, weights = (variable for variable, _ in step.graph.updates)
    before = moment.data.copy(), weights.data.copy()
    found = []
    default = configuration()
    for threads in (1, 2, 3):
        moment.data[...], weights.data[...] = before
        cn.set_threads(threads)
        step(x, slope)
        found.append((moment.data.copy(), weights.data.copy()))
    configure(threads=default.threads)
    wanted = 0.9 * before[0] + x.T.astype(np.float64) @ slope
    np.testing.assert_allclose(found[0][0], wanted, rtol=2e-4, atol=2e-4)
    np.testing.assert_allclose(found[0][1], before[1] - 0.1 * wanted, rtol=2e-4, atol=2e-4)
    for each in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(each, found[0], strict=True))
