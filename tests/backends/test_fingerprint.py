"""Equal graphs have equal fingerprints in every process; whatever changes the code changes them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.tensor.primitive_records import RECORDS, Record
from tests.training_steps import STEPS

import cairnet as cn
from cairnet.backends.native.fingerprint import Fingerprint, fingerprint
from cairnet.base.configuration import configure
from cairnet.base.errors import CompileError
from cairnet.tensor.core import Input, Tensor, Variable, apply
from cairnet.tensor.extent import Extent
from cairnet.tensor.primitives import TRANSPOSE
from cairnet.tensor.source import scope

REPOSITORY = Path(__file__).resolve().parents[2]


def of(
    inputs: Sequence[Input],
    outputs: Sequence[Tensor],
    updates: Mapping[Variable, Any] | None = None,
    fixed: Mapping[Extent, int] | None = None,
) -> Fingerprint:
    """The fingerprint that compiling the function would look up."""
    graph = cn.function(inputs, list(outputs), updates=updates, backend="native").graph
    return fingerprint(graph.inputs, graph.outputs, graph.updates, fixed or {})


def sample(
    name: str = "x",
    shape: tuple[int | None, ...] = (None, 3),
    dtype: Any = cn.float32,
    number: float = 2.0,
    axis: int = 0,
    activation: Callable[[Tensor], Tensor] = cn.tanh,
) -> Fingerprint:
    x = cn.input(shape, dtype, name=name)
    return of([x], [cn.sum(activation(x * number), axis=axis)])


@pytest.mark.parametrize("name", STEPS)
def test_equal_graphs_have_equal_fingerprints(name: str) -> None:
    first, second = STEPS[name](), STEPS[name]()
    one, other = (of(s.inputs, [s.cost], s.updates) for s in (first, second))
    assert one.digest == other.digest
    assert len(one.variables) == len(other.variables)


def test_names_and_lines_do_not_matter() -> None:
    with scope("layer"):
        inside = sample("another name")
    assert inside.digest == sample().digest


def test_symbols_are_those_of_the_inputs_in_order() -> None:
    x, y = cn.input((None, None)), cn.input((None,))
    found = of([y, x], [cn.sum(x) + cn.sum(y)])
    assert found.symbols == (*y.extents, *x.extents)


@pytest.mark.parametrize(
    "change",
    [
        {"shape": (None, 4)},
        {"shape": (5, 3)},
        {"shape": (None, None)},
        {"dtype": cn.float64},
        {"number": 3.0},
        {"axis": 1},
        {"activation": cn.sin},
    ],
    ids=", ".join,
)
def test_whatever_is_computed_differently_differs(change: dict[str, Any]) -> None:
    assert sample(**change).digest != sample().digest


def test_constants_are_told_apart_by_their_bytes() -> None:
    x = cn.input((2,))
    digests = {
        of([x], [x * cn.asarray(np.asarray(pair, np.float32))]).digest
        for pair in ([0.0, 1.0], [-0.0, 1.0], [0.0, 2.0])
    }
    assert len(digests) == 3


def test_which_nodes_are_inputs_outputs_and_new_values_matters() -> None:
    x, y = cn.input((3,)), cn.input((3,))
    v, w = Variable(np.ones(3, np.float32)), Variable(np.ones(3, np.float32))
    graphs = [
        of([x, y], [x - y]),
        of([y, x], [x - y]),
        of([x, y], [x - x]),
        of([x, y], [x - y, x]),
        of([x, y], [x, x - y]),
        of([x, y], [x - v]),
        of([x, y], [x - v + w]),
        of([x, y], [x - v + w], {v: x}),
        of([x, y], [x - v + w], {w: x}),
        of([x, y], [x - v + w], {v: y}),
        of([x, y], [x - v + w], {v: x, w: y}),
    ]
    assert len({graph.digest for graph in graphs}) == len(graphs)


def test_two_symbols_are_not_one() -> None:
    x, y = cn.input((None,)), cn.input((None,))
    z = cn.input(x.extents)
    assert of([x, y], [x * 2, y * 2]).digest != of([x, z], [x * 2, z * 2]).digest


def test_extents_that_are_numbers_matter() -> None:
    x = cn.input((None,))
    digests = {of([x], [x * 2], fixed=fixed).digest for fixed in ({}, {x.extents[0]: 3})}
    assert len(digests) == 2


@pytest.mark.parametrize("variant", ["body", "length", "reverse", "carry"])
def test_loops_are_told_apart(variant: str) -> None:
    def graph(changed: str) -> Fingerprint:
        x, h = cn.input((4 if changed == "length" else 5, 3)), cn.input((3,))
        factor = 2.0 if changed == "body" else 3.0

        def step(item: Tensor, state: Tensor) -> Any:
            new = item * factor + state
            return new, (state if changed == "carry" else new)

        outputs, _ = cn.scan(step, x, h, reverse=changed == "reverse")
        return of([x, h], [outputs])

    assert graph("").digest == graph("").digest
    assert graph(variant).digest != graph("").digest


def test_settings_that_change_the_code_matter() -> None:
    before = configure(bounds=True)
    try:
        changed = sample()
    finally:
        configure(bounds=before.bounds)
    assert changed.digest != sample().digest


def test_who_watches_does_not_matter() -> None:
    x = cn.input((3,))
    digests = {of([x], [cn.watch(x * 2, name) + 1]).digest for name in ("a", "b")}
    assert len(digests) == 1


@pytest.mark.parametrize("record", RECORDS, ids=str)
def test_every_primitive_has_one(record: Record) -> None:
    digests = set()
    for _ in range(2):
        inputs = [cn.input(array.shape, array.dtype) for array in record.arrays]
        digests.add(of(inputs, [record.result(*inputs)]).digest)
    assert len(digests) == 1
    assert digests != {None}


def test_a_parameter_that_is_no_plain_value_is_refused() -> None:
    x = cn.input((2, 3))
    node = apply(TRANSPOSE, x, axes=(1, 0))
    node.parameters["axes"] = {1, 0}
    with pytest.raises(CompileError, match="a parameter of type set has no fingerprint"):
        fingerprint([x], [node], [], {})


DIGEST = """
    import sys
    from cairnet.backends.native.fingerprint import fingerprint
    from tests.training_steps import STEPS
    for name, make in STEPS.items():
        step = make()
        graph = step.function().graph
        print(name, fingerprint(graph.inputs, graph.outputs, graph.updates, {}).digest)
