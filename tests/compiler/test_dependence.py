"""The order of nests while they are joined is the one that would be worked out from nothing."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest
from tests.training_steps import deep

import cairnet as cn
from cairnet.backends.native.passes import Passes
from cairnet.compiler.dependence import NestOrder, dependencies
from cairnet.compiler.loops import (
    Affine,
    Axis,
    Buffer,
    Compute,
    Expression,
    Literal,
    Load,
    Nest,
    Store,
)
from cairnet.tensor.core import Tensor

FLOAT = np.dtype(np.float32)
X: Tensor = cn.input((4,))


def nest(read: list[Buffer], written: list[Buffer], kind: str = "map") -> Nest:
    """A nest that reads and writes these buffers at its own point."""
    axis = Axis("i", 4)
    value: Expression = Literal(FLOAT, 1)
    for buffer in read:
        value = Compute(FLOAT, "add", (value, Load(FLOAT, buffer, Affine.of(axis))))
    stores = tuple(Store(buffer, Affine.of(axis), value) for buffer in written)
    return Nest((axis,), (), (), stores, (X,), kind)


def buffers(count: int) -> list[Buffer]:
    return [Buffer(f"b{number}", FLOAT, (4,), X, "arena") for number in range(count)]


def network(generator: random.Random, count: int) -> list[Nest]:
    """Nests of which each reads some that earlier ones wrote."""
    written = buffers(count)
    return [
        nest(generator.sample(written[:i], min(i, generator.randint(0, 3))), [written[i]])
        for i in range(count)
    ]


def ancestors(order: list[Nest]) -> dict[Nest, set[Nest]]:
    before, result = dependencies(order), dict[Nest, set[Nest]]()
    for item in order:
        result[item] = before[item].union(*(result[other] for other in before[item]))
    return result


def check(order: NestOrder) -> None:
    """Everything that is kept up to date, compared with what follows from the nests."""
    above = ancestors(order.nests)  # fails where a nest comes before one that it needs
    assert order.before == dependencies(order.nests)
    for place, item in enumerate(order.nests):
        assert order.index(item) == place
        assert {other for other in order.nests if order.needs(item, other)} == above[item]
        for buffer in item.written():
            assert order.only_writer(buffer) is item
        for buffer in item.reads():
            assert item in order.readers(buffer)


def test_a_nest_needs_who_writes_what_it_reads() -> None:
    a, b = buffers(2)
    zero, scatter, reader = nest([], [a]), nest([b], [a], "scatter"), nest([a], [b])
    needed = dependencies([zero, scatter, reader])
    assert needed == {zero: set(), scatter: {zero, reader}, reader: {zero, scatter}}


def test_nests_come_behind_those_they_need_and_stay_otherwise() -> None:
    a, b, c = buffers(3)
    last, first, other = nest([a, b], [c]), nest([], [a]), nest([], [b])
    assert NestOrder([last, first, other]).nests == [first, other, last]


@pytest.mark.parametrize("seed", range(20))
def test_joining_keeps_everything_up_to_date(seed: int) -> None:
    generator = random.Random(seed)
    order = NestOrder(network(generator, 25))
    check(order)
    while len(order.nests) > 8:
        first, second = sorted(generator.sample(range(len(order.nests)), 2))
        one, other = order.nests[first], order.nests[second]
        assert order.follows(one, other)
        if order.stands_between(one, other):
            continue
        own = one.written()
        outside = [buffer for buffer in other.reads() if buffer not in own]
        merged = nest(list(dict.fromkeys([*one.reads(), *outside])), [*own, *other.written()])
        expected = [merged if item is other else item for item in order.nests if item is not one]
        order.join(one, other, merged)
        check(order)
        assert order.nests == NestOrder(expected).nests


def test_the_time_to_join_grows_with_the_number_of_nests() -> None:
    def seconds(layers: int) -> float:
        graph = deep(layers).function().graph
        passes = Passes(graph.inputs, graph.outputs, graph.updates, {})
        assert passes.rewritten  # not what is timed
        began = time.process_time()
        assert len(passes.lowered.steps) > 4 * layers
        return time.process_time() - began

    small, large = seconds(20), seconds(120)
    # Six times as many nests take about ten times as long; the square would be 36.
    assert large < 20 * max(small, 0.05)
