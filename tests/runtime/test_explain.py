"""cn.explain: five levels of a dense and of a convolutional training step."""

import re
from typing import Any

import numpy as np
import pytest
from tests.runtime.steps import STEPS, batches

import cairnet as cn
from cairnet.backends.native.machine import host
from cairnet.runtime.explain import LEVELS, Explanation
from cairnet.tensor.printer import format_graph

NAMES = list(STEPS)
X86 = host().architecture == "x86_64"


def called(name: str) -> Any:
    f, _ = STEPS[name]()
    x, labels = batches(name, 1)
    f(x[0], labels[0])
    return f


@pytest.fixture(scope="module", params=NAMES)
def step(request: pytest.FixtureRequest) -> Any:
    return called(request.param)


def test_every_level_prints_itself(step: Any) -> None:
    for level in LEVELS:
        text = cn.explain(step, level)
        assert isinstance(text, str)
        assert isinstance(text, Explanation)
        assert repr(text) == str(text)
        assert len(text.splitlines()) > 10


def test_the_graph_is_listed_as_it_was_written(step: Any) -> None:
    text = cn.explain(step, "graph")
    assert text == format_graph(step.graph.outputs, step.graph.updates)
    assert "float32[None, 10]" in text
    assert re.search(r"# (hidden|convolution), steps\.py:\d+", text)


def test_rewriting_leaves_a_smaller_graph_of_known_sizes(step: Any) -> None:
    before, after = cn.explain(step, "graph"), cn.explain(step, "rewritten")
    assert len(after.splitlines()) < len(before.splitlines())
    assert "None" not in after
    assert set(re.findall(r"[\w.]+\.py(?=:\d)", after)) == {"steps.py"}  # inputs included
    assert "len(x)" not in after
    assert "float32[40, 10]" in after
    assert after.count('update "') == before.count('update "') > 0


def test_the_loops_name_layers_lines_schedules_and_memory(step: Any) -> None:
    text = cn.explain(step, "loops")
    first = text.splitlines()[0]
    assert re.match(
        rf"{step.name}, with len\(x\) = 40, len\(labels\) = 40: \d+ kernels in \d+ phases?, about",
        first,
    )
    assert re.search(r"# (hidden|convolution), steps\.py:\d+", text)
    assert re.search(r"# .*gradient, steps\.py:\d+", text)
    assert re.search(r"\d+ lanes along \w+", text)
    assert "total = sum over" in text
    assert re.search(r"memory: an arena of [\d,]+ bytes", text)
    assert re.search(r"variable, updated in place$", text, re.MULTILINE)
    assert re.search(r"arena \+ [\d,]+, phases? \d+", text)
    assert max(map(len, text.splitlines())) <= 120


def test_the_ir_is_what_was_compiled(step: Any) -> None:
    import llvmlite.binding as llvm

    text = cn.explain(step, "llvm")
    assert text == step.last.program.module.text
    assert re.search(r"^define void @program\(", text, re.MULTILINE)
    llvm.parse_assembly(text).verify()


def test_the_assembly_is_of_instructions_only(step: Any) -> None:
    text = cn.explain(step, "asm")
    assert re.search(r"^program:$", text, re.MULTILINE)
    assert not re.search(r"^\s*\.(cfi|globl|type|size|p2align)", text, re.MULTILINE)
    if X86 and host().has("fma"):
        assert "vfmadd" in text


def test_every_kernel_can_be_seen_by_itself(step: Any) -> None:
    import llvmlite.binding as llvm

    whole, module = cn.explain(step, "loops"), cn.explain(step, "llvm")
    count = len(re.findall(r"^ *kernel \d+:", whole, re.MULTILINE))
    assert count > 5
    for number in range(count):
        loops = cn.explain(step, "loops", kernel=number)
        assert loops.startswith(f"kernel {number}: ")
        assert loops in whole
        text = cn.explain(step, "llvm", kernel=number)
        assert text.count("\ndefine") == 0
        assert text.startswith("define ")
        assert text.endswith("\n}")
        assert text in module
    assert llvm.parse_assembly(module) is not None


def test_the_assembly_of_a_kernel(step: Any) -> None:
    for number, loops in product_kernels(step):
        text = cn.explain(step, "asm", kernel=number)
        assert len(re.findall(r"^kernel\d+:$", text, re.MULTILINE)) == 1
        assert "program:" not in text
        # The constant is there once for each multiplication that is not one with an accumulator.
        if X86 and host().has("fma"):
            assert "vfmadd" in text, loops


def product_kernels(step: Any) -> list[tuple[int, str]]:
    """The kernels that sum products, with their loops."""
    blocks = cn.explain(step, "loops").split("\n\n")
    found = []
    for block in blocks:
        head = re.match(r"kernel (\d+): (dot|convolve)", block)
        if head:
            found.append((int(head[1]), block))
    assert found
    return found


