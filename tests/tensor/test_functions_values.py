"""Every function of the array API standard against NumPy: values, dtypes, shapes, gradients.

The records are in the folder `records`; the last test here holds that none is missing.
"""

import inspect
from typing import Any

import numpy as np
import pytest
from tests.tensor.records import RECORDS
from tests.tensor.records.base import Case, Record

import cairnet as cn
from cairnet.tensor import functions
from cairnet.tensor.interpreter import evaluate

TOLERANCE = {"float32": {"rtol": 2e-6, "atol": 2e-6}, "float64": {"rtol": 1e-12, "atol": 1e-12}}

# These are tested by hand: they give no tensors, or are no functions of the standard.
ELSEWHERE = {
    "test_functions_dtypes.py": {"can_cast", "finfo", "iinfo", "isdtype", "result_type"},
    "test_functions_inputs.py": {
        "scalar",
        "vector",
        "matrix",
        "tensor3",
        "tensor4",
        "broadcast_shapes",
    },
    "test_functions_indexing.py": {"getitem"},
}
# Other families have tables and tests of their own.
OTHER_FAMILIES = (
    "convolution",
    "einsum",
    "loops",
    "marking",
    "pooling",
    "rectifiers",
    "sigmoids",
    "smooth_rectifiers",
    "softmax",
    "structures",
    "watching",
)


def by_name(record: Record) -> str:
    return record.name


def several(result: Any) -> list[Any]:
    return list(result) if isinstance(result, list | tuple) else [result]


def compare(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(
        found, expected, **TOLERANCE.get(found.dtype.name, {"rtol": 0, "atol": 0})
    )


@pytest.mark.parametrize("record", RECORDS, ids=by_name)
def test_values_of_constants(record: Record) -> None:
    for case in record.cases:
        with np.errstate(all="ignore"):
            expected = several(case.expected(*case.arrays))
        results = several(case.compute(*(cn.asarray(array) for array in case.arrays)))
        for result, wanted in zip(results, expected, strict=True):
            value = result.numpy()
            compare(value, np.asarray(wanted))
            # What the graph says before anything is computed.
            assert (result.shape, result.dtype) == (value.shape, value.dtype)


def unknown_inputs(case: Case) -> list[cn.Tensor]:
    """Inputs for the arrays of a case, with no extent known but those that broadcast."""
    return [
        cn.input(tuple(1 if size == 1 else None for size in array.shape), array.dtype, f"x{i}")
        for i, array in enumerate(case.arrays)
    ]


@pytest.mark.parametrize("record", RECORDS, ids=by_name)
def test_values_where_no_extent_is_known(record: Record) -> None:
    for case in record.cases:
        if not case.unknown or not case.arrays:
            continue
        inputs = unknown_inputs(case)
        feeds = dict(zip(inputs, case.arrays, strict=True))
        with np.errstate(all="ignore"):
            expected = several(case.expected(*case.arrays))
        results = several(case.compute(*inputs))
        for found, wanted in zip(evaluate(results, feeds), expected, strict=True):
            compare(found, np.asarray(wanted))


def differences(function: Any, arrays: list[np.ndarray], step: float = 1e-6) -> list[np.ndarray]:
    """The derivatives of a number with respect to every element, by central differences."""
    slopes = []
    for array in arrays:
        slope = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            middle = array[place]
            array[place] = middle + step
            above = function(arrays)
            array[place] = middle - step
            below = function(arrays)
            array[place] = middle
            slope[place] = (above - below) / (2 * step)
        slopes.append(slope)
    return slopes


def project(tensor: cn.Tensor, seed: int) -> cn.Tensor:
    """A number that depends on every element, each with a weight of its own."""
    weights = np.random.default_rng(seed).uniform(0.5, 1.5, tensor.shape)
    return cn.sum(tensor * cn.asarray(weights))


@pytest.mark.parametrize("record", [r for r in RECORDS if r.smooth], ids=by_name)
def test_first_and_second_derivatives(record: Record) -> None:
    arrays = [array.copy() for array in record.smooth]
    inputs = [cn.input(array.shape, "float64", f"x{i}") for i, array in enumerate(arrays)]
    cost = project((record.compute or record.cases[0].compute)(*inputs), 1)
    gradients = cn.grad(cost, inputs)
    slope = cn.sum(cn.stack([project(item, 2 + i) for i, item in enumerate(gradients)]))
    curvatures = cn.grad(slope, inputs, disconnected="zero")

    def value(tensor: cn.Tensor) -> Any:
        return lambda values: evaluate([tensor], dict(zip(inputs, values, strict=True)))[0]

    feeds = dict(zip(inputs, arrays, strict=True))
    for tensor, derivatives in ((cost, gradients), (slope, curvatures)):
        by_differences = differences(value(tensor), arrays)
        for found, wanted in zip(evaluate(derivatives, feeds), by_differences, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)


def test_every_function_has_a_record() -> None:
    tested = {record.name for record in RECORDS}.union(*ELSEWHERE.values())
    missing = []
    for name in functions.__all__:
        value = getattr(functions, name)
        family = getattr(value, "__module__", "").rpartition(".")[2]
        if inspect.isfunction(value) and family not in OTHER_FAMILIES and name not in tested:
            missing.append(f"{family}.{name}")
    assert missing == []


def test_no_function_has_two_records() -> None:
    names = [record.name for record in RECORDS]
    assert sorted(set(names)) == sorted(names)
