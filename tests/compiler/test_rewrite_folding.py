"""Constants: what is folded, and what stays as it is."""

from typing import Any

import numpy as np
import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.compiler.rewrite import rewrite
from cairnet.tensor.core import Tensor, apply, constant
from cairnet.tensor.primitives import BROADCAST, ELEMENTWISE, IOTA, PAD, SIZE, SLICE, TRANSPOSE

cases = Cases("folding")
GENERATOR = np.random.default_rng(5)


def known(*shape: int) -> Tensor:
    return constant(GENERATOR.standard_normal(shape).astype(np.float32))


@cases.shows("known size")
def _() -> Any:
    return apply(SIZE, size=7, dtype=np.dtype(np.float32))


@cases.refuses("known size")
def the_extent_is_unknown() -> Any:
    x = cn.input((None,), name="x")
    return x / apply(SIZE, size=x.extents[0], dtype=x.dtype)


@cases.shows("counter of one")
def _() -> Any:
    return apply(IOTA, size=1, dtype=np.dtype(np.int64))


@cases.refuses("counter of one")
def a_longer_counter_is_shorter_as_a_counter() -> Any:
    return apply(IOTA, size=5, dtype=np.dtype(np.int64))


@cases.shows("repeated constant")
def _() -> Any:
    return constant(np.full((3, 4), 2.5, np.float32))


@cases.refuses("repeated constant")
def one_zero_has_another_sign() -> Any:
    return constant(np.array([0.0, -0.0, 0.0], np.float32))


@cases.refuses("repeated constant")
def there_are_no_elements() -> Any:
    return constant(np.zeros((0, 3), np.float32))


@cases.shows("constant folding")
def _() -> Any:
    x = cn.input((3,), name="x")
    return x + cn.exp(constant([1.0, 2.0, 3.0]))


@cases.shows("constant folding", "a large constant to one of the same size")
def _() -> Any:
    return apply(TRANSPOSE, known(100, 90), axes=(1, 0))


@cases.refuses("constant folding")
def a_broadcast_is_smaller_than_its_value() -> Any:
    return apply(BROADCAST, constant([1.0, 2.0]), shape=(3, 2))


@cases.refuses("constant folding")
def the_result_would_be_large() -> Any:
    return apply(PAD, known(10), low=(5000,), high=(0,), interior=(0,), value=0)


@cases.refuses("constant folding")
def the_result_would_take_more_memory_than_the_constant() -> Any:
    return cn.astype(constant(np.arange(5000) % 7, np.uint8), cn.float32)


@cases.refuses("constant folding")
def an_extent_is_unknown() -> Any:
    x = cn.input((None,), name="x")
    part = apply(SLICE, known(10), starts=(x.extents[0],), sizes=(2,), steps=(1,))
    return cn.sum(x) * part


@cases.refuses("constant folding")
def random_numbers_are_many() -> Any:
    words = [constant(np.arange(4), np.uint32)] * 4
    return apply(ELEMENTWISE["threefry"], *words, word=0)


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()


def test_what_numpy_refuses_is_left_for_the_program_to_refuse() -> None:
    one_over_two = apply(ELEMENTWISE["power"], constant([2, 3]), constant([-1, -2]))
    assert rewrite([one_over_two])[0].primitive is ELEMENTWISE["power"]
