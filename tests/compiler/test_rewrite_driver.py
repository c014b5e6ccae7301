"""The walk that applies the rules: sharing, dead code, fixed point, depth, speed, errors."""

import importlib
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.compiler.rewriting import Cases
from tests.golden import check_golden

import cairnet as cn
from cairnet.base.errors import CompileError, UnknownNameError
from cairnet.compiler.rewrite import Keeps, all_rules, rewrite
from cairnet.compiler.rewrite.driver import _Walk
from cairnet.compiler.rewrite.rule import Rule
from cairnet.compiler.rewrite.sharing import Shared
from cairnet.tensor.core import Tensor, apply, constant, topological_order
from cairnet.tensor.interpreter import evaluate
from cairnet.tensor.primitives import ELEMENTWISE, PAD, WATCH
from cairnet.tensor.primitives.loops import SCAN
from cairnet.tensor.printer import format_graph
from cairnet.tensor.verifier import verify


def every_record() -> list[Cases]:
    """The records of all files beside this one."""
    found = []
    for path in sorted(Path(__file__).parent.glob("test_rewrite_*.py")):
        module = importlib.import_module(f"tests.compiler.{path.stem}")
        if hasattr(module, "cases"):
            found.append(module.cases)
    return found


def test_every_rule_has_a_record_of_what_it_does_and_of_what_it_refuses() -> None:
    shown = {(cases.family, case.rule) for cases in every_record() for case in cases.shown}
    refused = {(cases.family, case.rule) for cases in every_record() for case in cases.refused}
    rules = {(rule.family, rule.name) for rule in all_rules().values()}
    assert shown == rules
    assert refused == rules


@pytest.mark.parametrize("rule", all_rules().values(), ids=str)
def test_every_rule_says_what_becomes_of_what(rule: Rule) -> None:
    assert "->" in rule.text.splitlines()[0]


# -- what comes out ----------------------------------------------------------------------------


def network(count: int | None = None) -> tuple[list[Tensor], dict[Tensor, np.ndarray]]:
    """One step of stochastic gradient descent of a small classifier, as a user writes it."""
    random = np.random.default_rng(0)
    x, labels = cn.input((count, 6), name="x"), cn.input((count,), cn.int32, name="labels")
    shapes = {"w": (6, 5), "b": (5,), "v": (5, 3), "c": (3,)}
    weights = [
        cn.Variable(random.standard_normal(shape).astype(np.float32), name=name)
        for name, shape in shapes.items()
    ]
    w, b, v, c = weights
    probabilities = cn.softmax(cn.relu(x @ w + b) @ v + c)
    cost = -cn.mean(cn.sum(cn.one_hot(labels, 3) * cn.log(probabilities), axis=-1))
    slopes = cn.grad(cost, weights)
    updates = [weight - 0.1 * slope for weight, slope in zip(weights, slopes, strict=True)]
    feeds = {
        x: random.standard_normal((4, 6)).astype(np.float32),
        labels: np.array([0, 2, 1, 1], np.int32),
    }
    return [cost, *updates], feeds


@pytest.mark.parametrize("count", [None, 4])
def test_a_training_step_before_and_after(count: int | None) -> None:
    outputs, feeds = network(count)
    after = rewrite(outputs)
    verify(after)
    for expected, actual in zip(evaluate(outputs, feeds), evaluate(after, feeds), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=2e-6, atol=1e-7)
    name = "known" if count else "unknown"
    listings = [format_graph(graph, remarks=False) for graph in (outputs, after)]
    text = "\n".join(["before", listings[0], "after", listings[1]])
    check_golden(f"rewrite_training_step_{name}.txt", text)


def test_leaves_stay_the_same_objects() -> None:
    outputs, feeds = network()
    leaf = {"input", "variable"}
    leaves = {t for t in topological_order(outputs) if t.primitive.name in leaf}
    kept = {t for t in topological_order(rewrite(outputs)) if t.primitive.name in leaf}
    assert kept <= leaves
    assert set(feeds) <= kept


def test_outputs_that_need_nothing_are_returned_as_they_are() -> None:
    x, y = cn.input((3,), name="x"), cn.Variable(1.0)
    nodes = [x, y, cn.exp(x)]
    assert [a is b for a, b in zip(rewrite(nodes), nodes, strict=True)] == [True] * 3


