"""Compiling, loading and freeing machine code; the errors that invalid IR brings."""

from __future__ import annotations

import ctypes
import gc
import math
import threading
from pathlib import Path

import numpy as np
import pytest

from cairnet.backends.native import jit
from cairnet.backends.native.builder import Builder, Value
from cairnet.backends.native.machine import for_target, host, restricted
from cairnet.base.errors import CompileError, UnknownNameError

UNARY = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)


def scaled(factor: float, symbol: str = "f") -> str:
    builder = Builder(symbol, [("double", "x")], "double")
    result = builder.binary("fmul", builder.parameter(0), builder.real(factor, "double"))
    builder.line(f"ret double {result.name}")
    return builder.text()


def vector_sum() -> str:
    """Adds 1 to 64 floats, in vectors as wide as AVX-512 has them."""
    builder = Builder("add_one", [("ptr", "x")])
    with builder.loop(builder.integer(0), builder.integer(64), 16) as i:
        place = builder.offset(Value("ptr", "%x"), "float", i)
        values = builder.load("<16 x float>", place, 4)
        ones = builder.real(1.0, "<16 x float>")
        builder.store(builder.binary("fadd", values, ones), place, 4)
    builder.line("ret void")
    return builder.text()


def test_compiled_function_computes() -> None:
    library = jit.load(jit.compile_module(scaled(3.0), host()))
    assert UNARY(library.address("f"))(14.0) == 42.0


def test_equal_text_gives_equal_bytes() -> None:
    assert jit.compile_module(vector_sum(), host()) == jit.compile_module(vector_sum(), host())


@pytest.mark.parametrize("limit", ["host", "avx2", "sse"])
def test_code_for_a_restricted_machine_runs_here(limit: str) -> None:
    machine = host() if limit == "host" else restricted(limit)
    library = jit.load(jit.compile_module(vector_sum(), machine))
    x = np.arange(64, dtype=np.float32)
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(library.address("add_one"))(x.ctypes.data)
    assert np.array_equal(x, np.arange(1, 65))


def test_assembly_uses_the_registers_of_its_machine() -> None:
    avx2 = jit.assembly(vector_sum(), restricted("avx2"))
    assert "zmm" not in avx2
    assert ("zmm" in jit.assembly(vector_sum(), host())) == (host().vector_bytes == 64)
    assert ".4s" in jit.assembly(vector_sum(), for_target("aarch64"))


def test_passes_promote_allocas_and_keep_sums_as_written() -> None:
    builder = Builder("f", [("double", "x")], "double")
    slot = builder.alloca("double")
    x = builder.parameter(0)
    builder.store(builder.binary("fadd", x, builder.real(1e16, "double")), slot, 8)
    total = builder.binary("fadd", builder.load("double", slot, 8), builder.real(-1e16, "double"))
    builder.line(f"ret double {total.name}")
    text = jit.optimized_ir(builder.text(), host())
    assert "alloca" not in text
    assert text.count("fadd double") == 2  # (x + c) - c is not x in floating point


def test_many_libraries_with_the_same_symbol_live_side_by_side() -> None:
    libraries = [jit.load(jit.compile_module(scaled(factor), host())) for factor in range(40)]
    functions = [UNARY(library.address("f")) for library in libraries]
    assert [function(2.0) for function in functions] == [2.0 * factor for factor in range(40)]
    del libraries[::2]
    gc.collect()
    assert [function(1.0) for function in functions[1::2]] == [float(i) for i in range(1, 40, 2)]


def test_functions_of_the_process_are_found() -> None:
    text = """
declare double @pow(double, double)
declare float @expf(float)
declare ptr @memset(ptr, i32, i64)
declare ptr @memcpy(ptr, ptr, i64)
declare i32 @sched_yield()
define double @f(double %x) nounwind {
  %a = alloca [64 x i8]
  %b = alloca [64 x i8]
  %1 = call ptr @memset(ptr %a, i32 1, i64 64)
  %2 = call ptr @memcpy(ptr %b, ptr %a, i64 64)
  %3 = call i32 @sched_yield()
  %c = load i8, ptr %b
  %n = sitofp i8 %c to float
  %e = call float @expf(float %n)
  %d = fpext float %e to double
  %p = call double @pow(double %x, double 3.0)
  %s = fadd double %p, %d
  ret double %s
}
"""
    library = jit.load(jit.compile_module(text, host()))
    expected = 8.0 + float(np.exp(np.float32(1)))
    assert math.isclose(UNARY(library.address("f"))(2.0), expected, rel_tol=1e-6)


