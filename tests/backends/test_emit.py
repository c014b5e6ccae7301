"""From scheduled nests to LLVM IR: whole vectors, masks at the ends, nothing beyond the memory."""

import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.compiler.passes import TARGET, Graph, graph

import cairnet as cn
from cairnet.backends.native import jit
from cairnet.backends.native.emit import Kernel, emit_kernel
from cairnet.backends.native.machine import Machine, for_target, host, restricted
from cairnet.backends.native.module import Module, build_module
from cairnet.backends.native.symbols import closure
from cairnet.compiler.pipeline import LoopStep, lower
from cairnet.compiler.schedule import Target
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Extent

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def tensor(*shape: int | None, name: str = "x", dtype: Any = cn.float32) -> Tensor:
    return cn.input(shape, dtype, name)


def kernels(made: Graph, target: Target = TARGET) -> list[Kernel]:
    """The kernels of a graph, as they are written for a target."""
    plan = lower(made.inputs, made.outputs, list(made.updates.items()), target)
    steps = [step for step in plan.steps if not isinstance(step, LoopStep)]
    return [emit_kernel(step.nest, step.schedule, plan.memory) for step in steps]


def only(made: Graph, target: Target = TARGET) -> Kernel:
    (found,) = kernels(made, target)
    return found


def module(made: Graph, machine: Machine) -> Module:
    target = Target(machine.vector_bytes, machine.registers)
    return build_module(lower(made.inputs, made.outputs, list(made.updates.items()), target))


def network() -> Graph:
    """A bit of everything: products, windows, reductions, a loop, a sort, unknown extents."""
    x, labels = tensor(None, 12, 12, 1), tensor(None, name="labels", dtype=cn.int64)
    kernel = cn.Variable(np.zeros((3, 3, 1, 8), "f4"), name="kernel")
    weights = cn.Variable(np.zeros((200, 10), "f4"), name="weights")
    hidden = cn.max_pool(cn.relu(cn.conv2d(x, kernel, padding="valid")), 2)
    scores = cn.log_softmax(cn.reshape(hidden, (-1, 200)) @ weights)
    cost = -cn.mean(cn.sum(scores * cn.one_hot(labels, 10), axis=1))
    slopes = cn.grad(cost, [kernel, weights])
    sums, last = cn.scan(lambda item, s: (s, s * 0.5 + item), scores, cn.zeros((10,)))
    outputs = [cost, sums, last, cn.argsort(scores, axis=1), cn.cumulative_sum(scores, axis=1)]
    updates = {kernel: kernel - slopes[0], weights: weights - slopes[1]}
    return graph([x, labels], outputs, updates)


# -- what is written ------------------------------------------------------------------------------


def test_a_row_is_walked_in_whole_vectors_and_a_masked_rest() -> None:
    x = tensor(4, 37)
    text = only(graph([x], cn.exp(x[:, :37]) * 2.0)).text
    assert "load <16 x float>" in text
    assert "masked.gather" not in text
    x = tensor(37)
    text = only(graph([x], x * 2.0)).text
    assert "call <16 x float> @llvm.masked.load.v16f32.p0(" in text  # 37 = 2 · 16 + 5
    mask = re.search(r"masked\.store.*<16 x i1> <((?:i1 \w+(?:, )?)+)>", text)
    assert mask is not None
    assert mask[1].split(", ") == ["i1 true"] * 5 + ["i1 false"] * 11


def test_no_mask_where_the_lanes_come_out_even() -> None:
    x = tensor(64)
    assert "masked" not in only(graph([x], x * 2.0)).text


def test_a_product_is_summed_with_fused_multiplications() -> None:
    x, w = tensor(32, 48), tensor(48, 64, name="w")
    text = only(graph([x, w], x @ w)).text
    assert "@llvm.fma.v16f32" in text
    assert "fmul <16 x float>" not in text
    assert "masked.gather" not in text
    # One scalar of x serves a whole vector of w.
    assert re.search(r"load float, ptr", text)


def test_equal_loads_of_a_tile_are_written_once() -> None:
    x, w = tensor(32, 48), tensor(48, 64, name="w")
    made = graph([x, w], x @ w)
    plan = lower(made.inputs, made.outputs, [], TARGET)
    (step,) = plan.steps
    assert not isinstance(step, LoopStep)
    rows = math.prod(step.schedule.tile.values())
    vectors = step.schedule.vectors
    text = emit_kernel(step.nest, step.schedule, plan.memory).text
    whole = text[text.index("k") : text.index("ret void")]
    blocks = whole.count("call <16 x float> @llvm.fma.v16f32") / (rows * vectors)
    # Accumulators are stack slots, read with alignment 1 until LLVM makes them registers.
    assert len(re.findall(r"= load float, ptr .*, align 4", whole)) <= blocks * rows
    assert len(re.findall(r"= load <16 x float>, ptr .*, align 4", whole)) <= blocks * vectors
    assert rows * vectors > rows + vectors


