import numpy as np
import pytest
from sklearn.datasets import make_moons

from cairnet.base.errors import ArgumentError, DTypeError, ShapeError, UnknownNameError
from cairnet.data.datasets import encode_labels, moons, one_hot, stratified_split


def test_labels_are_numbered_in_order() -> None:
    numbers, classes = encode_labels(["dog", "cat", "dog", "ant"])
    assert numbers.dtype == np.int64
    assert numbers.tolist() == [2, 1, 2, 0]
    assert classes[numbers].tolist() == ["dog", "cat", "dog", "ant"]
    again, same = encode_labels(["cat", "dog"], classes)
    assert again.tolist() == [1, 2]
    assert same.tolist() == classes.tolist()
    assert encode_labels(np.array([30, 10, 30]))[0].tolist() == [1, 0, 1]


def test_a_label_that_is_no_class_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="label in row 1: 'catt'; did you mean 'cat'"):
        encode_labels(["dog", "catt"], ["cat", "dog"])
    with pytest.raises(ArgumentError, match=r"each class once, got \['a', 'a'\]"):
        encode_labels(["a"], ["a", "a"])
    with pytest.raises(ShapeError, match=r"shape \(n,\), got shape \(0,\)"):
        encode_labels([])


def test_one_hot() -> None:
    rows = one_hot(np.array([1, 0, 3], np.uint8))
    assert rows.dtype == np.float32
    assert rows.tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
    assert one_hot([0], 3).tolist() == [[1, 0, 0]]
    assert one_hot([2], np.int64(3)).tolist() == [[0, 0, 1]]


def test_labels_out_of_range_are_refused() -> None:
    with pytest.raises(ArgumentError, match="expected numbers from 0 to 2, got 3 in row 1"):
        one_hot([0, 3], 3)
    with pytest.raises(ArgumentError, match="got -1 in row 0"):
        one_hot([-1, 2])
    with pytest.raises(DTypeError, match="expected whole numbers, got dtype <U3"):
        one_hot(["cat"])
    with pytest.raises(ShapeError, match=r"got shape \(1, 2\)"):
        one_hot([[0, 1]])
    with pytest.raises(ArgumentError, match="num_classes: expected a whole number, 1 or more"):
        one_hot([0], 0)


@pytest.mark.parametrize("count", [50, 51])
def test_moons_have_the_shape_of_scikit_learns(count: int) -> None:
    (x_train, y_train), (x_test, y_test) = moons(count, noise=0)
    x, y = np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])
    assert (x.dtype, y.dtype) == (np.float32, np.int64)
    theirs, classes = make_moons(count, shuffle=False)
    for label in (0, 1):
        ours = x[y == label]
        expected = theirs[classes == label]
        order, other = (np.lexsort(np.round(each, 4).T) for each in (ours, expected))
        np.testing.assert_allclose(ours[order], expected[other], atol=1e-6)


def test_moons_follow_their_seed_and_noise() -> None:
    one, two, other = (moons(2000, noise=0.3, seed=seed)[0][0] for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)
    (x, y), (_, held_out) = moons(20_000, noise=0.3, seed=1)
    assert np.bincount(held_out).tolist() == [2000, 2000]
    # Off the arch, the noise is seen across it: its standard deviation is nearly the one asked for.
    spread = np.std(np.hypot(*x[y == 0].T) - 1)
    assert 0.27 < spread < 0.33


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"count": 3}, "count: expected a whole number of points, 4 or more, got 3"),
        ({"noise": -1}, "noise: expected a finite number, 0 or more, got -1"),
        ({"noise": float("nan")}, "noise: expected a finite number"),
        ({"seed": -1}, "seed: expected"),
        ({"test_fraction": 1}, "fraction: expected"),
    ],
)
def test_moons_that_cannot_be_are_refused(arguments: dict[str, float], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        moons(**arguments)


def test_a_split_takes_lists_and_refuses_one_hot_rows() -> None:
    first, second = stratified_split(["a", "b"] * 5, 0.2)
    assert len(first) == 8
    assert len(second) == 2
    with pytest.raises(ShapeError, match=r"got shape \(4, 4\); of one-hot rows"):
        stratified_split(np.eye(4), 0.5)
