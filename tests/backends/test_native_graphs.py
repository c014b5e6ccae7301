"""Random graphs: the native backend gives what the interpreter gives, values and gradients."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
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


@pytest.mark.slow
@given(graphs(most_steps=12))
@settings(max_examples=2000, suppress_health_check=RELAXED)
def test_backends_agree_on_many_graphs(graph: RandomGraph) -> None:
    compare(graph)
