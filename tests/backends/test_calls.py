"""Calls of LAPACK from compiled code: where they are found, threads, caches, memory, listings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.backends.native import jit, outside
from cairnet.backends.native.builder import Builder, Value
from cairnet.backends.native.machine import host
from cairnet.base.errors import CompileError
from cairnet.runtime import get_threads, set_threads

GENERATOR = np.random.default_rng(3)
DRAWN = GENERATOR.standard_normal((7, 24, 24))
POSITIVE = DRAWN @ DRAWN.swapaxes(-1, -2) + np.eye(24)


def everything(x: Any) -> list[Any]:
    """One result of every routine."""
    return [
        cn.linalg.cholesky(x),
        cn.linalg.solve(x, cn.sin(x)),
        cn.linalg.det(x / 24),
        cn.linalg.slogdet(x).logabsdet,
        *cn.linalg.eigh(x),
        *cn.linalg.qr(x),
        *cn.linalg.svd(x),
        cn.grad(cn.sum(cn.linalg.cholesky(x)), x),
    ]


def test_any_number_of_threads_gives_the_same_bits() -> None:
    x = cn.input((None, 24, 24), cn.float64)
    function = cn.function([x], everything(x))
    before = get_threads()
    try:
        results = []
        for threads in (1, 2, 3):
            set_threads(threads)
            results.append(function(POSITIVE))
    finally:
        set_threads(before)
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


def test_the_library_has_its_threads_back_afterwards() -> None:
    from threadpoolctl import ThreadpoolController

    x = cn.input((None, 24, 24), cn.float64)
    function = cn.function([x], cn.linalg.cholesky(x))
    function(POSITIVE)
    libraries = ThreadpoolController().select(user_api="blas")
    with libraries.limit(limits=2):
        with outside.one_thread_each, outside.one_thread_each:
            assert {library["num_threads"] for library in libraries.info()} == {1}
        assert {library["num_threads"] for library in libraries.info()} == {2}
        callers = [threading.Thread(target=function, args=(POSITIVE,)) for _ in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert {library["num_threads"] for library in libraries.info()} == {2}


def test_another_process_runs_it_from_the_disk(tmp_path: Path) -> None:
    program = """
        import sys
        import numpy as np
        import cairnet as cn
        x = cn.input((3, 3))
        f = cn.function([x], cn.linalg.inv(x))
        print(float(f(4 * np.eye(3))[1, 1]), "cairnet.compiler.routines" in sys.modules)
    """
    told = [
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)],
            env={**os.environ, "CAIRNET_CACHE": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for _ in range(2)
    ]
    assert told == [["0.25", "True"], ["0.25", "False"]]


def test_object_code_names_routines_and_knows_no_addresses() -> None:
    builder = Builder("f", [("ptr", "n"), ("ptr", "x"), ("ptr", "one")], "double")
    arguments = [Value("ptr", f"%{name}") for name in ("n", "x", "one", "x", "one")]
    result = builder.call("double", f"{outside.PREFIX}ddot", *arguments)
    builder.line(f"ret double {result.name}")
    text = "\n".join([*builder.declarations, builder.text()])
    code = jit.compile_module(text, host())
    (found,) = outside.outside_symbols(code).items()
    assert found[0] == "lapack.ddot"
    assert found[1].to_bytes(8, "little") not in code
    assert jit.load(code).calls_outside


def test_a_routine_that_nobody_has_is_named() -> None:
    with pytest.raises(CompileError, match="SciPy offers no routine 'dnothing'"):
        outside.outside_symbols(b"...lapack.dnothing\0...")


def test_programs_without_linear_algebra_load_no_scipy() -> None:
    program = """
        import sys
        import cairnet as cn
        x = cn.input((3, 3))
        cn.function([x], x @ x)([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
        print("scipy" in sys.modules)
    """
    finished = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    assert finished.stdout.strip() == "False"


@pytest.mark.parametrize("shape", [(0, 3, 3), (2, 0, 0), (1, 1, 1)])
def test_matrices_without_elements(shape: tuple[int, ...]) -> None:
    array = np.broadcast_to(2 * np.eye(shape[-1]), shape).copy()
    for known in (True, False):
        x = cn.input(shape if known else (None, None, None), cn.float64)
        results = everything(x)[:-1]
        native, reference = (
            cn.function([x], results, backend=backend)(array) for backend in ("native", "reference")
        )
        for one, other in zip(native, reference, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("shape", [(2, 3, 0), (2, 0, 3), (2, 3, 2), (2, 2, 3)])
def test_bases_are_completed(shape: tuple[int, ...]) -> None:
    array = GENERATOR.standard_normal(shape)
    for known in (True, False):
        x = cn.input(shape if known else (None, None, None), cn.float64)
        q, r = cn.linalg.qr(x, mode="complete")
        u, _, v = cn.linalg.svd(x)
        outputs = [q @ cn.matrix_transpose(q), q @ r, u @ cn.matrix_transpose(u)]
        outputs.append(v @ cn.matrix_transpose(v))
        found = cn.function([x], outputs)(array)
        rows, columns = (np.broadcast_to(np.eye(n), (2, n, n)) for n in shape[1:])
        for one, other in zip(found, (rows, array, rows, columns), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-12)


def test_a_loop_factors_a_matrix_at_every_turn() -> None:
    x, start = cn.input((4, 3, 3), cn.float64), cn.input((3, 3), cn.float64)

    def step(item: Any, state: Any) -> tuple[Any, Any]:
        new = cn.linalg.inv(state + item @ cn.matrix_transpose(item))
        return cn.linalg.slogdet(new).logabsdet, cn.linalg.cholesky(new) + state

    outputs, final = cn.scan(step, x, start)
    results = [outputs, final, cn.grad(cn.sum(final), x)]
    arrays = [DRAWN[:4, :3, :3], np.eye(3)]
    native, reference = (
        cn.function([x, start], results, backend=backend)(*arrays)
        for backend in ("native", "reference")
    )
    for one, other in zip(native, reference, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_work_space_is_memory_of_the_program() -> None:
    x = cn.input((4, 6, 6), cn.float64, name="x")
    function = cn.function([x], cn.linalg.eigh(x).eigenvectors, name="f")
    function(np.broadcast_to(np.eye(6), (4, 6, 6)))
    listing = cn.explain(function, "loops")
    assert 'call syevd("V", "U", 6, &vectors[i0, 0, 0], 6, &values[i0, 0], &space' in listing
    assert "where it fails: 36 elements from vectors[i0, 0, 0] on := nan" in listing
    assert re.search(r"space +float64\[4, \d+\] .* arena", listing)
    assert "@lapack.dsyevd(ptr" in cn.explain(function, "llvm")


def test_values_alone_ask_for_no_vectors() -> None:
    x = cn.input((6, 6), cn.float64, name="x")
    for values, job in ((cn.linalg.eigvalsh(x), "syevd"), (cn.linalg.svdvals(x), "gesdd")):
        function = cn.function([x], values)
        function(np.eye(6))
        assert f'call {job}("N", ' in cn.explain(function, "loops")


def test_one_call_gives_all_factors() -> None:
    x = cn.input((6, 4), cn.float64, name="x")
    function = cn.function([x], [*cn.linalg.svd(x, full_matrices=False), cn.linalg.svdvals(x)])
    function(GENERATOR.standard_normal((6, 4)))
    assert cn.explain(function, "loops").count("call gesdd") == 1
