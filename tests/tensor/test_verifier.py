"""The verifier: right graphs pass; each broken rule is found, with the node and its line."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.tensor.primitive_records import RECORDS, Record

import cairnet as cn
from cairnet.tensor.core import Input, Tensor
from cairnet.tensor.primitives.loops import Body, scan_node
from cairnet.tensor.verifier import verify


@pytest.mark.parametrize("record", RECORDS, ids=str)
def test_every_primitive_and_its_gradient_is_well_formed(record: Record) -> None:
    variables = [cn.Variable(array) for array in record.arrays]
    result = record.result(*variables)
    verify([result])
    if record.floating and result.dtype == cn.float64:
        targets = [variables[i] for i in record.floating]
        verify(cn.grad(cn.sum(result * result), targets, disconnected="zero"))


def test_unknown_extents_and_a_network_are_well_formed() -> None:
    x = cn.input((None, None, 8, 3))
    y = cn.avg_pool(cn.conv2d(x, cn.zeros((3, 3, 3, 4)), 2, "same"), 2, padding="same")
    outputs, last = cn.scan(
        lambda item, state: (state, state + cn.sum(item, axis=0)), y, cn.zeros((2, 4))
    )
    verify([outputs, last, cn.grad(cn.sum(outputs) + cn.sum(last), x)])


def broken(change: Callable[[Tensor], Any]) -> Tensor:
    """A sum whose input has been tampered with."""
    x = cn.input((2, 3), name="x")
    with cn.scope("layer"):
        y = cn.sum(x, axis=1)
    change(y)
    return cn.exp(y)


def scan_with_a_broken_step() -> Tensor:
    state = Input((2,), cn.float32, "state")
    new = cn.exp(state)
    result = scan_node([cn.zeros((2,))], Body([state], [new], 1, 0), 0, 3, False)
    new.parameters["extra"] = 1
    return result


BREAKS: list[tuple[Callable[[], Any], str]] = [
    (lambda: broken(lambda y: setattr(y, "dtype", np.dtype("float64"))), "gives dtype float32"),
    (lambda: broken(lambda y: setattr(y, "extents", (3,))), r"gives the extents \(2,\)"),
    (lambda: broken(lambda y: setattr(y, "extents", (2, 1))), r"gives the extents \(2,\)"),
    (
        lambda: broken(lambda y: y.parameters.update(axes=[1])),
        "parameter axes is a list, which cannot be hashed",
    ),
    (lambda: broken(lambda y: y.parameters.update(keepdims=True)), "wrong inputs or parameters"),
    (lambda: broken(lambda y: setattr(y, "inputs", (y,))), "it depends on itself"),
    (lambda: broken(lambda y: setattr(y, "inputs", (cn.exp(cn.exp(y)),))), "depends on itself"),
    (lambda: broken(lambda y: setattr(y, "inputs", (None,))), "one of its inputs is a NoneType"),
    (
        lambda: broken(lambda y: setattr(y, "inputs", (cn.zeros((2, 0)),)) or to_max(y)),
        "its shape rule refuses its inputs: max over zero elements",
    ),
    (scan_with_a_broken_step, r"exp float32\[2\].* wrong inputs or parameters"),
]


def to_max(y: Tensor) -> None:
    y.primitive = cn.max(cn.zeros((1,)), axis=0).primitive


@pytest.mark.parametrize(("make", "message"), BREAKS)
def test_a_broken_rule_is_found(make: Callable[[], Any], message: str) -> None:
    result = make()
    with pytest.raises(ValueError, match=message) as error:
        verify([result])
    text = str(error.value)
    assert text.startswith("broken graph: ")
    assert re.search(r"made at \S*test_verifier\.py:\d+", text)


def test_the_layer_is_named() -> None:
    result = broken(lambda y: setattr(y, "dtype", np.dtype("float64")))
    with pytest.raises(ValueError, match=r"broken graph: sum float64\[2\] in layer, made at"):
        verify([result])


def test_leaves_are_checked() -> None:
    variable = cn.Variable([1.0, 2.0], name="w")
    variable.data = np.zeros(3)
    with pytest.raises(ValueError, match=r"variable 'w' float32\[2\].*its array is float64\[3\]"):
        verify([variable])
    fake = Tensor(cn.input(()).primitive, (), {}, (), cn.float32)
    with pytest.raises(ValueError, match="it is a Tensor, and should be a Input"):
        verify([fake])
    with pytest.raises(ValueError, match="a graph ends in tensors, not in int"):
        verify([3])  # type: ignore[list-item]


def test_a_negative_extent_is_found() -> None:
    x = cn.input((2,))
    y = cn.exp(x)
    x.extents = (-2,)
    y.extents = (-2,)
    with pytest.raises(ValueError, match="its axis 0 has the extent -2"):
        verify([y])