def test_bools_are_bytes_in_memory_and_bits_in_registers() -> None:
    x, y = tensor(32), tensor(32, name="y", dtype=cn.bool)
    text = only(graph([x, y], cn.logical_and(x < 0.0, y))).text
    assert "fcmp olt <16 x float>" in text
    assert "icmp ne <16 x i8>" in text
    assert "zext <16 x i1>" in text


def test_an_update_in_place_has_one_pointer() -> None:
    v = cn.Variable(np.zeros(32, "f4"), name="v")
    kernel = only(graph([], [], {v: v * 2.0}))
    assert len(kernel.arguments) == 1
    assert kernel.text.count("ptr noalias") == 1


def test_unknown_extents_are_parameters() -> None:
    x = tensor(None, 8)
    kernel = only(graph([x], cn.exp(x)))
    assert [item for item in kernel.arguments if isinstance(item, Extent)] == [8 * x.extents[0]]
    assert "call <16 x float> @llvm.masked.load" in kernel.text


def test_blocks_cover_every_point_once() -> None:
    x, w = tensor(100, 30), tensor(30, 77, name="w")
    made = graph([x, w], x @ w)
    plan = lower(made.inputs, made.outputs, [], TARGET)
    (step,) = plan.steps
    assert not isinstance(step, LoopStep)
    kernel = emit_kernel(step.nest, step.schedule, plan.memory)
    assert [extent for extent, _ in kernel.blocks] == [axis.extent for axis in step.schedule.order]
    for (_, width), axis in zip(kernel.blocks, step.schedule.order, strict=True):
        if axis is step.schedule.vector:
            assert width == step.schedule.lanes * step.schedule.vectors
        else:
            assert width == step.schedule.tile.get(axis, 1)


# -- whole modules --------------------------------------------------------------------------------

MACHINES = {
    "host": host,
    "avx2": lambda: restricted("avx2"),
    "sse": lambda: restricted("sse"),
    "x86_64": lambda: for_target("x86_64"),
}


@pytest.mark.parametrize("name", ["host", "avx2", "sse", "x86_64"])
def test_a_module_compiles_for_every_kind_of_machine(name: str) -> None:
    if name == "x86_64" and host().architecture != name:
        pytest.skip("how threads wait is written for this computer's architecture")
    machine = MACHINES[name]()
    text = module(network(), machine).text
    assert jit.compile_module(text, machine)
    if name == "x86_64":
        assert re.search(r"vfmadd\w+\s.*%ymm", jit.assembly(text, machine))


def test_the_kernels_compile_for_another_architecture() -> None:
    machine = for_target("aarch64")
    made = module(network(), machine)
    found = "".join(
        jit.assembly(closure(made.text, name), machine) for name in dict.fromkeys(made.kernels)
    )
    assert re.search(r"fmla\s+v\d+\.4s", found)


def test_nothing_is_allocated_and_nothing_rounds_at_will() -> None:
    text = module(network(), host()).text
    outside = {
        name
        for name in re.findall(r"^declare .*?@([\w.]+)\(", text, re.MULTILINE)
        if not name.startswith("llvm.")
    }
    assert outside <= {"sched_yield", "fmod", "fmodf"}, outside
    flags = r"\bf(?:add|sub|mul|div|neg|cmp) (?:fast|reassoc|nnan|ninf|nsz|arcp|contract|afn)\b"
    assert not re.search(flags, text)


def test_kernels_of_one_text_are_one_function() -> None:
    x = tensor(16, 32)
    y = x
    for number in range(4):
        y = cn.tanh(y @ cn.Variable(np.zeros((32, 32), "f4"), name=f"w{number}"))
    made = module(graph([x], y), host())
    assert len(made.steps) == 4
    assert len(set(made.kernels)) == 1
    assert len(re.findall(r"^define .*@kernel", made.text, re.MULTILINE)) == 1


def test_a_module_has_a_kernel_for_every_step() -> None:
    made = module(network(), host())
    assert len(made.steps) == len(made.kernels)
    for name in made.kernels:
        assert re.search(rf"^define [\w ]*void @{name}\(", made.text, re.MULTILINE)
        assert f"call void @{name}(" in made.text


# -- memory ---------------------------------------------------------------------------------------

