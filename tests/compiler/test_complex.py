"""Pass 0: a graph with complex numbers becomes one of real numbers."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from tests.compiler.passes import Graph, check_values, graph
from tests.golden import check_golden
from tests.tensor import complex_records

import cairnet as cn
from cairnet.base import CompileError
from cairnet.base.dtypes import is_complex
from cairnet.compiler.complex import Split, split_complex
from cairnet.compiler.complex.rules import RULES
from cairnet.tensor.core import Input, Tensor, apply, topological_order
from cairnet.tensor.primitive import Primitive
from cairnet.tensor.primitives.loops import has_complex_numbers
from cairnet.tensor.printer import format_graph
from cairnet.tensor.verifier import verify

SHOWN: dict[str, Callable[[], Graph]] = {}


def shows(title: str) -> Callable[[Callable[[], Graph]], Callable[[], Graph]]:
    def enter(build: Callable[[], Graph]) -> Callable[[], Graph]:
        SHOWN[title] = build
        return build

    return enter


def tensor(*shape: int | None, name: str = "z", dtype: object = cn.complex64) -> Input:
    return cn.input(shape, dtype, name)


def split(made: Graph) -> Split:
    return split_complex(made.inputs, made.outputs, list(made.updates.items()))


@shows("a product has four real ones")
def _() -> Graph:
    z, w = tensor(3), tensor(3, name="w")
    return graph([z, w], z * w)


@shows("with a real number too, for the sign of zeros")
def _() -> Graph:
    z, x = tensor(None), tensor(None, name="x", dtype=cn.float32)
    return graph([z, x], [z * 2.0, x * z])


@shows("parts and the conjugate")
def _() -> Graph:
    z = tensor(3)
    return graph([z], [cn.real(z) + cn.imag(z), cn.conj(z)])


@shows("a matrix of real numbers times one of complex numbers")
def _() -> Graph:
    x, z = tensor(2, 3, name="x", dtype=cn.float32), tensor(3, 4)
    return graph([x, z], cn.astype(x, cn.complex64) @ z)


@shows("a variable is the same memory, two numbers for one")
def _() -> Graph:
    v, z = cn.Variable(np.array([1 + 2j, 3j], "complex64"), name="v"), tensor(2)
    return graph([z], [], {v: v + z})


@shows("a product of many is a loop")
def _() -> Graph:
    z = tensor(None, 2)
    return graph([z], cn.prod(z, axis=0))


@shows("a loop has two states for one")
def _() -> Graph:
    z, w = tensor(5, 2), tensor(2, name="w")

    def step(item: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        new = state * w + item
        return cn.real(new), new

    outputs, last = cn.scan(step, z, cn.zeros((2,), dtype="complex64"))
    return graph([z, w], [outputs, last])


def listed(outputs: Sequence[Tensor], updates: Any) -> str:
    """The graph without the places in the source, which would tie the file to lines."""
    lines = format_graph(outputs, updates).splitlines()
    return "\n".join(line.partition("  #")[0].rstrip() for line in lines)


def test_golden() -> None:
    texts = []
    for title, build in SHOWN.items():
        made = build()
        after = split(made)
        texts.append(
            f"== {title}\nbefore\n{listed(made.outputs, list(made.updates.items()))}\n"
            f"after\n{listed(after.outputs, after.updates)}"
        )
    check_golden("complex.txt", "\n\n".join(texts))


@pytest.mark.parametrize("title", SHOWN)
def test_what_is_left_is_real_and_means_the_same(title: str) -> None:
    made = SHOWN[title]()
    after = split(made)
    results = [*after.outputs, *(value for _, value in after.updates)]
    verify(results)
    assert not has_complex_numbers(after.inputs, results)
    check_values(made)


def test_real_numbers_stay_real_on_their_way() -> None:
    """What is moved, added up or multiplied is still known to have no imaginary part."""
    x = tensor(4, 6, name="x", dtype=cn.float32)
    moved = cn.reshape(cn.astype(x, cn.complex64) * 2 + 1, (3, 8))[1:, ::2]
    whole = cn.concat([moved, moved * moved]) @ cn.astype(cn.ones((4, 2)), cn.complex64)
    after = split(graph([x], [cn.imag(whole), cn.sum(whole)]))
    assert after.outputs[0].primitive.name == "broadcast"
    dots = [item for item in topological_order(after.outputs) if item.primitive.name == "dot"]
    assert len(dots) == 1
    check_values(graph([x], whole))


def test_products_with_real_numbers_stay_on_their_side_of_a_cut() -> None:
    zeros = np.array([0.0, -0.0])
    z = (np.array([1.0, -1.0])[:, None] + 0j).repeat(2, 1)
    z.imag = zeros
    inputs = cn.input((2, 2), "complex128")
    results = [
        cn.sqrt(value)
        for value in (inputs * -2.0, inputs * 2.0, inputs / -2.0, inputs / 2.0, -inputs, inputs - 3)
    ]
    expected, found = (
        cn.function([inputs], results, backend=backend)(z) for backend in ("reference", "native")
    )
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_the_first_products_of_a_real_transform_are_half_as_many() -> None:
    x = tensor(2, 64, name="x", dtype=cn.float32)
    after = split(graph([x], cn.fft.rfft(x)))
    dots = [item for item in topological_order(after.outputs) if item.primitive.name == "dot"]
    assert len(dots) == 2 + 4


def test_nodes_keep_their_line_and_layer() -> None:
    z = tensor(3)
    with cn.scope("layer"):
        result = cn.exp(z)
    after = split(graph([z], result))
    made = [item for item in topological_order(after.outputs) if not isinstance(item, Input)]
    assert {item.source.file for item in made} == {__file__}
    assert {item.path for item in made if item.primitive.name in ("exp", "sin")} == {"layer"}


def test_real_nodes_are_shared_with_the_given_graph() -> None:
    x, z = tensor(3, name="x", dtype=cn.float32), tensor(3)
    real = cn.tanh(x)
    after = split(graph([x, z], [real, real + z]))
    assert after.outputs[0] is real
    assert after.inputs[0] is x


def test_a_variable_is_seen_through_its_memory() -> None:
    v = cn.Variable(np.array([1 + 2j, 3j]), name="v")
    ((view, _),) = split(graph([], [], {v: v * 2})).updates
    v.assign([5j, 6])
    assert view.data.tolist() == [[0.0, 5.0], [6.0, 0.0]]
    assert np.shares_memory(view.data, v.data)


#: Linear algebra has records and tests of its own.
MATRICES = {"cholesky", "determinant", "eigh", "pinv", "qr", "solve", "solve_triangular", "svd"}


def test_every_primitive_that_takes_complex_numbers_has_a_rule() -> None:
    named = {record.name for record in complex_records.RECORDS}
    assert named - {"scan"} == set(RULES) - {"window_put", "window_take"} - MATRICES


class Untold(Primitive):
    """A function of complex numbers that no rule is there for."""

    name = "untold"

    def infer(self, z: Tensor) -> Any:
        return z.extents, z.dtype

    def meaning(self, z: np.ndarray) -> np.ndarray:
        return z * 1j


def test_a_primitive_without_a_rule_is_refused_by_name() -> None:
    z = tensor(3)
    assert is_complex(z.dtype)
    with pytest.raises(CompileError, match=r"untold, written at .*test_complex\.py.*reference"):
        split(graph([z], apply(Untold(), z)))
