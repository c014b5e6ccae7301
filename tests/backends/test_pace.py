"""The number of threads settles on the fastest, and follows when that changes."""

import random

import pytest

from cairnet.backends.native.pace import Pace
from cairnet.backends.native.tables import Sizes


def settle(pace: Pace, times: dict[int, float], calls: int, noise: float = 0.0) -> list[int]:
    generator = random.Random(3)
    used = []
    for _ in range(calls):
        threads = pace.choose()
        pace.record(threads, times[threads] * (1 + noise * generator.random()))
        used.append(threads)
    return used


@pytest.mark.parametrize("fastest", [1, 2, 4, 8])
def test_the_fastest_number_is_found(fastest: int) -> None:
    times = {number: 1.0 + abs(number - fastest) for number in (1, 2, 4, 8)}
    pace = Pace(8)
    used = settle(pace, times, 400, noise=0.2)
    assert pace.best == fastest
    assert used[-200:].count(fastest) > 190


def test_memory_met_for_the_first_time_does_not_decide() -> None:
    pace = Pace(2)
    pace.record(pace.choose(), 50.0)
    settle(pace, {1: 2.0, 2: 1.0}, 4)
    assert pace.best == 2


def test_a_change_is_noticed() -> None:
    pace = Pace(2)
    settle(pace, {1: 2.0, 2: 1.0}, 100)
    assert pace.best == 2
    settle(pace, {1: 2.0, 2: 9.0}, 100)
    assert pace.best == 1
    settle(pace, {1: 2.0, 2: 1.0}, 600)
    assert pace.best == 2


def test_a_single_core_is_never_left() -> None:
    assert set(settle(Pace(1), {1: 1.0}, 50)) == {1}


def test_other_numbers_than_its_own_teach_nothing() -> None:
    pace = Pace(2)
    pace.record(3, 0.0)
    assert pace.best == 2


def test_a_first_call_on_cold_memory_decides_nothing() -> None:
    pace = Pace(2)
    for call in range(6):
        threads = pace.choose()
        pace.record(threads, 9.0 if call == 0 else {1: 3.0, 2: 2.0}[threads])
    assert pace.best == 2


def test_runs_of_other_lengths_have_a_choice_of_their_own() -> None:
    sizes = Sizes(None, ())
    settle(sizes.pace(1, 2), {1: 1.0, 2: 3.0}, 20)
    settle(sizes.pace(1000, 2), {1: 3.0, 2: 2.0}, 20)
    assert (sizes.pace(2, 2).best, sizes.pace(900, 2).best) == (1, 2)


def test_threads_that_need_a_while_to_find_their_cores_are_given_it() -> None:
    pace, in_a_row = Pace(2), 0
    for _ in range(60):
        threads = pace.choose()
        in_a_row = in_a_row + 1 if threads == 2 else 0
        pace.record(threads, 2.0 if threads == 1 else 1.0 if in_a_row > 3 else 2.5)
    assert pace.best == 2


def test_trials_cost_little_of_the_time() -> None:
    pace = Pace(2)
    settle(pace, {1: 2.0, 2: 1.0}, 20)
    used = settle(pace, {1: 2.0, 2: 1.0}, 1000)
    assert 1 <= used.count(1) <= 4
    near = settle(Pace(2), {1: 1.02, 2: 1.0}, 300)
    assert near.count(1) > 5  # what costs nothing is tried sooner


def test_a_single_interruption_changes_nothing() -> None:
    pace = Pace(2)
    settle(pace, {1: 2.0, 2: 1.0}, 40)
    pace.record(pace.choose(), 50.0)
    assert pace.best == 2