#: Arrays whose last element lies at the end of a page that nothing follows: to touch what is
#: beyond ends the process.
GUARDED = """
import ctypes, mmap
import numpy as np
import cairnet as cn

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int,
                      ctypes.c_size_t]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
PAGE, NONE = mmap.PAGESIZE, 0

def guarded(array, at_the_end=True):
    pages = -(-max(array.nbytes, 1) // PAGE)
    base = libc.mmap(None, (pages + 2) * PAGE, mmap.PROT_READ | mmap.PROT_WRITE,
                     mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    assert base
    for page in (base, base + (pages + 1) * PAGE):
        assert libc.mprotect(page, PAGE, NONE) == 0
    start = base + PAGE + (pages * PAGE - array.nbytes if at_the_end else 0)
    view = np.frombuffer((ctypes.c_char * array.nbytes).from_address(start), array.dtype)
    view = view.reshape(array.shape)
    view[...] = array
    return view

random = np.random.default_rng(1)

def check(build, *shapes):
    arrays = [random.standard_normal(shape).astype("f4") for shape in shapes]
    for at_the_end in (True, False):
        placed = [guarded(array, at_the_end) for array in arrays]
        inputs = [cn.input(shape, name=f"x{n}") for n, shape in enumerate(shapes)]
        state = cn.Variable(arrays[0], name="state")
        state.data = guarded(arrays[0], at_the_end)
        output = build(*inputs)
        found = cn.function(inputs, output, {state: state * 2.0 + inputs[0]}, backend="native")
        expected = cn.function(inputs, output, backend="reference")(*arrays)
        np.testing.assert_allclose(found(*placed), expected, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(state.data, arrays[0] * 3.0, rtol=1e-5)
"""

CASES = {
    "elementwise": "for n in (1, 3, 15, 16, 17, 33, 70): check(lambda x: x * 2.0, (n,))",
    "rows": "for n in (1, 5, 17, 31): check(lambda x, y: x + y, (7, n), (n,))",
    "backwards": "for n in (1, 5, 17, 31): check(lambda x: cn.flip(x), (n,))",
    "sums": "for n in (1, 5, 17, 100): check(lambda x: cn.sum(x, axis=1), (3, n))",
    "products": (
        "for m, k, n in [(1, 1, 1), (3, 5, 17), (13, 7, 33), (2, 40, 5)]:\n"
        "    check(lambda x, y: x @ y, (m, k), (k, n))\n"
        "    check(lambda x, y: x @ cn.matrix_transpose(y), (m, k), (n, k))\n"
    ),
    "convolutions": (
        "for padding in ('valid', 'same'):\n"
        "    check(lambda x, w: cn.conv2d(x, w, padding=padding), (2, 7, 9, 3), (3, 3, 3, 5))\n"
        "    check(lambda x, w: cn.conv2d(x, w, 2, padding), (2, 7, 9, 3), (3, 3, 3, 5))\n"
        "    check(lambda x, w: cn.grad(cn.sum(cn.sin(cn.conv2d(x, w, 2, padding))), x),\n"
        "          (2, 7, 9, 3), (3, 3, 3, 5))\n"
        "    check(lambda x, w: cn.grad(cn.sum(cn.sin(cn.conv2d(x, w, 1, padding))), w),\n"
        "          (2, 7, 9, 3), (3, 3, 3, 5))\n"
    ),
    "pooling": (
        "for size, stride in [(2, 2), (3, 2)]:\n"
        "    pool = lambda x: cn.max_pool(x, size, strides=stride, padding='same')\n"
        "    check(pool, (2, 7, 7, 3))\n"
        "    check(lambda x: cn.grad(cn.sum(pool(x) ** 2), x), (2, 7, 7, 3))\n"
    ),
    "gathers": (
        "rows = cn.asarray(np.array([4, 0, 4, -1]))\n"
        "check(lambda x: cn.take(x, rows, axis=0), (5, 7))\n"
        "check(lambda x: cn.grad(cn.sum(cn.take(x, rows, axis=0) ** 2), x), (5, 7))\n"
    ),
    "slices": "check(lambda x: x[1::2, ::-3], (7, 20))",
    "running": "check(lambda x: cn.cumulative_sum(x, axis=1), (3, 17))",
    "sorting": "check(lambda x: cn.sort(x, axis=1), (3, 17))",
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pages are protected as on Linux")
@pytest.mark.parametrize("name", list(CASES))
def test_nothing_beyond_an_array_is_touched(name: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(GUARDED + CASES[name] + '\nprint("done")\n', encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
    finished = subprocess.run(
        [sys.executable, program], env=environment, capture_output=True, text=True, check=False
    )
    assert (finished.returncode, finished.stdout) == (0, "done\n"), finished.stderr
