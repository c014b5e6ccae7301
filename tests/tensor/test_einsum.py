"""einsum: against NumPy over its whole syntax, its gradient, and what it refuses."""

import re
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.tensor.core import topological_order
from cairnet.tensor.interpreter import evaluate

GENERATOR = np.random.default_rng(19)
CLOSE = {"rtol": 1e-10, "atol": 1e-12}

CASES: list[tuple[str, list[tuple[int, ...]]]] = [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ij,jk->ki", [(2, 3), (3, 4)]),
    ("ij->ji", [(2, 3)]),
    ("ba", [(2, 3)]),
    ("ij->", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("iij->ji", [(3, 3, 2)]),
    ("iii->i", [(3, 3, 3)]),
    ("ijij->ij", [(2, 3, 2, 3)]),
    ("i,i->", [(4,), (4,)]),
    ("i,i->i", [(4,), (4,)]),
    ("i,j->ij", [(4,), (3,)]),
    ("i,j->", [(4,), (3,)]),
    ("bij,bjk->bik", [(5, 2, 3), (5, 3, 4)]),
    ("bij,jk->bki", [(5, 2, 3), (3, 4)]),
    ("bhqd,bkhd->bhqk", [(2, 3, 4, 5), (2, 6, 3, 5)]),
    ("...ij,...jk->...ik", [(5, 2, 3), (5, 3, 4)]),
    ("...ij,...jk->...ik", [(7, 1, 2, 3), (5, 3, 4)]),
    ("...ij,jk", [(5, 2, 3), (3, 4)]),
    ("i...->...i", [(2, 3, 4)]),
    ("i...j,k->...ijk", [(2, 3, 4), (5,)]),
    ("...,...->...", [(2, 3), (3,)]),
    ("...,i->i...", [(2, 3), (4,)]),
    ("ij,ij,ij->", [(2, 3), (2, 3), (2, 3)]),
    ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 5)]),
    ("ij,jk,kl,lm->", [(2, 3), (3, 4), (4, 5), (5, 2)]),
    ("a,ab,abc->abc", [(2,), (2, 3), (2, 3, 4)]),
    ("ij,kl->ijkl", [(2, 3), (4, 5)]),
    ("ij,kl->", [(2, 3), (4, 5)]),
    ("ii,jj->", [(2, 2), (3, 3)]),
    ("ii,ij->j", [(3, 3), (3, 2)]),
    ("ij,ij->ij", [(1, 3), (2, 3)]),
    ("ij,ij->i", [(2, 1), (2, 3)]),
    ("ij,jk->ik", [(2, 1), (3, 4)]),
    (" i j , j k -> i k ", [(2, 3), (3, 4)]),
    ("Ab,bC->AC", [(2, 3), (3, 4)]),
    (",->", [(), ()]),
    ("i,->i", [(3,), ()]),
    ("ij,jk->ik", [(0, 3), (3, 4)]),
    ("ij,jk->ik", [(2, 0), (0, 4)]),
]


@pytest.mark.parametrize(("subscripts", "shapes"), CASES)
def test_einsum_is_numpys(subscripts: str, shapes: Any) -> None:
    arrays = [GENERATOR.standard_normal(shape) for shape in shapes]
    got = cn.einsum(subscripts, *arrays)
    expected = np.einsum(subscripts, *arrays)
    assert got.shape == expected.shape
    np.testing.assert_allclose(got.numpy(), expected, **CLOSE)


@pytest.mark.parametrize(("subscripts", "shapes"), CASES)
def test_unknown_extents_change_nothing(subscripts: str, shapes: Any) -> None:
    arrays = [GENERATOR.standard_normal(shape) for shape in shapes]
    # An extent of 1 broadcasts where it is known to be 1.
    inputs = [cn.input([s if s == 1 else None for s in shape], cn.float64) for shape in shapes]
    result = cn.einsum(subscripts, *inputs)
    got = evaluate([result], dict(zip(inputs, arrays, strict=True)))[0]
    np.testing.assert_allclose(got, np.einsum(subscripts, *arrays), **CLOSE)


@pytest.mark.parity
@pytest.mark.parametrize(("subscripts", "shapes"), CASES)
def test_the_gradient_of_einsum_is_torchs(subscripts: str, shapes: Any) -> None:
    torch = pytest.importorskip("torch")
    arrays = [GENERATOR.standard_normal(shape) for shape in shapes]
    variables = [cn.Variable(array) for array in arrays]
    there = [torch.tensor(array, requires_grad=True) for array in arrays]
    cost = cn.sum(cn.einsum(subscripts, *variables) ** 2)
    (torch.einsum(subscripts, *there) ** 2).sum().backward()
    for got, wanted in zip(cn.grad(cost, variables), there, strict=True):
        np.testing.assert_allclose(got.numpy(), wanted.grad.numpy(), rtol=1e-9, atol=1e-10)


def test_integers_are_multiplied_as_integers() -> None:
    got = cn.einsum("ij,jk->ik", [[1, 2], [3, 4]], [[5, 6], [7, 8]])
    assert got.dtype == cn.int64
    np.testing.assert_array_equal(got.numpy(), [[19, 22], [43, 50]])


def test_a_chain_is_multiplied_in_the_cheap_order() -> None:
    x = cn.input((1000, 1000))
    result = cn.einsum("ij,jk,k->i", x, x, cn.input((1000,)))
    extents = [t.extents for t in topological_order([result]) if t.primitive.name == "dot"]
    assert extents == [(1000,), (1000,)]


@pytest.mark.parametrize(
    ("subscripts", "shapes", "message"),
    [
        ("ij,jk->ik", [(2, 3)], "'ij,jk->ik' names 2 operands, got 1"),
        ("ij->ijk", [(2, 3)], "output letter 'k' is in no operand"),
        ("ij->ii", [(2, 3)], "a letter stands twice in the output"),
        ("i j 1", [(2, 3)], "expected letters, commas, one '->'"),
        ("ij->i->j", [(2, 3)], "expected letters, commas, one '->'"),
        ("......", [(2, 3)], "at most one '...' an operand"),
        ("ijk", [(2, 3)], "'ijk' names 3 axes of an operand of shape (2, 3)"),
        ("i", [(2, 3)], "'i' names 1 axes of an operand of shape (2, 3)"),
        ("...i->i", [(2, 3)], "the axes of '...' must be in the output, too"),
        (
            "ij,jk->ik",
            [(2, 3), (4, 5)],
            "letter 'j' is 3 in one place and 4 in another of the shapes (2, 3) and (4, 5)",
        ),
        ("ii", [(2, 3)], "letter 'i' is 2 in one place and 3 in another"),
        ("...i,...i->...", [(2, 3), (4, 3)], "letter '...' is 2 in one place and 4 in another"),
    ],
)
def test_refusals(subscripts: str, shapes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        cn.einsum(subscripts, *(cn.zeros(shape) for shape in shapes))
    assert f"einsum, at {__file__}:" in str(error.value)


def test_more_refusals() -> None:
    with pytest.raises(ValueError, match="expected operands after 'ij'"):
        cn.einsum("ij")
    with pytest.raises(ValueError, match="expected a string such as 'ij,jk->ik', got 3"):
        cn.einsum(3, cn.zeros((2,)))
    with pytest.raises(ValueError, match="bool has no sums"):
        cn.einsum("i->", cn.zeros((2,)) > 0)
