"""The verifier of loops: right programs pass, as all tests see; each seeded defect is found."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.compiler.passes import Graph, graph, listings, lowered

import cairnet as cn
from cairnet.base.errors import CompileError
from cairnet.compiler import pipeline
from cairnet.compiler.loops import (
    Affine,
    Axis,
    Buffer,
    Compute,
    Coordinate,
    Fold,
    Guard,
    Guarded,
    Literal,
    Load,
    Nest,
    Result,
    Store,
)
from cairnet.compiler.plan import Life
from cairnet.compiler.reach import is_injective, reach
from cairnet.compiler.verify import verify_nests, verify_order, verify_program
from cairnet.compiler.verify_nest import RULES
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import symbol

SIZE = 6


def tensor(*shape: int | None, name: str = "x", dtype: Any = cn.float32) -> Tensor:
    return cn.input(shape, dtype, name)


class Small:
    """y[i] := sum over k < 4 of x[i, k] · w[k], and z[i] := y[i] + 1."""

    def __init__(self) -> None:
        with cn.scope("layer"):
            self.tensor = cn.exp(tensor(SIZE, 4))
        self.i, self.k, self.j = Axis("i", SIZE), Axis("k", 4), Axis("j", SIZE)
        self.x = self.buffer("x", (SIZE, 4), "input")
        self.w = self.buffer("w", (4,), "variable")
        self.y = self.buffer("y", (SIZE,), "arena")
        self.z = self.buffer("z", (SIZE,), "output")
        left = Load(cn.float32, self.x, Affine(0, {self.i: 4, self.k: 1}))
        right = Load(cn.float32, self.w, Affine(0, {self.k: 1}))
        product = Compute(cn.float32, "multiply", (left, right))
        self.first = Nest(
            (self.i,),
            (self.k,),
            (Fold("sum", product),),
            (Store(self.y, Affine.of(self.i), Result(cn.float32, 0)),),
            (self.tensor,),
        )
        self.load = Load(cn.float32, self.y, Affine.of(self.j))
        one = Literal(cn.float32, 1)
        value = Compute(cn.float32, "add", (self.load, one))
        self.second = Nest(
            (self.j,), (), (), (Store(self.z, Affine.of(self.j), value),), (self.tensor,)
        )

    def buffer(self, name: str, shape: tuple[int, ...], kind: str, dtype: Any = None) -> Buffer:
        return Buffer(name, dtype or np.dtype(cn.float32), shape, self.tensor, kind)

    @property
    def nests(self) -> list[Nest]:
        return [self.first, self.second]

    def fold(self, **changes: Any) -> None:
        self.first.folds = (replace(self.first.folds[0], **changes),)

    def store(self, **changes: Any) -> None:
        self.second.stores = (replace(self.second.stores[0], **changes),)

    def value(self, value: Any) -> None:
        """Replace what the second nest stores."""
        self.store(value=value)


def test_a_right_program_passes() -> None:
    verify_nests("fuse", Small().nests)


DEFECTS: list[tuple[str, Callable[[Small], Any], str]] = []


def defect(words: str) -> Callable[[Callable[[Small], Any]], Callable[[Small], Any]]:
    """Seed a defect that must be refused in these words; the function's name says what it is."""

    def enter(seed: Callable[[Small], Any]) -> Callable[[Small], Any]:
        DEFECTS.append((seed.__name__, seed, words))
        return seed

    return enter


@defect(r"uses axis i, which is not looped over there")
def an_axis_of_another_nest(s: Small) -> None:
    s.value(Load(cn.float32, s.y, Affine.of(s.i)))


@defect(r"uses axis k, which is not looped over there")
def a_store_that_moves_along_a_folded_axis(s: Small) -> None:
    s.first.stores = (replace(s.first.stores[0], offset=Affine(0, {s.i: 1, s.k: 1})),)


@defect(r"uses axis i, which is not looped over there")
def a_guard_over_an_axis_that_is_not_there(s: Small) -> None:
    s.value(Load(cn.float32, s.y, Affine.of(s.j), (Guard(Affine.of(s.i), SIZE),)))


@defect(r"uses axis i, which is not looped over there")
def a_coordinate_of_an_axis_that_is_not_there(s: Small) -> None:
    s.value(Coordinate(cn.float32, Affine.of(s.i)))


@defect(r"an axis is declared twice")
def an_axis_that_is_declared_twice(s: Small) -> None:
    s.second.axes = (s.j, s.j)


