"""Markers: stop_gradient goes, a watch stays where it is an output."""

from typing import Any

import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.compiler.rewrite import rewrite, watches
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import ELEMENTWISE, WATCH

cases = Cases("markers")


class Watcher:
    name = "watcher"

    def __repr__(self) -> str:
        return "watcher"


def watch(x: Tensor) -> Tensor:
    return apply(WATCH, x, watcher=Watcher())


@cases.shows("stop_gradient has done its work")
def _() -> Any:
    return cn.stop_gradient(cn.input((3,), name="x"))


@cases.refuses("stop_gradient has done its work")
def nothing_is_stopped() -> Any:
    return cn.exp(cn.input((3,), name="x"))


@cases.shows("watch is looked through")
def _() -> Any:
    return cn.exp(watch(cn.input((3,), name="x")))


@cases.refuses("watch is looked through")
def a_watch_that_is_an_output_stays() -> Any:
    return watch(cn.input((3,), name="x"))


def test_watching_changes_nothing_about_the_other_outputs() -> None:
    x = cn.input((3, 4), name="x")
    probabilities = cn.softmax(x)
    watched = watch(probabilities)
    plain, seen = cn.log(probabilities), cn.log(watched)
    first, second, node = rewrite([plain, seen, watched])
    assert first is second
    assert node.primitive is WATCH
    assert node.inputs[0].primitive is ELEMENTWISE["divide"]


def test_all_watches_of_a_graph_can_be_asked_for() -> None:
    x = cn.input((3,), name="x")
    first = watch(x * 1.0)
    second = watch(first + 1.0)
    found = watches([cn.exp(second)])
    assert found == [first, second] or [t.serial for t in found] == [first.serial, second.serial]
    kept = rewrite(found)
    assert [node.primitive for node in kept] == [WATCH, WATCH]
    assert kept[0].inputs[0] is x


def test_two_watches_of_one_value_report_twice() -> None:
    x = cn.input((3,), name="x")
    first, second = rewrite([watch(cn.exp(x)), watch(cn.exp(x))])
    assert first is not second
    assert first.inputs[0] is second.inputs[0]


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()
