"""Blueprints: sizes as plain data, entries of the cache, what they hold and what they leave out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.training_steps import STEPS

import cairnet as cn
from cairnet.backends.native.blueprint import Blueprint, Output, Room, blueprint_of, pack, unpack
from cairnet.backends.native.fingerprint import fingerprint
from cairnet.backends.native.passes import Passes
from cairnet.backends.native.sizes import plain, value
from cairnet.base.errors import CompileError
from cairnet.compiler.loops import Buffer
from cairnet.tensor.extent import Extent, Size, evaluate, maximum, minimum, symbol

SYMBOLS = [symbol("n"), symbol("m"), symbol("n")]


@st.composite
def sizes(draw: Any, depth: int = 3) -> Size:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from([*SYMBOLS, 0, 1, 2, 7]))
    a, b = draw(sizes(depth - 1)), draw(sizes(depth - 1))
    return draw(st.sampled_from([a + b, a * b, a - b, a // 3, maximum(a, b), minimum(a, b)]))


@given(sizes(), st.lists(st.integers(0, 40), min_size=3, max_size=3))
def test_plain_sizes_have_the_value_of_the_formula(size: Size, numbers: list[int]) -> None:
    data = json.loads(json.dumps(plain(size, SYMBOLS.index)))
    assert value(data, numbers) == evaluate(size, dict(zip(SYMBOLS, numbers, strict=True)))


def test_equal_formulas_are_equal_data_whatever_the_symbols_are_called() -> None:
    def formulas(n: Extent, m: Extent) -> list[Any]:
        both = [n, m]
        return [plain(s, both.index) for s in (n + m * 2, maximum(n - 3, m), (n + 1) // 2 * m)]

    # Printed names and serial numbers order the terms of a formula; data must not depend on that.
    first, second = symbol("a"), symbol("b")
    assert formulas(first, second) == formulas(second, first)


def parts(name: str, fixed: bool = True) -> tuple[Passes, Blueprint]:
    step = STEPS[name]()
    graph = step.function().graph
    numbers: dict[Extent, int] = {}
    if fixed:
        for tensor, array in zip(step.inputs, step.arguments, strict=True):
            pairs = zip(tensor.extents, array.shape, strict=True)
            numbers.update({size: n for size, n in pairs if isinstance(size, Extent)})
    arguments = (graph.inputs, graph.outputs, graph.updates, numbers)
    passes = Passes(*arguments)
    return passes, blueprint_of(passes.lowered, passes.module, fingerprint(*arguments))


@pytest.mark.parametrize("fixed", [True, False], ids=["known sizes", "unknown sizes"])
@pytest.mark.parametrize("name", STEPS)
def test_what_is_packed_comes_back(name: str, fixed: bool) -> None:
    _, blueprint = parts(name, fixed)
    code = b"\x7fELF code"
    found = unpack(pack(blueprint, code))
    assert found is not None
    assert found[1] == code
    # Tuples come back as lists, which are the same sizes.
    assert pack(found[0], code) == pack(blueprint, code)
    assert found[0].buffers == blueprint.buffers
    assert found[0].cycles == blueprint.cycles


def test_arrays_that_passes_made_travel_with_the_code() -> None:
    made = np.arange(6, dtype=np.float64).reshape(2, 3)
    flags = np.array([True, False, True])
    blueprint = Blueprint(
        buffers=(("constant", 0), ("constant", 1)),
        extents=(),
        rooms=(Room(8, 0, 1),),
        outputs=(Output(np.dtype(np.float32), (2,)),),
        constants=(flags, made),
        kernels=1,
        cycles=2.0,
    )
    found = unpack(pack(blueprint, b"code"))
    assert found is not None
    for one, other in zip(found[0].constants, blueprint.constants, strict=True):
        assert one.dtype == other.dtype
        assert one.ctypes.data % one.itemsize == 0
        np.testing.assert_array_equal(one, other)
    assert found[1] == b"code"


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: b"",
        lambda entry: entry[:5],
        lambda entry: entry[:40],
        lambda entry: entry.replace(b'"format": 1', b'"format": 2'),
        lambda entry: entry.replace(b'"rooms"', b'"roams"'),
        lambda entry: b"\xff" * 200,
    ],
)
def test_what_was_not_packed_is_not_unpacked(damage: Any) -> None:
    entry = pack(parts("dense")[1], b"code")
    assert unpack(damage(entry)) is None


def test_constants_of_the_graph_stay_in_the_graph() -> None:
    x = cn.input((50_000,))
    data = cn.asarray(np.random.default_rng(0).random(50_000).astype(np.float32))
    graph = cn.function([x], x * data, backend="native").graph
    arguments = (graph.inputs, graph.outputs, graph.updates, dict[Extent, int]())
    passes = Passes(*arguments)
    blueprint = blueprint_of(passes.lowered, passes.module, fingerprint(*arguments))
    assert blueprint.constants == ()
    assert "literal" in {kind for kind, _ in blueprint.buffers}
    assert len(pack(blueprint, b"")) < 2000


def test_memory_of_an_unknown_kind_is_refused() -> None:
    passes, _ = parts("dense")
    lost = Buffer("lost", np.dtype(np.float32), (1,), passes.rewritten[0], "attic")
    module = replace(passes.module, buffers=(lost,))
    with pytest.raises(CompileError, match="'lost' of kind 'attic' has no memory"):
        blueprint_of(passes.lowered, module, fingerprint([], [], [], {}))
