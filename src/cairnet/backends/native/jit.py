"""From LLVM IR to machine code in memory: compile, show, load.

Compiling and loading are apart, because between them lies the disk: the object code that
`compile_module` returns is all that the next process needs.
"""

from __future__ import annotations

import itertools
import re
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from cairnet.backends.native.forking import guard
from cairnet.backends.native.machine import Machine
from cairnet.backends.native.outside import outside_symbols
from cairnet.base.errors import CompileError

__all__ = ["Library", "assembly", "compile_module", "generator_version", "load", "optimized_ir"]

# The emitter has already chosen the vectors and unrolled what it wants unrolled. What is left to
# LLVM (promoting allocas, common subexpressions, invariants out of loops, strength reduction,
# registers) is all in its first level; the second takes a fifth more time and gains nothing on
# kernels.
_LEVEL = 1
_library_numbers = itertools.count()

# llvmlite lets one thread at a time into LLVM, and a fork may come while one is there.
_llvmlite_lock = getattr(llvm.ffi.lib, "_lock", None)
if _llvmlite_lock is not None:
    guard(_llvmlite_lock)


def compile_module(ir_text: str, machine: Machine, *, plain: bool = False) -> bytes:
    """Turn the text of a module into object code (ELF or Mach-O) for a machine.

    Args:
        ir_text: LLVM IR.
        machine: the processor.
        plain: whether to leave out LLVM's own improvements: code with a test before every access
            is ten times as long, and they would take most of the time.

    Raises:
        CompileError: the text is not valid IR; the message shows the line.
    """
    module, target_machine = _optimize(ir_text, machine, plain)
    return bytes(target_machine.emit_object(module))


def assembly(ir_text: str, machine: Machine) -> str:
    """The assembly of what `compile_module` makes of the same text."""
    module, target_machine = _optimize(ir_text, machine)
    target_machine.set_asm_verbosity(False)
    return str(target_machine.emit_assembly(module))


def optimized_ir(ir_text: str, machine: Machine) -> str:
    """The module as LLVM's passes leave it, before instructions are selected."""
    return str(_optimize(ir_text, machine)[0])


def generator_version() -> str:
    """What besides the IR and the machine decides the object code, for the keys of a cache."""
    numbers = ".".join(str(number) for number in llvm.llvm_version_info)
    return f"llvmlite {llvmlite.__version__}, LLVM {numbers}, level {_LEVEL}"


class Library:
    """Object code in memory, with its functions bound to addresses.

    Whoever calls an address must hold the library: when the last reference to it goes, the
    memory is unmapped.

    Args:
        object_code: what `compile_module` returned, now or in another process.

    Raises:
        CompileError: the bytes are not an object file.
    """

    def __init__(self, object_code: bytes) -> None:
        self.name = f"library{next(_library_numbers)}"
        self._addresses: dict[str, int] = {}
        builder = llvm.JITLibraryBuilder()
        builder.add_object_img(object_code)
        builder.add_current_process()  # libm, memcpy, pthread_create, …
        outside = outside_symbols(object_code)
        #: Whether the code calls routines of LAPACK or BLAS.
        self.calls_outside = bool(outside)
        for symbol, address in outside.items():
            builder.import_symbol(symbol, address)
        try:
            self._tracker = builder.link(_engine(), self.name)
        except RuntimeError as error:
            raise CompileError(f"object code cannot be loaded: {error}") from error

    def address(self, symbol: str) -> int:
        """Where a function of the library begins.

        Raises:
            CompileError: the library has no such function, or calls one that neither it nor the
                process has.
        """
        if symbol not in self._addresses:
            try:
                found = _engine().lookup(self.name, symbol)
            except RuntimeError as error:
                raise CompileError(f"function {symbol!r} cannot be linked: {error}") from error
            self._addresses[symbol] = int(found[symbol])
            # A lookup's own tracker would unload the whole library when it is collected.
            found.detach()
        return self._addresses[symbol]


def load(object_code: bytes) -> Library:
    """Map object code into memory; see `Library`."""
    return Library(object_code)


@cache
def _engine() -> Any:
    """The one linker of the process; it allots each library memory of its own."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.create_lljit_compiler(use_jit_link=True)


@cache
def _target(triple: str) -> Any:
    if triple == llvm.get_process_triple():
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
    else:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
    try:
        return llvm.Target.from_triple(triple)
    except RuntimeError as error:
        raise CompileError(f"LLVM cannot make code for {triple}: {error}") from error


def _optimize(ir_text: str, machine: Machine, plain: bool = False) -> tuple[Any, Any]:
    """Parse, verify, run the passes; the module and the machine that will write it out."""
    # Small and position-independent code addresses constants relative to the program counter;
    # the engine's default would load a 64-bit address into a register for each of them.
    target_machine = _target(machine.triple).create_target_machine(
        cpu=machine.cpu,
        features=machine.features,
        opt=0 if plain else 2,
        reloc="pic",
        codemodel="small",
        jit=True,
    )
    # A context of its own, so that the constants of a thousand modules do not pile up.
    module = _parse(ir_text, llvm.create_context())
    module.triple = machine.triple
    module.data_layout = str(target_machine.target_data)
    options = llvm.create_pipeline_tuning_options(0 if plain else _LEVEL)
    options.loop_vectorization = False
    options.slp_vectorization = False
    options.loop_interleaving = False
    options.loop_unrolling = False
    passes = llvm.create_pass_builder(target_machine, options)
    passes.getModulePassManager().run(module, passes)
    return module, target_machine


def _parse(ir_text: str, context: Any) -> Any:
    try:
        module = llvm.parse_assembly(ir_text, context)
        module.verify()
    except RuntimeError as error:
        raise CompileError(_explain(ir_text, str(error))) from error
    return module


def _explain(ir_text: str, message: str) -> str:
    """LLVM's complaint with the number and text of the line that it means, where it can be told."""
    lines = ir_text.splitlines()
    position = re.search(r"<string>:(\d+):\d+: error: (.*)", message)
    if position:
        number = int(position[1])
        text = lines[number - 1].strip() if number <= len(lines) else ""
        return f"invalid LLVM IR in line {number}: {position[2]}\n    {text}"
    # The verifier quotes the instruction in its own spelling; its name finds our line.
    quoted = re.search(r"^\s+(%[\w.]+ =)", message, re.MULTILINE)
    for number, line in enumerate(lines, 1):
        if quoted and line.strip().startswith(quoted[1]):
            return f"invalid LLVM IR in line {number}: {message.strip()}\n    {line.strip()}"
    return f"invalid LLVM IR: {message.strip()}"