def test_memory_is_returned_when_the_last_reference_goes() -> None:
    code = jit.compile_module(scaled(2.0), host())
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("needs /proc")

    def executable_bytes() -> int:
        gc.collect()
        anonymous = [line.split() for line in maps.read_text().splitlines() if " r-xp " in line]
        spans = [fields[0].split("-") for fields in anonymous if len(fields) == 5]
        return sum(int(end, 16) - int(start, 16) for start, end in spans)

    before = executable_bytes()
    libraries = [jit.load(code) for _ in range(50)]
    assert all(library.address("f") for library in libraries)
    assert executable_bytes() >= before + 50 * len(code) // 10
    libraries.clear()
    assert executable_bytes() <= before


def test_other_threads_run_while_native_code_does() -> None:
    # The function counts until the flag that another Python thread raises, at most 2^33 times.
    text = """
define i64 @wait(ptr %flag) nounwind {
entry:
  br label %again
again:
  %i = phi i64 [ 0, %entry ], [ %next, %again ]
  %next = add i64 %i, 1
  %value = load atomic i64, ptr %flag acquire, align 8
  %raised = icmp ne i64 %value, 0
  %late = icmp ugt i64 %next, 8589934592
  %stop = or i1 %raised, %late
  br i1 %stop, label %done, label %again
done:
  ret i64 %value
}
"""
    library = jit.load(jit.compile_module(text, host()))
    flag = ctypes.c_int64(0)
    timer = threading.Timer(0.02, lambda: setattr(flag, "value", 7))
    timer.start()
    wait = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(library.address("wait"))
    assert wait(ctypes.addressof(flag)) == 7
    timer.join()


def test_compiling_in_several_threads() -> None:
    results: dict[int, float] = {}

    def work(number: int) -> None:
        for repeat in range(5):
            library = jit.load(jit.compile_module(scaled(number + repeat), host()))
            results[number] = UNARY(library.address("f"))(1.0) - repeat

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: float(number) for number in range(4)}


def test_parse_error_shows_the_line() -> None:
    text = "define float @f(float %x) {\n  %y = fadd float %x, %z\n  ret float %y\n}"
    with pytest.raises(CompileError, match=r"line 2: use of undefined value '%z'\n.*fadd float"):
        jit.compile_module(text, host())


def test_verifier_error_shows_the_line() -> None:
    text = (
        "define float @f(float %x, i1 %c) {\n  br i1 %c, label %a, label %b\na:\n"
        "  %y = fadd float %x, %x\n  br label %b\nb:\n  ret float %y\n}"
    )
    with pytest.raises(CompileError, match=r"(?s)line 4: .*does not dominate"):
        jit.compile_module(text, host())


def test_missing_functions_are_errors() -> None:
    library = jit.load(jit.compile_module(scaled(2.0), host()))
    with pytest.raises(CompileError, match="'g' cannot be linked"):
        library.address("g")
    with pytest.raises(CompileError, match="object code cannot be loaded"):
        jit.load(b"not an object file")


def test_machines() -> None:
    arm = for_target("aarch64")
    assert (arm.lanes("float"), arm.lanes("double"), arm.registers) == (4, 2, 32)
    assert arm.architecture == "aarch64"
    assert for_target("x86_64").lanes("i8") == 32
    assert restricted("avx2").vector_bytes <= 32
    assert not restricted("sse").has("avx2")
    assert restricted("avx2").identity != for_target("x86_64").identity
    with pytest.raises(UnknownNameError, match="did you mean 'avx2'"):
        restricted("avx")
    with pytest.raises(UnknownNameError, match="element type"):
        host().lanes("float16")


def test_environment_restricts_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAIRNET_MACHINE", "sse")
    assert host.__wrapped__().vector_bytes == 16
    monkeypatch.setenv("CAIRNET_MACHINE", "mmx")
    with pytest.raises(UnknownNameError, match="restriction of the machine 'mmx'"):
        host.__wrapped__()
