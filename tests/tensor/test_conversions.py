"""Operators, and what a tensor becomes outside the graph: numbers, arrays, text, DLPack."""

import operator
import re
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base import ArgumentError, GraphError

A = np.array([[5, 2], [3, 4]], "int32")
B = np.array([[1, 2], [2, 3]], "int32")
INTEGER_OPERATORS = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.floordiv,
    operator.mod,
    operator.pow,
    operator.matmul,
    operator.and_,
    operator.or_,
    operator.xor,
    operator.lshift,
    operator.rshift,
    operator.eq,
    operator.ne,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
]


@pytest.mark.parametrize("compute", INTEGER_OPERATORS, ids=lambda f: f.__name__)
def test_binary_operators(compute: Any) -> None:
    expected = compute(A, B)
    x, y = cn.asarray(A), cn.asarray(B)
    # Tensors on both sides, then an array on either side.
    for result in (compute(x, y), compute(x, B), compute(A, y)):
        assert isinstance(result, cn.Tensor)
        assert result.dtype == expected.dtype
        np.testing.assert_array_equal(result.numpy(), expected)


@pytest.mark.parametrize("compute", INTEGER_OPERATORS[:6] + INTEGER_OPERATORS[7:])
def test_operators_with_numbers(compute: Any) -> None:
    np.testing.assert_array_equal(compute(cn.asarray(A), 2), compute(A, np.int32(2)))
    np.testing.assert_array_equal(compute(2, cn.asarray(A)), compute(np.int32(2), A))


def test_division_and_unary_operators() -> None:
    x = np.array([1.5, -2.0], "float32")
    np.testing.assert_array_equal(cn.asarray(x) / 2, x / 2)
    np.testing.assert_array_equal(2 / cn.asarray(x), 2 / x)
    np.testing.assert_array_equal(-cn.asarray(x), -x)
    np.testing.assert_array_equal(+cn.asarray(x), x)
    np.testing.assert_array_equal(abs(cn.asarray(x)), abs(x))
    np.testing.assert_array_equal(~cn.asarray(A), ~A)


def test_in_place_operators_bind_the_name_anew() -> None:
    x = before = cn.asarray([1.0, 2.0])
    x += 1
    assert x.tolist() == [2.0, 3.0]
    assert before.tolist() == [1.0, 2.0]


def test_what_is_no_tensor_is_left_to_python() -> None:
    x = cn.zeros(2)
    with pytest.raises(TypeError, match="unsupported operand type"):
        x + None
    with pytest.raises(TypeError, match="unsupported operand type"):
        x - "2"
    assert (x == None) is False  # noqa: E711
    assert (x != "x") is True

    class Other:
        def __radd__(self, tensor: cn.Tensor) -> str:
            return "added by the other"

    assert x + Other() == "added by the other"


def test_tensors_are_keys_by_identity() -> None:
    x, y = cn.zeros(2), cn.zeros(2)
    assert {x: 1, y: 2}[x] == 1


def test_transposes() -> None:
    np.testing.assert_array_equal(cn.asarray(A).T, A.T)
    stack = np.arange(12).reshape(2, 3, 2)
    np.testing.assert_array_equal(cn.asarray(stack).mT, stack.transpose(0, 2, 1))


def test_python_numbers() -> None:
    assert float(cn.asarray(2.5)) == 2.5
    assert int(cn.asarray(2.5)) == 2
    assert complex(cn.asarray(2.5)) == 2.5
    assert bool(cn.asarray(0)) is False
    assert [10, 20, 30][cn.asarray(1)] == 20
    assert cn.asarray([3]).item() == 3
    assert f"{cn.asarray(2.0):.3f}" == "2.000"
    assert f"{cn.asarray([1, 2])}" == "Tensor([1, 2], dtype=int64)"
    with pytest.raises(
        ArgumentError, match=re.escape("item: expected one element, got shape (2,)")
    ):
        cn.zeros(2).item()
    with pytest.raises(TypeError):
        operator.index(cn.asarray(1.0))


def test_a_tensor_of_inputs_has_no_value() -> None:
    x = cn.scalar("x")
    for ask in (float, int, bool, np.asarray, lambda t: t.tolist()):
        with pytest.raises(GraphError, match=r"input 'x' .*compile a function of it"):
            ask(x * 2)


def test_a_branch_on_an_input_is_refused_with_what_to_write() -> None:
    x = cn.scalar("x")
    with pytest.raises(GraphError, match=r"input 'x' .*has no value.*cn\.where\(condition, x, y\)"):
        assert x > 0


def test_numpy_arrays() -> None:
    x = cn.asarray([1.5, 2.0])
    assert np.asarray(x).dtype == "float32"
    assert np.asarray(x, dtype="float64").dtype == "float64"
    np.testing.assert_array_equal(np.stack([x, x]), [[1.5, 2.0]] * 2)
    # Constants cannot be changed through their arrays; a copy can.
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(x)[0] = 3.0
    np.array(x)[0] = 3.0
    assert x.tolist() == [1.5, 2.0]


def test_arrays_are_copied_into_the_graph() -> None:
    array = np.ones(2)
    x = cn.asarray(array)
    array[0] = 5.0
    assert x.tolist() == [1.0, 1.0]


def test_dlpack() -> None:
    x = cn.asarray([1.5, 2.0]) * 2
    received = np.from_dlpack(x)
    np.testing.assert_array_equal(received, [3.0, 4.0])
    assert x.__dlpack_device__() == np.ones(1).__dlpack_device__()
    assert cn.from_dlpack(x) is x
    assert cn.from_dlpack(np.arange(3)).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (cn.asarray([1.0, 2.0]), "Tensor([1., 2.], dtype=float32)"),
        (cn.asarray([[1, 2], [3, 4]]), "Tensor([[1, 2],\n        [3, 4]], dtype=int64)"),
        (cn.asarray(5.0, dtype="float64") + 1, "Tensor(6., dtype=float64)"),
        (cn.zeros((0, 3)), "Tensor([], shape=(0, 3), dtype=float32)"),
        (cn.Variable([0.5], name="w"), "Variable([0.5], dtype=float32, name='w')"),
        (cn.Variable([0.5]) * 2, "Tensor([1.], dtype=float32)"),
        (cn.input((None, 3), name="x"), "<Input 'x' float32[None, 3]>"),
    ],
)
def test_printing(tensor: cn.Tensor, text: str) -> None:
    assert repr(tensor) == text


def test_an_expression_of_inputs_prints_what_it_is_and_where_it_was_made() -> None:
    x = cn.input((None, 3)) + 1.0
    assert re.fullmatch(
        r"<Tensor float32\[None, 3\] from add, made at .*test_conversions\.py:\d+>", repr(x)
    )
    count = cn.arange(x.extents[0])
    assert repr(count).startswith("<Tensor int64[None] from iota, made at ")


def test_long_values_are_shortened() -> None:
    assert len(repr(cn.arange(100_000))) < 200


def test_where_a_value_lies() -> None:
    x = cn.zeros(2)
    assert x.device == "cpu"
    assert x.to_device("cpu") is x
    with pytest.raises(ArgumentError, match="device: expected None or 'cpu', got 'gpu'"):
        x.to_device("gpu")
    with pytest.raises(ArgumentError, match="'cpu' has no streams"):
        x.to_device("cpu", stream=1)
