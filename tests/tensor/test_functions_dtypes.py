"""Dtypes: promotion, conversion, limits, and what each function refuses."""

import itertools
import re
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base import ArgumentError, DTypeError, UnknownNameError

SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
FLOATS = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
ALL = ("bool", *SIGNED, *UNSIGNED, *FLOATS, *COMPLEX)


def kind(name: str) -> str:
    if name in COMPLEX:
        return "complex"
    return "bool" if name == "bool" else "float" if name in FLOATS else "integer"


def meets(first: str, second: str) -> bool:
    """Whether the standard has a common dtype for two."""
    mixed_with_uint64 = "uint64" in (first, second) and (first in SIGNED or second in SIGNED)
    both_floating = {kind(first), kind(second)} <= {"float", "complex"}
    return (kind(first) == kind(second) or both_floating) and not mixed_with_uint64


@pytest.mark.parametrize(("first", "second"), [*itertools.product(ALL, ALL)])
def test_two_dtypes_meet_as_the_standard_says(first: str, second: str) -> None:
    x, y = cn.ones(2, dtype=first), cn.ones(2, dtype=second)
    if meets(first, second):
        expected = np.result_type(first, second)
        assert cn.result_type(first, y) == expected
        assert cn.where([True, False], x, y).dtype == expected
        assert cn.can_cast(first, second) == (np.can_cast(first, second))
    else:
        for compute in (lambda: cn.result_type(x, y), lambda: cn.where([True, False], x, y)):
            with pytest.raises(DTypeError, match=f"{first} and {second} do not promote"):
                compute()


@pytest.mark.parametrize("name", ALL)
def test_a_python_number_takes_the_dtype_of_the_tensor(name: str) -> None:
    x = cn.ones(2, dtype=name)
    fitting: dict[str, list[Any]] = {
        "bool": [True],
        "integer": [3],
        "float": [3, 2.5],
        "complex": [3, 2.5, 1j],
    }
    for number in fitting[kind(name)]:
        assert (x == number).shape == (2,)
        assert cn.where([True, False], x, number).dtype == name
        assert cn.result_type(x, number) == name
    misfits = {"bool": [3, 2.5, 1j], "integer": [True, 2.5, 1j], "float": [True], "complex": [True]}
    for number in misfits[kind(name)]:
        with pytest.raises(DTypeError, match=f"{number!r} does not fit dtype {name}"):
            cn.where([True, False], x, number)
        with pytest.raises(DTypeError, match=f"{number!r} does not fit dtype {name}"):
            cn.result_type(name, number)


def test_a_complex_number_makes_floats_complex_in_their_precision() -> None:
    assert (cn.ones(2, dtype="float32") * 1j).dtype == "complex64"
    assert (1j + cn.ones(2, dtype="float64")).dtype == "complex128"
    assert cn.result_type("float64", 1j) == "complex128"


def test_numpy_numbers_have_a_dtype_of_their_own() -> None:
    assert (cn.ones(2) + np.float64(1)).dtype == "float64"
    assert (np.float64(1) + cn.ones(2)).dtype == "float64"


def test_numbers_alone_take_the_default_dtypes() -> None:
    assert cn.add(1, 2).dtype == "int64"
    assert cn.add(1, 2.0).dtype == "float32"
    assert cn.sqrt(2).dtype == "float32"
    assert cn.asarray([1, 2j]).dtype == cn.add(1.5, 2j).dtype == "complex64"
    assert cn.divide(1, 2).item() == 0.5


def test_numbers_are_read_in_the_dtype_asked_for() -> None:
    # Not rounded to float32 on the way.
    assert cn.asarray(0.1, dtype="float64").item() == 0.1
    assert cn.asarray([[0.1]], dtype="float64").tolist() == [[0.1]]
    assert cn.Variable(0.1, dtype="float64").item() == 0.1
    assert (cn.ones((), dtype="float64") * 0.1).item() == 0.1
    assert cn.asarray([2**63], dtype="uint64").item() == 2**63