@defect(r"axis i has the extent -1")
def an_axis_that_runs_backwards(s: Small) -> None:
    s.first.axes = (Axis("i", -1), s.i)


@defect(r"there is no nest of kind 'maps'")
def a_kind_of_nest_that_does_not_exist(s: Small) -> None:
    s.second.kind = "maps"


@defect(r"cannot have a fold of kind 'running_sum'")
def a_fold_of_another_kind_of_nest(s: Small) -> None:
    s.fold(kind="running_sum")


@defect(r"result 1 of 1 folds")
def a_result_of_a_fold_that_is_not_there(s: Small) -> None:
    s.first.stores = (replace(s.first.stores[0], value=Result(cn.float32, 1)),)


@defect(r"result 0 of 0 folds")
def a_result_in_a_nest_without_folds(s: Small) -> None:
    s.value(Result(cn.float32, 0))


@defect(r"gives no position")
def the_position_of_a_sum(s: Small) -> None:
    s.first.stores = (replace(s.first.stores[0], value=Result(cn.int64, 0, position=True)),)


@defect(r"does not say how its positions are numbered")
def an_extreme_without_positions(s: Small) -> None:
    s.fold(kind="argmax")


@defect(r"a fold depends on the result of a fold")
def a_fold_of_a_fold(s: Small) -> None:
    s.fold(value=Result(cn.float32, 0))


@defect(r"nothing is folded over \(k,\)")
def a_reduce_axis_without_a_fold(s: Small) -> None:
    s.second.reduce = (s.k,)


@defect(r"y is float32, and read as float64")
def a_load_of_another_dtype(s: Small) -> None:
    s.value(Load(cn.float64, s.y, Affine.of(s.j)))


@defect(r"z is float32, and a value of int64 is stored in it")
def a_store_of_another_dtype(s: Small) -> None:
    s.value(Coordinate(cn.int64, Affine.of(s.j)))


@defect(r"add of float32, int64 gives no float32")
def a_sum_of_two_dtypes(s: Small) -> None:
    s.value(Compute(cn.float32, "add", (s.load, Literal(cn.int64, 1))))


@defect(r"less of float32, float32 gives no float32")
def a_comparison_that_is_no_bool(s: Small) -> None:
    s.value(Compute(cn.float32, "less", (s.load, s.load)))


@defect(r"where of float32, float32, float32 gives no float32")
def a_condition_that_is_a_float(s: Small) -> None:
    s.value(Compute(cn.float32, "where", (s.load, s.load, s.load)))


@defect(r"exp of 2 values, and not of 1")
def a_function_of_too_many_values(s: Small) -> None:
    s.value(Compute(cn.float32, "exp", (s.load, s.load)))


@defect(r"there is no elementwise primitive 'sum'")
def an_operation_that_is_not_elementwise(s: Small) -> None:
    s.value(Compute(cn.float32, "sum", (s.load,)))


@defect(r"the two sides of a guarded value have the dtypes \['float32', 'float64'\]")
def sides_of_two_dtypes(s: Small) -> None:
    guard = Guard(Affine.of(s.j), 3)
    s.value(Guarded(cn.float32, (guard,), s.load, Literal(cn.float64, 0)))


@defect(r"a fold of float32 has a result of float64")
def a_result_of_another_dtype(s: Small) -> None:
    other = s.buffer("y", (SIZE,), "arena", np.dtype(cn.float64))
    s.first.stores = (Store(other, Affine.of(s.i), Result(cn.float64, 0)),)


@defect(r"the guard .* can never hold")
def a_guard_of_negative_extent(s: Small) -> None:
    s.value(Load(cn.float32, s.y, Affine.of(s.j), (Guard(Affine.of(s.j), -1),)))


@defect(r"y\[j \+ 1\] is elements 1 to 6 of a buffer of 6, and is read")
def a_load_beyond_the_end(s: Small) -> None:
    s.value(Load(cn.float32, s.y, Affine(1, {s.j: 1})))


@defect(r"y\[j - 1\] is elements -1 to 4 of a buffer of 6, and is read")
def a_load_before_the_beginning(s: Small) -> None:
    s.value(Load(cn.float32, s.y, Affine(-1, {s.j: 1})))


@defect(r"y\[j \+ 3\] is elements 3 to 6 of a buffer of 6, and is read")
def a_guard_that_is_one_too_wide(s: Small) -> None:
    place = Affine(3, {s.j: 1})
    s.value(Load(cn.float32, s.y, place, (Guard(place, SIZE + 1),)))


