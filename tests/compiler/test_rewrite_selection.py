"""One-hot products become gathers, and their gradients scatter-adds."""

from typing import Any

import numpy as np
import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.compiler.rewrite import rewrite
from cairnet.tensor.core import Tensor, apply, topological_order
from cairnet.tensor.interpreter import evaluate
from cairnet.tensor.primitives import DOT, ELEMENTWISE, GATHER, SCATTER_ADD

cases = Cases("selection")
#: Some are out of range: their vectors are zero.
LABELS = np.array([2, 0, 4, -1, 5, 1], np.int32)


def tensor(*shape: int | None, name: str = "x") -> Tensor:
    return cn.input(shape, cn.float64, name)


def labels() -> tuple[Tensor, dict[Tensor, np.ndarray]]:
    found = cn.input((6,), cn.int32, name="labels")
    return found, {found: LABELS}


def hot(index: Tensor, axis: int = -1) -> Tensor:
    return cn.one_hot(index, 5, axis=axis, dtype=cn.float64)


@cases.shows("sum of a one-hot product")
def _() -> Any:
    index, feeds = labels()
    return cn.sum(hot(index) * tensor(6, 5), axis=1), feeds


@cases.shows("sum of a one-hot product", "along the first axis, of more factors, over everything")
def _() -> Any:
    index, feeds = labels()
    scaled = tensor(5, 6) * (hot(index, axis=0) * tensor(5, 6, name="y"))
    return cn.sum(scaled / (1 + tensor(name="z") ** 2)), feeds


@cases.shows("sum of a one-hot product", "as a choice")
def _() -> Any:
    index, feeds = labels()
    hit = hot(index).inputs[0]
    zero = cn.broadcast_to(cn.asarray(np.float64(0)), (6, 5))
    return cn.sum(apply(ELEMENTWISE["where"], hit, tensor(6, 5), zero), axis=1), feeds


@cases.refuses("sum of a one-hot product")
def the_sum_runs_along_another_axis() -> Any:
    index, feeds = labels()
    return cn.sum(hot(index) * tensor(6, 5), axis=0), feeds


@cases.refuses("sum of a one-hot product")
def the_classes_are_not_counted_from_zero() -> Any:
    index, feeds = labels()
    classes = cn.asarray(np.array([1, 2, 3, 4, 0]))
    hit = cn.equal(cn.expand_dims(cn.astype(index, cn.int64), axis=1), classes)
    return cn.sum(cn.astype(hit, cn.float64) * tensor(6, 5), axis=1), feeds


@cases.refuses("sum of a one-hot product")
def the_labels_are_floats() -> Any:
    index = tensor(6, name="labels")
    hit = cn.equal(cn.expand_dims(index, axis=1), cn.arange(5, dtype=cn.float64))
    return cn.sum(cn.astype(hit, cn.float64) * tensor(6, 5), axis=1)


@cases.shows("dot with one-hot vectors", "rows of a matrix")
def _() -> Any:
    index, feeds = labels()
    return hot(index) @ tensor(5, 3), feeds


@cases.shows("dot with one-hot vectors", "on the right")
def _() -> Any:
    index, feeds = labels()
    return tensor(3, 5) @ hot(index, axis=0), feeds


@cases.shows("dot with one-hot vectors", "steps before samples")
def _() -> Any:
    index, feeds = labels()
    steps = cn.moveaxis(hot(cn.reshape(index, (2, 3))), 1, 0)
    return cn.tensordot(steps, tensor(5, 4), axes=1), feeds


@cases.shows("dot with one-hot vectors", "a single row")
def _() -> Any:
    index = cn.input((1,), cn.int32, name="index")
    row = cn.reshape(hot(index), (5,))
    return cn.tensordot(row, tensor(5, 4), axes=1), {index: np.array([3], np.int32)}


@cases.shows("dot with one-hot vectors", "a single row, added to nothing else")
def _() -> Any:
    index = cn.input((1,), cn.int32, name="index")
    outer = {"contract": ((), ()), "batch": ((), ())}
    row = cn.reshape(hot(index), (5,))
    return apply(DOT, row, tensor(4), **outer), {index: np.array([3], np.int32)}


@cases.shows("dot with one-hot vectors", "rows added up on the right")
def _() -> Any:
    index, feeds = labels()
    rows = {"contract": ((0,), (0,)), "batch": ((), ())}
    return apply(DOT, tensor(6, 3), hot(index), **rows), feeds


@cases.shows("dot with one-hot vectors", "rows added up: the gradient")
def _() -> Any:
    index, feeds = labels()
    rows = {"contract": ((0,), (0,)), "batch": ((), ())}
    return apply(DOT, hot(index), tensor(6, 3), **rows), feeds


@cases.refuses("dot with one-hot vectors")
def the_vectors_are_a_batch() -> Any:
    index, feeds = labels()
    pairs = {"contract": ((1,), (1,)), "batch": ((0,), (0,))}
    return apply(DOT, hot(index), tensor(6, 5, 3), **pairs), feeds


def test_an_embedding_by_one_hot_is_a_gather_and_its_gradient_a_scatter_add() -> None:
    index = cn.input((None, 4), cn.int32, name="index")
    table = cn.Variable(np.random.default_rng(0).standard_normal((9, 3)), cn.float64)
    rows = cn.tensordot(cn.one_hot(index, 9, dtype=cn.float64), table, axes=1)
    cost = cn.sum(cn.sin(rows))
    wanted = [rows, cn.grad(cost, table)]
    after = rewrite(wanted)
    used = {tensor.primitive for tensor in topological_order(after)}
    assert {GATHER, SCATTER_ADD} <= used
    assert DOT not in used
    feeds = {index: np.arange(8, dtype=np.int32).reshape(2, 4)}
    for expected, actual in zip(evaluate(wanted, feeds), evaluate(after, feeds), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12)


def test_classes_that_wrap_around_are_not_mistaken_for_others() -> None:
    # Counted in 8 bits, class 256 is 0 once more.
    index, x = cn.input((6,), cn.uint8, name="index"), tensor(6, 300)
    hit = cn.equal(cn.expand_dims(index, axis=1), cn.astype(cn.arange(300), cn.uint8))
    total = cn.sum(cn.astype(hit, cn.float64) * x, axis=1)
    (after,) = rewrite([total])
    feeds = {index: np.arange(6, dtype=np.uint8), x: np.random.default_rng(0).random((6, 300))}
    (expected,), (actual,) = evaluate([total], feeds), evaluate([after], feeds)
    np.testing.assert_allclose(actual, expected)


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()