def test_kinds() -> None:
    kinds = {
        "bool": ("bool",),
        "signed integer": SIGNED,
        "unsigned integer": UNSIGNED,
        "integral": SIGNED + UNSIGNED,
        "real floating": FLOATS,
        "complex floating": COMPLEX,
        "numeric": SIGNED + UNSIGNED + FLOATS + COMPLEX,
    }
    for name, members in kinds.items():
        assert tuple(dtype for dtype in ALL if cn.isdtype(dtype, name)) == members
    assert cn.isdtype(cn.int8, ("bool", "integral"))
    assert cn.isdtype(cn.int8, cn.int8)
    assert not cn.isdtype(cn.int8, cn.int16)
    with pytest.raises(UnknownNameError, match="did you mean 'integral'"):
        cn.isdtype(cn.int8, "integrals")


def test_limits() -> None:
    for name in FLOATS:
        ours, theirs = cn.finfo(cn.ones(1, dtype=name)), np.finfo(name)
        for item in ("bits", "eps", "max", "min", "smallest_normal"):
            assert getattr(ours, item) == getattr(theirs, item)
        assert ours.dtype == name
    for name in SIGNED + UNSIGNED:
        ours, theirs = cn.iinfo(name), np.iinfo(name)
        assert (ours.bits, ours.min, ours.max, ours.dtype) == (
            theirs.bits,
            theirs.min,
            theirs.max,
            name,
        )


FLOATING_ONLY = ["exp", "sqrt", "tanh", "mean", "var", "std", "signbit", "reciprocal"]


@pytest.mark.parametrize("name", FLOATING_ONLY)
def test_functions_of_floats_refuse_integers(name: str) -> None:
    with pytest.raises(DTypeError, match=rf"{name}, at .*floating.* dtype, got int32.*cn\.astype"):
        getattr(cn, name)(cn.ones(3, dtype="int32"))


def refusals() -> list[Any]:
    truth, whole = cn.ones(2, dtype="bool"), cn.ones(2, dtype="int32")
    return [
        (lambda: truth + truth, "add, at .*: expected integer, floating or complex dtype"),
        (lambda: truth < truth, "less, at .*: expected numbers, got bool"),
        (lambda: cn.floor(truth), "floor, at .*: expected numbers, got bool"),
        (lambda: cn.cumulative_sum(truth), "cumulative_sum, at .*: expected numbers, got bool"),
        (lambda: truth @ truth, "matmul, at .*: expected numbers, got bool"),
        (lambda: cn.max(truth), "max, at .*: expected numbers, got bool; use cn.any"),
        (lambda: cn.min(truth), "min, at .*: expected numbers, got bool; use cn.all"),
        (lambda: whole / whole, "divide, at .*: expected floating or complex dtype, got int32"),
        (lambda: cn.ones(2) & cn.ones(2), "bitwise_and, at .*: expected bool or integer dtype"),
        (
            lambda: cn.logical_and(whole, truth),
            "logical_and, at .*: expected bool dtype, got int32",
        ),
        (lambda: cn.where(whole, 1, 2), "where, at .*: expected a bool condition, got int32"),
        (lambda: cn.linspace(0, 1, 3, dtype="int8"), "linspace, at .*: expected floating dtype"),
        (lambda: cn.finfo("int8"), "finfo, at .*: expected floating or complex dtype, got int8"),
        (lambda: cn.iinfo("float32"), "iinfo, at .*: expected integer dtype, got float32"),
        (lambda: cn.take([1, 2], [True, False]), "take, at .*: indices must be integers"),
    ]


@pytest.mark.parametrize(("compute", "words"), refusals())
def test_a_wrong_dtype_is_refused_at_the_users_line(compute: Any, words: str) -> None:
    with pytest.raises(DTypeError, match=words) as caught:
        compute()
    assert "test_functions_dtypes.py:" in str(caught.value)


def test_dtypes_that_are_not_computed_with_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown dtype 'float16'"):
        cn.asarray(np.ones(2, "float16"))
    with pytest.raises(UnknownNameError, match="did you mean 'float32'"):
        cn.zeros(3, dtype="floaty32")


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(ArgumentError, match="out of range for uint8"):
        cn.asarray([1, 300], dtype="uint8")
    with pytest.raises(ArgumentError, match=re.escape("300 is out of range for int8")):
        cn.ones(2, dtype="int8") + 300
