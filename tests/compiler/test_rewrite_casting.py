"""Conversions between dtypes: which ones cancel, and which would lose something."""

from typing import Any

import numpy as np
import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import ELEMENTWISE

cases = Cases("casting")


def vector(dtype: Any) -> Tensor:
    return cn.input((64,), dtype, "x")


def cast(x: Tensor, *dtypes: Any) -> Tensor:
    for dtype in dtypes:
        x = apply(ELEMENTWISE["cast"], x, dtype=np.dtype(dtype))
    return x


def bitcast(x: Tensor, *dtypes: Any) -> Tensor:
    for dtype in dtypes:
        x = apply(ELEMENTWISE["bitcast"], x, dtype=np.dtype(dtype))
    return x


@cases.shows("cast to its own dtype")
def _() -> Any:
    return cast(vector(cn.float32), cn.float32)


@cases.refuses("cast to its own dtype")
def another_dtype_is_another_value() -> Any:
    return cast(vector(cn.float64), cn.float32)


@cases.shows("cast of a cast", "wider and back")
def _() -> Any:
    return cast(vector(cn.float32), cn.float64, cn.float32)


@cases.shows("cast of a cast", "integers that wrap around")
def _() -> Any:
    return cast(vector(cn.int64), cn.uint32, cn.int8)


@cases.shows("cast of a cast", "from bool by way of anything")
def _() -> Any:
    return cast(vector(cn.bool), cn.int8, cn.float64)


@cases.shows("cast of a cast", "an integer that the float holds")
def _() -> Any:
    return cast(vector(cn.int16), cn.float32, cn.float64)


@cases.refuses("cast of a cast")
def the_narrow_float_drops_digits() -> Any:
    return cast(vector(cn.float64), cn.float32, cn.float64)


@cases.refuses("cast of a cast")
def float32_does_not_hold_every_int32() -> Any:
    return cast(vector(cn.int32), cn.float32, cn.float64)


@cases.refuses("cast of a cast")
def the_narrow_integer_drops_bits() -> Any:
    return cast(vector(cn.int32), cn.int8, cn.int64)


@cases.refuses("cast of a cast")
def to_bool_everything_but_zero_is_one() -> Any:
    return cast(vector(cn.int32), cn.bool, cn.float32)


@cases.refuses("cast of a cast")
def beyond_the_range_of_an_integer_floats_differ() -> Any:
    return cast(vector(cn.float32), cn.float64, cn.int32)


@cases.shows("bitcast of a bitcast")
def _() -> Any:
    return bitcast(vector(cn.uint32), cn.float32, cn.int32)


@cases.refuses("bitcast of a bitcast")
def a_cast_changes_the_bits() -> Any:
    return bitcast(cast(vector(cn.int32), cn.float32), cn.uint32)


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()
