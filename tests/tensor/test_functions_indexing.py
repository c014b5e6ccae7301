"""`x[...]` against NumPy: slices, integers, None, Ellipsis, integer arrays, masks; what is refused.

Every index is read from a constant, and from an input of which no extent is known.
"""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cairnet as cn
from cairnet.base import ArgumentError, DTypeError, IndexRangeError, ShapeError
from cairnet.tensor.functions import getitem
from cairnet.tensor.interpreter import evaluate

RNG = np.random.default_rng(5)
X = RNG.standard_normal((4, 3, 5))
BASIC = [
    np.s_[0],
    np.s_[-1],
    np.s_[()],
    np.s_[...],
    np.s_[None],
    np.s_[1, 2, 3],
    np.s_[:, 1],
    np.s_[..., 0],
    np.s_[1, ..., 2],
    np.s_[None, :, None, 0],
    np.s_[1:3],
    np.s_[:-1, 1:, ::2],
    np.s_[::-1, ::-2, -2::-1],
    np.s_[3:1, 2:0:-1],
    np.s_[10:, -10:, 1:10:3],
    np.s_[-2:, :, -4:-1],
    np.s_[np.int8(1), np.uint64(2)],
]
ARRAYS = [
    np.s_[[0, 2, -1]],
    np.s_[:, [0, 2]],
    np.s_[:, :, [[0, 4], [1, -5]]],
    np.s_[[0, 1], [1, 2]],
    np.s_[[0, 1], :, [1, 2]],
    np.s_[:, [0, 1], [1, 2]],
    np.s_[[[0], [1]], [1, 2, 0]],
    np.s_[1, :, [1, 2]],
    np.s_[:, 1, [1, 2]],
    np.s_[[1, 2], ..., -1],
    np.s_[None, [1, 2], 1:],
    np.s_[[0, 1], None, [1, 2]],
    np.s_[[], :, 0],
    np.s_[np.array([0, 3], "uint8"), np.array(2, "int8")],
]
MASKS = [
    np.s_[X > 0],
    np.s_[X[:, 0, 0] > 0],
    np.s_[:, [True, False, True]],
    np.s_[X[:, :, 0] > 0, 1:3],
    np.s_[..., X[0, 0] > 9],
    np.s_[True],
    np.s_[False, :],
    np.s_[np.bool_(True), ..., 0],
]


def check(x: np.ndarray, key: Any, unknown: bool = True) -> None:
    expected = x[key]
    constant = cn.asarray(x)[key]
    assert constant.shape == expected.shape
    np.testing.assert_array_equal(constant.numpy(), expected)
    if unknown:
        source = cn.input((None,) * x.ndim, x.dtype)
        (found,) = evaluate([source[key]], {source: x})
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("key", BASIC + ARRAYS, ids=str)
def test_an_index_means_what_it_means_in_numpy(key: Any) -> None:
    check(X, key)


@pytest.mark.parametrize("key", MASKS, ids=lambda key: re.sub(r"\s+", " ", str(key))[:40])
def test_a_mask_that_is_known_selects(key: Any) -> None:
    check(X, key, unknown=False)


def test_a_mask_that_is_known_selects_from_an_input() -> None:
    source = cn.input((3,))
    (found,) = evaluate([source[cn.asarray([True, False, True])]], {source: np.arange(3.0)})
    np.testing.assert_array_equal(found, [0.0, 2.0])


SIZES = st.integers(0, 6)
BOUNDS = st.none() | st.integers(-8, 8)
STEPS = st.none() | st.sampled_from([-3, -2, -1, 1, 2, 3])
SLICES = st.builds(slice, BOUNDS, BOUNDS, STEPS)


@given(st.lists(SIZES, min_size=1, max_size=3), st.data())
@settings(max_examples=150)
def test_any_slice_of_any_extent(sizes: list[int], data: st.DataObject) -> None:
    x = np.arange(float(np.prod(sizes))).reshape(sizes)
    key = tuple(data.draw(st.lists(SLICES, max_size=len(sizes)), label="key"))
    check(x, key)
    # The derivative puts what was read back to where it came from, and zeros elsewhere.
    source = cn.input((None,) * x.ndim, "float64")
    weights = RNG.standard_normal(x[key].shape)
    cost = cn.sum(source[key] * cn.asarray(weights))
    expected = np.zeros_like(x)
    expected[key] = weights
    (found,) = evaluate([cn.grad(cost, source)], {source: x})
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("key", BASIC + ARRAYS + MASKS, ids=lambda key: str(key)[:40])
def test_the_derivative_goes_back_to_where_it_was_read(key: Any) -> None:
    x = cn.Variable(X)
    weights = RNG.standard_normal(X[key].shape)
    expected = np.zeros_like(X)
    np.add.at(expected, key, weights)
    found = cn.grad(cn.sum(x[key] * cn.asarray(weights)), x).numpy()
    np.testing.assert_allclose(found, expected)