def test_a_rewritten_graph_stays_as_it_is() -> None:
    outputs, _ = network()
    once = rewrite(outputs)
    again = rewrite(once)
    assert all(first is second for first, second in zip(once, again, strict=True))


def test_another_output_changes_nothing_about_the_first() -> None:
    x = cn.input((3, 4), name="x")
    p = cn.softmax(x)
    alone = format_graph(rewrite([cn.log(p)]), remarks=False)
    assert format_graph(rewrite([cn.log(p), p])[:1], remarks=False) == alone


def test_a_replacement_carries_the_line_and_the_layers_of_what_it_replaces() -> None:
    x = cn.input((3,), name="x")
    with cn.scope("outer"), cn.scope("inner"):
        made = cn.log(1 + cn.exp(x))
    (after,) = rewrite([made])
    assert after.primitive is ELEMENTWISE["softplus"]
    assert (after.source, after.path) == (made.source, "outer/inner")
    assert Path(after.source.file).name == Path(__file__).name


def test_known_extents_are_not_forgotten_for_unknown_ones() -> None:
    x = cn.input((None,), name="x")
    zero = cn.zeros((3,), dtype=cn.float32)
    total = apply(ELEMENTWISE["add"], x, zero)
    assert total.shape == (3,)
    # x alone would be right, but nobody would know that it has three elements.
    (after,) = rewrite([total])
    assert after.shape == (3,)


# -- common subexpressions and dead code -------------------------------------------------------


def test_what_is_computed_twice_is_computed_once() -> None:
    x, y = cn.input((3,), name="x"), cn.input((3,), name="y")
    first, second = cn.exp(x + y) * 2.0, cn.exp(x + y) * 2.0
    after = rewrite([first, second])
    assert after[0] is after[1]


def test_the_order_of_a_sum_does_not_matter_but_that_of_a_difference_does() -> None:
    x, y = cn.input((3,), name="x"), cn.input((3,), name="y")
    sums = rewrite([x + y, y + x])
    assert sums[0] is sums[1]
    differences = rewrite([x - y, y - x])
    assert differences[0] is not differences[1]


def test_constants_are_compared_by_their_bytes() -> None:
    x = cn.input((2,), name="x")
    zeros = [constant(np.array([zero, 1.0], np.float32)) for zero in (0.0, 0.0, -0.0)]
    after = rewrite([x * zero for zero in zeros])
    assert after[0] is after[1]
    assert after[0] is not after[2]
    pads = [apply(PAD, x, low=(1,), high=(0,), interior=(0,), value=zero) for zero in (0.0, -0.0)]
    after = rewrite(pads)
    assert after[0] is not after[1]


def test_a_large_constant_is_not_read_to_be_compared() -> None:
    data, copy = (constant(np.arange(400_000, dtype=np.float32)) for _ in range(2))
    shared = Shared()
    assert shared.find(data, ()) is data
    assert shared.find(copy, ()) is copy
    assert data.parameters["value"]._key is None


def test_parameters_make_a_difference() -> None:
    x = cn.input((3, 4), name="x")
    after = rewrite([cn.sum(x, axis=0), cn.sum(x, axis=0), cn.sum(x, axis=1)])
    assert after[0] is after[1]
    assert after[0] is not after[2]


def test_unknown_extents_that_meet_in_another_order_are_not_mixed_up() -> None:
    x, y = cn.input((None,), name="x"), cn.input((None,), name="y")
    first, second = rewrite([apply(ELEMENTWISE["add"], *pair) for pair in ((x, y), (y, x))])
    assert first.extents == x.extents
    assert second.extents == y.extents


def test_what_no_output_needs_is_gone() -> None:
    x = cn.input((3,), name="x")
    y = cn.where(cn.asarray(np.array(True)), x, cn.exp(cn.tanh(x)))
    assert len(topological_order(rewrite([y]))) == 1


# -- loops -------------------------------------------------------------------------------------


def _outputs(scan: Tensor) -> Any:
    return scan.parameters["body"].outputs