@defect(r"is elements 0 to 9 of a buffer of 6, and is read")
def a_gathered_row_beyond_the_end(s: Small) -> None:
    index = Coordinate(cn.int64, Affine.of(s.j))
    s.value(Load(cn.float32, s.y, Affine(), (), ((index, 4, 3),)))


@defect(r"z\[j \+ 2\] is elements 2 to 7 of a buffer of 6, and is written")
def a_store_beyond_the_end(s: Small) -> None:
    s.store(offset=Affine(2, {s.j: 1}))


@defect(r"several points write the same element of z\[0\]")
def a_store_that_stands_still(s: Small) -> None:
    s.store(offset=Affine())


@defect(r"several points write the same element of y\[2·i \+ i2\]")
def strides_that_overlap(s: Small) -> None:
    other = Axis("i2", 3)
    s.first.axes = (Axis("i", 2), other)
    i = s.first.axes[0]
    s.fold(value=Literal(cn.float32, 1))
    s.first.stores = (Store(s.y, Affine(0, {i: 2, other: 1}), Result(cn.float32, 0)),)


@defect(r"z is written at places that are values, outside a scatter")
def a_map_that_writes_where_a_value_points(s: Small) -> None:
    index = Coordinate(cn.int64, Affine.of(s.j))
    s.store(offset=Affine(), computed=((index, SIZE, 1),))


@defect(r"the nests that write z store 3 of its 6 elements")
def an_output_that_is_half_written(s: Small) -> None:
    half = Axis("j", 3)
    load = Load(cn.float32, s.y, Affine.of(half))
    s.second = Nest((half,), (), (), (Store(s.z, Affine.of(half), load),), (s.tensor,))


@defect(r"it reads y, which nothing has written")
def memory_that_nobody_wrote(s: Small) -> None:
    s.first, s.second = s.second, Small().second


@defect(r"it reads y before the nest of exp .* writes it")
def a_reader_that_comes_too_early(s: Small) -> None:
    s.first, s.second = s.second, s.first


@pytest.mark.parametrize(("name", "seed", "words"), DEFECTS, ids=[d[0] for d in DEFECTS])
def test_a_seeded_defect_is_found(name: str, seed: Callable[[Small], Any], words: str) -> None:
    small = Small()
    seed(small)
    with pytest.raises(CompileError, match=words) as error:
        verify_nests("fuse", small.nests)
    text = str(error.value)
    assert text.startswith("broken loops after fuse: the nest of exp float32[6, 4] in layer, made")
    assert "test_verify.py" in text


def test_every_rule_has_found_a_defect() -> None:
    found = set()
    for _, seed, _ in DEFECTS:
        small = Small()
        seed(small)
        for rule in RULES:
            if any(list(rule(nest)) for nest in small.nests):
                found.add(rule)
                break
    assert found == set(RULES)


# -- orders and programs --------------------------------------------------------------------------


def updating() -> tuple[Small, Buffer, Nest]:
    """A nest that writes a new value of y in place, after y has been read."""
    s = Small()
    new = s.buffer("new_y", (SIZE,), "update")
    j = Axis("j", SIZE)
    value = Compute(cn.float32, "exp", (Load(cn.float32, s.y, Affine.of(j)),))
    return s, new, Nest((j,), (), (), (Store(new, Affine.of(j), value),), (s.tensor,))


def test_an_update_in_place_comes_after_every_reader() -> None:
    s, new, update = updating()
    verify_order("arrange", [s.first, s.second, update], {new: s.y})
    with pytest.raises(CompileError, match=r"it overwrites y, whose old value .* reads later"):
        verify_order("arrange", [s.first, update, s.second], {new: s.y})


def test_an_update_in_place_reads_only_where_it_writes() -> None:
    s, new, update = updating()
    (j,) = update.axes
    turned = Load(cn.float32, s.y, Affine(SIZE - 1, {j: -1}))
    update.stores = (replace(update.stores[0], value=turned),)
    with pytest.raises(CompileError, match=r"it overwrites y, and reads it at other points"):
        verify_order("arrange", [s.first, update], {new: s.y})


def test_a_variable_is_copied_into_after_its_last_reader() -> None:
    s = Small()
    one = Literal(cn.float32, 1)
    k = Axis("k", 4)
    copy = Nest((k,), (), (), (Store(s.w, Affine.of(k), one),), (s.tensor,))
    verify_order("arrange", [s.first, copy], {})
    with pytest.raises(CompileError, match=r"it overwrites w"):
        verify_order("arrange", [copy, s.first], {})