"""


def run(script: str, source: Path = REPOSITORY / "src", **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "PYTHONPATH": f"{source}{os.pathsep}{REPOSITORY}", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_processes_agree() -> None:
    assert run(DIGEST, PYTHONHASHSEED="1") == run(DIGEST, PYTHONHASHSEED="2")


EDIT = """
    import os, pathlib, sys, time
    import cairnet as cn
    from cairnet.backends.native import cache
    from cairnet.backends.native.fingerprint import fingerprint
    x = cn.input((3,))
    f = cn.function([x], x * 2, backend="native")
    path = pathlib.Path(cn.__file__).parent / "compiler" / "tile.py"
    if "edit" in os.environ.get("WHEN", ""):
        time.sleep(0.02)
        path.write_text(path.read_text() + "# a remark\\n")
    f([1, 2, 3])
    print(fingerprint(f.graph.inputs, f.graph.outputs, [], {}).digest, cache.info().files)
"""


def test_other_sources_have_other_fingerprints(tmp_path: Path) -> None:
    package = tmp_path / "src"
    shutil.copytree(
        REPOSITORY / "src", package, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    long_ago = time.time() - 1000
    for path in package.rglob("*.py"):
        os.utime(path, (long_ago, long_ago))
    settings = {"CAIRNET_CACHE": str(tmp_path / "cache")}
    before = run(EDIT, package, **settings).split()
    # Edited after it was loaded: what this process compiles belongs to no sources on the disk.
    meanwhile = run(EDIT, package, WHEN="edit", **settings).split()
    after = run(EDIT, package, **settings).split()
    assert meanwhile == ["None", before[1]]
    assert after[0] not in (before[0], "None")
    assert int(after[1]) > int(before[1])
