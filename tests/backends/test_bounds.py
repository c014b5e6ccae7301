"""Bounds: where every access is tested, what goes astray is named, and nothing is touched."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, seed, settings
from tests.backends.test_native_graphs import RELAXED, compare
from tests.graphs import RandomGraph, graphs

import cairnet as cn
from cairnet.backends.native import passes
from cairnet.backends.native.builder import Builder, Value
from cairnet.backends.native.checked import STEP, CheckedBuilder
from cairnet.base.configuration import configure
from cairnet.base.errors import BoundsError, CompileError, IndexRangeError
from cairnet.compiler.loops import Affine, Load, Nest
from cairnet.compiler.pipeline import LoopStep, Lowered, lower


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[None]:
    """The mode, and an empty cache: code made of nests that are wrong on purpose is not kept."""
    monkeypatch.setenv("CAIRNET_CACHE", str(tmp_path))
    before = configure(bounds=True, verify=False)
    yield
    configure(bounds=before.bounds, verify=before.verify)


Spoil = Callable[[Nest], None]


def spoiled(monkeypatch: pytest.MonkeyPatch, spoil: Spoil) -> None:
    """Make the compiler produce wrong nests: each is handed to `spoil` once it is scheduled."""

    def wrongly_lowered(*arguments: Any, **options: Any) -> Lowered:
        lowered = lower(*arguments, **options)
        for step in lowered.steps:
            if not isinstance(step, LoopStep):
                spoil(step.nest)
        return lowered

    monkeypatch.setattr(passes, "lower", wrongly_lowered)


def moved_stores(by: int) -> Spoil:
    def spoil(nest: Nest) -> None:
        nest.stores = tuple(replace(s, offset=s.offset + by) for s in nest.stores)

    return spoil


def stretched_stores(factor: int) -> Spoil:
    def spoil(nest: Nest) -> None:
        nest.stores = tuple(
            replace(s, offset=Affine(0, {a: factor * f for a, f in s.offset.terms.items()}))
            for s in nest.stores
        )

    return spoil


def moved_loads(by: int) -> Spoil:
    def spoil(nest: Nest) -> None:
        (fold,) = nest.folds
        assert isinstance(fold.value, Load)
        nest.folds = (replace(fold, value=replace(fold.value, offset=fold.value.offset + by)),)

    return spoil


# What goes wrong, in which lanes, and what is said of it. 37 is no multiple of any vector.
WRONG: dict[str, tuple[Spoil, Any, str]] = {
    "a store beyond the end, in the last lanes": (
        moved_stores(1),
        lambda x: x + 1,
        r"kernel 0 \(add\), from test_bounds.py:\d+: element 37 of output 'output0'",
    ),
    "a store before the beginning": (moved_stores(-2), lambda x: x + 1, "element -2 of output"),
    "stores that lie apart, one of them outside": (
        stretched_stores(3),
        lambda x: x + 1,
        r"element (39|48) of output 'output0'",
    ),
    "a load of lanes that are summed": (
        moved_loads(5),
        cn.sum,
        r"\(sum\), .*: element 37 of input 'x', float32\[37\]",
    ),
    "a load of one element": (moved_loads(40), cn.max, r"element (4\d|7\d) of input 'x'"),
}


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_nest_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil, formula, words = WRONG[name]
    spoiled(monkeypatch, spoil)
    x = cn.input((37,), name="x")
    f = cn.function([x], formula(x), backend="native")
    value = np.arange(37, dtype=np.float32)
    for _ in range(2):  # what was noted is forgotten when it has been raised
        with pytest.raises(BoundsError, match=words):
            f(value)


@pytest.mark.usefixtures("checked")
def test_nothing_runs_after_the_access_that_was_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(nest: Nest) -> None:
        if any(store.buffer.kind == "output" for store in nest.stores):
            moved_stores(1 << 40)(nest)

    spoiled(monkeypatch, spoil)
    x, total = cn.input((4,), name="x"), cn.Variable(np.zeros(4, np.float32), name="total")
    # The new value hangs on the output's kernel, which comes first and fails.
    f = cn.function([x], cn.cumulative_sum(x), {total: total + x}, backend="native")
    with pytest.raises(BoundsError, match="output 'output0'"):
        f.steps(3, np.ones((3, 4), np.float32))
    assert total.numpy().max() <= 1


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize("threads", [1, 2])
def test_several_threads_stop_together(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    spoiled(monkeypatch, moved_stores(1))
    x = cn.input((256, 256), name="x")
    f = cn.function([x], x @ x, backend="native")
    before = configure(threads=threads)
    try:
        for _ in range(3):
            with pytest.raises(BoundsError, match=r"element 65,5\d\d of output 'output0'"):
                f(np.zeros((256, 256), np.float32))
    finally:
        configure(threads=before.threads)


@pytest.mark.usefixtures("checked")
def test_inside_loops_the_memory_of_a_turn_is_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrongly_lowered(*arguments: Any, **options: Any) -> Lowered:
        lowered = lower(*arguments, **options)
        for step in lowered.steps:
            if isinstance(step, LoopStep):
                for inner in step.body:
                    moved_stores(8)(inner.nest)
        return lowered

    x = cn.input((5, 8), name="x")
    sums, _ = cn.scan(lambda row, h: (cn.tanh(row + h), row + h), x, cn.zeros((8,)))
    value = np.ones((5, 8), np.float32)
    f = cn.function([x], sums, backend="native")
    right = f(value)
    np.testing.assert_allclose(right[0], np.tanh(np.ones(8)), rtol=1e-6)
    monkeypatch.setattr(passes, "lower", wrongly_lowered)
    monkeypatch.setenv("CAIRNET_CACHE", "")
    with pytest.raises(BoundsError, match=r"which has 8\s+elements"):
        cn.function([x], sums * 2, backend="native")(value)


# -- indices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
def test_an_index_of_the_users_is_reported(threads: int) -> None:
    table = cn.Variable(np.arange(40, dtype=np.float32).reshape(10, 4), name="table")
    rows = cn.input((None,), "int64", name="rows")
    with cn.scope("lookup"):
        picked = cn.take(table, rows, axis=0)
    f = cn.function([rows], picked, backend="native")
    wrong = np.array([3, 12, 4, 11])
    before = configure(threads=threads)
    try:
        np.testing.assert_array_equal(f(wrong)[1], table.numpy()[9], "it is the nearest otherwise")
        with cn.debug(bounds=True):
            with pytest.raises(IndexRangeError) as caught:
                f(wrong)
            np.testing.assert_array_equal(f([3, 9]), table.numpy()[[3, 9]])
        np.testing.assert_array_equal(f(wrong)[1], table.numpy()[9], "and it is again")
    finally:
        configure(threads=before.threads)
    assert re.search(
        r"kernel \d+ \(gather\), from lookup, test_bounds.py:\d+: index (12|11) into variable "
        r"'table', float32\[10, 4\] is outside of its axis; expected an index from 0 to 9",
        str(caught.value),
    )


@pytest.mark.usefixtures("checked")
def test_an_index_that_is_written_to_is_reported() -> None:
    x, rows = cn.input((3, 2), name="x"), cn.input((3,), "int32", name="rows")
    slope = cn.grad(cn.sum(cn.take(x, rows, axis=0) ** 2), [x])[0]
    f = cn.function([x, rows], slope, backend="native")
    assert f(np.ones((3, 2)), [0, 0, 2]).tolist() == [[4, 4], [0, 0], [2, 2]]
    with pytest.raises(IndexRangeError, match="index 3 into"):
        f(np.ones((3, 2)), [0, 3, 1])


# -- the whole of it -------------------------------------------------------------------------------


def test_results_are_the_same_bits() -> None:
    x, w = cn.input((None, 37), name="x"), cn.Variable(np.linspace(-1, 1, 37 * 19, dtype="f4"))
    y = cn.softmax(cn.relu(x @ cn.reshape(w, (37, 19))), axis=-1)
    slope = cn.grad(cn.sum(y * y), [w])[0]
    f = cn.function([x], [y, slope], backend="native")
    value = np.random.default_rng(0).random((11, 37), np.float32)
    plain = f(value)
    with cn.debug(bounds=True):
        tested = f(value)
    for one, other in zip(plain, tested, strict=True):
        np.testing.assert_array_equal(one, other)
    assert f.compilations == 2


@pytest.mark.usefixtures("checked")
def test_a_network_trains_in_this_mode() -> None:
    model = cn.Sequential(
        [
            cn.Input((9, 9, 2)),
            cn.layers.Conv2D(3, 3, padding="same", activation="relu"),
            cn.layers.MaxPooling2D(2),
            cn.layers.Flatten(),
            cn.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = np.random.default_rng(0).random((20, 9, 9, 2), np.float32)
    history = model.fit(x, np.arange(20) % 3, batch_size=8, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


@given(graphs())
@settings(max_examples=15, suppress_health_check=RELAXED)
def test_random_graphs_stay_inside(graph: RandomGraph) -> None:
    with cn.debug(bounds=True):
        compare(graph)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5))
def test_many_random_graphs_stay_inside(part: int) -> None:
    """1,000 graphs in five parts, each from a seed of its own."""

    @seed(100 + part)
    @settings(max_examples=200, suppress_health_check=RELAXED, derandomize=False, database=None)
    @given(graphs(most_steps=12))
    def check(graph: RandomGraph) -> None:
        with cn.debug(bounds=True):
            compare(graph)

    check()


# -- the builder -----------------------------------------------------------------------------------


def test_an_address_from_nowhere_is_refused() -> None:
    builder = CheckedBuilder("KERNEL", [("ptr", "p"), STEP])
    with pytest.raises(CompileError, match="nothing is known of the memory behind the address %p"):
        builder.load("float", Value("ptr", "%p"), 4)


def test_every_kind_of_access_is_overridden() -> None:
    """A new way to touch memory in `Builder` has to be tested by `CheckedBuilder` too."""
    touching = {"load", "store", "masked_load", "masked_store", "gather", "scatter"}
    deriving = {"alloca", "offset", "offsets", "select"}
    assert touching | deriving <= set(vars(CheckedBuilder))
    known = (
        touching
        | deriving
        | {
            *(
                "parameter",
                "fresh",
                "line",
                "emit",
                "comment",
                "label",
                "branch",
                "branch_if",
                "text",
            ),
            *("integer", "real", "_constant", "lane_numbers", "binary", "compare", "convert"),
            *("negate", "call", "intrinsic", "declare", "shuffle", "splat"),
            *("extract", "insert", "per_lane"),
            *("loop", "when"),
        }
    )
    assert {name for name in vars(Builder) if not name.startswith("__")} == known