def product() -> Graph:
    x, w = tensor(128, 128), tensor(128, 128, name="w")
    return graph([x, w], cn.tanh(x @ w) @ w)


def test_threads_must_meet_between_a_writer_and_a_reader() -> None:
    plan = lowered(product())
    verify_program(plan)
    first, second = plan.steps
    assert isinstance(second, pipeline.Step)
    together = replace(plan, steps=(first, replace(second, phase=first.phase)))
    with pytest.raises(CompileError, match=r"in the same phase as"):
        verify_program(together)


def test_phases_do_not_go_back() -> None:
    plan = lowered(product())
    first, second = plan.steps
    assert isinstance(second, pipeline.Step)
    with pytest.raises(CompileError, match=r"its phase -1 has passed already"):
        verify_program(replace(plan, steps=(first, replace(second, phase=-1))))


def test_the_arena_holds_buffers_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    s = Small()
    lives = tuple(Life(s.buffer(n, (SIZE,), "arena"), 4 * SIZE, 0, 1) for n in "ab")
    plan = replace(lowered(product()), lives=lives)
    verify_program(plan)
    from cairnet.compiler import verify

    monkeypatch.setattr(verify, "arena_layout", lambda sizes, _: ([0] * len(sizes), 128))
    with pytest.raises(CompileError, match=r"b and a live at the same time and overlap"):
        verify_program(plan)


def test_the_passes_call_the_verifier(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that goes wrong is found where it goes wrong."""
    right = pipeline.coalesce

    def wrong(nest: Nest) -> None:
        right(nest)
        store = nest.stores[0]
        nest.stores = (replace(store, offset=store.offset + 1), *nest.stores[1:])

    monkeypatch.setattr(pipeline, "coalesce", wrong)
    x = tensor(7)
    with pytest.raises(CompileError, match=r"broken loops after coalesce: .*made at .*test_verify"):
        listings(graph([x], cn.exp(x)))
    with_checks = cn.debug(verify=False)
    try:
        listings(graph([x], cn.exp(x)))
    finally:
        with_checks.__exit__(None, None, None)


# -- what indices can be --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(200))
def test_reach_is_exact_under_guards(seed: int) -> None:
    random = np.random.default_rng(seed)
    axes = [Axis(f"a{n}", int(random.integers(1, 6))) for n in range(3)]
    factors = random.integers(-4, 5, (3, 3))
    constants = random.integers(-6, 7, 3)
    index, first, second = (
        Affine(int(constant), dict(zip(axes, map(int, row), strict=True)))
        for constant, row in zip(constants, factors, strict=True)
    )
    points = np.stack(
        np.meshgrid(*(np.arange(axis.extent) for axis in axes), indexing="ij"), axis=-1
    ).reshape(-1, 3)
    values, ones, twos = (points @ factors.T + constants).T
    inside = values[(ones >= 0) & (ones < 4) & (twos >= 0) & (twos < 6)]
    expected = (inside.min(), inside.max()) if inside.size else (0, -1)
    assert reach(index, [Guard(first, 4), Guard(second, 6)]) == expected


def test_reach_cannot_tell_unknown_extents() -> None:
    n = Axis("n", symbol("n"))
    i = Axis("i", 5)
    assert reach(Affine(0, {n: 1})) is None
    assert reach(Affine(0, {i: 1}), [Guard(Affine(0, {n: 1, i: 1}), 3)]) is None
    assert reach(Affine(0, {i: 2})) == (0, 8)
    assert reach(Affine(7)) == (7, 7)
    assert reach(Affine(7), [Guard(Affine(-1), 3)]) == (0, -1)


def test_points_that_meet_are_told_from_points_that_do_not() -> None:
    a, b = Axis("a", 3), Axis("b", 4)
    assert is_injective(Affine(0, {a: 4, b: 1}), (a, b)) is True
    assert is_injective(Affine(0, {a: 3, b: 1}), (a, b)) is False
    assert is_injective(Affine(0, {a: 3, b: -3}), (a, b)) is False
    assert is_injective(Affine(0, {a: 3, b: 5}), (a, b)) is True  # gaps, told by counting
    assert is_injective(Affine(0, {a: 1}), (a, b)) is False
    assert is_injective(Affine(0, {a: 1}), (a, Axis("n", symbol("n")))) is None
