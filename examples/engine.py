"""The worked example of docs/engine.md: one training step of a dense layer, at every level.

python examples/engine.py LEVEL [KERNEL [loop]]

LEVEL is one of cn.explain's (graph, rewritten, loops, llvm, asm) or a pass over nests (nest, fuse,
coalesce, split, arrange). "loop" shows no more than the innermost loop of a kernel; "draw FOLDER"
writes the diagrams. With CAIRNET_MACHINE=avx2 in the environment every x86 processor of the last
ten years shows the same.
"""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import cairnet as cn
from cairnet.backends.native.machine import host
from cairnet.backends.native.passes import Passes
from cairnet.compiler.loops import Nest
from cairnet.compiler.nest_listing import format_nests
from cairnet.compiler.pipeline import lower
from cairnet.compiler.schedule import Target

x = cn.input((None, 48), name="x")
target = cn.input((None, 16), name="target")
w = cn.Variable(np.zeros((48, 16), np.float32), name="w")
b = cn.Variable(np.zeros(16, np.float32), name="b")

with cn.scope("layer"):
    hidden = cn.relu(x @ w + b)
with cn.scope("cost"):
    difference = hidden - target
    cost = cn.mean(difference * difference)

slopes = cn.grad(cost, [w, b])
updates = {w: w - 0.1 * slopes[0], b: b - 0.1 * slopes[1]}
step = cn.function([x, target], cost, updates, name="step")


def batch(rows: int = 64) -> list[np.ndarray]:
    """Arguments for one call."""
    random = np.random.default_rng(1)
    return [random.standard_normal((rows, n)).astype(np.float32) for n in (48, 16)]


def passes() -> dict[str, str]:
    """What every pass over nests leaves behind, for a batch of 64."""
    graph = step.graph
    stages = Passes(graph.inputs, graph.outputs, graph.updates, step.sizes(*batch()))
    inputs, results = stages.specialized[0], stages.rewritten
    found: dict[str, str] = {}

    def observe(name: str, nests: Sequence[Nest]) -> None:
        found[name] = format_nests(nests)

    vectors = Target(host().vector_bytes, host().registers)
    lower(inputs, results[:1], list(zip([w, b], results[1:], strict=True)), vectors, observe)
    return found


def innermost_loop(code: str) -> str:
    """Of the loops that contain no other loop, the one with the most fused multiplications."""
    lines = code.splitlines()
    best: list[str] = []
    for first, line in enumerate(lines):
        label = re.fullmatch(r"([\w.]+):", line)
        if label is None:
            continue
        again = re.compile(rf"(?:label %|\tj\w+\t){re.escape(label[1])}\b")
        last = next((n for n in range(first, len(lines)) if again.search(lines[n])), None)
        if last is None:
            continue
        body = lines[first : last + 1]
        loops = sum(item.endswith((".head:",)) or item.startswith(".LBB") for item in body)
        if loops == 1 and _products(body) > _products(best):
            best = body
    return "\n".join(best)


def _products(lines: Sequence[str]) -> int:
    return sum("llvm.fma" in line or "vfmadd" in line for line in lines)


def shown(level: str, kernel: int | None = None, part: str = "") -> str:
    """What the command line prints."""
    if level in ("nest", "fuse", "coalesce", "split", "arrange"):
        return passes()[level]
    text = cn.explain(step, level, *batch(), kernel=kernel)
    return innermost_loop(text) if part == "loop" else text


def pictures() -> dict[str, str]:
    """The diagrams of the document, by file name; they name this file without its folder."""
    drawings = {"engine_graph.svg": cn.draw(cost), "engine_gradient.svg": cn.draw(slopes[0])}
    here = f"{Path(__file__).parent}{os.sep}"
    return {name: drawing.svg.replace(here, "") for name, drawing in drawings.items()}


if __name__ == "__main__":
    _, level, *rest = [*sys.argv, "loops"][: max(len(sys.argv), 2)]
    if level == "draw":
        for name, svg in pictures().items():
            Path(rest[0], name).write_text(svg, encoding="utf-8")
    else:
        number = int(rest[0]) if rest else None
        print(shown(level, number, *rest[1:]))
