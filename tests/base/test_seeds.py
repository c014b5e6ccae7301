"""Streams of random numbers: repeatable, and different from each other."""

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError
from cairnet.base.seeds import generator, next_key


def test_the_seed_starts_all_streams_afresh() -> None:
    drawn = []
    for value in (4, 4, 5):
        cn.seed(value)
        drawn.append([generator().random(), generator().random()])
    assert drawn[0] == drawn[1]
    assert len({*drawn[0], *drawn[2]}) == 4


def test_a_key_has_as_many_streams_as_are_asked_for() -> None:
    key = next_key()
    streams = [generator(key, counter).random(1000) for counter in range(4)]
    assert np.array_equal(streams[2], generator(key, 2).random(1000))
    assert len(set(np.concatenate(streams))) == 4000


def test_streams_do_not_depend_on_the_version_of_anything() -> None:
    recorded = [0.26997457910808254, 0.8120389486073295]
    assert generator(1, 2).random(2).tolist() == recorded


@pytest.mark.parametrize("value", [-1, 1.5, "1", None, True])
def test_what_is_no_seed_is_refused(value: object) -> None:
    with pytest.raises(ArgumentError, match="seed: expected a whole number, 0 or more, got"):
        cn.seed(value)
