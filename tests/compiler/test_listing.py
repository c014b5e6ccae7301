"""Programs as text: what stands in the listing, and that a person can read it."""

import re
from typing import Any

import numpy as np
import pytest
from tests.compiler.passes import Graph, graph, lowered
from tests.golden import check_golden
from tests.training_steps import STEPS

import cairnet as cn
from cairnet.compiler.formulas import Formulas, affine_text, guard_text
from cairnet.compiler.listing import format_kernel, format_program
from cairnet.compiler.loops import (
    Affine,
    Axis,
    Buffer,
    Compute,
    Expression,
    Fold,
    Guard,
    Guarded,
    Literal,
    Load,
    Nest,
    Result,
    Store,
)
from cairnet.compiler.nest_listing import Names, format_nest, wrapped
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import symbol

X = cn.zeros((1,))
F32 = np.dtype("float32")


def tensor(*shape: int | None, name: str = "x", dtype: Any = cn.float32) -> Tensor:
    return cn.input(shape, dtype, name)


def buffer(name: str, *shape: Any, kind: str = "input", dtype: Any = F32) -> Buffer:
    return Buffer(name, np.dtype(dtype), shape, X, kind)


def written(item: Expression, *axes: Axis) -> str:
    """An expression as a formula, with the lines of the values that have names before it."""
    formulas = Formulas(lambda b, place: f"{b.name}{place}", {a: a.name for a in axes}, [])
    formulas.share([item])
    text = formulas.text(item)
    return "\n".join([*formulas.lines, text])


def call(name: str, *arguments: Expression, dtype: Any = F32, word: int = 0) -> Compute:
    return Compute(np.dtype(dtype), name, arguments, word)


# -- whole programs -------------------------------------------------------------------------------


def network() -> Graph:
    x, labels = tensor(32, 12, 12, 1), tensor(32, name="labels", dtype=cn.int64)
    kernel = cn.Variable(np.zeros((3, 3, 1, 8), "f4"), name="kernel")
    weights = cn.Variable(np.zeros((200, 10), "f4"), name="weights")
    with cn.scope("convolution"):
        hidden = cn.max_pool(cn.relu(cn.conv2d(x, kernel)), 2)
    with cn.scope("scores"):
        scores = cn.log_softmax(cn.reshape(hidden, (-1, 200)) @ weights)
    cost = -cn.mean(cn.sum(scores * cn.one_hot(labels, 10), axis=1))
    slopes = cn.grad(cost, [kernel, weights])
    return graph([x, labels], cost, {kernel: kernel - slopes[0], weights: weights - slopes[1]})


