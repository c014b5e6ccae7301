"""The random graphs themselves: they cover every primitive and stay in the range they promise."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from tests.graph_operations import OPERATIONS
from tests.graphs import RandomGraph, graphs

from cairnet.base.dtypes import is_floating
from cairnet.tensor.core import INPUT, VARIABLE, topological_order
from cairnet.tensor.interpreter import evaluate
from cairnet.tensor.primitive import all_primitives

#: Enough to meet one example, with no time spent on making it smaller.
FIRST = settings(
    max_examples=200,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    deadline=None,
    database=None,
)
SEEN: set[str] = set()


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_makes_graphs(name: str) -> None:
    graph = find(graphs(most_steps=3, only=[name]), lambda g: name in g.operations, settings=FIRST)
    SEEN.update(tensor.primitive.name for tensor in topological_order(graph.outputs))


def test_the_operations_contain_every_primitive(request: pytest.FixtureRequest) -> None:
    """Reads what the tests above have met, so it needs all of them."""
    if len([item for item in request.session.items if "makes_graphs" in item.name]) < len(
        OPERATIONS
    ):
        pytest.skip("only some of the operations were tried")
    assert set(all_primitives()) - SEEN - {INPUT.name, VARIABLE.name} == set()


@given(graphs())
@settings(max_examples=100)
def test_a_graph_has_finite_values_and_gradients(graph: RandomGraph) -> None:
    wanted = [*graph.outputs, *graph.gradients()]
    for tensor, value in zip(wanted, evaluate(wanted, graph.feeds), strict=True):
        assert value.dtype == tensor.dtype
        assert not is_floating(value.dtype) or np.isfinite(value).all()
