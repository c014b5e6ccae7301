import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairnet.base.errors import ArgumentError
from cairnet.data.splits import stratified_split, tail_split


@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=200),
    st.floats(0.05, 0.95),
    st.integers(0, 2**64),
)
def test_every_class_gives_its_share(labels: list[int], fraction: float, seed: int) -> None:
    array = np.array(labels)
    count = round(fraction * len(labels))
    if not 0 < count < len(labels):
        with pytest.raises(ArgumentError, match="leaves one part of the split empty"):
            stratified_split(array, fraction, seed)
        return
    first, second = stratified_split(array, fraction, seed)
    assert sorted([*first, *second]) == list(range(len(labels)))
    assert len(second) == count
    for label in set(labels):
        share = np.sum(array == label) * count / len(labels)
        assert abs(np.sum(array[second] == label) - share) < 1


def test_the_seed_decides_the_split() -> None:
    labels = np.arange(1000) % 10
    split = [stratified_split(labels, 0.2, seed)[1].tolist() for seed in (1, 1, 2)]
    assert split[0] == split[1] != split[2]


def test_the_tail_is_the_end() -> None:
    first, second = tail_split(10, 0.3)
    assert first.tolist() == list(range(7))
    assert second.tolist() == [7, 8, 9]


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_a_fraction_out_of_range_is_refused(fraction: float) -> None:
    with pytest.raises(ArgumentError, match="fraction: expected a number above 0 and below 1"):
        stratified_split(np.zeros(10), fraction)


def test_a_seed_that_is_no_seed_is_refused() -> None:
    with pytest.raises(ArgumentError, match="seed: expected a whole number, 0 or more, got -1"):
        stratified_split(np.arange(10) % 2, 0.5, -1)
