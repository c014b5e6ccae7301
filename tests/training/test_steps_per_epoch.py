"""Epochs of a number of steps, which go on through the rows where the one before stopped."""

from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError
from cairnet.training.fitting import Plan

X = np.random.default_rng(0).normal(size=(47, 4)).astype(np.float32)
Y = X[:, :3].argmax(axis=1)


def rows(count: int, steps: int | None, epochs: int, *, shuffle: bool = True) -> list[np.ndarray]:
    plan = Plan(10, epochs, 0, shuffle, steps_per_epoch=steps)
    return [plan.rows(count, 7, epoch) for epoch in range(epochs)]


def test_epochs_go_on_through_the_rows() -> None:
    taken = rows(47, 3, 8)
    assert all(len(epoch) == 30 for epoch in taken)
    stream = np.concatenate(taken)
    for start in range(0, 5 * 47, 47):
        assert sorted(stream[start : start + 47]) == list(range(47))
    assert (stream[:47] != stream[47:94]).any()


def test_an_epoch_may_take_every_row_several_times() -> None:
    (taken,) = rows(7, 5, 1, shuffle=False)
    np.testing.assert_array_equal(taken, np.arange(50) % 7)


def test_the_first_epochs_are_those_of_a_plain_fit() -> None:
    np.testing.assert_array_equal(np.concatenate(rows(40, 2, 4)), np.concatenate(rows(40, None, 2)))


def network() -> cn.Sequential:
    cn.seed(3)
    model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def trained(model: cn.Model, **settings: Any) -> list[np.ndarray]:
    model.fit(X, Y, 10, verbose=0, **settings)
    return [variable.numpy() for variable in model.weights]


def test_the_number_of_steps_is_what_is_done() -> None:
    model = network()
    trained(model, steps_per_epoch=7, epochs=3)
    (iterations,) = [v for v in model.optimizer.variables if v.name == "iterations"]
    assert int(iterations.numpy()) == 21


def test_resuming_goes_on_where_it_stopped() -> None:
    expected = trained(network(), steps_per_epoch=3, epochs=4)
    halves = network()
    trained(halves, steps_per_epoch=3, epochs=2)
    found = trained(halves, steps_per_epoch=3, epochs=4, initial_epoch=2)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_callbacks_hear_of_so_many_steps() -> None:
    seen: list[int] = []

    class Count(cn.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(batch)

        def on_train_begin(self, logs: Any = None) -> None:
            assert self.params["steps"] == 6

    network().fit(X, Y, 10, epochs=2, steps_per_epoch=6, callbacks=[Count()], verbose=0)
    assert seen == [*range(6), *range(6)]


@pytest.mark.parametrize("steps", [0, -1, 2.5, "3"])
def test_other_numbers_are_refused(steps: Any) -> None:
    with pytest.raises(ArgumentError, match="steps_per_epoch: expected a whole number, 1 or more"):
        network().fit(X, Y, steps_per_epoch=steps, verbose=0)