def recurrent() -> Graph:
    x, h = tensor(None, 4, 3), tensor(4, 5, name="h")
    w, u = tensor(3, 5, name="w"), tensor(5, 5, name="u")

    def step(item: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        new = cn.tanh(item @ w + state @ u)
        return new, new

    outputs, last = cn.scan(step, x, h)
    return graph([x, h, w, u], [cn.sum(outputs, axis=0), last])


def masked(text: str) -> str:
    """Without what the cost model decides, so that tuning it changes no golden file."""
    text = re.sub(r"# .*; about [\d,]+ cycles", "# (schedule)", text)
    text = re.sub(r", about [\d,]+ cycles on one core", "", text)
    return re.sub(r"test_listing\.py:\d+", "test_listing.py:n", text)


@pytest.mark.parametrize("name", ["network", "recurrent"])
def test_the_listing_of_a_program(name: str) -> None:
    plan = lowered({"network": network, "recurrent": recurrent}[name]())
    check_golden(f"listing_{name}.txt", masked(format_program(plan)))


def test_a_kernel_by_itself_is_part_of_the_whole() -> None:
    plan = lowered(network())
    whole = format_program(plan)
    for number in range(len(re.findall(r"^kernel \d+", whole, re.MULTILINE))):
        assert format_kernel(plan, number) in whole


def test_without_remarks_no_line_of_the_users_program_is_named() -> None:
    text = format_program(lowered(network()), remarks=False)
    assert "test_listing.py" not in text
    assert "lanes along" in text


@pytest.mark.parametrize("name", list(STEPS))
def test_a_training_step_can_be_read(name: str) -> None:
    step = STEPS[name]()
    text = cn.explain(step.function(), "loops", *step.arguments)
    assert ".flat[" not in text  # every offset is told as indices
    assert max(map(len, text.splitlines())) <= 130
    blocks = re.split(r"\n(?= *(?:kernel|loop|memory))", text)
    for block in blocks[1:-1]:
        assert re.search(r"# .*\.py:\d+", block), block
        formulas = [line for line in block.splitlines() if "#" not in line]
        assert max(line.count("(") for line in formulas) <= 12, block
    assert text.count("update") >= len(step.updates) - 1  # all but the counter at least
    # Every buffer that a formula names stands in the table of memory, with its place.
    table = {line.split()[0] for line in blocks[-1].splitlines()[1:]}
    stored = set(re.findall(r"^ *([\w.]+)(?:\[[^\]]*\])? (?::=|\+=) ", text, re.MULTILINE))
    assert stored <= table


# -- names ----------------------------------------------------------------------------------------


def test_buffers_of_one_name_are_told_apart() -> None:
    names = Names()
    first, second, third = buffer("w"), buffer("w"), buffer("layer/w")
    made = buffer("dot12", kind="arena"), buffer("dot7", kind="arena")
    assert [names(b) for b in (first, second, third, first)] == ["w", "w2", "layer.w", "w"]
    assert [names(b) for b in made] == ["dot", "dot2"]


def test_a_new_value_in_place_has_the_name_of_its_variable() -> None:
    old, new = buffer("w", kind="variable"), buffer("new_w", kind="update")
    assert Names({new: old})(new) == "w"


def test_axes_of_one_name_are_told_apart() -> None:
    i, j = Axis("i", 3), Axis("i", 4)
    target = buffer("y", 3, 4, kind="output")
    store = Store(target, Affine(0, {i: 4, j: 1}), Literal(F32, 0))
    text = format_nest(Nest((i, j), (), (), (store,), (X,)))
    assert text == "for i < 3, i_2 < 4:\n    y[i, i_2] := 0.0"


def test_a_value_is_named_before_what_it_depends_on_is_overwritten() -> None:
    """All is read before anything is written; the lines must say so in their order."""
    i = Axis("i", 3)
    a, b = buffer("a", 3, kind="variable"), buffer("b", 3, kind="variable")
    place = Affine.of(i)
    swap = (Store(a, place, Load(F32, b, place)), Store(b, place, Load(F32, a, place)))
    assert format_nest(Nest((i,), (), (), swap, (X,))).splitlines() == [
        "for i < 3:",
        "    t1 = b[i]",
        "    t2 = a[i]",
        "    a[i] := t1",
        "    b[i] := t2",
    ]


# -- formulas -------------------------------------------------------------------------------------

A, B, C = (Load(F32, buffer(name), Affine()) for name in "abc")
CONDITION = call("less", A, B, dtype="bool")


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (call("add", call("add", A, B), C), "a + b + c"),
        (call("add", A, call("add", B, C)), "a + (b + c)"),
        (call("subtract", A, call("subtract", B, C)), "a - (b - c)"),
        (call("multiply", call("add", A, B), C), "(a + b) · c"),
        (call("divide", A, call("multiply", B, C)), "a / (b · c)"),
        (call("negative", call("add", A, B)), "-(a + b)"),
        (call("multiply", call("negative", A), B), "-a · b"),
        (call("power", call("negative", A), B), "(-a)**b"),
        (call("maximum", A, call("minimum", B, Literal(F32, 0.1))), "max(a, min(b, 0.1))"),
        (call("where", CONDITION, A, B), "a if a < b else b"),
        (call("add", call("where", CONDITION, A, B), C), "(a if a < b else b) + c"),
        (call("exp", call("where", CONDITION, A, B)), "exp(a if a < b else b)"),
        (call("cast", A, dtype="int32"), "int32(a)"),
        (call("bitcast", A, dtype="int32"), "bits_as_int32(a)"),
        (call("threefry", A, B, C, A, word=1), "threefry(a, b, c, a).word1"),
        (Literal(F32, -0.0), "-0.0"),
        (Literal(F32, np.float32(0.1)), "0.1"),
        (Literal(np.dtype("bool"), True), "True"),
        (Literal(np.dtype("int64"), -3), "-3"),
        (Literal(F32, np.inf), "inf"),
    ],
    ids=str,
)
def test_formulas(item: Expression, text: str) -> None:
    assert written(item) == text


def test_a_value_used_twice_has_a_name() -> None:
    costly = call("exp", A)
    assert written(call("multiply", costly, call("add", costly, B))) == "t1 = exp(a)\nt1 · (t1 + b)"


def test_equal_formulas_have_one_name() -> None:
    first, second = call("exp", A), call("exp", A)
    total = call("add", call("multiply", first, first), call("multiply", second, second))
    assert written(total) == "t1 = exp(a)\nt1 · t1 + t1 · t1"


def test_a_long_formula_is_written_in_parts() -> None:
    long = A
    for _ in range(12):
        long = call("add", call("multiply", long, B), C)
    lines = written(call("exp", long)).splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) < 80


# -- indices --------------------------------------------------------------------------------------

AXIS_I, AXIS_J, AXIS_K = Axis("i", 4), Axis("j", 6), Axis("k", 3)
AXIS_IJ = Axis("ij", 24)
AXIS_N = Axis("n", symbol("len(x)"))


def load(target: Buffer, constant: Any, guards: Any = (), computed: Any = (), **terms: Any) -> Load:
    axes = {axis.name: axis for axis in (AXIS_I, AXIS_J, AXIS_K, AXIS_IJ, AXIS_N)}
    offset = Affine(constant, {axes[name]: factor for name, factor in terms.items()})
    return Load(F32, target, offset, tuple(guards), tuple(computed))


