"""Every primitive: its shape rule, its meaning, its first and its second derivative."""

import zlib
from typing import Any

import numpy as np
import pytest
from tests.tensor.all_records import LEAVES, RECORDS
from tests.tensor.primitive_records import Record

import cairnet as cn
from cairnet.tensor.interpreter import evaluate
from cairnet.tensor.primitive import all_primitives

DIFFERENTIABLE = [record for record in RECORDS if record.floating]


def test_every_primitive_has_a_record() -> None:
    assert {record.name for record in RECORDS} | LEAVES == set(all_primitives())


def test_every_primitive_has_every_rule() -> None:
    for name, primitive in all_primitives().items():
        if name in LEAVES:
            continue
        assert primitive.__doc__, name
        rules = ["infer", "meaning"]
        if primitive.joint:
            rules += ["meanings", "joint_vjp"]
        elif primitive.differentiable:
            rules.append("vjp")
        assert [rule for rule in rules if not hasattr(primitive, rule)] == [], name


def test_every_differentiable_primitive_has_a_gradient_that_is_checked() -> None:
    checked = {record.name for record in DIFFERENTIABLE}
    for name, primitive in all_primitives().items():
        if primitive.differentiable or primitive.joint:
            assert name in checked or all(r.name != name or not r.arrays for r in RECORDS), name


@pytest.mark.parametrize("record", RECORDS, ids=str)
def test_the_meaning_is_what_a_loop_works_out(record: Record) -> None:
    result = record.result(*(cn.constant(array) for array in record.arrays))
    got, expected = result.numpy(), np.asarray(record.expected(*record.arrays))
    assert got.shape == expected.shape
    assert got.dtype == result.dtype
    if record.exact:
        np.testing.assert_array_equal(got, expected)
    else:
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("record", [r for r in RECORDS if r.arrays], ids=str)
def test_the_shape_rule_takes_unknown_extents(record: Record) -> None:
    """Shapes worked out with symbols are right once the symbols are bound."""
    inputs = [cn.input([None] * array.ndim, array.dtype) for array in record.arrays]
    if record.name in {"convolve", "convolve_input_gradient", "convolve_weight_gradient"}:
        # Channels and taps are always known.
        inputs = [cn.input((None, *array.shape[1:]), array.dtype) for array in record.arrays]
        if record.name != "convolve_weight_gradient":
            inputs[1] = cn.input(record.arrays[1].shape, cn.float64)
    result = record.result(*inputs)
    got = evaluate([result], dict(zip(inputs, record.arrays, strict=True)))[0]
    expected = np.asarray(record.expected(*record.arrays))
    assert result.ndim == expected.ndim
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-14)


def weighted(tensor: Any, seed: str) -> Any:
    """A scalar whose derivative by the tensor is different for every element, and not constant."""
    if tensor.dtype.kind == "c":
        return weighted(cn.real(tensor), seed) + weighted(cn.imag(tensor), f"{seed} imaginary")
    generator = np.random.default_rng(zlib.crc32(seed.encode()))
    weights = generator.standard_normal(tuple(tensor.shape))
    return cn.sum(tensor * tensor * weights + tensor * weights[..., ::-1].copy())


def costs(record: Record) -> tuple[Any, list[Any]]:
    tensors = [
        cn.Variable(array, name=f"input {i}") if i in record.floating else cn.constant(array)
        for i, array in enumerate(record.arrays)
    ]
    result = record.result(*tensors)
    if result.dtype not in (cn.float64, cn.complex128):
        result = cn.astype(result, cn.complex128 if result.dtype.kind == "c" else cn.float64)
    return weighted(cn.reshape(result, (-1,)), str(record)), [tensors[i] for i in record.floating]


def has_slope(record: Record) -> bool:
    """Whether a derivative is more than zero everywhere: not that of floor, or of a conversion."""
    if str(record) == "determinant-1":  # the sign of the determinant
        return False
    return record.name not in {"floor", "ceil", "round", "trunc", "sign", "floor_divide"} and not (
        record.name == "cast" and record.parameters["dtype"].kind not in "fc"
    )


@pytest.mark.parametrize("record", [r for r in DIFFERENTIABLE if has_slope(r)], ids=str)
def test_the_gradient_is_that_of_the_differences(record: Record) -> None:
    cost, variables = costs(record)
    cn.check_gradient(cost, variables, tolerance=1e-7, samples=None)


@pytest.mark.parametrize("record", [r for r in DIFFERENTIABLE if has_slope(r)], ids=str)
def test_the_gradient_of_the_gradient_is_that_of_the_differences(record: Record) -> None:
    cost, variables = costs(record)
    slopes = cn.grad(cost, variables)
    # A term of its own keeps every variable connected where the slope is constant.
    total = sum((cn.sum(cn.abs(v) ** 2) for v in variables), cn.asarray(np.float64(0)))
    for number, slope in enumerate(slopes):
        total = total + weighted(cn.reshape(slope, (-1,)), f"{record} {number}")
    cn.check_gradient(total, variables, tolerance=1e-6, samples=None)


@pytest.mark.parametrize("record", [r for r in DIFFERENTIABLE if not has_slope(r)], ids=str)
def test_a_step_has_the_gradient_zero_or_none(record: Record) -> None:
    cost, variables = costs(record)
    for slope in cn.grad(cost, variables, disconnected="zero"):
        assert not slope.numpy().any()


def slope_at(function: Any, *points: float) -> list[float]:
    x = cn.Variable(np.array(points))
    return cn.grad(cn.sum(function(x)), x).numpy().tolist()


def test_a_power_has_the_right_slope_at_zero_and_below() -> None:
    assert slope_at(lambda x: x**0, 0.0, -2.0) == [0, 0]
    assert slope_at(lambda x: x**1, 0.0, -2.0) == [1, 1]
    assert slope_at(lambda x: x**2, 0.0, -2.0) == [0, -4]
    assert slope_at(lambda x: x**3, 0.0, -2.0) == [0, 12]
    p = cn.Variable(np.array([0.0, 1.0, 2.0]))
    y = cn.asarray(np.zeros(3)) ** p
    np.testing.assert_array_equal(cn.grad(cn.sum(y), p).numpy(), 0)


def test_equal_extremes_pass_the_cotangent_on_exactly_once() -> None:
    assert slope_at(cn.max, 1.0, 3.0, 3.0, 2.0) == [0, 0.5, 0.5, 0]
    assert slope_at(lambda x: cn.maximum(x, 1.0), 1.0, 2.0, 0.0) == [1, 1, 0]
    assert slope_at(lambda x: cn.maximum(1.0, x), 1.0, 2.0, 0.0) == [0, 1, 0]


def test_gradients_stay_finite_where_textbook_formulas_overflow() -> None:
    for function in (cn.sigmoid, cn.softplus, cn.tanh):
        slopes = slope_at(function, -1000.0, 1000.0)
        assert np.isfinite(slopes).all()
    assert slope_at(cn.softplus, -1000.0, 1000.0) == [0, 1]


def test_extremes_of_nan_are_nan() -> None:
    x = cn.asarray([[1.0, np.nan], [3.0, 2.0]])
    np.testing.assert_array_equal(cn.max(x, axis=1).numpy(), [np.nan, 3])
    np.testing.assert_array_equal(cn.min(x, axis=1).numpy(), [np.nan, 2])
    assert cn.argmax(x, axis=1).numpy().tolist() == [1, 0]