def test_kernels_with_one_function_say_so() -> None:
    x = cn.input((20, 30), name="x")
    w = [cn.Variable(np.ones((30, 30), "f4"), name=f"w{n}") for n in range(3)]
    y = x
    for each in w:
        y = cn.tanh(y @ each)
    f = cn.function([x], y, name="deep", backend="native")
    text = cn.explain(f, "loops", np.ones((20, 30), "f4"))
    assert text.count("# the same code as kernel 0") == 2
    first, second = (cn.explain(f, "llvm", kernel=n) for n in (0, 1))
    assert first == second


def test_which_program_is_shown() -> None:
    x = cn.input((None, 3), name="x")
    f = cn.function([x], cn.exp(x), name="f", backend="native")
    small, large = np.ones((5, 3), "f4"), np.ones((9, 3), "f4")
    shown = cn.explain(f, "loops", small)
    assert f.compilations == 1
    assert "f, with len(x) = 5: " in shown
    assert "i0i1 < 15" in shown
    assert shown == cn.explain(f, "loops")
    f(large)
    assert "i0i1 < 3·len(x)" in cn.explain(f, "loops")
    assert cn.explain(f, "loops").startswith("f: ")  # nothing is a number in this program
    assert cn.explain(f, "loops", large).startswith("f, with len(x) = 9: ")
    assert f.compilations == 2
    f(small)
    assert "i0i1 < 15" in cn.explain(f, "loops")


def test_the_arena_is_laid_out_for_the_sizes_of_the_arguments() -> None:
    x = cn.input((None, 8), name="x")
    w = cn.Variable(np.ones((8, 8), "f4"), name="w")
    f = cn.function([x], cn.exp(x @ w) @ w, backend="native")
    for rows in (3, 7):
        f(np.ones((rows, 8), "f4"))
    assert re.search(r"^memory$", cn.explain(f, "loops"), re.MULTILINE)
    assert "32·len(x) bytes" in cn.explain(f, "loops")
    assert "memory: an arena of 512 bytes" in cn.explain(f, "loops", np.ones((16, 8), "f4"))


def test_a_function_without_inputs_needs_no_call() -> None:
    a = cn.Variable([1.0, 2.0], name="a")
    f = cn.function([], None, {a: a + 1.0}, backend="native")
    assert "a[i0] := a[i0] + 1.0" in cn.explain(f, "loops")
    assert a.numpy().tolist() == [1, 2]


def test_a_function_out_of_the_cache_explains_itself_as_well() -> None:
    first = called("dense")
    second = called("dense")
    for level in LEVELS:
        assert cn.explain(first, level) == cn.explain(second, level)


def test_explaining_changes_nothing() -> None:
    f, parameters = STEPS["dense"]()
    x, labels = batches("dense", 2)
    f(x[0], labels[0])
    before = [p.numpy() for p in parameters]
    for level in LEVELS:
        cn.explain(f, level, x[1], labels[1])
    for p, old in zip(parameters, before, strict=True):
        np.testing.assert_array_equal(p.numpy(), old)


def test_the_reference_backend_has_its_graph_alone() -> None:
    x = cn.input((2,), name="x")
    f = cn.function([x], x + 1.0, name="plus", backend="reference")
    f([1.0, 2.0])
    assert "add(" in cn.explain(f, "graph")
    for level in LEVELS[1:]:
        with pytest.raises(ValueError, match=rf'level "graph" alone, and no "{level}"; make'):
            cn.explain(f, level)


def test_refusals() -> None:
    x = cn.input((None,), name="x")
    f = cn.function([x], x + 1.0, name="plus", backend="native")
    assert cn.explain(f, "graph")
    with pytest.raises(
        ValueError, match=r'plus has not been called yet.*cn.explain\(f, "asm", x\)'
    ):
        cn.explain(f, "asm")
    f([1.0])
    with pytest.raises(ValueError, match=r"unknown level 'loop'; did you mean 'loops'"):
        cn.explain(f, "loop")
    with pytest.raises(ValueError, match=r"unknown level"):
        cn.explain(f, np.ones(3))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"made by cn.function, or a model, got Input"):
        cn.explain(x, "graph")  # type: ignore[arg-type]
    for wrong in (1, -1, "0"):
        with pytest.raises(ValueError, match=r"kernel: expected a number from 0 to 0"):
            cn.explain(f, "loops", kernel=wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r'kernel: the level "graph" shows no kernels'):
        cn.explain(f, "graph", kernel=0)
    with pytest.raises(ValueError, match=r"expected 1 arguments \(x\), got 2"):
        cn.explain(f, "loops", [1.0], [2.0])
