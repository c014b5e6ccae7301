"""`cn.array_api`: the standard's names and only those, and code written against the standard."""

from types import ModuleType

import numpy as np
import pytest

import cairnet as cn
from cairnet import array_api as xp
from cairnet.base import ArgumentError
from cairnet.tensor import functions

# The names of version 2024.12, from the standard's table of contents, and two of the next one.
NAMES = """
e inf nan newaxis pi bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64
complex64 complex128
arange asarray empty empty_like eye from_dlpack full full_like linspace meshgrid ones ones_like
tril triu zeros zeros_like astype can_cast finfo iinfo isdtype result_type abs acos acosh add asin
asinh atan atan2 atanh bitwise_and bitwise_left_shift bitwise_invert bitwise_or
bitwise_right_shift bitwise_xor ceil clip conj copysign cos cosh divide equal exp expm1 floor
floor_divide greater greater_equal hypot imag isfinite isinf isnan less less_equal log log1p log2
log10 logaddexp logical_and logical_not logical_or logical_xor maximum minimum multiply negative
nextafter not_equal positive pow real reciprocal remainder round sign signbit sin sinh square
sqrt subtract tan tanh trunc take take_along_axis matmul matrix_transpose tensordot vecdot
broadcast_arrays broadcast_to concat expand_dims flip moveaxis permute_dims repeat reshape roll
squeeze stack tile unstack argmax argmin count_nonzero nonzero searchsorted where unique_all
unique_counts unique_inverse unique_values argsort sort cumulative_prod cumulative_sum max mean
min prod std sum var all any diff isin broadcast_shapes
__array_namespace_info__ __array_api_version__ fft linalg
"""


def test_the_namespace_has_the_standards_names_and_no_others() -> None:
    assert sorted(xp.__all__) == sorted(NAMES.split())
    assert all(hasattr(xp, name) for name in xp.__all__)


def test_its_functions_are_the_public_ones() -> None:
    for name in set(NAMES.split()) & set(functions.__all__):
        assert getattr(xp, name) is getattr(cn, name)


def test_a_tensor_names_its_namespace() -> None:
    x = cn.zeros(3)
    assert x.__array_namespace__() is xp
    assert x.__array_namespace__(api_version="2023.12") is xp
    with pytest.raises(ArgumentError, match=r"expected one of 2021\.12.*got '2019\.12'"):
        x.__array_namespace__(api_version="2019.12")


def test_what_the_library_says_of_itself() -> None:
    info = xp.__array_namespace_info__()
    assert info.devices() == [info.default_device()] == ["cpu"]
    assert info.default_dtypes() == {
        "real floating": cn.float32,
        "complex floating": cn.complex64,
        "integral": cn.int64,
        "indexing": cn.int64,
    }
    assert list(info.dtypes(kind="real floating")) == ["float32", "float64"]
    assert list(info.dtypes(kind="complex floating")) == ["complex64", "complex128"]
    assert len(info.dtypes()) == 13
    assert info.capabilities() == {
        "boolean indexing": False,
        "data-dependent shapes": False,
        "max dimensions": 64,
    }
    assert xp.asarray(1.0).dtype == info.default_dtypes()["real floating"]
    assert xp.argmax(xp.asarray([1])).dtype == info.default_dtypes()["indexing"]


def test_the_number_of_axes_it_promises() -> None:
    most = xp.__array_namespace_info__().capabilities()["max dimensions"]
    assert xp.sum(xp.zeros((1,) * most)).item() == 0.0


def standardize(xp: ModuleType, x: object) -> object:
    """Some code that knows the standard only."""
    center = xp.mean(x, axis=0, keepdims=True)
    spread = xp.std(x, axis=0, keepdims=True)
    scaled = (x - center) / xp.where(spread > 0, spread, xp.ones_like(spread))
    order = xp.argsort(xp.sum(scaled, axis=1), descending=True)
    return xp.take(scaled, order, axis=0)


def test_code_written_against_the_standard_runs_compiles_and_differentiates() -> None:
    values = np.random.default_rng(0).standard_normal((6, 3)).astype("float32")
    np_order = standardize(np_namespace(), values)
    np.testing.assert_allclose(standardize(xp, cn.asarray(values)), np_order, rtol=1e-5)
    x = cn.input((None, 3), name="x")
    result = standardize(x.__array_namespace__(), x)
    f = cn.function([x], [result, cn.grad(cn.sum(cn.square(result)), x)])
    found, gradient = f(values)
    np.testing.assert_allclose(found, np_order, rtol=1e-4, atol=1e-6)
    # Standardized numbers have a fixed sum of squares, so nothing changes it.
    np.testing.assert_allclose(gradient, np.zeros((6, 3)), atol=1e-5)


def np_namespace() -> ModuleType:
    """NumPy, whose argsort alone cannot sort downwards."""
    namespace = ModuleType("namespace")
    vars(namespace).update(vars(np))
    vars(namespace)["argsort"] = lambda x, descending: np.argsort(-x)
    return namespace