ROWS = Load(np.dtype("int64"), buffer("rows", 4, dtype="int64"), Affine.of(AXIS_I))
OFF = Guard(Affine(-2, {AXIS_J: 1}), 6)
SUM = Guard(Affine(0, {AXIS_I: 1, AXIS_K: 1}), 5)


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (load(buffer("x"), 0), "x"),
        (load(buffer("x", 24), 0, ij=1), "x[ij]"),
        (load(buffer("x", 4, 6), 0, i=6, j=1), "x[i, j]"),
        (load(buffer("x", 4, 6), 0, ij=1), "x[ij]"),
        (load(buffer("x", 4, 6, 5), 2, ij=5), "x[ij, 2]"),
        (load(buffer("x", 5, 4, 6), 24, ij=1), "x[1, ij]"),
        (load(buffer("x", 6, 4), 0, i=1, j=4), "x[j, i]"),
        (load(buffer("x", 4, 1, 6), 0, i=6, j=1), "x[i, 0, j]"),
        (load(buffer("x", 9, 20), 43, i=40, j=3), "x[2·i + 2, 3·j + 3]"),
        (load(buffer("x", 4, 6), 23, i=-6, j=-1), "x[-i + 3, -j + 5]"),
        (load(buffer("x", 4, 6), -2, [OFF], i=6, j=1), "x[i, j - 2; 0 outside]"),
        (
            load(
                buffer("x", 8, 6), 0, [Guard(Affine(0, {AXIS_I: 1, AXIS_K: 1}), 5)], i=6, k=6, j=1
            ),
            "x[i + k, j] if i + k < 5 else 0",
        ),
        (load(buffer("x", 9, 6), 0, (), [(ROWS, 9, 6)], j=1), "x[rows[i], j]"),
        (load(buffer("x", 9, 9), 0, (), [(ROWS, 9, 9), (ROWS, 9, 1)]), "x[rows[i], rows[i]]"),
        (load(buffer("x", AXIS_N.extent, 6), 0, n=6, j=1), "x[n, j]"),
        (load(buffer("x", 6, AXIS_N.extent), 0, j=AXIS_N.extent, n=1), "x[j, n]"),
        (load(buffer("x", 4, 5), 0, i=3, j=1), "x[3·i + j]"),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_offsets_are_told_as_indices(item: Load, text: str) -> None:
    assert written(item, AXIS_I, AXIS_J, AXIS_K, AXIS_IJ, AXIS_N) == text


def test_a_guard_is_said_once() -> None:
    x, y = (load(buffer(name, 4, 6), -2, [OFF], i=6, j=1) for name in "xy")
    guarded = Guarded(F32, (OFF,), call("multiply", x, y), Literal(F32, 1))
    assert written(guarded, AXIS_I, AXIS_J) == "x[i, j - 2] · y[i, j - 2] if j - 2 >= 0 else 1.0"
    target = buffer("s", 4, kind="output")
    fold = Fold("sum", call("multiply", x, y), (OFF,))
    nest = Nest(
        (AXIS_I,), (AXIS_J,), (fold,), (Store(target, Affine.of(AXIS_I), Result(F32, 0)),), (X,)
    )
    assert format_nest(nest).splitlines() == [
        "for i < 4:",
        "    total = sum over j < 6 of x[i, j - 2] · y[i, j - 2]",
        "        where j - 2 >= 0",
        "    s[i] := total",
    ]


def test_affine_formulas() -> None:
    names = {AXIS_I: "i", AXIS_J: "j"}
    texts = [
        (Affine(), "0"),
        (Affine(3), "3"),
        (Affine(-1, {AXIS_I: 1}), "i - 1"),
        (Affine(2, {AXIS_I: -1, AXIS_J: 1}), "j - i + 2"),
        (Affine(2, {AXIS_I: -1}), "-i + 2"),
        (Affine(0, {AXIS_I: symbol("n") + 1}), "(n + 1)·i"),
    ]
    assert [affine_text(index, names) for index, _ in texts] == [text for _, text in texts]


def test_only_the_half_of_a_guard_that_can_fail_is_written() -> None:
    names = {AXIS_I: "i"}
    assert guard_text(Guard(Affine(0, {AXIS_I: 1}), 3), names) == "i < 3"
    assert guard_text(Guard(Affine(-1, {AXIS_I: 1}), 3), names) == "i - 1 >= 0"
    assert guard_text(Guard(Affine(-1, {AXIS_I: 1}), 2), names) == "0 <= i - 1 < 2"
    assert guard_text(Guard(Affine(0, {AXIS_N: 1}), 2), {AXIS_N: "n"}) == "0 <= n < 2"


def test_long_lines_are_broken_before_operators() -> None:
    lines = wrapped("y[i] := ", " + ".join(f"weights[i, {number}]" for number in range(20)))
    assert len(lines) > 1
    assert all(len(line) <= 100 for line in lines)
    assert all(line.startswith("        + weights[i, ") for line in lines[1:])
    assert wrapped("y := ", "short") == ["y := short"]
