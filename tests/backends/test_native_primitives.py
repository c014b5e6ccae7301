"""Every primitive on the native backend: values and gradients equal the interpreter's."""

from typing import Any

import numpy as np
import pytest
from tests.tensor.all_records import RECORDS
from tests.tensor.primitive_records import Record
from tests.tensor.test_primitives import weighted

import cairnet as cn

CONVOLUTIONS = {"convolve", "convolve_input_gradient", "convolve_weight_gradient"}


def placeholders(record: Record, known: bool) -> list[Any]:
    """Inputs of the record's shapes; with unknown extents where the primitive allows them."""
    if known:
        return [cn.input(array.shape, array.dtype) for array in record.arrays]
    if record.name in CONVOLUTIONS:
        inputs = [cn.input((None, *array.shape[1:]), array.dtype) for array in record.arrays]
        if record.name != "convolve_weight_gradient":
            inputs[1] = cn.input(record.arrays[1].shape, record.arrays[1].dtype)
        return inputs
    # Only an extent known to be 1 can stretch.
    return [
        cn.input([1 if size == 1 else None for size in array.shape], array.dtype)
        for array in record.arrays
    ]


def agree(inputs: list[Any], outputs: list[Any], arrays: list[np.ndarray], exact: bool) -> None:
    expected = cn.function(inputs, outputs, backend="reference")(*arrays)
    got = cn.function(inputs, outputs, backend="native")(*arrays)
    for one, other in zip(got, expected, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        if exact:
            np.testing.assert_array_equal(one, other)
        else:
            tolerance = 1e-5 if other.dtype.name in ("float32", "complex64") else 1e-9
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


# The record of `watch` has no watcher to report to; watching is tested by itself.
COMPARED = [record for record in RECORDS if record.name != "watch"]


@pytest.mark.parametrize("record", [r for r in COMPARED if r.arrays], ids=str)
def test_values_agree(record: Record) -> None:
    for known in (True, False):
        inputs = placeholders(record, known)
        agree(inputs, [record.result(*inputs)], list(record.arrays), record.exact)


@pytest.mark.parametrize("record", [r for r in COMPARED if not r.arrays], ids=str)
def test_values_without_inputs_agree(record: Record) -> None:
    agree([], [record.result()], [], record.exact)


@pytest.mark.parametrize("record", [r for r in COMPARED if r.floating], ids=str)
def test_gradients_agree(record: Record) -> None:
    inputs = [cn.input(array.shape, array.dtype) for array in record.arrays]
    result = record.result(*inputs)
    if result.dtype.kind not in "fc":
        pytest.skip("integers have no derivative")
    cost = weighted(cn.reshape(result, (-1,)) if result.ndim == 0 else result, str(record))
    gradients = cn.grad(cost, [inputs[i] for i in record.floating], disconnected="zero")
    agree(inputs, [cost, *gradients], list(record.arrays), exact=False)
