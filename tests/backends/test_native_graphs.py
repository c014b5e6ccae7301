"""Random graphs: the native backend gives what the interpreter gives, values and gradients."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from tests.graphs import RandomGraph, assert_close, graphs

import cairnet as cn

RELAXED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def compare(graph: RandomGraph) -> None:
    """Run both backends on the graph's values and gradients."""
    outputs: list[Any] = [*graph.outputs, *graph.gradients()]
    arrays = [graph.feeds[item] for item in graph.inputs]
    expected = cn.function(graph.inputs, outputs, backend="reference")(*arrays)
    got = cn.function(graph.inputs, outputs, backend="native")(*arrays)
    for one, other in zip(got, expected, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        assert_close(one, other)


@given(graphs())
@settings(max_examples=200, suppress_health_check=RELAXED)
def test_backends_agree(graph: RandomGraph) -> None:
    compare(graph)


@given(graphs(complex_numbers=True, most_steps=6))
@settings(max_examples=25, suppress_health_check=RELAXED)
def test_backends_agree_on_complex_numbers(graph: RandomGraph) -> None:
    compare(graph)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_backends_agree_on_many_graphs(part: int) -> None:
    """2,000 graphs in ten parts, each from a seed of its own."""

    @seed(part)
    @settings(max_examples=200, suppress_health_check=RELAXED, derandomize=False, database=None)
    @given(graphs(most_steps=12, complex_numbers=part % 2 == 1))
    def check(graph: RandomGraph) -> None:
        compare(graph)

    check()