def test_an_index_may_be_computed() -> None:
    rows = cn.input((None,), "int32", "rows")
    table = cn.input((None, 2), name="table")
    values = np.arange(6.0, dtype="float32").reshape(3, 2)
    picked = evaluate([table[rows]], {table: values, rows: np.array([2, -1, 0], "int32")})[0]
    np.testing.assert_array_equal(picked, values[[2, -1, 0]])
    place = cn.input((), "int64", "place")
    assert evaluate([table[place]], {table: values, place: np.array(-1)})[0].tolist() == [4, 5]


def test_narrow_negative_indices_reach_the_end_of_a_long_axis() -> None:
    long = np.arange(1000)
    index = cn.input((None,), "int8")
    (found,) = evaluate([cn.asarray(long)[index]], {index: np.array([-1, -128, 3], "int8")})
    np.testing.assert_array_equal(found, [999, 872, 3])


def test_iterating_gives_the_slices_along_the_first_axis() -> None:
    assert [row.tolist() for row in cn.asarray([[1, 2], [3, 4]])] == [[1, 2], [3, 4]]
    assert len(cn.zeros((3, 2))) == 3


REFUSED = [
    (X, 4, IndexRangeError, "index 4 is out of range for axis 0 of shape (4, 3, 5)"),
    (X, np.s_[:, -4], IndexRangeError, "index -4 is out of range for axis 1 of shape (4, 3, 5)"),
    (X, np.s_[:, [0, 3]], IndexRangeError, "index 3 is out of range for an axis of extent 3"),
    (X, np.s_[0, 0, 0, 0], IndexRangeError, "4 indices for the 3 axes of shape (4, 3, 5)"),
    (X, np.s_[..., ...], ArgumentError, "Ellipsis (...) may stand in an index once"),
    (X, np.s_[::0], ArgumentError, "the step of a slice must not be 0"),
    (X, 1.5, ArgumentError, "axis 0 of shape (4, 3, 5) is indexed by 1.5"),
    (X, "batch", ArgumentError, "is indexed by 'batch'; expected a whole number, a slice"),
    (X, [0.5], DTypeError, "index arrays must be integers, got float32[1]"),
    (X, [True] * 3, IndexRangeError, "a mask of shape (3,) for the axes of shape (4,)"),
    (X, np.s_[[0, 1], [0, 1, 2]], ShapeError, "shapes (2,) and (3,) do not broadcast"),
]


@pytest.mark.parametrize(("x", "key", "error", "words"), REFUSED, ids=lambda item: str(item)[:30])
def test_a_wrong_index_is_refused(x: np.ndarray, key: Any, error: type, words: str) -> None:
    with pytest.raises(error, match=re.escape(words)) as caught:
        getitem(cn.asarray(x), key)
    assert "test_functions_indexing.py:" in str(caught.value)


def test_a_mask_that_depends_on_an_input_is_refused() -> None:
    x = cn.input((None,), name="x")
    with pytest.raises(ShapeError, match=r"every shape .* is settled before; write cn\.where"):
        x[x > 0]


def test_an_index_error_is_what_python_expects() -> None:
    with pytest.raises(IndexError):
        cn.zeros(3)[3]


def test_nothing_can_be_put_into_a_tensor() -> None:
    x = cn.zeros(3)
    with pytest.raises(ArgumentError, match=r"tensors are immutable.*cn\.where\(mask, y, x\)"):
        x[0] = 1.0


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (len, "len() of a tensor whose first extent is known only when the function runs"),
        (iter, "iterating needs to know how many elements there are"),
        (lambda x: len(x[0, 0]), "len() of a tensor without axes"),
        (lambda x: iter(x[0, 0]), "a tensor without axes has nothing to iterate over"),
    ],
)
def test_length_and_iteration_need_a_known_extent(ask: Any, words: str) -> None:
    with pytest.raises(ShapeError, match=re.escape(words)):
        ask(cn.input((None, 2)))
