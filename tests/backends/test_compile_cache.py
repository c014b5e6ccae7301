"""A second process runs no pass; what is on the disk may be damaged, old or missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.training_steps import STEPS, dense

import cairnet as cn
from cairnet.backends.native import cache
from cairnet.backends.native.blueprint import pack, unpack
from cairnet.backends.native.fingerprint import fingerprint
from cairnet.backends.native.program import NativeProgram, compile_program
from cairnet.base.configuration import configuration, configure

REPOSITORY = Path(__file__).resolve().parents[2]
# Python code that trains three steps, then prints the costs and what it took to compile.
RUN = """
    import json, os, sys, time
    from tests.training_steps import STEPS
    import cairnet as cn
    cn.set_threads(1)
    step = STEPS[os.environ["STEP"]]()
    began = time.process_time()
    f = step.function()
    costs = [float(f(*step.arguments)).hex()]
    seconds = time.process_time() - began
    costs += [float(f(*(a[:-1] for a in step.arguments))).hex() for _ in range(2)]
    passes = [name for name in sys.modules if name.startswith("cairnet.compiler.rewrite")]
    program = f.program(*step.arguments)
    told = {
        "costs": costs,
        "seconds": seconds,
        "passes": passes,
        "count": f.compilations,
        "text": program.module.text,
        "rewritten": [repr(tensor) for tensor in program.rewritten],
    }
    print(json.dumps(told))
"""


@dataclass(frozen=True)
class Runs:
    """What two processes told, the first with an empty cache."""

    step: str
    cold: dict[str, Any]
    warm: dict[str, Any]


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=[pytest.mark.slow] * (name != "lenet")) for name in STEPS],
)
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    step, folder = str(request.param), str(tmp_path_factory.mktemp("cache"))
    return Runs(step, *(process(step, folder, seed) for seed in ("1", "2")))


def process(step: str, folder: str, seed: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(RUN)],
        env={
            **os.environ,
            "PYTHONPATH": f"{REPOSITORY / 'src'}{os.pathsep}{REPOSITORY}",
            "PYTHONHASHSEED": seed,
            "CAIRNET_CACHE": folder,
            "STEP": step,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_a_warm_start_computes_the_same_and_runs_no_pass(runs: Runs) -> None:
    assert runs.cold["passes"]
    assert not runs.warm["passes"]
    assert runs.warm["costs"] == runs.cold["costs"]
    assert runs.warm["count"] == runs.cold["count"] == 2


def test_first_calls_are_quick(runs: Runs) -> None:
    assert runs.cold["seconds"] < 3
    assert runs.warm["seconds"] < 0.3


def test_the_same_text_in_every_process(runs: Runs) -> None:
    assert runs.warm["text"] == runs.cold["text"]
    assert runs.warm["rewritten"] == runs.cold["rewritten"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAIRNET_CACHE", str(tmp_path))
    return tmp_path


def function_and_key(factor: float = 2.0) -> tuple[cn.Function, str]:
    x = cn.input((3,), name="x")
    f = cn.function([x], x * factor, backend="native")
    graph = f.graph
    options = ["verified"] if configuration().verify else []
    key = fingerprint(graph.inputs, graph.outputs, graph.updates, {}, options).digest
    assert key is not None
    return f, key


@pytest.mark.usefixtures("folder")
def test_a_function_is_found_under_its_fingerprint() -> None:
    f, key = function_and_key()
    assert cache.lookup(key) is None
    f([1, 2, 3])
    entry = cache.lookup(key)
    assert entry is not None
    assert unpack(entry) is not None
    again, _ = function_and_key()
    assert again([1, 2, 3]).tolist() == [2, 4, 6]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("damage", ["not an object file", "no program in it", "nothing"])
def test_what_cannot_be_loaded_is_compiled_anew(damage: str) -> None:
    f, key = function_and_key()
    f([1, 2, 3])
    good = cache.lookup(key)
    _, other_key = function_and_key(3.0)
    assert good is not None
    assert other_key != key
    blueprint, code = unpack(good) or pytest.fail("an entry that was just stored")
    broken = {
        "not an object file": pack(blueprint, b"code"),
        "no program in it": pack(blueprint, code.replace(b"program", b"prog_am")),
        "nothing": b"",
    }[damage]
    cache.store(key, broken)
    again, _ = function_and_key()
    assert again([1, 2, 3]).tolist() == [2, 4, 6]
    assert cache.lookup(key) == good


def test_a_file_that_is_cut_off_is_compiled_anew(folder: Path) -> None:
    f, key = function_and_key()
    f([1, 2, 3])
    (path,) = folder.rglob(f"{key}*")
    path.write_bytes(path.read_bytes()[:-100])
    again, _ = function_and_key()
    assert again([1, 2, 3]).tolist() == [2, 4, 6]


@pytest.mark.usefixtures("folder")
def test_programs_that_were_verified_are_kept_apart() -> None:
    before = configure(verify=False)
    try:
        f, plain_key = function_and_key()
        f([1, 2, 3])
        configure(verify=True)
        _, key = function_and_key()
    finally:
        configure(verify=before.verify)
    assert key != plain_key
    assert cache.lookup(key) is None


@pytest.mark.usefixtures("folder")
def test_a_program_shows_what_it_was_made_of() -> None:
    step = dense()
    cold, warm = step.function(), step.function()
    costs = [f(*step.arguments) for f in (cold, warm)]
    assert np.isfinite(costs).all()
    programs = [f.program(*step.arguments) for f in (cold, warm)]
    first, second = (p for p in programs if isinstance(p, NativeProgram))
    assert first.module.text == second.module.text
    assert len(second.rewritten) == 1 + len(step.updates)
    known = {id(item.nest) for item in second.lowered.steps}
    assert {id(item.nest) for item in second.module.steps} == known


@pytest.mark.usefixtures("folder")
def test_a_timed_program_says_how_long_each_kernel_takes() -> None:
    step = dense()
    graph = step.function().graph
    sizes = {size: 10 for tensor in step.inputs for size in tensor.extents[:1]}
    for _ in range(2):
        program = compile_program(graph.inputs, graph.outputs, graph.updates, sizes, timed=True)
        program.run(step.arguments, sizes)
        assert program.times.shape[1:] == (len(program.module.kernels), 2)
        assert (program.times[: program.threads, :, 0].sum(axis=0) > 0).all()