def test_the_step_of_a_scan_is_rewritten_with_its_gradient() -> None:
    x = cn.input((None, 3), cn.float64, name="x")
    w = cn.Variable(np.eye(3) * 0.5)

    def step(item: Any, state: Any) -> Any:
        new = cn.log(1 + cn.exp((item + state @ w) * 1.0)) + 0.0
        return new, new

    outputs, last = cn.scan(step, x, cn.zeros((3,), dtype=cn.float64))
    cost = cn.sum(outputs * outputs) + cn.sum(last)
    wanted = [cost, *cn.grad(cost, [w, x])]
    after = rewrite(wanted)
    verify(after)
    feeds = {x: np.random.default_rng(0).standard_normal((5, 3))}
    for expected, actual in zip(evaluate(wanted, feeds), evaluate(after, feeds), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12)
    scans = [t for t in topological_order(after) if t.primitive is SCAN]
    used = {t.primitive.name for s in scans for t in topological_order(_outputs(s))}
    assert "softplus" in used
    # The forward scans of one loop stay outputs of one body, and the longer still extends it.
    forward = [s.parameters["body"] for s in scans if not s.parameters["reverse"]]
    assert len({body.extends or body for body in forward}) == 1


# -- depth, speed, errors ----------------------------------------------------------------------


def test_a_graph_may_be_thousands_of_nodes_deep() -> None:
    y = cn.input((3,), name="x")
    for _ in range(5000):
        y = cn.tanh(y + 0.0)
    (after,) = rewrite([y])
    assert len(topological_order([after])) == 5001


def test_a_thousand_nodes_take_less_than_fifty_milliseconds() -> None:
    outputs: list[Tensor] = []
    while len(topological_order(outputs)) < 1000:
        outputs.extend(network()[0])
    rewrite(outputs)
    seconds = []
    for _ in range(5):
        # The processor's time, so that other programs on the machine do not count.
        start = time.thread_time()
        rewrite(outputs)
        seconds.append(time.thread_time() - start)
    assert min(seconds) < 0.05, seconds


def walk(output: Tensor, change: Any) -> Tensor:
    """Rewrite with one rule that is not among those of the compiler."""
    rule = Rule("made up", (output.primitive,), Keeps.BITS, change)
    return _Walk({output.primitive: (rule,)}, [output], None).output(output)


def test_rules_that_never_end_are_found_out() -> None:
    x = cn.input((3,), name="x")
    y = cn.exp(x)
    with pytest.raises(
        CompileError, match=r"do not come to an end at exp float32\[3\], written at"
    ):
        walk(y, lambda node: apply(ELEMENTWISE["exp"], cn.tanh(node.inputs[0])))


def test_two_rules_that_undo_each_other_are_found_out() -> None:
    x = cn.input((3,), name="x")
    swap = {"exp": "tanh", "tanh": "exp"}

    def change(node: Tensor) -> Tensor:
        return apply(ELEMENTWISE[swap[node.primitive.name]], node.inputs[0])

    rules = {
        ELEMENTWISE[name]: (Rule(name, (ELEMENTWISE[name],), Keeps.BITS, change),) for name in swap
    }
    with pytest.raises(CompileError, match="do not come to an end"):
        _Walk(rules, [cn.exp(x)], None).output(cn.exp(x))


def test_a_rule_that_changes_the_dtype_is_found_out() -> None:
    y = cn.exp(cn.input((3,), name="x"))
    with pytest.raises(CompileError, match="'made up' made float64"):
        walk(y, lambda node: cn.astype(node.inputs[0], cn.float64))


def test_rules_can_be_chosen_by_name_and_watched_at_work() -> None:
    x = cn.input((3,), name="x")
    y = cn.negative(cn.negative(x * 1.0))
    seen: list[tuple[str, Tensor, Tensor]] = []
    (after,) = rewrite(
        [y], rules=["double negative"], observe=lambda rule, *pair: seen.append((rule.name, *pair))
    )
    assert after.primitive is ELEMENTWISE["multiply"]
    assert [name for name, _, _ in seen] == ["double negative"]
    assert seen[0][2] is after
    with pytest.raises(UnknownNameError, match="did you mean 'double negative'"):
        rewrite([y], rules=["double negatives"])


def test_a_watch_among_the_outputs_stays_and_its_input_is_rewritten() -> None:
    class Watcher:
        name = "watcher"

    x = cn.input((3,), name="x")
    (after,) = rewrite([apply(WATCH, x * 1.0, watcher=Watcher())])
    assert after.primitive is WATCH
    assert after.inputs == (x,) or after.inputs[0] is x
