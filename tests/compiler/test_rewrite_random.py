"""Random graphs keep their values and gradients when they are rewritten."""

import pytest
from hypothesis import given, settings
from tests.graphs import RandomGraph, assert_close, graphs

from cairnet.compiler.rewrite import rewrite
from cairnet.tensor.core import topological_order
from cairnet.tensor.interpreter import evaluate


def check(graph: RandomGraph) -> None:
    wanted = [*graph.outputs, *graph.gradients()]
    after = rewrite(wanted)
    for old, new in zip(wanted, after, strict=True):
        assert (old.dtype, old.extents) == (new.dtype, new.extents)
    expected, actual = evaluate(wanted, graph.feeds), evaluate(after, graph.feeds)
    for old, first, second in zip(wanted, expected, actual, strict=True):
        assert_close(second, first, f"{old.primitive.name} {old.describe()}")
    # What has been rewritten is in its normal form.
    again = rewrite(after)
    assert len(topological_order(again)) == len(topological_order(after))
    assert all(first is second for first, second in zip(after, again, strict=True))


@given(graphs())
@settings(max_examples=200)
def test_values_and_gradients_are_kept(graph: RandomGraph) -> None:
    check(graph)


@pytest.mark.slow
@given(graphs(most_steps=20))
@settings(max_examples=2000)
def test_values_and_gradients_of_many_graphs_are_kept(graph: RandomGraph) -> None:
    check(graph)
