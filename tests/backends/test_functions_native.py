"""Every function of the array API standard, compiled: values and gradients as NumPy has them."""

from typing import Any

import numpy as np
import pytest
from tests.tensor.records import RECORDS
from tests.tensor.records.base import Case, Record

import cairnet as cn
from cairnet.tensor.interpreter import evaluate

TOLERANCE = {"float32": {"rtol": 5e-6, "atol": 5e-6}, "float64": {"rtol": 1e-11, "atol": 1e-11}}
OF_TENSORS = [record for record in RECORDS if any(case.arrays for case in record.cases)]


def by_name(record: Record) -> str:
    return record.name


def several(result: Any) -> list[Any]:
    return list(result) if isinstance(result, list | tuple) else [result]


def compare(found: Any, wanted: Any) -> None:
    wanted = np.asarray(wanted)
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
    exactly = {"rtol": 0.0, "atol": 0.0}
    np.testing.assert_allclose(found, wanted, **TOLERANCE.get(wanted.dtype.name, exactly))


def check(case: Case) -> None:
    inputs = [cn.input(array.shape, array.dtype) for array in case.arrays]
    outputs = several(case.compute(*inputs))
    with np.errstate(all="ignore"):
        expected = several(case.expected(*case.arrays))
    found = cn.function(inputs, outputs, backend="native")(*case.arrays)
    for one, other in zip(found, expected, strict=True):
        compare(one, other)


def needs_constants(record: Record) -> bool:
    """Whether the function refuses inputs, because data would decide the shape."""
    return record.name == "nonzero" or record.name.startswith("unique_")


COMPILED = [record for record in OF_TENSORS if not needs_constants(record)]


@pytest.mark.parametrize("record", COMPILED, ids=by_name)
def test_a_compiled_function_gives_what_numpy_gives(record: Record) -> None:
    cases = [case for case in record.cases if case.arrays and case.arrays[0].size]
    for case in (cases[0], cases[-1]):
        check(case)


@pytest.mark.slow
@pytest.mark.parametrize("record", COMPILED, ids=by_name)
def test_all_dtypes_and_shapes(record: Record) -> None:
    for case in record.cases:
        if case.arrays:
            check(case)


@pytest.mark.parametrize("record", [record for record in RECORDS if record.smooth], ids=by_name)
def test_compiled_gradients_are_the_interpreted_ones(record: Record) -> None:
    inputs = [cn.input(array.shape, "float64") for array in record.smooth]
    result = (record.compute or record.cases[0].compute)(*inputs)
    gradients = cn.grad(cn.sum(cn.sin(result)), inputs)
    expected = evaluate(gradients, dict(zip(inputs, record.smooth, strict=True)))
    found = cn.function(inputs, gradients, backend="native")(*record.smooth)
    for one, other in zip(found, expected, strict=True):
        compare(one, other)
